//! A transaction bound to an actor.

use super::connect::Store;
use crate::domain::{Actor, Role, Scope};
use crate::error::{Error, Result, Text};
use serde_json::Value;
use sqlx::{AssertSqlSafe, PgConnection, Postgres, Transaction};

/// Something that was stored by an identifier that its sender made: now, or by the same message before.
#[derive(Debug, Clone, PartialEq)]
pub enum Stored<T> {
    /// Stored now.
    New(T),
    /// Stored before; nothing changed.
    Same(T),
}

impl<T> Stored<T> {
    /// The record, whenever it was stored.
    pub fn into_inner(self) -> T {
        match self {
            Stored::New(record) | Stored::Same(record) => record,
        }
    }
}

/// What a transaction sees of the others.
pub(crate) enum Sight<'a> {
    /// With every statement, what was committed before it.
    Latest,
    /// What was committed before its first statement.
    Moment,
    /// What the transaction sees that exported this snapshot and still lasts.
    Shared(&'a str),
}

/// A transaction in which one actor acts; dropped without [`Session::commit`] it leaves nothing behind.
pub struct Session {
    pub(crate) tx: Transaction<'static, Postgres>,
    pub(crate) actor: Actor,
    audit: Vec<(String, String, Value)>,
}

/// Binds a transaction to an actor. Local to the transaction: a connection goes back to the pool without one.
pub(crate) async fn bind(tx: &mut PgConnection, actor: &Actor) -> Result<()> {
    let scope = match &actor.scope {
        Scope::All => "*",
        Scope::Grid(code) => code.as_str(),
    };
    sqlx::query(
        "select set_config('gridpin.actor', $1, true), set_config('gridpin.role', $2, true),
                set_config('gridpin.scope', $3, true), set_config('gridpin.batch', '', true)",
    )
    .bind(&actor.name)
    .bind(actor.role.as_str())
    .bind(scope)
    .execute(tx)
    .await?;
    Ok(())
}

impl Session {
    pub(crate) async fn begin(store: &Store, actor: &Actor, sight: Sight<'_>) -> Result<Session> {
        let mut tx = store.pool.begin().await?;
        if !matches!(sight, Sight::Latest) {
            sqlx::query("set transaction isolation level repeatable read").execute(&mut *tx).await?;
        }
        if let Sight::Shared(snapshot) = sight {
            let sql = format!("set transaction snapshot '{}'", snapshot.replace('\'', "''"));
            sqlx::query(AssertSqlSafe(sql)).execute(&mut *tx).await?;
        }
        bind(&mut tx, actor).await?;
        Ok(Session { tx, actor: actor.clone(), audit: Vec::new() })
    }

    /// A session in a transaction that somebody else began and bound to this actor.
    pub(crate) fn over(tx: Transaction<'static, Postgres>, actor: Actor) -> Session {
        Session { tx, actor, audit: Vec::new() }
    }

    /// Who acts.
    pub fn actor(&self) -> &Actor {
        &self.actor
    }

    /// Writes what was done into the audit log, at the commit.
    pub fn audit(&mut self, action: &str, subject: &str, detail: Value) {
        self.audit.push((action.to_owned(), subject.to_owned(), detail));
    }

    /// Makes everything that was done permanent, all at once.
    ///
    /// # Errors
    /// `Unavailable` when the database went away: then it is unknown whether the transaction was kept, and repeating it
    /// with the same identifiers is safe.
    pub async fn commit(mut self) -> Result<()> {
        // Last, because the log's end is locked from here to the commit.
        for (action, subject, detail) in std::mem::take(&mut self.audit) {
            sqlx::query("select audit_append($1, $2, $3)")
                .bind(action)
                .bind(subject)
                .bind(detail)
                .execute(&mut *self.tx)
                .await?;
        }
        self.tx.commit().await?;
        Ok(())
    }

    pub(crate) fn connection(&mut self) -> &mut PgConnection {
        &mut self.tx
    }

    /// Says clearly what row security would only answer with nothing.
    pub(crate) fn require(&self, roles: &[Role]) -> Result<()> {
        if roles.contains(&self.actor.role) {
            return Ok(());
        }
        Err(Error::Forbidden(Text::new("您的角色没有这项权限", "your role may not do this")))
    }
}
