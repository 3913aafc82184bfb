//! Promise: a batch with one cause is one row to whoever sees it; what its preview shows is what one action does, and one
//! undo takes back; nobody sees, counts or moves a pin outside their ground.

use crate::database::address;
use crate::serving::*;
use axum::http::StatusCode;
use gridpin::crs::gcj02;
use gridpin::domain::*;
use serde_json::{Value, json};
use uuid::Uuid;

/// Pins of the shifted batch in V01 and in V02.
const WEST: usize = 24;
const EAST: usize = 12;

/// A street of houses with their addresses; the pins a phone's noise beside the doors, in GCJ-02 where `shifted`.
fn street(
    name: &str,
    grid: &str,
    batch: &str,
    from: [f64; 2],
    n: usize,
    shifted: bool,
) -> (Vec<Address>, Vec<Building>) {
    let houses = (0..n).map(|k| {
        let door = LonLat::new(from[0] + 0.00024 * k as f64, from[1]);
        // A few metres to every side, the same in every run.
        let (dx, dy) = (((k * 7) % 11) as f64 - 5.0, ((k * 5) % 13) as f64 - 6.0);
        let fix = LonLat::new(door.lon + dx * 8e-6, door.lat + dy * 7e-6);
        let (id, number) = (format!("{batch}-{name}-{k}"), format!("{}号", k + 1));
        let parts = Parts { road: name.into(), house_number: number.as_str().into(), ..Parts::default() };
        let full_text = format!("{name}{number}");
        let building = Building {
            id: format!("H-{id}").as_str().into(),
            full_text: full_text.clone(),
            parts: parts.clone(),
            footprint: Footprint::Point(door),
            floors: Some(3),
            kind: BuildingKind::Unknown,
            grid: Some(grid.into()),
            standing: true,
            version: 1,
        };
        let at = if shifted { gcj02::from_wgs84(fix) } else { fix };
        let mut address = address(&id, Some(grid), at.lon, at.lat);
        (address.full_text, address.parts) = (full_text, parts);
        address.batch = Some(batch.into());
        (address, building)
    });
    houses.unzip()
}

/// A town in which batch P900, in both grids, stands in GCJ-02 and all else where it belongs.
async fn town(what: &str) -> Option<Town> {
    let streets = [
        street("瓯江路", "V01", "P900", [120.001, 28.003], WEST, true),
        street("括苍路", "V02", "P900", [120.0115, 28.004], EAST, true),
        street("大洋路", "V01", "P901", [120.001, 28.006], 34, false),
        street("灯塔街", "V02", "P902", [120.0115, 28.007], 30, false),
        street("寿尔福路", "V01", "P903", [120.001, 28.008], 34, false),
    ];
    let (addresses, buildings): (Vec<_>, Vec<_>) = streets.into_iter().unzip();
    Town::open_with(what, addresses.concat(), buildings.concat()).await
}

/// The one group that an account sees, with its members.
async fn group(town: &Town, cookie: &str) -> Value {
    let list = town.json("/api/flag-groups", cookie).await;
    assert_eq!(list["total"], 1, "{list}");
    let id = list["items"][0]["group_id"].as_str().expect("an identifier").to_owned();
    town.json(&format!("/api/flag-groups/{id}"), cookie).await
}

fn post(group: &Value, mend_id: Uuid, exclude: &[&str]) -> (String, Value) {
    let shown = |m: &Value| json!({ "address_id": m["address_id"], "base_version": m["base_version"], "to": m["to"] });
    let members: Vec<Value> = group["members"].as_array().expect("members").iter().map(shown).collect();
    let path = format!("/api/flag-groups/{}/mend", group["group_id"].as_str().expect("an identifier"));
    (path, json!({ "mend_id": mend_id, "members": members, "exclude": exclude, "note": "" }))
}

