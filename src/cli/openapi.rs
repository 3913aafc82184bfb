//! `gridpin openapi`: the service's description, without a server.

use crate::error::{Error, Result};

/// The command's arguments: none.
#[derive(Debug, clap::Args)]
pub struct Args {}

/// Prints the OpenAPI document as JSON.
///
/// # Errors
/// `Internal` when it cannot be written as JSON.
pub fn run(_: Args) -> Result<()> {
    let text = crate::http::document().to_pretty_json().map_err(|error| Error::Internal(error.to_string()))?;
    println!("{text}");
    Ok(())
}
