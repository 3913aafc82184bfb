//! Grid polygons.

use super::{Complaint, Cow, Door, Kind, Plan, area_inside};
use crate::domain::{Grid, GridLevel};
use crate::exchange::cell::{Cells, unreadable_shape, wrong_shape};
use crate::exchange::shape::Shape;
use geo::{Intersects, MultiPolygon, Validation};

const CODE: usize = 0;
const LEVEL: usize = 1;
const NAME: usize = 2;
const PARENT_CODE: usize = 3;
const VALID_FROM: usize = 4;
const VALID_TO: usize = 5;
const GEOMETRY: usize = 6;

impl Kind for Grid {
    const NAME: &'static str = "grid";
    const FIELDS: &'static [&'static str] =
        &["grid_code", "level", "name", "parent_code", "valid_from", "valid_to", "geometry"];
    const THINGS_HAVE_NAMES: bool = true;

    fn missing(plan: &Plan, shapes: bool) -> Vec<Vec<usize>> {
        let mut missing: Vec<Vec<usize>> =
            [CODE, LEVEL].into_iter().filter(|field| !plan.has(*field)).map(|field| vec![field]).collect();
        if !shapes && !plan.has(GEOMETRY) {
            missing.push(vec![GEOMETRY]);
        }
        missing
    }

    fn read(cells: &Cells<'_>) -> Result<Grid, Complaint> {
        let code = cells.identifier(CODE)?;
        cells.needed(LEVEL)?;
        let known = "1-5; district, street, village, grid, microgrid / 区县、街道、村社、网格、微网格";
        let level = cells.word(LEVEL, GridLevel::parse, known)?.unwrap_or(GridLevel::Grid);
        let polygon = match cells.shape(GEOMETRY) {
            Shape::Area(area) => area,
            Shape::None => return Err(wrong_shape("", "没有几何图形", "there is no geometry")),
            Shape::Point(..) => return Err(wrong_shape("Point", "应为面", "a polygon is wanted")),
            Shape::Other(name) => return Err(wrong_shape(name, "应为面", "a polygon is wanted")),
            Shape::Broken => return Err(unreadable_shape()),
        };
        Ok(Grid {
            code: code.into(),
            level,
            name: cells.free(NAME)?.to_owned(),
            parent: cells.reference(PARENT_CODE)?.map(Into::into),
            polygon: polygon.into(),
            valid_from: cells.day(VALID_FROM)?,
            valid_to: cells.day(VALID_TO)?,
            version: 1,
        })
    }

    fn key(&self) -> Cow<'_, str> {
        Cow::Borrowed(&self.code)
    }

    fn bring_inside(&mut self, door: &Door, judge_rings: bool) -> Result<bool, Complaint> {
        area_inside(&mut self.polygon, door)?;
        if judge_rings && self.polygon.0.is_empty() {
            return Err(wrong_shape("", "面是空的", "the polygon is empty"));
        }
        if judge_rings && !super::has_whole_rings(&self.polygon) {
            return Err(super::broken_ring());
        }
        if judge_rings && let Some(complaint) = judge(&self.polygon) {
            return Err(complaint);
        }
        Ok(true)
    }
}

/// What is wrong with the rings of an area, and where.
fn judge(area: &MultiPolygon<f64>) -> Option<Complaint> {
    let wrong = area.check_validation().err()?;
    let place = area.0.iter().enumerate().find_map(|(p, polygon)| {
        let rings = std::iter::once(polygon.exterior()).chain(polygon.interiors());
        rings.enumerate().find_map(|(r, ring)| crossing(ring).map(|at| (p, r, at)))
    });
    let value = match place {
        Some((p, r, at)) => format!("polygon {}, ring {}, near {:.6}, {:.6}", p + 1, r + 1, at.x, at.y),
        None => wrong.to_string(),
    };
    Some(
        Complaint::new("geometry", value, "环无效（自相交、退化或洞在环外）", format!("invalid ring: {wrong}")).remedy(
            "请在 GIS 软件中修复（如 ST_MakeValid、QGIS 修复几何）",
            "repair it in a GIS (ST_MakeValid, or QGIS fix geometries)",
        ),
    )
}

/// A point where a ring crosses itself.
fn crossing(ring: &geo::LineString<f64>) -> Option<geo::Coord<f64>> {
    use geo::line_intersection::{LineIntersection, line_intersection};
    let lines: Vec<geo::Line<f64>> = ring.lines().filter(|line| line.start != line.end).collect();
    let limit = lines.len().min(4_000);
    for i in 0..limit {
        for j in i + 2..limit {
            if (i == 0 && j == lines.len() - 1) || !lines[i].intersects(&lines[j]) {
                continue;
            }
            return match line_intersection(lines[i], lines[j])? {
                LineIntersection::SinglePoint { intersection, .. } => Some(intersection),
                LineIntersection::Collinear { intersection } => Some(intersection.start),
            };
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use geo::polygon;

    #[test]
    fn a_bow_tie_is_told_with_its_crossing() {
        let bow = polygon![(x: 0.0, y: 0.0), (x: 2.0, y: 2.0), (x: 2.0, y: 0.0), (x: 0.0, y: 2.0), (x: 0.0, y: 0.0)];
        let complaint = judge(&MultiPolygon(vec![bow])).expect("invalid");
        assert!(complaint.value.contains("1.000000, 1.000000"), "{}", complaint.value);
        let square = polygon![(x: 0.0, y: 0.0), (x: 2.0, y: 0.0), (x: 2.0, y: 2.0), (x: 0.0, y: 2.0), (x: 0.0, y: 0.0)];
        assert_eq!(judge(&MultiPolygon(vec![square])), None);
    }
}
