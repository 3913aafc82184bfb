//! Building without any address.

use super::{Check, Reach, Rule};
use crate::check::{Context, Finding};
use crate::domain::{Footprint, Frame, Severity};
use geo::Area;

/// See the catalogue.
pub const RULE: Rule = Rule {
    code: "building_unaddressed",
    severity: Severity::Warning,
    probability: false,
    title: (
        "房屋无地址",
        "Building without any address",
    ),
    what: (
        "房屋没有任何在用地址：没有地址属于它、与它同址，也没有点位在它十米之内。地址与房屋完全没有关联的数据不判断；不足 20 平方米的附属用房不算。",
        "No address in use is tied to the building or carries its address, and no pin stands within ten metres. Not asked where no address of the city is linked to any building, nor of sheds under 20 square metres.",
    ),
    why: (
        "漏采的房屋里住着没有登记的人。",
        "Whoever lives in a building that was missed is not on any list.",
    ),
    example: (
        "房屋 B000123，三层，无地址。",
        "Building B000123, three floors, no address.",
    ),
    mend: (
        "到现场补采地址；不住人的附属用房可忽略。",
        "Go there and add its address; dismiss it for outbuildings.",
    ),
    source: "Comparison of the address register with the building survey",
    thresholds: &[],
    reach: Reach::City,
    checks: &[Check::Building(building)],
};

/// Smaller footprints are sheds, square metres.
const SHED_M2: f64 = 20.0;

fn building(context: &Context, b: usize) -> Option<Finding> {
    let facts = context.facts();
    if !facts.are_linked() || facts.has_pin_near(b) || context.is_addressed(b) {
        return None;
    }
    if let Footprint::Area(area) = &context.records.buildings.at(b).footprint().unpack() {
        let frame = Frame::at(context.building_place(b));
        if area.unsigned_area() * frame.m_per_lon * frame.m_per_lat < SHED_M2 {
            return None;
        }
    }
    Some(Finding::new(
        "房屋没有任何在用地址，附近也没有点位。",
        "No address in use belongs to this building, and no pin stands at it.",
    ))
}

#[cfg(test)]
mod tests {
    use crate::check::scene::Scene;

    #[test]
    fn neither_tied_nor_near() {
        for (lon, text, found) in [(119.906, "", true), (119.9050001, "", false), (119.906, "人民路14号", false)] {
            let mut scene = Scene::default();
            scene.building("B1", 119.905, 28.405).full_text = "人民路14号".into();
            scene.building("B2", 119.908, 28.405);
            scene.address("A1", lon, 28.405).full_text = text.into();
            scene.address("A2", 119.908, 28.405).building = Some("B2".into());
            assert_eq!(scene.codes("B1").contains(&"building_unaddressed"), found, "{lon} {text}");
        }
    }

    #[test]
    fn not_asked_where_nothing_is_linked() {
        let mut scene = Scene::default();
        scene.building("B1", 119.905, 28.405);
        scene.address("A1", 119.908, 28.405);
        assert!(scene.codes("B1").is_empty());
    }
}
