//! Promise: a reader of the feed sees every change once, in whatever order transactions commit.

mod database;

use database::*;
use gridpin::domain::*;
use gridpin::store::*;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use uuid::Uuid;

async fn confirm(session: &mut Session, id: &str) {
    let base_version = session.address(&id.into()).await.expect("the address").version;
    let new = NewCorrection {
        correction_id: Uuid::new_v4(),
        address_id: id.into(),
        base_version,
        change: Change::Confirm,
        observed: None,
        note: String::new(),
    };
    session.correct(&new).await.expect("a correction");
}

#[tokio::test]
async fn a_transaction_that_commits_late_is_not_skipped() {
    let Some(db) = small_town("late commits").await else { return };
    let who = actor("R1", Role::Reviewer, None);
    let start = db.store.load(&Store::system()).await.unwrap().cursor;
    let mut early = db.store.begin(&who).await.unwrap();
    confirm(&mut early, "A1").await;
    let mut late = db.store.begin(&who).await.unwrap();
    confirm(&mut late, "A2").await;
    late.commit().await.unwrap();

    let (delta, cursor) = db.store.feed(&start).await.unwrap().unwrap();
    assert_eq!(delta.addresses.iter().map(|a| &*a.id).collect::<Vec<_>>(), ["A2"]);
    assert_eq!(delta.corrections.len(), 1);
    let (delta, cursor) = db.store.feed(&cursor).await.unwrap().unwrap();
    assert!(delta.is_empty(), "nothing new, nothing again");
    early.commit().await.unwrap();
    let (delta, cursor) = db.store.feed(&cursor).await.unwrap().unwrap();
    assert_eq!(delta.addresses.iter().map(|a| &*a.id).collect::<Vec<_>>(), ["A1"]);
    assert!(db.store.feed(&cursor).await.unwrap().unwrap().0.is_empty());
    // The cursor survives being kept as text.
    let kept = FeedCursor::parse(start.as_str()).unwrap();
    assert_eq!(db.store.feed(&kept).await.unwrap().unwrap().0.addresses.len(), 2);
    for wrong in ["", "1", "1:2:", "1:2@a", "a:b:@a", "1:2:3:4@a", "1:2:3@", "1:2:x'; drop table address@a"] {
        assert!(FeedCursor::parse(wrong).is_err(), "{wrong}");
    }
    // One of another database, or of another past of this one, leads nowhere.
    let (snapshot, lineage) = cursor.as_str().split_once('@').unwrap();
    let (cluster, rest) = lineage.split_once('/').unwrap();
    for other in
        [format!("{snapshot}@1/{rest}"), format!("{snapshot}@{cluster}/{}", rest.replacen("00000001", "00000002", 1))]
    {
        assert!(other != cursor.as_str(), "{other}");
        let other = FeedCursor::parse(&other).unwrap();
        assert!(db.store.feed(&other).await.unwrap().is_none());
    }
}

