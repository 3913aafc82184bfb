//! Whether the grids of one level cover the ground once: overlaps, gaps, and shared borders whose vertices differ.
//!
//! Everything is done in metres on vertices that are first snapped together. Where two neighbours share an edge, it
//! runs once each way and cancels; in a clean coverage only the outer border is left. What is left over runs around
//! every overlap and gap as well, and has the same winding numbers as all polygons together, so that one union of the
//! leftovers is the union of the whole level, and only pairs of grids that have leftovers near each other are
//! intersected. The cost follows the number of vertices, not that of pairs.

use super::context::Context;
use super::snap::Snapper;
use crate::domain::{Frame, GridLevel, LonLat};
use crate::index::BoxIndex;
use geo::algorithm::bool_ops::FillRule;
use geo::algorithm::buffer::{BufferStyle, LineJoin};
use geo::{Area, BooleanOps, BoundingRect, Buffer, InteriorPoint, LineString, MultiPolygon, Polygon};
use rayon::prelude::*;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

/// An overlap or a gap: all its pieces between the same grids.
#[derive(Debug, Clone, PartialEq)]
pub struct Piece {
    /// The grids, by position, in order of their codes.
    pub grids: Vec<u32>,
    /// How many pieces.
    pub count: usize,
    /// Their area, square metres.
    pub area_m2: f64,
    /// Width of the largest: twice its area over its perimeter, metres.
    pub width_m: f64,
    /// A point in the largest.
    pub at: LonLat,
}

/// A border that two grids share with different vertices.
#[derive(Debug, Clone, PartialEq)]
pub struct Seam {
    /// The two grids, by position, in order of their codes.
    pub grids: [u32; 2],
    /// Vertices of one that the other does not have.
    pub count: usize,
    /// How far the farthest of them is from the other's border, metres.
    pub most_m: f64,
    /// The first of them.
    pub at: LonLat,
}

/// What is wrong with the coverage of all levels, level by level.
#[derive(Debug, Clone, Default)]
pub struct Coverage([Arc<Found>; GridLevel::ALL.len()]);

/// What is wrong with the coverage of one level.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Found {
    /// Where grids of one level overlap.
    pub overlaps: Vec<Piece>,
    /// Uncovered ground between grids of one level.
    pub gaps: Vec<Piece>,
    /// Shared borders with different vertices.
    pub seams: Vec<Seam>,
}

impl Coverage {
    /// Looks at every level.
    pub fn build(context: &Context) -> Self {
        Coverage(GridLevel::ALL.map(|level| look_at(context, level)))
    }

    /// Looks at some levels again; at the others nothing may have changed.
    pub fn again(&self, context: &Context, levels: &[GridLevel]) -> Self {
        let mut next = self.clone();
        levels.iter().for_each(|level| next.0[*level as usize] = look_at(context, *level));
        next
    }

    /// Where grids of one level overlap.
    pub fn overlaps(&self) -> impl Iterator<Item = &Piece> {
        self.0.iter().flat_map(|level| &level.overlaps)
    }

    /// Uncovered ground between grids of one level.
    pub fn gaps(&self) -> impl Iterator<Item = &Piece> {
        self.0.iter().flat_map(|level| &level.gaps)
    }

    /// Shared borders with different vertices.
    pub fn seams(&self) -> impl Iterator<Item = &Seam> {
        self.0.iter().flat_map(|level| &level.seams)
    }
}

fn look_at(context: &Context, level: GridLevel) -> Arc<Found> {
    Arc::new(Floor::build(context, level).map(|floor| floor.look(context)).unwrap_or_default())
}

/// An edge that no neighbour runs the other way: from, to, the rank of its grid.
type Leftover = (u32, u32, u32);

/// One level in metres.
struct Floor {
    frame: Frame,
    /// Grids by code; a place in this list is a rank.
    members: Vec<u32>,
    nodes: Vec<[f64; 2]>,
    polygons: Vec<MultiPolygon<f64>>,
    boxes: BoxIndex,
    leftovers: Vec<Leftover>,
    leftover_boxes: BoxIndex,
}

fn box_of(a: [f64; 2], b: [f64; 2], by_m: f64) -> [f64; 4] {
    [a[0].min(b[0]) - by_m, a[1].min(b[1]) - by_m, a[0].max(b[0]) + by_m, a[1].max(b[1]) + by_m]
}

fn rect_of(shape: &MultiPolygon<f64>) -> [f64; 4] {
    shape.bounding_rect().map_or([f64::NAN; 4], |r| [r.min().x, r.min().y, r.max().x, r.max().y])
}

