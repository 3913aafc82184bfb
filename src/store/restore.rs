//! Puts a backup into a database: all of it in one transaction, or nothing.

use super::audit::AuditVerdict;
use super::backup::{counts, schema, tables};
use super::connect::Store;
use super::migrate::{MIGRATOR, become_owner, prepare};
use super::session::{Session, bind};
use crate::error::{Error, Result, Text};
use serde_json::Value;
use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};
use sqlx::{AssertSqlSafe, Postgres, Transaction};
use std::collections::BTreeMap;
use std::str::FromStr;
use tokio::sync::mpsc::Receiver;

/// A piece of a database that is on its way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece {
    /// Statements.
    Sql {
        /// What they make.
        what: String,
        /// They.
        sql: String,
    },
    /// Rows of a table follow.
    Copy {
        /// Its name.
        table: String,
        /// `COPY table (columns) FROM stdin`.
        sql: String,
    },
    /// Some of them, whole lines of COPY's text form.
    Rows {
        /// They.
        bytes: Vec<u8>,
        /// How many.
        count: i64,
    },
    /// All of them were there.
    CopyEnd,
    /// Everything was there, and its source is good to its end.
    End,
}

/// What must be true of the restored database.
#[derive(Debug, Clone)]
pub struct Expected {
    /// Major version of the server that it was taken from.
    pub server: u32,
    /// The newest migration.
    pub schema: i64,
    /// How many rows each table has.
    pub tables: BTreeMap<String, i64>,
    /// How many entries the audit log has.
    pub audit_entries: i64,
    /// The last one's hash, as hexadecimal digits.
    pub audit_head: String,
}

/// Tables that a migration fills, so that they say nothing of whether a database is in use.
const BORN_FILLED: [&str; 3] = ["_sqlx_migrations", "audit_head", "checking"];

/// A restore on its way; dropped before its end it leaves the database as it was.
pub struct Restoring {
    pool: PgPool,
    tx: Transaction<'static, Postgres>,
    expected: Expected,
}

impl Restoring {
    /// Begins in an empty database: one without gridpin's tables, or with tables and no record. `owner_url` is as
    /// [`super::migrate()`] has it.
    ///
    /// # Errors
    /// `Invalid` when there are records, or the backup is of a newer gridpin or PostgreSQL; `Unavailable`.
    pub async fn begin(owner_url: &str, expected: Expected) -> Result<Restoring> {
        let newest = MIGRATOR.iter().map(|migration| migration.version).max().unwrap_or_default();
        if expected.schema > newest {
            return Err(too_new("schema", expected.schema, "gridpin", newest));
        }
        let options = PgConnectOptions::from_str(owner_url)?.application_name("gridpin restore");
        let pool = PgPoolOptions::new().max_connections(1).connect_with(options).await?;
        let mut tx = pool.begin().await?;
        let (server,): (i32,) =
            sqlx::query_as("select current_setting('server_version_num')::int / 10000").fetch_one(&mut *tx).await?;
        if i64::from(expected.server) > i64::from(server) {
            return Err(too_new("PostgreSQL", expected.server.into(), "PostgreSQL", server.into()));
        }
        sqlx::query("set local lock_timeout = '10s'").execute(&mut *tx).await?;
        prepare(&mut tx).await?;
        become_owner(&mut tx).await?;
        let old = tables(&mut tx).await?;
        for table in &old {
            let lock = format!("lock table public.\"{table}\" in access exclusive mode");
            sqlx::query(AssertSqlSafe(lock)).execute(&mut *tx).await?;
        }
        for table in old.iter().filter(|table| !BORN_FILLED.contains(&table.as_str())) {
            let sql = format!("select exists (select from public.\"{table}\")");
            let (filled,): (bool,) = sqlx::query_as(AssertSqlSafe(sql)).fetch_one(&mut *tx).await?;
            if filled {
                return Err(in_use(table));
            }
        }
        if !old.is_empty() {
            sqlx::query("drop owned by gridpin_owner").execute(&mut *tx).await?;
        }
        Ok(Restoring { pool, tx, expected })
    }

