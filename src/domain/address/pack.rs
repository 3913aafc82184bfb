//! Addresses in columns: some fifty bytes each where the text says the parts and nothing else, for then it is not kept.

use super::parts::PartsRef;
use super::{Address, AddressStatus, Position, PositionKind, PositionMethod};
use crate::domain::LonLat;
use crate::domain::column::{Cell, Column, Draft, Span, append, fitted};
use crate::domain::packed::{Declares, Keyed, Pack};
use crate::domain::places::Places;
use chrono::{DateTime, NaiveDate, Utc};
use std::borrow::Cow;

/// A position whose texts lie elsewhere; see [`Position`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PositionRef<'a> {
    /// What it marks.
    pub kind: PositionKind,
    /// Where: as collected, perhaps nowhere on earth.
    pub at: LonLat,
    /// How it was found.
    pub method: PositionMethod,
    /// What the device said of its accuracy, metres.
    pub accuracy_m: Option<f32>,
    /// When it was taken.
    pub collected_at: Option<DateTime<Utc>>,
    /// Work code of the account that took it (never a person's name).
    pub collector: Option<&'a str>,
}

impl PositionRef<'_> {
    /// The position on its own.
    pub fn unpack(self) -> Position {
        let PositionRef { kind, at, method, accuracy_m, collected_at, collector } = self;
        Position { kind, at, method, accuracy_m, collected_at, collector: collector.map(Into::into) }
    }
}

impl Position {
    /// The position as one whose texts lie here.
    pub fn view(&self) -> PositionRef<'_> {
        let Position { kind, at, method, accuracy_m, collected_at, ref collector } = *self;
        PositionRef { kind, at, method, accuracy_m, collected_at, collector: collector.as_deref() }
    }
}

/// An address whose texts lie elsewhere; see [`Address`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AddressRow<'a> {
    /// Identifier.
    pub id: &'a str,
    /// The text as it was given; none may stand where it is the parts one after the other.
    pub full_text: Option<&'a str>,
    /// Its parts.
    pub parts: PartsRef<'a>,
    /// The grid that it declares.
    pub grid: Option<&'a str>,
    /// The pin.
    pub pin: Option<PositionRef<'a>>,
    /// Further positions.
    pub positions: &'a [Position],
    /// The building that it is tied to.
    pub building: Option<&'a str>,
    /// Alive or ended.
    pub status: AddressStatus,
    /// The day on which it ended.
    pub ended_on: Option<NaiveDate>,
    /// Last day on which somebody confirmed it on the spot.
    pub verified_on: Option<NaiveDate>,
    /// Collection batch.
    pub batch: Option<&'a str>,
    /// Version of the record.
    pub version: i64,
}

impl<'a> AddressRow<'a> {
    /// The text as it was given.
    pub fn full_text(&self) -> Cow<'a, str> {
        self.full_text.map_or_else(|| Cow::Owned(self.parts.slots().concat()), Cow::Borrowed)
    }
}

/// The columns of up to 1,024 addresses.
#[derive(Debug)]
pub struct AddressChunk {
    /// All texts.
    texts: Box<str>,
    /// None where the full text is the parts one after the other.
    full_text: Column<Span>,
    /// Where each identifier begins.
    ids: Box<[u32]>,
    id_bytes: Column<u32>,
    parts: [Column<Span>; 14],
    grid: Column<Span>,
    building: Column<Span>,
    batch: Column<Span>,
    /// What the pin marks and how it was found; none where there is no pin.
    pin: Column<Option<(PositionKind, PositionMethod)>>,
    at: Places,
    accuracy_m: Column<Option<f32>>,
    collected_at: Column<Option<DateTime<Utc>>>,
    collector: Column<Span>,
    status: Column<AddressStatus>,
    ended_on: Column<Option<NaiveDate>>,
    verified_on: Column<Option<NaiveDate>>,
    version: Column<i64>,
    /// Further positions of the few addresses that have any, by row.
    positions: Box<[(u16, Box<[Position]>)]>,
}

impl AddressChunk {
    /// All texts one behind the other: each lies there in one piece, but for full texts that only their parts say.
    pub fn texts(&self) -> &str {
        &self.texts
    }
}

/// The same while they are filled.
#[derive(Debug, Default)]
pub struct AddressDraft {
    texts: String,
    full_text: Draft<Span>,
    ids: Vec<u32>,
    id_bytes: Draft<u32>,
    parts: [Draft<Span>; 14],
    grid: Draft<Span>,
    building: Draft<Span>,
    batch: Draft<Span>,
    pin: Draft<Option<(PositionKind, PositionMethod)>>,
    at: Vec<LonLat>,
    accuracy_m: Draft<Option<f32>>,
    collected_at: Draft<Option<DateTime<Utc>>>,
    collector: Draft<Span>,
    status: Draft<AddressStatus>,
    ended_on: Draft<Option<NaiveDate>>,
    verified_on: Draft<Option<NaiveDate>>,
    version: Draft<i64>,
    positions: Vec<(u16, Box<[Position]>)>,
}

