//! Outlines of grids and buildings in steps of the world, ready for tiles.

use super::border::Stage;
use super::ring::{OwnRings, Rings};
use super::world::{Span, Spot};
use crate::domain::{FootprintRef, LonLat};
use geo::{Area, InteriorPoint, MultiPolygon};

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
        let inside = largest.and_then(|polygon| polygon.interior_point());
        let label = inside.and_then(|p| Spot::of(LonLat::new(p.x(), p.y())));
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
