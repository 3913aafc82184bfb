//! Demolished, yet in use.

use super::{Check, Reach, Rule};
use crate::check::{Context, Finding};
use crate::domain::{AddressStatus, HazardState, RentalStatus, Severity};

/// See the catalogue.
pub const RULE: Rule = Rule {
    code: "demolished_in_use",
    severity: Severity::Error,
    probability: false,
    title: (
        "已拆除但仍在使用",
        "Demolished, yet in use",
    ),
    what: (
        "地址标为已拆除，但仍有在用的房间、在租的出租房或未关闭的隐患。",
        "The address is marked demolished, yet it has rooms in use, an active rental, or a hazard that is not closed.",
    ),
    why: (
        "要么没有拆，要么登记没有跟上；里面的人会被漏掉。",
        "Either it stands, or the records did not follow; the people in it are missed.",
    ),
    example: (
        "人民路 12 号已拆除，其 301 室仍在租。",
        "人民路12号 is demolished, its room 301 is let.",
    ),
    mend: (
        "到现场核实：恢复地址，或结束其房间、出租和隐患。",
        "Go and see: revive the address, or end its rooms, rental and hazards.",
    ),
    source: "Regulation of standardized addresses: an address ends with all below it",
    thresholds: &[],
    reach: Reach::City,
    checks: &[Check::Ended(address)],
};

fn address(context: &Context, i: usize) -> Option<Finding> {
    if context.address(i).status() != AddressStatus::Demolished {
        return None;
    }
    let rentals = context.rentals_of(i).filter(|r| r.status == RentalStatus::Active).count();
    let hazards = context.hazards_of(i).filter(|h| h.state != HazardState::Closed).count();
    let rooms = context.rooms_of(i);
    (rentals + hazards + rooms > 0).then(|| {
        Finding::new(
            format!("已标为拆除，但仍有在用房间 {rooms} 个、在租出租房 {rentals} 处、未关闭隐患 {hazards} 条。"),
            format!("Marked demolished, yet with {rooms} rooms in use, {rentals} active rentals and {hazards} open hazards."),
        )
    })
}

#[cfg(test)]
mod tests {
    use crate::check::scene::{Scene, hazard, rental};
    use crate::domain::{AddressStatus, HazardState, RentalStatus};

    fn demolished() -> Scene {
        let mut scene = Scene::default();
        let address = scene.address("A1", 119.905, 28.405);
        address.status = AddressStatus::Demolished;
        address.full_text = "人民路12号".into();
        address.ended_on = Some(chrono::NaiveDate::default());
        scene
    }

    #[test]
    fn what_lives_on_is_counted() {
        assert!(demolished().flags().is_empty());
        let mut scene = demolished();
        scene.records.rentals.push(rental("R1", "A1"));
        assert!(scene.flag("A1", "demolished_in_use").expect("a flag").message.en.contains("1 active rentals"));
        let mut scene = demolished();
        scene.records.hazards.push(hazard("H1", "A1"));
        assert!(scene.flag("A1", "demolished_in_use").is_some());
        let mut scene = demolished();
        scene.address("A2", 119.905, 28.405).full_text = "人民路12号301室".into();
        assert!(scene.flag("A1", "demolished_in_use").expect("a flag").message.en.contains("1 rooms"));
    }

    #[test]
    fn what_has_ended_is_not() {
        let mut scene = demolished();
        let mut ended = rental("R1", "A1");
        ended.status = RentalStatus::Ended;
        scene.records.rentals.push(ended);
        let mut closed = hazard("H1", "A1");
        closed.state = HazardState::Closed;
        scene.records.hazards.push(closed);
        scene.address("A2", 119.905, 28.405).full_text = "人民路14号301室".into();
        assert!(scene.flag("A1", "demolished_in_use").is_none());
    }
}
