//! Promise: with what docs/operation.md says, a database that was lost comes back with everything acknowledged, and one that
//! was spoiled comes back as it was at a moment before; servers that ran on meanwhile show it without a restart.
//!
//! The commands are taken out of that page and run as they stand there, on a throw-away cluster of its own.

mod cluster;
mod database;

use cluster::*;
use database::{address, import, run, steward};
use serde_json::{Value, json};
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};
use uuid::Uuid;

const ADDRESSES: usize = 8;

/// The page's commands, and where they work.
struct Page<'a> {
    text: &'static str,
    cluster: &'a Cluster,
    archive: &'a Path,
    as_root: bool,
}

impl Page<'_> {
    fn pgdata(&self) -> std::path::PathBuf {
        self.cluster.folder.path().join("cluster")
    }

    /// Runs the `n`-th block of commands below a heading, as PostgreSQL's user.
    fn run(&self, heading: &str, n: usize, moment: &str) {
        let (_, below) = self.text.split_once(&format!("\n### {heading}\n")).expect("the heading is there");
        let below = below.split("\n##").next().expect("a part");
        let block = below.split("```sh\n").nth(n + 1).expect("a block").split("```").next().expect("its end");
        let mut command = if self.as_root {
            let mut command = Command::new("runuser");
            command.args(["-u", "postgres", "--", "bash"]);
            command
        } else {
            Command::new("bash")
        };
        let path = format!("/usr/lib/postgresql/15/bin:{}", std::env::var("PATH").expect("a PATH"));
        command.args(["-euo", "pipefail", "-c", block]).current_dir(self.archive);
        command.env("PATH", path).env("PGDATA", self.pgdata()).env("ARCHIVE", self.archive).env("MOMENT", moment);
        command.env("ADMIN_URL", self.cluster.url("admin-url"));
        let done = command.output().expect("bash runs");
        assert!(done.status.success(), "{block}\n{}", String::from_utf8_lossy(&done.stderr));
    }

    /// From what stands in the archive, and on the lost disk, to a database that takes writes.
    async fn recover(&self, moment: &str) {
        self.run("When it is lost, or something went wrong", 0, moment);
        self.cluster.setup("start");
        let begun = Instant::now();
        while self.ask("select pg_is_in_recovery()::text").await != "false" {
            assert!(begun.elapsed() < Duration::from_secs(120), "still in recovery");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        self.run("When it is lost, or something went wrong", 1, "");
    }

    async fn ask(&self, sql: &str) -> String {
        ask_database(&self.cluster.url("admin-url"), sql).await
    }
}

async fn ask_database(url: &str, sql: &str) -> String {
    use sqlx::Connection;
    let mut connection = sqlx::PgConnection::connect(url).await.expect("the cluster answers");
    let (text,): (String,) =
        sqlx::query_as(sqlx::AssertSqlSafe(sql.to_owned())).fetch_one(&mut connection).await.expect(sql);
    text
}

/// Confirms an address; acknowledged when this returns.
async fn confirm(server: &Server, cookie: &str, address: usize, base_version: i64) -> Uuid {
    let id = Uuid::new_v4();
    let body = json!({ "correction_id": id, "address_id": format!("W{address}"), "base_version": base_version,
        "change": { "kind": "confirm" } });
    let asked = Instant::now();
    loop {
        // Until the server has found the database again, as a phone would.
        match ask(server.port, "POST", "/api/corrections", cookie, &body.to_string()).await {
            Ok((201, _)) => return id,
            Ok((503, _)) if asked.elapsed() < Duration::from_secs(120) => {
                tokio::time::sleep(Duration::from_millis(200)).await;
            }
            other => panic!("{other:?}"),
        }
    }
}

/// The version that the server's City shows.
async fn shown(server: &Server, cookie: &str, address: usize) -> i64 {
    let path = format!("/api/addresses/W{address}");
    let (status, answer) = ask(server.port, "GET", &path, cookie, "").await.expect("an answer");
    assert_eq!(status, 200, "{answer}");
    let body = answer.split_once("\r\n\r\n").expect("a body").1;
    let from = body.find('{').expect("JSON");
    let to = body.rfind('}').expect("JSON");
    let card: Value = serde_json::from_str(&body[from..=to]).expect("JSON");
    card["version"].as_i64().or(card["address"]["version"].as_i64()).expect("a version")
}

