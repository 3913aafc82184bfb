//! Promise: on real published data the checker finds exactly the addresses and buildings that lie in another unit than
//! they declare, or in none, and measures how far to the centimetre. The answers come from GEOS (see the data's own
//! SOURCES.md).

mod fixture;

use flate2::read::GzDecoder;
use gridpin::check::{Context, Kind, Thresholds, run_for};
use gridpin::domain::*;
use gridpin::index::GridIndex;
use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::path::Path;

type Row = BTreeMap<String, String>;

fn rows(path: &Path) -> Vec<Row> {
    csv::Reader::from_reader(GzDecoder::new(File::open(path).expect("a file")))
        .deserialize()
        .map(|r| r.expect("a row"))
        .collect()
}

fn features(path: &Path) -> Vec<geojson::Feature> {
    let reader = geojson::FeatureReader::from_reader(GzDecoder::new(File::open(path).expect("a file")));
    reader.features().map(|f| f.expect("a feature")).collect()
}

fn text(feature: &geojson::Feature, name: &str) -> String {
    feature.property(name).and_then(|v| v.as_str()).unwrap_or_default().to_owned()
}

fn number(feature: &geojson::Feature, name: &str) -> f64 {
    feature.property(name).and_then(|v| v.as_f64()).expect("a number")
}

fn polygon(feature: &geojson::Feature) -> geo::MultiPolygon<f64> {
    let geometry: geo::Geometry<f64> = feature.geometry.clone().expect("a geometry").try_into().expect("a shape");
    match geometry {
        geo::Geometry::Polygon(polygon) => geo::MultiPolygon(vec![polygon]),
        geo::Geometry::MultiPolygon(polygons) => polygons,
        other => panic!("{other:?}"),
    }
}

fn grids(path: &Path) -> Table<Grid> {
    let record = |f: geojson::Feature| Grid {
        code: text(&f, "unit_id").into(),
        level: GridLevel::ALL[number(&f, "level") as usize - 1],
        name: text(&f, "name"),
        parent: Some(text(&f, "parent_id")).filter(|p| !p.is_empty()).map(Into::into),
        polygon: polygon(&f).into(),
        valid_from: None,
        valid_to: None,
        version: 1,
    };
    features(path).into_iter().map(record).collect()
}

fn address(row: &Row) -> Address {
    let number = |name: &str| row[name].parse().expect("a number");
    let at = LonLat::new(number("lon"), number("lat"));
    let (kind, method) = (PositionKind::Door, PositionMethod::Register);
    Address {
        id: row["address_id"].as_str().into(),
        full_text: row["full_address"].clone(),
        grid: Some(row["declared_unit_id"].as_str().into()),
        pin: Some(Position { kind, at, method, accuracy_m: None, collected_at: None, collector: None }),
        version: 1,
        ..Address::default()
    }
}

fn building(f: &geojson::Feature, footprint: Footprint) -> Building {
    Building {
        id: text(f, "building_id").into(),
        full_text: String::new(),
        parts: Parts::default(),
        footprint,
        floors: None,
        kind: BuildingKind::Unknown,
        grid: Some(text(f, "declared_unit_id")).filter(|g| !g.is_empty()).map(Into::into),
        standing: true,
        version: 1,
    }
}

/// Identifiers that each of the two rules of fact flags.
fn found(flags: &[Flag]) -> [BTreeSet<String>; 2] {
    ["grid_mismatch", "pin_outside_area"]
        .map(|rule| flags.iter().filter(|f| f.rule == rule).map(|f| f.subject.parts().1.to_owned()).collect())
}

fn expected(rows: &[Row], id: &str) -> [BTreeSet<String>; 2] {
    let with = |status: &str| rows.iter().filter(|r| r["status"] == status).map(|r| r[id].clone()).collect();
    [with("wrong_unit"), with("outside_all")]
}

fn check(records: &Records, kind: Kind, threads: usize) -> (std::sync::Arc<GridIndex>, Vec<Flag>) {
    let index = std::sync::Arc::new(GridIndex::build(&records.grids));
    let thresholds = Thresholds::default();
    let today = chrono::NaiveDate::from_ymd_opt(2026, 11, 21).expect("a day");
    let flags = run_for(&Context::new(records, &index, &thresholds, today), &[kind], threads, &|_| {});
    (index, flags)
}

