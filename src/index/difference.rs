//! Where two borders differ.

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
    let mut ends: Vec<([u64; 2], u32)> = Vec::new();
    let mut boxes: Vec<[f64; 4]> = Vec::new();
    for edge in alone {
        ends.extend(edge.map(|end| (end, boxes.len() as u32)));
        boxes.push(
            edge.map(|end| end.map(f64::from_bits))
                .map(|[x, y]| [x, y, x, y])
                .into_iter()
                .reduce(around)
                .unwrap_or_default(),
        );
    }
    // Edges that share an end, or ends with a third, are one part: each names another of its part, the first itself.
    let mut part: Vec<u32> = (0..boxes.len() as u32).collect();
    fn first(part: &mut [u32], mut edge: u32) -> u32 {
        while part[edge as usize] != edge {
            part[edge as usize] = part[part[edge as usize] as usize];
            edge = part[edge as usize];
        }
        edge
    }
    ends.sort_unstable();
    for pair in ends.windows(2).filter(|pair| pair[0].0 == pair[1].0) {
        let (a, b) = (first(&mut part, pair[0].1), first(&mut part, pair[1].1));
        part[a.max(b) as usize] = a.min(b);
    }
    for edge in (0..boxes.len() as u32).rev() {
        let of = first(&mut part, edge);
        boxes[of as usize] = around(boxes[of as usize], boxes[edge as usize]);
    }
    let mut edges = 0..;
    boxes.retain(|_| edges.next().is_some_and(|edge| part[edge as usize] == edge));
    if boxes.len() > PARTS {
        return boxes.into_iter().reduce(around).into_iter().collect();
    }
    let mut joined: Vec<[f64; 4]> = Vec::new();
    for mut next in boxes {
        while let Some(k) = joined.iter().position(|other| touch(other, &next)) {
            next = around(next, joined.swap_remove(k));
        }
        joined.push(next);
    }
    joined
}

fn around(a: [f64; 4], b: [f64; 4]) -> [f64; 4] {
    [a[0].min(b[0]), a[1].min(b[1]), a[2].max(b[2]), a[3].max(b[3])]
}

fn touch(a: &[f64; 4], b: &[f64; 4]) -> bool {
    a[0] <= b[2] && b[0] <= a[2] && a[1] <= b[3] && b[1] <= a[3]
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
