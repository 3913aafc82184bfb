//! Uncovered ground between grids.

use super::{Check, Reach, Rule};
use crate::check::coverage::Piece;
use crate::check::standing::{grid_names, grids_subject};
use crate::check::{Context, Finding};
use crate::domain::{Severity, Subject};

/// See the catalogue.
pub const RULE: Rule = Rule {
    code: "grid_gap",
    severity: Severity::Warning,
    probability: false,
    title: (
        "网格之间有空隙",
        "Uncovered ground between grids",
    ),
    what: (
        "同级网格之间有不属于任何网格的地面，超过阈值。一端开口的窄条在规定宽度以内也算。",
        "Ground between grids of one level that belongs to none, beyond the thresholds. A strip that is open at an end counts up to the width that is set.",
    ),
    why: (
        "空隙里的地址无人负责。",
        "Nobody looks after an address in the gap.",
    ),
    example: (
        "两个网格之间有 3.00 m 宽的空隙。",
        "A gap 3.00 m wide between two grids.",
    ),
    mend: (
        "把空隙划给相邻的网格；确为湖泊河道的可忽略。",
        "Give the ground to a neighbour; dismiss it for a lake or a river.",
    ),
    source: "Coverage checks with a snap of 5 cm; JTS coverage validation",
    thresholds: &["grid_snap_m", "grid_gap_area_m2", "grid_gap_width_m", "grid_gap_open_width_m"],
    reach: Reach::City,
    checks: &[Check::Grids(grids)],
};

fn grids(context: &Context) -> Vec<(Subject, Finding)> {
    let tell = |piece: &Piece| {
        let (zh, en) = grid_names(context, &piece.grids);
        let Piece { count, area_m2, width_m, at, .. } = piece;
        let finding = Finding::new(
            format!("网格 {zh} 之间有空隙 {count} 处，共 {area_m2:.2} m²，最大一处宽约 {width_m:.2} m。"),
            format!("Between grids {en} there are {count} gaps, {area_m2:.2} m2 in all, the largest about {width_m:.2} m wide."),
        )
        .at(*at);
        (grids_subject(context, &piece.grids), finding)
    };
    context.coverage().gaps().map(tell).collect()
}
