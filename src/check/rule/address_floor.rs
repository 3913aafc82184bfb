//! A floor above the roof of its building.

use super::{Check, Reach, Rule};
use crate::check::{Context, Finding};
use crate::domain::{Parts, Severity};

/// See the catalogue.
pub const RULE: Rule = Rule {
    code: "address_floor",
    severity: Severity::Warning,
    probability: false,
    title: ("楼层超出房屋层数", "A floor above the roof"),
    what: (
        "地址的楼层（或房号所示的楼层）高于所在房屋的层数。",
        "The floor of the address, or the one that its room number says, is above the building's floors.",
    ),
    why: (
        "不是房号写错，就是绑定了别的楼栋，或者房屋普查的层数有误。",
        "The room is wrong, or it is tied to another building, or the survey counted the floors wrongly.",
    ),
    example: ("6 层的房屋内有 1201 室。", "Room 1201 in a building of 6 floors."),
    mend: ("核实房号、楼栋和房屋层数，改正错的一项。", "Compare room, building and number of floors, and mend the one that is wrong."),
    source: "GB/T 23705-2009; room numbers begin with the floor by custom",
    thresholds: &[],
    reach: Reach::City,
    checks: &[Check::Address(address)],
};

/// The floor that the parts say: the floor itself, or the digits of a room number before its last two.
fn floor(parts: &Parts) -> Option<u16> {
    if let Some(floor) = parts.floor.strip_suffix('层') {
        return floor.rsplit('-').next().filter(|_| !floor.starts_with('-'))?.parse().ok();
    }
    let room = parts.room.strip_suffix('室')?;
    let plain = (3..=4).contains(&room.len()) && room.bytes().all(|b| b.is_ascii_digit());
    room.get(..room.len().saturating_sub(2)).filter(|_| plain)?.parse().ok()
}

fn address(context: &Context, i: usize) -> Option<Finding> {
    let floor = floor(context.parts(i))?;
    let building = &context.records.buildings[context.matching_building(i)?];
    let floors = building.floors.filter(|floors| *floors > 0 && floor > *floors)?;
    let id = &building.id;
    Some(Finding::new(
        format!("地址在 {floor} 层，房屋 {id} 只有 {floors} 层。"),
        format!("On floor {floor}, but building {id} has {floors} floors."),
    ))
}

#[cfg(test)]
mod tests {
    use super::floor;
    use crate::check::scene::Scene;
    use crate::domain::address::parse;

    #[test]
    fn reads_the_floor_from_floor_or_room() {
        for (text, expected) in [
            ("阳光小区3幢2单元501室", Some(5)),
            ("阳光小区3幢1201室", Some(12)),
            ("阳光小区3幢0501室", Some(5)),
            ("阳光小区3幢7层", Some(7)),
            ("阳光小区3幢5-6层", Some(6)),
            ("阳光小区3幢-1层", None),
            ("阳光小区3幢12室", None),
            ("阳光小区3幢A501室", None),
            ("阳光小区3幢", None),
        ] {
            assert_eq!(floor(&parse(text).parts), expected, "{text}");
        }
    }

    #[test]
    fn looks_at_the_building_that_carries_the_address() {
        for (text, found) in [("阳光小区3幢601室", false), ("阳光小区3幢701室", true), ("阳光小区4幢701室", false)] {
            let mut scene = Scene::default();
            scene.address("A1", 119.905, 28.405).full_text = text.into();
            let building = scene.building("B1", 119.905, 28.405);
            building.full_text = "阳光小区3幢".into();
            building.floors = Some(6);
            assert_eq!(scene.codes("A1").contains(&"address_floor"), found, "{text}");
        }
    }
}
