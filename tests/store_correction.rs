//! Promise: a correction is in force at once, is stored once however often it is sent, is verified by somebody else, and
//! a rejected one leaves exactly what was there before.

mod database;

use chrono::Utc;
use database::*;
use gridpin::domain::*;
use gridpin::error::{Error, Result};
use gridpin::store::*;
use uuid::Uuid;

fn correction(address: &str, base_version: i64, change: Change) -> NewCorrection {
    NewCorrection {
        correction_id: Uuid::new_v4(),
        address_id: address.into(),
        base_version,
        change,
        observed: None,
        note: "现场核对".into(),
    }
}

fn moved(lon: f64, lat: f64) -> Change {
    Change::Move { lon, lat, flag_id: None }
}

fn set(field: &str, value: &str) -> Change {
    Change::Set { field: field.into(), value: value.into(), flag_id: None }
}

fn collector() -> Actor {
    actor("W1", Role::Collector, Some("V01"))
}

fn reviewer() -> Actor {
    actor("R1", Role::Reviewer, Some("V"))
}

async fn correct(store: &Store, who: &Actor, new: &NewCorrection) -> Result<Stored<Correction>> {
    let mut session = store.begin(who).await?;
    let stored = session.correct(new).await?;
    session.commit().await?;
    Ok(stored)
}

async fn review(store: &Store, who: &Actor, id: Uuid, verdict: Verdict, reason: &str) -> Result<Correction> {
    let mut session = store.begin(who).await?;
    let reviewed = session.review(id, verdict, reason).await?;
    session.commit().await?;
    Ok(reviewed)
}

async fn read(store: &Store, id: &str) -> Address {
    store.begin(&steward()).await.unwrap().address(&id.into()).await.unwrap()
}

#[tokio::test]
async fn a_move_is_in_force_at_once_and_stored_once() {
    let Some(db) = small_town("corrections").await else { return };
    let mut new = correction("A1", 1, moved(120.004, 28.004));
    new.observed = Some(gridpin::domain::correction::Observed {
        lon: 120.0041,
        lat: 28.004,
        accuracy_m: Some(6.0),
        at: "2026-11-20T08:00:00Z".parse().unwrap(),
    });
    let Stored::New(first) = correct(&db.store, &collector(), &new).await.unwrap() else { panic!("not new") };
    assert_eq!((first.version, first.state, first.made_by.as_str()), (2, CorrectionState::Unverified, "W1"));
    assert_eq!(first.before, Some(LonLat::new(120.001, 28.001)));
    let address = read(&db.store, "A1").await;
    let pin = address.pin.clone().unwrap();
    assert_eq!((pin.at, pin.method, pin.accuracy_m), (LonLat::new(120.004, 28.004), PositionMethod::Map, None));
    assert_eq!(pin.collector.as_deref(), Some("W1"));
    assert_eq!((address.version, address.verified_on), (2, Some("2026-11-20".parse().unwrap())));

    assert_eq!(correct(&db.store, &collector(), &new).await.unwrap(), Stored::Same(first.clone()));
    assert_eq!(read(&db.store, "A1").await.version, 2);
    let other = NewCorrection { change: Change::Confirm, ..new.clone() };
    assert!(matches!(correct(&db.store, &collector(), &other).await, Err(Error::Conflict { .. })));
}

#[tokio::test]
async fn the_same_correction_sent_ten_times_at_once_is_stored_once() {
    let Some(db) = small_town("corrections at once").await else { return };
    let new = correction("A1", 1, moved(120.004, 28.004));
    let all = (0..10).map(|_| {
        let (store, new) = (db.store.clone(), new.clone());
        tokio::spawn(async move { correct(&store, &collector(), &new).await })
    });
    let mut fresh = 0;
    for one in all.collect::<Vec<_>>() {
        fresh += usize::from(matches!(one.await.unwrap().unwrap(), Stored::New(_)));
    }
    assert_eq!(fresh, 1);
    assert_eq!(read(&db.store, "A1").await.version, 2);
}

#[tokio::test]
async fn whoever_comes_second_gets_the_current_record() {
    let Some(db) = small_town("conflicts").await else { return };
    correct(&db.store, &collector(), &correction("A1", 1, set("full_text", "丽阳街1-1号"))).await.unwrap();
    let late = correct(&db.store, &collector(), &correction("A1", 1, Change::Confirm)).await;
    let Err(Error::Conflict { current: Some(current), .. }) = late else { panic!("{late:?}") };
    assert_eq!((&current["version"], &current["full_text"]), (&2.into(), &"丽阳街1-1号".into()));
}

