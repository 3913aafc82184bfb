//! Versions of the ground: which revision last changed what a layer shows in a tile.

use super::world::{Span, TileId};
use std::collections::HashMap;
use std::sync::Arc;

/// The layers that a City feeds, in the order of the catalogue.
pub const LAYERS: [&str; 8] = ["grid", "building", "heat", "care", "rental", "hazard", "address", "flag"];
/// The zoom of the cells that carry versions; coarser tiles carry the newest of theirs.
const CELL_ZOOM: u8 = 14;
/// Cells beyond which a change counts as a change of the whole layer.
const WIDE: u64 = 65_536;

/// For every layer: the revision of each cell that changed since the whole was built.
#[derive(Debug, Clone, Default)]
pub struct Ground {
    whole: [u64; LAYERS.len()],
    cells: [Arc<HashMap<TileId, u64>>; LAYERS.len()],
}

impl Ground {
    /// All ground at one revision.
    pub fn at(revision: u64) -> Ground {
        Ground { whole: [revision; LAYERS.len()], cells: Default::default() }
    }

    /// Notes that a layer changed within a box.
    pub fn touch(&mut self, layer: &str, span: Span, revision: u64) {
        let Some(layer) = LAYERS.iter().position(|name| *name == layer) else { return };
        let (columns, rows) = span.tiles(CELL_ZOOM);
        if columns.len() as u64 * rows.len() as u64 > WIDE {
            self.whole[layer] = revision;
            self.cells[layer] = Arc::default();
            return;
        }
        let cells = Arc::make_mut(&mut self.cells[layer]);
        for z in 0..=CELL_ZOOM {
            let (columns, rows) = span.tiles(z);
            for y in rows {
                for x in columns.clone() {
                    cells.insert(TileId { z, x, y }, revision);
                }
            }
        }
    }

    /// The revision that last changed what a layer shows in a tile, its margin of `margin` 4,096ths included.
    pub fn version(&self, layer: &str, tile: TileId, margin: i64) -> u64 {
        let Some(layer) = LAYERS.iter().position(|name| *name == layer) else { return 0 };
        let z = tile.z.min(CELL_ZOOM);
        let (columns, rows) = Span::of_tile(tile, margin).tiles(z);
        let cells = &self.cells[layer];
        let newest = rows.flat_map(|y| columns.clone().map(move |x| TileId { z, x, y }));
        newest.filter_map(|cell| cells.get(&cell).copied()).fold(self.whole[layer], u64::max)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::city::world::Spot;

    #[test]
    fn an_edit_changes_the_tiles_over_it_and_no_others() {
        let spot = Spot { x: 3_000_000_000, y: 1_500_000_000 };
        let mut ground = Ground::at(5);
        ground.touch("address", Span::of(spot), 6);
        for z in 0..=20 {
            let tile = TileId::at(z, spot);
            assert_eq!(ground.version("address", tile, 0), 6, "z{z}");
            assert_eq!(ground.version("flag", tile, 0), 5, "z{z}");
            if z > 0 {
                let next = TileId { x: tile.x ^ 1, ..tile };
                assert_eq!(ground.version("address", next, 0), if z > 14 { 6 } else { 5 }, "z{z}");
            }
        }
    }
}
