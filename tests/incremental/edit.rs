//! A part of the demo town, and random edits of it.

use chrono::NaiveDate;
use gridpin::city::{City, Delta, Removed};
use gridpin::cli::demo;
use gridpin::domain::*;
use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use std::collections::BTreeSet;

pub fn today() -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 11, 21).expect("a day")
}

/// A part of the demo town: its westernmost addresses, the buildings about them, and all grids.
pub fn quarter(count: usize) -> Records {
    let town = demo::town(demo::SEED, today());
    let place = |b: &BuildingRef| match b.footprint().unpack() {
        Footprint::Point(at) => at,
        Footprint::Area(area) => {
            let first = area.0[0].exterior().0[0];
            LonLat::new(first.x, first.y)
        }
    };
    let on_earth = |a: &AddressRef| a.at().is_some_and(|at| at.is_on_earth() && at.lon > 119.0);
    let mut lons: Vec<f64> = town.addresses.iter().filter(on_earth).filter_map(|a| Some(a.at()?.lon)).collect();
    lons.sort_by(f64::total_cmp);
    let east = lons[count];
    let near = |a: AddressRef| a.at().is_none_or(|at| at.lon < east);
    let addresses: Packed<Address> = town.addresses.iter().filter(|a| near(*a)).map(AddressRef::unpack).collect();
    let known: BTreeSet<&str> = addresses.iter().map(|a| a.id()).collect();
    Records {
        buildings: town.buildings.iter().filter(|b| place(b).lon < east).map(BuildingRef::unpack).collect(),
        rentals: town
            .rentals
            .iter()
            .filter(|r| r.address().is_some_and(|a| known.contains(a)))
            .map(RentalRef::unpack)
            .collect(),
        hazards: town.hazards.iter().filter(|h| known.contains(h.address())).map(HazardRef::unpack).collect(),
        grids: town.grids.clone(),
        addresses,
        ..Records::default()
    }
}

/// Moves a pin by metres, roughly.
pub fn shifted(address: &Address, east_m: f64, north_m: f64) -> Address {
    let mut address = address.clone();
    if let Some(pin) = &mut address.pin {
        pin.at = LonLat::new(pin.at.lon + east_m / 98_000.0, pin.at.lat + north_m / 110_900.0);
    }
    address
}

/// The grid that an address declares.
fn declared(records: &Records, address: &Address) -> Option<Grid> {
    records.grids.iter().find(|grid| Some(&grid.code) == address.grid.as_ref()).cloned()
}

/// Kinds of edits.
pub const KINDS: u32 = 29;

