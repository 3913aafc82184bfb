//! Care groups by grid, in bands only: see [`crate::city::care`] for what is shown and why no more.
//!
//! Every grid of the level is drawn, in preorder, whatever its counts: neither which grids there are nor their order
//! says anything about them.

use super::super::{View, outline};
use super::Pen;
use crate::domain::{CareGroup, GridLevel};
use fast_mvt::{MvtGeomType, MvtResult};

pub(super) fn draw(view: &View) -> MvtResult<Vec<u8>> {
    let city = view.city;
    let mut pen = Pen::new("care")?;
    let Some(finest) = city.care.level() else { return Ok(pen.end()) };
    let has = |level: &GridLevel| (0..city.grid.len() as u32).any(|i| city.grid.level(i) == *level);
    let mut levels =
        GridLevel::ALL.into_iter().filter(|level| *level <= finest && view.tile.z >= city.level_zoom(*level));
    let Some(level) = levels.rfind(has) else { return Ok(pen.end()) };
    let mut grids: Vec<u32> = (0..city.grid.len() as u32)
        .filter(|i| city.grid.level(*i) == level && view.holds(city.grid.order(*i)))
        .filter(|i| city.shapes()[*i as usize].span.is_some_and(|span| span.meets(view.span)))
        .collect();
    grids.sort_unstable_by_key(|i| city.grid.order(*i));
    for i in grids {
        let drawn = outline::draw(view, &city.shapes()[i as usize].polygons);
        if drawn.is_empty() {
            continue;
        }
        let (grid, bands) = (&city.records.grids[i as usize], city.care.bands(i));
        pen.feature(MvtGeomType::Polygon, |f| {
            outline::write(&mut f.0, &drawn)?;
            f.text("grid", &grid.code)?;
            f.text("name", &grid.name)?;
            f.text("level", grid.level.as_str())?;
            for (group, band) in CareGroup::ALL.into_iter().zip(bands) {
                if let Some(band) = band {
                    f.text(&format!("group_{}", group.as_str()), band.as_str())?;
                }
            }
            Ok(())
        })?;
    }
    Ok(pen.end())
}
