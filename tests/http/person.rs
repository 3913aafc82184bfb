//! Promise: no free text of any kind lets a person in.

use crate::serving::*;
use axum::http::{Method, StatusCode};
use serde_json::{Value, json};

#[tokio::test]
async fn no_comment_holds_a_person() {
    let Some(town) = Town::open("comments without persons").await else { return };
    let text = "请找房东 13812345678";
    let uuid = || uuid::Uuid::new_v4();
    let (reviewer, police) = (town.sign_in("reviewer").await, town.sign_in("police").await);
    let comment =
        json!({ "correction_id": uuid(), "address_id": "A1", "base_version": 1, "change": { "kind": "comment" } });
    assert_eq!(
        town.post("/api/corrections", &town.sign_in("collector2").await, comment.clone()).await.status,
        StatusCode::CREATED
    );
    let review = format!("/api/corrections/{}/review", comment["correction_id"].as_str().expect("a number"));
    let flags = town.json("/api/flags?rule=grid_mismatch", &reviewer).await;
    let flag = flags["items"][0]["flag_id"].clone();
    let correction = |change: Value, note: &str| json!({ "correction_id": uuid(), "address_id": "A2", "base_version": 1, "change": change, "note": note });
    let calls = [
        ("note", &reviewer, "/api/corrections", correction(json!({ "kind": "comment" }), text)),
        ("note", &reviewer, "/api/corrections", correction(json!({ "kind": "confirm" }), "户主张建国，不在家")),
        (
            "change.value",
            &reviewer,
            "/api/corrections",
            correction(json!({ "kind": "set", "field": "full_text", "value": "花园路1号13812345678" }), ""),
        ),
        ("reason", &reviewer, review.as_str(), json!({ "verdict": "rejected", "reason": text })),
        (
            "reason",
            &reviewer,
            "/api/addresses/M1/dismissals",
            json!({ "flag_id": flag, "reason": text, "until": "2027-01-01" }),
        ),
        (
            "note",
            &police,
            "/api/hazards",
            json!({ "hazard_id": uuid(), "address_id": "A1", "item": "gas", "severity": "minor", "note": text }),
        ),
        ("note", &police, "/api/hazards/Z1/transitions", json!({ "to": "assigned", "base_version": 1, "note": text })),
        ("label", &police, "/api/tokens", json!({ "label": text, "read_only": true, "days": 1 })),
    ];
    for (field, cookie, path, body) in calls {
        let reply = town.call(Method::POST, path, cookie, Some(body)).await;
        assert_eq!(
            (reply.status, reply.fields()),
            (StatusCode::UNPROCESSABLE_ENTITY, vec![field.to_owned()]),
            "{path}"
        );
        assert!(!reply.text().contains("12345678") && !reply.text().contains("建国"), "{path}: {}", reply.text());
    }
    let kept = town
        .database
        .superuser_reads(
            "select count(*)::text from (select note from correction union all select note from hazard
             union all select reason from dismissal union all select label from api_token) t(text)
             where text like '%138%' or text like '%建国%'",
        )
        .await;
    assert_eq!(kept, "0");
}
