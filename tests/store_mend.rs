//! Promise: a batch is mended in one action, all or nothing, each pin at its own place; it is stored once however often it
//! is sent, and one undo puts back exactly what was there, but nothing that somebody changed since.

mod database;

use database::*;
use gridpin::domain::*;
use gridpin::error::{Error, Result};
use gridpin::store::*;
use uuid::Uuid;

fn reviewer() -> Actor {
    actor("R1", Role::Reviewer, Some("V"))
}

fn reviewer_of(grid: &str) -> Actor {
    actor("R2", Role::Reviewer, Some(grid))
}

fn collector() -> Actor {
    actor("W1", Role::Collector, Some("V01"))
}

/// Where the pins of [`small_town`] belong: each somewhere of its own, with digits that rounding would lose.
const TO: [(&str, f64, f64); 3] =
    [("A1", 119.9955123456789, 28.0041), ("A2", 119.9965987654321, 28.0052), ("B1", 120.0095000000001, 28.0083)];

fn mend_of(ids: &[&str]) -> NewMend {
    let of = |id: &&str| {
        let (_, lon, lat) = TO.iter().find(|(known, ..)| known == id).expect("a pin of the town");
        Move {
            address_id: (*id).into(),
            base_version: 1,
            to: LonLat::new(*lon, *lat),
            flag_id: format!("flag of {id}"),
        }
    };
    NewMend {
        mend_id: Uuid::new_v4(),
        group_id: "00ff".into(),
        rule: "datum_gcj02",
        batch: "P001".into(),
        note: "整批核对".into(),
        members: ids.iter().map(of).collect(),
    }
}

async fn mend(store: &Store, who: &Actor, new: &NewMend) -> Result<Stored<Mend>> {
    let mut session = store.begin(who).await?;
    let stored = session.mend(new).await?;
    session.commit().await?;
    Ok(stored)
}

async fn undo(store: &Store, who: &Actor, id: Uuid) -> Result<Stored<Undone>> {
    let mut session = store.begin(who).await?;
    let undone = session.undo_mend(id).await?;
    session.commit().await?;
    Ok(undone)
}

async fn confirm(store: &Store, id: &str, base_version: i64) {
    let mut session = store.begin(&collector()).await.unwrap();
    let new = NewCorrection {
        correction_id: Uuid::new_v4(),
        address_id: id.into(),
        base_version,
        change: Change::Confirm,
        observed: None,
        note: String::new(),
    };
    session.correct(&new).await.unwrap();
    session.commit().await.unwrap();
}

async fn read(store: &Store, id: &str) -> Address {
    store.begin(&steward()).await.unwrap().address(&id.into()).await.unwrap()
}

async fn corrections(store: &Store) -> Vec<Correction> {
    let filter = CorrectionFilter { limit: 100, ..CorrectionFilter::default() };
    let mut all = store.begin(&steward()).await.unwrap().corrections(&filter).await.unwrap();
    all.sort_by(|a, b| a.address_id.cmp(&b.address_id));
    all
}

/// Addresses and reasons that a conflict names.
fn stale(error: &Error) -> Vec<(String, String)> {
    let Error::Conflict { current: Some(current), .. } = error else { panic!("{error:?}") };
    let text = |value: &serde_json::Value| value.as_str().expect("a text").to_owned();
    current["stale"].as_array().expect("a list").iter().map(|s| (text(&s["address_id"]), text(&s["why"]))).collect()
}

#[tokio::test]
async fn every_pin_goes_to_its_own_place_in_one_reviewed_action() {
    let Some(db) = small_town("a mend").await else { return };
    let before = read(&db.store, "A1").await;
    let new = mend_of(&["A1", "A2", "B1"]);
    let Stored::New(stored) = mend(&db.store, &reviewer(), &new).await.unwrap() else { panic!("not new") };
    assert_eq!((stored.pins, stored.made_by.as_str(), stored.undone_at), (3, "R1", None));

    for (id, lon, lat) in TO {
        let address = read(&db.store, id).await;
        let pin = address.pin.clone().unwrap();
        assert_eq!(
            (pin.at, pin.method, address.version),
            (LonLat::new(lon, lat), PositionMethod::Suggested, 2),
            "{id}"
        );
        // Who took the fix, when and how accurately is what it was: only what happened to the numbers is undone.
        let was = before.pin.clone().unwrap();
        assert_eq!(
            (pin.collector, pin.collected_at, pin.accuracy_m),
            (was.collector, was.collected_at, was.accuracy_m)
        );
    }
    let made = corrections(&db.store).await;
    assert_eq!(made.len(), 3);
    for (correction, (id, lon, lat)) in made.iter().zip(TO) {
        let change = Change::Move { lon, lat, flag_id: Some(format!("flag of {id}")) };
        assert_eq!((correction.address_id.as_str(), &correction.change), (id, &change));
        assert_eq!((correction.base_version, correction.version), (1, 2));
        assert_eq!((correction.state, correction.mend_id), (CorrectionState::Verified, Some(new.mend_id)));
        assert_eq!((correction.made_by.as_str(), correction.reviewed_by.as_deref()), ("R1", Some("R1")));
    }
    let mut session = db.store.begin(&steward()).await.unwrap();
    let audit = session.audit_entries(&AuditFilter::default(), None, 1).await.unwrap();
    assert_eq!((audit[0].actor.as_str(), audit[0].action.as_str()), ("R1", "mend"));
    assert_eq!(audit[0].detail["addresses"], serde_json::json!(["A1", "A2", "B1"]));
    assert_eq!(audit[0].detail["reviewed"], "preview");
    let history = session.address_history(&"A1".into(), None, 9).await.unwrap();
    assert_eq!(history.iter().map(|v| v.address.version).collect::<Vec<_>>(), [2, 1]);
    assert_eq!(history[1].address, before);
}

