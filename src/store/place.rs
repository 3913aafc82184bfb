//! Places.

use super::codec::{Fields, RowWriter, Word};
use super::record::Record;
use crate::domain::*;
use crate::error::Result;
use std::borrow::Cow;

impl Record for Place {
    const TABLE: &'static str = "place";
    const KEY: &'static str = "place_id";
    const KEY_TEXT: &'static str = "place_id";
    const COLUMNS: &'static str = "place_id, name, kind, address_id, at";

    fn key(&self) -> Cow<'_, str> {
        Cow::Borrowed(&self.id)
    }

    fn write(&self, row: &mut RowWriter) {
        row.text(&self.id);
        row.text(&self.name);
        row.text(self.kind.word());
        row.text_or_null(self.address.as_deref());
        row.point(self.at);
    }

    fn read(fields: &mut Fields) -> Result<Self> {
        Ok(Place {
            id: fields.text()?.into(),
            name: fields.text()?.to_owned(),
            kind: PlaceKind::from_word(fields.text()?)?,
            address: fields.text_or_null()?.map(AddressId::from),
            at: fields.point()?,
            version: fields.long()?,
        })
    }
}
