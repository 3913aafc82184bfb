//! Files' records into the database: all or nothing, twice the same is once, and taken back as a whole.
//!
//! The source is read and judged on a thread of its own while PostgreSQL takes the good rows by binary COPY: straight into
//! the table where that is still empty, and then key and indexes are built once; else into a stage, which one statement
//! under row security brings into the table. Nothing is visible before the commit, and a killed process or server leaves
//! nothing behind.

mod judge;
mod replace;
mod undo;

pub use judge::{Importable, Life};
pub use replace::{Extent, Replace};

use super::codec::{COPY_HEADER, COPY_TRAILER};
use super::connect::Store;
use super::fault::garbled;
use super::session::Session;
use crate::domain::{Actor, KeyMap, Role, Scope};
use crate::error::{Error, Fault, Result, Text};
use judge::{Judge, Known, Tally, Way};
use replace::Lacking;
use sqlx::{AssertSqlSafe, Row};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// What comes from a source, in its order.
#[derive(Debug)]
pub enum Incoming<T> {
    /// A record of sound form, from this row (line or feature number) of the source.
    Record(u64, T),
    /// A row that the source's reader already refused.
    Reject(Reject),
}

/// A row that was not taken, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reject {
    /// Its line or feature number.
    pub row: u64,
    /// What is wrong with it.
    pub fault: Fault,
}

/// How an import is to be done.
#[derive(Debug, Clone, Default)]
pub struct ImportOptions {
    /// Name of the batch, for people; the file's name will do.
    pub batch: String,
    /// The file that the rows come from.
    pub file: String,
    /// SHA-256 of the file, if it was taken.
    pub file_hash: Option<Vec<u8>>,
    /// Takes the good rows even when others are refused.
    pub keep_good: bool,
    /// Judges everything and stores nothing.
    pub dry_run: bool,
    /// Ends the records in use that the source lacks. Not together with `keep_good`: a refused row lacks nothing.
    pub replace: Option<Replace>,
}

/// What came of an import: `read = accepted + unchanged + rejected`, always.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ImportSummary {
    /// Rows of the source.
    pub read: u64,
    /// Rows that are new or say something else than the last time. Stored only if `stored`.
    pub accepted: u64,
    /// Rows that say what they said at the last import: nothing is written, whatever people mended since.
    pub unchanged: u64,
    /// Rows that were refused: by the source's reader, for a second row with the same key, or for naming something that
    /// does not exist.
    pub rejected: u64,
    /// Records in use before it, of those that a replacing import speaks of; 0 for others.
    pub present: u64,
    /// Of them, those that it ended because the source lacks them.
    pub ended: u64,
    /// What a user should know about it.
    pub warnings: Vec<Text>,
    /// Whether anything was kept: not for a dry run, nor when a row was rejected and not `keep_good`.
    pub stored: bool,
    /// The import's number, for its undo; none when nothing was kept.
    pub batch_id: Option<i64>,
    /// The refused rows, in the order of the source.
    pub rejects: Vec<Reject>,
}

