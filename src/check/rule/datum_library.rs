//! The east-west drift of a faulty conversion library.

use super::{Check, Reach, Rule};
use crate::check::{Context, Finding, tell};
use crate::domain::Severity;

/// See the catalogue.
pub const RULE: Rule = Rule {
    code: "datum_library",
    severity: Severity::Warning,
    probability: true,
    title: ("转换库漂移", "Drift of a faulty library"),
    what: (
        "整批坐标经过一个流传很广、公式有误的转换库，向东或向西漂移最多 57 m。单个点与手机误差无法区分，只按整批判断。",
        "A whole batch went through a widespread library with a mistake in its formula, and drifted east or west by up to 57 m. One pin alone cannot be told from a poor fix: only batches are judged.",
    ),
    why: (
        "漂移足以落到隔壁房屋。",
        "The drift is enough for the building next door.",
    ),
    example: (
        "同批次 80 个点中 72 个与此相符。",
        "72 of 80 in its batch agree.",
    ),
    mend: (
        "整批采纳建议；更换转换库。",
        "Accept it for the whole batch, and replace the library.",
    ),
    source: "Comparison of published GCJ-02 implementations: a latitude term in the longitude's formula",
    thresholds: &["least_probability"],
    reach: Reach::City,
    checks: &[Check::Address(address)],
};

fn address(context: &Context, i: usize) -> Option<Finding> {
    tell::finding(context, i, RULE.code)
}
