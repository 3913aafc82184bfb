//! Which square cells an edge touches.

/// Square cells of one size, `columns` by `rows`, from a corner. Any unit.
#[derive(Debug, Clone, Copy)]
pub struct Squares {
    /// West and south.
    pub corner: [f64; 2],
    /// Side of a cell.
    pub side: f64,
    /// Cells from west to east, and from south to north.
    pub count: [usize; 2],
    /// What is this near to a cell counts as touching it.
    pub hair: f64,
}

impl Squares {
    /// Visits the cells that an edge touches, by column and row.
    pub fn touched(&self, a: [f64; 2], b: [f64; 2], mut visit: impl FnMut(usize, usize)) {
        let place = |v: f64, axis: usize| (v - self.corner[axis]) / self.side;
        let (low, high) = if a[1] <= b[1] { (a, b) } else { (b, a) };
        let (west, east) = (a[0].min(b[0]) - self.hair, a[0].max(b[0]) + self.hair);
        let (south, north) = (low[1] - self.hair, high[1] + self.hair);
        let [columns, rows] = self.count.map(|count| count as f64);
        if place(east, 0) < 0.0 || place(west, 0) >= columns || place(north, 1) < 0.0 || place(south, 1) >= rows {
            return;
        }
        let cell = |v: f64, axis: usize| (place(v, axis) as usize).min(self.count[axis] - 1);
        let (first, last) = (cell(south, 1), cell(north, 1));
        let slope = (high[0] - low[0]) / (high[1] - low[1]);
        for row in first..=last {
            let (mut from, mut to) = (west, east);
            if first != last && slope.is_finite() {
                let edge = self.corner[1] + row as f64 * self.side;
                let at = |y: f64| low[0] + (y.clamp(low[1], high[1]) - low[1]) * slope;
                let (x, y) = (at(edge - self.hair), at(edge + self.side + self.hair));
                (from, to) = ((x.min(y) - self.hair).max(west), (x.max(y) + self.hair).min(east));
            }
            if place(to, 0) >= 0.0 && place(from, 0) < columns {
                (cell(from, 0)..=cell(to, 0)).for_each(|column| visit(column, row));
            }
        }
    }

    /// The middle of a cell.
    pub fn middle(&self, column: usize, row: usize) -> [f64; 2] {
        [self.corner[0] + (column as f64 + 0.5) * self.side, self.corner[1] + (row as f64 + 0.5) * self.side]
    }
}
