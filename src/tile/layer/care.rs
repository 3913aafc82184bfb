//! Care groups by grid, in bands only: see [`crate::city::care`] for what is shown and why no more.
//!
//! Every grid of the level is drawn, in preorder, whatever its counts: neither which grids there are nor their order
//! says anything about them.

use super::super::View;
use super::super::mvt::{Kind, Layer};
use super::super::outline::Outliner;
use super::drawn;
use crate::domain::{CareGroup, GridLevel};
use std::sync::LazyLock;

/// Names of the fields of the groups, in their order.
static GROUPS: LazyLock<Vec<String>> =
    LazyLock::new(|| CareGroup::ALL.iter().map(|group| format!("group_{}", group.as_str())).collect());

pub(super) fn draw(view: &View, out: &mut Vec<u8>) {
    let city = view.city;
    let Some(finest) = city.care.level() else { return };
    let has = |level: &GridLevel| (0..city.grid.len() as u32).any(|i| city.grid.level(i) == *level);
    let mut levels =
        GridLevel::ALL.into_iter().filter(|level| *level <= finest && view.tile.z >= city.level_zoom(*level));
    let Some(level) = levels.rfind(has) else { return };
    let grids = city.grids_about(view.span, level).into_iter().filter(|i| view.holds(city.grid.order(*i)));
    drawn("care", out, |pen: &mut Layer| {
        let mut outliner = Outliner::new(view);
        for i in grids {
            let (grid, bands) = (&city.records.grids[i as usize], city.care.bands(i));
            pen.feature(Kind::Polygon, |f| {
                outliner.draw(city.shapes()[i as usize].at(view.tile.z), f);
                if f.is_empty() {
                    return;
                }
                f.text("grid", &grid.code);
                f.text("name", &grid.name);
                f.text("level", grid.level.as_str());
                for (name, band) in GROUPS.iter().zip(bands) {
                    if let Some(band) = band {
                        f.text(name, band.as_str());
                    }
                }
            });
        }
    });
}
