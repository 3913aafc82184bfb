//! Promise: what is done can be shown: every sign-in, change, export and look at what is sensitive has its entry, which
//! stewards of the whole city read and nobody alters unseen.

use crate::serving::*;
use axum::http::{Method, StatusCode, header};
use serde_json::{Value, json};

async fn entries(town: &Town, query: &str) -> Vec<Value> {
    let chief = town.sign_in("chief").await;
    town.json(&format!("/api/audit?{query}"), &chief).await["items"].as_array().expect("a list").clone()
}

#[tokio::test]
async fn every_look_and_change_has_its_entry() {
    let Some(town) = Town::open("the audit log's entries").await else { return };
    let police = town.sign_in("police").await;
    let signed_in = entries(&town, "action=session.open&actor=police").await;
    assert_eq!((signed_in.len(), &signed_in[0]["scope"]), (1, &json!("V01")));
    assert!(signed_in[0]["detail"]["address"].is_string());

    let wrong = json!({ "name": "police", "password": "wrong" });
    assert_eq!(town.post("/api/session", "", wrong).await.status, StatusCode::UNAUTHORIZED);
    let typo = json!({ "name": "my secret password", "password": "police" });
    assert_eq!(town.post("/api/session", "", typo).await.status, StatusCode::UNAUTHORIZED);
    let refused = entries(&town, "action=session.refuse").await;
    let subjects: Vec<&Value> = refused.iter().map(|entry| &entry["subject"]).collect();
    assert_eq!(subjects, [&json!(""), &json!("police")], "a name that is nobody's is not kept");

    town.json("/api/rentals/R1?purpose=inspection", &police).await;
    town.json("/api/rentals/R1", &police).await;
    let looks = entries(&town, "action=rental.read&subject=R1").await;
    let purposes: Vec<&Value> = looks.iter().map(|entry| &entry["detail"]["purpose"]).collect();
    assert_eq!(purposes, [&json!("other"), &json!("inspection")]);
    let reply = town.get("/api/rentals/R1?purpose=curiosity", &police).await;
    assert_eq!((reply.status, reply.fields()), (StatusCode::UNPROCESSABLE_ENTITY, vec!["purpose".to_owned()]));

    let reviewer = town.sign_in("reviewer").await;
    let comment = json!({ "correction_id": uuid::Uuid::new_v4(), "address_id": "A1", "base_version": 1,
                          "change": { "kind": "comment" }, "note": "x" });
    assert_eq!(town.post("/api/corrections", &reviewer, comment).await.status, StatusCode::CREATED);
    assert_eq!(entries(&town, "actor=reviewer&action=correct").await.len(), 1);
    let token = json!({ "label": "a screen", "read_only": true, "days": 1 });
    assert_eq!(town.post("/api/tokens", &reviewer, token).await.status, StatusCode::CREATED);
    let made = entries(&town, "action=token").await;
    assert_eq!((&made[0]["action"], &made[0]["subject"]), (&json!("token.make"), &json!("reviewer")));
    assert!(!made[0].to_string().contains("gridpin_"), "no secret in the log");
}

#[tokio::test]
async fn a_look_at_the_care_layer_is_noted_once_in_a_while() {
    let Some(town) = Town::open("looks at the care layer").await else { return };
    let leader = town.sign_in("leader").await;
    let looks = futures::future::join_all((0..8).map(|column| {
        let path = format!("/tiles/grid,care/12/{}/1675.mvt", 3410 + column);
        let (town, leader) = (&town, &leader);
        async move { town.get(&path, leader).await.status }
    }));
    assert!(looks.await.iter().all(|status| status.is_success()));
    let noted = entries(&town, "action=layer.read").await;
    assert_eq!((noted.len(), &noted[0]["actor"], &noted[0]["subject"]), (1, &json!("leader"), &json!("care")));
    assert_eq!(noted[0]["detail"]["purpose"], "map");
    let collector = town.sign_in("collector").await;
    town.get("/tiles/grid/12/3413/1675.mvt", &collector).await;
    assert_eq!(entries(&town, "action=layer.read").await.len(), 1, "another layer is not");
}

