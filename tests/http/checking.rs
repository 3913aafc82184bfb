//! Promise: of several processes on one database one checks, all show what it finds within a second, and while nobody has
//! checked yet, nobody says that all is well.

use crate::database::small_town;
use crate::serving::*;
use axum::http::{StatusCode, header};
use gridpin::city::Flags;
use gridpin::domain::*;
use gridpin::store::{Store, Told};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::time::{Duration, Instant};
use uuid::Uuid;

/// Waits until `is` answers true, at most so long, and says how long it took.
async fn within(most: Duration, what: &str, is: impl AsyncFn() -> bool) -> Duration {
    let start = Instant::now();
    while !is().await {
        assert!(start.elapsed() < at_most(most), "{what} does not come about");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    start.elapsed()
}

const SECOND: Duration = Duration::from_secs(1);
/// A takeover looks once a second, and checks.
const TAKEOVER: Duration = Duration::from_secs(20);

/// What a process lists: identifier, message and since when of every flag.
async fn listed(town: &Town, cookie: &str) -> BTreeSet<(String, String, String)> {
    let page = town.json("/api/flags?state=all&limit=1000", cookie).await;
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    let items = page["items"].as_array().expect("items");
    items.iter().map(|f| (text(&f["flag_id"]), text(&f["message"]["en"]), text(&f["since"]))).collect()
}

async fn state(town: &Town) -> String {
    town.json("/api/config", "").await["check"]["state"].as_str().expect("a state").to_owned()
}

/// What is kept.
async fn kept(store: &Store) -> Vec<Standing> {
    store.load(&Store::system()).await.expect("a load").flags.iter().map(FlagRef::standing).collect()
}

/// Moves the pin of an address by the API.
async fn correct(town: &Town, cookie: &str, id: &str, at: [f64; 2]) {
    let version = town.json(&format!("/api/addresses/{id}"), cookie).await["version"].clone();
    let change = json!({ "kind": "move", "lon": at[0], "lat": at[1] });
    let body = json!({ "correction_id": Uuid::new_v4(), "address_id": id, "base_version": version, "change": change });
    let reply = town.post("/api/corrections", cookie, body).await;
    assert_eq!(reply.status, StatusCode::CREATED, "{}", reply.text());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_edit_through_one_process_shows_in_all_within_a_second() {
    let Some(here) = Town::open("flags in two processes").await else { return };
    here.follow();
    let elsewhere = Town::beside(&here, &["--check", "elsewhere"]).await;
    elsewhere.follow();
    tokio::spawn(elsewhere.app.checker.clone().run(elsewhere.stop()));
    let cookie = here.sign_in("chief").await;
    assert!(!listed(&here, &cookie).await.is_empty());
    assert_eq!(listed(&here, &cookie).await, listed(&elsewhere, &cookie).await, "it starts with what is kept");
    within(2 * SECOND, "the state of the check", async || state(&elsewhere).await == "checked").await;
    assert!(!elsewhere.app.live.get().is_checked(), "it never checks");

    // Out of the grid that it declares and back, once through each of them.
    for (through, at, wrong) in [(&here, [120.0155, 28.0055], true), (&elsewhere, [120.001, 28.001], false)] {
        correct(through, &cookie, "A1", at).await;
        for town in [&here, &elsewhere] {
            let flagged = async || {
                let address = town.json("/api/addresses/A1", &cookie).await;
                assert!(town.get("/tiles/flag/14/13653/6872.mvt", &cookie).await.status.is_success());
                let flags = address["flags"].as_array().expect("flags").clone();
                flags.iter().any(|flag| flag["rule"] == "grid_mismatch") == wrong && address["lon"] == at[0]
            };
            let took = within(SECOND, "the edit", flagged).await;
            println!("shown after {} ms", took.as_millis());
        }
        within(SECOND, "the same list", async || listed(&here, &cookie).await == listed(&elsewhere, &cookie).await)
            .await;
    }
    let of = |city: &gridpin::city::City| -> BTreeSet<String> { city.flags.iter().map(|f| format!("{f:?}")).collect() };
    let city = here.app.live.get();
    assert_eq!(of(&city), of(&city.anew()), "flags after edits are those of a check from nothing");
    assert_eq!(of(&city), of(&elsewhere.app.live.get()));

    // What only the process knows that checks.
    for path in ["/api/addresses/M1/explain", "/api/flag-groups", "/api/flag-groups/0011223344556677"] {
        let reply = elsewhere.get(path, &cookie).await;
        assert_eq!((reply.status, reply.problem().as_str()), (StatusCode::SERVICE_UNAVAILABLE, "unchecked"), "{path}");
        assert!(!reply.header(header::RETRY_AFTER).is_empty());
    }
    assert_eq!(here.get("/api/addresses/M1/explain", &cookie).await.status, StatusCode::OK);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_process_that_lost_its_connection_catches_up() {
    let Some(here) = Town::open("flags after a lost connection").await else { return };
    here.follow();
    let elsewhere = Town::beside(&here, &["--check", "elsewhere"]).await;
    elsewhere.follow();
    let cookie = here.sign_in("chief").await;
    let cut = "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()";
    for round in 0..4 {
        // Also the right to write flags is lost, and taken again.
        here.database.as_superuser(cut).await;
        let at = if round % 2 == 0 { [120.0155, 28.0055] } else { [120.001, 28.001] };
        within(10 * SECOND, "a write", async || here.app.store.ping().await.is_ok()).await;
        correct(&here, &cookie, "A1", at).await;
    }
    within(15 * SECOND, "the same list", async || listed(&here, &cookie).await == listed(&elsewhere, &cookie).await)
        .await;
    let stored: BTreeSet<String> = kept(&here.app.store).await.iter().map(|one| format!("{:?}", one.flag)).collect();
    let city = here.app.live.get();
    assert_eq!(stored, city.flags.iter().map(|flag| format!("{flag:?}")).collect());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_waits_and_takes_over() {
    let Some(first) = Town::open("a takeover").await else { return };
    first.follow();
    let second = Town::beside(&first, &[]).await;
    second.follow();
    tokio::spawn(second.app.checker.clone().run(second.stop()));
    let cookie = first.sign_in("chief").await;
    let before = listed(&first, &cookie).await;
    tokio::time::sleep(Duration::from_millis(1500)).await;
    assert!(!second.app.live.get().is_checked(), "one checks, the other waits");
    assert_eq!(state(&second).await, "checked");
    assert!(first.app.store.flag_writer().await.expect("an answer").is_none(), "nobody else gets the right");

    first.end();
    within(TAKEOVER, "a takeover", async || second.app.live.get().is_checked()).await;
    second.app.checker.settle().await;
    assert_eq!(listed(&second, &cookie).await, before, "what stood stands since then");
    correct(&second, &cookie, "A1", [120.0155, 28.0055]).await;
    let is_kept = async || {
        kept(&second.app.store)
            .await
            .iter()
            .any(|one| one.flag.rule == "grid_mismatch" && one.flag.subject == Subject::Address("A1".into()))
    };
    within(SECOND, "the flag in the table", is_kept).await;
}

#[tokio::test]
async fn before_the_first_check_nobody_says_that_all_is_well() {
    let Some(database) = small_town("a city that nobody has checked").await else { return };
    let town = Town::over(database, &[]).await;
    assert_eq!(state(&town).await, "waiting");
    let ready = town.json("/readyz", "").await;
    assert_eq!((ready["status"].clone(), ready["check"]["state"].clone()), (json!("ok"), json!("waiting")));
    assert_eq!(ready["check"]["done_at"], Value::Null);
    assert!(town.get("/metrics", "").await.text().contains("\ngridpin_flags_checked 0\n"));
    let run = tokio::spawn(town.app.checker.clone().run(town.stop()));
    town.app.checker.settle().await;
    assert_eq!(state(&town).await, "checked");
    assert!(town.get("/metrics", "").await.text().contains("\ngridpin_flags_checked 1\n"));
    assert_ne!(town.json("/readyz", "").await["check"]["done_at"], Value::Null);
    town.end();
    run.await.expect("it ends in good order");
}

#[tokio::test]
async fn flags_are_kept_as_they_are_and_only_by_who_has_the_right() {
    let Some(database) = small_town("kept flags").await else { return };
    let store = &database.store;
    let flag = |rule: &'static str, id: &str, words: &str| {
        let subject = Subject::Address(id.into());
        Flag {
            flag_id: flag::flag_id(rule, &subject),
            rule,
            subject,
            severity: Severity::Warning,
            probability: Some(0.1 + 0.2),
            tier: Some(Tier::Field),
            message: gridpin::error::Text::new(words, "x'\"\\"),
            at: Some(LonLat::new(120.000_000_000_1, 1.0 / 3.0)),
            suggestion: Some(Suggestion { radius_m: Some(1e-300), value: Some("乙".into()), ..Suggestion::default() }),
        }
    };
    let bare = Flag { probability: None, tier: None, at: None, suggestion: None, ..flag("pin_stacked", "A2", "") };
    let empty = Flag { suggestion: Some(Suggestion::default()), ..flag("pin_office", "A2", "") };
    let found = Flags::build(vec![flag("grid_mismatch", "A1", "甲"), bare.clone(), empty]);
    let mut cursor = store.load(&Store::system()).await.unwrap().cursor;

    let mut writer = store.flag_writer().await.unwrap().expect("the right");
    assert!(store.flag_writer().await.unwrap().is_none(), "one has it");
    writer.say(0.0).await.unwrap();
    assert!(store.checking().await.unwrap().begun_at.is_some());
    assert_eq!(writer.write_all(&found, "1").await.unwrap(), (3, 0));
    assert_eq!(writer.write_all(&found, "2").await.unwrap(), (0, 0), "what is kept already is not written again");
    let checking = store.checking().await.unwrap();
    assert!(checking.begun_at.is_none() && checking.done_at.is_some() && checking.is_held);
    let (delta, next) = store.feed(&cursor).await.unwrap().unwrap();
    cursor = next;
    let one = |delta: &gridpin::city::Delta, rule: &str| delta.flags.iter().find(|one| one.flag.rule == rule).cloned();
    assert_eq!(delta.flags.len(), 3);
    assert_eq!(one(&delta, "grid_mismatch").unwrap().flag, flag("grid_mismatch", "A1", "甲"), "bit for bit");
    assert_eq!(one(&delta, "pin_stacked").unwrap().flag, bare);
    assert!(store.feed(&cursor).await.unwrap().unwrap().0.is_empty(), "nothing again");

    // One reads differently, one goes.
    let mut next = found.clone();
    let subjects = [Subject::Address("A1".into()), Subject::Address("A2".into())];
    let change = next.replace_of(&subjects, vec![flag("grid_mismatch", "A1", "丙"), bare.clone()]);
    writer.write(&next, &change.ids, "3").await.unwrap();
    let (delta, after) = store.feed(&cursor).await.unwrap().unwrap();
    assert_eq!((delta.flags.len(), delta.unflagged.len()), (1, 1));
    let since = |flags: &Flags, rule| flags.standing(&flag(rule, "A1", "").flag_id).unwrap().1;
    assert_eq!(one(&delta, "grid_mismatch").unwrap().since, since(&found, "grid_mismatch"), "it stands since then");
    assert_eq!(database.superuser_reads("select string_agg(rule_set, ' ' order by rule) from flag").await, "3 1");
    let (delta, _) = store.feed_with(&cursor, Told::None).await.unwrap().unwrap();
    assert!(delta.is_empty());
    let (delta, _) = store.feed_with(&after, Told::All).await.unwrap().unwrap();
    assert!(delta.all_flags && delta.flags.len() == 2);

    // Killed in the middle of writing: all or nothing, and the right is free.
    let pid = database.superuser_reads("select holds_checking()::text").await;
    database.as_superuser(&format!("select pg_terminate_backend({pid})")).await;
    assert!(writer.write(&found, &[flag("pin_office", "A2", "").flag_id], "4").await.is_err());
    within(SECOND, "the right is free", async || !store.checking().await.unwrap().is_held).await;
    assert_eq!(kept(store).await.len(), 2);
    drop(writer);
    // Who has not the right can't write, not even the service itself; nor can a steward who has it in the wrong name.
    for sql in ["delete from flag", "update flag set severity = 'info'", "update checking set share = 1"] {
        let role = "set_config('gridpin.role', 'steward', true), set_config('gridpin.scope', '*', true)";
        for (name, lock) in [("system", "null"), ("chief", "take_checking()")] {
            let sql = format!(
                "begin; set role gridpin_app; select set_config('gridpin.actor', '{name}', true), {role}, {lock}; {sql}"
            );
            let url = database.owner_url();
            let done = try_run(&url, &format!("{sql}; commit")).await;
            let counts = database.superuser_reads("select count(*)::text from flag where severity = 'warning'").await;
            assert_eq!(counts, "2", "{sql}");
            assert!(name == "chief" || done.is_err(), "{sql}");
        }
    }
}

async fn try_run(url: &str, sql: &str) -> Result<(), sqlx::Error> {
    use sqlx::Connection;
    let mut connection = sqlx::PgConnection::connect(url).await?;
    sqlx::raw_sql(sqlx::AssertSqlSafe(sql.to_owned())).execute(&mut connection).await.map(|_| ())
}
