//! Vertices that lie next to each other become one: the first step of every coverage check.

use crate::domain::{Frame, Grid, LonLat};
use geo::{LineString, MultiPolygon, Polygon};

/// Gives vertices within the snap of each other one node.
pub struct Snapper {
    snap_m: f64,
    /// Where the nodes are, metres.
    pub nodes: Vec<[f64; 2]>,
    cells: foldhash::HashMap<(i64, i64), Vec<u32>>,
    /// Nodes by their very place: most vertices are a neighbour's too, and nothing is nearer than these.
    exact: foldhash::HashMap<[u64; 2], u32>,
}

impl Snapper {
    /// No nodes yet; `snap_m` in metres.
    pub fn new(snap_m: f64) -> Self {
        Snapper { snap_m, nodes: Vec::new(), cells: Default::default(), exact: Default::default() }
    }

    fn node(&mut self, at: [f64; 2]) -> u32 {
        if let Some(node) = self.exact.get(&at.map(f64::to_bits)) {
            return *node;
        }
        let size = self.snap_m.max(1e-6);
        let cell = at.map(|v| (v / size).floor() as i64);
        let near = (-1..=1).flat_map(|dx| (-1..=1).map(move |dy| (dx, dy)));
        let distance = |n: u32| (self.nodes[n as usize][0] - at[0]).hypot(self.nodes[n as usize][1] - at[1]);
        let found = near
            .filter_map(|(dx, dy)| self.cells.get(&(cell[0] + dx, cell[1] + dy)))
            .flatten()
            .copied()
            .filter(|n| distance(*n) <= self.snap_m)
            .min_by(|a, b| distance(*a).total_cmp(&distance(*b)).then(a.cmp(b)));
        found.unwrap_or_else(|| {
            let n = self.nodes.len() as u32;
            self.nodes.push(at);
            self.cells.entry((cell[0], cell[1])).or_default().push(n);
            self.exact.insert(at.map(f64::to_bits), n);
            n
        })
    }

    /// A grid's polygon on snapped nodes, exteriors counterclockwise; its edges are handed to `edge`.
    pub fn polygon(&mut self, grid: &Grid, frame: &Frame, mut edge: impl FnMut(u32, u32)) -> MultiPolygon<f64> {
        let mut ring = |ring: &LineString<f64>, counterclockwise: bool| {
            let finite = ring.0.iter().filter(|c| c.x.is_finite() && c.y.is_finite());
            let mut nodes: Vec<u32> = finite.map(|c| self.node(frame.xy(LonLat::new(c.x, c.y)))).collect();
            nodes.dedup();
            if nodes.len() > 1 && nodes.first() == nodes.last() {
                nodes.pop();
            }
            if nodes.len() < 3 {
                return LineString(vec![]);
            }
            let xy = |n: u32| self.nodes[n as usize];
            let next = |k: usize| nodes[(k + 1) % nodes.len()];
            let twice_m2: f64 =
                (0..nodes.len()).map(|k| xy(nodes[k])[0] * xy(next(k))[1] - xy(next(k))[0] * xy(nodes[k])[1]).sum();
            if (twice_m2 > 0.0) != counterclockwise {
                nodes.reverse();
            }
            (0..nodes.len()).for_each(|k| edge(nodes[k], nodes[(k + 1) % nodes.len()]));
            nodes.push(nodes[0]);
            nodes.iter().map(|n| geo::Coord { x: xy(*n)[0], y: xy(*n)[1] }).collect()
        };
        grid.polygon
            .iter()
            .map(|p| Polygon::new(ring(p.exterior(), true), p.interiors().iter().map(|i| ring(i, false)).collect()))
            .filter(|p| !p.exterior().0.is_empty())
            .collect()
    }
}
