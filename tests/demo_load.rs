//! Promise: the demo town goes into an empty database once, with an account for each role, and comes out as it was.

mod database;

use database::Database;
use gridpin::cli::demo::{SEED, load, town};
use gridpin::domain::Role;
use gridpin::store::Store;

#[tokio::test(flavor = "multi_thread")]
async fn the_demo_town_is_loaded_once() {
    let Some(db) = Database::make("load of the demo town").await else { return };
    let today = "2026-11-21".parse().unwrap();
    let stored = load::load(&db.owner_url(), today).await.expect("a load").expect("an empty database");
    let (expected, records) = (town(SEED, today), db.store.load(&Store::system()).await.expect("records").records);
    assert_eq!(records.addresses.len(), expected.addresses.len());
    assert_eq!(records.grids.len(), expected.grids.len());
    assert_eq!(records.hazards.len(), expected.hazards.len());
    assert_eq!(records.headcounts.len(), expected.headcounts.len());
    let sum = records.grids.len() + records.addresses.len() + records.buildings.len() + records.places.len();
    let rest = records.rentals.len() + records.inspections.len() + records.hazards.len() + records.headcounts.len();
    assert_eq!(stored as usize, sum + rest);
    for (address, other) in expected.addresses.iter().zip(records.addresses.iter()) {
        assert_eq!(address, other);
    }
    assert_eq!(load::load(&db.owner_url(), today).await.expect("a second load"), None);
    for role in Role::ALL {
        let actor = db.store.authenticate(role.as_str(), "demo").await.expect("the demo's account");
        assert_eq!(actor.role, role);
    }
}
