//! `gridpin backup`.

use super::block_on;
use crate::error::{Error, Result, Text};
use crate::exchange::backup::seal::Seal;
use crate::exchange::backup::{Manifest, Writing, program, write};
use crate::store::backup::Moment;
use indicatif::{ProgressBar, ProgressStyle};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// The environment's name for a passphrase.
const PASSPHRASE: &str = "GRIDPIN_BACKUP_PASSPHRASE";

/// What `gridpin backup` can be told.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The file to write
    file: PathBuf,
    /// PostgreSQL URL of the role gridpin_owner, or of a superuser / 表所有者或超级用户的数据库地址
    #[arg(long, env = "GRIDPIN_DATABASE", hide_env_values = true, default_value = "")]
    database: String,
    /// Encrypt to this public key (age1...); who makes the backup then can't read it. May be given several times
    #[arg(long, value_name = "AGE1...", conflicts_with_all = ["passphrase_file", "plain"])]
    recipient: Vec<String>,
    /// Encrypt with the passphrase in this file. Without it: the environment's GRIDPIN_BACKUP_PASSPHRASE
    #[arg(long, value_name = "FILE", conflicts_with = "plain")]
    passphrase_file: Option<PathBuf>,
    /// Don't encrypt: whoever gets the file has the city's records
    #[arg(long)]
    plain: bool,
    /// Replace a file of this name
    #[arg(long)]
    force: bool,
}

/// Writes a backup of one moment, reads it back, and names it.
///
/// # Errors
/// `Invalid` when the file is there, nothing says how to encrypt it, or no pg_dump fits; `Unavailable`. Nothing is left
/// behind then.
pub fn run(args: Args) -> Result<()> {
    super::require_database(&args.database)?;
    let seal = seal(&args)?;
    let started = Instant::now();
    block_on(async {
        let moment = Moment::take(&args.database).await?;
        let dump = program::find("pg_dump", moment.server)?;
        let manifest = Manifest {
            program: concat!("gridpin ", env!("CARGO_PKG_VERSION")).into(),
            schema: moment.schema,
            made_at: moment.at,
            server: moment.server,
            dump: dump.major,
            tables: moment.tables.clone(),
            audit_entries: moment.audit_entries,
            audit_head: moment.audit_head.clone(),
        };
        let (url, force, snapshot) = (args.database, args.force, moment.snapshot.clone());
        let (size, manifest, file) = tokio::task::spawn_blocking(move || {
            let bar = bar();
            let writing = Writing {
                file: &args.file,
                force,
                seal: &seal,
                manifest: &manifest,
                url: &url,
                snapshot: &snapshot,
                dump: &dump,
            };
            let size = write(&writing, &|part, bytes| tell(&bar, part, bytes))?;
            bar.finish_and_clear();
            Ok::<_, Error>((size, manifest, args.file))
        })
        .await
        .map_err(|error| Error::Internal(error.to_string()))??;
        drop(moment);
        let Manifest { audit_entries, audit_head, .. } = &manifest;
        super::print(&format!(
            "{}: {} rows of {} tables, {size} bytes in {:.1} s, read back and good / 已备份并核对\n\
             audit log: {audit_entries} entries, head {audit_head} / 审计日志 {audit_entries} 条",
            file.display(),
            manifest.rows(),
            manifest.tables.len(),
            started.elapsed().as_secs_f64(),
        ));
        Ok(())
    })
}

fn seal(args: &Args) -> Result<Seal> {
    if args.plain {
        return Ok(Seal::Plain);
    }
    if !args.recipient.is_empty() {
        return Seal::recipients(&args.recipient);
    }
    passphrase(args.passphrase_file.as_deref())?.ok_or_else(|| {
        Error::invalid(
            "backup",
            "",
            "",
            Text::new("没有说明如何加密", "nothing says how to encrypt it"),
            Text::new(
                format!("用 --recipient、--passphrase-file 或环境变量 {PASSPHRASE};不加密须写明 --plain"),
                format!("give --recipient, --passphrase-file or set {PASSPHRASE}; --plain if it shall not be"),
            ),
        )
    })
}

/// By a file's passphrase, or by the environment's.
pub(super) fn passphrase(file: Option<&Path>) -> Result<Option<Seal>> {
    let Some(file) = file else {
        return std::env::var(PASSPHRASE).ok().map(|text| Seal::passphrase(&text, PASSPHRASE)).transpose();
    };
    let place = file.to_string_lossy();
    let text = std::fs::read_to_string(file).map_err(|error| {
        let why = Text::new(format!("无法读取: {error}"), format!("it can't be read: {error}"));
        Error::invalid("--passphrase-file", "", place.as_ref(), why, Text::new("核对文件", "look at the file"))
    })?;
    Seal::passphrase(&text, &place).map(Some)
}

/// A line that says how far it is, where somebody watches.
pub(super) fn bar() -> ProgressBar {
    let bar = ProgressBar::new_spinner();
    bar.set_style(ProgressStyle::with_template("{spinner} {msg} {bytes} ({bytes_per_sec})").expect("a template"));
    bar.enable_steady_tick(Duration::from_millis(200));
    bar
}

pub(super) fn tell(bar: &ProgressBar, part: &str, bytes: u64) {
    if bar.message() != part {
        bar.set_message(part.to_owned());
    }
    bar.set_position(bytes);
}
