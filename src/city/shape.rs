//! Outlines of grids and buildings in steps of the world, ready for tiles.

use super::border::Stage;
use super::ring::{OwnRings, Rings};
use super::world::{Span, Spot};
use crate::domain::{FootprintRef, LonLat};
use geo::line_intersection::{LineIntersection, line_intersection};
use geo::{Area, BoundingRect, Coord, CoordsIter, Intersects, Line, LinesIter, MultiPolygon, Polygon};

/// The outline of a grid in steps of the world.
#[derive(Debug, Clone, Default)]
pub struct Shape {
    /// All its corners, each with the zoom from which it is drawn where all levels are; see [`super::border`].
    pub rings: OwnRings,
    /// What is drawn of it while finer levels are not.
    pub coarse: Vec<Stage>,
    /// The box around it; none when there is nothing on earth.
    pub span: Option<Span>,
    /// A point inside the largest polygon, for its name.
    pub label: Option<Spot>,
}

impl Shape {
    /// The outline of polygons in degrees, not yet simplified.
    pub fn of(area: &MultiPolygon<f64>) -> Shape {
        let rings = OwnRings::of(area);
        let span = rings.rings().span();
        let largest = area.iter().max_by(|a, b| a.unsigned_area().total_cmp(&b.unsigned_area()));
        let label = largest.and_then(inside).and_then(|c| Spot::of(LonLat::new(c.x, c.y)));
        Shape { rings, coarse: Vec::new(), span, label }
    }

    /// Whether it is drawn with the same corners as another at every zoom.
    pub fn is_drawn_as(&self, other: &Shape) -> bool {
        self.rings == other.rings && self.coarse == other.coarse
    }

    /// What is drawn at a zoom.
    pub fn at(&self, z: u8) -> Rings<'_> {
        self.coarse.iter().find(|stage| z < stage.to).map_or(&self.rings, |stage| &stage.rings).rings()
    }
}

/// The box of a footprint; none when it is not on earth.
pub fn span_of(footprint: FootprintRef) -> Option<Span> {
    footprint.outer().filter_map(Spot::of).map(Span::of).reduce(Span::with)
}

/// A point inside a polygon: the middle of the longest stretch that it has of the parallel halfway up. It is what geo's
/// `interior_point` answers, without looking for crossings among all edges.
fn inside(polygon: &Polygon<f64>) -> Option<Coord<f64>> {
    let bounds = polygon.bounding_rect()?;
    let mut y = (bounds.min().y + bounds.max().y) / 2.0;
    if polygon.coords_iter().any(|c| c.y == y) {
        let others = polygon.coords_iter().map(|c| c.y).filter(|other| *other != y);
        y = others.min_by(|a, b| (a - y).abs().total_cmp(&(b - y).abs())).map_or(y, |nearest| (y + nearest) / 2.0);
    }
    let parallel = Line::new(Coord { x: bounds.min().x, y }, Coord { x: bounds.max().x, y });
    let mut crossings: Vec<f64> = Vec::new();
    for edge in polygon.lines_iter() {
        match line_intersection(edge, parallel) {
            Some(LineIntersection::SinglePoint { intersection, .. }) => crossings.push(intersection.x),
            Some(LineIntersection::Collinear { intersection }) => {
                crossings.extend([intersection.start.x, intersection.end.x]);
            }
            None => {}
        }
    }
    crossings.sort_by(f64::total_cmp);
    let mut stretches: Vec<(f64, f64)> =
        crossings.windows(2).map(|ends| (ends[1] - ends[0], (ends[0] + ends[1]) / 2.0)).collect();
    stretches.sort_by(|a, b| b.0.total_cmp(&a.0));
    let middles = stretches.into_iter().map(|(_, x)| Coord { x, y });
    middles.into_iter().find(|c| polygon.intersects(c)).or_else(|| polygon.coords_iter().next())
}

#[cfg(test)]
mod tests {
    use super::*;
    use geo::{InteriorPoint, LineString};
    use rand::{RngExt, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    #[test]
    fn a_point_inside_is_that_of_geo() {
        let mut rng = ChaCha8Rng::seed_from_u64(4);
        for n in 0..400 {
            let corners = 3 + n % 60;
            let mut ring = |at: [f64; 2], far: f64| -> LineString<f64> {
                let corner = |k: usize, r: f64| {
                    let t = k as f64 / corners as f64 * std::f64::consts::TAU;
                    // Some corners lie on the parallel halfway up.
                    let round =
                        |v: f64| (v * if n % 3 == 0 { 1e3 } else { 1e7 }).round() / if n % 3 == 0 { 1e3 } else { 1e7 };
                    (round(at[0] + r * t.cos()), round(at[1] + r * t.sin()))
                };
                let mut ring: Vec<(f64, f64)> =
                    (0..corners).map(|k| corner(k, far * rng.random_range(0.5..1.0))).collect();
                ring.push(ring[0]);
                ring.into()
            };
            let outer = ring([119.9, 28.4], 0.05);
            let hole = ring([119.9, 28.4], 0.02);
            let polygon = Polygon::new(outer, if n % 2 == 0 { vec![hole] } else { Vec::new() });
            assert_eq!(inside(&polygon), polygon.interior_point().map(Coord::from), "{n}");
        }
        for ring in [vec![], vec![(1.0, 2.0)], vec![(0.0, 0.0), (1.0, 0.0), (0.0, 0.0)]] {
            let polygon = Polygon::new(ring.into(), Vec::new());
            assert_eq!(inside(&polygon), polygon.interior_point().map(Coord::from));
        }
    }
}
