//! Geometries as files have them, in the file's own coordinates.

use geo::{Coord, LineString, MultiPolygon, Polygon};

/// A row's geometry.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum Shape {
    /// None, or an empty one.
    #[default]
    None,
    /// A point.
    Point(f64, f64),
    /// One polygon or several.
    Area(MultiPolygon<f64>),
    /// A geometry of a type that no record has, by the type's name.
    Other(&'static str),
    /// Bytes that are no geometry.
    Broken,
}

impl Shape {
    /// Reads well-known binary, with or without heights (ISO and the older flags of GDAL and PostGIS).
    pub fn from_wkb(bytes: &[u8]) -> Shape {
        Wkb { bytes, at: 0 }.geometry().unwrap_or(Shape::Broken)
    }
}

impl Shape {
    /// Well-known binary, little endian; none for what is not a point or an area.
    pub fn to_wkb(&self) -> Option<Vec<u8>> {
        let mut out = Vec::new();
        let head = |out: &mut Vec<u8>, kind: u32| {
            out.push(1);
            out.extend(kind.to_le_bytes());
        };
        match self {
            Shape::Point(x, y) => {
                head(&mut out, 1);
                [x, y].iter().for_each(|n| out.extend(n.to_le_bytes()));
            }
            Shape::Area(area) => {
                head(&mut out, 6);
                out.extend((area.0.len() as u32).to_le_bytes());
                for polygon in &area.0 {
                    head(&mut out, 3);
                    out.extend((1 + polygon.interiors().len() as u32).to_le_bytes());
                    for ring in std::iter::once(polygon.exterior()).chain(polygon.interiors()) {
                        out.extend((ring.0.len() as u32).to_le_bytes());
                        ring.0.iter().flat_map(|c| [c.x, c.y]).for_each(|n| out.extend(n.to_le_bytes()));
                    }
                }
            }
            Shape::None | Shape::Other(_) | Shape::Broken => return None,
        }
        Some(out)
    }

    /// Well-known text; empty for what is not a point or an area.
    pub fn to_wkt(&self) -> String {
        let ring = |ring: &LineString<f64>| {
            let corners: Vec<String> = ring.0.iter().map(|c| format!("{} {}", c.x, c.y)).collect();
            format!("({})", corners.join(","))
        };
        match self {
            Shape::Point(x, y) => format!("POINT ({x} {y})"),
            Shape::Area(area) => {
                let polygons = area.0.iter().map(|polygon| {
                    let rings: Vec<String> =
                        std::iter::once(polygon.exterior()).chain(polygon.interiors()).map(ring).collect();
                    format!("({})", rings.join(","))
                });
                format!("MULTIPOLYGON ({})", polygons.collect::<Vec<_>>().join(","))
            }
            Shape::None | Shape::Other(_) | Shape::Broken => String::new(),
        }
    }
}

