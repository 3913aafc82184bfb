//! In no grid at all.

use super::{Check, Reach, Rule};
use crate::check::finding::metres_text;
use crate::check::standing::{Standing, grid_name, level_name, standing};
use crate::check::{Context, Finding};
use crate::domain::{LonLat, Severity};

/// See the catalogue.
pub const RULE: Rule = Rule {
    code: "pin_outside_area",
    severity: Severity::Error,
    probability: false,
    title: ("点位不在任何网格内", "In no grid at all"),
    what: (
        "点位（或房屋）不落在任何与登记网格同级的网格内；未登记网格的，不落在任何网格内。这是事实，每条都列出。",
        "The pin (or building) lies in no grid of the level that its record declares, or in no grid at all when none is \
         declared. A fact: every such record has its row.",
    ),
    why: (
        "没有网格的地址无人负责，也不进入任何统计。",
        "Nobody looks after an address without a grid, and no figure counts it.",
    ),
    example: (
        "点位在登记网格边界外 0.90 m 的河道中，任何网格都不含该处。",
        "A pin 0.90 m outside its declared grid, in a river that no grid covers.",
    ),
    mend: (
        "离边界很近时核对网格边界；坐标明显错误时按同一地址的其他提示改正。",
        "Near the border, look at the border itself; far away, follow the other flags of the same address.",
    ),
    source: "Kansas NG911 address point check: point outside authoritative boundary",
    thresholds: &[],
    reach: Reach::Own,
    checks: &[Check::Address(address), Check::Building(building)],
};

fn address(context: &Context, i: usize) -> Option<Finding> {
    finding(context, context.address(i).grid(), context.pin(i)?, ("点位", "The pin"))
}

fn building(context: &Context, b: usize) -> Option<Finding> {
    let declared = context.records.buildings.at(b).grid();
    finding(context, declared, context.building_place(b), ("房屋", "The building"))
}

fn finding(
    context: &Context,
    code: Option<&str>,
    at: LonLat,
    (who_zh, who_en): (&str, &str),
) -> Option<Finding> {
    let Standing::Nowhere { declared } = standing(context, code, at) else { return None };
    if !at.is_on_earth() {
        return Some(Finding::new(
            format!("{who_zh}坐标 ({}, {}) 不是经纬度，不在任何网格内。", at.lon, at.lat),
            format!("{who_en}'s coordinates ({}, {}) are no longitude and latitude: it lies in no grid.", at.lon, at.lat),
        ));
    }
    Some(match (declared, code) {
        (Some(g), _) => {
            let distance = metres_text(-context.grid.signed_distance_m(g, at));
            let ((zh, en), (level_zh, level_en)) = (grid_name(context, g), level_name(context.grid.level(g)));
            Finding::new(
                format!("{who_zh}不在任何{level_zh}内，距登记的{level_zh} {zh} 边界 {distance}。"),
                format!("{who_en} lies in no {level_en} at all, {distance} outside the declared {level_en} {en}."),
            )
        }
        (None, Some(code)) => Finding::new(
            format!("{who_zh}不在任何网格内；登记的网格 {code} 不存在。"),
            format!("{who_en} lies in no grid at all; the declared grid {code} is unknown."),
        ),
        (None, None) => Finding::new(
            format!("{who_zh}不在任何网格内，也没有登记网格。"),
            format!("{who_en} lies in no grid at all, and none is declared."),
        ),
    })
}

#[cfg(test)]
mod tests {
    use crate::check::scene::Scene;

    #[test]
    fn the_distance_to_the_declared_grid_is_quoted_to_the_centimetre() {
        let mut scene = Scene::default();
        scene.address("A1", 119.905, 28.411).grid = Some("G1".into());
        let flag = scene.flag("A1", "pin_outside_area").expect("a flag");
        // A thousandth of a degree of latitude at 28.4 N: 110.83 m.
        assert!(flag.message.en.contains("110.83 m outside") && flag.message.zh.contains("110.83 m"), "{}", flag.message);
        assert_eq!(flag.probability, None);
    }

    #[test]
    fn what_lies_somewhere_or_on_a_border_is_not_flagged() {
        for (lon, lat, grid, found) in [
            (119.905, 28.405, Some("G1"), false),
            (119.905, 28.405, Some("G2"), false),
            (119.900, 28.400, Some("G1"), false),
            (119.905, 28.405, None, false),
            (119.8999, 28.405, None, true),
            (119.8999, 28.405, Some("G9"), true),
            (0.0, 0.0, Some("G1"), true),
            (500_000.0, 3_146_000.0, Some("G1"), true),
            (f64::NAN, 28.4, None, true),
        ] {
            let mut scene = Scene::default();
            scene.address("A1", lon, lat).grid = grid.map(Into::into);
            assert_eq!(scene.codes("A1").contains(&"pin_outside_area"), found, "{lon} {lat} {grid:?}");
        }
    }

    #[test]
    fn buildings_too_and_nothing_without_grids() {
        let mut scene = Scene::default();
        scene.building("B1", 119.95, 28.405);
        assert_eq!(scene.codes("B1"), ["pin_outside_area"]);
        scene.records.grids = Default::default();
        assert!(scene.codes("B1").is_empty());
    }
}
