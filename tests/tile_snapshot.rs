//! Promise: what a tile holds can be read here; a field that leaks shows as a difference.
//!
//! A village of two grids, made by hand, each with a few records; the flags are given, so that the rules' own texts and
//! judgements change nothing here.

use chrono::{NaiveDate, TimeZone, Utc};
use fast_mvt::{MvtGeometry, MvtReaderRef, MvtValue};
use geo::{MultiPolygon, Polygon};
use gridpin::check::Thresholds;
use gridpin::city::City;
use gridpin::domain::flag::flag_id;
use gridpin::domain::*;
use gridpin::error::Text;
use gridpin::tile::{self, Detail};
use std::fmt::Write;

fn today() -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 11, 21).expect("a day")
}

fn square([w, s, e, n]: [f64; 4]) -> MultiPolygon<f64> {
    MultiPolygon(vec![Polygon::new(vec![(w, s), (e, s), (e, n), (w, n), (w, s)].into(), vec![])])
}

fn village() -> City {
    let grid = |code: &str, level, name: &str, parent: Option<&str>, bbox| Grid {
        code: code.into(),
        level,
        name: name.to_owned(),
        parent: parent.map(Into::into),
        polygon: square(bbox).into(),
        valid_from: None,
        valid_to: None,
        version: 1,
    };
    let grids = vec![
        grid("V", GridLevel::Village, "青溪村", None, [119.920, 28.440, 119.930, 28.446]),
        grid("V1", GridLevel::Grid, "第一网格", Some("V"), [119.920, 28.440, 119.925, 28.446]),
        grid("V2", GridLevel::Grid, "第二网格", Some("V"), [119.925, 28.440, 119.930, 28.446]),
    ];
    let address = |id: &str, grid: Option<&str>, number: &str, pin: Option<(f64, f64)>| Address {
        id: id.into(),
        full_text: format!("青溪村柳巷{number}"),
        parts: Parts { road: "柳巷".into(), house_number: number.into(), ..Parts::default() },
        grid: grid.map(Into::into),
        pin: pin.map(|(lon, lat)| Position {
            kind: PositionKind::Door,
            at: LonLat::new(lon, lat),
            method: PositionMethod::Phone,
            accuracy_m: Some(4.0),
            collected_at: None,
            collector: Some("c7".into()),
        }),
        batch: Some("P1".into()),
        version: 1,
        ..Address::default()
    };
    let mut ended = address("A4", Some("V2"), "8号", Some((119.9270, 28.4430)));
    (ended.status, ended.ended_on) = (AddressStatus::Demolished, Some(today()));
    let addresses = vec![
        address("A1", Some("V1"), "2号", Some((119.9210, 28.4420))),
        address("A2", Some("V1"), "4号", Some((119.9212, 28.4420))),
        address("A3", None, "6号", Some((119.9260, 28.4430))),
        ended,
        address("A5", Some("V2"), "10号", Some((500_123.0, 3_141_592.0))),
        address("A6", Some("V2"), "12号", None),
    ];
    let building = |id: &str, number: &str, footprint| Building {
        id: id.into(),
        full_text: String::new(),
        parts: Parts { house_number: number.into(), ..Parts::default() },
        footprint,
        floors: Some(3),
        kind: BuildingKind::Residential,
        grid: None,
        standing: true,
        version: 1,
    };
    let buildings = vec![
        building("B1", "2号", Footprint::Area(square([119.9209, 28.4419, 119.9211, 28.4421]))),
        building("B2", "6号", Footprint::Point(LonLat::new(119.9260, 28.4431))),
    ];
    let rental = |id: &str, address: &str, registered, occupants| Rental {
        id: id.into(),
        address: Some(address.into()),
        registered_on: registered,
        space: RentalSpace::Residential,
        rooms: Some(3),
        occupants: Some(occupants),
        status: RentalStatus::Active,
        version: 1,
    };
    let rentals = vec![rental("R1", "A1", Some(today()), 5), rental("R2", "A2", None, 12), rental("R3", "A3", None, 2)];
    let at = |y| Utc.with_ymd_and_hms(y, 6, 1, 2, 0, 0).single().expect("a time");
    let inspection = |id: &str, rental: &str, y| Inspection {
        id: id.into(),
        rental: rental.into(),
        at: at(y),
        findings: [gridpin::domain::Finding::Pass; 8],
        inspector: "p3".into(),
    };
    let inspections = vec![inspection("I1", "R1", 2026), inspection("I2", "R2", 2024)];
    let hazard = |id: &str, address: &str, rental: &str, item, severity, state| Hazard {
        id: id.into(),
        address: address.into(),
        rental: Some(rental.into()),
        item,
        severity,
        state,
        found_at: at(2026),
        found_by: "p3".into(),
        due_on: NaiveDate::from_ymd_opt(2026, 11, 1),
        closed_at: None,
        closed_by: None,
        version: 1,
    };
    let hazards = vec![
        hazard("H1", "A1", "R1", CheckItem::Gas, HazardSeverity::Major, HazardState::Open),
        hazard("H2", "A2", "R2", CheckItem::Wiring, HazardSeverity::Minor, HazardState::Assigned),
        hazard("H3", "A2", "R2", CheckItem::Wiring, HazardSeverity::Serious, HazardState::Closed),
    ];
    let headcount = |grid: &str, group, count| Headcount { grid: grid.into(), group, count, counted_on: today() };
    let headcounts = vec![
        headcount("V1", CareGroup::Over80, 73),
        headcount("V2", CareGroup::Over80, 9),
        headcount("V1", CareGroup::Disabled, 4),
        headcount("V2", CareGroup::Disabled, 17),
    ];
    let records = Records {
        grids: grids.into(),
        addresses: addresses.into(),
        buildings: buildings.into(),
        rentals: rentals.into(),
        inspections: inspections.into(),
        hazards: hazards.into(),
        headcounts: headcounts.into(),
        ..Records::default()
    };
    let flag = |rule: &'static str, subject: Subject, severity, probability, at| Flag {
        flag_id: flag_id(rule, &subject),
        rule,
        subject,
        severity,
        probability,
        tier: None,
        message: Text::new("说明", "words that stay out of tiles"),
        at,
        suggestion: None,
    };
    let flags = vec![
        flag(
            "grid_mismatch",
            Subject::Address("A2".into()),
            Severity::Error,
            Some(0.912_345),
            Some(LonLat::new(119.9212, 28.4420)),
        ),
        flag("coordinate_projected", Subject::Address("A5".into()), Severity::Error, Some(0.99), None),
        flag(
            "building_unaddressed",
            Subject::Building("B2".into()),
            Severity::Warning,
            None,
            Some(LonLat::new(119.9260, 28.4431)),
        ),
    ];
    City::with_flags(records, Thresholds::default(), today(), flags)
}

