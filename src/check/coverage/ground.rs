//! The grids of one level in a plane, on snapped vertices.

use super::node::{Node, Nodes};
use crate::check::context::Context;
use crate::domain::{Frame, Grid, GridLevel, LonLat};
use crate::index::boxes::{NOTHING, meet};
use chrono::NaiveDate;
use geo::{BoundingRect, LineString, MultiPolygon, Polygon};
use std::cmp::Ordering;
use std::sync::OnceLock;

/// West, south, east, north, metres.
pub type Bounds = [f64; 4];

pub fn bounds(a: Node, b: Node, by_m: f64) -> Bounds {
    [a.x.min(b.x) - by_m, a.y.min(b.y) - by_m, a.x.max(b.x) + by_m, a.y.max(b.y) + by_m]
}

pub fn widen(b: Bounds, by_m: f64) -> Bounds {
    [b[0] - by_m, b[1] - by_m, b[2] + by_m, b[3] + by_m]
}

pub fn holds(b: Bounds, at: Node) -> bool {
    at.x >= b[0] && at.x <= b[2] && at.y >= b[1] && at.y <= b[3]
}

/// Distance from a point to a segment, and the nearest point of it.
pub fn foot(at: [f64; 2], [a, b]: [[f64; 2]; 2]) -> (f64, [f64; 2]) {
    let (dx, dy) = (b[0] - a[0], b[1] - a[1]);
    let t = (((at[0] - a[0]) * dx + (at[1] - a[1]) * dy) / (dx * dx + dy * dy).max(1e-12)).clamp(0.0, 1.0);
    let point = [a[0] + t * dx, a[1] + t * dy];
    ((point[0] - at[0]).hypot(point[1] - at[1]), point)
}

/// A grid's polygon on nodes: exteriors run counterclockwise, holes clockwise.
#[derive(Debug)]
pub struct Shape {
    pub polygon: MultiPolygon<f64>,
    pub bounds: Bounds,
}

/// The rings of a grid that can be measured.
fn rings(grid: &Grid) -> impl Iterator<Item = &LineString<f64>> {
    let rings = grid.polygon.iter().flat_map(|p| std::iter::once(p.exterior()).chain(p.interiors()));
    rings.filter(|ring| is_finite(ring))
}

fn is_finite(ring: &LineString<f64>) -> bool {
    ring.0.iter().all(|c| c.x.is_finite() && c.y.is_finite())
}

/// The vertices of a grid in the plane.
pub fn vertices<'a>(grid: &'a Grid, frame: &'a Frame) -> impl Iterator<Item = Node> + 'a {
    rings(grid).flat_map(|ring| &ring.0).map(|c| Node::new(frame.xy(LonLat::new(c.x, c.y))))
}

impl Shape {
    pub fn nothing() -> Shape {
        Shape { polygon: MultiPolygon(vec![]), bounds: NOTHING }
    }

    pub fn of(grid: &Grid, frame: &Frame, nodes: &Nodes) -> Shape {
        let ring = |ring: &LineString<f64>, counterclockwise: bool| {
            if !is_finite(ring) {
                return LineString(vec![]);
            }
            let node = |c: &geo::Coord<f64>| nodes.of(Node::new(frame.xy(LonLat::new(c.x, c.y))));
            let mut ring: Vec<Node> = ring.0.iter().map(node).collect();
            ring.dedup();
            if ring.len() > 1 && ring.first() == ring.last() {
                ring.pop();
            }
            if ring.len() < 3 {
                return LineString(vec![]);
            }
            let next = |k: usize| ring[(k + 1) % ring.len()];
            let twice_m2: f64 = (0..ring.len()).map(|k| ring[k].x * next(k).y - next(k).x * ring[k].y).sum();
            if (twice_m2 > 0.0) != counterclockwise {
                ring.reverse();
            }
            ring.push(ring[0]);
            ring.into_iter().map(Node::coord).collect()
        };
        let polygons = grid.polygon.iter();
        let polygons = polygons
            .map(|p| Polygon::new(ring(p.exterior(), true), p.interiors().iter().map(|i| ring(i, false)).collect()));
        let polygon: MultiPolygon<f64> = polygons.filter(|p| !p.exterior().0.is_empty()).collect();
        let bounds = polygon.bounding_rect().map_or(NOTHING, |r| [r.min().x, r.min().y, r.max().x, r.max().y]);
        Shape { polygon, bounds }
    }

