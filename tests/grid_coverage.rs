//! Promise: constructed overlaps, gaps, slivers and borders that do not match are found, with the areas that they have,
//! and a clean coverage of a city is found clean within seconds.

use gridpin::check::{Context, Kind, Thresholds, run_for};
use gridpin::domain::*;
use gridpin::index::GridIndex;

const ORIGIN: LonLat = LonLat::new(119.92, 28.45);

/// A grid from rings in metres east and north of the origin: the exterior, then holes.
fn grid(code: &str, rings: &[&[(f64, f64)]]) -> Grid {
    let frame = Frame::at(ORIGIN);
    let ring = |points: &[(f64, f64)]| -> geo::LineString<f64> {
        points.iter().map(|(x, y)| frame.lonlat([*x, *y])).map(|p| geo::Coord { x: p.lon, y: p.lat }).collect()
    };
    let mut rings = rings.iter().map(|r| ring(r));
    let exterior = rings.next().expect("an exterior");
    Grid {
        code: code.into(),
        level: GridLevel::Grid,
        name: String::new(),
        parent: None,
        polygon: geo::MultiPolygon(vec![geo::Polygon::new(exterior, rings.collect())]).into(),
        valid_from: None,
        valid_to: None,
        version: 1,
    }
}

fn square(code: &str, [w, s, e, n]: [f64; 4]) -> Grid {
    grid(code, &[&[(w, s), (e, s), (e, n), (w, n)]])
}

fn check(grids: Vec<Grid>) -> Vec<(&'static str, String, String)> {
    let records = Records { grids: grids.into(), ..Records::default() };
    let index = std::sync::Arc::new(GridIndex::build(&records.grids));
    let thresholds = Thresholds::default();
    let today = chrono::NaiveDate::from_ymd_opt(2026, 11, 21).expect("a day");
    let flags = run_for(&Context::new(&records, &index, &thresholds, today), &[Kind::Grid], 2, &|_| {});
    flags.into_iter().map(|f| (f.rule, f.subject.parts().1.to_owned(), f.message.en)).collect()
}

/// Square metres that a message quotes.
fn area_m2(message: &str) -> f64 {
    let words: Vec<&str> = message.split_whitespace().collect();
    words[words.iter().position(|w| *w == "m2").expect("an area") - 1].parse().expect("a number")
}

#[test]
fn what_is_wrong_between_two_grids() {
    let a = square("A", [0.0, 0.0, 100.0, 100.0]);
    for (name, other, rule, area) in [
        ("clean", square("B", [100.0, 0.0, 200.0, 100.0]), None, 0.0),
        ("far apart", square("B", [150.0, 0.0, 250.0, 100.0]), None, 0.0),
        ("overlap of 2 m", square("B", [98.0, 0.0, 200.0, 100.0]), Some("grid_overlap"), 200.0),
        ("overlap of 0.6 m is a sliver", square("B", [99.4, 10.0, 200.0, 90.0]), Some("grid_edge_unmatched"), 0.0),
        ("one within the other", square("B", [40.0, 40.0, 60.0, 60.0]), Some("grid_overlap"), 400.0),
        ("the same twice", square("B", [0.0, 0.0, 100.0, 100.0]), Some("grid_overlap"), 10_000.0),
        ("open gap of 3 m", square("B", [103.0, 0.0, 203.0, 100.0]), Some("grid_gap"), 300.0),
        ("a gap below the snap", square("B", [100.03, 0.0, 200.0, 100.0]), None, 0.0),
        (
            "a vertex more",
            grid("B", &[&[(100.0, 0.0), (200.0, 0.0), (200.0, 100.0), (100.0, 100.0), (100.0, 50.0)]]),
            Some("grid_edge_unmatched"),
            0.0,
        ),
        (
            "a vertex 0.4 m off",
            grid("B", &[&[(100.0, 0.0), (200.0, 0.0), (200.0, 100.0), (100.0, 100.0), (100.4, 50.0)]]),
            Some("grid_edge_unmatched"),
            0.0,
        ),
        (
            "a closed gap of 6 m",
            grid("B", &[&[(100.0, 0.0), (200.0, 0.0), (200.0, 100.0), (100.0, 100.0), (106.0, 50.0)]]),
            Some("grid_gap"),
            300.0,
        ),
    ] {
        let found = check(vec![a.clone(), other]);
        match rule {
            None => assert!(found.is_empty(), "{name}: {found:?}"),
            Some(rule) => {
                let [(code, subject, message)] = &found[..] else { panic!("{name}: {found:?}") };
                assert_eq!((*code, subject.as_str()), (rule, "A|B"), "{name}: {message}");
                assert!(area == 0.0 || (area_m2(message) - area).abs() < 0.01 * area, "{name}: {message}");
            }
        }
    }
}

