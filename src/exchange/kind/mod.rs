//! What a row must hold to be a record: one file for each kind.

pub mod address;
pub mod building;
pub mod grid;
pub mod hazard;
pub mod headcount;
pub mod place;
pub mod rental;

use super::cell::Cells;
use super::column::Plan;
use super::reject::Complaint;
use crate::crs::Door;
use crate::domain::Parts;
use crate::domain::address::parse::parse;
use crate::domain::address::print::print;
use std::borrow::Cow;

/// A kind of record that files bring.
pub trait Kind: Sized + Send + 'static {
    /// Its name in `data/column.toml` and on the command line.
    const NAME: &'static str;
    /// Its fields, by whose numbers the cells are asked.
    const FIELDS: &'static [&'static str];
    /// Whether a column `name` names a thing (a grid, a shop) rather than a person.
    const THINGS_HAVE_NAMES: bool = false;
    /// Whether a position that is nowhere on earth is kept for the checker to flag.
    const KEEPS_ODD_POINTS: bool = false;

    /// Groups of fields that the file lacks, of which one each must be there. `shapes`: rows carry geometries.
    fn missing(plan: &Plan, shapes: bool) -> Vec<Vec<usize>>;

    /// The record of a row, in the file's coordinates.
    ///
    /// # Errors
    /// What is wrong with the row.
    fn read(cells: &Cells<'_>) -> Result<Self, Complaint>;

    /// What must be unique in a file.
    fn key(&self) -> Cow<'_, str>;

    /// The field that [`Kind::key`] is read from.
    fn key_field() -> &'static str {
        Self::FIELDS[0]
    }

    /// Brings the coordinates inside; says whether the record's position is one on earth (none counts as one).
    ///
    /// # Errors
    /// A coordinate that has no place, where the kind needs one.
    fn bring_inside(&mut self, door: &Door, judge_rings: bool) -> Result<bool, Complaint> {
        let _ = (door, judge_rings);
        Ok(true)
    }

    /// The record's pin and declared grid in the file's coordinates, for guessing its system.
    fn evidence(&self) -> Option<(crate::domain::LonLat, Option<&str>)> {
        None
    }
}

/// Whether there is a polygon, and every ring has the four corners (the last equal to the first) that make it one.
pub(super) fn has_whole_rings(area: &geo::MultiPolygon<f64>) -> bool {
    let whole = |ring: &geo::LineString<f64>| ring.0.len() >= 4;
    !area.0.is_empty()
        && area.0.iter().all(|polygon| whole(polygon.exterior()) && polygon.interiors().iter().all(whole))
}

/// The complaint of an area with a ring of fewer than four corners.
fn broken_ring() -> Complaint {
    Complaint::new("geometry", "", "有的环少于四个点", "a ring has fewer than four corners")
        .remedy("请在 GIS 软件中修复几何", "repair it in a GIS (fix geometries)")
}

/// Brings all corners of an area inside.
fn area_inside(area: &mut geo::MultiPolygon<f64>, door: &Door) -> Result<(), Complaint> {
    use crate::domain::LonLat;
    use geo::CoordsIter;
    let mut corners: Vec<LonLat> = area.coords_iter().map(|c| LonLat::new(c.x, c.y)).collect();
    let nowhere = |at: LonLat| {
        Complaint::new(
            "geometry",
            format!("{}, {}", at.lon, at.lat),
            "坐标超出经纬度范围",
            "the coordinates are no longitude and latitude",
        )
        .remedy(
            "请用 --crs 指定坐标系（如 EPSG:4549），或检查坐标",
            "give the file's system with --crs (such as EPSG:4549), or mend the coordinates",
        )
    };
    door.inside_all(&mut corners).map_err(|_| nowhere(corners[0]))?;
    if let Some(bad) = corners.iter().find(|at| !at.is_on_earth()) {
        return Err(nowhere(*bad));
    }
    let mut next = corners.into_iter();
    let mut put = |ring: &mut geo::LineString<f64>| {
        ring.0.iter_mut().zip(&mut next).for_each(|(c, at)| *c = geo::Coord { x: at.lon, y: at.lat });
    };
    for polygon in &mut area.0 {
        polygon.exterior_mut(&mut put);
        polygon.interiors_mut(|rings| rings.iter_mut().for_each(&mut put));
    }
    Ok(())
}

/// Brings one point inside that must be somewhere on earth.
fn point_inside(at: crate::domain::LonLat, door: &Door) -> Result<crate::domain::LonLat, Complaint> {
    door.inside(at.lon, at.lat).ok().filter(|inside| inside.is_on_earth()).ok_or_else(|| {
        Complaint::new(
            "lon, lat",
            format!("{}, {}", at.lon, at.lat),
            "坐标超出经纬度范围",
            "the coordinates are no longitude and latitude",
        )
        .remedy(
            "请用 --crs 指定坐标系（如 EPSG:4549），或检查坐标",
            "give the file's system with --crs (such as EPSG:4549), or mend the coordinates",
        )
    })
}

/// The text of an address and its parts, each made from the other where the file has only one of them. `asked` says of
/// each part whether the file has a column for it: an empty cell there is a statement, a missing column is none.
fn text_and_parts(full_text: &str, mut parts: Parts, asked: [bool; 14]) -> (String, Parts) {
    // Registers often write a bare number where the part's name is in the heading already.
    for (part, word) in [
        (&mut parts.house_number, "号"),
        (&mut parts.building, "幢"),
        (&mut parts.unit, "单元"),
        (&mut parts.floor, "层"),
        (&mut parts.room, "室"),
    ] {
        if !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit()) {
            *part = format!("{part}{word}").into();
        }
    }
    if full_text.is_empty() {
        return (print(&parts), parts);
    }
    let mut read = parse(full_text).parts;
    for ((part, read), asked) in parts.slots_mut().into_iter().zip(read.slots_mut()).zip(asked) {
        if !asked {
            *part = std::mem::take(read);
        }
    }
    (full_text.to_owned(), parts)
}
