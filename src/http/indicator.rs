//! Indicators: numbers against targets by grid, never a single record.

use super::App;
use super::permission::ReadNumbers;
use super::problem::Answer;
use super::query::{Given, Params, Query};
use super::sight::Sight;
use super::who::Who;
use crate::city::Counts;
use crate::domain::GridLevel;
use crate::error::{Error, Text};
use axum::Json;
use axum::extract::State;
use chrono::NaiveDate;
use serde::Serialize;
use std::sync::Arc;
use utoipa::{IntoParams, ToSchema};

/// The numbers of a grid and of those below it.
#[derive(Debug, Serialize, ToSchema)]
pub struct Indicators {
    /// The day that the numbers are of.
    pub day: NaiveDate,
    /// The grid that was asked for; null when the whole city has no single top.
    pub grid: Option<IndicatorRow>,
    /// Its children, or the grids of the given level below it.
    pub items: Vec<IndicatorRow>,
}

/// The numbers of one grid.
#[derive(Debug, Serialize, ToSchema)]
pub struct IndicatorRow {
    /// Code.
    pub grid_code: String,
    /// Name.
    pub name: String,
    /// Level.
    pub level: GridLevel,
    /// Box around it: west, south, east, north, degrees.
    pub bbox: [f64; 4],
    /// Collection, accuracy, registration, closure.
    pub indicators: Vec<IndicatorValue>,
}

/// One number with what it is a part of and what it should be.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Indicator)]
pub struct IndicatorValue {
    /// Which.
    pub code: IndicatorCode,
    /// `count / base`, 0 to 1; null where there is nothing to count.
    pub value: Option<f64>,
    /// How many are as they should be.
    pub count: u64,
    /// Of how many.
    pub base: u64,
    /// What `value` should be.
    pub target: f64,
}

/// The four indicators.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum IndicatorCode {
    /// Addresses with a pin.
    Collection,
    /// Pins without an open error.
    Accuracy,
    /// Rentals that are registered.
    Registration,
    /// Hazards that are closed.
    Closure,
}

/// Whose numbers.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct IndicatorQuery {
    /// Code of a grid; the top of the scope if left out.
    pub grid: Option<String>,
    /// The grids of this level below it, instead of its children.
    pub level: Option<GridLevel>,
    /// The day; only today's numbers are kept so far.
    pub day: Option<NaiveDate>,
}

impl Params for IndicatorQuery {
    fn read(query: &mut Query) -> Self {
        IndicatorQuery { grid: query.text("grid"), level: query.choice("level"), day: query.day("day") }
    }
}

/// Numbers against targets.
#[utoipa::path(get, path = "/api/indicators", tag = "indicator", params(IndicatorQuery),
    responses((status = 200, body = Indicators)))]
pub async fn list(
    State(app): State<Arc<App>>,
    who: Who<ReadNumbers>,
    Given(query): Given<IndicatorQuery>,
) -> Answer<Json<Indicators>> {
    let city = app.live.get();
    if let Some(day) = query.day.filter(|day| *day != city.today) {
        let reason = Text::new("目前只有当天的数据", "only today's numbers are kept so far");
        let remedy = Text::new(format!("用 {} 或去掉它", city.today), format!("give {} or leave it out", city.today));
        return Err(Error::invalid("", "day", day.to_string(), reason, remedy).into());
    }
    let sight = Sight::of(&city, &who.actor);
    let tops = sight.tops();
    let grid = match (&query.grid, &tops[..]) {
        (Some(code), _) => Some(sight.grid(code)?),
        (None, [top]) => Some(*top),
        (None, _) => None,
    };
    let mut below = match (query.level, grid) {
        (Some(level), grid) => sight.grids_of(level, grid),
        (None, Some(grid)) => city.grid.children(grid).to_vec(),
        (None, None) => tops,
    };
    below.sort_by(|a, b| city.grid.code(*a).cmp(city.grid.code(*b)));
    let row = |grid: u32| IndicatorRow {
        grid_code: city.grid.code(grid).to_string(),
        name: city.records.grids[grid as usize].name.clone(),
        level: city.grid.level(grid),
        bbox: city.grid.bbox(grid),
        indicators: values(city.counts(grid)),
    };
    Ok(Json(Indicators { day: city.today, grid: grid.map(row), items: below.into_iter().map(row).collect() }))
}

/// The four indicators of what was counted. Targets: 95 % of addresses collected and accurate, every rental registered,
/// every hazard closed.
fn values(counts: Counts) -> Vec<IndicatorValue> {
    let value = |code, count: u32, base: u32, target| IndicatorValue {
        code,
        value: (base > 0).then(|| f64::from(count) / f64::from(base)),
        count: count.into(),
        base: base.into(),
        target,
    };
    vec![
        value(IndicatorCode::Collection, counts.collected, counts.addresses, 0.95),
        value(IndicatorCode::Accuracy, counts.accurate, counts.collected, 0.95),
        value(IndicatorCode::Registration, counts.registered, counts.rentals, 1.0),
        value(IndicatorCode::Closure, counts.closed, counts.hazards, 1.0),
    ]
}
