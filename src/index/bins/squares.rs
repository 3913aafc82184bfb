//! A plane divided into squares, and these into blocks.

/// The squares that a plane is divided into; fixed for a ground, so that what a search finds depends on the points
/// alone.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Squares {
    pub(super) origin: [f64; 2],
    pub(super) side_m: f64,
    pub(super) columns: i64,
    pub(super) rows: i64,
}

/// Where a place lies: in which square, of the ground or beyond, and how many metres inside of it.
pub(super) struct Spot {
    pub column: i64,
    pub row: i64,
    pub x: f64,
    pub y: f64,
}

/// Squares along the side of a block, the piece that an edit copies.
pub(super) const BLOCK: i64 = 8;
pub(super) const SQUARES: usize = (BLOCK * BLOCK) as usize;

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

    /// Column and row of the square that holds a point, of the ground or beyond.
    pub(super) fn square(&self, at: [f64; 2]) -> (i64, i64) {
        // Rounded down by hand: `floor` would be a call into the C library.
        let cell = |axis: usize| {
            let place = ((at[axis] - self.origin[axis]) / self.side_m).clamp(-1e9, 1e9);
            let near = place as i64;
            near - i64::from(near as f64 > place)
        };
        (cell(0), cell(1))
    }

    /// Block and place in it of a square of the ground.
    pub(super) fn place(&self, column: i64, row: i64) -> (usize, usize) {
        const SIDE: usize = BLOCK as usize;
        let (column, row, across) = (column as usize, row as usize, self.columns as usize / SIDE);
        ((row / SIDE) * across + column / SIDE, row % SIDE * SIDE + column % SIDE)
    }

    /// Block and place in it of a point; of the nearest square for those beyond the ground.
    pub(super) fn place_of(&self, at: [f64; 2]) -> (usize, usize) {
        let (column, row) = self.square(at);
        self.place(column.clamp(0, self.columns - 1), row.clamp(0, self.rows - 1))
    }

    /// Number of a square of the ground, row by row.
    pub(super) fn number(&self, column: i64, row: i64) -> usize {
        (row * self.columns + column) as usize
    }

    /// The same of a point; of the nearest square for those beyond the ground.
    pub(super) fn number_of(&self, at: [f64; 2]) -> usize {
        let (column, row) = self.square(at);
        self.number(column.clamp(0, self.columns - 1), row.clamp(0, self.rows - 1))
    }

    /// Number of the first square of a block.
    pub(super) fn first(&self, block: usize) -> usize {
        let across = (self.columns / BLOCK) as usize;
        let (column, row) = (block % across * BLOCK as usize, block / across * BLOCK as usize);
        row * self.columns as usize + column
    }

    /// The blocks as squares.
    pub(super) fn coarse(&self) -> Squares {
        Squares { side_m: self.side_m * BLOCK as f64, columns: self.columns / BLOCK, rows: self.rows / BLOCK, ..*self }
    }

    /// Where a place lies.
    pub(super) fn spot(&self, at: [f64; 2]) -> Spot {
        let (column, row) = self.square(at);
        let [x, y] = [(0, column), (1, row)].map(|(axis, n)| at[axis] - self.origin[axis] - n as f64 * self.side_m);
        Spot { column, row, x, y }
    }

    /// How far off the points of a square of the ground are at least, squared, less what rounding may hide.
    pub(super) fn away_2(&self, spot: &Spot, column: i64, row: i64) -> f64 {
        let away = |from: i64, inside: f64, to: i64, count: i64| match to - from {
            0 => 0.0,
            // Squares at the edge hold points from beyond the ground.
            _ if from < 0 && to == 0 || from >= count && to == count - 1 => 0.0,
            steps if steps > 0 => (steps as f64 * self.side_m - inside - 1e-6).max(0.0),
            steps => ((-steps - 1) as f64 * self.side_m + inside - 1e-6).max(0.0),
        };
        let dx = away(spot.column, spot.x, column, self.columns);
        let dy = away(spot.row, spot.y, row, self.rows);
        dx * dx + dy * dy
    }

    /// The ring about a place that first meets the ground, and the one that leaves it behind.
    pub(super) fn reach(&self, spot: &Spot) -> (i64, i64) {
        let beyond = |at: i64, count: i64| (-at).max(at - (count - 1)).max(0);
        let first = beyond(spot.column, self.columns).max(beyond(spot.row, self.rows));
        let (east, north) = (self.columns - 1 - spot.column, self.rows - 1 - spot.row);
        (first, spot.column.max(east).max(spot.row).max(north))
    }

    /// How far off what lies in a ring and beyond it is at least.
    pub(super) fn away(&self, spot: &Spot, ring: i64) -> f64 {
        let inner = spot.x.min(self.side_m - spot.x).min(spot.y).min(self.side_m - spot.y).max(0.0);
        ((ring - 1) as f64 * self.side_m + inner - 1e-6).max(0.0)
    }

    /// Looks at the squares of some rings about a place as long as one may hold a point whose squared distance is at most
    /// `worst`; `look` answers what that is from then on. Answers it, if more rings might hold such a point.
    #[inline(always)]
    pub(super) fn rings(
        &self,
        spot: &Spot,
        rings: std::ops::Range<i64>,
        mut worst: f64,
        mut look: impl FnMut(i64, i64, f64) -> f64,
    ) -> Option<f64> {
        let (first, last) = self.reach(spot);
        for ring in first.max(rings.start)..rings.end.min(last + 1) {
            let away = self.away(spot, ring);
            if away * away > worst {
                return None;
            }
            for r in (spot.row - ring).max(0)..=(spot.row + ring).min(self.rows - 1) {
                // The whole side of the ring, or its two ends.
                let step = if (r - spot.row).abs() == ring { 1 } else { 2 * ring };
                for c in (spot.column - ring..=spot.column + ring).step_by(step.max(1) as usize) {
                    if c >= 0 && c < self.columns && self.away_2(spot, c, r) <= worst {
                        worst = look(c, r, worst);
                    }
                }
            }
        }
        (rings.end <= last).then_some(worst)
    }

    /// Blocks of the ground.
    pub(super) fn blocks(&self) -> usize {
        ((self.columns / BLOCK) * (self.rows / BLOCK)) as usize
    }
}
