//! API tokens: for programs, on one account's ground or a part of it, until a day.

use super::account::actor_of;
use super::connect::Store;
use super::login::{Admitted, By, digest, interval};
use super::session::Session;
use crate::domain::GridCode;
use crate::error::{Error, Result};
use chrono::{DateTime, Utc};
use sqlx::Row;
use std::sync::Arc;
use std::time::Duration;
use uuid::Uuid;

/// What every token begins with, so that people and scanners of secrets know one when they see it.
pub const PREFIX: &str = "gridpin_";

/// A token to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewToken {
    /// What it is for.
    pub label: String,
    /// A grid on the account's own ground; without one, all of that.
    pub grid: Option<GridCode>,
    /// Whether it only reads.
    pub read_only: bool,
    /// How long it is good; 366 days at most.
    pub lifetime: Duration,
}

/// A living token, without its secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiToken {
    /// Its number.
    pub id: Uuid,
    /// What it is for.
    pub label: String,
    /// Its ground, where that is less than the account's.
    pub grid: Option<GridCode>,
    /// Whether it only reads.
    pub read_only: bool,
    /// When it was made.
    pub made_at: DateTime<Utc>,
    /// By which account.
    pub made_by: String,
    /// When it ends.
    pub expires_at: DateTime<Utc>,
    /// When it was used last, to a minute.
    pub seen_at: Option<DateTime<Utc>>,
}

impl Store {
    /// Whom a token lets in: its account, on the token's ground.
    ///
    /// # Errors
    /// `Unauthenticated` for an unknown, revoked or expired one, and where the account has lost the token's ground;
    /// `Unavailable`.
    pub(crate) async fn find_token(&self, token: &str) -> Result<Admitted> {
        let row = sqlx::query("select token_id, name, role, scope_grid, read_only from api_token_find($1)")
            .bind(digest(token))
            .fetch_optional(&self.pool)
            .await?
            .ok_or(Error::Unauthenticated)?;
        let role: String = row.try_get(2)?;
        let actor = actor_of(row.try_get(1)?, &role, row.try_get(3)?)?;
        Ok(Admitted { actor: Arc::new(actor), by: By::Token { id: row.try_get(0)?, read_only: row.try_get(4)? } })
    }
}

impl Session {
    /// Makes a token for an account, the actor's own or, for a steward of the whole city, another's. Answers its number and
    /// the token: 256 random bits, of which the database keeps only the hash.
    ///
    /// # Errors
    /// `Invalid` for an unknown grid, one that is not on the account's ground, an empty label or a longer life than a year;
    /// `NotFound` for an unknown or disabled account; `Forbidden`.
    pub async fn make_token(&mut self, account: &str, new: &NewToken) -> Result<(Uuid, String)> {
        let token = format!("{PREFIX}{}", hex::encode(rand::random::<[u8; 32]>()));
        let (id,): (Option<Uuid>,) = sqlx::query_as("select api_token_make($1, $2, $3, $4, $5, $6)")
            .bind(digest(&token))
            .bind(account)
            .bind(&new.label)
            .bind(new.grid.as_ref().map(|code| code.as_str()))
            .bind(new.read_only)
            .bind(interval(new.lifetime))
            .fetch_one(self.connection())
            .await?;
        let id = id.ok_or_else(|| Error::NotFound(format!("account {account}")))?;
        let detail = serde_json::json!({
            "token": id, "label": new.label, "grid": new.grid, "read_only": new.read_only,
            "days": new.lifetime.as_secs() / 86_400,
        });
        self.audit("token.make", account, detail);
        Ok((id, token))
    }

    /// The living tokens of an account, newest first; others than its owner and stewards of the whole city get none.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn tokens(&mut self, account: &str) -> Result<Vec<ApiToken>> {
        let rows = sqlx::query(
            "select token_id, label, scope_grid, read_only, made_at, made_by, expires_at, seen_at from api_token_list($1)",
        )
        .bind(account)
        .fetch_all(self.connection())
        .await?;
        rows.iter()
            .map(|row| {
                let grid: Option<String> = row.try_get(2)?;
                Ok(ApiToken {
                    id: row.try_get(0)?,
                    label: row.try_get(1)?,
                    grid: grid.map(GridCode::from),
                    read_only: row.try_get(3)?,
                    made_at: row.try_get(4)?,
                    made_by: row.try_get(5)?,
                    expires_at: row.try_get(6)?,
                    seen_at: row.try_get(7)?,
                })
            })
            .collect()
    }

    /// Takes a token back: one's own, or for a steward of the whole city anybody's.
    ///
    /// # Errors
    /// `NotFound` when there is no such one to take back; `Unavailable`.
    pub async fn revoke_token(&mut self, id: Uuid) -> Result<()> {
        let (account,): (Option<String>,) =
            sqlx::query_as("select api_token_revoke($1)").bind(id).fetch_one(self.connection()).await?;
        let account = account.ok_or_else(|| Error::NotFound(format!("token {id}")))?;
        self.audit("token.revoke", &account, serde_json::json!({ "token": id }));
        Ok(())
    }
}