fn decoded(city: &City, layer: &str, (z, x, y): (u8, u32, u32), actor: &Actor) -> String {
    let tile = match tile::render(city, &[layer], (z, x, y), Detail::Map, actor) {
        Ok(tile) => tile,
        Err(error) => return format!("{error}\n"),
    };
    let mut out = String::new();
    let reader = MvtReaderRef::new(&tile.bytes).expect("a vector tile");
    for drawn in reader.layers() {
        writeln!(out, "{} (extent {}, {} features)", drawn.name(), drawn.extent(), drawn.feature_count())
            .expect("text");
        for feature in drawn.features() {
            let geometry = match feature.geometry().expect("a geometry") {
                MvtGeometry::Point(p) => format!("point {} {}", p.x(), p.y()),
                MvtGeometry::Polygon(p) => {
                    let ring = p.exterior().0.iter().map(|c| format!("{} {}", c.x, c.y)).collect::<Vec<_>>().join(", ");
                    format!("polygon ({ring})")
                }
                other => format!("{other:?}"),
            };
            writeln!(out, "  {geometry}").expect("text");
            for property in feature.properties() {
                let (key, value) = property.expect("a field");
                let value = match value.into_owned() {
                    MvtValue::String(text) => format!("{text:?}"),
                    MvtValue::UInt(n) => n.to_string(),
                    MvtValue::Bool(truth) => truth.to_string(),
                    MvtValue::Double(v) => format!("{v:?}"),
                    other => panic!("{key}: {other:?}"),
                };
                writeln!(out, "    {key} = {value}").expect("text");
            }
        }
    }
    if out.is_empty() { "(empty)\n".to_owned() } else { out }
}

fn centre(z: u8) -> (u8, u32, u32) {
    let spot = gridpin::city::world::Spot::of(LonLat::new(119.9215, 28.4425)).expect("on earth");
    let tile = gridpin::city::world::TileId::at(z, spot);
    (z, tile.x, tile.y)
}

#[test]
fn tiles_of_the_village_read_as_before() {
    let city = village();
    let steward = Actor { name: "s".into(), role: Role::Steward, scope: Scope::All };
    let mut out = String::new();
    for layer in ["grid", "building", "care", "heat", "rental", "hazard", "address", "flag"] {
        for z in [10, 15] {
            writeln!(out, "== {layer} z{z}\n{}", decoded(&city, layer, centre(z), &steward)).expect("text");
        }
    }
    insta::assert_snapshot!("steward", out);
}

#[test]
fn what_a_scoped_actor_gets_reads_as_before() {
    let city = village();
    let mut out = String::new();
    for (role, scope) in [(Role::Collector, "V2"), (Role::Leader, "V1"), (Role::Department, "V1")] {
        let actor = Actor { name: "a".into(), role, scope: Scope::Grid(scope.into()) };
        for layer in ["grid", "care", "hazard", "address", "flag"] {
            writeln!(out, "== {} of {scope}: {layer}\n{}", role.as_str(), decoded(&city, layer, centre(15), &actor))
                .expect("text");
        }
    }
    insta::assert_snapshot!("scoped", out);
}

#[test]
fn several_layers_are_one_tile() {
    let city = village();
    let steward = Actor { name: "s".into(), role: Role::Steward, scope: Scope::All };
    let (z, x, y) = centre(15);
    let both =
        tile::render(&city, &["address", "rental", "address"], (z, x, y), Detail::Map, &steward).expect("a tile");
    let one = |layer| tile::render(&city, &[layer], (z, x, y), Detail::Map, &steward).expect("a tile").bytes;
    assert_eq!(both.bytes, [one("address"), one("rental")].concat());
    assert_ne!(both.etag, tile::render(&city, &["address"], (z, x, y), Detail::Map, &steward).expect("a tile").etag);
}

#[test]
fn tiles_that_are_none_are_not_found() {
    let city = village();
    let steward = Actor { name: "s".into(), role: Role::Steward, scope: Scope::All };
    for (z, x, y) in [(1, 2, 0), (3, 0, 8), (23, 0, 0), (255, 0, 0), (0, u32::MAX, 0)] {
        assert!(matches!(
            tile::render(&city, &["grid"], (z, x, y), Detail::Map, &steward),
            Err(gridpin::error::Error::NotFound(_))
        ));
    }
}
