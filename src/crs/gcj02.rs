//! GCJ-02: the published formula and its exact inverse.
//!
//! Source: the open formula as in eviltransform and coordtransform (Krasovsky axis 6,378,245 m). Map providers' own
//! answers differ from it by 0.04 to 1.3 m.

use crate::domain::LonLat;
use std::f64::consts::PI;

const SEMI_MAJOR_M: f64 = 6_378_245.0;
const ECCENTRICITY_2: f64 = 0.006_693_421_622_965_943;

/// Steps of the inverse: 4.8 m are left after one, 3 cm after two, 0.2 mm after three, 1 um after four.
const STEPS: usize = 6;

/// Whether the formula applies: the rectangle round China that all published code uses.
pub fn applies(at: LonLat) -> bool {
    (72.004..=137.8347).contains(&at.lon) && (0.8293..=55.8271).contains(&at.lat)
}

fn waves(x: f64) -> f64 {
    (20.0 * (6.0 * x * PI).sin() + 20.0 * (2.0 * x * PI).sin()) * 2.0 / 3.0
}

fn north_m(x: f64, y: f64) -> f64 {
    -100.0
        + 2.0 * x
        + 3.0 * y
        + 0.2 * y * y
        + 0.1 * x * y
        + 0.2 * x.abs().sqrt()
        + waves(x)
        + (20.0 * (y * PI).sin() + 40.0 * (y / 3.0 * PI).sin()) * 2.0 / 3.0
        + (160.0 * (y / 12.0 * PI).sin() + 320.0 * (y * PI / 30.0).sin()) * 2.0 / 3.0
}

/// `core` is x; the faulty library puts y there.
fn east_m(x: f64, y: f64, core: f64) -> f64 {
    300.0
        + x
        + 2.0 * y
        + 0.1 * x * x
        + 0.1 * x * y
        + 0.1 * x.abs().sqrt()
        + waves(x)
        + (20.0 * (core * PI).sin() + 40.0 * (core / 3.0 * PI).sin()) * 2.0 / 3.0
        + (150.0 * (x / 12.0 * PI).sin() + 300.0 * (x / 30.0 * PI).sin()) * 2.0 / 3.0
}

fn shifted(at: LonLat, faulty: bool) -> LonLat {
    let (x, y) = (at.lon - 105.0, at.lat - 35.0);
    let (sin, cos) = at.lat.to_radians().sin_cos();
    let magic = 1.0 - ECCENTRICITY_2 * sin * sin;
    let root = magic.sqrt();
    let (north_m, east_m) = (north_m(x, y), east_m(x, y, if faulty { y } else { x }));
    LonLat::new(
        at.lon + east_m * 180.0 / (SEMI_MAJOR_M / root * cos * PI),
        at.lat + north_m * 180.0 / (SEMI_MAJOR_M * (1.0 - ECCENTRICITY_2) / (magic * root) * PI),
    )
}

/// GCJ-02 of a WGS84 (or CGCS2000) position. Outside China the position is returned unchanged.
pub fn from_wgs84(at: LonLat) -> LonLat {
    if applies(at) { shifted(at, false) } else { at }
}

/// What a widespread faulty library makes of a WGS84 position: the latitude's term stands in the longitude's formula,
/// which drifts east or west by up to 57 m. For recognising its output, never for use.
pub fn from_wgs84_faulty(at: LonLat) -> LonLat {
    if applies(at) { shifted(at, true) } else { at }
}

/// WGS84 of a GCJ-02 position: the exact inverse of [`from_wgs84`], by fixed-point iteration, to less than a
/// micrometre. Outside China the position is returned unchanged.
pub fn to_wgs84(at: LonLat) -> LonLat {
    if applies(at) { undo(at, |w| shifted(w, false)) } else { at }
}

/// The position that [`from_wgs84_faulty`] makes `at` from.
pub fn to_wgs84_faulty(at: LonLat) -> LonLat {
    if applies(at) { undo(at, |w| shifted(w, true)) } else { at }
}

/// Undoes `forward`, a shift that changes slowly, by fixed-point iteration.
pub(super) fn undo(at: LonLat, forward: impl Fn(LonLat) -> LonLat) -> LonLat {
    let mut guess = at;
    for _ in 0..STEPS {
        let image = forward(guess);
        guess = LonLat::new(guess.lon - (image.lon - at.lon), guess.lat - (image.lat - at.lat));
    }
    guess
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn published_answers() {
        // eviltransform's own tests (MIT), and coordtransform's example.
        for (lon, lat, g_lon, g_lat) in [
            (121.5272106, 31.1774276, 121.531541859215, 31.17530398364597),
            (113.912316, 22.543847, 113.9171764808363, 22.540796131694766),
            (116.377817, 39.911954, 116.38404722455657, 39.91334545536069),
            (116.404, 39.915, 116.41024449916938, 39.91640428150164),
        ] {
            let g = from_wgs84(LonLat::new(lon, lat));
            assert!(g.distance_m(LonLat::new(g_lon, g_lat)) < 1e-6, "{lon} {lat}: {g:?}");
        }
    }

    #[test]
    fn outside_china_nothing_moves() {
        for (lon, lat) in
            [(-104.9903, 39.7392), (153.0251, -27.4698), (-43.1729, -22.9068), (139.75, 35.71), (0.0, 0.0)]
        {
            let at = LonLat::new(lon, lat);
            assert_eq!((from_wgs84(at), to_wgs84(at), from_wgs84_faulty(at)), (at, at, at));
        }
    }

    #[test]
    fn the_faulty_library_drifts_east_and_west_only() {
        let at = LonLat::new(119.92, 28.45);
        let (right, wrong) = (from_wgs84(at), from_wgs84_faulty(at));
        assert_eq!(right.lat, wrong.lat);
        assert!(right.distance_m(wrong) > 1.0 && right.distance_m(wrong) < 57.0);
    }

    proptest! {
        #[test]
        fn the_inverse_is_exact(lon in 73.0f64..135.0, lat in 3.0f64..54.0) {
            let at = LonLat::new(lon, lat);
            prop_assert!(to_wgs84(from_wgs84(at)).distance_m(at) < 1e-6);
            prop_assert!(from_wgs84(to_wgs84(at)).distance_m(at) < 1e-6);
            prop_assert!(to_wgs84_faulty(from_wgs84_faulty(at)).distance_m(at) < 1e-6);
        }
    }
}
