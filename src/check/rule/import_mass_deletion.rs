//! An import would remove a lot.

use super::{Check, Reach, Rule};
use crate::check::Thresholds;
use crate::domain::Severity;
use crate::error::Text;

/// See the catalogue.
pub const RULE: Rule = Rule {
    code: "import_mass_deletion",
    severity: Severity::Warning,
    probability: false,
    title: (
        "导入将大量删除",
        "An import would remove a lot",
    ),
    what: (
        "一次导入会结束现有记录的 20% 以上（警告）或 80% 以上（错误：未明确要求时拒绝）。",
        "An import would end more than 20 % of the records (a warning) or more than 80 % (an error: refused unless it is asked for).",
    ),
    why: (
        "多半是文件不完整或选错了文件。",
        "Mostly the file is cut short, or it is the wrong file.",
    ),
    example: (
        "现有 15000 条，文件里只有 900 条。",
        "15,000 records, and 900 of them in the file.",
    ),
    mend: (
        "核对文件；确实如此时加 --allow-mass-deletion 再导入。",
        "Check the file; if it is right, give --allow-mass-deletion.",
    ),
    source: "BAN, deletion thresholds of the French address base",
    thresholds: &["import_deletion_warning_share", "import_deletion_error_share"],
    reach: Reach::City,
    checks: &[Check::Import],
};

/// What to say of an import that would remove `removed` of `present` records of one kind; none when that is few.
pub fn judge(present: usize, removed: usize, thresholds: &Thresholds) -> Option<(Severity, Text)> {
    let share = removed as f64 / present.max(1) as f64;
    let severity = match share {
        s if s > thresholds.import_deletion_error_share => Severity::Error,
        s if s > thresholds.import_deletion_warning_share => Severity::Warning,
        _ => return None,
    };
    let percent = share * 100.0;
    let text = Text::new(
        format!("导入将结束现有 {present} 条记录中的 {removed} 条（{percent:.1}%）。"),
        format!("The import would end {removed} of {present} records ({percent:.1} %)."),
    );
    Some((severity, text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn by_share() {
        for (present, removed, severity) in [
            (100, 20, None),
            (100, 21, Some(Severity::Warning)),
            (100, 80, Some(Severity::Warning)),
            (100, 81, Some(Severity::Error)),
            (0, 0, None),
        ] {
            assert_eq!(judge(present, removed, &Thresholds::default()).map(|f| f.0), severity, "{removed} of {present}");
        }
    }
}
