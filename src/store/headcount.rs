//! Headcounts of care groups. Their exact numbers are for the service itself, which shows bands only (see `tile`).

use super::codec::{Fields, RowWriter};
use super::fault::garbled;
use super::record::Record;
use crate::domain::*;
use crate::error::Result;
use std::borrow::Cow;

impl Record for Headcount {
    const TABLE: &'static str = "headcount";
    const KEY: &'static str = "grid_code, care_group";
    const KEY_TEXT: &'static str = "(grid_code || '|' || care_group)";
    const COLUMNS: &'static str = "grid_code, care_group, count, counted_on";

    fn key(&self) -> Cow<'_, str> {
        Cow::Owned(format!("{}|{}", self.grid, self.group.as_str()))
    }

    fn write(&self, row: &mut RowWriter) {
        row.text(&self.grid);
        row.text(self.group.as_str());
        row.int(Some(i32::try_from(self.count).unwrap_or(i32::MAX)));
        row.date(Some(self.counted_on));
    }

    fn read(fields: &mut Fields) -> Result<Self> {
        let grid = fields.text()?.into();
        let group = fields.text().and_then(|word| CareGroup::parse(word).ok_or_else(|| garbled(word)))?;
        let count = fields.int()?.unwrap_or_default() as u32;
        let counted_on = fields.date()?.ok_or_else(|| garbled("null"))?;
        fields.long()?;
        Ok(Headcount { grid, group, count, counted_on })
    }
}