#[tokio::test]
async fn stewards_read_filter_and_export_the_log() {
    let Some(town) = Town::open("reading the audit log").await else { return };
    for name in ["police", "collector", "reviewer"] {
        town.sign_in(name).await;
    }
    let chief = town.sign_in("chief").await;
    let all = town.json("/api/audit?limit=1000", &chief).await["items"].as_array().expect("a list").clone();
    let (mut read, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = town.json(&format!("/api/audit?limit=3{cursor}"), &chief).await;
        read.extend(page["items"].as_array().expect("a list").clone());
        let Some(next) = page["next"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }
    assert_eq!(read, all, "pages put together are the whole");
    let numbers: Vec<i64> = all.iter().map(|entry| entry["seq"].as_i64().expect("a number")).collect();
    assert_eq!(numbers, (1..=numbers.len() as i64).rev().collect::<Vec<_>>(), "newest first, none missing");
    assert_eq!(town.json("/api/audit?to=2020-01-01", &chief).await["items"], json!([]));
    assert_eq!(
        town.json("/api/audit?from=2020-01-01&limit=1000", &chief).await["items"].as_array().map(Vec::len),
        Some(all.len())
    );
    assert_eq!(town.get("/api/audit?from=yesterday", &chief).await.fields(), ["from"]);
    assert_eq!(town.get("/api/audit/export?action=%00", &chief).await.fields(), ["action"]);
    assert_eq!(town.json("/api/audit?action=sess", &chief).await["items"], json!([]), "a kind, not any beginning");

    let reply = town.get("/api/audit/export?action=session", &chief).await;
    assert_eq!(reply.header(header::CONTENT_TYPE), "application/x-ndjson");
    let lines: Vec<Value> = reply.text().lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let expected: Vec<Value> = all.iter().rev().filter(|entry| entry["action"] == "session.open").cloned().collect();
    assert_eq!(lines, expected, "oldest first");
    let exported = &town.json("/api/audit?action=audit.export", &chief).await["items"][0];
    assert_eq!((&exported["actor"], &exported["detail"]["filter"]["action"]), (&json!("chief"), &json!("session")));
    // Each entry carries the hash of the one before: an export can be checked by itself.
    let whole: Vec<Value> = town
        .get("/api/audit/export", &chief)
        .await
        .text()
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect();
    assert!(whole.windows(2).all(|pair| pair[0]["hash"] == pair[1]["prev"]));

    assert_eq!(town.get("/api/audit", &town.sign_in("leader").await).await.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn the_verdict_says_where_the_log_was_changed() {
    let Some(town) = Town::open("the audit log's verdict").await else { return };
    let chief = town.sign_in("chief").await;
    let verdict = town.json("/api/audit/verdict", &chief).await;
    assert_eq!((&verdict["whole"], &verdict["broken_at"]), (&json!(true), &json!(null)));
    town.database.as_superuser("update audit set actor = 'somebody else' where seq = 3").await;
    let verdict = town.json("/api/audit/verdict", &chief).await;
    assert_eq!((&verdict["whole"], &verdict["broken_at"]), (&json!(false), &json!(3)));
    assert!(verdict["what"]["zh"].is_string() && verdict["what"]["en"].is_string());
}

#[tokio::test]
async fn a_steward_of_one_village_does_not_read_the_log() {
    let Some(town) = Town::open("the log and a village's steward").await else { return };
    let mut session = town.database.store.begin(&crate::database::steward()).await.expect("a session");
    let new = gridpin::store::NewAccount {
        name: "village".into(),
        role: gridpin::domain::Role::Steward,
        scope: gridpin::domain::Scope::Grid("V".into()),
        password: PASSWORD.into(),
    };
    session.add_account(&new).await.expect("an account");
    session.commit().await.expect("a commit");
    let cookie = town.sign_in("village").await;
    for path in ["/api/audit", "/api/audit/verdict", "/api/audit/export"] {
        assert_eq!(town.call(Method::GET, path, &cookie, None).await.status, StatusCode::FORBIDDEN, "{path}");
    }
}

#[tokio::test]
async fn who_asks_too_fast_waits_and_nobody_else() {
    let Some(town) = Town::open("the pace of requests").await else { return };
    let town = Town::beside(&town, &["--rate-limit", "5"]).await;
    let (fast, slow) = (town.sign_in("police").await, town.sign_in("leader").await);
    let mut answers = Vec::new();
    for _ in 0..40 {
        answers.push(town.get("/api/rules", &fast).await);
    }
    let last = answers.last().expect("an answer");
    assert_eq!((last.status, last.problem()), (StatusCode::TOO_MANY_REQUESTS, "too-many".into()));
    assert!(last.header(header::RETRY_AFTER).parse::<u64>().is_ok_and(|s| s >= 1));
    assert_eq!(town.get("/api/rules", &slow).await.status, StatusCode::OK);
    assert_eq!(town.get("/healthz", "").await.status, StatusCode::OK);
}
