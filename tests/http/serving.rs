//! A service over a town of its own: village V with the grids V01 and V02, an account for each role, and requests that go
//! through the whole router.

#![allow(dead_code)]

use crate::database::*;
use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, Method, Request, StatusCode, header};
use clap::Parser;
use gridpin::config::Serve;
use gridpin::domain::*;
use gridpin::http::{App, router, serve::start};
use gridpin::store::NewAccount;
use serde_json::Value;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tower::ServiceExt;

/// So long at most: what is promised where that is measured (GRIDPIN_TIMED=1, with the machine for itself), and beside
/// other tests and compilers long enough that only what never comes about fails.
pub fn at_most(promised: Duration) -> Duration {
    if std::env::var("GRIDPIN_TIMED").is_ok() { promised } else { promised * 5 + Duration::from_secs(25) }
}

/// The password of every account.
pub const PASSWORD: &str = "correct horse battery";

/// Accounts: name, role, ground.
pub const ACCOUNTS: [(&str, Role, Option<&str>); 9] = [
    ("collector", Role::Collector, Some("V01")),
    ("collector2", Role::Collector, Some("V01")),
    ("neighbour", Role::Collector, Some("V02")),
    ("reviewer", Role::Reviewer, Some("V")),
    ("department", Role::Department, Some("V")),
    ("police", Role::Police, Some("V01")),
    ("leader", Role::Leader, Some("V")),
    ("chief", Role::Steward, None),
    ("collector-all", Role::Collector, None),
];

#[derive(Parser)]
struct Command {
    #[command(flatten)]
    serve: Serve,
}

/// Settings as `gridpin serve` has them with these arguments.
pub fn settings(database: &str, more: &[&str]) -> Serve {
    Command::parse_from(["gridpin", "--database", database].iter().chain(more)).serve
}

/// A service with its database.
pub struct Town {
    /// What the handlers share.
    pub app: Arc<App>,
    router: Router,
    end: watch::Sender<bool>,
    /// The database; last, so that it is dropped last.
    pub database: Arc<Database>,
}

/// An answer.
#[derive(Debug)]
pub struct Reply {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

impl Reply {
    /// The body as JSON; null when there is none.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or(Value::Null)
    }

    /// A header as text.
    pub fn header(&self, name: impl header::AsHeaderName) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or("")
    }

    /// The kind of problem that it says.
    pub fn problem(&self) -> String {
        assert_eq!(self.header(header::CONTENT_TYPE), "application/problem+json", "{}", self.text());
        let json = self.json();
        assert_eq!(json["status"], self.status.as_u16());
        for field in ["title", "title_zh", "detail", "detail_zh"] {
            assert!(json[field].as_str().is_some_and(|text| !text.is_empty()), "{field} of {json}");
        }
        json["type"].as_str().and_then(|kind| kind.strip_prefix("urn:gridpin:problem:")).expect("a type").to_owned()
    }

    /// The fields that are wrong.
    pub fn fields(&self) -> Vec<String> {
        let errors = self.json()["errors"].as_array().cloned().unwrap_or_default();
        errors.iter().map(|error| error["field"].as_str().unwrap_or("").to_owned()).collect()
    }

    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

impl Town {
    /// Opens a town, or says why not. A1 and A2 stand in V01, B1 in V02; M1 says V01 and stands in V02. R1 is a rental at
    /// A1 with hazard Z1, R2 one at B1, never inspected.
    pub async fn open(what: &str) -> Option<Town> {
        Town::open_with(what, Vec::new(), Vec::new()).await
    }

    /// The same with further addresses and buildings.
    pub async fn open_with(what: &str, addresses: Vec<Address>, buildings: Vec<Building>) -> Option<Town> {
        let database = small_town(what).await?;
        let store = &database.store;
        import(store, vec![address("M1", Some("V01"), 120.0125, 28.005)]).await.expect("addresses");
        if !addresses.is_empty() {
            import(store, buildings).await.expect("buildings");
            import(store, addresses).await.expect("addresses");
        }
        let rental = |id: &str, address: &str| Rental {
            id: id.into(),
            address: Some(address.into()),
            registered_on: None,
            space: RentalSpace::Residential,
            rooms: Some(3),
            occupants: Some(5),
            status: RentalStatus::Active,
            version: 1,
        };
        import(store, vec![rental("R1", "A1"), rental("R2", "B1")]).await.expect("rentals");
        let hazard = Hazard {
            id: "Z1".into(),
            address: "A1".into(),
            rental: Some("R1".into()),
            item: CheckItem::Wiring,
            severity: HazardSeverity::Serious,
            state: HazardState::Open,
            found_at: "2026-05-01T02:00:00Z".parse().expect("a time"),
            found_by: "police".into(),
            due_on: Some("2026-05-20".parse().expect("a day")),
            closed_at: None,
            closed_by: None,
            version: 1,
        };
        import(store, vec![hazard]).await.expect("hazards");
        let mut session = store.begin(&steward()).await.expect("a session");
        for (name, role, ground) in ACCOUNTS {
            let scope = ground.map_or(Scope::All, |code| Scope::Grid(code.into()));
            let new = NewAccount { name: name.into(), role, scope, password: PASSWORD.into() };
            session.add_account(&new).await.expect("an account");
        }
        session.commit().await.expect("a commit");
        // Tests ask faster than people: the pace has a test of its own.
        let town = Town::over(database, &["--rate-limit", "0"]).await;
        tokio::spawn(town.app.checker.clone().run(town.end.subscribe()));
        town.app.checker.settle().await;
        Some(town)
    }

