//! Login sessions: a random token for the browser, its hash for the database.

use super::account::actor_of;
use super::connect::Store;
use crate::domain::Actor;
use crate::error::{Error, Result};
use sha2::{Digest, Sha256};
use sqlx::Row;
use sqlx::postgres::types::PgInterval;
use std::time::Duration;

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

fn interval(duration: Duration) -> PgInterval {
    PgInterval { months: 0, days: 0, microseconds: duration.as_micros() as i64 }
}

fn digest(token: &str) -> Vec<u8> {
    Sha256::digest(token.as_bytes()).to_vec()
}

impl Store {
    /// Opens a login session for an actor who was authenticated, and answers its token: 256 random bits as hexadecimal
    /// digits, for a cookie. The database keeps only its hash.
    ///
    /// # Errors
    /// `Unauthenticated` when the account was disabled meanwhile; `Unavailable`.
    pub async fn open_session(&self, actor: &Actor, limits: SessionLimits) -> Result<String> {
        let token = hex::encode(rand::random::<[u8; 32]>());
        sqlx::query("select session_open($1, $2, $3)")
            .bind(digest(&token))
            .bind(&actor.name)
            .bind(interval(limits.absolute))
            .execute(&self.pool)
            .await?;
        let mut session = self.begin(actor).await?;
        session.audit("session.open", &actor.name, serde_json::json!({}));
        session.commit().await?;
        Ok(token)
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
