//! Records into files: one table of fields for each kind, in every format that GDAL writes.

mod flag;
mod record;

pub use flag::{flag_line, flag_sheet, subject_kinds, write_flags};

use super::gdal;
use super::shape::Shape;
use crate::domain::LonLat;
use crate::error::{Error, Result, Text};
use rayon::prelude::*;
use std::borrow::{Borrow, Cow};
use std::io::Write;
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
    fn text(&self) -> Cow<'_, str> {
        match self {
            Value::None => Cow::Borrowed(""),
            Value::Text(text) => Cow::Borrowed(text),
            Value::Real(number) => Cow::Owned(number.to_string()),
            Value::Integer(number) => Cow::Owned(number.to_string()),
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

/// A record that is exported.
pub trait Export {
    /// What its table is like. The names are those that an import knows.
    const SHEET: Sheet;
    /// Its line.
    fn line(&self) -> Line;
}

fn point(at: Option<LonLat>) -> Shape {
    at.filter(|at| at.is_on_earth()).map_or(Shape::None, |at| Shape::Point(at.lon, at.lat))
}

/// Writes records to a file; the format goes by `format`, or else by the file's ending. The file appears whole or not at
/// all.
///
/// # Errors
/// `Invalid` for a format that is not written, `Unavailable` when the file cannot be.
pub fn write<T: Export>(path: &Path, format: Option<Format>, records: impl Iterator<Item: Borrow<T>>) -> Result<()> {
    write_lines(path, format, &T::SHEET, &mut records.map(|record| record.borrow().line()))
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
    csv_file(path, sheet, |out| {
        let mut writer = csv::Writer::from_writer(out);
        for line in lines {
            csv_line(&mut writer, sheet, &line)?;
        }
        Ok(writer.flush()?)
    })
}

/// As [`csv`], of records whose lines are made on all threads, in chunks, and written in order.
fn csv_of<T: Sync>(path: &Path, sheet: &Sheet, records: &[T], line: fn(&T) -> Line) -> Result<()> {
    /// Records in a chunk, and chunks that wait to be written.
    const CHUNK: usize = 1_024;
    const CHUNKS: usize = 64;
    let text = |chunk: &[T]| -> csv::Result<Vec<u8>> {
        let mut writer = csv::WriterBuilder::new().buffer_capacity(1 << 8).from_writer(Vec::with_capacity(CHUNK * 200));
        chunk.iter().try_for_each(|record| csv_line(&mut writer, sheet, &line(record)))?;
        writer.into_inner().map_err(|error| error.into_error().into())
    };
    csv_file(path, sheet, |out| {
        for chunks in records.chunks(CHUNK * CHUNKS) {
            let texts: csv::Result<Vec<Vec<u8>>> = chunks.par_chunks(CHUNK).map(text).collect();
            texts?.iter().try_for_each(|text| out.write_all(text))?;
        }
        Ok(())
    })
}

/// A file of comma-separated values with its headings; `write` adds the lines.
fn csv_file(
    path: &Path,
    sheet: &Sheet,
    write: impl FnOnce(&mut std::io::BufWriter<std::fs::File>) -> csv::Result<()>,
) -> Result<()> {
    let done = || -> csv::Result<()> {
        let mut out = std::io::BufWriter::with_capacity(1 << 18, std::fs::File::create(path)?);
        let mut headings = csv::Writer::from_writer(&mut out);
        // Points have their columns; areas need one.
        let geometry = (sheet.areas != Some(false)).then_some("geometry");
        headings.write_record(sheet.fields.iter().map(|(name, _)| *name).chain(geometry))?;
        headings.flush()?;
        drop(headings);
        write(&mut out)?;
        Ok(out.flush()?)
    };
    done().map_err(|error| Error::Unavailable(format!("{}: {error}", path.display())))
}

fn csv_line(out: &mut csv::Writer<impl Write>, sheet: &Sheet, line: &Line) -> csv::Result<()> {
    line.values.iter().try_for_each(|value| out.write_field(&*value.text()))?;
    if sheet.areas != Some(false) {
        out.write_field(line.shape.to_wkt())?;
    }
    out.write_record(None::<&[u8]>)
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
