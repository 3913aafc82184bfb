//! OpenStreetMap extracts: administrative boundaries as grids, buildings, and addresses from `addr:*` on points and ways.

use super::gdal::osm_layer;
use super::kind::{building, has_whole_rings};
use super::shape::Shape;
use super::sheet::Row;
use crate::domain::{
    Address, Building, Footprint, Grid, GridLevel, LonLat, Parts, Position, PositionKind, PositionMethod,
};
use crate::error::{Error, Result, Text};
use crate::index::GridIndex;
use geo::{Area, Contains, InteriorPoint, MultiPolygon};
use std::collections::BTreeSet;
use std::path::Path;

/// What an extract holds, longitude and latitude as it has them.
#[derive(Debug, Default)]
pub struct Extract {
    /// Administrative boundaries: the ranks of `admin_level` that occur, coarse to fine, become District, Street and so
    /// on; the finest five when there are more. A parent is the next coarser boundary that holds the middle of a grid.
    pub grids: Vec<Grid>,
    /// Ways and relations with `building`.
    pub buildings: Vec<Building>,
    /// Points, ways and relations with `addr:housenumber`. Their grid is the finest that they stand in.
    pub addresses: Vec<Address>,
    /// What a user should know.
    pub notes: Vec<Text>,
}

const NAME: usize = 0;
const OSM_ID: usize = 1;
const WAY_ID: usize = 2;
const BOUNDARY: usize = 3;
const ADMIN_LEVEL: usize = 4;
const BUILDING: usize = 5;
const LEVELS: usize = 6;
const FULL: usize = 7;
const HOUSE_NUMBER: usize = 8;
const STREET: usize = 9;
const PLACE: usize = 10;
const CITY: usize = 11;
const DISTRICT: usize = 12;
const SUBURB: usize = 13;
const POSTCODE: usize = 14;
const UNIT: usize = 15;
const FLOOR: usize = 16;
const INTERPOLATION: usize = 17;
const FIELDS: [&str; 18] = [
    "name",
    "osm_id",
    "osm_way_id",
    "boundary",
    "admin_level",
    "building",
    "building:levels",
    "addr:full",
    "addr:housenumber",
    "addr:street",
    "addr:place",
    "addr:city",
    "addr:district",
    "addr:suburb",
    "addr:postcode",
    "addr:unit",
    "addr:floor",
    "addr:interpolation",
];

/// Reads an extract (`.osm.pbf`).
///
/// # Errors
/// `Invalid` for a file that is missing, is no extract, or is damaged; `Unavailable` when no temporary file can be made.
pub fn read(path: &Path) -> Result<Extract> {
    let place = path.display().to_string();
    let about = std::fs::metadata(path).map_err(|error| super::cannot_open(&place, &error))?;
    if about.is_dir() || about.len() == 0 {
        return Err(super::empty(&place));
    }
    let settings =
        std::env::temp_dir().join(format!("gridpin-osm-{}-{}.ini", std::process::id(), uuid::Uuid::new_v4()));
    std::fs::write(&settings, include_str!("../../data/osm.ini"))
        .map_err(|error| Error::Unavailable(format!("{}: {error}", settings.display())))?;
    let read = ["points", "lines", "multipolygons"].map(|layer| osm_layer(path, &settings, layer, &FIELDS));
    std::fs::remove_file(&settings).ok();
    let [points, lines, areas] = read;
    let (points, lines, areas) = (points?, lines?, areas?);
    let mut extract = Extract { grids: grids(&areas), ..Extract::default() };
    let mut open_outlines = Vec::new();
    for (rows, kind) in [(&points, 'n'), (&lines, 'w'), (&areas, 'r')] {
        for row in rows.iter() {
            let id = identifier(row, kind);
            if !matches!(cell(row, BUILDING), "" | "no") {
                match building_of(row, &id) {
                    Some(building) => extract.buildings.push(building),
                    None => open_outlines.push(id.clone()),
                }
            }
            if !cell(row, HOUSE_NUMBER).is_empty()
                && cell(row, INTERPOLATION).is_empty()
                && let Some(address) = address_of(row, &id)
            {
                extract.addresses.push(address);
            }
        }
    }
    let index = GridIndex::build(&extract.grids.iter().cloned().collect());
    let (pinned, pins): (Vec<&mut Address>, Vec<LonLat>) = extract
        .addresses
        .iter_mut()
        .filter_map(|address| address.pin.as_ref().map(|pin| pin.at).map(|at| (address, at)))
        .unzip();
    for (address, grid) in pinned.into_iter().zip(index.finest_each(&pins)) {
        address.grid = grid.map(|i| index.code(i).clone());
    }
    if extract.grids.is_empty() && extract.buildings.is_empty() && extract.addresses.is_empty() {
        return Err(super::empty(&place));
    }
    if !open_outlines.is_empty() {
        let (count, ids) = (open_outlines.len(), open_outlines.join(", "));
        extract.notes.push(Text::new(
            format!("{count} 个建筑的轮廓未闭合，未导入：{ids}"),
            format!("{count} buildings were left out, their outlines are not closed: {ids}"),
        ));
    }
    if extract.grids.is_empty() {
        extract.notes.push(Text::new(
            "该数据不含完整的行政边界，没有网格",
            "the extract holds no whole administrative boundary: there are no grids",
        ));
    }
    Ok(extract)
}

