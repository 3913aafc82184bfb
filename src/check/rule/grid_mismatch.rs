//! Declares one grid, lies in another.

use super::{Check, Reach, Rule};
use crate::check::finding::metres_text;
use crate::check::hypothesis::Cause;
use crate::check::likelihood::error_beyond_border;
use crate::check::standing::{Standing, grid_name, standing};
use crate::check::{Context, Finding};
use crate::domain::{Frame, LonLat, Severity};

/// See the catalogue.
pub const RULE: Rule = Rule {
    code: "grid_mismatch",
    severity: Severity::Error,
    probability: true,
    title: ("网格不符", "In another grid than declared"),
    what: (
        "点位（或房屋）落在与登记网格同级的另一个网格内，或登记的网格编码不存在。这是事实，每条都列出；概率表示它是差错而非\
         定位噪声或边界出入的可能性。在定位精度范围以内的为警告。",
        "The pin (or building) lies in another grid of the level that its record declares, or the declared code is \
         unknown. A fact: every such record has its row; the probability says how likely it is an error and not the \
         fix's noise or a border drawn by the metre. A warning within the fix's accuracy of the border.",
    ),
    why: (
        "走访、隐患和统计都会派到错误的网格。",
        "Visits, hazards and figures go to the wrong grid.",
    ),
    example: (
        "登记网格 33110200100304，点位在 33110200100305 内，距登记网格 85.20 m。",
        "Declares 33110200100304, lies in 33110200100305, 85.20 m outside the declared one.",
    ),
    mend: (
        "同一地址的房屋在登记网格内时，把点位移到房屋；否则改正登记网格；紧靠边界时核对边界。",
        "Where the building with the same address stands in the declared grid, move the pin there; else change the \
         declared grid; right at the border, look at the border.",
    ),
    source: "Point in polygon, exact on borders; probability by the noise of phone fixes (Zandbergen 2009)",
    thresholds: &["assumed_accuracy_m", "wrong_grid_share"],
    reach: Reach::City,
    checks: &[Check::Address(address), Check::Building(building)],
};

/// A surveyed building is this exact, metres.
const SURVEY_SIGMA_M: f64 = 5.0;

fn address(context: &Context, i: usize) -> Option<Finding> {
    let at = context.pin(i)?;
    let code = context.address(i).grid();
    let Standing::Other { declared, found, outside_m } = standing(context, code, at) else { return None };
    let Some(declared) = declared else { return unknown(context, code?, found) };
    let accuracy_m = context.accuracy_m(i);
    let judged = context.judged(i)?;
    let mut finding = message(context, declared, found, outside_m, ("点位", "the pin"));
    if outside_m <= accuracy_m {
        finding = finding.severity(Severity::Warning);
    }
    if judged.cause == Cause::Grid {
        let code = context.grid.code(found).to_string();
        return Some(finding.probability(1.0 - judged.right, false).suggest_value("grid_code", code));
    }
    // Something else is more probably wrong: this is a fact that follows from it.
    let finding = finding.probability(judged.grid, false);
    Some(if judged.place[0].is_finite() && judged.right < 0.5 {
        let frame = &context.detection().stage().level.pack.frame;
        finding.suggest_at(frame.lonlat(judged.place), judged.radius_m)
    } else {
        finding
    })
}

fn building(context: &Context, b: usize) -> Option<Finding> {
    let (code, at) = (context.records.buildings.at(b).grid()?, context.building_place(b));
    let Standing::Other { declared, found, outside_m } = standing(context, Some(code), at) else { return None };
    let Some(declared) = declared else { return unknown(context, code, found) };
    let p = probability(context, declared, outside_m, SURVEY_SIGMA_M);
    let finding = message(context, declared, found, outside_m, ("房屋", "the building")).probability(p, false);
    Some(if outside_m > 2.0 * SURVEY_SIGMA_M {
        finding.suggest_value("grid_code", context.grid.code(found).to_string())
    } else {
        finding.severity(Severity::Warning)
    })
}

fn probability(context: &Context, declared: u32, outside_m: f64, sigma_m: f64) -> f64 {
    let [w, s, e, n] = context.grid.bbox(declared);
    let frame = Frame::at(LonLat::new(w, s));
    let size_m = ((e - w) * frame.m_per_lon * (n - s) * frame.m_per_lat).max(0.0).sqrt();
    error_beyond_border(outside_m, sigma_m, size_m, context.thresholds.wrong_grid_share)
}

