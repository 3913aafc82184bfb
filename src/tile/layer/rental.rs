//! Active rentals: each at its address, or counted by cell.

use super::super::{View, catalog::Layer, cluster};
use super::{COUNT_CELLS, Pen, hazard};
use crate::city::Inspected;
use crate::city::rental::occupancy_band;
use fast_mvt::{MvtGeomType, MvtResult};

pub(super) fn draw(layer: &Layer, view: &View) -> MvtResult<Vec<u8>> {
    let city = view.city;
    let points = view.points(&city.rental_points);
    let mut pen = Pen::new(&layer.id)?;
    if view.tile.z < layer.points_from {
        for cell in cluster::cells(&points, view.tile.z, COUNT_CELLS) {
            let states = || cell.points.iter().map(|p| city.rental_state(p.row));
            let in_state = |inspected| states().filter(|s| s.inspected == inspected).count() as u32;
            pen.feature(MvtGeomType::Point, |f| {
                f.at(view, cell.label())?;
                f.count("count", cell.points.len() as u32)?;
                for inspected in [Inspected::Never, Inspected::Ok, Inspected::Due] {
                    f.count(inspected.as_str(), in_state(inspected))?;
                }
                f.count("hazards", states().map(|s| s.open_hazards).sum())
            })?;
        }
        return Ok(pen.end());
    }
    for point in &points {
        let (rental, state) = (&city.records.rentals[point.row as usize], city.rental_state(point.row));
        pen.feature(MvtGeomType::Point, |f| {
            f.at(view, point.spot())?;
            f.text("id", &rental.id)?;
            f.text("address", rental.address.as_deref().unwrap_or(""))?;
            f.truth("registered", rental.registered_on.is_some())?;
            f.text("inspected", state.inspected.as_str())?;
            f.count("hazards", state.open_hazards)?;
            f.text("worst", state.worst.map_or("", hazard::severity))?;
            f.text("occupancy", occupancy_band(rental.occupants))
        })?;
    }
    Ok(pen.end())
}
