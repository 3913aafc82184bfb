//! Rental without registration.

use super::{Check, Reach, Rule};
use crate::check::{Context, Finding};
use crate::domain::{RentalStatus, Severity};

/// See the catalogue.
pub const RULE: Rule = Rule {
    code: "rental_unregistered",
    severity: Severity::Error,
    probability: false,
    title: (
        "出租房未登记",
        "Rental without registration",
    ),
    what: (
        "在租的出租房没有登记备案日期。",
        "An active rental has no day of registration.",
    ),
    why: (
        "未登记的出租房不在检查范围内。",
        "What is not registered is not inspected.",
    ),
    example: (
        "在租，登记日期为空。",
        "Let, with no day of registration.",
    ),
    mend: (
        "督促房东登记；已登记的补录日期。",
        "Have it registered; enter the day if it was.",
    ),
    source: "Measures for the administration of rented housing: registration within thirty days",
    thresholds: &[],
    reach: Reach::Own,
    checks: &[Check::Rental(rental)],
};

fn rental(context: &Context, i: usize) -> Option<Finding> {
    let rental = context.records.rentals.at(i).row();
    (rental.status == RentalStatus::Active && rental.registered_on.is_none())
        .then(|| Finding::new("出租房在租但未登记备案。", "The rental is let and not registered."))
}

#[cfg(test)]
mod tests {
    use crate::check::scene::{Scene, rental};
    use crate::domain::RentalStatus;

    #[test]
    fn active_and_without_a_day() {
        for (registered, status, found) in [
            (true, RentalStatus::Active, false),
            (false, RentalStatus::Active, true),
            (false, RentalStatus::Ended, false),
        ] {
            let mut scene = Scene::default();
            let mut record = rental("R1", "A1");
            record.registered_on = registered.then(chrono::NaiveDate::default);
            record.status = status;
            scene.records.rentals.push(record);
            assert_eq!(scene.codes("R1").contains(&"rental_unregistered"), found);
        }
    }
}
