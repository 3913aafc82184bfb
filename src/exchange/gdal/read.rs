//! Layers in.

use crate::crs::projected;
use crate::error::{Error, Result, Text};
use crate::exchange::encoding::{self, Detector};
use crate::exchange::reject::{Complaint, Unit};
use crate::exchange::shape::Shape;
use crate::exchange::sheet::{Content, Row, Sheet};
use crate::exchange::{ReadOptions, not_what_it_says};
use csv::StringRecord;
use encoding_rs::{Encoding, UTF_8};
use gdal::vector::{LayerAccess, OwnedFeatureIterator};
use gdal::{Dataset, DatasetOptions, GdalOpenFlags};
use std::path::Path;

/// Picks a layer among several by their names and headings; an error when none or more than one will do.
pub type Choose<'a> = &'a dyn Fn(&[(String, Vec<String>)]) -> Result<usize>;

/// A layer that is being read.
struct Features {
    features: OwnedFeatureIterator,
    columns: usize,
    number: u64,
    expected: u64,
    first_number: u64,
    encoding: Option<&'static Encoding>,
    headings: Vec<String>,
    place: String,
}

fn open_dataset(path: &str, drivers: &[&str], open: &[&str]) -> gdal::errors::Result<Dataset> {
    projected::hush();
    projected::complaints();
    Dataset::open_ex(
        path,
        DatasetOptions {
            open_flags: GdalOpenFlags::GDAL_OF_VECTOR | GdalOpenFlags::GDAL_OF_READONLY,
            allowed_drivers: Some(drivers),
            open_options: (!open.is_empty()).then_some(open),
            sibling_files: None,
        },
    )
}

/// What GDAL has said since the last question, for the end of a message.
fn said() -> String {
    projected::complaints().into_iter().next().map(|text| format!(" ({text})")).unwrap_or_default()
}

/// Opens a file that GDAL reads.
///
/// # Errors
/// `Invalid` for a file that is not what its ending says, is damaged, or has no layer that will do.
pub fn read(
    path: &Path,
    place: &str,
    format: &'static str,
    drivers: &[&str],
    zipped: bool,
    options: &ReadOptions,
    choose: Choose<'_>,
) -> Result<Sheet> {
    let shapefile = format == "Shapefile";
    if shapefile {
        whole_shapefile(path, place)?;
    }
    let shp =
        path.with_extension(if path.extension().is_some_and(|e| e.to_string_lossy().chars().any(char::is_uppercase)) {
            "SHP"
        } else {
            "shp"
        });
    let name = match (zipped, shapefile) {
        (true, _) => format!("/vsigzip/{}", path.display()),
        (_, true) => shp.display().to_string(),
        _ => place.to_owned(),
    };
    // Latin-1 maps every byte to the character of the same number: the way to the raw bytes of a Shapefile's text.
    let open: &[&str] = match format {
        "Shapefile" => &["ENCODING=ISO-8859-1"],
        "GML" => &["WRITE_GFS=NO"],
        _ => &[],
    };
    let dataset = open_dataset(&name, drivers, open).map_err(|_| unreadable(path, place, format, zipped))?;
    let layers: Vec<(String, Vec<String>)> = dataset
        .layers()
        .map(|layer| (layer.name(), layer.defn().fields().map(|field| field.name()).collect()))
        .collect();
    let chosen = match (&options.layer, layers.len()) {
        (_, 0) => return Err(crate::exchange::empty(place)),
        (Some(name), _) => {
            layers.iter().position(|(layer, _)| layer == name).ok_or_else(|| no_layer(place, name, &layers))?
        }
        (None, 1) => 0,
        (None, _) => choose(&layers)?,
    };
    let place = if layers.len() > 1 { format!("{place} [{}]", layers[chosen].0) } else { place.to_owned() };
    let layer = dataset.into_layer(chosen).map_err(|error| Error::Internal(format!("{place}: {error}")))?;
    let mut notes = Vec::new();
    let crs = layer.spatial_ref().and_then(|found| found.to_wkt().ok()).and_then(|wkt| projected::identify(&wkt));
    let has_shapes = layer.defn().geom_fields().next().is_some();
    let expected = layer.feature_count();
    let mut headings = layers[chosen].1.clone();
    let (layer, encoding) = if shapefile {
        let encoding = shapefile_encoding(layer, path, &place, options.encoding, &mut notes)?;
        headings.iter_mut().for_each(|heading| *heading = decoded(encoding, heading).0);
        let again = open_dataset(&name, drivers, open).map_err(|_| unreadable(path, &place, format, zipped))?;
        (again.into_layer(chosen).map_err(|error| Error::Internal(format!("{place}: {error}")))?, Some(encoding))
    } else {
        (layer, None)
    };
    let xlsx = format == "XLSX";
    Ok(Sheet {
        headings: headings.clone(),
        unit: if xlsx { Unit::Row } else { Unit::Feature },
        short_headings: shapefile,
        has_shapes: has_shapes && !xlsx,
        crs,
        notes,
        content: Box::new(Features {
            features: layer.owned_features(),
            columns: headings.len(),
            number: 0,
            expected,
            first_number: if xlsx { 2 } else { 1 },
            encoding,
            headings,
            place: place.clone(),
        }),
        place,
    })
}

