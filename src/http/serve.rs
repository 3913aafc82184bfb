//! From the command line to a service that answers, and to its end in good order.

use super::line::{self, Limits};
use super::{App, Checker, Follow, router};
use crate::city::Live;
use crate::config::Serve;
use crate::error::{Error, Result, Text};
use crate::store::Store;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::net::TcpListener;
use tokio::sync::watch;

/// The longest that answers under way are waited for at the end.
const FAREWELL: Duration = Duration::from_secs(10);

/// Serves until the process is told to stop. `ready` hears the address once requests are answered.
///
/// # Errors
/// `Invalid` when the address is taken or not this machine's, `Unavailable` when the database is away or not migrated.
pub async fn serve(
    config: Serve,
    ready: impl FnOnce(SocketAddr),
    until: impl Future<Output = ()> + Send + 'static,
) -> Result<()> {
    // First, so that a taken port is told at once.
    let listener = TcpListener::bind(config.bind).await.map_err(|error| cannot_listen(config.bind, &error))?;
    let address = listener.local_addr().map_err(|error| cannot_listen(config.bind, &error))?;
    let (end, stop) = watch::channel(false);
    let app = Arc::new(start(config, stop.clone()).await?);
    let follow = tokio::spawn(app.follow.clone().run(stop.clone()));
    let checker = tokio::spawn(app.checker.clone().run(stop.clone()));
    let server = line::answer(listener, router(app.clone()), Limits::default(), async move {
        until.await;
        tracing::info!("stopping");
        let _ = end.send(true);
    });
    ready(address);
    let mut stop = stop;
    tokio::select! {
        () = server => {}
        () = async {
            let _ = stop.wait_for(|stop| *stop).await;
            tokio::time::sleep(FAREWELL).await;
        } => tracing::warn!("some connections did not end; leaving them"),
    }
    let _ = follow.await;
    // A check of everything that still runs is given up: its outcome would not be written any more.
    let _ = tokio::time::timeout(FAREWELL, checker).await;
    app.store.close().await;
    Ok(())
}

/// Connects, and reads the city with the flags that were found before; nothing is checked yet.
///
/// # Errors
/// `Unavailable` when the database is away or not migrated.
pub async fn start(config: Serve, stop: watch::Receiver<bool>) -> Result<App> {
    let began = Instant::now();
    let provider = super::oidc::Provider::new(&config.identity)?;
    let store = Store::connect(&config.database).await.map_err(no_database)?;
    let (city, cursor) = super::follow::load(&store).await.map_err(no_database)?;
    let kept = store.checking().await.map_err(no_database)?;
    tracing::info!(
        addresses = city.records.addresses.len(),
        flags = city.flags.len(),
        took_ms = began.elapsed().as_millis() as u64,
        "the city is loaded"
    );
    let live = Arc::new(Live::new(city));
    let follow = Arc::new(Follow::new(store.clone(), live.clone(), cursor));
    let checker = Arc::new(Checker::new(store.clone(), live.clone(), follow.clone(), config.check, kept));
    let mut app = App::new(store, live, follow, checker, config, stop);
    app.provider = provider;
    app.demo = is_demo(&app.store).await;
    Ok(app)
}

/// Whether the demo's public account is there: then the sign-in page may say so.
async fn is_demo(store: &Store) -> bool {
    store.authenticate("collector", "demo").await.is_ok()
}

fn cannot_listen(bind: SocketAddr, error: &std::io::Error) -> Error {
    let (zh, en) = match error.kind() {
        std::io::ErrorKind::AddrInUse => ("该端口已被其他程序占用", "another program listens there already"),
        std::io::ErrorKind::PermissionDenied => ("没有权限使用该端口", "this port is not allowed to this user"),
        std::io::ErrorKind::AddrNotAvailable => ("本机没有这个地址", "this machine has no such address"),
        _ => ("无法监听该地址", "cannot listen there"),
    };
    let remedy = Text::new(
        "换一个端口:--bind 127.0.0.1:8081(make run 时用 PORT=8081),或先停止占用它的程序",
        "take another port: --bind 127.0.0.1:8081 (with make run: PORT=8081), or stop the program that has it",
    );
    Error::invalid("", "--bind", bind.to_string(), Text::new(zh, format!("{en} ({error})")), remedy)
}

/// The error with what to do about it.
fn no_database(error: Error) -> Error {
    match error {
        Error::Unavailable(why) => Error::Unavailable(format!(
            "{why}\n  -> is the database running, and is --database (GRIDPIN_DATABASE) its URL? a new database needs \
             `gridpin migrate` first; `gridpin doctor` looks closer\n  -> \
             数据库是否已启动,--database(GRIDPIN_DATABASE)是否为它的地址?新数据库请先运行 gridpin migrate;\
             gridpin doctor 可进一步检查"
        )),
        other => other,
    }
}
