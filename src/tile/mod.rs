//! Vector tiles, encoded from the City: a layer looks at a [`View`] and draws what lies in it, nothing else.
//!
//! Tiles are Mapbox Vector Tiles 2.1 in Web Mercator with an extent of 4,096. A point lies in exactly one tile of every
//! zoom; polygons reach [`MARGIN`] beyond the tile. What a layer shows, from which zoom and to whom stands in
//! `tiles/<layer>/layer.toml`, see [`catalog`]. The bytes depend on nothing but the records, so that two processes with
//! the same records answer the same tile with the same ETag.

pub mod cache;
pub mod catalog;
pub mod coding;
pub mod layer;
pub mod mvt;
pub mod outline;
pub mod style;

pub use cache::Cache;
pub use coding::Coding;

use crate::city::City;
use crate::city::points::Within;
use crate::city::world::{Span, Spot, TileId};
use crate::domain::{Actor, Scope};
use crate::error::{Error, Result};
use bytes::Bytes;
use twox_hash::XxHash3_64;

/// Units of a tile's side.
pub const EXTENT: u32 = 4096;
/// Units that polygons reach beyond the tile.
pub const MARGIN: i64 = 64;

/// The zoom from which every point can be asked for by itself, though a map of phones counts them there.
pub const POINTS_FROM: u8 = 12;

/// How much of a layer of points is asked for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, serde::Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Detail {
    /// What a map needs: cells that count, and every point from the layer's own zoom on.
    #[default]
    Map,
    /// Every point by itself from [`POINTS_FROM`] on.
    Points,
}

impl Detail {
    /// Whether a layer of points draws each by itself at a zoom.
    pub fn is_full(self, layer: &catalog::Layer, z: u8) -> bool {
        match self {
            Detail::Map => z >= layer.points_from,
            Detail::Points => z >= layer.points_from.min(POINTS_FROM),
        }
    }
}

/// An encoded tile.
#[derive(Debug, Clone, PartialEq)]
pub struct Tile {
    /// The tile; empty when nothing lies in it.
    pub bytes: Bytes,
    /// Names the bytes.
    pub etag: Etag,
}

/// Names the content of a tile: its XXH3 (64 bits), which is the same in every process and every version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Etag(u64);

impl Etag {
    /// The name of some bytes.
    pub fn of(bytes: &[u8]) -> Etag {
        Etag(XxHash3_64::oneshot(bytes))
    }

    /// The same as a strong validator (RFC 9110 8.8.3): 16 hexadecimal digits between quotes.
    pub fn quoted(self) -> String {
        format!("\"{:016x}\"", self.0)
    }
}

/// What a layer draws from.
pub struct View<'a> {
    /// The city.
    pub city: &'a City,
    /// The tile.
    pub tile: TileId,
    /// The tile with its margin.
    pub span: Span,
    /// How much is asked for.
    pub detail: Detail,
    /// Whose records are meant.
    pub within: Within,
}

impl<'a> View<'a> {
    /// A tile of a city as somebody with a scope may see it.
    pub fn new(city: &'a City, tile: TileId, scope: &Scope, detail: Detail) -> View<'a> {
        View { city, tile, span: Span::of_tile(tile, MARGIN), detail, within: city.within(scope) }
    }

    /// Whether a layer of points draws each by itself here, rather than cells that count.
    pub fn is_full(&self, layer: &catalog::Layer) -> bool {
        self.detail.is_full(layer, self.tile.z)
    }

    /// Whether the scope holds a home.
    pub fn holds(&self, home: u32) -> bool {
        self.within.holds(home)
    }

    /// Where a point of the world lies in the tile, in units.
    pub fn unit(&self, spot: Spot) -> mvt::At {
        let [x, y] = self.tile.corner();
        let unit = |v: i64| (v * i64::from(EXTENT)) >> self.tile.shift();
        [unit(i64::from(spot.x) - x), unit(i64::from(spot.y) - y)]
    }
}

/// Encodes a tile of some layers as an actor sees it.
///
/// # Errors
/// `NotFound` for a layer that does not exist or that the actor's role may not see, with the same words, and for a tile
/// that does not exist.
pub fn render(city: &City, layers: &[&str], (z, x, y): (u8, u32, u32), detail: Detail, actor: &Actor) -> Result<Tile> {
    let layers = allowed(layers.iter().copied(), actor)?;
    let tile = TileId::new(z, x, y).ok_or_else(|| Error::NotFound(format!("tile {z}/{x}/{y}")))?;
    encode(&View::new(city, tile, &actor.scope, detail), &layers)
}

/// The layers of these names, in their order, each once.
fn allowed<'a>(names: impl IntoIterator<Item = &'a str>, actor: &Actor) -> Result<Vec<&'static catalog::Layer>> {
    let mut layers: Vec<&'static catalog::Layer> = Vec::new();
    for name in names {
        let layer = catalog::layer(name, actor.role)?;
        if !layers.iter().any(|known| known.id == layer.id) {
            layers.push(layer);
        }
    }
    Ok(layers)
}

fn encode(view: &View, layers: &[&catalog::Layer]) -> Result<Tile> {
    let mut bytes = Vec::new();
    layers.iter().filter(|layer| view.tile.z >= layer.min_zoom).for_each(|layer| layer::draw(layer, view, &mut bytes));
    // What is kept is counted by its length.
    bytes.shrink_to_fit();
    let etag = Etag::of(&bytes);
    Ok(Tile { bytes: bytes.into(), etag })
}
