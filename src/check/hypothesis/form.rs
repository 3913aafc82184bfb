//! The forms in which coordinates are given by mistake, and what reads each rightly.

use super::Cause;
use crate::crs::gauss;
use crate::domain::LonLat;
use crate::error::Text;

/// A form that coordinates were in when they were read as degrees.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// Latitude first.
    Swapped,
    /// Gauss-Krüger metres about a central meridian, degrees.
    GaussKruger(u32),
    /// Web Mercator metres.
    WebMercator,
    /// Off by this many degrees of longitude: a wrong zone.
    Zone(i32),
    /// `119.5512` for 119° 55' 12".
    Dms,
    /// `119.552` for 119° 55.2'.
    DegreesMinutes,
    /// `11955.2` for 119° 55.2'.
    Nmea,
}

impl Form {
    /// The cause that it belongs to.
    pub fn cause(self) -> Cause {
        match self {
            Form::Swapped => Cause::Swapped,
            Form::GaussKruger(_) | Form::WebMercator => Cause::Projected,
            Form::Zone(_) => Cause::Zone,
            Form::Dms | Form::DegreesMinutes | Form::Nmea => Cause::Sexagesimal,
        }
    }

    /// What is done to read it rightly.
    pub fn text(self) -> Text {
        match self {
            Form::Swapped => Text::new("经纬度对调", "longitude and latitude exchanged"),
            Form::GaussKruger(meridian) => Text::new(
                format!("按中央经线 {meridian}° 的高斯-克吕格投影还原"),
                format!("read as Gauss-Kruger metres of the central meridian {meridian} E"),
            ),
            Form::WebMercator => Text::new("按 Web 墨卡托投影还原", "read as Web Mercator metres"),
            Form::Zone(degrees) => Text::new(
                format!("投影带号错误，经度偏 {degrees}°"),
                format!("wrong projection zone, off by {degrees} degrees of longitude"),
            ),
            Form::Dms => Text::new("度分秒被当作小数度", "degrees, minutes and seconds read as decimal degrees"),
            Form::DegreesMinutes => Text::new("度和分被当作小数度", "degrees and minutes read as decimal degrees"),
            Form::Nmea => {
                Text::new("NMEA 的度分格式被当作小数度", "NMEA degrees and minutes (ddmm.mmmm) read as decimal degrees")
            }
        }
    }
}

/// Whether coordinates are zero, nearly zero, no numbers, or one of the numbers that systems write for "none".
pub fn is_sentinel(raw: LonLat) -> bool {
    let none = |v: f64| !v.is_finite() || [999.0, 9_999.0, 99_999.0, 999_999.0].contains(&v.abs());
    let (lon, lat) = (raw.lon, raw.lat);
    none(lon)
        || none(lat)
        || lon == 0.0
        || lat == 0.0
        || (lon.abs() < 1.0 && lat.abs() < 1.0)
        || (lon, lat) == (-1.0, -1.0)
}

/// Decimals of a number, at most nine.
pub fn decimals(v: f64) -> u32 {
    let mut scale = 1.0;
    for places in 0..9 {
        if (v * scale).round() / scale == v {
            return places;
        }
        scale *= 10.0;
    }
    9
}

/// Zones to either side that may be mixed up.
const ZONES: i32 = 20;

/// Calls `put` with every form that two numbers may be in, and the place that they then have.
pub fn each_form(raw: LonLat, mut put: impl FnMut(Form, LonLat)) {
    let (x, y) = (raw.lon, raw.lat);
    put(Form::Swapped, LonLat::new(y, x));
    for (easting, northing) in [(x, y), (y, x)] {
        if northing.abs() > 1_000.0 && easting.abs() > 1_000.0 {
            gauss_kruger(easting, northing, &mut put);
            put(Form::WebMercator, gauss::web_mercator(easting, northing));
        }
    }
    for k in (-ZONES..=ZONES).filter(|k| *k != 0) {
        put(Form::Zone(3 * k), LonLat::new(x - f64::from(3 * k), y));
    }
    for (form, read) in
        [(Form::Dms, dms as fn(f64) -> Option<f64>), (Form::DegreesMinutes, degrees_minutes), (Form::Nmea, nmea)]
    {
        if let (Some(lon), Some(lat)) = (read(x), read(y)) {
            put(form, LonLat::new(lon, lat));
        }
    }
}

/// The form whose place is `at`, or within a hand's breadth of it.
pub fn form_of(raw: LonLat, cause: Cause, at: LonLat) -> Option<Form> {
    let mut found = None;
    each_form(raw, |form, place| {
        if form.cause() == cause && place.is_on_earth() && place.distance_m(at) < 0.1 && found.is_none() {
            found = Some(form);
        }
    });
    found
}

