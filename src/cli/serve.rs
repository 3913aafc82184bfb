//! `gridpin serve`: the service.

use crate::config::Serve;
use crate::error::Result;
use std::io::IsTerminal;
use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::prelude::*;

/// Serves the city of a database until it is told to stop (Ctrl-C, SIGTERM).
///
/// # Errors
/// As [`crate::http::serve()`].
pub fn run(config: Serve) -> Result<()> {
    // `info,sqlx=warn`: a level, and others for modules.
    let said = std::env::var("GRIDPIN_LOG").ok().filter(|said| !said.is_empty());
    let filter = said.and_then(|said| said.parse::<Targets>().ok());
    let filter =
        filter.unwrap_or_else(|| Targets::new().with_default(LevelFilter::INFO).with_target("sqlx", LevelFilter::WARN));
    let log = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    // JSON lines for whoever collects logs, plain text for whoever watches. Another log may stand already in a test.
    let log = if std::io::stderr().is_terminal() { log.with_target(false).boxed() } else { log.json().boxed() };
    let _ = tracing_subscriber::registry().with(log.with_filter(filter)).try_init();
    super::block_on(async {
        crate::http::serve(config, |address| println!("gridpin: http://{address}"), stopped()).await
    })
}

/// Waits for Ctrl-C or SIGTERM.
async fn stopped() {
    let terminated = async {
        match signal(SignalKind::terminate()) {
            Ok(mut terminate) => terminate.recv().await,
            Err(_) => std::future::pending().await,
        }
    };
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        _ = terminated => {}
    }
}
