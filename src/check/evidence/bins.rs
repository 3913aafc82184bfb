//! Points in square bins of a plane, in metres: what is near, nearest first, ties by the position in the table.

/// A point that was found: its squared distance in square metres, and its position in the table.
pub type Near = (f64, u32);

/// A point of a bin.
#[derive(Debug, Clone, Copy)]
struct Item {
    at: [f64; 2],
    id: u32,
}

/// Points of a plane, sorted into square bins. Crowded bins (a hundred thousand pins on one spot) answer with their
/// first [`Bins::CROWD`] points only, so that a search never costs more than its surroundings are worth.
#[derive(Debug, Clone)]
pub struct Bins {
    side_m: f64,
    origin: [f64; 2],
    columns: i64,
    rows: i64,
    starts: Vec<u32>,
    items: Vec<Item>,
}

impl Bins {
    /// Points of one bin that a search looks at.
    pub const CROWD: usize = 64;
    /// Bins in all, at most.
    const MOST: f64 = 4_000_000.0;

    /// Sorts points into bins of about `side_m` metres. Points that are not finite are left out.
    pub fn build(points: impl Iterator<Item = (u32, [f64; 2])> + Clone, side_m: f64) -> Self {
        let finite = || points.clone().filter(|(_, at)| at[0].is_finite() && at[1].is_finite());
        let (mut low, mut high) = ([f64::INFINITY; 2], [f64::NEG_INFINITY; 2]);
        for (_, at) in finite() {
            for axis in 0..2 {
                low[axis] = low[axis].min(at[axis]);
                high[axis] = high[axis].max(at[axis]);
            }
        }
        if low[0] > high[0] {
            (low, high) = ([0.0; 2], [0.0; 2]);
        }
        let area_m2 = (high[0] - low[0] + side_m) * (high[1] - low[1] + side_m);
        let side_m = side_m.max((area_m2 / Self::MOST).sqrt());
        let count = |axis: usize| ((high[axis] - low[axis]) / side_m) as i64 + 1;
        let (columns, rows) = (count(0), count(1));
        let mut bins =
            Bins { side_m, origin: low, columns, rows, starts: vec![0; (columns * rows) as usize + 1], items: vec![] };
        let bin = |at: [f64; 2]| {
            let column = (((at[0] - low[0]) / side_m) as i64).min(columns - 1);
            let row = (((at[1] - low[1]) / side_m) as i64).min(rows - 1);
            (row * columns + column) as usize
        };
        for (_, at) in finite() {
            bins.starts[bin(at) + 1] += 1;
        }
        for b in 1..bins.starts.len() {
            bins.starts[b] += bins.starts[b - 1];
        }
        let mut next = bins.starts.clone();
        bins.items = vec![Item { at: [0.0; 2], id: 0 }; *bins.starts.last().unwrap_or(&0) as usize];
        for (id, at) in finite() {
            let slot = &mut next[bin(at)];
            bins.items[*slot as usize] = Item { at, id };
            *slot += 1;
        }
        bins
    }

    fn bin(&self, column: i64, row: i64) -> &[Item] {
        if column < 0 || row < 0 || column >= self.columns || row >= self.rows {
            return &[];
        }
        let b = (row * self.columns + column) as usize;
        let items = &self.items[self.starts[b] as usize..self.starts[b + 1] as usize];
        &items[..items.len().min(Self::CROWD)]
    }

    fn cell(&self, at: [f64; 2]) -> (i64, i64) {
        let cell = |axis: usize| ((at[axis] - self.origin[axis]) / self.side_m).floor().clamp(-1e9, 1e9) as i64;
        (cell(0), cell(1))
    }

    /// The points within `radius_m` of `at`, nearest first.
    pub fn within(&self, at: [f64; 2], radius_m: f64, found: &mut Vec<Near>) {
        found.clear();
        let (low, high) =
            (self.cell([at[0] - radius_m, at[1] - radius_m]), self.cell([at[0] + radius_m, at[1] + radius_m]));
        let limit = radius_m * radius_m;
        for row in low.1.max(0)..=high.1.min(self.rows - 1) {
            for column in low.0.max(0)..=high.0.min(self.columns - 1) {
                for item in self.bin(column, row) {
                    let d = square(item.at, at);
                    if d <= limit {
                        found.push((d, item.id));
                    }
                }
            }
        }
        found.sort_unstable_by(order);
    }

