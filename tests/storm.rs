//! Promise: whatever is killed or cut, and however often, nothing acknowledged is lost, nothing is half-done, the audit
//! chain is whole, writes go on within ten seconds, and reads go on while the database is away.
//!
//! Fifty writers send what they have entered until the server confirms it, as phones do. Twenty seconds by default;
//! STORM_SECONDS=600 for longer, STORM_SEED for another storm.

mod cluster;
mod database;

use cluster::*;
use database::{address, import};
use gridpin::store::*;
use rand::{RngExt, SeedableRng};
use std::process::Command;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use uuid::Uuid;

const WRITERS: usize = 50;
const ACCOUNTS: usize = 10;
/// A fault and the service is back: so long at most, where this is measured (STORM_SECONDS), with the machine for itself.
const BACK: Duration = Duration::from_secs(10);
/// So long at most, beside other tests and compilers: it comes back.
const BACK_BESIDE_OTHERS: Duration = Duration::from_secs(45);

fn most() -> Duration {
    if std::env::var("STORM_SECONDS").is_ok() { BACK } else { BACK_BESIDE_OTHERS }
}

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
    signed_in_again: AtomicUsize,
    wrong: Mutex<Vec<String>>,
}

/// What a phone is that is signed in.
struct Phone {
    port: u16,
    account: String,
    cookie: String,
    /// Whether its session may end, as it does when the clock jumps: then it signs in again.
    ends: bool,
}

