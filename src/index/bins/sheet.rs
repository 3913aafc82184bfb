//! Where the points of bins lie: those of a plane as it was built on one sheet, those of blocks that were edited since apart.

use super::CROWD;
use super::Near;
use super::squares::{BLOCK, SQUARES, Squares};

/// Places of a bin, and who they are.
pub(super) type Bin<'a, T> = (&'a [[f64; 2]], &'a [(u32, T)]);

/// The points of some squares, by square and identifier. Places lie apart from the rest: a search looks at all of them
/// and keeps few.
#[derive(Debug, Clone)]
pub(super) struct Block<T> {
    pub starts: [u32; SQUARES + 1],
    pub places: Vec<[f64; 2]>,
    pub tags: Vec<(u32, T)>,
}

impl<T: Copy> Block<T> {
    pub const EMPTY: Block<T> = Block { starts: [0; SQUARES + 1], places: Vec::new(), tags: Vec::new() };

    pub fn of(&self, square: usize) -> Bin<'_, T> {
        let range = self.starts[square] as usize..self.starts[square + 1] as usize;
        (&self.places[range.clone()], &self.tags[range])
    }
}

/// The points of all squares, row by row, each square's by identifier: from a place to the points about it are two steps,
/// and squares side by side are one list.
#[derive(Debug)]
pub(super) struct Sheet<T> {
    /// Squares to a metre.
    per_m: f64,
    starts: Box<[u32]>,
    places: Box<[[f64; 2]]>,
    tags: Box<[(u32, T)]>,
}

impl<T: Copy> Sheet<T> {
    /// Sorts finite points, given by rising identifier; `any` is a mark.
    pub fn build(squares: &Squares, points: impl Iterator<Item = (u32, [f64; 2], T)> + Clone, any: T) -> Self {
        let all = (squares.columns * squares.rows) as usize;
        let mut starts = vec![0; all + 1];
        points.clone().for_each(|(_, at, _)| starts[squares.number_of(at) + 1] += 1);
        (0..all).for_each(|k| starts[k + 1] += starts[k]);
        let count = starts[all] as usize;
        let (mut places, mut tags) = (vec![[0.0; 2]; count], vec![(0, any); count]);
        // Every start moves on to its square's end, which is the start of the next.
        for (id, at, mark) in points {
            let start = &mut starts[squares.number_of(at)];
            (places[*start as usize], tags[*start as usize]) = (at, (id, mark));
            *start += 1;
        }
        starts.copy_within(..all, 1);
        starts[0] = 0;
        Sheet { per_m: 1.0 / squares.side_m, starts: starts.into(), places: places.into(), tags: tags.into() }
    }

    /// The points of so many squares from one on, in its row.
    pub fn of(&self, square: usize, count: usize) -> Bin<'_, T> {
        let range = self.starts[square] as usize..self.starts[square + count] as usize;
        (&self.places[range.clone()], &self.tags[range])
    }

    /// The points of a block; none where there are none.
    pub fn block(&self, squares: &Squares, block: usize) -> Option<Block<T>> {
        const SIDE: usize = BLOCK as usize;
        let first = squares.first(block);
        let row = |row: usize| self.of(first + row * squares.columns as usize, SIDE);
        let count = (0..SIDE).map(|r| row(r).0.len()).sum();
        let mut block = Block { places: Vec::with_capacity(count), tags: Vec::with_capacity(count), ..Block::EMPTY };
        for r in 0..SIDE {
            let square = first + r * squares.columns as usize;
            for c in 0..SIDE {
                let before = self.starts[square + c] - self.starts[square];
                block.starts[r * SIDE + c] = block.places.len() as u32 + before;
            }
            block.places.extend_from_slice(row(r).0);
            block.tags.extend_from_slice(row(r).1);
        }
        block.starts[SQUARES] = count as u32;
        (count > 0).then_some(block)
    }

    /// Whether a block holds no point.
    pub fn is_empty(&self, squares: &Squares, block: usize) -> bool {
        let (first, columns) = (squares.first(block), squares.columns as usize);
        (0..BLOCK as usize).map(|r| first + r * columns).all(|k| self.starts[k] == self.starts[k + BLOCK as usize])
    }

    /// Whether the way to the points takes less room than half of what they take.
    pub fn is_dense(&self) -> bool {
        2 * size_of_val(&*self.starts) < size_of_val(&*self.places) + size_of_val(&*self.tags)
    }

    /// The first square of the four about the corner of squares that is nearest to a place: no point outside of them is
    /// as near as half a side, but for rounding. None beyond the ground, and at its edge in the north and east.
    #[inline(always)]
    pub fn window(&self, squares: &Squares, at: [f64; 2]) -> Option<(i64, i64)> {
        // Towards zero: at the edge in the west and south it is the first.
        let [column, row] = [0, 1].map(|axis| ((at[axis] - squares.origin[axis]) * self.per_m - 0.5) as i64);
        let is_beyond = at[0] < squares.origin[0] || at[1] < squares.origin[1];
        (!is_beyond && column < squares.columns - 1 && row < squares.rows - 1).then_some((column, row))
    }

    /// The point of four squares that is nearest to a place, where none outside of them can be as near; of those equally
    /// near the one with the lowest identifier. None too where one of the squares is crowded.
    #[inline(always)]
    pub fn nearest(&self, squares: &Squares, (column, row): (i64, i64), at: [f64; 2]) -> Option<Near<T>> {
        let south = squares.number(column, row);
        let rows = [south, south + squares.columns as usize].map(|square| {
            let [a, b, c] = [0, 1, 2].map(|k| self.starts[square + k] as usize);
            (a..c, (b - a).max(c - b))
        });
        if rows[0].1.max(rows[1].1) > CROWD {
            return None;
        }
        // Without a branch: which of some points is the nearest cannot be foreseen.
        let (mut least, mut second, mut which) = (f64::INFINITY, f64::INFINITY, 0);
        for (range, _) in &rows {
            let first = range.start;
            for (k, place) in self.places[range.clone()].iter().enumerate() {
                let square = super::square(*place, at);
                let more = if square > least { square } else { least };
                second = if more < second { more } else { second };
                (least, which) = if square < least { (square, first + k) } else { (least, which) };
            }
        }
        let sure_m = squares.side_m / 2.0 - 1e-6;
        if least >= sure_m * sure_m {
            return None;
        }
        let mut best = self.tags[which];
        if second == least {
            for i in rows.into_iter().flat_map(|(range, _)| range) {
                if super::square(self.places[i], at) == least && self.tags[i].0 < best.0 {
                    best = self.tags[i];
                }
            }
        }
        Some(Near { square: least, id: best.0, mark: best.1 })
    }
}