#[test]
fn a_hole_that_nobody_fills_and_one_that_is_filled() {
    let hole: &[(f64, f64)] = &[(40.0, 40.0), (60.0, 40.0), (60.0, 60.0), (40.0, 60.0)];
    let ring: &[(f64, f64)] = &[(0.0, 0.0), (100.0, 0.0), (100.0, 100.0), (0.0, 100.0)];
    let found = check(vec![grid("A", &[ring, hole])]);
    assert!(
        matches!(&found[..], [("grid_gap", subject, message)] if subject == "A" && (area_m2(message) - 400.0).abs() < 4.0),
        "{found:?}"
    );
    assert!(check(vec![grid("A", &[ring, hole]), grid("B", &[hole])]).is_empty());
}

#[test]
fn corners_of_the_outer_border_are_no_gaps() {
    // A staircase: inner corners of the outer border at every step.
    let steps = (0..8).map(|k| {
        square(&format!("S{k}"), [f64::from(k) * 50.0, 0.0, f64::from(k + 1) * 50.0, 40.0 + 25.0 * f64::from(k)])
    });
    let found = check(steps.collect());
    assert!(found.iter().all(|f| f.0 == "grid_edge_unmatched"), "{found:?}");
}

/// A wavy coverage of `n` by `n` grids with `k` vertices on each side, without fault.
fn city(n: usize, k: usize) -> Vec<Grid> {
    let size = 220.0;
    let node = |i: usize, j: usize| {
        let (x, y) = (i as f64 / k as f64 * size, j as f64 / k as f64 * size);
        (x + 20.0 * (y / 37.0).sin() + 3.0 * (y / 5.0).sin(), y + 20.0 * (x / 41.0).sin() + 3.0 * (x / 7.0).sin())
    };
    let mut grids = Vec::new();
    for column in 0..n {
        for row in 0..n {
            let (c, r) = (column * k, row * k);
            let ring: Vec<(f64, f64)> = (0..k)
                .map(|s| node(c + s, r))
                .chain((0..k).map(|s| node(c + k, r + s)))
                .chain((0..k).map(|s| node(c + k - s, r + k)))
                .chain((0..k).map(|s| node(c, r + k - s)))
                .collect();
            grids.push(grid(&format!("G{column:03}{row:03}"), &[&ring]));
        }
    }
    grids
}

#[test]
fn a_clean_city_is_clean() {
    assert_eq!(check(city(12, 12)), vec![]);
}

#[test]
fn two_coverages_upon_each_other_overlap_everywhere() {
    let second = city(4, 6).into_iter().map(|g| Grid { code: format!("H{}", g.code).into(), ..g });
    let found = check(city(4, 6).into_iter().chain(second).collect());
    let overlaps = found.iter().filter(|f| f.0 == "grid_overlap").count();
    assert_eq!(overlaps, 16, "{found:?}");
}

/// The size of the goal: 8,000 grids of 150 vertices. Seconds in release; run by hand with `--ignored --nocapture`.
#[test]
#[ignore = "a measurement: cargo test --release --test grid_coverage -- --ignored --nocapture"]
fn a_large_city_takes_seconds() {
    let mut grids = city(90, 37);
    println!("{} grids, {} vertices", grids.len(), grids.len() * 149);
    let start = std::time::Instant::now();
    assert_eq!(check(grids.clone()).len(), 0);
    println!("clean: {:.2?}", start.elapsed());
    let round: Vec<(f64, f64)> = (0..50_000)
        .map(|k| (f64::from(k) / 50_000.0 * std::f64::consts::TAU).sin_cos())
        .map(|(s, c)| (5_000.0 + 3_000.0 * c, 5_000.0 + 3_000.0 * s))
        .collect();
    grids.push(grid("ROUND", &[&round]));
    let start = std::time::Instant::now();
    println!("one polygon of 50,000 vertices over it: {} flags, {:.2?}", check(grids).len(), start.elapsed());
}