impl Content for Features {
    fn next_rows(&mut self, count: usize) -> Result<Vec<Row>> {
        let mut rows = Vec::new();
        for feature in (&mut self.features).take(count) {
            let mut cells = StringRecord::new();
            let mut broken = None;
            for i in 0..self.columns {
                let text = feature.field_as_string(i).ok().flatten().unwrap_or_default();
                match self.encoding {
                    None => cells.push_field(&text),
                    Some(encoding) => {
                        let (text, whole) = decoded(encoding, &text);
                        if !whole && broken.is_none() {
                            let name = encoding.name();
                            let complaint = Complaint::new(
                                &self.headings[i],
                                text.as_str(),
                                format!("字节不是有效的 {name} 文字"),
                                format!("bytes that are not valid {name}"),
                            );
                            broken =
                                Some(complaint.remedy("请用 --encoding 指定正确的编码", "give the right --encoding"));
                        }
                        cells.push_field(&text);
                    }
                }
            }
            // `geometry()` answers a null geometry as one that cannot be read.
            let shape = match feature.geometry_by_index(0) {
                Err(_) => Shape::None,
                Ok(geometry) => geometry.wkb().map_or(Shape::Broken, |wkb| Shape::from_wkb(&wkb)),
            };
            rows.push(Row { number: self.first_number + self.number, cells, shape, broken });
            self.number += 1;
        }
        // A count alone proves nothing: GeoPackages may announce rows that were deleted long ago.
        let said = if rows.len() < count && self.number < self.expected { projected::complaints() } else { Vec::new() };
        if let Some(said) = said.first() {
            let (have, want) = (self.number, self.expected);
            return Err(Error::invalid(
                format!("{} feature {}", self.place, have + 1),
                "",
                "",
                Text::new(
                    format!("应有 {want} 个要素，只读出 {have} 个：文件损坏或被截断（{said}）"),
                    format!("{want} features were announced and {have} could be read: damaged or cut off ({said})"),
                ),
                Text::new("请重新获取完整文件", "get the whole file again"),
            ));
        }
        Ok(rows)
    }
}

/// The text behind Latin-1, and whether all of it is valid. A last character that the field's width cut off is dropped.
fn decoded(encoding: &'static Encoding, latin: &str) -> (String, bool) {
    if latin.is_ascii() {
        return (latin.to_owned(), true);
    }
    let bytes: Vec<u8> = latin.chars().map(|c| u8::try_from(u32::from(c)).unwrap_or(b'?')).collect();
    for cut in 0..=3.min(bytes.len()) {
        if let Some(text) = encoding::decode(encoding, &bytes[..bytes.len() - cut]) {
            return (text.into_owned(), cut == 0 || bytes.len() >= 9);
        }
    }
    (encoding.decode_without_bom_handling(&bytes).0.into_owned(), false)
}

