//! Promise: an edit shows in every process within a second, each once, and every listener hears which tiles to read again:
//! few boxes under a stream of edits, "start over" when it did not keep up.

use crate::database::address;
use crate::serving::*;
use axum::http::StatusCode;
use futures::StreamExt;
use gridpin::city::Delta;
use gridpin::domain::Role;
use gridpin::http::{App, serve::start};
use gridpin::tile::Detail;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::watch;
use uuid::Uuid;

/// Everything that a listener has been told within `patience`, until `enough`.
async fn told(
    stream: &mut axum::body::BodyDataStream,
    patience: Duration,
    enough: impl Fn(&[(String, Value)]) -> bool,
) -> Vec<(String, Value)> {
    let (mut text, mut events) = (String::new(), Vec::new());
    let until = tokio::time::Instant::now() + patience;
    while !enough(&events) {
        let Ok(Some(chunk)) = tokio::time::timeout_at(until, stream.next()).await else { break };
        text.push_str(&String::from_utf8_lossy(&chunk.expect("a chunk")));
        while let Some((event, rest)) = text.split_once("\n\n") {
            let field = |name: &str| event.lines().find_map(|line| line.strip_prefix(name)).map(str::trim);
            if let (Some(kind), Some(data)) = (field("event:"), field("data:")) {
                events.push((kind.to_owned(), serde_json::from_str(data).expect("JSON")));
            }
            text = rest.to_owned();
        }
    }
    events
}

/// Moves a pin of the crowd, as the feed would tell it.
fn move_pin(town: &Town, n: u32, lon: f64) {
    let mut moved = address(&format!("C{n:04}"), Some("V01"), lon, 28.004);
    moved.version = 2;
    town.app.live.apply(Delta { addresses: vec![moved], ..Delta::default() });
}

#[tokio::test]
async fn a_stream_of_edits_is_told_in_few_words() {
    let Some(town) = Town::open_with("a stream of edits", crowd(120), Vec::new()).await else { return };
    let cookie = town.sign_in("collector-all").await;
    let mut stream = town.stream("/events", &cookie).await.into_body().into_data_stream();
    // The first at once.
    move_pin(&town, 0, 120.0031);
    let started = Instant::now();
    let shows = |event: &Value, lon: f64| {
        let drawn = event["layers"].as_array().expect("layers").iter().any(|layer| layer == "address");
        let Ok([w, s, e, n]) = serde_json::from_value::<[f64; 4]>(event["bbox"].clone()) else { return drawn };
        drawn && w <= lon && lon <= e && s <= 28.004 && 28.004 <= n
    };
    let there = |events: &[(String, Value)]| events.iter().any(|(_, event)| shows(event, 120.0031));
    let first = told(&mut stream, at_most(Duration::from_secs(5)), there).await;
    assert!(started.elapsed() < at_most(Duration::from_secs(1)), "{:?}", started.elapsed());
    assert_eq!((first[0].0.as_str(), first[0].1["addresses"].clone()), ("change", json!(["C0000"])));
    told(&mut stream, Duration::from_millis(600), |_| false).await;

    let started = Instant::now();
    for n in 1..101 {
        move_pin(&town, n, 120.0001 + f64::from(n) * 9e-5);
    }
    let edits = started.elapsed();
    let has = |events: &[(String, Value)], id: &str| {
        events.iter().any(|(_, event)| event["addresses"].as_array().is_some_and(|all| all.iter().any(|one| one == id)))
    };
    let all =
        |events: &[(String, Value)]| events.iter().any(|(_, event)| event["revision"] == town.app.live.get().revision);
    let mut events = told(&mut stream, at_most(Duration::from_secs(5)), all).await;
    let late = started.elapsed() - edits;
    // What was told in the same breath.
    events.extend(told(&mut stream, Duration::from_millis(600), |_| false).await);
    println!("100 edits in {edits:?} are {} events, the last {late:?} after the last edit", events.len());
    assert!(late < at_most(Duration::from_secs(1)), "{late:?}");
    assert!(events.len() <= 16 * (edits.as_millis() as usize / 250 + 2), "{}", events.len());
    assert!(events.iter().all(|(kind, _)| kind == "change"));
    for n in 1..101 {
        let lon = 120.0001 + f64::from(n) * 9e-5;
        assert!(events.iter().any(|(_, event)| shows(event, lon)), "{n} lies in no box");
        let named = has(&events, &format!("C{n:04}")) || events.iter().any(|(_, event)| event["more"] == true);
        assert!(named, "{n} is not named and nothing says that there are more");
    }

    // After a change of everything one word, and one when the new day is checked. The checker keeps to its own day: it may
    // turn the City back, which is as many again, and then tells in boxes which flags are others.
    let tomorrow = town.app.live.get().today.succ_opt().expect("a day");
    town.app.live.turn(tomorrow);
    let events = told(&mut stream, Duration::from_millis(600), |_| false).await;
    let whole = |event: &&(String, Value)| event.1["bbox"] == Value::Null;
    assert!((1..=4).contains(&events.iter().filter(whole).count()), "{events:?}");
    assert!(whole(&&events[0]), "{events:?}");
    for (_, event) in events.iter().filter(whole) {
        let layers = event["layers"].as_array().expect("layers").len();
        assert_eq!(layers, gridpin::city::ground::LAYERS.len(), "{events:?}");
    }
}

