//! Places of many records, in half the room where they are given to seven decimals.

use super::lonlat::LonLat;

/// Steps to a degree that fit: a centimetre on the ground.
const STEPS: f64 = 1e7;

/// Places by row, each as it was given, bit for bit.
#[derive(Debug)]
pub enum Places {
    /// Whole numbers of 1e-7 degrees.
    Steps(Box<[[i32; 2]]>),
    /// Some are none.
    Degrees(Box<[LonLat]>),
}

impl Places {
    /// Packs places.
    pub fn pack(places: &[LonLat]) -> Places {
        let steps = places.iter().map(|at| Some([steps(at.lon)?, steps(at.lat)?])).collect();
        match steps {
            Some(steps) => Places::Steps(steps),
            None => Places::Degrees(places.into()),
        }
    }

    /// The place of a row.
    pub fn get(&self, row: usize) -> LonLat {
        match self {
            Places::Steps(steps) => {
                let [lon, lat] = steps[row].map(|steps| f64::from(steps) / STEPS);
                LonLat::new(lon, lat)
            }
            Places::Degrees(places) => places[row],
        }
    }

    /// Bytes that they take on the heap.
    pub fn bytes(&self) -> usize {
        match self {
            Places::Steps(steps) => size_of_val(&**steps),
            Places::Degrees(places) => size_of_val(&**places),
        }
    }
}

fn steps(degrees: f64) -> Option<i32> {
    let steps = (degrees * STEPS).round() as i32;
    ((f64::from(steps) / STEPS).to_bits() == degrees.to_bits()).then_some(steps)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_place_comes_back() {
        let decimals: Vec<LonLat> = (0..20_000)
            .map(|n| LonLat::new(f64::from(n * 90_007 - 900_000_000) / 1e7, f64::from(n * 44_021) / 1e7))
            .collect();
        let packed = Places::pack(&decimals);
        assert_eq!(packed.bytes(), 8 * decimals.len());
        for odd in [0.1 + 0.2, -0.0, f64::NAN, f64::INFINITY, 1e300, 214.748_364_8, 119.123_456_78] {
            let places = [decimals[7], LonLat::new(odd, 28.4), decimals[8]];
            let packed = Places::pack(&places);
            assert_eq!(packed.bytes(), 16 * places.len(), "{odd}");
            let bits = |at: LonLat| [at.lon.to_bits(), at.lat.to_bits()];
            (0..places.len()).for_each(|row| assert_eq!(bits(packed.get(row)), bits(places[row]), "{odd}"));
        }
        assert!((0..decimals.len()).all(|row| packed.get(row) == decimals[row]));
    }
}
