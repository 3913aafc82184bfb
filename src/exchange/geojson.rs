//! Plain GeoJSON, read in a tenth of the time that GDAL takes for it: a collection of features whose properties are
//! texts, numbers, truths and nulls, and whose geometries are points and areas. GDAL reads whatever else a file may be,
//! and says what is wrong with it: [`read`] looks at the whole file first, and answers none when it isn't plain.

use super::reject::Unit;
use super::shape::Shape;
use super::sheet::{Content, Row, Sheet};
use crate::crs::Crs;
use crate::error::{Error, Result};
use csv::StringRecord;
use geo::{Coord, LineString, MultiPolygon, Polygon};
use rayon::prelude::*;
use serde::Deserialize;
use serde::de::{Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::fmt::{self, Formatter};
use std::io::Read;
use std::ops::Range;
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
#[derive(Debug, Clone, Default)]
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

    /// What was seen in both.
    fn join(self, other: Column) -> Column {
        Column {
            name: self.name,
            text: self.text | other.text,
            integer: self.integer | other.integer,
            real: self.real | other.real,
            truth: self.truth | other.truth,
            dated: self.dated | other.dated,
            undated: self.undated | other.undated,
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
    /// Bytes of each feature.
    features: Vec<Range<usize>>,
    columns: Vec<Column>,
}

impl Plan {
    /// Looks at a whole file; none when it isn't plain.
    fn of(text: &str) -> Option<Plan> {
        let Collection { features, .. } = serde_json::from_str(text).ok()?;
        let columns = Plan::columns(features.first()?)?;
        let look = |mut columns: Vec<Column>, feature: &&RawValue| {
            let Feature { properties: Properties(properties), .. } = serde_json::from_str(feature.get()).ok()?;
            for (k, value) in placed(&columns, properties)? {
                columns[k].see(&value);
            }
            Some(columns)
        };
        let join = |a: Vec<Column>, b: Vec<Column>| Some(a.into_iter().zip(b).map(|(a, b)| a.join(b)).collect());
        let columns = features.par_iter().try_fold(|| columns.clone(), look).try_reduce(|| columns.clone(), join)?;
        let start = |feature: &RawValue| feature.get().as_ptr() as usize - text.as_ptr() as usize;
        let features = features.iter().map(|f| start(f)..start(f) + f.get().len()).collect();
        columns.iter().all(Column::is_plain).then_some(Plan { features, columns })
    }

    /// The columns: the properties of the first feature, none of them twice.
    fn columns(first: &RawValue) -> Option<Vec<Column>> {
        let Feature { properties: Properties(properties), .. } = serde_json::from_str(first.get()).ok()?;
        let mut columns: Vec<Column> = Vec::new();
        for (name, _) in properties {
            if name.is_empty() || columns.iter().any(|column| column.name == name) {
                return None;
            }
            columns.push(Column { name: name.into_owned(), ..Column::default() });
        }
        Some(columns)
    }
}

/// The values of a feature with their columns; none where one comes twice, or is of no column: GDAL has an order of its own
/// for those.
fn placed<'a>(columns: &[Column], properties: Vec<(Cow<'a, str>, Value<'a>)>) -> Option<Vec<(usize, Value<'a>)>> {
    let mut placed: Vec<(usize, Value)> = Vec::with_capacity(properties.len());
    for (name, value) in properties {
        // Mostly they come in the order of the columns.
        let turn = placed.last().map_or(0, |(k, _)| k + 1);
        let next = columns.get(turn).filter(|column| column.name == name).map(|_| turn);
        let k = next.or_else(|| columns.iter().position(|column| column.name == name))?;
        if k < turn && placed.iter().any(|(other, _)| *other == k) {
            return None;
        }
        placed.push((k, value));
    }
    Some(placed)
}

/// The features of a plain file.
struct Features {
    text: String,
    plan: Plan,
    next: usize,
}

impl Features {
    fn row(&self, k: usize) -> Option<Row> {
        let feature = self.text.get(self.plan.features[k].clone())?;
        let Feature { properties: Properties(properties), geometry, .. } = serde_json::from_str(feature).ok()?;
        let mut cells = StringRecord::new();
        let mut values = vec![Value::Null; self.plan.columns.len()];
        placed(&self.plan.columns, properties)?.into_iter().for_each(|(k, value)| values[k] = value);
        for value in values {
            match value {
                Value::Null => cells.push_field(""),
                Value::Truth(truth) => cells.push_field(if truth { "1" } else { "0" }),
                Value::Integer(number) => cells.push_field(&number.to_string()),
                Value::Real(number) => cells.push_field(&digits(number)?),
                Value::Text(text) => cells.push_field(&text),
            }
        }
        Some(Row { number: k as u64 + 1, cells, shape: geometry.map_or(Shape::None, Shape::from), broken: None })
    }
}

impl Content for Features {
    fn next_rows(&mut self, count: usize) -> Result<Vec<Row>> {
        let first = self.next;
        self.next = (first + count).min(self.plan.features.len());
        let rows: Option<Vec<Row>> = (first..self.next).map(|k| self.row(k)).collect();
        rows.ok_or_else(|| Error::Internal("a GeoJSON file was read in two ways".to_owned()))
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

/// A file, with nothing in it but features: no system of its own, no name of a layer, or whatever else a program leaves
/// there.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Collection<'a> {
    #[serde(rename = "type")]
    _kind: CollectionKind,
    #[serde(borrow)]
    features: Vec<&'a RawValue>,
}

#[derive(Deserialize)]
enum CollectionKind {
    FeatureCollection,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Feature<'a> {
    #[serde(rename = "type")]
    _kind: FeatureKind,
    #[serde(borrow)]
    properties: Properties<'a>,
    // It may be null, and must be there.
    #[serde(deserialize_with = "Option::deserialize")]
    geometry: Option<Geometry>,
}

#[derive(Deserialize)]
enum FeatureKind {
    Feature,
}

#[derive(Deserialize)]
#[serde(tag = "type", content = "coordinates", deny_unknown_fields)]
enum Geometry {
    Point(Position),
    Polygon(Rings),
    MultiPolygon(Vec<Rings>),
}

impl From<Geometry> for Shape {
    fn from(geometry: Geometry) -> Shape {
        match geometry {
            Geometry::Point(Position(at)) => Shape::Point(at.x, at.y),
            Geometry::Polygon(Rings(polygon)) => Shape::Area(MultiPolygon(vec![polygon])),
            Geometry::MultiPolygon(polygons) => {
                Shape::Area(polygons.into_iter().map(|Rings(polygon)| polygon).collect())
            }
        }
    }
}

/// A polygon, with corners in every ring.
struct Rings(Polygon<f64>);

impl<'de> Deserialize<'de> for Rings {
    fn deserialize<D: Deserializer<'de>>(source: D) -> std::result::Result<Rings, D::Error> {
        let rings: Vec<Vec<Position>> = Vec::deserialize(source)?;
        if rings.is_empty() || rings.iter().any(Vec::is_empty) {
            return Err(D::Error::custom("an empty ring"));
        }
        let line = |ring: Vec<Position>| {
            let mut corners: Vec<Coord> = ring.into_iter().map(|Position(at)| at).collect();
            corners.shrink_to_fit();
            LineString(corners)
        };
        let mut rings = rings.into_iter().map(line);
        let outer = rings.next().expect("a ring");
        Ok(Rings(Polygon::new(outer, rings.collect())))
    }
}

/// A position; a height is left out.
struct Position(Coord<f64>);

impl<'de> Deserialize<'de> for Position {
    fn deserialize<D: Deserializer<'de>>(source: D) -> std::result::Result<Position, D::Error> {
        struct Numbers;
        impl<'de> Visitor<'de> for Numbers {
            type Value = Position;

            fn expecting(&self, f: &mut Formatter) -> fmt::Result {
                f.write_str("two or three numbers")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut numbers: A) -> std::result::Result<Position, A::Error> {
                let few = || A::Error::invalid_length(1, &self);
                let x = numbers.next_element()?.ok_or_else(few)?;
                let y = numbers.next_element()?.ok_or_else(few)?;
                numbers.next_element::<f64>()?;
                Ok(Position(Coord { x, y }))
            }
        }
        source.deserialize_seq(Numbers)
    }
}

