//! Leftovers that hang together, and the ground that they enclose.
//!
//! A knot is what is connected through common nodes and crossings. Everything just outside of it is covered the same
//! number of times, its base: so what it encloses can be told without the rest of the city. Most knots are a ring that
//! meets nothing, not even itself: their ground is known at once. The others take a union of their own.

use super::ground::{Bounds, Ground, foot, holds};
use super::leftover::{Edges, Leftover, Part};
use super::node::Node;
use super::part;
use crate::index::boxes::{NOTHING, join};
use crate::index::groups;
use geo::algorithm::bool_ops::FillRule;
use geo::algorithm::kernels::{Kernel, Orientation, RobustKernel};
use geo::{BooleanOps, BoundingRect, Intersects, Line, LineString, MultiPolygon, Polygon};
use rayon::prelude::*;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

/// Uncovered ground, and the grids that bound it, by position.
pub type Gap = (Vec<u32>, Part);

/// One knot, known by its first leftover.
#[derive(Debug)]
pub struct Knot {
    count: usize,
    /// How many grids cover the ground around it.
    base: i32,
    /// Ground that it encloses and nobody covers.
    pub gaps: Vec<Gap>,
    /// Edges of the outer border, where uncovered ground without end lies around it.
    pub outer: Vec<[Node; 2]>,
}

/// The knots of a level.
#[derive(Debug, Clone, Default)]
pub struct Knots {
    /// Leftovers that meet elsewhere than in a node.
    crossings: BTreeSet<(Leftover, Leftover)>,
    pub knots: BTreeMap<Leftover, Arc<Knot>>,
}

/// What an edit changed of the leftovers.
pub struct Change<'a> {
    /// Leftovers that were, sorted.
    pub gone: &'a [Leftover],
    /// Leftovers that are now, sorted; they may have been before.
    pub come: &'a [Leftover],
    /// The boxes of the grids that are drawn otherwise, before and now.
    pub drawn: &'a [Bounds],
}

impl Knots {
    /// Takes over other leftovers.
    pub fn edit(&mut self, ground: &Ground, edges: &Edges, change: &Change) {
        let is_of = |list: &[Leftover], edge: &Leftover| list.binary_search(edge).is_ok();
        if !change.gone.is_empty() {
            self.crossings.retain(|(a, b)| !is_of(change.gone, a) && !is_of(change.gone, b));
        }
        let crossed = |edge: &Leftover| {
            let edge = *edge;
            let near = edges.touching(edge.bounds(0.0)).filter(move |other| cross(&edge, other));
            near.map(move |other| (edge.min(*other), edge.max(*other)))
        };
        self.crossings.par_extend(change.come.par_iter().with_min_len(64).flat_map_iter(crossed));

        let all = edges.all;
        let place = |edge: &Leftover| all.binary_search(edge).ok().map(|k| k as u32);
        // A node is known by the first leftover that leaves it; one leaves every node, for borders are closed.
        let firsts = all.iter().enumerate().rev().map(|(i, edge)| (edge.from, i as u32));
        let leaves: foldhash::HashMap<Node, u32> = firsts.collect();
        let along = (0u32..).zip(all).flat_map(|(i, edge)| [edge.from, edge.to].map(|node| (i, leaves.get(&node))));
        let along = along.filter_map(|(i, first)| Some((i, *first?)));
        let across = self.crossings.iter().filter_map(|(a, b)| Some((place(a)?, place(b)?)));
        let groups = groups(all.len(), along.chain(across));

        let crossed: BTreeSet<&Leftover> = self.crossings.iter().flat_map(|(a, b)| [a, b]).collect();
        let before = std::mem::take(&mut self.knots);
        let knot = |group: &Vec<u32>| {
            let first = all[group[0] as usize];
            let same = |known: &&Arc<Knot>| {
                known.count == group.len() && !group.iter().any(|i| is_of(change.come, &all[*i as usize]))
            };
            let known = before.get(&first).filter(same);
            let is_redrawn = change.drawn.iter().any(|drawn| holds(*drawn, first.from));
            let base = match known {
                Some(known) if !is_redrawn => known.base,
                _ => covered(ground, first.from),
            };
            if let Some(known) = known.filter(|known| known.base == base) {
                return (first, known.clone());
            }
            let edges: Vec<&Leftover> = group.iter().map(|i| &all[*i as usize]).collect();
            let is_ring = edges.windows(2).all(|pair| pair[0].from != pair[1].from)
                && !edges.iter().any(|edge| crossed.contains(edge));
            (first, Arc::new(if is_ring { ring(ground, &edges, base) } else { tangle(ground, &edges, base) }))
        };
        self.knots = groups.par_iter().map(knot).collect::<Vec<_>>().into_iter().collect();
    }
}

/// Whether two edges without a common end meet.
fn cross(a: &Leftover, b: &Leftover) -> bool {
    let ends = [a.from, a.to];
    if ends.contains(&b.from) || ends.contains(&b.to) {
        return false;
    }
    let line = |edge: &Leftover| Line::new(edge.from.coord(), edge.to.coord());
    line(a).intersects(&line(b))
}