#[tokio::test]
async fn the_feed_tells_of_every_pin() {
    let Some(db) = small_town("a mend in the feed").await else { return };
    let cursor = db.store.load(&steward()).await.unwrap().cursor;
    mend(&db.store, &reviewer(), &mend_of(&["A1", "B1"])).await.unwrap();
    let (delta, cursor) = db.store.feed(&cursor).await.unwrap().unwrap();
    let ids: Vec<&str> = delta.addresses.iter().map(|a| a.id.as_str()).collect();
    assert_eq!((ids, delta.corrections.len()), (vec!["A1", "B1"], 2));
    assert!(db.store.feed(&cursor).await.unwrap().unwrap().0.is_empty());
}

#[tokio::test]
async fn nothing_is_done_when_one_pin_has_moved_on() {
    let Some(db) = small_town("a stale mend").await else { return };
    confirm(&db.store, "A2", 1).await;
    let error = mend(&db.store, &reviewer(), &mend_of(&["A1", "A2", "B1"])).await.unwrap_err();
    assert_eq!(stale(&error), [("A2".to_owned(), "changed".to_owned())]);
    assert_eq!(read(&db.store, "A1").await.version, 1);
    assert!(db.store.begin(&reviewer()).await.unwrap().mends(None, 9).await.unwrap().is_empty());
    // Without it the others go.
    assert!(matches!(mend(&db.store, &reviewer(), &mend_of(&["A1", "B1"])).await, Ok(Stored::New(_))));
    assert_eq!(read(&db.store, "A2").await.pin.unwrap().at, LonLat::new(120.002, 28.002));
    assert!(matches!(mend(&db.store, &reviewer(), &mend_of(&[])).await, Err(Error::Invalid(_))));
}

#[tokio::test]
async fn sent_ten_times_at_once_it_is_stored_once() {
    let Some(db) = small_town("mends at once").await else { return };
    let new = mend_of(&["A1", "A2", "B1"]);
    let all = (0..10).map(|_| {
        let (store, new) = (db.store.clone(), new.clone());
        tokio::spawn(async move { mend(&store, &reviewer(), &new).await })
    });
    let mut fresh = 0;
    for one in all.collect::<Vec<_>>() {
        fresh += usize::from(matches!(one.await.unwrap().unwrap(), Stored::New(_)));
    }
    assert_eq!((fresh, read(&db.store, "A1").await.version, corrections(&db.store).await.len()), (1, 2, 3));
    let other = NewMend { group_id: "other".into(), ..new.clone() };
    assert!(matches!(mend(&db.store, &reviewer(), &other).await, Err(Error::Conflict { .. })));
    assert!(matches!(mend(&db.store, &steward(), &new).await, Err(Error::Conflict { .. })), "somebody else's");
}

#[tokio::test]
async fn one_undo_puts_back_what_was_there_but_nothing_that_was_changed_since() {
    let Some(db) = small_town("an undo").await else { return };
    let before = [read(&db.store, "A1").await, read(&db.store, "A2").await, read(&db.store, "B1").await];
    let new = mend_of(&["A1", "A2", "B1"]);
    mend(&db.store, &reviewer(), &new).await.unwrap();
    // Somebody stood there and found the mended pin right.
    confirm(&db.store, "A2", 2).await;
    let Stored::New(undone) = undo(&db.store, &reviewer(), new.mend_id).await.unwrap() else { panic!("not new") };
    assert_eq!(undone.restored.iter().map(|id| id.as_str()).collect::<Vec<_>>(), ["A1", "B1"]);
    assert_eq!(undone.kept, [Stale { address_id: "A2".into(), version: Some(3), why: Why::Changed }]);
    assert_eq!((undone.mend.undone_by.as_deref(), undone.mend.undone_at.is_some()), (Some("R1"), true));
    for (id, was) in [("A1", &before[0]), ("B1", &before[2])] {
        let now = read(&db.store, id).await;
        assert_eq!(Address { version: 1, ..now.clone() }, *was, "{id}");
        assert_eq!(now.version, 3);
    }
    assert_eq!(read(&db.store, "A2").await.pin.unwrap().at, LonLat::new(TO[1].1, TO[1].2));
    let of_mend = |c: &Correction| c.mend_id.is_some();
    let states: Vec<_> = corrections(&db.store).await.into_iter().filter(of_mend).map(|c| c.state).collect();
    assert_eq!(states, [CorrectionState::Rejected, CorrectionState::Verified, CorrectionState::Rejected]);

    let Stored::Same(again) = undo(&db.store, &reviewer(), new.mend_id).await.unwrap() else { panic!("undone twice") };
    assert_eq!((again.restored, again.kept), (undone.restored, undone.kept));
    assert_eq!(read(&db.store, "A1").await.version, 3);
    let audit =
        db.store.begin(&steward()).await.unwrap().audit_entries(&AuditFilter::default(), None, 1).await.unwrap();
    assert_eq!((audit[0].action.as_str(), &audit[0].detail["kept"]), ("undo_mend", &serde_json::json!(["A2"])));
    assert_eq!(db.superuser_reads("select count(*)::text from mend_version").await, "1");
}

