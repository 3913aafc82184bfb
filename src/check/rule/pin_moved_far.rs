//! Moved far by one edit.

use super::{Check, Reach, Rule};
use crate::check::finding::metres_text;
use crate::check::{Context, Finding};
use crate::domain::{Change, CorrectionState, LonLat, Severity};
use crate::index::outline::metres;

/// See the catalogue.
pub const RULE: Rule = Rule {
    code: "pin_moved_far",
    severity: Severity::Warning,
    probability: false,
    title: (
        "一次移动过远",
        "Moved far by one edit",
    ),
    what: (
        "一次更正把点位移动超过阈值；采纳建议的移动除外。",
        "One correction moved the pin farther than the threshold; moves that accept a suggestion aside.",
    ),
    why: (
        "误拖或选错了地址：真正的更正大多在几十米之内。",
        "A slip of the finger, or the wrong address: true corrections mostly stay within tens of metres.",
    ),
    example: (
        "一次更正把点位移动了 812.30 m。",
        "A correction that moved the pin by 812.30 m.",
    ),
    mend: (
        "复核人核对后通过或驳回；驳回即还原。",
        "The reviewer verifies or rejects it; a rejection puts the pin back.",
    ),
    source: "OpenStreetMap iD: moved far validation; this project",
    thresholds: &["pin_moved_far_m"],
    reach: Reach::Own,
    checks: &[Check::Correction(correction)],
};

fn correction(context: &Context, i: usize) -> Option<Finding> {
    let correction = &context.records.corrections[i];
    // An accepted suggestion has its reason and its numbers already.
    let (Change::Move { lon, lat, flag_id: None }, Some(before)) = (&correction.change, correction.before) else {
        return None;
    };
    let after = LonLat::new(*lon, *lat);
    if correction.state != CorrectionState::Unverified || !before.is_on_earth() || !after.is_on_earth() {
        return None;
    }
    let (moved_m, limit_m) = (metres(before, after), context.thresholds.pin_moved_far_m);
    let moved = metres_text(moved_m);
    (moved_m > limit_m).then(|| {
        Finding::new(
            format!("地址 {} 的点位一次移动了 {moved}，超过 {limit_m:.0} m。", correction.address_id),
            format!("The pin of address {} was moved by {moved} at once, more than {limit_m:.0} m.", correction.address_id),
        )
        .at(after)
    })
}

#[cfg(test)]
mod tests {
    use crate::check::scene::{Scene, correction};
    use crate::domain::{Change, LonLat};

    #[test]
    fn only_a_long_way() {
        for (lat, accepted, found) in [(28.4065, None, false), (28.408, None, true), (28.408, Some("f"), false)] {
            let mut scene = Scene::default();
            scene.address("A1", 119.905, lat);
            let mut moved = correction("A1", Change::Move { lon: 119.905, lat, flag_id: accepted.map(str::to_owned) });
            moved.before = Some(LonLat::new(119.905, 28.405));
            let id = moved.correction_id.to_string();
            scene.records.corrections.push(moved);
            assert_eq!(scene.codes(&id).contains(&"pin_moved_far"), found, "{lat}");
        }
    }
}
