//! Promise: an import is all or nothing, twice the same is once, and it can be taken back exactly.

mod database;

use database::*;
use gridpin::domain::*;
use gridpin::error::Error;
use gridpin::store::{ImportOptions, Incoming, Reject, Store};
use sqlx::{Connection, Executor, PgConnection};

async fn addresses(store: &Store) -> Vec<Address> {
    store.load(&Store::system()).await.expect("a load").records.addresses.iter().map(AddressRef::unpack).collect()
}

#[tokio::test]
async fn every_kind_comes_back_as_it_went_in() {
    let Some(db) = small_town("round trip of every kind").await else { return };
    let mut whole = address("Z9", None, 120.003, 28.003);
    whole.positions = vec![Position { kind: PositionKind::FireAccess, ..whole.pin.clone().unwrap() }];
    whole.building = Some("H1".into());
    whole.status = AddressStatus::Demolished;
    whole.ended_on = Some("2026-01-31".parse().unwrap());
    whole.verified_on = Some("2025-12-31".parse().unwrap());
    let mut nowhere = address("Z8", None, f64::NAN, 999.0);
    nowhere.pin.as_mut().unwrap().at = LonLat::new(999.0, 13_350_000.0);
    let pinless = Address { pin: None, full_text: "无点".into(), ..address("Z7", None, 0.0, 0.0) };
    let more = vec![whole, nowhere, pinless];
    import(&db.store, more.clone()).await.unwrap();

    let holes = geo::MultiPolygon(vec![
        geo::Polygon::new(
            vec![(120.0, 28.0), (120.1, 28.0), (120.1, 28.1), (120.0, 28.0)].into(),
            vec![vec![(120.05, 28.01), (120.06, 28.01), (120.06, 28.02), (120.05, 28.01)].into()],
        ),
        square(121.0, 28.0, 0.01).0.remove(0),
    ]);
    let house = Building {
        id: "H1".into(),
        full_text: "丽阳街1号".into(),
        parts: Parts { road: "丽阳街".into(), ..Parts::default() },
        footprint: Footprint::Area(holes.clone()),
        floors: Some(6),
        kind: BuildingKind::Commercial,
        grid: Some("V01".into()),
        standing: false,
        version: 1,
    };
    let hut = Building {
        id: "H2".into(),
        footprint: Footprint::Point(LonLat::new(120.001, 28.002)),
        floors: None,
        grid: None,
        ..house.clone()
    };
    import(&db.store, vec![house.clone(), hut.clone()]).await.unwrap();
    let at: chrono::DateTime<chrono::Utc> = "2026-02-03T04:05:06Z".parse().unwrap();
    let place = Place {
        id: "P1".into(),
        name: "小吃店".into(),
        kind: PlaceKind::Restaurant,
        address: Some("A1".into()),
        at: None,
        version: 1,
    };
    import(&db.store, vec![place.clone()]).await.unwrap();
    let rental = Rental {
        id: "R1".into(),
        address: Some("A1".into()),
        registered_on: None,
        space: RentalSpace::Basement,
        rooms: Some(3),
        occupants: Some(12),
        status: RentalStatus::Active,
        version: 1,
    };
    import(&db.store, vec![rental.clone()]).await.unwrap();
    let mut findings = [Finding::Pass; 8];
    (findings[2], findings[7]) = (Finding::Fail, Finding::NotApplicable);
    let inspection = Inspection { id: "I1".into(), rental: "R1".into(), at, findings, inspector: "W001".into() };
    import(&db.store, vec![inspection.clone()]).await.unwrap();
    let hazard = Hazard {
        id: "Y1".into(),
        address: "A1".into(),
        rental: Some("R1".into()),
        item: CheckItem::EbikeCharging,
        severity: HazardSeverity::Major,
        state: HazardState::Closed,
        found_at: at,
        found_by: "W001".into(),
        due_on: Some("2026-03-01".parse().unwrap()),
        closed_at: Some(at),
        closed_by: Some("W001".into()),
        version: 1,
    };
    import(&db.store, vec![hazard.clone()]).await.unwrap();
    let visit = Visit {
        id: uuid::Uuid::from_u128(7),
        address: "B1".into(),
        at,
        by: "W002".into(),
        outcome: VisitOutcome::NotMet,
    };
    import(&db.store, vec![visit.clone()]).await.unwrap();
    let count = Headcount {
        grid: "V01".into(),
        group: CareGroup::Over80,
        count: 23,
        counted_on: "2026-06-30".parse().unwrap(),
    };
    import(&db.store, vec![count.clone()]).await.unwrap();

    let loaded = db.store.load(&Store::system()).await.unwrap().records;
    let find = |id: &str| loaded.addresses.iter().find(|a| a.id() == id).unwrap().unpack();
    for expected in &more {
        assert_eq!(find(&expected.id), *expected);
    }
    assert_eq!(loaded.grids.len(), 3);
    assert!(loaded.grids.iter().eq(village().iter().filter(|g| &*g.code == "V").chain(&village()[..2])));
    assert_eq!(loaded.buildings.iter().map(BuildingRef::unpack).collect::<Vec<_>>(), [house, hut]);
    assert_eq!(loaded.places[0], place);
    assert_eq!(loaded.rentals.at(0).unpack(), rental);
    assert_eq!(loaded.inspections[0], inspection);
    assert_eq!(loaded.hazards.at(0).unpack(), hazard);
    assert_eq!(loaded.visits[0], visit);
    assert_eq!(loaded.headcounts[0], count);
}