impl Store {
    /// Imports records of one kind, in one transaction. `source` is drawn on a thread of its own, so that it may read
    /// and parse a file as it goes; an `Err` from it ends the import, and nothing is kept.
    ///
    /// # Errors
    /// The source's; `Forbidden` to others than stewards; `Invalid` for what only the database could refuse;
    /// `Unavailable`. In every case nothing is kept.
    pub async fn import<T, S>(&self, actor: &Actor, options: &ImportOptions, source: S) -> Result<ImportSummary>
    where
        T: Importable,
        S: Iterator<Item = Result<Incoming<T>>> + Send + 'static,
    {
        let mut session = self.begin(actor).await?;
        session.require(&[Role::Steward])?;
        if options.replace.is_some() && options.keep_good {
            return Err(Error::invalid(
                "",
                "--replace",
                "--keep-good",
                Text::new("替换导入不能只取合格的行", "a replacing import can't take the good rows only"),
                Text::new("先更正全部被拒绝的行", "mend all rejected rows first"),
            ));
        }
        // One import at a time: two would judge by the same picture and collide at the end.
        sqlx::query("select pg_advisory_xact_lock(hashtext('gridpin import'))").execute(session.connection()).await?;
        let batch_id = session.start_batch(T::TABLE, options).await?;
        let mut judge = Judge::<T>::prepare(&mut session, options.keep_good).await?;
        let way = if options.dry_run {
            Way::Nowhere
        } else {
            session.open_way::<T>(judge.table_is_empty(), batch_id).await?
        };
        let columns = judge.send(way.clone());

        let (tally, mut known) = session.send_rows(judge, source, &way, &columns).await?;
        let mut summary = ImportSummary {
            read: tally.read,
            accepted: tally.accepted,
            unchanged: tally.unchanged,
            rejected: tally.rejects.len() as u64,
            rejects: tally.rejects,
            ..ImportSummary::default()
        };
        let mut lacking = Lacking::default();
        if let Some(replace) = &options.replace
            && summary.rejected == 0
        {
            lacking = session.lacking::<T>(replace, &options.batch, &mut known).await?;
            (summary.present, summary.ended) = (lacking.present, lacking.count());
            summary.warnings.extend(lacking.warning.take());
        }
        if options.dry_run || (summary.rejected > 0 && !options.keep_good) {
            return Ok(summary);
        }
        session.close_way::<T>(&way, summary.accepted).await?;
        if let Some(replace) = &options.replace {
            session.end::<T>(&lacking, replace.on).await?;
        }
        session.finish_batch(batch_id, &summary).await?;
        session.audit(
            "import",
            T::TABLE,
            serde_json::json!({
                "batch_id": batch_id, "batch": options.batch, "read": summary.read, "accepted": summary.accepted,
                "unchanged": summary.unchanged, "rejected": summary.rejected, "ended": summary.ended,
            }),
        );
        session.commit().await?;
        summary.stored = true;
        summary.batch_id = Some(batch_id);
        Ok(summary)
    }
}

/// Stops the reading thread when the other side is gone.
struct Stop(Arc<AtomicBool>);

impl Drop for Stop {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

impl Session {
    async fn start_batch(&mut self, kind: &str, options: &ImportOptions) -> Result<i64> {
        let row =
            sqlx::query("insert into batch (name, kind, file, file_hash) values ($1, $2, $3, $4) returning batch_id")
                .bind(&options.batch)
                .bind(kind)
                .bind(&options.file)
                .bind(&options.file_hash)
                .fetch_one(self.connection())
                .await?;
        let batch_id: i64 = row.try_get(0)?;
        sqlx::query("select set_config('gridpin.batch', $1, true)")
            .bind(batch_id.to_string())
            .execute(self.connection())
            .await?;
        Ok(batch_id)
    }

    async fn finish_batch(&mut self, batch_id: i64, summary: &ImportSummary) -> Result<()> {
        sqlx::query(
            "update batch set read = $2, accepted = $3, unchanged = $4, rejected = $5, ended = $6 where batch_id = $1",
        )
        .bind(batch_id)
        .bind(summary.read as i64)
        .bind(summary.accepted as i64)
        .bind(summary.unchanged as i64)
        .bind(summary.rejected as i64)
        .bind(summary.ended as i64)
        .execute(self.connection())
        .await?;
        Ok(())
    }

    /// Makes ready where the rows go.
    async fn open_way<T: Importable>(&mut self, table_is_empty: bool, batch_id: i64) -> Result<Way> {
        if table_is_empty && T::DECLARES_GRID && self.actor().scope == Scope::All {
            let row = sqlx::query("select import_open($1)").bind(T::TABLE).fetch_one(self.connection()).await?;
            // It isn't, where it has a history: then the way of all others.
            if row.try_get(0)? {
                return Ok(Way::Table { batch_id, by: self.actor().name.clone() });
            }
        }
        sqlx::query("select import_stage($1)").bind(T::TABLE).execute(self.connection()).await?;
        Ok(Way::Stage)
    }

