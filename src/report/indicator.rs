//! The four indicators, each with its base and its target.

use crate::city::Counts;
use crate::error::Text;
use serde::Serialize;

/// Which indicator.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = IndicatorCode)]
pub enum Code {
    /// 采集率: addresses with a pin on earth, of the active addresses.
    Collection,
    /// 准确率: of these, without an open flag of severity error or of probability 0.8 and more.
    Accuracy,
    /// 登记率: registered rentals, of the active rentals.
    Registration,
    /// 闭环率: closed hazards, of all hazards.
    Closure,
}

impl Code {
    /// All, in the order in which they are shown.
    pub const ALL: [Code; 4] = [Code::Collection, Code::Accuracy, Code::Registration, Code::Closure];

    /// What the indicator should reach.
    pub fn target(self) -> f64 {
        match self {
            Code::Collection | Code::Accuracy => 0.95,
            Code::Registration | Code::Closure => 1.0,
        }
    }

    /// Its name.
    pub fn title(self) -> Text {
        match self {
            Code::Collection => Text::new("采集率", "Collection"),
            Code::Accuracy => Text::new("准确率", "Accuracy"),
            Code::Registration => Text::new("出租房登记率", "Rentals registered"),
            Code::Closure => Text::new("隐患闭环率", "Hazards closed"),
        }
    }
}

/// An indicator of one grid.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, utoipa::ToSchema)]
pub struct Indicator {
    /// Which.
    pub code: Code,
    /// `count` of `base`, 0 to 1; none without a base.
    pub value: Option<f64>,
    /// How many.
    pub count: u32,
    /// Out of how many.
    pub base: u32,
    /// What `value` should reach.
    pub target: f64,
    /// How many more it takes to reach the target; 0 when it is reached.
    pub missing: u32,
}

/// The indicators of some counts, in the order of [`Code::ALL`].
pub fn indicators(counts: Counts) -> [Indicator; 4] {
    Code::ALL.map(|code| {
        let (count, base) = match code {
            Code::Collection => (counts.collected, counts.addresses),
            Code::Accuracy => (counts.accurate, counts.collected),
            Code::Registration => (counts.registered, counts.rentals),
            Code::Closure => (counts.closed, counts.hazards),
        };
        let target = code.target();
        let wanted = (f64::from(base) * target - 1e-9).ceil() as u32;
        let value = (base > 0).then(|| f64::from(count) / f64::from(base));
        Indicator { code, value, count, base, target, missing: wanted.saturating_sub(count) }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_is_what_reaches_the_target() {
        // (count, base, missing to 95 %)
        for (count, base, missing) in
            [(0, 0, 0), (95, 100, 0), (94, 100, 1), (0, 20, 19), (18, 20, 1), (20, 20, 0), (1137, 1200, 3)]
        {
            let counts = Counts { addresses: base, collected: count, ..Counts::default() };
            let [collection, ..] = indicators(counts);
            assert_eq!(collection.missing, missing, "{count} of {base}");
            assert_eq!(collection.value.is_none(), base == 0);
        }
    }
}
