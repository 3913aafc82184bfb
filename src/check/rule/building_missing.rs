//! Its building is gone.

use super::{Check, Reach, Rule};
use crate::check::{Context, Finding};
use crate::domain::Severity;

/// See the catalogue.
pub const RULE: Rule = Rule {
    code: "building_missing",
    severity: Severity::Warning,
    probability: false,
    title: (
        "所属房屋已不存在",
        "Its building is gone",
    ),
    what: (
        "在用地址所属的房屋在房屋普查中已不存在或已拆除。",
        "The building that an address in use is tied to is not in the survey any more, or does not stand.",
    ),
    why: (
        "地址可能已随房屋拆除。",
        "The address may have gone with its building.",
    ),
    example: (
        "地址属于房屋 B000123，普查中没有该房屋。",
        "The address is tied to building B000123, which the survey does not have.",
    ),
    mend: (
        "到现场核实：标记拆除，或改正所属房屋。",
        "Go and see: mark it demolished, or tie it to the right building.",
    ),
    source: "Comparison of the address register with the building survey",
    thresholds: &[],
    reach: Reach::City,
    checks: &[Check::Address(address)],
};

fn address(context: &Context, i: usize) -> Option<Finding> {
    let id = context.address(i).building()?;
    if context.records.buildings.is_empty() {
        return None;
    }
    match context.building_by_id(id).map(|b| context.records.buildings.at(b).standing()) {
        Some(true) => None,
        Some(false) => Some(Finding::new(
            format!("所属房屋 {id} 已不存在（普查标为拆除），地址仍在用。"),
            format!("Its building {id} does not stand any more, and the address is in use."),
        )),
        None => Some(Finding::new(
            format!("房屋普查中没有所属房屋 {id}，地址仍在用。"),
            format!("Its building {id} is not in the survey, and the address is in use."),
        )),
    }
}

#[cfg(test)]
mod tests {
    use crate::check::scene::Scene;

    #[test]
    fn tied_to_what_stands_or_not() {
        for (tied, standing, found) in
            [(None, true, false), (Some("B1"), true, false), (Some("B1"), false, true), (Some("B9"), true, true)]
        {
            let mut scene = Scene::default();
            scene.building("B1", 119.905, 28.405).standing = standing;
            scene.address("A1", 119.905, 28.405).building = tied.map(Into::into);
            assert_eq!(scene.codes("A1").contains(&"building_missing"), found, "{tied:?} {standing}");
        }
    }
}