    async fn send_rows<T, S>(
        &mut self,
        mut judge: Judge<T>,
        source: S,
        way: &Way,
        columns: &str,
    ) -> Result<(Tally, KeyMap<Known>)>
    where
        T: Importable,
        S: Iterator<Item = Result<Incoming<T>>> + Send + 'static,
    {
        // A few megabytes under way: PostgreSQL and the reader wait for each other, memory stays flat.
        let (sender, mut receiver) = tokio::sync::mpsc::channel::<Vec<u8>>(4);
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = stop.clone();
        let _stop = Stop(stop);
        let reader = tokio::task::spawn_blocking(move || -> Result<(Tally, KeyMap<Known>)> {
            for incoming in source {
                judge.judge(incoming?);
                if let Some(block) = judge.full_block()
                    && (stopped.load(Ordering::Relaxed) || sender.blocking_send(block).is_err())
                {
                    return Err(Error::Internal("the import was given up".into()));
                }
            }
            let (last, tally, known) = judge.finish();
            if sender.blocking_send(last).is_err() {
                return Err(Error::Internal("the import was given up".into()));
            }
            Ok((tally, known))
        });
        let target = match way {
            Way::Table { .. } => T::TABLE.to_owned(),
            Way::Stage => format!("pg_temp.{}_stage", T::TABLE),
            Way::Nowhere => {
                while receiver.recv().await.is_some() {}
                return joined(reader.await);
            }
        };
        let mut copy =
            self.connection().copy_in_raw(&format!("copy {target} ({columns}) from stdin (format binary)")).await?;
        copy.send(COPY_HEADER).await?;
        while let Some(block) = receiver.recv().await {
            copy.send(block).await?;
        }
        let (tally, known) = match joined(reader.await) {
            Ok(judged) => judged,
            Err(error) => {
                copy.abort("the source can't be read").await?;
                return Err(error);
            }
        };
        copy.send(COPY_TRAILER).await?;
        let rows = copy.finish().await?;
        if rows != tally.sent {
            return Err(garbled(format!("{rows} rows arrived, {} were sent", tally.sent)));
        }
        Ok((tally, known))
    }

    /// Makes the rows that were sent part of the table.
    async fn close_way<T: Importable>(&mut self, way: &Way, accepted: u64) -> Result<()> {
        match way {
            Way::Nowhere => {}
            Way::Table { .. } => {
                sqlx::query("select import_close($1)").bind(T::TABLE).execute(self.connection()).await?;
            }
            Way::Stage if accepted == 0 => {}
            Way::Stage => {
                let done = sqlx::query(AssertSqlSafe(upsert::<T>())).execute(self.connection()).await?;
                if done.rows_affected() != accepted {
                    return Err(garbled(format!("{} of {accepted} rows stored", done.rows_affected())));
                }
            }
        }
        Ok(())
    }
}

fn joined<T>(outcome: std::result::Result<Result<T>, tokio::task::JoinError>) -> Result<T> {
    outcome.map_err(|error| Error::Internal(format!("the reader broke: {error}")))?
}

/// From the stage into the table: new keys are inserted, known ones updated. A key that was withdrawn goes on counting its
/// versions.
fn upsert<T: Importable>() -> String {
    let (table, columns, key) = (T::TABLE, T::COLUMNS, T::KEY);
    let keys: Vec<&str> = key.split(", ").collect();
    let same_key: Vec<String> = keys.iter().map(|k| format!("v.{k} = s.{k}")).collect();
    let updates: Vec<String> = columns
        .split(", ")
        .chain(["source_hash"])
        .filter(|column| !keys.contains(column))
        .map(|column| format!("{column} = excluded.{column}"))
        .collect();
    // Saves the scope trigger a look into the grids.
    let (scope, declared) = if T::DECLARES_GRID { (", scope_grid", ", s.grid_code") } else { ("", "") };
    format!(
        "insert into {table} ({columns}, source_hash, batch_id, version{scope})
         select {columns}, source_hash, running_batch(),
                1 + coalesce((select max(v.version) from {table}_version v where {}), 0){declared}
         from pg_temp.{table}_stage s
         on conflict ({key}) do update set {}",
        same_key.join(" and "),
        updates.join(", ")
    )
}
