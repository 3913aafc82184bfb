//! Let in a basement or non-residential space.

use super::{Check, Reach, Rule};
use crate::check::{Context, Finding};
use crate::domain::{RentalSpace, RentalStatus, Severity};

/// See the catalogue.
pub const RULE: Rule = Rule {
    code: "rental_underground",
    severity: Severity::Error,
    probability: false,
    title: (
        "出租地下室或非居住用房",
        "Let in a basement or non-residential space",
    ),
    what: (
        "在租的是地下室、半地下室或非居住用房。",
        "What is let is a basement, a half basement, or space that is not for living.",
    ),
    why: (
        "没有第二出口和通风，起火时逃不出来。",
        "Without a second way out and air, nobody gets out of a fire.",
    ),
    example: (
        "汽车库内隔出的出租房。",
        "A room let in a garage.",
    ),
    mend: (
        "责令停止居住；登记有误的改正用途。",
        "End its use for living; correct the kind of space if it is wrong.",
    ),
    source: "Measures for the administration of commodity housing leases, article 8",
    thresholds: &[],
    reach: Reach::Own,
    checks: &[Check::Rental(rental)],
};

fn rental(context: &Context, i: usize) -> Option<Finding> {
    let rental = context.records.rentals.at(i).row();
    let (zh, en) = match rental.space {
        RentalSpace::Residential => return None,
        RentalSpace::Basement => ("地下室", "a basement"),
        RentalSpace::HalfBasement => ("半地下室", "a half basement"),
        RentalSpace::NonResidential => ("非居住用房", "non-residential space"),
    };
    (rental.status == RentalStatus::Active)
        .then(|| Finding::new(format!("{zh}用于出租居住。"), format!("Let for living in {en}.")))
}

#[cfg(test)]
mod tests {
    use crate::check::scene::{Scene, rental};
    use crate::domain::RentalSpace;

    #[test]
    fn only_homes_above_ground_may_be_let() {
        for (space, found) in [
            (RentalSpace::Residential, false),
            (RentalSpace::Basement, true),
            (RentalSpace::HalfBasement, true),
            (RentalSpace::NonResidential, true),
        ] {
            let mut scene = Scene::default();
            let mut record = rental("R1", "A1");
            record.space = space;
            scene.records.rentals.push(record);
            assert_eq!(scene.codes("R1").contains(&"rental_underground"), found, "{space:?}");
        }
    }
}
