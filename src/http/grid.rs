//! Grids: the hierarchy, one level at a time.

use super::App;
use super::cursor::Page;
use super::permission::SignedIn;
use super::problem::Answer;
use super::query::{Given, Params, Query};
use super::sight::Sight;
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
    State(app): State<Arc<App>>,
    who: Who<SignedIn>,
    Given(query): Given<GridQuery>,
) -> Answer<Json<Page<GridView>>> {
    let city = app.live.get();
    let sight = Sight::of(&city, &who.actor);
    let parent = match &query.parent {
        Some(code) => Some(sight.grid(code)?),
        None => None,
    };
    let mut grids = match (query.level, parent) {
        (Some(level), parent) => sight.grids_of(level, parent),
        (None, Some(parent)) => city.grid.children(parent).to_vec(),
        (None, None) => sight.tops(),
    };
    grids.sort_by(|a, b| city.grid.code(*a).cmp(city.grid.code(*b)));
    Ok(Json(Page { items: grids.into_iter().map(|grid| GridView::of(&sight, grid)).collect(), next: None }))
}

impl GridView {
    /// The grid at a position, as `sight` shows it: above the scope there is nothing.
    pub fn of(sight: &Sight, grid: u32) -> GridView {
        let index = &sight.city.grid;
        GridView {
            grid_code: index.code(grid).to_string(),
            name: sight.city.records.grids[grid as usize].name.clone(),
            level: index.level(grid),
            parent_code: index
                .parent(grid)
                .map(|parent| index.code(parent).to_string())
                .filter(|c| sight.grid(c).is_ok()),
            bbox: index.bbox(grid),
            children: index.children(grid).len(),
        }
    }
}
