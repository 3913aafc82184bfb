//! Hazards in columns: of every value but the identifier there are few.

use super::{Hazard, HazardSeverity, HazardState};
use crate::domain::column::{Cell, Column, Draft, Span};
use crate::domain::inspection::CheckItem;
use crate::domain::packed::{Keyed, Pack};
use crate::domain::texts::{Texts, TextsDraft};
use chrono::{DateTime, NaiveDate, Utc};

impl Cell for CheckItem {
    fn key(self) -> u128 {
        self as u128
    }
}

impl Cell for HazardSeverity {
    fn key(self) -> u128 {
        self as u128
    }
}

impl Cell for HazardState {
    fn key(self) -> u128 {
        self as u128
    }
}

/// A hazard whose texts lie elsewhere; see [`Hazard`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct HazardRow<'a> {
    /// Identifier.
    pub id: &'a str,
    /// Where.
    pub address: &'a str,
    /// The rental that it was found in, if any.
    pub rental: Option<&'a str>,
    /// Which of the eight items.
    pub item: CheckItem,
    /// How grave.
    pub severity: HazardSeverity,
    /// Where it stands.
    pub state: HazardState,
    /// When it was found.
    pub found_at: DateTime<Utc>,
    /// Account that found it.
    pub found_by: &'a str,
    /// By when it has to be mended.
    pub due_on: Option<NaiveDate>,
    /// When it was closed.
    pub closed_at: Option<DateTime<Utc>>,
    /// Account that closed it.
    pub closed_by: Option<&'a str>,
    /// Version of the record.
    pub version: i64,
}

/// The columns of up to 1,024 hazards.
#[derive(Debug)]
pub struct HazardChunk {
    texts: Texts,
    address: Column<Span>,
    rental: Column<Span>,
    item: Column<CheckItem>,
    severity: Column<HazardSeverity>,
    state: Column<HazardState>,
    found_at: Column<DateTime<Utc>>,
    found_by: Column<Span>,
    due_on: Column<Option<NaiveDate>>,
    closed_at: Column<Option<DateTime<Utc>>>,
    closed_by: Column<Span>,
    version: Column<i64>,
}

/// The same while they are filled.
#[derive(Debug, Default)]
pub struct HazardDraft {
    texts: TextsDraft,
    address: Draft<Span>,
    rental: Draft<Span>,
    item: Draft<CheckItem>,
    severity: Draft<HazardSeverity>,
    state: Draft<HazardState>,
    found_at: Draft<DateTime<Utc>>,
    found_by: Draft<Span>,
    due_on: Draft<Option<NaiveDate>>,
    closed_at: Draft<Option<DateTime<Utc>>>,
    closed_by: Draft<Span>,
    version: Draft<i64>,
}

/// A hazard of a chunk, read where it lies.
#[derive(Debug, Clone, Copy)]
pub struct HazardRef<'a> {
    chunk: &'a HazardChunk,
    row: usize,
}

impl<'a> HazardRef<'a> {
    /// Identifier.
    pub fn id(self) -> &'a str {
        self.chunk.texts.get(self.row)
    }

    /// Where.
    pub fn address(self) -> &'a str {
        self.chunk.address.get(self.row).of(self.chunk.texts.others())
    }

    /// The rental that it was found in, if any.
    pub fn rental(self) -> Option<&'a str> {
        self.chunk.rental.get(self.row).maybe_of(self.chunk.texts.others())
    }

    /// Which of the eight items.
    pub fn item(self) -> CheckItem {
        self.chunk.item.get(self.row)
    }

    /// How grave.
    pub fn severity(self) -> HazardSeverity {
        self.chunk.severity.get(self.row)
    }

    /// Where it stands.
    pub fn state(self) -> HazardState {
        self.chunk.state.get(self.row)
    }

    /// When it was found.
    pub fn found_at(self) -> DateTime<Utc> {
        self.chunk.found_at.get(self.row)
    }

    /// Account that found it.
    pub fn found_by(self) -> &'a str {
        self.chunk.found_by.get(self.row).of(self.chunk.texts.others())
    }

    /// By when it has to be mended.
    pub fn due_on(self) -> Option<NaiveDate> {
        self.chunk.due_on.get(self.row)
    }

    /// When it was closed.
    pub fn closed_at(self) -> Option<DateTime<Utc>> {
        self.chunk.closed_at.get(self.row)
    }

    /// Account that closed it.
    pub fn closed_by(self) -> Option<&'a str> {
        self.chunk.closed_by.get(self.row).maybe_of(self.chunk.texts.others())
    }

    /// Version of the record.
    pub fn version(self) -> i64 {
        self.chunk.version.get(self.row)
    }

    /// The hazard with its texts where they lie.
    pub fn row(self) -> HazardRow<'a> {
        Hazard::row_of(self)
    }

    /// The hazard on its own.
    pub fn unpack(self) -> Hazard {
        Hazard::of(Hazard::row_of(self))
    }
}

