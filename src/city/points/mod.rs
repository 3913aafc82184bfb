//! Points in Z-order, in chunks of columns that are copied when they change: a tile, a cell of a tile and a box are runs
//! of memory, and an edit copies the chunks that it falls into.

mod edit;

use super::chunk::{Builder, Chunk, FILL};
use super::pyramid::{Part, totals};
use super::ring::{OwnRings, Rings};
use super::tag::Tag;
use super::world::{Span, Spot, TileId};
use crate::domain::LonLat;
use crate::domain::spine::Spine;
use crate::index::gather;
use rayon::prelude::*;
use std::ops::Range;
use std::sync::Arc;

/// The home of a point that lies in no grid and declares none.
pub const NOWHERE: u32 = u32::MAX;

/// One point of a layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Point {
    /// Place in the Z-order of the world.
    pub key: u64,
    /// Row of its record.
    pub row: u32,
    /// Preorder number of its grid, or [`NOWHERE`].
    pub home: u32,
}

impl Point {
    /// Where it lies.
    pub fn spot(&self) -> Spot {
        Spot::from_key(self.key)
    }
}

/// A point with what is told of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Item<'a> {
    /// The point.
    pub point: Point,
    /// What is told of it in numbers.
    pub tag: Tag,
    /// Identifier of its record; no two records of a layer have the same.
    pub id: &'a str,
    /// A text that it shares with others, or not.
    pub label: &'a str,
    /// Its outline, where it has one; the point is then the middle of its box.
    pub rings: Rings<'a>,
}

impl Item<'_> {
    /// Points lie in the order of the world, and those on one spot in the order of their identifiers: the order says
    /// nothing about the edits that led here.
    fn order(&self) -> (u64, &str, u32) {
        (self.point.key, self.id, self.point.row)
    }

    /// The box around it.
    pub fn span(&self) -> Span {
        self.rings.span().unwrap_or(Span::of(self.point.spot()))
    }
}

/// A point that is taken out or put in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    point: Point,
    tag: Tag,
    id: Box<str>,
    label: Box<str>,
    rings: OwnRings,
}

impl From<&Item<'_>> for Entry {
    fn from(item: &Item) -> Entry {
        Entry {
            point: item.point,
            tag: item.tag,
            id: item.id.into(),
            label: item.label.into(),
            rings: item.rings.into(),
        }
    }
}

impl Entry {
    /// The box around it.
    pub fn span(&self) -> Span {
        self.item().span()
    }

    fn item(&self) -> Item<'_> {
        Item { point: self.point, tag: self.tag, id: &self.id, label: &self.label, rings: self.rings.rings() }
    }
}

/// Whose points are meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Within {
    /// All.
    All,
    /// Those of a half-open interval of homes.
    Homes(u32, u32),
}

impl Within {
    /// Whether a home is meant.
    #[inline]
    pub fn holds(self, home: u32) -> bool {
        match self {
            Within::All => true,
            Within::Homes(from, to) => from <= home && home < to,
        }
    }
}

/// Points of one kind, cheap to copy. A row has one point at most.
#[derive(Debug, Clone, Default)]
pub struct Points {
    chunks: Spine<Slot>,
    len: usize,
}

/// A chunk, with what tells whether it has to be read.
#[derive(Debug, Clone)]
pub(super) struct Slot {
    /// Key of its first point.
    pub key: u64,
    /// The box around all that it draws.
    span: Span,
    /// The lowest and the highest home.
    homes: (u32, u32),
    /// Its points by class.
    pub totals: Arc<[Part]>,
    pub chunk: Arc<Chunk>,
}

impl Slot {
    fn of(chunk: Chunk) -> Slot {
        let homes = chunk.parts.first().zip(chunk.parts.last()).map_or((0, 0), |(low, high)| (low.home, high.home));
        let (key, span, totals) = (chunk.spot(0).key(), chunk.span, totals(&chunk.parts).into());
        Slot { key, span, homes, totals, chunk: Arc::new(chunk) }
    }

