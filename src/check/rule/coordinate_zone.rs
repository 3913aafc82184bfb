//! Wrong projection zone.

use super::{Check, Reach, Rule};
use crate::check::{Context, Finding, tell};
use crate::domain::Severity;

/// See the catalogue.
pub const RULE: Rule = Rule {
    code: "coordinate_zone",
    severity: Severity::Error,
    probability: true,
    title: (
        "投影带号错误",
        "Wrong projection zone",
    ),
    what: (
        "经度恰好偏 3° 的整数倍：投影坐标按错误的带号换算。减去后落在本市范围内。",
        "The longitude is off by a whole multiple of 3 degrees: projected coordinates were converted with the wrong zone. Put right, the pin lies in the city.",
    ),
    why: (
        "点位偏到约 300 公里之外。",
        "The pin stands some 300 km away.",
    ),
    example: (
        "经度 122.905123，实为 119.905123。",
        "Longitude 122.905123 where 119.905123 is meant.",
    ),
    mend: (
        "采纳建议即移回；同一批次多条时核对导入的坐标系。",
        "Accept the suggestion: it is moved back. Where a batch has many, check the CRS of the import.",
    ),
    source: "Zones of CGCS2000, EPSG:4491 to 4554: meridians 3 degrees apart",
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
        for (lon, lat) in [(122.905123, 28.404567), (116.905123, 28.404567), (113.905123, 28.404567)] {
            let mut scene = Scene::default();
            scene.address("A1", lon, lat).grid = Some("G1".into());
            let flag = scene.flag("A1", "coordinate_zone").expect("a flag");
            let at = flag.suggestion.and_then(|s| s.at).expect("a place");
            assert!(at.distance_m(truth) < 0.02, "{at:?}");
            assert_eq!(flag.tier, Some(Tier::Auto), "{:?}", flag.probability);
        }
    }

    #[test]
    fn a_pin_in_its_grid_is_left_alone() {
        let mut scene = Scene::default();
        scene.address("A1", 119.905123, 28.404567).grid = Some("G1".into());
        assert!(scene.flags().is_empty());
    }
}
