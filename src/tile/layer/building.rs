//! Standing buildings: outlines, or points where only a point is known.

use super::super::{View, outline};
use super::Pen;
use crate::city::shape::Shape;
use crate::city::world::{Spot, TileId};
use crate::domain::{BuildingKind, Footprint, Subject};
use fast_mvt::{MvtGeomType, MvtResult};

fn kind(kind: BuildingKind) -> &'static str {
    match kind {
        BuildingKind::Residential => "residential",
        BuildingKind::Commercial => "commercial",
        BuildingKind::Industrial => "industrial",
        BuildingKind::Public => "public",
        BuildingKind::Unknown => "unknown",
    }
}

pub(super) fn draw(view: &View) -> MvtResult<Vec<u8>> {
    let city = view.city;
    let mut pen = Pen::new("building")?;
    for row in city.building_boxes.in_span(view.span) {
        let building = city.records.buildings.at(row as usize);
        let (footprint, parts) = (building.footprint().unpack(), building.parts());
        if !view.holds(city.building_home(row)) {
            continue;
        }
        let bare =
            city.flags.of(&Subject::Building(building.id().to_owned())).any(|f| f.rule == "building_unaddressed");
        let drawn = match &footprint {
            Footprint::Area(area) => outline::draw(view, &Shape::rings(area)),
            Footprint::Point(_) => Vec::new(),
        };
        let geometry = match &footprint {
            Footprint::Area(_) if drawn.is_empty() => continue,
            Footprint::Area(_) => MvtGeomType::Polygon,
            Footprint::Point(at) if Spot::of(*at).is_some_and(|s| TileId::at(view.tile.z, s) == view.tile) => {
                MvtGeomType::Point
            }
            Footprint::Point(_) => continue,
        };
        let label = if parts.building.is_empty() { parts.house_number } else { parts.building };
        pen.feature(geometry, |f| {
            match &footprint {
                Footprint::Point(at) => {
                    if let Some(spot) = Spot::of(*at) {
                        f.at(view, spot)?;
                    }
                }
                Footprint::Area(_) => outline::write(&mut f.0, &drawn)?,
            }
            f.text("id", building.id())?;
            f.text("label", label)?;
            if let Some(floors) = building.floors() {
                f.count("floors", floors.into())?;
            }
            f.text("kind", kind(building.kind()))?;
            f.truth("addressed", !bare)
        })?;
    }
    Ok(pen.end())
}
