//! Whether something lies in the grid that it declares: the fact behind `grid_mismatch` and `pin_outside_area`.

use super::context::Context;
use crate::domain::{GridLevel, LonLat, Subject};

/// Where a place lies with respect to the grid that its record declares. A place on a grid's border lies in the grid.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Standing {
    /// In the declared grid; or in some grid, with none declared; or there are no grids.
    Right,
    /// In `found`, a grid of the declared grid's level. `declared` is none when the code that is declared is unknown:
    /// then `found` is of the finest level that holds the place.
    Other {
        /// The declared grid.
        declared: Option<u32>,
        /// The grid that it lies in.
        found: u32,
        /// Metres outside the declared grid.
        outside_m: f64,
    },
    /// In no grid of the declared grid's level, or in no grid at all when none (or an unknown one) is declared.
    Nowhere {
        /// The declared grid.
        declared: Option<u32>,
    },
}

/// Where `at` lies with respect to the grid with code `declared`.
pub fn standing(context: &Context, declared: Option<&str>, at: LonLat) -> Standing {
    let grid = context.grid;
    if grid.is_empty() {
        return Standing::Right;
    }
    let Some(code) = declared else {
        return match grid.finest(at) {
            Some(_) => Standing::Right,
            None => Standing::Nowhere { declared: None },
        };
    };
    let Some(i) = grid.position(code) else {
        return match grid.finest(at) {
            Some(found) => Standing::Other { declared: None, found, outside_m: f64::INFINITY },
            None => Standing::Nowhere { declared: None },
        };
    };
    if grid.covers(i, at) {
        return Standing::Right;
    }
    match grid.locate(at, grid.level(i)) {
        Some(found) => Standing::Other { declared: Some(i), found, outside_m: -grid.signed_distance_m(i, at) },
        None => Standing::Nowhere { declared: Some(i) },
    }
}

/// A grid as messages name it, Chinese and English: code and name.
pub fn grid_name(context: &Context, i: u32) -> (String, String) {
    let grid = &context.records.grids[i as usize];
    if grid.name.is_empty() || grid.name == *grid.code {
        return (grid.code.to_string(), grid.code.to_string());
    }
    (format!("{}（{}）", grid.code, grid.name), format!("{} ({})", grid.code, grid.name))
}

/// Chinese and English name of a level.
pub fn level_name(level: GridLevel) -> (&'static str, &'static str) {
    (level.zh(), level.as_str())
}

/// Several grids as the subject of one flag: their codes in order.
pub fn grids_subject(context: &Context, grids: &[u32]) -> Subject {
    let mut codes: Vec<&str> = grids.iter().map(|g| context.grid.code(*g).as_str()).collect();
    codes.sort_unstable();
    Subject::Grid(codes.join("|"))
}

/// Several grids as messages name them, Chinese and English.
pub fn grid_names(context: &Context, grids: &[u32]) -> (String, String) {
    let names: Vec<(String, String)> = grids.iter().map(|g| grid_name(context, *g)).collect();
    let join = |names: Vec<&str>, by: &str| names.join(by);
    (join(names.iter().map(|n| &*n.0).collect(), "、"), join(names.iter().map(|n| &*n.1).collect(), ", "))
}
