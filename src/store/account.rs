//! Accounts: work codes with a role and a ground. Passwords are kept as argon2id.

use super::connect::Store;
use super::session::Session;
use crate::domain::{Actor, GridCode, Role, Scope};
use crate::error::{Error, Result, Text};
use argon2::Argon2;
use argon2::password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash};
use sqlx::Row;

/// An account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// Its name.
    pub name: String,
    /// Its role.
    pub role: Role,
    /// Its ground.
    pub scope: Scope,
    /// Whether it may sign in.
    pub active: bool,
}

/// An account to be made.
#[derive(Debug, Clone)]
pub struct NewAccount {
    /// Its name: letters, digits, dots, dashes; a work code, never a person's name.
    pub name: String,
    /// Its role.
    pub role: Role,
    /// Its ground.
    pub scope: Scope,
    /// Its password.
    pub password: String,
}

/// Hashes a password with argon2id. Takes tens of milliseconds, on a thread of its own.
pub(crate) async fn hash(password: String) -> Result<String> {
    let work = move || Argon2::default().hash_password(password.as_bytes()).map(|hash| hash.to_string());
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|error| Error::Internal(error.to_string()))?
        .map_err(|error| Error::Internal(format!("argon2: {error}")))
}

fn scope_column(scope: &Scope) -> Option<&str> {
    match scope {
        Scope::All => None,
        Scope::Grid(code) => Some(code),
    }
}

pub(crate) fn actor_of(name: String, role: &str, scope_grid: Option<String>) -> Result<Actor> {
    let role = Role::parse(role).ok_or_else(|| super::fault::garbled(role))?;
    Ok(Actor { name, role, scope: scope_grid.map_or(Scope::All, |code| Scope::Grid(GridCode::from(code))) })
}

impl Store {
    /// Who an account is, if the password is its own. Takes as long for an unknown name as for a known one.
    ///
    /// # Errors
    /// `Unauthenticated` for an unknown or disabled name and for a wrong password alike; `Unavailable`.
    pub async fn authenticate(&self, name: &str, password: &str) -> Result<Actor> {
        /// The hash of nothing that anybody knows, so that unknown names cost the same time.
        const NOBODY: &str =
            "$argon2id$v=19$m=19456,t=2,p=1$Z3JpZHBpbi1ub2JvZHk$lsxZ9LdJJp5iR2oGZ7LCyGvCjcfdmT2+4C8kbWl2Yy0";
        let row = sqlx::query("select password_hash, role, scope_grid from account_secret($1)")
            .bind(name)
            .fetch_optional(&self.pool)
            .await?;
        let known = row.is_some();
        let secret: String = row.as_ref().map_or(Ok(NOBODY.to_owned()), |row| row.try_get(0))?;
        let password = password.to_owned();
        let check = move || {
            PasswordHash::new(&secret)
                .is_ok_and(|hash| Argon2::default().verify_password(password.as_bytes(), &hash).is_ok())
        };
        let right = tokio::task::spawn_blocking(check).await.map_err(|error| Error::Internal(error.to_string()))?;
        match row {
            Some(row) if known && right => {
                let (role, scope): (String, Option<String>) = (row.try_get(1)?, row.try_get(2)?);
                actor_of(name.to_owned(), &role, scope)
            }
            _ => Err(Error::Unauthenticated),
        }
    }
}

impl Store {
    /// Who an account is that somebody else has authenticated: the site's provider of identities.
    ///
    /// # Errors
    /// `Unauthenticated` for an unknown or disabled name; `Unavailable`.
    pub async fn account(&self, name: &str) -> Result<Actor> {
        let row = sqlx::query("select role, scope_grid from account_secret($1)")
            .bind(name)
            .fetch_optional(&self.pool)
            .await?
            .ok_or(Error::Unauthenticated)?;
        let role: String = row.try_get(0)?;
        actor_of(name.to_owned(), &role, row.try_get(1)?)
    }
}

impl Session {
    /// Makes an account; stewards of the whole city only.
    ///
    /// # Errors
    /// `Conflict` when the name is taken, `Invalid` for its form or an unknown grid, `Forbidden`.
    pub async fn add_account(&mut self, new: &NewAccount) -> Result<()> {
        self.require(&[Role::Steward])?;
        sqlx::query("insert into account (name, role, scope_grid, password_hash) values ($1, $2, $3, $4)")
            .bind(&new.name)
            .bind(new.role.as_str())
            .bind(scope_column(&new.scope))
            .bind(hash(new.password.clone()).await?)
            .execute(self.connection())
            .await?;
        self.audit(
            "account.add",
            &new.name,
            serde_json::json!({ "role": new.role, "scope": scope_column(&new.scope) }),
        );
        Ok(())
    }

