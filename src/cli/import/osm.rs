//! An OpenStreetMap extract into the database: grids, then buildings, then addresses.

use super::{Args, actor, database, print_summary, store_or_judge};
use crate::error::{Error, Fault, Result};
use crate::exchange::{Kind, osm};
use crate::store::import::Importable;
use crate::store::{Incoming, Store};
use std::path::Path;
use std::time::Instant;

pub(super) fn import_osm(args: &Args) -> Result<()> {
    let started = Instant::now();
    let city = osm::read(Path::new(&args.file))?;
    for note in &city.notes {
        eprintln!("{note}");
    }
    let place = args.file.clone();
    let mut done: Vec<i64> = Vec::new();
    // Later kinds refer to earlier ones; what came before a failure is taken back.
    let all = |done: &mut Vec<i64>| -> Result<()> {
        done.extend(import_records(args, &place, city.grids, started)?);
        done.extend(import_records(args, &place, city.buildings, started)?);
        done.extend(import_records(args, &place, city.addresses, started)?);
        Ok(())
    };
    let result = all(&mut done);
    if result.is_err() && !done.is_empty() {
        let (url, actor) = (database(args)?.to_owned(), actor(args));
        super::super::block_on(async move {
            let store = Store::connect(&url).await?;
            for batch in done.iter().rev() {
                store.undo_import(&actor, *batch).await?;
            }
            Ok(())
        })?;
    }
    result
}

fn import_records<T: Kind + Importable>(
    args: &Args,
    place: &str,
    records: Vec<T>,
    started: Instant,
) -> Result<Option<i64>> {
    if records.is_empty() {
        return Ok(None);
    }
    let rows = records.into_iter().enumerate().map(|(i, record)| Ok(Incoming::Record(i as u64 + 1, record)));
    let summary = store_or_judge(args, rows)?;
    print_summary(T::NAME, &summary, started);
    if summary.rejected > 0 && !args.keep_good {
        let faults = summary
            .rejects
            .into_iter()
            .take(20)
            .map(|reject| Fault { place: format!("{place} {}", reject.fault.place), ..reject.fault });
        return Err(Error::Invalid(faults.collect()));
    }
    Ok(summary.batch_id)
}
