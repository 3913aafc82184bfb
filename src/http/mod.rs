//! The service: axum. One file per noun; [`router`] is the map of what there is.
//!
//! A read is answered from the City, so reading goes on while the database is away. A write is a store session bound to
//! the actor; the answer waits until this process's City shows it.

pub mod account;
pub mod address;
pub mod audit;
pub mod body;
pub mod checker;
pub mod correction;
pub mod cursor;
pub mod encoder;
pub mod event;
pub mod flag;
pub mod follow;
pub mod grid;
pub mod group;
pub mod guard;
pub mod hazard;
pub mod health;
pub mod indicator;
pub mod inspection;
pub mod line;
pub mod mend;
pub mod metric;
pub mod oidc;
pub mod openapi;
pub mod pace;
pub mod password;
pub mod permission;
pub mod problem;
pub mod query;
pub mod queue;
pub mod rental;
pub mod reveal;
pub mod rule;
pub mod serve;
pub mod session;
pub mod sight;
pub mod signal;
pub mod throttle;
pub mod tile;
pub mod token;
pub mod totp;
pub mod visit;
pub mod web;
pub mod who;

use crate::city::{City, Live};
use crate::config::Serve;
use crate::store::Store;
use crate::tile::Cache;
use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::{HeaderName, HeaderValue};
use axum::middleware::{from_fn, from_fn_with_state};
use axum::response::IntoResponse;
use checker::Checker;
use encoder::Encoder;
use follow::Follow;
use metric::Metrics;
use pace::Pace;
use problem::{Answer, Failure};
use queue::Queue;
use reveal::Reveals;
use std::sync::Arc;
use throttle::Throttle;
use tokio::sync::{Semaphore, watch};
use tower_http::CompressionLevel;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::{DefaultPredicate, NotForContentType, Predicate};
use utoipa::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use who::Sessions;

pub use serve::serve;

/// What the handlers share.
pub struct App {
    /// The database.
    pub store: Store,
    /// The City.
    pub live: Arc<Live>,
    /// What keeps the City up with the database.
    pub follow: Arc<Follow>,
    /// What checks the City, or follows who does.
    pub checker: Arc<Checker>,
    /// Sessions seen lately.
    pub sessions: Sessions,
    /// Sign-in attempts.
    pub throttle: Throttle,
    /// Counts and latencies.
    pub metrics: Metrics,
    /// Tiles that were made before.
    pub tiles: Arc<Cache>,
    /// What makes the others.
    pub encoder: Arc<Encoder>,
    /// Looks at what is sensitive.
    pub reveals: Reveals,
    /// How many requests a second each may send.
    pub pace: Pace,
    /// Places for requests that are worked on at once.
    pub at_once: Arc<Queue>,
    /// The site's provider of identities, where it has one.
    pub provider: Option<oidc::Provider>,
    /// Places for passwords that are hashed at once.
    pub hashing: Semaphore,
    /// Places for listeners to events.
    pub listeners: Arc<Semaphore>,
    /// Turns true when the service stops.
    pub stop: watch::Receiver<bool>,
    /// What the operator has told.
    pub config: Serve,
    /// Whether this is the demo town, whose accounts are public.
    pub demo: bool,
    shield: Vec<(HeaderName, HeaderValue)>,
    openapi: Arc<utoipa::openapi::OpenApi>,
}

impl App {
    /// What the handlers share, around a City that is loaded.
    pub fn new(
        store: Store,
        live: Arc<Live>,
        follow: Arc<Follow>,
        checker: Arc<Checker>,
        config: Serve,
        stop: watch::Receiver<bool>,
    ) -> App {
        let tiles = Arc::new(Cache::new(config.tile_cache_mb.saturating_mul(1 << 20)));
        let threads = std::thread::available_parallelism().map_or(2, usize::from);
        App {
            store,
            live,
            follow,
            checker,
            sessions: Sessions::default(),
            throttle: Throttle::default(),
            metrics: Metrics::default(),
            encoder: Encoder::new(tiles.clone(), threads),
            tiles,
            reveals: Reveals::default(),
            pace: Pace::new(config.rate_limit),
            at_once: Queue::new(guard::AT_ONCE),
            hashing: Semaphore::new(2),
            listeners: Arc::new(Semaphore::new(event::LISTENERS)),
            stop,
            shield: guard::shield_headers(config.basemap.as_deref(), config.behind_tls),
            config,
            provider: None,
            demo: false,
            openapi: Arc::new(document()),
        }
    }

