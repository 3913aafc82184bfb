//! Corrections: made on the ground, verified by somebody else.

use super::App;
use super::body::{Body, Segment};
use super::cursor::{Cursor, Page};
use super::permission::{Correct, ReadFlag, Review};
use super::problem::Answer;
use super::query::{Given, Params, Query};
use super::who::Who;
use crate::domain::correction::Observed;
use crate::domain::{Change, Correction, CorrectionState};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Deserialize;
use std::sync::Arc;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

/// A correction of an address.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewCorrection)]
pub struct Post {
    /// Made by the client: sending it again stores it once.
    pub correction_id: Uuid,
    /// The address.
    pub address_id: String,
    /// The address's version that the client saw.
    pub base_version: i64,
    /// What it changes.
    pub change: Change,
    /// Where the phone was.
    #[serde(default)]
    pub observed: Option<Observed>,
    /// A word to the reviewer.
    #[serde(default)]
    pub note: Option<String>,
}

/// A reviewer's word on a correction.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewReview)]
pub struct Verdict {
    /// Verified, or rejected: then the correction is taken back.
    pub verdict: VerdictKind,
    /// Why; needed for a rejection.
    #[serde(default)]
    pub reason: Option<String>,
}

/// What a reviewer says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum VerdictKind {
    /// It is right.
    Verified,
    /// It is wrong and is taken back.
    Rejected,
}

/// Which corrections.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct CorrectionQuery {
    /// Where it stands; all if left out.
    pub state: Option<CorrectionState>,
    /// Code of a grid: this and all below it.
    pub grid: Option<String>,
    /// Most items of the page, 1 to 1000; 50 if left out.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 1000)]
    pub limit: usize,
    /// `next` of the page before.
    #[param(value_type = Option<String>)]
    pub cursor: Option<Cursor>,
}

impl Params for CorrectionQuery {
    fn read(query: &mut Query) -> Self {
        CorrectionQuery {
            state: query.choice("state"),
            grid: query.text("grid"),
            limit: query.limit(),
            cursor: query.cursor(),
        }
    }
}

/// Corrects an address. The map follows before the answer comes.
#[utoipa::path(post, path = "/api/corrections", tag = "correction", request_body = Post,
    responses((status = 201, description = "Stored", body = Correction),
        (status = 200, description = "Stored before: the same one again", body = Correction),
        (status = 409, description = "The address has changed since `base_version`; `current` is the address now",
            body = super::problem::Problem, content_type = "application/problem+json")))]
pub async fn correct(
    State(_app): State<Arc<App>>,
    _who: Who<Correct>,
    Body(_post): Body<Post>,
) -> Answer<(StatusCode, Json<Correction>)> {
    Err(super::pending())
}

/// Lists corrections, oldest first.
#[utoipa::path(get, path = "/api/corrections", tag = "correction", params(CorrectionQuery),
    responses((status = 200, body = Page<Correction>)))]
pub async fn list(
    State(_app): State<Arc<App>>,
    _who: Who<ReadFlag>,
    Given(_query): Given<CorrectionQuery>,
) -> Answer<Json<Page<Correction>>> {
    Err(super::pending())
}

/// Verifies or rejects somebody else's correction.
#[utoipa::path(post, path = "/api/corrections/{id}/review", tag = "correction", request_body = Verdict,
    params(("id" = Uuid, Path, description = "Correction identifier")), responses((status = 200, body = Correction)))]
pub async fn review(
    State(_app): State<Arc<App>>,
    _who: Who<Review>,
    Segment(_id): Segment,
    Body(_verdict): Body<Verdict>,
) -> Answer<Json<Correction>> {
    Err(super::pending())
}
