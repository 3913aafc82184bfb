//! A database of its own for a test, made from a template with all migrations and dropped at the end.
//!
//! `make test` starts a private cluster and names its superuser in `GRIDPIN_TEST_DATABASE`; without that the tests that
//! need a database say so and do nothing. They reach the records only through the application's role, as requests do.

#![allow(dead_code)]

use gridpin::domain::*;
use gridpin::store::{ImportOptions, ImportSummary, Incoming, Store};
use sha2::{Digest, Sha256};
use sqlx::{AssertSqlSafe, Connection, PgConnection};

/// A test's own database.
pub struct Database {
    /// The superuser's URL of the cluster.
    admin: String,
    /// Its name.
    name: String,
    /// The application's view of it.
    pub store: Store,
}

impl Database {
    /// Makes one, or says why not.
    pub async fn make(what: &str) -> Option<Database> {
        let Ok(admin) = std::env::var("GRIDPIN_TEST_DATABASE") else {
            println!("SKIPPED (no GRIDPIN_TEST_DATABASE): {what}");
            return None;
        };
        let template = template(&admin).await;
        let name = format!("gridpin_test_{}", uuid::Uuid::new_v4().simple());
        run(&admin, &format!("create database {name} template {template} owner gridpin_owner")).await;
        let store = Store::connect(&url_of(&admin, &name)).await.expect("the test database answers");
        Some(Database { admin, name, store })
    }

    /// The superuser's URL of this database.
    pub fn owner_url(&self) -> String {
        url_of(&self.admin, &self.name)
    }

    /// The superuser's URL of the cluster.
    pub fn admin_url(&self) -> String {
        self.admin.clone()
    }

    /// Runs SQL as the superuser: what no request can do.
    pub async fn as_superuser(&self, sql: &str) {
        run(&self.owner_url(), sql).await;
    }

    /// One text as the superuser sees it.
    pub async fn superuser_reads(&self, sql: &str) -> String {
        let mut connection = PgConnection::connect(&self.owner_url()).await.expect("the test database answers");
        let text: (Option<String>,) =
            sqlx::query_as(AssertSqlSafe(sql.to_owned())).fetch_one(&mut connection).await.expect("a row");
        text.0.unwrap_or_default()
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        let (admin, name) = (self.admin.clone(), self.name.clone());
        let work = move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
            runtime.block_on(run(&admin, &format!("drop database if exists {name} with (force)")));
        };
        let _ = std::thread::spawn(work).join();
    }
}

fn url_of(admin: &str, database: &str) -> String {
    let (base, _) = admin.rsplit_once('/').expect("a URL with a database");
    format!("{base}/{database}")
}

/// Runs SQL at a URL.
pub async fn run(url: &str, sql: &str) {
    let mut connection = PgConnection::connect(url).await.expect("the test cluster answers");
    sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(&mut connection).await.expect(sql);
}

/// A database with this version's migrations, made once for all test processes.
async fn template(admin: &str) -> String {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("data/migration");
    let mut files: Vec<_> =
        std::fs::read_dir(folder).expect("data/migration").map(|f| f.expect("a file").path()).collect();
    files.sort();
    let mut hash = Sha256::new();
    files.iter().for_each(|file| hash.update(std::fs::read(file).expect("a readable migration")));
    let name = format!("gridpin_template_{}", &hex::encode(hash.finalize())[..12]);

    let mut connection = PgConnection::connect(admin).await.expect("the test cluster answers");
    sqlx::query("select pg_advisory_lock(4711)").execute(&mut connection).await.expect("a lock");
    let known: (bool,) = sqlx::query_as("select exists (select from pg_database where datname = $1)")
        .bind(&name)
        .fetch_one(&mut connection)
        .await
        .expect("a row");
    if !known.0 {
        let draft = format!("{name}_draft");
        run(admin, &format!("drop database if exists {draft} with (force)")).await;
        run(admin, &format!("create database {draft}")).await;
        gridpin::store::migrate(&url_of(admin, &draft)).await.expect("migrations run");
        run(admin, &format!("alter database {draft} rename to {name}")).await;
    }
    sqlx::query("select pg_advisory_unlock(4711)").execute(&mut connection).await.expect("an unlock");
    name
}