#[tokio::test]
async fn the_same_rows_again_change_nothing_and_leave_corrections_alone() {
    let Some(db) = small_town("second import").await else { return };
    let before = addresses(&db.store).await;
    let cursor = db.store.load(&Store::system()).await.unwrap().cursor;
    let rows = vec![before[0].clone(), before[1].clone(), before[2].clone()];
    let again = import(&db.store, rows.clone()).await.unwrap();
    assert_eq!((again.read, again.accepted, again.unchanged, again.rejected), (3, 0, 3, 0));
    let (delta, _) = db.store.feed(&cursor).await.unwrap().unwrap();
    assert!(delta.is_empty(), "an import of nothing new was told to the feed");
    assert_eq!(db.superuser_reads("select count(*)::text from address_version").await, "0");

    // A person moves A1; the old file comes again and does not move it back; a new row for A2 is taken.
    let mut session = db.store.begin(&actor("W1", Role::Collector, Some("V01"))).await.unwrap();
    let change = Change::Move { lon: 120.005, lat: 28.005, flag_id: None };
    let correction = gridpin::store::NewCorrection {
        correction_id: uuid::Uuid::new_v4(),
        address_id: "A1".into(),
        base_version: 1,
        change,
        observed: None,
        note: String::new(),
    };
    session.correct(&correction).await.unwrap();
    session.commit().await.unwrap();
    let mut changed = rows;
    changed[1].full_text = "丽阳街2号改".into();
    let third = import(&db.store, changed).await.unwrap();
    assert_eq!((third.read, third.accepted, third.unchanged, third.rejected), (3, 1, 2, 0));
    let after = addresses(&db.store).await;
    assert_eq!(after[0].pin.as_ref().unwrap().at, LonLat::new(120.005, 28.005));
    assert_eq!((after[1].full_text.as_str(), after[1].version), ("丽阳街2号改", 2));
}

#[tokio::test]
async fn one_bad_row_stops_all_unless_the_good_are_wanted() {
    let Some(db) = small_town("all or nothing").await else { return };
    let rows = || {
        vec![
            address("N1", Some("V01"), 120.001, 28.001),
            address("N2", Some("V99"), 120.001, 28.001),
            address("N3", Some("V02"), 120.001, 28.001),
            address("N1", Some("V01"), 120.001, 28.001),
        ]
    };
    let fault = gridpin::error::Fault {
        place: "row 5".into(),
        field: "lon".into(),
        value: "x".into(),
        reason: gridpin::error::Text::new("", ""),
        remedy: gridpin::error::Text::new("", ""),
    };
    let source = |fault: &gridpin::error::Fault| {
        let mut source: Vec<_> =
            rows().into_iter().enumerate().map(|(i, a)| Ok(Incoming::Record(i as u64 + 1, a))).collect();
        source.push(Ok(Incoming::Reject(Reject { row: 5, fault: fault.clone() })));
        source.into_iter()
    };
    let strict = ImportOptions { batch: "b".into(), file: "f".into(), ..Default::default() };
    let summary = db.store.import(&steward(), &strict, source(&fault)).await.unwrap();
    assert_eq!((summary.read, summary.accepted, summary.unchanged, summary.rejected), (5, 2, 0, 3));
    assert_eq!(summary.rejects.iter().map(|r| r.row).collect::<Vec<_>>(), [2, 4, 5]);
    assert_eq!(summary.rejects[0].fault.field, "grid_code");
    assert_eq!(summary.rejects[0].fault.value, "V99");
    assert!(!summary.stored);
    assert_eq!(addresses(&db.store).await.len(), 3);
    assert_eq!(db.superuser_reads("select count(*)::text from batch").await, "2");

    let dry = ImportOptions { dry_run: true, keep_good: true, ..strict.clone() };
    assert!(!db.store.import(&steward(), &dry, source(&fault)).await.unwrap().stored);
    assert_eq!(addresses(&db.store).await.len(), 3);

    let good = ImportOptions { keep_good: true, ..strict.clone() };
    assert!(db.store.import(&steward(), &good, source(&fault)).await.unwrap().stored);
    assert_eq!(addresses(&db.store).await.len(), 5);

    // A source that breaks in the middle, as a file that was cut off.
    let broken = (0..50_000)
        .map(|i| Ok(Incoming::Record(i, address(&format!("X{i}"), Some("V01"), 120.0, 28.0))))
        .chain([Err(Error::Unavailable("cut off".into()))]);
    assert!(matches!(db.store.import(&steward(), &good, broken).await, Err(Error::Unavailable(_))));
    assert_eq!(addresses(&db.store).await.len(), 5);

    // Nobody else imports.
    let collector = actor("W1", Role::Collector, None);
    let rows = vec![Ok(Incoming::Record(1, address("N9", None, 120.0, 28.0)))].into_iter();
    assert!(matches!(db.store.import(&collector, &strict, rows).await, Err(Error::Forbidden(_))));
}

