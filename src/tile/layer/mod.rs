//! The layers, one file each: a layer looks at the view and answers its part of the tile, empty when nothing is there.

mod address;
mod building;
mod care;
mod flag;
mod grid;
mod hazard;
mod heat;
mod rental;

use super::View;
use super::catalog::Layer;
use fast_mvt::{MvtFeatureBuilder, MvtGeomType, MvtLayerBuilder, MvtResult, MvtValueRef};

/// Cells of a tile's side, as a power of two, where points are counted: 16 by 16.
const COUNT_CELLS: u8 = 4;

/// Draws a layer.
pub fn draw(layer: &Layer, view: &View) -> MvtResult<Vec<u8>> {
    match layer.id.as_str() {
        "grid" => grid::draw(view),
        "address" => address::draw(layer, view),
        "flag" => flag::draw(layer, view),
        "building" => building::draw(view),
        "rental" => rental::draw(layer, view),
        "hazard" => hazard::draw(layer, view),
        "heat" => heat::draw(view),
        "care" => care::draw(view),
        _ => Ok(Vec::new()),
    }
}

/// A layer of the tile while it is drawn: features one after the other.
struct Pen {
    layer: Option<MvtLayerBuilder>,
}

impl Pen {
    fn new(name: &str) -> MvtResult<Pen> {
        Ok(Pen { layer: Some(MvtLayerBuilder::new(name)?) })
    }

    /// Adds a feature; `fill` gives it its geometry and its fields.
    fn feature(&mut self, kind: MvtGeomType, fill: impl FnOnce(&mut Feature) -> MvtResult<()>) -> MvtResult<()> {
        if let Some(layer) = self.layer.take() {
            let mut feature = Feature(layer.feature_of(kind));
            let filled = fill(&mut feature);
            self.layer = Some(feature.0.end());
            filled?;
        }
        Ok(())
    }

    /// The encoded layer; nothing when it has no feature.
    fn end(self) -> Vec<u8> {
        self.layer.filter(|layer| layer.num_features() > 0).map(MvtLayerBuilder::encode).unwrap_or_default()
    }
}

/// A feature while it is filled.
struct Feature(MvtFeatureBuilder);

impl Feature {
    fn text(&mut self, key: &str, value: &str) -> MvtResult<()> {
        self.0.tag_ref(key, MvtValueRef::String(value)).map(|_| ())
    }

    fn count(&mut self, key: &str, value: u32) -> MvtResult<()> {
        self.0.tag_ref(key, MvtValueRef::UInt(value.into())).map(|_| ())
    }

    fn truth(&mut self, key: &str, value: bool) -> MvtResult<()> {
        self.0.tag_ref(key, MvtValueRef::Bool(value)).map(|_| ())
    }

    /// A ratio or probability to four decimals; nothing where there is none.
    fn ratio(&mut self, key: &str, value: Option<f64>) -> MvtResult<()> {
        match value {
            Some(value) => self.0.tag_ref(key, MvtValueRef::Double((value * 1e4).round() / 1e4)).map(|_| ()),
            None => Ok(()),
        }
    }

    fn at(&mut self, view: &View, spot: crate::city::world::Spot) -> MvtResult<()> {
        self.0.points([view.coord(spot)]).map(|_| ())
    }
}
