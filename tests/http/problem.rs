//! Promise: whatever is wrong with a request is told as a problem with field, value and reason, in two languages.

use crate::serving::*;
use axum::body::Body;
use axum::http::{Method, Request, StatusCode, header};
use serde_json::json;

#[tokio::test]
async fn bad_parameters_are_named() {
    let Some(town) = Town::open("bad parameters").await else { return };
    let cookie = town.sign_in("chief").await;
    for (path, fields) in [
        ("/api/flags?bbox=1,2,3", vec!["bbox"]),
        ("/api/flags?bbox=a,b,c,d&near=1", vec!["bbox", "near"]),
        ("/api/flags?bbox=2,1,1,2", vec!["bbox"]),
        ("/api/flags?near=200,10", vec!["near"]),
        ("/api/flags?near=NaN,10", vec!["near"]),
        ("/api/flags?limit=0", vec!["limit"]),
        ("/api/flags?limit=1001", vec!["limit"]),
        ("/api/flags?limit=-1", vec!["limit"]),
        ("/api/flags?severity=loud", vec!["severity"]),
        ("/api/flags?severity=error,loud", vec!["severity"]),
        ("/api/flags?rule=no_such_rule", vec!["rule"]),
        ("/api/flags?state=closed", vec!["state"]),
        ("/api/flags?cursor=zz", vec!["cursor"]),
        ("/api/flags?grid=NOWHERE", vec!["grid"]),
        ("/api/flags?limit=1&limit=2", vec!["limit"]),
        ("/api/flags?colour=red", vec!["colour"]),
        ("/api/rentals?inspected=maybe&item=roof&severity=huge", vec!["item", "severity", "inspected"]),
        ("/api/hazards?state=gone", vec!["state"]),
        ("/api/indicators?level=planet&day=yesterday", vec!["level", "day"]),
        ("/api/indicators?day=1999-01-01", vec!["day"]),
        ("/api/grids?level=9x", vec!["level"]),
        ("/api/corrections?state=new&cursor=0", vec!["state", "cursor"]),
        ("/api/addresses?limit=x", vec!["limit"]),
    ] {
        let reply = town.get(path, &cookie).await;
        assert_eq!(reply.status, StatusCode::UNPROCESSABLE_ENTITY, "{path}: {}", reply.text());
        assert_eq!(reply.problem(), "invalid", "{path}");
        assert_eq!(reply.fields(), fields, "{path}");
        for error in reply.json()["errors"].as_array().expect("errors") {
            for text in [&error["reason"], &error["remedy"]] {
                assert!(!text["zh"].as_str().unwrap_or("").is_empty(), "{path}: {error}");
                assert!(!text["en"].as_str().unwrap_or("").is_empty(), "{path}: {error}");
            }
        }
    }
}

#[tokio::test]
async fn bad_bodies_are_told() {
    let Some(town) = Town::open("bad bodies").await else { return };
    let cookie = town.sign_in("collector").await;
    let raw = |kind: &str, body: &str| {
        let request = Request::builder().method(Method::POST).uri("/api/corrections").header(header::COOKIE, &cookie);
        request.header(header::CONTENT_TYPE, kind).body(Body::from(body.to_owned())).expect("a request")
    };
    for (kind, body, status, problem) in [
        ("application/json", "", StatusCode::BAD_REQUEST, "unreadable"),
        ("application/json", "{", StatusCode::BAD_REQUEST, "unreadable"),
        ("application/json", "{} {}", StatusCode::UNPROCESSABLE_ENTITY, "invalid"),
        ("application/json", "[]", StatusCode::UNPROCESSABLE_ENTITY, "invalid"),
        ("application/json", "{\"correction_id\":\"x\"}", StatusCode::UNPROCESSABLE_ENTITY, "invalid"),
        ("text/plain", "{}", StatusCode::UNSUPPORTED_MEDIA_TYPE, "media-type"),
        ("application/x-www-form-urlencoded", "a=1", StatusCode::UNSUPPORTED_MEDIA_TYPE, "media-type"),
    ] {
        let reply = town.send(raw(kind, body)).await;
        assert_eq!((reply.status, reply.problem().as_str()), (status, problem), "{kind} {body}: {}", reply.text());
    }
    let reply = town.send(raw("application/json", &format!("\"{}\"", "x".repeat(2_000_000)))).await;
    assert_eq!((reply.status, reply.problem().as_str()), (StatusCode::PAYLOAD_TOO_LARGE, "too-large"));

    let id = uuid::Uuid::new_v4();
    let body = |change: serde_json::Value| json!({ "correction_id": id, "address_id": "A1", "base_version": 1, "change": change });
    for (change, field) in [
        (json!({ "kind": "move", "lon": 120.0 }), "lat"),
        (json!({ "kind": "vanish" }), "change"),
        (json!({ "kind": "demolish", "on": "soon" }), "change"),
    ] {
        let reply = town.post("/api/corrections", &cookie, body(change.clone())).await;
        assert_eq!(reply.status, StatusCode::UNPROCESSABLE_ENTITY, "{change}");
        assert!(reply.fields().iter().any(|named| named.contains(field)), "{change}: {}", reply.text());
    }
}

