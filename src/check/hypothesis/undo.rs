//! What exactly undoes a cause, point by point.

use super::Cause;
use super::form::each_form;
use crate::check::evidence::Pack;
use crate::crs::{bd09, gcj02};
use crate::domain::LonLat;

/// The places that `raw` has when a cause is undone, in the plane; only those near the city. None for causes that
/// leave no trace of the right place.
pub fn undo(pack: &Pack, raw: LonLat, cause: Cause, places: &mut Vec<[f64; 2]>) {
    places.clear();
    let mut put = |at: LonLat| places.extend(pack.near(at));
    match cause {
        _ if !raw.lon.is_finite() || !raw.lat.is_finite() => {}
        Cause::Gcj02 | Cause::Bd09 | Cause::Reversed | Cause::Twice | Cause::Library
            if raw.is_on_earth() && gcj02::applies(raw) =>
        {
            put(shift(raw, cause));
        }
        Cause::Swapped | Cause::Sexagesimal | Cause::Projected | Cause::Zone => {
            each_form(raw, |form, at| {
                if form.cause() == cause {
                    put(at);
                }
            });
        }
        _ => {}
    }
}

/// The position that a datum cause makes `raw` from.
pub fn shift(raw: LonLat, cause: Cause) -> LonLat {
    match cause {
        Cause::Gcj02 => gcj02::to_wgs84(raw),
        Cause::Bd09 => bd09::to_wgs84(raw),
        Cause::Reversed => gcj02::from_wgs84(raw),
        Cause::Twice => gcj02::to_wgs84(gcj02::to_wgs84(raw)),
        // Through the faulty formula and back by the right one.
        Cause::Library => gcj02::to_wgs84_faulty(gcj02::from_wgs84(raw)),
        _ => raw,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_datum_cause_is_undone_to_the_millimetre() {
        let truth = LonLat::new(119.922293, 28.451103);
        for (cause, raw) in [
            (Cause::Gcj02, gcj02::from_wgs84(truth)),
            (Cause::Bd09, bd09::from_wgs84(truth)),
            (Cause::Reversed, gcj02::to_wgs84(truth)),
            (Cause::Twice, gcj02::from_wgs84(gcj02::from_wgs84(truth))),
            (Cause::Library, gcj02::to_wgs84(gcj02::from_wgs84_faulty(truth))),
        ] {
            assert!(raw.distance_m(truth) > 5.0, "{cause:?}");
            assert!(shift(raw, cause).distance_m(truth) < 1e-3, "{cause:?}");
        }
    }
}
