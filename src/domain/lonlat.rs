//! Positions and the local plane in which short distances are measured.

use serde::{Deserialize, Serialize};

/// GRS80 semi-major axis in metres (CGCS2000, GB 22021-2008).
pub const SEMI_MAJOR_M: f64 = 6_378_137.0;
/// First eccentricity squared of the CGCS2000 ellipsoid (flattening 1 / 298.257222101).
pub const ECCENTRICITY_2: f64 = 0.006_694_380_022_900_788;

/// A position: degrees of CGCS2000 (EPSG:4490), longitude first.
///
/// A pin as it was collected may hold any two numbers (swapped, zero, metres): ask [`LonLat::is_on_earth`] before
/// measuring with it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct LonLat {
    /// Longitude in degrees, east positive.
    pub lon: f64,
    /// Latitude in degrees, north positive.
    pub lat: f64,
}

impl LonLat {
    /// A position from longitude and latitude in degrees.
    pub const fn new(lon: f64, lat: f64) -> Self {
        LonLat { lon, lat }
    }

    /// Whether both numbers are finite and within -180..180 and -90..90.
    pub fn is_on_earth(self) -> bool {
        self.lon.abs() <= 180.0 && self.lat.abs() <= 90.0
    }

    /// Metres to `other`, in the tangent plane at the mean latitude: better than 1 mm within 10 km of each other.
    pub fn distance_m(self, other: LonLat) -> f64 {
        let frame = Frame::at(LonLat::new(self.lon, (self.lat + other.lat) / 2.0));
        let ([ax, ay], [bx, by]) = (frame.xy(self), frame.xy(other));
        (bx - ax).hypot(by - ay)
    }

    /// The box of degrees `[west, south, east, north]` that reaches so many metres to each side.
    pub fn around(self, reach_m: f64) -> [f64; 4] {
        let frame = Frame::at(self);
        // Near a pole a degree of longitude is hardly anything.
        let (dx, dy) = (reach_m / frame.m_per_lon.max(1.0), reach_m / frame.m_per_lat);
        [self.lon - dx, self.lat - dy, self.lon + dx, self.lat + dy]
    }

    /// Compass bearing to `other` in degrees, 0 north, 90 east.
    pub fn bearing_deg(self, other: LonLat) -> f64 {
        let [x, y] = Frame::at(self).xy(other);
        x.atan2(y).to_degrees().rem_euclid(360.0)
    }
}

/// A local tangent plane of the CGCS2000 ellipsoid: x east, y north, in metres from its origin.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Frame {
    /// Where x and y are zero.
    pub origin: LonLat,
    /// Metres in a degree of longitude at the origin.
    pub m_per_lon: f64,
    /// Metres in a degree of latitude at the origin.
    pub m_per_lat: f64,
}

impl Frame {
    /// The plane that touches the ellipsoid at `origin`.
    pub fn at(origin: LonLat) -> Self {
        let (sin, cos) = origin.lat.to_radians().sin_cos();
        let w_2 = 1.0 - ECCENTRICITY_2 * sin * sin;
        let prime_vertical_m = SEMI_MAJOR_M / w_2.sqrt();
        let meridian_m = prime_vertical_m * (1.0 - ECCENTRICITY_2) / w_2;
        Frame { origin, m_per_lon: (prime_vertical_m * cos).to_radians(), m_per_lat: meridian_m.to_radians() }
    }

    /// Metres east and north of the origin.
    pub fn xy(&self, at: LonLat) -> [f64; 2] {
        [(at.lon - self.origin.lon) * self.m_per_lon, (at.lat - self.origin.lat) * self.m_per_lat]
    }

    /// The position `x` metres east and `y` metres north of the origin.
    pub fn lonlat(&self, [x, y]: [f64; 2]) -> LonLat {
        LonLat::new(self.origin.lon + x / self.m_per_lon, self.origin.lat + y / self.m_per_lat)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances_agree_with_the_ellipsoid() {
        // Geodesics on GRS80 computed with PROJ 9 (`geod +ellps=GRS80 -I`), at 28.45 N.
        let a = LonLat::new(119.92, 28.45);
        for (b, expected_m) in [(LonLat::new(119.92, 28.46), 1_108.389), (LonLat::new(119.93, 28.45), 979.165)] {
            assert!((a.distance_m(b) - expected_m).abs() < 0.5, "{} {expected_m}", a.distance_m(b));
        }
    }

    #[test]
    fn the_plane_has_an_inverse() {
        let frame = Frame::at(LonLat::new(119.92, 28.45));
        let p = frame.lonlat([123.4, -987.6]);
        let [x, y] = frame.xy(p);
        assert!((x - 123.4).abs() < 1e-6 && (y + 987.6).abs() < 1e-6);
    }

    #[test]
    fn bearings_are_compass_bearings() {
        let a = LonLat::new(119.92, 28.45);
        assert!((a.bearing_deg(LonLat::new(119.93, 28.45)) - 90.0).abs() < 1e-9);
        assert!((a.bearing_deg(LonLat::new(119.92, 28.44)) - 180.0).abs() < 1e-9);
    }
}
