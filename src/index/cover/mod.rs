//! Which polygons of all levels hold a point: cells that lie wholly inside or outside answer at once, border cells hold
//! the edges that cross them.
//!
//! The ground is a grid of square cells. A cell that edges cross is a block of 8 by 8 smaller ones, and one of these
//! that too many edges cross is a block again: small cells stand where borders are. A cell without edges names its
//! roster (`roster.rs`): who holds all of it, at every level. A cell with edges keeps them in 8,192nds of its side
//! (`border.rs`), which decides all points but those within a few of these of an edge: they are asked of the polygons
//! themselves, without rounding. So the answer is always the exact one.

pub use build::Member;
mod border;
mod build;
mod draft;
mod edit;
mod many;
mod pack;
mod roster;
mod walk;

use crate::domain::LonLat;
use roster::Rosters;
use std::sync::Arc;

/// Bits of a position within one of the largest cells, along one axis.
const TOP_BITS: u32 = 20;
/// Bits of a place within a block, along one axis.
const BLOCK_BITS: u32 = 3;
/// Cells of a block.
const BLOCK: usize = 1 << (2 * BLOCK_BITS);

/// What a cell is, in the two lowest bits of its word; the rest is a number.
mod kind {
    /// No edge comes near: the number of a roster's lead.
    pub const WHOLE: u32 = 0;
    /// Divided: where its 64 cells begin.
    pub const BLOCK: u32 = 1;
    /// Crossed by edges: where they are noted.
    pub const BORDER: u32 = 2;
    /// Crossed by too many to note: the place of a roster, all of which have to be asked.
    pub const CROWD: u32 = 3;
}

/// The cells over the polygons of all levels. A copy is cheap: an edit makes those largest cells anew where something is
/// another way, on a sheet of their own, and shares all others.
#[derive(Debug, Clone, Default)]
pub struct Cover {
    /// The ground of the cells: west, south, east, north.
    bbox: [f64; 4],
    per_deg: [f64; 2],
    columns: u32,
    rows: u32,
    /// The largest cells, row by row.
    base: Arc<Sheet>,
    /// Those that were made anew since.
    sheets: Vec<Arc<Sheet>>,
    /// For each largest cell the number of its sheet from 1, and its place there; 0 for the base. Empty without sheets.
    places: Arc<Vec<(u16, u16)>>,
}

/// Some of the largest cells.
#[derive(Debug, Clone, Default)]
struct Sheet {
    /// The blocks of the largest cells, one behind the other, then those of divided cells.
    words: Vec<u32>,
    /// What border cells note.
    notes: Vec<u32>,
    rosters: Rosters,
}

/// Polygons that a cell has to do with, by rank.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// They.
    pub members: &'a [u32],
    /// Whether all of them hold the whole cell; otherwise they have to be asked.
    pub hold: bool,
}

/// Where a point fell: its cell's word, and its position in units of which a largest cell has `1 << TOP_BITS` a side.
#[derive(Clone, Copy)]
struct Fall<'a> {
    sheet: &'a Sheet,
    word: u32,
    x: u32,
    y: u32,
    bits: u32,
}

impl Cover {
    /// The polygon of a level that holds a point, the first in order of rank. `covers` tells exactly whether a polygon
    /// holds the point.
    #[inline]
    pub fn first(&self, at: LonLat, level: usize, covers: impl Fn(u32) -> bool) -> Option<u32> {
        self.first_at(&self.fall(at)?, level, covers)
    }

    #[inline]
    fn first_at(&self, fall: &Fall<'_>, level: usize, covers: impl Fn(u32) -> bool) -> Option<u32> {
        if fall.word & 3 == kind::WHOLE {
            return fall.sheet.rosters.first(fall.word >> 2, level);
        }
        self.at_border(fall, level, covers)
    }

