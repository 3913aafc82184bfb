//! Detection finds what is wrong, says why, and stays modest: on the invented town, whose errors are known, and on
//! cities that have next to nothing to go by.

use gridpin::check::detect::Detection;
use gridpin::check::evidence::Expected;
use gridpin::check::hypothesis::Cause;
use gridpin::check::{Context, Thresholds, rule, run};
use gridpin::cli::demo;
use gridpin::domain::*;
use gridpin::index::GridIndex;
use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};
use std::time::Instant;

fn day() -> chrono::NaiveDate {
    chrono::NaiveDate::from_ymd_opt(2026, 11, 21).expect("a day")
}

fn detect(records: &Records, threads: usize) -> Detection {
    let (grid, thresholds) = (Arc::new(GridIndex::build(&records.grids)), Thresholds::default());
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads");
    pool.install(|| Detection::run(&Context::new(records, &grid, &thresholds, day()), false, &|_, _| {}))
}

/// The invented town and what was found in it; looked for once.
fn town() -> &'static (demo::Town, Detection) {
    static TOWN: OnceLock<(demo::Town, Detection)> = OnceLock::new();
    TOWN.get_or_init(|| {
        let town = demo::build(demo::SEED, day());
        let found = detect(&town.records, 2);
        (town, found)
    })
}

/// Errors of the pin or of what it is declared to be, and the causes that name them rightly. The town's other errors are
/// of the text.
const KINDS: [(&str, &[Cause]); 17] = [
    ("gcj02", &[Cause::Gcj02]),
    ("bd09", &[Cause::Bd09]),
    ("gcj02_reversed", &[Cause::Reversed]),
    ("gcj02_twice", &[Cause::Twice]),
    ("library_drift", &[Cause::Library]),
    ("batch_offset", &[Cause::Offset]),
    ("swapped", &[Cause::Swapped]),
    ("dms", &[Cause::Sexagesimal]),
    ("nmea", &[Cause::Sexagesimal]),
    ("projected", &[Cause::Projected]),
    ("zone", &[Cause::Zone]),
    ("zero", &[Cause::Zero]),
    ("default_point", &[Cause::Default]),
    ("stacked", &[Cause::Stacked]),
    ("wrong_grid", &[Cause::Grid]),
    ("border_moved", &[Cause::Grid]),
    ("wrong_road", &[Cause::Road]),
];

#[test]
fn gross_errors_are_found_and_named() {
    let (town, found) = town();
    let mut tally: BTreeMap<&str, [usize; 3]> = BTreeMap::new();
    for (truth, judged) in town.truth.iter().zip(found.judged.iter()) {
        let Some((kind, causes)) = KINDS.iter().find(|(kind, _)| *kind == truth.error) else { continue };
        let count = tally.entry(*kind).or_default();
        count[0] += 1;
        count[1] += usize::from(judged.right <= 0.2);
        count[2] += usize::from(judged.right <= 0.2 && causes.contains(&judged.cause));
    }
    println!("{tally:?}");
    assert_eq!(tally.len(), KINDS.len());
    for (kind, [all, flagged, named]) in tally {
        let share = |n: usize| n as f64 / all as f64;
        let least = if kind == "wrong_road" { 0.7 } else { 0.95 };
        assert!(share(flagged) >= least && share(named) >= least, "{kind}: {flagged} and {named} of {all}");
    }
}

#[test]
fn what_is_right_is_left_alone() {
    let (town, found) = town();
    let right = || town.truth.iter().zip(found.judged.iter()).filter(|(truth, _)| truth.error == "ok");
    let flagged = right().filter(|(_, judged)| judged.right <= 0.2).count();
    assert!(1_000 * flagged <= 2 * right().count(), "{flagged} of {}", right().count());
}

#[test]
fn exact_causes_bring_pins_home() {
    let (town, found) = town();
    let frame = found.stage().level.pack.frame;
    let mut metres: Vec<f64> = Vec::new();
    for (truth, judged) in town.truth.iter().zip(found.judged.iter()) {
        if judged.right <= 0.05 && judged.exact && !truth.error.starts_with("ok") {
            metres.push(frame.lonlat(judged.place).distance_m(truth.at));
        }
    }
    metres.sort_by(f64::total_cmp);
    assert!(metres.len() > 300, "{}", metres.len());
    let (median, most) = (metres[metres.len() / 2], metres[metres.len() * 99 / 100]);
    assert!(median < 8.0 && most < 60.0, "median {median} m, nearly all within {most} m");
}