    /// Whether some of its points may be of these homes.
    pub fn may_hold(&self, within: Within) -> bool {
        match within {
            Within::All => true,
            Within::Homes(from, to) => self.homes.0 < to && from <= self.homes.1,
        }
    }

    /// Its points with keys from `first` to `last`; `next` is the key of the first point of the next chunk.
    pub fn run(&self, (first, last): (u64, u64), next: Option<u64>) -> (&Chunk, Range<usize>) {
        let from = if self.key < first { self.chunk.lower(first) } else { 0 };
        let to = if next.is_some_and(|key| key <= last) { self.chunk.len() } else { self.chunk.upper(last) };
        (&self.chunk, from..to)
    }
}

impl Points {
    /// Sorts and packs the points of the rows below `rows`: `see` shows the point of a row, where it has one.
    pub fn build(rows: usize, see: impl Fn(u32, &mut dyn FnMut(&Item)) + Sync) -> Points {
        let point = |row: u32| {
            let mut point = None;
            see(row, &mut |item| point = Some(item.point));
            point
        };
        let mut points: Vec<Point> = gather(rows, |row| point(row as u32));
        points.par_sort_unstable();
        for same in points.chunk_by_mut(|a, b| a.key == b.key).filter(|same| same.len() > 1) {
            let mut ids: Vec<(Box<str>, Point)> = Vec::with_capacity(same.len());
            same.iter().for_each(|point| see(point.row, &mut |item| ids.push((item.id.into(), *point))));
            ids.sort_unstable();
            same.iter_mut().zip(ids).for_each(|(point, (_, sorted))| *point = sorted);
        }
        let chunk = |points: &[Point]| {
            let mut builder = Builder::default();
            points.iter().for_each(|point| see(point.row, &mut |item| builder.push(item)));
            Slot::of(builder.end())
        };
        let chunks: Vec<Slot> = points.par_chunks(FILL).map(chunk).collect();
        Points { len: points.len(), chunks: chunks.into_iter().collect() }
    }

    /// Gives every point the home that `of` makes of its home.
    pub(super) fn rehome(&mut self, of: impl Fn(u32) -> u32 + Sync) {
        let slots: Vec<&Slot> = self.chunks.iter().collect();
        let chunks: Vec<Slot> = slots.into_par_iter().map(|slot| Slot::of(slot.chunk.rehomed(&of))).collect();
        self.chunks = chunks.into_iter().collect();
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The chunks that may have points with keys from `first` to `last`, each with the key of the first point of the next.
    pub(super) fn slots(&self, (first, last): (u64, u64)) -> impl Iterator<Item = (&Slot, Option<u64>)> + '_ {
        let from = self.chunks.partition_point(|slot| slot.key < first).saturating_sub(1);
        let to = self.chunks.partition_point(|slot| slot.key <= last).max(from);
        (from..to).map(|at| (&self.chunks[at], self.chunks.get(at + 1).map(|next| next.key)))
    }

