//! Nearer to the border than the fix is accurate.

use super::{Check, Reach, Rule};
use crate::check::finding::metres_text;
use crate::check::standing::grid_name;
use crate::check::{Context, Finding};
use crate::domain::Severity;

/// See the catalogue.
pub const RULE: Rule = Rule {
    code: "pin_near_border",
    severity: Severity::Info,
    probability: false,
    title: (
        "靠近网格边界",
        "Nearer to the border than the fix is accurate",
    ),
    what: (
        "点位在其网格内，但离边界比手机报告的定位精度还近：它可能属于另一侧。手机没有报告精度的不判断。",
        "The pin lies in its grid, but nearer to the border than the phone said its fix was accurate: it may belong to the other side. Not asked where the phone said nothing.",
    ),
    why: (
        "同一户的两次采集可能落到两个网格。",
        "Two fixes of one door may fall into two grids.",
    ),
    example: (
        "离边界 4.10 m，定位精度 12 m。",
        "4.10 m from the border, with a fix of 12 m.",
    ),
    mend: (
        "无需处理；划界或派单有争议时先看这些点位。",
        "Nothing to mend; look at these first when a border is disputed.",
    ),
    source: "Kansas NG911; accuracy as phones report it (Merry and Bettinger 2019)",
    thresholds: &[],
    reach: Reach::Own,
    checks: &[Check::Address(address)],
};

fn address(context: &Context, i: usize) -> Option<Finding> {
    let pin = context.address(i).pin().filter(|pin| pin.at.is_on_earth())?;
    let accuracy_m = f64::from(pin.accuracy_m?);
    let grid = context.declared(i).or_else(|| context.grid.finest(pin.at)).filter(|g| context.grid.covers(*g, pin.at))?;
    let (inside_m, _) = context.grid.outline(grid).distance_m(pin.at, accuracy_m)?;
    let ((zh, en), inside) = (grid_name(context, grid), metres_text(inside_m));
    Some(Finding::new(
        format!("点位在网格 {zh} 内，离边界 {inside}，小于定位精度 {accuracy_m:.0} m。"),
        format!("The pin lies in grid {en}, {inside} from its border: less than the fix's {accuracy_m:.0} m."),
    ))
}

#[cfg(test)]
mod tests {
    use crate::check::scene::Scene;

    #[test]
    fn nearer_than_the_fix() {
        for (lat, accuracy_m, found) in
            [(28.4001, Some(12.0), true), (28.4001, Some(5.0), false), (28.4001, None, false), (28.3999, Some(50.0), false)]
        {
            let mut scene = Scene::default();
            let address = scene.address("A1", 119.905, lat);
            address.grid = Some("G1".into());
            address.pin.as_mut().expect("a pin").accuracy_m = accuracy_m;
            assert_eq!(scene.codes("A1").contains(&"pin_near_border"), found, "{lat} {accuracy_m:?}");
        }
    }
}
