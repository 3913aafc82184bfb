//! `gridpin doctor`.

use super::block_on;
use crate::error::{Error, Result, Text};
use crate::store::Store;

/// What `gridpin doctor` can be told.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// PostgreSQL URL of the application's role / 数据库地址
    #[arg(long, env = "GRIDPIN_DATABASE", hide_env_values = true, default_value = "")]
    database: String,
}

/// Looks at what gridpin stands on and prints a line for each thing.
///
/// # Errors
/// `Unavailable` without a database, `Invalid` when something is not in order.
pub fn run(args: Args) -> Result<()> {
    super::require_database(&args.database)?;
    block_on(async {
        let store = Store::connect(&args.database).await?;
        let findings = store.examine().await?;
        let mut ill = 0;
        for finding in &findings {
            ill += usize::from(!finding.well);
            println!("{}\t{}\t{}", if finding.well { "ok" } else { "ILL" }, finding.what, finding.found);
        }
        if ill == 0 {
            return Ok(());
        }
        Err(Error::invalid(
            "doctor",
            "",
            "",
            Text::new(format!("{ill} 项不正常"), format!("{ill} things are not in order")),
            Text::new("见上面标 ILL 的行", "see the lines marked ILL above"),
        ))
    })
}
