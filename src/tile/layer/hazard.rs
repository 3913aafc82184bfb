//! Hazards that are not closed: each at its address, or counted by cell.

use super::super::{View, catalog::Layer, cluster};
use super::{COUNT_CELLS, Pen};
use crate::domain::{HazardSeverity, HazardState};
use fast_mvt::{MvtGeomType, MvtResult};

pub(super) const SEVERITIES: [HazardSeverity; 3] =
    [HazardSeverity::Minor, HazardSeverity::Serious, HazardSeverity::Major];

pub(super) fn severity(severity: HazardSeverity) -> &'static str {
    match severity {
        HazardSeverity::Minor => "minor",
        HazardSeverity::Serious => "serious",
        HazardSeverity::Major => "major",
    }
}

fn state(state: HazardState) -> &'static str {
    match state {
        HazardState::Open => "open",
        HazardState::Assigned => "assigned",
        HazardState::Mended => "mended",
        HazardState::Closed => "closed",
    }
}

pub(super) fn draw(layer: &Layer, view: &View) -> MvtResult<Vec<u8>> {
    let city = view.city;
    let points = view.points(&city.hazard_points);
    let hazard = |row: u32| &city.records.hazards[row as usize];
    let mut pen = Pen::new(&layer.id)?;
    if view.tile.z < layer.points_from {
        for cell in cluster::cells(&points, view.tile.z, COUNT_CELLS) {
            let mut by_severity = [0u32; 3];
            cell.points.iter().for_each(|p| by_severity[hazard(p.row).severity as usize] += 1);
            pen.feature(MvtGeomType::Point, |f| {
                f.at(view, cell.label())?;
                f.count("count", cell.points.len() as u32)?;
                f.count("overdue", cell.points.iter().filter(|p| city.is_overdue(hazard(p.row))).count() as u32)?;
                SEVERITIES.into_iter().try_for_each(|s| f.count(severity(s), by_severity[s as usize]))
            })?;
        }
        return Ok(pen.end());
    }
    for point in &points {
        let hazard = hazard(point.row);
        pen.feature(MvtGeomType::Point, |f| {
            f.at(view, point.spot())?;
            f.text("id", &hazard.id)?;
            f.text("item", hazard.item.as_str())?;
            f.text("severity", severity(hazard.severity))?;
            f.text("state", state(hazard.state))?;
            f.truth("overdue", city.is_overdue(hazard))
        })?;
    }
    Ok(pen.end())
}
