//! The service: axum. One file per noun; [`router`] is the map of what there is.
//!
//! A read is answered from the City, so reading goes on while the database is away. A write is a store session bound to
//! the actor; the answer waits until this process's City shows it.

pub mod account;
pub mod address;
pub mod body;
pub mod correction;
pub mod cursor;
pub mod flag;
pub mod grid;
pub mod hazard;
pub mod indicator;
pub mod inspection;
pub mod openapi;
pub mod permission;
pub mod problem;
pub mod query;
pub mod rental;
pub mod session;
pub mod visit;
pub mod who;

use crate::error::Error;
use problem::Failure;
use std::sync::Arc;
use utoipa::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// What the handlers share.
pub struct App {
    openapi: Arc<utoipa::openapi::OpenApi>,
}

fn pending() -> Failure {
    Failure::Error(Error::Unavailable("not built yet".to_owned()))
}

#[derive(OpenApi)]
#[openapi(
    info(
        title = "gridpin",
        description = "Keeps a city's address pins right. Times are RFC 3339; coordinates are degrees, longitude first; \
                       lists are pages with an opaque cursor; errors are RFC 9457 problem details.",
        license(name = "Apache-2.0", identifier = "Apache-2.0")
    ),
    components(schemas(problem::Problem, flag::FlagFilter))
)]
struct Document;

fn routes() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::with_openapi(Document::openapi())
        .routes(routes!(session::sign_in, session::sign_out))
        .routes(routes!(account::me))
        .routes(routes!(account::config))
        .routes(routes!(flag::list))
        .routes(routes!(flag::dismiss))
        .routes(routes!(flag::restore))
        .routes(routes!(address::search))
        .routes(routes!(address::detail))
        .routes(routes!(address::history))
        .routes(routes!(address::explain))
        .routes(routes!(correction::correct, correction::list))
        .routes(routes!(correction::review))
        .routes(routes!(grid::list))
        .routes(routes!(indicator::list))
        .routes(routes!(rental::list))
        .routes(routes!(rental::detail))
        .routes(routes!(rental::heat_summary))
        .routes(routes!(hazard::list, hazard::report))
        .routes(routes!(hazard::transition))
        .routes(routes!(inspection::record))
        .routes(routes!(visit::record))
        .routes(routes!(openapi::document))
}

/// The OpenAPI document of the service.
pub fn document() -> utoipa::openapi::OpenApi {
    openapi::complete(routes().split_for_parts().1)
}
