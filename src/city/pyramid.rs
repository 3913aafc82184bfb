//! Counts for the zooms at which points are too many to be told apart: exact, and for a part of the city as cheap as for
//! the whole.
//!
//! Every chunk of points knows how many of each home and class it holds, with the sums of their places ([`Part`]). A cell
//! of a tile is a run of the Z-order: chunks that lie wholly in it are told by their parts, or by what these come to where
//! everybody is meant, which lies beside the chunks; and only the chunk that it begins in and the one that it ends in are
//! read point by point. A cell costs two chunks at most, however many points it holds, and an edit makes the parts of the
//! chunks that it changes, nothing else.

use super::points::{NOWHERE, Points, Slot, Within};
use super::tag::{CLASSES, Tag};
use super::world::{BITS, MAX_ZOOM, Spot, TileId};

/// The points of one home and one class in a chunk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Part {
    /// Preorder number of the grid.
    pub home: u32,
    /// Class.
    pub class: u8,
    /// How many.
    pub n: u32,
    /// Sum of their weights.
    pub weight: u32,
    /// Sum of their steps to the east.
    pub x: u64,
    /// Sum of their steps to the south.
    pub y: u64,
}

/// Counts points by home and class.
pub fn parts(x: &[u32], y: &[u32], home: &[u32], tag: &[Tag]) -> Box<[Part]> {
    let key = |i: usize| u64::from(home[i]) << 32 | (tag[i].class() as u64) << 16 | i as u64;
    let mut order: Vec<u64> = (0..x.len()).map(key).collect();
    order.sort_unstable();
    let part = |run: &[u64]| {
        let first = run[0] as usize & 0xffff;
        let mut part = Part { home: home[first], class: tag[first].class() as u8, n: 0, weight: 0, x: 0, y: 0 };
        for i in run.iter().map(|key| *key as usize & 0xffff) {
            part.n += 1;
            part.weight += tag[i].weight();
            part.x += u64::from(x[i]);
            part.y += u64::from(y[i]);
        }
        part
    };
    order.chunk_by(|a, b| a >> 16 == b >> 16).map(part).collect()
}

/// The parts of all homes together, by class.
pub fn totals(parts: &[Part]) -> Vec<Part> {
    let mut totals: Vec<Part> = Vec::new();
    for part in parts {
        match totals.iter_mut().find(|total| total.class == part.class) {
            Some(total) => {
                total.n += part.n;
                total.weight += part.weight;
                total.x += part.x;
                total.y += part.y;
            }
            None => totals.push(Part { home: NOWHERE, ..*part }),
        }
    }
    totals
}

/// What lies in one cell.
#[derive(Debug, Clone)]
pub struct Cell {
    /// How many points.
    pub n: u32,
    /// The sum of their weights.
    pub weight: u32,
    /// How many of each class.
    pub classes: [u32; CLASSES],
    x: u64,
    y: u64,
    corner: Spot,
    shift: u32,
}

impl Cell {
    fn new(spot: Spot, shift: u32) -> Cell {
        let cut = |v: u32| ((u64::from(v) >> shift) << shift) as u32;
        let corner = Spot { x: cut(spot.x), y: cut(spot.y) };
        Cell { n: 0, weight: 0, classes: [0; CLASSES], x: 0, y: 0, corner, shift }
    }

    /// Key of the last place in it.
    fn last(&self) -> u64 {
        let wide = 2 * self.shift;
        self.key() | if wide >= 64 { u64::MAX } else { (1 << wide) - 1 }
    }

    fn holds(&self, spot: Spot) -> bool {
        let same = |a: u32, b: u32| u64::from(a ^ b) >> self.shift == 0;
        same(spot.x, self.corner.x) && same(spot.y, self.corner.y)
    }

    fn add(&mut self, class: usize, n: u32, weight: u32, x: u64, y: u64) {
        self.n += n;
        self.weight += weight;
        self.classes[class] += n;
        self.x += x;
        self.y += y;
    }

    /// Adds the points of a whole chunk.
    fn add_parts(&mut self, slot: &Slot, within: Within) {
        let parts = match within {
            Within::All => &slot.totals[..],
            Within::Homes(from, to) => {
                let parts = &slot.chunk.parts;
                let from = parts.partition_point(|part| part.home < from);
                &parts[from..from + parts[from..].partition_point(|part| part.home < to)]
            }
        };
        parts.iter().for_each(|part| self.add(part.class.into(), part.n, part.weight, part.x, part.y));
    }

    /// The place of the cell in the Z-order: the key of its north-west corner.
    pub fn key(&self) -> u64 {
        self.corner.key()
    }

    /// The sums of the points' steps to the east and to the south.
    pub fn sums(&self) -> (u64, u64) {
        (self.x, self.y)
    }

    /// Where the count is drawn: the mean of the points, kept to the middle quarter of the cell, so that the counts of
    /// neighbouring cells don't lie upon each other.
    pub fn label(&self) -> Spot {
        let (middle, eighth) = (self.middle(), 1u32 << self.shift.saturating_sub(3));
        let keep = |sum: u64, middle: u32| {
            let mean = (sum / u64::from(self.n.max(1))) as u32;
            mean.clamp(middle.saturating_sub(eighth), middle.saturating_add(eighth))
        };
        Spot { x: keep(self.x, middle.x), y: keep(self.y, middle.y) }
    }

    /// The middle of the cell, wherever its points lie.
    pub fn middle(&self) -> Spot {
        let half = 1u32 << (self.shift - 1);
        Spot { x: self.corner.x | half, y: self.corner.y | half }
    }
}

impl Points {
    /// Counts the points of a tile in cells of `finer` zooms more, 2^`finer` by 2^`finer` of them, and calls `found` with
    /// each cell that holds any, in the Z-order.
    pub fn cells(&self, tile: TileId, finer: u8, within: Within, mut found: impl FnMut(&Cell)) {
        let shift = BITS - u32::from((tile.z + finer).min(MAX_ZOOM));
        let mut cell: Option<Cell> = None;
        let keys = tile.keys();
        for (slot, next) in self.slots(keys).filter(|(slot, _)| slot.may_hold(within)) {
            let mut at = |spot: Spot, add: &mut dyn FnMut(&mut Cell)| {
                if !cell.as_ref().is_some_and(|cell| cell.holds(spot)) {
                    cell.replace(Cell::new(spot, shift)).filter(|cell| cell.n > 0).iter().for_each(&mut found);
                }
                cell.as_mut().into_iter().for_each(add);
            };
            let first = Spot::from_key(slot.key);
            // Where the next begins in the same cell, nothing of the chunk itself is read.
            let is_in_one = |last: u64| slot.key >= keys.0 && last <= Cell::new(first, shift).last().min(keys.1);
            if next.is_some_and(is_in_one) || is_in_one(slot.chunk.last_key()) {
                at(first, &mut |cell| cell.add_parts(slot, within));
                continue;
            }
            let (chunk, range) = slot.run(keys, next);
            let mut i = range.start;
            while i < range.end {
                at(chunk.spot(i), &mut |cell| {
                    while i < range.end && cell.holds(chunk.spot(i)) {
                        if within.holds(chunk.home[i]) {
                            let (tag, spot) = (chunk.tag[i], chunk.spot(i));
                            cell.add(tag.class(), 1, tag.weight(), spot.x.into(), spot.y.into());
                        }
                        i += 1;
                    }
                });
            }
        }
        cell.filter(|cell| cell.n > 0).iter().for_each(found);
    }
}