/// The places that an easting and a northing have in the zones of China: one where the zone's number stands in front of
/// the easting, else one for every meridian.
fn gauss_kruger(easting: f64, northing: f64, put: &mut impl FnMut(Form, LonLat)) {
    let number = (easting / 1e6).floor();
    let rest = easting - number * 1e6;
    if !(-500_000.0..=1_500_000.0).contains(&rest) || !(1_500_000.0..=6_500_000.0).contains(&northing) {
        return;
    }
    let mut at = |meridian: u32| {
        if let Some(place) = gauss::lonlat(rest, northing, f64::from(meridian), 500_000.0) {
            put(Form::GaussKruger(meridian), place);
        }
    };
    match number as i64 {
        0 => (75..=135).step_by(3).for_each(at),
        n @ 13..=23 => at(n as u32 * 6 - 3),
        n @ 25..=45 => at(n as u32 * 3),
        _ => {}
    }
}

fn dms(v: f64) -> Option<f64> {
    let degrees = v.abs().floor();
    // A tenth of a millisecond of arc, so that 55.999999 is read as 56.
    let digits = ((v.abs() - degrees) * 1e8).round() / 1e4;
    let minutes = (digits / 100.0).floor();
    let seconds = digits - minutes * 100.0;
    (minutes < 60.0 && seconds < 60.0 && v != 0.0).then(|| (degrees + minutes / 60.0 + seconds / 3600.0).copysign(v))
}

fn degrees_minutes(v: f64) -> Option<f64> {
    let degrees = v.abs().floor();
    let fraction = v.abs() - degrees;
    (fraction < 0.6 && v != 0.0).then(|| (degrees + fraction / 0.6).copysign(v))
}

fn nmea(v: f64) -> Option<f64> {
    let degrees = (v.abs() / 100.0).floor();
    let minutes = v.abs() - degrees * 100.0;
    (v.abs() > 180.0 && degrees <= 180.0 && minutes < 60.0).then(|| (degrees + minutes / 60.0).copysign(v))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_is_read_exactly() {
        let truth = LonLat::new(119.922293, 28.451103);
        let sexagesimal = |v: f64| {
            let minutes = (v.fract() * 60.0).floor();
            v.floor() + minutes / 100.0 + (v.fract() * 60.0 - minutes) * 60.0 / 10_000.0
        };
        for (raw, cause) in [
            (LonLat::new(28.451103, 119.922293), Cause::Swapped),
            (LonLat::new(492388.6596, 3148436.8394), Cause::Projected),
            (LonLat::new(3148436.8394, 492388.6596), Cause::Projected),
            (LonLat::new(40492388.6596, 3148436.8394), Cause::Projected),
            (LonLat::new(20786304.552, 3151914.7186), Cause::Projected),
            (LonLat::new(122.922293, 28.451103), Cause::Zone),
            (LonLat::new(113.922293, 28.451103), Cause::Zone),
            (LonLat::new(sexagesimal(119.922293), sexagesimal(28.451103)), Cause::Sexagesimal),
            (LonLat::new(119.0 + 0.922293 * 0.6, 28.0 + 0.451103 * 0.6), Cause::Sexagesimal),
            (LonLat::new(11955.33758, 2827.06618), Cause::Sexagesimal),
        ] {
            let form = form_of(raw, cause, truth);
            assert_eq!(form.map(Form::cause), Some(cause), "{raw:?}");
            assert!(!form.expect("just found").text().zh.is_empty());
        }
        assert_eq!(form_of(truth, Cause::Swapped, truth), None);
    }

    #[test]
    fn numbers_that_mean_none() {
        for (lon, lat, found) in [
            (0.0, 0.0, true),
            (0.0001, -0.0002, true),
            (999.0, 999.0, true),
            (119.9, 0.0, true),
            (f64::NAN, 28.4, true),
            (-1.0, -1.0, true),
            (119.9, 28.4, false),
            (28.4, 119.9, false),
        ] {
            assert_eq!(is_sentinel(LonLat::new(lon, lat)), found, "{lon} {lat}");
        }
    }

    #[test]
    fn decimals_are_counted() {
        for (v, n) in [(119.0, 0), (119.9, 1), (28.45, 2), (119.905, 3), (-0.12, 2), (119.12345, 5), (139.752436911, 9)]
        {
            assert_eq!(decimals(v), n, "{v}");
        }
    }
}