fn sibling(path: &Path, ending: &str) -> Option<std::path::PathBuf> {
    [ending.to_owned(), ending.to_uppercase()].iter().map(|e| path.with_extension(e)).find(|p| p.exists())
}

fn shapefile_encoding(
    layer: gdal::vector::OwnedLayer,
    path: &Path,
    place: &str,
    given: Option<&'static Encoding>,
    notes: &mut Vec<Text>,
) -> Result<&'static Encoding> {
    if let Some(given) = given {
        return Ok(given);
    }
    let cpg = sibling(path, "cpg").and_then(|path| std::fs::read_to_string(path).ok());
    let hint = cpg.as_deref().and_then(|text| encoding::parse(text.trim()).ok());
    let mut detector = Detector::default();
    let bytes = |text: &str| -> Vec<u8> { text.chars().map(|c| u8::try_from(u32::from(c)).unwrap_or(b'?')).collect() };
    layer.defn().fields().for_each(|field| detector.feed(&bytes(&field.name())));
    let columns = layer.defn().fields().count();
    for feature in (&mut layer.owned_features()).take(50_000) {
        for i in 0..columns {
            if let Ok(Some(text)) = feature.field_as_string(i)
                && !text.is_ascii()
            {
                detector.feed(&bytes(&text));
            }
        }
    }
    let found = detector.decide(place, hint)?;
    if hint != Some(found) && (cpg.is_some() || found != UTF_8) {
        let (said, name) = (cpg.as_deref().map_or("", str::trim), found.name());
        notes.push(if cpg.is_some() {
            Text::new(
                format!(".cpg 称编码为 {said}，但文字实为 {name}，已按 {name} 读取"),
                format!("the .cpg says {said}, but the text is {name} and was read as that"),
            )
        } else {
            Text::new(
                format!("没有 .cpg 文件，文字编码判定为 {name}"),
                format!("there is no .cpg file; the text was found to be {name}"),
            )
        });
    }
    Ok(found)
}

/// A Shapefile needs its companions.
fn whole_shapefile(path: &Path, place: &str) -> Result<()> {
    for ending in ["shp", "shx", "dbf"] {
        if sibling(path, ending).is_none() {
            return Err(Error::invalid(
                place,
                "",
                format!(".{ending}"),
                Text::new(format!("缺少 .{ending} 文件"), format!("the .{ending} file is missing")),
                Text::new(
                    "Shapefile 由 .shp、.shx、.dbf 等文件组成，请放在同一文件夹、用同一文件名",
                    "a Shapefile is made of .shp, .shx and .dbf (and .prj): put them side by side under one name",
                ),
            ));
        }
    }
    // The headers say how long the files must be.
    let short = |ending: &str, want: u64| {
        let have = sibling(path, ending).and_then(|path| path.metadata().ok()).map_or(0, |about| about.len());
        (have < want).then(|| {
            Error::invalid(
                place,
                "",
                format!(".{ending}"),
                Text::new(
                    format!(".{ending} 文件被截断：应有 {want} 字节，实为 {have}"),
                    format!("the .{ending} file is cut off: {have} bytes of {want}"),
                ),
                Text::new("请重新获取完整文件", "get the whole file again"),
            )
        })
    };
    let head = |ending: &str| -> Option<[u8; 32]> {
        let mut head = [0; 32];
        let mut file = std::fs::File::open(sibling(path, ending)?).ok()?;
        std::io::Read::read_exact(&mut file, &mut head).ok().map(|()| head)
    };
    let shp = head("shp").filter(|h| h.starts_with(&[0, 0, 0x27, 0x0a]));
    let shp = shp.map(|h| 2 * u64::from(u32::from_be_bytes([h[24], h[25], h[26], h[27]])));
    let dbf = head("dbf").map(|h| {
        let rows = u64::from(u32::from_le_bytes([h[4], h[5], h[6], h[7]]));
        u64::from(u16::from_le_bytes([h[8], h[9]])) + rows * u64::from(u16::from_le_bytes([h[10], h[11]]))
    });
    let found = shp.and_then(|want| short("shp", want)).or_else(|| dbf.and_then(|want| short("dbf", want)));
    found.map_or(Ok(()), Err)
}

