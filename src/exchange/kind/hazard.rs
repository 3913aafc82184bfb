//! Hazards.

use super::{Complaint, Cow, Kind, Plan};
use crate::domain::{CheckItem, Hazard, HazardSeverity, HazardState};
use crate::exchange::cell::Cells;

const ID: usize = 0;
const ADDRESS_ID: usize = 1;
const RENTAL_ID: usize = 2;
const ITEM: usize = 3;
const SEVERITY: usize = 4;
const STATE: usize = 5;
const FOUND_AT: usize = 6;
const FOUND_BY: usize = 7;
const DUE_ON: usize = 8;
const CLOSED_AT: usize = 9;
const CLOSED_BY: usize = 10;

fn severity(text: &str) -> Option<HazardSeverity> {
    Some(match text {
        "minor" | "一般" | "一般隐患" => HazardSeverity::Minor,
        "serious" | "较大" | "较大隐患" => HazardSeverity::Serious,
        "major" | "重大" | "重大隐患" => HazardSeverity::Major,
        _ => return None,
    })
}

fn state(text: &str) -> Option<HazardState> {
    Some(match text {
        "open" | "待处理" | "未整改" | "已上报" => HazardState::Open,
        "assigned" | "已派发" | "整改中" => HazardState::Assigned,
        "mended" | "已整改" | "待复查" => HazardState::Mended,
        "closed" | "已销号" | "已闭环" | "已办结" => HazardState::Closed,
        _ => return None,
    })
}

impl Kind for Hazard {
    const NAME: &'static str = "hazard";
    const FIELDS: &'static [&'static str] = &[
        "hazard_id",
        "address_id",
        "rental_id",
        "item",
        "severity",
        "state",
        "found_at",
        "found_by",
        "due_on",
        "closed_at",
        "closed_by",
    ];

    fn missing(plan: &Plan, _: bool) -> Vec<Vec<usize>> {
        let needed = [ID, ADDRESS_ID, ITEM, SEVERITY, FOUND_AT, FOUND_BY];
        needed.into_iter().filter(|field| !plan.has(*field)).map(|field| vec![field]).collect()
    }

    fn read(cells: &Cells<'_>) -> Result<Hazard, Complaint> {
        for field in [ITEM, SEVERITY, FOUND_AT, FOUND_BY] {
            cells.needed(field)?;
        }
        let items = CheckItem::ALL.map(|item| format!("{} {}", item.as_str(), item.zh())).join(", ");
        let absent = |field| cells.complain(field, "不能为空", "must not be empty");
        let state = cells
            .word(STATE, state, "open, assigned, mended, closed / 待处理、已派发、已整改、已销号")?
            .unwrap_or_default();
        let (closed_at, closed_by) = (cells.time(CLOSED_AT)?, cells.account(CLOSED_BY)?);
        if state == HazardState::Closed && (closed_at.is_none() || closed_by.is_none()) {
            return Err(cells.complain(
                STATE,
                "已销号的隐患须有销号时间和销号人工号",
                "a closed hazard needs closed_at and closed_by",
            ));
        }
        Ok(Hazard {
            id: cells.identifier(ID)?.into(),
            address: cells.identifier(ADDRESS_ID)?.into(),
            rental: cells.reference(RENTAL_ID)?.map(Into::into),
            item: cells.word(ITEM, CheckItem::parse, &items)?.ok_or_else(|| absent(ITEM))?,
            severity: cells
                .word(SEVERITY, severity, "minor, serious, major / 一般、较大、重大")?
                .ok_or_else(|| absent(SEVERITY))?,
            state,
            found_at: cells.time(FOUND_AT)?.ok_or_else(|| absent(FOUND_AT))?,
            found_by: cells.account(FOUND_BY)?.ok_or_else(|| absent(FOUND_BY))?,
            due_on: cells.day(DUE_ON)?,
            closed_at,
            closed_by,
            version: 1,
        })
    }

    fn key(&self) -> Cow<'_, str> {
        Cow::Borrowed(&self.id)
    }
}
