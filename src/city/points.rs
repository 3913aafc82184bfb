//! Points in Z-order with an overlay of fresh edits: a tile, a cell of a tile and a box are runs of memory.

use super::world::{Span, Spot, TileId};
use crate::domain::LonLat;
use rayon::slice::ParallelSliceMut;
use std::sync::Arc;

/// Edits beyond which the points are packed again (or an eighth of the points, if that is more).
const FRESH: usize = 4096;
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

/// Points of one kind, 16 bytes each, cheap to copy. A row has one point at most.
#[derive(Debug, Clone, Default)]
pub struct Points {
    packed: Arc<Vec<Point>>,
    /// Places in `packed` that no longer hold, ascending.
    dead: Arc<Vec<u32>>,
    /// Points that are not in `packed`, sorted.
    fresh: Arc<Vec<Point>>,
}

impl Points {
    /// Sorts and packs the points.
    pub fn build(mut points: Vec<Point>) -> Points {
        points.par_sort_unstable();
        Points { packed: Arc::new(points), ..Points::default() }
    }

    /// Gives every point the home that `of` makes of its home.
    pub(super) fn rehome(&mut self, of: impl Fn(u32) -> u32) {
        let rehome = |points: &Arc<Vec<Point>>| {
            // A row has one point, so that the order stays.
            Arc::new(points.iter().map(|point| Point { home: of(point.home), ..*point }).collect())
        };
        (self.packed, self.fresh) = (rehome(&self.packed), rehome(&self.fresh));
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.packed.len() - self.dead.len() + self.fresh.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The points with keys from `first` to `last`: the packed ones in their order, then the fresh ones in theirs.
    pub fn run(&self, (first, last): (u64, u64)) -> impl Iterator<Item = &Point> + '_ {
        let from = self.packed.partition_point(|p| p.key < first);
        let to = from + self.packed[from..].partition_point(|p| p.key <= last);
        let mut dead = &self.dead[self.dead.partition_point(|at| (*at as usize) < from)..];
        let alive = self.packed[from..to].iter().enumerate().filter(move |(i, _)| match dead.first() {
            Some(at) if *at as usize == from + i => {
                dead = &dead[1..];
                false
            }
            _ => true,
        });
        let from = self.fresh.partition_point(|p| p.key < first);
        let to = from + self.fresh[from..].partition_point(|p| p.key <= last);
        alive.map(|(_, point)| point).chain(&self.fresh[from..to])
    }

