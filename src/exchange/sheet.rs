//! A file opened: headings, rows, and what it says of its coordinates. Not yet typed.

use super::reject::{Complaint, Unit};
use super::shape::Shape;
use super::{ReadOptions, csv, gdal, geojson};
use crate::crs::Crs;
use crate::error::{Error, Result, Text};
use ::csv::StringRecord;
use std::path::Path;

/// One row as the file has it.
#[derive(Debug, Clone, Default)]
pub struct Row {
    /// Line, feature (from 1) or row of the sheet.
    pub number: u64,
    /// The cells as text, in the order of the headings; a null is an empty text.
    pub cells: StringRecord,
    /// The geometry, in the file's coordinates.
    pub shape: Shape,
    /// What is wrong with the row as a whole.
    pub broken: Option<Complaint>,
}

/// What rows come from. Used by one thread at a time.
pub trait Content: Send {
    /// The next rows, up to `count`; none at the end.
    ///
    /// # Errors
    /// When the file cannot be read further.
    fn next_rows(&mut self, count: usize) -> Result<Vec<Row>>;
}

/// A file opened.
pub struct Sheet {
    /// File, and layer where it has several: the beginning of every message.
    pub place: String,
    /// Names of the columns.
    pub headings: Vec<String>,
    /// How rows are called.
    pub unit: Unit,
    /// Whether headings may be cut after ten bytes.
    pub short_headings: bool,
    /// Whether rows carry geometries.
    pub has_shapes: bool,
    /// The system that the file itself declares.
    pub crs: Option<Crs>,
    /// What a user should know about how it was read.
    pub notes: Vec<Text>,
    /// The rows.
    pub content: Box<dyn Content>,
}

/// Formats by ending (in lower case, without `.gz`): their name and GDAL's drivers for them.
const FORMATS: [(&[&str], &str, &[&str]); 8] = [
    (&["shp", "dbf", "shx"], "Shapefile", &["ESRI Shapefile"]),
    (&["gpkg"], "GeoPackage", &["GPKG"]),
    (&["geojson", "json", "geojsonl"], "GeoJSON", &["GeoJSON", "TopoJSON", "GeoJSONSeq"]),
    (&["topojson"], "TopoJSON", &["TopoJSON"]),
    (&["fgb"], "FlatGeobuf", &["FlatGeobuf"]),
    (&["gml"], "GML", &["GML"]),
    (&["xlsx", "xlsm"], "XLSX", &["XLSX"]),
    (&["csv", "txt", "tsv"], "CSV", &[]),
];

/// Opens a file by its ending. `choose` picks the layer when there are several: it is told their names and headings.
///
/// # Errors
/// `Invalid` for a file that is missing, a folder, empty, of an unknown format, or not what its ending says.
pub fn open(path: &Path, options: &ReadOptions, choose: gdal::Choose<'_>) -> Result<Sheet> {
    let place = path.display().to_string();
    let about = std::fs::metadata(path).map_err(|error| super::cannot_open(&place, &error))?;
    if about.is_dir() {
        return Err(Error::invalid(
            &place,
            "",
            "",
            Text::new("这是一个文件夹", "this is a folder"),
            Text::new("请给出其中的一个文件", "name a file in it"),
        ));
    }
    if about.len() == 0 {
        return Err(super::empty(&place));
    }
    let name = path.file_name().unwrap_or_default().to_string_lossy().to_lowercase();
    let (stem, zipped) = name.strip_suffix(".gz").map_or((name.as_str(), false), |stem| (stem, true));
    let ending = stem.rsplit_once('.').map_or("", |(_, ending)| ending);
    let Some((_, format, drivers)) = FORMATS.iter().find(|(endings, ..)| endings.contains(&ending)) else {
        let osm = ending == "pbf" || ending == "osm";
        return Err(Error::invalid(
            &place,
            "",
            ending,
            Text::new("不支持这种文件格式", "this format is not read here"),
            if osm {
                Text::new(
                    "OpenStreetMap 数据请用 gridpin import osm FILE",
                    "for OpenStreetMap use gridpin import osm FILE",
                )
            } else {
                Text::new(
                    "支持：csv、shp、gpkg、geojson、topojson、fgb、gml、xlsx（csv 与 geojson 可为 .gz）",
                    "known are csv, shp, gpkg, geojson, topojson, fgb, gml and xlsx (csv and geojson also as .gz)",
                )
            },
        ));
    };
    if drivers.is_empty() {
        let (lines, headings, notes) = csv::read(path, &place, options.encoding)?;
        return Ok(Sheet {
            place,
            headings,
            unit: Unit::Line,
            short_headings: false,
            has_shapes: false,
            crs: None,
            notes,
            content: Box::new(lines),
        });
    }
    if zipped && *format != "GeoJSON" {
        return Err(Error::invalid(
            &place,
            "",
            ending,
            Text::new("只有 csv 和 geojson 可以是 .gz", "only csv and geojson are read as .gz"),
            Text::new("请先解压", "unpack it first"),
        ));
    }
    if *format == "GeoJSON"
        && options.layer.is_none()
        && let Some(sheet) = geojson::read(path, &place, zipped)
    {
        return Ok(sheet);
    }
    gdal::read(path, &place, format, drivers, zipped, options, choose)
}