    /// Takes the pieces in, compares with what is expected, writes `detail` into the audit log as `restore`, and commits.
    /// Answers how many entries the audit log had before that one.
    ///
    /// # Errors
    /// `Invalid` when counts or the audit chain differ, or the pieces end before [`Piece::End`]; the database's errors. In
    /// all cases nothing is changed.
    pub async fn run(mut self, mut pieces: Receiver<Piece>, detail: Value) -> Result<i64> {
        loop {
            match pieces.recv().await {
                Some(Piece::Sql { what, sql }) => {
                    let done = sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut *self.tx).await;
                    done.map_err(|error| at(&what, error))?;
                }
                Some(Piece::Copy { table, sql }) => self.copy(&table, &sql, &mut pieces).await?,
                Some(Piece::Rows { .. } | Piece::CopyEnd) => return Err(Error::Internal("rows without a COPY".into())),
                Some(Piece::End) => break,
                None => return Err(broken_off()),
            }
        }
        // The script empties the search path and so on.
        sqlx::raw_sql("reset all").execute(&mut *self.tx).await?;
        self.compare().await?;
        // The feed's marks are another server's transactions: of the future here, they would come up one by one.
        sqlx::query("update change set xid = pg_current_xact_id()").execute(&mut *self.tx).await?;
        // Who was signed in then signs in anew: what was signed out since must not come back to life.
        sqlx::query("update session set ended_at = now() where ended_at is null").execute(&mut *self.tx).await?;
        // So do programs: a token that was taken back since must stay so. A backup from before there were any has no table.
        if self.expected.tables.contains_key("api_token") {
            let revoke = "update api_token set revoked_at = now() where revoked_at is null";
            sqlx::query(revoke).execute(&mut *self.tx).await?;
        }
        let mut session = Session::over(self.tx, Store::system());
        let (entries, head) = match session.verify_audit().await? {
            AuditVerdict::Whole { entries, head } => (entries, head),
            AuditVerdict::Broken { seq, what } => return Err(differs(&format!("audit {seq}"), what)),
        };
        if (entries, &head) != (self.expected.audit_entries, &self.expected.audit_head) {
            let (zh, en) = ("审计日志的末尾与清单不符", "the audit log's end is not what the manifest says");
            return Err(differs("audit_head", Text::new(zh, en)));
        }
        session.audit("restore", "database", detail);
        session.commit().await?;
        // So that the first queries know how large tables are. Not having it is no failure.
        let _ = sqlx::raw_sql("set client_min_messages = error; analyze").execute(&self.pool).await;
        self.pool.close().await;
        Ok(entries)
    }

    async fn copy(&mut self, table: &str, sql: &str, pieces: &mut Receiver<Piece>) -> Result<()> {
        let mut copy = self.tx.copy_in_raw(sql).await.map_err(|error| at(table, error))?;
        loop {
            match pieces.recv().await {
                Some(Piece::Rows { bytes, .. }) => {
                    copy.send(bytes).await.map_err(|error| at(table, error))?;
                }
                Some(Piece::CopyEnd) => break,
                _ => {
                    copy.abort("broken off").await.ok();
                    return Err(broken_off());
                }
            }
        }
        copy.finish().await.map_err(|error| at(table, error))?;
        Ok(())
    }

    async fn compare(&mut self) -> Result<()> {
        let (schema, counts) = (schema(&mut self.tx).await?, counts(&mut self.tx).await?);
        if schema != self.expected.schema {
            return Err(differs("schema", Text::new("数据库结构与清单不符", "it is not what the manifest says")));
        }
        let names = counts.keys().chain(self.expected.tables.keys());
        for name in names {
            let (is, said) = (counts.get(name).copied(), self.expected.tables.get(name).copied());
            if is != said {
                let [is, said] = [is, said].map(|n| n.map_or("-".into(), |n| n.to_string()));
                let zh = format!("恢复了 {is} 行,清单记载 {said} 行");
                return Err(differs(name, Text::new(zh, format!("{is} rows came, the manifest says {said}"))));
            }
        }
        bind(&mut self.tx, &Store::system()).await
    }
}

/// The place in the backup where the database refused.
fn at(what: &str, error: sqlx::Error) -> Error {
    match error {
        sqlx::Error::Database(error) => Error::invalid(
            "backup",
            what,
            "",
            Text::new(
                format!("数据库不接受: {}", error.message()),
                format!("the database refuses it: {}", error.message()),
            ),
            Text::new(
                "什么都没有改动;核对数据库版本与角色",
                "nothing was changed; look at the server's version and roles",
            ),
        ),
        other => other.into(),
    }
}

fn differs(field: &str, reason: Text) -> Error {
    Error::invalid(
        "backup",
        field,
        "",
        reason,
        Text::new("什么都没有改动;取另一份备份", "nothing was changed; take another backup"),
    )
}

fn broken_off() -> Error {
    differs("", Text::new("备份没有读完", "the backup was not read to its end"))
}

fn in_use(table: &str) -> Error {
    Error::invalid(
        "--database",
        table,
        "",
        Text::new("目标库里已有数据", "there are records in this database"),
        Text::new("恢复到一个新建的空库", "restore into a new, empty database"),
    )
}

fn too_new(field: &str, value: i64, what: &str, ours: i64) -> Error {
    Error::invalid(
        "backup",
        field,
        value.to_string(),
        Text::new(format!("备份比这里的 {what} ({ours}) 新"), format!("it is newer than the {what} here ({ours})")),
        Text::new(format!("换用更新的 {what}"), format!("take a newer {what}")),
    )
}