/// How many grids cover the ground just to the west of a node, which is the westernmost of its knot.
fn covered(ground: &Ground, node: Node) -> i32 {
    let mut count = 0;
    for i in ground.touching([node.x, node.y, node.x, node.y]) {
        for (from, to) in ground.shape(i).edges() {
            let (down, low, high) = if from.y > to.y { (true, to, from) } else { (false, from, to) };
            if low.y <= node.y && node.y < high.y {
                let side = RobustKernel::orient2d(low.coord(), high.coord(), node.coord());
                if side == Orientation::Clockwise {
                    count += if down { 1 } else { -1 };
                }
            }
        }
    }
    count
}

fn is_gap(ground: &Ground, part: &Part) -> bool {
    let limits = ground.context.thresholds;
    part.area_m2 >= limits.grid_gap_area_m2 && part.width_m >= limits.grid_gap_width_m
}

/// A ring that meets nothing.
fn ring(ground: &Ground, edges: &[&Leftover], base: i32) -> Knot {
    let mut at = edges[0];
    let mut line: Vec<Node> = Vec::with_capacity(edges.len() + 1);
    for _ in edges {
        line.push(at.from);
        let Ok(next) = edges.binary_search_by(|edge| edge.from.cmp(&at.to)) else { break };
        at = edges[next];
    }
    let next = |k: usize| line[(k + 1) % line.len()];
    let twice_m2: f64 = (0..line.len()).map(|k| line[k].x * next(k).y - next(k).x * line[k].y).sum();
    let mut knot = Knot { count: edges.len(), base, gaps: Vec::new(), outer: Vec::new() };
    if base == 0 && twice_m2 > 0.0 {
        knot.outer = (0..line.len()).map(|k| [line[k], next(k)]).collect();
    }
    if base == 1 && twice_m2 < 0.0 {
        let polygon = Polygon::new(line.iter().map(|node| node.coord()).collect(), vec![]);
        let grids: BTreeSet<u32> = edges.iter().map(|edge| edge.grid).collect();
        knot.gaps.push((grids.into_iter().collect(), part(&polygon)));
        knot.gaps.retain(|(_, part)| is_gap(ground, part));
    }
    knot
}

/// Edges as closed rings: every node has as many that come as that go.
fn rings(edges: &[&Leftover], reversed: bool) -> Vec<Polygon<f64>> {
    let mut out: HashMap<Node, Vec<Node>> = HashMap::new();
    edges.iter().rev().for_each(|edge| out.entry(edge.from).or_default().push(edge.to));
    let mut rings = Vec::new();
    for edge in edges {
        let mut ring: Vec<geo::Coord<f64>> = Vec::new();
        let mut at = edge.from;
        while let Some(to) = out.get_mut(&at).and_then(Vec::pop) {
            ring.push(at.coord());
            at = to;
        }
        if ring.len() > 2 {
            if reversed {
                ring.reverse();
            }
            rings.push(Polygon::new(LineString(ring), vec![]));
        }
    }
    rings
}

/// Edges that meet each other.
fn tangle(ground: &Ground, edges: &[&Leftover], base: i32) -> Knot {
    let mut knot = Knot { count: edges.len(), base, gaps: Vec::new(), outer: Vec::new() };
    let mine: Vec<Leftover> = edges.iter().map(|edge| **edge).collect();
    let mine = Edges::new(&mine);
    let union =
        |rings: Vec<Polygon<f64>>| MultiPolygon(rings).union_with_fill_rule(&MultiPolygon(vec![]), FillRule::Positive);
    let mut holes: Vec<Polygon<f64>> = Vec::new();
    if base <= 0 {
        let union = union(rings(edges, false));
        holes.extend(union.iter().flat_map(|p| p.interiors()).map(|hole| Polygon::new(hole.clone(), vec![])));
        if base == 0 {
            let outer = union.iter().flat_map(|p| p.exterior().0.windows(2));
            knot.outer = outer.map(|ends| [ends[0].into(), ends[1].into()]).collect();
        }
    } else {
        // Nobody covers what as many borders are around the wrong way as grids cover the ground outside.
        let mut rings = rings(edges, true);
        let all = edges.iter().map(|edge| edge.bounds(1.0)).fold(NOTHING, join);
        let [w, s, e, n] = all;
        for _ in 1..base {
            rings.push(Polygon::new(vec![(w, s), (w, n), (e, n), (e, s), (w, s)].into(), vec![]));
        }
        holes.extend(union(rings).into_iter().map(|p| Polygon::new(p.exterior().clone(), vec![])));
    }
    for hole in holes {
        let part = part(&hole);
        if is_gap(ground, &part) {
            knot.gaps.push((around(&hole, &mine), part));
        }
    }
    knot.gaps.retain(|(grids, _)| !grids.is_empty());
    knot
}

/// The grids whose leftovers bound a piece.
pub fn around(polygon: &Polygon<f64>, edges: &Edges) -> Vec<u32> {
    const ON_M: f64 = 0.05;
    let mut grids = BTreeSet::new();
    for line in polygon.exterior().lines() {
        let middle = [(line.start.x + line.end.x) / 2.0, (line.start.y + line.end.y) / 2.0];
        let near = edges.touching([middle[0] - ON_M, middle[1] - ON_M, middle[0] + ON_M, middle[1] + ON_M]);
        grids.extend(near.filter(|edge| foot(middle, edge.ends()).0 <= ON_M).map(|edge| edge.grid));
    }
    grids.into_iter().collect()
}

/// The box of a polygon.
pub fn bounds_of(polygon: &Polygon<f64>) -> Bounds {
    polygon.bounding_rect().map_or(NOTHING, |r| [r.min().x, r.min().y, r.max().x, r.max().y])
}
