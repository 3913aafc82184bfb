//! Many points at once: what several of them wait for in memory is waited for together. Each step below reads one thing
//! for all points of a row, without a branch between them, so that a processor has all these reads under way; asked one
//! by one, every point would wait for its own cell before the next one begins.

use super::{BLOCK_BITS, Cover, Fall, Sheet, TOP_BITS, kind, within};
use crate::domain::LonLat;

/// Points of a row: more than a processor can wait for at once, few enough to stay in its first cache.
const ROW: usize = 64;

/// One point on its way.
#[derive(Clone, Copy)]
struct Way<'a> {
    sheet: &'a Sheet,
    x: u32,
    y: u32,
    bits: u32,
    /// Where its word is, and the word once it was read.
    place: u32,
    word: u32,
    is_outside: bool,
}

impl Cover {
    /// For each point, in order, what [`Cover::first`] answers; `covers` tells exactly whether a polygon holds a point.
    pub fn first_of_each(
        &self,
        points: &[LonLat],
        level: usize,
        covers: impl Fn(LonLat, u32) -> bool,
        mut found: impl FnMut(usize, Option<u32>),
    ) {
        if self.columns == 0 {
            return (0..points.len()).for_each(|k| found(k, None));
        }
        let start = Way { sheet: &self.base, x: 0, y: 0, bits: 0, place: 0, word: 0, is_outside: true };
        let mut row = [start; ROW];
        for (k, points) in points.chunks(ROW).enumerate() {
            let row = &mut row[..points.len()];
            for (way, at) in row.iter_mut().zip(points) {
                *way = self.set_out(*at);
            }
            while go_down(row) {}
            warm(row, level);
            for (n, (way, at)) in row.iter().zip(points).enumerate() {
                let fall = Fall { sheet: way.sheet, word: way.word, x: way.x, y: way.y, bits: way.bits };
                let first = match fall.word & 3 {
                    _ if way.is_outside => None,
                    kind::WHOLE => fall.sheet.rosters.first(fall.word >> 2, level),
                    _ => self.at_border(&fall, level, |i| covers(*at, i)),
                };
                found(k * ROW + n, first);
            }
        }
    }

    #[inline]
    fn set_out(&self, at: LonLat) -> Way<'_> {
        let [west, south, east, north] = self.bbox;
        let is_outside = !(at.lon >= west && at.lon <= east && at.lat >= south && at.lat <= north);
        let inside = |degrees: f64| if is_outside { 0 } else { degrees as u32 };
        let (x, y) = (inside((at.lon - west) * self.per_deg[0]), inside((at.lat - south) * self.per_deg[1]));
        let bits = TOP_BITS - BLOCK_BITS;
        let (mut sheet, mut cell) = (&*self.base, (y >> TOP_BITS) * self.columns + (x >> TOP_BITS));
        if !self.sheets.is_empty() {
            (sheet, cell) = self.sheet(cell);
        }
        Way { sheet, x, y, bits, place: (cell << (2 * BLOCK_BITS)) + within(x, y, bits), word: 0, is_outside }
    }
}

/// Reads the word of each, and goes on to the smaller cell where it names a block. Whether any did.
#[inline]
fn go_down(row: &mut [Way]) -> bool {
    let mut deeper = false;
    for way in row {
        way.word = way.sheet.words[way.place as usize];
        let is_block = way.word & 3 == kind::BLOCK;
        way.bits -= if is_block { BLOCK_BITS } else { 0 };
        let next = (way.word >> 2) + within(way.x, way.y, way.bits);
        way.place = if is_block { next } else { way.place };
        deeper |= is_block;
    }
    deeper
}

/// Reads the first of what each is going to need, for nothing but to have it near.
#[inline]
fn warm(row: &[Way], level: usize) {
    let mut lists = [0; ROW];
    for (way, list) in row.iter().zip(&mut lists) {
        let note = if way.word & 3 == kind::BORDER { way.word >> 2 } else { 0 };
        *list = way.sheet.notes.get(note as usize).copied().unwrap_or(0);
    }
    let mut sum = 0;
    for (way, list) in row.iter().zip(&lists) {
        let lead = if way.word & 3 == kind::WHOLE { way.word >> 2 } else { 0 };
        sum ^= way.sheet.rosters.touch(lead, *list, level);
    }
    std::hint::black_box(sum);
}
