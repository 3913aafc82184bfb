//! Converted backwards or twice.

use super::{Check, Reach, Rule};
use crate::check::{Context, Finding, tell};
use crate::domain::Severity;

/// See the catalogue.
pub const RULE: Rule = Rule {
    code: "datum_reversed",
    severity: Severity::Error,
    probability: true,
    title: ("坐标重复或反向转换", "Converted backwards or twice"),
    what: (
        "本是 WGS84 或 CGCS2000 的坐标被当作 GCJ-02 纠偏了一次，或被加偏两次。",
        "Coordinates that were WGS84 or CGCS2000 were converted from GCJ-02, or converted to it twice.",
    ),
    why: (
        "偏移约 550 m 或 1.1 km，方向与未纠偏相反或相同，肉眼难辨。",
        "It stands 550 m or 1.1 km off, and looks like any other shift.",
    ),
    example: (
        "坐标被多纠偏一次；还原后距房屋 4 m。",
        "Converted once too often; undone, the pin is 4 m from its building.",
    ),
    mend: (
        "整批采纳建议；检查导入流程是否重复转换。",
        "Accept it for the whole batch, and look for a conversion that is done twice in the import.",
    ),
    source: "Public GCJ-02 formula as in eviltransform; OpenAddresses issue tracker",
    thresholds: &["least_probability"],
    reach: Reach::City,
    checks: &[Check::Address(address)],
};

fn address(context: &Context, i: usize) -> Option<Finding> {
    tell::finding(context, i, RULE.code)
}
