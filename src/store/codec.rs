//! PostgreSQL's binary format, by which a million records go in (COPY) and come out: a codec of fields, and geometry as
//! EWKB.

use super::fault::garbled;
use crate::domain::LonLat;
use crate::error::Result;
use chrono::{DateTime, Days, NaiveDate, Utc};
use geo::{Coord, Geometry, MultiPolygon};
use sqlx::postgres::PgRow;
use sqlx::{Row, ValueRef};

/// What every binary COPY begins with: signature, flags, length of the header's extension.
pub(crate) const COPY_HEADER: &[u8] = b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0";
/// What it ends with.
pub(crate) const COPY_TRAILER: &[u8] = &[0xff, 0xff];

/// CGCS2000.
const SRID: u32 = 4490;
/// EWKB: the type carries an SRID.
const HAS_SRID: u32 = 0x2000_0000;
/// Microseconds from 1970 to PostgreSQL's epoch, 2000-01-01.
const EPOCH_US: i64 = 946_684_800_000_000;

fn epoch_day() -> NaiveDate {
    NaiveDate::from_ymd_opt(2000, 1, 1).expect("a date")
}

/// Writes fields as COPY wants them: a length, then the value.
#[derive(Debug, Default)]
pub(crate) struct RowWriter {
    pub(crate) buffer: Vec<u8>,
}

impl RowWriter {
    pub(crate) fn null(&mut self) {
        self.buffer.extend_from_slice(&(-1i32).to_be_bytes());
    }

    pub(crate) fn bytes(&mut self, value: &[u8]) {
        self.buffer.extend_from_slice(&(value.len() as i32).to_be_bytes());
        self.buffer.extend_from_slice(value);
    }

    /// A text; PostgreSQL can't hold the character 0, which is left out.
    pub(crate) fn text(&mut self, value: &str) {
        if value.as_bytes().contains(&0) {
            self.bytes(value.replace('\0', "").as_bytes());
        } else {
            self.bytes(value.as_bytes());
        }
    }

    pub(crate) fn text_or_null(&mut self, value: Option<&str>) {
        match value {
            Some(value) => self.text(value),
            None => self.null(),
        }
    }

    pub(crate) fn bool(&mut self, value: bool) {
        self.bytes(&[u8::from(value)]);
    }

    pub(crate) fn int(&mut self, value: Option<i32>) {
        match value {
            Some(value) => self.bytes(&value.to_be_bytes()),
            None => self.null(),
        }
    }

    pub(crate) fn real(&mut self, value: Option<f32>) {
        match value {
            Some(value) => self.bytes(&value.to_be_bytes()),
            None => self.null(),
        }
    }

    pub(crate) fn date(&mut self, value: Option<NaiveDate>) {
        self.int(value.map(|day| (day - epoch_day()).num_days() as i32));
    }

    pub(crate) fn time(&mut self, value: Option<DateTime<Utc>>) {
        match value {
            Some(time) => self.bytes(&(time.timestamp_micros() - EPOCH_US).to_be_bytes()),
            None => self.null(),
        }
    }

    pub(crate) fn uuid(&mut self, value: uuid::Uuid) {
        self.bytes(value.as_bytes());
    }

    /// JSON as jsonb: its version, then the text.
    pub(crate) fn json(&mut self, value: Option<&str>) {
        match value {
            Some(text) => {
                self.buffer.extend_from_slice(&(text.len() as i32 + 1).to_be_bytes());
                self.buffer.push(1);
                self.buffer.extend_from_slice(text.as_bytes());
            }
            None => self.null(),
        }
    }

    /// An array of texts.
    pub(crate) fn texts(&mut self, values: &[&str]) {
        let size: usize = 20 + values.iter().map(|v| 4 + v.len()).sum::<usize>();
        self.buffer.extend_from_slice(&(size as i32).to_be_bytes());
        // One dimension, no nulls, of type text (25), its length, from 1.
        for word in [1, 0, 25, values.len() as i32, 1] {
            self.buffer.extend_from_slice(&word.to_be_bytes());
        }
        values.iter().for_each(|value| self.bytes(value.as_bytes()));
    }

