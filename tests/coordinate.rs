//! Promise: coordinates of every system that Chinese files use come in exactly, as others have published them.

mod fixture;

use gridpin::crs::{Crs, Door, bd09, gcj02};
use gridpin::domain::LonLat;
use serde_json::Value;

fn rows(path: &str, key: &str) -> Option<Vec<Value>> {
    let text = std::fs::read_to_string(fixture::shared(path)?).expect("a readable file");
    let all: Value = serde_json::from_str(&text).expect("JSON");
    Some(all[key].as_array().expect("an array").clone())
}

fn number(row: &Value, key: &str) -> f64 {
    row[key].as_f64().unwrap_or_else(|| panic!("{key} in {row}"))
}

#[test]
fn published_vectors() {
    let Some(rows) = rows("data/samples/coord_vectors.json", "vectors") else { return };
    assert!(rows.len() >= 13);
    for row in rows {
        let input = LonLat::new(number(&row, "input_lon"), number(&row, "input_lat"));
        let expected = LonLat::new(number(&row, "expected_lon"), number(&row, "expected_lat"));
        let formula = LonLat::new(number(&row, "open_formula_lon"), number(&row, "open_formula_lat"));
        let (there, back): (LonLat, fn(LonLat) -> LonLat) = match row["kind"].as_str() {
            Some("wgs84->gcj02") => (gcj02::from_wgs84(input), gcj02::to_wgs84),
            Some("wgs84->bd09") => (bd09::from_wgs84(input), bd09::to_wgs84),
            Some("gcj02->bd09") => (bd09::from_gcj02(input), bd09::to_gcj02),
            other => panic!("a kind of vector that is not tested: {other:?}"),
        };
        assert!(there.distance_m(expected) <= number(&row, "tolerance_m"), "{row}: {there:?}");
        assert!(there.distance_m(formula) < 1e-4, "{row}: {there:?}");
        assert!(back(there).distance_m(input) < 1e-6, "{row}: no exact way back");
    }
}

#[test]
fn proj_computed_zones() {
    let Some(rows) = rows("data/samples/cgcs2000_proj.json", "rows") else { return };
    let mut projected = 0;
    for row in rows {
        let (from, to) = (row["crs_from"].as_str().expect("a name"), row["crs_to"].as_str().expect("a name"));
        let at = LonLat::new(number(&row, "lon"), number(&row, "lat"));
        let (outside, x, y) = match to {
            "EPSG:4490" => (from, at.lon, at.lat),
            zone => (zone, number(&row, "x"), number(&row, "y")),
        };
        let door = Door::new(&Crs::parse(outside).expect("a known system")).expect("a door");
        let inside = door.inside(x, y).expect("a place");
        assert!(inside.distance_m(at) < 0.002, "{row}: {inside:?}");
        projected += usize::from(to != "EPSG:4490");
    }
    assert!(projected > 3);
}
