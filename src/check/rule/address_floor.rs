//! A floor above the roof of its building, and floors that a building skips.

use super::{Check, Reach, Rule};
use crate::check::{Context, Finding};
use crate::domain::{PartsRef, Severity};

/// See the catalogue.
pub const RULE: Rule = Rule {
    code: "address_floor",
    severity: Severity::Warning,
    probability: false,
    title: ("楼层超出房屋层数或跳层", "A floor above the roof, or skipped"),
    what: (
        "地址的楼层（或房号所示的楼层）高于所在房屋的层数；或一栋房屋的地址几乎各层都有，中间却缺某一层（含数字 4 的楼层和 13 层习惯上常跳过，不计）。",
        "The floor of the address, or the one that its room number says, is above the building's floors; or a building whose addresses name nearly all floors lacks one in between (floors with the digit 4, and floor 13, are left out by custom and not asked for).",
    ),
    why: (
        "不是房号写错，就是绑定了别的楼栋，或者房屋普查的层数有误；缺层多半是整层漏采。",
        "The room is wrong, or it is tied to another building, or the survey counted the floors wrongly; a floor that lacks was mostly not collected.",
    ),
    example: ("6 层的房屋内有 1201 室；1 至 9 层都有地址，唯独 7 层没有。", "Room 1201 in a building of 6 floors; addresses on floors 1 to 9, and none on 7."),
    mend: (
        "核实房号、楼栋和房屋层数，改正错的一项；补采缺的楼层。",
        "Compare room, building and number of floors, and mend the one that is wrong; collect the floor that lacks.",
    ),
    source: "GB/T 23705-2009; room numbers begin with the floor by custom",
    thresholds: &["address_floor_recorded", "address_floor_recorded_share"],
    reach: Reach::City,
    checks: &[Check::Address(address), Check::Building(building)],
};

/// The floor that the parts say: the floor itself, or the digits of a room number before its last two.
pub(in crate::check) fn floor(parts: &PartsRef) -> Option<u16> {
    if let Some(floor) = parts.floor.strip_suffix('层') {
        return floor.rsplit('-').next().filter(|_| !floor.starts_with('-'))?.parse().ok();
    }
    let room = parts.room.strip_suffix('室')?;
    let plain = (3..=4).contains(&room.len()) && room.bytes().all(|b| b.is_ascii_digit());
    room.get(..room.len().saturating_sub(2)).filter(|_| plain)?.parse().ok()
}

fn address(context: &Context, i: usize) -> Option<Finding> {
    let floor = context.facts().address(i).floor?;
    let building = context.records.buildings.at(context.matching_building(i)?);
    let floors = building.floors().filter(|floors| *floors > 0 && floor > *floors)?;
    let id = building.id();
    Some(Finding::new(
        format!("地址在 {floor} 层，房屋 {id} 只有 {floors} 层。"),
        format!("On floor {floor}, but building {id} has {floors} floors."),
    ))
}

/// Whether people leave a floor of this number out by custom.
fn is_customary(floor: u16) -> bool {
    floor == 13 || floor.to_string().contains('4')
}

fn building(context: &Context, b: usize) -> Option<Finding> {
    let floors = context.floors_of(b);
    let (lowest, highest) = (*floors.first()?, *floors.last()?);
    let lacking: Vec<u16> = (lowest..highest).filter(|floor| !floors.contains(floor) && !is_customary(*floor)).collect();
    let share = floors.len() as f64 / (floors.len() + lacking.len()) as f64;
    // Where few floors are known, the others were just not collected yet.
    let known = floors.len() >= usize::from(context.thresholds.address_floor_recorded)
        && share >= context.thresholds.address_floor_recorded_share;
    if lacking.is_empty() || !known {
        return None;
    }
    let list = |sign: &str| lacking.iter().map(u16::to_string).collect::<Vec<_>>().join(sign);
    Some(Finding::new(
        format!("{lowest} 至 {highest} 层中，没有 {} 层的地址。", list("、")),
        format!("Of floors {lowest} to {highest}, no address is on {}.", list(", ")),
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
            assert_eq!(floor(&parse(text).parts.view()), expected, "{text}");
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

    #[test]
    fn a_floor_that_lacks_among_many_is_skipped() {
        for (floors, found) in [
            (&[1, 2, 3, 5, 6, 7][..], None),
            (&[1, 2, 3, 5, 6, 8], Some("7")),
            (&[1, 2, 3, 5, 6, 7, 9, 11, 12, 15], Some("8, 10")),
            (&[10, 11, 12, 15, 16], None),
            (&[1, 2, 4], None),
            (&[1, 2, 3, 5, 12], None),
            (&[1, 2, 3, 5, 6], None),
        ] {
            let mut scene = Scene::default();
            scene.building("B1", 119.905, 28.405).full_text = "阳光小区3幢".into();
            for floor in floors {
                for room in 1..=2 {
                    let address = scene.address(&format!("A{floor}-{room}"), 119.905, 28.405);
                    address.full_text = format!("阳光小区3幢{floor}0{room}室");
                }
            }
            let flag = scene.flag("B1", "address_floor");
            assert_eq!(flag.is_some(), found.is_some(), "{floors:?}: {flag:?}");
            if let (Some(flag), Some(lacking)) = (flag, found) {
                assert!(flag.message.en.ends_with(&format!("no address is on {lacking}.")), "{floors:?}: {flag:?}");
            }
        }
    }
}
