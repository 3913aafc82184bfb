//! `gridpin rules`: the rule catalogue.

use crate::check;
use crate::error::Result;

/// What `gridpin rules` can be told.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Form of the catalogue
    #[arg(long, value_enum, default_value_t = Form::Markdown)]
    pub format: Form,
}

/// Forms of the catalogue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Form {
    /// For people
    Markdown,
    /// For programs
    Json,
}

/// Prints the catalogue.
///
/// # Errors
/// None.
pub fn run(args: Args) -> Result<()> {
    match args.format {
        Form::Markdown => super::print(&check::to_markdown()),
        Form::Json => super::print(&check::to_json()),
    }
    Ok(())
}
