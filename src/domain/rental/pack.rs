//! Rentals in columns: of every value but the identifier there are few.

use super::{Rental, RentalSpace, RentalStatus};
use crate::domain::column::{Cell, Column, Draft, Span};
use crate::domain::packed::{Keyed, Pack};
use crate::domain::texts::{Texts, TextsDraft};
use chrono::NaiveDate;

impl Cell for RentalSpace {
    fn key(self) -> u128 {
        self as u128
    }
}

impl Cell for RentalStatus {
    fn key(self) -> u128 {
        self as u128
    }
}

/// A rental whose texts lie elsewhere; see [`Rental`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RentalRow<'a> {
    /// Identifier.
    pub id: &'a str,
    /// Its address.
    pub address: Option<&'a str>,
    /// The day on which it was registered; none: not registered.
    pub registered_on: Option<NaiveDate>,
    /// What is let.
    pub space: RentalSpace,
    /// Rooms that are let.
    pub rooms: Option<u16>,
    /// How many people live there.
    pub occupants: Option<u16>,
    /// Let now or ended.
    pub status: RentalStatus,
    /// Version of the record.
    pub version: i64,
}

/// The columns of up to 1,024 rentals.
#[derive(Debug)]
pub struct RentalChunk {
    texts: Texts,
    address: Column<Span>,
    registered_on: Column<Option<NaiveDate>>,
    space: Column<RentalSpace>,
    rooms: Column<Option<u16>>,
    occupants: Column<Option<u16>>,
    status: Column<RentalStatus>,
    version: Column<i64>,
}

/// The same while they are filled.
#[derive(Debug, Default)]
pub struct RentalDraft {
    texts: TextsDraft,
    address: Draft<Span>,
    registered_on: Draft<Option<NaiveDate>>,
    space: Draft<RentalSpace>,
    rooms: Draft<Option<u16>>,
    occupants: Draft<Option<u16>>,
    status: Draft<RentalStatus>,
    version: Draft<i64>,
}

/// A rental of a chunk, read where it lies.
#[derive(Debug, Clone, Copy)]
pub struct RentalRef<'a> {
    chunk: &'a RentalChunk,
    row: usize,
}

impl<'a> RentalRef<'a> {
    /// Identifier.
    pub fn id(self) -> &'a str {
        self.chunk.texts.get(self.row)
    }

    /// Its address.
    pub fn address(self) -> Option<&'a str> {
        self.chunk.address.get(self.row).maybe_of(self.chunk.texts.others())
    }

    /// The day on which it was registered; none: not registered.
    pub fn registered_on(self) -> Option<NaiveDate> {
        self.chunk.registered_on.get(self.row)
    }

    /// What is let.
    pub fn space(self) -> RentalSpace {
        self.chunk.space.get(self.row)
    }

    /// Rooms that are let.
    pub fn rooms(self) -> Option<u16> {
        self.chunk.rooms.get(self.row)
    }

    /// How many people live there.
    pub fn occupants(self) -> Option<u16> {
        self.chunk.occupants.get(self.row)
    }

    /// Let now or ended.
    pub fn status(self) -> RentalStatus {
        self.chunk.status.get(self.row)
    }

    /// Version of the record.
    pub fn version(self) -> i64 {
        self.chunk.version.get(self.row)
    }

    /// The rental with its texts where they lie.
    pub fn row(self) -> RentalRow<'a> {
        Rental::row_of(self)
    }

    /// The rental on its own.
    pub fn unpack(self) -> Rental {
        Rental::of(Rental::row_of(self))
    }
}

impl Keyed for Rental {
    fn id(&self) -> &str {
        &self.id
    }

    fn id_of<'a>(view: Self::View<'a>) -> &'a str {
        view.id()
    }
}

impl Pack for Rental {
    type Chunk = RentalChunk;
    type Draft = RentalDraft;
    type Row<'a> = RentalRow<'a>;
    type View<'a> = RentalRef<'a>;

    fn row(&self) -> RentalRow<'_> {
        RentalRow {
            id: &self.id,
            address: self.address.as_deref(),
            registered_on: self.registered_on,
            space: self.space,
            rooms: self.rooms,
            occupants: self.occupants,
            status: self.status,
            version: self.version,
        }
    }

    fn add(draft: &mut RentalDraft, row: RentalRow<'_>) {
        draft.texts.push(row.id);
        draft.address.push_text(&mut draft.texts.others, row.address, Span::NONE);
        draft.registered_on.push(row.registered_on);
        draft.space.push(row.space);
        draft.rooms.push(row.rooms);
        draft.occupants.push(row.occupants);
        draft.status.push(row.status);
        draft.version.push(row.version);
    }

    fn finish(draft: RentalDraft) -> RentalChunk {
        RentalChunk {
            texts: draft.texts.finish(),
            address: draft.address.finish(),
            registered_on: draft.registered_on.finish(),
            space: draft.space.finish(),
            rooms: draft.rooms.finish(),
            occupants: draft.occupants.finish(),
            status: draft.status.finish(),
            version: draft.version.finish(),
        }
    }

    fn view(chunk: &RentalChunk, row: usize) -> RentalRef<'_> {
        RentalRef { chunk, row }
    }

    fn row_of<'a>(view: Self::View<'a>) -> Self::Row<'a> {
        RentalRow {
            id: view.id(),
            address: view.address(),
            registered_on: view.registered_on(),
            space: view.space(),
            rooms: view.rooms(),
            occupants: view.occupants(),
            status: view.status(),
            version: view.version(),
        }
    }

    fn of(row: RentalRow<'_>) -> Rental {
        Rental {
            id: row.id.into(),
            address: row.address.map(Into::into),
            registered_on: row.registered_on,
            space: row.space,
            rooms: row.rooms,
            occupants: row.occupants,
            status: row.status,
            version: row.version,
        }
    }

    fn bytes(chunk: &RentalChunk) -> usize {
        chunk.texts.bytes()
            + chunk.address.bytes()
            + chunk.registered_on.bytes()
            + chunk.space.bytes()
            + chunk.rooms.bytes()
            + chunk.occupants.bytes()
            + chunk.status.bytes()
            + chunk.version.bytes()
    }
}
