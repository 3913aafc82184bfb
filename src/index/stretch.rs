//! Boxes around stretches of a border, and boxes around those: a tree without a pointer.

use super::boxes::{NOTHING, join};
use crate::domain::Frame;
use crate::domain::column::fitted;
use geo::Coord;

/// Edges in a stretch, and stretches in the next larger one.
pub const SPAN: usize = 8;

/// The boxes of a border's edges in the order in which the border goes: neighbours along it are neighbours on the ground,
/// so nothing has to be sorted. A node is known by its height (0: a stretch of edges) and its place among its equals.
#[derive(Debug, Clone, Default)]
pub struct Stretches {
    /// West, south, east, north; the lowest level first.
    boxes: Vec<[f64; 4]>,
    /// Where each level begins.
    levels: Vec<u32>,
    edges: usize,
}

impl Stretches {
    /// Boxes over the edges between neighbouring vertices; none begins at one of `ends`, which ascend.
    pub fn build(vertices: &[Coord<f64>], ends: &[u32]) -> Self {
        let mut tree = Stretches { edges: vertices.len().saturating_sub(1), ..Stretches::default() };
        if tree.edges == 0 {
            return tree;
        }
        let mut next = ends.iter().map(|end| *end as usize).peekable();
        tree.levels.push(0);
        for first in (0..tree.edges).step_by(SPAN) {
            let mut bbox = NOTHING;
            for e in first..(first + SPAN).min(tree.edges) {
                if next.next_if_eq(&e).is_none() {
                    bbox = [vertices[e], vertices[e + 1]].iter().fold(bbox, |b, v| join(b, [v.x, v.y, v.x, v.y]));
                }
            }
            tree.boxes.push(bbox);
        }
        let mut from = 0;
        while tree.boxes.len() - from > 1 {
            let to = tree.boxes.len();
            tree.levels.push(to as u32);
            for first in (from..to).step_by(SPAN) {
                let bbox = tree.boxes[first..(first + SPAN).min(to)].iter().copied().fold(NOTHING, join);
                tree.boxes.push(bbox);
            }
            from = to;
        }
        tree.boxes = fitted(&tree.boxes).into();
        tree
    }

    /// Bytes that they take.
    pub fn bytes(&self) -> usize {
        32 * self.boxes.len() + 4 * self.levels.len()
    }

    /// The node that holds all.
    pub fn root(&self) -> (usize, usize) {
        (self.levels.len().saturating_sub(1), 0)
    }

    /// West, south, east, north of a node; infinite and inside out when it has no edge.
    pub fn bbox(&self, (level, k): (usize, usize)) -> [f64; 4] {
        self.boxes[self.levels[level] as usize + k]
    }

    /// The nodes in a node.
    pub fn children(&self, (level, k): (usize, usize)) -> impl Iterator<Item = (usize, usize)> + use<> {
        let count = (self.levels[level] - self.levels[level - 1]) as usize;
        (k * SPAN..((k + 1) * SPAN).min(count)).map(move |child| (level - 1, child))
    }

    /// The edges in a node.
    pub fn edges(&self, (level, k): (usize, usize)) -> std::ops::Range<usize> {
        let width = SPAN.pow(level as u32 + 1);
        k * width..((k + 1) * width).min(self.edges)
    }

    /// Square metres that every edge in a node is away from a plane's origin at least, less what rounding may hide.
    pub fn square_m2(&self, node: (usize, usize), frame: &Frame) -> f64 {
        let [west, south, east, north] = self.bbox(node);
        let beyond = |at: f64, low: f64, high: f64| (low - at).max(at - high).max(0.0);
        let dx = beyond(frame.origin.lon, west, east) * frame.m_per_lon - SLACK_M;
        let dy = beyond(frame.origin.lat, south, north) * frame.m_per_lat - SLACK_M;
        dx.max(0.0).powi(2) + dy.max(0.0).powi(2)
    }
}

const SLACK_M: f64 = 1e-4;
