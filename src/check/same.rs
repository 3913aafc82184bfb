//! The records of one address, however they write it.

use crate::domain::LonLat;
use geo::{ConvexHull, Coord, MultiPoint};

/// Addresses in use that are the same.
#[derive(Debug, Clone)]
pub struct Same {
    /// Their rows, ascending.
    pub rows: Vec<u32>,
    /// How many have a pin on earth.
    pinned: usize,
    /// Those pins; of many, only the outermost: one of them is the farthest from any pin.
    outermost: Vec<LonLat>,
}

impl Same {
    /// Pins up to which all are kept.
    const FEW: usize = 16;

    /// The records in some rows, with their pins.
    pub fn new(rows: Vec<u32>, pin: impl Fn(u32) -> Option<LonLat>) -> Same {
        let pins: Vec<LonLat> = rows.iter().filter_map(|i| pin(*i)).filter(|at| at.is_on_earth()).collect();
        let pinned = pins.len();
        let outermost = if pinned <= Self::FEW {
            pins
        } else {
            let points: MultiPoint<f64> =
                pins.iter().map(|at| Coord { x: at.lon, y: at.lat }).collect::<Vec<_>>().into();
            points.convex_hull().exterior().0.iter().map(|c| LonLat::new(c.x, c.y)).collect()
        };
        Same { rows, pinned, outermost }
    }

    /// The first of the others than the one in row `i`.
    pub fn first_but(&self, i: u32) -> Option<u32> {
        self.rows.iter().copied().find(|row| *row != i)
    }

    /// Metres from the pin of one of them to the farthest of the others; none where only one has a pin.
    pub fn farthest_m(&self, from: LonLat) -> Option<f64> {
        let metres = self.outermost.iter().map(|at| from.distance_m(*at));
        metres.reduce(f64::max).filter(|_| self.pinned > 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::{RngExt, SeedableRng};

    #[test]
    fn the_farthest_of_many_is_that_of_all() {
        let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(5);
        for spread_deg in [0.0, 0.000_1, 0.2] {
            let mut near = |at: f64| at + spread_deg * rng.random_range(-0.5f64..0.5);
            let pins: Vec<LonLat> = (0..300).map(|_| LonLat::new(near(119.9), near(28.4))).collect();
            let same = Same::new((0..300).collect(), |i| Some(pins[i as usize]));
            for from in &pins {
                let all = pins.iter().map(|at| from.distance_m(*at)).fold(0.0, f64::max);
                let found = same.farthest_m(*from).expect("others");
                assert!((found - all).abs() < 1e-6, "{found} of {all}");
            }
        }
    }

    #[test]
    fn alone_with_a_pin() {
        let at = LonLat::new(119.9, 28.4);
        let same = Same::new(vec![3, 7], |i| (i == 7).then_some(at));
        assert_eq!((same.first_but(3), same.first_but(7), same.farthest_m(at)), (Some(7), Some(3), None));
    }
}
