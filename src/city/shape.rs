//! Outlines of grids and buildings in steps of the world, ready for tiles.

use super::world::{Span, Spot};
use crate::domain::{Footprint, LonLat};
use geo::{LineString, MultiPolygon, Polygon};

/// Polygons, each its outer ring and then its holes, closed, in steps of the world.
#[derive(Debug, Clone, Default)]
pub struct Shape {
    /// The polygons.
    pub polygons: Vec<Vec<Vec<Spot>>>,
    /// The box around them; none when there is nothing on earth.
    pub span: Option<Span>,
}

impl Shape {
    /// The outline of polygons in degrees; rings that are not on earth are left out.
    pub fn of(area: &MultiPolygon<f64>) -> Shape {
        let ring = |line: &LineString<f64>| -> Option<Vec<Spot>> {
            let spots: Option<Vec<Spot>> = line.coords().map(|c| Spot::of(LonLat::new(c.x, c.y))).collect();
            spots.filter(|spots| spots.len() > 3)
        };
        let polygon = |p: &Polygon<f64>| -> Option<Vec<Vec<Spot>>> {
            let outer = ring(p.exterior())?;
            Some(std::iter::once(outer).chain(p.interiors().iter().filter_map(ring)).collect())
        };
        let polygons: Vec<_> = area.iter().filter_map(polygon).collect();
        let outer = polygons.iter().flat_map(|rings| rings[0].iter());
        let span = outer.map(|spot| Span::of(*spot)).reduce(Span::with);
        Shape { polygons, span }
    }
}

/// The box of a footprint; none when it is not on earth.
pub fn span_of(footprint: &Footprint) -> Option<Span> {
    match footprint {
        Footprint::Point(at) => Spot::of(*at).map(Span::of),
        Footprint::Area(area) => {
            let coords = area.iter().flat_map(|polygon| polygon.exterior().coords());
            coords.filter_map(|c| Spot::of(LonLat::new(c.x, c.y))).map(Span::of).reduce(Span::with)
        }
    }
}