#[tokio::test]
async fn who_does_not_keep_up_starts_over() {
    let Some(town) = Town::open_with("slow listeners", crowd(20), Vec::new()).await else { return };
    let cookie = town.sign_in("collector").await;
    let mut slow = town.stream("/events", &cookie).await.into_body().into_data_stream();
    told(&mut slow, Duration::from_millis(300), |_| false).await;
    for n in 0..300 {
        move_pin(&town, n % 20, 120.0001 + f64::from(n) * 3e-5);
    }
    let events =
        told(&mut slow, at_most(Duration::from_secs(2)), |events| events.iter().any(|(kind, _)| kind == "resync"))
            .await;
    assert_eq!(events.first().map(|(kind, _)| kind.as_str()), Some("resync"), "{events:?}");
    // And goes on from there.
    told(&mut slow, Duration::from_millis(600), |_| false).await;
    move_pin(&town, 7, 120.0077);
    let events = told(&mut slow, at_most(Duration::from_secs(2)), |events| !events.is_empty()).await;
    assert_eq!(events[0].1["addresses"], json!(["C0007"]));
    drop(slow);
    let started = Instant::now();
    while town.app.listeners.available_permits() < gridpin::http::event::LISTENERS {
        assert!(started.elapsed() < at_most(Duration::from_secs(2)), "a listener that has gone keeps its place");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// Another process on the same database.
async fn second(town: &Town) -> (Arc<App>, watch::Sender<bool>) {
    let (end, stop) = watch::channel(false);
    let app = start(settings(&town.database.owner_url(), &[]), stop.clone()).await.expect("a second service");
    let app = Arc::new(app);
    tokio::spawn(app.follow.clone().run(stop));
    (app, end)
}

#[tokio::test]
async fn every_process_shows_an_edit_within_a_second_and_once() {
    let Some(town) = Town::open_with("two processes", crowd(60), Vec::new()).await else { return };
    town.follow();
    let (other, end) = second(&town).await;
    let cookie = town.sign_in("collector-all").await;
    let chief = crate::database::actor("chief", Role::Steward, None);
    let path = tile_of(16, 120.0002, 28.0002);
    let mut numbers = path.trim_end_matches(".mvt").split('/').map(|number| number.parse::<u32>().expect("a number"));
    let (z, x, y) = (16, numbers.nth(1).expect("x"), numbers.next().expect("y"));
    let etag = |app: &App| {
        app.tiles.render(&app.live.get(), &["address"], (z, x, y), Detail::Map, &chief).expect("a tile").name.etag
    };
    let mut heard = other.live.listen();
    let cut = "select pg_terminate_backend(pid) from pg_stat_activity
               where datname = current_database() and query ilike 'listen%'";
    let (mut longest, mut cuts) = (Duration::ZERO, 0);
    for n in 0..12 {
        let before = etag(&other);
        // Every third edit comes while the second process has just lost the connection on which it is woken.
        if n % 3 == 2 {
            town.database.as_superuser(cut).await;
            cuts += 1;
        }
        let body = json!({ "correction_id": Uuid::new_v4(), "address_id": format!("C{n:04}"), "base_version": 1,
            "change": { "kind": "move", "lon": 120.0002 + f64::from(n) * 1e-5, "lat": 28.0003 } });
        let reply = town.post("/api/corrections", &cookie, body).await;
        let started = Instant::now();
        assert_eq!(reply.status, StatusCode::CREATED, "{}", reply.text());
        while etag(&other) == before {
            assert!(started.elapsed() < at_most(Duration::from_secs(5)), "edit {n} does not arrive");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        longest = longest.max(started.elapsed());
    }
    // Both call it the same in the end, flags included.
    let started = Instant::now();
    while etag(&other) != etag(&town.app) {
        assert!(started.elapsed() < at_most(Duration::from_secs(5)), "the two go on to differ");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    println!("12 edits, {cuts} with a lost connection: the longest until the other process showed it {longest:?}");
    assert!(longest < at_most(Duration::from_secs(1)), "{longest:?}");
    let mut seen = Vec::new();
    while let Ok(touched) = heard.try_recv() {
        seen.extend(touched.addresses.iter().map(|id| id.to_string()));
    }
    let expected: Vec<String> = (0..12).map(|n| format!("C{n:04}")).collect();
    assert_eq!(seen, expected, "each once, in order");
    let _ = end.send(true);
}
