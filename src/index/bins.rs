//! Points in square bins of a plane, in metres: what is near, nearest first, ties by identifier.

use crate::domain::Table;
use std::sync::Arc;

/// The squares that a plane is divided into; fixed for a ground, so that what a search finds depends on the points
/// alone.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Squares {
    origin: [f64; 2],
    side_m: f64,
    columns: i64,
    rows: i64,
}

/// Squares along the side of a block, the piece that an edit copies.
const BLOCK: i64 = 8;
const SQUARES: usize = (BLOCK * BLOCK) as usize;

impl Squares {
    /// Squares in all, at most.
    const MOST: f64 = 4_000_000.0;

    /// Squares of about `side_m` metres over the ground between two corners, metres; larger ones where there would be
    /// millions.
    pub fn over(low: [f64; 2], high: [f64; 2], side_m: f64) -> Self {
        let area_m2 = (high[0] - low[0] + side_m) * (high[1] - low[1] + side_m);
        let side_m = side_m.max((area_m2 / Self::MOST).sqrt());
        let count = |axis: usize| ((high[axis] - low[axis]) / side_m) as i64 / BLOCK * BLOCK + BLOCK;
        Squares { origin: low, side_m, columns: count(0), rows: count(1) }
    }

    fn square(&self, at: [f64; 2]) -> (i64, i64) {
        // Rounded down by hand: `floor` would be a call into the C library.
        let cell = |axis: usize| {
            let place = ((at[axis] - self.origin[axis]) / self.side_m).clamp(-1e9, 1e9);
            let near = place as i64;
            near - i64::from(near as f64 > place)
        };
        (cell(0), cell(1))
    }

    /// Block and place in it of a square of the ground.
    fn place(&self, column: i64, row: i64) -> (usize, usize) {
        const SIDE: usize = BLOCK as usize;
        let (column, row, across) = (column as usize, row as usize, self.columns as usize / SIDE);
        ((row / SIDE) * across + column / SIDE, row % SIDE * SIDE + column % SIDE)
    }

    /// Block and place in it of a point; of the nearest square for those beyond the ground.
    fn place_of(&self, at: [f64; 2]) -> (usize, usize) {
        let (column, row) = self.square(at);
        self.place(column.clamp(0, self.columns - 1), row.clamp(0, self.rows - 1))
    }

    fn blocks(&self) -> usize {
        ((self.columns / BLOCK) * (self.rows / BLOCK)) as usize
    }
}

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

/// The points of some squares, by square and identifier. Places lie apart from the rest: a search looks at all of them
/// and keeps few.
#[derive(Debug, Clone)]
struct Block<T> {
    starts: [u32; SQUARES + 1],
    places: Vec<[f64; 2]>,
    tags: Vec<(u32, T)>,
}

impl<T: Copy> Block<T> {
    const EMPTY: Block<T> = Block { starts: [0; SQUARES + 1], places: Vec::new(), tags: Vec::new() };

    fn of(&self, square: usize) -> (&[[f64; 2]], &[(u32, T)]) {
        let range = self.starts[square] as usize..self.starts[square + 1] as usize;
        (&self.places[range.clone()], &self.tags[range])
    }
}

/// Points of a plane, sorted into square bins, each with a mark. A copy is cheap, and an edit copies one block of it.
/// Crowded bins (a hundred thousand pins on one spot) answer with those of the [`CROWD`] lowest identifiers only, so that
/// a search never costs more than its surroundings are worth.
#[derive(Debug, Clone)]
pub struct Bins<T = ()> {
    squares: Squares,
    blocks: Table<Option<Arc<Block<T>>>>,
}

/// Points of one bin that a search looks at.
pub const CROWD: usize = 64;

impl<T: Copy> Bins<T> {
    /// No points.
    pub fn none(squares: Squares) -> Self {
        Bins { squares, blocks: vec![None; squares.blocks()].into() }
    }

