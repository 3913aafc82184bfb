//! Promise: an API token reaches no further than its account, its ground, its right to write and its days.

use crate::database::*;
use crate::serving::*;
use axum::http::{Method, StatusCode};
use gridpin::domain::Role;
use serde_json::{Value, json};

impl Town {
    async fn token(&self, cookie: &str, body: Value) -> String {
        let reply = self.post("/api/tokens", cookie, body).await;
        assert_eq!(reply.status, StatusCode::CREATED, "{}", reply.text());
        reply.json()["token"].as_str().expect("a token").to_owned()
    }
}

#[tokio::test]
async fn a_token_works_on_its_ground_and_within_its_rights() {
    let Some(town) = Town::open("API tokens").await else { return };
    let reviewer = town.sign_in("reviewer").await;
    let reads = town.token(&reviewer, json!({ "label": "a screen", "read_only": true, "days": 30 })).await;
    let writes =
        town.token(&reviewer, json!({ "label": "a desk", "read_only": false, "days": 1, "grid": "V02" })).await;
    assert!(reads.starts_with("gridpin_") && reads.len() == 72);

    let me = town.bearer(Method::GET, "/api/me", &reads, None).await.json();
    assert_eq!((&me["name"], &me["scope"]["grid"]), (&json!("reviewer"), &json!("V")));
    let me = town.bearer(Method::GET, "/api/me", &writes, None).await.json();
    assert_eq!(me["scope"]["grid"], json!("V02"), "the token's ground, not the account's");
    assert_eq!(town.bearer(Method::GET, "/api/addresses/A1", &reads, None).await.status, StatusCode::OK);
    assert_eq!(town.bearer(Method::GET, "/api/addresses/A1", &writes, None).await.status, StatusCode::NOT_FOUND);
    assert_eq!(town.bearer(Method::GET, "/api/addresses/B1", &writes, None).await.status, StatusCode::OK);
    assert_eq!(
        town.bearer(Method::GET, "/api/rentals", &reads, None).await.status,
        StatusCode::FORBIDDEN,
        "the role's"
    );

    let comment = |address: &str| {
        json!({ "correction_id": uuid::Uuid::new_v4(), "address_id": address, "base_version": 1,
                "change": { "kind": "comment" }, "note": "x" })
    };
    for (token, address, status) in [
        (&reads, "B1", StatusCode::FORBIDDEN),
        (&writes, "A1", StatusCode::NOT_FOUND),
        (&writes, "B1", StatusCode::CREATED),
    ] {
        let reply = town.bearer(Method::POST, "/api/corrections", token, Some(comment(address))).await;
        assert_eq!(reply.status, status, "{address}: {}", reply.text());
    }

    // A program manages no account, whatever its token may write.
    let uuid = uuid::Uuid::nil();
    for (method, path, body) in [
        (Method::GET, "/api/sessions".to_owned(), None),
        (Method::DELETE, format!("/api/sessions/{uuid}"), None),
        (Method::GET, "/api/tokens".to_owned(), None),
        (Method::POST, "/api/tokens".to_owned(), Some(json!({ "label": "x", "read_only": false, "days": 1 }))),
        (Method::DELETE, format!("/api/tokens/{uuid}"), None),
        (Method::GET, "/api/me/totp".to_owned(), None),
        (Method::POST, "/api/me/totp".to_owned(), Some(json!({ "password": PASSWORD }))),
        (Method::PUT, "/api/me/totp".to_owned(), Some(json!({ "code": "123456" }))),
        (Method::DELETE, "/api/me/totp".to_owned(), Some(json!({ "password": PASSWORD }))),
        (
            Method::PUT,
            "/api/me/password".to_owned(),
            Some(json!({ "current": PASSWORD, "new": "wide river under stone" })),
        ),
    ] {
        let reply = town.bearer(method.clone(), &path, &writes, body).await;
        assert_eq!(reply.status, StatusCode::FORBIDDEN, "{method} {path}: {}", reply.text());
    }
}

