//! Promise: what lies outside an actor's scope answers as if it did not exist, in lists, details, tiles and counts.

use crate::serving::*;
use axum::http::{Method, StatusCode, header};
use serde_json::{Value, json};
use uuid::Uuid;

fn ids(list: &Value, field: &str) -> Vec<String> {
    let items = list["items"].as_array().expect("items");
    items.iter().map(|item| item[field].as_str().unwrap_or("").to_owned()).collect()
}

#[tokio::test]
async fn outside_is_as_if_it_did_not_exist() {
    let Some(town) = Town::open("scope of details").await else { return };
    let (collector, police) = (town.sign_in("collector").await, town.sign_in("police").await);
    let rest = json!({ "correction_id": Uuid::new_v4(), "base_version": 1, "change": { "kind": "confirm" } });
    let correct = |id: &str| {
        let mut body = rest.clone();
        body["address_id"] = json!(id);
        body
    };
    // B1 and R2 are there, in V02; N1 and R9 are nowhere. The answers differ in the name that was asked for and in nothing else.
    for (there, nowhere, cookie) in [
        ("/api/addresses/B1", "/api/addresses/N1", &collector),
        ("/api/addresses/B1/history", "/api/addresses/N1/history", &collector),
        ("/api/addresses/B1/explain", "/api/addresses/N1/explain", &collector),
        ("/api/rentals/R2", "/api/rentals/R9", &police),
        ("/api/grids?parent=V02", "/api/grids?parent=V09", &collector),
        ("/api/indicators?grid=V02", "/api/indicators?grid=V09", &collector),
        ("/api/flags?grid=V02", "/api/flags?grid=V09", &collector),
        ("/api/rentals?grid=V", "/api/rentals?grid=W", &police),
    ] {
        let (there, nowhere) = (town.get(there, cookie).await, town.get(nowhere, cookie).await);
        assert!(matches!(there.status.as_u16(), 404 | 422), "{}", there.text());
        assert_eq!(there.status, nowhere.status);
        let plain =
            |text: String| text.replace("B1", "N1").replace("R2", "R9").replace("V02", "V09").replace("\"V\"", "\"W\"");
        assert_eq!(plain(there.text()), plain(nowhere.text()));
    }
    let outside = town.post("/api/corrections", &collector, correct("B1")).await;
    let unknown = town.post("/api/corrections", &collector, correct("N1")).await;
    assert_eq!((outside.status, unknown.status), (StatusCode::NOT_FOUND, StatusCode::NOT_FOUND));
    let hazard =
        |address: &str| json!({ "hazard_id": "Z9", "address_id": address, "item": "gas", "severity": "minor" });
    assert_eq!(town.post("/api/hazards", &police, hazard("B1")).await.status, StatusCode::NOT_FOUND);
    assert_eq!(town.post("/api/hazards", &police, hazard("N1")).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn lists_and_counts_hold_the_scope_only() {
    let Some(town) = Town::open("scope of lists").await else { return };
    let chief = town.sign_in("chief").await;
    let (collector, neighbour) = (town.sign_in("collector").await, town.sign_in("neighbour").await);
    for (cookie, addresses, rentals, flagged) in [
        (&chief, vec!["A1", "A2", "B1", "M1"], vec!["R1", "R2"], true),
        (&collector, vec!["A1", "A2", "M1"], vec!["R1"], true),
        (&neighbour, vec!["B1"], vec!["R2"], false),
    ] {
        let mut found = ids(&town.json("/api/addresses?bbox=119,27,121,29", cookie).await, "address_id");
        found.sort();
        assert_eq!(found, addresses);
        let near = town.json("/api/addresses?near=120.0125,28.005&q=丽阳街", cookie).await;
        assert_eq!(near["items"].as_array().unwrap().len(), addresses.len());
        let list = town.json("/api/rentals", cookie).await;
        assert_eq!(
            (ids(&list, "rental_id"), list["total"].clone()),
            (rentals.iter().map(|r| r.to_string()).collect(), json!(rentals.len()))
        );
        let summary = town.json("/api/heat-summary", cookie).await;
        assert_eq!(summary["rentals"], json!(rentals.len()));
        let flags = town.json("/api/flags?rule=grid_mismatch", cookie).await;
        assert_eq!(flags["total"] == json!(1), flagged, "{flags}");
    }
    let grids = town.json("/api/grids", &chief).await;
    assert_eq!(ids(&grids, "grid_code"), ["V"]);
    assert_eq!(grids["items"][0]["children"], 2);
    assert_eq!(ids(&town.json("/api/grids?parent=V", &chief).await, "grid_code"), ["V01", "V02"]);
    let own = town.json("/api/grids", &collector).await;
    assert_eq!((ids(&own, "grid_code"), own["items"][0]["parent_code"].clone()), (vec!["V01".to_owned()], Value::Null));

    let leader = town.sign_in("leader").await;
    let numbers = town.json("/api/indicators", &leader).await;
    assert_eq!(numbers["grid"]["grid_code"], "V");
    assert_eq!(ids(&numbers, "grid_code"), ["V01", "V02"]);
    let collection = &numbers["grid"]["indicators"][0];
    assert_eq!(
        (collection["code"].clone(), collection["base"].clone(), collection["value"].clone()),
        (json!("collection"), json!(4), json!(1.0))
    );
    let registration = &numbers["items"][0]["indicators"][2];
    assert_eq!((registration["count"].clone(), registration["base"].clone()), (json!(0), json!(1)));
}

#[tokio::test]
async fn rentals_and_hazards_tell_their_story() {
    let Some(town) = Town::open("rentals and hazards").await else { return };
    let police = town.sign_in("police").await;
    let detail = town.json("/api/rentals/R1", &police).await;
    assert_eq!(
        (detail["inspected"].clone(), detail["open_hazards"].clone(), detail["worst"].clone()),
        (json!("never"), json!(1), json!("serious"))
    );
    assert_eq!((detail["occupants_band"].clone(), detail["rooms"].clone()), (json!("4-6"), json!(3)));
    assert!(!detail.to_string().contains("\"occupants\":"), "no exact count leaves");
    let read = "select count(*)::text from audit where subject = 'R1' and actor = 'police'";
    assert_eq!(town.database.superuser_reads(read).await, "1", "the look is in the audit log");

    let findings = json!({ "wiring": "fail", "ebike_charging": "pass", "gas": "not_applicable", "escape_route": "pass",
        "barred_window": "pass", "extinguisher": "fail", "smoke_alarm": "pass", "combustible_partition": "pass" });
    let inspection =
        json!({ "inspection_id": "I1", "rental_id": "R1", "at": "2026-11-01T09:00:00+08:00", "findings": findings });
    assert_eq!(town.post("/api/inspections", &police, inspection.clone()).await.status, StatusCode::CREATED);
    assert_eq!(town.post("/api/inspections", &police, inspection.clone()).await.status, StatusCode::OK);
    let mut future = inspection;
    (future["inspection_id"], future["at"]) = (json!("I2"), json!("2999-01-01T00:00:00Z"));
    assert_eq!(town.post("/api/inspections", &police, future).await.fields(), ["at"]);
    let detail = town.json("/api/rentals/R1", &police).await;
    assert_eq!(detail["inspections"][0]["findings"]["extinguisher"], "fail");
    assert_ne!(detail["inspected"], "never");
    assert_eq!(town.json("/api/rentals?inspected=never", &police).await["total"], 0);
    assert_eq!(town.json("/api/rentals?item=wiring,gas&severity=serious", &police).await["total"], 1);
    assert_eq!(town.json("/api/rentals?item=gas", &police).await["total"], 0);

    let hazard = json!({ "hazard_id": "Z2", "address_id": "A1", "rental_id": "R1", "item": "extinguisher",
        "severity": "major", "due_on": "2026-12-01" });
    let reply = town.post("/api/hazards", &police, hazard.clone()).await;
    assert_eq!((reply.status, reply.json()["state"].clone()), (StatusCode::CREATED, json!("open")), "{}", reply.text());
    assert_eq!(town.post("/api/hazards", &police, hazard).await.status, StatusCode::OK);
    let list = town.json("/api/hazards", &police).await;
    assert_eq!(ids(&list, "hazard_id"), ["Z2", "Z1"], "the gravest first");
    assert_eq!(list["items"][1]["overdue"], true);
    let summary = town.json("/api/heat-summary", &police).await;
    assert_eq!(
        (summary["items"][0]["serious"].clone(), summary["items"][5]["major"].clone()),
        (json!(1), json!(1)),
        "{summary}"
    );

    let department = town.sign_in("department").await;
    let step = async |cookie: &str, to: &str, version: i64| {
        let body = json!({ "to": to, "base_version": version, "note": "" });
        town.post("/api/hazards/Z2/transitions", cookie, body).await
    };
    assert_eq!(
        step(&department, "closed", 1).await.status,
        StatusCode::UNPROCESSABLE_ENTITY,
        "open hazards aren't closed"
    );
    assert_eq!(step(&department, "mended", 1).await.json()["state"], "mended");
    let old = step(&department, "closed", 1).await;
    assert_eq!(
        (old.status, old.json()["current"]["state"].clone()),
        (StatusCode::CONFLICT, json!("mended")),
        "{}",
        old.text()
    );
    let own = step(&police, "closed", 2).await;
    assert_eq!((own.status, own.problem().as_str()), (StatusCode::FORBIDDEN, "forbidden"), "the finder doesn't close");
    let closed = step(&department, "closed", 2).await;
    assert_eq!(
        (closed.status, closed.json()["closed_by"].clone()),
        (StatusCode::OK, json!("department")),
        "{}",
        closed.text()
    );

    let visit =
        json!({ "visit_id": Uuid::new_v4(), "address_id": "A1", "at": "2026-11-02T09:00:00Z", "outcome": "confirmed" });
    assert_eq!(town.post("/api/visits", &police, visit.clone()).await.status, StatusCode::CREATED);
    assert_eq!(town.post("/api/visits", &police, visit).await.status, StatusCode::OK);
}

#[tokio::test]
async fn forbidden_layers_are_unknown_layers() {
    let Some(town) = Town::open("forbidden layers").await else { return };
    let leader = town.sign_in("leader").await;
    for (forbidden, unknown) in [
        ("/tiles/hazard/12/3413/1675.mvt", "/tiles/nothing/12/3413/1675.mvt"),
        ("/tiles/grid,address/12/3413/1675.mvt", "/tiles/grid,nothing/12/3413/1675.mvt"),
        ("/tiles/flag.json", "/tiles/nothing.json"),
        ("/style/police.json", "/style/nothing.json"),
    ] {
        let (forbidden, unknown) = (town.get(forbidden, &leader).await, town.get(unknown, &leader).await);
        assert_eq!((forbidden.status, unknown.status), (StatusCode::NOT_FOUND, StatusCode::NOT_FOUND));
        let plain = |text: String| {
            ["hazard", "address", "flag", "police"].iter().fold(text, |t, name| t.replace(name, "nothing"))
        };
        assert_eq!(plain(forbidden.text()), plain(unknown.text()));
        let (mut a, mut b) = (forbidden.headers, unknown.headers);
        for headers in [&mut a, &mut b] {
            headers.remove(header::CONTENT_LENGTH);
        }
        assert_eq!(a, b);
    }
    assert_eq!(town.get("/tiles/grid.json", "").await.status, StatusCode::UNAUTHORIZED);
    let style = town.json("/style/leader.json", &leader).await;
    assert_eq!(style["version"], 8);
    let tilejson = town.json("/tiles/grid,care.json", &leader).await;
    assert_eq!(tilejson["tilejson"], "3.0.0");
    assert!(tilejson["vector_layers"].as_array().unwrap().len() >= 2);
    for odd in [
        "/tiles/grid/12/3413/1675",
        "/tiles/grid/99/0/0.mvt",
        "/tiles/grid/1/5/0.mvt",
        "/tiles/grid/-1/0/0.mvt",
        "/tiles/grid/a/b/c.mvt",
        "/tiles/grid",
    ] {
        assert_eq!(town.get(odd, &leader).await.status, StatusCode::NOT_FOUND, "{odd}");
    }
}

#[tokio::test]
async fn tiles_change_where_somebody_edits_and_nowhere_else() {
    let Some(town) = Town::open("tiles and their ETags").await else { return };
    let (collector, neighbour) = (town.sign_in("collector").await, town.sign_in("neighbour").await);
    let edited = format!("/tiles/address/{}", tile_of(16, 120.001, 28.001));
    let other = format!("/tiles/address/{}", tile_of(16, 120.015, 28.005));
    let fetch = async |path: &str, cookie: &str, etag: &str| {
        let mut request = request(Method::GET, path, cookie, None);
        if !etag.is_empty() {
            request.headers_mut().insert(header::IF_NONE_MATCH, etag.parse().expect("a header"));
        }
        request.headers_mut().insert(header::ACCEPT_ENCODING, "gzip".parse().expect("a header"));
        town.send(request).await
    };
    let first = fetch(&edited, &collector, "").await;
    assert_eq!(first.status, StatusCode::OK);
    assert_eq!(first.header(header::CONTENT_TYPE), "application/vnd.mapbox-vector-tile");
    let (etag, far) = (first.header(header::ETAG).to_owned(), fetch(&other, &neighbour, "").await);
    let known = fetch(&edited, &collector, &etag).await;
    assert_eq!((known.status, known.body.len()), (StatusCode::NOT_MODIFIED, 0));

    let foreign = fetch(&edited, &neighbour, "").await;
    assert!(foreign.body.is_empty(), "the neighbour sees nothing of it");

    let body = json!({ "correction_id": Uuid::new_v4(), "address_id": "A1", "base_version": 1,
        "change": { "kind": "move", "lon": 120.0011, "lat": 28.0012 } });
    assert_eq!(town.post("/api/corrections", &collector, body).await.status, StatusCode::CREATED);
    let second = fetch(&edited, &collector, &etag).await;
    assert_eq!(second.status, StatusCode::OK);
    assert_ne!(second.header(header::ETAG), etag);
    assert_eq!(fetch(&other, &neighbour, far.header(header::ETAG)).await.status, StatusCode::NOT_MODIFIED);
}
