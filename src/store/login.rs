//! Login sessions: a random token for the browser, its hash for the database.

use super::account::actor_of;
use super::connect::Store;
use super::session::Session;
use super::token;
use crate::domain::Actor;
use crate::error::{Error, Result};
use chrono::{DateTime, Utc};
use sha2::{Digest, Sha256};
use sqlx::Row;
use sqlx::postgres::types::PgInterval;
use std::sync::Arc;
use std::time::Duration;
use uuid::Uuid;

/// Where a session is opened from, for its owner to recognise it by.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Origin {
    /// Network address.
    pub address: String,
    /// What the browser calls itself.
    pub agent: String,
}

/// A living session, as its owner sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenSession {
    /// Its number; not its token.
    pub id: Uuid,
    /// When it was opened.
    pub made_at: DateTime<Utc>,
    /// When it was used last, to a minute.
    pub seen_at: DateTime<Utc>,
    /// When it ends at the latest.
    pub expires_at: DateTime<Utc>,
    /// Where it was opened from.
    pub origin: Origin,
    /// Whether it is the one that asks.
    pub mine: bool,
}

/// What let a request in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    /// Somebody who signed in.
    Session,
    /// A program with an API token.
    Token {
        /// The token's number.
        id: Uuid,
        /// Whether it only reads.
        read_only: bool,
    },
}

/// Who was let in, and by what. Cheap to clone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Admitted {
    /// Who: with a token, on the token's ground.
    pub actor: Arc<Actor>,
    /// By what.
    pub by: By,
}

/// How long a login session lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionLimits {
    /// Without being used.
    pub idle: Duration,
    /// At most.
    pub absolute: Duration,
}

impl Default for SessionLimits {
    /// Eight hours idle, a day at most: a shift, and not the next one.
    fn default() -> Self {
        SessionLimits { idle: Duration::from_secs(8 * 3600), absolute: Duration::from_secs(24 * 3600) }
    }
}

pub(crate) fn interval(duration: Duration) -> PgInterval {
    PgInterval { months: 0, days: 0, microseconds: duration.as_micros() as i64 }
}

pub(crate) fn digest(token: &str) -> Vec<u8> {
    Sha256::digest(token.as_bytes()).to_vec()
}

impl Store {
    /// Opens a login session for an actor who was authenticated, and answers its token: 256 random bits as hexadecimal
    /// digits, for a cookie. The database keeps only its hash.
    ///
    /// # Errors
    /// `Unauthenticated` when the account was disabled meanwhile; `Unavailable`.
    pub async fn open_session(&self, actor: &Actor, limits: SessionLimits, origin: &Origin) -> Result<String> {
        let mut session = self.begin(actor).await?;
        let token = session.open(limits, origin).await?;
        session.commit().await?;
        Ok(token)
    }

    /// Notes in the audit log that a sign-in was refused. A name that is no account's is left out: people type their
    /// passwords there.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn note_refusal(&self, name: &str, why: &str, origin: &Origin) -> Result<()> {
        let mut session = self.begin(&Store::system()).await?;
        let (known,): (bool,) = sqlx::query_as("select exists (select from account where name = $1)")
            .bind(name)
            .fetch_one(session.connection())
            .await?;
        let subject = if known { name } else { "" };
        session.audit("session.refuse", subject, serde_json::json!({ "why": why, "address": origin.address }));
        session.commit().await
    }

    /// Who is let in by a session's token or an API token, with the rights that the account has now.
    ///
    /// # Errors
    /// `Unauthenticated` for an unknown, ended or expired one; `Unavailable`.
    pub async fn admit(&self, token: &str, limits: SessionLimits) -> Result<Admitted> {
        if token.starts_with(token::PREFIX) {
            return self.find_token(token).await;
        }
        Ok(Admitted { actor: Arc::new(self.find_session(token, limits).await?), by: By::Session })
    }

    /// Whose session this is, with the rights that the account has now.
    ///
    /// # Errors
    /// `Unauthenticated` for an unknown, ended or expired one; `Unavailable`.
    pub async fn find_session(&self, token: &str, limits: SessionLimits) -> Result<Actor> {
        let row = sqlx::query("select name, role, scope_grid from session_find($1, $2)")
            .bind(digest(token))
            .bind(interval(limits.idle))
            .fetch_optional(&self.pool)
            .await?
            .ok_or(Error::Unauthenticated)?;
        let role: String = row.try_get(1)?;
        actor_of(row.try_get(0)?, &role, row.try_get(2)?)
    }

    /// Ends a session; one that is unknown or ended already is no error.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn end_session(&self, token: &str) -> Result<()> {
        sqlx::query("select session_end($1)").bind(digest(token)).execute(&self.pool).await?;
        Ok(())
    }
}

impl Session {
    /// Opens another login session for the actor and answers its token.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn open(&mut self, limits: SessionLimits, origin: &Origin) -> Result<String> {
        let token = hex::encode(rand::random::<[u8; 32]>());
        let name = self.actor.name.clone();
        sqlx::query("select session_open($1, $2, $3, $4, $5)")
            .bind(digest(&token))
            .bind(&name)
            .bind(interval(limits.absolute))
            .bind(&origin.address)
            .bind(&origin.agent)
            .execute(self.connection())
            .await?;
        self.audit("session.open", &name, serde_json::json!({ "address": origin.address }));
        Ok(token)
    }

    /// The actor's living sessions, last used first; `token` is the one that asks.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn open_sessions(&mut self, token: &str, limits: SessionLimits) -> Result<Vec<OpenSession>> {
        let rows = sqlx::query(
            "select session_id, made_at, seen_at, expires_at, address, agent, mine from session_list($1, $2)",
        )
        .bind(digest(token))
        .bind(interval(limits.idle))
        .fetch_all(self.connection())
        .await?;
        rows.iter()
            .map(|row| {
                Ok(OpenSession {
                    id: row.try_get(0)?,
                    made_at: row.try_get(1)?,
                    seen_at: row.try_get(2)?,
                    expires_at: row.try_get(3)?,
                    origin: Origin { address: row.try_get(4)?, agent: row.try_get(5)? },
                    mine: row.try_get(6)?,
                })
            })
            .collect()
    }

    /// Ends one of the actor's sessions.
    ///
    /// # Errors
    /// `NotFound` when it is none of theirs; `Unavailable`.
    pub async fn revoke_session(&mut self, id: Uuid) -> Result<()> {
        let (ended,): (bool,) =
            sqlx::query_as("select session_revoke($1)").bind(id).fetch_one(self.connection()).await?;
        if !ended {
            return Err(Error::NotFound(format!("session {id}")));
        }
        let name = self.actor.name.clone();
        self.audit("session.revoke", &name, serde_json::json!({ "session": id }));
        Ok(())
    }

    /// Ends all sessions of an account and says how many: the actor's own, or for a steward of the whole city anybody's.
    ///
    /// # Errors
    /// `Forbidden`, `Unavailable`.
    pub async fn end_sessions(&mut self, account: &str) -> Result<u64> {
        let (ended,): (i64,) =
            sqlx::query_as("select session_end_all($1)").bind(account).fetch_one(self.connection()).await?;
        self.audit("session.end_all", account, serde_json::json!({ "ended": ended }));
        Ok(ended as u64)
    }
}
