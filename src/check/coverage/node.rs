//! Vertices that lie next to each other become one: the first step of every coverage check.
//!
//! Each vertex has a rank of its own that follows from its place alone. A vertex is a node unless one of a higher rank
//! within the snap is; else it goes to the nearest node. So it depends on nothing but the vertices that a chain of such
//! steps leads to, and not on the order of the grids. Ranks are as good as random, so that chains are short.

use foldhash::HashMap;
use rayon::prelude::*;
use std::cmp::Ordering;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

/// A place in the plane, metres; ordered from west to east, then from south to north.
#[derive(Debug, Clone, Copy)]
pub struct Node {
    pub x: f64,
    pub y: f64,
}

impl Node {
    pub fn new([x, y]: [f64; 2]) -> Node {
        // There is one zero only.
        Node { x: x + 0.0, y: y + 0.0 }
    }

    pub fn at(self) -> [f64; 2] {
        [self.x, self.y]
    }

    pub fn coord(self) -> geo::Coord<f64> {
        geo::Coord { x: self.x, y: self.y }
    }

    pub fn apart_m(self, other: Node) -> f64 {
        (self.x - other.x).hypot(self.y - other.y)
    }

    /// Bits in which nothing of the place is to be seen any more (the finisher of MurmurHash 3).
    pub fn mixed(self) -> u64 {
        let mut bits = self.x.to_bits().wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ self.y.to_bits().rotate_left(29);
        for factor in [0xff51_afd7_ed55_8ccd, 0xc4ce_b9fe_1a85_ec53] {
            bits = (bits ^ (bits >> 33)).wrapping_mul(factor);
        }
        bits ^ (bits >> 33)
    }
}

impl From<geo::Coord<f64>> for Node {
    fn from(c: geo::Coord<f64>) -> Node {
        Node::new([c.x, c.y])
    }
}

impl Ord for Node {
    fn cmp(&self, other: &Node) -> Ordering {
        self.x.total_cmp(&other.x).then(self.y.total_cmp(&other.y))
    }
}

impl PartialOrd for Node {
    fn partial_cmp(&self, other: &Node) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Node {
    fn eq(&self, other: &Node) -> bool {
        (self.x.to_bits(), self.y.to_bits()) == (other.x.to_bits(), other.y.to_bits())
    }
}

impl Eq for Node {}

impl Hash for Node {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.mixed());
    }
}

/// Places in square cells.
pub struct Cells {
    side_m: f64,
    cells: HashMap<(i64, i64), Vec<Node>>,
}

impl Cells {
    pub fn new(side_m: f64) -> Cells {
        Cells { side_m: side_m.max(1e-6), cells: HashMap::default() }
    }

    fn cell(&self, at: Node) -> (i64, i64) {
        ((at.x / self.side_m).floor() as i64, (at.y / self.side_m).floor() as i64)
    }

    /// Adds a place, once.
    pub fn add(&mut self, at: Node) {
        let cell = self.cells.entry(self.cell(at)).or_default();
        if !cell.contains(&at) {
            cell.push(at);
        }
    }

    /// Visits the places within a side of a cell.
    pub fn each_near(&self, at: Node, mut visit: impl FnMut(Node)) {
        let (column, row) = self.cell(at);
        for cell in (-1..=1).flat_map(|dx| (-1..=1).map(move |dy| (column + dx, row + dy))) {
            let near = self.cells.get(&cell).into_iter().flatten();
            near.filter(|other| other.apart_m(at) <= self.side_m).for_each(|other| visit(*other));
        }
    }
}

/// The node of each vertex: the vertex itself, but for those that are kept here.
#[derive(Debug, Clone, Default)]
pub struct Nodes {
    snap_m: f64,
    /// In shares, so that a copy is cheap to change.
    moved: Vec<Arc<HashMap<Node, Node>>>,
}

const SHARES: usize = 256;

impl Nodes {
    /// The nodes of all vertices.
    pub fn build(vertices: Vec<Node>, snap_m: f64) -> Nodes {
        let mut nodes = Nodes { snap_m, moved: Vec::new() };
        nodes.settle(close(vertices, snap_m));
        nodes
    }

