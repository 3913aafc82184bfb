//! Fire inspections of rentals by eight check items.

use super::id::{InspectionId, RentalId};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// The eight things that an inspection of a rental looks at (after GA/T 1245 and the provinces' rules for rented
/// homes).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum CheckItem {
    /// 电气线路: wiring overloaded, bare or improvised.
    Wiring,
    /// 电动车停放充电: e-bikes or their batteries parked or charged inside.
    EbikeCharging,
    /// 燃气用火: gas bottles, hoses, open fire.
    Gas,
    /// 疏散通道: stairs, corridors or exits blocked or locked.
    EscapeRoute,
    /// 防盗窗逃生口: barred windows without an opening for escape.
    BarredWindow,
    /// 灭火器材: no extinguisher, or out of date.
    Extinguisher,
    /// 烟感报警: no smoke alarm, or dead.
    SmokeAlarm,
    /// 可燃分隔: combustible partitions, foam panels, stored goods.
    CombustiblePartition,
}

impl CheckItem {
    /// All eight, in the order of the form.
    pub const ALL: [CheckItem; 8] = [
        CheckItem::Wiring,
        CheckItem::EbikeCharging,
        CheckItem::Gas,
        CheckItem::EscapeRoute,
        CheckItem::BarredWindow,
        CheckItem::Extinguisher,
        CheckItem::SmokeAlarm,
        CheckItem::CombustiblePartition,
    ];

    /// The name in files and in the API.
    pub fn as_str(self) -> &'static str {
        match self {
            CheckItem::Wiring => "wiring",
            CheckItem::EbikeCharging => "ebike_charging",
            CheckItem::Gas => "gas",
            CheckItem::EscapeRoute => "escape_route",
            CheckItem::BarredWindow => "barred_window",
            CheckItem::Extinguisher => "extinguisher",
            CheckItem::SmokeAlarm => "smoke_alarm",
            CheckItem::CombustiblePartition => "combustible_partition",
        }
    }

    /// The Chinese name.
    pub fn zh(self) -> &'static str {
        match self {
            CheckItem::Wiring => "电气线路",
            CheckItem::EbikeCharging => "电动车停放充电",
            CheckItem::Gas => "燃气用火",
            CheckItem::EscapeRoute => "疏散通道",
            CheckItem::BarredWindow => "防盗窗逃生口",
            CheckItem::Extinguisher => "灭火器材",
            CheckItem::SmokeAlarm => "烟感报警",
            CheckItem::CombustiblePartition => "可燃分隔",
        }
    }

    /// Reads the name as files write it, English or Chinese.
    pub fn parse(text: &str) -> Option<CheckItem> {
        let text = text.trim();
        CheckItem::ALL.into_iter().find(|item| item.as_str() == text || item.zh() == text)
    }
}

/// What an inspection found for one item.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Finding {
    /// In order.
    Pass,
    /// A hazard.
    Fail,
    /// Does not apply here.
    NotApplicable,
}

/// One inspection of one rental.
#[derive(Debug, Clone, PartialEq)]
pub struct Inspection {
    /// Identifier.
    pub id: InspectionId,
    /// The rental.
    pub rental: RentalId,
    /// When.
    pub at: DateTime<Utc>,
    /// One finding for each of [`CheckItem::ALL`], in that order.
    pub findings: [Finding; 8],
    /// Account that inspected.
    pub inspector: Box<str>,
}
