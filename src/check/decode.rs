//! Coordinates that were read in the wrong form: what undoes it, and how probable each reading is.
//!
//! A pin that stands where its record belongs is left alone. Otherwise each reading undoes one cause exactly, and the
//! restored points compete: by how common the cause is, and by how well the restored point fits what the record says of
//! itself (the building with its address, its declared grid, the ground of the city).

use super::context::Context;
use super::finding::{Finding, metres_text};
use super::standing::{Standing, grid_name, standing};
use crate::crs::gauss;
use crate::domain::{Frame, LonLat};
use crate::error::Text;

/// A way to read coordinates, with the point that it gives.
#[derive(Debug, Clone, PartialEq)]
pub struct Reading {
    /// Code of the rule for this cause.
    pub rule: &'static str,
    /// The restored point.
    pub at: LonLat,
    /// What was done, in words.
    pub how: Text,
    /// How probable it is that this is what happened, 0 to 1.
    pub probability: f64,
    /// How probable the cause is in all its forms, 0 to 1.
    pub cause_probability: f64,
}

/// How common a cause is before anything is known of the record.
const PRIOR: f64 = 0.002;
/// How common it is that a record is wrong for a reason that no reading undoes.
const PRIOR_OTHER: f64 = 0.03;
/// A pin within this distance of its declared grid, metres, was not read in the wrong form.
const NEAR_GRID_M: f64 = 100.0;
/// A pin within this distance of the building with its address, metres, was not read in the wrong form.
const NEAR_BUILDING_M: f64 = 300.0;

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

/// Every reading of the pin of address `i` that ends on the ground of the city, by the most probable cause and form. Empty when the
/// pin stands where it may.
pub fn readings(context: &Context, i: usize) -> Vec<Reading> {
    let Some(raw) = context.pin(i) else { return Vec::new() };
    if context.area().is_none() || is_sentinel(raw) || !is_suspicious(context, i, raw) {
        return Vec::new();
    }
    let mut readings = decode(raw);
    readings.retain(|reading| reading.at.is_on_earth() && context.near_area(reading.at));
    if readings.is_empty() {
        return readings;
    }
    let ground = Ground::of(context, i);
    let mut total = if context.near_area(raw) {
        (1.0 - PRIOR_OTHER) * ground.fit(context, raw) + PRIOR_OTHER
    } else {
        PRIOR_OTHER * 1e-4
    };
    for reading in &mut readings {
        reading.probability *= ground.fit(context, reading.at);
        total += reading.probability;
    }
    readings.iter_mut().for_each(|reading| reading.probability /= total);
    for k in 0..readings.len() {
        let same = readings.iter().filter(|other| other.rule == readings[k].rule);
        readings[k].cause_probability = same.map(|other| other.probability).sum();
    }
    let rank = |reading: &Reading| (reading.cause_probability, reading.probability);
    readings.sort_by(|a, b| {
        let ((a_cause, a), (b_cause, b)) = (rank(a), rank(b));
        b_cause.total_cmp(&a_cause).then(b.total_cmp(&a))
    });
    readings
}

/// The finding of the rule `rule` about address `i`: its most probable reading, when that is of this rule.
pub fn finding(context: &Context, i: usize, rule: &str) -> Option<Finding> {
    let reading = context.reading(i).filter(|reading| reading.rule == rule)?;
    let raw = context.pin(i)?;
    let (mut zh, mut en) = (String::new(), String::new());
    if let Some(g) = context.declared(i) {
        let (name_zh, name_en) = grid_name(context, g);
        if context.grid.covers(g, reading.at) {
            zh += &format!("，落在登记网格 {name_zh} 内");
            en += &format!(", in the declared grid {name_en}");
        } else {
            let outside = metres_text(-context.grid.signed_distance_m(g, reading.at));
            zh += &format!("，距登记网格 {name_zh} {outside}");
            en += &format!(", {outside} outside the declared grid {name_en}");
        }
    }
    if let Some(b) = context.matching_building(i).filter(|b| context.building_place(*b).is_on_earth()) {
        let distance = metres_text(context.building_place(b).distance_m(reading.at));
        zh += &format!("，距同一地址的房屋 {distance}");
        en += &format!(", {distance} from the building with the same address");
    }
    Some(
        Finding::new(
            format!(
                "坐标 ({}, {})：{}，还原后为 ({:.6}, {:.6}){zh}。",
                raw.lon, raw.lat, reading.how.zh, reading.at.lon, reading.at.lat
            ),
            format!(
                "Coordinates ({}, {}): {}; restored they are ({:.6}, {:.6}){en}.",
                raw.lon, raw.lat, reading.how.en, reading.at.lon, reading.at.lat
            ),
        )
        .probability(reading.cause_probability, reading.probability >= 0.95)
        .suggest_at(reading.at, context.accuracy_m(i)),
    )
}

