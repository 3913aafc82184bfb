//! On the centroid of a grid, village or city.

use super::{Check, Reach, Rule};
use crate::check::{Context, Finding, tell};
use crate::domain::Severity;

/// See the catalogue.
pub const RULE: Rule = Rule {
    code: "pin_default",
    severity: Severity::Warning,
    probability: true,
    title: ("默认位置", "Default position"),
    what: (
        "点位正好在某个网格、村或城市的中心，或许多不同道路的地址落在同一点：像是软件填的默认值。",
        "The pin is on the very centre of a grid, village or the city, or addresses of many roads share one point: a default that software filled in.",
    ),
    why: (
        "这不是采集的位置，走访和消防都会找错地方。",
        "Nobody took it there; visits and fire engines go astray.",
    ),
    example: (
        "5 条道路的 31 个不同地址落在同一点上。",
        "31 addresses of 5 roads stand on one point.",
    ),
    mend: (
        "按建议移到同一地址的房屋，或现场重采。",
        "Move it to the building with the address as suggested, or take it again on the spot.",
    ),
    source: "Zandbergen 2009; OpenAddresses issue tracker: centroids as addresses",
    thresholds: &["least_probability"],
    reach: Reach::City,
    checks: &[Check::Address(address)],
};

fn address(context: &Context, i: usize) -> Option<Finding> {
    tell::finding(context, i, RULE.code)
}
