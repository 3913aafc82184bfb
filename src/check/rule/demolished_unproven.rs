//! Demolished without a day, or by somebody who shows nothing for it.

use super::{Check, Reach, Rule};
use crate::check::{Context, Finding};
use crate::domain::{AddressStatus, Change, Severity};

/// See the catalogue.
pub const RULE: Rule = Rule {
    code: "demolished_unproven",
    severity: Severity::Warning,
    probability: false,
    title: ("拆除无日期或无依据", "Demolished without a day or a proof"),
    what: (
        "地址标为已拆除，但没有拆除日期；或由人员标为已拆除，但没有照片或文号。",
        "The address is marked demolished without the day on which it ended, or somebody marked it so without a photo or the number of a document.",
    ),
    why: (
        "没有日期和依据就无法核对，也无法按日还原历史。",
        "Without the day and a proof nothing can be compared or seen as of a date.",
    ),
    example: ("网格员标为已拆除，没有附照片。", "A collector marked it demolished and took no photo."),
    mend: (
        "补上拆除日期和依据（照片或拆除许可的文号）；误标的恢复使用。",
        "Add the day and the proof (a photo, or the number of the permit); revive it if it was marked by mistake.",
    ),
    source: "Regulation of standardized addresses: cancellation with date and proof",
    thresholds: &[],
    reach: Reach::City,
    checks: &[Check::Ended(address)],
};

fn address(context: &Context, i: usize) -> Option<Finding> {
    let address = context.address(i);
    if address.status() != AddressStatus::Demolished {
        return None;
    }
    if address.ended_on().is_none() {
        return Some(Finding::new("已标为拆除，但没有拆除日期。", "Marked demolished without the day on which it ended."));
    }
    // What a register says it can prove by itself; a person shows a photo or a document.
    let correction = context.demolition(address.id())?;
    matches!(correction.change, Change::Demolish { proof: None, .. }).then(|| {
        let who = &correction.made_by;
        Finding::new(
            format!("{who} 标为拆除，没有照片或文号。"),
            format!("Marked demolished by {who} without a photo or the number of a document."),
        )
    })
}

#[cfg(test)]
mod tests {
    use crate::check::scene::{Scene, correction};
    use crate::domain::{AddressStatus, Change, CorrectionState, Proof};

    #[test]
    fn a_registers_day_is_proof_enough() {
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

    #[test]
    fn a_person_shows_a_photo_or_a_document() {
        let (photo, document) =
            (Proof::Photo { sha256: "0f".repeat(32) }, Proof::Document { number: "丽拆许字12号".into() });
        for (proofs, state, found) in [
            (vec![None], CorrectionState::Unverified, true),
            (vec![Some(photo)], CorrectionState::Unverified, false),
            (vec![None, Some(document)], CorrectionState::Verified, false),
            (vec![None], CorrectionState::Verified, true),
            (vec![None], CorrectionState::Rejected, false),
        ] {
            let mut scene = Scene::default();
            let address = scene.address("A1", 119.905, 28.405);
            (address.status, address.ended_on) = (AddressStatus::Demolished, Some(Default::default()));
            let made = proofs.iter().enumerate().map(|(i, proof)| {
                let mut made = correction("A1", Change::Demolish { on: Default::default(), proof: proof.clone() });
                (made.state, made.version) = (state, 2 + i as i64);
                made
            });
            scene.records.corrections = made.collect::<Vec<_>>().into();
            assert_eq!(scene.codes("A1").contains(&"demolished_unproven"), found, "{proofs:?} {state:?}");
        }
    }
}
