//! Rentals.

use super::codec::{Fields, RowWriter, Word};
use super::record::Record;
use super::session::Session;
use crate::domain::*;
use crate::error::{Error, Result};
use std::borrow::Cow;

impl Record for Rental {
    const TABLE: &'static str = "rental";
    const KEY: &'static str = "rental_id";
    const KEY_TEXT: &'static str = "rental_id";
    const COLUMNS: &'static str = "rental_id, address_id, registered_on, space, rooms, occupants, status";

    fn key(&self) -> Cow<'_, str> {
        Cow::Borrowed(&self.id)
    }

    fn write(&self, row: &mut RowWriter) {
        row.text(&self.id);
        row.text_or_null(self.address.as_deref());
        row.date(self.registered_on);
        row.text(self.space.word());
        row.int(self.rooms.map(i32::from));
        row.int(self.occupants.map(i32::from));
        row.text(self.status.word());
    }

    fn read(fields: &mut Fields) -> Result<Self> {
        Ok(Rental {
            id: fields.text()?.into(),
            address: fields.text_or_null()?.map(AddressId::from),
            registered_on: fields.date()?,
            space: RentalSpace::from_word(fields.text()?)?,
            rooms: fields.int()?.map(|n| n as u16),
            occupants: fields.int()?.map(|n| n as u16),
            status: RentalStatus::from_word(fields.text()?)?,
            version: fields.long()?,
        })
    }
}

impl Session {
    /// The rental, if the actor may see it.
    ///
    /// # Errors
    /// `NotFound` otherwise.
    pub async fn rental(&mut self, id: &RentalId) -> Result<Rental> {
        self.by_key(id).await?.ok_or_else(|| Error::NotFound(format!("rental {id}")))
    }
}