fn is_suspicious(context: &Context, i: usize, raw: LonLat) -> bool {
    if !raw.is_on_earth() || !context.near_area(raw) {
        return true;
    }
    let declared = context.declared(i);
    match standing(context, context.address(i).grid.as_ref(), raw) {
        Standing::Other { outside_m, .. } if declared.is_some() => outside_m > NEAR_GRID_M,
        Standing::Nowhere { declared: Some(g) } => context.grid.signed_distance_m(g, raw) < -NEAR_GRID_M,
        Standing::Right if declared.is_some() => false,
        _ => context.matching_building(i).is_some_and(|b| context.building_place(b).distance_m(raw) > NEAR_BUILDING_M),
    }
}

/// What a record says of where it belongs. Fits are densities relative to "anywhere in the city".
struct Ground {
    building: Option<LonLat>,
    declared: Option<u32>,
    city_m2: f64,
    declared_m2: f64,
}

fn box_m2([w, s, e, n]: [f64; 4]) -> f64 {
    let frame = Frame::at(LonLat::new(w, (s + n) / 2.0));
    ((e - w) * frame.m_per_lon * (n - s) * frame.m_per_lat).max(2_500.0)
}

impl Ground {
    fn of(context: &Context, i: usize) -> Self {
        let declared = context.declared(i).filter(|g| !context.grid.outline(*g).is_empty());
        let building = context.matching_building(i).map(|b| context.building_place(b)).filter(|b| b.is_on_earth());
        let city_m2 = context.area().map_or(1e8, box_m2);
        let declared_m2 = declared.map_or(city_m2, |g| box_m2(context.grid.bbox(g)).min(city_m2));
        Ground { building, declared, city_m2, declared_m2 }
    }

    fn fit(&self, context: &Context, at: LonLat) -> f64 {
        const SIGMA_M: f64 = 25.0;
        let by_building = self.building.map_or(1.0, |building| {
            let z = building.distance_m(at) / SIGMA_M;
            0.9 * self.city_m2 / (std::f64::consts::TAU * SIGMA_M * SIGMA_M) * (-z * z / 2.0).exp() + 0.05
        });
        let by_grid = match self.declared {
            Some(g) if context.grid.signed_distance_m(g, at) >= -20.0 => 0.95 * self.city_m2 / self.declared_m2,
            Some(_) => 0.05,
            None if context.grid.is_empty() || context.grid.finest(at).is_some() => 1.0,
            None => 0.1,
        };
        by_building * by_grid
    }
}

/// All readings of two numbers, whatever the city, with the causes' priors.
pub fn decode(raw: LonLat) -> Vec<Reading> {
    let mut found = Vec::new();
    let (x, y) = (raw.lon, raw.lat);
    let mut add = |rule: &'static str, share: f64, at: LonLat, zh: String, en: String| {
        found.push(Reading { rule, at, how: Text::new(zh, en), probability: PRIOR * share, cause_probability: 0.0 });
    };
    add("coordinate_swapped", 1.0, LonLat::new(y, x), "经纬度对调".into(), "longitude and latitude exchanged".into());
    for (easting, northing) in [(x, y), (y, x)] {
        if northing.abs() > 1_000.0 && easting.abs() > 1_000.0 {
            for (meridian, at) in gauss_kruger(easting, northing) {
                add(
                    "coordinate_projected",
                    0.2,
                    at,
                    format!("按中央经线 {meridian}° 的高斯-克吕格投影还原"),
                    format!("read as Gauss-Kruger metres of the central meridian {meridian} E"),
                );
            }
            let at = gauss::web_mercator(easting, northing);
            let (zh, en) = ("按 Web 墨卡托投影还原", "read as Web Mercator metres");
            add("coordinate_projected", 0.2, at, zh.into(), en.into());
        }
    }
    for k in (-20..=20).filter(|k| *k != 0) {
        let share = if k == 1 || k == -1 { 0.4 } else { 0.2 / f64::from(k * k) };
        let degrees = 3 * k;
        add(
            "coordinate_zone",
            share,
            LonLat::new(x - f64::from(degrees), y),
            format!("投影带号错误，经度偏 {degrees}°"),
            format!("wrong projection zone, off by {degrees} degrees of longitude"),
        );
    }
    for (zh, en, read) in [
        ("度分秒被当作小数度", "degrees, minutes and seconds read as decimal degrees", dms as fn(f64) -> Option<f64>),
        ("度和分被当作小数度", "degrees and minutes read as decimal degrees", degrees_minutes),
        ("NMEA 的度分格式被当作小数度", "NMEA degrees and minutes (ddmm.mmmm) read as decimal degrees", nmea),
    ] {
        if let (Some(lon), Some(lat)) = (read(x), read(y)) {
            add("coordinate_sexagesimal", 0.5, LonLat::new(lon, lat), zh.into(), en.into());
        }
    }
    found
}

