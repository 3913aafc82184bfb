//! What an edit of grids changes for those who ask about them.

use crate::domain::{Grid, LonLat};
use crate::index::GridIndex;
use std::collections::BTreeSet;
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
    /// Addresses that declare one of the reshaped grids, or stand on ground that belongs to another since.
    pub addresses: BTreeSet<u32>,
    /// Addresses that declare a grid which is only called or placed otherwise, or stand in it: words may name it.
    pub named: BTreeSet<u32>,
    /// Addresses whose declared grid hangs below one of the positions, before or now.
    pub below: BTreeSet<u32>,
    /// Buildings likewise, of all three.
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