    /// Sorts points, given by rising identifier, into bins. Points that are not finite are left out. One that lies
    /// beyond the ground goes into the nearest bin.
    pub fn build(squares: Squares, points: impl Iterator<Item = (u32, [f64; 2], T)> + Clone) -> Self {
        let finite = || points.clone().filter(|(_, at, _)| at[0].is_finite() && at[1].is_finite());
        let Some((_, _, any)) = finite().next() else { return Bins::none(squares) };
        let mut blocks: Vec<Option<Block<T>>> = vec![None; squares.blocks()];
        for (_, at, _) in finite() {
            let (block, square) = squares.place_of(at);
            blocks[block].get_or_insert(Block::EMPTY).starts[square + 1] += 1;
        }
        for block in blocks.iter_mut().flatten() {
            (0..SQUARES).for_each(|k| block.starts[k + 1] += block.starts[k]);
            let count = block.starts[SQUARES] as usize;
            (block.places, block.tags) = (vec![[0.0; 2]; count], vec![(0, any); count]);
        }
        // Every start moves on to its square's end, which is the start of the next.
        for (id, at, mark) in finite() {
            let (block, square) = squares.place_of(at);
            let Some(block) = &mut blocks[block] else { continue };
            let next = block.starts[square] as usize;
            (block.places[next], block.tags[next]) = (at, (id, mark));
            block.starts[square] += 1;
        }
        for block in blocks.iter_mut().flatten() {
            block.starts.copy_within(..SQUARES, 1);
            block.starts[0] = 0;
        }
        Bins { squares, blocks: blocks.into_iter().map(|block| block.map(Arc::new)).collect() }
    }

    /// Adds a point. One that is not finite is left out.
    pub fn insert(&mut self, id: u32, at: [f64; 2], mark: T) {
        if !at[0].is_finite() || !at[1].is_finite() {
            return;
        }
        let (block, place) = self.squares.place_of(at);
        let block = self.blocks.get_mut(block).get_or_insert_with(|| Arc::new(Block::EMPTY));
        let block = Arc::make_mut(block);
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
        let (block, place) = self.squares.place_of(at);
        let known = self.blocks[block].as_ref();
        let found = known.and_then(|b| {
            let (places, tags) = b.of(place);
            places.iter().zip(tags).position(|(p, tag)| tag.0 == id && *p == at)
        });
        let (Some(k), Some(block)) = (found, self.blocks.get_mut(block)) else { return };
        let block = Arc::make_mut(block);
        let k = block.starts[place] as usize + k;
        block.places.remove(k);
        block.tags.remove(k);
        block.starts[place + 1..].iter_mut().for_each(|start| *start -= 1);
    }

    fn bin(&self, column: i64, row: i64) -> (&[[f64; 2]], &[(u32, T)]) {
        if column < 0 || row < 0 || column >= self.squares.columns || row >= self.squares.rows {
            return (&[], &[]);
        }
        self.bin_inside(column, row)
    }

    /// As [`Bins::bin`], of a square of the ground.
    #[inline(always)]
    fn bin_inside(&self, column: i64, row: i64) -> (&[[f64; 2]], &[(u32, T)]) {
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

    /// Looks at the bins about a place, ring by ring, as long as one may hold a point whose squared distance is at most
    /// `worst`; `look` answers what that is from then on.
    #[inline(always)]
    fn rings<'a>(&'a self, at: [f64; 2], mut worst: f64, mut look: impl FnMut(&'a [[f64; 2]], &'a [(u32, T)]) -> f64) {
        if !at[0].is_finite() || !at[1].is_finite() {
            return;
        }
        let Squares { origin, side_m, columns, rows } = self.squares;
        let (column, row) = self.squares.square(at);
        let [x, y] = [at[0] - origin[0] - column as f64 * side_m, at[1] - origin[1] - row as f64 * side_m];
        // How far away the points of a bin are at least, less what rounding may hide.
        let away = |from: i64, inside: f64, to: i64| match to - from {
            0 => 0.0,
            steps if steps > 0 => (steps as f64 * side_m - inside - 1e-6).max(0.0),
            steps => ((-steps - 1) as f64 * side_m + inside - 1e-6).max(0.0),
        };
        let beyond = |at: i64, count: i64| (-at).max(at - (count - 1)).max(0);
        // The ring that first meets the ground, and the one that leaves it behind.
        let mut first = beyond(column, columns).max(beyond(row, rows));
        let last = column.max(columns - 1 - column).max(row).max(rows - 1 - row);
        if (2..columns - 2).contains(&column) && (2..rows - 2).contains(&row) {
            // Most searches end here: in the own bin, and in those of its eight neighbours that reach as near.
            let square = |v: f64| (v - 1e-6).max(0.0) * (v - 1e-6).max(0.0);
            let [west, east, south, north] = [square(x), square(side_m - x), square(y), square(side_m - y)];
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
                    let (places, tags) = self.bin_inside(column + c, row + r);
                    worst = look(places, tags);
                }
            }
            if worst < side_m * side_m {
                return;
            }
            first = 2;
        }
        let inner = x.min(side_m - x).min(y).min(side_m - y).max(0.0);
        for ring in first..=last {
            let low = (ring - 1) as f64 * side_m + inner - 1e-6;
            if low > 0.0 && low * low > worst {
                return;
            }
            for r in (row - ring).max(0)..=(row + ring).min(rows - 1) {
                let dy = away(row, y, r);
                let inside = r > 0 && r < rows - 1;
                if inside && dy * dy > worst {
                    continue;
                }
                // The whole side of the ring, or its two ends.
                let step = if (r - row).abs() == ring { 1 } else { 2 * ring };
                for c in (column - ring..=column + ring).step_by(step.max(1) as usize) {
                    if c < 0 || c >= columns {
                        continue;
                    }
                    // Bins at the edge hold points from beyond the ground.
                    let dx = away(column, x, c);
                    if inside && c > 0 && c < columns - 1 && dx * dx + dy * dy > worst {
                        continue;
                    }
                    let (places, tags) = self.bin(c, r);
                    worst = look(places, tags);
                }
            }
        }
    }
}

