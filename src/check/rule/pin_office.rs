//! Collected at the collector's own hotspot.

use super::{Check, Reach, Rule};
use crate::check::{Context, Finding, tell};
use crate::domain::Severity;

/// See the catalogue.
pub const RULE: Rule = Rule {
    code: "pin_office",
    severity: Severity::Error,
    probability: true,
    title: ("驻地采集", "Collected at the desk"),
    what: (
        "点位与同一采集员（工作代码）其他无法解释的点位聚在一处，离各自地址都远。",
        "The pin stands together with other unexplained pins of the same collector (a work code), far from each address.",
    ),
    why: (
        "没有到场采集。",
        "Nobody went there.",
    ),
    example: (
        "同一采集员有 9 个点聚在村委会周围 10 m 内。",
        "Nine pins of one collector lie within 10 m of the village office.",
    ),
    mend: (
        "现场重采；可先采纳同一地址的房屋。",
        "Take it again on the spot; the building with the address may be accepted meanwhile.",
    ),
    source: "Benchmark of this project",
    thresholds: &["least_probability"],
    reach: Reach::City,
    checks: &[Check::Address(address)],
};

fn address(context: &Context, i: usize) -> Option<Finding> {
    tell::finding(context, i, RULE.code)
}
