//! Where a building stands.

use crate::domain::LonLat;
use geo::{Coord, LineString, MultiPolygon, Polygon};

/// Where a building stands.
#[derive(Debug, Clone, PartialEq)]
pub enum Footprint {
    /// Its outline: degrees of CGCS2000.
    Area(MultiPolygon<f64>),
    /// Only a point is known.
    Point(LonLat),
}

/// A footprint whose corners lie elsewhere; see [`Footprint`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum FootprintRef<'a> {
    /// One ring without holes, as nearly all are: its corners, of which the first is not said again at the end.
    Ring(&'a [Coord<f64>]),
    /// Any other outline.
    Area(&'a MultiPolygon<f64>),
    /// Only a point is known.
    Point(LonLat),
}

impl Footprint {
    /// The footprint as one whose corners lie here.
    pub fn view(&self) -> FootprintRef<'_> {
        match self {
            Footprint::Point(at) => FootprintRef::Point(*at),
            Footprint::Area(area) => corners_of(area).map_or(FootprintRef::Area(area), FootprintRef::Ring),
        }
    }
}

/// The corners of an area that is one closed ring without holes.
fn corners_of(area: &MultiPolygon<f64>) -> Option<&[Coord<f64>]> {
    let [polygon] = &area.0[..] else { return None };
    let [first, .., last] = &polygon.exterior().0[..] else { return None };
    let bits = |c: &Coord<f64>| [c.x.to_bits(), c.y.to_bits()];
    let corners = polygon.exterior().0.split_last()?.1;
    (polygon.interiors().is_empty() && first == last && bits(first) == bits(last)).then_some(corners)
}

impl<'a> FootprintRef<'a> {
    /// The corners of the outer rings, or the point.
    pub fn outer(self) -> impl Iterator<Item = LonLat> + 'a {
        let (ring, area, point): (&[_], _, _) = match self {
            FootprintRef::Ring(corners) => (corners, None, None),
            FootprintRef::Area(area) => (&[], Some(area), None),
            FootprintRef::Point(at) => (&[], None, Some(at)),
        };
        let polygons = area.into_iter().flat_map(|area| area.iter()).flat_map(|polygon| polygon.exterior().coords());
        ring.iter().chain(polygons).map(|c| LonLat::new(c.x, c.y)).chain(point)
    }

    /// The footprint on its own.
    pub fn unpack(self) -> Footprint {
        match self {
            FootprintRef::Ring(corners) => {
                let ring = corners.iter().chain(corners.first()).copied().collect();
                Footprint::Area(MultiPolygon(vec![Polygon::new(LineString(ring), Vec::new())]))
            }
            FootprintRef::Area(area) => Footprint::Area(area.clone()),
            FootprintRef::Point(at) => Footprint::Point(at),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use geo::polygon;

    #[test]
    fn every_footprint_comes_back() {
        let square = polygon![(x: 0.0, y: 0.0), (x: 0.1, y: 0.0), (x: 0.1, y: -0.0), (x: 0.3, y: 0.7)];
        let hole = polygon!(exterior: [(x: 0.0, y: 0.0), (x: 9.0, y: 0.0), (x: 9.0, y: 9.0)],
                            interiors: [[(x: 3.0, y: 1.0), (x: 4.0, y: 1.0), (x: 4.0, y: 2.0)]]);
        let nothing = Polygon::new(LineString(Vec::new()), Vec::new());
        let one = Polygon::new(LineString(vec![Coord { x: 1.0, y: 2.0 }]), Vec::new());
        let areas =
            [vec![square.clone()], vec![hole.clone()], vec![square, hole], vec![nothing], vec![one], Vec::new()];
        for area in areas {
            let footprint = Footprint::Area(MultiPolygon(area));
            assert_eq!(format!("{:?}", footprint.view().unpack()), format!("{footprint:?}"));
        }
        let point = Footprint::Point(LonLat::new(119.9, 28.4));
        assert_eq!(point.view().unpack(), point);
        assert!(point.view().outer().eq([LonLat::new(119.9, 28.4)]));
    }
}
