//! Records into files: one table of fields for each kind, in every format that GDAL writes.

use super::gdal;
use super::shape::Shape;
use crate::domain::{Address, Building, Flag, Footprint, Grid, LonLat, Severity, Subject, Tier};
use crate::error::{Error, Result, Text};
use std::path::{Path, PathBuf};

/// Formats that are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// `.csv`, UTF-8.
    Csv,
    /// `.geojson`, RFC 7946.
    GeoJson,
    /// `.gpkg`
    GeoPackage,
    /// `.fgb`
    FlatGeobuf,
    /// `.shp` with its companions, UTF-8.
    Shapefile,
    /// `.xlsx`, without geometries.
    Xlsx,
}

impl Format {
    /// The format of a file's ending.
    ///
    /// # Errors
    /// `Invalid` for an ending that is not written, or not yet.
    pub fn of(path: &Path) -> Result<Format> {
        let ending = path.extension().unwrap_or_default().to_string_lossy().to_lowercase();
        Format::parse(&ending).ok_or_else(|| {
            let later = matches!(ending.as_str(), "parquet" | "pmtiles");
            Error::invalid(
                path.display().to_string(),
                "",
                ending,
                if later {
                    Text::new(
                        "这种格式尚未支持，将在以后的版本提供",
                        "this format is not written yet: it comes in a later version",
                    )
                } else {
                    Text::new("不支持写出这种格式", "this format is not written here")
                },
                Text::new(
                    "可用：csv、geojson、gpkg、fgb、shp、xlsx",
                    "known are csv, geojson, gpkg, fgb, shp and xlsx",
                ),
            )
        })
    }

    /// The format of a name: `csv`, `geojson`, `gpkg`, `fgb`, `shp`, `xlsx`.
    pub fn parse(name: &str) -> Option<Format> {
        Some(match name {
            "csv" => Format::Csv,
            "geojson" | "json" => Format::GeoJson,
            "gpkg" => Format::GeoPackage,
            "fgb" => Format::FlatGeobuf,
            "shp" => Format::Shapefile,
            "xlsx" => Format::Xlsx,
            _ => return None,
        })
    }
}

/// Type of a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FieldKind {
    /// Text.
    Text,
    /// A number.
    Real,
    /// A whole number.
    Integer,
}

/// A field's value.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// None.
    None,
    /// Text.
    Text(String),
    /// A number.
    Real(f64),
    /// A whole number.
    Integer(i64),
}

impl From<&str> for Value {
    fn from(text: &str) -> Value {
        Value::Text(text.to_owned())
    }
}

impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Value {
        value.map_or(Value::None, Into::into)
    }
}

impl From<f64> for Value {
    fn from(number: f64) -> Value {
        Value::Real(number)
    }
}

impl From<i64> for Value {
    fn from(number: i64) -> Value {
        Value::Integer(number)
    }
}

impl Value {
    fn text(&self) -> String {
        match self {
            Value::None => String::new(),
            Value::Text(text) => text.clone(),
            Value::Real(number) => number.to_string(),
            Value::Integer(number) => number.to_string(),
        }
    }
}

/// One line of an exported table.
#[derive(Debug, Clone)]
pub struct Line {
    /// A value for each field.
    pub values: Vec<Value>,
    /// Where it is.
    pub(super) shape: Shape,
}

/// What a table is like.
#[derive(Debug, Clone, Copy)]
pub struct Sheet {
    /// Name of the layer.
    pub name: &'static str,
    /// Fields.
    pub fields: &'static [(&'static str, FieldKind)],
    /// Whether its geometries are areas (true), points (false), or either.
    pub areas: Option<bool>,
}

use FieldKind::{Integer, Real, Text as Words};

/// A record that is exported.
pub trait Export {
    /// What its table is like. The names are those that an import knows.
    const SHEET: Sheet;
    /// Its line.
    fn line(&self) -> Line;
}

impl Export for Grid {
    const SHEET: Sheet = Sheet {
        name: "grid",
        fields: &[
            ("grid_code", Words),
            ("level", Words),
            ("name", Words),
            ("parent_code", Words),
            ("valid_from", Words),
            ("valid_to", Words),
        ],
        areas: Some(true),
    };

    fn line(&self) -> Line {
        let day = |day: Option<chrono::NaiveDate>| Value::from(day.map(|day| day.to_string()).as_deref());
        Line {
            values: vec![
                self.code.as_str().into(),
                self.level.as_str().into(),
                self.name.as_str().into(),
                self.parent.as_deref().into(),
                day(self.valid_from),
                day(self.valid_to),
            ],
            shape: Shape::Area(self.polygon.clone()),
        }
    }
}

impl Export for Address {
    const SHEET: Sheet = Sheet {
        name: "address",
        fields: &[
            ("address_id", Words),
            ("full_text", Words),
            ("province", Words),
            ("city", Words),
            ("county", Words),
            ("town", Words),
            ("village", Words),
            ("grid", Words),
            ("group", Words),
            ("road", Words),
            ("house_number", Words),
            ("compound", Words),
            ("building", Words),
            ("unit", Words),
            ("floor", Words),
            ("room", Words),
            ("grid_code", Words),
            ("lon", Real),
            ("lat", Real),
            ("accuracy_m", Real),
            ("collected_at", Words),
            ("collector", Words),
            ("batch", Words),
            ("building_id", Words),
            ("status", Words),
            ("ended_on", Words),
            ("verified_on", Words),
        ],
        areas: Some(false),
    };