    fn rings(&self) -> impl Iterator<Item = &LineString<f64>> {
        self.polygon.iter().flat_map(|p| std::iter::once(p.exterior()).chain(p.interiors()))
    }

    /// All edges, ground on their left.
    pub fn edges(&self) -> impl Iterator<Item = (Node, Node)> + '_ {
        self.rings().flat_map(|ring| ring.0.windows(2)).map(|ends| (ends[0].into(), ends[1].into()))
    }

    /// One of the edges, by its place among them.
    pub fn edge(&self, mut k: usize) -> (Node, Node) {
        for ring in self.rings() {
            let count = ring.0.len().saturating_sub(1);
            if k < count {
                return (ring.0[k].into(), ring.0[k + 1].into());
            }
            k -= count;
        }
        unreachable!("an edge is known by its place")
    }
}

/// The grids of one level in the plane.
pub struct Ground<'a> {
    pub context: &'a Context<'a>,
    pub level: GridLevel,
    pub frame: Frame,
    nodes: &'a Nodes,
    shapes: Vec<OnceLock<Shape>>,
}

/// Whether a grid is looked at with those of a level.
pub fn is_of(grid: &Grid, level: GridLevel, today: NaiveDate) -> bool {
    grid.level == level && grid.is_valid_on(today)
}

impl<'a> Ground<'a> {
    pub fn new(context: &'a Context<'a>, level: GridLevel, frame: Frame, nodes: &'a Nodes) -> Self {
        let mut shapes = Vec::new();
        shapes.resize_with(context.grid.len(), OnceLock::new);
        Ground { context, level, frame, nodes, shapes }
    }

    /// The grids, by code.
    pub fn members(&self) -> impl Iterator<Item = u32> + '_ {
        self.context.grid.members(self.level).iter().copied().filter(|i| self.is_member(*i))
    }

    pub fn is_member(&self, i: u32) -> bool {
        let grid = self.context.records.grids.get(i as usize);
        grid.is_some_and(|grid| is_of(grid, self.level, self.context.today))
    }

    pub fn grid(&self, i: u32) -> &'a Grid {
        &self.context.records.grids[i as usize]
    }

    pub fn shape(&self, i: u32) -> &Shape {
        self.shapes[i as usize].get_or_init(|| Shape::of(self.grid(i), &self.frame, self.nodes))
    }

    /// Which of two grids comes first: the one with the lower code.
    pub fn order(&self, a: u32, b: u32) -> Ordering {
        self.grid(a).code.cmp(&self.grid(b).code).then(a.cmp(&b))
    }

    /// The grids whose shape may touch a box, by code.
    pub fn near(&self, b: Bounds) -> Vec<u32> {
        near(self.context, self.level, &self.frame, b, self.nodes.snap_m())
            .into_iter()
            .filter(|i| self.is_member(*i))
            .collect()
    }

    /// The grids whose shape touches a box, by code.
    pub fn touching(&self, b: Bounds) -> impl Iterator<Item = u32> + '_ {
        self.near(b).into_iter().filter(move |i| meet(self.shape(*i).bounds, b))
    }
}

/// The grids of a level in the index whose snapped vertices may lie in a box, by code.
pub fn near(context: &Context, level: GridLevel, frame: &Frame, b: Bounds, snap_m: f64) -> Vec<u32> {
    /// More than what rounding moves.
    const HAIR_M: f64 = 0.001;
    let [w, s, e, n] = widen(b, snap_m.max(0.0) + HAIR_M);
    let (low, high) = (frame.lonlat([w, s]), frame.lonlat([e, n]));
    let mut found = Vec::new();
    context.grid.touching([low.lon, low.lat, high.lon, high.lat], level, &mut found);
    found
}
