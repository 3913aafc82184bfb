//! Promise: how long an answer takes doesn't tell whether what lies outside one's scope exists.

use crate::serving::*;
use axum::http::{Method, StatusCode};
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use uuid::Uuid;

/// Pairs of requests that are compared, after a quarter as many to warm up.
const PAIRS: usize = 80;

/// Who asks; how; where, `{}` standing for the record; with which body; for what is there, and for what is nowhere.
type Asked = (&'static str, Method, &'static str, fn(&str) -> Option<Value>, &'static str, &'static str);

fn correction(address: &str) -> Option<Value> {
    let id = Uuid::new_v4();
    Some(json!({ "correction_id": id, "address_id": address, "base_version": 1, "change": { "kind": "confirm" } }))
}

fn visit(address: &str) -> Option<Value> {
    let id = Uuid::new_v4();
    Some(json!({ "visit_id": id, "address_id": address, "at": "2026-01-01T00:00:00Z", "outcome": "confirmed" }))
}

fn hazard(address: &str) -> Option<Value> {
    let id = Uuid::new_v4().to_string();
    Some(json!({ "hazard_id": id, "address_id": address, "item": "gas", "severity": "minor" }))
}

fn transition(_: &str) -> Option<Value> {
    Some(json!({ "to": "assigned", "base_version": 1 }))
}

#[tokio::test]
async fn what_is_outside_takes_as_long_as_what_is_nowhere() {
    let Some(town) = Town::open("timing").await else { return };
    let neighbour = town.sign_in("neighbour").await;
    let outside = json!({ "hazard_id": "Z8", "address_id": "B1", "item": "gas", "severity": "minor" });
    assert_eq!(town.post("/api/hazards", &neighbour, outside).await.status, StatusCode::CREATED);
    let asked: [Asked; 8] = [
        ("collector", Method::GET, "/api/addresses/{}", |_| None, "B1", "N1"),
        ("collector", Method::GET, "/api/addresses/{}/history", |_| None, "B1", "N1"),
        ("collector", Method::GET, "/api/addresses/{}/explain", |_| None, "B1", "N1"),
        ("police", Method::GET, "/api/rentals/{}", |_| None, "R2", "R9"),
        ("collector", Method::POST, "/api/corrections", correction, "B1", "N1"),
        ("collector", Method::POST, "/api/visits", visit, "B1", "N1"),
        ("collector", Method::POST, "/api/hazards", hazard, "B1", "N1"),
        ("police", Method::POST, "/api/hazards/{}/transitions", transition, "Z8", "Z9"),
    ];
    let mut told = Vec::new();
    for (who, method, path, body, there, nowhere) in asked {
        let cookie = town.sign_in(who).await;
        let mut took: [Vec<Duration>; 2] = [Vec::new(), Vec::new()];
        for n in 0..PAIRS + PAIRS / 4 {
            // Each goes first as often as the other.
            for which in [n % 2, 1 - n % 2] {
                let id = [there, nowhere][which];
                let start = Instant::now();
                let reply = town.call(method.clone(), &path.replace("{}", id), &cookie, body(id)).await;
                let lasted = start.elapsed();
                assert_eq!(reply.status, StatusCode::NOT_FOUND, "{path} {id}: {}", reply.text());
                if n >= PAIRS / 4 {
                    took[which].push(lasted);
                }
            }
        }
        let mut lead: Vec<f64> = took[0].iter().zip(&took[1]).map(|(a, b)| a.as_secs_f64() - b.as_secs_f64()).collect();
        lead.sort_by(f64::total_cmp);
        took[1].sort();
        let (lead_us, usual_us) = (lead[PAIRS / 2] * 1e6, took[1][PAIRS / 2].as_secs_f64() * 1e6);
        println!("{method} {path}: {usual_us:.0} us, there {lead_us:+.1} us more");
        // A network blurs far more than that.
        if lead_us.abs() > 20.0 + 0.05 * usual_us {
            told.push(format!(
                "{method} {path}: {usual_us:.0} us where nothing is, {lead_us:+.1} us more where something is"
            ));
        }
    }
    assert!(told.is_empty(), "{}", told.join("\n"));
}
