//! Longitude and latitude exchanged.

use super::{Check, Reach, Rule};
use crate::check::{Context, Finding, tell};
use crate::domain::Severity;

/// See the catalogue.
pub const RULE: Rule = Rule {
    code: "coordinate_swapped",
    severity: Severity::Error,
    probability: true,
    title: (
        "经纬度颠倒",
        "Longitude and latitude exchanged",
    ),
    what: (
        "点位的经度与纬度写反，对调后落在本市范围内。",
        "The pin has its latitude in place of the longitude; exchanged, it lies in the city.",
    ),
    why: (
        "颠倒的点位在千里之外，地图上看不到，任何网格都不含它。",
        "The pin stands thousands of kilometres away, off every map and in no grid.",
    ),
    example: (
        "经度 28.404567、纬度 119.905123。",
        "Longitude 28.404567, latitude 119.905123.",
    ),
    mend: (
        "采纳建议即对调两数；同一批次多条时检查导入的列名。",
        "Accept the suggestion: it exchanges them. Where a batch has many, look at the columns of the import.",
    ),
    source: "OpenAddresses and Pelias issue trackers: swapped axes",
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
        for (lon, lat) in [(28.404567, 119.905123), (28.404_567_04, 119.905_122_98)] {
            let mut scene = Scene::default();
            scene.address("A1", lon, lat).grid = Some("G1".into());
            let flag = scene.flag("A1", "coordinate_swapped").expect("a flag");
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