/// Waits until the server's City shows this version.
async fn shows(server: &Server, cookie: &str, address: usize, version: i64) {
    let asked = Instant::now();
    while shown(server, cookie, address).await != version {
        assert!(asked.elapsed() < Duration::from_secs(120), "W{address} is not shown in version {version}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_spoiled_and_a_lost_database_come_back() {
    let Some(cluster) = Cluster::start("recover a lost database").await else { return };
    let archive = tempfile::tempdir().expect("a folder");
    let as_root = Command::new("id").arg("-u").output().expect("id runs").stdout.trim_ascii() == b"0";
    if as_root {
        for folder in [archive.path(), cluster.folder.path()] {
            assert!(Command::new("chown").arg("postgres:").arg(folder).status().expect("chown runs").success());
        }
    }
    let page = Page { text: include_str!("../docs/operation.md"), cluster: &cluster, archive: archive.path(), as_root };
    let rows = (0..ADDRESSES).map(|i| address(&format!("W{i}"), Some("V01"), 120.001, 28.001)).collect();
    import(&cluster.store().await, rows).await.expect("addresses");
    add_collectors(&cluster.store().await, ["C1".to_owned(), "C2".to_owned()]).await;

    page.run("Once: keep the log", 0, "");
    cluster.setup("stop");
    cluster.setup("start");
    page.run("Every week: a base", 0, "");

    let server = Server::start(&cluster).await;
    let cookie = server.sign_in("C1").await;
    let kept = confirm(&server, &cookie, 0, 1).await;
    let moment = page.ask("select clock_timestamp()::text").await;
    tokio::time::sleep(Duration::from_millis(20)).await;
    // Work after that moment, and a mistake: whole tables gone, without a word to the servers.
    let undone = confirm(&server, &cookie, 1, 1).await;
    let city_url = format!("{}/gridpin", cluster.url("admin-url").rsplit_once('/').expect("a URL").0);
    run(&city_url, "truncate correction, address cascade").await;

    // Back to the moment, while the server runs on: from the database's end to its beginning it answers from memory.
    cluster.setup("stop");
    assert_eq!(shown(&server, &cookie, 1).await, 2);
    page.recover(&moment).await;
    shows(&server, &cookie, 1, 1).await;
    assert_eq!(shown(&server, &cookie, 0).await, 2);
    let store = cluster.store().await;
    assert_whole(&store).await;
    let mut session = store.begin(&steward()).await.unwrap();
    session.correction(kept).await.expect("what was acknowledged before the moment is there");
    assert!(session.correction(undone).await.is_err(), "what came after the moment is not");
    drop(session);
    // Its transactions have numbers that were given out before; the City shows them all the same.
    confirm(&server, &cookie, 1, 1).await;
    shows(&server, &cookie, 1, 2).await;

    // Sessions that came back to life end.
    let user = |arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_gridpin"));
        command.arg("user").args(arguments).env("GRIDPIN_DATABASE", cluster.url("database-url"));
        let done = command.output().expect("gridpin runs");
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        String::from_utf8(done.stdout).expect("UTF-8")
    };
    user(&["token", "C2", "--label", "a program"]);
    assert!(user(&["sign-out", "--everybody"]).starts_with("1 sessions ended, 1 API tokens revoked"));
    // A server looks a session up again every fifteen seconds.
    let begun = Instant::now();
    while ask(server.port, "GET", "/api/addresses/W0", &cookie, "").await.expect("an answer").0 != 401 {
        assert!(begun.elapsed() < Duration::from_secs(120), "still signed in");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    let cookie = server.sign_in("C1").await;

    // The database's machine dies in the middle of work; its disk can be read.
    let mut acknowledged = Vec::new();
    for address in 2..ADDRESSES {
        acknowledged.push(confirm(&server, &cookie, address, 1).await);
    }
    cluster.kill();
    page.recover("").await;
    assert_kept(&cluster, &acknowledged).await;

    // Its disk is gone as well: what the archive has is there.
    for address in 0..ADDRESSES {
        acknowledged.push(confirm(&server, &cookie, address, 2).await);
    }
    let piece = page.ask("select pg_walfile_name(pg_current_wal_insert_lsn())").await;
    page.ask("select pg_switch_wal()::text").await;
    let begun = Instant::now();
    while !archive.path().join("wal").join(format!("{piece}.gz")).exists() {
        assert!(begun.elapsed() < Duration::from_secs(120), "{piece} is not archived");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    cluster.kill();
    std::fs::remove_dir_all(page.pgdata()).expect("the disk is gone");
    page.recover("").await;
    assert_kept(&cluster, &acknowledged).await;
    for address in 0..ADDRESSES {
        shows(&server, &cookie, address, 3).await;
    }
}
