//! Borders that two grids share with different vertices.

use super::ground::{Ground, foot};
use super::leftover::{Edges, Leftover};
use super::node::Node;
use rayon::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

/// What does not match between two grids.
#[derive(Debug, Clone, PartialEq)]
pub struct Mismatch {
    /// Vertices of one that the other does not have.
    pub count: usize,
    /// How far the farthest of them is from the other's border, metres.
    pub most_m: f64,
    /// The first of them.
    pub at: [f64; 2],
}

/// By grids; the one of the lower position comes first.
pub type Seams = BTreeMap<(u32, u32), Mismatch>;

/// A node of one grid's leftover, and how far from the other's it is.
type Miss = ((u32, u32), Node, f64);

/// Takes over the seams of some grids, those whose leftovers are others.
pub fn edit(seams: &mut Seams, ground: &Ground, edges: &Edges, asked: &BTreeSet<u32>) {
    seams.retain(|(a, b), _| !asked.contains(a) && !asked.contains(b));
    let limits = ground.context.thresholds;
    let (snap_m, width_m) = (limits.grid_snap_m, limits.grid_gap_width_m);
    let miss = |edge: &Leftover, other: &Leftover, misses: &mut Vec<Miss>| {
        let along = |e: &Leftover| [e.to.x - e.from.x, e.to.y - e.from.y];
        let ([ax, ay], [bx, by]) = (along(edge), along(other));
        if ax * bx + ay * by >= 0.0 {
            return;
        }
        for node in [edge.from, edge.to] {
            let ends = other.ends();
            let (distance_m, point) = foot(node.at(), ends);
            let inner = ends.iter().all(|end| (point[0] - end[0]).hypot(point[1] - end[1]) > snap_m);
            if distance_m <= width_m && inner {
                misses.push(((edge.grid.min(other.grid), edge.grid.max(other.grid)), node, distance_m));
            }
        }
    };
    let of_edge = |edge: &Leftover| {
        let mut misses = Vec::new();
        for other in edges.touching(edge.bounds(width_m)).filter(|other| other.grid != edge.grid) {
            miss(edge, other, &mut misses);
            if !asked.contains(&other.grid) {
                miss(other, edge, &mut misses);
            }
        }
        misses
    };
    let mine: Vec<&Leftover> = edges.all.iter().filter(|edge| asked.contains(&edge.grid)).collect();
    let misses: Vec<Miss> = mine.into_par_iter().with_min_len(64).flat_map_iter(of_edge).collect();
    let mut found: BTreeMap<(u32, u32), (BTreeSet<Node>, f64)> = BTreeMap::new();
    for (grids, node, distance_m) in misses {
        let (nodes, most_m) = found.entry(grids).or_default();
        nodes.insert(node);
        *most_m = most_m.max(distance_m);
    }
    for (grids, (nodes, most_m)) in found {
        if let Some(first) = nodes.first() {
            seams.insert(grids, Mismatch { count: nodes.len(), most_m, at: first.at() });
        }
    }
}
