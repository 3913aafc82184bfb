//! Outlines of grids and buildings in steps of the world, ready for tiles.

use super::world::{Span, Spot};
use crate::domain::{FootprintRef, LonLat};
use geo::{Area, InteriorPoint, LineString, MultiPolygon, Polygon};

/// Polygons, each its outer ring and then its holes, closed, in steps of the world.
#[derive(Debug, Clone, Default)]
pub struct Shape {
    /// The polygons.
    pub polygons: Vec<Vec<Vec<Spot>>>,
    /// The box around them; none when there is nothing on earth.
    pub span: Option<Span>,
    /// A point inside the largest polygon, for its name.
    pub label: Option<Spot>,
}

impl Shape {
    /// Polygons in degrees as rings in steps of the world; rings that are not on earth are left out.
    pub fn rings(area: &MultiPolygon<f64>) -> Vec<Vec<Vec<Spot>>> {
        let ring = |line: &LineString<f64>| -> Option<Vec<Spot>> {
            let spots: Option<Vec<Spot>> = line.coords().map(|c| Spot::of(LonLat::new(c.x, c.y))).collect();
            spots.filter(|spots| spots.len() > 3)
        };
        let polygon = |p: &Polygon<f64>| -> Option<Vec<Vec<Spot>>> {
            let outer = ring(p.exterior())?;
            Some(std::iter::once(outer).chain(p.interiors().iter().filter_map(ring)).collect())
        };
        area.iter().filter_map(polygon).collect()
    }

    /// The outline of polygons in degrees.
    pub fn of(area: &MultiPolygon<f64>) -> Shape {
        let polygons = Shape::rings(area);
        let outer = polygons.iter().flat_map(|rings| rings[0].iter());
        let span = outer.map(|spot| Span::of(*spot)).reduce(Span::with);
        let largest = area.iter().max_by(|a, b| a.unsigned_area().total_cmp(&b.unsigned_area()));
        let inside = largest.and_then(|polygon| polygon.interior_point());
        let label = inside.and_then(|p| Spot::of(LonLat::new(p.x(), p.y())));
        Shape { polygons, span, label }
    }
}

/// The box of a footprint; none when it is not on earth.
pub fn span_of(footprint: FootprintRef) -> Option<Span> {
    footprint.outer().filter_map(Spot::of).map(Span::of).reduce(Span::with)
}
