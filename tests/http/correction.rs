//! Promise: a correction is stored once, never over somebody else's, shown at once, and verified by another person.

use crate::serving::*;
use axum::http::{Method, StatusCode};
use futures::StreamExt;
use serde_json::{Value, json};
use uuid::Uuid;

fn moved(id: Uuid, base_version: i64, lon: f64) -> Value {
    json!({
        "correction_id": id, "address_id": "A1", "base_version": base_version, "note": "门口",
        "change": { "kind": "move", "lon": lon, "lat": 28.0015 },
        "observed": { "lon": lon, "lat": 28.0015, "accuracy_m": 5.0, "at": "2026-06-01T08:00:00+08:00" },
    })
}

#[tokio::test]
async fn stored_once_and_shown_at_once() {
    let Some(town) = Town::open("a correction").await else { return };
    let cookie = town.sign_in("collector").await;
    let before = town.json("/api/addresses/A1", &cookie).await;
    assert_eq!((before["version"].clone(), before["lon"].clone()), (json!(1), json!(120.001)));

    let id = Uuid::new_v4();
    let reply = town.post("/api/corrections", &cookie, moved(id, 1, 120.0033)).await;
    assert_eq!(reply.status, StatusCode::CREATED, "{}", reply.text());
    let stored = reply.json();
    assert_eq!(stored["state"], "unverified");
    assert_eq!(stored["made_by"], "collector");
    assert_eq!(stored["before"], json!({ "lon": 120.001, "lat": 28.001 }));
    assert_eq!(stored["address_text"], "丽阳街A1号");

    let after = town.json("/api/addresses/A1", &cookie).await;
    assert_eq!(
        (after["version"].clone(), after["lon"].clone()),
        (json!(2), json!(120.0033)),
        "the City follows at once"
    );
    assert_eq!(after["corrections"][0]["correction_id"], json!(id));

    let again = town.post("/api/corrections", &cookie, moved(id, 1, 120.0033)).await;
    assert_eq!((again.status, again.json()["version"].clone()), (StatusCode::OK, json!(2)));
    assert_eq!(town.json("/api/addresses/A1", &cookie).await["version"], 2);

    let taken = town.post("/api/corrections", &cookie, moved(id, 2, 120.004)).await;
    assert_eq!((taken.status, taken.problem().as_str()), (StatusCode::CONFLICT, "conflict"), "the identifier is taken");

    let old = town.post("/api/corrections", &cookie, moved(Uuid::new_v4(), 1, 120.004)).await;
    assert_eq!((old.status, old.problem().as_str()), (StatusCode::CONFLICT, "conflict"));
    assert_eq!(old.json()["current"]["version"], 2);
    assert_eq!(old.json()["current"]["full_text"], "丽阳街A1号");

    let history = town.json("/api/addresses/A1/history", &cookie).await;
    let versions: Vec<_> = history["items"].as_array().unwrap().iter().map(|item| item["version"].clone()).collect();
    assert_eq!(versions, [2, 1]);
    assert_eq!(history["items"][0]["changed_by"], "collector");
    let page = town.json("/api/addresses/A1/history?limit=1", &cookie).await;
    let next = format!("/api/addresses/A1/history?limit=1&cursor={}", page["next"].as_str().unwrap());
    assert_eq!(town.json(&next, &cookie).await["items"][0]["version"], 1);
}

#[tokio::test]
async fn each_kind_of_change_and_what_is_wrong_with_it() {
    let Some(town) = Town::open("kinds of change").await else { return };
    let cookie = town.sign_in("collector").await;
    let send = async |address: &str, version: i64, change: Value| {
        let body = json!({ "correction_id": Uuid::new_v4(), "address_id": address, "base_version": version, "change": change });
        town.post("/api/corrections", &cookie, body).await
    };
    for change in [
        json!({ "kind": "move", "lon": 500.0, "lat": 28.0 }),
        json!({ "kind": "set", "field": "colour", "value": "red" }),
        json!({ "kind": "set", "field": "full_text", "value": "" }),
        json!({ "kind": "set", "field": "grid_code", "value": "NOWHERE" }),
    ] {
        let reply = send("A2", 1, change.clone()).await;
        assert_eq!((reply.status, reply.problem().as_str()), (StatusCode::UNPROCESSABLE_ENTITY, "invalid"), "{change}");
    }
    assert_eq!(town.json("/api/addresses/A2", &cookie).await["version"], 1, "nothing is half done");

    assert_eq!(send("A2", 1, json!({ "kind": "comment" })).await.status, StatusCode::CREATED);
    assert_eq!(send("A2", 1, json!({ "kind": "confirm" })).await.status, StatusCode::CREATED);
    assert!(town.json("/api/addresses/A2", &cookie).await["verified_on"].is_string());
    assert_eq!(
        send("A2", 2, json!({ "kind": "set", "field": "house_number", "value": "99号" })).await.status,
        StatusCode::CREATED
    );
    assert_eq!(town.json("/api/addresses/A2", &cookie).await["parts"]["house_number"], "99号");
    assert_eq!(send("A2", 3, json!({ "kind": "demolish", "on": "2026-11-20" })).await.status, StatusCode::CREATED);
    let ended = town.json("/api/addresses/A2", &cookie).await;
    assert_eq!((ended["status"].clone(), ended["ended_on"].clone()), (json!("demolished"), json!("2026-11-20")));

    // Handed over to the neighbour: stored, and out of sight.
    let reply = send("M1", 1, json!({ "kind": "set", "field": "grid_code", "value": "V02" })).await;
    assert_eq!(reply.status, StatusCode::CREATED, "{}", reply.text());
    assert_eq!(town.get("/api/addresses/M1", &cookie).await.status, StatusCode::NOT_FOUND);
    let neighbour = town.sign_in("neighbour").await;
    assert_eq!(town.json("/api/addresses/M1", &neighbour).await["grid_code"], "V02");
}

