//! Far from its road.

use super::{Check, Reach, Rule};
use crate::check::finding::metres_text;
use crate::check::context::Road;
use crate::check::{Context, Finding};
use crate::domain::{LonLat, Severity};
use crate::index::outline::metres;

/// See the catalogue.
pub const RULE: Rule = Rule {
    code: "pin_off_road",
    severity: Severity::Warning,
    probability: false,
    title: (
        "远离本路其他点位",
        "Far from its road",
    ),
    what: (
        "点位离同一道路（或小区）的其他所有点位都超过阈值。同路不足四条时不判断。",
        "The pin is farther than the threshold from every other record of its road (or compound). Not asked of roads with fewer than four records.",
    ),
    why: (
        "孤零零远离本路的点位多半放错了，或路名写错了。",
        "A pin far from all of its road is mostly misplaced, or its road is wrong.",
    ),
    example: (
        "人民路 12 号离人民路最近的点位 640.00 m。",
        "人民路12号, 640.00 m from the nearest other pin of that road.",
    ),
    mend: (
        "核对路名和点位，改正其中一个。",
        "Check the road and the pin, and mend whichever is wrong.",
    ),
    source: "Osmose and JOSM: distance of an address to its road, 200 m",
    thresholds: &["pin_off_road_m"],
    reach: Reach::City,
    checks: &[Check::Address(address)],
};

/// A road with fewer records says nothing of where it runs.
const FEWEST: usize = 4;

fn address(context: &Context, i: usize) -> Option<Finding> {
    let at = context.pin(i).filter(|at| context.near_area(*at))?;
    let limit_m = context.thresholds.pin_off_road_m;
    // Who was collected before or after it mostly stands near by, on the same road.
    let (facts, records) = (context.facts(), context.records.addresses.len());
    let is_company = |j: usize| {
        let is_other = |at: &LonLat| context.near_area(*at) && at.is_on_earth();
        facts.address(j).road == facts.address(i).road
            && context.pin(j).filter(is_other).is_some_and(|other| metres(at, other) <= limit_m)
    };
    if facts.address(i).road == 0 || [i.wrapping_sub(1), i + 1].into_iter().any(|j| j < records && is_company(j)) {
        return None;
    }
    let road = context.road(i)?;
    let Road { name: road, pins } = &*road;
    if pins.len() < FEWEST || pins.nearest_k(at, 2, limit_m).len() > 1 {
        return None;
    }
    let (_, nearest_m) = *pins.nearest_k(at, 2, f64::INFINITY).get(1)?;
    let nearest = metres_text(nearest_m);
    Some(Finding::new(
        format!("点位离“{road}”最近的其他点位 {nearest}，超过 {limit_m:.0} m。"),
        format!("The pin is {nearest} from the nearest other pin of {road}, more than {limit_m:.0} m."),
    ))
}

#[cfg(test)]
mod tests {
    use crate::check::scene::Scene;

    #[test]
    fn far_from_all_the_others() {
        for (others, lat, found) in [(3, 28.409, true), (3, 28.4015, false), (2, 28.409, false)] {
            let mut scene = Scene::default();
            for k in 0..others {
                scene.address(&format!("B{k}"), 119.901 + 0.0002 * f64::from(k), 28.401).full_text = format!("人民路{k}号");
            }
            scene.address("A1", 119.901, lat).full_text = "人民路12号".into();
            assert_eq!(scene.codes("A1").contains(&"pin_off_road"), found, "{others} {lat}");
        }
    }

    #[test]
    fn another_on_the_same_spot_is_company() {
        let mut scene = Scene::default();
        for k in 0..6 {
            let lat = if k < 4 { 28.401 } else { 28.409 };
            scene.address(&format!("B{k}"), 119.901, lat).full_text = format!("人民路{k}号");
        }
        assert!(scene.flags().iter().all(|flag| flag.rule != "pin_off_road"));
    }
}
