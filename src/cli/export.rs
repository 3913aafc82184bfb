//! `gridpin export`.

use crate::error::{Error, Result};

/// What `gridpin export` can be told.
#[derive(Debug, clap::Args)]
pub struct Args {}

/// Runs the command.
///
/// # Errors
/// Always, until it is built.
pub fn run(_: Args) -> Result<()> {
    Err(Error::Internal("gridpin export is not built yet".into()))
}
