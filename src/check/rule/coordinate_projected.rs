//! Metres read as degrees.

use super::{Check, Reach, Rule};
use crate::check::{Context, Finding, tell};
use crate::domain::Severity;

/// See the catalogue.
pub const RULE: Rule = Rule {
    code: "coordinate_projected",
    severity: Severity::Error,
    probability: true,
    title: (
        "投影坐标当作经纬度",
        "Metres read as degrees",
    ),
    what: (
        "坐标是高斯-克吕格或 Web 墨卡托的米制数值，被当作经纬度；还原后落在本市范围内。",
        "The numbers are metres of a Gauss-Kruger zone or of Web Mercator, read as degrees; restored, they lie in the city.",
    ),
    why: (
        "坐标不在地球上，点位丢失。",
        "The numbers are nowhere on earth, and the pin is lost.",
    ),
    example: (
        "横坐标 492388.66、纵坐标 3148436.84（中央经线 120°）。",
        "Easting 492388.66, northing 3148436.84 (central meridian 120 E).",
    ),
    mend: (
        "采纳建议即按投影精确还原；导入时用 --crs 指定坐标系。",
        "Accept the suggestion: the projection is undone exactly. Name the CRS at the next import (--crs).",
    ),
    source: "Kruger 1912; Karney 2011, J. Geodesy 85; zones of CGCS2000 EPSG:4491 to 4554",
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
        for (lon, lat) in [
            // PROJ 9: the point in EPSG:4549, EPSG:4528 (zone in front), axes exchanged, EPSG:3857.
            (490702.805000035, 3143280.62561565),
            (40490702.805, 3143280.62561565),
            (3143280.62561565, 490702.805000035),
            (13347777.2358648, 3300076.84861435),
        ] {
            let mut scene = Scene::default();
            scene.address("A1", lon, lat).grid = Some("G1".into());
            let flag = scene.flag("A1", "coordinate_projected").expect("a flag");
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