fn square(a: [f64; 2], b: [f64; 2]) -> f64 {
    let (x, y) = (a[0] - b[0], a[1] - b[1]);
    x * x + y * y
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::{RngExt, SeedableRng};

    fn squares() -> Squares {
        Squares::over([0.0; 2], [900.0, 700.0], 30.0)
    }

    #[test]
    fn agrees_with_brute_force_after_edits_too() {
        let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(7);
        let mut points: Vec<[f64; 2]> =
            (0..2_000).map(|_| [rng.random_range(0.0..900.0), rng.random_range(0.0..700.0)]).collect();
        points.extend([[f64::NAN, 1.0], [300.0, 300.0], [300.0, 300.0]]);
        let mut bins = Bins::build(squares(), (0u32..).zip(points.clone()).map(|(i, at)| (i, at, i)));
        let before = bins.clone();
        let mut found = Vec::new();
        for n in 0..500 {
            let at = [rng.random_range(-200.0..1_100.0), rng.random_range(-200.0..900.0)];
            let mut all: Vec<Near<u32>> =
                (0u32..).zip(&points).map(|(id, p)| Near { square: square(*p, at), id, mark: id }).collect();
            all.retain(|near| near.square.is_finite());
            all.sort_by(Near::order);
            for (k, radius_m) in [(1, 20.0), (8, 240.0), (15, 60.0), (3, 2_000.0)] {
                let near: Vec<Near<u32>> = all.iter().copied().filter(|n| n.square <= radius_m * radius_m).collect();
                bins.nearest(at, k, radius_m, &mut found);
                assert_eq!(found, near[..near.len().min(k)]);
                assert_eq!(bins.nearest_one(at, radius_m), near.first().copied());
                bins.within(at, radius_m, &mut found);
                assert_eq!(found, near);
            }
            // One moves, on the ground.
            let moved = n * 3 % points.len();
            bins.remove(moved as u32, points[moved]);
            points[moved] = [rng.random_range(0.0..900.0), rng.random_range(0.0..700.0)];
            bins.insert(moved as u32, points[moved], moved as u32);
        }
        before.nearest([300.0, 300.0], 2, 1.0, &mut found);
        assert_eq!(found.iter().map(|near| near.id).collect::<Vec<_>>(), [2_001, 2_002], "a copy was disturbed");
    }

    #[test]
    fn a_crowd_on_one_spot_costs_no_more_than_its_first() {
        let bins = Bins::build(squares(), (0..100_000).map(|i| (i, [5.0, 5.0], ())));
        let mut found = Vec::new();
        bins.within([5.0, 5.0], 100.0, &mut found);
        assert!(found.iter().map(|near| near.id).eq(0..CROWD as u32));
        let mut count = 0;
        bins.each_within([5.0, 5.0], 100.0, |_| count += 1);
        assert_eq!(count, 100_000);
        Bins::<()>::none(squares()).nearest([0.0, 0.0], 3, f64::INFINITY, &mut found);
        assert!(found.is_empty());
    }
}
