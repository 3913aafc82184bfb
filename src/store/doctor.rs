//! Whether the database is as the store needs it.

use super::connect::Store;
use super::migrate::MIGRATOR;
use crate::error::Result;
use sqlx::Row;

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Symptom {
    /// What.
    pub what: &'static str,
    /// What was found.
    pub found: String,
    /// Whether it is in order.
    pub well: bool,
}

impl Store {
    /// Looks at versions, rights and settings.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn examine(&self) -> Result<Vec<Symptom>> {
        let mut symptoms = vec![
            self.ask("PostgreSQL 15 or later", "select version(), current_setting('server_version_num')::int >= 150000").await?,
            self.ask("PostGIS 3.3 or later", "select postgis_lib_version(), postgis_lib_version() >= '3.3'").await?,
            self.ask("text in UTF-8", "select pg_encoding_to_char(encoding)::text, encoding = 6 from pg_database where datname = current_database()").await?,
            self.ask(
                "works as gridpin_app",
                "select current_user::text, current_user = 'gridpin_app'",
            )
            .await?,
            self.ask(
                "row security can't be bypassed",
                "select format('superuser %s, bypassrls %s, createrole %s', rolsuper, rolbypassrls, rolcreaterole),
                        not (rolsuper or rolbypassrls or rolcreaterole) from pg_roles where rolname = current_user",
            )
            .await?,
            self.ask(
                "the application owns nothing",
                "select count(*)::text, count(*) = 0 from pg_class c join pg_namespace n on n.oid = c.relnamespace
                 where c.relowner = to_regrole('gridpin_app') and n.nspname not like 'pg_%'",
            )
            .await?,
            self.ask(
                "row security on every table",
                "select coalesce(string_agg(relname, ', '), 'all'), count(*) = 0 from pg_class
                 where relkind = 'r' and relnamespace = 'public'::regnamespace and not relrowsecurity
                   and relowner = to_regrole('gridpin_owner')
                   and relname not in ('_sqlx_migrations', 'spatial_ref_sys')",
            )
            .await?,
            self.ask(
                "history and audit can't be altered",
                "select coalesce(string_agg(distinct table_name, ', '), 'none'), count(*) = 0
                 from information_schema.role_table_grants where grantee = 'gridpin_app'
                 and privilege_type in ('INSERT', 'UPDATE', 'DELETE', 'TRUNCATE')
                 and (table_name like '%_version' or table_name in ('audit', 'audit_head', 'change', 'session'))",
            )
            .await?,
            self.ask(
                "flags are written by the process that checks",
                "select coalesce('held by backend ' || holds_checking(), 'no process checks now'),
                        count(*) = 2 from pg_trigger t where t.tgname = 'locked' and t.tgenabled = 'O'
                        and t.tgrelid in ('flag'::regclass, 'checking'::regclass)",
            )
            .await?,
            self.ask(
                "what was acknowledged outlives a power cut",
                "select format('fsync %s, synchronous_commit %s, full_page_writes %s', current_setting('fsync'),
                               current_setting('synchronous_commit'), current_setting('full_page_writes')),
                        current_setting('fsync') = 'on' and current_setting('synchronous_commit') <> 'off'
                        and current_setting('full_page_writes') = 'on'",
            )
            .await?,
        ];
        let row =
            sqlx::query("select max(version), bool_and(success) from _sqlx_migrations").fetch_one(&self.pool).await?;
        let (at, success): (Option<i64>, Option<bool>) = (row.try_get(0)?, row.try_get(1)?);
        let newest = MIGRATOR.iter().map(|migration| migration.version).max();
        symptoms.push(Symptom {
            what: "migrations",
            found: format!("{} of {}", at.unwrap_or_default(), newest.unwrap_or_default()),
            well: at == newest && success == Some(true),
        });
        Ok(symptoms)
    }

    async fn ask(&self, what: &'static str, sql: &'static str) -> Result<Symptom> {
        let row = sqlx::query(sql).fetch_one(&self.pool).await?;
        Ok(Symptom { what, found: row.try_get(0)?, well: row.try_get(1)? })
    }
}
