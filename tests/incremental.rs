//! Promise: after any edits the verdicts and flags are those of a City built from nothing, bit for bit.

use chrono::NaiveDate;
use gridpin::check::Thresholds;
use gridpin::city::{City, Delta, Removed};
use gridpin::cli::demo;
use gridpin::domain::*;
use gridpin::index::GridIndex;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::collections::BTreeSet;

fn today() -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 11, 21).expect("a day")
}

/// A part of the demo town: its westernmost addresses, the buildings about them, and all grids.
fn quarter(count: usize) -> Records {
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
fn shifted(address: &Address, east_m: f64, north_m: f64) -> Address {
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
const KINDS: u32 = 29;

/// One random edit.
fn edit(city: &City, rng: &mut ChaCha8Rng, kind: u32, n: u32) -> Delta {
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

/// Every verdict, bit for bit but for the numbering of streets, and every flag.
fn verdicts(city: &City) -> (Vec<String>, BTreeSet<String>) {
    let judged = city.with_context(|context| {
        let found = context.detection();
        let line = |(i, j): (usize, &gridpin::check::hypothesis::Judged)| {
            let numbers = [j.right, j.share, j.place[0], j.place[1], j.radius_m, j.grid].map(f64::to_bits);
            format!("{} {:?} {} {numbers:?}", context.address(i).id(), j.cause, j.exact)
        };
        found.judged.iter().enumerate().map(line).collect()
    });
    let judged = judged.expect("a City that was checked");
    (judged, city.flags.iter().map(|flag| format!("{flag:?}")).collect())
}

fn compare(city: &City, told: &str) {
    let ((judged, flags), (judged_anew, flags_anew)) = (verdicts(city), verdicts(&city.anew()));
    let differ: Vec<_> = judged.iter().zip(&judged_anew).filter(|(a, b)| a != b).take(4).collect();
    assert!(differ.is_empty() && judged.len() == judged_anew.len(), "{told}: {differ:#?}");
    let differ: Vec<_> = flags.symmetric_difference(&flags_anew).take(4).collect();
    assert!(differ.is_empty(), "{told}: {differ:#?}");
}

#[test]
fn any_sequence_of_edits_leads_where_a_check_from_nothing_does() {
    let start = City::build(quarter(1_500), Thresholds::default(), today());
    compare(&start, "at the start");
    for seed in 0..3u64 {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let (mut city, mut told) = (start.clone(), String::new());
        for n in 0..32 {
            let kind = rng.random_range(0..KINDS);
            told += &format!(" {kind}");
            city = city.apply(edit(&city, &mut rng, kind, n)).0;
            if n % 8 == 7 {
                compare(&city, &format!("seed {seed}, edits{told}"));
            }
        }
    }
}

#[test]
fn a_grid_goes_and_comes_back() {
    let start = City::build(quarter(800), Thresholds::default(), today());
    let mut rng = ChaCha8Rng::seed_from_u64(9);
    for level in [GridLevel::Village, GridLevel::Grid, GridLevel::Microgrid] {
        let of_level: Vec<&Grid> = start.records.grids.iter().filter(|grid| grid.level == level).collect();
        let Some(grid) = of_level.get(rng.random_range(0..of_level.len().max(1))) else { continue };
        let gone = Delta { removed: vec![Removed::Grid(grid.code.clone())], ..Delta::default() };
        let without = start.apply(gone).0;
        compare(&without, &format!("a {level:?} less"));
        let with = without.apply(Delta { grids: vec![(*grid).clone()], ..Delta::default() }).0;
        compare(&with, &format!("a {level:?} back"));
        assert_eq!(verdicts(&with).1, verdicts(&start).1, "a {level:?} back: all as it was");
    }
}

/// Grids lie in a table in which the last takes the place of one that goes: nobody is asked for that alone.
#[test]
fn the_last_grid_takes_the_place_of_one_that_goes() {
    let mut records = quarter(1_500);
    let declaring = |code: &str| records.addresses.iter().filter(|a| a.grid() == Some(code)).count();
    let mut grids: Vec<Grid> = records.grids.iter().cloned().collect();
    // Small ones first in which nobody lives, so that little else is asked when they go.
    grids.sort_by_key(|grid| (declaring(&grid.code), grid.level != GridLevel::Microgrid));
    records.grids = grids.into();
    let index = GridIndex::build(&records.grids);
    let last = index.len() as u32 - 1;
    // A border of the last one has moved: some who stand in it declare the neighbour.
    let near = |other: &u32, a: &AddressRef| {
        a.grid() == Some(index.code(last).as_str())
            && a.at().is_some_and(|at| index.covers(last, at) && index.outline(*other).distance_m(at, 60.0).is_some())
    };
    let others = (0..last).filter(|i| index.level(*i) == index.level(last));
    let other = others.max_by_key(|i| records.addresses.iter().filter(|a| near(i, a)).count()).expect("a grid");
    let crossing: Vec<Address> = records.addresses.iter().filter(|a| near(&other, a)).map(AddressRef::unpack).collect();
    let into_other = |a: &Address| Address { grid: Some(index.code(other).clone()), ..a.clone() };
    for (row, address) in records.addresses.iter().map(AddressRef::unpack).enumerate().collect::<Vec<_>>() {
        if crossing.contains(&address) {
            records.addresses.set(row, into_other(&address));
        }
    }
    let start = City::build(records, Thresholds::default(), today());
    assert!(start.flags.iter().any(|flag| flag.rule == "grid_border_moved"), "{} cross", crossing.len());
    let mut city = start;
    for n in 0..4 {
        let code = city.records.grids[0].code.clone();
        let moved = city.records.grids[city.records.grids.len() - 1].code.clone();
        city = city.apply(Delta { removed: vec![Removed::Grid(code)], ..Delta::default() }).0;
        assert_eq!(city.records.grids[0].code, moved);
        // Those who know it are asked for something else.
        let step = |a: &Address| shifted(&into_other(a), f64::from(n) - 1.5, 1.0);
        let of_moved =
            city.records.addresses.iter().filter(|a| a.grid() == Some(moved.as_str())).map(AddressRef::unpack);
        let astray = of_moved.step_by(5).map(|a| shifted(&a, 45.0, 30.0));
        let addresses = crossing.iter().take(3).map(step).chain(astray).collect();
        city = city.apply(Delta { addresses, ..Delta::default() }).0;
        compare(&city, &format!("{} grids less", n + 1));
    }
}

#[test]
fn who_stands_on_the_middle_of_a_grid_hears_when_there_are_many_more() {
    use geo::{BoundingRect, Centroid};
    let mut records = quarter(800);
    let declared: BTreeSet<GridCode> = records.addresses.iter().filter_map(|a| a.grid().map(GridCode::from)).collect();
    let lived_in: Vec<Grid> = records.grids.iter().filter(|grid| declared.contains(&grid.code)).cloned().collect();
    let mut astray: BTreeSet<String> = BTreeSet::new();
    for row in (0..records.addresses.len()).step_by(97) {
        let mut address = records.addresses.at(row).unpack();
        let other = lived_in.iter().find(|grid| Some(&grid.code) != address.grid.as_ref()).expect("another grid");
        let middle = other.polygon.centroid().expect("a middle");
        if let Some(pin) = &mut address.pin {
            pin.at = LonLat::new(middle.x(), middle.y());
            astray.insert(address.id.to_string());
            records.addresses.set(row, address);
        }
    }
    // Very small ones in a corner, where nobody is.
    let [west, south, ..] = GridIndex::build(&records.grids).area().expect("ground");
    let one = lived_in[0].clone();
    let low = one.polygon.bounding_rect().expect("a box").min();
    let small = |n: usize| {
        let mut grid = Grid { code: format!("SMALL-{n}").into(), parent: None, ..one.clone() };
        for polygon in &mut grid.polygon.0 {
            polygon.exterior_mut(|ring| {
                for c in &mut ring.0 {
                    c.x = west + (c.x - low.x) / 100.0 + n as f64 * 1e-4;
                    c.y = south + (c.y - low.y) / 100.0;
                }
            });
        }
        grid
    };
    let lines = |city: &City| -> BTreeSet<String> {
        let is_astray = |line: &String| astray.iter().any(|id| line.starts_with(&format!("{id} ")));
        verdicts(city).0.into_iter().filter(is_astray).collect()
    };
    let octave_of = |grids: usize| (grids as f64).log2().round();
    let octave = |city: &City| octave_of(city.records.grids.len());
    let mut n = 0;
    while octave_of(records.grids.len() + 2) == octave_of(records.grids.len()) {
        records.grids.push(small(n));
        n += 1;
    }
    let mut city = City::build(records, Thresholds::default(), today());
    let (first, before, known) = (octave(&city), lines(&city), n);
    while octave(&city) == first {
        assert_eq!(lines(&city), before, "a grid more is nothing to them");
        city = city.apply(Delta { grids: vec![small(n)], ..Delta::default() }).0;
        compare(&city, &format!("{} grids more", n + 1));
        n += 1;
    }
    assert!(n == known + 2 && lines(&city) != before, "{n} grids more");
    city = city.apply(Delta { removed: vec![Removed::Grid(small(0).code)], ..Delta::default() }).0;
    compare(&city, "one less again");
    assert_eq!(lines(&city), before);
}

#[test]
fn a_text_that_names_a_village_waits_for_what_the_village_is_called() {
    let mut records = quarter(800);
    let villages: Vec<Grid> = records.grids.iter().filter(|g| g.level == GridLevel::Village).cloned().collect();
    let of_text = |a: &AddressRef| villages.iter().position(|village| village.name == a.parts().village);
    let (row, village) = (0..records.addresses.len())
        .find_map(|row| Some((row, of_text(&records.addresses.at(row))?)))
        .expect("a text with a village");
    let mut address = records.addresses.at(row).unpack();
    address.grid = Some(villages[(village + 1) % villages.len()].code.clone());
    // Who stands in a village is asked for that.
    address.pin = None;
    records.addresses.set(row, address.clone());
    let is_flagged = |city: &City| {
        let about = |flag: &Flag| flag.subject == Subject::Address(address.id.to_string());
        city.flags.iter().any(|flag| about(&flag) && flag.rule == "address_unit_conflict")
    };
    let village = villages[village].clone();
    let other = Grid { name: "别名社区".into(), ..village.clone() };
    let mut city = City::build(records, Thresholds::default(), today());
    assert!(is_flagged(&city));
    let set = |grid: &Grid| Delta { grids: vec![grid.clone()], ..Delta::default() };
    let gone = Delta { removed: vec![Removed::Grid(village.code.clone())], ..Delta::default() };
    for (told, delta, flagged) in
        [("renamed", set(&other), false), ("named again", set(&village), true), ("gone", gone, false)]
    {
        city = city.apply(delta).0;
        assert_eq!(is_flagged(&city), flagged, "{told}");
        compare(&city, told);
    }
}

#[test]
fn each_kind_of_edit_alone() {
    let start = City::build(quarter(800), Thresholds::default(), today());
    for kind in 0..KINDS {
        let mut rng = ChaCha8Rng::seed_from_u64(100 + u64::from(kind));
        let mut city = start.clone();
        for n in 0..4 {
            city = city.apply(edit(&city, &mut rng, kind, n)).0;
        }
        compare(&city, &format!("edits of kind {kind}"));
    }
}

#[test]
fn a_building_that_others_quote_is_written_otherwise() {
    let start = City::build(quarter(1_500), Thresholds::default(), today());
    let quoted = start.records.buildings.iter().find(|b| {
        let text = format!("（{}）", b.full_text());
        !b.full_text().is_empty()
            && start.flags.iter().any(|f| f.rule == "pin_wrong_building" && f.message.zh.contains(&text))
    });
    let mut building = quoted.expect("a pin on another's building").unpack();
    building.full_text += "（东门）";
    let city = start.apply(Delta { buildings: vec![building], ..Delta::default() }).0;
    assert!(city.flags.iter().any(|f| f.message.zh.contains("（东门）")));
    compare(&city, "another text");
}

#[test]
fn a_city_without_buildings_is_edited_too() {
    let records = Records { buildings: Packed::default(), ..quarter(800) };
    let mut city = City::build(records, Thresholds::default(), today());
    let mut rng = ChaCha8Rng::seed_from_u64(5);
    for kind in [0, 1, 2, 3, 6, 7, 8, 9] {
        city = city.apply(edit(&city, &mut rng, kind, 1)).0;
    }
    compare(&city, "without buildings");
}