    pub fn snap_m(&self) -> f64 {
        self.snap_m
    }

    fn share(vertex: Node) -> usize {
        vertex.mixed() as usize % SHARES
    }

    /// The node of a vertex.
    pub fn of(&self, vertex: Node) -> Node {
        let share = self.moved.get(Self::share(vertex));
        share.and_then(|share| share.get(&vertex)).copied().unwrap_or(vertex)
    }

    /// Gives a vertex its node.
    pub fn set(&mut self, vertex: Node, node: Node) {
        if self.of(vertex) == node {
            return;
        }
        self.moved.resize_with(SHARES, Arc::default);
        let share = Arc::make_mut(&mut self.moved[Self::share(vertex)]);
        if vertex == node {
            share.remove(&vertex);
        } else {
            share.insert(vertex, node);
        }
    }

    /// Gives some vertices their nodes, all that are within the snap of each other among them; says whose is another one.
    pub fn settle(&mut self, mut vertices: Vec<Node>) -> Vec<Node> {
        vertices.sort_unstable_by_key(|vertex| (vertex.mixed(), *vertex));
        let mut nodes = Cells::new(self.snap_m);
        let mut others = Vec::new();
        for vertex in &vertices {
            let mut is_node = true;
            nodes.each_near(*vertex, |near| is_node &= near.apart_m(*vertex) > self.snap_m);
            if is_node {
                nodes.add(*vertex);
            } else {
                others.push(*vertex);
            }
        }
        let before: Vec<Node> = vertices.iter().map(|vertex| self.of(*vertex)).collect();
        vertices.iter().for_each(|vertex| self.set(*vertex, *vertex));
        for vertex in others {
            let mut best: Option<Node> = None;
            nodes.each_near(vertex, |node| {
                let is_nearer =
                    |best: Node| node.apart_m(vertex).total_cmp(&best.apart_m(vertex)).then(node.cmp(&best));
                if best.is_none_or(|best| is_nearer(best).is_lt()) {
                    best = Some(node);
                }
            });
            self.set(vertex, best.unwrap_or(vertex));
        }
        let changed = vertices.iter().zip(before).filter(|(vertex, before)| self.of(**vertex) != *before);
        changed.map(|(vertex, _)| *vertex).collect()
    }
}

/// The vertices that have another one within the snap, each once.
fn close(mut vertices: Vec<Node>, snap_m: f64) -> Vec<Node> {
    if snap_m.is_nan() || snap_m <= 0.0 {
        return Vec::new();
    }
    let column = |vertex: &Node| (vertex.x / snap_m).floor() as i64;
    vertices.par_sort_unstable_by(|a, b| column(a).cmp(&column(b)).then(a.y.total_cmp(&b.y)).then(a.x.total_cmp(&b.x)));
    vertices.dedup();
    let mut is_close = vec![false; vertices.len()];
    // In the same column those that follow; in the next one a window that moves along.
    let mut next = 0;
    for i in 0..vertices.len() {
        let (vertex, of) = (vertices[i], column(&vertices[i]));
        next = next.max(i + 1);
        let reaches = |k: usize| column(&vertices[k]) == of && vertices[k].y <= vertex.y + snap_m;
        for k in (i + 1..vertices.len()).take_while(|k| reaches(*k)) {
            if vertex.apart_m(vertices[k]) <= snap_m {
                (is_close[i], is_close[k]) = (true, true);
            }
        }
        let is_before = |other: &Node| {
            let place = column(other);
            place <= of || (place == of + 1 && other.y < vertex.y - snap_m)
        };
        while next < vertices.len() && is_before(&vertices[next]) {
            next += 1;
        }
        let reaches = |k: usize| column(&vertices[k]) == of + 1 && vertices[k].y <= vertex.y + snap_m;
        for k in (next..vertices.len()).take_while(|k| reaches(*k)) {
            if vertex.apart_m(vertices[k]) <= snap_m {
                (is_close[i], is_close[k]) = (true, true);
            }
        }
    }
    vertices.into_iter().zip(is_close).filter(|(_, is_close)| *is_close).map(|(vertex, _)| vertex).collect()
}
