//! An invalid polygon.

use super::{Check, Reach, Rule};
use crate::check::{Context, Finding};
use crate::domain::{Grid, LonLat, Severity, Subject};
use crate::index::{BoxIndex, Outline, Side};
use geo::algorithm::kernels::{Kernel, Orientation, RobustKernel};
use geo::{Coord, Line, MultiPolygon, Polygon};
use rayon::prelude::*;

/// See the catalogue.
pub const RULE: Rule = Rule {
    code: "grid_invalid",
    severity: Severity::Error,
    probability: false,
    title: (
        "网格面无效",
        "An invalid polygon",
    ),
    what: (
        "网格没有面积、坐标不是数、边界自相交，或孔洞在外环之外。",
        "The polygon has no area, numbers that are not finite, a border that crosses itself, or a hole outside its ring.",
    ),
    why: (
        "自相交的面内外不分，点落在哪里没有定论。",
        "What crosses itself has no inside: where a point lies cannot be told.",
    ),
    example: (
        "外环在 (119.905000, 28.405000) 自相交。",
        "The border crosses itself at (119.905000, 28.405000).",
    ),
    mend: (
        "在制图软件中修复几何。",
        "Repair the geometry in the mapping tool.",
    ),
    source: "OGC Simple Features 06-103r4: valid polygons",
    thresholds: &[],
    reach: Reach::City,
    checks: &[Check::EachGrid(grids)],
};

fn grids(context: &Context, asked: &[u32]) -> Vec<(Subject, Finding)> {
    let tell = |g: &u32| {
        let grid = &context.records.grids[*g as usize];
        let (finding, at) = fault(grid)?;
        let finding = if let Some(at) = at { finding.at(at) } else { finding };
        Some((Subject::Grid(grid.code.to_string()), finding))
    };
    asked.par_iter().filter_map(tell).collect()
}

/// What is wrong with a polygon, and where; the first thing that is found.
fn fault(grid: &Grid) -> Option<(Finding, Option<LonLat>)> {
    let rings = || grid.polygon.iter().flat_map(|p| std::iter::once(p.exterior()).chain(p.interiors()));
    if rings().flat_map(|r| &r.0).any(|c| !c.x.is_finite() || !c.y.is_finite()) {
        return Some((Finding::new("坐标中有不是数的值。", "Some coordinates are no finite numbers."), None));
    }
    let at = rings().flat_map(|r| &r.0).next().map(|c| LonLat::new(c.x, c.y));
    let lines: Vec<Line<f64>> = rings().flat_map(|ring| ring.lines()).filter(|l| l.start != l.end).collect();
    let distinct = |ring: &geo::LineString<f64>| ring.lines().filter(|l| l.start != l.end).count();
    if lines.is_empty() || rings().any(|ring| distinct(ring) < 3) {
        return Some((Finding::new("面没有面积。", "The polygon, or one of its rings, has no area."), at));
    }
    if let Some(at) = crossing(&lines) {
        let LonLat { lon, lat } = at;
        let finding = Finding::new(
            format!("边界在 ({lon:.6}, {lat:.6}) 自相交。"),
            format!("The border crosses itself at ({lon:.6}, {lat:.6})."),
        );
        return Some((finding, Some(at)));
    }
    for polygon in grid.polygon.iter().filter(|polygon| !polygon.interiors().is_empty()) {
        let shell = Outline::build(MultiPolygon(vec![Polygon::new(polygon.exterior().clone(), vec![])]));
        for hole in polygon.interiors() {
            // A vertex may lie on the ring, hardly two of them.
            let asked = if hole.0.len() < 4 { &hole.0[..] } else { &hole.0[..2] };
            if let Some(c) = asked.iter().find(|c| shell.side(LonLat::new(c.x, c.y)) == Side::Outside) {
                let finding = Finding::new("孔洞在外环之外。", "A hole lies outside its ring.");
                return Some((finding, Some(LonLat::new(c.x, c.y))));
            }
        }
    }
    None
}

