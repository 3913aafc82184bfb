//! `gridpin serve`: the service.

use crate::config::Serve;
use crate::error::Result;
use std::io::IsTerminal;
use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::EnvFilter;

/// Serves the city of a database until it is told to stop (Ctrl-C, SIGTERM).
///
/// # Errors
/// As [`crate::http::serve()`].
pub fn run(config: Serve) -> Result<()> {
    let filter = EnvFilter::try_from_env("GRIDPIN_LOG").unwrap_or_else(|_| EnvFilter::new("info,sqlx=warn"));
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    // JSON lines for whoever collects logs, plain text for whoever watches. Another log may stand already in a test.
    let _ = if std::io::stderr().is_terminal() { log.with_target(false).try_init() } else { log.json().try_init() };
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
