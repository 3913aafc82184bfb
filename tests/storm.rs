//! Promise: whatever is killed or cut, and however often, nothing acknowledged is lost, nothing is half-done, the audit
//! chain is whole, writes go on within ten seconds, and reads go on while the database is away.
//!
//! Fifty writers send what they have entered until the server confirms it, as phones do. Twenty seconds by default;
//! STORM_SECONDS=600 for longer, STORM_SEED for another storm.

mod cluster;
mod database;

use cluster::*;
use database::{address, import, steward};
use gridpin::domain::*;
use gridpin::store::*;
use rand::{RngExt, SeedableRng};
use std::process::Command;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use uuid::Uuid;

const WRITERS: usize = 50;
const ACCOUNTS: usize = 10;
/// A fault and the service is back: so long at most.
const BACK: Duration = Duration::from_secs(10);

fn setting(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(otherwise)
}

/// What the writers and readers saw.
#[derive(Default)]
struct Seen {
    acknowledged: Mutex<Vec<Uuid>>,
    /// When the last write was acknowledged.
    last: Mutex<Option<Instant>>,
    repeated: AtomicUsize,
    read: AtomicUsize,
    read_stale: AtomicUsize,
    wrong: Mutex<Vec<String>>,
}

/// Sends confirmations of an address of its own, each until it is confirmed.
async fn write(port: u16, cookie: String, name: String, seen: Arc<Seen>, stop: Arc<AtomicBool>) {
    let mut version = 1i64;
    while !stop.load(Ordering::Relaxed) {
        let id = Uuid::new_v4();
        let body = format!(
            r#"{{"correction_id":"{id}","address_id":"{name}","base_version":{version},"change":{{"kind":"confirm"}}}}"#
        );
        loop {
            let answer =
                tokio::time::timeout(Duration::from_secs(40), ask(port, "POST", "/api/corrections", &cookie, &body));
            match answer.await {
                Ok(Ok((200 | 201, _))) => break,
                // No answer, or one that says to try again.
                Err(_) | Ok(Err(_)) | Ok(Ok((503 | 429, _))) => {
                    seen.repeated.fetch_add(1, Ordering::Relaxed);
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
                Ok(Ok((status, answer))) => {
                    seen.wrong.lock().unwrap().push(format!("{name} at {version}: {status} {answer}"));
                    return;
                }
            }
        }
        version += 1;
        seen.acknowledged.lock().unwrap().push(id);
        *seen.last.lock().unwrap() = Some(Instant::now());
    }
}

/// Reads an address all the time: while a server lives, it answers.
async fn read(port: u16, cookie: String, seen: Arc<Seen>, stop: Arc<AtomicBool>) {
    while !stop.load(Ordering::Relaxed) {
        match ask(port, "GET", "/api/addresses/W0", &cookie, "").await {
            Ok((200, answer)) => {
                seen.read.fetch_add(1, Ordering::Relaxed);
                let stale = answer.to_ascii_lowercase().contains("gridpin-stale:");
                seen.read_stale.fetch_add(usize::from(stale), Ordering::Relaxed);
            }
            // A server that has just begun does not know the session yet while the database is away.
            Ok((503, _)) | Err(_) => {}
            Ok((status, answer)) => seen.wrong.lock().unwrap().push(format!("a read: {status} {answer}")),
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// An address for each writer, and the accounts that they share.
async fn settle_in(store: &Store) {
    let rows = (0..WRITERS).map(|w| address(&format!("W{w}"), Some("V01"), 120.001, 28.001)).collect();
    import(store, rows).await.expect("addresses");
    let mut session = store.begin(&steward()).await.unwrap();
    for n in 0..ACCOUNTS {
        let new = NewAccount {
            name: format!("C{n}"),
            role: Role::Collector,
            scope: Scope::Grid("V01".into()),
            password: "correct horse battery".into(),
        };
        session.add_account(&new).await.unwrap();
    }
    session.commit().await.unwrap();
}

/// Waits for a write that was acknowledged after `since`; how long after.
async fn back(seen: &Seen, since: Instant) -> Duration {
    loop {
        if let Some(last) = *seen.last.lock().unwrap()
            && last > since
        {
            return last - since;
        }
        assert!(since.elapsed() < Duration::from_secs(60), "no write for a minute");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_acknowledged_is_lost_in_a_storm() {
    let Some(cluster) = Cluster::start("a storm of faults").await else { return };
    let (seconds, seed) = (setting("STORM_SECONDS", 20), setting("STORM_SEED", 1));
    let store = cluster.store().await;
    settle_in(&store).await;

    let first = Server::start(&cluster).await;
    let port = first.port;
    let mut cookies = Vec::new();
    for n in 0..ACCOUNTS {
        cookies.push(first.sign_in(&format!("C{n}")).await);
    }
    let mut server = Some(first);
    let (seen, stop) = (Arc::new(Seen::default()), Arc::new(AtomicBool::new(false)));
    let mut tasks = Vec::new();
    for w in 0..WRITERS {
        let cookie = cookies[w % ACCOUNTS].clone();
        tasks.push(tokio::spawn(write(port, cookie, format!("W{w}"), seen.clone(), stop.clone())));
    }
    tasks.push(tokio::spawn(read(port, cookies[0].clone(), seen.clone(), stop.clone())));

    let mut dice = rand::rngs::StdRng::seed_from_u64(seed);
    let (began, mut faults, mut longest) = (Instant::now(), [0usize; 4], Duration::ZERO);
    while began.elapsed() < Duration::from_secs(seconds) {
        tokio::time::sleep(Duration::from_millis(dice.random_range(50..2000))).await;
        let kind = dice.random_range(0..faults.len());
        faults[kind] += 1;
        let (server_dies, database_dies) = (matches!(kind, 0 | 2), matches!(kind, 1 | 2));
        if database_dies {
            cluster.kill();
        }
        if server_dies {
            drop(server.take());
        } else if database_dies {
            // A while without the database: what is there can be read.
            let before = seen.read.load(Ordering::Relaxed);
            tokio::time::sleep(Duration::from_millis(dice.random_range(500..1500))).await;
            assert!(seen.read.load(Ordering::Relaxed) > before, "nothing could be read while the database was away");
        } else {
            let cut = "select pg_terminate_backend(pid) from pg_stat_activity \
                       where pid <> pg_backend_pid() and usename like 'gridpin%'";
            database::run(&cluster.url("admin-url"), cut).await;
        }
        // Starting again counts.
        let since = Instant::now();
        if database_dies {
            cluster.setup("start");
        }
        if server_dies {
            server = Some(Server::start_at(&cluster, port).await);
        }
        longest = longest.max(back(&seen, since).await);
    }
    stop.store(true, Ordering::Relaxed);
    for task in tasks {
        tokio::time::timeout(Duration::from_secs(60), task).await.expect("a writer ends").expect("no panic");
    }
    drop(server);
    let acknowledged = seen.acknowledged.lock().unwrap().clone();
    println!(
        "{} s: server killed {}, database killed {}, both {}, connections cut {}; {} writes acknowledged, {} sent again, {} reads of \
         which {} while the database was away; writing again {longest:?} after a fault at the latest",
        began.elapsed().as_secs(),
        faults[0],
        faults[1],
        faults[2],
        faults[3],
        acknowledged.len(),
        seen.repeated.load(Ordering::Relaxed),
        seen.read.load(Ordering::Relaxed),
        seen.read_stale.load(Ordering::Relaxed),
    );
    assert_eq!(*seen.wrong.lock().unwrap(), Vec::<String>::new());
    assert!(acknowledged.len() > WRITERS, "{} writes", acknowledged.len());
    let store = cluster.store().await;
    let kept = store.load(&Store::system()).await.unwrap().records;
    let kept: std::collections::HashSet<Uuid> = kept.corrections.iter().map(|c| c.correction_id).collect();
    let lost: Vec<_> = acknowledged.iter().filter(|id| !kept.contains(id)).collect();
    assert!(lost.is_empty(), "lost: {lost:?}");
    assert_whole(&store).await;
    let verified = Command::new(env!("CARGO_BIN_EXE_gridpin"))
        .args(["audit", "verify"])
        .env("GRIDPIN_DATABASE", cluster.url("database-url"))
        .status()
        .expect("gridpin runs");
    assert!(verified.success());
    assert!(longest < BACK, "{longest:?}");
}

/// A disk of its own that is unmounted with the test.
struct Disk(std::path::PathBuf);

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("--lazy").arg(&self.0).status();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_refuses_writes_and_loses_nothing() {
    if std::env::var("GRIDPIN_TEST_DATABASE").is_err() {
        return println!("SKIPPED (no GRIDPIN_TEST_DATABASE): a full disk");
    }
    let folder = tempfile::tempdir().expect("a folder");
    let mounted =
        Command::new("mount").args(["-t", "tmpfs", "-o", "size=256m,mode=755", "tmpfs"]).arg(folder.path()).output();
    if !mounted.is_ok_and(|done| done.status.success()) {
        return println!("SKIPPED (only root mounts a small disk): a full disk");
    }
    let disk = Disk(folder.path().to_owned());
    let cluster = Cluster::start_in(folder).await;
    settle_in(&cluster.store().await).await;
    let server = Server::start(&cluster).await;
    let (port, cookie) = (server.port, server.sign_in("C0").await);
    let (seen, stop) = (Arc::new(Seen::default()), Arc::new(AtomicBool::new(false)));
    let mut tasks = Vec::new();
    for w in 0..20 {
        tasks.push(tokio::spawn(write(port, cookie.clone(), format!("W{w}"), seen.clone(), stop.clone())));
    }
    back(&seen, Instant::now()).await;

    let filler = disk.0.join("filler");
    let full = Command::new("dd").args(["if=/dev/zero", "bs=64k"]).arg(format!("of={}", filler.display())).output();
    assert!(!full.expect("dd runs").status.success(), "the disk is full");
    let (began, before) = (Instant::now(), seen.repeated.load(Ordering::Relaxed));
    while seen.repeated.load(Ordering::Relaxed) < before + 20 {
        assert!(began.elapsed() < Duration::from_secs(120), "writes went on without a disk");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let (status, answer) = ask(port, "GET", "/api/addresses/W0", &cookie, "").await.expect("an answer");
    assert_eq!(status, 200, "reading goes on: {answer}");

    std::fs::remove_file(&filler).expect("room again");
    let since = Instant::now();
    let away = back(&seen, since).await;
    stop.store(true, Ordering::Relaxed);
    for task in tasks {
        tokio::time::timeout(Duration::from_secs(60), task).await.expect("a writer ends").expect("no panic");
    }
    drop(server);
    println!(
        "{} writes refused on a full disk; writing again {away:?} after there was room",
        seen.repeated.load(Ordering::Relaxed)
    );
    assert_eq!(*seen.wrong.lock().unwrap(), Vec::<String>::new());
    assert!(away < BACK, "{away:?}");
    let store = cluster.store().await;
    let kept = store.load(&Store::system()).await.unwrap().records;
    let kept: std::collections::HashSet<Uuid> = kept.corrections.iter().map(|c| c.correction_id).collect();
    assert!(seen.acknowledged.lock().unwrap().iter().all(|id| kept.contains(id)), "lost");
    assert_whole(&store).await;
    store.close().await;
    drop(cluster);
    drop(disk);
}