/// Area, width (twice the area over the perimeter) in metres.
fn size(polygon: &Polygon<f64>) -> (f64, f64) {
    let area_m2 = polygon.unsigned_area();
    (area_m2, 2.0 * area_m2 / length_m(polygon.exterior()).max(1e-9))
}

fn length_m(ring: &LineString<f64>) -> f64 {
    ring.lines().map(|l| l.dx().hypot(l.dy())).sum()
}

impl Floor {
    fn build(context: &Context, level: GridLevel) -> Option<Self> {
        let grids = &context.records.grids;
        let mut members: Vec<u32> = (0..grids.len() as u32)
            .filter(|i| grids[*i as usize].level == level && grids[*i as usize].is_valid_on(context.today))
            .collect();
        members.sort_by(|a, b| grids[*a as usize].code.cmp(&grids[*b as usize].code).then(a.cmp(b)));
        let bbox = members.iter().map(|i| context.grid.bbox(*i)).filter(|b| b[0] <= b[2]);
        let [w, s, e, n] = bbox.reduce(|a, b| [a[0].min(b[0]), a[1].min(b[1]), a[2].max(b[2]), a[3].max(b[3])])?;
        let frame = Frame::at(LonLat::new((w + e) / 2.0, (s + n) / 2.0));
        let mut snapper = Snapper::new(context.thresholds.grid_snap_m);
        let mut edges: Vec<(u32, u32, bool, u32)> = Vec::new();
        let mut polygons = Vec::with_capacity(members.len());
        for (rank, i) in members.iter().enumerate() {
            polygons.push(snapper.polygon(&grids[*i as usize], &frame, |a, b| {
                edges.push((a.min(b), a.max(b), a < b, rank as u32));
            }));
        }
        edges.par_sort_unstable();
        let leftovers: Vec<Leftover> = edges
            .chunk_by(|a, b| (a.0, a.1) == (b.0, b.1))
            .flat_map(|same| {
                let back = same.iter().take_while(|e| !e.2).count();
                let both = back.min(same.len() - back);
                same[both..back].iter().chain(&same[back + both..])
            })
            .map(|&(low, high, forward, rank)| if forward { (low, high, rank) } else { (high, low, rank) })
            .collect();
        let nodes = snapper.nodes;
        let boxes = BoxIndex::build(polygons.iter().map(rect_of));
        let leftover_boxes =
            BoxIndex::build(leftovers.iter().map(|(a, b, _)| box_of(nodes[*a as usize], nodes[*b as usize], 0.0)));
        Some(Floor { frame, members, nodes, polygons, boxes, leftovers, leftover_boxes })
    }

    fn look(&self, context: &Context) -> Found {
        let (overlaps, gaps) = rayon::join(|| self.overlaps(context), || self.gaps(context));
        let told: BTreeSet<&[u32]> = overlaps.iter().chain(&gaps).map(|piece| &piece.grids[..]).collect();
        let mut seams = self.seams(context);
        seams.retain(|seam| !told.contains(&seam.grids[..]));
        Found { overlaps, gaps, seams }
    }

    fn ends(&self, (from, to, _): Leftover) -> ([f64; 2], [f64; 2]) {
        (self.nodes[from as usize], self.nodes[to as usize])
    }

    fn place(&self, polygon: &Polygon<f64>) -> LonLat {
        let inside = polygon.interior_point().map_or_else(|| polygon.exterior().0[0], |p| p.0);
        self.frame.lonlat([inside.x, inside.y])
    }

    /// Pieces by the ranks of their grids, told by the grids' positions.
    fn told(&self, pieces: BTreeMap<Vec<u32>, Vec<Polygon<f64>>>) -> Vec<Piece> {
        let tell = |(ranks, polygons): (Vec<u32>, Vec<Polygon<f64>>)| {
            let sizes: Vec<(f64, f64)> = polygons.iter().map(size).collect();
            let largest = (0..sizes.len()).max_by(|a, b| sizes[*a].0.total_cmp(&sizes[*b].0).then(b.cmp(a)))?;
            Some(Piece {
                grids: ranks.iter().map(|rank| self.members[*rank as usize]).collect(),
                count: polygons.len(),
                area_m2: sizes.iter().map(|s| s.0).sum(),
                width_m: sizes[largest].1,
                at: self.place(&polygons[largest]),
            })
        };
        pieces.into_iter().filter_map(tell).collect()
    }