#[tokio::test]
async fn a_token_is_listed_without_its_secret_and_ends_when_it_is_taken_back() {
    let Some(town) = Town::open("taking tokens back").await else { return };
    let (police, other) = (town.sign_in("police").await, town.sign_in("reviewer").await);
    let token = town.token(&police, json!({ "label": "a screen", "read_only": true, "days": 30 })).await;
    assert_eq!(town.bearer(Method::GET, "/api/me", &token, None).await.status, StatusCode::OK);
    let list = town.json("/api/tokens", &police).await;
    assert!(!list.to_string().contains(&token[8..]), "{list}");
    assert_eq!((&list[0]["label"], &list[0]["read_only"]), (&json!("a screen"), &json!(true)));
    assert!(list[0]["seen_at"].is_string());
    let path = format!("/api/tokens/{}", list[0]["token_id"].as_str().expect("a number"));
    assert_eq!(town.json("/api/tokens", &other).await, json!([]));
    assert_eq!(town.call(Method::DELETE, &path, &other, None).await.status, StatusCode::NOT_FOUND, "not theirs");
    assert_eq!(town.call(Method::DELETE, &path, &police, None).await.status, StatusCode::NO_CONTENT);
    assert_eq!(town.bearer(Method::GET, "/api/me", &token, None).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(town.json("/api/tokens", &police).await, json!([]));

    for (wrong, field) in [
        (json!({ "label": " ", "read_only": true, "days": 30 }), "label"),
        (json!({ "label": "字".repeat(81), "read_only": true, "days": 30 }), "label"),
        (json!({ "label": "x", "read_only": true, "days": 0 }), "days"),
        (json!({ "label": "x", "read_only": true, "days": 367 }), "days"),
        (json!({ "label": "x", "days": 1 }), "read_only"),
    ] {
        let reply = town.post("/api/tokens", &police, wrong).await;
        assert_eq!((reply.status, reply.fields()), (StatusCode::UNPROCESSABLE_ENTITY, vec![field.to_owned()]));
    }
    for outside in ["V02", "V", "nowhere"] {
        let body = json!({ "label": "x", "read_only": true, "days": 1, "grid": outside });
        assert_eq!(town.post("/api/tokens", &police, body).await.status, StatusCode::NOT_FOUND, "{outside}");
    }
}

#[tokio::test]
async fn a_token_loses_what_its_account_loses() {
    let Some(town) = Town::open("tokens of accounts that change").await else { return };
    let reviewer = town.sign_in("reviewer").await;
    let on = async |grid: &str| {
        town.token(&reviewer, json!({ "label": "x", "read_only": true, "days": 1, "grid": grid })).await
    };
    let token = on("V02").await;
    let store = &town.database.store;
    assert!(store.admit(&token, Default::default()).await.is_ok());
    // Not even where the trigger that takes tokens back was slept through.
    town.database.as_superuser("alter table account disable trigger change").await;
    town.database.as_superuser("update account set scope_grid = 'V01' where name = 'reviewer'").await;
    assert!(store.admit(&token, Default::default()).await.is_err(), "the account has left that ground");
    town.database.as_superuser("update account set scope_grid = 'V', role = 'leader' where name = 'reviewer'").await;
    let admitted = store.admit(&token, Default::default()).await.expect("a token");
    assert_eq!(admitted.actor.role, Role::Leader, "the role that the account has now");
    town.database.as_superuser("alter table account enable trigger change").await;
    let mut session = store.begin(&steward()).await.expect("a session");
    session.set_active("reviewer", false).await.expect("disabled");
    session.set_active("reviewer", true).await.expect("enabled");
    session.commit().await.expect("a commit");
    assert!(store.admit(&token, Default::default()).await.is_err(), "taken back with the account's rights");

    let made = gridpin::store::NewToken {
        label: "x".into(),
        grid: None,
        read_only: true,
        lifetime: std::time::Duration::from_secs(3600),
    };
    let mut session = store.begin(&steward()).await.expect("a session");
    let (_, brief) = session.make_token("police", &made).await.expect("a token");
    session.commit().await.expect("a commit");
    assert!(store.admit(&brief, Default::default()).await.is_ok());
    town.database.as_superuser("update api_token set expires_at = now() - interval '1 second'").await;
    assert!(store.admit(&brief, Default::default()).await.is_err(), "its days are over");
    let mut session = store.begin(&actor("collector", Role::Collector, Some("V01"))).await.expect("a session");
    assert!(session.make_token("police", &made).await.is_err(), "nobody makes one for another");
}

#[tokio::test]
async fn a_session_is_no_token_and_a_token_no_session() {
    let Some(town) = Town::open("tokens in the wrong place").await else { return };
    let cookie = town.sign_in("police").await;
    let session = cookie.split('=').nth(1).expect("a token");
    assert_eq!(town.bearer(Method::GET, "/api/me", session, None).await.status, StatusCode::UNAUTHORIZED);
    let token = town.token(&cookie, json!({ "label": "x", "read_only": true, "days": 1 })).await;
    let as_cookie = town.get("/api/me", &format!("gridpin_session={token}")).await;
    assert_eq!(
        as_cookie.status,
        StatusCode::UNAUTHORIZED,
        "what a program shows must not be sent by a browser by itself"
    );
    for wrong in ["gridpin_", "gridpin_00", &format!("{token}0"), "gridpin_' or 1=1"] {
        assert_eq!(town.bearer(Method::GET, "/api/me", wrong, None).await.status, StatusCode::UNAUTHORIZED, "{wrong}");
    }
}