/// One random edit.
pub fn edit(city: &City, rng: &mut ChaCha8Rng, kind: u32, n: u32) -> Delta {
    let records = &city.records;
    let mut delta = Delta::default();
    let mut pick = |len: usize| rng.random_range(0..len);
    let one = records.addresses.at(pick(records.addresses.len())).unpack();
    let other = records.addresses.at(pick(records.addresses.len())).unpack();
    match kind {
        // A step, a stray, and home again.
        0 => delta.addresses.push(shifted(&one, pick(30) as f64 - 15.0, pick(30) as f64 - 15.0)),
        1 => delta.addresses.push(shifted(&one, pick(2_000) as f64 - 1_000.0, pick(2_000) as f64 - 1_000.0)),
        // On another's spot: a tie, and with more of them a stack.
        2 => {
            for _ in 0..=pick(4) {
                let mut address = records.addresses.at(pick(records.addresses.len())).unpack();
                if let (Some(pin), Some(of)) = (&mut address.pin, &other.pin) {
                    pin.at = of.at;
                }
                delta.addresses.push(address);
            }
        }
        // Another text: another number, or another's.
        3 => {
            let mut address = one;
            (address.full_text, address.parts) = (other.full_text, other.parts);
            delta.addresses.push(address);
        }
        4 => {
            let mut address = one;
            let number = HouseNumber::parse(&address.parts.house_number).map_or(1, |number| number.main);
            let text = format!("{}号", number + pick(9) as u32);
            address.full_text = address.full_text.replacen(&*address.parts.house_number, &text, 1);
            address.parts.house_number = text.into();
            delta.addresses.push(address);
        }
        // Other attributes.
        5 => {
            let mut address = one;
            address.grid = Some(records.grids[pick(records.grids.len())].code.clone());
            delta.addresses.push(address);
        }
        6 => {
            let mut address = one;
            address.batch = other.batch;
            if let (Some(pin), Some(of)) = (&mut address.pin, other.pin) {
                pin.collector = of.collector;
            }
            delta.addresses.push(address);
        }
        // It ends, or one comes back to life; a new one, a copy of another.
        7 => {
            let mut address = one;
            address.status = match address.status {
                AddressStatus::Active => AddressStatus::Demolished,
                _ => AddressStatus::Active,
            };
            delta.addresses.push(address);
        }
        8 => {
            let mut address = shifted(&one, 3.0, 4.0);
            address.id = format!("NEW-{n}").into();
            address.pin = address.pin.filter(|_| !n.is_multiple_of(3));
            delta.addresses.push(address);
        }
        // A whole batch collected again, all off by one vector, or put right.
        9 => {
            let batch = one.batch.as_deref();
            let by = [(0.0, 0.0), (40.0, -25.0), (-40.0, 25.0), (300.0, 0.0)][pick(4)];
            let of_batch = records.addresses.iter().filter(|a| a.batch().is_some() && a.batch() == batch);
            delta.addresses.extend(of_batch.take(60).map(|a| shifted(&a.unpack(), by.0, by.1)));
        }
        // Buildings: gone or back, moved, with another address, and a new one.
        10 => {
            let mut building = records.buildings.at(pick(records.buildings.len())).unpack();
            building.standing = !building.standing;
            delta.buildings.push(building);
        }
        11 => {
            let mut building = records.buildings.at(pick(records.buildings.len())).unpack();
            let of = records.buildings.at(pick(records.buildings.len())).unpack();
            building.footprint = of.footprint;
            delta.buildings.push(building);
        }
        12 => {
            let mut building = records.buildings.at(pick(records.buildings.len())).unpack();
            (building.full_text, building.parts) = (other.full_text, other.parts);
            if n.is_multiple_of(2) {
                building.id = format!("NEW-B-{n}").into();
            }
            delta.buildings.push(building);
        }
        // A tie to a building, which may be another address's.
        13 => {
            let mut address = one;
            address.building = Some(records.buildings.at(pick(records.buildings.len())).id().into());
            delta.addresses.push(address);
        }
        // A street crosses a border.
        14 => {
            let grid = one.grid.as_deref();
            let of_grid = records.addresses.iter().filter(|a| a.grid().is_some() && a.grid() == grid);
            delta.addresses.extend(of_grid.take(12).map(|a| shifted(&a.unpack(), 60.0, 0.0)));
        }
        // A building is written otherwise.
        15 => {
            let mut building = records.buildings.at(pick(records.buildings.len())).unpack();
            building.full_text += "（东门）";
            delta.buildings.push(building);
        }
        // Addresses go altogether, and one of the last, whose row is given away otherwise.
        16 => {
            let rows =
                [pick(records.addresses.len()), pick(records.addresses.len()), records.addresses.len() - 1 - pick(3)];
            delta.removed.extend(rows.map(|row| Removed::Address(records.addresses.at(row).id().into())));
        }
        // Buildings go, and what an address names with them.
        17 => {
            let named = records.addresses.iter().filter_map(|a| a.building()).nth(pick(9)).map(BuildingId::from);
            let last = records.buildings.at(records.buildings.len() - 1).id().into();
            let any = records.buildings.at(pick(records.buildings.len())).id().into();
            delta.removed.extend(named.into_iter().chain([any, last]).map(Removed::Building));
        }
        // A batch is taken back, and what it brought comes again, a part of it elsewhere; or does not.
        18 => {
            let batch = one.batch.as_deref();
            let of_batch = records.addresses.iter().filter(|a| a.batch().is_some() && a.batch() == batch).take(60);
            for (k, address) in of_batch.enumerate() {
                delta.removed.push(Removed::Address(address.id().into()));
                if n.is_multiple_of(2) {
                    let mut again = shifted(&address.unpack(), (k % 3) as f64 * 20.0, 0.0);
                    again.id = format!("AGAIN-{n}-{k}").into();
                    delta.addresses.push(again);
                }
            }
        }
        // A border moves: as a whole, or by a corner; that of a village too, and one in which much lies.
        19 => {
            let mut grid = declared(records, &one).unwrap_or_else(|| records.grids[pick(records.grids.len())].clone());
            if n.is_multiple_of(3) {
                grid = records.grids[pick(records.grids.len())].clone();
            }
            let corner = n.is_multiple_of(2);
            for polygon in &mut grid.polygon.0 {
                polygon.exterior_mut(|ring| {
                    let most = if corner { 2 } else { ring.0.len() };
                    ring.0.iter_mut().skip(usize::from(corner)).take(most).for_each(|point| point.x += 0.000_3);
                });
            }
            delta.grids.push(grid);
        }
        // A grid is split in two; whoever lived in it still declares the old one.
        20 => {
            let grid = declared(records, &one).unwrap_or_else(|| records.grids[records.grids.len() - 1].clone());
            let [(mut west, mut east), all] = [(grid.clone(), grid.clone()), (grid.clone(), grid)];
            let rect = geo::BoundingRect::bounding_rect(&*all.0.polygon).expect("an area");
            let (low, high, middle) = (rect.min(), rect.max(), rect.center().x);
            let half = |from: f64, to: f64| geo::Rect::new((from, low.y), (to, high.y)).to_polygon();
            west.polygon = geo::BooleanOps::intersection(&*all.0.polygon, &half(low.x, middle)).into();
            east.polygon = geo::BooleanOps::intersection(&*all.0.polygon, &half(middle, high.x)).into();
            east.code = format!("{}-{n}", east.code).into();
            east.name += "东";
            delta.grids.extend([west, east]);
        }
        // A grid goes, and another record with it.
        21 => {
            let grid = declared(records, &one).unwrap_or_else(|| records.grids[pick(records.grids.len())].clone());
            delta.removed.push(Removed::Grid(grid.code));
            if n.is_multiple_of(2) {
                delta.removed.push(Removed::Address(other.id.clone()));
                delta.addresses.push(shifted(&one, 5.0, 5.0));
            }
        }
        // Two grids change places.
        22 => {
            let [mut a, mut b] =
                [pick(records.grids.len()), pick(records.grids.len())].map(|i| records.grids[i].clone());
            std::mem::swap(&mut a.polygon, &mut b.polygon);
            delta.grids.extend([a, b]);
        }
        // A hole in a grid, or one that an island fills wholly or in part.
        23 => {
            let mut grid = declared(records, &one).unwrap_or_else(|| records.grids[pick(records.grids.len())].clone());
            let middle = geo::BoundingRect::bounding_rect(&*grid.polygon).expect("an area").center();
            let square =
                |d: f64| geo::Rect::new((middle.x - d, middle.y - d), (middle.x + d, middle.y + d)).to_polygon();
            let mut island = Grid { code: format!("ISLAND-{n}").into(), parent: grid.parent.clone(), ..grid.clone() };
            island.polygon = geo::MultiPolygon(vec![square([0.000_2, 0.000_15][n as usize / 2 % 2])]).into();
            grid.polygon =
                geo::BooleanOps::difference(&*grid.polygon, &geo::MultiPolygon(vec![square(0.000_2)])).into();
            delta.grids.push(grid);
            delta.grids.extend((!n.is_multiple_of(3)).then_some(island));
        }
        // All of the westernmost steps aside: a strip opens along the outer border, or an overlap inside.
        24 => {
            let west = |grid: &&Grid| geo::BoundingRect::bounding_rect(&*grid.polygon).map_or(f64::MAX, |r| r.min().x);
            let of_level = records.grids.iter().filter(|grid| grid.level == GridLevel::Microgrid);
            let mut grid = of_level.min_by(|a, b| west(a).total_cmp(&west(b))).expect("a grid").clone();
            let by = (pick(200) as f64 - 100.0) / 1e6;
            for polygon in &mut grid.polygon.0 {
                polygon.exterior_mut(|ring| ring.0.iter_mut().for_each(|point| point.x += by));
            }
            delta.grids.push(grid);
        }
        // A border of thousands of vertices, which all its neighbours' lack.
        25 => {
            let mut grid = records.grids[pick(records.grids.len())].clone();
            for polygon in &mut grid.polygon.0 {
                polygon.exterior_mut(|ring| {
                    let lines: Vec<geo::Line<f64>> = ring.lines().collect();
                    let parts = 2_000 / lines.len() + 2;
                    let at = |line: &geo::Line<f64>, k: usize| line.start + line.delta() * (k as f64 / parts as f64);
                    ring.0 = lines.iter().flat_map(|line| (0..parts).map(|k| at(line, k))).collect();
                    ring.close();
                });
            }
            delta.grids.push(grid);
        }
        // A grid gets another code; who declares it still says the old one, or somebody said the new one already.
        26 => {
            let mut grid = declared(records, &one).unwrap_or_else(|| records.grids[pick(records.grids.len())].clone());
            delta.removed.push(Removed::Grid(grid.code.clone()));
            grid.code = format!("CODE-{}", n / 2).into();
            let mut address = other;
            address.grid = Some(grid.code.clone());
            if n.is_multiple_of(2) {
                delta.addresses.push(address);
            } else {
                delta.grids.push(grid);
            }
        }
        // A vertex goes with all who share it, or hardly.
        27 => {
            let grid = records.grids[pick(records.grids.len())].clone();
            let from = grid.polygon.0[0].exterior().0[0];
            for grid in records.grids.iter().take(40).chain([&grid]) {
                let mut moved = grid.clone();
                for polygon in &mut moved.polygon.0 {
                    polygon.exterior_mut(|ring| {
                        ring.0.iter_mut().filter(|c| **c == from).for_each(|c| c.x += [0.000_05, 2e-7][n as usize % 2]);
                    });
                }
                if moved != *grid && !delta.grids.contains(&moved) {
                    delta.grids.push(moved);
                }
            }
        }
        // A grid is called otherwise, hangs elsewhere, is of another level, or no longer valid.
        _ => {
            let mut grid = records.grids[pick(records.grids.len())].clone();
            match n % 4 {
                0 => grid.name += "新",
                1 => grid.parent = Some(records.grids[pick(records.grids.len())].code.clone()),
                2 => grid.valid_to = today().pred_opt(),
                _ => grid.level = GridLevel::ALL[pick(GridLevel::ALL.len())],
            }
            delta.grids.push(grid);
        }
    }
    delta
}