#[tokio::test]
async fn every_change_does_what_it_says() {
    let Some(db) = small_town("kinds of change").await else { return };
    let who = collector();
    correct(&db.store, &who, &correction("A1", 1, Change::Confirm)).await.unwrap();
    assert_eq!(read(&db.store, "A1").await.verified_on, Some(Utc::now().date_naive()));
    let comment = correct(&db.store, &who, &correction("A1", 2, Change::Comment)).await.unwrap().into_inner();
    assert_eq!((comment.version, read(&db.store, "A1").await.version), (2, 2));
    correct(&db.store, &who, &correction("A1", 2, set("house_number", "12-3号"))).await.unwrap();
    assert_eq!(&*read(&db.store, "A1").await.parts.house_number, "12-3号");
    let on = "2026-11-21".parse().unwrap();
    correct(&db.store, &who, &correction("A1", 3, Change::Demolish { on, proof: None })).await.unwrap();
    let gone = read(&db.store, "A1").await;
    assert_eq!((gone.status, gone.ended_on), (AddressStatus::Demolished, Some(on)));
    let by_flag = Change::Move { lon: 120.002, lat: 28.002, flag_id: Some("0011223344556677".into()) };
    correct(&db.store, &who, &correction("A2", 1, by_flag)).await.unwrap();
    assert_eq!(read(&db.store, "A2").await.pin.unwrap().method, PositionMethod::Suggested);

    let on = "2026-11-20".parse().unwrap();
    let photo = |sha256: &str| Change::Demolish { on, proof: Some(Proof::Photo { sha256: sha256.into() }) };
    for (change, field) in [
        (photo("no hash"), "sha256"),
        (set("version", "7"), "field"),
        (set("full_text", "  "), "value"),
        (set("grid_code", "V99"), "address_grid_known"),
        (moved(28.0, 120.0), "lon, lat"),
        (moved(f64::NAN, 28.0), "lon, lat"),
    ] {
        let refused = correct(&db.store, &who, &correction("A2", 2, change.clone())).await;
        let Err(Error::Invalid(faults)) = refused else { panic!("{change:?}: {refused:?}") };
        assert_eq!(faults[0].field, field);
    }
    assert_eq!(read(&db.store, "A2").await.version, 2);
    let proven = correct(&db.store, &who, &correction("A2", 2, photo(&"0f".repeat(32)))).await.unwrap().into_inner();
    assert_eq!(proven.change, photo(&"0f".repeat(32)), "the proof is kept with the correction");
}

#[tokio::test]
async fn text_and_parts_never_say_different_things() {
    let Some(db) = small_town("text and parts").await else { return };
    let told = async |version: i64| {
        let address = read(&db.store, "A1").await;
        assert_eq!(address.version, version);
        (address.full_text, address.parts.road.to_string(), address.parts.house_number.to_string())
    };
    let before = told(1).await;
    let first = correction("A1", 1, set("full_text", "中山街7号2幢301室"));
    correct(&db.store, &collector(), &first).await.unwrap();
    assert_eq!(told(2).await, ("中山街7号2幢301室".into(), "中山街".into(), "7号".into()));
    assert_eq!(&*read(&db.store, "A1").await.parts.room, "301室");
    let second = correction("A1", 2, set("house_number", "9号"));
    correct(&db.store, &collector(), &second).await.unwrap();
    assert_eq!(told(3).await, ("中山街9号2幢301室".into(), "中山街".into(), "9号".into()));
    // Back step by step, text and parts together; the first not before the second.
    let refused = review(&db.store, &reviewer(), first.correction_id, Verdict::Rejected, "不对").await;
    assert!(matches!(refused, Err(Error::Conflict { .. })), "{refused:?}");
    review(&db.store, &reviewer(), second.correction_id, Verdict::Rejected, "不对").await.unwrap();
    assert_eq!(told(4).await, ("中山街7号2幢301室".into(), "中山街".into(), "7号".into()));
    review(&db.store, &reviewer(), first.correction_id, Verdict::Rejected, "不对").await.unwrap();
    assert_eq!(told(5).await, before);
    let mut session = db.store.begin(&collector()).await.unwrap();
    let history = session.address_history(&"A1".into(), None, 9).await.unwrap();
    let texts: Vec<&str> = history.iter().map(|v| v.address.full_text.as_str()).collect();
    assert_eq!(texts, [&before.0, "中山街7号2幢301室", "中山街9号2幢301室", "中山街7号2幢301室", &before.0]);
}

