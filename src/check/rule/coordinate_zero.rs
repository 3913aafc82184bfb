//! Zero or void coordinates.

use super::{Check, Reach, Rule};
use crate::check::{Context, Finding, hypothesis};
use crate::domain::Severity;

/// See the catalogue.
pub const RULE: Rule = Rule {
    code: "coordinate_zero",
    severity: Severity::Error,
    probability: true,
    title: (
        "坐标为零或无效",
        "Zero or void coordinates",
    ),
    what: (
        "坐标为零、近于零、不是数，或是 999 一类表示“无”的数。未采集点位的地址不在此列。",
        "The coordinates are zero, nearly zero, no numbers, or a number that means none, such as 999. An address without a pin is not meant.",
    ),
    why: (
        "点位丢失，且拖累一切按位置的统计。",
        "The pin is lost, and everything that goes by place is thrown off.",
    ),
    example: (
        "经度 0、纬度 0。",
        "Longitude 0, latitude 0.",
    ),
    mend: (
        "重新采集；有同一地址的房屋时可先采纳房屋位置。",
        "Take the pin again; where a building has the same address, its place may be accepted.",
    ),
    source: "OpenAddresses and Pelias issue trackers: null island",
    thresholds: &[],
    reach: Reach::City,
    checks: &[Check::Address(address)],
};

fn address(context: &Context, i: usize) -> Option<Finding> {
    let at = context.pin(i).filter(|at| hypothesis::form::is_sentinel(*at) && !context.near_area(*at))?;
    let finding = Finding::new(
        format!("坐标 ({}, {}) 不是位置：为零或无效。", at.lon, at.lat),
        format!("The coordinates ({}, {}) are no place: zero or void.", at.lon, at.lat),
    )
    .probability(0.999, false);
    let building = context.matching_building(i).map(|b| context.building_place(b)).filter(|b| b.is_on_earth());
    Some(match building {
        Some(place) => finding.suggest_at(place, 15.0),
        None => finding,
    })
}

#[cfg(test)]
mod tests {
    use crate::check::scene::Scene;

    #[test]
    fn zero_and_void_but_not_a_missing_pin() {
        for (lon, lat, found) in [(0.0, 0.0, true), (999.0, 999.0, true), (f64::NAN, 28.4, true), (119.905, 28.405, false)] {
            let mut scene = Scene::default();
            scene.address("A1", lon, lat);
            assert_eq!(scene.codes("A1").contains(&"coordinate_zero"), found, "{lon} {lat}");
        }
        let mut scene = Scene::default();
        scene.address("A1", 0.0, 0.0).pin = None;
        assert!(scene.flags().is_empty());
    }

    #[test]
    fn the_building_says_where_it_belongs() {
        let mut scene = Scene::default();
        scene.address("A1", 0.0, 0.0).full_text = "人民路12号".into();
        scene.building("B1", 119.905, 28.405).full_text = "人民路12号".into();
        let flag = scene.flag("A1", "coordinate_zero").expect("a flag");
        assert_eq!(flag.suggestion.and_then(|s| s.at).map(|at| at.lon), Some(119.905));
        assert_eq!(flag.at, Some(crate::domain::LonLat::new(0.0, 0.0)));
    }
}
