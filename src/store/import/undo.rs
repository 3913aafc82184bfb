//! Takes an import back: its new records go, its changed ones are again exactly what they were.

use crate::domain::*;
use crate::domain::{Actor, Role};
use crate::error::{Error, Result, Text};
use crate::store::connect::Store;
use crate::store::record::Record;
use crate::store::session::Session;
use chrono::{DateTime, Utc};
use sqlx::{AssertSqlSafe, Row};

/// An import that was kept.
#[derive(Debug, Clone, PartialEq)]
pub struct Batch {
    /// Its number.
    pub batch_id: i64,
    /// Its name.
    pub name: String,
    /// Kind of its records.
    pub kind: String,
    /// The file.
    pub file: String,
    /// Rows read, accepted, unchanged, rejected.
    pub counts: [i64; 4],
    /// Records that it ended because its file lacked them.
    pub ended: i64,
    /// Account.
    pub made_by: String,
    /// When.
    pub made_at: DateTime<Utc>,
    /// When it was taken back, if it was.
    pub undone_at: Option<DateTime<Utc>>,
}

/// What came of an undo.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Undone {
    /// Records that the import had brought and that are gone.
    pub withdrawn: u64,
    /// Records that are again what they were before.
    pub restored: u64,
}

impl Store {
    /// Takes an import back, in one transaction.
    ///
    /// # Errors
    /// `NotFound`; `Conflict` when it was taken back already, when something was changed since (the first hundred keys
    /// are in `current`), or when newer records hang on what it brought; `Forbidden` to others than stewards.
    pub async fn undo_import(&self, actor: &Actor, batch_id: i64) -> Result<Undone> {
        let mut session = self.begin(actor).await?;
        session.require(&[Role::Steward])?;
        sqlx::query("select pg_advisory_xact_lock(hashtext('gridpin import'))").execute(session.connection()).await?;
        let row = sqlx::query("select kind, undone_at is not null from batch where batch_id = $1")
            .bind(batch_id)
            .fetch_optional(session.connection())
            .await?
            .ok_or_else(|| Error::NotFound(format!("batch {batch_id}")))?;
        if row.try_get(1)? {
            return Err(crate::store::fault::conflict("该批次已经撤销", "this import was taken back already"));
        }
        let kind: String = row.try_get(0)?;
        let undone = match kind.as_str() {
            "grid" => session.undo::<Grid>(batch_id).await?,
            "address" => session.undo::<Address>(batch_id).await?,
            "building" => session.undo::<Building>(batch_id).await?,
            "place" => session.undo::<Place>(batch_id).await?,
            "rental" => session.undo::<Rental>(batch_id).await?,
            "inspection" => session.undo::<Inspection>(batch_id).await?,
            "hazard" => session.undo::<Hazard>(batch_id).await?,
            "visit" => session.undo::<Visit>(batch_id).await?,
            "headcount" => session.undo::<Headcount>(batch_id).await?,
            other => return Err(Error::Internal(format!("a batch of {other}"))),
        };
        sqlx::query("update batch set undone_by = $2, undone_at = now() where batch_id = $1")
            .bind(batch_id)
            .bind(&actor.name)
            .execute(session.connection())
            .await?;
        session.audit(
            "import.undo",
            &kind,
            serde_json::json!({ "batch_id": batch_id, "withdrawn": undone.withdrawn, "restored": undone.restored }),
        );
        session.commit().await?;
        Ok(undone)
    }
}

impl Session {
    /// The imports that were kept, newest first.
    ///
    /// # Errors
    /// `Unavailable`. Others than stewards see none.
    pub async fn batches(&mut self, limit: i64) -> Result<Vec<Batch>> {
        let rows = sqlx::query(
            "select batch_id, name, kind, file, read, accepted, unchanged, rejected, made_by, made_at, undone_at, ended
             from batch order by batch_id desc limit $1",
        )
        .bind(limit)
        .fetch_all(self.connection())
        .await?;
        rows.iter()
            .map(|row| {
                Ok(Batch {
                    batch_id: row.try_get(0)?,
                    name: row.try_get(1)?,
                    kind: row.try_get(2)?,
                    file: row.try_get(3)?,
                    counts: [row.try_get(4)?, row.try_get(5)?, row.try_get(6)?, row.try_get(7)?],
                    made_by: row.try_get(8)?,
                    made_at: row.try_get(9)?,
                    undone_at: row.try_get(10)?,
                    ended: row.try_get(11)?,
                })
            })
            .collect()
    }