    /// A point, wherever it is.
    pub(crate) fn point(&mut self, at: Option<LonLat>) {
        let Some(at) = at else { return self.null() };
        self.buffer.extend_from_slice(&25i32.to_be_bytes());
        self.buffer.push(1);
        self.buffer.extend_from_slice(&(1 | HAS_SRID).to_le_bytes());
        self.buffer.extend_from_slice(&SRID.to_le_bytes());
        self.buffer.extend_from_slice(&at.lon.to_le_bytes());
        self.buffer.extend_from_slice(&at.lat.to_le_bytes());
    }

    pub(crate) fn multi_polygon(&mut self, area: &MultiPolygon<f64>) {
        let mut plain = Vec::new();
        wkb::writer::write_multi_polygon(&mut plain, area, &wkb::writer::WriteOptions::default())
            .expect("writing to memory can't fail");
        // Plain WKB: byte order (1, little-endian), type, rest. EWKB puts the SRID after a flagged type.
        let kind = u32::from_le_bytes([plain[1], plain[2], plain[3], plain[4]]) | HAS_SRID;
        self.buffer.extend_from_slice(&(plain.len() as i32 + 4).to_be_bytes());
        self.buffer.push(plain[0]);
        self.buffer.extend_from_slice(&kind.to_le_bytes());
        self.buffer.extend_from_slice(&SRID.to_le_bytes());
        self.buffer.extend_from_slice(&plain[5..]);
    }
}

