//! Records to measure with: a folder's, or an invented city's.

use chrono::NaiveDate;
use geo::{MultiPolygon, Polygon};
use gridpin::domain::*;
use gridpin::exchange::{Kind, ReadOptions, read};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::path::Path;

const STEP: f64 = 0.0015;

fn square(x: usize, y: usize, n: usize) -> MultiPolygon<f64> {
    let (w, s) = (119.5 + x as f64 * STEP, 28.0 + y as f64 * STEP);
    let (e, n) = (w + n as f64 * STEP, s + n as f64 * STEP);
    MultiPolygon(vec![Polygon::new(vec![(w, s), (e, s), (e, n), (w, n), (w, s)].into(), vec![])])
}

/// A city of equal blocks: 125 addresses to a micro-grid, a building to four addresses.
pub fn invent(addresses: usize) -> Records {
    let side = ((addresses as f64 / 125.0).sqrt().ceil() as usize).max(1);
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let mut grids: Vec<Grid> = Vec::new();
    let mut add = |code: String, level, parent: Option<String>, polygon: geo::MultiPolygon<f64>| {
        let name = format!("网格{code}");
        let parent = parent.map(Into::into);
        grids.push(Grid {
            code: code.into(),
            level,
            name,
            parent,
            polygon: polygon.into(),
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

fn rows<T: Kind>(folder: &str, file: &str) -> Vec<T> {
    let options =
        ReadOptions { screen: false, drop_person_columns: true, judge_rings: false, ..ReadOptions::default() };
    let rows = read::<T>(&Path::new(folder).join(file), &options).and_then(|read| read.all());
    rows.unwrap_or_else(|error| panic!("{error}"))
}

/// What lies in the folder that CITY names, if it names one: see `benches/city.sh`.
pub fn of_folder() -> Option<Records> {
    let folder = std::env::var("CITY").ok()?;
    Some(Records {
        grids: rows(&folder, "grids.geojson").into(),
        addresses: rows(&folder, "addresses.csv").into(),
        buildings: rows(&folder, "buildings.geojson").into(),
        ..Records::default()
    })
}

/// Adds a rental to every tenth address, and an open hazard to every second rental.
pub fn rent_out(records: &mut Records) {
    let day = NaiveDate::from_ymd_opt(2026, 11, 20).expect("a day");
    let ids: Vec<AddressId> = records.addresses.iter().step_by(10).map(|address| address.id().into()).collect();
    let (mut rentals, mut hazards) = (Vec::new(), Vec::new());
    for (n, address) in ids.into_iter().enumerate() {
        rentals.push(Rental {
            id: format!("R{n}").into(),
            address: Some(address.clone()),
            registered_on: (n % 3 > 0).then_some(day),
            space: RentalSpace::Residential,
            rooms: None,
            occupants: Some(n as u16 % 12),
            status: RentalStatus::Active,
            version: 1,
        });
        if n % 2 == 0 {
            hazards.push(Hazard {
                id: format!("H{n}").into(),
                address,
                rental: Some(format!("R{n}").into()),
                item: CheckItem::ALL[n / 2 % 8],
                severity: [HazardSeverity::Minor, HazardSeverity::Serious, HazardSeverity::Major][n / 2 % 3],
                state: HazardState::Open,
                found_at: day.and_hms_opt(8, 0, 0).expect("a time").and_utc(),
                found_by: "c1".into(),
                due_on: (n % 8 == 0).then_some(day),
                closed_at: None,
                closed_by: None,
                version: 1,
            });
        }
    }
    (records.rentals, records.hazards) = (rentals.into(), hazards.into());
}
