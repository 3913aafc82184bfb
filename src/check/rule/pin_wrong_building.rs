//! On another address's building.

use super::{Check, Reach, Rule};
use crate::check::{Context, Finding, tell};
use crate::domain::Severity;

/// See the catalogue.
pub const RULE: Rule = Rule {
    code: "pin_wrong_building",
    severity: Severity::Error,
    probability: true,
    title: ("点在别家房屋", "On the wrong building"),
    what: (
        "点位在另一地址的房屋上，而本地址的房屋在别处。30 m 以内手机误差与点错房屋无法区分，概率会如实偏低。",
        "The pin is on the building of another address, and its own stands elsewhere. Under about 30 m one fix cannot tell a wrong building from noise: the probability then says so.",
    ),
    why: (
        "检查和救援会敲错门。",
        "Inspection and rescue knock at the wrong door.",
    ),
    example: (
        "点位距 14 幢 5 m，本地址的 17 幢在 62 m 外。",
        "The pin is 5 m from building 14; its own, 17, is 62 m away.",
    ),
    mend: (
        "采纳建议，移到本地址的房屋。",
        "Accept the suggestion: it moves the pin to its own building.",
    ),
    source: "Zandbergen 2009; benchmark of this project",
    thresholds: &["least_probability"],
    reach: Reach::City,
    checks: &[Check::Address(address)],
};

fn address(context: &Context, i: usize) -> Option<Finding> {
    tell::finding(context, i, RULE.code)
}