#[test]
fn addresses_in_another_unit_or_in_none() {
    let Some(folder) = fixture::shared("data/bunkyo") else { return };
    let addresses: Packed<Address> = rows(&folder.join("addresses.csv.gz")).iter().map(address).collect();
    let records = Records { grids: grids(&folder.join("units.geojson.gz")), addresses, ..Records::default() };
    let answers = rows(&folder.join("expected_addresses.csv.gz"));
    let (index, flags) = check(&records, Kind::Address, 2);
    let [other, outside] = found(&flags);
    assert_eq!((other.len(), outside.len()), (119, 90));
    assert_eq!([other, outside], expected(&answers, "address_id"));

    let answers: BTreeMap<&str, f64> =
        answers.iter().map(|r| (r["address_id"].as_str(), r["dist_to_declared_m"].parse().expect("metres"))).collect();
    let mut worst_m: f64 = 0.0;
    for address in records.addresses.iter() {
        let declared = index.position(address.grid().expect("declared")).expect("known");
        let signed_m = index.signed_distance_m(declared, address.at().expect("a pin"));
        worst_m = worst_m.max(((-signed_m).max(0.0) - answers[address.id()]).abs());
    }
    assert!(worst_m < 0.01, "{worst_m} m off");
    println!("distances to the declared polygon: at most {:.1} mm off", worst_m * 1000.0);

    // What the message quotes is that distance, to the centimetre.
    for flag in flags.iter().filter(|f| matches!(f.rule, "grid_mismatch" | "pin_outside_area")) {
        let words: Vec<&str> = flag.message.en.split_whitespace().collect();
        let quoted: f64 = words[words.iter().position(|w| *w == "m").expect("metres") - 1].parse().expect("a number");
        assert!((quoted - answers[flag.subject.parts().1]).abs() <= 0.0151, "{}", flag.message);
    }
}

#[test]
fn the_answer_is_the_same_on_any_number_of_threads() {
    let Some(folder) = fixture::shared("data/bunkyo") else { return };
    let addresses: Packed<Address> = rows(&folder.join("addresses.csv.gz")).iter().map(address).collect();
    let records = Records { grids: grids(&folder.join("units.geojson.gz")), addresses, ..Records::default() };
    let text = |threads| serde_json::to_string(&check(&records, Kind::Address, threads).1).expect("JSON");
    let one = text(1);
    assert!(one == text(2) && one == text(4));
}

#[test]
fn buildings_in_another_unit_or_in_none() {
    let Some(folder) = fixture::shared("data/bunkyo") else { return };
    let buildings = features(&folder.join("buildings.geojson.gz"));
    let answers = expected(&rows(&folder.join("expected_buildings.csv.gz")), "building_id");
    let grids = grids(&folder.join("units.geojson.gz"));
    let point = |f: &geojson::Feature| Footprint::Point(LonLat::new(number(f, "point_lon"), number(f, "point_lat")));
    let records = Records {
        grids: grids.clone(),
        buildings: buildings.iter().map(|f| building(f, point(f))).collect(),
        ..Records::default()
    };
    let declared: BTreeSet<String> =
        records.buildings.iter().filter(|b| b.grid().is_some()).map(|b| b.id().to_owned()).collect();
    // A building without a declared code is only flagged when it lies in no unit; the answers leave those out.
    let declared_only = |found: [BTreeSet<String>; 2]| {
        found.map(|ids| ids.intersection(&declared).cloned().collect::<BTreeSet<String>>())
    };
    let by_point = declared_only(found(&check(&records, Kind::Building, 2).1));
    assert_eq!((by_point[0].len(), by_point[1].len()), (31, 34));
    assert_eq!(by_point, answers);

    // By the footprint the point inside is another one, so a few that straddle a border may fall on the other side.
    let records = Records {
        grids,
        buildings: buildings.iter().map(|f| building(f, Footprint::Area(polygon(f)))).collect(),
        ..Records::default()
    };
    let by_area = declared_only(found(&check(&records, Kind::Building, 2).1));
    println!("by footprint: {} in another unit, {} in none", by_area[0].len(), by_area[1].len());
    assert!(by_area[0].len().abs_diff(31) <= 10 && by_area[1].len().abs_diff(34) <= 10);
}
