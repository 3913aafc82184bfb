//! Rental hazards and never inspected rentals by cell, with counts and weights, for heatmaps.

use super::super::{View, cluster};
use super::{Pen, hazard};
use crate::city::Inspected;
use crate::city::world::Spot;
use crate::domain::CheckItem;
use fast_mvt::{MvtGeomType, MvtResult};
use std::collections::BTreeMap;

/// Cells of a tile's side, as a power of two: 64 by 64.
const HEAT_CELLS: u8 = 6;

/// What lies in a cell.
#[derive(Default)]
struct Heat {
    weight: u32,
    rentals: u32,
    uninspected: u32,
    /// Open hazards by item and severity.
    hazards: [[u32; 3]; 8],
}

pub(super) fn draw(view: &View) -> MvtResult<Vec<u8>> {
    let city = view.city;
    let z = view.tile.z;
    let mut cells: BTreeMap<Spot, Heat> = BTreeMap::new();
    for cell in cluster::cells(&view.points(&city.rental_points), z, HEAT_CELLS) {
        let never = cell.points.iter().filter(|p| city.rental_state(p.row).inspected == Inspected::Never);
        let heat = cells.entry(cell.middle()).or_default();
        heat.rentals = cell.points.len() as u32;
        heat.uninspected = never.count() as u32;
    }
    for cell in cluster::cells(&view.points(&city.hazard_points), z, HEAT_CELLS) {
        let heat = cells.entry(cell.middle()).or_default();
        for hazard in cell.points.iter().map(|p| &city.records.hazards[p.row as usize]) {
            heat.weight += hazard.severity.weight();
            heat.hazards[hazard.item as usize][hazard.severity as usize] += 1;
        }
    }
    let mut pen = Pen::new("heat")?;
    for (spot, heat) in cells {
        let of_severity = |s: usize| heat.hazards.iter().map(|item| item[s]).sum::<u32>();
        pen.feature(MvtGeomType::Point, |f| {
            f.at(view, spot)?;
            f.count("n", heat.hazards.iter().flatten().sum())?;
            f.count("weight", heat.weight)?;
            f.count("rentals", heat.rentals)?;
            f.count("uninspected", heat.uninspected)?;
            for item in CheckItem::ALL {
                f.count(item.as_str(), heat.hazards[item as usize].iter().sum())?;
            }
            for severity in hazard::SEVERITIES {
                f.count(hazard::severity(severity), of_severity(severity as usize))?;
            }
            // What a filter by both needs; zeros are left out.
            for item in CheckItem::ALL {
                for severity in hazard::SEVERITIES {
                    let n = heat.hazards[item as usize][severity as usize];
                    if n > 0 {
                        f.count(&format!("{}_{}", item.as_str(), hazard::severity(severity)), n)?;
                    }
                }
            }
            Ok(())
        })?;
    }
    Ok(pen.end())
}
