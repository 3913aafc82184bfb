//! Rental without a valid address.

use super::{Check, Reach, Rule};
use crate::check::{Context, Finding};
use crate::domain::{RentalStatus, Severity};

/// See the catalogue.
pub const RULE: Rule = Rule {
    code: "rental_unaddressed",
    severity: Severity::Error,
    probability: false,
    title: (
        "出租房无有效地址",
        "Rental without a valid address",
    ),
    what: (
        "在租的出租房没有地址，或其地址不存在或已结束。",
        "An active rental has no address, or its address is unknown or has ended.",
    ),
    why: (
        "无法派单检查，也无法在地图上看到。",
        "It cannot be inspected, and no map shows it.",
    ),
    example: (
        "出租房 R0012 的地址 A000345 已拆除。",
        "Rental R0012 is at address A000345, which was demolished.",
    ),
    mend: (
        "补上正确的地址，或结束出租。",
        "Give it its right address, or end the rental.",
    ),
    source: "GA/T 1245; provincial rules on rented homes",
    thresholds: &[],
    reach: Reach::City,
    checks: &[Check::Rental(rental)],
};

fn rental(context: &Context, i: usize) -> Option<Finding> {
    let rental = context.records.rentals.at(i).row();
    if rental.status != RentalStatus::Active {
        return None;
    }
    let Some(id) = rental.address else {
        return Some(Finding::new("出租房没有登记地址。", "The rental has no address."));
    };
    match context.address_by_id(id) {
        Some(a) if context.is_active(a) => None,
        Some(_) => Some(Finding::new(
            format!("出租房的地址 {id} 已拆除或合并。"),
            format!("The rental's address {id} has ended."),
        )),
        None => Some(Finding::new(
            format!("出租房的地址 {id} 不存在。"),
            format!("The rental's address {id} is unknown."),
        )),
    }
}

#[cfg(test)]
mod tests {
    use crate::check::scene::{Scene, rental};
    use crate::domain::{AddressStatus, RentalStatus};

    #[test]
    fn the_address_has_to_be_in_use() {
        for (address, rented, found) in [
            (Some("A1"), RentalStatus::Active, false),
            (Some("A2"), RentalStatus::Active, true),
            (Some("A9"), RentalStatus::Active, true),
            (None, RentalStatus::Active, true),
            (None, RentalStatus::Ended, false),
        ] {
            let mut scene = Scene::default();
            scene.address("A1", 119.905, 28.405);
            scene.address("A2", 119.905, 28.405).status = AddressStatus::Demolished;
            let mut record = rental("R1", "A1");
            record.address = address.map(Into::into);
            record.status = rented;
            scene.records.rentals.push(record);
            assert_eq!(scene.codes("R1").contains(&"rental_unaddressed"), found, "{address:?} {rented:?}");
        }
    }
}
