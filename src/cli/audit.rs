//! `gridpin audit`.

use super::block_on;
use crate::error::{Error, Result, Text};
use crate::store::{AuditVerdict, Store};

/// What `gridpin audit` can be told.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// PostgreSQL URL of the application's role / 数据库地址
    #[arg(long, env = "GRIDPIN_DATABASE", hide_env_values = true, global = true, default_value = "")]
    database: String,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Check that no entry was changed, removed or cut off / 校验审计日志是否完整
    Verify,
}

/// Checks the audit log's chain and prints its head, which proves it up to here when it is written down elsewhere.
///
/// # Errors
/// `Invalid` with the first place where it was tampered with; `Unavailable`.
pub fn run(args: Args) -> Result<()> {
    super::require_database(&args.database)?;
    let Command::Verify = args.command;
    block_on(async {
        let store = Store::connect(&args.database).await?;
        match store.begin(&Store::system()).await?.verify_audit().await? {
            AuditVerdict::Whole { entries, head } => {
                println!("{entries} entries, whole; head {head} / 共 {entries} 条,完整");
                Ok(())
            }
            AuditVerdict::Broken { seq, what } => Err(Error::invalid(
                format!("audit entry {seq}"),
                "",
                "",
                what,
                Text::new("与备份比对,查明是谁动了数据库", "compare with a backup; find out who reached the database"),
            )),
        }
    })
}
