//! Promise: nobody sees or changes what isn't theirs, and the database itself holds that.

mod database;

use chrono::Utc;
use database::*;
use gridpin::domain::*;
use gridpin::error::Error;
use gridpin::store::*;
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection};
use uuid::Uuid;

/// A town with one record of every kind in each of the grids V01 and V02.
async fn full_town(what: &str) -> Option<Database> {
    let db = small_town(what).await?;
    let at = Utc::now();
    let rental = |id: &str, address: &str| Rental {
        id: id.into(),
        address: Some(address.into()),
        registered_on: None,
        space: RentalSpace::Residential,
        rooms: None,
        occupants: Some(11),
        status: RentalStatus::Active,
        version: 1,
    };
    import(&db.store, vec![rental("RA", "A1"), rental("RB", "B1")]).await.unwrap();
    let hazard = |id: &str, address: &str, rental: &str| Hazard {
        id: id.into(),
        address: address.into(),
        rental: Some(rental.into()),
        item: CheckItem::Gas,
        severity: HazardSeverity::Serious,
        state: HazardState::Open,
        found_at: at,
        found_by: "W1".into(),
        due_on: None,
        closed_at: None,
        closed_by: None,
        version: 1,
    };
    import(&db.store, vec![hazard("YA", "A1", "RA"), hazard("YB", "B1", "RB")]).await.unwrap();
    let inspection = |id: &str, rental: &str| Inspection {
        id: id.into(),
        rental: rental.into(),
        at,
        findings: [Finding::Pass; 8],
        inspector: "W1".into(),
    };
    import(&db.store, vec![inspection("IA", "RA"), inspection("IB", "RB")]).await.unwrap();
    let visit = |n: u128, address: &str| Visit {
        id: Uuid::from_u128(n),
        address: address.into(),
        at,
        by: "W1".into(),
        outcome: VisitOutcome::Confirmed,
    };
    import(&db.store, vec![visit(1, "A1"), visit(2, "B1")]).await.unwrap();
    let count = |grid: &str| Headcount {
        grid: grid.into(),
        group: CareGroup::LivingAlone,
        count: 7,
        counted_on: at.date_naive(),
    };
    import(&db.store, vec![count("V01"), count("V02")]).await.unwrap();
    let house = |id: &str, grid: &str| Building {
        id: id.into(),
        full_text: String::new(),
        parts: Parts::default(),
        footprint: Footprint::Point(LonLat::new(120.001, 28.001)),
        floors: None,
        kind: BuildingKind::Unknown,
        grid: Some(grid.into()),
        standing: true,
        version: 1,
    };
    import(&db.store, vec![house("HA", "V01"), house("HB", "V02")]).await.unwrap();
    Some(db)
}

#[tokio::test]
async fn each_role_sees_its_kinds_on_its_ground_only() {
    let Some(db) = full_town("what roles see").await else { return };
    //                       addresses buildings rentals inspections hazards visits headcounts
    let seen = [
        (Role::Collector, [2, 1, 1, 1, 1, 1, 0]),
        (Role::Reviewer, [2, 1, 0, 0, 0, 1, 0]),
        (Role::Department, [2, 1, 1, 1, 1, 1, 0]),
        (Role::Police, [2, 1, 1, 1, 1, 1, 0]),
        (Role::Leader, [0, 0, 0, 0, 0, 0, 0]),
        (Role::Steward, [2, 1, 1, 1, 1, 1, 1]),
    ];
    for (role, expected) in seen {
        for (grid, grids) in [("V01", 1), ("V", 3)] {
            let records = db.store.load(&actor("X", role, Some(grid))).await.unwrap().records;
            let told = [
                records.addresses.len(),
                records.buildings.len(),
                records.rentals.len(),
                records.inspections.len(),
                records.hazards.len(),
                records.visits.len(),
                records.headcounts.len(),
            ];
            let expected = if grid == "V" { expected.map(|n| if n == 2 { 3 } else { n * 2 }) } else { expected };
            assert_eq!((told, records.grids.len()), (expected, grids), "{role:?} of {grid}");
        }
        let nowhere = db.store.load(&actor("X", role, Some("V99"))).await.unwrap().records;
        assert!(nowhere.addresses.is_empty() && nowhere.grids.is_empty() && nowhere.headcounts.is_empty());
    }
}

