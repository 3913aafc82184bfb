//! Promise: each role may call what the table of rights says and nothing else. The endpoints are the router's own: one
//! without a row here fails.

use crate::serving::*;
use axum::http::{Method, StatusCode};
use gridpin::domain::Role;
use gridpin::http::permission::{self, TABLE};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// Method, path, the right that it needs (empty: none), a request that is sound, and its body.
fn rows() -> Vec<(&'static str, &'static str, &'static str, String, Option<Value>)> {
    let uuid = || uuid::Uuid::new_v4();
    let row = |method, path: &'static str, right| (method, path, right, path.to_owned(), None);
    let at = |method, path, right, call: &str| (method, path, right, call.to_owned(), None);
    let with = |method, path: &'static str, right, body| (method, path, right, path.to_owned(), Some(body));
    let post = |path, right, call: &str, body| ("post", path, right, call.to_owned(), Some(body));
    vec![
        post("/api/session", "", "/api/session", json!({ "name": "leader", "password": PASSWORD })),
        row("delete", "/api/session", ""),
        row("get", "/api/session/oidc", ""),
        row("get", "/api/session/oidc/return", ""),
        row("get", "/api/config", ""),
        row("get", "/api/openapi.json", ""),
        row("get", "/healthz", ""),
        row("get", "/readyz", ""),
        row("get", "/metrics", ""),
        row("get", "/api/me", "SignedIn"),
        row("get", "/api/sessions", "SignedIn"),
        at("delete", "/api/sessions/{id}", "SignedIn", "/api/sessions/00000000-0000-4000-8000-000000000000"),
        row("get", "/api/tokens", "SignedIn"),
        post("/api/tokens", "SignedIn", "/api/tokens", json!({ "label": "a screen", "read_only": true, "days": 1 })),
        at("delete", "/api/tokens/{id}", "SignedIn", "/api/tokens/00000000-0000-4000-8000-000000000000"),
        row("get", "/api/me/totp", "SignedIn"),
        post("/api/me/totp", "SignedIn", "/api/me/totp", json!({ "password": PASSWORD })),
        with("put", "/api/me/totp", "SignedIn", json!({ "code": "no code" })),
        with("delete", "/api/me/totp", "SignedIn", json!({ "password": PASSWORD })),
        row("get", "/api/audit", "ReadAudit"),
        row("get", "/api/audit/verdict", "ReadAudit"),
        row("get", "/api/audit/export", "ReadAudit"),
        row("get", "/api/rules", "SignedIn"),
        row("get", "/api/grids", "SignedIn"),
        row("get", "/api/indicators", "ReadNumbers"),
        at("get", "/tiles/{layers}", "SignedIn", "/tiles/grid.json"),
        at("get", "/tiles/{layers}/{z}/{x}/{y}", "SignedIn", "/tiles/grid/12/3413/1675.mvt"),
        at("get", "/style/{role}", "SignedIn", "/style/ROLE.json"),
        row("get", "/events", "SignedIn"),
        row("get", "/api/flags", "ReadFlag"),
        row("get", "/api/addresses", "ReadAddress"),
        at("get", "/api/addresses/{id}", "ReadAddress", "/api/addresses/A1"),
        at("get", "/api/addresses/{id}/history", "ReadAddress", "/api/addresses/A1/history"),
        at("get", "/api/addresses/{id}/explain", "ReadFlag", "/api/addresses/A1/explain"),
        post(
            "/api/addresses/{id}/dismissals",
            "Dismiss",
            "/api/addresses/M1/dismissals",
            json!({ "flag_id": "FLAG", "reason": "x", "until": "2027-01-01" }),
        ),
        at("delete", "/api/addresses/{id}/dismissals/{flag_id}", "Dismiss", "/api/addresses/M1/dismissals/FLAG"),
        row("get", "/api/flag-groups", "ReadFlag"),
        at("get", "/api/flag-groups/{id}", "ReadFlag", "/api/flag-groups/0011223344556677"),
        post(
            "/api/flag-groups/{id}/mend",
            "Mend",
            "/api/flag-groups/0011223344556677/mend",
            json!({ "mend_id": uuid(), "members": [] }),
        ),
        row("get", "/api/mends", "Mend"),
        post("/api/mends/{id}/undo", "Mend", "/api/mends/00000000-0000-4000-8000-000000000000/undo", json!({})),
        row("get", "/api/corrections", "ReadFlag"),
        post(
            "/api/corrections",
            "Correct",
            "/api/corrections",
            json!({ "correction_id": uuid(), "address_id": "A1",
            "base_version": 1, "change": { "kind": "comment" } }),
        ),
        post(
            "/api/corrections/{id}/review",
            "Review",
            "/api/corrections/WAITING/review",
            json!({ "verdict": "verified" }),
        ),
        row("get", "/api/rentals", "ReadRental"),
        at("get", "/api/rentals/{id}", "ReadRental", "/api/rentals/R1"),
        row("get", "/api/heat-summary", "ReadRental"),
        row("get", "/api/hazards", "ReadHazard"),
        post(
            "/api/hazards",
            "ReportHazard",
            "/api/hazards",
            json!({ "hazard_id": uuid(), "address_id": "A1", "item": "gas", "severity": "minor" }),
        ),
        post(
            "/api/hazards/{id}/transitions",
            "MoveHazard",
            "/api/hazards/Z1/transitions",
            json!({ "to": "assigned", "base_version": 1 }),
        ),
        post(
            "/api/inspections",
            "Inspect",
            "/api/inspections",
            json!({ "inspection_id": uuid(), "rental_id": "R1",
            "at": "2026-11-01T00:00:00Z", "findings": { "wiring": "pass", "ebike_charging": "pass", "gas": "pass",
            "escape_route": "pass", "barred_window": "pass", "extinguisher": "pass", "smoke_alarm": "pass",
            "combustible_partition": "pass" } }),
        ),
        post(
            "/api/visits",
            "Visit",
            "/api/visits",
            json!({ "visit_id": uuid(), "address_id": "A1",
            "at": "2026-11-01T00:00:00Z", "outcome": "confirmed" }),
        ),
        // The last: the session that asked ends.
        with("put", "/api/me/password", "SignedIn", json!({ "current": PASSWORD, "new": "wide river under stone" })),
    ]
}

