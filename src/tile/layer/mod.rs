//! The layers, one file each: a layer looks at the view and writes its part of the tile, nothing when nothing is there.

mod address;
mod building;
mod care;
mod flag;
mod grid;
mod hazard;
mod heat;
mod point;
mod rental;

use super::View;
use super::catalog;
use super::mvt::Layer;

/// Cells of a tile's side, as a power of two, where points are counted: 16 by 16.
const COUNT_CELLS: u8 = 4;

/// Draws a layer behind what is drawn already.
pub fn draw(layer: &catalog::Layer, view: &View, out: &mut Vec<u8>) {
    match layer.id.as_str() {
        "grid" => grid::draw(view, out),
        "address" => address::draw(layer, view, out),
        "flag" => flag::draw(layer, view, out),
        "building" => building::draw(view, out),
        "rental" => rental::draw(layer, view, out),
        "hazard" => hazard::draw(layer, view, out),
        "heat" => heat::draw(view, out),
        "care" => care::draw(view, out),
        _ => {}
    }
}

/// Writes a layer with what `fill` puts into it.
fn drawn(name: &'static str, out: &mut Vec<u8>, fill: impl FnOnce(&mut Layer<'static>)) {
    let mut layer = Layer::new(name);
    fill(&mut layer);
    layer.end(out);
}
