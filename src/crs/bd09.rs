//! BD-09 longitude and latitude: GCJ-02 in polar coordinates, turned and stretched, and the exact inverse.
//!
//! Source: the public formula with `pi x 3000 / 180`. Libraries that use plain pi there are wrong by tens of metres.

use super::gcj02::{self, undo};
use crate::domain::LonLat;
use std::f64::consts::PI;

const BD_PI: f64 = PI * 3000.0 / 180.0;

/// BD-09 of a GCJ-02 position.
pub fn from_gcj02(at: LonLat) -> LonLat {
    let z = at.lon.hypot(at.lat) + 0.00002 * (at.lat * BD_PI).sin();
    let theta = at.lat.atan2(at.lon) + 0.000003 * (at.lon * BD_PI).cos();
    LonLat::new(z * theta.cos() + 0.0065, z * theta.sin() + 0.006)
}

/// GCJ-02 of a BD-09 position: the exact inverse of [`from_gcj02`], by iteration, to less than a micrometre.
pub fn to_gcj02(at: LonLat) -> LonLat {
    undo(at, from_gcj02)
}

/// BD-09 of a WGS84 position. Outside China, where neither system is used, the position is returned unchanged.
pub fn from_wgs84(at: LonLat) -> LonLat {
    if gcj02::applies(at) { from_gcj02(gcj02::from_wgs84(at)) } else { at }
}

/// WGS84 of a BD-09 position. Outside China the position is returned unchanged.
pub fn to_wgs84(at: LonLat) -> LonLat {
    if gcj02::applies(at) { gcj02::to_wgs84(to_gcj02(at)) } else { at }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn published_answer() {
        // coordtransform's example (MIT): the numbers taken as GCJ-02.
        let b = from_gcj02(LonLat::new(116.404, 39.915));
        assert!(b.distance_m(LonLat::new(116.41036949371029, 39.92133699351021)) < 1e-6, "{b:?}");
    }

    #[test]
    fn the_shift_has_the_known_size() {
        for (lon, lat, shift_m) in [(119.92, 28.45, 1_103.0), (117.2, 39.13, 1_353.0)] {
            let at = LonLat::new(lon, lat);
            assert!((from_wgs84(at).distance_m(at) - shift_m).abs() < 15.0, "{}", from_wgs84(at).distance_m(at));
        }
    }

    proptest! {
        #[test]
        fn the_inverse_is_exact(lon in 73.0f64..135.0, lat in 3.0f64..54.0) {
            let at = LonLat::new(lon, lat);
            prop_assert!(to_gcj02(from_gcj02(at)).distance_m(at) < 1e-6);
            prop_assert!(to_wgs84(from_wgs84(at)).distance_m(at) < 1e-6);
        }
    }
}