impl Keyed for Hazard {
    fn id(&self) -> &str {
        &self.id
    }

    fn id_of<'a>(view: Self::View<'a>) -> &'a str {
        view.id()
    }
}

impl Pack for Hazard {
    type Chunk = HazardChunk;
    type Draft = HazardDraft;
    type Row<'a> = HazardRow<'a>;
    type View<'a> = HazardRef<'a>;

    fn row(&self) -> HazardRow<'_> {
        HazardRow {
            id: &self.id,
            address: &self.address,
            rental: self.rental.as_deref(),
            item: self.item,
            severity: self.severity,
            state: self.state,
            found_at: self.found_at,
            found_by: &self.found_by,
            due_on: self.due_on,
            closed_at: self.closed_at,
            closed_by: self.closed_by.as_deref(),
            version: self.version,
        }
    }

    fn add(draft: &mut HazardDraft, row: HazardRow<'_>) {
        draft.texts.push(row.id);
        draft.address.push_text(&mut draft.texts.others, Some(row.address), Span::NONE);
        draft.rental.push_text(&mut draft.texts.others, row.rental, Span::NONE);
        draft.item.push(row.item);
        draft.severity.push(row.severity);
        draft.state.push(row.state);
        draft.found_at.push(row.found_at);
        draft.found_by.push_text(&mut draft.texts.others, Some(row.found_by), Span::NONE);
        draft.due_on.push(row.due_on);
        draft.closed_at.push(row.closed_at);
        draft.closed_by.push_text(&mut draft.texts.others, row.closed_by, Span::NONE);
        draft.version.push(row.version);
    }

    fn finish(draft: HazardDraft) -> HazardChunk {
        HazardChunk {
            texts: draft.texts.finish(),
            address: draft.address.finish(),
            rental: draft.rental.finish(),
            item: draft.item.finish(),
            severity: draft.severity.finish(),
            state: draft.state.finish(),
            found_at: draft.found_at.finish(),
            found_by: draft.found_by.finish(),
            due_on: draft.due_on.finish(),
            closed_at: draft.closed_at.finish(),
            closed_by: draft.closed_by.finish(),
            version: draft.version.finish(),
        }
    }

    fn view(chunk: &HazardChunk, row: usize) -> HazardRef<'_> {
        HazardRef { chunk, row }
    }

    fn row_of<'a>(view: Self::View<'a>) -> Self::Row<'a> {
        HazardRow {
            id: view.id(),
            address: view.address(),
            rental: view.rental(),
            item: view.item(),
            severity: view.severity(),
            state: view.state(),
            found_at: view.found_at(),
            found_by: view.found_by(),
            due_on: view.due_on(),
            closed_at: view.closed_at(),
            closed_by: view.closed_by(),
            version: view.version(),
        }
    }

    fn of(row: HazardRow<'_>) -> Hazard {
        Hazard {
            id: row.id.into(),
            address: row.address.into(),
            rental: row.rental.map(Into::into),
            item: row.item,
            severity: row.severity,
            state: row.state,
            found_at: row.found_at,
            found_by: row.found_by.into(),
            due_on: row.due_on,
            closed_at: row.closed_at,
            closed_by: row.closed_by.map(Into::into),
            version: row.version,
        }
    }

    fn bytes(chunk: &HazardChunk) -> usize {
        chunk.texts.bytes()
            + chunk.address.bytes()
            + chunk.rental.bytes()
            + chunk.item.bytes()
            + chunk.severity.bytes()
            + chunk.state.bytes()
            + chunk.found_at.bytes()
            + chunk.found_by.bytes()
            + chunk.due_on.bytes()
            + chunk.closed_at.bytes()
            + chunk.closed_by.bytes()
            + chunk.version.bytes()
    }
}