#[tokio::test]
async fn what_was_rolled_back_is_never_told() {
    let Some(db) = small_town("rolled back").await else { return };
    let start = db.store.load(&Store::system()).await.unwrap().cursor;
    let mut session = db.store.begin(&actor("R1", Role::Reviewer, None)).await.unwrap();
    confirm(&mut session, "A1").await;
    drop(session);
    assert!(db.store.feed(&start).await.unwrap().unwrap().0.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_writers_in_any_order_are_seen_once_each() {
    let Some(db) = Database::make("many writers").await else { return };
    import(&db.store, village()).await.unwrap();
    const WRITERS: usize = 6;
    const ROUNDS: usize = 40;
    let rows = (0..WRITERS).map(|w| address(&format!("W{w}"), Some("V01"), 120.001, 28.001)).collect();
    import(&db.store, rows).await.unwrap();
    let mut cursor = db.store.load(&Store::system()).await.unwrap().cursor;

    let done = Arc::new(AtomicBool::new(false));
    let writers: Vec<_> = (0..WRITERS)
        .map(|w| {
            let store = db.store.clone();
            tokio::spawn(async move {
                for round in 0..ROUNDS {
                    let mut session = store.begin(&actor(&format!("R{w}"), Role::Reviewer, None)).await.unwrap();
                    confirm(&mut session, &format!("W{w}")).await;
                    // Hold some open while others commit.
                    tokio::time::sleep(std::time::Duration::from_millis(((w * 7 + round * 3) % 11) as u64)).await;
                    if (round + w) % 5 > 0 {
                        session.commit().await.unwrap();
                    }
                }
            })
        })
        .collect();
    let reader = {
        let (store, done) = (db.store.clone(), done.clone());
        tokio::spawn(async move {
            // Each correction exactly once; each address's versions only upwards.
            let mut seen: BTreeMap<Uuid, usize> = BTreeMap::new();
            let mut versions: BTreeMap<String, i64> = BTreeMap::new();
            loop {
                let last = done.load(Ordering::SeqCst);
                let (delta, next) = store.feed(&cursor).await.unwrap().unwrap();
                cursor = next;
                delta.corrections.iter().for_each(|c| *seen.entry(c.correction_id).or_default() += 1);
                for address in &delta.addresses {
                    let known = versions.insert(address.id.to_string(), address.version).unwrap_or(1);
                    assert!(known < address.version, "{} came again or backwards", address.id);
                }
                if last {
                    return (seen, versions);
                }
            }
        })
    };
    for writer in writers {
        writer.await.unwrap();
    }
    done.store(true, Ordering::SeqCst);
    let (seen, versions) = reader.await.unwrap();
    let stored = db.superuser_reads("select count(*)::text from correction").await.parse::<usize>().unwrap();
    assert!(stored > WRITERS * ROUNDS / 2 && stored < WRITERS * ROUNDS);
    assert_eq!(seen.len(), stored, "a correction was skipped");
    assert!(seen.values().all(|times| *times == 1), "a correction came twice");
    let records = db.store.load(&Store::system()).await.unwrap().records;
    assert!(records.addresses.iter().all(|a| versions[a.id()] == a.version()));
}

#[tokio::test]
async fn an_edit_during_a_long_import_is_told_without_waiting_for_it() {
    let Some(db) = small_town("edit during import").await else { return };
    let start = db.store.load(&Store::system()).await.unwrap().cursor;
    let (go, wait) = std::sync::mpsc::channel::<()>();
    let store = db.store.clone();
    let import = tokio::spawn(async move {
        let rows = (0..5000)
            .map(|i| Ok(Incoming::Record(i, address(&format!("N{i}"), Some("V02"), 120.015, 28.005))))
            .chain(std::iter::once_with(move || {
                let _ = wait.recv();
                Ok(Incoming::Record(5000, address("N5000", Some("V02"), 120.015, 28.005)))
            }));
        let options = ImportOptions { batch: "long".into(), file: "long".into(), ..Default::default() };
        store.import(&steward(), &options, rows).await
    });
    tokio::time::sleep(std::time::Duration::from_millis(300)).await;
    let mut listener = db.store.listen().await.unwrap();
    let mut session = db.store.begin(&actor("W1", Role::Collector, Some("V01"))).await.unwrap();
    confirm(&mut session, "A1").await;
    session.commit().await.unwrap();
    tokio::time::timeout(std::time::Duration::from_secs(5), listener.wake()).await.expect("woken").unwrap();
    let (delta, cursor) = db.store.feed(&start).await.unwrap().unwrap();
    assert_eq!(delta.addresses.iter().map(|a| &*a.id).collect::<Vec<_>>(), ["A1"]);
    go.send(()).unwrap();
    assert_eq!(import.await.unwrap().unwrap().accepted, 5001);
    let (delta, _) = db.store.feed(&cursor).await.unwrap().unwrap();
    assert_eq!(delta.addresses.len(), 5001, "the whole import, and A1 not again");
}