    /// Gives an account another password; its sessions end.
    ///
    /// # Errors
    /// `NotFound`, `Forbidden`.
    pub async fn set_password(&mut self, name: &str, password: &str) -> Result<()> {
        self.require(&[Role::Steward])?;
        let done = sqlx::query("update account set password_hash = $2 where name = $1")
            .bind(name)
            .bind(hash(password.to_owned()).await?)
            .execute(self.connection())
            .await?;
        self.changed_account(done.rows_affected(), "account.password", name)
    }

    /// Disables or enables an account; its sessions end.
    ///
    /// # Errors
    /// `NotFound`; `Forbidden`, for one's own account too.
    pub async fn set_active(&mut self, name: &str, active: bool) -> Result<()> {
        self.require(&[Role::Steward])?;
        let done = sqlx::query("update account set active = $2 where name = $1")
            .bind(name)
            .bind(active)
            .execute(self.connection())
            .await?;
        self.changed_account(done.rows_affected(), if active { "account.enable" } else { "account.disable" }, name)
    }

    /// Gives the actor another password; all its sessions and tokens end.
    ///
    /// # Errors
    /// `Unauthenticated` when the account is no longer there or disabled; `Unavailable`.
    pub async fn change_own_password(&mut self, password: &str) -> Result<()> {
        let (changed,): (bool,) = sqlx::query_as("select own_password($1)")
            .bind(hash(password.to_owned()).await?)
            .fetch_one(self.connection())
            .await?;
        if !changed {
            return Err(Error::Unauthenticated);
        }
        let name = self.actor.name.clone();
        self.audit("account.password", &name, serde_json::json!({}));
        Ok(())
    }

    /// Gives an account another role or ground; its sessions and tokens end.
    ///
    /// # Errors
    /// `NotFound`; `Invalid` for an unknown grid; `Forbidden`, for one's own account too.
    pub async fn set_right(&mut self, name: &str, role: Role, scope: &Scope) -> Result<()> {
        self.require(&[Role::Steward])?;
        let done = sqlx::query("update account set role = $2, scope_grid = $3 where name = $1")
            .bind(name)
            .bind(role.as_str())
            .bind(scope_column(scope))
            .execute(self.connection())
            .await?;
        if done.rows_affected() == 0 {
            return Err(Error::NotFound(format!("account {name}")));
        }
        self.audit("account.right", name, serde_json::json!({ "role": role, "scope": scope_column(scope) }));
        Ok(())
    }

    fn changed_account(&mut self, rows: u64, action: &str, name: &str) -> Result<()> {
        if rows == 0 {
            return Err(Error::NotFound(format!("account {name}")));
        }
        self.audit(action, name, serde_json::json!({}));
        Ok(())
    }

    /// All accounts, by name; others than stewards see their own.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn accounts(&mut self) -> Result<Vec<Account>> {
        let rows = sqlx::query("select name, role, scope_grid, active from account order by name")
            .fetch_all(self.connection())
            .await?;
        rows.iter()
            .map(|row| {
                let (name, role): (String, String) = (row.try_get(0)?, row.try_get(1)?);
                let actor = actor_of(name, &role, row.try_get(2)?)?;
                Ok(Account { name: actor.name, role: actor.role, scope: actor.scope, active: row.try_get(3)? })
            })
            .collect()
    }
}

/// What is wrong with a password of the account `name`, if anything: NIST SP 800-63B asks for length and for what nobody
/// guesses, not for kinds of signs.
pub fn weakness(password: &str, name: &str) -> Option<Text> {
    if password.chars().count() < 12 {
        return Some(Text::new("密码至少 12 个字符", "a password has at least 12 characters"));
    }
    // How many guesses it stands, with what an attacker knows of it: beyond 10^8.
    let guess = zxcvbn::zxcvbn(password, &[name, "gridpin", "wangge", "shequ"]);
    (guess.score() < zxcvbn::Score::Three).then(|| Text::new("这个密码很容易猜到", "this password is easy to guess"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_easy_to_guess_is_refused() {
        for weak in ["short", "password1234", "aaaaaaaaaaaaaaaa", "123456789012", "W017W017W017", "qwertyuiop123"] {
            assert!(weakness(weak, "W017").is_some(), "{weak}");
        }
        for strong in ["correct horse battery", "c4f1e0a9b2d38765aa", "杭州的雨下了一整夜又一整天"] {
            assert_eq!(weakness(strong, "W017"), None, "{strong}");
        }
    }
}