    #[inline]
    fn at_border(&self, fall: &Fall<'_>, level: usize, covers: impl Fn(u32) -> bool) -> Option<u32> {
        let (sheet, value) = (fall.sheet, fall.word >> 2);
        if fall.word & 3 == kind::BORDER
            && let Some(holders) = border::read(&sheet.notes[value as usize..], fall.x, fall.y, fall.bits)
        {
            return sheet.rosters.first_of(sheet.notes[value as usize], level, holders);
        }
        sheet.rosters.members(sheet.roster(fall.word), level).iter().copied().find(|i| covers(*i))
    }

    /// The polygons of a level that may hold a point, by rank.
    pub fn near(&self, at: LonLat, level: usize) -> Asked<'_> {
        let Some(fall) = self.fall(at) else { return Asked { members: &[], hold: true } };
        let members = fall.sheet.rosters.members(fall.sheet.roster(fall.word), level);
        Asked { members, hold: fall.word & 3 == kind::WHOLE }
    }

    #[inline]
    fn fall(&self, at: LonLat) -> Option<Fall<'_>> {
        let (mut fall, place) = self.above(at)?;
        fall.word = fall.sheet.words[place as usize];
        while let Some(place) = fall.below() {
            fall.word = fall.sheet.words[place as usize];
        }
        Some(fall)
    }

    /// A point above the largest cells, and where the word is of the one that it falls into first; none outside of them.
    #[inline]
    fn above(&self, at: LonLat) -> Option<(Fall<'_>, u32)> {
        let [west, south, east, north] = self.bbox;
        if !(at.lon >= west && at.lon <= east && at.lat >= south && at.lat <= north) || self.columns == 0 {
            return None;
        }
        let (x, y) = (((at.lon - west) * self.per_deg[0]) as u32, ((at.lat - south) * self.per_deg[1]) as u32);
        let bits = TOP_BITS - BLOCK_BITS;
        let (mut sheet, mut cell) = (&*self.base, (y >> TOP_BITS) * self.columns + (x >> TOP_BITS));
        if !self.sheets.is_empty() {
            (sheet, cell) = self.sheet(cell);
        }
        let place = (cell << (2 * BLOCK_BITS)) + within(x, y, bits);
        Some((Fall { sheet, word: 0, x, y, bits }, place))
    }

    /// Where a largest cell stands.
    #[inline]
    fn sheet(&self, cell: u32) -> (&Sheet, u32) {
        match self.places[cell as usize] {
            (0, _) => (&self.base, cell),
            (sheet, place) => (&self.sheets[usize::from(sheet) - 1], place.into()),
        }
    }

    /// Bytes that it takes.
    pub fn bytes(&self) -> usize {
        let sheets = self.sheets.iter().chain([&self.base]).map(|sheet| sheet.bytes()).sum::<usize>();
        sheets + 4 * self.places.len()
    }
}

impl Fall<'_> {
    /// Goes on to the smaller cell, where its word names a block: where the word of that one is.
    #[inline]
    fn below(&mut self) -> Option<u32> {
        (self.word & 3 == kind::BLOCK).then(|| {
            self.bits -= BLOCK_BITS;
            (self.word >> 2) + within(self.x, self.y, self.bits)
        })
    }
}

/// The place in a block of the cell that a position falls into.
#[inline]
fn within(x: u32, y: u32, bits: u32) -> u32 {
    (y >> bits & 7) << 3 | x >> bits & 7
}

impl Sheet {
    fn roster(&self, word: u32) -> u32 {
        let value = word >> 2;
        match word & 3 {
            kind::WHOLE => self.rosters.place(value),
            kind::BORDER => self.notes[value as usize],
            _ => value,
        }
    }