    /// A service over a database, with these arguments, that neither checks nor follows yet.
    pub async fn over(database: Database, more: &[&str]) -> Town {
        Town::of(Arc::new(database), more).await
    }

    /// Another process over the same database.
    pub async fn beside(town: &Town, more: &[&str]) -> Town {
        Town::of(town.database.clone(), more).await
    }

    async fn of(database: Arc<Database>, more: &[&str]) -> Town {
        let (end, stop) = watch::channel(false);
        let app = start(settings(&database.owner_url(), more), stop).await.expect("a service");
        let app = Arc::new(app);
        Town { router: router(app.clone()), app, end, database }
    }

    /// Follows the feed in the background, as the service does.
    pub fn follow(&self) {
        tokio::spawn(self.app.follow.clone().run(self.end.subscribe()));
    }

    /// Hears when the service stops.
    pub fn stop(&self) -> watch::Receiver<bool> {
        self.end.subscribe()
    }

    /// Stops what runs in the background.
    pub fn end(&self) {
        let _ = self.end.send(true);
    }

    /// Any request.
    pub async fn send(&self, request: Request<Body>) -> Reply {
        let response = self.router.clone().oneshot(request).await.expect("infallible");
        let (parts, body) = response.into_parts();
        let body = axum::body::to_bytes(body, usize::MAX).await.expect("a body").to_vec();
        Reply { status: parts.status, headers: parts.headers, body }
    }

    /// An answer whose body goes on.
    pub async fn stream(&self, path: &str, cookie: &str) -> axum::response::Response {
        self.answer(request(Method::GET, path, cookie, None)).await
    }

    /// An answer whose body nobody has read yet.
    pub async fn answer(&self, request: Request<Body>) -> axum::response::Response {
        self.router.clone().oneshot(request).await.expect("infallible")
    }

    /// A request with a JSON body.
    pub async fn call(&self, method: Method, path: &str, cookie: &str, body: Option<Value>) -> Reply {
        self.send(request(method, path, cookie, body)).await
    }

    /// Reads.
    pub async fn get(&self, path: &str, cookie: &str) -> Reply {
        self.call(Method::GET, path, cookie, None).await
    }

    /// Reads what must be there.
    pub async fn json(&self, path: &str, cookie: &str) -> Value {
        let reply = self.get(path, cookie).await;
        assert_eq!(reply.status, StatusCode::OK, "{path}: {}", reply.text());
        reply.json()
    }

    /// Writes.
    pub async fn post(&self, path: &str, cookie: &str, body: Value) -> Reply {
        self.call(Method::POST, path, cookie, Some(body)).await
    }

    /// A request of a program with an API token.
    pub async fn bearer(&self, method: Method, path: &str, token: &str, body: Option<Value>) -> Reply {
        let mut request = request(method, path, "", body);
        let shown = HeaderValue::from_str(&format!("Bearer {token}")).expect("a header");
        request.headers_mut().insert(header::AUTHORIZATION, shown);
        self.send(request).await
    }

    /// Signs in and answers the cookie.
    pub async fn sign_in(&self, name: &str) -> String {
        let reply = self.post("/api/session", "", serde_json::json!({ "name": name, "password": PASSWORD })).await;
        assert_eq!(reply.status, StatusCode::NO_CONTENT, "{name}: {}", reply.text());
        let cookie = reply.header(header::SET_COOKIE).split(';').next().unwrap_or("").to_owned();
        assert!(cookie.starts_with("gridpin_session="), "{cookie}");
        cookie
    }
}

impl Drop for Town {
    fn drop(&mut self) {
        let _ = self.end.send(true);
    }
}

/// A request as the web client sends it.
pub fn request(method: Method, path: &str, cookie: &str, body: Option<Value>) -> Request<Body> {
    let mut request = Request::builder().method(method).uri(path).header(header::HOST, "town.test");
    if !cookie.is_empty() {
        request = request.header(header::COOKIE, cookie);
    }
    match body {
        Some(body) => request
            .header(header::CONTENT_TYPE, "application/json")
            .header(header::ORIGIN, "http://town.test")
            .body(Body::from(body.to_string()))
            .expect("a request"),
        None => request.body(Body::empty()).expect("a request"),
    }
}

/// The tile of a place.
pub fn tile_of(z: u32, lon: f64, lat: f64) -> String {
    let n = f64::from(1 << z);
    let y = (1.0 - lat.to_radians().tan().asinh() / std::f64::consts::PI) / 2.0;
    format!("{z}/{}/{}.mvt", ((lon + 180.0) / 360.0 * n) as u32, (y * n) as u32)
}

/// So many addresses in a square of V01, no two at one place.
pub fn crowd(count: u32) -> Vec<Address> {
    let at = |n: u32| (120.0001 + f64::from(n % 60) * 1.5e-4, 28.0001 + f64::from(n / 60) * 1.5e-4);
    (0..count).map(|n| address(&format!("C{n:04}"), Some("V01"), at(n).0, at(n).1)).collect()
}
