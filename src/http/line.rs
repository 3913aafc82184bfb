//! Connections: HTTP/1.1 over TCP, bounded in number and in patience. A slow reader or writer holds nothing but its own
//! connection, and not for ever.

use axum::Router;
use axum::extract::{ConnectInfo, Request};
use hyper::body::Incoming;
use hyper::server::conn::http1::Builder;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use socket2::SockRef;
use std::io::ErrorKind;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tower::Service;

/// The most connections, where the system allows so many open files.
const CONNECTIONS: usize = 8192;
/// Waits so long when the system has no room for another connection.
const PAUSE: Duration = Duration::from_millis(200);

/// What a connection may take.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Connections at once; further ones wait to be accepted.
    pub connections: usize,
    /// The longest that a connection may be idle, or take for the head of a request.
    pub head: Duration,
    /// The longest that a reader may take nothing of what is sent.
    pub stall: Duration,
}

impl Default for Limits {
    fn default() -> Limits {
        // Half of the open files are for the database, and for what nobody thought of.
        let connections = open_files().map_or(CONNECTIONS, |files| (files / 2).min(CONNECTIONS));
        Limits { connections, head: Duration::from_secs(75), stall: Duration::from_secs(30) }
    }
}

/// How many files this process may have open, as Linux says.
fn open_files() -> Option<usize> {
    let limits = std::fs::read_to_string("/proc/self/limits").ok()?;
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files"))?;
    line.split_whitespace().next()?.parse().ok()
}

/// Answers what comes to `listener` until `until`, and then what is under way.
pub async fn answer(listener: TcpListener, router: Router, limits: Limits, until: impl Future<Output = ()>) {
    let mut http = Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(limits.head);
    let (places, open) = (Arc::new(Semaphore::new(limits.connections)), GracefulShutdown::new());
    let mut until = std::pin::pin!(until);
    loop {
        let next = async {
            let place = places.clone().acquire_owned().await;
            (listener.accept().await, place)
        };
        let ((tcp, peer), place) = tokio::select! {
            biased;
            () = &mut until => break,
            next = next => match next {
                (Ok(connection), place) => (connection, place),
                (Err(error), _) => {
                    pause(error).await;
                    continue;
                }
            },
        };
        let router = router.clone();
        let service = service_fn(move |mut request: Request<Incoming>| {
            request.extensions_mut().insert(ConnectInfo(peer));
            router.clone().call(request)
        });
        prepare(&tcp, limits.stall);
        let connection = open.watch(http.serve_connection(TokioIo::new(tcp), service));
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(%error, %peer, "a connection ended");
            }
            drop(place);
        });
    }
    drop(listener);
    open.shutdown().await;
}

/// Small answers leave at once, and the system closes a connection whose other end takes nothing for too long.
fn prepare(tcp: &TcpStream, stall: Duration) {
    let set = tcp.set_nodelay(true).and_then(|()| SockRef::from(tcp).set_tcp_user_timeout(Some(stall)));
    if let Err(error) = set {
        tracing::debug!(%error, "a connection could not be prepared");
    }
}

/// After a connection that failed before it was accepted the next one is looked at; where the system has no room, later.
async fn pause(error: std::io::Error) {
    use ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    if !matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset) {
        tracing::warn!(%error, "no connection can be accepted just now");
        tokio::time::sleep(PAUSE).await;
    }
}