#[tokio::test]
async fn an_undo_with_nothing_left_to_put_back_says_so() {
    let Some(db) = small_town("an empty undo").await else { return };
    let new = mend_of(&["A1"]);
    mend(&db.store, &reviewer(), &new).await.unwrap();
    confirm(&db.store, "A1", 2).await;
    let error = undo(&db.store, &reviewer(), new.mend_id).await.unwrap_err();
    assert_eq!(stale(&error), [("A1".to_owned(), "changed".to_owned())]);
    let mends = db.store.begin(&reviewer()).await.unwrap().mends(None, 9).await.unwrap();
    assert_eq!(mends[0].undone_at, None);
}

#[tokio::test]
async fn only_reviewers_mend_and_only_on_their_ground() {
    let Some(db) = small_town("rights to mend").await else { return };
    let department = actor("D1", Role::Department, Some("V"));
    for who in [collector(), department] {
        assert!(matches!(mend(&db.store, &who, &mend_of(&["A1"])).await, Err(Error::Forbidden(_))), "{who:?}");
        assert!(matches!(undo(&db.store, &who, Uuid::new_v4()).await, Err(Error::Forbidden(_))), "{who:?}");
    }
    // What lies outside answers as if it were not there.
    let error = mend(&db.store, &reviewer_of("V01"), &mend_of(&["A1", "B1"])).await.unwrap_err();
    assert_eq!(stale(&error), [("B1".to_owned(), "gone".to_owned())]);

    let (whole, part) = (mend_of(&["A1", "B1"]), mend_of(&["A2"]));
    mend(&db.store, &reviewer(), &whole).await.unwrap();
    mend(&db.store, &reviewer_of("V01"), &part).await.unwrap();
    let seen = async |who: Actor| {
        let mends = db.store.begin(&who).await.unwrap().mends(None, 9).await.unwrap();
        mends.into_iter().map(|mend| mend.mend_id).collect::<Vec<_>>()
    };
    assert_eq!(seen(reviewer()).await, [part.mend_id, whole.mend_id]);
    assert_eq!(seen(reviewer_of("V01")).await, [part.mend_id], "of a mend that reaches further nothing is seen");
    assert!(seen(reviewer_of("V02")).await.is_empty());
    assert!(seen(collector()).await.is_empty());
    assert!(matches!(undo(&db.store, &reviewer_of("V01"), whole.mend_id).await, Err(Error::NotFound(_))));
    assert!(matches!(undo(&db.store, &reviewer(), part.mend_id).await, Ok(Stored::New(_))));
}

#[tokio::test]
async fn a_mend_opens_no_way_round_the_second_pair_of_eyes() {
    let Some(db) = small_town("no way round review").await else { return };
    let new = mend_of(&["A1"]);
    mend(&db.store, &reviewer(), &new).await.unwrap();
    let id = new.mend_id;
    let own = format!(
        "insert into correction (correction_id, address_id, base_version, made_version, change, mend_id)
         values (gen_random_uuid(), 'A2', 1, 2, '{{}}', '{id}')"
    );
    let reject = format!("update correction set state = 'rejected' where mend_id = '{id}'");
    for (who, role, sql) in
        [("W1", "collector", &own), ("R1", "reviewer", &own), ("R1", "reviewer", &reject), ("R3", "reviewer", &reject)]
    {
        let as_app = format!(
            "begin; set local role gridpin_app; select set_config('gridpin.actor', '{who}', true),
             set_config('gridpin.role', '{role}', true), set_config('gridpin.scope', 'V', true); {sql}; commit"
        );
        let mut connection = <sqlx::PgConnection as sqlx::Connection>::connect(&db.owner_url()).await.unwrap();
        let refused = sqlx::raw_sql(sqlx::AssertSqlSafe(as_app)).execute(&mut connection).await;
        assert!(refused.is_err(), "{who}: {sql}");
    }
    assert_eq!(corrections(&db.store).await.len(), 1);
}
