//! Many one-directional crossings: the border moved.

use super::{Check, Reach, Rule};
use crate::check::standing::grid_name;
use crate::check::{Context, Finding};
use crate::domain::Severity;

/// See the catalogue.
pub const RULE: Rule = Rule {
    code: "grid_border_moved",
    severity: Severity::Info,
    probability: true,
    title: ("网格边界变动", "Border moved"),
    what: (
        "许多地址都从同一个登记网格越到同一个相邻网格，反方向几乎没有：是边界变了，不是许多人都错了。给出受影响的条数。",
        "Many addresses cross from one declared grid into one neighbour, and hardly any the other way: the border moved, \
         and not many were wrong at once. The flag counts them.",
    ),
    why: (
        "逐条改地址是徒劳的；应先确认边界，再整批改登记网格。",
        "Mending addresses one by one is in vain: settle the border first, then change the declared grids together.",
    ),
    example: (
        "登记网格 G1 的 14 个地址落在 G2，反方向 0 个。",
        "14 addresses that declare G1 lie in G2, none the other way.",
    ),
    mend: (
        "核对网格边界的变更；若边界正确，整批改正登记网格。",
        "Look at the change of the border; where it is right, change the declared grids together.",
    ),
    source: "Benchmark of this project: moved borders",
    thresholds: &["least_probability"],
    reach: Reach::City,
    checks: &[Check::Address(address)],
};

fn address(context: &Context, i: usize) -> Option<Finding> {
    let judged = context.judged(i)?;
    let moved = context.detection().stage().borders.crossed(i)?;
    if judged.grid < context.thresholds.least_probability.max(0.2) {
        return None;
    }
    let ((from_zh, from_en), (into_zh, into_en)) = (grid_name(context, moved.from), grid_name(context, moved.into));
    let (there, back) = (moved.there, moved.back);
    Some(
        Finding::new(
            format!("登记网格 {from_zh} 的 {there} 个地址落在 {into_zh}，反方向 {back} 个：边界可能已变动。"),
            format!("{there} addresses that declare {from_en} lie in {into_en}, {back} the other way: the border has probably moved."),
        )
        .probability(judged.grid, false)
        .suggest_value("grid_code", context.grid.code(moved.into).to_string()),
    )
}
