//! A throw-away cluster that may be killed, a server on it that may be killed too, and the least client.

#![allow(dead_code)]

use crate::database::{import, steward, village};
use gridpin::domain::{Role, Scope};
use gridpin::store::*;
use std::collections::{BTreeMap, HashSet};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use uuid::Uuid;

/// A cluster that may be killed.
pub struct Cluster {
    pub folder: tempfile::TempDir,
    /// Besides, in the environment of PostgreSQL and of the servers on it.
    pub environment: Vec<(String, String)>,
}

impl Cluster {
    pub async fn start(what: &str) -> Option<Cluster> {
        if std::env::var("GRIDPIN_TEST_DATABASE").is_err() {
            println!("SKIPPED (no GRIDPIN_TEST_DATABASE): {what}");
            return None;
        }
        let folder = tempfile::tempdir().expect("a folder");
        // PostgreSQL's own user has to get in.
        use std::os::unix::fs::PermissionsExt;
        std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o755)).expect("rights");
        Some(Cluster::start_in(folder, Vec::new()).await)
    }

    /// In a folder that is there, and that PostgreSQL's own user may enter.
    pub async fn start_in(folder: tempfile::TempDir, environment: Vec<(String, String)>) -> Cluster {
        let cluster = Cluster { folder, environment };
        cluster.setup("start");
        migrate(&cluster.url("owner-url")).await.expect("migrations run");
        import(&cluster.store().await, village()).await.expect("grids");
        cluster
    }

    pub fn setup(&self, what: &str) {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("setup.sh");
        let mut command = Command::new(script);
        command.arg(what).arg(self.folder.path()).envs(self.environment.iter().cloned());
        let done = command.status().expect("setup.sh runs");
        assert!(done.success(), "setup.sh {what}");
    }

    pub fn url(&self, file: &str) -> String {
        std::fs::read_to_string(self.folder.path().join(file)).expect("a URL").trim().to_owned()
    }

    pub async fn store(&self) -> Store {
        Store::connect(&self.url("database-url")).await.expect("the cluster answers")
    }

    /// SIGKILL to the postmaster and all its children at once.
    pub fn kill(&self) {
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

pub fn children(parent: i32) -> Vec<i32> {
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

pub async fn count(store: &Store, table: &str) -> i64 {
    let counts = store.counts(&steward()).await.expect("counts");
    counts.iter().find(|(name, _)| *name == table).expect("a table").1
}

/// Nothing is half-done: each correction has its version and each version its correction, the feed's rows are there, the
/// audit chain is whole.
pub async fn assert_whole(store: &Store) {
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

/// The least client that HTTP/1.1 allows: one request, one connection. Answers status, headers and body.
pub async fn ask(port: u16, method: &str, path: &str, cookie: &str, body: &str) -> std::io::Result<(u16, String)> {
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

const PASSWORD: &str = "correct horse battery";

/// The cookie of a new session of an account, if the server has one to give now.
pub async fn sign_in(port: u16, account: &str) -> Option<String> {
    let body = format!(r#"{{"name":"{account}","password":"{PASSWORD}"}}"#);
    let (status, answer) = ask(port, "POST", "/api/session", "", &body).await.ok()?;
    let lower = answer.to_ascii_lowercase();
    let at = lower.find("set-cookie: ")? + "set-cookie: ".len();
    (status == 204).then(|| answer[at..].split([';', '\r']).next().unwrap_or_default().to_owned())
}

/// Makes collectors of V01.
pub async fn add_collectors(store: &Store, names: impl IntoIterator<Item = String>) {
    let mut session = store.begin(&steward()).await.expect("a session");
    for name in names {
        let scope = Scope::Grid("V01".into());
        let new = NewAccount { name, role: Role::Collector, scope, password: PASSWORD.into() };
        session.add_account(&new).await.expect("an account");
    }
    session.commit().await.expect("a commit");
}

/// All these corrections are kept, and nothing is half-done.
pub async fn assert_kept(cluster: &Cluster, acknowledged: &[Uuid]) {
    let store = cluster.store().await;
    let kept = store.load(&Store::system()).await.expect("a load").records;
    let kept: HashSet<Uuid> = kept.corrections.iter().map(|c| c.correction_id).collect();
    let lost: Vec<_> = acknowledged.iter().filter(|id| !kept.contains(id)).collect();
    assert!(lost.is_empty(), "lost: {lost:?}");
    assert_whole(&store).await;
    store.close().await;
}

/// A running `gridpin serve`, killed at the latest with the test.
pub struct Server {
    pub child: std::process::Child,
    pub port: u16,
}

/// A port that nobody listens at.
fn free_port() -> u16 {
    let free = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    free.local_addr().expect("an address").port()
}

impl Server {
    pub async fn start(cluster: &Cluster) -> Server {
        Server::start_at(cluster, free_port()).await
    }

    /// At a port that may be another server's that was killed.
    pub async fn start_at(cluster: &Cluster, port: u16) -> Server {
        let more: Vec<_> = cluster.environment.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        Server::run(port, &cluster.url("database-url"), &more, None).await
    }

    /// On any database, with this besides in its environment; what it says goes to a file, where one is named.
    pub async fn start_on(database: &str, more: &[(&str, &str)], log: &Path) -> Server {
        Server::run(free_port(), database, more, Some(log)).await
    }

    async fn run(port: u16, database: &str, more: &[(&str, &str)], log: Option<&Path>) -> Server {
        let out = || match log {
            Some(log) => std::fs::OpenOptions::new().append(true).create(true).open(log).expect("a log").into(),
            None => Stdio::null(),
        };
        let child = Command::new(env!("CARGO_BIN_EXE_gridpin"))
            .args(["serve", "--bind", &format!("127.0.0.1:{port}")])
            .env("GRIDPIN_DATABASE", database)
            .envs(more.iter().copied())
            .stdout(out())
            .stderr(out())
            .spawn()
            .expect("gridpin runs");
        let start = Instant::now();
        while !matches!(ask(port, "GET", "/readyz", "", "").await, Ok((200, _))) {
            assert!(start.elapsed() < Duration::from_secs(120), "the service is not ready");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        Server { child, port }
    }

    pub async fn sign_in(&self, name: &str) -> String {
        sign_in(self.port, name).await.expect("a session")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
