//! Promise: a backup brings every row, right and rule back as they were, and a file that is not good to its last byte, or a
//! database that is in use, changes nothing.

mod database;

use axum::body::Body;
use axum::http::Request;
use clap::Parser;
use database::*;
use gridpin::cli::demo::load;
use gridpin::domain::*;
use gridpin::error::Error;
use gridpin::exchange::backup::seal::Seal;
use gridpin::exchange::backup::{Manifest, Opened, Writing, program, write};
use gridpin::store::backup::Moment;
use gridpin::store::{AuditVerdict, NewCorrection, Store};
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use tower::ServiceExt;
use uuid::Uuid;

/// A new, empty database, and a login that owns it without being a superuser.
struct Target {
    admin: String,
    name: String,
    login: String,
}

impl Target {
    async fn make(admin: String) -> Target {
        let id = Uuid::new_v4().simple().to_string();
        let (name, login) = (format!("gridpin_restored_{id}"), format!("gridpin_login_{id}"));
        run(&admin, &format!("create role {login} login password 'p@ss:word' in role gridpin_owner, gridpin_app"))
            .await;
        run(&admin, &format!("create database {name} owner gridpin_owner")).await;
        let target = Target { admin, name, login };
        run(&target.superuser_url(), "create extension postgis").await;
        target
    }

    fn superuser_url(&self) -> String {
        format!("{}/{}", self.admin.rsplit_once('/').expect("a URL").0, self.name)
    }

    fn url(&self) -> String {
        let host = self.admin.rsplit_once('@').expect("a URL").1.rsplit_once('/').expect("a URL").0;
        format!("postgres://{}:p%40ss%3Aword@{host}/{}", self.login, self.name)
    }
}

impl Drop for Target {
    fn drop(&mut self) {
        let (admin, name, login) = (self.admin.clone(), self.name.clone(), self.login.clone());
        let work = move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
            runtime.block_on(async {
                run(&admin, &format!("drop database if exists {name} with (force)")).await;
                run(&admin, &format!("drop role if exists {login}")).await;
            });
        };
        let _ = std::thread::spawn(work).join();
    }
}

/// Rows of one text each, in order.
async fn texts(url: &str, sql: &str) -> Vec<String> {
    let mut connection = PgConnection::connect(url).await.expect("the test cluster answers");
    let rows: Vec<(String,)> =
        sqlx::query_as(AssertSqlSafe(sql.to_owned())).fetch_all(&mut connection).await.expect(sql);
    rows.into_iter().map(|(text,)| text).collect()
}

/// Everything that a schema says: tables, columns, keys, checks, indexes, functions, triggers, policies, rights, comments.
const SCHEMA: &str = "
    select format('class %s %s owner %s rls %s/%s acl %s', c.relname, c.relkind, c.relowner::regrole, c.relrowsecurity,
                  c.relforcerowsecurity, (select array_agg(a::text order by a::text) from unnest(c.relacl) a)) as line
        from pg_class c where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'S', 'v') and c.relname <> 'spatial_ref_sys'
    union all select format('column %s.%s %s %s %s default %s acl %s', a.attrelid::regclass, a.attname,
                  format_type(a.atttypid, a.atttypmod), a.attcollation::regcollation, a.attnotnull, pg_get_expr(d.adbin, d.adrelid),
                  (select array_agg(x::text order by x::text) from unnest(a.attacl) x))
        from pg_attribute a join pg_class c on c.oid = a.attrelid left join pg_attrdef d on (d.adrelid, d.adnum) = (a.attrelid, a.attnum)
        where c.relnamespace = 'public'::regnamespace and c.relkind = 'r' and a.attnum > 0 and not a.attisdropped
    union all select format('constraint %s %s %s', conrelid::regclass, conname, pg_get_constraintdef(oid)) from pg_constraint
        where connamespace = 'public'::regnamespace and conrelid <> 0 and conrelid <> 'spatial_ref_sys'::regclass
    union all select 'index ' || indexdef from pg_indexes where schemaname = 'public'
    union all select format('function %s owner %s acl %s', pg_get_functiondef(p.oid), p.proowner::regrole,
                  (select array_agg(a::text order by a::text) from unnest(p.proacl) a)) from pg_proc p
        where p.pronamespace = 'public'::regnamespace and p.proowner = to_regrole('gridpin_owner')
    union all select format('trigger %s %s', pg_get_triggerdef(t.oid), t.tgenabled) from pg_trigger t where not t.tgisinternal
    union all select format('policy %s', to_jsonb(p)) from pg_policies p
    union all select format('comment %s %s', c.relname, d.description) from pg_description d join pg_class c on c.oid = d.objoid
        where c.relnamespace = 'public'::regnamespace
    union all select format('schema %s', (select array_agg(a::text order by a::text) from unnest(n.nspacl) a)) from pg_namespace n
        where n.nspname = 'public'
    order by 1";