#[tokio::test]
async fn coordinates_are_kept_to_the_last_bit() {
    let Some(db) = small_town("bits of coordinates").await else { return };
    // Numbers whose shortest decimal a careless reader gets wrong by one bit.
    for (version, (lon, lat)) in
        [(120.00199999999998, 28.001234567890123), (0.1 + 0.2, 28.00000000000001)].into_iter().enumerate()
    {
        let new = correction("A1", version as i64 + 1, moved(lon, lat));
        let stored = correct(&db.store, &collector(), &new).await.unwrap().into_inner();
        assert_eq!(stored.change, new.change);
        assert_eq!(read(&db.store, "A1").await.pin.unwrap().at, LonLat::new(lon, lat));
        assert!(matches!(correct(&db.store, &collector(), &new).await.unwrap(), Stored::Same(_)));
    }
}

#[tokio::test]
async fn an_address_can_be_handed_to_a_neighbouring_grid_and_back() {
    let Some(db) = small_town("hand over").await else { return };
    let new = correction("A1", 1, set("grid_code", "V02"));
    correct(&db.store, &collector(), &new).await.unwrap();
    assert_eq!(read(&db.store, "A1").await.grid, Some("V02".into()));
    let mut session = db.store.begin(&collector()).await.unwrap();
    assert!(matches!(session.address(&"A1".into()).await, Err(Error::NotFound(_))));
    assert_eq!(session.correction(new.correction_id).await.unwrap().state, CorrectionState::Unverified);
    drop(session);
    // Sent again after the address left the ground: still the same one.
    assert!(matches!(correct(&db.store, &collector(), &new).await.unwrap(), Stored::Same(_)));
    // Not one's own address: no.
    let foreign = correction("B1", 1, set("grid_code", "V01"));
    assert!(matches!(correct(&db.store, &collector(), &foreign).await, Err(Error::NotFound(_))));
    let mut session = db.store.begin(&collector()).await.unwrap();
    drop(session.address(&"A2".into()).await.unwrap());
    drop(session);

    review(&db.store, &reviewer(), new.correction_id, Verdict::Rejected, "未到现场").await.unwrap();
    assert_eq!(read(&db.store, "A1").await.grid, Some("V01".into()));
}

#[tokio::test]
async fn a_rejection_restores_exactly_what_was_there() {
    let Some(db) = small_town("rejections").await else { return };
    let before = read(&db.store, "A1").await;
    for change in [
        moved(120.004, 28.004),
        set("full_text", "错"),
        set("road", "错路"),
        set("grid_code", "V02"),
        Change::Demolish { on: "2026-11-21".parse().unwrap(), proof: None },
        Change::Confirm,
    ] {
        let version = read(&db.store, "A1").await.version;
        let new = correction("A1", version, change);
        correct(&db.store, &collector(), &new).await.unwrap();
        let reviewed =
            review(&db.store, &reviewer(), new.correction_id, Verdict::Rejected, "与现场不符").await.unwrap();
        assert_eq!(reviewed.state, CorrectionState::Rejected);
        assert_eq!(
            (reviewed.reviewed_by.as_deref(), reviewed.review_reason.as_deref()),
            (Some("R1"), Some("与现场不符"))
        );
        let after = read(&db.store, "A1").await;
        assert_eq!(after.version, version + 2, "taking back is a change too");
        assert_eq!(Address { version: before.version, ..after }, before);
    }
}

#[tokio::test]
async fn a_rejection_leaves_later_changes_of_other_things_and_refuses_those_of_the_same() {
    let Some(db) = small_town("rejections after later changes").await else { return };
    let first = correction("A1", 1, moved(120.004, 28.004));
    correct(&db.store, &collector(), &first).await.unwrap();
    correct(&db.store, &collector(), &correction("A1", 2, set("road", "中山街"))).await.unwrap();
    review(&db.store, &reviewer(), first.correction_id, Verdict::Rejected, "位置不对").await.unwrap();
    let now = read(&db.store, "A1").await;
    assert_eq!((now.pin.unwrap().at, &*now.parts.road), (LonLat::new(120.001, 28.001), "中山街"));

    let second = correction("A1", 4, moved(120.004, 28.004));
    correct(&db.store, &collector(), &second).await.unwrap();
    correct(&db.store, &collector(), &correction("A1", 5, moved(120.005, 28.004))).await.unwrap();
    let refused = review(&db.store, &reviewer(), second.correction_id, Verdict::Rejected, "位置不对").await;
    assert!(matches!(refused, Err(Error::Conflict { current: Some(_), .. })), "{refused:?}");
    let mut session = db.store.begin(&reviewer()).await.unwrap();
    assert_eq!(session.correction(second.correction_id).await.unwrap().state, CorrectionState::Unverified);
}

