//! Promise: the log, however talkative it is told to be, holds no password, no session, no token and no free text.

mod cluster;
mod database;

use cluster::{Server, ask};
use database::{Database, steward};
use gridpin::domain::{Role, Scope};
use gridpin::store::NewAccount;
use std::time::Duration;

const PASSWORD: &str = "correct horse battery";

#[tokio::test]
async fn the_log_holds_no_secret() {
    let Some(database) = Database::make("secrets in the log").await else { return };
    let mut session = database.store.begin(&steward()).await.expect("a session");
    let new = NewAccount { name: "W017".into(), role: Role::Police, scope: Scope::All, password: PASSWORD.into() };
    session.add_account(&new).await.expect("an account");
    session.commit().await.expect("a commit");

    let folder = tempfile::tempdir().expect("a folder");
    let log = folder.path().join("log");
    let more = [
        ("GRIDPIN_OIDC_ISSUER", "http://127.0.0.1:9"),
        ("GRIDPIN_OIDC_CLIENT_ID", "gridpin"),
        ("GRIDPIN_OIDC_CLIENT_SECRET", "the provider's own secret"),
        ("GRIDPIN_PUBLIC_URL", "http://127.0.0.1"),
        ("GRIDPIN_LOG", "trace"),
    ];
    let server = Server::start_on(&database.owner_url(), &more, &log).await;
    let port = server.port;
    let wrong = r#"{"name":"W017","password":"a password that was mistyped"}"#;
    assert_eq!(ask(port, "POST", "/api/session", "", wrong).await.expect("an answer").0, 401);
    let cookie = server.sign_in("W017").await;
    let session = cookie.strip_prefix("gridpin_session=").expect("a cookie").to_owned();
    let made = r#"{"label":"a label that was typed","read_only":true,"days":1}"#;
    let (status, answer) = ask(port, "POST", "/api/tokens", &cookie, made).await.expect("an answer");
    assert_eq!(status, 201, "{answer}");
    let token = answer.split("gridpin_").nth(1).and_then(|rest| rest.get(..64)).expect("a token").to_owned();
    let totp = format!(r#"{{"password":"{PASSWORD}"}}"#);
    let (status, answer) = ask(port, "POST", "/api/me/totp", &cookie, &totp).await.expect("an answer");
    assert_eq!(status, 201, "{answer}");
    let secret = answer.split("secret=").nth(1).and_then(|rest| rest.split('&').next()).expect("a secret").to_owned();
    let search = "/api/addresses?q=a-text-that-was-searched";
    ask(port, "GET", search, &cookie, "").await.expect("an answer");
    ask(port, "GET", "/api/session/oidc", "", "").await.expect("an answer");
    tokio::time::sleep(Duration::from_millis(500)).await;
    drop(server);

    let log = std::fs::read_to_string(&log).expect("a log");
    assert!(log.lines().count() > 50, "it says much: {} lines", log.lines().count());
    for (what, secret) in [
        ("a password", PASSWORD),
        ("a wrong password", "a password that was mistyped"),
        ("a session", &session),
        ("an API token", &token),
        ("a second factor's secret", &secret),
        ("the provider's secret", "the provider's own secret"),
        ("a search", "a-text-that-was-searched"),
        ("a hash", "$argon2id$"),
    ] {
        let line = log.lines().find(|line| line.contains(secret));
        assert!(line.is_none(), "{what} in the log: {}", line.unwrap_or_default());
    }
}
