//! Promise: too much is answered with "later", not with collapse: who asks for little is served at once beside who asks for
//! everything; who reads slowly or goes away holds nobody up. Over real sockets.

use crate::serving::*;
use crate::wire::*;
use axum::http::StatusCode;
use gridpin::http::App;
use gridpin::http::line::Limits;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// Connections of the account that wants everything.
const GREEDY: usize = 270;
/// Connections of the other.
const POLITE: usize = 4;
/// Connections that ask and go away, and such as ask and do not read.
const GONE: usize = 12;
const SLOW: usize = 14;

/// The `n`th order of the layers: as many different tiles of one place.
fn tile(n: usize) -> String {
    let mut layers = vec!["address", "building", "flag", "grid", "rental", "hazard", "heat"];
    let (mut rest, mut names) = (n % 5040, Vec::new());
    for left in (1..=layers.len()).rev() {
        names.push(layers.remove(rest % left));
        rest /= left;
    }
    format!("/tiles/{}/{}", names.join(","), tile_of(14, 120.005, 28.0015))
}

#[derive(Default)]
struct Seen {
    latencies: Mutex<Vec<Duration>>,
    refused: AtomicUsize,
    next: AtomicUsize,
    /// Tiles that were made while each was waited for.
    passed: Mutex<Vec<usize>>,
}

impl Seen {
    fn median(&self) -> Duration {
        let mut all = self.latencies.lock().expect("no panic").clone();
        all.sort();
        all[all.len() / 2]
    }