fn no_layer(place: &str, name: &str, layers: &[(String, Vec<String>)]) -> Error {
    let names = layers.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>().join(", ");
    Error::invalid(
        place,
        "layer",
        name,
        Text::new("文件中没有这个图层", "the file has no such layer"),
        Text::new(format!("可用图层：{names}"), format!("its layers are: {names}")),
    )
}

fn unreadable(path: &Path, place: &str, format: &'static str, zipped: bool) -> Error {
    let mut start = [0u8; 512];
    let count = std::fs::File::open(path).and_then(|mut file| std::io::Read::read(&mut file, &mut start)).unwrap_or(0);
    let said = said();
    if zipped && !start.starts_with(&[0x1f, 0x8b]) {
        return not_what_it_says(place, "gzip", &start[..count]);
    }
    let mut error = not_what_it_says(place, format, &start[..count]);
    if let Error::Invalid(faults) = &mut error {
        faults[0].reason.en += &said;
    }
    error
}

/// Reads a geometry in well-known text.
pub fn shape_from_wkt(text: &str) -> Shape {
    projected::hush();
    let shape = gdal::vector::Geometry::from_wkt(text).and_then(|geometry| geometry.wkb());
    projected::complaints();
    shape.map_or(Shape::Broken, |wkb| Shape::from_wkb(&wkb))
}

/// Every row of one layer of an OpenStreetMap extract, with the cells of `fields`; a field that the layer lacks is empty.
/// `settings` is the file that tells GDAL which keys to report.
///
/// # Errors
/// `Invalid` for a file that is no extract, or is damaged.
pub fn osm_layer(path: &Path, settings: &Path, layer: &str, fields: &[&str]) -> Result<Vec<Row>> {
    let place = path.display().to_string();
    let option = format!("CONFIG_FILE={}", settings.display());
    let dataset = open_dataset(&place, &["OSM"], &[&option]).map_err(|_| unreadable(path, &place, "OSM PBF", false))?;
    let failed = |error: &dyn std::fmt::Display| Error::Internal(format!("{place}: {error}"));
    // Asked by SQL, the reader keeps no rows of other layers.
    let mut rows = Vec::new();
    if let Some(mut found) = dataset
        .execute_sql(format!("SELECT * FROM {layer}"), None, gdal::vector::sql::Dialect::DEFAULT)
        .map_err(|error| failed(&error))?
    {
        let index: Vec<Option<usize>> = fields.iter().map(|field| found.defn().field_index(field).ok()).collect();
        for feature in found.features() {
            let mut cells = StringRecord::new();
            for i in &index {
                cells.push_field(&i.and_then(|i| feature.field_as_string(i).ok().flatten()).unwrap_or_default());
            }
            let wkb = feature.geometry_by_index(0).ok().and_then(|geometry| geometry.wkb().ok());
            let shape = wkb.map_or(Shape::None, |wkb| Shape::from_wkb(&wkb));
            rows.push(Row { number: rows.len() as u64 + 1, cells, shape, broken: None });
        }
    }
    if let Some(said) = projected::complaints().first() {
        return Err(Error::invalid(
            &place,
            "",
            "",
            Text::new(format!("文件损坏或被截断（{said}）"), format!("the file is damaged or cut off ({said})")),
            Text::new("请重新下载", "download it again"),
        ));
    }
    Ok(rows)
}
