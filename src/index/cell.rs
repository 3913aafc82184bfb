//! A grid of cells over one level's polygons: a cell wholly inside a polygon answers at once, a border cell names the
//! polygons to ask.

use super::outline::{Outline, Side};
use crate::domain::LonLat;
use rayon::prelude::*;

/// What a point's cell says about a polygon.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hit {
    /// Rank of the polygon.
    pub rank: u32,
    /// Whether the whole cell lies inside it; otherwise its border crosses the cell and it has to be asked.
    pub whole: bool,
}

/// The cells of one level. Polygons are known by their rank.
#[derive(Debug, Clone, Default)]
pub struct Cells {
    bbox: [f64; 4],
    columns: usize,
    rows: usize,
    columns_per_deg: f64,
    rows_per_deg: f64,
    starts: Vec<u32>,
    /// Rank twice, plus one where the cell is wholly inside; ascending in each cell.
    items: Vec<u32>,
}

const MAX_CELLS: f64 = 4_000_000.0;

impl Cells {
    /// Cells over `outlines`, which come in order of rank.
    pub fn build(outlines: &[&Outline]) -> Self {
        let mut bbox = [f64::INFINITY, f64::INFINITY, f64::NEG_INFINITY, f64::NEG_INFINITY];
        let mut edges = 0usize;
        for outline in outlines.iter().filter(|o| !o.is_empty()) {
            let [w, s, e, n] = outline.bbox();
            bbox = [bbox[0].min(w), bbox[1].min(s), bbox[2].max(e), bbox[3].max(n)];
            edges += outline.edge_count();
        }
        if edges == 0 {
            return Cells::default();
        }
        let (width, height) = (bbox[2] - bbox[0], bbox[3] - bbox[1]);
        let wanted = (16.0 * outlines.len() as f64 + edges as f64 / 4.0).clamp(16.0, MAX_CELLS);
        let aspect = (width * 0.85 / height).clamp(1e-3, 1e3);
        let columns = ((wanted * aspect).sqrt() as usize).clamp(1, 1 << 15);
        let rows = ((wanted / columns as f64) as usize).clamp(1, 1 << 15);
        let mut cells = Cells {
            bbox,
            columns,
            rows,
            columns_per_deg: if width > 0.0 { columns as f64 / width } else { 0.0 },
            rows_per_deg: if height > 0.0 { rows as f64 / height } else { 0.0 },
            ..Cells::default()
        };
        let marks: Vec<Vec<(u32, bool)>> = outlines.par_iter().map(|outline| cells.mark(outline)).collect();
        cells.starts = vec![0; columns * rows + 1];
        for (cell, _) in marks.iter().flatten() {
            cells.starts[*cell as usize + 1] += 1;
        }
        for i in 0..columns * rows {
            cells.starts[i + 1] += cells.starts[i];
        }
        let mut next = cells.starts.clone();
        cells.items = vec![0; *cells.starts.last().unwrap_or(&0) as usize];
        for (rank, marks) in marks.iter().enumerate() {
            for (cell, whole) in marks {
                cells.items[next[*cell as usize] as usize] = (rank as u32) << 1 | u32::from(*whole);
                next[*cell as usize] += 1;
            }
        }
        cells
    }

    fn column(&self, lon: f64) -> usize {
        (((lon - self.bbox[0]) * self.columns_per_deg) as usize).min(self.columns - 1)
    }

    fn row(&self, lat: f64) -> usize {
        (((lat - self.bbox[1]) * self.rows_per_deg) as usize).min(self.rows - 1)
    }

    /// The cells that an outline's border touches, and those that lie wholly inside it.
    fn mark(&self, outline: &Outline) -> Vec<(u32, bool)> {
        let mut border: Vec<u32> = Vec::new();
        outline.each_edge(|a, b| self.walk(a, b, &mut border));
        border.sort_unstable();
        border.dedup();
        let mut marks: Vec<(u32, bool)> = border.iter().map(|c| (*c, false)).collect();
        let columns = self.columns as u32;
        for pair in border.windows(2) {
            let (from, to) = (pair[0] + 1, pair[1]);
            if from < to && (from - 1) / columns == to / columns {
                // No edge comes near these cells, so one of them speaks for all.
                let (column, row) = (f64::from(from % columns) + 0.5, f64::from(from / columns) + 0.5);
                let middle =
                    LonLat::new(self.bbox[0] + column / self.columns_per_deg, self.bbox[1] + row / self.rows_per_deg);
                if outline.side(middle) == Side::Inside {
                    marks.extend((from..to).map(|c| (c, true)));
                }
            }
        }
        marks
    }

    /// Adds every cell that an edge touches, a hair more rather than less.
    fn walk(&self, a: [f64; 2], b: [f64; 2], found: &mut Vec<u32>) {
        let (low, high) = if a[1] <= b[1] { (a, b) } else { (b, a) };
        let (west, east) = (a[0].min(b[0]), a[0].max(b[0]));
        let (first, last) = (self.row(low[1]), self.row(high[1]));
        let hair = [1e-6 / self.columns_per_deg.max(1e-300), 1e-6 / self.rows_per_deg.max(1e-300)];
        let at = |lat: f64| {
            let t = ((lat - low[1]) / (high[1] - low[1])).clamp(0.0, 1.0);
            low[0] + t * (high[0] - low[0])
        };
        for row in first..=last {
            let (mut from, mut to) = (west, east);
            if first != last {
                let south = self.bbox[1] + row as f64 / self.rows_per_deg - hair[1];
                let north = self.bbox[1] + (row + 1) as f64 / self.rows_per_deg + hair[1];
                let (x, y) = (at(south), at(north));
                (from, to) = ((x.min(y) - hair[0]).max(west), (x.max(y) + hair[0]).min(east));
            }
            let base = row * self.columns;
            found.extend((self.column(from)..=self.column(to)).map(|column| (base + column) as u32));
        }
    }

    /// What the cell of a point says, in order of rank.
    pub fn hits(&self, at: LonLat) -> impl ExactSizeIterator<Item = Hit> + '_ {
        let [w, s, e, n] = self.bbox;
        let inside = !self.starts.is_empty() && at.lon >= w && at.lon <= e && at.lat >= s && at.lat <= n;
        let items = if inside {
            let cell = self.row(at.lat) * self.columns + self.column(at.lon);
            &self.items[self.starts[cell] as usize..self.starts[cell + 1] as usize]
        } else {
            &[]
        };
        items.iter().map(|item| Hit { rank: item >> 1, whole: item & 1 == 1 })
    }
}