#[tokio::test]
async fn a_correction_is_verified_by_somebody_else() {
    let Some(town) = Town::open("reviews").await else { return };
    let (collector, reviewer) = (town.sign_in("collector").await, town.sign_in("reviewer").await);
    let (first, second, own) = (Uuid::new_v4(), Uuid::new_v4(), Uuid::new_v4());
    town.post("/api/corrections", &collector, moved(first, 1, 120.0033)).await;
    town.post("/api/corrections", &collector, moved(second, 2, 120.0044)).await;
    let reply = town
        .post(
            "/api/corrections",
            &reviewer,
            json!({
        "correction_id": own, "address_id": "B1", "base_version": 1, "change": { "kind": "confirm" } }),
        )
        .await;
    assert_eq!(reply.status, StatusCode::CREATED);

    let waiting = town.json("/api/corrections?state=unverified&limit=2", &reviewer).await;
    assert_eq!(waiting["items"].as_array().unwrap().len(), 2);
    let rest = town
        .json(
            &format!("/api/corrections?state=unverified&limit=2&cursor={}", waiting["next"].as_str().unwrap()),
            &reviewer,
        )
        .await;
    assert_eq!((rest["items"].as_array().unwrap().len(), rest["next"].clone()), (1, Value::Null));
    assert_eq!(town.json("/api/corrections?grid=V02", &reviewer).await["items"][0]["correction_id"], json!(own));

    let review = async |id: Uuid, cookie: &str, body: Value| {
        town.post(&format!("/api/corrections/{id}/review"), cookie, body).await
    };
    assert_eq!(
        review(first, &collector, json!({ "verdict": "verified" })).await.status,
        StatusCode::FORBIDDEN,
        "not the role"
    );
    assert_eq!(
        review(own, &reviewer, json!({ "verdict": "verified" })).await.status,
        StatusCode::FORBIDDEN,
        "own correction"
    );
    assert_eq!(review(second, &reviewer, json!({ "verdict": "rejected" })).await.fields(), ["reason"]);
    assert_eq!(review(Uuid::new_v4(), &reviewer, json!({ "verdict": "verified" })).await.status, StatusCode::NOT_FOUND);

    let reply = review(second, &reviewer, json!({ "verdict": "rejected", "reason": "照片不符" })).await;
    assert_eq!((reply.status, reply.json()["state"].clone()), (StatusCode::OK, json!("rejected")), "{}", reply.text());
    assert_eq!(town.json("/api/addresses/A1", &collector).await["lon"], 120.0033, "taken back to the first correction");
    let reply = review(first, &reviewer, json!({ "verdict": "verified" })).await;
    assert_eq!((reply.status, reply.json()["reviewed_by"].clone()), (StatusCode::OK, json!("reviewer")));
}

