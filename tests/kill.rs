//! Promise: SIGKILL of PostgreSQL, or of the process that imports or serves, in the middle of whatever it does, leaves no
//! half-done thing and loses nothing that was acknowledged.
//!
//! Runs on a throw-away cluster of its own, made by setup.sh with the settings of `make run` (fsync on).

mod database;

use database::{actor, address, import, steward, village};
use gridpin::domain::*;
use gridpin::store::*;
use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use uuid::Uuid;

/// A cluster that may be killed.
struct Cluster {
    folder: tempfile::TempDir,
}

impl Cluster {
    async fn start(what: &str) -> Option<Cluster> {
        if std::env::var("GRIDPIN_TEST_DATABASE").is_err() {
            println!("SKIPPED (no GRIDPIN_TEST_DATABASE): {what}");
            return None;
        }
        let folder = tempfile::tempdir().expect("a folder");
        // PostgreSQL's own user has to get in.
        use std::os::unix::fs::PermissionsExt;
        std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o755)).expect("rights");
        let cluster = Cluster { folder };
        cluster.setup("start");
        migrate(&cluster.url("owner-url")).await.expect("migrations run");
        import(&cluster.store().await, village()).await.expect("grids");
        Some(cluster)
    }

    fn setup(&self, what: &str) {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("setup.sh");
        let done = Command::new(script).arg(what).arg(self.folder.path()).status().expect("setup.sh runs");
        assert!(done.success(), "setup.sh {what}");
    }

    fn url(&self, file: &str) -> String {
        std::fs::read_to_string(self.folder.path().join(file)).expect("a URL").trim().to_owned()
    }

    async fn store(&self) -> Store {
        Store::connect(&self.url("database-url")).await.expect("the cluster answers")
    }

    /// SIGKILL to the postmaster and all its children at once.
    fn kill(&self) {
        let pid_file = self.folder.path().join("cluster/postmaster.pid");
        let postmaster: i32 = std::fs::read_to_string(pid_file)
            .expect("a pid file")
            .lines()
            .next()
            .expect("a pid")
            .parse()
            .expect("a pid");
        let mut pids: Vec<i32> = children(postmaster);
        pids.insert(0, postmaster);
        let pids: Vec<String> = pids.iter().map(i32::to_string).collect();
        Command::new("kill").arg("-9").args(&pids).stderr(Stdio::null()).status().expect("kill runs");
        // Reaped as well: PostgreSQL takes a dead but unreaped postmaster for a living one.
        let gone = || pids.iter().all(|pid| !Path::new("/proc").join(pid).exists());
        let start = Instant::now();
        while !gone() && start.elapsed() < Duration::from_secs(10) {
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("setup.sh");
        let _ = Command::new(script).arg("stop").arg(self.folder.path()).status();
    }
}

fn children(parent: i32) -> Vec<i32> {
    let processes = std::fs::read_dir("/proc").expect("/proc");
    processes
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse::<i32>().ok())
        .filter(|pid| {
            let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
            let after_name = stat.rsplit(')').next().unwrap_or_default();
            after_name.split_whitespace().nth(1).and_then(|ppid| ppid.parse::<i32>().ok()) == Some(parent)
        })
        .collect()
}

async fn count(store: &Store, table: &str) -> i64 {
    let counts = store.counts(&steward()).await.expect("counts");
    counts.iter().find(|(name, _)| *name == table).expect("a table").1
}