#[tokio::test]
async fn the_collector_does_not_verify_and_a_verdict_is_final() {
    let Some(db) = small_town("separation of duty").await else { return };
    let both = actor("R1", Role::Reviewer, Some("V"));
    let new = correction("A1", 1, Change::Confirm);
    correct(&db.store, &both, &new).await.unwrap();
    let own = review(&db.store, &both, new.correction_id, Verdict::Verified, "").await;
    assert!(matches!(own, Err(Error::Forbidden(_))), "{own:?}");
    let other = actor("R2", Role::Reviewer, Some("V"));
    let foreign = actor("R3", Role::Reviewer, Some("V02"));
    assert!(matches!(
        review(&db.store, &foreign, new.correction_id, Verdict::Verified, "").await,
        Err(Error::NotFound(_))
    ));
    assert!(matches!(
        review(&db.store, &collector(), new.correction_id, Verdict::Verified, "").await,
        Err(Error::Forbidden(_))
    ));
    assert!(matches!(
        review(&db.store, &other, new.correction_id, Verdict::Rejected, " ").await,
        Err(Error::Invalid(_))
    ));
    let verified = review(&db.store, &other, new.correction_id, Verdict::Verified, "").await.unwrap();
    assert_eq!(verified.state, CorrectionState::Verified);
    assert_eq!(review(&db.store, &other, new.correction_id, Verdict::Verified, "").await.unwrap(), verified);
    let late = review(&db.store, &steward(), new.correction_id, Verdict::Rejected, "晚了").await;
    assert!(matches!(late, Err(Error::Conflict { .. })), "{late:?}");
}

#[tokio::test]
async fn the_history_tells_who_when_what_and_the_record_as_of_a_moment() {
    let Some(db) = small_town("history").await else { return };
    let start = Utc::now();
    correct(&db.store, &collector(), &correction("A1", 1, moved(120.004, 28.004))).await.unwrap();
    let between = Utc::now();
    correct(&db.store, &reviewer(), &correction("A1", 2, set("road", "中山街"))).await.unwrap();
    let mut session = db.store.begin(&collector()).await.unwrap();
    let id = "A1".into();
    let history = session.address_history(&id, None, 10).await.unwrap();
    let told: Vec<_> = history.iter().map(|v| (v.address.version, v.changed_by.as_str())).collect();
    assert_eq!(told, [(3, "R1"), (2, "W1"), (1, "steward")]);
    assert_eq!(history[2].superseded_how.as_deref(), Some("change"));
    assert!(history[2].batch_id.is_some() && history[1].batch_id.is_none());
    assert_eq!(history[1].superseded_at, Some(history[0].changed_at));
    assert_eq!(session.address_history(&id, Some(3), 1).await.unwrap()[0].address.version, 2);
    assert_eq!(session.address_as_of(&id, start).await.unwrap().unwrap().version, 1);
    assert_eq!(session.address_as_of(&id, between).await.unwrap().unwrap().version, 2);
    assert_eq!(session.address_as_of(&id, Utc::now()).await.unwrap().unwrap().version, 3);
    assert!(session.address_as_of(&id, "2001-01-01T00:00:00Z".parse().unwrap()).await.unwrap().is_none());
    assert!(matches!(session.address_history(&"B1".into(), None, 10).await, Err(Error::NotFound(_))));
}

#[tokio::test]
async fn corrections_are_listed_newest_first_page_by_page() {
    let Some(db) = small_town("correction list").await else { return };
    for (address, who) in [("A1", collector()), ("A2", collector()), ("B1", reviewer())] {
        correct(&db.store, &who, &correction(address, 1, Change::Confirm)).await.unwrap();
    }
    let mut session = db.store.begin(&reviewer()).await.unwrap();
    let mut filter = CorrectionFilter { limit: 2, ..Default::default() };
    let page = session.corrections(&filter).await.unwrap();
    assert_eq!(page.iter().map(|c| &*c.address_id).collect::<Vec<_>>(), ["B1", "A2"]);
    filter.after = Some(page[1].correction_id);
    let rest = session.corrections(&filter).await.unwrap();
    assert_eq!(rest.iter().map(|c| &*c.address_id).collect::<Vec<_>>(), ["A1"]);
    let filter = CorrectionFilter { grid: Some("V01".into()), limit: 9, ..Default::default() };
    assert_eq!(session.corrections(&filter).await.unwrap().len(), 2);
    assert_eq!(session.corrections_waiting().await.unwrap(), 3);
}
