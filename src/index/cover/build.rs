//! From polygons to cells: every edge into the largest cells that it touches, then each of these by itself, in parallel.

use super::draft::{ALL, Draft, Scale, squares};
use super::roster::{NONE, Register, Seat};
use super::walk::Squares;
use super::{Cover, Sheet, TOP_BITS, kind};
use crate::index::outline::{Outline, Side};
use rayon::prelude::*;
use std::sync::Arc;

/// A polygon to be covered.
#[derive(Debug, Clone, Copy)]
pub struct Member<'a> {
    /// Its level, below the number of levels.
    pub level: usize,
    /// What callers know it by.
    pub name: u32,
    /// Its border.
    pub outline: &'a Outline,
}

/// Edges to a largest cell, on average.
const EDGES: usize = 32;
/// Largest cells beyond the ground of the polygons on every side: they may grow into these.
const MARGIN: usize = 2;

impl Cover {
    /// Covers polygons, which come by level, and by rank in each level.
    pub fn build(members: &[Member]) -> Self {
        let mut bbox = [f64::INFINITY, f64::INFINITY, f64::NEG_INFINITY, f64::NEG_INFINITY];
        let mut edges = 0;
        for outline in members.iter().map(|m| m.outline).filter(|o| !o.is_empty()) {
            let [w, s, e, n] = outline.bbox();
            bbox = [bbox[0].min(w), bbox[1].min(s), bbox[2].max(e), bbox[3].max(n)];
            edges += outline.edge_count();
        }
        if edges == 0 {
            return Cover::default();
        }
        let narrow = ((bbox[1] + bbox[3]) / 2.0).to_radians().cos().max(0.05);
        let (width, height) = ((bbox[2] - bbox[0]) * narrow, bbox[3] - bbox[1]);
        let wanted = (edges / EDGES).clamp(16, 1 << 18) as f64;
        let mut length = 0.0;
        for outline in members.iter().map(|m| m.outline) {
            outline.each_edge(|a, b| length += (b[0] - a[0]).abs() * narrow + (b[1] - a[1]).abs());
        }
        // Long edges touch few cells, at the price of more edges in each.
        let least_deg = (width.max(height) / 4_000.0).max(2.0 * length / edges as f64).max(1e-9);
        let side_deg = (width * height / wanted).sqrt().max(least_deg);
        let count = [width, height].map(|length| (length / side_deg + 1e-6) as usize + 1 + 2 * MARGIN);
        let per_deg = f64::from(1u32 << TOP_BITS) / side_deg;
        // Half a cell less at the far ends, so that no place within falls behind the last cell.
        let [dx, dy] = [side_deg / narrow, side_deg].map(|side| side * MARGIN as f64);
        let bbox = [bbox[0] - dx, bbox[1] - dy, bbox[2] + 0.75 * dx, bbox[3] + 0.75 * dy];
        let scale = Scale { corner: [bbox[0], bbox[1]], per_deg: [per_deg * narrow, per_deg] };
        let cells = squares(TOP_BITS, [0.0; 2], count);

        let marks: Vec<Vec<(u32, u32)>> = members.par_iter().map(|m| mark(m.outline, &cells, &scale)).collect();
        let mut starts = vec![0u32; count[0] * count[1] + 1];
        marks.iter().flatten().for_each(|(cell, _)| starts[*cell as usize + 1] += 1);
        (1..starts.len()).for_each(|k| starts[k] += starts[k - 1]);
        let mut next = starts.clone();
        let mut notes = vec![(0, 0); *starts.last().unwrap_or(&0) as usize];
        for (seat, marks) in marks.iter().enumerate() {
            for (cell, edge) in marks {
                let place = &mut next[*cell as usize];
                notes[*place as usize] = (seat as u32, *edge);
                *place += 1;
            }
        }
        drop((marks, next));
        let rows = (0..count[1]).into_par_iter().map(|row| {
            let mut draft = Draft::new(members, scale);
            for cell in row * count[0]..(row + 1) * count[0] {
                let corner = [(cell - row * count[0]) as f64, row as f64].map(|v| v * cells.side);
                let words = draft.largest(&notes[starts[cell] as usize..starts[cell + 1] as usize], corner);
                draft.top.extend(words);
            }
            draft
        });
        let base = Arc::new(Sheet::join(rows.collect(), members));
        let [columns, rows] = count.map(|count| count as u32);
        Cover { bbox, per_deg: scale.per_deg, columns, rows, base, ..Cover::default() }
    }
}

