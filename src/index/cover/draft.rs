//! The cells of one row of largest cells while they are made.

use super::border::{self, MOST, Stroke};
use super::build::Member;
use super::roster::Register;
use super::walk::Squares;
use super::{BLOCK, BLOCK_BITS, TOP_BITS, kind};
use crate::domain::LonLat;
use crate::index::outline::Side;

/// Edges from which on a cell is divided.
const MANY: usize = 10;
/// Notes of edges in cells that one edge is worth.
const WORTH: usize = 8;
/// In place of an edge: the polygon holds the whole cell.
pub const ALL: u32 = u32::MAX;
/// Side of the smallest cells, in bits.
const LEAST_BITS: u32 = 8;

/// Between degrees and units.
#[derive(Debug, Clone, Copy)]
pub struct Scale {
    /// The south-western corner, degrees.
    pub corner: [f64; 2],
    /// Units to a degree, along each axis.
    pub per_deg: [f64; 2],
}

impl Scale {
    /// A place in degrees in units.
    pub fn units(&self, [lon, lat]: [f64; 2]) -> [f64; 2] {
        [(lon - self.corner[0]) * self.per_deg[0], (lat - self.corner[1]) * self.per_deg[1]]
    }

    /// A place in units in degrees.
    pub fn lonlat(&self, [x, y]: [f64; 2]) -> LonLat {
        LonLat::new(self.corner[0] + x / self.per_deg[0], self.corner[1] + y / self.per_deg[1])
    }
}

/// The squares of a side from a corner on.
pub fn squares(bits: u32, corner: [f64; 2], count: [usize; 2]) -> Squares {
    let side = f64::from(1u32 << bits);
    // Wider than what rounding to quanta moves an end of a run.
    Squares { corner, side, count, hair: (side / 512.0).max(6.0) }
}

/// Where an edge begins and ends, degrees.
type Ends = [[f64; 2]; 2];

/// An edge in units; several polygons may have it.
#[derive(Debug, Clone)]
struct Edge {
    a: [f64; 2],
    b: [f64; 2],
    /// The first polygon that has it, and its number there.
    first: (u32, u32),
    /// All that have it, in `owners`.
    owners: std::ops::Range<usize>,
}

/// A polygon with edges at a block: which of its cells they touch, and of which it holds the middle.
struct Party {
    seat: u32,
    crossed: u64,
    held: u64,
}

/// The cells of one row of largest cells while they are made; numbers in words are the draft's own.
pub struct Draft<'a> {
    members: &'a [Member<'a>],
    scale: Scale,
    /// Words of the cells in the row's largest ones.
    pub top: Vec<u32>,
    /// Words of blocks.
    pub words: Vec<u32>,
    /// Edges of border cells.
    pub notes: Vec<u32>,
    /// Who holds cells.
    pub register: Register,
    /// Of the largest cell at hand.
    edges: Vec<Edge>,
    owners: Vec<u32>,
}