/// Reads fields in order, from a row of a COPY or of a query: both speak the same binary format.
pub(crate) enum Fields<'a> {
    Copy(&'a [u8]),
    Row(&'a PgRow, usize),
}

impl<'a> Fields<'a> {
    /// The fields of one message of COPY; none for the header, which comes before the first row in the same message or
    /// alone, and for the trailer.
    pub(crate) fn of_copy(mut message: &'a [u8]) -> Option<Fields<'a>> {
        if message.starts_with(COPY_HEADER) {
            message = &message[COPY_HEADER.len()..];
        }
        (message.len() >= 2 && message != COPY_TRAILER).then(|| Fields::Copy(&message[2..]))
    }

    pub(crate) fn of_row(row: &'a PgRow) -> Fields<'a> {
        Fields::Row(row, 0)
    }

    pub(crate) fn next(&mut self) -> Result<Option<&'a [u8]>> {
        match self {
            Fields::Copy(rest) => {
                let (length, after) = rest.split_first_chunk::<4>().ok_or_else(|| garbled("a short row"))?;
                let length = i32::from_be_bytes(*length);
                if length < 0 {
                    *rest = after;
                    return Ok(None);
                }
                let (value, after) = after.split_at_checked(length as usize).ok_or_else(|| garbled("a short field"))?;
                *rest = after;
                Ok(Some(value))
            }
            Fields::Row(row, index) => {
                let value = row.try_get_raw(*index)?;
                *index += 1;
                if value.is_null() { Ok(None) } else { Ok(Some(value.as_bytes().map_err(garbled)?)) }
            }
        }
    }

    pub(crate) fn some(&mut self) -> Result<&'a [u8]> {
        self.next()?.ok_or_else(|| garbled("null"))
    }

    fn sized<const N: usize>(&mut self) -> Result<Option<[u8; N]>> {
        self.next()?.map(|value| value.try_into().map_err(|_| garbled("a field of another size"))).transpose()
    }

    pub(crate) fn text(&mut self) -> Result<&'a str> {
        std::str::from_utf8(self.some()?).map_err(garbled)
    }

    pub(crate) fn text_or_null(&mut self) -> Result<Option<&'a str>> {
        self.next()?.map(|value| std::str::from_utf8(value).map_err(garbled)).transpose()
    }

    pub(crate) fn bool(&mut self) -> Result<bool> {
        Ok(self.some()? == [1])
    }

    pub(crate) fn int(&mut self) -> Result<Option<i32>> {
        Ok(self.sized()?.map(i32::from_be_bytes))
    }

    pub(crate) fn long(&mut self) -> Result<i64> {
        Ok(i64::from_be_bytes(self.sized()?.ok_or_else(|| garbled("null"))?))
    }

    pub(crate) fn real(&mut self) -> Result<Option<f32>> {
        Ok(self.sized()?.map(f32::from_be_bytes))
    }

    pub(crate) fn double(&mut self) -> Result<Option<f64>> {
        Ok(self.sized()?.map(f64::from_be_bytes))
    }

    pub(crate) fn date(&mut self) -> Result<Option<NaiveDate>> {
        let add = |days: i32| {
            let span = Days::new(u64::from(days.unsigned_abs()));
            if days >= 0 { epoch_day().checked_add_days(span) } else { epoch_day().checked_sub_days(span) }
        };
        self.int()?.map(|days| add(days).ok_or_else(|| garbled("a date out of range"))).transpose()
    }

    pub(crate) fn time_or_null(&mut self) -> Result<Option<DateTime<Utc>>> {
        self.sized()?
            .map(|value| {
                let micros = i64::from_be_bytes(value).checked_add(EPOCH_US);
                micros.and_then(DateTime::from_timestamp_micros).ok_or_else(|| garbled("a time out of range"))
            })
            .transpose()
    }

    pub(crate) fn time(&mut self) -> Result<DateTime<Utc>> {
        self.time_or_null()?.ok_or_else(|| garbled("null"))
    }

    pub(crate) fn uuid(&mut self) -> Result<uuid::Uuid> {
        uuid::Uuid::from_slice(self.some()?).map_err(garbled)
    }

    pub(crate) fn uuid_or_null(&mut self) -> Result<Option<uuid::Uuid>> {
        self.next()?.map(|value| uuid::Uuid::from_slice(value).map_err(garbled)).transpose()
    }

    pub(crate) fn json<T: serde::de::DeserializeOwned>(&mut self) -> Result<Option<T>> {
        self.next()?
            .map(|value| serde_json::from_slice(value.get(1..).unwrap_or_default()).map_err(garbled))
            .transpose()
    }

    pub(crate) fn texts(&mut self) -> Result<Vec<&'a str>> {
        let value = self.some()?;
        let mut elements = Fields::Copy(value.get(20..).unwrap_or_default());
        let mut texts = Vec::new();
        while !matches!(elements, Fields::Copy([])) {
            texts.push(elements.text()?);
        }
        Ok(texts)
    }

    pub(crate) fn point(&mut self) -> Result<Option<LonLat>> {
        let Some(value) = self.next()? else { return Ok(None) };
        // Little-endian EWKB of a point with SRID, as PostGIS writes it: 1 + 4 + 4 + 16 bytes.
        let (lon, lat) = match (value.len(), value.first()) {
            (25, Some(1)) => (&value[9..17], &value[17..25]),
            _ => return Err(garbled("no point")),
        };
        let read = |bytes: &[u8]| f64::from_le_bytes(bytes.try_into().expect("eight bytes"));
        Ok(Some(LonLat::new(read(lon), read(lat))))
    }

    pub(crate) fn geometry(&mut self) -> Result<Geometry<f64>> {
        read_geometry(self.some()?)
    }

    pub(crate) fn multi_polygon(&mut self) -> Result<MultiPolygon<f64>> {
        match self.geometry()? {
            Geometry::MultiPolygon(area) => Ok(area),
            Geometry::Polygon(area) => Ok(MultiPolygon(vec![area])),
            _ => Err(garbled("no polygon")),
        }
    }
}

pub(crate) fn read_geometry(value: &[u8]) -> Result<Geometry<f64>> {
    use geo_traits::to_geo::ToGeoGeometry;
    let wkb = wkb::reader::read_wkb(value).map_err(garbled)?;
    wkb.try_to_geometry().ok_or_else(|| garbled("an empty geometry"))
}