#[tokio::test]
async fn a_grid_may_come_before_its_parent_but_not_without() {
    let Some(db) = Database::make("grid parents").await else { return };
    let lost = grid("W01", GridLevel::Grid, Some("W"), square(121.0, 28.0, 0.01));
    let mut rows = village();
    rows.push(lost);
    let summary = import(&db.store, rows).await.unwrap();
    assert_eq!((summary.stored, summary.rejected), (false, 1));
    assert_eq!(summary.rejects[0].fault.value, "W");
    assert!(import(&db.store, village()).await.unwrap().stored);
}

#[tokio::test]
async fn an_import_is_taken_back_exactly() {
    let Some(db) = small_town("undo").await else { return };
    let before = addresses(&db.store).await;
    let mut rows = before.clone();
    rows[0].full_text = "改过".into();
    rows[0].pin = None;
    rows.push(address("C1", None, 120.015, 28.005));
    let second = import(&db.store, rows.clone()).await.unwrap();
    rows[0].full_text = "又改".into();
    let third = import(&db.store, rows).await.unwrap();

    // The second was written over by the third: first the third, then the second.
    let refused = db.store.undo_import(&steward(), second.batch_id.unwrap()).await;
    assert!(matches!(refused, Err(Error::Conflict { current: Some(_), .. })), "{refused:?}");
    let undone = db.store.undo_import(&steward(), third.batch_id.unwrap()).await.unwrap();
    assert_eq!((undone.withdrawn, undone.restored), (0, 1));
    assert_eq!(addresses(&db.store).await[0].full_text, "改过");
    let cursor = db.store.load(&Store::system()).await.unwrap().cursor;
    let undone = db.store.undo_import(&steward(), second.batch_id.unwrap()).await.unwrap();
    assert_eq!((undone.withdrawn, undone.restored), (1, 1));
    let mut after = addresses(&db.store).await;
    assert_eq!(after[0].version, 5, "every step back is a version too");
    after[0].version = 1;
    assert_eq!(after, before);
    let (delta, _) = db.store.feed(&cursor).await.unwrap().unwrap();
    assert_eq!(delta.removed, [gridpin::city::Removed::Address("C1".into())]);
    assert_eq!(delta.addresses.len(), 1);
    assert!(matches!(db.store.undo_import(&steward(), second.batch_id.unwrap()).await, Err(Error::Conflict { .. })));

    // A key that was withdrawn comes again and goes on counting.
    import(&db.store, vec![address("C1", None, 120.015, 28.005)]).await.unwrap();
    assert_eq!(addresses(&db.store).await.iter().find(|a| &*a.id == "C1").unwrap().version, 2);

    // Grids in use stay.
    let refused = db.store.undo_import(&steward(), 1).await;
    assert!(matches!(refused, Err(Error::Conflict { .. })), "{refused:?}");
}

/// Everything that hangs on the table of addresses: indexes, constraints, triggers, row security.
const SHAPE: &str = "select string_agg(what, e'\\n' order by what) from (
    select indexdef as what from pg_indexes where tablename = 'address'
    union all select conrelid::regclass || conname || pg_get_constraintdef(oid) from pg_constraint
        where conrelid = 'address'::regclass or confrelid = 'address'::regclass
    union all select tgname || tgenabled::text from pg_trigger where tgrelid = 'address'::regclass and not tgisinternal
    union all select 'row security ' || relrowsecurity from pg_class where oid = 'address'::regclass
    union all select 'opened ' || kind from opened) s";

