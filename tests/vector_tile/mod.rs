//! What a vector tile holds, for the tests that compare tiles with something else.

#![allow(dead_code)]

use fast_mvt::{MvtGeometry, MvtLineString, MvtPolygon, MvtReaderRef, MvtValue};
use geo::MultiPolygon;
use std::collections::BTreeMap;

/// The fields of a feature.
pub type Fields = BTreeMap<String, MvtValue>;

/// The features of the layers of a tile that are `wanted` by name.
pub fn read(bytes: &[u8], wanted: impl Fn(&str) -> bool) -> Vec<(MvtGeometry, Fields)> {
    let reader = MvtReaderRef::new(bytes).expect("a vector tile");
    let layers = reader.layers().filter(|layer| wanted(layer.name()));
    let features = layers.flat_map(|layer| layer.features().collect::<Vec<_>>());
    let read = features.map(|feature| feature.to_feature().expect("a feature"));
    read.map(|feature| (feature.geometry, feature.properties.into_iter().collect())).collect()
}

/// A text among the fields.
pub fn text(fields: &Fields, key: &str) -> String {
    match fields.get(key) {
        Some(MvtValue::String(text)) => text.to_string(),
        other => panic!("{key}: {other:?}"),
    }
}

/// The polygons of a shape, in units of the tile.
pub fn polygons(geometry: &MvtGeometry) -> MultiPolygon {
    MultiPolygon(match geometry {
        MvtGeometry::Polygon(p) => vec![polygon(p)],
        MvtGeometry::MultiPolygon(p) => p.0.iter().map(polygon).collect(),
        other => panic!("{other:?}"),
    })
}

fn polygon(polygon: &MvtPolygon) -> geo::Polygon {
    let ring = |line: &MvtLineString| {
        geo::LineString(line.0.iter().map(|c| geo::coord! { x: f64::from(c.x), y: f64::from(c.y) }).collect())
    };
    geo::Polygon::new(ring(polygon.exterior()), polygon.interiors().iter().map(ring).collect())
}