#[test]
fn threads_change_nothing() {
    let (town, found) = town();
    let other = detect(&town.records, 1);
    assert!(format!("{:?}", found.judged) == format!("{:?}", other.judged));
}

#[test]
fn judged_again_by_what_was_learned_it_is_the_same() {
    let (town, found) = town();
    let (grid, thresholds) = (Arc::new(GridIndex::build(&town.records.grids)), Thresholds::default());
    let again = found.again(&Context::new(&town.records, &grid, &thresholds, day()));
    assert!(format!("{:?}", found.judged) == format!("{:?}", again.judged));
}

/// The rules whose kinds of error are not in the town, or too small there to be told from noise.
const NOT_IN_TOWN: [&str; 1] = ["datum_library"];

#[test]
fn every_rule_with_a_probability_tells_its_numbers_and_what_would_mend_it() {
    let (town, _) = town();
    let (grid, thresholds) = (Arc::new(GridIndex::build(&town.records.grids)), Thresholds::default());
    let flags = run(&Context::new(&town.records, &grid, &thresholds, day()), 2, &|_| {});
    let truth: BTreeMap<&str, &demo::Truth> = town.truth.iter().map(|truth| (&*truth.address.id, truth)).collect();
    for rule in rule::ALL.iter().filter(|rule| rule.probability) {
        let sure = flags.iter().filter(|flag| flag.rule == rule.code && flag.probability.is_some_and(|p| p >= 0.8));
        let sure: Vec<&Flag> = sure.collect();
        assert!(!sure.is_empty() || NOT_IN_TOWN.contains(&rule.code), "{} flags nothing", rule.code);
        let (mut values, mut right) = (0, 0);
        for flag in &sure {
            let (zh, en) = (&flag.message.zh, &flag.message.en);
            assert!(zh.contains('。') && zh.chars().any(|c| c > '\u{4e00}'), "{}: {zh}", rule.code);
            assert!(
                en.ends_with('.') && en.starts_with(|c: char| c.is_ascii_uppercase() || c.is_ascii_digit()),
                "{}: {en}",
                rule.code
            );
            let (Some(suggestion), Subject::Address(id)) = (&flag.suggestion, &flag.subject) else { continue };
            if let (Some(field), Some(value)) = (&suggestion.field, &suggestion.value) {
                let address = &truth[id.as_str()].address;
                let true_value = match field.as_str() {
                    "house_number" => &*address.parts.house_number,
                    "building" => &*address.parts.building,
                    "road" => &*address.parts.road,
                    "compound" => &*address.parts.compound,
                    "village" => &*address.parts.village,
                    "group" => &*address.parts.group,
                    "grid_code" => address.grid.as_deref().unwrap_or_default(),
                    other => panic!("{}: a value for {other}", rule.code),
                };
                values += 1;
                right += usize::from(value.as_str() == true_value);
            }
        }
        let attribute = ["number_suspect", "road_suspect", "grid_mismatch", "grid_border_moved"].contains(&rule.code);
        assert_eq!(values > 0, attribute, "{}: {values} values", rule.code);
        assert!(10 * right >= 8 * values, "{}: {right} of {values} values are the true ones", rule.code);
    }
}

#[test]
fn a_border_of_fifty_thousand_points_changes_nothing_and_costs_little() {
    let ring = |points: usize| -> geo::LineString {
        let angle = |k: usize| std::f64::consts::TAU * k as f64 / points as f64;
        (0..=points).map(|k| (119.905 + 0.006 * angle(k).cos(), 28.405 + 0.006 * angle(k).sin())).collect()
    };
    let timed = |points: usize| {
        let street = |n: usize| address(n, &format!("人民路{n}号"), 119.900_123 + 0.000_02 * n as f64, 28.405_123);
        let mut addresses: Vec<Address> = (1..=500).map(street).collect();
        addresses.iter_mut().for_each(|address| address.grid = Some("G1".into()));
        addresses[77].pin.as_mut().expect("a pin").at.lat += 0.001_5;
        let grid = Grid {
            code: "G1".into(),
            level: GridLevel::Grid,
            name: String::new(),
            parent: None,
            // With a yard in it that belongs to nobody.
            polygon: geo::MultiPolygon(vec![geo::Polygon::new(
                ring(points),
                vec![vec![(119.904, 28.407), (119.905, 28.407), (119.905, 28.408), (119.904, 28.407)].into()],
            )])
            .into(),
            valid_from: None,
            valid_to: None,
            version: 1,
        };
        let records = Records { grids: vec![grid].into(), ..city(addresses) };
        let start = Instant::now();
        let found = detect(&records, 2);
        let wrong: Vec<usize> =
            found.judged.iter().enumerate().filter(|(_, j)| j.right < 0.5).map(|(i, _)| i).collect();
        (start.elapsed().as_secs_f64(), wrong)
    };
    let ((plain_s, plain), (rough_s, rough)) = (timed(50), timed(50_000));
    assert_eq!((plain, rough), (vec![77], vec![77]));
    assert!(rough_s < 20.0 * plain_s + 2.0, "{rough_s} s against {plain_s} s");
}

