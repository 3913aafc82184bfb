//! Road likely wrong.

use super::{Check, Reach, Rule};
use crate::check::{Context, Finding, tell};
use crate::domain::Severity;

/// See the catalogue.
pub const RULE: Rule = Rule {
    code: "road_suspect",
    severity: Severity::Warning,
    probability: true,
    title: ("道路存疑", "Road suspect"),
    what: (
        "点位更符合附近另一条道路或小区的同一门牌号。",
        "The pin fits the same number on another road or compound near by.",
    ),
    why: (
        "位置是对的，道路名写错了。",
        "The place is right and the road is wrong.",
    ),
    example: (
        "登记“人民路12号”，点位更符合“光明巷12号”。",
        "Declared on one road; the pin fits the next one.",
    ),
    mend: (
        "核对后改正道路名，不要移动点位。",
        "Mend the road; leave the pin.",
    ),
    source: "OpenAddresses and Pelias issue trackers: wrong street",
    thresholds: &["least_probability"],
    reach: Reach::City,
    checks: &[Check::Address(address)],
};

fn address(context: &Context, i: usize) -> Option<Finding> {
    tell::finding(context, i, RULE.code)
}
