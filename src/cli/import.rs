//! `gridpin import`.

use crate::error::{Error, Result};

/// What `gridpin import` can be told.
#[derive(Debug, clap::Args)]
pub struct Args {}

/// Runs the command.
///
/// # Errors
/// Always, until it is built.
pub fn run(_: Args) -> Result<()> {
    Err(Error::Internal("gridpin import is not built yet".into()))
}
