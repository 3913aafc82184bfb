//! Cells where borders are others than before.

use super::build::Member;
use super::draft::{ALL, Draft, Scale, squares};
use super::walk::Squares;
use super::{Cover, Sheet, TOP_BITS};
use crate::index::outline::Side;
use rayon::prelude::*;
use std::sync::Arc;

/// Sheets from which on all cells are put on one again.
const SHEETS: usize = 256;
/// Largest cells of a draft.
const PART: usize = 32;

impl Cover {
    /// The cover of other polygons, which come by level, and by rank in each level: what one of them holds and held not,
    /// or the other way, lies in one of the boxes `ground` of degrees.
    pub fn edit(&self, members: &[Member], ground: &[[f64; 4]]) -> Cover {
        let count = [self.columns as usize, self.rows as usize];
        let scale = Scale { corner: [self.bbox[0], self.bbox[1]], per_deg: self.per_deg };
        let cells = squares(TOP_BITS, [0.0; 2], count);
        let Some(dirty) = self.touched(ground, &scale, &cells) else { return Cover::build(members) };
        if dirty.is_empty() {
            return self.clone();
        }
        let mut notes: Vec<(u32, u32, u32)> = (0u32..)
            .zip(members)
            .collect::<Vec<_>>()
            .into_par_iter()
            .with_min_len(256)
            .flat_map_iter(|(seat, member)| marks(seat, member, &dirty, ground, &cells, &scale))
            .collect();
        notes.par_sort_unstable();
        let draft = |part: &[u32]| {
            let mut draft = Draft::new(members, scale);
            for cell in part {
                let from = notes.partition_point(|note| note.0 < *cell);
                let to = from + notes[from..].partition_point(|note| note.0 == *cell);
                let of_cell: Vec<(u32, u32)> = notes[from..to].iter().map(|note| (note.1, note.2)).collect();
                let corner = [cell % self.columns, cell / self.columns].map(|place| f64::from(place) * cells.side);
                let words = draft.largest(&of_cell, corner);
                draft.top.extend(words);
            }
            draft
        };
        let sheet = Sheet::join(dirty.par_chunks(PART).map(draft).collect(), members);
        let mut next = self.clone();
        next.sheets.push(Arc::new(sheet));
        let number = next.sheets.len() as u16;
        let places = Arc::make_mut(&mut next.places);
        places.resize(count[0] * count[1], (0, 0));
        (0..).zip(&dirty).for_each(|(place, cell)| places[*cell as usize] = (number, place));
        let patched: usize = next.sheets.iter().map(|sheet| sheet.bytes()).sum();
        if next.sheets.len() >= SHEETS || patched > next.base.bytes() / 2 { next.packed() } else { next }
    }

    /// The largest cells at some boxes, ascending; none when these reach beyond the cells, or hold too many of them.
    fn touched(&self, ground: &[[f64; 4]], scale: &Scale, cells: &Squares) -> Option<Vec<u32>> {
        if self.columns == 0 {
            return None;
        }
        let mut dirty: Vec<u32> = Vec::new();
        for [w, s, e, n] in ground {
            if *w < self.bbox[0] || *s < self.bbox[1] || *e > self.bbox[2] || *n > self.bbox[3] {
                return None;
            }
            let (low, high) = (scale.units([*w, *s]), scale.units([*e, *n]));
            let place = |v: f64, most: usize| ((v / cells.side).max(0.0) as usize).min(most - 1) as u32;
            let range = |axis: usize| {
                place(low[axis] - cells.hair, cells.count[axis])..=place(high[axis] + cells.hair, cells.count[axis])
            };
            for row in range(1) {
                dirty.extend(range(0).map(|column| row * self.columns + column));
            }
        }
        dirty.sort_unstable();
        dirty.dedup();
        let few = dirty.len() <= (cells.count[0] * cells.count[1] / 2).min(usize::from(u16::MAX));
        few.then_some(dirty)
    }
}

/// The cells among the dirty ones that an outline's edges touch, with its seat and the edge, and those that it holds.
fn marks(
    seat: u32,
    member: &Member,
    dirty: &[u32],
    ground: &[[f64; 4]],
    cells: &Squares,
    scale: &Scale,
) -> Vec<(u32, u32, u32)> {
    let outline = member.outline;
    let columns = cells.count[0] as u32;
    // A largest cell more on every side than where something is another way.
    let reach = scale.per_deg.map(|per_deg| 1.5 * cells.side / per_deg);
    let is_near = |[w, s, e, n]: [f64; 4]| {
        let meets =
            |g: &[f64; 4]| w <= g[2] + reach[0] && e >= g[0] - reach[0] && s <= g[3] + reach[1] && n >= g[1] - reach[1];
        ground.iter().any(meets)
    };
    if outline.is_empty() || !is_near(outline.bbox()) {
        return Vec::new();
    }
    let mut marks: Vec<(u32, u32, u32)> = Vec::new();
    for e in outline.edges() {
        let [a, b] = outline.edge(e);
        if is_near([a[0].min(b[0]), a[1].min(b[1]), a[0].max(b[0]), a[1].max(b[1])]) {
            cells.touched(scale.units(a), scale.units(b), |column, row| {
                let cell = row as u32 * columns + column as u32;
                if dirty.binary_search(&cell).is_ok() {
                    marks.push((cell, seat, e as u32));
                }
            });
        }
    }
    marks.sort_unstable();
    let mut crossed = marks.iter().map(|mark| mark.0).collect::<Vec<_>>();
    crossed.dedup();
    for cell in dirty.iter().filter(|cell| crossed.binary_search(cell).is_err()) {
        let middle = scale.lonlat(cells.middle((cell % columns) as usize, (cell / columns) as usize));
        if outline.side(middle) == Side::Inside {
            marks.push((*cell, seat, ALL));
        }
    }
    marks
}
