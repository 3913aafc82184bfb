//! Points counted by cell, for the zooms at which they are too many to be told apart.

use crate::city::points::Point;
use crate::city::world::{BITS, MAX_ZOOM, Spot};

/// The points of one cell, one after the other in the order of the world.
pub struct Cell<'a> {
    /// The points.
    pub points: &'a [Point],
    shift: u32,
}

impl Cell<'_> {
    /// Where the count is drawn: the mean of the points, kept to the middle quarter of the cell, so that the counts of
    /// neighbouring cells don't lie upon each other.
    pub fn label(&self) -> Spot {
        let (mut x, mut y) = (0u64, 0u64);
        for point in self.points {
            let spot = point.spot();
            x += u64::from(spot.x);
            y += u64::from(spot.y);
        }
        let n = self.points.len() as u64;
        let (middle, eighth) = (self.middle(), 1u32 << self.shift.saturating_sub(3));
        let keep = |mean: u64, middle: u32| (mean as u32).clamp(middle - eighth, middle + eighth);
        Spot { x: keep(x / n, middle.x), y: keep(y / n, middle.y) }
    }

    /// The middle of the cell, wherever its points lie.
    pub fn middle(&self) -> Spot {
        let spot = self.points[0].spot();
        let half = 1u32 << (self.shift - 1);
        let mask = !((1u64 << self.shift) - 1) as u32;
        Spot { x: (spot.x & mask) + half, y: (spot.y & mask) + half }
    }
}

/// Cuts the points of a tile of zoom `z`, sorted, into the cells of `finer` zooms more: 2^`finer` by 2^`finer` cells in a
/// tile. Every point is in one cell.
pub fn cells(points: &[Point], z: u8, finer: u8) -> impl Iterator<Item = Cell<'_>> {
    let zoom = u32::from((z + finer).min(MAX_ZOOM));
    let shift = BITS - zoom;
    points.chunk_by(move |a, b| a.key >> (2 * shift) == b.key >> (2 * shift)).map(move |points| Cell { points, shift })
}
