//! Coverage by grid: a grid with its indicators, and those below it.

use super::indicator::{Indicator, indicators};
use crate::city::City;
use crate::domain::{GridCode, GridLevel, Scope};
use crate::error::{Error, Result};
use chrono::NaiveDate;
use serde::Serialize;

/// A grid with its indicators.
#[derive(Debug, Clone, PartialEq, Serialize, utoipa::ToSchema)]
#[schema(as = IndicatorRow)]
pub struct Row {
    /// Code.
    pub grid_code: GridCode,
    /// Name.
    pub name: String,
    /// Level.
    pub level: GridLevel,
    /// West, south, east, north in degrees.
    pub bbox: [f64; 4],
    /// The four indicators.
    pub indicators: [Indicator; 4],
}

/// The indicators of a grid and of those below it.
#[derive(Debug, Clone, PartialEq, Serialize, utoipa::ToSchema)]
#[schema(as = Indicators)]
pub struct Coverage {
    /// As of when.
    pub day: NaiveDate,
    /// The grid; none for a whole city of several grids at the top.
    pub grid: Option<Row>,
    /// Those below it, by code.
    pub items: Vec<Row>,
}

/// Indicators of a grid (of the top of the scope where none is named) and of its children, or of everything of a level
/// below it.
///
/// # Errors
/// `NotFound` for a grid that is not there or not in the scope.
pub fn coverage(city: &City, scope: &Scope, code: Option<&str>, level: Option<GridLevel>) -> Result<Coverage> {
    let index = &city.grid;
    let named = code.or(match scope {
        Scope::All => None,
        Scope::Grid(code) => Some(code.as_str()),
    });
    let top = match named {
        Some(code) => {
            let found = index.position(code).filter(|i| city.holds(scope, index.order(*i)));
            Some(found.ok_or_else(|| Error::NotFound(format!("grid {code}")))?)
        }
        None => match roots(city)[..] {
            [root] => Some(root),
            _ => None,
        },
    };
    let mut below = match (level, top) {
        (None, Some(i)) => index.children(i).to_vec(),
        (None, None) => roots(city),
        (Some(level), top) => {
            let (from, to) = top.map_or((0, index.limit()), |i| index.preorder(i));
            (from..to).filter_map(|k| city.grid_at_order(k)).filter(|i| index.level(*i) == level).collect()
        }
    };
    below.sort_by(|a, b| index.code(*a).cmp(index.code(*b)));
    let row = |i: u32| Row {
        grid_code: index.code(i).clone(),
        name: city.records.grids[i as usize].name.clone(),
        level: index.level(i),
        bbox: index.bbox(i),
        indicators: indicators(city.counts(i)),
    };
    Ok(Coverage { day: city.today, grid: top.map(row), items: below.into_iter().map(row).collect() })
}

/// Grids that lie in no other.
fn roots(city: &City) -> Vec<u32> {
    (0..city.grid.len() as u32).filter(|i| city.grid.parent(*i).is_none()).collect()
}
