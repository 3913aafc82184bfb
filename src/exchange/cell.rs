//! Typed cells: what a field's text must be, and what is said when it isn't.

use super::ReadOptions;
use super::column::Plan;
use super::person;
use super::reject::Complaint;
use super::shape::Shape;
use super::sheet::Row;
use crate::domain::LonLat;
use crate::domain::address::personal::{self, PersonalKind};
use chrono::{DateTime, NaiveDate, NaiveDateTime, TimeZone, Utc};
use std::str::FromStr;

/// One row with the plan of its file: cells are asked for by the number of their field.
pub struct Cells<'a> {
    /// The row.
    pub row: &'a Row,
    /// Where the fields stand.
    pub plan: &'a Plan,
    /// How the file is read.
    pub options: &'a ReadOptions,
}

type Cell<T> = Result<T, Complaint>;

impl<'a> Cells<'a> {
    /// The field's text without spaces round it; empty where there is none.
    pub fn text(&self, field: usize) -> &'a str {
        let Some(column) = self.plan.column(field) else { return self.plan.constant(field).unwrap_or_default() };
        let cell = self.row.cells.get(column).map(str::trim).unwrap_or_default();
        if cell.is_empty() { self.plan.constant(field).unwrap_or_default() } else { cell }
    }

    /// A complaint of the field.
    pub fn complain(&self, field: usize, zh: impl Into<String>, en: impl Into<String>) -> Complaint {
        Complaint::new(self.plan.name(field), self.text(field), zh, en)
    }

    /// A text that must be there.
    pub fn needed(&self, field: usize) -> Cell<&'a str> {
        match self.text(field) {
            "" => Err(self.complain(field, "不能为空", "must not be empty")),
            text => Ok(text),
        }
    }

    /// An identifier: must be there, of up to 64 characters, none of them a control character.
    pub fn identifier(&self, field: usize) -> Cell<&'a str> {
        let text = self.needed(field)?;
        if text.len() > 64 || text.chars().any(char::is_control) {
            return Err(self.complain(
                field,
                "编码最长 64 字节，不能含控制字符",
                "an identifier has up to 64 bytes and no control characters",
            ));
        }
        Ok(text)
    }

    /// An identifier that may be absent.
    pub fn reference(&self, field: usize) -> Cell<Option<&'a str>> {
        if self.text(field).is_empty() { Ok(None) } else { self.identifier(field).map(Some) }
    }

    /// Free text, of up to 400 characters, without numbers of persons where the file is screened.
    pub fn free(&self, field: usize) -> Cell<&'a str> {
        let text = self.text(field);
        if text.is_empty() {
            return Ok(text);
        }
        if text.len() > 400 && text.chars().count() > 400 {
            return Err(self.complain(field, "超过 400 个字符", "longer than 400 characters"));
        }
        if self.options.screen
            && let Some(found) = personal::number(text)
        {
            let (zh, en) = match found {
                PersonalKind::Identity => ("含有身份证号", "holds an identity number"),
                _ => ("含有电话号码", "holds a telephone number"),
            };
            return Err(Complaint::new(self.plan.name(field), personal::mask(text), zh, en)
                .remedy("请删去个人信息，本系统不保存任何个人", "take the person's data out: no person is kept here"));
        }
        Ok(text)
    }

    /// A work code of an account: never a person's name.
    pub fn account(&self, field: usize) -> Cell<Option<Box<str>>> {
        let text = self.free(field)?;
        if self.options.screen && person::looks_like_a_name(text) {
            let first: String = text.chars().take(1).collect();
            return Err(Complaint::new(
                self.plan.name(field),
                format!("{first}**"),
                "像是人名，应填工号",
                "looks like a person's name: a work code is wanted",
            )
            .remedy("请改填工号", "put the work code there"));
        }
        Ok((!text.is_empty()).then(|| text.into()))
    }

    /// A number.
    pub fn number<T: FromStr>(&self, field: usize) -> Cell<Option<T>> {
        let text = self.text(field);
        if text.is_empty() {
            return Ok(None);
        }
        // GDAL and spreadsheets write whole numbers as `3.0`.
        text.parse()
            .or_else(|_| text.strip_suffix(".0").unwrap_or(text).parse())
            .map(Some)
            .map_err(|_| self.complain(field, "不是有效的数字", "is no number of the kind that is wanted here"))
    }

    /// A day: `2026-11-21`, `2026/11/21`, `20261121`, `2026年11月21日`, or a time of which the day counts.
    pub fn day(&self, field: usize) -> Cell<Option<NaiveDate>> {
        let text = self.text(field);
        if text.is_empty() {
            return Ok(None);
        }
        day(text)
            .map(Some)
            .ok_or_else(|| self.complain(field, "不是日期（如 2026-11-21）", "is no date (such as 2026-11-21)"))
    }

    /// A time: RFC 3339, or local time of China (UTC+8) when it names no offset.
    pub fn time(&self, field: usize) -> Cell<Option<DateTime<Utc>>> {
        let text = self.text(field);
        if text.is_empty() {
            return Ok(None);
        }
        time(text).map(Some).ok_or_else(|| {
            self.complain(
                field,
                "不是时间（如 2026-11-21T08:30:00+08:00）",
                "is no time (such as 2026-11-21T08:30:00+08:00)",
            )
        })
    }

    /// One of a list of words, read by `parse`; absent when empty.
    pub fn word<T>(&self, field: usize, parse: impl Fn(&str) -> Option<T>, known: &str) -> Cell<Option<T>> {
        let text = self.text(field);
        if text.is_empty() {
            return Ok(None);
        }
        parse(text).map(Some).ok_or_else(|| {
            self.complain(field, format!("不在可用的值中：{known}"), format!("is none of the known values: {known}"))
        })
    }

    /// The row's geometry: its own, or the one in its column of well-known text.
    pub fn shape(&self, field: usize) -> Shape {
        match (&self.row.shape, self.text(field)) {
            (Shape::None, "") => Shape::None,
            (Shape::None, text) => super::gdal::shape_from_wkt(text),
            (shape, _) => shape.clone(),
        }
    }

    /// The row's point: its geometry's, or of the columns `lon` and `lat`; none when both are empty. Not yet converted.
    pub fn point(&self, geometry: usize, lon: usize, lat: usize) -> Cell<Option<LonLat>> {
        let wkt = self.plan.column(geometry).is_some();
        if matches!(self.row.shape, Shape::None) && !wkt {
            return match (self.number(lon)?, self.number(lat)?) {
                (Some(x), Some(y)) => Ok(Some(LonLat::new(x, y))),
                (None, None) => Ok(None),
                (Some(_), None) => Err(self.complain(lat, "只有经度，没有纬度", "a longitude without a latitude")),
                (None, Some(_)) => Err(self.complain(lon, "只有纬度，没有经度", "a latitude without a longitude")),
            };
        }
        match self.shape(geometry) {
            Shape::None => Ok(None),
            Shape::Point(x, y) => Ok(Some(LonLat::new(x, y))),
            Shape::Area(_) => Err(wrong_shape("area", "应为点", "a point is wanted")),
            Shape::Other(name) => Err(wrong_shape(name, "应为点", "a point is wanted")),
            Shape::Broken => Err(unreadable_shape()),
        }
    }
}

