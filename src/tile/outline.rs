//! Polygons in a tile: snapped to the lattice of the zoom, cleaned, cut to the tile.
//!
//! Every vertex is snapped by itself, and a vertex is only left out where its neighbours run straight through it. Two
//! polygons that share a border therefore share it in every tile of every zoom: there are no slivers between them.

use super::mvt::{At, Feature};
use super::{EXTENT, MARGIN, View};
use crate::city::border::grain;
use crate::city::ring::{BLOCK, Rings};
use crate::city::world::Span;
use std::ops::Range;

/// Draws outlines in one tile; it keeps its memory from one to the next.
pub struct Outliner {
    corner: At,
    shift: u32,
    zoom: u8,
    /// The tile with its margin, and a step of the lattice more.
    span: Span,
    /// Units between the points of the lattice.
    grain: i64,
    ring: Vec<At>,
    spare: Vec<At>,
}

impl Outliner {
    /// For a view's tile.
    pub fn new(view: &View) -> Outliner {
        let (corner, shift, zoom) = (view.tile.corner(), view.tile.shift(), view.tile.z);
        let span = Span::of_tile(view.tile, MARGIN + 8);
        Outliner { corner, shift, zoom, span, grain: grain(zoom), ring: Vec::new(), spare: Vec::new() }
    }

    /// Draws polygons into a feature; those that are smaller than the lattice there are gone, and with them their holes.
    pub fn draw(&mut self, rings: Rings, feature: &mut Feature) {
        let mut has_outer = false;
        for (range, is_outer) in rings.ranges() {
            if !is_outer && !has_outer {
                continue;
            }
            self.snap(rings, range);
            self.cut();
            if is_outer {
                has_outer = self.ring.len() > 2;
            }
            if self.ring.len() > 2 {
                feature.ring(&self.ring, is_outer);
            }
        }
    }

    /// A ring on the lattice in units of the tile, without corners that change nothing.
    fn snap(&mut self, rings: Rings, range: Range<usize>) {
        let (step, [x, y]) = (i64::from(EXTENT) / self.grain, self.corner);
        // Round half up on the lattice of the whole world: a tile's corner lies on it.
        let half = 1i64 << (self.shift - 1);
        let unit = |v: i64| ((v * step + half) >> self.shift) * self.grain;
        let (out, zoom) = (&mut self.ring, self.zoom);
        let is_drawn = |i: &usize| rings.zooms.get(*i).is_none_or(|from| *from <= zoom);
        out.clear();
        let mut add = |i: usize| {
            let spot = rings.spots[i];
            push(out, [unit(i64::from(spot.x) - x), unit(i64::from(spot.y) - y)]);
        };
        if rings.blocks.is_empty() {
            range.filter(is_drawn).for_each(add);
        } else {
            let mut from = range.start;
            while from < range.end {
                let to = ((from / BLOCK + 1) * BLOCK).min(range.end);
                let block = from..to;
                from = to;
                if is_beside(rings.blocks[block.start / BLOCK], self.span) {
                    // All on one side of the tile: the way through the block is as good as its ends.
                    let first = block.clone().find(is_drawn);
                    let last = block.rev().find(is_drawn).filter(|last| Some(*last) != first);
                    first.into_iter().chain(last).for_each(&mut add);
                } else {
                    block.filter(is_drawn).for_each(&mut add);
                }
            }
        }
        close(&mut self.ring);
    }

    /// Cuts the ring to the tile and its margin (Sutherland and Hodgman 1974).
    fn cut(&mut self) {
        let (low, high) = (-MARGIN, i64::from(EXTENT) + MARGIN);
        for (axis, bound, sign) in [(0, low, 1), (0, high, -1), (1, low, 1), (1, high, -1)] {
            let depth = |at: At| (at[axis] - bound) * sign;
            if self.ring.iter().all(|at| depth(*at) >= 0) {
                continue;
            }
            let (ring, out) = (&self.ring, &mut self.spare);
            out.clear();
            for i in 0..ring.len() {
                let (a, b) = (ring[if i == 0 { ring.len() } else { i } - 1], ring[i]);
                let (da, db) = (depth(a), depth(b));
                if (da < 0) != (db < 0) {
                    // From the inner to the outer end, so that both directions of a shared edge meet the bound in one
                    // point.
                    let (p, q, dp, dq) = if da < 0 { (b, a, db, da) } else { (a, b, da, db) };
                    let other = 1 - axis;
                    let mut at = [bound; 2];
                    at[other] = p[other] + ((q[other] - p[other]) * dp).div_euclid(dp - dq);
                    push(out, at);
                }
                if db >= 0 {
                    push(out, b);
                }
            }
            close(out);
            std::mem::swap(&mut self.ring, &mut self.spare);
        }
    }
}

/// Whether a box lies wholly beyond one side of another.
fn is_beside(span: Span, of: Span) -> bool {
    span.east < of.west || span.west > of.east || span.south < of.north || span.north > of.south
}

/// Adds a point; takes back points that the new one makes needless.
fn push(ring: &mut Vec<At>, at: At) {
    while let [.., before, last] = ring[..] {
        if last != at && turn(before, last, at) != 0 {
            break;
        }
        ring.pop();
    }
    if ring.last() != Some(&at) {
        ring.push(at);
    }
}

/// Opens a closed ring and cleans its seam.
fn close(ring: &mut Vec<At>) {
    loop {
        let n = ring.len();
        if n < 3 {
            ring.clear();
            return;
        }
        if ring[0] == ring[n - 1] || turn(ring[n - 2], ring[n - 1], ring[0]) == 0 {
            ring.pop();
        } else if turn(ring[n - 1], ring[0], ring[1]) == 0 {
            ring.remove(0);
        } else {
            return;
        }
    }
}

/// Twice the area of the triangle: zero when the points are in line.
fn turn(a: At, b: At, c: At) -> i64 {
    (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])
}
