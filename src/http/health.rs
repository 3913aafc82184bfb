//! Whether the process lives, and whether it can do all of its work.

use super::App;
use super::checker::CheckView;
use axum::Json;
use axum::extract::State;
use serde::Serialize;
use std::sync::Arc;
use utoipa::ToSchema;

/// That the process lives.
#[derive(Debug, Serialize, ToSchema)]
pub struct Health {
    /// Always `ok`.
    pub status: &'static str,
}

/// What the process can do now.
#[derive(Debug, Serialize, ToSchema)]
pub struct Ready {
    /// `ok`, or `degraded`: reads go on from the City, writes are refused, because the database is away.
    pub status: &'static str,
    /// Whether the database answers: `ok` or `away`.
    pub database: &'static str,
    /// Revision of the City.
    pub revision: u64,
    /// How the check of the city stands: until it is done, flags are those that were found before.
    pub check: CheckView,
    /// Seconds since the City last heard from the database.
    pub feed_age_s: f64,
}

/// Whether the process lives.
#[utoipa::path(get, path = "/healthz", tag = "service", security(()), responses((status = 200, body = Health)))]
pub async fn healthz() -> Json<Health> {
    Json(Health { status: "ok" })
}

/// What the process can do now. It answers 200 without the database too: it still serves every read.
#[utoipa::path(get, path = "/readyz", tag = "service", security(()), responses((status = 200, body = Ready)))]
pub async fn readyz(State(app): State<Arc<App>>) -> Json<Ready> {
    let answers = matches!(tokio::time::timeout(std::time::Duration::from_secs(2), app.store.ping()).await, Ok(Ok(())));
    Json(Ready {
        status: if answers && app.follow.stale_s().is_none() { "ok" } else { "degraded" },
        database: if answers && !app.follow.is_cut_off() { "ok" } else { "away" },
        revision: app.live.get().revision,
        check: app.checker.view(),
        feed_age_s: app.follow.age().as_secs_f64(),
    })
}
