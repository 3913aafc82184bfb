//! Addresses: each with its pin, or counted by cell.

use super::super::{View, catalog::Layer, cluster};
use super::{COUNT_CELLS, Pen};
use crate::domain::{AddressRef, AddressStatus, PositionKind};
use fast_mvt::{MvtGeomType, MvtResult};

/// The shortest text that tells an address from its neighbours.
fn label(address: AddressRef<'_>) -> &str {
    let parts = address.parts();
    let fine = [parts.house_number, parts.building, parts.group, parts.compound, parts.room, address.full_text()];
    fine.into_iter().find(|part| !part.is_empty()).unwrap_or("")
}

fn status(status: AddressStatus) -> &'static str {
    match status {
        AddressStatus::Active => "active",
        AddressStatus::Demolished => "demolished",
        AddressStatus::Merged => "merged",
    }
}

fn rank(kind: PositionKind) -> u32 {
    kind as u32 + 1
}

pub(super) fn draw(layer: &Layer, view: &View) -> MvtResult<Vec<u8>> {
    let city = view.city;
    let points = view.points(&city.address_points);
    let mut pen = Pen::new(&layer.id)?;
    if view.tile.z < layer.points_from {
        for cell in cluster::cells(&points, view.tile.z, COUNT_CELLS) {
            let flagged = cell.points.iter().filter(|p| city.flagged(p.row).is_some()).count();
            pen.feature(MvtGeomType::Point, |f| {
                f.at(view, cell.label())?;
                f.count("count", cell.points.len() as u32)?;
                f.count("flagged_count", flagged as u32)
            })?;
        }
        return Ok(pen.end());
    }
    for point in &points {
        let address = city.address_at(point.row);
        let grid = city.grid_at_order(point.home).map_or("", |i| city.grid.code(i).as_str());
        let flagged = city.flagged(point.row).map_or("", |severity| match severity.letter() {
            'E' => "E",
            'W' => "W",
            _ => "I",
        });
        pen.feature(MvtGeomType::Point, |f| {
            f.at(view, point.spot())?;
            f.text("id", address.id())?;
            f.text("label", label(address))?;
            f.text("grid", grid)?;
            f.text("status", status(address.status()))?;
            f.text("flagged", flagged)?;
            f.count("rank", address.pin().map_or(0, |pin| rank(pin.kind)))
        })?;
    }
    Ok(pen.end())
}
