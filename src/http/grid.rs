//! Grids: the hierarchy, one level at a time.

use super::App;
use super::cursor::Page;
use super::permission::SignedIn;
use super::problem::Answer;
use super::query::{Given, Params, Query};
use super::who::Who;
use crate::domain::GridLevel;
use axum::Json;
use axum::extract::State;
use serde::Serialize;
use std::sync::Arc;
use utoipa::{IntoParams, ToSchema};

/// A grid.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Grid)]
pub struct GridView {
    /// Code.
    pub grid_code: String,
    /// Name.
    pub name: String,
    /// Level.
    pub level: GridLevel,
    /// The grid that holds it.
    pub parent_code: Option<String>,
    /// Box around it: west, south, east, north, degrees.
    pub bbox: [f64; 4],
    /// How many grids it holds directly.
    pub children: usize,
}

/// Which grids.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct GridQuery {
    /// Those directly below this one; the top ones in scope if left out.
    pub parent: Option<String>,
    /// Those of this level in scope.
    pub level: Option<GridLevel>,
}

impl Params for GridQuery {
    fn read(query: &mut Query) -> Self {
        GridQuery { parent: query.text("parent"), level: query.choice("level") }
    }
}

/// Lists grids in scope, by code.
#[utoipa::path(get, path = "/api/grids", tag = "grid", params(GridQuery), responses((status = 200, body = Page<GridView>)))]
pub async fn list(
    State(_app): State<Arc<App>>,
    _who: Who<SignedIn>,
    Given(_query): Given<GridQuery>,
) -> Answer<Json<Page<GridView>>> {
    Err(super::pending())
}
