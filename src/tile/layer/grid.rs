//! Grids with their counts and indicators, and their names each at one place.

use super::super::View;
use super::super::mvt::{Kind, Layer};
use super::super::outline::Outliner;
use crate::city::world::TileId;
use crate::domain::GridLevel;

pub(super) fn draw(view: &View, out: &mut Vec<u8>) {
    let city = view.city;
    let levels = GridLevel::ALL.into_iter().filter(|level| view.tile.z >= city.level_zoom(*level));
    let grids = levels.flat_map(|level| city.grids_about(view.span, level));
    let mut areas = Layer::new("grid");
    let mut names = Layer::new("grid_name");
    let mut outliner = Outliner::new(view);
    for i in grids.filter(|i| view.holds(city.grid.order(*i))) {
        let (grid, shape) = (&city.records.grids[i as usize], &city.shapes()[i as usize]);
        areas.feature(Kind::Polygon, |f| {
            outliner.draw(shape.at(view.tile.z), f);
            if f.is_empty() {
                return;
            }
            let counts = city.counts(i);
            f.text("code", &grid.code);
            f.text("name", &grid.name);
            f.text("level", grid.level.as_str());
            f.text("parent", grid.parent.as_deref().unwrap_or(""));
            f.count("addresses", counts.addresses);
            f.count("collected", counts.collected);
            f.count("accurate", counts.accurate);
            f.count("rentals", counts.rentals);
            f.count("registered", counts.registered);
            f.count("hazards", counts.hazards);
            f.count("closed", counts.closed);
            f.ratio("collection", counts.collection());
            f.ratio("accuracy", counts.accuracy());
            f.ratio("registration", counts.registration());
            f.ratio("closure", counts.closure());
        });
        let label = shape.label.filter(|spot| TileId::at(view.tile.z, *spot) == view.tile);
        if let Some(spot) = label {
            names.feature(Kind::Point, |f| {
                f.at(view.unit(spot));
                f.text("code", &grid.code);
                f.text("name", &grid.name);
                f.text("level", grid.level.as_str());
            });
        }
    }
    areas.end(out);
    names.end(out);
}
