//! What is left of all borders when edges that run both ways are taken away.
//!
//! Where two neighbours share an edge, it runs once each way and cancels; in a clean coverage only the outer border is
//! left. What is left over runs around every overlap and gap as well, and has the same winding numbers as all polygons
//! together.

use super::boxed::Boxed;
use super::ground::{Bounds, Ground, bounds};
use super::node::Node;
use foldhash::{HashMap, HashSet};
use rayon::prelude::*;
use std::collections::BTreeSet;

/// An edge that no neighbour runs the other way; its grid's ground lies on the left.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Leftover {
    pub from: Node,
    pub to: Node,
    pub grid: u32,
}

/// The ends of an edge, the lower one first.
pub type Key = (Node, Node);

pub fn key(a: Node, b: Node) -> Key {
    (a.min(b), a.max(b))
}

impl Leftover {
    pub fn key(&self) -> Key {
        key(self.from, self.to)
    }

    pub fn ends(&self) -> [[f64; 2]; 2] {
        [self.from.at(), self.to.at()]
    }

    pub fn bounds(&self, by_m: f64) -> Bounds {
        bounds(self.from, self.to, by_m)
    }
}

/// What is left of all edges with the same ends.
fn left_of(mut same: Vec<Leftover>, ground: &Ground, left: &mut Vec<Leftover>) {
    same.sort_by(|a, b| ground.order(a.grid, b.grid));
    let (there, back): (Vec<Leftover>, Vec<Leftover>) = same.into_iter().partition(|edge| edge.from < edge.to);
    let both = there.len().min(back.len());
    left.extend(there[both..].iter().chain(&back[both..]));
}

/// What is left of all edges of a level, sorted.
pub fn of_all(ground: &Ground) -> Vec<Leftover> {
    let members: Vec<u32> = ground.members().collect();
    let hashed = |(from, to): (Node, Node)| {
        let (low, high) = key(from, to);
        low.mixed().rotate_left(23).wrapping_add(high.mixed())
    };
    let of_one = |grid: &u32| {
        let edges = ground.shape(*grid).edges().enumerate();
        edges.map(|(k, edge)| (hashed(edge), *grid, k as u32)).collect::<Vec<_>>()
    };
    let mut edges: Vec<(u64, u32, u32)> = members.par_iter().flat_map_iter(of_one).collect();
    edges.par_sort_unstable();
    let mut left = Vec::new();
    for like in edges.chunk_by(|a, b| a.0 == b.0) {
        let mut edges = like.iter().map(|(_, grid, k)| {
            let (from, to) = ground.shape(*grid).edge(*k as usize);
            Leftover { from, to, grid: *grid }
        });
        if let [_, _] = like
            && let (Some(a), Some(b)) = (edges.next(), edges.next())
        {
            if (a.from, a.to) != (b.to, b.from) {
                // Of another edge, or twice the same way.
                left.extend([a, b]);
            }
            continue;
        }
        let mut same: HashMap<Key, Vec<Leftover>> = HashMap::default();
        edges.for_each(|edge| same.entry(edge.key()).or_default().push(edge));
        same.into_values().for_each(|same| left_of(same, ground, &mut left));
    }
    left.par_sort_unstable();
    left
}

/// What is left of the edges with some keys, sorted.
pub fn of_some(ground: &Ground, keys: &HashSet<Key>) -> Vec<Leftover> {
    let near: BTreeSet<u32> = keys.iter().flat_map(|(a, b)| ground.near(bounds(*a, *b, 0.0))).collect();
    let mut same: HashMap<Key, Vec<Leftover>> = HashMap::default();
    for grid in near {
        for (from, to) in ground.shape(grid).edges() {
            let key = key(from, to);
            if keys.contains(&key) {
                same.entry(key).or_default().push(Leftover { from, to, grid });
            }
        }
    }
    let mut left = Vec::new();
    same.into_values().for_each(|same| left_of(same, ground, &mut left));
    left.sort_unstable();
    left
}

/// Leftovers, and which lie in a box.
pub struct Edges<'a> {
    pub all: &'a [Leftover],
    boxes: Boxed<'a, Leftover>,
}

impl<'a> Edges<'a> {
    pub fn new(all: &'a [Leftover]) -> Self {
        Edges { all, boxes: Boxed::new(all, |edge| edge.bounds(0.0)) }
    }

    /// Those that touch a box, in order.
    pub fn touching(&self, b: Bounds) -> impl Iterator<Item = &'a Leftover> + use<'a> {
        let all = self.all;
        self.boxes.touching(b).into_iter().map(move |e| &all[e as usize])
    }
}

/// A point inside a polygon, its area and its width.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Part {
    pub area_m2: f64,
    pub width_m: f64,
    pub at: [f64; 2],
}
