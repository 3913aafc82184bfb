//! Plain GeoJSON, read in a tenth of the time that GDAL takes for it: a collection of features whose properties are
//! texts, numbers, truths and nulls, and whose geometries are points and areas. GDAL reads whatever else a file may be,
//! and says what is wrong with it: [`read`] looks at the whole file first, and answers none when it isn't plain.

use super::reject::Unit;
use super::shape::Shape;
use super::sheet::{Content, Row, Sheet};
use crate::crs::Crs;
use crate::error::Result;
use csv::StringRecord;
use geo::{Coord, LineString, MultiPolygon, Polygon};
use std::borrow::Cow;
use std::io::Read;
use std::path::Path;

/// Files up to this many bytes are read at once.
const MOST: u64 = 2 << 30;

/// Opens a plain file; none for one that is GDAL's.
pub fn read(path: &Path, place: &str, zipped: bool) -> Option<Sheet> {
    let mut file = std::fs::File::open(path).ok()?;
    let size = file.metadata().ok()?.len();
    let mut bytes = Vec::new();
    if zipped {
        flate2::read::MultiGzDecoder::new(file).take(MOST).read_to_end(&mut bytes).ok()?;
    } else if size < MOST {
        bytes.reserve_exact(size as usize + 1);
        file.read_to_end(&mut bytes).ok()?;
    }
    if bytes.len() as u64 >= MOST {
        return None;
    }
    let text = String::from_utf8(bytes).ok()?;
    let plan = Plan::of(&text)?;
    Some(Sheet {
        place: place.to_owned(),
        headings: plan.columns.iter().map(|column| column.name.clone()).collect(),
        unit: Unit::Feature,
        short_headings: false,
        has_shapes: true,
        crs: Some(Crs::Wgs84),
        notes: Vec::new(),
        content: Box::new(Features { text, plan, next: 0 }),
    })
}

/// What is known of a column from all features.
#[derive(Debug, Default)]
struct Column {
    name: String,
    /// Kinds of values that were seen.
    text: bool,
    integer: bool,
    real: bool,
    truth: bool,
    /// Texts that might be days or times, and others.
    dated: bool,
    undated: bool,
}

impl Column {
    fn see(&mut self, value: &Value) {
        match value {
            Value::Null => {}
            Value::Truth(_) => self.truth = true,
            Value::Integer(_) => self.integer = true,
            Value::Real(_) => self.real = true,
            Value::Text(text) => {
                self.text = true;
                let text = text.trim_start();
                let numeric = text.starts_with(|c: char| c.is_ascii_digit() || c == '+' || c == '-');
                let dated = numeric && text.contains(['-', '/', ':']);
                self.dated |= dated;
                self.undated |= !dated && !text.is_empty();
            }
        }
    }

    /// Whether its values read the same here as by GDAL, which gives every column one type: days are written in
    /// another form, and what is partly text in one that depends on its parser.
    fn is_plain(&self) -> bool {
        let kinds = [self.text, self.integer || self.real, self.truth].iter().filter(|seen| **seen).count();
        kinds < 2 && (!self.dated || self.undated)
    }
}

/// Where the features of a file lie, and its columns.
#[derive(Debug, Default)]
struct Plan {
    /// First byte of each feature.
    starts: Vec<usize>,
    columns: Vec<Column>,
}

