//! Far from where building, number and neighbours put it.

use super::{Check, Reach, Rule};
use crate::check::{Context, Finding, tell};
use crate::domain::Severity;

/// See the catalogue.
pub const RULE: Rule = Rule {
    code: "pin_displaced",
    severity: Severity::Warning,
    probability: true,
    title: ("点位偏离", "Displaced"),
    what: (
        "点位离房屋、邻号和周边记录所指的位置太远，且没有更具体的原因。",
        "The pin is too far from where building, number and neighbours put it, and no cause explains it better.",
    ),
    why: (
        "可能是定位漂移或随手点的。",
        "A poor fix, or a pin that was put down anywhere.",
    ),
    example: (
        "“人民路”12 号按邻号推算应在 120 m 外。",
        "Its neighbours on the road put number 12 120 m away.",
    ),
    mend: (
        "采纳建议或现场重采。",
        "Accept the suggestion or take it again on the spot.",
    ),
    source: "Cayo and Talbot 2003; Merry and Bettinger 2019",
    thresholds: &["least_probability"],
    reach: Reach::City,
    checks: &[Check::Address(address)],
};

fn address(context: &Context, i: usize) -> Option<Finding> {
    tell::finding(context, i, RULE.code)
}
