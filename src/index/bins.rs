//! Points in square bins of a plane, in metres: what is near, nearest first, ties by identifier.

mod sheet;
mod squares;

use crate::domain::spine::Spine;
use sheet::{Bin, Block, Sheet};
use squares::BLOCK;
pub use squares::Squares;
use std::sync::Arc;

/// A point that was found.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Near<T = ()> {
    /// Its squared distance, square metres.
    pub square: f64,
    /// Who it is.
    pub id: u32,
    /// What is kept with it.
    pub mark: T,
}

impl<T> Near<T> {
    fn order(&self, other: &Self) -> std::cmp::Ordering {
        self.square.total_cmp(&other.square).then(self.id.cmp(&other.id))
    }
}

/// Points of a plane, sorted into square bins, each with a mark. As they are built they lie on one sheet. A copy is cheap,
/// and an edit copies one block of it; once a quarter of the blocks lie apart, all do. Crowded bins (a hundred thousand
/// pins on one spot) answer with those of the [`CROWD`] lowest identifiers only, so that a search never costs more than its
/// surroundings are worth.
#[derive(Debug, Clone)]
pub struct Bins<T = ()> {
    squares: Squares,
    /// All points, but for the blocks that lie apart; none where all do.
    sheet: Option<Arc<Sheet<T>>>,
    blocks: Spine<Option<Arc<Block<T>>>>,
    /// How many blocks lie apart from the sheet.
    apart: usize,
}

/// Rings of bins that a search looks at one by one.
const FAR: i64 = 3;

/// Points of one bin that a search looks at.
pub const CROWD: usize = 64;

impl<T: Copy> Bins<T> {
    /// No points.
    pub fn none(squares: Squares) -> Self {
        Bins { squares, sheet: None, blocks: vec![None; squares.blocks()].into_iter().collect(), apart: 0 }
    }

    /// Sorts points, given by rising identifier, into bins. Points that are not finite are left out. One that lies
    /// beyond the ground goes into the nearest bin.
    pub fn build(squares: Squares, points: impl Iterator<Item = (u32, [f64; 2], T)> + Clone) -> Self {
        let finite = points.filter(|(_, at, _)| at[0].is_finite() && at[1].is_finite());
        let mut bins = Bins::none(squares);
        let Some((_, _, any)) = finite.clone().next() else { return bins };
        let sheet = Sheet::build(&squares, finite, any);
        let is_dense = sheet.is_dense();
        bins.sheet = Some(Arc::new(sheet));
        if !is_dense {
            bins.cut();
        }
        bins
    }

    /// Puts all blocks apart.
    fn cut(&mut self) {
        let Some(sheet) = self.sheet.take() else { return };
        self.apart = 0;
        for block in 0..self.squares.blocks() {
            if self.blocks[block].is_none()
                && let Some(points) = sheet.block(&self.squares, block)
            {
                *self.blocks.get_mut(block) = Some(Arc::new(points));
            }
        }
    }

    /// A block to be changed.
    fn block_mut(&mut self, block: usize) -> &mut Block<T> {
        if self.sheet.is_some() && self.apart >= self.squares.blocks() / 4 {
            self.cut();
        }
        let (squares, sheet) = (&self.squares, &self.sheet);
        let apart = &mut self.apart;
        Arc::make_mut(self.blocks.get_mut(block).get_or_insert_with(|| {
            *apart += usize::from(sheet.is_some());
            Arc::new(sheet.as_ref().and_then(|sheet| sheet.block(squares, block)).unwrap_or(Block::EMPTY))
        }))
    }

    /// Adds a point. One that is not finite is left out.
    pub fn insert(&mut self, id: u32, at: [f64; 2], mark: T) {
        if !at[0].is_finite() || !at[1].is_finite() {
            return;
        }
        let (block, place) = self.squares.place_of(at);
        let block = self.block_mut(block);
        let before = block.starts[place] as usize + block.of(place).1.partition_point(|tag| tag.0 <= id);
        block.places.insert(before, at);
        block.tags.insert(before, (id, mark));
        block.starts[place + 1..].iter_mut().for_each(|start| *start += 1);
    }

