//! The one door for foreign coordinates: everything that comes in is CGCS2000 longitude and latitude afterwards.
//!
//! [`Crs`] names what a file says, [`Door`] converts, [`guess`] finds out what a file does not say. WGS84 longitude and
//! latitude are taken as CGCS2000 as they are: the two differ by about a decimetre, which no phone can tell.

pub mod bd09;
pub mod gauss;
pub mod gcj02;
pub mod guess;
pub mod projected;

use crate::domain::LonLat;
use crate::error::{Error, Result, Text};
use std::fmt;

/// A coordinate reference system as files and people name it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Crs {
    /// CGCS2000 longitude and latitude, EPSG:4490: what gridpin stores.
    Cgcs2000,
    /// WGS84 longitude and latitude, EPSG:4326; also OGC:CRS84.
    Wgs84,
    /// GCJ-02, the shifted WGS84 of maps published in China.
    Gcj02,
    /// BD-09 longitude and latitude, GCJ-02 shifted once more.
    Bd09,
    /// Any code of the EPSG register.
    Epsg(u32),
    /// A description in well-known text, of any flavour that GDAL reads.
    Wkt(String),
}

/// Geographic systems whose longitude and latitude agree with CGCS2000 within a metre and are taken as they are:
/// CGCS2000, WGS84, ETRS89, JGD2000, JGD2011, TWD97, NAD83(2011), GDA2020, KGD2002.
const SAME_LONLAT: [u32; 9] = [4490, 4326, 4258, 4612, 6668, 3824, 6318, 7844, 4737];

impl Crs {
    /// Reads a name: `cgcs2000`, `wgs84`, `gcj02`, `bd09` (any case, with or without hyphens), `EPSG:4549`, `4549`, an
    /// OGC name (`urn:ogc:def:crs:EPSG::4549`, `OGC:CRS84`) or well-known text.
    ///
    /// # Errors
    /// `Invalid` for a name that is none of these. Whether PROJ knows an EPSG code shows when [`Door::new`] opens it.
    pub fn parse(text: &str) -> Result<Crs> {
        let text = text.trim();
        let short: String = text.chars().filter(|c| !matches!(c, '-' | '_' | ' ')).collect::<String>().to_lowercase();
        let code = ["urn:ogc:def:crs:epsg::", "http://www.opengis.net/def/crs/epsg/0/", "epsg:", ""]
            .iter()
            .find_map(|prefix| text.to_lowercase().strip_prefix(prefix)?.parse::<u32>().ok());
        match (short.as_str(), code) {
            (_, Some(4490)) | ("cgcs2000" | "国家2000" | "国家大地2000" | "大地2000", _) => Ok(Crs::Cgcs2000),
            (_, Some(4326)) | ("wgs84", _) => Ok(Crs::Wgs84),
            (_, Some(code)) => Ok(Crs::Epsg(code)),
            ("gcj02" | "火星" | "火星坐标" | "国测局", _) => Ok(Crs::Gcj02),
            ("bd09" | "bd09ll" | "百度" | "百度坐标", _) => Ok(Crs::Bd09),
            ("ogc:crs84" | "crs84", _) => Ok(Crs::Wgs84),
            (name, _) if name.starts_with("urn:ogc:def:crs:ogc:") && name.ends_with("crs84") => Ok(Crs::Wgs84),
            _ if ["GEOGCS[", "PROJCS[", "GEOGCRS[", "PROJCRS[", "COMPD_CS[", "BOUNDCRS["]
                .iter()
                .any(|start| text.starts_with(start)) =>
            {
                Ok(Crs::Wkt(text.to_owned()))
            }
            _ => Err(unknown(text)),
        }
    }

    /// Whether longitude and latitude of this system are taken as CGCS2000 as they are.
    pub fn is_same_lonlat(&self) -> bool {
        match self {
            Crs::Cgcs2000 | Crs::Wgs84 => true,
            Crs::Epsg(code) => SAME_LONLAT.contains(code),
            Crs::Gcj02 | Crs::Bd09 | Crs::Wkt(_) => false,
        }
    }

    /// What a user should know before relying on a conversion from this system; none where there is nothing to say.
    pub fn note(&self) -> Option<Text> {
        let Crs::Epsg(code) = self else { return None };
        let zone = projected::Zone::by_epsg(*code)?;
        (zone.datum != projected::Datum::Cgcs2000).then(|| {
            Text::new(
                format!("{}到 CGCS2000 的官方转换参数不公开，此处未做基准转换，位置可能偏差约一百米。", zone.name()),
                format!(
                    "The official parameters from {} to CGCS2000 are not public: no datum shift was applied, and \
                     positions may be off by about a hundred metres.",
                    zone.name()
                ),
            )
        })
    }
}

