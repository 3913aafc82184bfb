//! The audit log: append only, chained by hashes, and the proof that it is whole.

use super::session::Session;
use crate::error::{Result, Text};
use chrono::{DateTime, NaiveDate, Utc};
use futures::TryStreamExt;
use sqlx::postgres::PgRow;
use sqlx::{AssertSqlSafe, Row};

/// One entry.
#[derive(Debug, Clone, PartialEq, serde::Serialize, utoipa::ToSchema)]
pub struct AuditEntry {
    /// Number from 1, without gaps.
    pub seq: i64,
    /// When.
    pub at: DateTime<Utc>,
    /// Account.
    pub actor: String,
    /// Its role then.
    pub role: String,
    /// Its ground then: `*` or a grid's code.
    pub scope: String,
    /// What was done.
    pub action: String,
    /// To what.
    pub subject: String,
    /// More.
    pub detail: serde_json::Value,
    /// The hash of the entry before it, as hexadecimal digits.
    pub prev: String,
    /// Its own.
    pub hash: String,
}

/// Which entries.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct AuditFilter {
    /// By this account.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub actor: Option<String>,
    /// Of this kind: `session` has all of `session.open`, `session.revoke` ...
    #[serde(skip_serializing_if = "Option::is_none")]
    pub action: Option<String>,
    /// Done to this.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// From this day on, by the database's clock and time zone.
    #[param(value_type = Option<String>, format = Date)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<NaiveDate>,
    /// To the end of this day.
    #[param(value_type = Option<String>, format = Date)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<NaiveDate>,
}

const COLUMNS: &str = "seq, at, actor, role, scope, action, subject, detail, encode(prev, 'hex'), encode(hash, 'hex')";
const FILTER: &str =
    "($3::text is null or actor = $3) and ($4::text is null or action = $4 or starts_with(action, $4 || '.'))
    and ($5::text is null or subject = $5) and ($6::date is null or at >= $6) and ($7::date is null or at < $7 + 1)";

fn entry(row: &PgRow) -> Result<AuditEntry> {
    Ok(AuditEntry {
        seq: row.try_get(0)?,
        at: row.try_get(1)?,
        actor: row.try_get(2)?,
        role: row.try_get(3)?,
        scope: row.try_get(4)?,
        action: row.try_get(5)?,
        subject: row.try_get(6)?,
        detail: row.try_get(7)?,
        prev: row.try_get(8)?,
        hash: row.try_get(9)?,
    })
}

/// What a check of the whole chain found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AuditVerdict {
    /// Nothing was changed, removed or cut off.
    Whole {
        /// How many entries.
        entries: i64,
        /// The last entry's hash, as hexadecimal digits: written down elsewhere, it proves the log up to here for ever.
        head: String,
    },
    /// The first place where it was tampered with.
    Broken {
        /// The entry's number.
        seq: i64,
        /// What is wrong there.
        what: Text,
    },
}

impl Session {
    /// Entries, newest first, before the number `before` (or from the newest), `limit` at most. Stewards of the whole city
    /// only: others get none.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn audit_entries(
        &mut self,
        filter: &AuditFilter,
        before: Option<i64>,
        limit: i64,
    ) -> Result<Vec<AuditEntry>> {
        let sql = format!(
            "select {COLUMNS} from audit where ($1::bigint is null or seq < $1) and {FILTER} order by seq desc limit $2"
        );
        self.audit_read(sql, filter, before, limit).await
    }

    /// Entries, oldest first, after the number `after`, `limit` at most. Stewards of the whole city only: others get none.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn audit_after(&mut self, filter: &AuditFilter, after: i64, limit: i64) -> Result<Vec<AuditEntry>> {
        let sql = format!("select {COLUMNS} from audit where seq > $1 and {FILTER} order by seq limit $2");
        self.audit_read(sql, filter, Some(after), limit).await
    }

    async fn audit_read(
        &mut self,
        sql: String,
        filter: &AuditFilter,
        from: Option<i64>,
        limit: i64,
    ) -> Result<Vec<AuditEntry>> {
        let rows = sqlx::query(AssertSqlSafe(sql))
            .bind(from)
            .bind(limit)
            .bind(&filter.actor)
            .bind(&filter.action)
            .bind(&filter.subject)
            .bind(filter.from)
            .bind(filter.to)
            .fetch_all(self.connection())
            .await?;
        rows.iter().map(entry).collect()
    }

    /// Checks the whole chain, from its first entry to the head.
    ///
    /// # Errors
    /// `Forbidden` to others than stewards; `Unavailable`.
    pub async fn verify_audit(&mut self) -> Result<AuditVerdict> {
        self.require(&[crate::domain::Role::Steward])?;
        let head =
            sqlx::query("select seq, hash, sha256('gridpin') from audit_head").fetch_one(self.connection()).await?;
        let (head_seq, head_hash, seed): (i64, Vec<u8>, Vec<u8>) =
            (head.try_get(0)?, head.try_get(1)?, head.try_get(2)?);
        let mut last = (0i64, seed);
        {
            let mut rows = sqlx::query(
                "select seq, prev, hash, audit_hash(prev, seq, at, actor, role, scope, action, subject, detail)
                 from audit where seq <= $1 order by seq",
            )
            .bind(head_seq)
            .fetch(self.connection());
            while let Some(row) = rows.try_next().await? {
                let (seq, prev, hash, computed): (i64, Vec<u8>, Vec<u8>, Vec<u8>) =
                    (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?, row.try_get(3)?);
                let what = if seq != last.0 + 1 {
                    Some(Text::new(
                        format!("第 {} 至 {} 条被删除", last.0 + 1, seq - 1),
                        format!("entries {} to {} were removed", last.0 + 1, seq - 1),
                    ))
                } else if prev != last.1 {
                    Some(Text::new("与上一条不衔接", "it doesn't follow the entry before it"))
                } else if hash != computed {
                    Some(Text::new("内容被改动", "its content was changed"))
                } else {
                    None
                };
                if let Some(what) = what {
                    return Ok(AuditVerdict::Broken { seq, what });
                }
                last = (seq, hash);
            }
        }
        if last.0 != head_seq {
            let (from, to) = (last.0 + 1, head_seq);
            return Ok(AuditVerdict::Broken {
                seq: from,
                what: Text::new(
                    format!("末尾的第 {from} 至 {to} 条被截去"),
                    format!("the end was cut off: entries {from} to {to} are missing"),
                ),
            });
        }
        if last.1 != head_hash {
            return Ok(AuditVerdict::Broken {
                seq: head_seq,
                what: Text::new("与记录的末尾校验值不符", "it doesn't match the recorded head"),
            });
        }
        Ok(AuditVerdict::Whole { entries: head_seq, head: hex::encode(head_hash) })
    }
}