/// Sends confirmations of an address of its own, each until it is confirmed.
async fn write(mut phone: Phone, name: String, seen: Arc<Seen>, stop: Arc<AtomicBool>) {
    let (port, mut version) = (phone.port, 1i64);
    while !stop.load(Ordering::Relaxed) {
        let id = Uuid::new_v4();
        let body = format!(
            r#"{{"correction_id":"{id}","address_id":"{name}","base_version":{version},"change":{{"kind":"confirm"}}}}"#
        );
        loop {
            let answer = tokio::time::timeout(
                Duration::from_secs(40),
                ask(port, "POST", "/api/corrections", &phone.cookie, &body),
            );
            match answer.await {
                Ok(Ok((200 | 201, _))) => break,
                // No answer, or one that says to try again.
                Err(_) | Ok(Err(_)) | Ok(Ok((503 | 429, _))) => {
                    seen.repeated.fetch_add(1, Ordering::Relaxed);
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
                Ok(Ok((401, _))) if phone.ends => {
                    seen.signed_in_again.fetch_add(1, Ordering::Relaxed);
                    match sign_in(port, &phone.account).await {
                        Some(cookie) => phone.cookie = cookie,
                        None => tokio::time::sleep(Duration::from_millis(50)).await,
                    }
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
            Ok((200, _)) => drop(seen.read.fetch_add(1, Ordering::Relaxed)),
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
    add_collectors(store, (0..ACCOUNTS).map(|n| format!("C{n}"))).await;
}

/// Waits for a write that was acknowledged after `since`; how long after.
async fn back(seen: &Seen, since: Instant) -> Duration {
    loop {
        if let Some(last) = *seen.last.lock().unwrap()
            && last > since
        {
            return last - since;
        }
        assert!(since.elapsed() < Duration::from_secs(120), "no write for two minutes");
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
        let (account, cookie) = (format!("C{}", w % ACCOUNTS), cookies[w % ACCOUNTS].clone());
        let phone = Phone { port, account, cookie, ends: false };
        tasks.push(tokio::spawn(write(phone, format!("W{w}"), seen.clone(), stop.clone())));
    }
    tasks.push(tokio::spawn(read(port, cookies[0].clone(), seen.clone(), stop.clone())));

    let mut dice = rand::rngs::StdRng::seed_from_u64(seed);
    let (began, mut faults, mut longest) = (Instant::now(), [0usize; 4], Duration::ZERO);
    let mut read_away = 0;
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
            let read = seen.read.load(Ordering::Relaxed) - before;
            assert!(read > 0, "nothing could be read while the database was away");
            read_away += read;
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
    let acknowledged = end(tasks, &seen, &stop).await;
    drop(server);
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
        read_away,
    );
    assert!(acknowledged.len() > WRITERS, "{} writes", acknowledged.len());
    assert_whole_and_kept(&cluster, &acknowledged).await;
    assert!(longest < most(), "{longest:?}");
}

/// Everything acknowledged is there, nothing is half-done, and the audit log is whole, by the command that says so.
async fn assert_whole_and_kept(cluster: &Cluster, acknowledged: &[Uuid]) {
    assert_kept(cluster, acknowledged).await;
    let verified = Command::new(env!("CARGO_BIN_EXE_gridpin"))
        .args(["audit", "verify"])
        .env("GRIDPIN_DATABASE", cluster.url("database-url"))
        .status()
        .expect("gridpin runs");
    assert!(verified.success());
}

/// Has the writers end, and answers what was acknowledged to them; nothing else was said.
async fn end(tasks: Vec<tokio::task::JoinHandle<()>>, seen: &Seen, stop: &AtomicBool) -> Vec<Uuid> {
    stop.store(true, Ordering::Relaxed);
    for task in tasks {
        tokio::time::timeout(Duration::from_secs(60), task).await.expect("a writer ends").expect("no panic");
    }
    assert_eq!(*seen.wrong.lock().unwrap(), Vec::<String>::new());
    seen.acknowledged.lock().unwrap().clone()
}

/// Debian's libfaketime, which shows a process another time than it is.
const FAKE_TIME: &str = "/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_clock_that_jumps_loses_nothing() {
    if std::env::var("GRIDPIN_TEST_DATABASE").is_err() {
        return println!("SKIPPED (no GRIDPIN_TEST_DATABASE): a clock that jumps");
    }
    if !std::path::Path::new(FAKE_TIME).exists() {
        return println!("SKIPPED (no libfaketime at {FAKE_TIME}): a clock that jumps");
    }
    let folder = tempfile::tempdir().expect("a folder");
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o755)).expect("rights");
    // How far the clock is off, for server and database: both look at it all the time.
    let clock = folder.path().join("clock");
    let set = |off_s: i64| {
        let new = folder.path().join("clock.new");
        std::fs::write(&new, format!("{off_s:+}\n")).expect("a clock");
        std::fs::rename(new, &clock).expect("a clock");
    };
    set(0);
    let environment = [
        ("LD_PRELOAD", FAKE_TIME),
        ("FAKETIME_TIMESTAMP_FILE", clock.to_str().expect("UTF-8")),
        ("FAKETIME_NO_CACHE", "1"),
        ("FAKETIME_DONT_FAKE_MONOTONIC", "1"),
    ];
    let environment = environment.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
    let place = tempfile::tempdir().expect("a folder");
    std::fs::set_permissions(place.path(), std::fs::Permissions::from_mode(0o755)).expect("rights");
    let cluster = Cluster::start_in(place, environment).await;
    settle_in(&cluster.store().await).await;
    let mut server = Some(Server::start(&cluster).await);
    let port = server.as_ref().expect("a server").port;
    let (seen, stop) = (Arc::new(Seen::default()), Arc::new(AtomicBool::new(false)));
    let mut tasks = Vec::new();
    for w in 0..WRITERS {
        let account = format!("C{}", w % ACCOUNTS);
        let cookie = sign_in(port, &account).await.expect("a session");
        let phone = Phone { port, account, cookie, ends: true };
        tasks.push(tokio::spawn(write(phone, format!("W{w}"), seen.clone(), stop.clone())));
    }
    const HOUR: i64 = 3600;
    let mut longest = Duration::ZERO;
    // Forward and back by hours, over sessions' ends and midnights, to before the database was made; once with a restart
    // of both, which finds a log from the future.
    for (off_s, dies) in
        [(2 * HOUR, false), (-HOUR, false), (80 * HOUR, false), (0, true), (-50 * HOUR, false), (0, false)]
    {
        set(off_s);
        let since = Instant::now();
        if dies {
            cluster.kill();
            drop(server.take());
            cluster.setup("start");
            server = Some(Server::start_at(&cluster, port).await);
        }
        longest = longest.max(back(&seen, since).await);
        let told = ask_now(&cluster).await;
        let off = told - chrono::Utc::now().timestamp() - off_s;
        assert!(off.abs() < 10, "PostgreSQL's clock is {off} s off what it was set to");
        // Long enough, after the jump that ends sessions, for the server to look them up again.
        let stay = if off_s > 72 * HOUR { 17 } else { 2 };
        tokio::time::sleep(Duration::from_secs(stay)).await;
    }
    let acknowledged = end(tasks, &seen, &stop).await;
    drop(server);
    println!(
        "{} writes acknowledged while the clock jumped, {} sign-ins after sessions had ended; writing again {longest:?} after a \
         jump at the latest",
        acknowledged.len(),
        seen.signed_in_again.load(Ordering::Relaxed)
    );
    assert!(acknowledged.len() > WRITERS, "{} writes", acknowledged.len());
    assert!(seen.signed_in_again.load(Ordering::Relaxed) >= WRITERS / 2, "sessions outlive the clock");
    assert!(longest < most(), "{longest:?}");
    assert_whole_and_kept(&cluster, &acknowledged).await;
}

/// What time PostgreSQL thinks it is, seconds since 1970.
async fn ask_now(cluster: &Cluster) -> i64 {
    use sqlx::Connection;
    let mut connection = sqlx::PgConnection::connect(&cluster.url("admin-url")).await.expect("the cluster answers");
    let sql = "select extract(epoch from clock_timestamp())::bigint";
    sqlx::query_as::<_, (i64,)>(sql).fetch_one(&mut connection).await.expect("a time").0
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
    let cluster = Cluster::start_in(folder, Vec::new()).await;
    settle_in(&cluster.store().await).await;
    let server = Server::start(&cluster).await;
    let (port, cookie) = (server.port, server.sign_in("C0").await);
    let (seen, stop) = (Arc::new(Seen::default()), Arc::new(AtomicBool::new(false)));
    let mut tasks = Vec::new();
    for w in 0..20 {
        let phone = Phone { port, account: "C0".into(), cookie: cookie.clone(), ends: false };
        tasks.push(tokio::spawn(write(phone, format!("W{w}"), seen.clone(), stop.clone())));
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
    let acknowledged = end(tasks, &seen, &stop).await;
    drop(server);
    println!(
        "{} writes refused on a full disk; writing again {away:?} after there was room",
        seen.repeated.load(Ordering::Relaxed)
    );
    assert!(away < most(), "{away:?}");
    assert_kept(&cluster, &acknowledged).await;
    drop(cluster);
    drop(disk);
}
