//! Many occupants and never inspected.

use super::{Check, Reach, Rule};
use crate::check::{Context, Finding};
use crate::domain::{RentalStatus, Severity};

/// See the catalogue.
pub const RULE: Rule = Rule {
    code: "rental_uninspected",
    severity: Severity::Error,
    probability: false,
    title: (
        "群租房从未检查",
        "Many occupants and never inspected",
    ),
    what: (
        "居住人数达到阈值的在租出租房从未检查过。",
        "An active rental with as many occupants as the threshold or more was never inspected.",
    ),
    why: (
        "住人多的出租房起火后果最重。",
        "A fire in a crowded rental is the worst.",
    ),
    example: (
        "居住 14 人，无检查记录。",
        "Fourteen occupants, no inspection.",
    ),
    mend: (
        "尽快上门检查八项内容。",
        "Inspect its eight items soon.",
    ),
    source: "Provincial fire rules on rented homes: ten occupants or more",
    thresholds: &["rental_many_occupants"],
    reach: Reach::City,
    checks: &[Check::Rental(rental)],
};

fn rental(context: &Context, i: usize) -> Option<Finding> {
    let rental = context.records.rentals.at(i).row();
    let limit = context.thresholds.rental_many_occupants;
    let occupants = rental.occupants.filter(|n| *n >= limit)?;
    (rental.status == RentalStatus::Active && !context.is_inspected(rental.id)).then(|| {
        Finding::new(
            format!("居住 {occupants} 人（达到 {limit} 人），从未检查。"),
            format!("{occupants} occupants ({limit} or more), and never inspected."),
        )
    })
}

#[cfg(test)]
mod tests {
    use crate::check::scene::{Scene, rental};
    use crate::domain::{Finding, Inspection};

    #[test]
    fn ten_or_more_and_no_inspection() {
        for (occupants, inspected, found) in
            [(Some(10), false, true), (Some(9), false, false), (Some(10), true, false), (None, false, false)]
        {
            let mut scene = Scene::default();
            let mut record = rental("R1", "A1");
            record.occupants = occupants;
            scene.records.rentals.push(record);
            if inspected {
                scene.records.inspections.push(Inspection {
                    id: "I1".into(),
                    rental: "R1".into(),
                    at: chrono::DateTime::default(),
                    findings: [Finding::Pass; 8],
                    inspector: "C1".into(),
                });
            }
            assert_eq!(scene.codes("R1").contains(&"rental_uninspected"), found, "{occupants:?} {inspected}");
        }
    }
}