/// Every table with its number of rows and the sum of their contents, but for what a restore is meant to change.
async fn contents(url: &str, audit_entries: i64) -> Vec<String> {
    let tables = texts(
        url,
        "select relname::text from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace order by 1",
    )
    .await;
    let mut all = Vec::new();
    for table in tables {
        let row = match table.as_str() {
            "change" => "to_jsonb(t) - 'xid'".to_owned(),
            "session" => "to_jsonb(t) - 'ended_at'".to_owned(),
            "api_token" => "to_jsonb(t) - 'revoked_at'".to_owned(),
            "audit_head" => continue,
            _ => "to_jsonb(t)".to_owned(),
        };
        let only = if table == "audit" { format!("where seq <= {audit_entries}") } else { String::new() };
        let sql = format!(
            "select format('{table} %s %s', count(*), md5(string_agg(r, ',' order by r)))
             from (select ({row})::text as r from public.\"{table}\" t {only}) x"
        );
        all.extend(texts(url, &sql).await);
    }
    let sequences = "select format('%s %s', sequencename, last_value) from pg_sequences order by 1";
    all.extend(texts(url, sequences).await);
    all
}

fn gridpin(arguments: &[&str], url: &str, more: &[(&str, &str)]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_gridpin"));
    command.args(arguments).env("GRIDPIN_DATABASE", url).env_remove("GRIDPIN_BACKUP_PASSPHRASE");
    command.envs(more.iter().copied()).output().expect("gridpin runs")
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

fn succeed(output: Output) -> String {
    assert!(output.status.success(), "{}", said(&output));
    said(&output)
}

/// Refused as wrong input, in both languages, and saying so.
fn refused(output: Output, word: &str) {
    let text = said(&output);
    assert_eq!(output.status.code(), Some(2), "{text}");
    assert!(text.contains(word) && text.contains(" -> "), "no {word:?} in {text}");
    assert!(text.chars().any(|c| ('\u{4e00}'..'\u{9fff}').contains(&c)), "{text}");
}

/// A new key: its file, and what backups are encrypted to.
fn key(folder: &Path) -> (PathBuf, String) {
    use age::secrecy::ExposeSecret;
    let key = age::x25519::Identity::generate();
    let file = folder.join("key");
    std::fs::write(&file, format!("# a key\n{}\n", key.to_string().expose_secret())).expect("a file");
    (file, key.to_public().to_string())
}

fn text(path: &Path) -> &str {
    path.to_str().expect("UTF-8")
}

#[tokio::test(flavor = "multi_thread")]
async fn the_demo_town_comes_back_row_by_row() {
    let Some(source) = Database::make("backup of the demo town").await else { return };
    let url = source.owner_url();
    load::load(&url, "2026-11-21".parse().unwrap()).await.expect("a load").expect("an empty database");
    load::check(&url, "2026-11-21".parse().unwrap()).await.expect("a check");
    // Some history, and somebody who is signed in.
    let id: AddressId = texts(&url, "select address_id from address order by 1 limit 1").await[0].as_str().into();
    let mut session = source.store.begin(&steward()).await.unwrap();
    let change = Change::Move { lon: 119.9, lat: 28.4, flag_id: None };
    let (correction_id, note) = (Uuid::new_v4(), "tab\tand \\. 行\nand \\N".to_owned());
    session
        .correct(&NewCorrection { correction_id, address_id: id, base_version: 1, change, observed: None, note })
        .await
        .expect("a correction");
    session.commit().await.unwrap();
    source
        .as_superuser("insert into session (token_hash, account, expires_at) values ('\\x01', 'steward', now() + interval '1 day')")
        .await;
    let AuditVerdict::Whole { entries, head } =
        source.store.begin(&Store::system()).await.unwrap().verify_audit().await.unwrap()
    else {
        panic!("the audit log is broken")
    };
    let before = (texts(&url, SCHEMA).await, contents(&url, entries).await);

    let folder = tempfile::tempdir().unwrap();
    let (key_file, recipient) = key(folder.path());
    let file = folder.path().join("town.gridpin");
    // One that was killed left its part behind; no process has such a number. Another one is at work.
    let left = folder.path().join(".town.gridpin.4194999.part");
    std::fs::write(&left, "half").unwrap();
    let at_work = folder.path().join(format!(".town.gridpin.{}.part", std::process::id()));
    std::fs::write(&at_work, "half").unwrap();
    let told = succeed(gridpin(&["backup", text(&file), "--recipient", &recipient], &url, &[]));
    assert!(told.contains(&head), "{told}");
    assert!(at_work.exists() && !left.exists());
    std::fs::remove_file(&at_work).unwrap();
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 2, "the key and the backup, nothing else");
    let bytes = std::fs::read(&file).unwrap();
    assert!(bytes.starts_with(b"age-encryption.org/v1\n"));

    let target = Target::make(source.admin_url()).await;
    let restore = ["restore", text(&file), "--identity", text(&key_file)];
    let told = succeed(gridpin(&restore, &target.url(), &[]));
    assert!(told.contains(&format!("audit log whole: {entries} entries")), "{told}");
    let after = (texts(&target.superuser_url(), SCHEMA).await, contents(&target.superuser_url(), entries).await);
    assert!(before.0.len() > 500 && before.1.len() > 30, "{} and {}", before.0.len(), before.1.len());
    for (before, after) in [(&before.0, &after.0), (&before.1, &after.1)] {
        for (before, after) in before.iter().zip(after) {
            assert_eq!(before, after);
        }
        assert_eq!(before.len(), after.len());
    }

    // What a restore itself writes: one entry, signed out sessions, and a feed that this server has seen.
    let store = Store::connect(&target.superuser_url()).await.unwrap();
    let verdict = store.begin(&Store::system()).await.unwrap().verify_audit().await.unwrap();
    assert!(matches!(verdict, AuditVerdict::Whole { entries: now, .. } if now == entries + 1), "{verdict:?}");
    let open = "select count(*)::text from session where ended_at is null";
    assert_eq!(texts(&target.superuser_url(), open).await, ["0"]);
    let future = "select count(*)::text from change where not pg_visible_in_snapshot(xid, pg_current_snapshot())";
    assert_eq!(texts(&target.superuser_url(), future).await, ["0"]);
    for symptom in store.examine().await.expect("an examination") {
        assert!(symptom.well || symptom.found.contains("fsync off"), "{symptom:?}");
    }
    // The application's role can no more alter the audit log than before.
    let mut app = PgConnection::connect(&target.url()).await.unwrap();
    sqlx::raw_sql(
        "set role gridpin_app; set gridpin.actor = 's'; set gridpin.role = 'steward'; set gridpin.scope = '*'",
    )
    .execute(&mut app)
    .await
    .unwrap();
    for forbidden in
        ["update audit set actor = 'x'", "delete from audit", "update audit_head set seq = 0", "truncate change"]
    {
        let error = sqlx::query(forbidden).execute(&mut app).await.expect_err(forbidden).to_string();
        assert!(error.contains("permission denied"), "{forbidden}: {error}");
    }
    // A service starts on it and knows its accounts.
    let (_end, stop) = tokio::sync::watch::channel(false);
    let serve = Serving::parse_from(["gridpin", "--database", &target.superuser_url()]).serve;
    let app = gridpin::http::serve::start(serve, stop).await.expect("a service");
    let router = gridpin::http::router(std::sync::Arc::new(app));
    let request = Request::post("/api/session").header("host", "t").header("content-type", "application/json");
    let request = request.body(Body::from(r#"{"name":"steward","password":"demo"}"#)).unwrap();
    assert_eq!(router.oneshot(request).await.unwrap().status(), 204);

    // A second time it is no empty database any more.
    refused(gridpin(&restore, &target.url(), &[]), "records in this database");
}

#[derive(Parser)]
struct Serving {
    #[command(flatten)]
    serve: gridpin::config::Serve,
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_good_changes_nothing() {
    let Some(source) = small_town("backups that are not good").await else { return };
    let Some(target) = Database::make("backups that are not good").await else { return };
    let (url, into) = (source.owner_url(), target.owner_url());
    let before = (texts(&into, SCHEMA).await, contents(&into, 0).await);
    let folder = tempfile::tempdir().unwrap();
    let (key_file, recipient) = key(folder.path());
    let at = |name: &str| folder.path().join(name);
    let (sealed, plain, bad) = (at("sealed"), at("plain"), at("bad"));
    succeed(gridpin(&["backup", text(&sealed), "--recipient", &recipient], &url, &[]));
    succeed(gridpin(&["backup", text(&plain), "--plain"], &url, &[]));

    // Cut off and changed, wherever it is.
    for (good, open) in [(&sealed, vec!["--identity", text(&key_file)]), (&plain, vec!["--plain"])] {
        let bytes = std::fs::read(good).unwrap();
        let n = bytes.len();
        for keep in [0, 10, 300, n / 3, n - 41, n - 40, n - 1] {
            std::fs::write(&bad, &bytes[..keep]).unwrap();
            let command = [&["restore", text(&bad)], &open[..]].concat();
            refused(gridpin(&command, &into, &[]), "bad");
            refused(gridpin(&[&command[..], &["--check"]].concat(), "", &[]), "bad");
        }
        for flip in [0, 40, 130, 300, n / 2, n * 3 / 4, n - 45, n - 1] {
            let mut other = bytes.clone();
            other[flip] ^= 1;
            std::fs::write(&bad, other).unwrap();
            refused(gridpin(&[&["restore", text(&bad)], &open[..]].concat(), &into, &[]), "bad");
        }
        std::fs::write(&bad, [&bytes[..], b"more"].concat()).unwrap();
        refused(gridpin(&[&["restore", text(&bad)], &open[..]].concat(), &into, &[]), "bad");
        assert_eq!((texts(&into, SCHEMA).await, contents(&into, 0).await), before, "the target was touched");
    }
    // Opened by somebody else, or by nobody.
    let other = tempfile::tempdir().unwrap();
    let (foreign, _) = key(other.path());
    refused(gridpin(&["restore", text(&sealed), "--identity", text(&foreign)], &into, &[]), "the key doesn't open it");
    refused(gridpin(&["restore", text(&sealed), "--plain"], &into, &[]), "it is encrypted");
    refused(gridpin(&["restore", text(&plain), "--identity", text(&key_file)], &into, &[]), "it is not encrypted");
    refused(gridpin(&["restore", text(&sealed)], &into, &[]), "nothing says how to decrypt it");
    assert_eq!((texts(&into, SCHEMA).await, contents(&into, 0).await), before, "the target was touched");

    // Names that are taken, keys that are missing, roles that don't see everything.
    refused(gridpin(&["backup", text(&plain), "--plain"], &url, &[]), "such a file already");
    succeed(gridpin(&["backup", text(&plain), "--plain", "--force"], &url, &[]));
    refused(gridpin(&["backup", text(&at("x"))], &url, &[]), "nothing says how to encrypt it");
    refused(gridpin(&["backup", text(&at("x")), "--recipient", "age1nonsense"], &url, &[]), "no public key");
    let login = format!("gridpin_login_{}", Uuid::new_v4().simple());
    run(&source.admin_url(), &format!("create role {login} login password 'p' in role gridpin_app")).await;
    let (host, app) = (url.rsplit_once('@').unwrap().1, gridpin_url(&login));
    refused(gridpin(&["backup", text(&at("x")), "--plain"], &format!("{app}@{host}"), &[]), "gridpin_owner");
    run(&source.admin_url(), &format!("drop role {login}")).await;
    assert!(!at("x").exists() && std::fs::read_dir(folder.path()).unwrap().count() == 4, "something was left behind");

    // The good one goes into tables without a record.
    succeed(gridpin(&["restore", text(&sealed), "--identity", text(&key_file)], &into, &[]));
    assert_eq!(texts(&into, "select address_id from address order by 1").await, ["A1", "A2", "B1"]);
}

fn gridpin_url(login: &str) -> String {
    format!("postgres://{login}:p")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_passphrase_opens_what_it_closed() {
    let Some(source) = small_town("backup by a passphrase").await else { return };
    let target = Target::make(source.admin_url()).await;
    let folder = tempfile::tempdir().unwrap();
    let (file, phrase) = (folder.path().join("town"), folder.path().join("phrase"));
    std::fs::write(&phrase, "correct horse battery\n").unwrap();
    succeed(gridpin(&["backup", text(&file), "--passphrase-file", text(&phrase)], &source.owner_url(), &[]));
    let by = |phrase| [("GRIDPIN_BACKUP_PASSPHRASE", phrase)];
    let restore = ["restore", text(&file)];
    let before = texts(&target.superuser_url(), SCHEMA).await;
    refused(gridpin(&restore, &target.url(), &by("another horse battery")), "passphrase doesn't open it");
    refused(gridpin(&restore, &target.url(), &by("short")), "fewer than 8");
    assert_eq!(texts(&target.superuser_url(), SCHEMA).await, before, "the target was touched");
    succeed(gridpin(&["restore", text(&file), "--check"], "", &by("correct horse battery")));
    succeed(gridpin(&restore, &target.url(), &by("correct horse battery")));
    assert_eq!(texts(&target.superuser_url(), "select count(*)::text from address").await, ["3"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_that_does_not_hold_what_it_says_gets_no_name() {
    let Some(source) = small_town("backup that doesn't hold what it says").await else { return };
    let url = source.owner_url();
    let moment = Moment::take(&url).await.unwrap();
    let dump = program::find("pg_dump", moment.server).unwrap();
    let mut tables = moment.tables.clone();
    *tables.get_mut("address").unwrap() += 1;
    let manifest = Manifest {
        program: "test".into(),
        schema: moment.schema,
        made_at: moment.at,
        server: moment.server,
        dump: dump.major,
        tables,
        audit_entries: moment.audit_entries,
        audit_head: moment.audit_head.clone(),
    };
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("town");
    let seal = Seal::Plain;
    let what = |manifest, snapshot| Writing {
        file: &file,
        force: false,
        seal: &seal,
        manifest,
        url: &url,
        snapshot,
        dump: &dump,
    };
    let error = write(&what(&manifest, &moment.snapshot), &|_, _| {}).expect_err("another number of rows").to_string();
    assert!(error.contains("field address: value 3:") && error.contains("4 rows"), "{error}");
    // pg_dump that fails says why, and leaves nothing.
    let error = write(&what(&manifest, "00000009-0000000B-1"), &|_, _| {}).expect_err("no such snapshot");
    assert!(
        matches!(&error, Error::Unavailable(why) if why.contains("pg_dump") && why.contains("snapshot")),
        "{error}"
    );
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    let right = Manifest { tables: moment.tables.clone(), ..manifest.clone() };
    write(&what(&right, &moment.snapshot), &|_, _| {}).expect("a backup");
    assert_eq!(Opened::open(&file, &seal).expect("a backup").manifest, right);
    // The tools that everybody has read it as well.
    let script = "zstd -dc \"$0\" | pg_restore --list | grep -c 'TABLE DATA public address '";
    let listed = Command::new("sh").args(["-c", script, text(&file)]).output().expect("sh runs");
    if Command::new("zstd").arg("--version").output().is_ok() {
        assert_eq!(String::from_utf8_lossy(&listed.stdout).trim(), "1", "{}", said(&listed));
    }
}
