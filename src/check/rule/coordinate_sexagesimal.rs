//! Degrees and minutes read as decimals.

use super::{Check, Reach, Rule};
use crate::check::{Context, Finding, tell};
use crate::domain::Severity;

/// See the catalogue.
pub const RULE: Rule = Rule {
    code: "coordinate_sexagesimal",
    severity: Severity::Error,
    probability: true,
    title: (
        "度分秒当作小数度",
        "Degrees and minutes read as decimals",
    ),
    what: (
        "度分秒或 NMEA 的度分格式被当作小数度；还原后落在本市范围内且更符合该地址。",
        "Degrees, minutes and seconds, or the degrees and minutes of NMEA, were read as decimal degrees; restored, the pin fits its record.",
    ),
    why: (
        "点位偏移可达数十公里，且仍像真的坐标。",
        "The pin is off by up to tens of kilometres and still looks like a coordinate.",
    ),
    example: (
        "119°54′18.44″ 写成 119.541844。",
        "119 degrees 54 minutes 18.44 seconds written as 119.541844.",
    ),
    mend: (
        "采纳建议即按六十进制还原；核对采集设备的输出格式。",
        "Accept the suggestion: it is read as degrees and minutes. Check the output format of the device.",
    ),
    source: "NMEA 0183 (ddmm.mmmm); OpenAddresses issue tracker: DMS columns",
    thresholds: &[],
    reach: Reach::City,
    checks: &[Check::Address(address)],
};

fn address(context: &Context, i: usize) -> Option<Finding> {
    tell::finding(context, i, RULE.code)
}

#[cfg(test)]
mod tests {
    use crate::check::scene::Scene;
    use crate::domain::{LonLat, Tier};

    #[test]
    fn restored_into_the_declared_grid() {
        let truth = LonLat::new(119.905123, 28.404567);
        for (lon, lat) in [(119.54184428, 28.24164412), (119.5430738, 28.2427402), (11954.30738, 2824.27402)] {
            let mut scene = Scene::default();
            let address = scene.address("A1", lon, lat);
            address.grid = Some("G1".into());
            address.full_text = "人民路12号".into();
            scene.building("B1", 119.90515, 28.40460).full_text = "人民路12号".into();
            let flag = scene.flag("A1", "coordinate_sexagesimal").expect("a flag");
            let at = flag.suggestion.and_then(|s| s.at).expect("a place");
            assert!(at.distance_m(truth) < 0.02, "{at:?}");
            assert_eq!(flag.tier, Some(Tier::Auto), "{:?}", flag.probability);
        }
    }

    #[test]
    fn without_a_building_the_cause_is_clear_but_not_which_form() {
        let mut scene = Scene::default();
        scene.address("A1", 119.54184428, 28.24164412).grid = Some("G1".into());
        let flag = scene.flag("A1", "coordinate_sexagesimal").expect("a flag");
        assert!(flag.probability > Some(0.9));
        assert_eq!(flag.tier, Some(Tier::Review));
    }

    #[test]
    fn a_pin_in_its_grid_is_left_alone() {
        let mut scene = Scene::default();
        scene.address("A1", 119.905123, 28.404567).grid = Some("G1".into());
        assert!(scene.flags().is_empty());
    }
}
