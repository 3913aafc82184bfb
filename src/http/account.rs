//! Who is signed in, and what the client has to know before anybody is.

use super::App;
use super::permission::SignedIn;
use super::problem::Answer;
use super::who::Who;
use crate::domain::{GridLevel, Role};
use crate::error::Text;
use axum::Json;
use axum::extract::State;
use serde::Serialize;
use std::sync::Arc;
use utoipa::ToSchema;

/// The account that is signed in.
#[derive(Debug, Serialize, ToSchema)]
pub struct Me {
    /// Account name.
    pub name: String,
    /// Role.
    pub role: Role,
    /// Ground.
    pub scope: MyScope,
    /// Box around that ground: west, south, east, north, degrees. None where the city is empty.
    pub bbox: Option<[f64; 4]>,
    /// Names of the rights that the role has (see the table in the documents).
    pub rights: Vec<String>,
}

/// The ground of an account: a grid with all below it, or the whole city when `grid` is null.
#[derive(Debug, Serialize, ToSchema)]
pub struct MyScope {
    /// Code of the grid; null is the whole city.
    pub grid: Option<String>,
    /// Its name.
    pub name: Option<String>,
    /// Its level.
    pub level: Option<GridLevel>,
}

/// What a client has to know before sign-in.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Config {
    /// Name of the site.
    pub title: Text,
    /// The basemap that the site has configured; none is needed.
    pub basemap: Option<Basemap>,
    /// Whether this is the demo town, whose accounts are public.
    pub demo: bool,
    /// Version of the program.
    pub version: String,
    /// Revision of the city: grows with every change.
    pub revision: u64,
    /// Whether the city lags behind because the database is away.
    pub stale: bool,
}

/// A basemap.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Basemap {
    /// What the URL is.
    pub kind: BasemapKind,
    /// Template of raster tiles, or URL of a vector style.
    pub url: String,
    /// What its licence asks to be shown.
    pub attribution: String,
}

/// What a basemap's URL is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum BasemapKind {
    /// A template with `{z}`, `{x}` and `{y}`.
    Raster,
    /// A MapLibre style.
    Vector,
}

/// Who is signed in.
#[utoipa::path(get, path = "/api/me", tag = "account", responses((status = 200, body = Me)))]
pub async fn me(State(_app): State<Arc<App>>, _who: Who<SignedIn>) -> Answer<Json<Me>> {
    Err(super::pending())
}

/// What a client has to know before sign-in.
#[utoipa::path(get, path = "/api/config", tag = "account", security(()), responses((status = 200, body = Config)))]
pub async fn config(State(_app): State<Arc<App>>) -> Answer<Json<Config>> {
    Err(super::pending())
}