    /// The City, for what only a check here knows.
    ///
    /// # Errors
    /// [`Failure::Unchecked`] until it is checked here.
    pub fn checked(&self) -> Answer<Arc<City>> {
        let city = self.live.get();
        if city.is_checked() { Ok(city) } else { Err(Failure::Unchecked { elsewhere: self.checker.is_elsewhere() }) }
    }
}

#[derive(OpenApi)]
#[openapi(
    info(
        title = "gridpin",
        description = "Keeps a city's address pins right. Times are RFC 3339; coordinates are degrees, longitude first; \
                       lists are pages with an opaque cursor; errors are RFC 9457 problem details.",
        license(name = "Apache-2.0", identifier = "Apache-2.0")
    ),
    components(schemas(
        problem::Problem,
        flag::FlagFilter,
        flag::GroupedFilter,
        rental::Purpose,
        crate::tile::Detail
    ))
)]
struct Document;

fn routes() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::with_openapi(Document::openapi())
        .routes(routes!(session::sign_in, session::sign_out))
        .routes(routes!(oidc::leave))
        .routes(routes!(oidc::come_back))
        .routes(routes!(session::list))
        .routes(routes!(session::revoke))
        .routes(routes!(account::me))
        .routes(routes!(password::change))
        .routes(routes!(totp::state, totp::begin, totp::confirm, totp::remove))
        .routes(routes!(token::list, token::make))
        .routes(routes!(token::revoke))
        .routes(routes!(audit::list))
        .routes(routes!(audit::verdict))
        .routes(routes!(audit::export))
        .routes(routes!(account::config))
        .routes(routes!(flag::list))
        .routes(routes!(flag::dismiss))
        .routes(routes!(flag::restore))
        .routes(routes!(group::list))
        .routes(routes!(group::detail))
        .routes(routes!(mend::mend))
        .routes(routes!(mend::undo))
        .routes(routes!(mend::list))
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
        .routes(routes!(rule::list))
        .routes(routes!(openapi::document))
        .routes(routes!(tile::tilejson))
        .routes(routes!(tile::tile))
        .routes(routes!(tile::style))
        .routes(routes!(event::listen))
        .routes(routes!(health::healthz))
        .routes(routes!(health::readyz))
        .routes(routes!(metric::metrics))
}

/// The OpenAPI document of the service.
pub fn document() -> utoipa::openapi::OpenApi {
    openapi::complete(routes().split_for_parts().1)
}

/// Every path of the service, with what stands around it.
pub fn router(app: Arc<App>) -> Router {
    let (router, _) = routes().split_for_parts();
    // Tiles come compressed from the cache; events must not wait in a buffer.
    let worth = DefaultPredicate::new()
        .and(NotForContentType::new("application/vnd.mapbox-vector-tile"))
        .and(NotForContentType::SSE);
    router
        .fallback(web::client)
        .method_not_allowed_fallback(|| async { Failure::Method })
        .layer(DefaultBodyLimit::max(body::BODY_MAX))
        .layer(from_fn(guard::same_site))
        .layer(from_fn_with_state(app.clone(), guard::limit))
        .layer(from_fn(guard::even))
        .layer(CatchPanicLayer::custom(|_| {
            Failure::Error(crate::error::Error::Internal("panic".into())).into_response()
        }))
        .layer(CompressionLayer::new().gzip(true).quality(CompressionLevel::Fastest).compress_when(worth))
        .layer(from_fn_with_state(app.clone(), guard::shield))
        .layer(from_fn_with_state(app.clone(), guard::measure))
        .with_state(app)
}