fn cell(row: &Row, field: usize) -> &str {
    row.cells.get(field).unwrap_or_default()
}

/// `osm-n1`, `osm-w1`, `osm-r1`: the element's type and number. Areas are of ways where they have a way's number.
fn identifier(row: &Row, kind: char) -> String {
    match (kind, cell(row, WAY_ID)) {
        ('r', way) if !way.is_empty() => format!("osm-w{way}"),
        _ => format!("osm-{kind}{}", cell(row, OSM_ID)),
    }
}

fn grids(areas: &[Row]) -> Vec<Grid> {
    let bounds: Vec<(u8, &Row, &MultiPolygon<f64>)> = areas
        .iter()
        .filter(|row| cell(row, BOUNDARY) == "administrative")
        .filter_map(|row| match &row.shape {
            Shape::Area(area) if has_whole_rings(area) => Some((cell(row, ADMIN_LEVEL).parse().ok()?, row, area)),
            _ => None,
        })
        .collect();
    let present: Vec<u8> = bounds.iter().map(|(level, ..)| *level).collect::<BTreeSet<u8>>().into_iter().collect();
    let ranks = &present[present.len().saturating_sub(GridLevel::ALL.len())..];
    let mut found: Vec<(usize, Grid)> = bounds
        .iter()
        .filter_map(|(level, row, area)| {
            let rank = ranks.iter().position(|rank| rank == level)?;
            let code = identifier(row, 'r');
            let name = Some(cell(row, NAME)).filter(|name| !name.is_empty()).unwrap_or(&code).to_owned();
            Some((
                rank,
                Grid {
                    code: code.as_str().into(),
                    level: GridLevel::ALL[rank],
                    name,
                    parent: None,
                    polygon: (*area).clone().into(),
                    valid_from: None,
                    valid_to: None,
                    version: 1,
                },
            ))
        })
        .collect();
    found.sort_by(|a, b| (a.0, a.1.code.as_str()).cmp(&(b.0, b.1.code.as_str())));
    let parents: Vec<_> = found
        .iter()
        .map(|(rank, grid)| {
            let middle = grid.polygon.interior_point()?;
            let coarser = found.iter().filter(|(other, _)| other < rank);
            let holding = coarser.filter(|(_, other)| other.polygon.contains(&middle));
            let best = holding
                .max_by(|a, b| a.0.cmp(&b.0).then(b.1.polygon.unsigned_area().total_cmp(&a.1.polygon.unsigned_area())));
            best.map(|(_, parent)| parent.code.clone())
        })
        .collect();
    found.into_iter().zip(parents).map(|((_, grid), parent)| Grid { parent, ..grid }).collect()
}

