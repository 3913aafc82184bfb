//! The connection pool, as the application's role and no other.

use super::session::{Session, Sight};
use crate::domain::{Actor, Role, Scope};
use crate::error::{Error, Result, Text};
use sqlx::PgConnection;
use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};
use std::str::FromStr;
use std::time::Duration;

/// The role that everything but `gridpin migrate` runs as.
pub(crate) const APP: &str = "gridpin_app";

/// The database. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Store {
    pub(crate) pool: PgPool,
    pub(crate) url: String,
}

/// Makes a connection the application's, whoever signed in.
pub(crate) async fn become_app(connection: &mut PgConnection) -> sqlx::Result<()> {
    let (session_user,): (String,) = sqlx::query_as("select session_user::text").fetch_one(&mut *connection).await?;
    if session_user != APP {
        sqlx::query("set role gridpin_app").execute(&mut *connection).await?;
    }
    Ok(())
}

impl Store {
    /// Connects as `gridpin_app`, or as a role that may become it, and makes sure that row security holds for it.
    ///
    /// # Errors
    /// `Invalid` for an unreadable URL, `Unavailable` when the database doesn't answer, `Forbidden` when the role would
    /// bypass row security.
    pub async fn connect(url: &str) -> Result<Store> {
        let options = PgConnectOptions::from_str(url)?.application_name("gridpin");
        let pool = PgPoolOptions::new()
            .max_connections(16)
            .acquire_timeout(Duration::from_secs(5))
            .after_connect(|connection, _| Box::pin(become_app(connection)))
            .connect_with(options)
            .await?;
        let (bypasses,): (bool,) =
            sqlx::query_as("select rolsuper or rolbypassrls from pg_roles where rolname = current_user")
                .fetch_one(&pool)
                .await?;
        if bypasses {
            return Err(Error::Forbidden(Text::new(
                "数据库角色 gridpin_app 能绕过行级权限,拒绝运行: alter role gridpin_app nosuperuser nobypassrls",
                "the role gridpin_app bypasses row security; not running: alter role gridpin_app nosuperuser nobypassrls",
            )));
        }
        Ok(Store { pool, url: url.to_owned() })
    }

    /// A transaction in which `actor` acts.
    ///
    /// # Errors
    /// `Unavailable` when the database doesn't answer.
    pub async fn begin(&self, actor: &Actor) -> Result<Session> {
        Session::begin(self, actor, Sight::Latest).await
    }

    /// The service itself, which keeps the City of all records: a steward of everything.
    pub fn system() -> Actor {
        Actor { name: "system".into(), role: Role::Steward, scope: Scope::All }
    }

    /// Whether the database answers.
    ///
    /// # Errors
    /// `Unavailable` when it doesn't.
    pub async fn ping(&self) -> Result<()> {
        sqlx::query("select 1").execute(&self.pool).await?;
        Ok(())
    }

    /// Closes all connections.
    pub async fn close(&self) {
        self.pool.close().await;
    }
}
