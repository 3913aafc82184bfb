//! Metres of a 3-degree Gauss-Krüger zone, to put the error in that the check has to find.

use crate::domain::LonLat;
use crate::domain::lonlat::{ECCENTRICITY_2, SEMI_MAJOR_M};

/// Easting (false easting 500 km) and northing on CGCS2000 by the series of Gauss and Krüger, to a millimetre within
/// 3 degrees of the central meridian.
///
/// Source: Snyder 1987, Map Projections: A Working Manual, equations 8-9 to 8-13 with a scale of 1.
pub fn gauss_kruger(at: LonLat, meridian_deg: f64) -> [f64; 2] {
    let e2 = ECCENTRICITY_2;
    let e2s = e2 / (1.0 - e2);
    let phi = at.lat.to_radians();
    let (sin, cos) = phi.sin_cos();
    let n = SEMI_MAJOR_M / (1.0 - e2 * sin * sin).sqrt();
    let t = (sin / cos).powi(2);
    let c = e2s * cos * cos;
    let a = (at.lon - meridian_deg).to_radians() * cos;
    let m = SEMI_MAJOR_M
        * ((1.0 - e2 / 4.0 - 3.0 * e2 * e2 / 64.0 - 5.0 * e2.powi(3) / 256.0) * phi
            - (3.0 * e2 / 8.0 + 3.0 * e2 * e2 / 32.0 + 45.0 * e2.powi(3) / 1024.0) * (2.0 * phi).sin()
            + (15.0 * e2 * e2 / 256.0 + 45.0 * e2.powi(3) / 1024.0) * (4.0 * phi).sin()
            - 35.0 * e2.powi(3) / 3072.0 * (6.0 * phi).sin());
    let east = n
        * (a + (1.0 - t + c) * a.powi(3) / 6.0 + (5.0 - 18.0 * t + t * t + 72.0 * c - 58.0 * e2s) * a.powi(5) / 120.0);
    let north = m + n * sin / cos
        * (a * a / 2.0
            + (5.0 - t + 9.0 * c + 4.0 * c * c) * a.powi(4) / 24.0
            + (61.0 - 58.0 * t + t * t + 600.0 * c - 330.0 * e2s) * a.powi(6) / 720.0);
    [500_000.0 + east, north]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crs::{Crs, Door};

    #[test]
    fn the_door_leads_back() {
        let door = Door::new(&Crs::Epsg(4549)).expect("the zone of 120 degrees");
        for at in [LonLat::new(119.92, 28.45), LonLat::new(121.2, 30.0)] {
            let [x, y] = gauss_kruger(at, 120.0);
            assert!(door.inside(x, y).expect("a place in the zone").distance_m(at) < 0.005);
        }
    }
}
