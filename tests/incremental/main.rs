//! Promise: after any edits the verdicts and flags are those of a City built from nothing, bit for bit.

mod edit;

use edit::{KINDS, edit, quarter, shifted, today};
use gridpin::check::Thresholds;
use gridpin::city::{City, Delta, Removed};
use gridpin::domain::*;
use gridpin::index::GridIndex;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::collections::BTreeSet;

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
