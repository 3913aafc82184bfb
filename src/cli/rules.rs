//! `gridpin rules`.

use crate::error::{Error, Result};

/// What `gridpin rules` can be told.
#[derive(Debug, clap::Args)]
pub struct Args {}

/// Runs the command.
///
/// # Errors
/// Always, until it is built.
pub fn run(_: Args) -> Result<()> {
    Err(Error::Internal("gridpin rules is not built yet".into()))
}