impl Cell for AddressStatus {
    fn key(self) -> u128 {
        self as u128
    }
}

impl Cell for (PositionKind, PositionMethod) {
    fn key(self) -> u128 {
        (self.0 as u128) << 8 | self.1 as u128
    }
}

/// An address of a chunk, read where it lies.
#[derive(Debug, Clone, Copy)]
pub struct AddressRef<'a> {
    chunk: &'a AddressChunk,
    row: usize,
}

impl<'a> AddressRef<'a> {
    /// Identifier.
    pub fn id(self) -> &'a str {
        &self.chunk.texts[self.chunk.ids[self.row] as usize..][..self.chunk.id_bytes.get(self.row) as usize]
    }

    /// The text as it was given.
    pub fn full_text(self) -> Cow<'a, str> {
        let own = self.text(&self.chunk.full_text);
        own.map_or_else(|| Cow::Owned(self.parts().slots().concat()), Cow::Borrowed)
    }

    /// Its parts: given, or parsed from the text.
    pub fn parts(self) -> PartsRef<'a> {
        PartsRef::from_slots(self.chunk.parts.each_ref().map(|part| part.get(self.row).of(&self.chunk.texts)))
    }

    /// One of them, by its place in [`super::Parts::NAMES`].
    pub fn part(self, slot: usize) -> &'a str {
        self.chunk.parts[slot].get(self.row).of(&self.chunk.texts)
    }

    /// The grid that it declares.
    pub fn grid(self) -> Option<&'a str> {
        self.text(&self.chunk.grid)
    }

    /// The pin: its position of the highest rank.
    pub fn pin(self) -> Option<PositionRef<'a>> {
        let (kind, method) = self.chunk.pin.get(self.row)?;
        Some(PositionRef {
            kind,
            at: self.chunk.at.get(self.row),
            method,
            accuracy_m: self.chunk.accuracy_m.get(self.row),
            collected_at: self.chunk.collected_at.get(self.row),
            collector: self.text(&self.chunk.collector),
        })
    }

    /// Where the pin is.
    pub fn at(self) -> Option<LonLat> {
        self.chunk.pin.get(self.row).map(|_| self.chunk.at.get(self.row))
    }

    /// Further positions, by rank.
    pub fn positions(self) -> &'a [Position] {
        let all = &self.chunk.positions;
        all.binary_search_by_key(&self.row, |(row, _)| *row as usize).map_or(&[], |i| &all[i].1)
    }

    /// The building that it is tied to.
    pub fn building(self) -> Option<&'a str> {
        self.text(&self.chunk.building)
    }

    /// Alive or ended.
    pub fn status(self) -> AddressStatus {
        self.chunk.status.get(self.row)
    }

    /// The day on which it ended.
    pub fn ended_on(self) -> Option<NaiveDate> {
        self.chunk.ended_on.get(self.row)
    }

    /// Last day on which somebody confirmed it on the spot.
    pub fn verified_on(self) -> Option<NaiveDate> {
        self.chunk.verified_on.get(self.row)
    }

    /// Collection batch.
    pub fn batch(self) -> Option<&'a str> {
        self.text(&self.chunk.batch)
    }

    /// Version of the record, from 1.
    pub fn version(self) -> i64 {
        self.chunk.version.get(self.row)
    }

    /// The address on its own.
    pub fn unpack(self) -> Address {
        Address::of(Address::row_of(self))
    }

    fn text(self, column: &Column<Span>) -> Option<&'a str> {
        column.get(self.row).maybe_of(&self.chunk.texts)
    }
}

/// Whether a text is the parts one after the other.
fn is_said_by(text: &str, parts: &PartsRef) -> bool {
    let rest = parts.slots().iter().try_fold(text, |rest, part| rest.strip_prefix(part));
    rest.is_some_and(str::is_empty)
}

impl PartialEq for AddressRef<'_> {
    fn eq(&self, other: &Self) -> bool {
        Address::row_of(*self) == Address::row_of(*other)
    }
}

impl Declares for Address {
    fn grids(chunk: &AddressChunk) -> impl Iterator<Item = &str> {
        chunk.grid.values().iter().filter_map(|grid| grid.maybe_of(&chunk.texts))
    }

    fn grid_of<'a>(view: Self::View<'a>) -> Option<&'a str> {
        view.grid()
    }
}

impl Keyed for Address {
    fn id(&self) -> &str {
        &self.id
    }

    fn id_of<'a>(view: Self::View<'a>) -> &'a str {
        view.id()
    }
}

impl Pack for Address {
    type Chunk = AddressChunk;
    type Draft = AddressDraft;
    type Row<'a> = AddressRow<'a>;
    type View<'a> = AddressRef<'a>;