fn address(id: usize, text: &str, lon: f64, lat: f64) -> Address {
    let pin = Position {
        kind: PositionKind::Door,
        at: LonLat::new(lon, lat),
        method: PositionMethod::Phone,
        accuracy_m: Some(6.0),
        collected_at: None,
        collector: Some("C1".into()),
    };
    Address {
        id: format!("A{id}").into(),
        full_text: text.into(),
        pin: Some(pin),
        batch: Some("P1".into()),
        version: 1,
        ..Address::default()
    }
}

fn city(addresses: Vec<Address>) -> Records {
    Records { addresses: addresses.into(), ..Records::default() }
}

fn flagged(found: &Detection) -> usize {
    found.judged.iter().filter(|judged| judged.right <= 0.2).count()
}

#[test]
fn little_to_go_by_gives_modest_answers() {
    assert!(detect(&city(Vec::new()), 2).judged.is_empty());
    // One address; a road with one house; numbers of every form; nothing but text that says nothing.
    for texts in [
        vec!["人民路12号"],
        vec!["人民路12号", "光明巷3号"],
        vec!["人民路12-3号", "人民路12号附5号", "人民路甲12号", "人民路12号之1", "人民路13号"],
        vec!["", "某处", "？？？"],
    ] {
        let numbered = texts.iter().enumerate();
        let addresses =
            numbered.map(|(i, text)| address(i, text, 119.905_123 + 0.000_1 * i as f64, 28.405_123)).collect();
        let found = detect(&city(addresses), 2);
        assert_eq!(flagged(&found), 0, "{texts:?}: {:?}", found.judged);
        assert!(found.judged.iter().all(|judged| judged.right.is_finite()));
    }
}

#[test]
fn a_street_without_buildings_or_batches_still_speaks() {
    let mut addresses: Vec<Address> = (1..=80)
        .map(|n| address(n, &format!("人民路{}号", n * 2), 119.900_123 + 0.000_15 * n as f64, 28.405_123))
        .collect();
    addresses.iter_mut().for_each(|address| address.batch = None);
    // Number 60 was put 170 m beside the street.
    addresses[29].pin.as_mut().expect("a pin").at.lat += 0.001_5;
    let found = detect(&city(addresses), 2);
    let judged = &found.judged[29];
    assert_eq!(flagged(&found), 1, "{judged:?}");
    let place = found.stage().level.pack.frame.lonlat(judged.place);
    assert!(judged.right <= 0.2 && place.distance_m(LonLat::new(119.904_623, 28.405_123)) < 20.0, "{judged:?}");
}

#[test]
fn on_a_rough_street_a_number_that_others_share_tells_more() {
    // Houses up to 40 m off the even course of their numbers; of every second number four flats are collected.
    let mut addresses = Vec::new();
    let mut strays = Vec::new();
    for n in 1..=400usize {
        let off = |k: usize| ((n * k) % 81) as f64 / 40.0 - 1.0;
        let (lon, lat) = (119.800_123 + 0.000_25 * n as f64 + 0.000_35 * off(37), 28.405_123 + 0.000_35 * off(53));
        for flat in 1..=if n.is_multiple_of(2) { 4 } else { 1 } {
            let strays_here = (n % 40 == 0 || n % 40 == 21) && flat == 1;
            let by = if strays_here { 0.000_8 } else { 0.0 };
            if strays_here {
                strays.push((n.is_multiple_of(2), addresses.len()));
            }
            let text = format!("人民路{n}号{flat}单元");
            addresses.push(address(addresses.len(), &text, lon, lat + by + 0.000_02 * flat as f64));
        }
    }
    addresses.iter_mut().for_each(|address| address.batch = None);
    let found = detect(&city(addresses), 2);
    let mean = |shared: bool| {
        let right = strays.iter().filter(|(of, _)| *of == shared).map(|(_, i)| found.judged[*i].right);
        right.clone().sum::<f64>() / right.count() as f64
    };
    // 89 m astray in both cases.
    assert!(mean(true) < mean(false) - 0.1, "{} and {}", mean(true), mean(false));
}

