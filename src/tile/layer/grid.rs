//! Grids with their counts and indicators, and their names each at one place.

use super::super::{View, outline};
use super::Pen;
use fast_mvt::{MvtGeomType, MvtResult};

pub(super) fn draw(view: &View) -> MvtResult<Vec<u8>> {
    let city = view.city;
    let seen = |i: &u32| {
        let shape = &city.shapes()[*i as usize];
        shape.span.is_some_and(|span| span.meets(view.span))
            && view.tile.z >= city.level_zoom(city.grid.level(*i))
            && view.holds(city.grid.order(*i))
    };
    let mut grids: Vec<u32> = (0..city.grid.len() as u32).filter(seen).collect();
    grids.sort_unstable_by_key(|i| (city.grid.level(*i), city.grid.order(*i)));
    let mut areas = Pen::new("grid")?;
    let mut names = Pen::new("grid_name")?;
    for i in grids {
        let (grid, shape) = (&city.records.grids[i as usize], &city.shapes()[i as usize]);
        let drawn = outline::draw(view, &shape.polygons);
        if !drawn.is_empty() {
            let counts = city.counts(i);
            areas.feature(MvtGeomType::Polygon, |f| {
                outline::write(&mut f.0, &drawn)?;
                f.text("code", &grid.code)?;
                f.text("name", &grid.name)?;
                f.text("level", grid.level.as_str())?;
                f.text("parent", grid.parent.as_deref().unwrap_or(""))?;
                f.count("addresses", counts.addresses)?;
                f.count("collected", counts.collected)?;
                f.count("accurate", counts.accurate)?;
                f.count("rentals", counts.rentals)?;
                f.count("registered", counts.registered)?;
                f.count("hazards", counts.hazards)?;
                f.count("closed", counts.closed)?;
                f.ratio("collection", counts.collection())?;
                f.ratio("accuracy", counts.accuracy())?;
                f.ratio("registration", counts.registration())?;
                f.ratio("closure", counts.closure())
            })?;
        }
        let label = shape.label.filter(|spot| crate::city::world::TileId::at(view.tile.z, *spot) == view.tile);
        if let Some(spot) = label {
            names.feature(MvtGeomType::Point, |f| {
                f.at(view, spot)?;
                f.text("code", &grid.code)?;
                f.text("name", &grid.name)?;
                f.text("level", grid.level.as_str())
            })?;
        }
    }
    let mut bytes = areas.end();
    bytes.extend(names.end());
    Ok(bytes)
}
