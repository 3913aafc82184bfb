//! Correction not verified in time.

use super::{Check, Reach, Rule};
use crate::check::{Context, Finding};
use crate::domain::{CorrectionState, Severity};

/// See the catalogue.
pub const RULE: Rule = Rule {
    code: "review_overdue",
    severity: Severity::Warning,
    probability: false,
    title: (
        "更正逾期未复核",
        "Correction not verified in time",
    ),
    what: (
        "更正在规定天数内没有人复核。",
        "A correction was not verified within the days that are set for it.",
    ),
    why: (
        "未经复核的更正已经生效，错的会一直错下去。",
        "A correction is in force before it is verified: a wrong one stays wrong.",
    ),
    example: (
        "11 月 10 日的更正，到 21 日仍未复核（限 7 天）。",
        "A correction of 10 November, unverified on the 21st (7 days are allowed).",
    ),
    mend: (
        "由采集人以外的复核人通过或驳回。",
        "Somebody other than the collector verifies or rejects it.",
    ),
    source: "Seven-day review of collected addresses, as the trade works",
    thresholds: &["review_overdue_days"],
    reach: Reach::Own,
    checks: &[Check::Correction(correction)],
};

fn correction(context: &Context, i: usize) -> Option<Finding> {
    let correction = &context.records.corrections[i];
    let days = (context.today - correction.made_at.date_naive()).num_days();
    let limit = context.thresholds.review_overdue_days;
    (correction.state == CorrectionState::Unverified && days > i64::from(limit)).then(|| {
        Finding::new(
            format!("地址 {} 的更正已 {days} 天未复核，超过 {limit} 天。", correction.address_id),
            format!("The correction of address {} has waited {days} days for review, more than {limit}.", correction.address_id),
        )
    })
}

#[cfg(test)]
mod tests {
    use crate::check::scene::{Scene, correction};
    use crate::domain::{Change, CorrectionState};
    use chrono::Days;

    #[test]
    fn after_seven_days_and_only_while_it_waits() {
        for (days, state, found) in [
            (7, CorrectionState::Unverified, false),
            (8, CorrectionState::Unverified, true),
            (8, CorrectionState::Verified, false),
            (8, CorrectionState::Rejected, false),
        ] {
            let mut scene = Scene::default();
            let mut made = correction("A1", Change::Confirm);
            made.made_at = (scene.today - Days::new(days)).and_hms_opt(0, 0, 0).expect("midnight").and_utc();
            made.state = state;
            let id = made.correction_id.to_string();
            scene.records.corrections.push(made);
            assert_eq!(scene.codes(&id).contains(&"review_overdue"), found, "{days} {state:?}");
        }
    }
}
