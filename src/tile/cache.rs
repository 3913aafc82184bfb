//! Tiles that were encoded already, by layers, scope, tile and the version of the ground; bounded by bytes.

use super::{MARGIN, Tile, View, allowed, encode};
use crate::city::City;
use crate::city::world::TileId;
use crate::domain::Actor;
use crate::error::{Error, Result};
use std::sync::Arc;

/// What makes two requests the same tile.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Key {
    layers: Vec<&'static str>,
    interval: (u32, u32),
    tile: TileId,
    version: u64,
}

/// A cache of encoded tiles of one [`crate::city::Live`]: after an edit only the tiles over the touched ground are made
/// again. It never holds more than it was given, so old versions go by themselves.
#[derive(Debug)]
pub struct Cache {
    /// None for a cache that keeps nothing.
    tiles: Option<moka::sync::Cache<Key, Arc<Tile>>>,
}

impl Cache {
    /// A cache of up to `bytes` bytes; with none, every tile is encoded anew.
    pub fn new(bytes: u64) -> Cache {
        let weigh = |key: &Key, tile: &Arc<Tile>| {
            let size = tile.bytes.len() + tile.gzip.len() + key.layers.len() * 16 + 160;
            u32::try_from(size).unwrap_or(u32::MAX)
        };
        let keep = || moka::sync::Cache::builder().max_capacity(bytes).weigher(weigh).build();
        Cache { tiles: (bytes > 0).then(keep) }
    }

    /// The tile, from the cache or encoded now; see [`super::render`] for the errors.
    pub fn render(&self, city: &City, layers: &[&str], z: u8, x: u32, y: u32, actor: &Actor) -> Result<Arc<Tile>> {
        let layers = allowed(layers, actor)?;
        let tile = TileId::new(z, x, y).ok_or_else(|| Error::NotFound(format!("tile {z}/{x}/{y}")))?;
        let encode = || encode(&View::new(city, tile, &actor.scope), &layers).map(Arc::new);
        let Some(tiles) = &self.tiles else { return encode() };
        let margin = |polygons: bool| if polygons { MARGIN } else { 0 };
        let version =
            |layer: &&super::catalog::Layer| city.ground.version(&layer.id, tile, margin(layer.has_polygons()));
        let key = Key {
            layers: layers.iter().map(|layer| layer.id.as_str()).collect(),
            interval: city.interval(&actor.scope),
            tile,
            version: layers.iter().map(version).max().unwrap_or(0),
        };
        if let Some(tile) = tiles.get(&key) {
            return Ok(tile);
        }
        let made = encode()?;
        tiles.insert(key, made.clone());
        Ok(made)
    }
}