struct Wkb<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Wkb<'_> {
    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let end = self.at.checked_add(N)?;
        let taken = self.bytes.get(self.at..end)?.try_into().ok()?;
        self.at = end;
        Some(taken)
    }

    fn u32(&mut self, little: bool) -> Option<u32> {
        self.take().map(|b| if little { u32::from_le_bytes(b) } else { u32::from_be_bytes(b) })
    }

    fn f64(&mut self, little: bool) -> Option<f64> {
        self.take().map(|b| if little { f64::from_le_bytes(b) } else { f64::from_be_bytes(b) })
    }

    /// Byte order, type without flags, number of ordinates.
    fn head(&mut self) -> Option<(bool, u32, usize)> {
        let little = self.take::<1>()?[0] == 1;
        let code = self.u32(little)?;
        let (flags, plain) = (code >> 29, code & 0x1fff_ffff);
        if flags & 1 != 0 {
            self.u32(little)?; // SRID
        }
        let (z, m) = (flags & 4 != 0 || matches!(plain / 1000, 1 | 3), flags & 2 != 0 || matches!(plain / 1000, 2 | 3));
        Some((little, plain % 1000, 2 + usize::from(z) + usize::from(m)))
    }

    fn coord(&mut self, little: bool, ordinates: usize) -> Option<Coord<f64>> {
        let at = Coord { x: self.f64(little)?, y: self.f64(little)? };
        for _ in 2..ordinates {
            self.f64(little)?;
        }
        Some(at)
    }

    fn polygon(&mut self, little: bool, ordinates: usize) -> Option<Option<Polygon<f64>>> {
        let mut rings = Vec::new();
        for _ in 0..self.u32(little)? {
            let count = self.u32(little)? as usize;
            let mut ring = Vec::with_capacity(count.min(self.bytes.len() / 16));
            for _ in 0..count {
                ring.push(self.coord(little, ordinates)?);
            }
            rings.push(LineString(ring));
        }
        let mut rings = rings.into_iter();
        Some(rings.next().filter(|outer| !outer.0.is_empty()).map(|outer| Polygon::new(outer, rings.collect())))
    }

    fn geometry(&mut self) -> Option<Shape> {
        let (little, kind, ordinates) = self.head()?;
        Some(match kind {
            1 => {
                let at = self.coord(little, ordinates)?;
                // An empty point is written as two NaN.
                if at.x.is_nan() && at.y.is_nan() { Shape::None } else { Shape::Point(at.x, at.y) }
            }
            3 => {
                // A polygon without rings is an area of nothing, not a record without a geometry.
                Shape::Area(MultiPolygon(self.polygon(little, ordinates)?.into_iter().collect()))
            }
            4 => match self.u32(little)? {
                0 => Shape::None,
                1 => self.geometry()?,
                _ => Shape::Other("MultiPoint"),
            },
            6 => {
                let mut polygons = Vec::new();
                for _ in 0..self.u32(little)? {
                    let (little, _, ordinates) = self.head()?;
                    polygons.extend(self.polygon(little, ordinates)?);
                }
                Shape::Area(MultiPolygon(polygons))
            }
            2 | 5 => Shape::Other("LineString"),
            7 => Shape::Other("GeometryCollection"),
            8..=12 => Shape::Other("curve"),
            _ => Shape::Other("unknown"),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn points_with_and_without_height() {
        let mut iso = vec![1, 0xe9, 3, 0, 0]; // 1001: point with z
        [1.5f64, 2.5, 9.0].iter().for_each(|v| iso.extend(v.to_le_bytes()));
        assert_eq!(Shape::from_wkb(&iso), Shape::Point(1.5, 2.5));
        let mut flagged = vec![0, 0x80, 0, 0, 1];
        [1.5f64, 2.5, 9.0].iter().for_each(|v| flagged.extend(v.to_be_bytes()));
        assert_eq!(Shape::from_wkb(&flagged), Shape::Point(1.5, 2.5));
    }

    #[test]
    fn an_empty_polygon_is_an_area_of_nothing() {
        for kind in [3, 6] {
            assert_eq!(Shape::from_wkb(&[1, kind, 0, 0, 0, 0, 0, 0, 0]), Shape::Area(MultiPolygon(Vec::new())));
        }
    }

    proptest! {
        #[test]
        fn areas_survive_well_known_binary(corners in prop::collection::vec((-180.0f64..180.0, -90.0f64..90.0), 3..20)) {
            let ring = LineString(corners.iter().map(|(x, y)| Coord { x: *x, y: *y }).collect());
            let area = Shape::Area(MultiPolygon(vec![Polygon::new(ring.clone(), vec![ring])]));
            prop_assert_eq!(Shape::from_wkb(&area.to_wkb().expect("an area")), area);
        }

        #[test]
        fn nothing_panics(bytes in prop::collection::vec(any::<u8>(), 0..200), kind in 0u8..13) {
            let mut wkb = vec![1, kind, 0, 0, 0];
            wkb.extend(&bytes);
            Shape::from_wkb(&wkb);
            Shape::from_wkb(&bytes);
        }
    }
}