impl fmt::Display for Crs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Crs::Cgcs2000 => f.write_str("CGCS2000 (EPSG:4490)"),
            Crs::Wgs84 => f.write_str("WGS84 (EPSG:4326)"),
            Crs::Gcj02 => f.write_str("GCJ-02"),
            Crs::Bd09 => f.write_str("BD-09"),
            Crs::Epsg(code) => match projected::Zone::by_epsg(*code) {
                Some(zone) => write!(f, "{} (EPSG:{code})", zone.name()),
                None => write!(f, "EPSG:{code}"),
            },
            Crs::Wkt(wkt) => f.write_str(wkt.split('"').nth(1).unwrap_or("WKT")),
        }
    }
}

/// The error for a system that nobody knows.
pub(crate) fn unknown(name: &str) -> Error {
    Error::invalid(
        "",
        "crs",
        name,
        Text::new("坐标系未知", "unknown coordinate reference system"),
        Text::new(
            "请用 --crs 指定 cgcs2000、wgs84、gcj02、bd09、auto 或 EPSG 代码（如 EPSG:4549）",
            "give --crs as cgcs2000, wgs84, gcj02, bd09, auto or an EPSG code such as EPSG:4549",
        ),
    )
}

enum Way {
    Same,
    Gcj02,
    Bd09,
    Projected(projected::Projection),
}

/// Converts coordinates of one system to CGCS2000. It belongs to one thread: PROJ's state is not shared.
pub struct Door {
    crs: Crs,
    way: Way,
}

impl Door {
    /// Opens the door for coordinates of `crs`, easting or longitude first whatever the register says of axis order.
    ///
    /// # Errors
    /// `Invalid` when PROJ does not know the system or no way from it to CGCS2000.
    pub fn new(crs: &Crs) -> Result<Door> {
        let way = match crs {
            Crs::Gcj02 => Way::Gcj02,
            Crs::Bd09 => Way::Bd09,
            same if same.is_same_lonlat() => Way::Same,
            other => Way::Projected(projected::Projection::to_cgcs2000(other)?),
        };
        Ok(Door { crs: crs.clone(), way })
    }

    /// The system outside the door.
    pub fn crs(&self) -> &Crs {
        &self.crs
    }

    /// Whether coordinates pass unchanged.
    pub fn is_open(&self) -> bool {
        matches!(self.way, Way::Same)
    }

    /// Longitude and latitude of `x` (longitude or easting) and `y` (latitude or northing).
    ///
    /// # Errors
    /// `Invalid` for a point that has no image: not a number, or outside what the projection can take. Longitude and
    /// latitude that need no conversion pass unjudged, whatever they are.
    pub fn inside(&self, x: f64, y: f64) -> Result<LonLat> {
        let mut one = [LonLat::new(x, y)];
        self.inside_all(&mut one)?;
        Ok(one[0])
    }

    /// Converts all points in place; faster than one by one.
    ///
    /// # Errors
    /// As [`Door::inside`]; the points are then left half converted.
    pub fn inside_all(&self, points: &mut [LonLat]) -> Result<()> {
        match &self.way {
            Way::Same => Ok(()),
            Way::Gcj02 => {
                points.iter_mut().for_each(|p| *p = gcj02::to_wgs84(*p));
                Ok(())
            }
            Way::Bd09 => {
                points.iter_mut().for_each(|p| *p = bd09::to_wgs84(*p));
                Ok(())
            }
            Way::Projected(projection) => projection.convert(points),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_in_all_their_spellings() {
        for (text, crs) in [
            ("CGCS2000", Crs::Cgcs2000),
            ("EPSG:4490", Crs::Cgcs2000),
            ("wgs84", Crs::Wgs84),
            ("WGS-84", Crs::Wgs84),
            ("urn:ogc:def:crs:OGC:1.3:CRS84", Crs::Wgs84),
            ("4326", Crs::Wgs84),
            ("gcj-02", Crs::Gcj02),
            ("BD_09", Crs::Bd09),
            ("4549", Crs::Epsg(4549)),
            ("epsg:4549", Crs::Epsg(4549)),
            ("urn:ogc:def:crs:EPSG::32628", Crs::Epsg(32628)),
        ] {
            assert_eq!(Crs::parse(text).expect(text), crs, "{text}");
        }
        for text in ["", "EPSG:", "EPSG:abc", "mars", "-1"] {
            assert!(Crs::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn an_unknown_code_is_told_with_a_remedy() {
        let error = Door::new(&Crs::Epsg(999_999)).err().expect("no such code").to_string();
        assert!(error.contains("EPSG:999999") && error.contains("--crs"), "{error}");
    }

    #[test]
    fn a_zone_of_an_older_datum_comes_with_a_note() {
        assert!(Crs::Epsg(2385).note().expect("a note").en.contains("Xian 1980"));
        assert_eq!(Crs::Epsg(4549).note(), None);
    }
}
