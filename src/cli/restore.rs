//! `gridpin restore`.

use super::backup::{bar, passphrase, tell};
use super::block_on;
use crate::error::{Error, Result, Text};
use crate::exchange::backup::seal::Seal;
use crate::exchange::backup::{Manifest, Opened};
use crate::store::restore::{Expected, Restoring};
use std::path::PathBuf;
use std::time::Instant;
use tokio::sync::mpsc;

/// What `gridpin restore` can be told.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The backup
    file: PathBuf,
    /// PostgreSQL URL of the role gridpin_owner of an empty database, or of a superuser / 空库所有者或超级用户的地址
    #[arg(long, env = "GRIDPIN_DATABASE", hide_env_values = true, default_value = "")]
    database: String,
    /// Private key that opens it, as age-keygen writes it
    #[arg(long, value_name = "FILE", conflicts_with_all = ["passphrase_file", "plain"])]
    identity: Option<PathBuf>,
    /// The passphrase in this file opens it. Without it: the environment's GRIDPIN_BACKUP_PASSPHRASE
    #[arg(long, value_name = "FILE", conflicts_with = "plain")]
    passphrase_file: Option<PathBuf>,
    /// It isn't encrypted
    #[arg(long)]
    plain: bool,
    /// Only read it to its end and say what it holds; no database / 只核对文件
    #[arg(long)]
    check: bool,
}

/// Puts a backup into an empty database, in one transaction; or only reads it.
///
/// # Errors
/// `Invalid` when the file is no good backup, isn't opened, or the database holds records: nothing is changed then;
/// `Unavailable`.
pub fn run(args: Args) -> Result<()> {
    if !args.check {
        super::require_database(&args.database)?;
    }
    let seal = match (&args.identity, args.plain) {
        (Some(file), _) => Seal::identities(file)?,
        (None, true) => Seal::Plain,
        (None, false) => passphrase(args.passphrase_file.as_deref())?.ok_or_else(|| {
            Error::invalid(
                "restore",
                "",
                "",
                Text::new("没有说明如何解密", "nothing says how to decrypt it"),
                Text::new(
                    "用 --identity、--passphrase-file 或环境变量 GRIDPIN_BACKUP_PASSPHRASE;未加密的文件用 --plain",
                    "give --identity, --passphrase-file or set GRIDPIN_BACKUP_PASSPHRASE; --plain if it is not encrypted",
                ),
            )
        })?,
    };
    let (opened, started) = (Opened::open(&args.file, &seal)?, Instant::now());
    let manifest = opened.manifest.clone();
    describe(&manifest);
    if args.check {
        let bar = bar();
        opened.verify(&|part, bytes| tell(&bar, part, bytes))?;
        bar.finish_and_clear();
        super::print("good to its end / 文件完好");
        return Ok(());
    }
    let entries = block_on(restore(opened, &args.database))?;
    super::print(&format!(
        "restored {} rows in {:.1} s; audit log whole: {entries} entries / 已恢复,审计日志完整\n\
         now: gridpin migrate (after an older gridpin), gridpin doctor, gridpin serve; everybody signs in anew, and API tokens are made anew / 所有人需重新登录,接口令牌需重新建立",
        manifest.rows(),
        started.elapsed().as_secs_f64(),
    ));
    Ok(())
}

async fn restore(opened: Opened, url: &str) -> Result<i64> {
    let manifest = &opened.manifest;
    let expected = Expected {
        server: manifest.server,
        schema: manifest.schema,
        tables: manifest.tables.clone(),
        audit_entries: manifest.audit_entries,
        audit_head: manifest.audit_head.clone(),
    };
    let detail = serde_json::json!({ "made_at": manifest.made_at, "program": manifest.program, "rows": manifest.rows(),
        "audit_entries": manifest.audit_entries, "audit_head": manifest.audit_head });
    let restoring = Restoring::begin(url, expected).await?;
    let (send, pieces) = mpsc::channel(8);
    let reading = tokio::task::spawn_blocking(move || {
        let bar = bar();
        let read =
            // To its end, also where the database has refused a part: a damaged file may be why.
            opened.pieces(&mut |piece| { let _ = send.blocking_send(piece); true }, &|part, bytes| tell(&bar, part, bytes));
        bar.finish_and_clear();
        read
    });
    let restored = restoring.run(pieces, detail).await;
    // What is wrong with the file is why the database got only a part.
    reading.await.map_err(|error| Error::Internal(error.to_string()))??;
    restored
}

fn describe(manifest: &Manifest) {
    eprintln!(
        "{} of {}: schema {}, PostgreSQL {}, {} rows of {} tables; audit log {} entries, head {} / 备份时间 {}",
        manifest.program,
        manifest.made_at.to_rfc3339(),
        manifest.schema,
        manifest.server,
        manifest.rows(),
        manifest.tables.len(),
        manifest.audit_entries,
        manifest.audit_head,
        manifest.made_at.to_rfc3339(),
    );
}
