//! Hazards and their closed loop: found, assigned, mended, closed by somebody other than the finder.

use super::App;
use super::body::{Body, Segment};
use super::cursor::{CountedPage, Cursor};
use super::permission::{MoveHazard, ReadHazard, ReportHazard};
use super::problem::Answer;
use super::query::{Given, Params, Query};
use super::who::Who;
use crate::domain::{CheckItem, HazardSeverity, HazardState};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::{IntoParams, ToSchema};

/// A hazard.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Hazard)]
pub struct HazardView {
    /// Identifier.
    pub hazard_id: String,
    /// Where.
    pub address_id: String,
    /// That address as text.
    pub address_text: String,
    /// The rental that it was found in.
    pub rental_id: Option<String>,
    /// The grid that it lies in.
    pub grid_code: Option<String>,
    /// Longitude of the address's pin.
    pub lon: Option<f64>,
    /// Latitude of the address's pin.
    pub lat: Option<f64>,
    /// Which of the eight items.
    pub item: CheckItem,
    /// How grave.
    pub severity: HazardSeverity,
    /// Where it stands.
    pub state: HazardState,
    /// When it was found.
    pub found_at: DateTime<Utc>,
    /// Account that found it.
    pub found_by: String,
    /// By when it has to be mended.
    pub due_on: Option<NaiveDate>,
    /// Whether that day has passed and it is not closed.
    pub overdue: bool,
    /// When it was closed.
    pub closed_at: Option<DateTime<Utc>>,
    /// Account that closed it.
    pub closed_by: Option<String>,
    /// Version: `base_version` of a transition.
    pub version: i64,
}

/// Reports a hazard.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewHazard)]
pub struct Post {
    /// Made by the client: sending it again stores it once.
    pub hazard_id: String,
    /// Where.
    pub address_id: String,
    /// The rental that it was found in.
    #[serde(default)]
    pub rental_id: Option<String>,
    /// Which of the eight items.
    pub item: CheckItem,
    /// How grave.
    pub severity: HazardSeverity,
    /// By when it has to be mended.
    #[serde(default)]
    pub due_on: Option<NaiveDate>,
    /// A word to the department. No person's data.
    #[serde(default)]
    pub note: Option<String>,
}

/// Moves a hazard through its loop.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewTransition)]
pub struct Transition {
    /// The state that follows.
    pub to: HazardState,
    /// The hazard's version that the client saw.
    pub base_version: i64,
    /// A word on it. No person's data.
    #[serde(default)]
    pub note: Option<String>,
}

/// Which hazards.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct HazardQuery {
    /// `west,south,east,north` in degrees.
    #[param(value_type = Option<String>)]
    pub bbox: Option<[f64; 4]>,
    /// Code of a grid: this and all below it.
    pub grid: Option<String>,
    /// Item.
    pub item: Option<CheckItem>,
    /// Severity.
    pub severity: Option<HazardSeverity>,
    /// State; all if left out.
    pub state: Option<HazardState>,
    /// Most items of the page, 1 to 1000; 50 if left out.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 1000)]
    pub limit: usize,
    /// `next` of the page before.
    #[param(value_type = Option<String>)]
    pub cursor: Option<Cursor>,
}

impl Params for HazardQuery {
    fn read(query: &mut Query) -> Self {
        HazardQuery {
            bbox: query.bbox(),
            grid: query.text("grid"),
            item: query.choice("item"),
            severity: query.choice("severity"),
            state: query.choice("state"),
            limit: query.limit(),
            cursor: query.cursor(),
        }
    }
}

/// Lists hazards, the gravest first.
#[utoipa::path(get, path = "/api/hazards", tag = "hazard", params(HazardQuery),
    responses((status = 200, body = CountedPage<HazardView>)))]
pub async fn list(
    State(_app): State<Arc<App>>,
    _who: Who<ReadHazard>,
    Given(_query): Given<HazardQuery>,
) -> Answer<Json<CountedPage<HazardView>>> {
    Err(super::pending())
}

/// Reports a hazard.
#[utoipa::path(post, path = "/api/hazards", tag = "hazard", request_body = Post,
    responses((status = 201, description = "Stored", body = HazardView),
        (status = 200, description = "Stored before: the same one again", body = HazardView)))]
pub async fn report(
    State(_app): State<Arc<App>>,
    _who: Who<ReportHazard>,
    Body(_post): Body<Post>,
) -> Answer<(StatusCode, Json<HazardView>)> {
    Err(super::pending())
}

/// Moves a hazard through its loop: open, assigned, mended, closed.
#[utoipa::path(post, path = "/api/hazards/{id}/transitions", tag = "hazard", request_body = Transition,
    params(("id" = String, Path, description = "Hazard identifier")),
    responses((status = 200, body = HazardView),
        (status = 409, description = "The hazard has changed since `base_version`; `current` is the hazard now",
            body = super::problem::Problem, content_type = "application/problem+json")))]
pub async fn transition(
    State(_app): State<Arc<App>>,
    _who: Who<MoveHazard>,
    Segment(_id): Segment,
    Body(_transition): Body<Transition>,
) -> Answer<Json<HazardView>> {
    Err(super::pending())
}
