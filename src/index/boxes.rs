//! Boxes: what two have to do with each other, and which of many, in a packed Hilbert tree, touch a box.

use geo_index::rtree::sort::HilbertSort;
use geo_index::rtree::{RTree, RTreeBuilder, RTreeIndex};

/// A box that holds nothing.
pub const NOTHING: [f64; 4] = [f64::INFINITY, f64::INFINITY, f64::NEG_INFINITY, f64::NEG_INFINITY];

/// The box around two, each west, south, east, north.
pub fn join(a: [f64; 4], b: [f64; 4]) -> [f64; 4] {
    [a[0].min(b[0]), a[1].min(b[1]), a[2].max(b[2]), a[3].max(b[3])]
}

/// Whether two boxes have a point in common, borders included.
pub fn meet(a: [f64; 4], b: [f64; 4]) -> bool {
    a[0] <= b[2] && b[0] <= a[2] && a[1] <= b[3] && b[1] <= a[3]
}

/// Boxes (footprints, polygons), packed. Boxes are known by their position in the input.
#[derive(Debug, Clone, Default)]
pub struct BoxIndex {
    tree: Option<RTree<f64>>,
    /// Position in the input of each box in the tree; boxes without a place are left out.
    ids: Vec<u32>,
}

impl BoxIndex {
    /// Packs boxes of west, south, east, north in degrees. Those that are not finite or inside out are left out.
    pub fn build(boxes: impl IntoIterator<Item = [f64; 4]>) -> Self {
        let is_box = |[w, s, e, n]: &[f64; 4]| w <= e && s <= n && [w, s, e, n].iter().all(|v| v.is_finite());
        let kept: Vec<(u32, [f64; 4])> =
            boxes.into_iter().enumerate().filter(|(_, b)| is_box(b)).map(|(i, b)| (i as u32, b)).collect();
        let tree = (!kept.is_empty()).then(|| {
            let mut builder = RTreeBuilder::<f64>::new(kept.len() as u32);
            for (_, [w, s, e, n]) in &kept {
                builder.add(*w, *s, *e, *n);
            }
            builder.finish::<HilbertSort>()
        });
        BoxIndex { tree, ids: kept.into_iter().map(|(i, _)| i).collect() }
    }

    /// Number of boxes in the tree.
    pub fn len(&self) -> usize {
        self.ids.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.ids.is_empty()
    }

    /// Appends the boxes that touch `[west, south, east, north]`, in ascending order.
    pub fn touching(&self, [w, s, e, n]: [f64; 4], found: &mut Vec<u32>) {
        let Some(tree) = &self.tree else { return };
        if !(w <= e && s <= n) {
            return;
        }
        let first = found.len();
        found.extend(tree.search(w, s, e, n).into_iter().map(|i| self.ids[i as usize]));
        found[first..].sort_unstable();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::{RngExt, SeedableRng};

    #[test]
    fn finds_what_brute_force_finds() {
        let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(3);
        let mut draw = |size: f64| {
            let (x, y) = (rng.random_range(0.0..100.0), rng.random_range(0.0..100.0));
            [x, y, x + rng.random_range(0.0..size), y + rng.random_range(0.0..size)]
        };
        let mut boxes: Vec<[f64; 4]> = (0..2_000).map(|_| draw(3.0)).collect();
        boxes[7] = [f64::NAN; 4];
        boxes[8] = [5.0, 5.0, 4.0, 4.0];
        let index = BoxIndex::build(boxes.iter().copied());
        assert_eq!(index.len(), 1_998);
        for _ in 0..200 {
            let [w, s, e, n] = draw(20.0);
            let mut found = Vec::new();
            index.touching([w, s, e, n], &mut found);
            let slow: Vec<u32> = (0..boxes.len() as u32)
                .filter(|i| !matches!(i, 7 | 8))
                .filter(|i| {
                    let b = boxes[*i as usize];
                    b[0] <= e && b[2] >= w && b[1] <= n && b[3] >= s
                })
                .collect();
            assert_eq!(found, slow);
        }
        BoxIndex::build([]).touching([0.0, 0.0, 1.0, 1.0], &mut Vec::new());
    }
}