    fn row(&self) -> AddressRow<'_> {
        AddressRow {
            id: &self.id,
            full_text: Some(&self.full_text),
            parts: self.parts.view(),
            grid: self.grid.as_deref(),
            pin: self.pin.as_ref().map(Position::view),
            positions: &self.positions,
            building: self.building.as_deref(),
            status: self.status,
            ended_on: self.ended_on,
            verified_on: self.verified_on,
            batch: self.batch.as_deref(),
            version: self.version,
        }
    }

    fn add(draft: &mut AddressDraft, row: AddressRow<'_>) {
        let texts = &mut draft.texts;
        let own = row.full_text.filter(|text| !is_said_by(text, &row.parts));
        let whole = draft.full_text.push_text(texts, own, Span::NONE);
        draft.ids.push(append(texts, row.id).start());
        draft.id_bytes.push(row.id.len() as u32);
        for (column, part) in draft.parts.iter_mut().zip(row.parts.slots()) {
            column.push_text(texts, Some(part), whole);
        }
        draft.grid.push_text(texts, row.grid, whole);
        draft.building.push_text(texts, row.building, whole);
        draft.batch.push_text(texts, row.batch, whole);
        let pin = row.pin;
        draft.pin.push(pin.map(|pin| (pin.kind, pin.method)));
        draft.at.push(pin.map_or(LonLat::new(0.0, 0.0), |pin| pin.at));
        draft.accuracy_m.push(pin.and_then(|pin| pin.accuracy_m));
        draft.collected_at.push(pin.and_then(|pin| pin.collected_at));
        draft.collector.push_text(texts, pin.and_then(|pin| pin.collector), whole);
        draft.status.push(row.status);
        draft.ended_on.push(row.ended_on);
        draft.verified_on.push(row.verified_on);
        draft.version.push(row.version);
        if !row.positions.is_empty() {
            draft.positions.push((draft.ids.len() as u16 - 1, row.positions.into()));
        }
    }

    fn finish(draft: AddressDraft) -> AddressChunk {
        AddressChunk {
            texts: draft.texts.as_str().into(),
            full_text: draft.full_text.finish(),
            ids: fitted(&draft.ids),
            id_bytes: draft.id_bytes.finish(),
            parts: draft.parts.map(Draft::finish),
            grid: draft.grid.finish(),
            building: draft.building.finish(),
            batch: draft.batch.finish(),
            pin: draft.pin.finish(),
            at: Places::pack(&draft.at),
            accuracy_m: draft.accuracy_m.finish(),
            collected_at: draft.collected_at.finish(),
            collector: draft.collector.finish(),
            status: draft.status.finish(),
            ended_on: draft.ended_on.finish(),
            verified_on: draft.verified_on.finish(),
            version: draft.version.finish(),
            positions: draft.positions.into(),
        }
    }

    fn view(chunk: &AddressChunk, row: usize) -> AddressRef<'_> {
        AddressRef { chunk, row }
    }

    fn row_of<'a>(view: Self::View<'a>) -> Self::Row<'a> {
        AddressRow {
            id: view.id(),
            full_text: view.text(&view.chunk.full_text),
            parts: view.parts(),
            grid: view.grid(),
            pin: view.pin(),
            positions: view.positions(),
            building: view.building(),
            status: view.status(),
            ended_on: view.ended_on(),
            verified_on: view.verified_on(),
            batch: view.batch(),
            version: view.version(),
        }
    }

    fn of(row: AddressRow<'_>) -> Address {
        Address {
            id: row.id.into(),
            full_text: row.full_text().into_owned(),
            parts: row.parts.unpack(),
            grid: row.grid.map(Into::into),
            pin: row.pin.map(PositionRef::unpack),
            positions: row.positions.to_vec(),
            building: row.building.map(Into::into),
            status: row.status,
            ended_on: row.ended_on,
            verified_on: row.verified_on,
            batch: row.batch.map(Into::into),
            version: row.version,
        }
    }

    fn bytes(chunk: &AddressChunk) -> usize {
        let texts = [&chunk.full_text, &chunk.grid, &chunk.building, &chunk.batch, &chunk.collector];
        let positions = chunk.positions.iter().map(|(_, positions)| size_of_val(&**positions));
        chunk.texts.len()
            + size_of_val(&*chunk.ids)
            + chunk.at.bytes()
            + size_of_val(&*chunk.positions)
            + positions.sum::<usize>()
            + chunk.parts.iter().chain(texts).map(Column::bytes).sum::<usize>()
            + chunk.id_bytes.bytes()
            + chunk.pin.bytes()
            + chunk.accuracy_m.bytes()
            + chunk.collected_at.bytes()
            + chunk.status.bytes()
            + chunk.ended_on.bytes()
            + chunk.verified_on.bytes()
            + chunk.version.bytes()
    }
}