    /// The points with keys from `first` to `last`, as runs of chunks, none of them empty.
    pub fn runs(&self, keys: (u64, u64)) -> impl Iterator<Item = (&Chunk, Range<usize>)> + '_ {
        self.slots(keys).map(move |(slot, next)| slot.run(keys, next)).filter(|(_, range)| !range.is_empty())
    }

    /// The points with keys from `first` to `last`, in their order.
    pub fn run(&self, keys: (u64, u64)) -> impl Iterator<Item = Point> + '_ {
        self.runs(keys).flat_map(|(chunk, range)| range.map(|i| chunk.point(i)))
    }

    /// All points.
    pub fn iter(&self) -> impl Iterator<Item = Point> + '_ {
        self.run((0, u64::MAX))
    }

    /// All points with what is told of them.
    pub fn items(&self) -> impl Iterator<Item = Item<'_>> + '_ {
        self.runs((0, u64::MAX)).flat_map(|(chunk, range)| range.map(|i| chunk.item(i)))
    }

    /// The chunks with anything whose outline may meet a box.
    pub fn about(&self, span: Span) -> impl Iterator<Item = &Chunk> + '_ {
        self.chunks.iter().filter(move |slot| slot.span.meets(span)).map(|slot| &*slot.chunk)
    }

    /// Rows of what has an outline, or a place, whose box meets a box; ascending.
    pub fn meeting(&self, span: Span) -> Vec<u32> {
        let meets = |chunk: &Chunk, i: usize| match chunk.spans.get(i) {
            Some(own) => own.meets(span),
            None => span.holds(chunk.spot(i)),
        };
        let rows =
            self.about(span).flat_map(|chunk| (0..chunk.len()).filter(move |i| meets(chunk, *i)).map(|i| chunk.row[i]));
        let mut rows: Vec<u32> = rows.collect();
        rows.sort_unstable();
        rows
    }

    /// Calls `found` with every point in the box.
    pub fn in_span(&self, span: Span, mut found: impl FnMut(&Point)) {
        self.tiles_of(span, |chunk, range| {
            range.filter(|i| span.holds(chunk.spot(*i))).for_each(|i| found(&chunk.point(i)));
        });
    }

    /// Calls `found` with runs that hold every point in the box, and not much else; no point comes twice.
    fn tiles_of<'a>(&'a self, span: Span, mut found: impl FnMut(&'a Chunk, Range<usize>)) {
        // The finest zoom at which the box meets four tiles at most: little is read that lies outside.
        let wide = (span.east - span.west).max(span.south - span.north);
        let z = wide.leading_zeros().min(32) as u8;
        let (columns, rows) = span.tiles(z.min(super::world::MAX_ZOOM));
        for y in rows {
            for x in columns.clone() {
                let tile = TileId { z: z.min(super::world::MAX_ZOOM), x, y };
                self.runs(tile.keys()).for_each(|(chunk, range)| found(chunk, range));
            }
        }
    }

    /// Calls `found` with every point of some homes that may lie in a box of degrees `[west, south, east, north]`, by its
    /// chunk and its place there, and whether it surely does: a place is kept to a step of the world, a centimetre, and
    /// those on the box's border have to be looked at. Without a box: with all of these homes.
    pub fn sift<'a>(&'a self, bbox: Option<[f64; 4]>, within: Within, mut found: impl FnMut(&'a Chunk, usize, bool)) {
        let mut see = |chunk: &'a Chunk, range: Range<usize>, spans: Option<(Span, Option<Span>)>| {
            if !chunk.has_any(within) {
                return;
            }
            for i in range.filter(|i| within.holds(chunk.home[*i])) {
                let spot = chunk.spot(i);
                let sure = match spans {
                    None => true,
                    Some((outer, _)) if !outer.holds(spot) => continue,
                    Some((_, inner)) => inner.is_some_and(|inner| inner.holds(spot)),
                };
                found(chunk, i, sure);
            }
        };
        let Some(bbox) = bbox else {
            let slots = self.chunks.iter().filter(|slot| slot.may_hold(within));
            slots.for_each(|slot| see(&slot.chunk, 0..slot.chunk.len(), None));
            return;
        };
        let Some(span) = Span::of_box(bbox) else { return };
        let (outer, inner) = (span.grown(2), span.shrunk(2));
        self.tiles_of(outer, |chunk, range| see(chunk, range, Some((outer, inner))));
    }

    /// Rows of the points in a box of degrees `[west, south, east, north]`, ascending.
    pub fn in_box(&self, bbox: [f64; 4], rows: &mut Vec<u32>) {
        let start = rows.len();
        if let Some(span) = Span::of_box(bbox) {
            self.in_span(span, |p| rows.push(p.row));
        }
        rows[start..].sort_unstable();
    }

    /// The `k` points nearest to `at` within `max_m` metres that `keep` wants, as rows and metres, nearest first, ties
    /// by row. Positions are good to a step of the world, a centimetre.
    pub fn nearest_k(&self, at: LonLat, k: usize, max_m: f64, keep: impl Fn(&Point) -> bool) -> Vec<(u32, f64)> {
        let mut found = Vec::new();
        if k == 0 || !at.is_on_earth() {
            return found;
        }
        let mut reach_m = 100.0f64;
        loop {
            let reach = reach_m.min(max_m);
            found.clear();
            if let Some(span) = Span::of_box(at.around(reach)) {
                self.in_span(span, |p| {
                    let distance_m = at.distance_m(p.spot().lonlat());
                    if distance_m <= reach && keep(p) {
                        found.push((p.row, distance_m));
                    }
                });
            }
            if found.len() >= k || reach >= max_m || reach > 2e7 {
                found.sort_by(|a, b| a.1.total_cmp(&b.1).then(a.0.cmp(&b.0)));
                found.truncate(k);
                return found;
            }
            reach_m *= 4.0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::city::chunk::MOST;
    use crate::city::pyramid::parts;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    type Records = BTreeMap<u32, Entry>;

    /// A corner of the world of 5,000 steps a side, so that points meet.
    fn entry(row: u32, x: u32, y: u32, words: u32) -> Entry {
        Entry {
            point: Point { key: Spot { x: x + (1 << 31), y: y + (1 << 30) }.key(), row, home: x % 7 },
            tag: Tag((words % 5) | ((words % 3) << 6)),
            id: format!("P{:05}", (row * 7919) % 100_003).into(),
            label: format!("{}号", words % 40).into(),
            rings: OwnRings::default(),
        }
    }

    fn built(records: &Records) -> Points {
        let rows = records.keys().next_back().map_or(0, |row| *row as usize + 1);
        Points::build(rows, |row, see| {
            if let Some(entry) = records.get(&row) {
                see(&entry.item());
            }
        })
    }

    fn ordered(records: &Records) -> Vec<&Entry> {
        let mut all: Vec<&Entry> = records.values().collect();
        all.sort_by(|a, b| a.item().order().cmp(&b.item().order()));
        all
    }

    fn holds(points: &Points, records: &Records) {
        assert_eq!(points.len(), records.len());
        assert!(points.items().eq(ordered(records).into_iter().map(Entry::item)));
        for Slot { key, span, homes, totals: sums, chunk } in points.chunks.iter() {
            assert!((1..=MOST).contains(&chunk.len()) && *key == chunk.spot(0).key() && *span == chunk.span);
            let anew: Box<[Part]> = parts(&chunk.x, &chunk.y, &chunk.home, &chunk.tag);
            assert_eq!(chunk.parts, anew);
            let lowest = chunk.home.iter().min().zip(chunk.home.iter().max());
            assert_eq!(lowest, Some((&homes.0, &homes.1)));
            for total in sums.iter() {
                let of_class = || (0..chunk.len()).filter(|i| chunk.tag[*i].class() == total.class as usize);
                assert_eq!(total.n as usize, of_class().count());
                assert_eq!(total.x, of_class().map(|i| u64::from(chunk.x[i])).sum::<u64>());
            }
            assert_eq!(sums.iter().map(|total| total.n as usize).sum::<usize>(), chunk.len());
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]
        #[test]
        fn runs_boxes_and_cells_hold_what_a_list_holds(
            start in prop::collection::vec((0u32..5000, 0u32..5000), 0..3000),
            edits in prop::collection::vec((0usize..4, any::<prop::sample::Index>(), 0u32..5000, 0u32..5000), 0..60),
            looks in prop::collection::vec((0u32..5000, 0u32..5000, 0u32..2000, 0u32..2000), 8),
            crowd in 0u32..2000,
        ) {
            let mut oracle: Records =
                (0..).zip(&start).map(|(row, (x, y))| (row, entry(row, *x, *y, x * 31 + y))).collect();
            let mut points = built(&oracle);
            for (kind, which, x, y) in edits {
                // One moves, comes or goes; or a whole crowd does, onto one spot.
                let first = which.index(start.len() + 1) as u32;
                let rows = first..first + if kind == 3 { crowd } else { 1 };
                let gone: Vec<Entry> = rows.clone().filter_map(|row| oracle.remove(&row)).collect();
                let come: Vec<Entry> =
                    rows.filter(|_| kind > 0).map(|row| entry(row, x, y, x ^ row)).collect();
                points.change(gone, come.clone());
                oracle.extend(come.into_iter().map(|entry| (entry.point.row, entry)));
            }
            holds(&points, &oracle);
            for (x, y, w, h) in looks {
                let (x, y) = (x + (1 << 31), y + (1 << 30));
                let span = Span { west: x, north: y, east: x + w, south: y + h };
                let mut found = Vec::new();
                points.in_span(span, |p| found.push(p.row));
                found.sort_unstable();
                let expected: Vec<u32> =
                    oracle.values().filter(|e| span.holds(e.point.spot())).map(|e| e.point.row).collect();
                prop_assert_eq!(found, expected);
                for (z, finer, within) in [(19, 2, Within::All), (8, 4, Within::Homes(2, 5)), (20, 1, Within::Homes(0, 6))] {
                    let tile = TileId::at(z, Spot { x, y });
                    let mine = |e: &&Entry| TileId::at(z, e.point.spot()) == tile && within.holds(e.point.home);
                    let mut expected: BTreeMap<u64, [u64; 9]> = BTreeMap::new();
                    for e in oracle.values().filter(mine) {
                        let cell = expected.entry(TileId::at(z + finer, e.point.spot()).keys().0).or_default();
                        let spot = e.point.spot();
                        cell[0] += 1;
                        cell[1] += u64::from(e.tag.weight());
                        cell[2] += u64::from(spot.x);
                        cell[3] += u64::from(spot.y);
                        cell[4 + e.tag.class()] += 1;
                    }
                    let mut counted: BTreeMap<u64, [u64; 9]> = BTreeMap::new();
                    points.cells(tile, finer, within, |cell| {
                        let (sums, classes) = (cell.sums(), &cell.classes);
                        let class = |i: usize| u64::from(classes[i]);
                        let told = [cell.n.into(), cell.weight.into(), sums.0, sums.1, class(0), class(1), class(2), class(3), class(4)];
                        assert!(counted.insert(cell.key(), told).is_none(), "a cell came twice");
                    });
                    prop_assert_eq!(counted, expected);
                }
            }
        }
    }

    #[test]
    fn a_hundred_thousand_on_one_spot_are_edited_one_by_one() {
        let mut oracle: Records = (0..100_000).map(|row| (row, entry(row, 7, 7, row))).collect();
        let mut points = built(&oracle);
        for row in (0..100_000).step_by(9973) {
            let (gone, come) = (oracle[&row].clone(), entry(row, 7, 7, row + 1));
            points.change(vec![gone], vec![come.clone()]);
            oracle.insert(row, come);
        }
        holds(&points, &oracle);
        let gone: Vec<Entry> = oracle.values().cloned().collect();
        points.change(gone, Vec::new());
        assert!(points.is_empty() && points.items().next().is_none());
        points.change(Vec::new(), vec![entry(3, 1, 1, 1)]);
        assert_eq!(points.len(), 1);
    }

    #[test]
    fn the_nearest_are_the_nearest() {
        let at = |n: u32| LonLat::new(120.0 + f64::from(n % 37) * 7e-4, 30.0 + f64::from(n * 31 % 101) * 3e-4);
        let points = Points::build(500, |row, see| {
            let point = Point { key: Spot::of(at(row)).expect("on earth").key(), row, home: 0 };
            see(&Item { point, tag: Tag(0), id: &row.to_string(), label: "", rings: Rings::default() });
        });
        for n in [3u32, 77, 450] {
            let from = LonLat::new(at(n).lon + 1e-4, at(n).lat - 2e-4);
            let mut oracle: Vec<(u32, f64)> = (0..500).map(|m| (m, from.distance_m(at(m)))).collect();
            oracle.sort_by(|a, b| a.1.total_cmp(&b.1));
            let found = points.nearest_k(from, 9, 5000.0, |_| true);
            assert_eq!(found.len(), 9);
            for (found, expected) in found.iter().zip(&oracle) {
                assert!((found.1 - expected.1).abs() < 0.02, "{found:?} {expected:?}");
            }
        }
        assert!(points.nearest_k(LonLat::new(0.0, 0.0), 3, 1000.0, |_| true).is_empty());
    }
}
