//! Headcounts of care groups.

use super::{Complaint, Cow, Kind, Plan};
use crate::domain::{CareGroup, Headcount};
use crate::exchange::cell::Cells;

const GRID_CODE: usize = 0;
const CARE_GROUP: usize = 1;
const COUNT: usize = 2;
const COUNTED_ON: usize = 3;

impl Kind for Headcount {
    const NAME: &'static str = "headcount";
    const FIELDS: &'static [&'static str] = &["grid_code", "care_group", "count", "counted_on"];

    fn missing(plan: &Plan, _: bool) -> Vec<Vec<usize>> {
        (0..4).filter(|field| !plan.has(*field)).map(|field| vec![field]).collect()
    }

    fn read(cells: &Cells<'_>) -> Result<Headcount, Complaint> {
        cells.needed(CARE_GROUP)?;
        let group = CareGroup::parse(cells.text(CARE_GROUP)).ok_or_else(|| {
            let known = CareGroup::ALL.map(|group| format!("{} {}", group.as_str(), group.zh())).join(", ");
            cells.complain(
                    CARE_GROUP,
                    format!("不是关爱群体。群体清单是封闭的，仅用于救援、消防和走访关爱；民族、户籍来源、宗教、政治、信访、健康诊断、涉警涉法情况一律不收。可用：{known}"),
                    format!("is no care group. The list is closed and serves rescue, fire safety and care visits only; ethnicity, origin, religion, politics, petitioning, health diagnosis and police or court status are never taken. Known: {known}"),
                )
                .remedy("请删去这些行", "take these rows out").refuse_file()
        })?;
        let absent = |field| cells.complain(field, "不能为空", "must not be empty");
        Ok(Headcount {
            grid: cells.identifier(GRID_CODE)?.into(),
            group,
            count: cells.number(COUNT)?.ok_or_else(|| absent(COUNT))?,
            counted_on: cells.day(COUNTED_ON)?.ok_or_else(|| absent(COUNTED_ON))?,
        })
    }

    fn key(&self) -> Cow<'_, str> {
        Cow::Owned(format!("{} {} {}", self.grid, self.group.as_str(), self.counted_on))
    }
}
