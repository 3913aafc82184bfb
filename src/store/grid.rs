//! Grids.

use super::codec::{Fields, RowWriter};
use super::fault::garbled;
use super::record::Record;
use crate::domain::*;
use crate::error::Result;
use std::borrow::Cow;

impl Record for Grid {
    const TABLE: &'static str = "grid";
    const KEY: &'static str = "grid_code";
    const KEY_TEXT: &'static str = "grid_code";
    const COLUMNS: &'static str = "grid_code, level, name, parent_code, polygon, valid_from, valid_to";

    fn key(&self) -> Cow<'_, str> {
        Cow::Borrowed(&self.code)
    }

    fn write(&self, row: &mut RowWriter) {
        row.text(&self.code);
        row.text(self.level.as_str());
        row.text(&self.name);
        row.text_or_null(self.parent.as_deref());
        row.multi_polygon(&self.polygon);
        row.date(self.valid_from);
        row.date(self.valid_to);
    }

    fn read(fields: &mut Fields) -> Result<Self> {
        Ok(Grid {
            code: fields.text()?.into(),
            level: fields.text().and_then(|word| GridLevel::parse(word).ok_or_else(|| garbled(word)))?,
            name: fields.text()?.to_owned(),
            parent: fields.text_or_null()?.map(GridCode::from),
            polygon: fields.multi_polygon()?.into(),
            valid_from: fields.date()?,
            valid_to: fields.date()?,
            version: fields.long()?,
        })
    }
}