#[test]
fn a_number_that_others_share_tells_more_with_as_much_behind_it() {
    // Two rough streets whose numbers go on in narrow and in wide steps; on the second each house has two records.
    let mut addresses = Vec::new();
    for (street, records) in [("人民路", 1), ("中山路", 2)] {
        let mut number = 0;
        for house in 0..600usize {
            number += 2 * [1, 3, 10, 30][house / 150];
            let off = |k: usize| ((house * k) % 81) as f64 / 40.0 - 1.0;
            let lon = 119.800_123 + 0.000_2 * house as f64 + 0.000_35 * off(37);
            let lat = 28.405_123 + 0.01 * f64::from(records) + 0.000_35 * off(53);
            for record in 0..records {
                let text = format!("{street}{number}号{}单元", record + 1);
                addresses.push(address(addresses.len(), &text, lon, lat + 0.000_02 * f64::from(record)));
            }
        }
    }
    addresses.iter_mut().for_each(|address| address.batch = None);
    let found = detect(&city(addresses), 2);
    let learned = &found.stage().level.learned;
    let tail = |support: f64, mated: bool| {
        let expected = Expected { at: [0.0; 2], scale_m: 20.0, support, mated };
        let kernel = &learned.about_number[learned.number_class(&expected)];
        kernel.density(1.5) / kernel.peak()
    };
    let tails: Vec<[f64; 2]> = learned.support_cuts.map(|cut| [tail(cut, true), tail(cut, false)]).to_vec();
    assert!(tails.iter().any(|[mated, alone]| *mated < 0.5 * alone), "{tails:?}");
}

#[test]
fn all_wrong_in_one_way_is_told_by_the_buildings() {
    let mut addresses = Vec::new();
    let mut buildings = Vec::new();
    for n in 1..=120usize {
        let at = LonLat::new(119.900_123 + 0.000_2 * (n % 12) as f64, 28.405_123 + 0.000_3 * (n / 12) as f64);
        let text = format!("阳光小区{n}幢");
        let raw = gridpin::crs::gcj02::from_wgs84(at);
        addresses.push(address(n, &text, raw.lon, raw.lat));
        buildings.push(Building {
            id: format!("B{n}").into(),
            full_text: text,
            parts: Parts::default(),
            footprint: Footprint::Point(at),
            floors: None,
            kind: BuildingKind::Unknown,
            grid: None,
            standing: true,
            version: 1,
        });
    }
    let records = Records { buildings: buildings.into(), ..city(addresses) };
    let found = detect(&records, 2);
    let named = found.judged.iter().filter(|judged| judged.right <= 0.2 && judged.cause == Cause::Gcj02).count();
    assert!(named >= 118, "{named} of 120");
}

/// Seconds and flags of a city whose addresses stand `step` degrees apart.
fn on_one_spot(n: usize, step: f64) -> (f64, usize) {
    let across = |i: usize| [119.905_123 + step * (i % 400) as f64, 28.405_123 + step * (i / 400) as f64];
    let text = |i: usize| format!("人民路{}号{}幢", i / 40 + 1, i % 40 + 1);
    let records = city((0..n).map(|i| address(i, &text(i), across(i)[0], across(i)[1])).collect());
    let start = Instant::now();
    let found = detect(&records, 2);
    (start.elapsed().as_secs_f64(), flagged(&found))
}

#[test]
fn thousands_on_one_spot_cost_no_more_than_elsewhere() {
    let ((spread_s, _), (crowded_s, stacked)) = (on_one_spot(8_000, 0.000_1), on_one_spot(8_000, 0.0));
    assert!(stacked > 7_600, "{stacked} of 8000 on one spot");
    // Room for a busy machine: a quadratic search would take hundreds of times as long.
    assert!(crowded_s < 10.0 * spread_s + 2.0, "{crowded_s} s against {spread_s} s");
}

#[test]
#[ignore = "a measurement: cargo test --release --test detection -- --ignored --nocapture"]
fn a_hundred_thousand_on_one_spot_take_seconds() {
    for n in [25_000, 50_000, 100_000] {
        let ((spread_s, _), (crowded_s, stacked)) = (on_one_spot(n, 0.000_1), on_one_spot(n, 0.0));
        println!("{n} addresses: {crowded_s:.2} s on one spot, {stacked} flagged; {spread_s:.2} s spread out");
        assert!(stacked > n * 95 / 100, "{stacked} of {n} on one spot");
    }
}
