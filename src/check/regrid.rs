//! What an edit of grids changes for those who ask about them.

use crate::domain::{Grid, LonLat};
use crate::index::{GridIndex, Outline};
use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;

/// Grids that are others than before, and whom that concerns beyond the records that were edited.
#[derive(Debug, Clone)]
pub struct Regrid {
    /// The grids as they were.
    pub before: Arc<GridIndex>,
    /// Positions that hold another grid than before, or the same one otherwise; also those that hold none any more.
    pub positions: BTreeSet<u32>,
    /// Those of them whose border, code, level or validity is another one.
    pub reshaped: BTreeSet<u32>,
    /// Ground, as boxes of degrees, on which another grid may hold a place, or one of another name.
    pub ground: Vec<[f64; 4]>,
    /// Addresses that declare one of these grids or one below, or stand on ground that belongs to another since.
    pub addresses: BTreeSet<u32>,
    /// Likewise buildings.
    pub buildings: BTreeSet<u32>,
}

impl Regrid {
    /// Whether a place may be held by another grid.
    pub fn meets(&self, at: LonLat) -> bool {
        self.ground.iter().any(|[w, s, e, n]| at.lon >= *w && at.lon <= *e && at.lat >= *s && at.lat <= *n)
    }
}

/// Whether everything but the border is the same.
pub fn is_redrawn(was: &Grid, is: &Grid) -> bool {
    (&was.code, was.level, &was.name, &was.parent) == (&is.code, is.level, &is.name, &is.parent)
        && (was.valid_from, was.valid_to) == (is.valid_from, is.valid_to)
}

/// Whether a grid covers the same ground in the same role, whatever it is called and wherever it hangs.
pub fn is_shaped(was: &Grid, is: &Grid) -> bool {
    (&was.code, was.level, was.valid_from, was.valid_to) == (&is.code, is.level, is.valid_from, is.valid_to)
        && was.polygon == is.polygon
}

/// The box around all ground that one of two borders holds and the other doesn't; none where they are the same. That
/// ground is bounded by edges that only one of them has.
pub fn difference(was: &Outline, is: &Outline) -> Option<[f64; 4]> {
    type Edge = [[u64; 2]; 2];
    let edges = |outline: &Outline| {
        let mut edges: HashSet<Edge> = HashSet::with_capacity(outline.edge_count());
        outline.each_edge(|a, b| {
            let (a, b) = (a.map(f64::to_bits), b.map(f64::to_bits));
            // An edge that runs both ways bounds nothing, and one that is there twice doesn't either.
            if !edges.remove(&[a.min(b), a.max(b)]) {
                edges.insert([a.min(b), a.max(b)]);
            }
        });
        edges
    };
    let (was, is) = (edges(was), edges(is));
    let ends = was.symmetric_difference(&is).flat_map(|edge| edge.map(|end| end.map(f64::from_bits)));
    ends.map(|[x, y]| [x, y, x, y]).reduce(|a, b| [a[0].min(b[0]), a[1].min(b[1]), a[2].max(b[2]), a[3].max(b[3])])
}

#[cfg(test)]
mod tests {
    use super::*;
    use geo::{MultiPolygon, Polygon};

    #[test]
    fn only_the_moved_corner_differs() {
        let outline = |x: f64| {
            let ring = vec![(0.0, 0.0), (4.0, 0.0), (4.0, 2.0), (x, 4.0), (2.0, 4.0), (0.0, 4.0), (0.0, 0.0)];
            Outline::build(&MultiPolygon(vec![Polygon::new(ring.into(), vec![])]))
        };
        assert_eq!(difference(&outline(4.0), &outline(4.0)), None);
        assert_eq!(difference(&outline(4.0), &outline(3.0)), Some([2.0, 2.0, 4.0, 4.0]));
        assert_eq!(difference(&outline(4.0), &Outline::default()), Some([0.0, 0.0, 4.0, 4.0]));
    }
}
