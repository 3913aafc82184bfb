//! One level of a coverage: made from nothing, or from what it was before and the grids that are others since.

use super::ground::{Bounds, Ground, Shape, bounds, is_of, near, vertices, widen};
use super::knot::{Change, Knots};
use super::leftover::{self, Edges, Key, Leftover, Part, key};
use super::node::{Cells, Node, Nodes};
use super::overlap::Overlaps;
use super::seam::{self, Seams};
use super::strip::Strips;
use super::{Found, Piece, Seam};
use crate::check::context::Context;
use crate::domain::{Frame, Grid, GridLevel, Table};
use crate::index::boxes::{join, meet};
use foldhash::HashSet;
use rayon::prelude::*;
use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// One level of a coverage.
#[derive(Debug, Clone, Default)]
pub struct Floor {
    nodes: Nodes,
    leftovers: Arc<Vec<Leftover>>,
    knots: Knots,
    strips: Strips,
    overlaps: Overlaps,
    seams: Seams,
    /// What is wrong.
    pub found: Found,
}

impl Floor {
    /// Looks at all grids of a level.
    pub fn build(context: &Context, level: GridLevel, frame: Frame) -> Floor {
        let all = |i: &u32| is_of(&context.records.grids[*i as usize], level, context.today);
        let members: Vec<u32> = context.grid.members(level).iter().copied().filter(all).collect();
        let of_grid = |i: &u32| vertices(&context.records.grids[*i as usize], &frame).collect::<Vec<_>>();
        let nodes = Nodes::build(members.par_iter().flat_map_iter(of_grid).collect(), context.thresholds.grid_snap_m);
        let ground = Ground::new(context, level, frame, &nodes);
        let leftovers = leftover::of_all(&ground);
        let mut floor = Floor { leftovers: Arc::new(leftovers), ..Floor::default() };
        let come = floor.leftovers.clone();
        floor.look(&ground, &Change { gone: &[], come: &come, drawn: &[] }, &members.into_iter().collect());
        drop(ground);
        Floor { nodes, ..floor }
    }

    /// Takes over the grids in some positions; `before` are those of then. None where none of them is of the level.
    pub fn edit(
        &self,
        context: &Context,
        level: GridLevel,
        frame: Frame,
        before: &Table<Grid>,
        positions: &BTreeSet<u32>,
    ) -> Option<Floor> {
        let now = &context.records.grids;
        let of = |grids: &'_ Table<Grid>, p: u32| grids.get(p as usize).is_some_and(|g| is_of(g, level, context.today));
        let positions: Vec<u32> = positions.iter().copied().filter(|p| of(before, *p) || of(now, *p)).collect();
        if positions.is_empty() {
            return None;
        }
        let was = |p: u32| before.get(p as usize).filter(|_| of(before, p));
        let is = |p: u32| now.get(p as usize).filter(|_| of(now, p));
        let mut nodes = self.nodes.clone();
        let moved = resnap(&mut nodes, context, level, &frame, &differing(&positions, was, is, &frame));
        let ground = Ground::new(context, level, frame, &nodes);

        // Grids that are drawn otherwise: those that are others, and those with a vertex that went to another node.
        let mut drawn: BTreeSet<u32> = positions.iter().copied().collect();
        let moved: HashSet<Node> = moved.into_iter().collect();
        let near: BTreeSet<u32> = moved.iter().flat_map(|v| ground.near(bounds(*v, *v, 0.0))).collect();
        let has = |i: &u32| vertices(ground.grid(*i), &frame).any(|vertex| moved.contains(&vertex));
        drawn.extend(near.into_iter().filter(has));
        let (mut keys, mut boxes): (HashSet<Key>, Vec<Bounds>) = Default::default();
        for p in &drawn {
            let old = was(*p).map_or_else(Shape::nothing, |grid| Shape::of(grid, &frame, &self.nodes));
            let new = is(*p).map(|_| ground.shape(*p));
            let renamed = matches!((was(*p), is(*p)), (Some(was), Some(is)) if was.code != is.code);
            let mut then: Vec<(Node, Node)> = old.edges().collect();
            let mut since: Vec<(Node, Node)> = new.into_iter().flat_map(Shape::edges).collect();
            then.sort_unstable();
            since.sort_unstable();
            for (edges, others) in [(&then, &since), (&since, &then)] {
                keys.extend(surplus(edges, others, renamed).map(|(from, to)| key(from, to)));
            }
            boxes.extend([Some(&old), new].into_iter().flatten().map(|shape| shape.bounds));
        }
        boxes.retain(|b| b[0] <= b[2]);
        let is_asked = |edge: &&Leftover| keys.contains(&edge.key());
        let (gone, kept): (Vec<Leftover>, Vec<Leftover>) = self.leftovers.iter().partition(is_asked);
        let come = leftover::of_some(&ground, &keys);
        let mut floor = Floor { nodes: Nodes::default(), leftovers: Arc::new(merged(kept, &come)), ..self.clone() };
        let mut asked = drawn;
        asked.extend(gone.iter().chain(&come).map(|edge| edge.grid));
        floor.look(&ground, &Change { gone: &gone, come: &come, drawn: &boxes }, &asked);
        drop(ground);
        Some(Floor { nodes, ..floor })
    }

