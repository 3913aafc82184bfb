//! Query parameters, read with a fault for each that is wrong, never with a guess.

use super::cursor::Cursor;
use super::problem::Failure;
use crate::domain::LonLat;
use crate::error::{Error, Fault, Text};
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use serde::de::DeserializeOwned;

/// The most items of one page.
pub const LIMIT_MAX: usize = 1000;

/// The parameters of one request while they are read: each is taken once, what is wrong is collected.
#[derive(Debug, Default)]
pub struct Query {
    pairs: Vec<(String, String)>,
    faults: Vec<Fault>,
}

/// Parameters that can be read from a query string.
pub trait Params: Sized {
    /// Takes its parameters; what is missing or wrong becomes a fault of `query`.
    fn read(query: &mut Query) -> Self;
}

impl<A: Params, B: Params> Params for (A, B) {
    fn read(query: &mut Query) -> Self {
        (A::read(query), B::read(query))
    }
}

/// Extracts the parameters of a request, or answers 422 with every fault.
#[derive(Debug)]
pub struct Given<P>(pub P);

impl Query {
    /// Reads a raw query string.
    pub fn parse(raw: &str) -> Query {
        let pairs = form_pairs(raw);
        Query { pairs, faults: Vec::new() }
    }

    /// Takes a parameter as text; an empty one counts as not given, one given twice is a fault.
    pub fn text(&mut self, name: &str) -> Option<String> {
        let mut values = Vec::new();
        self.pairs.retain(|(key, value)| {
            let taken = key == name;
            if taken {
                values.push(value.clone());
            }
            !taken
        });
        if values.len() > 1 {
            let value = values.join(", ");
            self.fault(
                name,
                &value,
                Text::new("该参数只能给出一次", "given more than once"),
                "给出一个",
                "give it once",
            );
            return None;
        }
        let value = values.pop().filter(|value| !value.is_empty())?;
        if value.contains('\0') {
            let reason = Text::new("含有无法使用的字符", "it holds a character that can't be used");
            self.fault(name, &value.replace('\0', "␀"), reason, "去掉空字符", "take the NUL out");
            return None;
        }
        Some(value)
    }

    /// Notes a fault.
    pub fn fault(&mut self, field: &str, value: &str, reason: Text, remedy_zh: &str, remedy_en: &str) {
        if let Error::Invalid(faults) = Error::invalid("", field, value, reason, Text::new(remedy_zh, remedy_en)) {
            self.faults.extend(faults);
        }
    }

    /// Takes `name` as one of the values of an enumeration, by its name in the API.
    pub fn choice<T: DeserializeOwned>(&mut self, name: &str) -> Option<T> {
        let value = self.text(name)?;
        match serde_json::from_value(serde_json::Value::String(value.clone())) {
            Ok(choice) => Some(choice),
            Err(error) => {
                let known = error.to_string();
                let known = known.split_once("expected ").map_or("", |(_, known)| known);
                let known = known.trim_start_matches("one of ").replace('`', "");
                let reason = Text::new("没有这个取值", "no such value");
                self.fault(name, &value, reason, &format!("可用:{known}"), &format!("use one of: {known}"));
                None
            }
        }
    }

    /// Takes `name` as one of the words for `all`.
    pub fn word<T: Copy>(&mut self, name: &str, all: &[T], word: fn(T) -> &'static str) -> Option<T> {
        let value = self.text(name)?;
        let found = all.iter().copied().find(|one| word(*one) == value);
        if found.is_none() {
            let known = all.iter().map(|one| word(*one)).collect::<Vec<_>>().join(", ");
            let reason = Text::new("没有这个取值", "no such value");
            self.fault(name, &value, reason, &format!("可用:{known}"), &format!("use one of: {known}"));
        }
        found
    }

    /// Takes `name` as values of an enumeration with commas between; none if not given.
    pub fn choices<T: DeserializeOwned>(&mut self, name: &str) -> Vec<T> {
        let Some(values) = self.text(name) else { return Vec::new() };
        let mut choices = Vec::new();
        for value in values.split(',') {
            self.pairs.push((name.to_owned(), value.to_owned()));
            choices.extend(self.choice(name));
        }
        choices
    }

    /// Takes `rule`: codes of the catalogue with commas between; none if not given.
    pub fn rules(&mut self) -> Vec<String> {
        let rules: Vec<String> =
            self.text("rule").iter().flat_map(|rules| rules.split(',')).map(|rule| rule.trim().to_owned()).collect();
        for rule in &rules {
            if crate::check::catalogue().iter().all(|page| page.code != rule) {
                let reason = Text::new("没有这条规则", "no such rule");
                self.fault("rule", rule, reason, "规则见 /api/rules", "see /api/rules");
            }
        }
        rules
    }

    /// Takes `name` as comma-separated finite numbers, exactly `N`.
    fn numbers<const N: usize>(&mut self, name: &str, form: &str) -> Option<[f64; N]> {
        let value = self.text(name)?;
        let numbers: Option<Vec<f64>> =
            value.split(',').map(|part| part.trim().parse().ok().filter(|number: &f64| number.is_finite())).collect();
        let numbers = numbers.and_then(|numbers| <[f64; N]>::try_from(numbers).ok());
        if numbers.is_none() {
            let reason =
                Text::new(format!("不是 {N} 个以逗号分隔的数"), format!("not {N} numbers with commas between"));
            self.fault(name, &value, reason, &format!("写成 {form}"), &format!("write {form}"));
        }
        numbers
    }