/// The value of a property.
#[derive(Debug, Clone, PartialEq)]
enum Value<'a> {
    Null,
    Truth(bool),
    Integer(&'a str),
    Real(f64),
    Text(Cow<'a, str>),
}

impl Plan {
    /// Looks at a whole file; none when it isn't plain.
    fn of(text: &str) -> Option<Plan> {
        let mut cursor = Cursor { text, at: 0 };
        let (mut plan, mut is_collection, mut features) = (Plan::default(), false, false);
        cursor.object(|cursor, key| match key {
            "type" => {
                is_collection = cursor.text()? == "FeatureCollection";
                Some(())
            }
            "features" if !features => {
                features = true;
                cursor.array(|cursor| {
                    plan.starts.push(cursor.at);
                    plan.look(cursor)
                })
            }
            // A system of its own, a name of the layer, and whatever else a program leaves there.
            _ => None,
        })?;
        cursor.space();
        let whole = cursor.at == text.len() && is_collection && !plan.starts.is_empty();
        (whole && plan.columns.iter().all(Column::is_plain)).then_some(plan)
    }

    /// Looks at one feature.
    fn look(&mut self, cursor: &mut Cursor) -> Option<()> {
        let first = self.starts.len() == 1;
        let mut seen = vec![false; self.columns.len()];
        let mut shape = false;
        let columns = &mut self.columns;
        let property = |name: &str, value: Value| {
            let known = columns.iter().position(|column| column.name == name);
            // Columns that come later, or twice, stand in an order of GDAL's own.
            let k = match known {
                Some(k) if !seen.get(k).copied().unwrap_or(true) => k,
                None if first && !name.is_empty() => {
                    columns.push(Column { name: name.to_owned(), ..Column::default() });
                    columns.len() - 1
                }
                _ => return None,
            };
            if let Some(seen) = seen.get_mut(k) {
                *seen = true;
            }
            columns[k].see(&value);
            Some(())
        };
        cursor.feature(property, |cursor| {
            shape = true;
            cursor.shape(false).map(drop)
        })?;
        shape.then_some(())
    }
}

/// The features of a plain file.
struct Features {
    text: String,
    plan: Plan,
    next: usize,
}

impl Features {
    fn row(&self, k: usize) -> Option<Row> {
        let mut cursor = Cursor { text: &self.text, at: self.plan.starts[k] };
        let columns = &self.plan.columns;
        let (mut values, mut shape) = (vec![Value::Null; columns.len()], Shape::None);
        let mut turn = 0;
        cursor.feature(
            |name, value| {
                // Mostly they come in the order of the columns.
                let known = columns.get(turn).filter(|column| column.name == name).map(|_| turn);
                let k = known.or_else(|| columns.iter().position(|column| column.name == name))?;
                (values[k], turn) = (value, k + 1);
                Some(())
            },
            |cursor| {
                shape = cursor.shape(true)?;
                Some(())
            },
        )?;
        let mut cells = StringRecord::new();
        for value in &values {
            match value {
                Value::Null => cells.push_field(""),
                Value::Truth(truth) => cells.push_field(if *truth { "1" } else { "0" }),
                Value::Integer(digits) => cells.push_field(digits),
                Value::Real(number) => cells.push_field(&digits(*number)?),
                Value::Text(text) => cells.push_field(text),
            }
        }
        Some(Row { number: k as u64 + 1, cells, shape, broken: None })
    }
}

impl Content for Features {
    fn next_rows(&mut self, count: usize) -> Result<Vec<Row>> {
        let first = self.next;
        self.next = (first + count).min(self.plan.starts.len());
        let rows: Option<Vec<Row>> = (first..self.next).map(|k| self.row(k)).collect();
        rows.ok_or_else(|| crate::error::Error::Internal("a GeoJSON file was read in two ways".to_owned()))
    }
}

/// A number with fifteen digits, as C's `%.15g` writes it; none for those that it writes with an exponent.
fn digits(number: f64) -> Option<String> {
    const DIGITS: i32 = 15;
    let scientific = format!("{number:.14e}");
    let exponent: i32 = scientific.rsplit_once('e')?.1.parse().ok()?;
    if !(-4..DIGITS).contains(&exponent) {
        return None;
    }
    let text = format!("{number:.*}", (DIGITS - 1 - exponent) as usize);
    Some(if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text })
}

