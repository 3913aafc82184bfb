//! Narrow strips between grids that are open at an end.
//!
//! A strip is what closes when the outer borders grow by half the width and shrink again, unless mostly new border bounds
//! it: then it is only a rounded corner. Borders face each other across it, so it is looked for where they do.

use super::boxed::Boxed;
use super::ground::{Bounds, Ground, bounds, foot, widen};
use super::knot::{Change, Gap, around, bounds_of};
use super::leftover::Edges;
use super::node::Node;
use super::part;
use crate::index::boxes::{NOTHING, join, meet};
use crate::index::groups;
use geo::algorithm::buffer::{BufferStyle, LineJoin};
use geo::{BooleanOps, Buffer, MultiPolygon, Polygon, Rect};
use rayon::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// An edge of the outer border, ground on its left.
type Edge = [Node; 2];

/// Places at which outer borders face each other.
#[derive(Debug, Clone, Default)]
pub struct Strips {
    /// The outer border, sorted.
    border: Arc<Vec<Edge>>,
    /// Edges that face each other.
    facing: BTreeSet<(Edge, Edge)>,
    /// What was found at edges that hang together, by the first of them.
    places: BTreeMap<Edge, Arc<Place>>,
}

#[derive(Debug)]
struct Place {
    edges: Vec<Edge>,
    gaps: Vec<Gap>,
}

impl Strips {
    /// All strips.
    pub fn gaps(&self) -> impl Iterator<Item = &Gap> {
        self.places.values().flat_map(|place| &place.gaps)
    }

    /// Takes over another outer border.
    pub fn edit(&mut self, ground: &Ground, edges: &Edges, mut border: Vec<Edge>, change: &Change) {
        let limits = ground.context.thresholds;
        let width_m = limits.grid_gap_open_width_m;
        if width_m.is_nan() || width_m <= 0.0 {
            return;
        }
        border.sort_unstable();
        border.dedup();
        let (gone, come) = (without(&self.border, &border), without(&border, &self.border));
        let boxes = Boxed::new(&border, |[a, b]: &Edge| bounds(*a, *b, 0.0));
        let touching = |b: Bounds| boxes.touching(b);
        if !gone.is_empty() {
            let is_gone = |edge: &Edge| gone.binary_search(edge).is_ok();
            self.facing.retain(|(a, b)| !is_gone(a) && !is_gone(b));
        }
        let faced = |edge: &Edge| {
            let edge = *edge;
            let near = touching(bounds(edge[0], edge[1], width_m)).into_iter().map(|k| border[k as usize]);
            near.filter(move |other| face(edge, *other, width_m))
                .map(move |other| (edge.min(other), edge.max(other)))
                .collect::<Vec<_>>()
        };
        self.facing.par_extend(come.par_iter().with_min_len(64).flat_map_iter(faced));

        let facing: BTreeSet<Edge> = self.facing.iter().flat_map(|(a, b)| [*a, *b]).collect();
        let facing: Vec<Edge> = facing.into_iter().collect();
        let near = Boxed::new(&facing, |[a, b]: &Edge| bounds(*a, *b, 0.0));
        let neighbours = (0u32..)
            .zip(&facing)
            .flat_map(|(i, [a, b])| near.touching(bounds(*a, *b, width_m)).into_iter().map(move |j| (i, j)));
        let groups: Vec<Vec<Edge>> = groups(facing.len(), neighbours)
            .into_iter()
            .map(|group| group.into_iter().map(|i| facing[i as usize]).collect())
            .collect();
        let place_of = |edge: &Edge| groups.iter().position(|group| group.binary_search(edge).is_ok());
        let before = std::mem::take(&mut self.places);
        let look = |(k, group): (usize, &Vec<Edge>)| {
            let all = group.iter().map(|[a, b]| bounds(*a, *b, 2.0 * width_m)).fold(NOTHING, join);
            let is_known = |known: &&Arc<Place>| {
                known.edges == *group
                    && !change.drawn.iter().any(|drawn| meet(*drawn, all))
                    && ![change.gone, change.come].into_iter().flatten().any(|edge| meet(edge.bounds(0.0), all))
                    && ![&gone, &come].into_iter().flatten().any(|[a, b]| meet(bounds(*a, *b, 0.0), all))
            };
            if let Some(known) = before.get(&group[0]).filter(is_known) {
                return (group[0], known.clone());
            }
            let on_border = |at: [f64; 2]| {
                const ON_M: f64 = 0.05;
                let near = touching([at[0] - ON_M, at[1] - ON_M, at[0] + ON_M, at[1] + ON_M]);
                let edges = near.into_iter().map(|k| border[k as usize]);
                edges.filter(|[a, b]| foot(at, [a.at(), b.at()]).0 <= ON_M).collect::<Vec<Edge>>()
            };
            let mut gaps = Vec::new();
            for polygon in closed(ground, all, width_m) {
                if !meet(bounds_of(&polygon), all) {
                    continue;
                }
                let (mut old_m, mut length_m, mut first) = (0.0, 0.0, None::<Edge>);
                for line in polygon.exterior().lines() {
                    let on = on_border([(line.start.x + line.end.x) / 2.0, (line.start.y + line.end.y) / 2.0]);
                    let line_m = line.dx().hypot(line.dy());
                    length_m += line_m;
                    old_m += if on.is_empty() { 0.0 } else { line_m };
                    let facing = on.into_iter().filter(|edge| facing.binary_search(edge).is_ok());
                    first = first.into_iter().chain(facing).min();
                }
                let part = part(&polygon);
                let is_wide = part.area_m2 >= limits.grid_gap_area_m2 && part.width_m >= limits.grid_gap_width_m;
                // Of several places that see it, that of its first edge tells it.
                if is_wide && old_m >= 0.7 * length_m && first.and_then(|edge| place_of(&edge)) == Some(k) {
                    let grids = around(&polygon, edges);
                    if grids.len() > 1 {
                        gaps.push((grids, part));
                    }
                }
            }
            (group[0], Arc::new(Place { edges: group.clone(), gaps }))
        };
        self.places = groups.par_iter().enumerate().map(look).collect::<Vec<_>>().into_iter().collect();
        self.border = Arc::new(border);
    }
}