/// Properties in their order.
struct Properties<'a>(Vec<(Cow<'a, str>, Value<'a>)>);

impl<'de: 'a, 'a> Deserialize<'de> for Properties<'a> {
    fn deserialize<D: Deserializer<'de>>(source: D) -> std::result::Result<Properties<'a>, D::Error> {
        struct Members;
        impl<'de> Visitor<'de> for Members {
            type Value = Properties<'de>;

            fn expecting(&self, f: &mut Formatter) -> fmt::Result {
                f.write_str("properties")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> std::result::Result<Properties<'de>, A::Error> {
                let mut properties = Vec::new();
                while let Some((Name(name), value)) = map.next_entry()? {
                    properties.push((name, value));
                }
                Ok(Properties(properties))
            }
        }
        source.deserialize_map(Members)
    }
}

#[derive(Deserialize)]
#[serde(transparent)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);

/// The value of a property that reads the same here as by GDAL.
#[derive(Debug, Clone, PartialEq)]
enum Value<'a> {
    Null,
    Truth(bool),
    Integer(i64),
    Real(f64),
    Text(Cow<'a, str>),
}

impl<'de: 'a, 'a> Deserialize<'de> for Value<'a> {
    fn deserialize<D: Deserializer<'de>>(source: D) -> std::result::Result<Value<'a>, D::Error> {
        struct Plain;
        impl<'de> Visitor<'de> for Plain {
            type Value = Value<'de>;

            fn expecting(&self, f: &mut Formatter) -> fmt::Result {
                f.write_str("a plain value")
            }

            fn visit_unit<E>(self) -> std::result::Result<Value<'de>, E> {
                Ok(Value::Null)
            }

            fn visit_bool<E>(self, truth: bool) -> std::result::Result<Value<'de>, E> {
                Ok(Value::Truth(truth))
            }

            fn visit_i64<E: serde::de::Error>(self, number: i64) -> std::result::Result<Value<'de>, E> {
                const MOST: u64 = 1_000_000_000_000_000;
                if number.unsigned_abs() < MOST { Ok(Value::Integer(number)) } else { Err(E::custom("a long number")) }
            }

            fn visit_u64<E: serde::de::Error>(self, number: u64) -> std::result::Result<Value<'de>, E> {
                i64::try_from(number).map_err(E::custom).and_then(|number| self.visit_i64(number))
            }

            fn visit_f64<E: serde::de::Error>(self, number: f64) -> std::result::Result<Value<'de>, E> {
                let plain = (number != 0.0 || number.is_sign_positive()) && digits(number).is_some();
                if plain { Ok(Value::Real(number)) } else { Err(E::custom("a number with an exponent")) }
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> std::result::Result<Value<'de>, E> {
                // It ends a text of C.
                if text.contains('\0') { Err(E::custom("a null")) } else { Ok(Value::Text(text.to_owned().into())) }
            }

            fn visit_borrowed_str<E: serde::de::Error>(self, text: &'de str) -> std::result::Result<Value<'de>, E> {
                Ok(Value::Text(text.into()))
            }
        }
        source.deserialize_any(Plain)
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
