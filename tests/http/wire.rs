//! A service on a real socket of loopback, and a client that sees every byte.

use crate::serving::*;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use gridpin::http::line::{Limits, answer};
use gridpin::http::router;
use std::net::SocketAddr;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket, TcpStream};

/// Serves a town on a socket until the test ends.
pub async fn listen(town: &Town, limits: Limits) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(answer(listener, router(town.app.clone()), limits, std::future::pending()));
    address
}

/// One connection, on which requests follow one another.
pub struct Wire {
    pub tcp: TcpStream,
    rest: Vec<u8>,
}

impl Wire {
    pub async fn open(to: SocketAddr) -> Wire {
        Wire { tcp: TcpStream::connect(to).await.expect("a connection"), rest: Vec::new() }
    }

    /// A connection whose own system keeps little: what it doesn't read, the server notices soon.
    pub async fn narrow(to: SocketAddr) -> Wire {
        let socket = TcpSocket::new_v4().expect("a socket");
        socket.set_recv_buffer_size(4096).expect("a small buffer");
        Wire { tcp: socket.connect(to).await.expect("a connection"), rest: Vec::new() }
    }

    /// Sends a request without waiting for anything.
    pub async fn send(&mut self, method: &str, path: &str, cookie: &str, more: &[(&str, &str)]) {
        let mut head = format!("{method} {path} HTTP/1.1\r\nhost: town.test\r\ncookie: {cookie}\r\n");
        for (name, value) in more {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        head.push_str("\r\n");
        self.tcp.write_all(head.as_bytes()).await.expect("sent");
    }

    /// Reads an answer to its end.
    pub async fn read(&mut self, method: &str) -> Reply {
        let end = loop {
            if let Some(end) = self.rest.windows(4).position(|w| w == b"\r\n\r\n") {
                break end + 4;
            }
            assert!(self.more().await, "the connection ended in a head");
        };
        let head = String::from_utf8(self.rest.drain(..end).collect()).expect("a head of text");
        let mut lines = head.trim_end().split("\r\n");
        let status = lines.next().and_then(|line| line.split(' ').nth(1)).and_then(|code| code.parse::<u16>().ok());
        let status = StatusCode::from_u16(status.expect("a status")).expect("a status");
        let mut headers = HeaderMap::new();
        for (name, value) in lines.filter_map(|line| line.split_once(": ")) {
            let name: HeaderName = name.parse().expect("a name");
            headers.append(name, HeaderValue::from_str(value).expect("a value"));
        }
        let bodiless = method == "HEAD" || status == StatusCode::NOT_MODIFIED || status == StatusCode::NO_CONTENT;
        let length =
            headers.get("content-length").map(|l| l.to_str().expect("text").parse::<usize>().expect("a number"));
        let length = if bodiless { 0 } else { length.expect("a length") };
        while self.rest.len() < length {
            assert!(self.more().await, "the connection ended in a body");
        }
        Reply { status, headers, body: self.rest.drain(..length).collect() }
    }

    /// A request and its answer.
    pub async fn ask(&mut self, method: &str, path: &str, cookie: &str, more: &[(&str, &str)]) -> Reply {
        self.send(method, path, cookie, more).await;
        self.read(method).await
    }

    async fn more(&mut self) -> bool {
        self.tcp.read_buf(&mut self.rest).await.expect("readable") > 0
    }
}
