//! Indicators: numbers against targets by grid, never a single record.

use super::App;
use super::permission::ReadNumbers;
use super::problem::Answer;
use super::query::{Given, Params, Query};
use super::who::Who;
use crate::domain::GridLevel;
use crate::error::{Error, Text};
use crate::report::coverage::{Coverage, coverage};
use axum::Json;
use axum::extract::State;
use chrono::NaiveDate;
use std::sync::Arc;
use utoipa::IntoParams;

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
    responses((status = 200, body = Coverage)))]
pub async fn list(
    State(app): State<Arc<App>>,
    who: Who<ReadNumbers>,
    Given(query): Given<IndicatorQuery>,
) -> Answer<Json<Coverage>> {
    let city = app.live.get();
    if let Some(day) = query.day.filter(|day| *day != city.today) {
        let reason = Text::new("目前只有当天的数据", "only today's numbers are kept so far");
        let remedy = Text::new(format!("用 {} 或去掉它", city.today), format!("give {} or leave it out", city.today));
        return Err(Error::invalid("", "day", day.to_string(), reason, remedy).into());
    }
    Ok(Json(coverage(&city, &who.actor.scope, query.grid.as_deref(), query.level)?))
}