/// Reads the corners of an area that is one closed ring, the last (the first again) left out; says whether it is one.
/// Nearly all footprints are, and a million are read in the time of a tenth of them by [`read_geometry`].
pub(crate) fn read_ring(value: &[u8], corners: &mut Vec<Coord<f64>>) -> bool {
    // Little-endian EWKB of one polygon in a multi-polygon with SRID, and its only ring.
    let number = |at: usize| value.get(at..at + 4).map(|n| u32::from_le_bytes(n.try_into().expect("four bytes")));
    let plain = value.first() == Some(&1)
        && number(1) == Some(6 | HAS_SRID)
        && number(9) == Some(1)
        && value.get(13) == Some(&1)
        && number(14) == Some(3)
        && number(18) == Some(1);
    let Some(ring) = value.get(26..).filter(|ring| plain && number(22) == Some((ring.len() / 16) as u32)) else {
        return false;
    };
    let (pairs, rest) = ring.as_chunks::<16>();
    let [first, inner @ .., last] = pairs else { return false };
    if !rest.is_empty() || first != last || inner.is_empty() {
        return false;
    }
    let read = |bytes: &[u8]| f64::from_le_bytes(bytes.try_into().expect("eight bytes"));
    corners.clear();
    corners.extend(pairs[..pairs.len() - 1].iter().map(|pair| Coord { x: read(&pair[..8]), y: read(&pair[8..]) }));
    !corners[0].x.is_nan() && !corners[0].y.is_nan()
}

/// A value that the database keeps as a word.
pub(crate) trait Word: Copy + Sized + 'static {
    const WORDS: &'static [(Self, &'static str)];
    fn word(self) -> &'static str;
    fn from_word(word: &str) -> Result<Self> {
        let found = Self::WORDS.iter().find(|(_, known)| *known == word);
        found.map(|(value, _)| *value).ok_or_else(|| garbled(word))
    }
}

macro_rules! words {
    ($kind:ident { $($variant:ident $word:literal),* $(,)? }) => {
        impl Word for $kind {
            const WORDS: &'static [(Self, &'static str)] = &[$(($kind::$variant, $word)),*];
            fn word(self) -> &'static str {
                match self { $($kind::$variant => $word),* }
            }
        }
    };
}

use crate::domain::*;
words!(PositionKind { Door "door", UnitEntrance "unit_entrance", Building "building", Room "room",
                      Courtyard "courtyard", FireAccess "fire_access" });
words!(PositionMethod { Phone "phone", Map "map", Survey "survey", Suggested "suggested", Register "register" });
words!(AddressStatus { Active "active", Demolished "demolished", Merged "merged" });
words!(BuildingKind { Residential "residential", Commercial "commercial", Industrial "industrial",
                      Public "public", Unknown "unknown" });
words!(PlaceKind { Shop "shop", Restaurant "restaurant", Factory "factory", Warehouse "warehouse", School "school",
                   Clinic "clinic", Lodging "lodging", Site "site", Other "other" });
words!(RentalSpace { Residential "residential", Basement "basement", HalfBasement "half_basement",
                     NonResidential "non_residential" });
words!(RentalStatus { Active "active", Ended "ended" });
words!(Finding { Pass "pass", Fail "fail", NotApplicable "not_applicable" });
words!(HazardSeverity { Minor "minor", Serious "serious", Major "major" });
words!(HazardState { Open "open", Assigned "assigned", Mended "mended", Closed "closed" });
words!(VisitOutcome { Confirmed "confirmed", NotMet "not_met", NotFound "not_found", Corrected "corrected" });
words!(Severity { Info "info", Warning "warning", Error "error" });
words!(Tier { Auto "auto", Review "review", Field "field" });
words!(CorrectionState { Unverified "unverified", Verified "verified", Rejected "rejected" });