    /// The `k` points nearest to `at` within `radius_m`, nearest first.
    pub fn nearest(&self, at: [f64; 2], k: usize, radius_m: f64, found: &mut Vec<Near>) {
        found.clear();
        let (column, row) = self.cell(at);
        let [x, y] =
            [at[0] - self.origin[0] - column as f64 * self.side_m, at[1] - self.origin[1] - row as f64 * self.side_m];
        let inner = x.min(self.side_m - x).min(y).min(self.side_m - y).max(0.0);
        let limit = radius_m * radius_m;
        let mut worst = limit;
        let mut look = |c: i64, r: i64, found: &mut Vec<Near>| {
            for item in self.bin(c, r) {
                let near = (square(item.at, at), item.id);
                if near.0 > worst {
                    continue;
                }
                let place = found.partition_point(|other| order(other, &near).is_lt());
                if place < k {
                    found.truncate(k - 1);
                    found.insert(place, near);
                    if found.len() == k {
                        worst = found[k - 1].0;
                    }
                }
            }
        };
        for ring in 0i64.. {
            let low = (ring - 1) as f64 * self.side_m + inner;
            if ring > 0 && (low > radius_m || (found.len() == k && found[k - 1].0 < low * low)) {
                return;
            }
            if ring == 0 {
                look(column, row, found);
                continue;
            }
            for c in column - ring..=column + ring {
                look(c, row - ring, found);
                look(c, row + ring, found);
            }
            for r in row - ring + 1..row + ring {
                look(column - ring, r, found);
                look(column + ring, r, found);
            }
        }
    }
}

fn square(a: [f64; 2], b: [f64; 2]) -> f64 {
    let (x, y) = (a[0] - b[0], a[1] - b[1]);
    x * x + y * y
}

fn order(a: &Near, b: &Near) -> std::cmp::Ordering {
    a.0.total_cmp(&b.0).then(a.1.cmp(&b.1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::{RngExt, SeedableRng};

    #[test]
    fn agrees_with_brute_force() {
        let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(7);
        let mut points: Vec<[f64; 2]> =
            (0..2_000).map(|_| [rng.random_range(0.0..900.0), rng.random_range(0.0..700.0)]).collect();
        points.extend([[f64::NAN, 1.0], [300.0, 300.0], [300.0, 300.0]]);
        let bins = Bins::build((0u32..).zip(points.iter().copied()), 30.0);
        let mut found = Vec::new();
        for _ in 0..500 {
            let at = [rng.random_range(-200.0..1_100.0), rng.random_range(-200.0..900.0)];
            let mut all: Vec<Near> = (0u32..).zip(&points).map(|(i, p)| (square(*p, at), i)).collect();
            all.retain(|near| near.0.is_finite());
            all.sort_by(order);
            for (k, radius_m) in [(1, 20.0), (8, 240.0), (15, 60.0), (3, 2_000.0)] {
                let near: Vec<Near> = all.iter().copied().filter(|n| n.0 <= radius_m * radius_m).collect();
                bins.nearest(at, k, radius_m, &mut found);
                assert_eq!(found, near[..near.len().min(k)]);
                bins.within(at, radius_m, &mut found);
                assert_eq!(found, near);
            }
        }
    }

    #[test]
    fn a_crowd_on_one_spot_costs_no_more_than_its_first() {
        let bins = Bins::build((0..100_000).map(|i| (i, [5.0, 5.0])), 30.0);
        let mut found = Vec::new();
        bins.within([5.0, 5.0], 100.0, &mut found);
        assert_eq!(found.len(), Bins::CROWD);
        assert!(found.iter().map(|near| near.1).eq(0..Bins::CROWD as u32));
        let none = Bins::build(std::iter::empty(), 30.0);
        none.nearest([0.0, 0.0], 3, 50.0, &mut found);
        assert!(found.is_empty());
    }
}
