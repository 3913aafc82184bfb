//! Gauss-Krüger of the CGCS2000 ellipsoid by series, for whoever undoes millions of points and needs no PROJ.

use crate::domain::LonLat;
use crate::domain::lonlat::SEMI_MAJOR_M;

/// Third flattening of the CGCS2000 ellipsoid, f = 1 / 298.257222101.
const N: f64 = 1.0 / (2.0 * 298.257_222_101 - 1.0);

fn series<const K: usize>(table: [[f64; 4]; K]) -> [f64; K] {
    table.map(|[a, b, c, d]| N * (a + N * (b + N * (c + N * d))))
}

/// Longitude and latitude of an easting and northing in metres, by the central meridian in degrees and the easting that
/// it has. Krüger's series to the fourth order (Krüger 1912; coefficients as in Karney 2011, J. Geodesy 85): better
/// than a micrometre within a zone, a millimetre twenty degrees away. None far outside what a zone can hold.
pub fn lonlat(easting_m: f64, northing_m: f64, meridian_deg: f64, false_easting_m: f64) -> Option<LonLat> {
    let radius_m = SEMI_MAJOR_M / (1.0 + N) * (1.0 + N * N / 4.0 + N.powi(4) / 64.0);
    let beta = series([
        [1.0 / 2.0, -2.0 / 3.0, 37.0 / 96.0, -1.0 / 360.0],
        [0.0, 1.0 / 48.0, 1.0 / 15.0, -437.0 / 1440.0],
        [0.0, 0.0, 17.0 / 480.0, -37.0 / 840.0],
        [0.0, 0.0, 0.0, 4397.0 / 161_280.0],
    ]);
    let delta = series([
        [2.0, -2.0 / 3.0, -2.0, 116.0 / 45.0],
        [0.0, 7.0 / 3.0, -8.0 / 5.0, -227.0 / 45.0],
        [0.0, 0.0, 56.0 / 15.0, -136.0 / 35.0],
        [0.0, 0.0, 0.0, 4279.0 / 630.0],
    ]);
    let (xi, eta) = (northing_m / radius_m, (easting_m - false_easting_m) / radius_m);
    if !(xi.abs() < 1.6 && eta.abs() < 0.7) {
        return None;
    }
    let (mut xi_0, mut eta_0) = (xi, eta);
    for (j, b) in (1..).zip(beta) {
        let k = 2.0 * f64::from(j);
        xi_0 -= b * (k * xi).sin() * (k * eta).cosh();
        eta_0 -= b * (k * xi).cos() * (k * eta).sinh();
    }
    let conformal = (xi_0.sin() / eta_0.cosh()).asin();
    let mut lat = conformal;
    for (j, d) in (1..).zip(delta) {
        lat += d * (2.0 * f64::from(j) * conformal).sin();
    }
    let lon = eta_0.sinh().atan2(xi_0.cos());
    Some(LonLat::new(meridian_deg + lon.to_degrees(), lat.to_degrees()))
}

/// Longitude and latitude of Web Mercator metres (EPSG:3857).
pub fn web_mercator(x: f64, y: f64) -> LonLat {
    LonLat::new((x / SEMI_MAJOR_M).to_degrees(), (2.0 * (y / SEMI_MAJOR_M).exp().atan()).to_degrees() - 90.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agrees_with_proj() {
        // PROJ 9.5.1: EPSG:4490 119.922293, 28.451103 in EPSG 4549, 4548 and 4544.
        let expected = LonLat::new(119.922293, 28.451103);
        for (meridian, x, y, within_m) in [
            (120.0, 492388.6596, 3148436.8394, 2e-4),
            (117.0, 786304.552, 3151914.7186, 2e-4),
            (105.0, 1970706.4422, 3241026.6715, 2e-3),
        ] {
            let at = lonlat(x, y, meridian, 500_000.0).expect("a place");
            assert!(at.distance_m(expected) < within_m, "{meridian}: {at:?}");
        }
        assert_eq!(lonlat(1e9, 3e6, 120.0, 5e5), None);
        assert_eq!(lonlat(f64::NAN, 3e6, 120.0, 5e5), None);
    }

    #[test]
    fn web_mercator_is_undone() {
        // PROJ 9.5.1: EPSG:4326 116.404, 39.915 in EPSG:3857.
        let at = web_mercator(12_958_034.006_3, 4_853_597.988_2);
        assert!(at.distance_m(LonLat::new(116.404, 39.915)) < 0.01, "{at:?}");
    }
}
