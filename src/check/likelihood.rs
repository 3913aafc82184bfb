//! The few formulas by which rules weigh what they see.

/// The standard normal distribution function, within 1.5e-7 (Abramowitz and Stegun 1964, 7.1.26).
pub fn phi(z: f64) -> f64 {
    let x = z.abs() / std::f64::consts::SQRT_2;
    let t = 1.0 / (1.0 + 0.327_591_1 * x);
    let poly =
        t * (0.254_829_592 + t * (-0.284_496_736 + t * (1.421_413_741 + t * (-1.453_152_027 + t * 1.061_405_429))));
    let tail = 0.5 * poly * (-x * x).exp();
    if z < 0.0 { tail } else { 1.0 - tail }
}

/// `x.exp()`, at once where that is nothing: there the C library takes several times as long as elsewhere.
pub fn exp(x: f64) -> f64 {
    const NOTHING: f64 = -746.0;
    if x < NOTHING { 0.0 } else { x.exp() }
}

/// A positive number in so many steps to the double: what hardly changes does not change at all.
pub fn in_steps(value: f64, steps: f64) -> f64 {
    ((value.log2() * steps).round() / steps).exp2()
}

/// How probable it is that a place `outside_m` beyond the border of its declared grid is there by error, not by noise.
///
/// Noise: places near a border are as dense as the grid has border to area, and cross it with
/// `Phi((4 - outside) / sigma)`. Error: `share` of the records, spread over a few hundred metres.
pub fn error_beyond_border(outside_m: f64, sigma_m: f64, grid_size_m: f64, share: f64) -> f64 {
    const SPREAD_M: f64 = 200.0;
    let noise = (1.0 - share) * 4.0 / grid_size_m.max(20.0) * phi((4.0 - outside_m) / sigma_m);
    let error = share / SPREAD_M;
    error / (error + noise)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn phi_is_the_normal_distribution() {
        for (z, p) in [(0.0, 0.5), (1.0, 0.841_344_7), (-1.0, 0.158_655_3), (-3.0, 0.001_349_9), (6.0, 1.0)] {
            assert!((phi(z) - p).abs() < 2e-7, "{z}");
        }
    }

    #[test]
    fn steps_are_as_wide_as_they_say() {
        assert_eq!([9_060.0, 9_059.0, 8_192.0].map(|n| in_steps(n, 1.0)), [8_192.0; 3]);
        let told: std::collections::BTreeSet<u64> =
            (1_000..=2_000).map(|n| in_steps(f64::from(n), 4.0).to_bits()).collect();
        assert_eq!(told.len(), 5, "four to the double, and the next");
        assert!((1_000..2_000).all(|n| (in_steps(f64::from(n), 4.0) / f64::from(n)).log2().abs() <= 0.125 + 1e-12));
    }

    #[test]
    fn nothing_is_nothing() {
        for x in [0.0, -0.0, 3.5, -700.0, -745.1, -745.2, -745.9, -746.0, -746.1, -1e9, f64::NEG_INFINITY] {
            assert_eq!(exp(x).to_bits(), x.exp().to_bits(), "{x}");
        }
        assert!(exp(f64::NAN).is_nan());
    }

    #[test]
    fn the_farther_out_the_more_an_error() {
        // Of a phone's radius of two fixes in three, with five metres for what else moves a pin.
        let sigma_m = |accuracy_m: f64| (accuracy_m / 1.5).hypot(5.0);
        let p = |outside_m: f64, accuracy_m: f64| error_beyond_border(outside_m, sigma_m(accuracy_m), 200.0, 0.02);
        assert!(p(1.0, 15.0) < 0.05, "a border by a metre is nobody's mistake: {}", p(1.0, 15.0));
        assert!(p(100.0, 15.0) > 0.999);
        assert!(p(30.0, 5.0) > p(30.0, 40.0));
        assert!((0..300).all(|m| p(f64::from(m), 15.0) <= p(f64::from(m + 1), 15.0)));
    }
}
