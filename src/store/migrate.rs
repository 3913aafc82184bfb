//! Brings a database to this version's tables, as the owner.

use crate::error::{Error, Result, Text};
use rust_embed::RustEmbed;
use sqlx::migrate::{Migration, MigrationType, Migrator};
use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, Connection, PgConnection, SqlSafeStr};
use std::str::FromStr;
use std::sync::LazyLock;

#[derive(RustEmbed)]
#[folder = "data/migration"]
struct Files;

/// The migrations `<number>_<name>.sql` of `data/migration`. Not by `sqlx::migrate!`: its macros would have all of sqlx
/// compiled a second time, for the compiler.
pub(crate) static MIGRATOR: LazyLock<Migrator> =
    LazyLock::new(|| Migrator::with_migrations(Files::iter().map(|name| migration(&name)).collect()));

fn migration(file: &str) -> Migration {
    let (number, name) = file.split_once('_').expect("<number>_<name>.sql");
    let text = Files::get(file).expect("embedded").data.into_owned();
    Migration::new(
        number.parse().expect("a number"),
        name.trim_end_matches(".sql").replace('_', " ").into(),
        MigrationType::Simple,
        AssertSqlSafe(String::from_utf8(text).expect("UTF-8")).into_sql_str(),
        false,
    )
}

/// Runs the migrations that the database doesn't have yet; those that it has are compared with this version's.
/// `owner_url` is the role gridpin_owner's, or a superuser's, who becomes it; a superuser also makes what is missing of
/// roles and the extension PostGIS.
///
/// # Errors
/// `Invalid` when roles or PostGIS are missing, or a migration was changed after it ran; `Unavailable`.
pub async fn migrate(owner_url: &str) -> Result<()> {
    let mut connection = PgConnection::connect_with(&PgConnectOptions::from_str(owner_url)?).await?;
    prepare(&mut connection).await?;
    become_owner(&mut connection).await?;
    sqlx::query("set client_min_messages = warning").execute(&mut connection).await?;
    MIGRATOR.run_direct(None, &mut connection, false).await.map_err(failed)?;
    // `gridpin doctor` reads it.
    sqlx::query("grant select on _sqlx_migrations to gridpin_app").execute(&mut connection).await?;
    connection.close().await?;
    Ok(())
}

/// Makes a connection the owner's of all tables, whoever signed in.
///
/// # Errors
/// `Invalid` for a role that may not become it.
pub(crate) async fn become_owner(connection: &mut PgConnection) -> Result<()> {
    let (user, may): (String, bool) = sqlx::query_as(
        "select session_user::text, coalesce(pg_has_role(session_user, to_regrole('gridpin_owner'), 'member'), false)",
    )
    .fetch_one(&mut *connection)
    .await?;
    if !may {
        return Err(Error::invalid(
            "--database",
            "user",
            user,
            Text::new("不是表的所有者 gridpin_owner", "it isn't the role that owns the tables, gridpin_owner"),
            Text::new(
                "用所有者的地址(setup.sh 把它放在 owner-url)",
                "give the owner's URL (setup.sh keeps it in the file owner-url)",
            ),
        ));
    }
    if user != "gridpin_owner" {
        sqlx::query("set role gridpin_owner").execute(connection).await?;
    }
    Ok(())
}

pub(crate) async fn prepare(connection: &mut PgConnection) -> Result<()> {
    let (superuser,): (bool,) = sqlx::query_as("select rolsuper from pg_roles where rolname = session_user")
        .fetch_one(&mut *connection)
        .await?;
    if superuser {
        sqlx::raw_sql(
            "do $$ begin
                 if to_regrole('gridpin_owner') is null then create role gridpin_owner; end if;
                 if to_regrole('gridpin_app') is null then create role gridpin_app; end if;
                 execute format('alter database %I owner to gridpin_owner', current_database());
             end $$;
             set client_min_messages = warning;
             create extension if not exists postgis;",
        )
        .execute(&mut *connection)
        .await?;
    }
    let (roles, postgis): (bool, bool) = sqlx::query_as(
        "select to_regrole('gridpin_owner') is not null and to_regrole('gridpin_app') is not null,
                exists (select from pg_extension where extname = 'postgis')",
    )
    .fetch_one(&mut *connection)
    .await?;
    if !roles || !postgis {
        return Err(Error::invalid(
            "--database",
            "",
            "",
            Text::new(
                "数据库还没有 gridpin_owner、gridpin_app 两个角色或 postgis 扩展",
                "the database lacks the roles gridpin_owner and gridpin_app, or the extension postgis",
            ),
            Text::new("用超级用户的地址运行一次 gridpin migrate", "run gridpin migrate once with a superuser's URL"),
        ));
    }
    Ok(())
}

fn failed(error: sqlx::migrate::MigrateError) -> Error {
    use sqlx::migrate::MigrateError::*;
    match error {
        Execute(error) | ExecuteMigration(error, _) => error.into(),
        VersionMismatch(version) | VersionMissing(version) => Error::invalid(
            "--database",
            "migration",
            version.to_string(),
            Text::new("数据库由另一版本的 gridpin 建立", "the database was made by another version of gridpin"),
            Text::new("用对应版本的 gridpin", "use that version of gridpin"),
        ),
        other => Error::Internal(format!("migration: {other}")),
    }
}
