//! Hazard past its date.

use super::{Check, Reach, Rule};
use crate::check::{Context, Finding};
use crate::domain::{HazardState, Severity};

/// See the catalogue.
pub const RULE: Rule = Rule {
    code: "hazard_overdue",
    severity: Severity::Warning,
    probability: false,
    title: (
        "隐患逾期未整改",
        "Hazard past its date",
    ),
    what: (
        "隐患已过整改期限，仍未整改。",
        "The hazard is past its date and not mended.",
    ),
    why: (
        "逾期的隐患是最可能出事的隐患。",
        "The hazard that is overdue is the one that happens.",
    ),
    example: (
        "期限 11 月 1 日，到 21 日仍为已交办。",
        "Due on 1 November, still assigned on the 21st.",
    ),
    mend: (
        "督办责任部门，或写明延期理由。",
        "Press the department in charge, or extend it with a reason.",
    ),
    source: "Closed loop of hazards: found, assigned, mended, closed",
    thresholds: &[],
    reach: Reach::Own,
    checks: &[Check::Hazard(hazard)],
};

fn hazard(context: &Context, i: usize) -> Option<Finding> {
    let hazard = context.records.hazards.at(i).row();
    let due_on = hazard.due_on?;
    let days = (context.today - due_on).num_days();
    (matches!(hazard.state, HazardState::Open | HazardState::Assigned) && days > 0).then(|| {
        Finding::new(
            format!("整改期限 {due_on} 已过 {days} 天（{}）。", hazard.item.zh()),
            format!("Due on {due_on}, {days} days ago ({}).", hazard.item.as_str().replace('_', " ")),
        )
    })
}

#[cfg(test)]
mod tests {
    use crate::check::scene::{Scene, hazard};
    use crate::domain::HazardState;
    use chrono::Days;

    #[test]
    fn past_its_date_and_not_mended() {
        for (days, state, found) in [
            (0, HazardState::Open, false),
            (1, HazardState::Open, true),
            (1, HazardState::Assigned, true),
            (1, HazardState::Mended, false),
            (1, HazardState::Closed, false),
        ] {
            let mut scene = Scene::default();
            let mut record = hazard("H1", "A1");
            record.due_on = Some(scene.today - Days::new(days));
            record.state = state;
            scene.records.hazards.push(record);
            assert_eq!(scene.codes("H1").contains(&"hazard_overdue"), found, "{days} {state:?}");
        }
    }
}