/// A place in a text of JSON. Every step answers none for what is not plain.
struct Cursor<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Cursor<'a> {
    fn space(&mut self) {
        while let Some(b' ' | b'\n' | b'\r' | b'\t') = self.text.as_bytes().get(self.at) {
            self.at += 1;
        }
    }

    /// Goes on past a byte, if it is the next one after space.
    fn take(&mut self, byte: u8) -> Option<()> {
        self.space();
        (*self.text.as_bytes().get(self.at)? == byte).then(|| self.at += 1)
    }

    fn word(&mut self, word: &str) -> Option<()> {
        self.text.as_bytes()[self.at..].starts_with(word.as_bytes()).then(|| self.at += word.len())
    }

    fn list(&mut self, open: u8, close: u8, mut item: impl FnMut(&mut Self) -> Option<()>) -> Option<()> {
        self.take(open)?;
        if self.take(close).is_some() {
            return Some(());
        }
        loop {
            self.space();
            item(self)?;
            if self.take(b',').is_none() {
                return self.take(close);
            }
        }
    }

    fn array(&mut self, item: impl FnMut(&mut Self) -> Option<()>) -> Option<()> {
        self.list(b'[', b']', item)
    }

    fn object(&mut self, mut member: impl FnMut(&mut Self, &str) -> Option<()>) -> Option<()> {
        self.list(b'{', b'}', |cursor| {
            let key = cursor.text()?;
            cursor.take(b':')?;
            cursor.space();
            member(cursor, &key)
        })
    }

    fn text(&mut self) -> Option<Cow<'a, str>> {
        let start = self.at;
        let bytes = self.text.as_bytes();
        if *bytes.get(start)? != b'"' {
            return None;
        }
        let mut escaped = false;
        let mut at = start + 1;
        loop {
            match *bytes.get(at)? {
                b'"' => break,
                b'\\' => {
                    escaped = true;
                    at += 2;
                }
                0..=31 => return None,
                _ => at += 1,
            }
        }
        self.at = at + 1;
        if escaped {
            // A null character ends a text of C.
            let text: String = serde_json::from_str(&self.text[start..self.at]).ok()?;
            return (!text.contains('\0')).then_some(Cow::Owned(text));
        }
        Some(Cow::Borrowed(&self.text[start + 1..at]))
    }

    /// The text of a number, and whether it is a whole one.
    fn number(&mut self) -> Option<(&'a str, bool)> {
        let bytes = self.text.as_bytes();
        let start = self.at;
        let digits = |mut at: usize| {
            let first = at;
            while bytes.get(at).is_some_and(u8::is_ascii_digit) {
                at += 1;
            }
            (at > first).then_some(at)
        };
        let mut at = digits(start + usize::from(*bytes.get(start)? == b'-'))?;
        let whole = at;
        if bytes.get(at) == Some(&b'.') {
            at = digits(at + 1)?;
        }
        if matches!(bytes.get(at), Some(b'e' | b'E')) {
            at = digits(at + 1 + usize::from(matches!(bytes.get(at + 1), Some(b'-' | b'+'))))?;
        }
        self.at = at;
        Some((&self.text[start..at], at == whole))
    }

    fn value(&mut self) -> Option<Value<'a>> {
        Some(match *self.text.as_bytes().get(self.at)? {
            b'"' => Value::Text(self.text()?),
            b'n' => self.word("null").map(|()| Value::Null)?,
            b't' => self.word("true").map(|()| Value::Truth(true))?,
            b'f' => self.word("false").map(|()| Value::Truth(false))?,
            _ => {
                let (text, whole) = self.number()?;
                let plain = text.len() < 16 && !text.starts_with("-0") && (text == "0" || !text.starts_with('0'));
                match whole {
                    true if plain => Value::Integer(text),
                    true => return None,
                    false => {
                        let number: f64 = text.parse().ok()?;
                        digits(number)?;
                        Value::Real(number)
                    }
                }
            }
        })
    }

    /// A feature: `put` is given its properties, `shape` called where its geometry begins.
    fn feature(
        &mut self,
        mut put: impl FnMut(&str, Value<'a>) -> Option<()>,
        mut shape: impl FnMut(&mut Self) -> Option<()>,
    ) -> Option<()> {
        let (mut types, mut properties, mut shapes) = (0, 0, 0);
        self.object(|cursor, key| match key {
            "type" => {
                types += 1;
                (cursor.text()? == "Feature").then_some(())
            }
            "properties" => {
                properties += 1;
                cursor.object(|cursor, name| {
                    let value = cursor.value()?;
                    put(name, value)
                })
            }
            "geometry" => {
                shapes += 1;
                shape(cursor)
            }
            _ => None,
        })?;
        ((types, properties, shapes) == (1, 1, 1)).then_some(())
    }

    /// A geometry. Where its numbers are not `wanted` they are only looked at.
    fn shape(&mut self, wanted: bool) -> Option<Shape> {
        if self.word("null").is_some() {
            return Some(Shape::None);
        }
        let (mut kind, mut shape, mut place, mut count) = (None, None, None, 0);
        self.object(|cursor, key| {
            count += 1;
            match (key, kind.as_deref()) {
                ("type", None) => kind = Some(cursor.text()?),
                ("coordinates", Some(kind)) => shape = Some(cursor.coordinates(kind, wanted)?),
                ("coordinates", None) => {
                    place = Some(cursor.at);
                    cursor.skip_numbers()?;
                }
                _ => return None,
            }
            Some(())
        })?;
        if let (Some(place), Some(kind), None) = (place, kind, &shape) {
            let end = std::mem::replace(&mut self.at, place);
            shape = Some(self.coordinates(&kind, wanted)?);
            self.at = end;
        }
        shape.filter(|_| count == 2)
    }

    fn coordinates(&mut self, kind: &str, wanted: bool) -> Option<Shape> {
        Some(match kind {
            "Point" => {
                let at = self.position(wanted)?;
                Shape::Point(at.x, at.y)
            }
            "Polygon" => Shape::Area(MultiPolygon(vec![self.polygon(wanted)?])),
            "MultiPolygon" => {
                let mut polygons = Vec::new();
                self.array(|cursor| {
                    polygons.push(cursor.polygon(wanted)?);
                    Some(())
                })?;
                (!polygons.is_empty()).then_some(Shape::Area(MultiPolygon(polygons)))?
            }
            _ => return None,
        })
    }

    /// Goes past arrays of numbers.
    fn skip_numbers(&mut self) -> Option<()> {
        let mut depth = 0;
        for byte in &self.text.as_bytes()[self.at..] {
            match byte {
                b'[' => depth += 1,
                b']' => depth -= 1,
                b'"' | b'{' | b'}' => return None,
                _ => {}
            }
            self.at += 1;
            if depth == 0 {
                return Some(());
            }
        }
        None
    }

    fn polygon(&mut self, wanted: bool) -> Option<Polygon<f64>> {
        let mut rings = Vec::new();
        self.array(|cursor| {
            let (mut ring, mut corners) = (Vec::new(), 0);
            cursor.array(|cursor| {
                let at = cursor.position(wanted)?;
                corners += 1;
                if wanted {
                    ring.push(at);
                }
                Some(())
            })?;
            ring.shrink_to_fit();
            rings.push(LineString(ring));
            (corners > 0).then_some(())
        })?;
        let mut rings = rings.into_iter();
        let outer = rings.next()?;
        Some(if wanted {
            Polygon::new(outer, rings.collect())
        } else {
            Polygon::new(LineString(Vec::new()), Vec::new())
        })
    }

    /// A position; a height is left out.
    fn position(&mut self, wanted: bool) -> Option<Coord<f64>> {
        let (mut numbers, mut count) = ([0.0; 2], 0);
        self.array(|cursor| {
            let (text, _) = cursor.number()?;
            if let Some(number) = numbers.get_mut(count).filter(|_| wanted) {
                *number = text.parse().ok()?;
            }
            count += 1;
            Some(())
        })?;
        (2..=3).contains(&count).then_some(Coord { x: numbers[0], y: numbers[1] })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exchange::gdal;

    fn both(text: &str) -> (tempfile::TempDir, Option<Sheet>, Sheet) {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("t.geojson");
        std::fs::write(&path, text).expect("written");
        let choose: gdal::Choose<'_> = &|_| Ok(0);
        let options = crate::exchange::ReadOptions::default();
        let place = path.display().to_string();
        let slow = gdal::read(&path, &place, "GeoJSON", &["GeoJSON"], false, &options, choose).expect("GDAL's");
        (folder, read(&path, &place, false), slow)
    }

    fn collection(features: &[(&str, &str)]) -> String {
        let feature = |(properties, geometry): &(&str, &str)| {
            format!(r#"{{"type": "Feature", "properties": {properties}, "geometry": {geometry}}}"#)
        };
        let features: Vec<String> = features.iter().map(feature).collect();
        format!("{{\"type\":\"FeatureCollection\",\"features\":[\n{}\n]}}\n", features.join(",\n"))
    }

    const POINT: &str = r#"{"type":"Point","coordinates":[119.9,28.4]}"#;
    const AREA: &str = r#"{"coordinates":[[[119.9,28.4,3.5],[1.1995e2,28.4],[119.95,28.45],[119.9,28.4]],[[119.91,28.41],[119.92,28.41],[119.92,28.42]]],"type":"Polygon"}"#;
    const AREAS: &str = r#"{"type":"MultiPolygon","coordinates":[[[[0,0],[1,0],[0.1,0.30000000000000004],[0,0]]],[[[2,2],[3,2],[2,3],[2,2]]]]}"#;

    #[test]
    fn plain_files_read_as_by_gdal() {
        for text in [
            collection(&[(r#"{"a":"甲\"\\\u00e9\n","b":9,"c":null}"#, POINT), (r#"{"b":-7,"a":""}"#, AREA)]),
            collection(&[(r#"{"a":1.5,"b":true}"#, AREAS), (r#"{"a":3,"b":false}"#, "null")]),
            collection(&[(r#"{"a":0.1,"b":"12号"}"#, AREAS), (r#"{"a":123456789.25,"b":"号"}"#, AREA)]),
            collection(&[(r#"{"a":-0.001234,"b":123456789012}"#, AREAS), (r#"{"a":28.4237341,"b":0}"#, AREA)]),
            collection(&[("{}", POINT), ("{}", POINT)]),
        ] {
            let (_folder, fast, mut slow) = both(&text);
            let mut fast = fast.unwrap_or_else(|| panic!("plain: {text}"));
            assert_eq!((&fast.headings, &fast.crs, fast.has_shapes), (&slow.headings, &slow.crs, slow.has_shapes));
            let rows = |sheet: &mut Sheet| sheet.content.next_rows(10).expect("rows");
            let (fast, slow) = (rows(&mut fast), rows(&mut slow));
            assert_eq!(fast.len(), slow.len());
            for (fast, slow) in fast.iter().zip(&slow) {
                assert_eq!((fast.number, &fast.cells, &fast.shape), (slow.number, &slow.cells, &slow.shape), "{text}");
            }
        }
    }

    #[test]
    fn what_is_not_plain_is_left_to_gdal() {
        let plain = collection(&[(r#"{"a":"b"}"#, POINT)]);
        assert!(Plan::of(&plain).is_some());
        for text in [
            collection(&[(r#"{"a":"2026-01-05"}"#, POINT)]),
            collection(&[(r#"{"a":[1]}"#, POINT)]),
            collection(&[(r#"{"a":"x"}"#, POINT), (r#"{"a":1}"#, POINT)]),
            collection(&[(r#"{"a":1e30}"#, POINT)]),
            collection(&[(r#"{"a":1}"#, POINT), (r#"{"b":1}"#, POINT)]),
            collection(&[(r#"{"a":1,"a":2}"#, POINT)]),
            collection(&[(r#"{"a":"x"}"#, r#"{"type":"LineString","coordinates":[[0,0],[1,1]]}"#)]),
            collection(&[(r#"{"a":"x"}"#, r#"{"type":"Polygon","coordinates":[[]]}"#)]),
            collection(&[(r#"{"a":"x"}"#, r#"{"type":"Point","coordinates":[1]}"#)]),
            collection(&[("null", POINT)]),
            plain.replace("\"features\"", "\"crs\":{},\"features\""),
            plain.replace("\"geometry\"", "\"id\":7,\"geometry\""),
            plain.replace("119.9", "119.9.9"),
            plain[..plain.len() - 5].to_owned(),
            format!("{plain}x"),
            String::new(),
        ] {
            assert!(Plan::of(&text).is_none(), "{text}");
        }
    }
}