    async fn undo<T: Record>(&mut self, batch_id: i64) -> Result<Undone> {
        let (table, key, key_text) = (T::TABLE, T::KEY, T::KEY_TEXT);
        let conflicts = sqlx::query(AssertSqlSafe(format!(
            "select distinct {key_text} from {table}_version v where batch_id = $1
             and not exists (select from {table} t where {} and t.batch_id = $1) order by 1 limit 100",
            on::<T>("t", "v")
        )))
        .bind(batch_id)
        .fetch_all(self.connection())
        .await?;
        if !conflicts.is_empty() {
            let keys: Vec<String> = conflicts.iter().map(|row| row.try_get(0)).collect::<Result<_, sqlx::Error>>()?;
            return Err(Error::Conflict {
                message: Text::new(
                    format!("导入之后又有修改,不能撤销: {}", keys[0]),
                    format!("changed since the import, so it can't be taken back: {}", keys[0]),
                ),
                current: Some(Box::new(serde_json::json!({ "keys": keys }))),
            });
        }
        sqlx::query("select set_config('gridpin.batch', 'undo', true)").execute(self.connection()).await?;
        // What stood before the import first wrote the record; nothing, if that was withdrawn then.
        sqlx::query(AssertSqlSafe(format!(
            "create temp table undo_{table} on commit drop as
             select {}, p.version as before from {table} t
             left join lateral (
                 select v.version, v.superseded_how from {table}_version v
                 where {} and v.version < coalesce(
                     (select min(w.version) from {table}_version w where {} and w.batch_id = $1), t.version)
                 order by v.version desc limit 1) p on p.superseded_how = 'change'
             where t.batch_id = $1",
            list("t", key),
            on::<T>("v", "t"),
            on::<T>("w", "t"),
        )))
        .bind(batch_id)
        .execute(self.connection())
        .await?;
        let columns: Vec<String> = T::COLUMNS
            .split(", ")
            .chain(["source_hash", "batch_id"])
            .filter(|column| !key.split(", ").any(|k| k == *column))
            .map(|column| format!("{column} = v.{column}"))
            .collect();
        let restored = sqlx::query(AssertSqlSafe(format!(
            "update {table} t set {} from undo_{table} u, {table}_version v
             where {} and {} and v.version = u.before",
            columns.join(", "),
            on::<T>("t", "u"),
            on::<T>("v", "u"),
        )))
        .execute(self.connection())
        .await?
        .rows_affected();
        let withdrawn = sqlx::query(AssertSqlSafe(format!(
            "delete from {table} t using undo_{table} u where {} and u.before is null",
            on::<T>("t", "u")
        )))
        .execute(self.connection())
        .await
        .map_err(still_needed)?
        .rows_affected();
        // A grid's parent is checked at the end: now, to say it well.
        sqlx::query("set constraints all immediate").execute(self.connection()).await.map_err(still_needed)?;
        if table == "grid" {
            self.no_address_declares_a_missing_grid().await?;
        }
        Ok(Undone { withdrawn, restored })
    }

    async fn no_address_declares_a_missing_grid(&mut self) -> Result<()> {
        let orphan = sqlx::query(
            "select address_id from address a where grid_code is not null
             and not exists (select from grid g where g.grid_code = a.grid_code) limit 1",
        )
        .fetch_optional(self.connection())
        .await?;
        match orphan {
            None => Ok(()),
            Some(row) => {
                let id: String = row.try_get(0)?;
                Err(crate::store::fault::conflict(
                    &format!("地址 {id} 仍在使用该批网格,不能撤销"),
                    &format!("address {id} still declares one of these grids"),
                ))
            }
        }
    }
}

fn still_needed(error: sqlx::Error) -> Error {
    match &error {
        sqlx::Error::Database(e) if e.code().as_deref() == Some("23503") => crate::store::fault::conflict(
            "其他记录仍依赖这批数据,不能撤销",
            "other records still hang on what this import brought",
        ),
        _ => error.into(),
    }
}

fn list(alias: &str, key: &str) -> String {
    key.split(", ").map(|k| format!("{alias}.{k}")).collect::<Vec<_>>().join(", ")
}

fn on<T: Record>(a: &str, b: &str) -> String {
    T::KEY.split(", ").map(|k| format!("{a}.{k} = {b}.{k}")).collect::<Vec<_>>().join(" and ")
}
