//! What a cell notes that edges cross: who holds one point of it, its pole, and the edges in small whole numbers. A way
//! from the pole to any other point changes hands with every edge that it crosses.
//!
//! Words: the roster; the pole; who holds it, and the number of runs; then for each run who changes hands at it and the
//! number of its vertices, and the vertices. Vertices are rounded to a quantum, an 8,192nd of the cell's side, and so is
//! the point that is asked for. Moved by that little, an edge passes no point that is farther from it than
//! [`MARGIN`], a little over twice what both may be off together; nor does an end of a run reach the way to the pole, for
//! runs end well outside of the cell. Nearer points get no answer here.

use super::walk::Squares;

/// Quanta along the side of a cell: `1 << QUANTA`, fewer in the smallest cells.
const QUANTA: u32 = 13;
/// Points this near to an edge's line are not decided here, quanta.
const MARGIN: i32 = 4;
/// How far edges are followed on either side of the pole, quanta. Products stay below 2^31.
const REACH: f64 = 14_000.0;
/// Polygons that a border cell can tell apart.
pub const MOST: usize = 24;
/// Vertices of a run, and runs of a cell.
const LONG: usize = 255;

/// An edge between two points in units, and who changes hands at it.
#[derive(Debug, Clone, Copy)]
pub struct Stroke {
    /// From.
    pub a: [f64; 2],
    /// To.
    pub b: [f64; 2],
    /// Bits of the cell's roster.
    pub mask: u32,
    /// Whether it begins where the one before ended.
    pub goes_on: bool,
}

/// Who holds the point at `x`, `y` in units, as bits of the roster; none when it is too near to an edge to tell.
#[inline]
pub fn read(notes: &[u32], x: u32, y: u32, bits: u32) -> Option<u32> {
    let shift = bits.saturating_sub(QUANTA);
    let inner = (1u32 << bits) - 1;
    let pole = notes[1];
    let px = ((x & inner) >> shift) as i32 - (pole & 0xffff) as i32;
    let py = ((y & inner) >> shift) as i32 - (pole >> 16) as i32;
    let mut holders = notes[2] & ((1 << MOST) - 1);
    let mut rest = &notes[3..];
    let mut near = false;
    for _ in 0..notes[2] >> MOST {
        let (head, vertices) = (rest[0], (rest[0] >> MOST) as usize);
        let (run, after) = rest[1..].split_at(vertices);
        rest = after;
        let [mut ax, mut ay] = unpack(run[0]);
        let mut a_turn = px * ay - py * ax;
        let mut odd = false;
        for vertex in &run[1..] {
            let [bx, by] = unpack(*vertex);
            let b_turn = px * by - py * bx;
            // Twice the areas of the triangles from the edge to the pole, and to the point.
            let pole_area = ax * by - ay * bx;
            let area = pole_area + a_turn - b_turn;
            near |= area.abs() <= MARGIN * ((bx - ax).abs() + (by - ay).abs());
            odd ^= ((a_turn >= 0) != (b_turn >= 0)) & ((area < 0) != (pole_area < 0));
            (ax, ay, a_turn) = (bx, by, b_turn);
        }
        holders ^= if odd { head & ((1 << MOST) - 1) } else { 0 };
    }
    (!near).then_some(holders)
}

/// How many words a cell's notes are.
pub fn length(notes: &[u32]) -> usize {
    (0..notes[2] >> MOST).fold(3, |at, _| at + 1 + (notes[at] >> MOST) as usize)
}

fn unpack(vertex: u32) -> [i32; 2] {
    [i32::from(vertex as u16 as i16), i32::from((vertex >> 16) as i16)]
}

fn pack([x, y]: [i32; 2]) -> u32 {
    u32::from(x as i16 as u16) | u32::from(y as i16 as u16) << 16
}

