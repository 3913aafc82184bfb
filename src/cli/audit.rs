//! `gridpin audit`.

use super::block_on;
use crate::error::{Error, Result, Text};
use crate::store::{AuditFilter, AuditVerdict, Store};
use chrono::NaiveDate;
use std::io::Write;
use std::path::{Path, PathBuf};

/// Entries that are read at once.
const CHUNK: i64 = 2000;

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
    /// Write the log as JSON lines, oldest first, each entry with its hash / 导出审计日志
    Export {
        /// The file, which must not be there yet
        file: PathBuf,
        /// From this day on, 2026-11-01
        #[arg(long)]
        from: Option<NaiveDate>,
        /// To the end of this day
        #[arg(long)]
        to: Option<NaiveDate>,
        /// By this account only
        #[arg(long)]
        actor: Option<String>,
        /// Of this kind only: `session` has all of `session.open`, `session.revoke` ...
        #[arg(long)]
        action: Option<String>,
    },
}

/// Checks the audit log, or writes it to a file.
///
/// # Errors
/// `Invalid` with the first place where the log was tampered with, or for a file that can't be made; `Unavailable`.
pub fn run(args: Args) -> Result<()> {
    super::require_database(&args.database)?;
    block_on(async {
        let store = Store::connect(&args.database).await?;
        match args.command {
            Command::Verify => verify(&store).await,
            Command::Export { file, from, to, actor, action } => {
                export(&store, &file, &AuditFilter { actor, action, subject: None, from, to }).await
            }
        }
    })
}

/// Checks the chain and prints its head, which proves the log up to here when it is written down elsewhere.
async fn verify(store: &Store) -> Result<()> {
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
}

async fn export(store: &Store, file: &Path, filter: &AuditFilter) -> Result<()> {
    let refused = |error: std::io::Error| {
        let reason = Text::new(format!("无法写入: {error}"), format!("it can't be written: {error}"));
        Error::invalid(
            file.display().to_string(),
            "",
            "",
            reason,
            Text::new("换一个新的文件名", "name a file that is not there yet"),
        )
    };
    let made = std::fs::OpenOptions::new().write(true).create_new(true).open(file).map_err(refused)?;
    let mut out = std::io::BufWriter::new(made);
    let mut session = store.begin(&super::operator()).await?;
    session.audit("audit.export", "", serde_json::json!({ "filter": filter, "file": file }));
    session.commit().await?;
    let (mut after, mut count) = (0, 0);
    loop {
        let piece = store.begin(&Store::system()).await?.audit_after(filter, after, CHUNK).await?;
        let Some(last) = piece.last() else { break };
        after = last.seq;
        count += piece.len();
        for entry in &piece {
            serde_json::to_writer(&mut out, entry).map_err(|error| refused(error.into()))?;
            out.write_all(b"\n").map_err(refused)?;
        }
    }
    out.flush().map_err(refused)?;
    println!("{count} entries / 共 {count} 条");
    Ok(())
}
