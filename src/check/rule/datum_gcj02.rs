//! GCJ-02 stored as WGS84 or CGCS2000.

use super::{Check, Reach, Rule};
use crate::check::{Context, Finding, tell};
use crate::domain::Severity;

/// See the catalogue.
pub const RULE: Rule = Rule {
    code: "datum_gcj02",
    severity: Severity::Error,
    probability: true,
    title: ("GCJ-02 未纠偏", "GCJ-02 stored as WGS84"),
    what: (
        "点位是 GCJ-02（火星坐标），却按 WGS84 或 CGCS2000 存储。逐点精确还原后与房屋、邻号和网格相符；同批次互相印证。",
        "The pin is in GCJ-02 but stored as WGS84 or CGCS2000. Undone exactly, point by point, it fits building, number and grid; its batch bears it out.",
    ),
    why: (
        "偏移约 550 m，点位落到别的街区和网格。",
        "It stands about 550 m off, in another block and grid.",
    ),
    example: (
        "批次 P00165 的 85 个点中 83 个还原后与房屋相符。",
        "In batch P00165, 83 of 85 pins fit their buildings once it is undone.",
    ),
    mend: (
        "整批采纳建议；检查采集软件的坐标设置。",
        "Accept it for the whole batch, and look at the coordinate setting of the app.",
    ),
    source: "Public GCJ-02 formula as in eviltransform; OpenStreetMap wiki on restrictions in China",
    thresholds: &["least_probability"],
    reach: Reach::City,
    checks: &[Check::Address(address)],
};

fn address(context: &Context, i: usize) -> Option<Finding> {
    tell::finding(context, i, RULE.code)
}
