//! Visits to addresses (已走访).

use super::App;
use super::body::{Body, past};
use super::permission::Visit;
use super::problem::Answer;
use super::who::Who;
use crate::domain::{AddressId, VisitOutcome};
use crate::store::{NewVisit, Stored};
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
    State(app): State<Arc<App>>,
    who: Who<Visit>,
    Body(post): Body<Post>,
) -> Answer<(StatusCode, Json<VisitView>)> {
    past("at", post.at)?;
    let mut session = app.store.begin(&who.actor).await?;
    let stored = session
        .visit(&NewVisit {
            id: post.visit_id,
            address: AddressId::from(post.address_id),
            at: post.at,
            outcome: post.outcome,
        })
        .await?;
    session.commit().await?;
    app.follow.settle().await;
    let status = if matches!(stored, Stored::New(_)) { StatusCode::CREATED } else { StatusCode::OK };
    let visit = stored.into_inner();
    let view = VisitView {
        visit_id: visit.id,
        address_id: visit.address.to_string(),
        at: visit.at,
        by: visit.by.to_string(),
        outcome: visit.outcome,
    };
    Ok((status, Json(view)))
}