    /// Looks at what follows from the leftovers; `asked` are the grids that are drawn otherwise, or whose leftovers are
    /// others.
    fn look(&mut self, ground: &Ground, change: &Change, asked: &BTreeSet<u32>) {
        let leftovers = self.leftovers.clone();
        let edges = Edges::new(&leftovers);
        let (overlaps, seams, knots, strips) = (&mut self.overlaps, &mut self.seams, &mut self.knots, &mut self.strips);
        rayon::join(
            || {
                overlaps.edit(ground, &edges, asked);
                seam::edit(seams, ground, &edges, asked);
            },
            || {
                knots.edit(ground, &edges, change);
                let border = knots.knots.values().flat_map(|knot| knot.outer.iter().copied()).collect();
                strips.edit(ground, &edges, border, change);
            },
        );
        self.found = self.tell(ground);
    }

    fn tell(&self, ground: &Ground) -> Found {
        let sorted = |grids: &[u32]| {
            let mut grids = grids.to_vec();
            grids.sort_by(|a, b| ground.order(*a, *b));
            grids
        };
        let by_code = |a: &[u32], b: &[u32]| -> Ordering {
            let differ = a.iter().zip(b).map(|(a, b)| ground.order(*a, *b)).find(|order| order.is_ne());
            differ.unwrap_or(a.len().cmp(&b.len()))
        };
        let piece = |(grids, parts): (Vec<u32>, Vec<Part>)| {
            let largest = parts.iter().copied().reduce(|a, b| if b.area_m2 > a.area_m2 { b } else { a })?;
            Some(Piece {
                grids,
                count: parts.len(),
                area_m2: parts.iter().map(|part| part.area_m2).sum(),
                width_m: largest.width_m,
                at: ground.frame.lonlat(largest.at),
            })
        };
        let overlaps = self.overlaps.pieces.iter();
        let mut overlaps: Vec<Piece> =
            overlaps.filter_map(|((a, b), parts)| piece((sorted(&[*a, *b]), parts.clone()))).collect();
        overlaps.sort_by(|a, b| by_code(&a.grids, &b.grids));
        let mut by_grids: BTreeMap<Vec<u32>, Vec<Part>> = BTreeMap::new();
        for (grids, part) in self.knots.knots.values().flat_map(|knot| &knot.gaps).chain(self.strips.gaps()) {
            by_grids.entry(sorted(grids)).or_default().push(*part);
        }
        let mut gaps: Vec<Piece> = by_grids.into_iter().filter_map(piece).collect();
        gaps.sort_by(|a, b| by_code(&a.grids, &b.grids));
        let told: BTreeSet<&[u32]> = overlaps.iter().chain(&gaps).map(|piece| &piece.grids[..]).collect();
        let seam = |((a, b), mismatch): (&(u32, u32), &seam::Mismatch)| {
            let grids = if ground.order(*a, *b).is_lt() { [*a, *b] } else { [*b, *a] };
            let at = ground.frame.lonlat(mismatch.at);
            Seam { grids, count: mismatch.count, most_m: mismatch.most_m, at }
        };
        let mut seams: Vec<Seam> = self.seams.iter().map(seam).filter(|seam| !told.contains(&seam.grids[..])).collect();
        seams.sort_by(|a, b| by_code(&a.grids, &b.grids));
        Found { overlaps, gaps, seams }
    }
}