/// Places of the pole that are tried, in eighths of the side: all in the inner half of the cell.
const POLES: [[f64; 2]; 9] =
    [[4.0, 4.0], [3.1, 3.3], [4.9, 4.7], [3.2, 4.8], [4.7, 3.1], [2.2, 4.1], [5.8, 3.9], [4.1, 2.2], [3.9, 5.8]];

/// Notes the edges of a cell of side `1 << bits`. `holders` tells who holds a point in units, for the pole. Says whether
/// it could: otherwise nothing was noted.
pub fn write(
    notes: &mut Vec<u32>,
    roster: u32,
    cell: &Squares,
    bits: u32,
    strokes: &[Stroke],
    holders: impl FnOnce([f64; 2]) -> u32,
) -> bool {
    let quantum = f64::from(1u32 << bits.saturating_sub(QUANTA));
    let mut runs: Vec<(u32, Vec<[i32; 2]>)> = Vec::new();
    let from = notes.len();
    for place in POLES {
        let pole = place.map(|eighths| (eighths * cell.side / 8.0 / quantum).floor());
        let pole_at = [0, 1].map(|axis| cell.corner[axis] + pole[axis] * quantum);
        runs.clear();
        draw(strokes, pole_at, quantum, &mut runs);
        let is_clear = |run: &(u32, Vec<[i32; 2]>)| {
            run.1.windows(2).all(|edge| {
                let [[ax, ay], [bx, by]] = [edge[0], edge[1]];
                (ax * by - ay * bx).abs() > MARGIN * ((bx - ax).abs() + (by - ay).abs())
            })
        };
        if runs.len() > LONG {
            return false;
        }
        if !runs.iter().all(is_clear) {
            continue;
        }
        notes.extend([roster, pack(pole.map(|v| v as i32)), holders(pole_at) | (runs.len() as u32) << MOST]);
        for (mask, vertices) in &runs {
            notes.push(mask | (vertices.len() as u32) << MOST);
            notes.extend(vertices.iter().map(|vertex| pack(*vertex)));
        }
        return true;
    }
    notes.truncate(from);
    false
}

/// The edges as runs of vertices in quanta from the pole; cut where they go farther than [`REACH`].
fn draw(strokes: &[Stroke], pole: [f64; 2], quantum: f64, runs: &mut Vec<(u32, Vec<[i32; 2]>)>) {
    for stroke in strokes {
        let local = |v: [f64; 2]| [(v[0] - pole[0]) / quantum, (v[1] - pole[1]) / quantum];
        let Some((a, b)) = clip(local(stroke.a), local(stroke.b)) else { continue };
        let [a, b] = [a, b].map(|v| v.map(|v| v.round() as i32));
        if a == b {
            continue;
        }
        let goes_on = |run: &&mut (u32, Vec<[i32; 2]>)| {
            stroke.goes_on && run.0 == stroke.mask && run.1.len() < LONG && run.1.last() == Some(&a)
        };
        match runs.last_mut().filter(goes_on) {
            Some(run) => run.1.push(b),
            None => runs.push((stroke.mask, vec![a, b])),
        }
    }
}

/// The part of an edge within [`REACH`] (Liang and Barsky 1984).
fn clip(a: [f64; 2], b: [f64; 2]) -> Option<([f64; 2], [f64; 2])> {
    let (mut from, mut to) = (0.0_f64, 1.0_f64);
    for axis in [0, 1] {
        let d = b[axis] - a[axis];
        for (p, q) in [(-d, a[axis] + REACH), (d, REACH - a[axis])] {
            if p == 0.0 && q < 0.0 {
                return None;
            }
            if p < 0.0 {
                from = from.max(q / p);
            } else if p > 0.0 {
                to = to.min(q / p);
            }
        }
    }
    let at = |t: f64, end: [f64; 2]| {
        if t == 0.0 || t == 1.0 { end } else { [a[0] + t * (b[0] - a[0]), a[1] + t * (b[1] - a[1])] }
    };
    (from < to).then(|| (at(from, a), at(to, b)))
}
