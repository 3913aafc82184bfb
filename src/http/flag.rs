//! Flags: what the rules found, as lists and with their dismissals.

use super::App;
use super::body::{Body, Segment};
use super::cursor::{CountedPage, Cursor};
use super::permission::{Dismiss, ReadFlag};
use super::problem::Answer;
use super::query::{Given, Params, Query};
use super::who::Who;
use crate::domain::{LonLat, Severity, Subject, Suggestion, Tier};
use crate::error::Text;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::{IntoParams, ToSchema};

/// A rule's finding about a subject, ready to be shown.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Flag)]
pub struct FlagView {
    /// Deterministic: the same finding has the same identifier in every run.
    pub flag_id: String,
    /// Rule code, as in the catalogue.
    pub rule: String,
    /// How grave.
    pub severity: Severity,
    /// Probability that the record is wrong in this way; null for rules without one.
    pub probability: Option<f64>,
    /// What may be done with the suggestion.
    pub tier: Option<Tier>,
    /// What it is about.
    pub subject: Subject,
    /// The address it is about, or of the rental or hazard it is about.
    pub address_id: Option<String>,
    /// That address's version: `base_version` of a correction.
    pub version: Option<i64>,
    /// That address as text, or the name of what it is about.
    pub address_text: String,
    /// The grid that it lies in or declares.
    pub grid_code: Option<String>,
    /// That grid's name.
    pub grid_name: Option<String>,
    /// Where; null where there is no place on earth.
    pub at: Option<LonLat>,
    /// The rule's title.
    pub title: Text,
    /// The finding with its numbers.
    pub message: Text,
    /// What would mend it.
    pub suggestion: Option<Suggestion>,
    /// Metres from `near`, where that was given.
    pub distance_m: Option<f64>,
    /// Open or dismissed.
    pub state: FlagState,
    /// Why it was dismissed.
    pub dismissed_reason: Option<String>,
}

/// Whether a flag asks for attention.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum FlagState {
    /// It does.
    Open,
    /// Somebody dismissed it, with a reason and until a day.
    Dismissed,
}

/// Which flags a list holds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum FlagFilter {
    /// Open ones.
    #[default]
    Open,
    /// Dismissed ones.
    Dismissed,
    /// All.
    All,
}

/// Which flags.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct FlagQuery {
    /// `west,south,east,north` in degrees.
    #[param(value_type = Option<String>, example = "119.90,28.44,119.94,28.47")]
    pub bbox: Option<[f64; 4]>,
    /// Code of a grid: this and all below it.
    pub grid: Option<String>,
    /// Rule code.
    pub rule: Option<String>,
    /// Severity.
    pub severity: Option<Severity>,
    /// Open (as if left out), dismissed or all.
    #[param(value_type = Option<FlagFilter>)]
    pub state: FlagFilter,
    /// `lon,lat` in degrees: the nearest come first. Otherwise the gravest and most probable do.
    #[param(value_type = Option<String>, example = "119.92,28.45")]
    pub near: Option<LonLat>,
    /// Most items of the page, 1 to 1000; 50 if left out.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 1000)]
    pub limit: usize,
    /// `next` of the page before.
    #[param(value_type = Option<String>)]
    pub cursor: Option<Cursor>,
}

impl Params for FlagQuery {
    fn read(query: &mut Query) -> Self {
        FlagQuery {
            bbox: query.bbox(),
            grid: query.text("grid"),
            rule: query.text("rule"),
            severity: query.choice("severity"),
            state: query.choice("state").unwrap_or_default(),
            near: query.near(),
            limit: query.limit(),
            cursor: query.cursor(),
        }
    }
}

/// Dismisses a flag: it is right as it is.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewDismissal {
    /// The flag.
    pub flag_id: String,
    /// Why.
    pub reason: String,
    /// Until which day, at most three years on.
    pub until: NaiveDate,
}

/// Lists flags, nearest first with `near`.
#[utoipa::path(get, path = "/api/flags", tag = "flag", params(FlagQuery),
    responses((status = 200, body = CountedPage<FlagView>)))]
pub async fn list(
    State(_app): State<Arc<App>>,
    _who: Who<ReadFlag>,
    Given(_query): Given<FlagQuery>,
) -> Answer<Json<CountedPage<FlagView>>> {
    Err(super::pending())
}

/// Dismisses a flag of an address.
#[utoipa::path(post, path = "/api/addresses/{id}/dismissals", tag = "flag", request_body = NewDismissal,
    params(("id" = String, Path, description = "Address identifier")),
    responses((status = 201, description = "Dismissed", body = FlagView)))]
pub async fn dismiss(
    State(_app): State<Arc<App>>,
    _who: Who<Dismiss>,
    Segment(_id): Segment,
    Body(_new): Body<NewDismissal>,
) -> Answer<(StatusCode, Json<FlagView>)> {
    Err(super::pending())
}

/// Takes a dismissal back.
#[utoipa::path(delete, path = "/api/addresses/{id}/dismissals/{flag_id}", tag = "flag",
    params(("id" = String, Path, description = "Address identifier"), ("flag_id" = String, Path, description = "Flag identifier")),
    responses((status = 204, description = "Open again")))]
pub async fn restore(State(_app): State<Arc<App>>, _who: Who<Dismiss>) -> Answer<StatusCode> {
    Err(super::pending())
}
