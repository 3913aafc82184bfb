//! A whole batch moved by one vector.

use super::{Check, Reach, Rule};
use crate::check::{Context, Finding, tell};
use crate::domain::Severity;

/// See the catalogue.
pub const RULE: Rule = Rule {
    code: "batch_offset",
    severity: Severity::Warning,
    probability: true,
    title: ("整批平移", "Whole batch displaced"),
    what: (
        "一个批次（12 条以上）的点位都朝同一方向偏移同样的距离。只用批次以外的证据判断。",
        "All pins of a batch (12 records or more) stand off by one vector. Judged by evidence from outside the batch only.",
    ),
    why: (
        "一部手机偏移后采的整条街自身一致，逐点看不出来。",
        "A street that one shifted phone collected agrees with itself: pin by pin nothing shows.",
    ),
    example: (
        "整批点位被平移了 45 m（方位角 305°）。",
        "The whole batch stands 45 m off (bearing 305 degrees).",
    ),
    mend: (
        "在地图上预览箭头后整批采纳。",
        "Look at the arrows on the map, then accept it for the whole batch.",
    ),
    source: "Benchmark of this project: batch offsets; Zandbergen 2009",
    thresholds: &["least_probability"],
    reach: Reach::City,
    checks: &[Check::Address(address)],
};

fn address(context: &Context, i: usize) -> Option<Finding> {
    tell::finding(context, i, RULE.code)
}