    fn overlaps(&self, context: &Context) -> Vec<Piece> {
        let mut pairs: BTreeSet<(u32, u32)> = BTreeSet::new();
        let mut near = Vec::new();
        for &leftover in &self.leftovers {
            let (a, b) = self.ends(leftover);
            near.clear();
            self.boxes.touching(box_of(a, b, 0.0), &mut near);
            pairs.extend(near.iter().filter(|r| **r != leftover.2).map(|r| (leftover.2.min(*r), leftover.2.max(*r))));
        }
        let rank_of: HashMap<u32, usize> = self.members.iter().enumerate().map(|(rank, i)| (*i, rank)).collect();
        // One coverage upon another has no leftovers inside, but its grids hold each other's middles.
        let holders = |i: &u32| {
            let grid = &context.records.grids[*i as usize];
            let middle = grid.polygon.interior_point().map(|p| LonLat::new(p.x(), p.y()));
            middle.map(|m| context.grid.locate_all(m, grid.level)).unwrap_or_default()
        };
        let holders: Vec<Vec<u32>> = self.members.par_iter().map(holders).collect();
        for (rank, holders) in holders.into_iter().enumerate() {
            for other in holders {
                if let Some(&r) = rank_of.get(&other).filter(|r| **r != rank) {
                    pairs.insert((rank.min(r) as u32, rank.max(r) as u32));
                }
            }
        }
        let limits = context.thresholds;
        let wide = |p: &Polygon<f64>| {
            let (area_m2, width_m) = size(p);
            area_m2 >= limits.grid_overlap_area_m2 && width_m >= limits.grid_overlap_width_m
        };
        let pairs: Vec<(u32, u32)> = pairs.into_iter().collect();
        let cut: Vec<(Vec<u32>, Vec<Polygon<f64>>)> = pairs
            .par_iter()
            .map(|&(a, b)| {
                let common = self.polygons[a as usize].intersection(&self.polygons[b as usize]);
                (vec![a, b], common.into_iter().filter(wide).collect::<Vec<_>>())
            })
            .filter(|(_, pieces)| !pieces.is_empty())
            .collect();
        self.told(cut.into_iter().collect())
    }

    /// Leftover edges as closed rings: every node has as many that come as that go.
    fn rings(&self) -> Vec<Polygon<f64>> {
        let mut out: HashMap<u32, Vec<u32>> = HashMap::new();
        for (e, (from, _, _)) in self.leftovers.iter().enumerate().rev() {
            out.entry(*from).or_default().push(e as u32);
        }
        let mut rings = Vec::new();
        for &(start, _, _) in &self.leftovers {
            let mut ring = Vec::new();
            let mut at = start;
            while let Some(e) = out.get_mut(&at).and_then(Vec::pop) {
                ring.push(geo::Coord::from((self.nodes[at as usize][0], self.nodes[at as usize][1])));
                at = self.leftovers[e as usize].1;
            }
            if ring.len() > 2 {
                rings.push(Polygon::new(LineString(ring), vec![]));
            }
        }
        rings
    }

    fn gaps(&self, context: &Context) -> Vec<Piece> {
        let limits = context.thresholds;
        let union = MultiPolygon(self.rings()).union_with_fill_rule(&MultiPolygon(vec![]), FillRule::Positive);
        let mut pieces: BTreeMap<Vec<u32>, Vec<Polygon<f64>>> = BTreeMap::new();
        let mut add = |polygon: Polygon<f64>, fewest: usize| {
            let (area_m2, width_m) = size(&polygon);
            let around = self.around(&polygon);
            if area_m2 >= limits.grid_gap_area_m2 && width_m >= limits.grid_gap_width_m && around.len() >= fewest {
                pieces.entry(around).or_default().push(polygon);
            }
        };
        for hole in union.iter().flat_map(|polygon| polygon.interiors()) {
            add(Polygon::new(hole.clone(), vec![]), 1);
        }
        for polygon in self.open_gaps(&union, limits.grid_gap_open_width_m) {
            add(polygon, 2);
        }
        self.told(pieces)
    }

