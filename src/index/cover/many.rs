//! Many points at once: what several of them wait for in memory is waited for together. Each step below reads one thing
//! for all points of a row, without a branch between them, so that a processor has all these reads under way; asked one
//! by one, every point would wait for its own cell before the next one begins.

use super::{BLOCK_BITS, Cover, Fall, TOP_BITS, kind};
use crate::domain::LonLat;

/// Points of a row: more than a processor can wait for at once, few enough to stay in its first cache.
const ROW: usize = 64;

/// One point on its way.
#[derive(Clone, Copy)]
struct Way<'a> {
    fall: Fall<'a>,
    /// Where its next word is.
    place: u32,
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
        let outside = Way {
            fall: Fall { sheet: &self.base, word: 0, x: 0, y: 0, bits: TOP_BITS - BLOCK_BITS },
            place: 0,
            is_outside: true,
        };
        let mut row = [outside; ROW];
        for (k, points) in points.chunks(ROW).enumerate() {
            let row = &mut row[..points.len()];
            for (way, at) in row.iter_mut().zip(points) {
                let above = self.above(*at);
                *way = above.map_or(outside, |(fall, place)| Way { fall, place, is_outside: false });
            }
            while go_down(row) {}
            warm(row, level);
            for (n, (way, at)) in row.iter().zip(points).enumerate() {
                let first = || self.first_at(&way.fall, level, |i| covers(*at, i));
                found(k * ROW + n, if way.is_outside { None } else { first() });
            }
        }
    }
}

/// Reads the word of each, and goes on to the smaller cell where it names a block. Whether any did.
#[inline]
fn go_down(row: &mut [Way]) -> bool {
    let mut deeper = false;
    for Way { fall, place, .. } in row {
        fall.word = fall.sheet.words[*place as usize];
        let below = fall.below();
        *place = below.unwrap_or(*place);
        deeper |= below.is_some();
    }
    deeper
}

/// Reads the first of what each is going to need, for nothing but to have it near.
#[inline]
fn warm(row: &[Way], level: usize) {
    let mut lists = [0; ROW];
    for (way, list) in row.iter().zip(&mut lists) {
        let note = if way.fall.word & 3 == kind::BORDER { way.fall.word >> 2 } else { 0 };
        *list = way.fall.sheet.notes.get(note as usize).copied().unwrap_or(0);
    }
    let mut sum = 0;
    for (way, list) in row.iter().zip(&lists) {
        let lead = if way.fall.word & 3 == kind::WHOLE { way.fall.word >> 2 } else { 0 };
        sum ^= way.fall.sheet.rosters.touch(lead, *list, level);
    }
    std::hint::black_box(sum);
}