#[test]
fn every_endpoint_has_its_row() {
    let document = serde_json::to_value(gridpin::http::document()).expect("JSON");
    let offered: BTreeSet<(String, String)> = document["paths"]
        .as_object()
        .expect("paths")
        .iter()
        .flat_map(|(path, item)| item.as_object().expect("an item").keys().map(|method| (method.clone(), path.clone())))
        .collect();
    let rows: BTreeSet<(String, String)> =
        rows().iter().map(|(method, path, ..)| (method.to_string(), path.to_string())).collect();
    assert_eq!(offered, rows, "left: what the router offers; right: the rows of this matrix");
}

#[tokio::test]
async fn each_role_may_do_what_the_table_says() {
    let Some(town) = Town::open("the matrix of rights").await else { return };
    let reviewer = town.sign_in("reviewer").await;
    let flags = town.json("/api/flags?rule=grid_mismatch", &reviewer).await;
    let flag = flags["items"][0]["flag_id"].as_str().expect("a flag").to_owned();
    let accounts = [
        ("collector", Role::Collector),
        ("reviewer", Role::Reviewer),
        ("department", Role::Department),
        ("police", Role::Police),
        ("leader", Role::Leader),
        ("chief", Role::Steward),
    ];
    let waiting = town.sign_in("collector2").await;
    for (name, role) in accounts {
        let cookie = town.sign_in(name).await;
        for (method, path, right, call, body) in rows() {
            if path == "/api/session" {
                continue; // Signs in and out: see session.rs.
            }
            let mut call = call.replace("ROLE", role.as_str()).replace("FLAG", &flag);
            if call.contains("WAITING") {
                let id = uuid::Uuid::new_v4();
                let version = town.json("/api/addresses/A2", &waiting).await["version"].clone();
                let body = json!({ "correction_id": id, "address_id": "A2", "base_version": version, "change": { "kind": "comment" } });
                assert_eq!(town.post("/api/corrections", &waiting, body).await.status, StatusCode::CREATED);
                call = call.replace("WAITING", &id.to_string());
            }
            let body = body.map(|body| serde_json::from_str(&body.to_string().replace("FLAG", &flag)).expect("JSON"));
            let verb = Method::from_bytes(method.to_uppercase().as_bytes()).expect("a method");
            let status = if path == "/events" {
                town.stream(&call, &cookie).await.status()
            } else {
                town.call(verb.clone(), &call, &cookie, body.clone()).await.status
            };
            let may = right.is_empty() || TABLE.iter().any(|row| row.name == right && row.roles.contains(&role));
            if may {
                // A second role finds what the first has changed: a conflict or nothing to undo, but never a locked door.
                // No code is right that nobody's phone shows.
                let no_code = method == "put" && path == "/api/me/totp" && status == StatusCode::UNPROCESSABLE_ENTITY;
                let fine = status.is_success() || matches!(status.as_u16(), 404 | 409) || no_code;
                assert!(fine, "{name}: {method} {path} -> {status}");
            } else {
                assert_eq!(status, StatusCode::FORBIDDEN, "{name}: {method} {path}");
            }
            if !right.is_empty() && role == Role::Leader {
                let nobody = town.call(verb, &call, "", body).await;
                assert_eq!(nobody.status, StatusCode::UNAUTHORIZED, "nobody: {method} {path}");
            }
        }
    }
}

#[test]
fn the_table_says_what_the_design_says() {
    let roles = |right: &str| -> Vec<&str> {
        let row = TABLE.iter().find(|row| row.name == right).unwrap_or_else(|| panic!("no right {right}"));
        row.roles.iter().map(|role| role.as_str()).collect()
    };
    assert_eq!(roles("Correct"), ["collector", "reviewer", "steward"]);
    assert_eq!(roles("Review"), ["reviewer", "steward"]);
    assert_eq!(roles("Mend"), ["reviewer", "steward"]);
    assert!(!roles("MoveHazard").contains(&"collector"));
    for row in TABLE {
        let numbers_only = matches!(row.name, "SignedIn" | "ReadNumbers");
        assert_eq!(row.roles.contains(&Role::Leader), numbers_only, "{}: a leader sees numbers only", row.name);
        assert!(!row.what.trim().is_empty());
    }
    let _: &[permission::Row] = TABLE;
}

#[test]
fn the_documents_have_this_table() {
    let table = permission::markdown();
    if std::env::var_os("WRITE_DOCS").is_some() {
        std::fs::write("docs/rights.md", &table).expect("docs/rights.md");
    }
    let kept = std::fs::read_to_string("docs/rights.md").unwrap_or_default();
    assert!(kept == table, "make it anew: WRITE_DOCS=1 cargo test --test http the_documents");
}
