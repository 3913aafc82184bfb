//! Loads the demo town into an empty database, with its accounts.

use super::{SEED, Town, build};
use crate::check::{Thresholds, rule_set};
use crate::city::{City, Flags};
use crate::domain::{AddressRef, BuildingRef, GridCode, GridLevel, HazardRef, Records, RentalRef, Role, Scope, Table};
use crate::error::Result;
use crate::store::import::Importable;
use crate::store::{ImportOptions, Incoming, NewAccount, Store};
use chrono::NaiveDate;

/// What every demo account's password is. The accounts exist in demo databases only.
const PASSWORD: &str = "demo";

/// Loads the town if the database has no grid and no address yet. Returns how many records were stored; none when there
/// were some before.
///
/// # Errors
/// `Unavailable` when the database is away, and whatever the store says of the records.
pub async fn load(url: &str, today: NaiveDate) -> Result<Option<u64>> {
    let store = Store::connect(url).await?;
    let system = Store::system();
    if store.counts(&system).await?.iter().any(|(table, count)| matches!(*table, "grid" | "address") && *count > 0) {
        return Ok(None);
    }
    let town = build(SEED, today);
    let accounts = accounts(&town);
    let Records { grids, buildings, addresses, places, rentals, inspections, hazards, headcounts, .. } = town.records;
    let mut stored = 0;
    // Parents before children.
    for level in GridLevel::ALL {
        stored += import(&store, grids.iter().filter(|grid| grid.level == level).cloned().collect()).await?;
    }
    stored += import(&store, buildings.iter().map(BuildingRef::unpack).collect()).await?;
    stored += import(&store, addresses.iter().map(AddressRef::unpack).collect()).await?;
    stored += import(&store, places).await?;
    stored += import(&store, rentals.iter().map(RentalRef::unpack).collect()).await?;
    stored += import(&store, inspections).await?;
    stored += import(&store, hazards.iter().map(HazardRef::unpack).collect()).await?;
    stored += import(&store, headcounts).await?;
    let mut session = store.begin(&system).await?;
    for account in &accounts {
        session.add_account(account).await?;
    }
    session.commit().await?;
    Ok(Some(stored))
}

/// Checks the town as `gridpin serve` would, and keeps what was found, so that its first page shows it. Answers how many
/// flags stand.
///
/// # Errors
/// `Unavailable` when the database is away.
pub async fn check(url: &str, today: NaiveDate) -> Result<usize> {
    let store = Store::connect(url).await?;
    let loaded = store.load(&Store::system()).await?;
    let thresholds = Thresholds::default();
    let rule_set = rule_set(&thresholds);
    let city =
        City::load(loaded.records, thresholds.into(), today, Default::default(), Flags::found_before(loaded.flags));
    let city = city.checked(&|_| {});
    // Where a service has the right already it finds the same.
    if let Some(mut writer) = store.flag_writer().await? {
        writer.write_all(&city.flags, &rule_set).await?;
        writer.close().await;
    }
    Ok(city.flags.len())
}

/// Imports the records of one kind.
async fn import<T>(store: &Store, records: Table<T>) -> Result<u64>
where
    T: Importable + Clone + Send + Sync + 'static,
{
    let options = ImportOptions { batch: "demo".into(), file: "demo".into(), ..ImportOptions::default() };
    let rows: Vec<T> = records.iter().cloned().collect();
    let source = rows.into_iter().zip(1u64..).map(|(record, row)| Ok(Incoming::Record(row, record)));
    let summary = store.import(&Store::system(), &options, source).await?;
    match summary.rejects.into_iter().next() {
        Some(reject) => Err(crate::error::Error::Invalid(vec![reject.fault])),
        None => Ok(summary.accepted),
    }
}

/// One account for each role. The collector's grid and the reviewer's village are where most is wrong.
fn accounts(town: &Town) -> Vec<NewAccount> {
    let mut wrong: std::collections::BTreeMap<&str, usize> = Default::default();
    for (truth, address) in town.truth.iter().zip(town.records.addresses.iter()) {
        let counts = !truth.error.starts_with("ok") && truth.error != "batch_offset";
        if let (true, Some(grid)) = (counts, address.grid()) {
            *wrong.entry(grid).or_default() += 1;
        }
    }
    let worst = wrong.into_iter().max_by_key(|(code, count)| (*count, std::cmp::Reverse(*code)));
    let worst = worst.map_or_else(GridCode::default, |(code, _)| code.into());
    let parent = |code: &GridCode| town.records.grids.iter().find(|g| g.code == *code).and_then(|g| g.parent.clone());
    let village = parent(&worst).unwrap_or_default();
    let account =
        |role: Role, scope: Scope| NewAccount { name: role.as_str().into(), role, scope, password: PASSWORD.into() };
    vec![
        account(Role::Collector, Scope::Grid(worst)),
        account(Role::Reviewer, Scope::Grid(village)),
        account(Role::Department, Scope::All),
        account(Role::Police, Scope::All),
        account(Role::Leader, Scope::All),
        account(Role::Steward, Scope::All),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_role_has_an_account_on_ground_that_exists() {
        let town = build(SEED, NaiveDate::from_ymd_opt(2026, 11, 21).expect("a day"));
        let accounts = accounts(&town);
        assert_eq!(accounts.iter().map(|a| a.role).collect::<Vec<_>>(), Role::ALL);
        for account in accounts {
            if let Scope::Grid(code) = account.scope {
                assert!(town.records.grids.iter().any(|grid| grid.code == code), "{code}");
            }
        }
    }
}