    /// The points of a tile.
    pub fn in_tile(&self, tile: TileId) -> impl Iterator<Item = &Point> + '_ {
        self.run(tile.keys())
    }

    /// The points of a tile in the order of the world, whatever edits made them.
    pub fn sorted_in_tile(&self, tile: TileId) -> Vec<Point> {
        let mut points: Vec<Point> = self.in_tile(tile).copied().collect();
        points.sort_unstable();
        points
    }

    /// All points.
    pub fn iter(&self) -> impl Iterator<Item = &Point> + '_ {
        self.run((0, u64::MAX))
    }

    /// Calls `found` with every point in the box.
    pub fn in_span(&self, span: Span, mut found: impl FnMut(&Point)) {
        // The finest zoom at which the box meets four tiles at most: little is read that lies outside.
        let wide = (span.east - span.west).max(span.south - span.north);
        let z = wide.leading_zeros().min(32) as u8;
        let (columns, rows) = span.tiles(z.min(super::world::MAX_ZOOM));
        for y in rows {
            for x in columns.clone() {
                let tile = TileId { z: z.min(super::world::MAX_ZOOM), x, y };
                self.in_tile(tile).filter(|p| span.holds(p.spot())).for_each(&mut found);
            }
        }
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
        let frame = crate::domain::Frame::at(at);
        let mut reach_m = 100.0f64;
        loop {
            let reach = reach_m.min(max_m);
            let (dx, dy) = (reach / frame.m_per_lon.max(1.0), reach / frame.m_per_lat);
            found.clear();
            if let Some(span) = Span::of_box([at.lon - dx, at.lat - dy, at.lon + dx, at.lat + dy]) {
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

    /// Takes out the points in `gone` and puts in those in `come`. A point that is in neither is left alone.
    pub fn change(&mut self, gone: &[Point], come: &[Point]) {
        if gone.is_empty() && come.is_empty() {
            return;
        }
        let (dead, fresh) = (Arc::make_mut(&mut self.dead), Arc::make_mut(&mut self.fresh));
        let (dead_before, fresh_before) = (dead.len(), fresh.len());
        let mut withdrawn: Vec<Point> = Vec::new();
        for point in gone {
            if fresh[..fresh_before].binary_search(point).is_ok() {
                withdrawn.push(*point);
            } else if let Ok(at) = self.packed.binary_search(point)
                && dead[..dead_before].binary_search(&(at as u32)).is_err()
            {
                dead.push(at as u32);
            }
        }
        dead.sort_unstable();
        dead.dedup();
        if !withdrawn.is_empty() {
            withdrawn.sort_unstable();
            fresh.retain(|point| withdrawn.binary_search(point).is_err());
        }
        fresh.extend_from_slice(come);
        fresh.sort_unstable();
        if dead.len() + fresh.len() > FRESH.max(self.packed.len() / 8) {
            *self = Points::build(self.iter().copied().collect());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]
        #[test]
        fn runs_and_boxes_hold_what_a_list_holds(
            start in prop::collection::vec((0u32..5000, 0u32..5000), 0..400),
            edits in prop::collection::vec((any::<prop::sample::Index>(), 0u32..5000, 0u32..5000, any::<bool>()), 0..60),
            looks in prop::collection::vec((0u32..5000, 0u32..5000, 0u32..2000, 0u32..2000), 8),
        ) {
            // A corner of the world of 5,000 steps a side, so that points meet.
            let point = |row: usize, x: u32, y: u32| {
                Point { key: Spot { x: x + (1 << 31), y: y + (1 << 30) }.key(), row: row as u32, home: x % 7 }
            };
            let mut oracle: BTreeMap<u32, Point> =
                start.iter().enumerate().map(|(row, (x, y))| (row as u32, point(row, *x, *y))).collect();
            let mut points = Points::build(oracle.values().copied().collect());
            for (which, x, y, remove) in edits {
                if start.is_empty() { break; }
                let row = which.index(start.len());
                let gone: Vec<Point> = oracle.remove(&(row as u32)).into_iter().collect();
                let come: Vec<Point> = if remove { vec![] } else { vec![point(row, x, y)] };
                points.change(&gone, &come);
                oracle.extend(come.iter().map(|p| (p.row, *p)));
            }
            prop_assert_eq!(points.len(), oracle.len());
            let mut all: Vec<Point> = points.iter().copied().collect();
            all.sort_by_key(|p| p.row);
            prop_assert!(all.iter().eq(oracle.values()));
            for (x, y, w, h) in looks {
                let span = Span { west: x + (1 << 31), north: y + (1 << 30), east: x + w + (1 << 31), south: y + h + (1 << 30) };
                let mut found = Vec::new();
                points.in_span(span, |p| found.push(p.row));
                found.sort_unstable();
                let expected: Vec<u32> = oracle.values().filter(|p| span.holds(p.spot())).map(|p| p.row).collect();
                prop_assert_eq!(found, expected);
            }
        }
    }

    #[test]
    fn the_nearest_are_the_nearest() {
        let at = |n: u32| LonLat::new(120.0 + f64::from(n % 37) * 7e-4, 30.0 + f64::from(n * 31 % 101) * 3e-4);
        let points = Points::build(
            (0..500).map(|n| Point { key: Spot::of(at(n)).expect("on earth").key(), row: n, home: 0 }).collect(),
        );
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
