//! One moment of the database, held for pg_dump.

use super::migrate::become_owner;
use crate::error::{Error, Result, Text};
use chrono::{DateTime, Utc};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{AssertSqlSafe, PgConnection, Postgres, Row, Transaction};
use std::collections::BTreeMap;
use std::str::FromStr;

/// A transaction that keeps a snapshot for as long as it lives; pg_dump sees what it sees.
pub struct Moment {
    _tx: Transaction<'static, Postgres>,
    /// What pg_dump calls the snapshot.
    pub snapshot: String,
    /// When it was taken.
    pub at: DateTime<Utc>,
    /// Major version of the server.
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

impl Moment {
    /// Takes one, as the role gridpin_owner or a role that may become it, who sees every row.
    ///
    /// # Errors
    /// `Invalid` for another role or a database without gridpin's tables; `Unavailable`.
    pub async fn take(owner_url: &str) -> Result<Moment> {
        let options = PgConnectOptions::from_str(owner_url)?.application_name("gridpin backup");
        let pool = PgPoolOptions::new().max_connections(1).connect_with(options).await?;
        let mut tx = pool.begin().await?;
        sqlx::query("set transaction isolation level repeatable read").execute(&mut *tx).await?;
        // It says nothing while pg_dump works, for hours perhaps.
        sqlx::query("set local idle_in_transaction_session_timeout = 0").execute(&mut *tx).await?;
        become_owner(&mut tx).await?;
        let row = sqlx::query("select now(), current_setting('server_version_num')::int / 10000, pg_export_snapshot()")
            .fetch_one(&mut *tx)
            .await?;
        let (at, server, snapshot): (DateTime<Utc>, i32, String) = (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
        let (schema, tables) = (schema(&mut tx).await?, counts(&mut tx).await?);
        let head = sqlx::query("select seq, encode(hash, 'hex') from audit_head").fetch_one(&mut *tx).await?;
        let (audit_entries, audit_head) = (head.try_get(0)?, head.try_get(1)?);
        Ok(Moment { _tx: tx, snapshot, at, server: server as u32, schema, tables, audit_entries, audit_head })
    }
}

/// The newest migration.
pub(super) async fn schema(connection: &mut PgConnection) -> Result<i64> {
    let none = || {
        Error::invalid(
            "--database",
            "",
            "",
            Text::new("这个库里没有 gridpin 的表", "this database has no tables of gridpin"),
            Text::new("核对数据库名", "look at the database's name in the URL"),
        )
    };
    let (known,): (bool,) =
        sqlx::query_as("select to_regclass('public._sqlx_migrations') is not null").fetch_one(&mut *connection).await?;
    if !known {
        return Err(none());
    }
    let (newest,): (Option<i64>,) =
        sqlx::query_as("select max(version) from public._sqlx_migrations").fetch_one(connection).await?;
    newest.ok_or_else(none)
}

/// The tables of gridpin_owner, as quoted names.
pub(super) async fn tables(connection: &mut PgConnection) -> Result<Vec<String>> {
    let rows: Vec<(String,)> = sqlx::query_as(
        "select relname::text from pg_class where relkind in ('r', 'p') and relowner = to_regrole('gridpin_owner')
         and relnamespace = 'public'::regnamespace order by relname collate \"C\"",
    )
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().map(|(name,)| name).collect())
}

/// How many rows each of them has.
pub(super) async fn counts(connection: &mut PgConnection) -> Result<BTreeMap<String, i64>> {
    let mut counts = BTreeMap::new();
    for table in tables(connection).await? {
        let sql = format!("select count(*) from public.\"{table}\"");
        let (rows,): (i64,) = sqlx::query_as(AssertSqlSafe(sql)).fetch_one(&mut *connection).await?;
        counts.insert(table, rows);
    }
    Ok(counts)
}