fn middle(shape: &Shape) -> Option<LonLat> {
    match shape {
        Shape::Point(x, y) => Some(LonLat::new(*x, *y)),
        Shape::Area(area) => area.interior_point().map(|at| LonLat::new(at.x(), at.y())),
        _ => None,
    }
}

/// Text and parts of the `addr:*` keys: in Chinese order where the street or place is written in Han characters, else
/// street, number and city as the West writes them.
fn address_text(row: &Row) -> (String, Parts) {
    let get = |field: usize| cell(row, field);
    let number = get(HOUSE_NUMBER);
    let han =
        [STREET, PLACE, CITY, FULL].iter().any(|f| get(*f).chars().any(|c| ('\u{4e00}'..='\u{9fff}').contains(&c)));
    let bare = han && number.bytes().all(|b| b.is_ascii_digit() || b == b'-');
    let number = if bare { format!("{number}号") } else { number.to_owned() };
    let parts = Parts {
        city: get(CITY).into(),
        county: get(DISTRICT).into(),
        town: get(SUBURB).into(),
        village: get(PLACE).into(),
        road: get(STREET).into(),
        house_number: number.as_str().into(),
        unit: get(UNIT).into(),
        floor: get(FLOOR).into(),
        ..Parts::default()
    };
    let text = if !get(FULL).is_empty() {
        get(FULL).to_owned()
    } else if han {
        [get(CITY), get(DISTRICT), get(SUBURB), get(PLACE), get(STREET), &number, get(UNIT)].concat()
    } else {
        let street = if get(STREET).is_empty() { get(PLACE) } else { get(STREET) };
        let town =
            [get(POSTCODE), get(CITY)].iter().filter(|part| !part.is_empty()).copied().collect::<Vec<_>>().join(" ");
        let house = format!("{street} {number}").trim().to_owned();
        if town.is_empty() { house } else { format!("{house}, {town}") }
    };
    (text, parts)
}

fn building_of(row: &Row, id: &str) -> Option<Building> {
    let footprint = match &row.shape {
        Shape::Area(area) if has_whole_rings(area) => Footprint::Area(area.clone()),
        // The extract's edge cut its corners off: its place is still known.
        Shape::Area(area) => {
            let corner = area.0.first()?.exterior().0.first()?;
            Footprint::Point(LonLat::new(corner.x, corner.y))
        }
        Shape::Point(x, y) => Footprint::Point(LonLat::new(*x, *y)),
        _ => return None,
    };
    let addressed = !cell(row, HOUSE_NUMBER).is_empty();
    let (full_text, parts) = if addressed { address_text(row) } else { Default::default() };
    Some(Building {
        id: id.into(),
        full_text,
        parts,
        footprint,
        floors: cell(row, LEVELS).parse::<f64>().ok().filter(|n| (0.0..1000.0).contains(n)).map(|n| n.round() as u16),
        kind: building::kind(cell(row, BUILDING)),
        grid: None,
        standing: true,
        version: 1,
    })
}

fn address_of(row: &Row, id: &str) -> Option<Address> {
    let at = match &row.shape {
        Shape::Other("LineString") | Shape::None | Shape::Broken => None,
        shape => middle(shape),
    };
    let (full_text, parts) = address_text(row);
    let is_area = matches!(row.shape, Shape::Area(_));
    Some(Address {
        id: id.into(),
        full_text,
        parts,
        pin: at.map(|at| Position {
            kind: if is_area { PositionKind::Building } else { PositionKind::Door },
            at,
            method: PositionMethod::Register,
            accuracy_m: None,
            collected_at: None,
            collector: None,
        }),
        building: (is_area && !matches!(cell(row, BUILDING), "" | "no")).then(|| id.into()),
        version: 1,
        ..Address::default()
    })
}