fn message(context: &Context, declared: u32, found: u32, outside_m: f64, (who_zh, who_en): (&str, &str)) -> Finding {
    let ((own_zh, own_en), (other_zh, other_en)) = (grid_name(context, declared), grid_name(context, found));
    let distance = metres_text(outside_m);
    Finding::new(
        format!("登记网格 {own_zh}，{who_zh}落在 {other_zh}，距登记网格 {distance}。"),
        format!("Declares grid {own_en}; {who_en} lies in {other_en}, {distance} outside the declared one."),
    )
}

/// The declared code is no grid: certainly wrong, and what it should be is where the pin lies.
fn unknown(context: &Context, code: &str, found: u32) -> Option<Finding> {
    let (zh, en) = grid_name(context, found);
    Some(
        Finding::new(
            format!("登记的网格 {code} 不存在；点位落在 {zh}。"),
            format!("The declared grid {code} is unknown; the pin lies in {en}."),
        )
        .probability(0.99, false)
        .suggest_value("grid_code", context.grid.code(found).to_string()),
    )
}

#[cfg(test)]
mod tests {
    use crate::check::scene::Scene;
    use crate::domain::{Frame, LonLat, Severity, Tier};

    /// Longitude `m` metres east of the border between G1 and G2, at 28.405 N.
    fn east_of_border(m: f64) -> f64 {
        Frame::at(LonLat::new(119.91, 28.405)).lonlat([m, 0.0]).lon
    }

    #[test]
    fn a_fact_whatever_its_probability() {
        for (m, severity, tier) in [
            (0.9, Severity::Warning, None),
            (12.0, Severity::Warning, None),
            (80.0, Severity::Error, Some(Tier::Review)),
        ] {
            let mut scene = Scene::default();
            scene.address("A1", east_of_border(m), 28.405).grid = Some("G1".into());
            let flag = scene.flag("A1", "grid_mismatch").expect("a flag");
            assert_eq!((flag.severity, flag.tier), (severity, tier), "{m} m: {flag:?}");
            assert!(flag.message.en.contains(&format!("{m:.2} m outside")), "{}", flag.message.en);
        }
    }

    #[test]
    fn a_shared_border_belongs_to_both() {
        for code in ["G1", "G2"] {
            let mut scene = Scene::default();
            scene.address("A1", 119.91, 28.405).grid = Some(code.into());
            assert!(!scene.codes("A1").contains(&"grid_mismatch"), "{code}");
        }
    }

    #[test]
    fn the_building_says_which_side_is_wrong() {
        for (building_lon, by_place) in [(119.904_321, true), (119.915_151, false)] {
            let mut scene = Scene::default();
            let address = scene.address("A1", 119.915_123, 28.405_123);
            address.grid = Some("G1".into());
            address.full_text = "人民路12号".into();
            scene.building("B1", building_lon, 28.405).full_text = "人民路12号".into();
            let suggestion = scene.flag("A1", "grid_mismatch").expect("a flag").suggestion.expect("a suggestion");
            assert_eq!(suggestion.at.is_some(), by_place);
            assert_eq!(suggestion.value.as_deref(), (!by_place).then_some("G2"));
        }
    }

    #[test]
    fn an_unknown_code_is_told() {
        let mut scene = Scene::default();
        scene.address("A1", 119.905, 28.405).grid = Some("G9".into());
        let flag = scene.flag("A1", "grid_mismatch").expect("a flag");
        assert!(flag.message.en.contains("unknown"));
        assert_eq!(flag.suggestion.expect("a suggestion").value.as_deref(), Some("G1"));
    }

    #[test]
    fn buildings_are_checked_likewise() {
        let mut scene = Scene::default();
        scene.building("B1", 119.915, 28.405).grid = Some("G1".into());
        scene.building("B2", 119.905, 28.405).grid = Some("G1".into());
        assert!(scene.codes("B1").contains(&"grid_mismatch"));
        assert!(!scene.codes("B2").contains(&"grid_mismatch"));
    }
}
