//! Closed by its finder.

use super::{Check, Reach, Rule};
use crate::check::{Context, Finding};
use crate::domain::{HazardState, Severity};

/// See the catalogue.
pub const RULE: Rule = Rule {
    code: "hazard_self_closed",
    severity: Severity::Error,
    probability: false,
    title: (
        "隐患由发现人自行关闭",
        "Closed by its finder",
    ),
    what: (
        "隐患由发现它的同一账号关闭。",
        "The hazard was closed by the account that found it.",
    ),
    why: (
        "采办分离：自己发现自己销号，无人核实。",
        "Finding and closing are kept apart: nobody else saw that it was mended.",
    ),
    example: (
        "C0012 发现，C0012 关闭。",
        "Found by C0012, closed by C0012.",
    ),
    mend: (
        "由其他人到现场复核，未整改的重新交办。",
        "Somebody else goes and looks; what was not mended is assigned again.",
    ),
    source: "Separation of duties (采办分离)",
    thresholds: &[],
    reach: Reach::Own,
    checks: &[Check::Hazard(hazard)],
};

fn hazard(context: &Context, i: usize) -> Option<Finding> {
    let hazard = context.records.hazards.at(i).row();
    let same = hazard.state == HazardState::Closed && hazard.closed_by == Some(hazard.found_by);
    same.then(|| {
        Finding::new(
            format!("发现与关闭为同一账号 {}。", hazard.found_by),
            format!("Found and closed by the same account {}.", hazard.found_by),
        )
    })
}

#[cfg(test)]
mod tests {
    use crate::check::scene::{Scene, hazard};
    use crate::domain::HazardState;

    #[test]
    fn another_account_has_to_close_it() {
        for (closed_by, state, found) in [
            (Some("C1"), HazardState::Closed, true),
            (Some("D1"), HazardState::Closed, false),
            (None, HazardState::Closed, false),
            (None, HazardState::Open, false),
        ] {
            let mut scene = Scene::default();
            let mut record = hazard("H1", "A1");
            record.closed_by = closed_by.map(Into::into);
            record.state = state;
            scene.records.hazards.push(record);
            assert_eq!(scene.codes("H1").contains(&"hazard_self_closed"), found, "{closed_by:?} {state:?}");
        }
    }
}