impl<'a> Draft<'a> {
    /// A draft of one row, without cells.
    pub fn new(members: &'a [Member<'a>], scale: Scale) -> Self {
        Draft {
            members,
            scale,
            top: Vec::new(),
            words: Vec::new(),
            notes: Vec::new(),
            register: Register::default(),
            edges: Vec::new(),
            owners: Vec::new(),
        }
    }

    fn holds(&self, seat: u32, at: [f64; 2]) -> bool {
        self.members[seat as usize].outline.side(self.scale.lonlat(at)) == Side::Inside
    }

    fn whole(&mut self, wholes: &[u32]) -> u32 {
        self.register.number(wholes) << 2 | kind::WHOLE
    }

    /// The 64 cells of a largest one, from the polygons that hold it and the edges that touch it.
    pub fn largest(&mut self, notes: &[(u32, u32)], corner: [f64; 2]) -> [u32; BLOCK] {
        let wholes: Vec<u32> = notes.iter().filter(|(_, edge)| *edge == ALL).map(|(seat, _)| *seat).collect();
        if wholes.len() == notes.len() {
            return [self.whole(&wholes); BLOCK];
        }
        self.gather(notes);
        let edges: Vec<u32> = (0..self.edges.len() as u32).collect();
        let touches = self.touches(&squares(TOP_BITS - BLOCK_BITS, corner, [8, 8]), &edges);
        let middle = squares(TOP_BITS, corner, [1, 1]).middle(0, 0);
        let held: Vec<u32> = self.parties(&edges).into_iter().filter(|seat| self.holds(*seat, middle)).collect();
        self.block(TOP_BITS - BLOCK_BITS, corner, (&edges, &touches), (&wholes, &held), edges.len() * WORTH)
    }

    /// Takes each edge once, however many polygons share it.
    fn gather(&mut self, notes: &[(u32, u32)]) {
        self.edges.clear();
        self.owners.clear();
        let crossing = notes.iter().filter(|(_, edge)| *edge != ALL);
        let mut all: Vec<(Ends, (u32, u32))> = crossing
            .map(|(seat, e)| {
                let [a, b] = self.members[*seat as usize].outline.edge(*e as usize);
                (if (a[0], a[1]) <= (b[0], b[1]) { [a, b] } else { [b, a] }, (*seat, *e))
            })
            .collect();
        let order = |a: &Ends, b: &Ends| {
            a.iter().flatten().zip(b.iter().flatten()).map(|(a, b)| a.total_cmp(b)).find(|o| o.is_ne())
        };
        all.sort_unstable_by(|a, b| order(&a.0, &b.0).unwrap_or(std::cmp::Ordering::Equal).then(a.1.cmp(&b.1)));
        for same in all.chunk_by(|a, b| a.0 == b.0) {
            let first = same[0].1;
            let [a, b] = self.members[first.0 as usize].outline.edge(first.1 as usize).map(|v| self.scale.units(v));
            let from = self.owners.len();
            self.owners.extend(same.iter().map(|(_, (seat, _))| *seat));
            self.edges.push(Edge { a, b, first, owners: from..self.owners.len() });
        }
        self.edges.sort_unstable_by_key(|edge| edge.first);
    }

    /// The polygons that have some edges, in order.
    fn parties(&self, edges: &[u32]) -> Vec<u32> {
        let mut seats: Vec<u32> = Vec::with_capacity(16);
        for e in edges {
            for seat in self.owners_of(*e) {
                if !seats.contains(seat) {
                    seats.push(*seat);
                }
            }
        }
        seats.sort_unstable();
        seats
    }

    /// The cells of a block that edges touch, each with the edge; by cell, then in the edges' order.
    fn touches(&self, cells: &Squares, edges: &[u32]) -> Vec<(u8, u32)> {
        let mut touches: Vec<(u8, u32)> = Vec::with_capacity(edges.len() * 2);
        for e in edges {
            let edge = &self.edges[*e as usize];
            cells.touched(edge.a, edge.b, |column, row| touches.push(((row << 3 | column) as u8, *e)));
        }
        touches.sort_unstable();
        touches
    }

    /// A cell of side `1 << bits` that edges touch, with the polygons that hold all of it and those among the others that
    /// hold its middle. `worth` is how many notes of edges it may take to divide it.
    fn cell(
        &mut self,
        bits: u32,
        corner: [f64; 2],
        edges: &[u32],
        (wholes, held): (&[u32], &[u32]),
        worth: usize,
    ) -> u32 {
        if edges.len() > MANY && bits > LEAST_BITS {
            let touches = self.touches(&squares(bits - BLOCK_BITS, corner, [8, 8]), edges);
            if let Some(rest) = worth.checked_sub(touches.len()) {
                let words = self.block(bits - BLOCK_BITS, corner, (edges, &touches), (wholes, held), rest);
                self.words.extend(words);
                return ((self.words.len() - BLOCK) as u32) << 2 | kind::BLOCK;
            }
        }
        self.border(bits, corner, edges, (wholes, held))
    }

    /// The 64 cells of side `1 << bits` from a corner, for edges and the cells that each touches.
    fn block(
        &mut self,
        bits: u32,
        corner: [f64; 2],
        (edges, touches): (&[u32], &[(u8, u32)]),
        (wholes, held): (&[u32], &[u32]),
        worth: usize,
    ) -> [u32; BLOCK] {
        let cells = squares(bits, corner, [8, 8]);
        let parties = self.divide(&cells, edges, touches, held);
        let (mut inside, mut at_middle, mut crossing) = (Vec::new(), Vec::new(), Vec::new());
        let mut words = [0; BLOCK];
        let mut rest = touches;
        for k in 0..BLOCK {
            let count = rest.iter().take_while(|(cell, _)| usize::from(*cell) == k).count();
            let held = |p: &Party, k: usize| p.held >> k & 1 == 1;
            if k > 0
                && count == 0
                && words[k - 1] & 3 == kind::WHOLE
                && parties.iter().all(|p| held(p, k) == held(p, k - 1))
            {
                words[k] = words[k - 1];
                continue;
            }
            crossing.clear();
            crossing.extend(rest[..count].iter().map(|(_, edge)| *edge));
            rest = &rest[count..];
            inside.clear();
            inside.extend_from_slice(wholes);
            inside.extend(parties.iter().filter(|p| held(p, k) && p.crossed >> k & 1 == 0).map(|p| p.seat));
            inside.sort_unstable();
            at_middle.clear();
            at_middle.extend(parties.iter().filter(|p| held(p, k) && p.crossed >> k & 1 == 1).map(|p| p.seat));
            words[k] = if count == 0 {
                self.whole(&inside)
            } else {
                let place = [k & 7, k >> 3].map(|n| n as f64 * cells.side);
                let share = worth * count / touches.len();
                self.cell(bits, [corner[0] + place[0], corner[1] + place[1]], &crossing, (&inside, &at_middle), share)
            };
        }
        words
    }

    /// What each polygon with edges at a block is to each of its cells; an edge a hair outside touches none of them.
    /// `held` are those that hold the block's middle.
    fn divide(&self, cells: &Squares, edges: &[u32], touches: &[(u8, u32)], held: &[u32]) -> Vec<Party> {
        let party = |seat: u32| Party { seat, crossed: 0, held: 0 };
        let mut parties: Vec<Party> = self.parties(edges).into_iter().map(party).collect();
        for (cell, edge) in touches {
            for seat in self.owners_of(*edge) {
                if let Some(party) = parties.iter_mut().find(|party| party.seat == *seat) {
                    party.crossed |= 1 << cell;
                }
            }
        }
        let mut starts = [0; BLOCK + 1];
        touches.iter().for_each(|(cell, _)| starts[usize::from(*cell) + 1] += 1);
        (0..BLOCK).for_each(|k| starts[k + 1] += starts[k]);
        let at = |k: usize| &touches[starts[k]..starts[k + 1]];
        let middle = [0, 1].map(|axis| cells.corner[axis] + 4.0 * cells.side);
        let mut passed: Vec<u32> = Vec::new();
        for k in 0..BLOCK {
            // From a neighbour's middle only edges of the two cells are passed; to the first, from the block's middle.
            let before = if k & 7 > 0 { Some(k - 1) } else { k.checked_sub(8) };
            passed.clear();
            match before {
                Some(before) => {
                    passed.extend(at(before).iter().map(|(_, edge)| *edge));
                    passed
                        .extend(at(k).iter().map(|(_, edge)| *edge).filter(|e| !at(before).iter().any(|b| b.1 == *e)));
                }
                None => passed.extend_from_slice(edges),
            }
            let to = cells.middle(k & 7, k >> 3);
            let from = before.map_or(middle, |before| cells.middle(before & 7, before >> 3));
            let changed = if passed.is_empty() { Some(Vec::new()) } else { self.passed(&passed, from, to) };
            for party in &mut parties {
                let was = before.map_or_else(|| held.contains(&party.seat), |before| party.held >> before & 1 == 1);
                let is = match &changed {
                    Some(changed) => was ^ (changed.iter().filter(|seat| **seat == party.seat).count() & 1 == 1),
                    None => self.holds(party.seat, to),
                };
                party.held |= u64::from(is) << k;
            }
        }
        parties
    }

    /// The polygons whose edges are passed on the straight way between two points, once for each; none where an edge
    /// comes so near to an end, or an edge's end to the way, that rounding may matter.
    fn passed(&self, edges: &[u32], from: [f64; 2], to: [f64; 2]) -> Option<Vec<u32>> {
        /// The side of a line that a point lies on; none when it is within a hundredth of a unit of it.
        fn is_left(a: [f64; 2], b: [f64; 2], at: [f64; 2]) -> Option<bool> {
            let (dx, dy) = (b[0] - a[0], b[1] - a[1]);
            let area = dx * (at[1] - a[1]) - dy * (at[0] - a[0]);
            (area.abs() > 0.01 * (dx.abs() + dy.abs())).then_some(area > 0.0)
        }
        let mut passed = Vec::new();
        for e in edges {
            let Edge { a, b, .. } = self.edges[*e as usize];
            let apart = |axis: usize| {
                a[axis].max(b[axis]) + 0.1 < from[axis].min(to[axis])
                    || a[axis].min(b[axis]) - 0.1 > from[axis].max(to[axis])
            };
            if apart(0) || apart(1) || is_left(from, to, a)? == is_left(from, to, b)? {
                continue;
            }
            if is_left(a, b, from)? != is_left(a, b, to)? {
                passed.extend_from_slice(self.owners_of(*e));
            }
        }
        Some(passed)
    }

    fn owners_of(&self, edge: u32) -> &[u32] {
        &self.owners[self.edges[edge as usize].owners.clone()]
    }

    fn border(&mut self, bits: u32, corner: [f64; 2], edges: &[u32], (wholes, held): (&[u32], &[u32])) -> u32 {
        let parties = self.parties(edges);
        let mut list = [wholes, &parties].concat();
        list.sort_unstable();
        let roster = self.register.number(&list);
        if list.len() > MOST {
            return roster << 2 | kind::CROWD;
        }
        let bit = |seat: &u32| list.binary_search(seat).map_or(0, |place| 1u32 << place);
        let mut strokes: Vec<Stroke> = Vec::with_capacity(edges.len());
        let mut before = (0, 0);
        for edge in edges.iter().map(|e| &self.edges[*e as usize]) {
            let goes_on = before == (edge.first.0, edge.first.1.wrapping_sub(1));
            let mask = self.owners[edge.owners.clone()].iter().fold(0, |mask, seat| mask ^ bit(seat));
            strokes.push(Stroke { a: edge.a, b: edge.b, mask, goes_on });
            before = edge.first;
        }
        let cell = squares(bits, corner, [1, 1]);
        let mut notes = std::mem::take(&mut self.notes);
        let from = notes.len() as u32;
        let holders = |pole: [f64; 2]| {
            let of = |seats: &[u32]| seats.iter().fold(0, |mask, seat| mask ^ bit(seat));
            let middle = cell.middle(0, 0);
            let changed = if pole == middle { Some(Vec::new()) } else { self.passed(edges, middle, pole) };
            of(wholes)
                | match changed {
                    Some(changed) => of(held) ^ of(&changed),
                    None => of(&parties.iter().copied().filter(|s| self.holds(*s, pole)).collect::<Vec<u32>>()),
                }
        };
        let noted = border::write(&mut notes, roster, &cell, bits, &strokes, holders);
        self.notes = notes;
        if noted { from << 2 | kind::BORDER } else { roster << 2 | kind::CROWD }
    }
}