#[tokio::test]
async fn an_undeclared_address_is_seen_where_its_pin_lies() {
    let Some(db) = small_town("undeclared").await else { return };
    import(&db.store, vec![address("U1", None, 120.012, 28.002), address("U2", None, 0.0, 0.0)]).await.unwrap();
    let ids = async |grid: Option<&str>| {
        let records = db.store.load(&actor("X", Role::Collector, grid)).await.unwrap().records;
        records.addresses.iter().map(|a| a.id().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(ids(Some("V02")).await, ["B1", "U1"]);
    assert_eq!(ids(None).await, ["A1", "A2", "B1", "U1", "U2"]);
    // The border moves over it: it goes along.
    let mut grids = village();
    grids[0].polygon = square(120.0, 28.0, 0.013).into();
    grids[1].polygon = square(120.013, 28.0, 0.007).into();
    import(&db.store, grids).await.unwrap();
    assert_eq!(ids(Some("V01")).await, ["A1", "A2", "U1"]);
}

#[tokio::test]
async fn what_hangs_on_an_address_follows_it() {
    let Some(db) = full_town("scope follows").await else { return };
    let mut moved = address("A1", Some("V02"), 120.001, 28.001);
    moved.full_text = "搬".into();
    import(&db.store, vec![moved]).await.unwrap();
    let records = db.store.load(&actor("X", Role::Police, Some("V02"))).await.unwrap().records;
    assert_eq!(
        (records.rentals.len(), records.hazards.len(), records.visits.len(), records.inspections.len()),
        (2, 2, 2, 2)
    );
    assert_eq!(
        db.superuser_reads("select count(*)::text from rental_version").await,
        "0",
        "no new version of the rental"
    );
}

#[tokio::test]
async fn the_finder_does_not_close_a_hazard() {
    let Some(db) = full_town("hazard loop").await else { return };
    let new = NewHazard {
        id: "Y9".into(),
        address: "A1".into(),
        rental: Some("RA".into()),
        item: CheckItem::Wiring,
        severity: HazardSeverity::Major,
        due_on: None,
        note: String::new(),
    };
    let finder = actor("P1", Role::Police, Some("V"));
    let step = async |who: &Actor, to, base_version| {
        let mut session = db.store.begin(who).await?;
        let moved = session.move_hazard(&"Y9".into(), &Transition { to, base_version, note: "x".into() }).await?;
        session.commit().await?;
        Ok::<_, Error>(moved)
    };
    let mut session = db.store.begin(&finder).await.unwrap();
    assert!(matches!(session.report_hazard(&new).await.unwrap(), Stored::New(h) if &*h.found_by == "P1"));
    session.commit().await.unwrap();
    let mut session = db.store.begin(&finder).await.unwrap();
    assert!(matches!(session.report_hazard(&new).await.unwrap(), Stored::Same(_)));
    assert!(matches!(
        session.report_hazard(&NewHazard { severity: HazardSeverity::Minor, ..new.clone() }).await,
        Err(Error::Conflict { .. })
    ));
    drop(session);
    let department = actor("D1", Role::Department, Some("V"));
    assert!(matches!(step(&department, HazardState::Closed, 1).await, Err(Error::Invalid(_))));
    assert_eq!(step(&department, HazardState::Assigned, 1).await.unwrap().version, 2);
    assert_eq!(step(&department, HazardState::Assigned, 1).await.unwrap().version, 2, "sent twice, done once");
    assert!(matches!(step(&department, HazardState::Mended, 1).await, Err(Error::Conflict { .. })));
    step(&department, HazardState::Mended, 2).await.unwrap();
    assert!(matches!(step(&finder, HazardState::Closed, 3).await, Err(Error::Forbidden(_))));
    let elsewhere = actor("D2", Role::Department, Some("V02"));
    assert!(matches!(step(&elsewhere, HazardState::Closed, 3).await, Err(Error::NotFound(_))));
    let collector = actor("W1", Role::Collector, Some("V01"));
    assert!(matches!(step(&collector, HazardState::Closed, 3).await, Err(Error::Forbidden(_))));
    let closed = step(&department, HazardState::Closed, 3).await.unwrap();
    assert_eq!((closed.closed_by.as_deref(), closed.closed_at.is_some()), (Some("D1"), true));
}

#[tokio::test]
async fn inspections_and_visits_are_stored_once() {
    let Some(db) = full_town("inspections and visits").await else { return };
    let who = actor("W2", Role::Collector, Some("V01"));
    let mut session = db.store.begin(&who).await.unwrap();
    let new = NewInspection { id: "I9".into(), rental: "RA".into(), at: Utc::now(), findings: [Finding::Fail; 8] };
    assert!(matches!(session.inspect(&new).await.unwrap(), Stored::New(i) if &*i.inspector == "W2"));
    assert!(matches!(session.inspect(&new).await.unwrap(), Stored::Same(_)));
    let other = NewInspection { findings: [Finding::Pass; 8], ..new.clone() };
    assert!(matches!(session.inspect(&other).await, Err(Error::Conflict { .. })));
    let foreign = NewInspection { id: "I8".into(), rental: "RB".into(), ..new.clone() };
    assert!(matches!(session.inspect(&foreign).await, Err(Error::NotFound(_))));
    assert_eq!(session.inspections(&"RA".into()).await.unwrap().len(), 2);
    let visit = NewVisit { id: Uuid::new_v4(), address: "A1".into(), at: Utc::now(), outcome: VisitOutcome::NotMet };
    assert!(matches!(session.visit(&visit).await.unwrap(), Stored::New(_)));
    assert!(matches!(session.visit(&visit).await.unwrap(), Stored::Same(_)));
    let foreign = NewVisit { id: Uuid::new_v4(), address: "B1".into(), ..visit };
    assert!(matches!(session.visit(&foreign).await, Err(Error::NotFound(_))));
}

#[tokio::test]
async fn a_dismissal_stands_until_it_is_taken_back() {
    let Some(db) = small_town("dismissals").await else { return };
    let who = actor("W1", Role::Collector, Some("V01"));
    let new = NewDismissal {
        flag_id: "00112233aabbccdd".into(),
        address_id: "A1".into(),
        reason: "门牌确实在此".into(),
        until: "2027-01-31".parse().unwrap(),
    };
    let start = db.store.load(&Store::system()).await.unwrap().cursor;
    let mut session = db.store.begin(&who).await.unwrap();
    session.dismiss(&new).await.unwrap();
    let again = session.dismiss(&NewDismissal { until: "2027-02-28".parse().unwrap(), ..new.clone() }).await.unwrap();
    assert_eq!(again.until, "2027-02-28".parse().unwrap());
    assert!(matches!(
        session.dismiss(&NewDismissal { reason: " ".into(), ..new.clone() }).await,
        Err(Error::Invalid(_))
    ));
    session.commit().await.unwrap();
    let loaded = db.store.load(&Store::system()).await.unwrap();
    assert_eq!(loaded.dismissals, [again]);
    let (delta, _) = db.store.feed(&start).await.unwrap().unwrap();
    assert_eq!(delta.dismissals.len(), 1);
    let mut session = db.store.begin(&actor("W9", Role::Collector, Some("V02"))).await.unwrap();
    assert!(matches!(session.undismiss(&"A1".into(), &new.flag_id).await, Err(Error::NotFound(_))));
    drop(session);
    let mut session = db.store.begin(&who).await.unwrap();
    session.undismiss(&"A1".into(), &new.flag_id).await.unwrap();
    session.commit().await.unwrap();
    let (delta, _) = db.store.feed(&loaded.cursor).await.unwrap().unwrap();
    assert_eq!(delta.undismissed, [new.flag_id]);
    assert!(db.store.load(&Store::system()).await.unwrap().dismissals.is_empty());
}

/// What the application's own role can't do, whatever SQL somebody makes it run.
#[tokio::test]
async fn the_applications_role_can_alter_neither_audit_nor_history_nor_its_own_limits() {
    let Some(db) = full_town("the application's role").await else { return };
    let mut session = db.store.begin(&steward()).await.unwrap();
    session.audit("test", "A1", serde_json::json!({}));
    session.commit().await.unwrap();
    let mut app = PgConnection::connect(&db.owner_url()).await.unwrap();
    app.execute("set role gridpin_app").await.unwrap();
    let setting = "select set_config('gridpin.actor', 'steward', false), set_config('gridpin.role', 'steward', false),
                   set_config('gridpin.scope', '*', false), set_config('gridpin.batch', '', false)";
    app.execute(setting).await.unwrap();
    for forbidden in [
        "update audit set actor = 'x'",
        "delete from audit",
        "truncate audit",
        "update audit_head set seq = 0",
        "insert into audit select * from audit",
        "update address_version set full_text = 'x'",
        "delete from address_version",
        "insert into change (kind, op, ids) values ('address', 'put', '{A1}')",
        "delete from change",
        "alter table address disable row level security",
        "alter table address disable trigger all",
        "drop policy address_read on address",
        "drop table address",
        "create table public.mine (a int)",
        "truncate address",
        "update address set version = 9",
        "update address set changed_by = 'x'",
        "update address set scope_grid = 'V02'",
        "update correction set reviewed_by = 'x'",
        "update correction set mend_id = gen_random_uuid()",
        "update mend set pins = 9",
        "delete from mend",
        "delete from mend_version",
        "delete from flag",
        "truncate flag",
        "update checking set done_at = now()",
        "update hazard set hazard_id = 'x'",
        "select password_hash from account",
        "select * from session",
        "insert into session (token_hash, account, expires_at) values ('\\x00', 'steward', now() + '1 day')",
        "select tell_many('address', 5)",
        "copy address from stdin",
        "set session_replication_role = replica",
        "set row_security = off; select count(*) from address",
    ] {
        assert!(app.execute(AssertSqlSafe(forbidden.to_owned())).await.is_err(), "{forbidden}");
        app.execute("reset row_security").await.unwrap();
    }
    // Deleting finds nothing outside an undo.
    assert_eq!(app.execute("delete from visit").await.unwrap().rows_affected(), 0);
    // Nobody acts: nobody sees.
    for nobody in ["set_config('gridpin.actor', '', false)", "set_config('gridpin.actor', null, false)"] {
        app.execute(AssertSqlSafe(format!("select {nobody}"))).await.unwrap();
        for table in [
            "grid",
            "address",
            "building",
            "rental",
            "hazard",
            "headcount",
            "correction",
            "mend",
            "audit",
            "change",
            "flag",
            "checking",
        ] {
            let rows = sqlx::query(AssertSqlSafe(format!("select 1 from {table}"))).fetch_all(&mut app).await.unwrap();
            assert!(rows.is_empty(), "{table} without an actor");
        }
        assert!(app.execute("update address set full_text = 'x'").await.unwrap().rows_affected() == 0);
        assert!(app.execute("insert into address (address_id, changed_by) values ('Q', 'q')").await.is_err());
    }
}

#[tokio::test]
async fn a_connection_goes_back_to_the_pool_without_its_actor() {
    let Some(db) = small_town("pool").await else { return };
    for _ in 0..20 {
        let session = db.store.begin(&steward()).await.unwrap();
        session.commit().await.unwrap();
        drop(db.store.begin(&steward()).await.unwrap());
    }
    // Whatever connection comes next: a leader sees no address.
    let leader = actor("L1", Role::Leader, None);
    assert!(db.store.load(&leader).await.unwrap().records.addresses.is_empty());
}

#[tokio::test]
async fn accounts_sign_in_and_sessions_end() {
    let Some(db) = small_town("accounts").await else { return };
    let new = NewAccount {
        name: "W017".into(),
        role: Role::Collector,
        scope: Scope::Grid("V01".into()),
        password: "correct horse battery".into(),
    };
    let mut session = db.store.begin(&steward()).await.unwrap();
    session.add_account(&new).await.unwrap();
    session.commit().await.unwrap();
    for (wrong, what) in [
        (NewAccount { name: "张 三".into(), ..new.clone() }, "a name that is no work code"),
        (NewAccount { name: "W018".into(), scope: Scope::Grid("V99".into()), ..new.clone() }, "an unknown grid"),
    ] {
        let mut session = db.store.begin(&steward()).await.unwrap();
        assert!(matches!(session.add_account(&wrong).await, Err(Error::Invalid(_))), "{what}");
    }
    let mut session = db.store.begin(&steward()).await.unwrap();
    assert!(matches!(session.add_account(&new).await, Err(Error::Conflict { .. })));
    drop(session);

    for (name, password) in [("W017", "wrong"), ("W018", "correct horse battery"), ("", "")] {
        assert!(matches!(db.store.authenticate(name, password).await, Err(Error::Unauthenticated)));
    }
    let who = db.store.authenticate("W017", "correct horse battery").await.unwrap();
    assert_eq!(who, actor("W017", Role::Collector, Some("V01")));
    let limits = SessionLimits::default();
    let token = db.store.open_session(&who, limits, &Origin::default()).await.unwrap();
    assert_eq!((token.len(), db.store.find_session(&token, limits).await.unwrap()), (64, who.clone()));
    assert!(matches!(db.store.find_session("0".repeat(64).as_str(), limits).await, Err(Error::Unauthenticated)));
    let kept = db.superuser_reads("select encode(token_hash, 'hex') from session").await;
    assert_ne!(kept, token, "the database does not hold the token");

    let idle = SessionLimits { idle: std::time::Duration::from_millis(1), ..limits };
    tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    assert!(matches!(db.store.find_session(&token, idle).await, Err(Error::Unauthenticated)), "idle for too long");
    let short = SessionLimits { absolute: std::time::Duration::from_millis(1), ..limits };
    let brief = db.store.open_session(&who, short, &Origin::default()).await.unwrap();
    tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    assert!(matches!(db.store.find_session(&brief, limits).await, Err(Error::Unauthenticated)), "expired");
    db.store.end_session(&token).await.unwrap();
    assert!(matches!(db.store.find_session(&token, limits).await, Err(Error::Unauthenticated)), "ended");

    let token = db.store.open_session(&who, limits, &Origin::default()).await.unwrap();
    let mut session = db.store.begin(&steward()).await.unwrap();
    session.set_password("W017", "another long password").await.unwrap();
    session.commit().await.unwrap();
    assert!(db.store.find_session(&token, limits).await.is_err(), "a new password ends sessions");
    assert!(db.store.authenticate("W017", "correct horse battery").await.is_err());
    let token = db.store.open_session(&who, limits, &Origin::default()).await.unwrap();
    let mut session = db.store.begin(&steward()).await.unwrap();
    session.set_active("W017", false).await.unwrap();
    assert!(matches!(session.set_active("W099", false).await, Err(Error::NotFound(_))));
    session.commit().await.unwrap();
    assert!(db.store.find_session(&token, limits).await.is_err());
    assert!(db.store.authenticate("W017", "another long password").await.is_err());
}

#[tokio::test]
async fn nobody_raises_their_own_role() {
    let Some(db) = small_town("own role").await else { return };
    let boss = NewAccount { name: "S1".into(), role: Role::Steward, scope: Scope::All, password: "x".into() };
    let mut session = db.store.begin(&steward()).await.unwrap();
    session.add_account(&boss).await.unwrap();
    session.commit().await.unwrap();
    let own = actor("S1", Role::Steward, None);
    let mut session = db.store.begin(&own).await.unwrap();
    assert!(matches!(session.set_active("S1", false).await, Err(Error::Forbidden(_))));
    // Others can't make accounts at all, nor see more than their own.
    let mut session = db.store.begin(&actor("W1", Role::Collector, None)).await.unwrap();
    assert!(session.accounts().await.unwrap().is_empty());
    assert!(matches!(session.add_account(&boss).await, Err(Error::Forbidden(_))));
    let mut session = db.store.begin(&actor("S2", Role::Steward, Some("V"))).await.unwrap();
    assert!(matches!(session.add_account(&boss).await, Err(Error::Forbidden(_))));
}

#[tokio::test]
async fn the_audit_log_says_where_it_was_cut_or_changed() {
    let Some(db) = small_town("audit").await else { return };
    let write = async |n: usize| {
        for i in 0..n {
            let mut session = db.store.begin(&steward()).await.unwrap();
            session.audit("export", &format!("第{i}份\n\"x\""), serde_json::json!({ "rows": i, "what": "地址" }));
            session.commit().await.unwrap();
        }
    };
    let verify = async || db.store.begin(&steward()).await.unwrap().verify_audit().await.unwrap();
    write(5).await;
    let AuditVerdict::Whole { entries, .. } = verify().await else { panic!("not whole") };
    assert_eq!(entries, 7, "two imports and five exports");
    let entries =
        db.store.begin(&steward()).await.unwrap().audit_entries(&AuditFilter::default(), None, 2).await.unwrap();
    assert_eq!(
        (entries[0].seq, entries[0].actor.as_str(), entries[1].detail["rows"].as_i64()),
        (7, "steward", Some(3))
    );
    let broken_at = async || match verify().await {
        AuditVerdict::Broken { seq, .. } => seq,
        whole => panic!("{whole:?}"),
    };
    // Only who has the database itself can do this; the log tells.
    db.as_superuser("create table kept as select * from audit; create table head as select * from audit_head").await;
    let restore = "delete from audit; insert into audit select * from kept;
                   delete from audit_head; insert into audit_head select * from head";
    for (tampering, seq) in [
        ("update audit set subject = 'x' where seq = 4", 4),
        ("update audit set at = at + interval '1 microsecond' where seq = 3", 3),
        ("update audit set detail = detail || '{\"rows\": 9}' where seq = 6", 6),
        ("delete from audit where seq = 2", 3),
        ("delete from audit where seq > 5", 6),
        ("delete from audit where seq > 5; update audit_head set seq = 5", 5),
        ("update audit set hash = sha256('x') where seq = 5", 5),
    ] {
        db.as_superuser(tampering).await;
        assert_eq!(broken_at().await, seq, "{tampering}");
        db.as_superuser(restore).await;
    }
    assert!(matches!(verify().await, AuditVerdict::Whole { .. }));
    let mut session = db.store.begin(&actor("W1", Role::Collector, None)).await.unwrap();
    assert!(session.audit_entries(&AuditFilter::default(), None, 10).await.unwrap().is_empty());
    assert!(matches!(session.verify_audit().await, Err(Error::Forbidden(_))));
}

#[tokio::test]
async fn the_doctor_finds_the_test_database_sound_but_forgetful() {
    let Some(db) = small_town("doctor").await else { return };
    for symptom in db.store.examine().await.unwrap() {
        // Tests run with fsync off; what outlives a power cut is the promise of `make run`'s cluster.
        assert!(symptom.well || symptom.what.contains("power cut"), "{symptom:?}");
    }
}
