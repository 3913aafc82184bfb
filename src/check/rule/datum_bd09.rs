//! BD-09 stored as WGS84 or CGCS2000.

use super::{Check, Reach, Rule};
use crate::check::{Context, Finding, tell};
use crate::domain::Severity;

/// See the catalogue.
pub const RULE: Rule = Rule {
    code: "datum_bd09",
    severity: Severity::Error,
    probability: true,
    title: ("BD-09 未纠偏", "BD-09 stored as WGS84"),
    what: (
        "点位是 BD-09（百度坐标），却按 WGS84 或 CGCS2000 存储。",
        "The pin is in BD-09 but stored as WGS84 or CGCS2000.",
    ),
    why: (
        "偏移约 1.1 km。",
        "It stands about 1.1 km off.",
    ),
    example: (
        "还原后距同一地址的房屋 5 m，原距 1,103 m。",
        "Undone, it is 5 m from its building; 1,103 m before.",
    ),
    mend: (
        "整批采纳建议；检查采集软件的坐标设置。",
        "Accept it for the whole batch, and look at the coordinate setting of the app.",
    ),
    source: "Public BD-09 formula as in coordtransform",
    thresholds: &["least_probability"],
    reach: Reach::City,
    checks: &[Check::Address(address)],
};

fn address(context: &Context, i: usize) -> Option<Finding> {
    tell::finding(context, i, RULE.code)
}
