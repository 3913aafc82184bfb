//! House number likely wrong.

use super::{Check, Reach, Rule};
use crate::check::{Context, Finding, tell};
use crate::domain::Severity;

/// See the catalogue.
pub const RULE: Rule = Rule {
    code: "number_suspect",
    severity: Severity::Warning,
    probability: true,
    title: ("门牌号存疑", "Number suspect"),
    what: (
        "点位更符合只差一笔的另一个门牌号（错一位、两位颠倒、多或少一位），并给出该号。",
        "The pin fits another number, one slip away (a wrong digit, two exchanged, one lost or too many), and the flag names it.",
    ),
    why: (
        "位置是对的，地址写错了；移动点位会把对的改错。",
        "The place is right and the address is wrong: moving the pin would spoil it.",
    ),
    example: (
        "登记 128 号，点位更符合 182 号。",
        "Declared 128; the pin fits 182.",
    ),
    mend: (
        "核对门牌后改正门牌号，不要移动点位。",
        "Look at the plate and mend the number; leave the pin.",
    ),
    source: "OpenAddresses and Pelias issue trackers: transposed numbers",
    thresholds: &["least_probability"],
    reach: Reach::City,
    checks: &[Check::Address(address)],
};

fn address(context: &Context, i: usize) -> Option<Finding> {
    tell::finding(context, i, RULE.code)
}
