//! How long one edit takes until the City answers with it, detection and flags included:
//! `CITY=FOLDER cargo bench --bench edit [-- EDITS [TIMES [LARGE]]]`, 480, 40 and 1 by default.
//!
//! CITY names a folder with grids.geojson, addresses.csv and buildings.geojson (`benches/city.sh` makes one of a million
//! addresses); without it, the demo town is edited. Single records, chosen evenly: a step or a stray of a pin, another
//! address's text, another grid, batch or status, a copy, a building gone, moved or with another address, a tie.
//!
//! Then, each TIMES times: an address and a building removed, and single grids, chosen evenly: a corner moved, all of it
//! moved, two that change places, one removed, added again, split, called otherwise, placed elsewhere, with another code;
//! corners of villages apart from these. At last a tenth of all addresses moved in one batch, with the memory that it takes
//! at most.

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

/// As in the command.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

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
    let (edits, times) = (numbers.next().unwrap_or(480), numbers.next().unwrap_or(40));
    let large = numbers.next().unwrap_or(1);
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
    type Make = fn(&City, &mut ChaCha8Rng, &mut Vec<Grid>) -> Delta;
    let others: [(&str, u32, Make); 14] = [
        ("that remove an address", times, |city, rng, _| {
            let address = city.records.addresses.at(rng.random_range(0..city.records.addresses.len()));
            Delta { removed: vec![Removed::Address(address.id().into())], ..Delta::default() }
        }),
        ("that remove a building", times, |city, rng, _| {
            let building = city.records.buildings.at(rng.random_range(0..city.records.buildings.len()));
            Delta { removed: vec![Removed::Building(building.id().into())], ..Delta::default() }
        }),
        ("of a grid's corner", times, |city, rng, _| corner(any(city, rng))),
        ("of a village's corner", times, |city, rng, _| corner(of_level(city, rng, GridLevel::Village))),
        ("that move a grid by some metres", times, |city, rng, _| {
            let mut grid = any(city, rng);
            for polygon in &mut grid.polygon.0 {
                polygon.exterior_mut(|ring| ring.0.iter_mut().for_each(|c| c.x += 0.000_04));
            }
            Delta { grids: vec![grid], ..Delta::default() }
        }),
        ("in which two grids change places", times, |city, rng, _| {
            let (mut one, mut other) =
                (of_level(city, rng, GridLevel::Microgrid), of_level(city, rng, GridLevel::Microgrid));
            std::mem::swap(&mut one.polygon, &mut other.polygon);
            Delta { grids: vec![one, other], ..Delta::default() }
        }),
        ("that remove a grid", times, |city, rng, gone| {
            let grid = any(city, rng);
            gone.push(grid.clone());
            Delta { removed: vec![Removed::Grid(grid.code)], ..Delta::default() }
        }),
        ("that add a grid", times, |_, _, gone| Delta { grids: gone.pop().into_iter().collect(), ..Delta::default() }),
        ("that split a grid", times, |city, rng, _| split(of_level(city, rng, GridLevel::Microgrid))),
        ("of a grid's name", times, |city, rng, _| {
            let mut grid = any(city, rng);
            grid.name += "新";
            Delta { grids: vec![grid], ..Delta::default() }
        }),
        ("of a grid's parent", times, |city, rng, _| {
            let (mut grid, other) = (of_level(city, rng, GridLevel::Microgrid), of_level(city, rng, GridLevel::Grid));
            grid.parent = Some(other.code);
            Delta { grids: vec![grid], ..Delta::default() }
        }),
        ("of a grid's code", times, |city, rng, _| {
            let grid = of_level(city, rng, GridLevel::Microgrid);
            let removed = vec![Removed::Grid(grid.code.clone())];
            let code = format!("{}-{}", grid.code, city.revision).into();
            Delta { removed, grids: vec![Grid { code, ..grid }], ..Delta::default() }
        }),
        ("of a tenth of all addresses", large, |city, _, _| batch(city, 10)),
        ("of a hundredth of all addresses", large, |city, _, _| batch(city, 100)),
    ];
    let mut gone: Vec<Grid> = Vec::new();
    let mut single_ms: Vec<f64> = Vec::new();
    for (what, times, make) in others.into_iter().filter(|other| other.1 > 0) {
        let mut took_ms: Vec<f64> = Vec::new();
        // The most memory is counted from here on.
        std::fs::write("/proc/self/clear_refs", "5").ok();
        for _ in 0..times {
            let delta = make(&city, &mut rng, &mut gone);
            let start = Instant::now();
            let (next, _) = city.apply(delta);
            took_ms.push(start.elapsed().as_secs_f64() * 1e3);
            city = next;
        }
        if what.contains("grid") || what.contains("village") {
            single_ms.extend(&took_ms);
        }
        tell(what, took_ms);
        println!("resident {} MB, {} MB at most", resident_mb("VmRSS:"), resident_mb("VmHWM:"));
    }
    tell("of single grids, all of these together", single_ms);
}

/// Any grid.
fn any(city: &City, rng: &mut ChaCha8Rng) -> Grid {
    city.records.grids[rng.random_range(0..city.records.grids.len())].clone()
}

/// A grid of a level, or any where there is none.
fn of_level(city: &City, rng: &mut ChaCha8Rng, level: GridLevel) -> Grid {
    let of_level: Vec<&Grid> = city.records.grids.iter().filter(|grid| grid.level == level).collect();
    if of_level.is_empty() { any(city, rng) } else { of_level[rng.random_range(0..of_level.len())].clone() }
}

/// Moves a corner of one grid by thirty metres or so.
fn corner(mut grid: Grid) -> Delta {
    grid.polygon.0[0].exterior_mut(|ring| {
        let k = 1 + ring.0.len() / 3;
        ring.0[k].x += 0.000_3;
    });
    Delta { grids: vec![grid], ..Delta::default() }
}

/// Gives the eastern half of a grid to a new one.
fn split(mut grid: Grid) -> Delta {
    let rect = geo::BoundingRect::bounding_rect(&*grid.polygon).expect("an area");
    let (low, high, middle) = (rect.min(), rect.max(), rect.center().x);
    let half = |from: f64, to: f64| geo::Rect::new((from, low.y), (to, high.y)).to_polygon();
    let mut east = Grid { code: format!("{}-E", grid.code).into(), ..grid.clone() };
    east.polygon = geo::BooleanOps::intersection(&*grid.polygon, &half(middle, high.x)).into();
    grid.polygon = geo::BooleanOps::intersection(&*grid.polygon, &half(low.x, middle)).into();
    Delta { grids: vec![grid, east], ..Delta::default() }
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
