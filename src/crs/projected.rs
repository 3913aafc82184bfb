//! Projected and other systems by PROJ (through GDAL), and the list of the Chinese Gauss-Krüger zones.

use super::{Crs, unknown};
use crate::domain::LonLat;
use crate::error::{Error, Result, Text};
use gdal::spatial_ref::{AxisMappingStrategy, CoordTransform, SpatialRef};
use std::cell::RefCell;
use std::fmt;
use std::sync::Once;

thread_local! {
    static COMPLAINTS: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
}

/// Keeps GDAL's messages off the terminal: they are collected for [`complaints`] and told in our words.
pub fn hush() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        gdal::config::set_error_handler(|class, _, message| {
            if !matches!(class, gdal::errors::CplErrType::Failure | gdal::errors::CplErrType::Fatal) {
                return;
            }
            COMPLAINTS.with(|list| {
                if let Ok(mut list) = list.try_borrow_mut()
                    && list.len() < 20
                {
                    list.push(message.to_owned());
                }
            });
        });
    });
}

/// What went wrong in GDAL on this thread since the last call; its mere warnings are not kept.
pub fn complaints() -> Vec<String> {
    COMPLAINTS.with(|list| list.take())
}

/// A conversion to CGCS2000 longitude and latitude.
pub struct Projection {
    name: String,
    transform: CoordTransform,
}

fn spatial_ref(crs: &Crs) -> Result<SpatialRef> {
    let found = match crs {
        Crs::Cgcs2000 => SpatialRef::from_epsg(4490),
        Crs::Wgs84 => SpatialRef::from_epsg(4326),
        Crs::Epsg(code) => SpatialRef::from_epsg(*code),
        Crs::Wkt(wkt) => SpatialRef::from_wkt(wkt).or_else(|_| SpatialRef::from_esri(wkt)),
        Crs::Gcj02 | Crs::Bd09 => return Err(Error::Internal(format!("{crs} is not PROJ's"))),
    };
    let mut found = found.map_err(|_| match crs {
        Crs::Wkt(wkt) => unknown(wkt),
        other => unknown(&other.to_string()),
    })?;
    found.set_axis_mapping_strategy(AxisMappingStrategy::TraditionalGisOrder);
    Ok(found)
}

impl Projection {
    /// The conversion from `crs`, easting or longitude first.
    ///
    /// # Errors
    /// `Invalid` when PROJ does not know the system, or no way from it.
    pub fn to_cgcs2000(crs: &Crs) -> Result<Projection> {
        hush();
        let (source, target) = (spatial_ref(crs)?, spatial_ref(&Crs::Cgcs2000)?);
        let transform = CoordTransform::new(&source, &target).map_err(|_| unknown(&crs.to_string()))?;
        complaints();
        Ok(Projection { name: crs.to_string(), transform })
    }

    /// Converts in place.
    ///
    /// # Errors
    /// `Invalid` with the first point that has no image.
    pub fn convert(&self, points: &mut [LonLat]) -> Result<()> {
        let mut xs: Vec<f64> = points.iter().map(|p| p.lon).collect();
        let mut ys: Vec<f64> = points.iter().map(|p| p.lat).collect();
        let done = self.transform.transform_coords(&mut xs, &mut ys, &mut []);
        complaints();
        let bad = xs.iter().zip(&ys).position(|(x, y)| !LonLat::new(*x, *y).is_on_earth());
        if let (Err(_), _) | (_, Some(_)) = (done, bad) {
            let at = points[bad.unwrap_or(0)];
            return Err(Error::invalid(
                "",
                "x, y",
                format!("{}, {}", at.lon, at.lat),
                Text::new(
                    format!("坐标不在 {} 的范围内", self.name),
                    format!("the coordinates have no place in {}", self.name),
                ),
                Text::new("请核对坐标，或用 --crs 指定正确的坐标系", "check the numbers, or give the right --crs"),
            ));
        }
        points.iter_mut().zip(xs).zip(ys).for_each(|((p, x), y)| *p = LonLat::new(x, y));
        Ok(())
    }
}

