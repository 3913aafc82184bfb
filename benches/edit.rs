//! How long one edit takes until the City answers with it, detection and flags included:
//! `CITY=FOLDER cargo bench --bench edit [-- EDITS [TIMES]]`, 480 and 12 by default.
//!
//! CITY names a folder with grids.geojson, addresses.csv and buildings.geojson (`benches/city.sh` makes one of a million
//! addresses); without it, the demo town is edited. Single records, chosen evenly: a step or a stray of a pin, another
//! address's text, another grid, batch or status, a copy, a building gone, moved or with another address, a tie.
//!
//! Then, each TIMES times: a corner of a grid moved, an address, a building and a grid removed, and a tenth of all
//! addresses moved in one batch, with the memory that it takes at most.

use chrono::NaiveDate;
use gridpin::check::Thresholds;
use gridpin::city::{City, Delta, Removed};
use gridpin::cli::demo;
use gridpin::domain::*;
use gridpin::exchange::{Kind, ReadOptions, read};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::path::Path;
use std::time::Instant;

const KINDS: u32 = 11;

fn today() -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 11, 21).expect("a day")
}

fn table<T: Kind, U: From<Vec<T>>>(folder: &str, file: &str) -> U {
    let options =
        ReadOptions { screen: false, drop_person_columns: true, judge_rings: false, ..ReadOptions::default() };
    let rows = read::<T>(&Path::new(folder).join(file), &options).and_then(|read| read.all());
    rows.unwrap_or_else(|error| panic!("{error}")).into()
}

fn records() -> Records {
    let Ok(folder) = std::env::var("CITY") else { return demo::town(demo::SEED, today()) };
    Records {
        grids: table(&folder, "grids.geojson"),
        addresses: table(&folder, "addresses.csv"),
        buildings: table(&folder, "buildings.geojson"),
        ..Records::default()
    }
}

/// One random edit of one record.
fn edit(city: &City, rng: &mut ChaCha8Rng, n: u32) -> Delta {
    let records = &city.records;
    let mut delta = Delta::default();
    let mut pick = |len: usize| rng.random_range(0..len);
    let mut one = records.addresses.at(pick(records.addresses.len())).unpack();
    let other = records.addresses.at(pick(records.addresses.len())).unpack();
    let mut building = records.buildings.at(pick(records.buildings.len())).unpack();
    let of = records.buildings.at(pick(records.buildings.len())).unpack();
    match n % KINDS {
        kind @ 0..=1 => {
            let most_m = [15.0, 1_000.0][kind as usize];
            let mut by = || (pick(2_001) as f64 / 1_000.0 - 1.0) * most_m / 100_000.0;
            if let Some(pin) = &mut one.pin {
                pin.at = LonLat::new(pin.at.lon + by(), pin.at.lat + by());
            }
        }
        2 => (one.full_text, one.parts) = (other.full_text, other.parts),
        3 => one.grid = other.grid,
        4 => one.batch = other.batch,
        5 => one.status = AddressStatus::Demolished,
        6 => one.id = format!("NEW-{n}").into(),
        7 => building.standing = !building.standing,
        8 => building.footprint = of.footprint,
        9 => (building.full_text, building.parts) = (of.full_text, of.parts),
        _ => one.building = Some(building.id.clone()),
    }
    match n % KINDS {
        7..=9 => delta.buildings.push(building),
        _ => delta.addresses.push(one),
    }
    delta
}

fn main() {
    let mut numbers = std::env::args().skip(1).filter_map(|arg| arg.parse().ok());
    let (edits, times) = (numbers.next().unwrap_or(480), numbers.next().unwrap_or(12));
    let records = records();
    let (count, start) = (records.addresses.len(), Instant::now());
    let mut city = City::build(records, Thresholds::default(), today());
    println!("{count} addresses: built and checked in {:.1} s", start.elapsed().as_secs_f64());
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let mut took_ms: Vec<f64> = Vec::new();
    for n in 0..edits {
        let delta = edit(&city, &mut rng, n);
        let start = Instant::now();
        let (next, _) = city.apply(delta);
        took_ms.push(start.elapsed().as_secs_f64() * 1e3);
        city = next;
    }
    tell("of one record", took_ms);
    println!("resident {} MB", resident_mb("VmRSS:"));
    type Make = fn(&City, &mut ChaCha8Rng) -> Delta;
    let others: [(&str, u32, Make); 6] = [
        ("of a grid's corner", times, corner),
        ("that remove an address", times, |city, rng| {
            let address = city.records.addresses.at(rng.random_range(0..city.records.addresses.len()));
            Delta { removed: vec![Removed::Address(address.id().into())], ..Delta::default() }
        }),
        ("that remove a building", times, |city, rng| {
            let building = city.records.buildings.at(rng.random_range(0..city.records.buildings.len()));
            Delta { removed: vec![Removed::Building(building.id().into())], ..Delta::default() }
        }),
        ("that remove a grid", times.min(6), |city, rng| {
            let grid = &city.records.grids[rng.random_range(0..city.records.grids.len())];
            Delta { removed: vec![Removed::Grid(grid.code.clone())], ..Delta::default() }
        }),
        ("of a tenth of all addresses", 1, |city, _| batch(city, 10)),
        ("of a hundredth of all addresses", 1, |city, _| batch(city, 100)),
    ];
    for (what, times, make) in others.into_iter().filter(|other| other.1 > 0) {
        let mut took_ms: Vec<f64> = Vec::new();
        // The most memory is counted from here on.
        std::fs::write("/proc/self/clear_refs", "5").ok();
        for _ in 0..times {
            let delta = make(&city, &mut rng);
            let start = Instant::now();
            let (next, _) = city.apply(delta);
            took_ms.push(start.elapsed().as_secs_f64() * 1e3);
            city = next;
        }
        tell(what, took_ms);
        println!("resident {} MB, {} MB at most", resident_mb("VmRSS:"), resident_mb("VmHWM:"));
    }
}

/// Moves a corner of one grid by thirty metres or so.
fn corner(city: &City, rng: &mut ChaCha8Rng) -> Delta {
    let mut grid = city.records.grids[rng.random_range(0..city.records.grids.len())].clone();
    grid.polygon.0[0].exterior_mut(|ring| {
        let k = 1 + ring.0.len() / 3;
        ring.0[k].x += 0.000_3;
    });
    Delta { grids: vec![grid], ..Delta::default() }
}

/// One address in `every`, moved by a metre or two.
fn batch(city: &City, every: usize) -> Delta {
    let moved = |address: AddressRef| {
        let mut address = address.unpack();
        if let Some(pin) = &mut address.pin {
            pin.at = LonLat::new(pin.at.lon + 0.000_01, pin.at.lat + 0.000_01);
        }
        address
    };
    Delta { addresses: city.records.addresses.iter().step_by(every).map(moved).collect(), ..Delta::default() }
}

fn tell(what: &str, mut took_ms: Vec<f64>) {
    took_ms.sort_by(f64::total_cmp);
    let at = |share: f64| took_ms[((took_ms.len() - 1) as f64 * share) as usize];
    println!(
        "{} edits {what}: median {:.1} ms, p90 {:.1}, p99 {:.1}, longest {:.1}",
        took_ms.len(),
        at(0.5),
        at(0.9),
        at(0.99),
        at(1.0)
    );
}

fn resident_mb(field: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(field));
    line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<u64>().ok()).unwrap_or(0) / 1024
}
