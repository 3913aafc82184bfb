//! Who is signed in, and what the client has to know before anybody is.

use super::App;
use super::checker::CheckView;
use super::permission::{SignedIn, TABLE};
use super::problem::Answer;
use super::sight::Sight;
use super::who::Who;
use crate::domain::{GridLevel, Role, Scope};
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
    /// Whether people can sign in by the site's provider of identities: GET /api/session/oidc.
    pub oidc: bool,
    /// Version of the program.
    pub version: String,
    /// Revision of the city: grows with every change.
    pub revision: u64,
    /// Whether the city lags behind because the database is away.
    pub stale: bool,
    /// Whether a large change is being read into what is shown: it follows by itself.
    pub behind: bool,
    /// How the check of the city stands.
    pub check: CheckView,
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
pub async fn me(State(app): State<Arc<App>>, who: Who<SignedIn>) -> Answer<Json<Me>> {
    let city = app.live.get();
    let sight = Sight::of(&city, &who.actor);
    let scope = match &who.actor.scope {
        Scope::All => MyScope { grid: None, name: None, level: None },
        Scope::Grid(code) => {
            let grid = city.grid.position(code);
            MyScope {
                grid: Some(code.to_string()),
                name: grid.map(|grid| city.records.grids[grid as usize].name.clone()),
                level: grid.map(|grid| city.grid.level(grid)),
            }
        }
    };
    let role = who.actor.role;
    let rights = TABLE.iter().filter(|row| row.roles.contains(&role)).map(|row| row.name.to_owned()).collect();
    // A city without grids still has pins somewhere.
    let bbox = sight.bbox().or_else(|| if sight.is_bounded() { None } else { city.bbox() });
    Ok(Json(Me { name: who.actor.name.clone(), role, scope, bbox, rights }))
}

/// What a client has to know before sign-in.
#[utoipa::path(get, path = "/api/config", tag = "account", security(()), responses((status = 200, body = Config)))]
pub async fn config(State(app): State<Arc<App>>) -> Json<Config> {
    Json(Config {
        title: Text::new(&app.config.title_zh, &app.config.title_en),
        basemap: app.config.basemap.as_deref().map(|url| Basemap::of(url, &app.config.basemap_attribution)),
        demo: app.demo,
        oidc: app.provider.is_some(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        revision: app.live.get().revision,
        stale: app.follow.is_cut_off(),
        behind: app.follow.is_behind(),
        check: app.checker.view(),
    })
}

impl Basemap {
    /// What a configured URL is: a template of raster tiles has a place for the tile's numbers, everything else is a
    /// vector style.
    pub fn of(url: &str, attribution: &str) -> Basemap {
        let kind = if url.contains("{z}") { BasemapKind::Raster } else { BasemapKind::Vector };
        Basemap { kind, url: url.to_owned(), attribution: attribution.to_owned() }
    }
}