    fn line(&self) -> Line {
        let part = &self.parts;
        let pin = self.pin.as_ref();
        let at = pin.map(|pin| pin.at);
        let status = match self.status {
            crate::domain::AddressStatus::Active => "active",
            crate::domain::AddressStatus::Demolished => "demolished",
            crate::domain::AddressStatus::Merged => "merged",
        };
        let day = |day: Option<chrono::NaiveDate>| Value::from(day.map(|day| day.to_string()).as_deref());
        Line {
            values: vec![
                self.id.as_str().into(),
                self.full_text.as_str().into(),
                (*part.province).into(),
                (*part.city).into(),
                (*part.county).into(),
                (*part.town).into(),
                (*part.village).into(),
                (*part.grid).into(),
                (*part.group).into(),
                (*part.road).into(),
                (*part.house_number).into(),
                (*part.compound).into(),
                (*part.building).into(),
                (*part.unit).into(),
                (*part.floor).into(),
                (*part.room).into(),
                self.grid.as_deref().into(),
                at.map(|at| at.lon).into(),
                at.map(|at| at.lat).into(),
                pin.and_then(|pin| pin.accuracy_m).map(f64::from).into(),
                pin.and_then(|pin| pin.collected_at).map(|time| time.to_rfc3339()).as_deref().into(),
                pin.and_then(|pin| pin.collector.as_deref()).into(),
                self.batch.as_deref().into(),
                self.building.as_deref().into(),
                status.into(),
                day(self.ended_on),
                day(self.verified_on),
            ],
            shape: point(at),
        }
    }
}

impl Export for Building {
    const SHEET: Sheet = Sheet {
        name: "building",
        fields: &[
            ("building_id", Words),
            ("full_text", Words),
            ("town", Words),
            ("village", Words),
            ("road", Words),
            ("house_number", Words),
            ("compound", Words),
            ("building", Words),
            ("grid_code", Words),
            ("floors", Integer),
            ("kind", Words),
            ("standing", Words),
        ],
        areas: None,
    };

    fn line(&self) -> Line {
        let part = &self.parts;
        let kind = serde_json::to_value(self.kind).ok();
        Line {
            values: vec![
                self.id.as_str().into(),
                self.full_text.as_str().into(),
                (*part.town).into(),
                (*part.village).into(),
                (*part.road).into(),
                (*part.house_number).into(),
                (*part.compound).into(),
                (*part.building).into(),
                self.grid.as_deref().into(),
                self.floors.map(i64::from).into(),
                kind.as_ref().and_then(|kind| kind.as_str()).into(),
                if self.standing { "true".into() } else { "false".into() },
            ],
            shape: match &self.footprint {
                Footprint::Area(area) => Shape::Area(area.clone()),
                Footprint::Point(at) => Shape::Point(at.lon, at.lat),
            },
        }
    }
}

fn point(at: Option<LonLat>) -> Shape {
    at.filter(|at| at.is_on_earth()).map_or(Shape::None, |at| Shape::Point(at.lon, at.lat))
}

/// The fields of `flags.csv` after the first, which is the subject's identifier.
macro_rules! flag_sheet {
    ($name:literal, $id:literal) => {
        Sheet {
            name: $name,
            fields: &[
                ($id, Words),
                ("rule", Words),
                ("severity", Words),
                ("probability", Real),
                ("tier", Words),
                ("message_zh", Words),
                ("message_en", Words),
                ("suggested_lon", Real),
                ("suggested_lat", Real),
                ("suggestion_radius_m", Real),
                ("suggested_field", Words),
                ("suggested_value", Words),
            ],
            areas: Some(false),
        }
    };
}

/// The table of flags about one kind of subject: `address`, `building`, `grid`, or any other.
pub fn flag_sheet(kind: &str) -> Sheet {
    match kind {
        "address" => flag_sheet!("flag", "address_id"),
        "building" => flag_sheet!("flag", "building_id"),
        "grid" => flag_sheet!("flag", "grid_code"),
        _ => flag_sheet!("flag", "subject_id"),
    }
}

/// A flag's line: as `flags.csv` has it.
pub fn flag_line(flag: &Flag) -> Line {
    let tier = flag.tier.map(|tier| match tier {
        Tier::Auto => "auto",
        Tier::Review => "review",
        Tier::Field => "field",
    });
    let severity = match flag.severity {
        Severity::Error => "E",
        Severity::Warning => "W",
        Severity::Info => "I",
    };
    let suggestion = flag.suggestion.as_ref();
    let at = suggestion.and_then(|s| s.at);
    Line {
        values: vec![
            flag.subject.parts().1.into(),
            flag.rule.into(),
            severity.into(),
            flag.probability.map(|p| (p * 1e4).round() / 1e4).into(),
            tier.into(),
            flag.message.zh.as_str().into(),
            flag.message.en.as_str().into(),
            at.map(|at| (at.lon * 1e9).round() / 1e9).into(),
            at.map(|at| (at.lat * 1e9).round() / 1e9).into(),
            suggestion.and_then(|s| s.radius_m).map(|m| (m * 10.0).round() / 10.0).into(),
            suggestion.and_then(|s| s.field.as_deref()).into(),
            suggestion.and_then(|s| s.value.as_deref()).into(),
        ],
        shape: point(flag.at),
    }
}