/// The places that an easting and a northing have in the zones of China, with the central meridians: one where the
/// zone's number stands in front of the easting, else one for every meridian.
fn gauss_kruger(easting: f64, northing: f64) -> Vec<(u32, LonLat)> {
    let number = (easting / 1e6).floor();
    let rest = easting - number * 1e6;
    if !(-500_000.0..=1_500_000.0).contains(&rest) || !(1_500_000.0..=6_500_000.0).contains(&northing) {
        return Vec::new();
    }
    let meridians: Vec<u32> = match number as i64 {
        0 => (75..=135).step_by(3).collect(),
        n @ 13..=23 => vec![n as u32 * 6 - 3],
        n @ 25..=45 => vec![n as u32 * 3],
        _ => Vec::new(),
    };
    let place = |meridian: u32| Some((meridian, gauss::lonlat(rest, northing, f64::from(meridian), 500_000.0)?));
    meridians.into_iter().filter_map(place).collect()
}

/// `119.5512` as 119 degrees 55 minutes 12 seconds.
fn dms(v: f64) -> Option<f64> {
    let degrees = v.abs().floor();
    // A tenth of a millisecond of arc, so that 55.999999 is read as 56.
    let digits = ((v.abs() - degrees) * 1e8).round() / 1e4;
    let minutes = (digits / 100.0).floor();
    let seconds = digits - minutes * 100.0;
    (minutes < 60.0 && seconds < 60.0 && v != 0.0).then(|| (degrees + minutes / 60.0 + seconds / 3600.0).copysign(v))
}

/// `119.552` as 119 degrees 55.2 minutes.
fn degrees_minutes(v: f64) -> Option<f64> {
    let degrees = v.abs().floor();
    let fraction = v.abs() - degrees;
    (fraction < 0.6 && v != 0.0).then(|| (degrees + fraction / 0.6).copysign(v))
}

/// `11955.2` as 119 degrees 55.2 minutes.
fn nmea(v: f64) -> Option<f64> {
    let degrees = (v.abs() / 100.0).floor();
    let minutes = v.abs() - degrees * 100.0;
    (v.abs() > 180.0 && degrees <= 180.0 && minutes < 60.0).then(|| (degrees + minutes / 60.0).copysign(v))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_is_undone_exactly() {
        let truth = LonLat::new(119.922293, 28.451103);
        let sexagesimal = |v: f64| {
            let minutes = (v.fract() * 60.0).floor();
            v.floor() + minutes / 100.0 + (v.fract() * 60.0 - minutes) * 60.0 / 10_000.0
        };
        for (raw, rule) in [
            (LonLat::new(28.451103, 119.922293), "coordinate_swapped"),
            (LonLat::new(492388.6596, 3148436.8394), "coordinate_projected"),
            (LonLat::new(3148436.8394, 492388.6596), "coordinate_projected"),
            (LonLat::new(40492388.6596, 3148436.8394), "coordinate_projected"),
            (LonLat::new(20786304.552 - 500_000.0 + 500_000.0, 3151914.7186), "coordinate_projected"),
            (LonLat::new(122.922293, 28.451103), "coordinate_zone"),
            (LonLat::new(113.922293, 28.451103), "coordinate_zone"),
            (LonLat::new(sexagesimal(119.922293), sexagesimal(28.451103)), "coordinate_sexagesimal"),
            (LonLat::new(119.0 + 0.922293 * 0.6, 28.0 + 0.451103 * 0.6), "coordinate_sexagesimal"),
            (LonLat::new(11955.33758, 2827.06618), "coordinate_sexagesimal"),
        ] {
            let near = decode(raw).into_iter().filter(|r| r.at.is_on_earth() && r.at.distance_m(truth) < 0.01);
            assert!(near.map(|r| r.rule).any(|found| found == rule), "{raw:?} {rule}");
        }
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
}