/// What is in one sorted list and not in the other.
fn without(list: &[Edge], other: &[Edge]) -> Vec<Edge> {
    let mut rest = other.iter().peekable();
    let is_alone = |edge: &&Edge| {
        while rest.next_if(|other| *other < *edge).is_some() {}
        rest.peek() != Some(edge)
    };
    list.iter().filter(is_alone).copied().collect()
}

/// Whether two edges run against each other, with the ground between them outside of both, and not farther apart than a
/// width somewhere.
fn face(a: Edge, b: Edge, width_m: f64) -> bool {
    let along = |[from, to]: Edge| [to.x - from.x, to.y - from.y];
    let (along_a, along_b) = (along(a), along(b));
    if along_a[0] * along_b[0] + along_a[1] * along_b[1] >= 0.0 {
        return false;
    }
    let is_right = |[dx, dy]: [f64; 2], from: Node, at: Node| dx * (at.y - from.y) - dy * (at.x - from.x) < 0.0;
    let outside = |along: [f64; 2], from: Node, other: Edge| other.iter().any(|at| is_right(along, from, *at));
    let [ends_a, ends_b] = [a, b].map(|edge| edge.map(Node::at));
    let apart_m = || {
        let to_b = ends_a.iter().map(|end| foot(*end, ends_b).0);
        to_b.chain(ends_b.iter().map(|end| foot(*end, ends_a).0)).fold(f64::INFINITY, f64::min)
    };
    outside(along_a, a[0], b) && outside(along_b, b[0], a) && apart_m() <= width_m
}

/// What closes near a place. Ground farther away than several widths is left out: a village has thousands of vertices.
fn closed(ground: &Ground, place: Bounds, width_m: f64) -> MultiPolygon<f64> {
    let [w, s, e, n] = widen(place, 4.0 * width_m);
    let near = Rect::new((w, s), (e, n)).to_polygon();
    let cut = |polygon: &MultiPolygon<f64>| polygon.intersection(&near);
    let shapes = ground.touching(widen(place, width_m)).flat_map(|i| cut(&ground.shape(i).polygon));
    let union = MultiPolygon(shapes.collect()).union(&MultiPolygon(vec![]));
    let outer: MultiPolygon<f64> = union.into_iter().map(|p| Polygon::new(p.exterior().clone(), vec![])).collect();
    let style = |m: f64| BufferStyle::new(m).line_join(LineJoin::Miter(0.5));
    outer.buffer_with_style(style(width_m / 2.0)).buffer_with_style(style(-width_m / 2.0)).difference(&outer)
}