    /// Takes `bbox=west,south,east,north` in degrees.
    pub fn bbox(&mut self) -> Option<[f64; 4]> {
        let bbox: [f64; 4] = self.numbers("bbox", "west,south,east,north")?;
        let [west, south, east, north] = bbox;
        let on_earth = LonLat::new(west, south).is_on_earth() && LonLat::new(east, north).is_on_earth();
        if !on_earth || west > east || south > north {
            let value = format!("{west},{south},{east},{north}");
            let reason = Text::new("不是地球上的范围", "no box on earth");
            self.fault(
                "bbox",
                &value,
                reason,
                "西 <= 东, 南 <= 北, 单位度",
                "west <= east, south <= north, in degrees",
            );
            return None;
        }
        Some(bbox)
    }

    /// Takes `near=lon,lat` in degrees.
    pub fn near(&mut self) -> Option<LonLat> {
        let [lon, lat] = self.numbers("near", "lon,lat")?;
        let at = LonLat::new(lon, lat);
        if !at.is_on_earth() {
            let reason = Text::new("不是地球上的位置", "no place on earth");
            self.fault("near", &format!("{lon},{lat}"), reason, "先经度后纬度, 单位度", "longitude first, in degrees");
            return None;
        }
        Some(at)
    }

    /// Takes `limit`: from 1 to [`LIMIT_MAX`], 50 if not given.
    pub fn limit(&mut self) -> usize {
        let Some(value) = self.text("limit") else { return 50 };
        match value.parse() {
            Ok(limit @ 1..=LIMIT_MAX) => limit,
            _ => {
                let reason = Text::new(format!("不在 1 到 {LIMIT_MAX} 之间"), format!("not between 1 and {LIMIT_MAX}"));
                self.fault("limit", &value, reason, "给出整数", "give a whole number in that range");
                50
            }
        }
    }

    /// Takes `name` as a day, `2026-11-21`.
    pub fn day(&mut self, name: &str) -> Option<chrono::NaiveDate> {
        let value = self.text(name)?;
        let day = value.parse().ok();
        if day.is_none() {
            self.fault(name, &value, Text::new("不是日期", "not a day"), "写成 2026-11-21", "write 2026-11-21");
        }
        day
    }

    /// Takes `cursor`: the `next` of the page before.
    pub fn cursor(&mut self) -> Option<Cursor> {
        let value = self.text("cursor")?;
        let cursor = Cursor::parse(&value);
        if cursor.is_none() {
            let reason = Text::new("不是本服务给出的游标", "not a cursor of this service");
            self.fault(
                "cursor",
                &value,
                reason,
                "用上一页的 next, 或去掉它从头读起",
                "use next of the page before, or leave it out",
            );
        }
        cursor
    }

    /// Ends the reading: what was not taken is unknown.
    ///
    /// # Errors
    /// `Invalid` with every fault.
    pub fn finish(mut self) -> Result<(), Error> {
        for (name, value) in std::mem::take(&mut self.pairs) {
            let reason = Text::new("没有这个参数", "no such parameter");
            self.fault(&name, &value, reason, "去掉它;参数见 /api/openapi.json", "leave it out; see /api/openapi.json");
        }
        if self.faults.is_empty() { Ok(()) } else { Err(Error::Invalid(self.faults)) }
    }
}

/// The pairs of a query string, `+` and percent signs decoded.
fn form_pairs(raw: &str) -> Vec<(String, String)> {
    let decode = |text: &str| {
        let bytes = text.as_bytes();
        let (mut decoded, mut i) = (Vec::with_capacity(bytes.len()), 0);
        while i < bytes.len() {
            let hex = (bytes[i] == b'%').then(|| text.get(i + 1..i + 3)).flatten();
            match hex.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
                Some(byte) => {
                    decoded.push(byte);
                    i += 3;
                }
                None => {
                    decoded.push(if bytes[i] == b'+' { b' ' } else { bytes[i] });
                    i += 1;
                }
            }
        }
        String::from_utf8_lossy(&decoded).into_owned()
    };
    raw.split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .map(|(name, value)| (decode(name), decode(value)))
        .collect()
}

impl<S: Send + Sync, P: Params> FromRequestParts<S> for Given<P> {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Failure> {
        let mut query = Query::parse(parts.uri.query().unwrap_or(""));
        let params = P::read(&mut query);
        query.finish()?;
        Ok(Given(params))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Severity;

    #[test]
    fn every_fault_is_told_with_field_value_and_reason() {
        let mut query =
            Query::parse("bbox=1,2,3&near=200,0&limit=0&severity=loud&cursor=xyz&day=x&wat=1&q=%E8%B7%AF+1");
        assert_eq!(query.bbox(), None);
        assert_eq!(query.near(), None);
        assert_eq!(query.limit(), 50);
        assert_eq!(query.choice::<Severity>("severity"), None);
        assert!(query.cursor().is_none());
        assert_eq!(query.day("day"), None);
        assert_eq!(query.text("q").as_deref(), Some("路 1"));
        let Err(Error::Invalid(faults)) = query.finish() else { panic!("faults expected") };
        let fields: Vec<&str> = faults.iter().map(|fault| fault.field.as_str()).collect();
        assert_eq!(fields, ["bbox", "near", "limit", "severity", "cursor", "day", "wat"]);
        assert!(faults[3].remedy.en.contains("error"), "{}", faults[3].remedy.en);
    }

    #[test]
    fn broken_percent_signs_are_text() {
        for raw in ["q=%", "q=%4", "q=%zz", "q=%路", "%=&&=", "q=%ff"] {
            let _ = Query::parse(raw).text("q");
        }
    }
}