    fn bytes(&self) -> usize {
        4 * (self.words.len() + self.notes.len()) + self.rosters.bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::index::outline::{Outline, Side};
    use geo::{Coord, MultiPolygon, Polygon};
    use rand::{RngExt, SeedableRng};

    /// A cover of outlines of one level, in their order, compared with asking all of them.
    fn compare(outlines: &[Outline], points: &[LonLat]) -> Cover {
        let name = |(i, outline)| Member { level: 3, name: i as u32, outline };
        let cover = Cover::build(&outlines.iter().enumerate().map(name).collect::<Vec<_>>());
        for at in points {
            let covers = |i: u32| outlines[i as usize].side(*at) != Side::Outside;
            let slow = (0..outlines.len() as u32).find(|i| covers(*i));
            assert_eq!(cover.first(*at, 3, covers), slow, "{at:?}");
            assert_eq!(cover.first(*at, 2, |_| true), None);
        }
        let (mut each, covers) = (Vec::new(), |at, i: u32| outlines[i as usize].side(at) != Side::Outside);
        cover.first_of_each(points, 3, covers, |k, first| each.push((k, first)));
        let one_by_one = |(k, at): (usize, &LonLat)| (k, cover.first(*at, 3, |i| covers(*at, i)));
        assert_eq!(each, points.iter().enumerate().map(one_by_one).collect::<Vec<_>>());
        cover
    }

    fn polygon(ring: impl Iterator<Item = (f64, f64)>) -> Outline {
        Outline::build(MultiPolygon(vec![Polygon::new(ring.map(|(x, y)| Coord { x, y }).collect(), vec![])]))
    }

    #[test]
    fn spikes_that_meet_in_a_point_take_no_more_than_their_due() {
        let spikes = 50_000;
        let star = polygon((0..=spikes).map(|k| {
            let t = f64::from(k % spikes) / f64::from(spikes) * std::f64::consts::TAU;
            let r = if k % 2 == 0 { 0.02 } else { 0.0001 };
            (119.9 + r * t.cos(), 28.4 + r * t.sin())
        }));
        let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(1);
        let points: Vec<LonLat> = (0..400)
            .map(|k| {
                let r = if k % 2 == 0 { 0.03 } else { 0.001 };
                LonLat::new(119.9 + rng.random_range(-r..r), 28.4 + rng.random_range(-r..r))
            })
            .collect();
        let cover = compare(&[star], &points);
        assert!(cover.bytes() < 50_000 * 64, "{}", cover.bytes());
    }

    #[test]
    fn one_far_away_leaves_small_cells_where_borders_are() {
        let mut outlines: Vec<Outline> = Vec::new();
        for k in 0..900 {
            let (x, y) = (119.9 + 0.001 * f64::from(k % 30), 28.4 + 0.001 * f64::from(k / 30));
            let d = 0.001;
            outlines.push(polygon([(x, y), (x + d, y), (x + d, y + d), (x, y + d), (x, y)].into_iter()));
        }
        outlines.push(polygon([(0.0, 0.0), (0.001, 0.0), (0.0, 0.001), (0.0, 0.0)].into_iter()));
        let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(2);
        let mut points: Vec<LonLat> = vec![LonLat::new(0.0, 0.0), LonLat::new(0.0005, 0.0005), LonLat::new(60.0, 14.0)];
        for _ in 0..4_000 {
            let at = LonLat::new(119.9 + rng.random_range(-1e-3..0.031), 28.4 + rng.random_range(-1e-3..0.031));
            points.extend([at, LonLat::new((at.lon * 1e3).round() / 1e3, at.lat)]);
        }
        let cover = compare(&outlines, &points);
        assert!(cover.bytes() < 1 << 20, "{}", cover.bytes());
    }

    #[test]
    fn lines_without_area_and_nothing_at_all_hold_what_is_on_them() {
        let flat = polygon([(119.9, 28.4), (119.91, 28.4), (119.905, 28.4), (119.9, 28.4)].into_iter());
        let on = LonLat::new(119.903, 28.4);
        compare(
            &[flat],
            &[on, LonLat::new(119.92, 28.4), LonLat::new(119.903, 28.400_001), LonLat::new(f64::NAN, 28.4)],
        );
        compare(&[], &[on]);
    }
}
