//! Promise: the City knows what its records say, and an edit leaves it as if it had been built with the edit.

use chrono::NaiveDate;
use gridpin::check::Thresholds;
use gridpin::city::City;
use gridpin::cli::demo;
use gridpin::domain::*;
use gridpin::tile;

fn today() -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 11, 21).expect("a day")
}

fn actor(role: Role, scope: Scope) -> Actor {
    Actor { name: "t".into(), role, scope }
}

#[test]
fn smoke() {
    let start = std::time::Instant::now();
    let records = demo::town(demo::SEED, today());
    eprintln!("town {:?}", start.elapsed());
    let start = std::time::Instant::now();
    let city = City::build(records, Thresholds::default(), today());
    eprintln!("city {:?} bbox {:?} flags {}", start.elapsed(), city.bbox(), city.flags.len());
    let levels: Vec<_> =
        GridLevel::ALL.iter().map(|l| (l.as_str(), city.level_zoom(*l), city.grid.count(*l))).collect();
    eprintln!("{levels:?} {:?} care {:?}", city.counts_of_all(), city.care.level());
    let [w, s, e, n] = city.bbox().expect("a town");
    for z in 8..=17u8 {
        let spot = gridpin::city::world::Spot::of(LonLat::new((w + e) / 2.0, (s + n) / 2.0)).expect("on earth");
        let at = gridpin::city::world::TileId::at(z, spot);
        for layer in ["grid", "building", "heat", "care", "rental", "hazard", "address", "flag"] {
            let start = std::time::Instant::now();
            let tile = tile::render(&city, &[layer], z, at.x, at.y, &actor(Role::Steward, Scope::All)).expect("a tile");
            eprintln!("z{z} {layer}: {} bytes, {} gzip, {:?}", tile.bytes.len(), tile.gzip.len(), start.elapsed());
        }
    }
}
