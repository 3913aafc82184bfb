//! Buildings in columns: most of their bytes are the corners of footprints.

use super::{Building, BuildingKind, FootprintRef};
use crate::domain::LonLat;
use crate::domain::address::PartsRef;
use crate::domain::column::{Cell, Column, Draft, Span, append, fitted};
use crate::domain::packed::{Declares, Keyed, Pack};
use geo::{Coord, MultiPolygon};

/// A building whose texts and corners lie elsewhere; see [`Building`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BuildingRow<'a> {
    /// Identifier.
    pub id: &'a str,
    /// Its address as text.
    pub full_text: &'a str,
    /// The address parts it carries.
    pub parts: PartsRef<'a>,
    /// Where it stands.
    pub footprint: FootprintRef<'a>,
    /// Floors above ground.
    pub floors: Option<u16>,
    /// What it is for.
    pub kind: BuildingKind,
    /// The grid that it declares.
    pub grid: Option<&'a str>,
    /// Whether it still stands.
    pub standing: bool,
    /// Version of the record.
    pub version: i64,
}

/// What a footprint is.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Outline {
    /// A ring with so many corners.
    Ring(u32),
    /// The area with this number among those that are kept whole.
    Area(u32),
    Point,
}

impl Cell for Outline {
    fn key(self) -> u128 {
        match self {
            Outline::Ring(corners) => u128::from(corners),
            Outline::Area(number) => 1 << 32 | u128::from(number),
            Outline::Point => 1 << 33,
        }
    }
}

impl Cell for BuildingKind {
    fn key(self) -> u128 {
        self as u128
    }
}

/// The columns of up to 1,024 buildings.
#[derive(Debug)]
pub struct BuildingChunk {
    /// All texts; of each building its full text and, right behind, its identifier.
    texts: Box<str>,
    full_text: Box<[Span]>,
    id_bytes: Column<u32>,
    parts: [Column<Span>; 14],
    outline: Column<Outline>,
    /// The first corner of each, and its corners behind it; a point is a corner.
    starts: Box<[u32]>,
    corners: Box<[Coord<f64>]>,
    areas: Box<[MultiPolygon<f64>]>,
    floors: Column<Option<u16>>,
    kind: Column<BuildingKind>,
    grid: Column<Span>,
    standing: Column<bool>,
    version: Column<i64>,
}

/// The same while they are filled.
#[derive(Debug, Default)]
pub struct BuildingDraft {
    texts: String,
    full_text: Vec<Span>,
    id_bytes: Draft<u32>,
    parts: [Draft<Span>; 14],
    outline: Draft<Outline>,
    starts: Vec<u32>,
    corners: Vec<Coord<f64>>,
    areas: Vec<MultiPolygon<f64>>,
    floors: Draft<Option<u16>>,
    kind: Draft<BuildingKind>,
    grid: Draft<Span>,
    standing: Draft<bool>,
    version: Draft<i64>,
}

/// A building of a chunk, read where it lies.
#[derive(Debug, Clone, Copy)]
pub struct BuildingRef<'a> {
    chunk: &'a BuildingChunk,
    row: usize,
}

impl<'a> BuildingRef<'a> {
    /// Identifier.
    pub fn id(self) -> &'a str {
        let end = self.chunk.full_text[self.row].end();
        &self.chunk.texts[end..][..self.chunk.id_bytes.get(self.row) as usize]
    }

    /// Its address as text, empty where unknown.
    pub fn full_text(self) -> &'a str {
        self.chunk.full_text[self.row].of(&self.chunk.texts)
    }

    /// The address parts it carries (road, house number, compound, building).
    pub fn parts(self) -> PartsRef<'a> {
        PartsRef::from_slots(self.chunk.parts.each_ref().map(|part| part.get(self.row).of(&self.chunk.texts)))
    }

    /// Where it stands.
    pub fn footprint(self) -> FootprintRef<'a> {
        let corners = &self.chunk.corners[self.chunk.starts[self.row] as usize..];
        match self.chunk.outline.get(self.row) {
            Outline::Ring(count) => FootprintRef::Ring(&corners[..count as usize]),
            Outline::Area(number) => FootprintRef::Area(&self.chunk.areas[number as usize]),
            Outline::Point => FootprintRef::Point(LonLat::new(corners[0].x, corners[0].y)),
        }
    }

    /// Floors above ground.
    pub fn floors(self) -> Option<u16> {
        self.chunk.floors.get(self.row)
    }

    /// What it is for.
    pub fn kind(self) -> BuildingKind {
        self.chunk.kind.get(self.row)
    }

    /// The grid that it declares, where the survey says one.
    pub fn grid(self) -> Option<&'a str> {
        self.chunk.grid.get(self.row).maybe_of(&self.chunk.texts)
    }

    /// Whether it still stands.
    pub fn standing(self) -> bool {
        self.chunk.standing.get(self.row)
    }

    /// Version of the record, from 1.
    pub fn version(self) -> i64 {
        self.chunk.version.get(self.row)
    }

    /// The building on its own.
    pub fn unpack(self) -> Building {
        Building::of(Building::row_of(self))
    }
}