/// Nothing is half-done: each correction has its version and each version its correction, the feed's rows are there, the
/// audit chain is whole.
async fn assert_whole(store: &Store) {
    let mut session = store.begin(&steward()).await.expect("a session");
    assert!(matches!(session.verify_audit().await.expect("an audit"), AuditVerdict::Whole { .. }));
    drop(session);
    let records = store.load(&Store::system()).await.expect("a load").records;
    let mut corrections: BTreeMap<&str, i64> = BTreeMap::new();
    for correction in records.corrections.iter() {
        *corrections.entry(&correction.address_id).or_default() += 1;
    }
    for address in records.addresses.iter() {
        let made = corrections.get(address.id()).copied().unwrap_or_default();
        assert_eq!(address.version(), 1 + made, "{}: versions and corrections differ", address.id());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killing_postgresql_under_corrections_loses_nothing_acknowledged() {
    let Some(cluster) = Cluster::start("kill PostgreSQL under corrections").await else { return };
    let store = cluster.store().await;
    const WRITERS: usize = 8;
    let rows = (0..WRITERS).map(|w| address(&format!("W{w}"), Some("V01"), 120.001, 28.001)).collect();
    import(&store, rows).await.expect("addresses");
    let cursor = store.load(&Store::system()).await.expect("a load").cursor;

    let acknowledged: Arc<Mutex<Vec<NewCorrection>>> = Arc::default();
    let unsure: Arc<Mutex<Vec<NewCorrection>>> = Arc::default();
    for round in 0..3u64 {
        let stop = Arc::new(AtomicBool::new(false));
        let writers: Vec<_> = (0..WRITERS)
            .map(|w| {
                let (store, stop) = (store.clone(), stop.clone());
                let (acknowledged, unsure) = (acknowledged.clone(), unsure.clone());
                tokio::spawn(async move {
                    let who = actor(&format!("C{w}"), Role::Collector, Some("V01"));
                    while !stop.load(Ordering::Relaxed) {
                        let Ok(mut session) = store.begin(&who).await else { continue };
                        let id: AddressId = format!("W{w}").into();
                        let Ok(now) = session.address(&id).await else { continue };
                        let new = NewCorrection {
                            correction_id: Uuid::new_v4(),
                            address_id: id,
                            base_version: now.version,
                            change: Change::Move { lon: 120.001 + w as f64 * 1e-5, lat: 28.002, flag_id: None },
                            observed: None,
                            note: String::new(),
                        };
                        let done = match session.correct(&new).await {
                            Ok(_) => session.commit().await,
                            Err(error) => Err(error),
                        };
                        let list = if done.is_ok() { &acknowledged } else { &unsure };
                        list.lock().unwrap().push(new);
                    }
                })
            })
            .collect();
        // However busy the machine is: some are through, others on their way.
        let enough = 20 * (round as usize + 1);
        while acknowledged.lock().unwrap().len() < enough {
            tokio::time::sleep(Duration::from_millis(5 + 3 * round)).await;
        }
        cluster.kill();
        stop.store(true, Ordering::Relaxed);
        for writer in writers {
            writer.await.expect("a writer ends");
        }
        cluster.setup("start");
        store.ping().await.expect("the pool finds the database again");
        assert_whole(&store).await;
    }

    let acknowledged = acknowledged.lock().unwrap().clone();
    let mut session = store.begin(&steward()).await.unwrap();
    for new in &acknowledged {
        let kept = session.correction(new.correction_id).await.expect("an acknowledged correction was lost");
        assert_eq!((kept.base_version, &kept.address_id), (new.base_version, &new.address_id));
    }
    drop(session);
    // Whoever got no answer sends again: stored now or stored then, once.
    let unsure = std::mem::take(&mut *unsure.lock().unwrap());
    for new in &unsure {
        let who = format!("C{}", &new.address_id.as_str()[1..]);
        let mut session = store.begin(&actor(&who, Role::Collector, Some("V01"))).await.unwrap();
        match session.correct(new).await {
            Ok(Stored::Same(_)) | Err(gridpin::error::Error::Conflict { .. }) => {}
            Ok(Stored::New(_)) => session.commit().await.unwrap(),
            Err(error) => panic!("{error}"),
        }
    }
    assert_whole(&store).await;
    // The feed's reader, who slept through it all, catches up without a gap.
    let (delta, _) = store.feed(&cursor).await.unwrap();
    assert_eq!(delta.corrections.len() as i64, count(&store, "correction").await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killing_postgresql_in_the_middle_of_an_import_keeps_nothing_of_it() {
    let Some(cluster) = Cluster::start("kill PostgreSQL in an import").await else { return };
    let store = cluster.store().await;
    for (after, fresh) in [(20_000u64, true), (90_000, true), (50_000, false)] {
        if !fresh {
            import(&store, vec![address("OLD", Some("V01"), 120.001, 28.001)]).await.unwrap();
        }
        let (tell, told) = std::sync::mpsc::channel();
        let importing = {
            let store = store.clone();
            tokio::spawn(async move {
                let rows = (0..400_000u64).map(move |i| {
                    if i == after {
                        let _ = tell.send(());
                    }
                    Ok(Incoming::Record(i, address(&format!("N{i}"), Some("V02"), 120.015, 28.005)))
                });
                let options = ImportOptions { batch: "big".into(), file: "big".into(), ..Default::default() };
                store.import(&steward(), &options, rows).await
            })
        };
        tokio::task::spawn_blocking(move || told.recv()).await.unwrap().unwrap();
        cluster.kill();
        assert!(importing.await.unwrap().is_err(), "an import without a database was acknowledged");
        cluster.setup("start");
        assert_eq!(count(&store, "address").await, i64::from(!fresh));
        assert_whole(&store).await;
    }
    let rows: Vec<_> = (0..5000).map(|i| address(&format!("N{i}"), Some("V02"), 120.015, 28.005)).collect();
    assert_eq!(import(&store, rows).await.unwrap().accepted, 5000);
    assert_eq!(count(&store, "address").await, 5001);
}

fn csv(folder: &Path, rows: usize) -> PathBuf {
    let path = folder.join("addresses.csv");
    let mut file = std::io::BufWriter::new(std::fs::File::create(&path).expect("a file"));
    writeln!(file, "address_id,full_text,grid_code,lon,lat").unwrap();
    for i in 0..rows {
        writeln!(file, "N{i},丽阳街{i}号,V01,120.001,28.001").unwrap();
    }
    file.flush().unwrap();
    path
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killing_the_importing_process_keeps_all_or_nothing() {
    let Some(cluster) = Cluster::start("kill the importing process").await else { return };
    let store = cluster.store().await;
    const ROWS: usize = 60_000;
    let file = csv(cluster.folder.path(), ROWS);
    let command = || {
        let mut command = Command::new(env!("CARGO_BIN_EXE_gridpin"));
        command.args(["import", "address"]).arg(&file).args(["--crs", "cgcs2000"]);
        command.env("GRIDPIN_DATABASE", cluster.url("database-url")).stdout(Stdio::null()).stderr(Stdio::null());
        command
    };
    let mut killed = 0;
    for delay_ms in [20, 60, 120, 200, 300, 450, 600, 900] {
        let mut child = command().spawn().expect("gridpin runs");
        std::thread::sleep(Duration::from_millis(delay_ms));
        killed += usize::from(child.try_wait().unwrap().is_none());
        child.kill().unwrap();
        child.wait().unwrap();
        // The server notices when it next reads from the dead connection; it holds the import's lock until then.
        let start = Instant::now();
        let mut seen = count(&store, "address").await;
        while seen != 0 && seen != ROWS as i64 && start.elapsed() < Duration::from_secs(5) {
            seen = count(&store, "address").await;
        }
        assert!(seen == 0 || seen == ROWS as i64, "{seen} of {ROWS} rows are there");
    }
    assert!(killed >= 3, "the import was too fast to be killed");
    assert!(command().status().unwrap().success());
    assert_eq!(count(&store, "address").await, ROWS as i64);
    assert_whole(&store).await;
}

/// The least client that HTTP/1.1 allows: one request, one connection. Answers status, headers and body.
async fn ask(port: u16, method: &str, path: &str, cookie: &str, body: &str) -> std::io::Result<(u16, String)> {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let mut stream = tokio::net::TcpStream::connect(("127.0.0.1", port)).await?;
    let request = format!(
        "{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\nCookie: {cookie}\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(request.as_bytes()).await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    let status = answer.split(' ').nth(1).and_then(|status| status.parse().ok());
    Ok((status.ok_or(std::io::ErrorKind::UnexpectedEof)?, answer))
}

/// A running `gridpin serve`, killed at the latest with the test.
struct Server {
    child: std::process::Child,
    port: u16,
}

impl Server {
    async fn start(cluster: &Cluster) -> Server {
        let free = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = free.local_addr().expect("an address").port();
        drop(free);
        let child = Command::new(env!("CARGO_BIN_EXE_gridpin"))
            .args(["serve", "--bind", &format!("127.0.0.1:{port}")])
            .env("GRIDPIN_DATABASE", cluster.url("database-url"))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("gridpin runs");
        let start = Instant::now();
        while !matches!(ask(port, "GET", "/readyz", "", "").await, Ok((200, _))) {
            assert!(start.elapsed() < Duration::from_secs(30), "the service is not ready");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        Server { child, port }
    }

    async fn sign_in(&self) -> String {
        let body = r#"{"name":"C1","password":"correct horse battery"}"#;
        let (status, answer) = ask(self.port, "POST", "/api/session", "", body).await.expect("an answer");
        assert_eq!(status, 204, "{answer}");
        let lower = answer.to_ascii_lowercase();
        let at = lower.find("set-cookie: ").expect("a cookie") + "set-cookie: ".len();
        answer[at..].split([';', '\r']).next().expect("a cookie").to_owned()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killing_the_serving_process_loses_no_acknowledged_correction() {
    let Some(cluster) = Cluster::start("kill the serving process").await else { return };
    let store = cluster.store().await;
    const ADDRESSES: usize = 40;
    let rows = (0..ADDRESSES).map(|i| address(&format!("W{i}"), Some("V01"), 120.001, 28.001)).collect();
    import(&store, rows).await.expect("addresses");
    let account = NewAccount {
        name: "C1".into(),
        role: Role::Collector,
        scope: Scope::Grid("V01".into()),
        password: "correct horse battery".into(),
    };
    let mut session = store.begin(&steward()).await.unwrap();
    session.add_account(&account).await.unwrap();
    session.commit().await.unwrap();

    let mut version = [1i64; ADDRESSES];
    let (mut acknowledged, mut unsure) = (Vec::new(), Vec::new());
    for round in 0..3u64 {
        let server = Server::start(&cluster).await;
        let (cookie, port) = (server.sign_in().await, server.port);
        let through = Arc::new(AtomicUsize::new(0));
        let killer = tokio::spawn({
            let through = through.clone();
            async move {
                while through.load(Ordering::Relaxed) < 12 {
                    tokio::time::sleep(Duration::from_millis(1 + 2 * round)).await;
                }
                drop(server);
            }
        });
        for i in (0..ADDRESSES).cycle() {
            let id = Uuid::new_v4();
            let body = format!(
                r#"{{"correction_id":"{id}","address_id":"W{i}","base_version":{},"change":{{"kind":"confirm"}}}}"#,
                version[i]
            );
            match ask(port, "POST", "/api/corrections", &cookie, &body).await {
                Ok((201, _)) => {
                    version[i] += 1;
                    acknowledged.push(id);
                    through.fetch_add(1, Ordering::Relaxed);
                }
                Ok((status, answer)) => panic!("{status}: {answer}"),
                Err(_) => {
                    unsure.push((i, body));
                    break;
                }
            }
        }
        killer.await.unwrap();
        assert_whole(&store).await;
        // Sent again to the next server: once, whether it was stored before or not.
        let server = Server::start(&cluster).await;
        let cookie = server.sign_in().await;
        for (i, body) in unsure.drain(..) {
            for expected in [[200, 201], [200, 200]] {
                let (status, answer) = ask(server.port, "POST", "/api/corrections", &cookie, &body).await.unwrap();
                assert!(expected.contains(&status), "{answer}");
            }
            version[i] += 1;
        }
    }
    let mut session = store.begin(&steward()).await.unwrap();
    for id in acknowledged {
        session.correction(id).await.expect("an acknowledged correction was lost");
    }
    drop(session);
    let records = store.load(&Store::system()).await.unwrap().records;
    for (i, version) in version.iter().enumerate() {
        let address = records.addresses.iter().find(|a| a.id() == format!("W{i}")).unwrap();
        assert_eq!(address.version(), *version);
    }
    assert_whole(&store).await;
}