/// The complaint of a geometry of a wrong type.
pub fn wrong_shape(kind: &str, zh: &str, en: &str) -> Complaint {
    Complaint::new("geometry", kind, zh, en)
}

/// The complaint of bytes that are no geometry.
pub fn unreadable_shape() -> Complaint {
    Complaint::new("geometry", "", "几何图形无法读取", "the geometry cannot be read")
        .remedy("请在 GIS 软件中修复后重新导出", "repair it in a GIS and export it again")
}

fn day(text: &str) -> Option<NaiveDate> {
    let digits = |range: std::ops::Range<usize>| text.get(range)?.parse::<u32>().ok();
    let bytes = text.as_bytes();
    if bytes.len() == 8 && bytes.iter().all(u8::is_ascii_digit) {
        return NaiveDate::from_ymd_opt(digits(0..4)? as i32, digits(4..6)?, digits(6..8)?);
    }
    let first = text.split(['T', ' ']).next()?;
    let mut parts = first.split(['-', '/', '.', '年', '月', '日']).filter(|part| !part.is_empty());
    let mut next = || parts.next()?.parse::<u32>().ok();
    let (year, month, day) = (next()?, next()?, next()?);
    if !(1900..2200).contains(&year) || next().is_some() {
        return None;
    }
    NaiveDate::from_ymd_opt(year as i32, month, day)
}

fn time(text: &str) -> Option<DateTime<Utc>> {
    if let Ok(time) = DateTime::parse_from_rfc3339(text) {
        return Some(time.with_timezone(&Utc));
    }
    let china = chrono::FixedOffset::east_opt(8 * 3600)?;
    let local = |naive: NaiveDateTime| Some(china.from_local_datetime(&naive).single()?.with_timezone(&Utc));
    // GDAL writes `2026/11/21 08:30:00+08`.
    let plain = text.replace('/', "-").replacen('T', " ", 1);
    for form in ["%Y-%m-%d %H:%M:%S%.f%#z", "%Y-%m-%d %H:%M%#z"] {
        if let Ok(time) = DateTime::parse_from_str(&plain, form) {
            return Some(time.with_timezone(&Utc));
        }
    }
    for form in ["%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%d %H:%M"] {
        if let Ok(naive) = NaiveDateTime::parse_from_str(&plain, form) {
            return local(naive);
        }
    }
    local(day(text)?.and_hms_opt(0, 0, 0)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_in_all_their_forms() {
        let expected = NaiveDate::from_ymd_opt(2026, 1, 5);
        for text in [
            "2026-01-05",
            "2026/1/5",
            "20260105",
            "2026年1月5日",
            "2026-01-05 08:30:00",
            "2026.1.5",
            "2026-01-05T08:30:00+08:00",
        ] {
            assert_eq!(day(text), expected, "{text}");
        }
        for text in ["", "2026", "2026-13-01", "2026-02-30", "05/01/2026", "yesterday", "2026-01-05-07"] {
            assert_eq!(day(text), None, "{text}");
        }
    }

    #[test]
    fn times_without_an_offset_are_chinas() {
        let expected = Utc.with_ymd_and_hms(2026, 1, 5, 0, 30, 0).single();
        for text in [
            "2026-01-05T08:30:00+08:00",
            "2026-01-05T00:30:00Z",
            "2026-01-05 08:30:00",
            "2026/01/05 08:30",
            "2026/01/05 08:30:00+08",
        ] {
            assert_eq!(time(text), expected, "{text}");
        }
        assert_eq!(time("noon"), None);
    }
}
