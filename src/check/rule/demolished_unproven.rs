//! Demolished without a date.

use super::{Check, Reach, Rule};
use crate::check::{Context, Finding};
use crate::domain::{AddressStatus, Severity};

/// See the catalogue.
pub const RULE: Rule = Rule {
    code: "demolished_unproven",
    severity: Severity::Warning,
    probability: false,
    title: (
        "拆除无日期",
        "Demolished without a date",
    ),
    what: (
        "地址标为已拆除，但没有拆除日期。",
        "The address is marked demolished without the day on which it ended.",
    ),
    why: (
        "没有日期就无法核对，也无法按日还原历史。",
        "Without the day nothing can be compared or seen as of a date.",
    ),
    example: (
        "状态为已拆除，结束日期为空。",
        "State demolished, end date empty.",
    ),
    mend: (
        "补上拆除日期和依据；误标的恢复使用。",
        "Add the day and the proof; revive it if it was marked by mistake.",
    ),
    source: "Regulation of standardized addresses: cancellation with date and proof",
    thresholds: &[],
    reach: Reach::Own,
    checks: &[Check::Ended(address)],
};

fn address(context: &Context, i: usize) -> Option<Finding> {
    let address = context.address(i);
    (address.status == AddressStatus::Demolished && address.ended_on.is_none())
        .then(|| Finding::new("已标为拆除，但没有拆除日期。", "Marked demolished without the day on which it ended."))
}

#[cfg(test)]
mod tests {
    use crate::check::scene::Scene;
    use crate::domain::AddressStatus;

    #[test]
    fn a_day_is_proof_enough() {
        for (status, dated, found) in [
            (AddressStatus::Demolished, false, true),
            (AddressStatus::Demolished, true, false),
            (AddressStatus::Merged, false, false),
            (AddressStatus::Active, false, false),
        ] {
            let mut scene = Scene::default();
            let address = scene.address("A1", 119.905, 28.405);
            address.status = status;
            address.ended_on = dated.then(chrono::NaiveDate::default);
            assert_eq!(scene.codes("A1").contains(&"demolished_unproven"), found, "{status:?} {dated}");
        }
    }
}
