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

#[tokio::test]
async fn ones_own_sessions_are_listed_and_ended() {
    let Some(town) = Town::open("listing sessions").await else { return };
    let (here, there) = (town.sign_in("police").await, town.sign_in("police").await);
    let stranger = town.sign_in("collector").await;
    let list = town.json("/api/sessions", &here).await;
    let sessions = list.as_array().expect("a list");
    assert_eq!(sessions.len(), 2);
    let mine = |session: &&serde_json::Value| session["mine"] == json!(true);
    assert_eq!(sessions.iter().filter(mine).count(), 1);
    let other =
        sessions.iter().find(|session| !mine(session)).expect("the other")["session_id"].as_str().expect("a number");
    assert!(!list.to_string().contains(here.split('=').nth(1).expect("a token")), "a list holds no token");

    let path = format!("/api/sessions/{other}");
    let reply = town.call(Method::DELETE, &path, &stranger, None).await;
    assert_eq!((reply.status, reply.problem()), (StatusCode::NOT_FOUND, "not-found".into()), "not theirs");
    assert_eq!(town.get("/api/me", &there).await.status, StatusCode::OK);
    assert_eq!(town.call(Method::DELETE, &path, &here, None).await.status, StatusCode::NO_CONTENT);
    assert_eq!(town.get("/api/me", &there).await.status, StatusCode::UNAUTHORIZED, "ended at once");
    assert_eq!(town.call(Method::DELETE, &path, &here, None).await.status, StatusCode::NOT_FOUND, "ended already");
    assert_eq!(town.get("/api/me", &here).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_new_password_ends_everything_else() {
    let Some(town) = Town::open("changing a password").await else { return };
    let (here, there) = (town.sign_in("police").await, town.sign_in("police").await);
    let token = json!({ "label": "a screen", "read_only": true, "days": 1 });
    let token = town.post("/api/tokens", &here, token).await.json()["token"].as_str().expect("a token").to_owned();
    let put = async |cookie: &str, current: &str, new: &str| {
        let body = json!({ "current": current, "new": new });
        town.call(Method::PUT, "/api/me/password", cookie, Some(body)).await
    };
    let reply = put(&here, "wrong", "wide river under stone").await;
    assert_eq!((reply.status, reply.problem()), (StatusCode::UNAUTHORIZED, "wrong-password".into()));
    for weak in ["short", "password1234", "policepolice", PASSWORD, "a\0wide river under stone"] {
        let reply = put(&here, PASSWORD, weak).await;
        assert_eq!(
            (reply.status, reply.fields()),
            (StatusCode::UNPROCESSABLE_ENTITY, vec!["new".to_owned()]),
            "{weak:?}"
        );
        assert!(!reply.text().contains(weak), "a password is not said again");
    }
    assert_eq!(town.get("/api/me", &there).await.status, StatusCode::OK, "nothing happened so far");
    let reply = put(&here, PASSWORD, "wide river under stone").await;
    assert_eq!(reply.status, StatusCode::NO_CONTENT);
    let fresh = reply.header(header::SET_COOKIE).split(';').next().unwrap_or("").to_owned();
    for (what, cookie) in [("the old session", &here), ("another one", &there)] {
        assert_eq!(town.get("/api/me", cookie).await.status, StatusCode::UNAUTHORIZED, "{what}");
    }
    assert_eq!(town.bearer(Method::GET, "/api/me", &token, None).await.status, StatusCode::UNAUTHORIZED, "a token");
    assert_eq!(town.get("/api/me", &fresh).await.status, StatusCode::OK, "who changed it stays");
    let old = town.post("/api/session", "", json!({ "name": "police", "password": PASSWORD })).await;
    assert_eq!(old.problem(), "wrong-password");
    let new = town.post("/api/session", "", json!({ "name": "police", "password": "wide river under stone" })).await;
    assert_eq!(new.status, StatusCode::NO_CONTENT);
}

/// The code of a secret in base32 now, or some intervals from now, by another implementation than the service's.
fn code(secret: &str, later: i64) -> String {
    let secret = totp_rs::Secret::Encoded(secret.to_owned()).to_bytes().expect("base32");
    let totp =
        totp_rs::TOTP::new(totp_rs::Algorithm::SHA1, 6, 1, 30, secret, None, String::new()).expect("a generator");
    totp.generate((chrono::Utc::now().timestamp() + 30 * later) as u64)
}

#[tokio::test]
async fn a_second_factor_is_asked_for_and_each_code_is_good_once() {
    let Some(town) = Town::open("the second factor").await else { return };
    let cookie = town.sign_in("police").await;
    assert_eq!(town.json("/api/me/totp", &cookie).await["on"], json!(false));
    let call =
        async |method: Method, body: serde_json::Value| town.call(method, "/api/me/totp", &cookie, Some(body)).await;
    assert_eq!(call(Method::POST, json!({ "password": "wrong" })).await.problem(), "wrong-password");
    assert_eq!(call(Method::PUT, json!({ "code": "123456" })).await.problem(), "not-found", "no secret waits");
    let made = call(Method::POST, json!({ "password": PASSWORD })).await;
    assert_eq!(made.status, StatusCode::CREATED);
    let secret = made.json()["secret"].as_str().expect("a secret").to_owned();
    assert!(made.json()["url"].as_str().expect("a URL").contains(&secret));
    assert_eq!(call(Method::PUT, json!({ "code": "12345" })).await.fields(), ["code"]);
    // Until a code was shown nothing is asked for: who lost the page is not locked out.
    town.sign_in("police").await;
    let first = code(&secret, -1);
    assert_eq!(call(Method::PUT, json!({ "code": first })).await.status, StatusCode::NO_CONTENT);
    assert_eq!(call(Method::POST, json!({ "password": PASSWORD })).await.problem(), "conflict", "it is on");
    assert_eq!(town.json("/api/me/totp", &cookie).await["on"], json!(true));

    let sign_in = async |code: Option<String>| {
        let body = json!({ "name": "police", "password": PASSWORD, "code": code });
        town.post("/api/session", "", body).await
    };
    assert_eq!(sign_in(None).await.problem(), "code-wanted");
    assert_eq!(sign_in(Some(first)).await.problem(), "wrong-code", "used when it was turned on");
    let now = code(&secret, 0);
    assert_eq!(sign_in(Some(now.clone())).await.status, StatusCode::NO_CONTENT);
    assert_eq!(sign_in(Some(now)).await.problem(), "wrong-code", "used before");
    let wrong =
        town.post("/api/session", "", json!({ "name": "police", "password": "wrong", "code": code(&secret, 1) }));
    assert_eq!(wrong.await.problem(), "wrong-password", "a code without the password");
    assert_eq!(sign_in(Some(code(&secret, 1))).await.status, StatusCode::NO_CONTENT, "that code was not used up");
    // The clock had run three days ahead, and somebody signed in, before it was set right.
    town.database.as_superuser("update account_totp set last_step = last_step + 8640").await;
    let now = code(&secret, 0);
    assert_eq!(sign_in(Some(now.clone())).await.status, StatusCode::NO_CONTENT);
    assert_eq!(sign_in(Some(now)).await.problem(), "wrong-code", "used before");

    assert_eq!(call(Method::DELETE, json!({ "password": PASSWORD })).await.status, StatusCode::NO_CONTENT);
    town.sign_in("police").await;
}

#[tokio::test]
async fn guessing_codes_is_as_slow_as_guessing_passwords() {
    let Some(town) = Town::open("guessing codes").await else { return };
    let cookie = town.sign_in("police").await;
    let made = town.post("/api/me/totp", &cookie, json!({ "password": PASSWORD })).await.json();
    let shown = json!({ "code": code(made["secret"].as_str().expect("a secret"), 0) });
    assert_eq!(town.call(Method::PUT, "/api/me/totp", &cookie, Some(shown)).await.status, StatusCode::NO_CONTENT);
    let mut held_up = false;
    for n in 0..12 {
        // Asking without a code in between takes nothing back.
        let code = (n % 2 == 0).then_some("000000");
        let body = json!({ "name": "police", "password": PASSWORD, "code": code });
        held_up |= town.post("/api/session", "", body).await.status == StatusCode::TOO_MANY_REQUESTS;
    }
    assert!(held_up);
}
