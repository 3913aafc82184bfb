//! A grid reaches out of its parent.

use super::{Check, Reach, Rule};
use crate::check::standing::grid_name;
use crate::check::{Context, Finding};
use crate::domain::{LonLat, Severity, Subject};
use crate::index::Side;
use rayon::prelude::*;

/// See the catalogue.
pub const RULE: Rule = Rule {
    code: "grid_outside_parent",
    severity: Severity::Error,
    probability: false,
    title: (
        "网格超出上级",
        "A grid reaches out of its parent",
    ),
    what: (
        "下级网格伸出上级网格的边界，超过阈值。",
        "A grid reaches farther out of the border of the grid above it than the threshold.",
    ),
    why: (
        "上下级的统计对不上。",
        "The figures of the levels do not add up.",
    ),
    example: (
        "微网格伸出上级网格 12.30 m。",
        "A micro-grid reaches 12.30 m out of its grid.",
    ),
    mend: (
        "让下级的边界与上级一致，或改正上级编码。",
        "Draw it on its parent, or correct the parent.",
    ),
    source: "Administrative division codes: nested areas",
    thresholds: &["grid_outside_parent_m"],
    reach: Reach::City,
    checks: &[Check::EachGrid(grids)],
};

/// How far a grid reaches out of its parent, and where.
type Reached = (f64, LonLat);

fn grids(context: &Context, asked: &[u32]) -> Vec<(Subject, Finding)> {
    let limit_m = context.thresholds.grid_outside_parent_m;
    let children: Vec<(u32, u32)> = asked.iter().filter_map(|i| Some((*i, context.grid.parent(*i)?))).collect();
    let tell = |&(child, parent): &(u32, u32)| {
        let mut most = notch(context, child, parent, limit_m);
        context.grid.outline(child).each_edge(|vertex, _| deepen(&mut most, out_of(context, parent, vertex, limit_m)));
        let (out_m, at) = most?;
        let ((zh, en), (above_zh, above_en)) = (grid_name(context, child), grid_name(context, parent));
        let finding = Finding::new(
            format!("网格 {zh} 伸出上级 {above_zh} {out_m:.2} m。"),
            format!("Grid {en} reaches {out_m:.2} m out of its parent {above_en}."),
        )
        .at(at);
        Some((Subject::Grid(context.grid.code(child).to_string()), finding))
    };
    children.par_iter().filter_map(tell).collect()
}

fn deepen(most: &mut Option<Reached>, found: Option<Reached>) {
    if let Some((m, _)) = found
        && most.is_none_or(|(most_m, _)| m > most_m)
    {
        *most = found;
    }
}

/// A vertex of a child beyond its parent's border.
fn out_of(context: &Context, parent: u32, [lon, lat]: [f64; 2], limit_m: f64) -> Option<Reached> {
    let (at, outline) = (LonLat::new(lon, lat), context.grid.outline(parent));
    if outline.is_empty() || outline.side(at) != Side::Outside {
        return None;
    }
    let (m, _) = outline.distance_m(at, f64::INFINITY)?;
    (m > limit_m).then_some((m, at))
}

/// Where the parent's border cuts deepest into a child without leaving a vertex of the child outside; a grid that is not
/// valid holds nothing.
fn notch(context: &Context, child: u32, parent: u32, limit_m: f64) -> Option<Reached> {
    let (grid, mut most) = (&context.grid, None);
    if !context.records.grids[child as usize].is_valid_on(context.today) {
        return None;
    }
    let [w, s, e, n] = grid.bbox(child);
    grid.outline(parent).each_edge(|[lon, lat], _| {
        let at = LonLat::new(lon, lat);
        if lon >= w && lon <= e && lat >= s && lat <= n && grid.covers(child, at) {
            let deep = grid.outline(child).distance_m(at, f64::INFINITY).map(|(m, _)| (m, at));
            deepen(&mut most, deep.filter(|(m, _)| *m > limit_m));
        }
    });
    most
}

#[cfg(test)]
mod tests {
    use crate::check::scene::{Scene, grid};
    use crate::domain::GridLevel;

    #[test]
    fn by_more_than_a_metre() {
        for (east, found) in [(119.91, false), (119.910_005, false), (119.9102, true)] {
            let mut scene = Scene::default();
            scene.records.grids = vec![
                grid("V", GridLevel::Village, None, [119.90, 28.40, 119.91, 28.41]),
                grid("V1", GridLevel::Grid, Some("V"), [119.90, 28.40, east, 28.41]),
            ]
            .into();
            let flag = scene.flag("V1", "grid_outside_parent");
            assert_eq!(flag.is_some(), found, "{east}");
            assert!(flag.is_none_or(|f| f.message.en.contains("19.60 m out")));
        }
    }

    #[test]
    fn a_notch_of_the_parent_counts() {
        let mut scene = Scene::default();
        let mut village = grid("V", GridLevel::Village, None, [119.90, 28.40, 119.91, 28.41]);
        let ring = vec![
            (119.90, 28.40), (119.904, 28.40), (119.905, 28.405), (119.906, 28.40), (119.91, 28.40), (119.91, 28.41), (119.90, 28.41),
        ];
        village.polygon = geo::MultiPolygon(vec![geo::Polygon::new(ring.into(), vec![])]).into();
        scene.records.grids =
            vec![village, grid("V1", GridLevel::Grid, Some("V"), [119.90, 28.40, 119.91, 28.41])].into();
        assert!(scene.flag("V1", "grid_outside_parent").is_some());
    }
}
