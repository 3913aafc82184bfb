//! The only folder that names GDAL's data model: layers in, layers out.

mod read;
mod write;

pub use read::{Choose, osm_layer, read, shape_from_wkt};
pub use write::write;