/// A point where two edges cross or run upon each other; touching at a vertex is allowed.
fn crossing(lines: &[Line<f64>]) -> Option<LonLat> {
    let box_of = |l: &Line<f64>| {
        [l.start.x.min(l.end.x), l.start.y.min(l.end.y), l.start.x.max(l.end.x), l.start.y.max(l.end.y)]
    };
    let index = BoxIndex::build(lines.iter().map(box_of));
    let mut near = Vec::new();
    for (k, line) in lines.iter().enumerate() {
        near.clear();
        index.touching(box_of(line), &mut near);
        for other in near.iter().filter(|o| **o as usize > k).map(|o| &lines[*o as usize]) {
            if cross(line, other) {
                let meet = geo::line_intersection::line_intersection(*line, *other);
                let at = match meet {
                    Some(geo::LineIntersection::SinglePoint { intersection, .. }) => intersection,
                    Some(geo::LineIntersection::Collinear { intersection }) => intersection.start,
                    None => line.start,
                };
                return Some(LonLat::new(at.x, at.y));
            }
        }
    }
    None
}

fn cross(a: &Line<f64>, b: &Line<f64>) -> bool {
    let turn = |p: Coord<f64>, q: Coord<f64>, r: Coord<f64>| RobustKernel::orient2d(p, q, r);
    let (a1, a2) = (turn(b.start, b.end, a.start), turn(b.start, b.end, a.end));
    let (b1, b2) = (turn(a.start, a.end, b.start), turn(a.start, a.end, b.end));
    let flat = Orientation::Collinear;
    if a1 == flat && a2 == flat {
        // On one line: wrong when they share more than a point.
        let along = |c: Coord<f64>| if (a.end.x - a.start.x).abs() > (a.end.y - a.start.y).abs() { c.x } else { c.y };
        let span = |l: &Line<f64>| (along(l.start).min(along(l.end)), along(l.start).max(along(l.end)));
        let ((a_low, a_high), (b_low, b_high)) = (span(a), span(b));
        return a_low.max(b_low) < a_high.min(b_high);
    }
    [a1, a2, b1, b2].iter().all(|t| *t != flat) && a1 != a2 && b1 != b2
}

#[cfg(test)]
mod tests {
    use crate::check::scene::{Scene, grid};
    use crate::domain::GridLevel;
    use geo::{MultiPolygon, wkt};

    fn codes(polygon: MultiPolygon<f64>) -> Vec<&'static str> {
        let mut scene = Scene::default();
        let mut record = grid("G1", GridLevel::Grid, None, [0.0; 4]);
        record.polygon = polygon.into();
        scene.records.grids = vec![record].into();
        scene.codes("G1")
    }

    #[test]
    fn valid_and_invalid_shapes() {
        let one = |p| MultiPolygon(vec![p]);
        for (name, shape, found) in [
            ("square", one(wkt!(POLYGON((0. 0., 4. 0., 4. 4., 0. 4., 0. 0.)))), false),
            ("hole", one(wkt!(POLYGON((0. 0., 4. 0., 4. 4., 0. 4., 0. 0.), (1. 1., 2. 1., 2. 2., 1. 1.)))), false),
            ("hole that touches", one(wkt!(POLYGON((0. 0., 4. 0., 4. 4., 0. 4., 0. 0.), (0. 0., 2. 1., 2. 2., 0. 0.)))), false),
            ("bow tie", one(wkt!(POLYGON((0. 0., 4. 4., 4. 0., 0. 4., 0. 0.)))), true),
            ("spike", one(wkt!(POLYGON((0. 0., 4. 0., 8. 0., 4. 0., 4. 4., 0. 0.)))), true),
            ("flat", one(wkt!(POLYGON((0. 0., 4. 0., 0. 0.)))), true),
            ("empty", MultiPolygon(vec![]), true),
            ("hole outside", one(wkt!(POLYGON((0. 0., 4. 0., 4. 4., 0. 4., 0. 0.), (6. 6., 7. 6., 7. 7., 6. 6.)))), true),
            ("no number", one(wkt!(POLYGON((0. 0., 4. 0., 4. 4., 0. 0.))).map_nan()), true),
        ] {
            assert_eq!(codes(shape).contains(&"grid_invalid"), found, "{name}");
        }
    }

    trait MapNan {
        fn map_nan(self) -> Self;
    }

    impl MapNan for geo::Polygon<f64> {
        fn map_nan(mut self) -> Self {
            self.exterior_mut(|ring| ring.0[1].x = f64::NAN);
            self
        }
    }
}
