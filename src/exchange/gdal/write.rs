//! Layers out.

use crate::crs::projected;
use crate::error::{Error, Result};
use crate::exchange::export::{FieldKind, Format, Line, Sheet, Value};
use gdal::DriverManager;
use gdal::spatial_ref::{AxisMappingStrategy, SpatialRef};
use gdal::vector::{Feature, FieldDefn, Geometry, LayerAccess, LayerOptions, OGRFieldType, OGRwkbGeometryType};
use std::path::Path;

/// Writes a layer of lines to a new file. What was written is flushed when this returns.
///
/// # Errors
/// `Unavailable` with what GDAL said.
pub fn write(path: &Path, format: Format, sheet: &Sheet, lines: &mut dyn Iterator<Item = Line>) -> Result<()> {
    projected::hush();
    projected::complaints();
    try_write(path, format, sheet, lines).map_err(|error| {
        let said = projected::complaints().into_iter().next().unwrap_or_else(|| error.to_string());
        Error::Unavailable(format!("{}: {said}", path.display()))
    })
}

fn try_write(
    path: &Path,
    format: Format,
    sheet: &Sheet,
    lines: &mut dyn Iterator<Item = Line>,
) -> gdal::errors::Result<()> {
    let (driver, options): (&str, &[&str]) = match format {
        Format::GeoPackage => ("GPKG", &[]),
        Format::GeoJson => ("GeoJSON", &["RFC7946=YES", "COORDINATE_PRECISION=9"]),
        Format::FlatGeobuf => ("FlatGeobuf", &[]),
        Format::Shapefile => ("ESRI Shapefile", &["ENCODING=UTF-8"]),
        Format::Xlsx => ("XLSX", &[]),
        Format::Csv => ("CSV", &[]),
    };
    let mut dataset = DriverManager::get_driver_by_name(driver)?.create_vector_only(path)?;
    // Web formats are labelled WGS84; the others say what it is.
    let mut srs = SpatialRef::from_epsg(if format == Format::GeoJson { 4326 } else { 4490 })?;
    srs.set_axis_mapping_strategy(AxisMappingStrategy::TraditionalGisOrder);
    let ty = match (format, sheet.areas) {
        (Format::Xlsx, _) => OGRwkbGeometryType::wkbNone,
        (Format::Shapefile, Some(true)) => OGRwkbGeometryType::wkbPolygon,
        (_, Some(true)) => OGRwkbGeometryType::wkbMultiPolygon,
        (_, Some(false)) => OGRwkbGeometryType::wkbPoint,
        (Format::Shapefile, None) => OGRwkbGeometryType::wkbPolygon,
        (_, None) => OGRwkbGeometryType::wkbUnknown,
    };
    let has_srs = format != Format::Xlsx;
    {
        let layer = dataset.create_layer(LayerOptions {
            name: sheet.name,
            srs: has_srs.then_some(&srs),
            ty,
            options: (!options.is_empty()).then_some(options),
        })?;
        for (name, kind) in sheet.fields {
            let kind = match kind {
                FieldKind::Text => OGRFieldType::OFTString,
                FieldKind::Real => OGRFieldType::OFTReal,
                FieldKind::Integer => OGRFieldType::OFTInteger64,
            };
            let field = FieldDefn::new(name, kind)?;
            if format == Format::Shapefile && kind == OGRFieldType::OFTString {
                field.set_width(254);
            }
            field.add_to_layer(&layer)?;
        }
    }
    // One transaction for many lines: GeoPackages are written a thousand times faster.
    let transaction = format == Format::GeoPackage;
    let mut lines = lines.peekable();
    while lines.peek().is_some() {
        let mut chunk = lines.by_ref().take(50_000);
        if transaction {
            let transaction = dataset.start_transaction()?;
            put(&transaction.layer(0)?, format, sheet, &mut chunk)?;
            transaction.commit()?;
        } else {
            put(&dataset.layer(0)?, format, sheet, &mut chunk)?;
        }
    }
    dataset.flush_cache()?;
    dataset.close()
}

fn put(
    layer: &gdal::vector::Layer<'_>,
    format: Format,
    sheet: &Sheet,
    lines: &mut dyn Iterator<Item = Line>,
) -> gdal::errors::Result<()> {
    for line in lines {
        let mut feature = Feature::new(layer.defn())?;
        for (i, value) in line.values.iter().enumerate().take(sheet.fields.len()) {
            match value {
                Value::None => {}
                Value::Text(text) => feature.set_field_string(i, text)?,
                Value::Real(number) => feature.set_field_double(i, *number)?,
                Value::Integer(number) => feature.set_field_integer64(i, *number)?,
            }
        }
        if format != Format::Xlsx
            && let Some(wkb) = line.shape.to_wkb()
        {
            feature.set_geometry(Geometry::from_wkb(&wkb)?)?;
        }
        feature.create(layer)?;
    }
    Ok(())
}
