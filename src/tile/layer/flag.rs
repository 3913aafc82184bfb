//! Open flags: each at its place, or counted by cell.

use super::super::{View, catalog::Layer, cluster};
use super::{COUNT_CELLS, Pen};
use crate::domain::{Severity, Subject};
use fast_mvt::{MvtGeomType, MvtResult};

fn word(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Info => "info",
    }
}

pub(super) fn draw(layer: &Layer, view: &View) -> MvtResult<Vec<u8>> {
    let flags = &view.city.flags;
    let mut points = view.points(&view.city.flag_points);
    // A slot depends on the edits that led here, the identifier does not.
    let id = |slot: u32| flags.at(slot).map_or("", |flag| flag.flag_id.as_str());
    points.sort_by(|a, b| a.key.cmp(&b.key).then_with(|| id(a.row).cmp(id(b.row))));
    let mut pen = Pen::new(&layer.id)?;
    if view.tile.z < layer.points_from {
        for cell in cluster::cells(&points, view.tile.z, COUNT_CELLS) {
            let mut by_severity = [0u32; 3];
            cell.points.iter().filter_map(|p| flags.at(p.row)).for_each(|f| by_severity[f.severity as usize] += 1);
            pen.feature(MvtGeomType::Point, |f| {
                f.at(view, cell.label())?;
                f.count("count", cell.points.len() as u32)?;
                for severity in [Severity::Error, Severity::Warning, Severity::Info] {
                    f.count(word(severity), by_severity[severity as usize])?;
                }
                Ok(())
            })?;
        }
        return Ok(pen.end());
    }
    for point in &points {
        let Some(flag) = flags.at(point.row) else { continue };
        pen.feature(MvtGeomType::Point, |f| {
            f.at(view, point.spot())?;
            f.text("flag_id", &flag.flag_id)?;
            f.text("rule", flag.rule)?;
            f.text("severity", word(flag.severity))?;
            f.ratio("probability", flag.probability)?;
            if let Subject::Address(id) = &flag.subject {
                f.text("address_id", id)?;
            }
            Ok(())
        })?;
    }
    Ok(pen.end())
}
