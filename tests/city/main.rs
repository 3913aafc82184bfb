//! Promise: the City knows what its records say, and an edit leaves it as if it had been built with the edit.

mod count;
mod edit;
mod grid;
mod live;

use chrono::NaiveDate;
use gridpin::city::City;
use gridpin::cli::demo;
use gridpin::domain::*;
use std::collections::BTreeMap;

fn today() -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 11, 21).expect("a day")
}

fn steward() -> Actor {
    Actor { name: "t".into(), role: Role::Steward, scope: Scope::All }
}

fn town() -> Records {
    demo::town(demo::SEED, today())
}

/// Everything that a City answers, in an order that does not depend on how it came to be.
fn picture(city: &City) -> BTreeMap<&'static str, Vec<String>> {
    let mut picture: BTreeMap<&'static str, Vec<String>> = BTreeMap::new();
    let all = [
        ("address points", &city.address_points),
        ("rental points", &city.rental_points),
        ("hazard points", &city.hazard_points),
        ("building points", &city.building_points),
    ];
    // The numbers of grids depend on how the City came to be, and what they stand for does not.
    let code = |home: u32| city.grid_at_order(home).map_or("nowhere", |grid| city.grid.code(grid).as_str());
    for (name, points) in all {
        // In their order: it does not depend on how the City came to be.
        let line = |mut item: gridpin::city::points::Item| {
            let code = code(std::mem::take(&mut item.point.home));
            format!("{code} {item:?}")
        };
        picture.insert(name, points.items().map(line).collect());
    }
    let flag_at = |slot: u32| city.flags.at(slot).map(|f| f.flag_id.clone()).unwrap_or_default();
    let flags = city.flag_points.items().map(|item| {
        assert_eq!(flag_at(item.point.row), item.id);
        format!("{} {} {:?} {} {}", item.point.key, code(item.point.home), item.tag, item.id, item.label)
    });
    picture.insert("flag points", flags.collect());
    picture.insert("flags", sorted(city.flags.iter().map(|flag| format!("{flag:?}"))));
    picture.insert("counts", (0..city.grid.len() as u32).map(|i| format!("{:?}", city.counts(i))).collect());
    picture
        .insert("marks", (0..city.records.addresses.len() as u32).map(|i| format!("{:?}", city.flagged(i))).collect());
    let rentals = 0..city.records.rentals.len() as u32;
    picture.insert(
        "rentals",
        rentals.map(|i| format!("{:?} {}", city.rental_state(i), code(city.rental_home(i)))).collect(),
    );
    let all = gridpin::city::world::Span { west: 0, north: 0, east: u32::MAX, south: u32::MAX };
    let buildings = city.building_points.meeting(all).into_iter();
    picture.insert("buildings", buildings.map(|row| format!("{row} {}", code(city.building_home(row)))).collect());
    picture
}

fn sorted(lines: impl Iterator<Item = String>) -> Vec<String> {
    let mut lines: Vec<String> = lines.collect();
    lines.sort();
    lines
}
