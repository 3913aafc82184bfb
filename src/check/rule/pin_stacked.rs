//! Different addresses on one point.

use super::{Check, Reach, Rule};
use crate::check::{Context, Finding, tell};
use crate::domain::Severity;

/// See the catalogue.
pub const RULE: Rule = Rule {
    code: "pin_stacked",
    severity: Severity::Error,
    probability: true,
    title: ("多址同点", "Several addresses on one point"),
    what: (
        "不同房屋的三个以上地址落在同一点（0.5 m 内）。",
        "Three or more addresses of different buildings stand on one point (within 0.5 m).",
    ),
    why: (
        "其中至多一个是对的。",
        "At most one of them is right.",
    ),
    example: (
        "同一条路的 8 个地址落在同一点上。",
        "8 addresses of one road stand on one point.",
    ),
    mend: (
        "按建议分别移到各自的房屋。",
        "Move each to its own building as suggested.",
    ),
    source: "Cayo and Talbot 2003; benchmark of this project",
    thresholds: &["least_probability"],
    reach: Reach::City,
    checks: &[Check::Address(address)],
};

fn address(context: &Context, i: usize) -> Option<Finding> {
    tell::finding(context, i, RULE.code)
}
