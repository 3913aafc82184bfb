//! Visits to addresses (已走访).

use super::App;
use super::body::Body;
use super::permission::Visit;
use super::problem::Answer;
use super::who::Who;
use crate::domain::VisitOutcome;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::ToSchema;
use uuid::Uuid;

/// Records a visit.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewVisit)]
pub struct Post {
    /// Made by the client: sending it again stores it once.
    pub visit_id: Uuid,
    /// The address.
    pub address_id: String,
    /// When; not in the future.
    pub at: DateTime<Utc>,
    /// What came of it.
    pub outcome: VisitOutcome,
}

/// A visit.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Visit)]
pub struct VisitView {
    /// Identifier.
    pub visit_id: Uuid,
    /// The address.
    pub address_id: String,
    /// When.
    pub at: DateTime<Utc>,
    /// Account.
    pub by: String,
    /// What came of it.
    pub outcome: VisitOutcome,
}

/// Records a visit.
#[utoipa::path(post, path = "/api/visits", tag = "address", request_body = Post,
    responses((status = 201, description = "Stored", body = VisitView),
        (status = 200, description = "Stored before: the same one again", body = VisitView)))]
pub async fn record(
    State(_app): State<Arc<App>>,
    _who: Who<Visit>,
    Body(_post): Body<Post>,
) -> Answer<(StatusCode, Json<VisitView>)> {
    Err(super::pending())
}
