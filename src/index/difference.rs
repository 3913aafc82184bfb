//! Where two borders differ.

use super::outline::Outline;

/// The box around all ground that one of two borders holds and the other doesn't; none where they are the same. That
/// ground, and what lies on a border, is bounded by edges that only one of them has, or has more often.
pub fn difference(was: &Outline, is: &Outline) -> Option<[f64; 4]> {
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
    let ends = alone.flatten().map(|end| end.map(f64::from_bits));
    ends.map(|[x, y]| [x, y, x, y]).reduce(|a, b| [a[0].min(b[0]), a[1].min(b[1]), a[2].max(b[2]), a[3].max(b[3])])
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
        assert_eq!(difference(&outline(4.0), &outline(4.0)), None);
        assert_eq!(difference(&outline(4.0), &outline(3.0)), Some([2.0, 2.0, 4.0, 4.0]));
        assert_eq!(difference(&outline(4.0), &Outline::default()), Some([0.0, 0.0, 4.0, 4.0]));
    }
}