#[tokio::test]
async fn what_is_not_there_is_a_problem_too() {
    let Some(town) = Town::open("unknown paths and methods").await else { return };
    let cookie = town.sign_in("chief").await;
    for path in ["/api", "/api/nothing", "/api/addresses/none/none", "/tiles", "/events/x", "/style"] {
        let reply = town.get(path, &cookie).await;
        assert_eq!((reply.status, reply.problem().as_str()), (StatusCode::NOT_FOUND, "not-found"), "{path}");
    }
    for path in
        ["/api/addresses/none", "/api/addresses/none/history", "/api/addresses/none/explain", "/api/rentals/none"]
    {
        assert_eq!(town.get(path, &cookie).await.problem(), "not-found", "{path}");
    }
    let reply = town.call(Method::PUT, "/api/flags", &cookie, Some(json!({}))).await;
    assert_eq!((reply.status, reply.problem().as_str()), (StatusCode::METHOD_NOT_ALLOWED, "method"));
    let reply = town.call(Method::POST, "/somewhere", &cookie, Some(json!({}))).await;
    assert_eq!(reply.status, StatusCode::METHOD_NOT_ALLOWED);
    let reply = town.post("/api/corrections/not-a-uuid/review", &cookie, json!({ "verdict": "verified" })).await;
    assert_eq!(reply.problem(), "not-found");
}

#[tokio::test]
async fn other_sites_cannot_write() {
    let Some(town) = Town::open("requests from other sites").await else { return };
    let cookie = town.sign_in("collector").await;
    for (name, value) in
        [("origin", "https://evil.test"), ("sec-fetch-site", "cross-site"), ("sec-fetch-site", "same-site")]
    {
        let mut request = request(Method::DELETE, "/api/session", &cookie, None);
        request.headers_mut().insert(name, value.parse().expect("a header"));
        let reply = town.send(request).await;
        assert_eq!((reply.status, reply.problem().as_str()), (StatusCode::FORBIDDEN, "forbidden"), "{name}: {value}");
    }
    assert_eq!(town.get("/api/me", &cookie).await.status, StatusCode::OK, "still signed in");
}

#[tokio::test]
async fn every_answer_carries_the_shield() {
    let Some(town) = Town::open("security headers").await else { return };
    for path in ["/", "/api/me", "/api/config", "/healthz", "/nowhere.js"] {
        let reply = town.get(path, "").await;
        let policy = reply.header(header::CONTENT_SECURITY_POLICY);
        assert!(policy.contains("default-src 'none'") && !policy.contains("unsafe"), "{path}: {policy}");
        assert_eq!(reply.header(header::X_CONTENT_TYPE_OPTIONS), "nosniff", "{path}");
    }
    assert_eq!(town.get("/api/config", "").await.header(header::CACHE_CONTROL), "private, no-store");
}