/// What PROJ knows a description by: its EPSG code, when it has one (`.prj` files mostly say only a name).
pub fn identify(wkt: &str) -> Option<Crs> {
    hush();
    let mut found = SpatialRef::from_wkt(wkt).or_else(|_| SpatialRef::from_esri(wkt)).ok()?;
    if found.auth_code().is_err() {
        found.auto_identify_epsg().ok();
    }
    let code = match (found.auth_name().as_deref(), found.auth_code()) {
        (Some("EPSG"), Ok(code)) => u32::try_from(code).ok(),
        (Some("OGC"), _) => Some(4326),
        _ => None,
    };
    complaints();
    Some(match code {
        Some(code) => Crs::parse(&code.to_string()).ok()?,
        None => Crs::Wkt(wkt.to_owned()),
    })
}

/// The datum of a Chinese zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Datum {
    /// 2000 国家大地坐标系, the only one for new surveys since July 2018.
    Cgcs2000,
    /// 1980 西安坐标系
    Xian1980,
    /// 1954 北京坐标系
    Beijing1954,
}

/// A Gauss-Krüger zone of the EPSG register.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Zone {
    /// EPSG code.
    pub epsg: u32,
    /// Datum.
    pub datum: Datum,
    /// Width in degrees of longitude: 3 or 6.
    pub width_deg: u8,
    /// Central meridian, degrees east.
    pub meridian_deg: u8,
    /// The zone's number when eastings carry it in front (`40 492388`); none when they don't.
    pub number: Option<u8>,
}

/// Rows of the register: first code, datum, width, first number or none, first meridian, how many.
const SERIES: [(u32, Datum, u8, Option<u8>, u8, u8); 12] = [
    (4491, Datum::Cgcs2000, 6, Some(13), 75, 11),
    (4502, Datum::Cgcs2000, 6, None, 75, 11),
    (4513, Datum::Cgcs2000, 3, Some(25), 75, 21),
    (4534, Datum::Cgcs2000, 3, None, 75, 21),
    (2327, Datum::Xian1980, 6, Some(13), 75, 11),
    (2338, Datum::Xian1980, 6, None, 75, 11),
    (2349, Datum::Xian1980, 3, Some(25), 75, 21),
    (2370, Datum::Xian1980, 3, None, 75, 21),
    (21413, Datum::Beijing1954, 6, Some(13), 75, 11),
    (21453, Datum::Beijing1954, 6, None, 75, 11),
    (2401, Datum::Beijing1954, 3, Some(25), 75, 21),
    (2422, Datum::Beijing1954, 3, None, 75, 21),
];

impl Zone {
    /// All zones of the three datums.
    pub fn all() -> impl Iterator<Item = Zone> {
        SERIES.iter().flat_map(|&(first, datum, width_deg, number, meridian_deg, count)| {
            (0..count).map(move |i| Zone {
                epsg: first + u32::from(i),
                datum,
                width_deg,
                meridian_deg: meridian_deg + i * width_deg,
                number: number.map(|n| n + i),
            })
        })
    }

    /// The zone of an EPSG code.
    pub fn by_epsg(epsg: u32) -> Option<Zone> {
        Zone::all().find(|zone| zone.epsg == epsg)
    }

    /// Easting of the central meridian, metres.
    pub fn false_easting_m(&self) -> f64 {
        500_000.0 + f64::from(self.number.unwrap_or(0)) * 1_000_000.0
    }

    /// The name as the register writes it.
    pub fn name(&self) -> String {
        let datum = match self.datum {
            Datum::Cgcs2000 => "CGCS2000",
            Datum::Xian1980 => "Xian 1980",
            Datum::Beijing1954 => "Beijing 1954",
        };
        let three = if self.width_deg == 3 { "3-degree " } else { "" };
        match self.number {
            Some(number) => format!("{datum} / {three}Gauss-Kruger zone {number}"),
            None => format!("{datum} / {three}Gauss-Kruger CM {}E", self.meridian_deg),
        }
    }
}