#[tokio::test]
async fn a_large_import_into_an_empty_table_leaves_it_as_it_was_and_tells_the_feed() {
    let Some(db) = Database::make("import into an empty table").await else { return };
    import(&db.store, village()).await.unwrap();
    let shape = db.superuser_reads(SHAPE).await;
    assert!(shape.contains("address_pkey") && shape.contains("rental_address_known") && shape.contains("carry_scopeO"));
    let cursor = db.store.load(&Store::system()).await.unwrap().cursor;
    let mut rows: Vec<_> =
        (0..3000).map(|i| address(&format!("A{i:04}"), (i % 3 > 0).then_some("V01"), 120.001, 28.001)).collect();

    // One bad row in three thousand: nothing comes in, not even dead rows.
    rows.push(address("A0000", None, 120.001, 28.001));
    let refused = import(&db.store, rows.clone()).await.unwrap();
    assert_eq!((refused.read, refused.accepted, refused.rejected, refused.stored), (3001, 3000, 1, false));
    assert_eq!(db.superuser_reads("select pg_relation_size('address')::text").await, "0");
    assert_eq!(db.superuser_reads(SHAPE).await, shape);
    assert!(db.store.feed(&cursor).await.unwrap().unwrap().0.is_empty());

    rows.pop();
    let sent = rows.clone();
    assert!(import(&db.store, rows).await.unwrap().stored);
    assert_eq!(db.superuser_reads(SHAPE).await, shape);
    assert_eq!(
        db.superuser_reads("select count(*)::text from address where scope_grid = 'V01'").await,
        "3000",
        "an undeclared address belongs to the grid it lies in"
    );
    assert_eq!(
        db.superuser_reads(
            "select string_agg(distinct changed_by || ' ' || (batch_id = (select max(batch_id) from batch))::text
                 || ' ' || version || ' ' || (changed_at = (select made_at from batch order by batch_id desc limit 1))::text, ',')
             from address"
        )
        .await,
        "steward true 1 true"
    );
    assert_eq!(addresses(&db.store).await, sent);
    let (delta, next) = db.store.feed(&cursor).await.unwrap().unwrap();
    assert_eq!(delta.addresses.len(), 3000);
    assert!(db.store.feed(&next).await.unwrap().unwrap().0.is_empty());
}

#[tokio::test]
async fn a_table_that_was_opened_and_not_closed_is_not_committed() {
    let Some(db) = Database::make("open tables").await else { return };
    import(&db.store, village()).await.unwrap();
    let mut app = PgConnection::connect(&db.owner_url()).await.unwrap();
    app.execute("set role gridpin_app").await.unwrap();
    let act = |role: &str, scope: &str, batch: &str| {
        format!(
            "begin; select set_config('gridpin.actor', 'x', true), set_config('gridpin.role', '{role}', true),
             set_config('gridpin.scope', '{scope}', true), set_config('gridpin.batch', '{batch}', true)"
        )
    };
    let mut run = async |sql: String| sqlx::raw_sql(sqlx::AssertSqlSafe(sql)).execute(&mut app).await.map(drop);
    for (role, scope, batch) in [("collector", "*", "1"), ("steward", "V", "1"), ("steward", "*", ""), ("", "*", "1")] {
        run(act(role, scope, batch)).await.unwrap();
        let refused = run("select import_open('address')".into()).await.unwrap_err();
        assert!(refused.to_string().contains("only a steward of the whole city"), "{role} {scope} {batch}: {refused}");
        run("rollback".into()).await.unwrap();
    }
    run(act("steward", "*", "1")).await.unwrap();
    run("select import_open('address')".into()).await.unwrap();
    run("insert into address (address_id, changed_by) values ('X', 'x')".into()).await.unwrap();
    let refused = run("commit".into()).await.unwrap_err();
    assert!(refused.to_string().contains("left open"), "{refused}");
    assert_eq!(db.superuser_reads("select count(*)::text from address").await, "0");
    for (sql, what) in [
        ("delete from opened", "permission denied"),
        ("select import_close('address')", "no rows"),
        ("select import_open('account')", "no direct way"),
    ] {
        run(act("steward", "*", "1")).await.unwrap();
        let refused = run(sql.into()).await.unwrap_err();
        assert!(refused.to_string().contains(what), "{sql}: {refused}");
        run("rollback".into()).await.unwrap();
    }
    // A table that has anything goes the way of all others.
    import(&db.store, vec![address("A1", None, 120.001, 28.001)]).await.unwrap();
    sqlx::raw_sql(sqlx::AssertSqlSafe(act("steward", "*", "1"))).execute(&mut app).await.unwrap();
    let opened: (bool,) = sqlx::query_as("select import_open('address')").fetch_one(&mut app).await.unwrap();
    assert!(!opened.0);
}
