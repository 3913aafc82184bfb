//! Headcounts of care groups: how many in a grid, never who.

use super::id::GridCode;
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

/// The care groups. The list is closed: ethnicity, origin, religion or belief, politics, petitioning, health diagnosis
/// and police or court status are no groups here and cannot be configured in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum CareGroup {
    /// 独居老人
    LivingAlone,
    /// 八十岁以上老人
    #[serde(rename = "over_80")]
    Over80,
    /// 空巢老人
    EmptyNest,
    /// 留守人员
    LeftBehind,
    /// 残疾人
    Disabled,
    /// 低收入家庭
    LowIncome,
    /// 事实无人抚养儿童
    ChildrenWithoutCarers,
    /// 特殊扶助家庭
    SpecialSupport,
}

impl CareGroup {
    /// All groups.
    pub const ALL: [CareGroup; 8] = [
        CareGroup::LivingAlone,
        CareGroup::Over80,
        CareGroup::EmptyNest,
        CareGroup::LeftBehind,
        CareGroup::Disabled,
        CareGroup::LowIncome,
        CareGroup::ChildrenWithoutCarers,
        CareGroup::SpecialSupport,
    ];

    /// The name in files and in the API.
    pub fn as_str(self) -> &'static str {
        match self {
            CareGroup::LivingAlone => "living_alone",
            CareGroup::Over80 => "over_80",
            CareGroup::EmptyNest => "empty_nest",
            CareGroup::LeftBehind => "left_behind",
            CareGroup::Disabled => "disabled",
            CareGroup::LowIncome => "low_income",
            CareGroup::ChildrenWithoutCarers => "children_without_carers",
            CareGroup::SpecialSupport => "special_support",
        }
    }

    /// The Chinese name.
    pub fn zh(self) -> &'static str {
        match self {
            CareGroup::LivingAlone => "独居老人",
            CareGroup::Over80 => "八十岁以上老人",
            CareGroup::EmptyNest => "空巢老人",
            CareGroup::LeftBehind => "留守人员",
            CareGroup::Disabled => "残疾人",
            CareGroup::LowIncome => "低收入家庭",
            CareGroup::ChildrenWithoutCarers => "事实无人抚养儿童",
            CareGroup::SpecialSupport => "特殊扶助家庭",
        }
    }

    /// Reads the name as files write it, English or Chinese; none for everything that is no group here.
    pub fn parse(text: &str) -> Option<CareGroup> {
        let text = text.trim();
        CareGroup::ALL.into_iter().find(|group| group.as_str() == text || group.zh() == text)
    }
}

/// How many of one care group live in one grid.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Headcount {
    /// The grid (of the finest level that is counted).
    pub grid: GridCode,
    /// The group.
    pub group: CareGroup,
    /// How many. Never leaves the store exactly: see `tile`.
    pub count: u32,
    /// The day of the count.
    pub counted_on: NaiveDate,
}
