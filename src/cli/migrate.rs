//! `gridpin migrate`.

use super::block_on;
use crate::error::Result;

/// What `gridpin migrate` can be told.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// PostgreSQL URL of the role gridpin_owner, or of a superuser / 表所有者或超级用户的数据库地址
    #[arg(long, env = "GRIDPIN_DATABASE", hide_env_values = true)]
    database: String,
}

/// Brings the database to this version's tables.
///
/// # Errors
/// `Invalid` when roles or PostGIS are missing or another version made the database; `Unavailable`.
pub fn run(args: Args) -> Result<()> {
    block_on(crate::store::migrate(&args.database))
}