#[tokio::test]
async fn a_batch_is_one_row_and_one_action_and_one_undo() {
    let Some(town) = town("a grouped mend").await else { return };
    let reviewer = town.sign_in("reviewer").await;
    let group = group(&town, &reviewer).await;
    let pins = WEST + EAST;
    assert_eq!(
        (&group["rule"], &group["batch"], &group["tier"]),
        (&json!("datum_gcj02"), &json!("P900"), &json!("auto"))
    );
    assert_eq!((&group["pins"], &group["batch_pins"], &group["doubtful"]), (&json!(pins), &json!(pins), &json!(0)));
    assert_eq!(group["message"]["en"], format!("{pins} of {pins} pins of batch P900 stand in GCJ-02"));
    assert_eq!((&group["grid_code"], &group["grid_name"]), (&json!("V"), &json!("网格V")));
    let members = group["members"].as_array().unwrap().clone();
    assert_eq!(members.len(), pins);
    for member in &members {
        let at =
            |place: &str| LonLat::new(member[place]["lon"].as_f64().unwrap(), member[place]["lat"].as_f64().unwrap());
        let exact = gcj02::to_wgs84(at("from"));
        assert!(exact.distance_m(at("to")) < 1e-3, "each pin's own inverse: {member}");
        assert!((400.0..700.0).contains(&member["distance_m"].as_f64().unwrap()), "{member}");
    }

    // The list of single flags leaves them to the group, and each flag names it.
    let flags = town.json("/api/flags?rule=datum_gcj02&limit=100", &reviewer).await;
    assert_eq!((&flags["total"], &flags["items"][0]["group_id"]), (&json!(pins), &group["group_id"]));
    let single = town.json("/api/flags?rule=datum_gcj02&grouped=without", &reviewer).await;
    assert_eq!(single["total"], 0);

    let id = Uuid::new_v4();
    let left_out = members[3]["address_id"].as_str().unwrap();
    let (path, body) = post(&group, id, &[left_out]);
    let reply = town.post(&path, &reviewer, body.clone()).await;
    assert_eq!(reply.status, StatusCode::CREATED, "{}", reply.text());
    let mended = reply.json();
    assert_eq!(
        (&mended["pins"], &mended["made_by"], &mended["undone_at"]),
        (&json!(pins - 1), &json!("reviewer"), &Value::Null)
    );
    for (k, member) in members.iter().enumerate() {
        let path = format!("/api/addresses/{}", member["address_id"].as_str().unwrap());
        let now = town.json(&path, &reviewer).await;
        let (lon, version) = if k == 3 { (&member["from"]["lon"], 1) } else { (&member["to"]["lon"], 2) };
        assert_eq!((&now["lon"], &now["version"]), (lon, &json!(version)), "{member}");
    }
    let again = town.post(&path, &reviewer, body).await;
    assert_eq!((again.status, again.json()["mend_id"].clone()), (StatusCode::OK, json!(id)));
    let flags = town.json("/api/flags?rule=datum_gcj02", &reviewer).await;
    assert!(flags["total"].as_u64().unwrap() <= 1, "only what was left out: {flags}");
    assert_eq!(town.json("/api/mends", &reviewer).await["items"][0]["mend_id"], json!(id));

    let undo = format!("/api/mends/{id}/undo");
    for _ in 0..2 {
        let reply = town.post(&undo, &reviewer, json!({})).await;
        assert_eq!(reply.status, StatusCode::OK, "{}", reply.text());
        assert_eq!((&reply.json()["restored"], &reply.json()["kept"]), (&json!(pins - 1), &json!([])));
        assert_eq!(reply.json()["mend"]["undone_by"], "reviewer");
    }
    let back = self::group(&town, &reviewer).await;
    for (was, is) in members.iter().zip(back["members"].as_array().unwrap()) {
        assert_eq!((&was["address_id"], &was["from"], &was["to"]), (&is["address_id"], &is["from"], &is["to"]));
    }
}

