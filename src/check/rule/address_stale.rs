//! Not seen for long.

use super::{Check, Reach, Rule};
use crate::check::{Context, Finding};
use crate::domain::Severity;

/// See the catalogue.
pub const RULE: Rule = Rule {
    code: "address_stale",
    severity: Severity::Info,
    probability: false,
    title: (
        "地址久未核实",
        "Not seen for long",
    ),
    what: (
        "地址最后一次核实或采集早于规定天数。天数为 0 时不判断；从未记录日期的不判断。",
        "The address was last verified or collected more days ago than is set. Not asked while that is 0, nor of an address without a date.",
    ),
    why: (
        "拆迁、合并和改号不会自己报上来。",
        "Demolitions, mergers and new numbers do not report themselves.",
    ),
    example: (
        "最后核实于 2023-07-01。",
        "Last verified on 2023-07-01.",
    ),
    mend: (
        "上门核实，确认或更正。",
        "Visit it, and confirm or correct it.",
    ),
    source: "Re-verification of address registers, set by each site",
    thresholds: &["address_stale_days"],
    reach: Reach::Own,
    checks: &[Check::Address(address)],
};

fn address(context: &Context, i: usize) -> Option<Finding> {
    let address = context.address(i);
    let limit = context.thresholds.address_stale_days;
    let collected = address.pin().and_then(|pin| pin.collected_at).map(|at| at.date_naive());
    let seen = address.verified_on().max(collected)?;
    let days = (context.today - seen).num_days();
    (limit > 0 && days > i64::from(limit)).then(|| {
        Finding::new(
            format!("最后核实于 {seen}，已 {days} 天，超过 {limit} 天。"),
            format!("Last seen on {seen}, {days} days ago, more than {limit}."),
        )
    })
}

#[cfg(test)]
mod tests {
    use crate::check::scene::Scene;
    use chrono::Days;

    #[test]
    fn only_when_a_site_asks() {
        for (limit, days, found) in [(0, 4_000, false), (365, 365, false), (365, 366, true)] {
            let mut scene = Scene::default();
            scene.thresholds.address_stale_days = limit;
            let seen = scene.today - Days::new(days);
            scene.address("A1", 119.905, 28.405).verified_on = Some(seen);
            assert_eq!(scene.codes("A1").contains(&"address_stale"), found, "{limit} {days}");
        }
    }
}
