//! Promise: who signs in is known until signing out, guessing is slow, and nobody else gets anything.

use crate::serving::*;
use axum::http::{Method, StatusCode, header};
use serde_json::json;

#[tokio::test]
async fn signing_in_and_out() {
    let Some(town) = Town::open("signing in and out").await else { return };
    let config = town.json("/api/config", "").await;
    assert_eq!((config["demo"].clone(), config["basemap"].clone()), (json!(false), json!(null)));
    assert!(config["title"]["zh"].is_string() && config["revision"].is_number());

    assert_eq!(town.get("/api/me", "").await.problem(), "unauthenticated");
    let reply = town.post("/api/session", "", json!({ "name": "collector", "password": PASSWORD })).await;
    assert_eq!(reply.status, StatusCode::NO_CONTENT);
    let cookie = reply.header(header::SET_COOKIE).to_owned();
    for part in ["HttpOnly", "SameSite=Strict", "Path=/", "Max-Age="] {
        assert!(cookie.contains(part), "{part} is missing in {cookie}");
    }
    assert!(!cookie.contains("Secure"), "without TLS a browser would not keep it");

    let cookie = town.sign_in("collector").await;
    let me = town.json("/api/me", &cookie).await;
    assert_eq!(me["name"], "collector");
    assert_eq!(me["role"], "collector");
    assert_eq!(me["scope"], json!({ "grid": "V01", "name": "网格V01", "level": "grid" }));
    assert_eq!(me["bbox"], json!([120.0, 28.0, 120.01, 28.01]));

    let other = town.sign_in("chief").await;
    assert_eq!(town.json("/api/me", &other).await["scope"]["grid"], json!(null));

    let reply = town.call(Method::DELETE, "/api/session", &cookie, None).await;
    assert_eq!(reply.status, StatusCode::NO_CONTENT);
    assert!(reply.header(header::SET_COOKIE).contains("Max-Age=0"));
    assert_eq!(
        town.get("/api/me", &cookie).await.status,
        StatusCode::UNAUTHORIZED,
        "the session ended on the server too"
    );
    assert_eq!(town.get("/api/me", &other).await.status, StatusCode::OK, "another session goes on");
}

#[tokio::test]
async fn a_wrong_password_and_an_unknown_name_answer_alike_and_slowly() {
    let Some(town) = Town::open("wrong passwords").await else { return };
    let attempt = async |name: &str, password: &str| {
        town.post("/api/session", "", json!({ "name": name, "password": password })).await
    };
    let (wrong, unknown) = (attempt("collector", "wrong").await, attempt("nobody", "wrong").await);
    assert_eq!((wrong.status, wrong.problem()), (StatusCode::UNAUTHORIZED, "wrong-password".into()));
    assert_eq!(wrong.body, unknown.body);
    assert!(wrong.headers.get(header::SET_COOKIE).is_none());

    let mut last = wrong;
    for _ in 0..6 {
        last = attempt("collector", "wrong").await;
    }
    assert_eq!((last.status, last.problem()), (StatusCode::TOO_MANY_REQUESTS, "too-many".into()));
    assert!(last.header(header::RETRY_AFTER).parse::<u64>().is_ok_and(|s| s >= 1));
    assert_eq!(attempt("police", PASSWORD).await.status, StatusCode::NO_CONTENT, "another account is not held up");

    for (body, field) in [(json!({}), "name"), (json!({ "name": "", "password": "x" }), "name")] {
        let reply = town.post("/api/session", "", body).await;
        assert_eq!((reply.status, reply.fields()), (StatusCode::UNPROCESSABLE_ENTITY, vec![field.to_owned()]));
    }
}

#[tokio::test]
async fn behind_tls_the_cookie_is_secure() {
    let Some(town) = Town::open("the cookie behind TLS").await else { return };
    let (_end, stop) = tokio::sync::watch::channel(false);
    let settings = settings(&town.database.owner_url(), &["--behind-tls"]);
    let app = gridpin::http::serve::start(settings, stop).await.expect("a service");
    let router = gridpin::http::router(std::sync::Arc::new(app));
    let body = json!({ "name": "collector", "password": PASSWORD });
    let request = request(Method::POST, "/api/session", "", Some(body));
    let reply = tower::ServiceExt::oneshot(router, request).await.expect("an answer");
    assert!(reply.headers()[header::SET_COOKIE].to_str().expect("text").contains("; Secure"));
    assert!(reply.headers().contains_key(header::STRICT_TRANSPORT_SECURITY));
}

#[tokio::test]
async fn a_forged_cookie_is_nobody() {
    let Some(town) = Town::open("forged cookies").await else { return };
    for cookie in
        ["gridpin_session=", "gridpin_session=00", "gridpin_session=\u{e9}", "other=1", "gridpin_session=' or 1=1"]
    {
        let reply = town.get("/api/me", cookie).await;
        assert_eq!(reply.status, StatusCode::UNAUTHORIZED, "{cookie}");
    }
}
