//! Two grids overlap.

use super::{Check, Reach, Rule};
use crate::check::coverage::Piece;
use crate::check::standing::{grid_names, grids_subject};
use crate::check::{Context, Finding};
use crate::domain::{Severity, Subject};

/// See the catalogue.
pub const RULE: Rule = Rule {
    code: "grid_overlap",
    severity: Severity::Error,
    probability: false,
    title: (
        "网格重叠",
        "Two grids overlap",
    ),
    what: (
        "同级的两个网格重叠，面积和宽度都超过阈值。",
        "Two grids of one level overlap by more than the area and the width of the thresholds.",
    ),
    why: (
        "重叠处的地址属于两个网格，责任不清。",
        "An address in the overlap belongs to both, and to nobody.",
    ),
    example: (
        "两个网格重叠 128.40 m²，最宽处约 2.10 m。",
        "Two grids overlap by 128.40 m2, about 2.10 m wide.",
    ),
    mend: (
        "在制图软件中让两侧共用同一条边界。",
        "Let both share one border in the mapping tool.",
    ),
    source: "Coverage checks with a snap of 5 cm; JTS coverage validation",
    thresholds: &["grid_snap_m", "grid_overlap_area_m2", "grid_overlap_width_m"],
    reach: Reach::City,
    checks: &[Check::Grids(grids)],
};

fn grids(context: &Context) -> Vec<(Subject, Finding)> {
    let tell = |piece: &Piece| {
        let (zh, en) = grid_names(context, &piece.grids);
        let Piece { count, area_m2, width_m, at, .. } = piece;
        let finding = Finding::new(
            format!("网格 {zh} 重叠 {count} 处，共 {area_m2:.2} m²，最大一处宽约 {width_m:.2} m。"),
            format!("Grids {en} overlap in {count} places, {area_m2:.2} m2 in all, the largest about {width_m:.2} m wide."),
        )
        .at(*at);
        (grids_subject(context, &piece.grids), finding)
    };
    context.coverage().overlaps().map(tell).collect()
}
