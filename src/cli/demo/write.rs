//! Writes the demo town to files, under the import's own headings.

use super::Town;
use crate::domain::{Address, BuildingRef, CheckItem, Finding, Footprint, HazardRef, Parts, RentalRef};
use crate::error::{Error, Result};
use geo::MultiPolygon;
use serde_json::{Map, Value, json};
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

/// Writes `grids.geojson`, `addresses.csv`, `buildings.geojson`, `places.csv`, `rentals.csv`, `inspections.csv`,
/// `hazards.csv`, `headcounts.csv` and the labels, `truth.csv`. The same town gives the same bytes.
///
/// # Errors
/// Where the folder cannot be written.
pub fn write(town: &Town, folder: &Path) -> Result<()> {
    let failed = |error: std::io::Error| Error::Unavailable(format!("{}: {error}", folder.display()));
    std::fs::create_dir_all(folder).map_err(failed)?;
    let records = &town.records;
    features(
        &folder.join("grids.geojson"),
        records.grids.iter().map(|g| {
            let parent = g.parent.as_ref().map_or("", |code| code.as_str());
            (
                json!({"grid_code": g.code, "level": g.level.as_str(), "name": g.name, "parent_code": parent}),
                Some(&*g.polygon),
            )
        }),
    )?;
    let buildings: Vec<_> = records.buildings.iter().map(BuildingRef::unpack).collect();
    features(
        &folder.join("buildings.geojson"),
        buildings.iter().map(|b| {
            let Parts { town, village, road, house_number, compound, building, .. } = &b.parts;
            let grid = b.grid.as_ref().map_or("", |code| code.as_str());
            let kind = serde_json::to_value(b.kind).unwrap_or_default();
            let fields = json!({
                "building_id": b.id, "full_text": b.full_text, "town": town, "village": village, "road": road,
                "house_number": house_number, "compound": compound, "building": building, "grid_code": grid,
                "floors": b.floors, "kind": kind, "standing": b.standing,
            });
            let area = match &b.footprint {
                Footprint::Area(area) => Some(area),
                Footprint::Point(_) => None,
            };
            (fields, area)
        }),
    )?;
    let head = [&BEFORE[..], &Parts::NAMES, &AFTER].concat();
    table(
        &folder.join("addresses.csv"),
        &head,
        records.addresses.iter().map(|address| address_row(&address.unpack())),
    )?;
    table(
        &folder.join("truth.csv"),
        &["address_id", "error", "side", "true_lon", "true_lat", "true_grid_code", "true_full_text"],
        town.truth.iter().map(|t| {
            let grid = t.address.grid.as_ref().map_or("", |code| code.as_str());
            let [lon, lat] = [t.at.lon, t.at.lat].map(|v| format!("{v:.7}"));
            vec![
                t.address.id.to_string(),
                t.error.into(),
                side(t.error).into(),
                lon,
                lat,
                grid.into(),
                t.address.full_text.clone(),
            ]
        }),
    )?;
    table(
        &folder.join("places.csv"),
        &["place_id", "name", "kind", "address_id", "lon", "lat"],
        records.places.iter().map(|p| {
            let (lon, lat) = p.at.map_or_else(Default::default, |at| (at.lon.to_string(), at.lat.to_string()));
            vec![p.id.to_string(), p.name.clone(), name(p.kind), text(&p.address), lon, lat]
        }),
    )?;
    table(
        &folder.join("rentals.csv"),
        &["rental_id", "address_id", "registered_on", "space", "rooms", "occupants", "status"],
        records.rentals.iter().map(RentalRef::unpack).map(|r| {
            let (registered, rooms) = (text(&r.registered_on), text(&r.rooms));
            vec![
                r.id.to_string(),
                text(&r.address),
                registered,
                name(r.space),
                rooms,
                text(&r.occupants),
                name(r.status),
            ]
        }),
    )?;
    let items: Vec<&str> = CheckItem::ALL.iter().map(|item| item.as_str()).collect();
    table(
        &folder.join("inspections.csv"),
        &[&["inspection_id", "rental_id", "inspected_at", "inspector"], &items[..]].concat(),
        records.inspections.iter().map(|i| {
            let mut row = vec![i.id.to_string(), i.rental.to_string(), i.at.to_rfc3339(), i.inspector.to_string()];
            row.extend(i.findings.iter().map(|finding: &Finding| name(*finding)));
            row
        }),
    )?;
    table(
        &folder.join("hazards.csv"),
        &[
            "hazard_id",
            "address_id",
            "rental_id",
            "item",
            "severity",
            "state",
            "found_at",
            "found_by",
            "due_on",
            "closed_at",
            "closed_by",
        ],
        records.hazards.iter().map(HazardRef::unpack).map(|h| {
            vec![
                h.id.to_string(),
                h.address.to_string(),
                text(&h.rental),
                h.item.as_str().into(),
                name(h.severity),
                name(h.state),
                h.found_at.to_rfc3339(),
                h.found_by.to_string(),
                text(&h.due_on),
                h.closed_at.map_or_else(String::new, |at| at.to_rfc3339()),
                text(&h.closed_by),
            ]
        }),
    )?;
    table(
        &folder.join("headcounts.csv"),
        &["grid_code", "care_group", "count", "counted_on"],
        records
            .headcounts
            .iter()
            .map(|h| vec![h.grid.to_string(), h.group.as_str().into(), h.count.to_string(), h.counted_on.to_string()]),
    )
}

