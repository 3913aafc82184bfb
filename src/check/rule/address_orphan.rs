//! A room without its building, a unit without its compound.

use super::{Check, Reach, Rule};
use crate::check::text::{is_chinese, is_single_building};
use crate::check::{Context, Finding};
use crate::domain::{PartsRef, Severity};

/// See the catalogue.
pub const RULE: Rule = Rule {
    code: "address_orphan",
    severity: Severity::Error,
    probability: false,
    title: ("要素缺上级", "A part without what holds it"),
    what: (
        "室、单元没有所在的幢或门牌号，或者幢没有所在的小区、道路或村。",
        "A room or unit without its building or house number, or a building without its compound, road or village.",
    ),
    why: ("不知道属于哪一幢的房间，谁也找不到。", "Nobody finds a room whose building is not known."),
    example: ("阳光小区502室（哪一幢？）", "阳光小区502室: in which building?"),
    mend: ("补上所在的幢、小区或门牌号。", "Add the building, compound or house number that it belongs to."),
    source: "GB/T 23705-2009",
    thresholds: &[],
    reach: Reach::Own,
    checks: &[Check::Address(address)],
};

/// The part that stands alone, and what it lacks, Chinese and English.
fn orphan<'a>(parts: &PartsRef<'a>) -> Option<(&'a str, &'static str, &'static str)> {
    let held = !parts.building.is_empty() || !parts.house_number.is_empty() || is_single_building(parts.compound);
    let placed = !parts.compound.is_empty() || !parts.road.is_empty() || !parts.village.is_empty();
    match (held, placed) {
        (false, _) if !parts.unit.is_empty() => Some((parts.unit, "所在的幢", "its building")),
        (false, _) if !parts.room.is_empty() => Some((parts.room, "所在的幢", "its building")),
        (true, false) if !parts.building.is_empty() => {
            Some((parts.building, "所在的小区、道路或村", "its compound, road or village"))
        }
        _ => None,
    }
}

fn address(context: &Context, i: usize) -> Option<Finding> {
    if !is_chinese(context, i) {
        return None;
    }
    let parts = context.parts(i);
    let (part, zh, en) = orphan(&parts.view())?;
    Some(Finding::new(format!("“{part}”缺少{zh}。"), format!("\"{part}\" without {en}.")))
}

#[cfg(test)]
mod tests {
    use crate::check::scene::Scene;

    #[test]
    fn finds_parts_that_hang_in_the_air() {
        for (text, found) in [
            ("阳光小区502室", true),
            ("阳光小区2单元502室", true),
            ("莲都区3幢501室", true),
            ("莲都区人民路501室", true),
            ("阳光小区3幢502室", false),
            ("人民路12号502室", false),
            ("国际商厦502室", false),
            ("上陈村12号502室", false),
            ("人民路12号", false),
        ] {
            let mut scene = Scene::default();
            scene.address("A1", 119.905, 28.405).full_text = text.into();
            assert_eq!(scene.codes("A1").contains(&"address_orphan"), found, "{text}");
        }
    }
}
