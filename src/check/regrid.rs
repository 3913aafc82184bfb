//! What an edit of grids changes for those who ask about them.

use crate::domain::Grid;
use crate::index::GridIndex;
use std::collections::{BTreeMap, BTreeSet};
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
    /// Grids that only moved to another position, from the former to the latter: where one goes, the last takes its place.
    pub moved: BTreeMap<u32, u32>,
    /// Ground, as boxes of degrees, on which another grid may hold a place, or one of another name.
    pub ground: Vec<[f64; 4]>,
    /// Addresses that declare one of the reshaped grids, or stand on ground that belongs to another since.
    pub addresses: BTreeSet<u32>,
    /// Addresses that declare a grid which is only called or placed otherwise, or stand in it: words may name it.
    pub named: BTreeSet<u32>,
    /// Addresses whose declared grid hangs below one of the positions, before or now.
    pub below: BTreeSet<u32>,
    /// Addresses that declare a grid which only moved.
    pub renumbered: BTreeSet<u32>,
    /// Buildings likewise, of all but these.
    pub buildings: BTreeSet<u32>,
}

impl Regrid {
    /// What a grid's position of before is called now. That of one in whose place another is since is no position: whoever
    /// knew it by that is to be asked again.
    pub fn renumbering(&self) -> impl Fn(u32) -> u32 {
        const NOWHERE: u32 = u32::MAX - 1;
        let taken: BTreeSet<u32> = self.moved.values().copied().collect();
        move |before| match self.moved.get(&before) {
            Some(now) => *now,
            None if taken.contains(&before) => NOWHERE,
            None => before,
        }
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
