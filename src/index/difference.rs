//! Where two borders differ.

use super::boxes::{NOTHING, join, meet};
use super::groups::groups;
use super::outline::Outline;

/// More separate parts than this are told by the one box around them.
const PARTS: usize = 64;

/// Boxes around all ground that one of two borders holds and the other doesn't; none where they are the same. That ground,
/// and what lies on a border, is bounded by edges that only one of them has, or has more often. The edges around a piece
/// of it follow one another, so the boxes of what hangs together, joined where they touch, hold every piece whole: a grid
/// that moved across the city leaves two boxes, and not all that lies between.
pub fn difference(was: &Outline, is: &Outline) -> Vec<[f64; 4]> {
    type Edge = [[u64; 2]; 2];
    let edges = |outline: &Outline| {
        let mut edges: Vec<Edge> = Vec::with_capacity(outline.edge_count());
        outline.each_edge(|a, b| {
            let (a, b) = (a.map(f64::to_bits), b.map(f64::to_bits));
            edges.push([a.min(b), a.max(b)]);
        });
        edges.sort_unstable();
        edges
    };
    let (was, is) = (edges(was), edges(is));
    let (mut was, mut is) = (was.iter().peekable(), is.iter().peekable());
    let alone = std::iter::from_fn(|| {
        while was.peek().is_some() && was.peek() == is.peek() {
            was.next();
            is.next();
        }
        match (was.peek(), is.peek()) {
            (Some(a), Some(b)) if a < b => was.next(),
            (Some(_), None) => was.next(),
            _ => is.next(),
        }
    });
    let alone: Vec<&Edge> = alone.collect();
    let mut ends: Vec<([u64; 2], u32)> =
        (0..).zip(&alone).flat_map(|(edge, ends)| ends.map(|end| (end, edge))).collect();
    ends.sort_unstable();
    let shared = ends.windows(2).filter(|pair| pair[0].0 == pair[1].0).map(|pair| (pair[0].1, pair[1].1));
    let around = |part: Vec<u32>| {
        let ends = part.into_iter().flat_map(|edge| alone[edge as usize]).map(|end| end.map(f64::from_bits));
        ends.map(|[x, y]| [x, y, x, y]).fold(NOTHING, join)
    };
    let parts: Vec<[f64; 4]> = groups(alone.len(), shared).into_iter().map(around).collect();
    if parts.len() > PARTS {
        return vec![parts.into_iter().fold(NOTHING, join)];
    }
    let mut joined: Vec<[f64; 4]> = Vec::new();
    for mut next in parts {
        while let Some(k) = joined.iter().position(|other| meet(*other, next)) {
            next = join(next, joined.swap_remove(k));
        }
        joined.push(next);
    }
    joined
}

#[cfg(test)]
mod tests {
    use super::*;
    use geo::{MultiPolygon, Polygon};

    #[test]
    fn only_the_moved_corner_differs() {
        let outline = |x: f64| {
            let ring = vec![(0.0, 0.0), (4.0, 0.0), (4.0, 2.0), (x, 4.0), (2.0, 4.0), (0.0, 4.0), (0.0, 0.0)];
            Outline::build(MultiPolygon(vec![Polygon::new(ring.into(), vec![])]))
        };
        assert!(difference(&outline(4.0), &outline(4.0)).is_empty());
        assert_eq!(difference(&outline(4.0), &outline(3.0)), [[2.0, 2.0, 4.0, 4.0]]);
        assert_eq!(difference(&outline(4.0), &Outline::default()), [[0.0, 0.0, 4.0, 4.0]]);
    }

    /// Squares with a side of 1 at these corners.
    fn squares(corners: &[(f64, f64)]) -> Outline {
        let square = |(x, y): &(f64, f64)| geo::Rect::new((*x, *y), (x + 1.0, y + 1.0)).to_polygon();
        Outline::build(MultiPolygon(corners.iter().map(square).collect()))
    }

    #[test]
    fn parts_far_from_one_another_are_told_apart_and_those_that_touch_are_not() {
        let (here, there) = ([0.0, 0.0, 1.0, 1.0], [8.0, 8.0, 9.0, 9.0]);
        let mut moved = difference(&squares(&[(0.0, 0.0)]), &squares(&[(8.0, 8.0)]));
        moved.sort_by(|a, b| a[0].total_cmp(&b[0]));
        assert_eq!(moved, [here, there]);
        // Crossing, a corner in common, one within the other.
        for (x, y) in [(0.5, 0.5), (1.0, 1.0), (0.25, 0.0)] {
            assert_eq!(difference(&squares(&[(0.0, 0.0)]), &squares(&[(x, y)])), [[0.0, 0.0, x + 1.0, y + 1.0]]);
        }
        // A third joins two that were apart.
        let bridge = squares(&[(0.0, 0.0), (1.5, 0.0)]);
        assert_eq!(difference(&bridge, &squares(&[(0.75, 0.5)])), [[0.0, 0.0, 2.5, 1.5]]);
        let many: Vec<(f64, f64)> = (0..65).map(|k| (f64::from(k) * 2.0, 0.0)).collect();
        assert_eq!(difference(&squares(&many), &Outline::default()), [[0.0, 0.0, 129.0, 1.0]]);
        assert_eq!(difference(&squares(&many[..64]), &Outline::default()).len(), 64);
    }
}
