//! Promise: SIGKILL of PostgreSQL, or of the process that imports or serves, in the middle of whatever it does, leaves no
//! half-done thing and loses nothing that was acknowledged.
//!
//! Runs on a throw-away cluster of its own, made by setup.sh with the settings of `make run` (fsync on).

mod cluster;
mod database;

use cluster::*;
use database::{actor, address, import, steward};
use gridpin::domain::*;
use gridpin::store::*;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use uuid::Uuid;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killing_postgresql_under_corrections_loses_nothing_acknowledged() {
    let Some(cluster) = Cluster::start("kill PostgreSQL under corrections").await else { return };
    let store = cluster.store().await;
    const WRITERS: usize = 8;
    let rows = (0..WRITERS).map(|w| address(&format!("W{w}"), Some("V01"), 120.001, 28.001)).collect();
    import(&store, rows).await.expect("addresses");
    let cursor = store.load(&Store::system()).await.expect("a load").cursor;

    let acknowledged: Arc<Mutex<Vec<NewCorrection>>> = Arc::default();
    let unsure: Arc<Mutex<Vec<NewCorrection>>> = Arc::default();
    for round in 0..3u64 {
        let stop = Arc::new(AtomicBool::new(false));
        let writers: Vec<_> = (0..WRITERS)
            .map(|w| {
                let (store, stop) = (store.clone(), stop.clone());
                let (acknowledged, unsure) = (acknowledged.clone(), unsure.clone());
                tokio::spawn(async move {
                    let who = actor(&format!("C{w}"), Role::Collector, Some("V01"));
                    while !stop.load(Ordering::Relaxed) {
                        let Ok(mut session) = store.begin(&who).await else { continue };
                        let id: AddressId = format!("W{w}").into();
                        let Ok(now) = session.address(&id).await else { continue };
                        let new = NewCorrection {
                            correction_id: Uuid::new_v4(),
                            address_id: id,
                            base_version: now.version,
                            change: Change::Move { lon: 120.001 + w as f64 * 1e-5, lat: 28.002, flag_id: None },
                            observed: None,
                            note: String::new(),
                        };
                        let done = match session.correct(&new).await {
                            Ok(_) => session.commit().await,
                            Err(error) => Err(error),
                        };
                        let list = if done.is_ok() { &acknowledged } else { &unsure };
                        list.lock().unwrap().push(new);
                    }
                })
            })
            .collect();
        // However busy the machine is: some are through, others on their way.
        let enough = 20 * (round as usize + 1);
        while acknowledged.lock().unwrap().len() < enough {
            tokio::time::sleep(Duration::from_millis(5 + 3 * round)).await;
        }
        cluster.kill();
        stop.store(true, Ordering::Relaxed);
        for writer in writers {
            writer.await.expect("a writer ends");
        }
        cluster.setup("start");
        store.ping().await.expect("the pool finds the database again");
        assert_whole(&store).await;
    }

    let acknowledged = acknowledged.lock().unwrap().clone();
    let mut session = store.begin(&steward()).await.unwrap();
    for new in &acknowledged {
        let kept = session.correction(new.correction_id).await.expect("an acknowledged correction was lost");
        assert_eq!((kept.base_version, &kept.address_id), (new.base_version, &new.address_id));
    }
    drop(session);
    // Whoever got no answer sends again: stored now or stored then, once.
    let unsure = std::mem::take(&mut *unsure.lock().unwrap());
    for new in &unsure {
        let who = format!("C{}", &new.address_id.as_str()[1..]);
        let mut session = store.begin(&actor(&who, Role::Collector, Some("V01"))).await.unwrap();
        match session.correct(new).await {
            Ok(Stored::Same(_)) | Err(gridpin::error::Error::Conflict { .. }) => {}
            Ok(Stored::New(_)) => session.commit().await.unwrap(),
            Err(error) => panic!("{error}"),
        }
    }
    assert_whole(&store).await;
    // The feed's reader, who slept through it all, catches up without a gap.
    let (delta, _) = store.feed(&cursor).await.unwrap().unwrap();
    assert_eq!(delta.corrections.len() as i64, count(&store, "correction").await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killing_postgresql_in_the_middle_of_an_import_keeps_nothing_of_it() {
    let Some(cluster) = Cluster::start("kill PostgreSQL in an import").await else { return };
    let store = cluster.store().await;
    for (after, fresh) in [(20_000u64, true), (90_000, true), (50_000, false)] {
        if !fresh {
            import(&store, vec![address("OLD", Some("V01"), 120.001, 28.001)]).await.unwrap();
        }
        let (tell, told) = std::sync::mpsc::channel();
        let importing = {
            let store = store.clone();
            tokio::spawn(async move {
                let rows = (0..400_000u64).map(move |i| {
                    if i == after {
                        let _ = tell.send(());
                    }
                    Ok(Incoming::Record(i, address(&format!("N{i}"), Some("V02"), 120.015, 28.005)))
                });
                let options = ImportOptions { batch: "big".into(), file: "big".into(), ..Default::default() };
                store.import(&steward(), &options, rows).await
            })
        };
        tokio::task::spawn_blocking(move || told.recv()).await.unwrap().unwrap();
        cluster.kill();
        assert!(importing.await.unwrap().is_err(), "an import without a database was acknowledged");
        cluster.setup("start");
        assert_eq!(count(&store, "address").await, i64::from(!fresh));
        assert_whole(&store).await;
    }
    let rows: Vec<_> = (0..5000).map(|i| address(&format!("N{i}"), Some("V02"), 120.015, 28.005)).collect();
    assert_eq!(import(&store, rows).await.unwrap().accepted, 5000);
    assert_eq!(count(&store, "address").await, 5001);
}

fn csv(folder: &Path, rows: usize) -> PathBuf {
    let path = folder.join("addresses.csv");
    let mut file = std::io::BufWriter::new(std::fs::File::create(&path).expect("a file"));
    writeln!(file, "address_id,full_text,grid_code,lon,lat").unwrap();
    for i in 0..rows {
        writeln!(file, "N{i},丽阳街{i}号,V01,120.001,28.001").unwrap();
    }
    file.flush().unwrap();
    path
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killing_the_importing_process_keeps_all_or_nothing() {
    let Some(cluster) = Cluster::start("kill the importing process").await else { return };
    let store = cluster.store().await;
    const ROWS: usize = 60_000;
    let file = csv(cluster.folder.path(), ROWS);
    let command = || {
        let mut command = Command::new(env!("CARGO_BIN_EXE_gridpin"));
        command.args(["import", "address"]).arg(&file).args(["--crs", "cgcs2000"]);
        command.env("GRIDPIN_DATABASE", cluster.url("database-url")).stdout(Stdio::null()).stderr(Stdio::null());
        command
    };
    let mut killed = 0;
    for delay_ms in [20, 60, 120, 200, 300, 450, 600, 900] {
        let mut child = command().spawn().expect("gridpin runs");
        std::thread::sleep(Duration::from_millis(delay_ms));
        killed += usize::from(child.try_wait().unwrap().is_none());
        child.kill().unwrap();
        child.wait().unwrap();
        // The server notices when it next reads from the dead connection; it holds the import's lock until then.
        let start = Instant::now();
        let mut seen = count(&store, "address").await;
        while seen != 0 && seen != ROWS as i64 && start.elapsed() < Duration::from_secs(5) {
            seen = count(&store, "address").await;
        }
        assert!(seen == 0 || seen == ROWS as i64, "{seen} of {ROWS} rows are there");
    }
    assert!(killed >= 3, "the import was too fast to be killed");
    assert!(command().status().unwrap().success());
    assert_eq!(count(&store, "address").await, ROWS as i64);
    assert_whole(&store).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killing_the_serving_process_loses_no_acknowledged_correction() {
    let Some(cluster) = Cluster::start("kill the serving process").await else { return };
    let store = cluster.store().await;
    const ADDRESSES: usize = 40;
    let rows = (0..ADDRESSES).map(|i| address(&format!("W{i}"), Some("V01"), 120.001, 28.001)).collect();
    import(&store, rows).await.expect("addresses");
    add_collectors(&store, ["C1".to_owned()]).await;

    let mut version = [1i64; ADDRESSES];
    let (mut acknowledged, mut unsure) = (Vec::new(), Vec::new());
    for round in 0..3u64 {
        let server = Server::start(&cluster).await;
        let (cookie, port) = (server.sign_in("C1").await, server.port);
        let through = Arc::new(AtomicUsize::new(0));
        let killer = tokio::spawn({
            let through = through.clone();
            async move {
                while through.load(Ordering::Relaxed) < 12 {
                    tokio::time::sleep(Duration::from_millis(1 + 2 * round)).await;
                }
                drop(server);
            }
        });
        for i in (0..ADDRESSES).cycle() {
            let id = Uuid::new_v4();
            let body = format!(
                r#"{{"correction_id":"{id}","address_id":"W{i}","base_version":{},"change":{{"kind":"confirm"}}}}"#,
                version[i]
            );
            match ask(port, "POST", "/api/corrections", &cookie, &body).await {
                Ok((201, _)) => {
                    version[i] += 1;
                    acknowledged.push(id);
                    through.fetch_add(1, Ordering::Relaxed);
                }
                Ok((status, answer)) => panic!("{status}: {answer}"),
                Err(_) => {
                    unsure.push((i, body));
                    break;
                }
            }
        }
        killer.await.unwrap();
        assert_whole(&store).await;
        // Sent again to the next server: once, whether it was stored before or not.
        let server = Server::start(&cluster).await;
        let cookie = server.sign_in("C1").await;
        for (i, body) in unsure.drain(..) {
            for expected in [[200, 201], [200, 200]] {
                let (status, answer) = ask(server.port, "POST", "/api/corrections", &cookie, &body).await.unwrap();
                assert!(expected.contains(&status), "{answer}");
            }
            version[i] += 1;
        }
    }
    let mut session = store.begin(&steward()).await.unwrap();
    for id in acknowledged {
        session.correction(id).await.expect("an acknowledged correction was lost");
    }
    drop(session);
    let records = store.load(&Store::system()).await.unwrap().records;
    for (i, version) in version.iter().enumerate() {
        let address = records.addresses.iter().find(|a| a.id() == format!("W{i}")).unwrap();
        assert_eq!(address.version(), *version);
    }
    assert_whole(&store).await;
}