impl fmt::Display for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (EPSG:{})", self.name(), self.epsg)
    }
}

/// The CGCS2000 zones whose eastings look like `easting_m`: the one with its number in front, or every zone without
/// numbers, 3-degree zones first. Empty when no zone has such eastings.
pub fn zones_for(easting_m: f64) -> Vec<Zone> {
    let number = (easting_m / 1_000_000.0).floor();
    let rest_m = easting_m - number * 1_000_000.0;
    if !(100_000.0..=900_000.0).contains(&rest_m) {
        return Vec::new();
    }
    let mut zones: Vec<Zone> = Zone::all()
        .filter(|zone| zone.datum == Datum::Cgcs2000 && f64::from(zone.number.unwrap_or(0)) == number)
        .collect();
    zones.sort_by_key(|zone| (zone.width_deg, zone.meridian_deg));
    zones
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crs::Door;

    #[test]
    fn every_listed_zone_is_what_the_register_says() {
        let mut seen = 0;
        for zone in Zone::all() {
            let srs = SpatialRef::from_epsg(zone.epsg).expect("a known code");
            let parameter = |name: &str| srs.get_proj_param(name).expect("readable").expect("present");
            assert_eq!(parameter("central_meridian"), f64::from(zone.meridian_deg), "{zone}");
            assert_eq!(parameter("false_easting"), zone.false_easting_m(), "{zone}");
            assert_eq!(srs.name().as_deref(), Some(zone.name().as_str()));
            seen += 1;
        }
        assert_eq!(seen, 3 * 64);
    }

    #[test]
    fn a_zones_coordinates_become_degrees() {
        // PROJ 9.5.1: EPSG:4490 119.922293, 28.451103 in three of the zones.
        let expected = LonLat::new(119.922293, 28.451103);
        for (epsg, x, y) in
            [(4549, 492388.6596, 3148436.8394), (4548, 786304.552, 3151914.7186), (4544, 1970706.4422, 3241026.6715)]
        {
            let at = Door::new(&Crs::Epsg(epsg)).expect("a door").inside(x, y).expect("a place");
            assert!(at.distance_m(expected) < 0.002, "EPSG:{epsg}: {at:?}");
        }
    }

    #[test]
    fn eastings_name_their_zones() {
        assert_eq!(zones_for(40_492_388.0).iter().map(|z| z.epsg).collect::<Vec<_>>(), [4528]);
        assert_eq!(zones_for(20_492_388.0).iter().map(|z| z.epsg).collect::<Vec<_>>(), [4498]);
        assert_eq!(zones_for(492_388.0).len(), 32);
        assert!(zones_for(119.9).is_empty() && zones_for(-5.0).is_empty() && zones_for(f64::NAN).is_empty());
    }

    #[test]
    fn points_without_an_image_are_errors() {
        let door = Door::new(&Crs::Epsg(4549)).expect("a door");
        for (x, y) in [(f64::NAN, 0.0), (1e30, 1e30), (f64::INFINITY, 3e6)] {
            assert!(door.inside(x, y).is_err(), "{x} {y}");
        }
    }

    #[test]
    fn a_prj_without_codes_is_identified() {
        let wkt = r#"GEOGCS["JGD2011",DATUM["D_JGD_2011",SPHEROID["GRS_1980",6378137.0,298.257222101]],PRIMEM["Greenwich",0.0],UNIT["Degree",0.0174532925199433]]"#;
        let crs = identify(wkt).expect("a system");
        assert!(
            Door::new(&crs)
                .expect("a door")
                .inside(139.75, 35.71)
                .expect("a place")
                .distance_m(LonLat::new(139.75, 35.71))
                < 1.0
        );
        assert_eq!(identify("nonsense"), None);
    }
}
