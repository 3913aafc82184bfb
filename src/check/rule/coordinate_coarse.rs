//! Too few decimals.

use super::{Check, Reach, Rule};
use crate::check::hypothesis::form::{decimals, is_sentinel};
use crate::check::{Context, Finding, tell};
use crate::domain::{LonLat, Severity};

/// See the catalogue.
pub const RULE: Rule = Rule {
    code: "coordinate_coarse",
    severity: Severity::Warning,
    probability: true,
    title: (
        "坐标小数位太少",
        "Too few decimals",
    ),
    what: (
        "经纬度的小数位数都少于阈值：点位只是一个方格，不是门口。",
        "Longitude and latitude both have fewer decimals than the threshold: the pin is a square, not a door.",
    ),
    why: (
        "三位小数的方格边长约 110 m，足以落到别的楼栋或网格。",
        "With three decimals the square is 110 m wide, enough for another building or grid.",
    ),
    example: (
        "119.905, 28.405，只有三位小数。",
        "119.905, 28.405: three decimals.",
    ),
    mend: (
        "重新采集；有同一地址的房屋时可先采纳房屋位置。检查导出时的小数位设置。",
        "Take the pin again; where a building has the same address, its place may be accepted. Check the export that rounded it.",
    ),
    source: "Zandbergen 2009; benchmark of this project: truncated coordinates",
    thresholds: &["coordinate_coarse_places"],
    reach: Reach::City,
    checks: &[Check::Address(address)],
};

fn address(context: &Context, i: usize) -> Option<Finding> {
    let at = context.pin(i).filter(|at| at.is_on_earth() && !is_sentinel(*at))?;
    if let Some(finding) = tell::finding(context, i, RULE.code) {
        return Some(finding);
    }
    let places = decimals(at.lon).max(decimals(at.lat));
    let judged = context.judged(i)?;
    if places >= context.thresholds.coordinate_coarse_places || judged.cause.is_exact() {
        return None;
    }
    let unit = 10f64.powi(-(places as i32));
    let cell_m = at.distance_m(LonLat::new(at.lon + unit, at.lat + unit));
    // A square that small moves a pin by no more than a fix's noise.
    Some(
        Finding::new(
            format!("坐标只有 {places} 位小数，方格对角线约 {cell_m:.0} m。"),
            format!("The coordinates have {places} decimals: a square of {cell_m:.0} m from corner to corner."),
        )
        .probability((1.0 - judged.right).min(0.1), false),
    )
}

#[cfg(test)]
mod tests {
    use crate::check::scene::Scene;

    #[test]
    fn few_decimals_are_flagged_by_how_much_they_matter() {
        for (lon, lat, least, most) in [
            (119.905, 28.405, 0.9, 1.0),
            (119.9, 28.41, 0.9, 1.0),
            (119.9051, 28.4052, 0.0, 0.1),
            (119.905, 28.40512, -1.0, -1.0),
            (0.0, 0.0, -1.0, -1.0),
        ] {
            let mut scene = Scene::default();
            scene.address("A1", lon, lat);
            let p = scene.flag("A1", "coordinate_coarse").and_then(|f| f.probability).unwrap_or(-1.0);
            assert!((least..=most).contains(&p), "{lon} {lat}: {p}");
        }
    }

    #[test]
    fn a_coarse_pin_on_its_building_is_hardly_wrong() {
        let mut scene = Scene::default();
        scene.address("A1", 119.905, 28.405).full_text = "人民路12号".into();
        scene.building("B1", 119.90504, 28.40504).full_text = "人民路12号".into();
        let flag = scene.flag("A1", "coordinate_coarse").expect("a flag");
        assert!(flag.probability.is_some_and(|p| p <= 0.2) && flag.tier.is_none(), "{flag:?}");
    }
}