impl Sheet {
    /// Puts drafts one behind the other.
    pub(super) fn join(mut drafts: Vec<Draft>, members: &[Member]) -> Sheet {
        let mut sheet = Sheet::default();
        let seats: Vec<Seat> = members.iter().map(|m| Seat { level: m.level, name: m.name }).collect();
        let mut register = Register::default();
        let numbers: Vec<Vec<u32>> =
            drafts.iter().map(|d| d.register.lists.iter().map(|list| register.number(list)).collect()).collect();
        let places: Vec<u32> = register.lists.iter().map(|list| sheet.rosters.add(list, &seats)).collect();
        let mut firsts = vec![NONE; places.len()];
        let sum = |of: fn(&Draft) -> usize| drafts.iter().map(of).sum::<usize>();
        sheet.words.reserve_exact(sum(|d| d.top.len()) + sum(|d| d.words.len()));
        sheet.notes.reserve_exact(sum(|d| d.notes.len()));
        let mut words = sum(|d| d.top.len()) as u32;
        let mut notes = 0;
        for (draft, numbers) in drafts.iter_mut().zip(&numbers) {
            let Draft { top, words: blocks, notes: noted, .. } = draft;
            for word in top.iter_mut().chain(blocks.iter_mut()) {
                let value = *word >> 2;
                *word = *word & 3
                    | match *word & 3 {
                        kind::BLOCK => value + words,
                        kind::BORDER => {
                            noted[value as usize] = places[numbers[noted[value as usize] as usize] as usize];
                            value + notes
                        }
                        kind::CROWD => places[numbers[value as usize] as usize],
                        _ => {
                            let number = numbers[value as usize] as usize;
                            if firsts[number] == NONE {
                                firsts[number] = sheet.rosters.lead(places[number]);
                            }
                            firsts[number]
                        }
                    } << 2;
            }
            words += blocks.len() as u32;
            notes += noted.len() as u32;
            // Each goes when it is copied, so that cells are not in memory twice.
            sheet.words.extend(std::mem::take(top));
            sheet.notes.extend(std::mem::take(noted));
        }
        drafts.into_iter().for_each(|draft| sheet.words.extend(draft.words));
        sheet
    }
}

/// The largest cells that an outline's edges touch, each with the edge, and those that lie wholly inside it.
fn mark(outline: &Outline, cells: &Squares, scale: &Scale) -> Vec<(u32, u32)> {
    let columns = cells.count[0] as u32;
    let mut marks: Vec<(u32, u32)> = Vec::with_capacity(outline.edge_count() * 9 / 8);
    for e in outline.edges() {
        let [a, b] = outline.edge(e).map(|v| scale.units(v));
        cells.touched(a, b, |column, row| marks.push((row as u32 * columns + column as u32, e as u32)));
    }
    marks.sort_unstable();
    for k in 1..marks.len() {
        let (from, to) = (marks[k - 1].0 + 1, marks[k].0);
        if from < to && (from - 1) / columns == to / columns {
            // No edge comes near these cells, so one of them speaks for all.
            let middle = cells.middle((from % columns) as usize, (from / columns) as usize);
            if outline.side(scale.lonlat(middle)) == Side::Inside {
                marks.extend((from..to).map(|cell| (cell, ALL)));
            }
        }
    }
    marks
}