/// What an address's file says before its parts, and after them.
const BEFORE: [&str; 2] = ["address_id", "full_text"];
const AFTER: [&str; 11] = [
    "grid_code",
    "lon",
    "lat",
    "accuracy_m",
    "collected_at",
    "collector",
    "batch",
    "building_id",
    "status",
    "ended_on",
    "verified_on",
];

fn address_row(a: &Address) -> Vec<String> {
    let mut row = vec![a.id.to_string(), a.full_text.clone()];
    row.extend(a.parts.slots().map(str::to_owned));
    row.push(text(&a.grid));
    match &a.pin {
        Some(pin) => row.extend([
            pin.at.lon.to_string(),
            pin.at.lat.to_string(),
            text(&pin.accuracy_m),
            pin.collected_at.map_or_else(String::new, |at| at.to_rfc3339()),
            text(&pin.collector),
        ]),
        None => row.extend(std::iter::repeat_n(String::new(), 5)),
    }
    row.extend([text(&a.batch), text(&a.building), name(a.status), text(&a.ended_on), text(&a.verified_on)]);
    row
}

/// Which side of a record an error is on.
fn side(error: &str) -> &'static str {
    match error {
        "ok" | "ok*" => "",
        "wrong_number" | "wrong_road" | "wrong_grid" | "border_moved" => "attribute",
        "nonstandard" | "duplicate" | "incomplete" | "disordered" | "relative" | "orphan" | "floor"
        | "unit_conflict" => "text",
        _ => "position",
    }
}

fn text<T: ToString>(value: &Option<T>) -> String {
    value.as_ref().map_or_else(String::new, T::to_string)
}

/// The name of a value as the API and the import write it.
fn name<T: serde::Serialize>(value: T) -> String {
    serde_json::to_value(value).ok().and_then(|v| v.as_str().map(str::to_owned)).unwrap_or_default()
}

fn table(path: &Path, head: &[&str], rows: impl Iterator<Item = Vec<String>>) -> Result<()> {
    let failed = |error: csv::Error| Error::Unavailable(format!("{}: {error}", path.display()));
    let mut out = csv::Writer::from_path(path).map_err(failed)?;
    out.write_record(head).map_err(failed)?;
    for row in rows {
        out.write_record(row).map_err(failed)?;
    }
    out.flush().map_err(|error| Error::Unavailable(format!("{}: {error}", path.display())))
}

fn features<'a>(path: &Path, rows: impl Iterator<Item = (Value, Option<&'a MultiPolygon<f64>>)>) -> Result<()> {
    let failed = |error: std::io::Error| Error::Unavailable(format!("{}: {error}", path.display()));
    let mut out = BufWriter::new(File::create(path).map_err(failed)?);
    out.write_all(b"{\"type\":\"FeatureCollection\",\"features\":[").map_err(failed)?;
    for (index, (properties, area)) in rows.enumerate() {
        let mut feature = Map::new();
        feature.insert("type".into(), "Feature".into());
        feature.insert("properties".into(), properties);
        feature.insert("geometry".into(), area.map_or(Value::Null, geometry));
        let sign = if index == 0 { "\n" } else { ",\n" };
        write!(out, "{sign}{}", Value::Object(feature)).map_err(failed)?;
    }
    out.write_all(b"\n]}\n").and_then(|()| out.flush()).map_err(failed)
}

fn geometry(area: &MultiPolygon<f64>) -> Value {
    let ring = |line: &geo::LineString<f64>| line.0.iter().map(|c| json!([c.x, c.y])).collect::<Vec<_>>();
    let polygon =
        |p: &geo::Polygon<f64>| std::iter::once(p.exterior()).chain(p.interiors()).map(ring).collect::<Vec<_>>();
    match &area.0[..] {
        [one] => json!({"type": "Polygon", "coordinates": polygon(one)}),
        many => json!({"type": "MultiPolygon", "coordinates": many.iter().map(polygon).collect::<Vec<_>>()}),
    }
}
