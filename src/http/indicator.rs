//! Indicators: numbers against targets by grid, never a single record.

use super::App;
use super::permission::ReadNumbers;
use super::problem::Answer;
use super::query::{Given, Params, Query};
use super::who::Who;
use crate::domain::GridLevel;
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
    State(_app): State<Arc<App>>,
    _who: Who<ReadNumbers>,
    Given(_query): Given<IndicatorQuery>,
) -> Answer<Json<Indicators>> {
    Err(super::pending())
}