/// An actor.
pub fn actor(name: &str, role: Role, grid: Option<&str>) -> Actor {
    Actor { name: name.into(), role, scope: grid.map_or(Scope::All, |code| Scope::Grid(code.into())) }
}

/// A steward of everything.
pub fn steward() -> Actor {
    actor("steward", Role::Steward, None)
}

/// A square of `size` degrees with its lower left corner at `lon`, `lat`.
pub fn square(lon: f64, lat: f64, size: f64) -> geo::MultiPolygon<f64> {
    let rect = geo::Rect::new((lon, lat), (lon + size, lat + size));
    geo::MultiPolygon(vec![rect.to_polygon()])
}

/// A grid.
pub fn grid(code: &str, level: GridLevel, parent: Option<&str>, polygon: geo::MultiPolygon<f64>) -> Grid {
    Grid {
        code: code.into(),
        level,
        name: format!("网格{code}"),
        parent: parent.map(GridCode::from),
        polygon: polygon.into(),
        valid_from: None,
        valid_to: None,
        version: 1,
    }
}

/// A village V with the grids V01 (west) and V02 (east), side by side.
pub fn village() -> Vec<Grid> {
    vec![
        grid("V01", GridLevel::Grid, Some("V"), square(120.0, 28.0, 0.01)),
        grid("V02", GridLevel::Grid, Some("V"), square(120.01, 28.0, 0.01)),
        grid("V", GridLevel::Village, None, square(120.0, 28.0, 0.02)),
    ]
}

/// An address with a pin.
pub fn address(id: &str, grid: Option<&str>, lon: f64, lat: f64) -> Address {
    Address {
        id: id.into(),
        full_text: format!("丽阳街{id}号"),
        parts: Parts { road: "丽阳街".into(), house_number: format!("{id}号").into(), ..Parts::default() },
        grid: grid.map(GridCode::from),
        pin: Some(Position {
            kind: PositionKind::Door,
            at: LonLat::new(lon, lat),
            method: PositionMethod::Phone,
            accuracy_m: Some(7.5),
            collected_at: Some("2026-03-04T05:06:07.890123Z".parse().expect("a time")),
            collector: Some("W017".into()),
        }),
        batch: Some("P001".into()),
        version: 1,
        ..Address::default()
    }
}

/// Imports records as they are, numbered from 1.
pub async fn import<T: gridpin::store::import::Importable>(
    store: &Store,
    records: Vec<T>,
) -> gridpin::error::Result<ImportSummary> {
    import_with(store, ImportOptions { batch: "test".into(), file: "test".into(), ..Default::default() }, records).await
}

/// Imports records with options.
pub async fn import_with<T: gridpin::store::import::Importable>(
    store: &Store,
    options: ImportOptions,
    records: Vec<T>,
) -> gridpin::error::Result<ImportSummary> {
    let rows = records.into_iter().enumerate().map(|(i, record)| Ok(Incoming::Record(i as u64 + 1, record)));
    store.import(&steward(), &options, rows).await
}

/// A store with the village and the addresses A1, A2 (in V01) and B1 (in V02).
pub async fn small_town(what: &str) -> Option<Database> {
    let database = Database::make(what).await?;
    import(&database.store, village()).await.expect("grids");
    let addresses = vec![
        address("A1", Some("V01"), 120.001, 28.001),
        address("A2", Some("V01"), 120.002, 28.002),
        address("B1", Some("V02"), 120.015, 28.005),
    ];
    import(&database.store, addresses).await.expect("addresses");
    Some(database)
}