impl PartialEq for BuildingRef<'_> {
    fn eq(&self, other: &Self) -> bool {
        Building::row_of(*self) == Building::row_of(*other)
    }
}

impl Declares for Building {
    fn grids(chunk: &BuildingChunk) -> impl Iterator<Item = &str> {
        chunk.grid.values().iter().filter_map(|grid| grid.maybe_of(&chunk.texts))
    }

    fn grid_of<'a>(view: Self::View<'a>) -> Option<&'a str> {
        view.grid()
    }
}

impl Keyed for Building {
    fn id(&self) -> &str {
        &self.id
    }

    fn id_of<'a>(view: Self::View<'a>) -> &'a str {
        view.id()
    }
}

impl Pack for Building {
    type Chunk = BuildingChunk;
    type Draft = BuildingDraft;
    type Row<'a> = BuildingRow<'a>;
    type View<'a> = BuildingRef<'a>;

    fn row(&self) -> BuildingRow<'_> {
        BuildingRow {
            id: &self.id,
            full_text: &self.full_text,
            parts: self.parts.view(),
            footprint: self.footprint.view(),
            floors: self.floors,
            kind: self.kind,
            grid: self.grid.as_deref(),
            standing: self.standing,
            version: self.version,
        }
    }

    fn add(draft: &mut BuildingDraft, row: BuildingRow<'_>) {
        let texts = &mut draft.texts;
        let whole = append(texts, row.full_text);
        append(texts, row.id);
        draft.full_text.push(whole);
        draft.id_bytes.push(row.id.len() as u32);
        for (column, part) in draft.parts.iter_mut().zip(row.parts.slots()) {
            column.push_text(texts, Some(part), whole);
        }
        draft.grid.push_text(texts, row.grid, whole);
        draft.starts.push(draft.corners.len() as u32);
        draft.outline.push(match row.footprint {
            FootprintRef::Ring(corners) => {
                draft.corners.extend_from_slice(corners);
                Outline::Ring(corners.len() as u32)
            }
            FootprintRef::Area(area) => {
                draft.areas.push(area.clone());
                Outline::Area(draft.areas.len() as u32 - 1)
            }
            FootprintRef::Point(at) => {
                draft.corners.push(Coord { x: at.lon, y: at.lat });
                Outline::Point
            }
        });
        draft.floors.push(row.floors);
        draft.kind.push(row.kind);
        draft.standing.push(row.standing);
        draft.version.push(row.version);
    }

    fn finish(draft: BuildingDraft) -> BuildingChunk {
        BuildingChunk {
            texts: draft.texts.as_str().into(),
            full_text: fitted(&draft.full_text),
            id_bytes: draft.id_bytes.finish(),
            parts: draft.parts.map(Draft::finish),
            outline: draft.outline.finish(),
            starts: fitted(&draft.starts),
            corners: fitted(&draft.corners),
            areas: draft.areas.into(),
            floors: draft.floors.finish(),
            kind: draft.kind.finish(),
            grid: draft.grid.finish(),
            standing: draft.standing.finish(),
            version: draft.version.finish(),
        }
    }

    fn view(chunk: &BuildingChunk, row: usize) -> BuildingRef<'_> {
        BuildingRef { chunk, row }
    }

    fn row_of<'a>(view: Self::View<'a>) -> Self::Row<'a> {
        BuildingRow {
            id: view.id(),
            full_text: view.full_text(),
            parts: view.parts(),
            footprint: view.footprint(),
            floors: view.floors(),
            kind: view.kind(),
            grid: view.grid(),
            standing: view.standing(),
            version: view.version(),
        }
    }

    fn of(row: BuildingRow<'_>) -> Building {
        Building {
            id: row.id.into(),
            full_text: row.full_text.to_owned(),
            parts: row.parts.unpack(),
            footprint: row.footprint.unpack(),
            floors: row.floors,
            kind: row.kind,
            grid: row.grid.map(Into::into),
            standing: row.standing,
            version: row.version,
        }
    }

    fn bytes(chunk: &BuildingChunk) -> usize {
        use geo::CoordsIter;
        let areas = chunk.areas.iter().map(|area| 64 + 16 * area.coords_count());
        chunk.texts.len()
            + size_of_val(&*chunk.full_text)
            + size_of_val(&*chunk.starts)
            + size_of_val(&*chunk.corners)
            + areas.sum::<usize>()
            + chunk.parts.iter().chain([&chunk.grid]).map(Column::bytes).sum::<usize>()
            + chunk.id_bytes.bytes()
            + chunk.outline.bytes()
            + chunk.floors.bytes()
            + chunk.kind.bytes()
            + chunk.standing.bytes()
            + chunk.version.bytes()
    }
}
