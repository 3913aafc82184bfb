//! How long a city takes to build, to edit and to draw: `cargo bench --bench tile [-- ADDRESSES]`, a million by default.
//!
//! An invented city of equal blocks: 125 addresses to a micro-grid, a building to four addresses, a rental to ten and an
//! open hazard to twenty. Times are of one thread where a tile is drawn; the build uses all cores.

use chrono::NaiveDate;
use geo::{MultiPolygon, Polygon};
use gridpin::check::Thresholds;
use gridpin::city::world::{Spot, TileId};
use gridpin::city::{City, Delta};
use gridpin::domain::*;
use gridpin::tile;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::time::{Duration, Instant};

const STEP: f64 = 0.0015;

fn square(x: usize, y: usize, n: usize) -> MultiPolygon<f64> {
    let (w, s) = (119.5 + x as f64 * STEP, 28.0 + y as f64 * STEP);
    let (e, n) = (w + n as f64 * STEP, s + n as f64 * STEP);
    MultiPolygon(vec![Polygon::new(vec![(w, s), (e, s), (e, n), (w, n), (w, s)].into(), vec![])])
}

fn city_of(addresses: usize) -> Records {
    let side = ((addresses as f64 / 125.0).sqrt().ceil() as usize).max(1);
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let mut grids: Vec<Grid> = Vec::new();
    let mut add = |code: String, level, parent: Option<String>, polygon| {
        let name = format!("网格{code}");
        let parent = parent.map(Into::into);
        grids.push(Grid {
            code: code.into(),
            level,
            name,
            parent,
            polygon,
            valid_from: None,
            valid_to: None,
            version: 1,
        });
    };
    add("D".into(), GridLevel::District, None, square(0, 0, side));
    for y in 0..side.div_ceil(5) {
        for x in 0..side.div_ceil(5) {
            add(format!("G{x}-{y}"), GridLevel::Grid, Some("D".into()), square(x * 5, y * 5, 5));
        }
    }
    for y in 0..side {
        for x in 0..side {
            add(format!("M{x}-{y}"), GridLevel::Microgrid, Some(format!("G{}-{}", x / 5, y / 5)), square(x, y, 1));
        }
    }
    let mut records = Records { grids: grids.into(), ..Records::default() };
    let day = NaiveDate::from_ymd_opt(2026, 11, 20).expect("a day");
    let (mut made, mut buildings) = (Vec::with_capacity(addresses), Vec::new());
    for n in 0..addresses {
        let (x, y) = (n / 125 % side, n / 125 / side);
        let at = LonLat::new(
            119.5 + (x as f64 + rng.random_range(0.0..1.0)) * STEP,
            28.0 + (y as f64 + rng.random_range(0.0..1.0)) * STEP,
        );
        let pin = Position {
            kind: PositionKind::Door,
            at,
            method: PositionMethod::Phone,
            accuracy_m: Some(5.0),
            collected_at: None,
            collector: Some("c1".into()),
        };
        let id = format!("A{n:08}");
        let number = format!("{}号", n % 125 + 1);
        let road = format!("第{}路", n / 125);
        if n % 10 == 0 {
            records.rentals.push(Rental {
                id: format!("R{n}").into(),
                address: Some(id.as_str().into()),
                registered_on: Some(day),
                space: RentalSpace::Residential,
                rooms: None,
                occupants: Some(3),
                status: RentalStatus::Active,
                version: 1,
            });
        }
        if n % 20 == 0 {
            records.hazards.push(Hazard {
                id: format!("H{n}").into(),
                address: id.as_str().into(),
                rental: Some(format!("R{n}").into()),
                item: CheckItem::ALL[n / 20 % 8],
                severity: HazardSeverity::Minor,
                state: HazardState::Open,
                found_at: day.and_hms_opt(8, 0, 0).expect("a time").and_utc(),
                found_by: "c1".into(),
                due_on: None,
                closed_at: None,
                closed_by: None,
                version: 1,
            });
        }
        if n % 4 == 0 {
            let d = 0.00005;
            let ring = vec![
                (at.lon - d, at.lat - d),
                (at.lon + d, at.lat - d),
                (at.lon + d, at.lat + d),
                (at.lon - d, at.lat + d),
                (at.lon - d, at.lat - d),
            ];
            buildings.push(Building {
                id: format!("B{n}").into(),
                full_text: String::new(),
                parts: Parts { road: road.as_str().into(), house_number: number.as_str().into(), ..Parts::default() },
                footprint: Footprint::Area(MultiPolygon(vec![Polygon::new(ring.into(), vec![])])),
                floors: Some(3),
                kind: BuildingKind::Residential,
                grid: None,
                standing: true,
                version: 1,
            });
        }
        made.push(Address {
            id: id.as_str().into(),
            full_text: format!("{road}{number}"),
            parts: Parts { road: road.into(), house_number: number.into(), ..Parts::default() },
            grid: Some(format!("M{x}-{y}").into()),
            pin: Some(pin),
            verified_on: Some(day),
            version: 1,
            ..Address::default()
        });
    }
    (records.buildings, records.addresses) = (buildings.into(), made.into());
    records
}