#[tokio::test]
async fn what_is_not_as_it_was_shown_is_named_and_nothing_is_done() {
    let Some(town) = town("a stale preview").await else { return };
    let (reviewer, collector) = (town.sign_in("reviewer").await, town.sign_in("collector-all").await);
    let group = group(&town, &reviewer).await;
    let member = |k: usize| group["members"][k]["address_id"].as_str().unwrap().to_owned();
    let body = json!({ "correction_id": Uuid::new_v4(), "address_id": member(0), "base_version": 1, "change": { "kind": "confirm" } });
    assert_eq!(town.post("/api/corrections", &collector, body).await.status, StatusCode::CREATED);
    let (path, mut body) = post(&group, Uuid::new_v4(), &[]);
    let elsewhere = body["members"][1]["to"]["lat"].as_f64().unwrap() + 0.0001;
    body["members"][1]["to"]["lat"] = json!(elsewhere);
    body["members"][2]["address_id"] = json!("A1");
    let reply = town.post(&path, &reviewer, body.clone()).await;
    assert_eq!((reply.status, reply.problem().as_str()), (StatusCode::CONFLICT, "conflict"));
    let stale = reply.json()["current"]["stale"].clone();
    assert_eq!(
        stale,
        json!([{ "address_id": member(0), "version": 2, "why": "changed" },
               { "address_id": member(1), "version": 1, "why": "elsewhere" },
               { "address_id": "A1", "version": 1, "why": "gone" }])
    );
    let untouched = town.json(&format!("/api/addresses/{}", member(5)), &reviewer).await;
    assert_eq!(untouched["version"], 1);
    assert_eq!(town.json("/api/mends", &reviewer).await["items"], json!([]));

    // Without those the others go; and with none left there is nothing to do.
    let all: Vec<String> =
        group["members"].as_array().unwrap().iter().map(|m| m["address_id"].as_str().unwrap().to_owned()).collect();
    body["exclude"] = json!(all);
    body["members"].as_array_mut().unwrap().remove(2);
    let reply = town.post(&path, &reviewer, body.clone()).await;
    assert_eq!((reply.status, reply.fields()), (StatusCode::UNPROCESSABLE_ENTITY, vec!["members".to_owned()]));
    body["exclude"] = json!([member(0), member(1)]);
    let twice = body["members"][4].clone();
    body["members"].as_array_mut().unwrap().push(twice);
    assert_eq!(town.post(&path, &reviewer, body.clone()).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    body["members"].as_array_mut().unwrap().pop();
    let reply = town.post(&path, &reviewer, body).await;
    assert_eq!((reply.status, reply.json()["pins"].clone()), (StatusCode::CREATED, json!(WEST + EAST - 3)));
}

#[tokio::test]
async fn the_preview_in_short_stands_for_all_its_pins() {
    let Some(town) = town("a preview in short").await else { return };
    let (reviewer, collector) = (town.sign_in("reviewer").await, town.sign_in("collector-all").await);
    let shown = group(&town, &reviewer).await;
    let member = |k: usize| shown["members"][k]["address_id"].as_str().unwrap().to_owned();
    let path = format!("/api/flag-groups/{}/mend", shown["group_id"].as_str().unwrap());
    let body = |preview: &Value, more: Value| {
        let mut body = json!({ "mend_id": Uuid::new_v4(), "preview": preview });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        body
    };

    // What it does not show can't be named; it is told in one way; and a word on it has an end.
    for (more, field) in [
        (json!({ "only": [member(0), "A1"] }), "only"),
        (json!({ "exclude": ["A1"] }), "exclude"),
        (json!({ "only": [] }), "members"),
        (json!({ "members": [] }), "preview"),
        (json!({ "note": "长".repeat(501) }), "note"),
    ] {
        let reply = town.post(&path, &reviewer, body(&shown["preview"], more.clone())).await;
        assert_eq!(
            (reply.status, reply.fields()),
            (StatusCode::UNPROCESSABLE_ENTITY, vec![field.to_owned()]),
            "{more}"
        );
    }

    // One of its pins is changed: nothing is done, and the answer has what stands there now.
    let confirm = json!({ "correction_id": Uuid::new_v4(), "address_id": member(0), "base_version": 1, "change": { "kind": "confirm" } });
    assert_eq!(town.post("/api/corrections", &collector, confirm).await.status, StatusCode::CREATED);
    let reply = town.post(&path, &reviewer, body(&shown["preview"], json!({ "exclude": [member(0)] }))).await;
    assert_eq!((reply.status, reply.problem().as_str()), (StatusCode::CONFLICT, "conflict"));
    let now = group(&town, &reviewer).await;
    assert_eq!(reply.json()["current"], json!({ "preview": now["preview"] }));
    assert_ne!(now["preview"], shown["preview"]);
    assert_eq!(town.json("/api/mends", &reviewer).await["items"], json!([]));

    // By name, then all that are left but one.
    let some = body(&now["preview"], json!({ "only": [member(2), member(4)], "note": "两个先改" }));
    let reply = town.post(&path, &reviewer, some).await;
    assert_eq!((reply.status, &reply.json()["pins"]), (StatusCode::CREATED, &json!(2)), "{}", reply.text());
    let rest = group(&town, &reviewer).await;
    let reply = town.post(&path, &reviewer, body(&rest["preview"], json!({ "exclude": [member(1)] }))).await;
    assert_eq!(
        (reply.status, &reply.json()["pins"]),
        (StatusCode::CREATED, &json!(WEST + EAST - 3)),
        "{}",
        reply.text()
    );
    for (k, version) in [(0, 3), (1, 1), (2, 2), (3, 2), (4, 2)] {
        let now = town.json(&format!("/api/addresses/{}", member(k)), &reviewer).await;
        let place = if k == 1 { "from" } else { "to" };
        assert_eq!((&now["version"], &now["lon"]), (&json!(version), &shown["members"][k][place]["lon"]), "{k}");
    }
    let mends = town.json("/api/mends", &reviewer).await;
    assert_eq!((&mends["items"][0]["note"], &mends["items"][1]["note"]), (&json!(""), &json!("两个先改")));
}

#[tokio::test]
async fn a_reader_sees_counts_and_moves_the_own_part_only() {
    let Some(town) = town("groups by scope").await else { return };
    let (west, east) = (town.sign_in("collector").await, town.sign_in("neighbour").await);
    let (west, east) = (group(&town, &west).await, group(&town, &east).await);
    for (part, n, grid) in [(&west, WEST, "V01"), (&east, EAST, "V02")] {
        assert_eq!((&part["pins"], &part["batch_pins"], &part["grid_code"]), (&json!(n), &json!(n), &json!(grid)));
        assert_eq!(part["message"]["en"], format!("{n} of {n} pins of batch P900 stand in GCJ-02"));
        assert_eq!(part["members"].as_array().unwrap().len(), n);
    }
    assert_eq!(west["group_id"], east["group_id"]);
    // What a filter leaves out, and what it doesn't.
    let reviewer = town.sign_in("reviewer").await;
    for (query, total) in [
        ("grid=V01", 1),
        ("rule=datum_gcj02", 1),
        ("rule=datum_bd09", 0),
        ("severity=error", 1),
        ("severity=info", 0),
        ("bbox=121,28,121.1,28.1", 0),
        ("bbox=120,27.9,120.1,28.1", 1),
    ] {
        assert_eq!(town.json(&format!("/api/flag-groups?{query}"), &reviewer).await["total"], total, "{query}");
    }
    let (path, body) = post(&west, Uuid::new_v4(), &[]);
    let collector = town.sign_in("collector").await;
    assert_eq!(town.post(&path, &collector, body.clone()).await.status, StatusCode::FORBIDDEN);
    let unknown = town.post("/api/flag-groups/0000000000000000/mend", &reviewer, body).await;
    assert_eq!(unknown.status, StatusCode::NOT_FOUND);
    let undo = town.post("/api/mends/no-uuid/undo", &reviewer, json!({})).await;
    assert_eq!(undo.status, StatusCode::NOT_FOUND);
}
