//! A shared border with different vertices.

use super::{Check, Reach, Rule};
use crate::check::coverage::Seam;
use crate::check::standing::{grid_names, grids_subject};
use crate::check::{Context, Finding};
use crate::domain::{Severity, Subject};

/// See the catalogue.
pub const RULE: Rule = Rule {
    code: "grid_edge_unmatched",
    severity: Severity::Warning,
    probability: false,
    title: (
        "共用边界的顶点不一致",
        "A shared border with different vertices",
    ),
    what: (
        "相邻两个网格的共用边界上，一侧有另一侧没有的顶点（超过捕捉距离），但还没有形成够宽的重叠或空隙。",
        "On a border that two grids share, one has vertices that the other has not (beyond the snap), and no overlap or gap is wide enough to be told.",
    ),
    why: (
        "投影、简化或编辑之后会裂成碎缝。",
        "After a projection, a simplification or an edit it breaks into slivers.",
    ),
    example: (
        "甲的边界上有 3 个乙没有的顶点，最远偏离 0.40 m。",
        "Three vertices of one border that the other has not, up to 0.40 m off.",
    ),
    mend: (
        "给两侧补上相同的顶点。",
        "Give both the same vertices.",
    ),
    source: "Coverage checks with a snap of 5 cm; JTS coverage validation",
    thresholds: &["grid_snap_m", "grid_gap_width_m"],
    reach: Reach::City,
    checks: &[Check::Grids(grids)],
};

fn grids(context: &Context) -> Vec<(Subject, Finding)> {
    let tell = |seam: &Seam| {
        let (zh, en) = grid_names(context, &seam.grids);
        let Seam { count, most_m, at, .. } = seam;
        let finding = Finding::new(
            format!("网格 {zh} 的共用边界上有 {count} 个顶点不一致，最远偏离 {most_m:.2} m。"),
            format!("On the shared border of grids {en}, {count} vertices do not match, up to {most_m:.2} m off."),
        )
        .at(*at);
        (grids_subject(context, &seam.grids), finding)
    };
    context.coverage().seams().map(tell).collect()
}
