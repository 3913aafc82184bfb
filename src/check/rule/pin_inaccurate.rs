//! The phone itself said that the fix was poor.

use super::{Check, Reach, Rule};
use crate::check::{Context, Finding};
use crate::domain::{PositionMethod, Severity};

/// See the catalogue.
pub const RULE: Rule = Rule {
    code: "pin_inaccurate",
    severity: Severity::Warning,
    probability: false,
    title: ("定位精度差", "Poor fix"),
    what: (
        "采集时手机报告的定位精度半径超过阈值。",
        "The phone gave its own fix a larger radius than the threshold when the pin was taken.",
    ),
    why: (
        "室内、楼群之间或改用基站、无线网络定位时，误差可达数十至数百米，点位可能落到别的楼栋。",
        "Indoors, between high buildings, or on Wi-Fi and cell towers a fix is tens to hundreds of metres off and may \
         stand on another building.",
    ),
    example: ("精度 74 m 的一次采集（无线网络定位）。", "A pin taken with a radius of 74 m (Wi-Fi)."),
    mend: ("到门口空旷处重新采集，或在地图上拖到门口。", "Take it again outdoors at the door, or drag it to the door on the map."),
    source: "Merry and Bettinger 2019, PLOS ONE 0219890; Zandbergen 2009, Transactions in GIS 13 s1",
    thresholds: &["pin_inaccurate_m"],
    reach: Reach::Own,
    checks: &[Check::Address(address)],
};

fn address(context: &Context, i: usize) -> Option<Finding> {
    let pin = context.address(i).pin()?;
    let limit_m = context.thresholds.pin_inaccurate_m;
    let accuracy_m = f64::from(pin.accuracy_m?);
    let poor = pin.method == PositionMethod::Phone && accuracy_m > limit_m;
    poor.then(|| {
        Finding::new(
            format!("采集时定位精度为 {accuracy_m:.0} m，超过 {limit_m:.0} m。"),
            format!("The phone gave this fix a radius of {accuracy_m:.0} m, more than {limit_m:.0} m."),
        )
    })
}

#[cfg(test)]
mod tests {
    use crate::check::scene::Scene;

    #[test]
    fn only_fixes_that_the_phone_called_poor() {
        for (accuracy_m, found) in [(None, false), (Some(20.0), false), (Some(20.1), true), (Some(600.0), true)] {
            let mut scene = Scene::default();
            scene.address("A1", 119.905, 28.405).pin.as_mut().expect("a pin").accuracy_m = accuracy_m;
            assert_eq!(scene.codes("A1").contains(&"pin_inaccurate"), found, "{accuracy_m:?}");
        }
    }
}
