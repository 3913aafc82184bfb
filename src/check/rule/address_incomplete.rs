//! A part is missing that the form of the address requires.

use super::{Check, Reach, Rule};
use crate::check::text::{is_chinese, is_single_building};
use crate::check::{Context, Finding};
use crate::domain::{PartsRef, Severity};

/// See the catalogue.
pub const RULE: Rule = Rule {
    code: "address_incomplete",
    severity: Severity::Error,
    probability: false,
    title: ("地址不完整", "Address incomplete"),
    what: (
        "按其类型缺少必要部分：道路缺门牌号，小区缺幢号，村缺门牌号，或者门牌号不知属于哪条路、哪个村。",
        "A part that its form requires is missing: the number of a road, the building of a compound, the number of a \
         village, or the road or village that a number belongs to.",
    ),
    why: ("不完整的地址找不到门，也无法与房屋匹配。", "It leads to no door and matches no building."),
    example: ("浙江省丽水市莲都区人民路（没有门牌号）", "浙江省丽水市莲都区人民路: which number?"),
    mend: ("现场核实，补上缺少的部分。", "Look on the spot and add what is missing."),
    source: "GB/T 23705-2009; GA/T 2112 (door and building plates)",
    thresholds: &[],
    reach: Reach::Own,
    checks: &[Check::Address(address)],
};

/// What is missing, Chinese and English.
fn missing(parts: &PartsRef) -> Option<(&'static str, &'static str)> {
    let numbered = !parts.house_number.is_empty();
    let built = !parts.building.is_empty();
    // A room or unit without its building is told by address_orphan.
    if !parts.room.is_empty() || !parts.unit.is_empty() {
        return None;
    }
    if numbered && parts.road.is_empty() && parts.compound.is_empty() && parts.village.is_empty() {
        return Some(("门牌号所在的道路或村", "the road or village of the house number"));
    }
    if numbered || built {
        return None;
    }
    if !parts.compound.is_empty() {
        return (!is_single_building(parts.compound)).then_some(("幢号", "the building"));
    }
    if !parts.road.is_empty() {
        return Some(("门牌号", "the house number"));
    }
    if !parts.village.is_empty() || !parts.group.is_empty() {
        return Some(("门牌号", "the house number"));
    }
    let coarse = !parts.town.is_empty() || !parts.county.is_empty();
    coarse.then_some(("道路、小区或村", "the road, compound or village"))
}

fn address(context: &Context, i: usize) -> Option<Finding> {
    if !is_chinese(context, i) {
        return None;
    }
    let (zh, en) = missing(&context.parts(i).view())?;
    Some(Finding::new(format!("缺少{zh}。"), format!("Without {en}.")))
}

#[cfg(test)]
mod tests {
    use crate::check::scene::Scene;

    #[test]
    fn tells_what_is_missing() {
        for (text, found) in [
            ("莲都区人民路12号", false),
            ("莲都区人民路", true),
            ("阳光小区3幢", false),
            ("阳光小区", true),
            ("国际商厦", false),
            ("丽水学院", false),
            ("人民路12号阳光公寓", false),
            ("碧湖镇上陈村3组12号", false),
            ("碧湖镇上陈村3组", true),
            ("碧湖镇上陈村", true),
            ("浙江省丽水市莲都区白云街道", true),
            ("12号", true),
            ("阳光小区501室", false),
            ("白山１丁目1番1号", false),
            ("Landstrasse 12", false),
            ("", false),
        ] {
            let mut scene = Scene::default();
            scene.address("A1", 119.905, 28.405).full_text = text.into();
            assert_eq!(scene.codes("A1").contains(&"address_incomplete"), found, "{text}");
        }
    }
}