    async fn ask(&self, town: &App, wire: &mut Wire, cookie: &str, first: usize) {
        let (started, made) = (Instant::now(), town.tiles.counts().encoded);
        let reply = wire.ask("GET", &tile(first + self.next.fetch_add(1, Ordering::Relaxed)), cookie, &[]).await;
        match reply.status {
            StatusCode::OK => {
                self.latencies.lock().expect("no panic").push(started.elapsed());
                self.passed.lock().expect("no panic").push((town.tiles.counts().encoded - made) as usize);
            }
            StatusCode::SERVICE_UNAVAILABLE => {
                assert_eq!((reply.problem().as_str(), reply.header("retry-after")), ("busy", "1"));
                self.refused.fetch_add(1, Ordering::Relaxed);
                tokio::time::sleep(Duration::from_millis(300)).await;
            }
            other => panic!("{other}: {}", reply.text()),
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn one_account_does_not_starve_another() {
    let Some(town) = Town::open_with("overload", crowd(600), Vec::new()).await else { return };
    let (greedy_cookie, polite_cookie) = (town.sign_in("chief").await, town.sign_in("collector-all").await);
    let to = listen(&town, Limits::default()).await;
    let threads = std::thread::available_parallelism().map_or(2, usize::from);
    let mut wire = Wire::open(to).await;
    assert_eq!(wire.ask("GET", &tile(4999), &greedy_cookie, &[]).await.status, StatusCode::OK);
    // Nothing is encoded until everybody stands in line, however fast this machine is.
    let mut held = Vec::new();
    for _ in 0..threads {
        held.push(town.app.encoder.threads().place(&"somebody".into()).await.expect("a place"));
    }
    let greedy = Arc::new(Seen::default());
    let mut crowd = tokio::task::JoinSet::new();
    for _ in 0..GREEDY {
        let (greedy, app, cookie) = (greedy.clone(), town.app.clone(), greedy_cookie.clone());
        crowd.spawn(async move {
            let mut wire = Wire::open(to).await;
            loop {
                greedy.ask(&app, &mut wire, &cookie, 0).await;
            }
        });
    }
    for n in 0..GONE + SLOW {
        let cookie = greedy_cookie.clone();
        crowd.spawn(async move {
            let mut wire = Wire::narrow(to).await;
            wire.send("GET", &tile(4000 + n), &cookie, &[]).await;
            tokio::time::sleep(Duration::from_secs(if n < GONE { 0 } else { 60 })).await;
        });
    }
    // 270 want more than the line of 256 holds.
    let started = Instant::now();
    while greedy.refused.load(Ordering::Relaxed) == 0 || town.app.encoder.load().waiting < 250 {
        assert!(started.elapsed() < Duration::from_secs(9), "{:?}", town.app.encoder.load());
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    // What the operator asks, and what is in the cache, waits for nothing.
    let started = Instant::now();
    assert_eq!(wire.ask("GET", "/healthz", "", &[]).await.status, StatusCode::OK);
    assert_eq!(wire.ask("GET", &tile(4999), &greedy_cookie, &[]).await.status, StatusCode::OK);
    let metrics = wire.ask("GET", "/metrics", "", &[]).await.text();
    let at_once = started.elapsed();
    for name in ["gridpin_tiles_waiting", "gridpin_tiles_refused_total", "gridpin_tile_cache_bytes"] {
        let line = metrics.lines().find_map(|line| line.strip_prefix(name)?.trim().parse::<f64>().ok());
        assert!(line.is_some_and(|value| value > 0.0), "{name}: {line:?}");
    }
    let polite = Arc::new(Seen::default());
    let mut quiet = tokio::task::JoinSet::new();
    for _ in 0..POLITE {
        let (polite, app, cookie) = (polite.clone(), town.app.clone(), polite_cookie.clone());
        quiet.spawn(async move {
            let mut wire = Wire::open(to).await;
            for _ in 0..5 {
                polite.ask(&app, &mut wire, &cookie, 4100).await;
            }
        });
    }
    // Until these stand in line too; later ones fare no worse.
    tokio::time::sleep(Duration::from_millis(300)).await;
    drop(held);
    while let Some(done) = quiet.join_next().await {
        done.expect("answered");
    }
    crowd.abort_all();
    while crowd.join_next().await.is_some() {}
    let started = Instant::now();
    while town.app.encoder.load().waiting > 0 || town.app.encoder.load().held > 0 {
        assert!(
            started.elapsed() < at_most(Duration::from_secs(5)),
            "who is gone still waits: {:?}",
            town.app.encoder.load()
        );
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let emptied = started.elapsed();
    let (much, little) = (greedy.median(), polite.median());
    let mut passed = polite.passed.lock().expect("no panic").clone();
    passed.sort_unstable();
    let (usual, most) = (passed[passed.len() / 2], passed[passed.len() - 1]);
    println!(
        "median: {much:?} with {GREEDY} connections ({} answered, {} refused), {little:?} with {POLITE}, {usual} \
         tiles made meanwhile, {most} at most; cached {at_once:?}, emptied in {emptied:?}",
        greedy.latencies.lock().expect("no panic").len(),
        greedy.refused.load(Ordering::Relaxed),
    );
    assert_eq!(polite.refused.load(Ordering::Relaxed), 0);
    // Those in work, and of each line as many as the polite one has: behind the others there would be 256. An answer that
    // is read late on a busy machine counts what was made after it.
    assert!(usual <= 2 * threads + 2 * POLITE + 4 && most <= 64, "{passed:?} tiles were made before one");
    assert!(town.app.tiles.counts().bytes <= 256 << 20);
}

#[tokio::test]
async fn a_slow_reader_is_left_after_a_while_and_holds_nobody_up() {
    let Some(town) = Town::open_with("slow readers", crowd(900), Vec::new()).await else { return };
    let cookie = town.sign_in("chief").await;
    let limits = Limits { stall: Duration::from_secs(1), head: Duration::from_secs(2), connections: 40 };
    let to: SocketAddr = listen(&town, limits).await;
    let path = format!("/tiles/address,flag/{}", tile_of(14, 120.005, 28.0015));
    let length = Wire::open(to).await.ask("GET", &path, &cookie, &[]).await.body.len();
    assert!(length > 30_000, "{length}");
    let mut slow = Vec::new();
    for _ in 0..30 {
        let mut wire = Wire::narrow(to).await;
        // Many answers, so that no buffer of any system holds them all.
        for _ in 0..150 {
            wire.send("GET", &path, &cookie, &[]).await;
        }
        slow.push(wire);
    }
    // A head that never ends.
    let mut half = Wire::open(to).await;
    tokio::io::AsyncWriteExt::write_all(&mut half.tcp, b"GET / HTTP/1.1\r\nhost:").await.expect("sent");
    let started = Instant::now();
    let mut wire = Wire::open(to).await;
    for _ in 0..20 {
        assert_eq!(wire.ask("GET", &path, &cookie, &[]).await.body.len(), length);
    }
    println!("20 tiles beside 30 slow readers in {:?}", started.elapsed());
    assert_eq!((town.app.encoder.load().held, town.app.at_once.load().held), (0, 0), "they hold no place");
    let first = &mut slow[0];
    let read = tokio::time::timeout(Duration::from_secs(20), async {
        let mut read = 0;
        let mut buffer = vec![0; 1 << 16];
        // Looks again only once the server must have given up.
        tokio::time::sleep(Duration::from_secs(4)).await;
        loop {
            match tokio::io::AsyncReadExt::read(&mut first.tcp, &mut buffer).await {
                Ok(0) | Err(_) => break read,
                Ok(more) => read += more,
            }
        }
    });
    let read = read.await.expect("the server left");
    assert!(read < 150 * length, "everything arrived");
    let mut rest = Vec::new();
    let ended = tokio::io::AsyncReadExt::read_to_end(&mut half.tcp, &mut rest);
    let ended = tokio::time::timeout(Duration::from_secs(10), ended).await.expect("the server does not wait for ever");
    drop(ended);
    assert!(rest.is_empty() || rest.starts_with(b"HTTP/1.1 408"), "{}", String::from_utf8_lossy(&rest));
}