/// The vertices that some grids had and have no more, and those that they have now and had not, grid by grid: a grid may have
/// gone to another end of the city.
fn differing<'a>(
    positions: &[u32],
    was: impl Fn(u32) -> Option<&'a Grid>,
    is: impl Fn(u32) -> Option<&'a Grid>,
    frame: &Frame,
) -> Vec<Vec<Node>> {
    let sorted = |grid: Option<&'a Grid>| -> BTreeSet<Node> {
        grid.into_iter().flat_map(|grid| vertices(grid, frame).collect::<Vec<_>>()).collect()
    };
    let lists = positions.iter().flat_map(|p| {
        let (was, is) = (sorted(was(*p)), sorted(is(*p)));
        [was.difference(&is).copied().collect(), is.difference(&was).copied().collect()]
    });
    lists.filter(|list: &Vec<Node>| !list.is_empty()).collect()
}

/// Asks for the nodes of all vertices again that a chain of neighbours joins to some that came or went; says whose is
/// another one, these included.
fn resnap(nodes: &mut Nodes, context: &Context, level: GridLevel, frame: &Frame, differing: &[Vec<Node>]) -> Vec<Node> {
    let snap_m = context.thresholds.grid_snap_m;
    if snap_m.is_nan() || snap_m <= 0.0 || differing.is_empty() {
        return Vec::new();
    }
    let boxes: Vec<Bounds> =
        differing.iter().filter_map(|list| list.iter().map(|v| bounds(*v, *v, 0.0)).reduce(join)).collect();
    let differing: Vec<Node> = differing.iter().flatten().copied().collect();
    let mut margin_m = 4.0 * snap_m;
    loop {
        let within = |vertex: &Node, margin_m: f64| {
            let own = bounds(*vertex, *vertex, 0.0);
            boxes.iter().any(|b| meet(own, widen(*b, margin_m)))
        };
        let mut present = Cells::new(snap_m);
        let is_of = |i: &u32| is_of(&context.records.grids[*i as usize], level, context.today);
        let around = boxes.iter().flat_map(|b| near(context, level, frame, widen(*b, margin_m), snap_m));
        for i in around.filter(is_of).collect::<BTreeSet<u32>>() {
            let inside = vertices(&context.records.grids[i as usize], frame).filter(|v| within(v, margin_m));
            inside.for_each(|vertex| present.add(vertex));
        }
        let mut chain: HashSet<Node> = HashSet::default();
        let mut next: Vec<Node> = Vec::new();
        differing.iter().for_each(|vertex| present.each_near(*vertex, |near| next.push(near)));
        while let Some(vertex) = next.pop() {
            if chain.insert(vertex) {
                present.each_near(vertex, |near| next.push(near));
            }
        }
        // A chain that comes near to the rim may go on behind it.
        if chain.iter().all(|vertex| within(vertex, margin_m - 2.0 * snap_m)) {
            // What is not there any more is no node of anything else.
            differing.iter().filter(|vertex| !chain.contains(*vertex)).for_each(|vertex| nodes.set(*vertex, *vertex));
            return nodes.settle(chain.into_iter().collect());
        }
        margin_m *= 8.0;
    }
}

/// What one sorted list has more often than the other; everything where it counts anew.
fn surplus<'a, T: Ord + Copy>(list: &'a [T], other: &'a [T], all: bool) -> impl Iterator<Item = T> + use<'a, T> {
    let mut rest = other.iter().peekable();
    let is_more = move |item: &&T| {
        while rest.next_if(|other| *other < *item).is_some() {}
        rest.next_if(|other| *other == *item).is_none() || all
    };
    list.iter().filter(is_more).copied()
}

/// Two sorted lists as one.
fn merged(mut kept: Vec<Leftover>, come: &[Leftover]) -> Vec<Leftover> {
    kept.extend_from_slice(come);
    // Nearly sorted: runs are found and merged.
    kept.sort();
    kept
}
