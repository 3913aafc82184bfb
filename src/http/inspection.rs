//! Inspections of rentals by eight check items.

use super::App;
use super::body::{Body, past};
use super::permission::Inspect;
use super::problem::Answer;
use super::who::Who;
use crate::domain::{Finding, Inspection, InspectionId, RentalId};
use crate::store::{NewInspection, Stored};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::ToSchema;

/// What an inspection found, item by item.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Findings {
    /// 电气线路
    pub wiring: Finding,
    /// 电动车停放充电
    pub ebike_charging: Finding,
    /// 燃气用火
    pub gas: Finding,
    /// 疏散通道
    pub escape_route: Finding,
    /// 防盗窗逃生口
    pub barred_window: Finding,
    /// 灭火器材
    pub extinguisher: Finding,
    /// 烟感报警
    pub smoke_alarm: Finding,
    /// 可燃分隔
    pub combustible_partition: Finding,
}

impl From<[Finding; 8]> for Findings {
    fn from(findings: [Finding; 8]) -> Self {
        let [
            wiring,
            ebike_charging,
            gas,
            escape_route,
            barred_window,
            extinguisher,
            smoke_alarm,
            combustible_partition,
        ] = findings;
        Findings {
            wiring,
            ebike_charging,
            gas,
            escape_route,
            barred_window,
            extinguisher,
            smoke_alarm,
            combustible_partition,
        }
    }
}

impl From<Findings> for [Finding; 8] {
    fn from(findings: Findings) -> Self {
        [
            findings.wiring,
            findings.ebike_charging,
            findings.gas,
            findings.escape_route,
            findings.barred_window,
            findings.extinguisher,
            findings.smoke_alarm,
            findings.combustible_partition,
        ]
    }
}

/// An inspection.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Inspection)]
pub struct InspectionView {
    /// Identifier.
    pub inspection_id: String,
    /// The rental.
    pub rental_id: String,
    /// When.
    pub at: DateTime<Utc>,
    /// What it found.
    pub findings: Findings,
    /// Account that inspected.
    pub inspector: String,
}

/// Records an inspection.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewInspection)]
pub struct Post {
    /// Made by the client: sending it again stores it once.
    pub inspection_id: String,
    /// The rental.
    pub rental_id: String,
    /// When; not in the future.
    pub at: DateTime<Utc>,
    /// What it found.
    pub findings: Findings,
}

/// Records an inspection.
#[utoipa::path(post, path = "/api/inspections", tag = "rental", request_body = Post,
    responses((status = 201, description = "Stored", body = InspectionView),
        (status = 200, description = "Stored before: the same one again", body = InspectionView)))]
pub async fn record(
    State(app): State<Arc<App>>,
    who: Who<Inspect>,
    Body(post): Body<Post>,
) -> Answer<(StatusCode, Json<InspectionView>)> {
    past("at", post.at)?;
    let mut session = app.store.begin(&who.actor).await?;
    let stored = session
        .inspect(&NewInspection {
            id: InspectionId::from(post.inspection_id),
            rental: RentalId::from(post.rental_id),
            at: post.at,
            findings: post.findings.into(),
        })
        .await?;
    session.commit().await?;
    app.follow.settle().await;
    let status = if matches!(stored, Stored::New(_)) { StatusCode::CREATED } else { StatusCode::OK };
    Ok((status, Json(InspectionView::from(&stored.into_inner()))))
}

impl From<&Inspection> for InspectionView {
    fn from(inspection: &Inspection) -> Self {
        InspectionView {
            inspection_id: inspection.id.to_string(),
            rental_id: inspection.rental.to_string(),
            at: inspection.at,
            findings: inspection.findings.into(),
            inspector: inspection.inspector.to_string(),
        }
    }
}