/// Writes records to a file; the format goes by `format`, or else by the file's ending. The file appears whole or not at
/// all.
///
/// # Errors
/// `Invalid` for a format that is not written, `Unavailable` when the file cannot be.
pub fn write<'a, T: Export + 'a>(
    path: &Path,
    format: Option<Format>,
    records: impl Iterator<Item = &'a T>,
) -> Result<()> {
    write_lines(path, format, &T::SHEET, &mut records.map(Export::line))
}

/// Writes flags about one kind of subject.
///
/// # Errors
/// As [`write()`].
pub fn write_flags<'a>(
    path: &Path,
    format: Option<Format>,
    kind: &str,
    flags: impl Iterator<Item = &'a Flag>,
) -> Result<()> {
    let of_kind = flags.filter(|flag| flag.subject.parts().0 == kind);
    write_lines(path, format, &flag_sheet(kind), &mut of_kind.map(flag_line))
}

/// Kinds of subjects that flags are about, as [`Subject::parts`] names them.
pub fn subject_kinds(flags: &[Flag]) -> Vec<&'static str> {
    ["address", "building", "grid", "rental", "hazard", "correction"]
        .into_iter()
        .filter(|kind| flags.iter().any(|flag| Subject::parts(&flag.subject).0 == *kind))
        .collect()
}

/// Writes lines of any table.
///
/// # Errors
/// As [`write()`].
pub fn write_lines(
    path: &Path,
    format: Option<Format>,
    sheet: &Sheet,
    lines: &mut dyn Iterator<Item = Line>,
) -> Result<()> {
    let format = match format {
        Some(format) => format,
        None => Format::of(path)?,
    };
    match format {
        Format::Csv => atomically(path, |part| csv(part, sheet, lines)),
        Format::Shapefile => shapefile(path, sheet, lines),
        other => atomically(path, |part| gdal::write(part, other, sheet, lines)),
    }
}

fn csv(path: &Path, sheet: &Sheet, lines: &mut dyn Iterator<Item = Line>) -> Result<()> {
    let failed = |error: csv::Error| Error::Unavailable(format!("{}: {error}", path.display()));
    let file = std::fs::File::create(path).map_err(|error| failed(error.into()))?;
    let mut out = csv::Writer::from_writer(std::io::BufWriter::with_capacity(1 << 18, file));
    // Points have their columns; areas need one.
    let geometry = sheet.areas != Some(false);
    let headings = sheet.fields.iter().map(|(name, _)| *name).chain(geometry.then_some("geometry"));
    out.write_record(headings).map_err(failed)?;
    for line in lines {
        let wkt = geometry.then(|| line.shape.to_wkt());
        out.write_record(line.values.iter().map(Value::text).chain(wkt)).map_err(failed)?;
    }
    out.flush().map_err(|error| failed(error.into()))
}

/// A Shapefile is several files: they are written into a folder of their own and moved one by one, `.shp` last.
fn shapefile(path: &Path, sheet: &Sheet, lines: &mut dyn Iterator<Item = Line>) -> Result<()> {
    let folder = part_name(path).with_extension("folder");
    let failed = |error: std::io::Error| Error::Unavailable(format!("{}: {error}", path.display()));
    std::fs::create_dir(&folder).map_err(failed)?;
    let inside = folder.join(path.file_name().unwrap_or_default());
    let done = gdal::write(&inside, Format::Shapefile, sheet, lines).and_then(|()| {
        for ending in ["dbf", "shx", "prj", "cpg", "shp"] {
            let from = inside.with_extension(ending);
            if from.exists() {
                std::fs::rename(from, path.with_extension(ending)).map_err(failed)?;
            }
        }
        Ok(())
    });
    std::fs::remove_dir_all(&folder).ok();
    done
}

/// Writes a file under a neighbouring name and puts it in its place when it is whole: a reader never sees half a file.
///
/// # Errors
/// What `write` answers, or `Unavailable` when the file cannot be put in its place.
pub fn atomically(path: &Path, write: impl FnOnce(&Path) -> Result<()>) -> Result<()> {
    let part = part_name(path);
    let done = write(&part).and_then(|()| {
        std::fs::rename(&part, path).map_err(|error| Error::Unavailable(format!("{}: {error}", path.display())))
    });
    if done.is_err() {
        std::fs::remove_file(&part).ok();
    }
    done
}

/// A name in the same folder with the same ending, so that formats go by it.
fn part_name(path: &Path) -> PathBuf {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    path.with_file_name(format!("part-{}-{name}", std::process::id()))
}