    /// Narrow strips between grids that are open at an end: what closes when the outer borders grow by half the width
    /// and shrink again. Where mostly new border bounds it, it is only a rounded corner.
    fn open_gaps(&self, union: &MultiPolygon<f64>, width_m: f64) -> Vec<Polygon<f64>> {
        if width_m <= 0.0 {
            return Vec::new();
        }
        let outer: MultiPolygon<f64> = union.iter().map(|p| Polygon::new(p.exterior().clone(), vec![])).collect();
        let style = |m: f64| BufferStyle::new(m).line_join(LineJoin::Miter(0.5));
        let closed = outer.buffer_with_style(style(width_m / 2.0)).buffer_with_style(style(-width_m / 2.0));
        let strips = closed.difference(&outer);
        let borders: Vec<[[f64; 2]; 2]> =
            outer.iter().flat_map(|p| p.exterior().lines()).map(|l| [l.start, l.end].map(|c| [c.x, c.y])).collect();
        let index = BoxIndex::build(borders.iter().map(|[a, b]| box_of(*a, *b, 0.0)));
        let on_border = |at: [f64; 2]| {
            let mut near = Vec::new();
            index.touching(box_of(at, at, 0.05), &mut near);
            near.iter().any(|k| foot(at, borders[*k as usize]).0 <= 0.05)
        };
        let is_strip = |polygon: &Polygon<f64>| {
            let old_m: f64 = polygon
                .exterior()
                .lines()
                .filter(|l| on_border([(l.start.x + l.end.x) / 2.0, (l.start.y + l.end.y) / 2.0]))
                .map(|l| l.dx().hypot(l.dy()))
                .sum();
            old_m >= 0.7 * length_m(polygon.exterior())
        };
        strips.into_iter().filter(is_strip).collect()
    }

    /// Ranks of the grids whose leftovers bound a piece.
    fn around(&self, polygon: &Polygon<f64>) -> Vec<u32> {
        let mut ranks = BTreeSet::new();
        let mut near = Vec::new();
        for line in polygon.exterior().lines() {
            let middle = [(line.start.x + line.end.x) / 2.0, (line.start.y + line.end.y) / 2.0];
            near.clear();
            self.leftover_boxes.touching(box_of(middle, middle, 0.05), &mut near);
            let edges = near.iter().map(|e| self.leftovers[*e as usize]);
            ranks.extend(edges.filter(|e| foot(middle, self.ends(*e).into()).0 <= 0.05).map(|e| e.2));
        }
        ranks.into_iter().collect()
    }

    fn seams(&self, context: &Context) -> Vec<Seam> {
        let (snap_m, width_m) = (context.thresholds.grid_snap_m, context.thresholds.grid_gap_width_m);
        let mut found: BTreeMap<[u32; 2], (BTreeSet<u32>, f64)> = BTreeMap::new();
        let mut near = Vec::new();
        for &edge in &self.leftovers {
            let (from, to) = self.ends(edge);
            for node in [edge.0, edge.1] {
                let at = self.nodes[node as usize];
                near.clear();
                self.leftover_boxes.touching(box_of(at, at, width_m), &mut near);
                for other in near.iter().map(|e| self.leftovers[*e as usize]).filter(|o| o.2 != edge.2) {
                    let (a, b) = self.ends(other);
                    let (distance_m, point) = foot(at, [a, b]);
                    let inner = [a, b].iter().all(|end| (point[0] - end[0]).hypot(point[1] - end[1]) > snap_m);
                    let against = (to[0] - from[0]) * (b[0] - a[0]) + (to[1] - from[1]) * (b[1] - a[1]) < 0.0;
                    if distance_m <= width_m && inner && against {
                        let seam = found.entry([edge.2.min(other.2), edge.2.max(other.2)]).or_default();
                        seam.0.insert(node);
                        seam.1 = seam.1.max(distance_m);
                    }
                }
            }
        }
        let tell = |(ranks, (nodes, most_m)): ([u32; 2], (BTreeSet<u32>, f64))| {
            let first = self.nodes[*nodes.first()? as usize];
            let grids = ranks.map(|rank| self.members[rank as usize]);
            Some(Seam { grids, count: nodes.len(), most_m, at: self.frame.lonlat(first) })
        };
        found.into_iter().filter_map(tell).collect()
    }
}

/// Distance from a point to a segment, and the nearest point of it.
fn foot(at: [f64; 2], [a, b]: [[f64; 2]; 2]) -> (f64, [f64; 2]) {
    let (dx, dy) = (b[0] - a[0], b[1] - a[1]);
    let t = (((at[0] - a[0]) * dx + (at[1] - a[1]) * dy) / (dx * dx + dy * dy).max(1e-12)).clamp(0.0, 1.0);
    let point = [a[0] + t * dx, a[1] + t * dy];
    ((point[0] - at[0]).hypot(point[1] - at[1]), point)
}