#[tokio::test]
async fn a_flag_goes_when_its_suggestion_is_accepted_or_it_is_dismissed() {
    let Some(town) = Town::open("flags").await else { return };
    let cookie = town.sign_in("reviewer").await;
    let flags = town.json("/api/flags?rule=grid_mismatch", &cookie).await;
    assert_eq!(flags["total"], 1, "{flags}");
    let flag = &flags["items"][0];
    assert_eq!(
        (flag["address_id"].clone(), flag["version"].clone(), flag["state"].clone()),
        (json!("M1"), json!(1), json!("open"))
    );
    assert_eq!(flag["subject"], json!({ "kind": "address", "id": "M1" }));
    assert!(flag["title"]["zh"].is_string() && flag["message"]["en"].is_string());
    let id = flag["flag_id"].as_str().unwrap();

    let explained = town.json("/api/addresses/M1/explain", &cookie).await;
    let explains = explained["flags"].as_array().unwrap().iter().any(|flag| flag["flag_id"] == id);
    assert!(explains, "{explained}");
    let codes: Vec<_> = explained["signals"].as_array().unwrap().iter().map(|signal| signal["code"].clone()).collect();
    assert!(codes.contains(&json!("declared_border")), "{codes:?}");

    let path = "/api/addresses/M1/dismissals";
    let dismissal = json!({ "flag_id": id, "reason": "跨界院落", "until": "2027-01-31" });
    let reply = town.post(path, &cookie, dismissal.clone()).await;
    assert_eq!(
        (reply.status, reply.json()["state"].clone()),
        (StatusCode::CREATED, json!("dismissed")),
        "{}",
        reply.text()
    );
    assert_eq!(town.json("/api/flags?rule=grid_mismatch", &cookie).await["total"], 0);
    let dismissed = town.json("/api/flags?rule=grid_mismatch&state=dismissed", &cookie).await;
    assert_eq!(dismissed["items"][0]["dismissed_reason"], "跨界院落");
    let reply = town.call(Method::DELETE, &format!("{path}/{id}"), &cookie, None).await;
    assert_eq!(reply.status, StatusCode::NO_CONTENT, "{}", reply.text());
    assert_eq!(town.json("/api/flags?rule=grid_mismatch", &cookie).await["total"], 1);
    for (body, field) in [
        (json!({ "flag_id": id, "reason": "", "until": "2027-01-31" }), "reason"),
        (json!({ "flag_id": id, "reason": "x", "until": "1999-01-31" }), "until"),
        (json!({ "flag_id": id, "reason": "x", "until": "2999-01-31" }), "until"),
    ] {
        assert_eq!(town.post(path, &cookie, body).await.fields(), [field]);
    }
    let unknown = json!({ "flag_id": "0000000000000000", "reason": "x", "until": "2027-01-31" });
    assert_eq!(town.post(path, &cookie, unknown).await.status, StatusCode::NOT_FOUND);
    assert_eq!(town.post("/api/addresses/A1/dismissals", &cookie, dismissal).await.status, StatusCode::NOT_FOUND);

    let accept = json!({ "correction_id": Uuid::new_v4(), "address_id": "M1", "base_version": 1,
        "change": { "kind": "set", "field": "grid_code", "value": "V02", "flag_id": id } });
    assert_eq!(town.post("/api/corrections", &cookie, accept).await.status, StatusCode::CREATED);
    assert_eq!(town.json("/api/flags?rule=grid_mismatch", &cookie).await["total"], 0);
}

#[tokio::test]
async fn flags_come_nearest_first_in_pages() {
    let Some(town) = Town::open("pages of flags").await else { return };
    let cookie = town.sign_in("chief").await;
    let all = town.json("/api/flags?near=120.0125,28.005&state=all&limit=1000", &cookie).await;
    let ids = |list: &Value| -> Vec<Value> {
        list["items"].as_array().unwrap().iter().map(|f| f["flag_id"].clone()).collect()
    };
    let distances: Vec<f64> =
        all["items"].as_array().unwrap().iter().map(|f| f["distance_m"].as_f64().unwrap_or(f64::MAX)).collect();
    assert!(distances.is_sorted() && distances[0] < 1.0, "{distances:?}");
    assert_eq!(all["total"], ids(&all).len());
    for query in ["near=120.0125,28.005&", ""] {
        let expected = ids(&town.json(&format!("/api/flags?{query}state=all&limit=1000"), &cookie).await);
        let (mut read, mut next) = (Vec::new(), Value::Null);
        loop {
            let cursor = next.as_str().map(|next| format!("&cursor={next}")).unwrap_or_default();
            let page = town.json(&format!("/api/flags?{query}state=all&limit=1{cursor}"), &cookie).await;
            read.extend(ids(&page));
            assert_eq!(page["total"], expected.len());
            next = page["next"].clone();
            if next.is_null() {
                break;
            }
        }
        assert_eq!(read, expected);
    }
}

#[tokio::test]
async fn listeners_hear_of_what_they_may_see() {
    let Some(town) = Town::open("events").await else { return };
    town.follow();
    let (collector, neighbour) = (town.sign_in("collector").await, town.sign_in("neighbour").await);
    let mut near = town.stream("/events", &collector).await.into_body().into_data_stream();
    let mut far = town.stream("/events", &neighbour).await.into_body().into_data_stream();
    let reply = town.post("/api/corrections", &collector, moved(Uuid::new_v4(), 1, 120.0033)).await;
    assert_eq!(reply.status, StatusCode::CREATED);

    let mut text = String::new();
    while !text.contains("\"addresses\":[\"A1\"]") {
        let chunk = tokio::time::timeout(std::time::Duration::from_secs(5), near.next()).await.expect("an event");
        text.push_str(&String::from_utf8_lossy(&chunk.expect("a chunk").expect("a chunk")));
    }
    assert!(text.contains("event: change"), "{text}");
    let quiet = tokio::time::timeout(std::time::Duration::from_millis(700), async {
        let mut heard = String::new();
        while let Some(Ok(chunk)) = far.next().await {
            heard.push_str(&String::from_utf8_lossy(&chunk));
            if heard.contains("A1") {
                break;
            }
        }
        heard
    });
    if let Ok(heard) = quiet.await {
        assert!(!heard.contains("A1"), "the neighbour heard {heard}");
    }
}
