//! Promise: while the database is away, reading goes on and says so, writing is refused, and nothing is missed after.

use crate::serving::*;
use axum::http::StatusCode;
use serde_json::json;
use std::time::{Duration, Instant};
use uuid::Uuid;

#[tokio::test]
async fn reads_go_on_without_the_database() {
    let Some(town) = Town::open("an outage of the database").await else { return };
    town.follow();
    // Straight after signing in: the session is known without having been used.
    let cookie = town.sign_in("reviewer").await;
    assert_eq!(town.json("/readyz", "").await["status"], "ok");
    let name = town.database.superuser_reads("select current_database()::text").await;

    let admin = town.database.admin_url();
    crate::database::run(&admin, &format!("alter database {name} allow_connections false")).await;
    let cut = format!("select pg_terminate_backend(pid) from pg_stat_activity where datname = '{name}'");
    crate::database::run(&admin, &cut).await;

    for path in
        ["/api/me", "/api/flags", "/api/addresses/A1", "/api/grids", "/api/indicators", "/api/rules", "/api/config"]
    {
        let reply = town.get(path, &cookie).await;
        assert_eq!(reply.status, StatusCode::OK, "{path}: {}", reply.text());
    }
    let body = json!({ "correction_id": Uuid::new_v4(), "address_id": "A1", "base_version": 1, "change": { "kind": "confirm" } });
    let reply = town.post("/api/corrections", &cookie, body.clone()).await;
    assert_eq!((reply.status, reply.problem().as_str()), (StatusCode::SERVICE_UNAVAILABLE, "unavailable"));
    assert!(!reply.header("retry-after").is_empty());
    assert!(!reply.text().contains("postgres"), "no inside of the service in {}", reply.text());
    let ready = town.get("/readyz", "").await;
    assert_eq!((ready.status, ready.json()["status"].clone()), (StatusCode::OK, json!("degraded")));
    assert_eq!(town.get("/healthz", "").await.status, StatusCode::OK);

    // What is read says that it is of then, once that is some seconds ago.
    let cut_off = Instant::now();
    loop {
        let reply = town.get("/api/addresses/A1", &cookie).await;
        assert_eq!(reply.status, StatusCode::OK, "{}", reply.text());
        if reply.header("gridpin-stale").parse::<u64>().is_ok_and(|stale_s| stale_s >= 8) {
            break;
        }
        assert!(cut_off.elapsed() < at_most(Duration::from_secs(12)), "no read says that the database is away");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }

    crate::database::run(&admin, &format!("alter database {name} allow_connections true")).await;
    let started = Instant::now();
    loop {
        let reply = town.post("/api/corrections", &cookie, body.clone()).await;
        if reply.status == StatusCode::CREATED {
            break;
        }
        assert!(started.elapsed() < at_most(Duration::from_secs(10)), "{}", reply.text());
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert_eq!(town.json("/api/addresses/A1", &cookie).await["version"], 2);
    while town.json("/readyz", "").await["status"] != "ok" {
        assert!(started.elapsed() < at_most(Duration::from_secs(10)), "the feed does not come back");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert_eq!(town.get("/api/addresses/A1", &cookie).await.header("gridpin-stale"), "");
}

#[tokio::test]
async fn what_others_write_arrives_by_the_feed() {
    let Some(town) = Town::open("the feed").await else { return };
    town.follow();
    let cookie = town.sign_in("chief").await;
    let started = Instant::now();
    crate::database::import(&town.database.store, vec![crate::database::address("N1", Some("V01"), 120.003, 28.004)])
        .await
        .expect("an import");
    while town.get("/api/addresses/N1", &cookie).await.status != StatusCode::OK {
        assert!(started.elapsed() < at_most(Duration::from_secs(5)), "it does not arrive");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