    /// Takes a point out that was put in with this identifier at this place.
    pub fn remove(&mut self, id: u32, at: [f64; 2]) {
        if !at[0].is_finite() || !at[1].is_finite() {
            return;
        }
        let (column, row) = self.squares.square(at);
        let (column, row) = (column.clamp(0, self.squares.columns - 1), row.clamp(0, self.squares.rows - 1));
        let (places, tags) = self.bin(column, row);
        let Some(k) = places.iter().zip(tags).position(|(p, tag)| tag.0 == id && *p == at) else { return };
        let (block, place) = self.squares.place(column, row);
        let block = self.block_mut(block);
        let k = block.starts[place] as usize + k;
        block.places.remove(k);
        block.tags.remove(k);
        block.starts[place + 1..].iter_mut().for_each(|start| *start -= 1);
    }

    /// What lies in a square of the ground.
    #[inline(always)]
    fn bin(&self, column: i64, row: i64) -> Bin<'_, T> {
        if let Some(sheet) = &self.sheet
            && (self.apart == 0 || self.blocks[self.squares.place(column, row).0].is_none())
        {
            return sheet.of(self.squares.number(column, row), 1);
        }
        let (block, place) = self.squares.place(column, row);
        self.blocks[block].as_ref().map_or((&[], &[]), |block| block.of(place))
    }

    /// The points within `radius_m` of `at`, nearest first.
    pub fn within(&self, at: [f64; 2], radius_m: f64, found: &mut Vec<Near<T>>) {
        found.clear();
        self.each(at, radius_m, CROWD, |near| found.push(near));
        found.sort_unstable_by(Near::order);
    }

    /// Calls `put` with every point within `radius_m` of `at`, crowds included, in no particular order.
    pub fn each_within(&self, at: [f64; 2], radius_m: f64, put: impl FnMut(Near<T>)) {
        self.each(at, radius_m, usize::MAX, put);
    }

    fn each(&self, at: [f64; 2], radius_m: f64, crowd: usize, mut put: impl FnMut(Near<T>)) {
        let low = self.squares.square([at[0] - radius_m, at[1] - radius_m]);
        let high = self.squares.square([at[0] + radius_m, at[1] + radius_m]);
        let limit = radius_m * radius_m;
        for row in low.1.max(0)..=high.1.min(self.squares.rows - 1) {
            for column in low.0.max(0)..=high.0.min(self.squares.columns - 1) {
                let (places, tags) = self.bin(column, row);
                for (place, (id, mark)) in places.iter().zip(tags).take(crowd) {
                    let square = square(*place, at);
                    if square <= limit {
                        put(Near { square, id: *id, mark: *mark });
                    }
                }
            }
        }
    }

    /// The `k` points nearest to `at` within `radius_m`, nearest first, ties by identifier.
    pub fn nearest(&self, at: [f64; 2], k: usize, radius_m: f64, found: &mut Vec<Near<T>>) {
        found.clear();
        if k == 0 {
            return;
        }
        let mut worst = radius_m * radius_m;
        self.rings(at, worst, |places, tags| {
            let before = found.len();
            for (place, (id, mark)) in places.iter().zip(tags).take(CROWD) {
                let square = square(*place, at);
                if square <= worst {
                    found.push(Near { square, id: *id, mark: *mark });
                }
            }
            // Bin by bin: to keep them in order one by one takes longer.
            if found.len() >= k && found.len() > before {
                let (_, last, _) = found.select_nth_unstable_by(k - 1, Near::order);
                worst = last.square;
                found.truncate(k);
            }
            worst
        });
        found.sort_unstable_by(Near::order);
    }

    /// The point nearest to `at` within `radius_m`, of those equally near the one with the lowest identifier: what
    /// [`Bins::nearest`] finds first, several times as fast.
    pub fn nearest_one(&self, at: [f64; 2], radius_m: f64) -> Option<Near<T>> {
        let (mut worst, mut best) = (radius_m * radius_m, None::<&(u32, T)>);
        // Most searches end here.
        if let Some(near) = self.nearest_on_sheet(at) {
            return (near.square <= worst).then_some(near);
        }
        self.rings(at, worst, |places, tags| {
            // Without a branch: which of a bin's few points is the nearest cannot be foreseen. The first of those equally
            // near has the lowest identifier.
            let (mut least, mut which) = (f64::INFINITY, 0);
            for (k, place) in places[..places.len().min(CROWD)].iter().enumerate() {
                let square = square(*place, at);
                (least, which) = if square < least { (square, k) } else { (least, which) };
            }
            // Who it is lies elsewhere in memory, and is read where it matters.
            if least < worst
                || (least == worst && tags.get(which).is_some_and(|tag| best.is_none_or(|best| tag.0 < best.0)))
            {
                (worst, best) = (least, tags.get(which));
            }
            worst
        });
        best.map(|&(id, mark)| Near { square: worst, id, mark })
    }

    /// The nearest point, where the four bins about a place are as they were built and tell it.
    #[inline(always)]
    fn nearest_on_sheet(&self, at: [f64; 2]) -> Option<Near<T>> {
        let sheet = self.sheet.as_deref()?;
        let (column, row) = sheet.window(&self.squares, at)?;
        let is_apart = |(c, r)| self.blocks[self.squares.place(column + c, row + r).0].is_some();
        if self.apart > 0 && [(0, 0), (1, 0), (0, 1), (1, 1)].into_iter().any(is_apart) {
            return None;
        }
        sheet.nearest(&self.squares, (column, row), at)
    }

    /// Looks at the bins about a place, ring by ring, as long as one may hold a point whose squared distance is at most
    /// `worst`; `look` answers what that is from then on.
    #[inline(always)]
    fn rings<'a>(&'a self, at: [f64; 2], mut worst: f64, mut look: impl FnMut(&'a [[f64; 2]], &'a [(u32, T)]) -> f64) {
        if !at[0].is_finite() || !at[1].is_finite() {
            return;
        }
        let squares = &self.squares;
        let (spot, side_m) = (squares.spot(at), squares.side_m);
        let (column, row) = (spot.column, spot.row);
        let (mut from, last) = squares.reach(&spot);
        if (2..squares.columns - 2).contains(&column) && (2..squares.rows - 2).contains(&row) {
            // Many searches end here: in the own bin, and in those of its eight neighbours that reach as near.
            let square = |v: f64| (v - 1e-6).max(0.0) * (v - 1e-6).max(0.0);
            let [west, east, south, north] = [spot.x, side_m - spot.x, spot.y, side_m - spot.y].map(square);
            for (c, r, least) in [
                (0, 0, 0.0),
                (-1, 0, west),
                (1, 0, east),
                (0, -1, south),
                (0, 1, north),
                (-1, -1, west + south),
                (1, -1, east + south),
                (-1, 1, west + north),
                (1, 1, east + north),
            ] {
                if least <= worst {
                    let (places, tags) = self.bin(column + c, row + r);
                    worst = look(places, tags);
                }
            }
            if worst < side_m * side_m {
                return;
            }
            from = 2;
        }
        let mut bin = |c: i64, r: i64, _| {
            let (places, tags) = self.bin(c, r);
            look(places, tags)
        };
        let far = from.min(last + 1) + FAR;
        let Some(worst) = squares.rings(&spot, from..far, worst, &mut bin) else { return };
        // Nothing is near: block by block, for most of these are empty.
        let coarse = squares.coarse();
        coarse.rings(&coarse.spot(at), 0..i64::MAX, worst, |c, r, mut worst| {
            if self.is_empty(c, r) {
                return worst;
            }
            for (c, r) in (0..BLOCK * BLOCK).map(|k| (c * BLOCK + k % BLOCK, r * BLOCK + k / BLOCK)) {
                let is_seen = (c - column).abs().max((r - row).abs()) < far;
                if !is_seen && squares.away_2(&spot, c, r) <= worst {
                    worst = bin(c, r, worst);
                }
            }
            worst
        });
    }

    /// Whether a block holds no point.
    fn is_empty(&self, column: i64, row: i64) -> bool {
        let block = self.squares.place(column * BLOCK, row * BLOCK).0;
        match (&self.blocks[block], &self.sheet) {
            (Some(block), _) => block.places.is_empty(),
            (None, Some(sheet)) => sheet.is_empty(&self.squares, block),
            (None, None) => true,
        }
    }
}

fn square(a: [f64; 2], b: [f64; 2]) -> f64 {
    let (x, y) = (a[0] - b[0], a[1] - b[1]);
    x * x + y * y
}

#[cfg(test)]
mod tests;
