//! Footprints by their boxes: a packed Hilbert tree and a short list of fresh edits.

use super::world::Span;
use geo_index::rtree::sort::HilbertSort;
use geo_index::rtree::{RTree, RTreeBuilder, RTreeIndex};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Edits beyond which the tree is built again.
const FRESH: usize = 2048;

/// Boxes of the world by row, cheap to copy.
#[derive(Debug, Clone, Default)]
pub struct Boxes {
    tree: Option<Arc<RTree<u32>>>,
    rows: Arc<Vec<u32>>,
    spans: Arc<Vec<Span>>,
    /// What replaces the packed box of a row: another box, or none.
    fresh: Arc<BTreeMap<u32, Option<Span>>>,
}

impl Boxes {
    /// Packs the boxes.
    pub fn build(boxes: Vec<(u32, Span)>) -> Boxes {
        let tree = (!boxes.is_empty()).then(|| {
            let mut tree = RTreeBuilder::<u32>::new(boxes.len() as u32);
            for (_, span) in &boxes {
                let [west, north, east, south] = halved(*span);
                tree.add(west, north, east, south);
            }
            Arc::new(tree.finish::<HilbertSort>())
        });
        let (rows, spans) = boxes.into_iter().unzip();
        Boxes { tree, rows: Arc::new(rows), spans: Arc::new(spans), fresh: Arc::default() }
    }

    /// Rows whose boxes meet the span, ascending.
    pub fn in_span(&self, span: Span) -> Vec<u32> {
        let [west, north, east, south] = halved(span);
        let mut rows: Vec<u32> = match &self.tree {
            Some(tree) => tree
                .search(west, north, east, south)
                .into_iter()
                .filter(|at| self.spans[*at as usize].meets(span))
                .map(|at| self.rows[at as usize])
                .filter(|row| !self.fresh.contains_key(row))
                .collect(),
            None => Vec::new(),
        };
        rows.extend(self.fresh.iter().filter(|(_, fresh)| fresh.is_some_and(|s| s.meets(span))).map(|(row, _)| *row));
        rows.sort_unstable();
        rows
    }

    /// Sets or takes out the box of a row.
    pub fn set(&mut self, row: u32, span: Option<Span>) {
        let fresh = Arc::make_mut(&mut self.fresh);
        fresh.insert(row, span);
        if fresh.len() > FRESH.max(self.rows.len() / 8) {
            let packed = self.rows.iter().copied().zip(self.spans.iter().copied());
            let kept = packed.filter(|(row, _)| !self.fresh.contains_key(row));
            let fresh = self.fresh.iter().filter_map(|(row, span)| Some((*row, (*span)?)));
            *self = Boxes::build(kept.chain(fresh).collect());
        }
    }
}

/// Half the steps: the tree adds two coordinates, and the sum has to fit.
fn halved(span: Span) -> [u32; 4] {
    [span.west, span.north, span.east, span.south].map(|v| v >> 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    const FAR: u32 = 4_000_000_000;

    #[test]
    fn finds_what_a_list_finds_after_any_edits() {
        let span = |n: u32| {
            let (x, y) = (n.wrapping_mul(2_654_435_761) % 10_000, n.wrapping_mul(40_503) % 10_000);
            let (x, y) = (x + FAR, y + FAR);
            Span { west: x, north: y, east: x + n % 300, south: y + n % 170 }
        };
        let mut oracle: BTreeMap<u32, Span> = (0..3000).map(|n| (n, span(n))).collect();
        let mut boxes = Boxes::build(oracle.iter().map(|(row, span)| (*row, *span)).collect());
        for n in 0..5000u32 {
            let row = n * 7 % 4000;
            let new = (n % 5 > 0).then(|| span(n + 9999));
            boxes.set(row, new);
            match new {
                Some(new) => oracle.insert(row, new),
                None => oracle.remove(&row),
            };
            if n % 250 == 0 {
                let look = Span { west: FAR + n, north: FAR + 2000, east: FAR + n + 900, south: FAR + 5000 };
                let expected: Vec<u32> = oracle.iter().filter(|(_, s)| s.meets(look)).map(|(row, _)| *row).collect();
                assert_eq!(boxes.in_span(look), expected);
            }
        }
        assert!(Boxes::default().in_span(span(5)).is_empty());
    }
}