fn ms(time: Duration) -> String {
    format!("{:9.3} ms", time.as_secs_f64() * 1e3)
}

fn resident_mb() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or("0 kB");
    line.trim().trim_end_matches(" kB").trim().parse::<u64>().unwrap_or(0) / 1024
}

fn main() {
    let addresses = std::env::args().filter_map(|a| a.parse().ok()).next().unwrap_or(1_000_000);
    let today = NaiveDate::from_ymd_opt(2026, 11, 21).expect("a day");
    let records = city_of(addresses);
    let before = resident_mb();
    println!("{addresses} addresses, {} grids, {} buildings", records.grids.len(), records.buildings.len());
    let start = Instant::now();
    let city = City::with_flags(records.clone(), Thresholds::default(), today, Vec::new());
    println!(
        "build without rules {}, {} MB beside {before} MB of records",
        ms(start.elapsed()),
        resident_mb() - before
    );
    let start = Instant::now();
    let checked = City::build(records, Thresholds::default(), today);
    println!("build with rules    {}, {} flags", ms(start.elapsed()), checked.flags.len());
    let actor = Actor { name: "b".into(), role: Role::Steward, scope: Scope::All };
    let scoped = Actor { scope: Scope::Grid("G2-2".into()), ..actor.clone() };
    let side = ((addresses as f64 / 125.0).sqrt().ceil()) * STEP;
    println!("layer      zoom   median time      bytes       gzip   scoped");
    for layer in ["address", "building", "rental", "hazard", "heat", "grid", "care"] {
        for z in [8u8, 10, 12, 13, 14, 15, 16] {
            let mut times: Vec<(Duration, usize, usize)> = Vec::new();
            let mut narrow: Vec<Duration> = Vec::new();
            for k in 0..5 {
                let share = 0.2 + 0.15 * f64::from(k);
                let at =
                    TileId::at(z, Spot::of(LonLat::new(119.5 + side * share, 28.0 + side * share)).expect("on earth"));
                let start = Instant::now();
                let tile = tile::render(&city, &[layer], z, at.x, at.y, &actor).expect("a tile");
                let time = start.elapsed();
                let gzip = tile::Coding::Gzip.pack(&tile.bytes).expect("gzip");
                times.push((time, tile.bytes.len(), gzip.len()));
                let start = Instant::now();
                tile::render(&city, &[layer], z, at.x, at.y, &scoped).expect("a tile");
                narrow.push(start.elapsed());
            }
            times.sort();
            narrow.sort();
            let (time, bytes, gzip) = times[2];
            println!("{layer:10} {z:4} {} {bytes:10} {gzip:10} {}", ms(time), ms(narrow[2]));
        }
    }
    let mut city = checked;
    let mut times: Vec<Duration> = Vec::new();
    for k in 0..5 {
        let mut address = city.records.addresses.at(k * 1000 % addresses).unpack();
        if let Some(pin) = &mut address.pin {
            pin.at.lon += 0.0001;
        }
        let start = Instant::now();
        city = city.apply(Delta { addresses: vec![address], ..Delta::default() }).0;
        times.push(start.elapsed());
    }
    times.sort();
    println!("edit of an address, rules asked again: median {}, worst {}", ms(times[2]), ms(times[4]));
}
