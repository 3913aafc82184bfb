//! Tiles that were encoded already, by layers, scope, tile and coding; bounded by bytes.
//!
//! A body is kept for each coding that somebody asked for, with the version of the ground that it shows; a newer one takes
//! its place. What a tile is called (its ETag and length) is kept apart and longer: with that alone it can be said that
//! somebody's copy still holds.

use super::catalog::{self, Layer};
use super::coding::Coding;
use super::{Detail, Etag, MARGIN, Tile, View, allowed, encode};
use crate::city::City;
use crate::city::ground::LAYERS;
use crate::city::world::TileId;
use crate::domain::Actor;
use crate::error::{Error, Result};
use bytes::Bytes;
use moka::sync::Cache as Kept;
use std::hash::Hash;
use std::sync::atomic::{AtomicU64, Ordering};

/// What an entry takes beside its body: key, counts of use, links.
const ENTRY_BYTES: usize = 480;
/// Share of the bytes that is for names.
const NAMES: u64 = 16;
/// Stands after the last layer of a key.
const NONE: u8 = u8::MAX;

/// What makes two requests the same tile, at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Key {
    layers: [u8; LAYERS.len()],
    interval: (u32, u32),
    tile: TileId,
    detail: Detail,
}

/// A tile as somebody asks for it, and the version of the ground that it shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Wanted {
    key: Key,
    version: u64,
}

/// What a tile is called.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Name {
    /// Names the content.
    pub etag: Etag,
    /// Bytes of the tile itself.
    pub length: usize,
}

/// A tile as it travels.
#[derive(Debug, Clone, PartialEq)]
pub struct Form {
    /// What the tile is called.
    pub name: Name,
    /// The coding: the one that was asked for, or none for a short tile.
    pub coding: Coding,
    /// The bytes in this coding.
    pub bytes: Bytes,
}

#[derive(Debug, Clone)]
struct Versioned<T> {
    version: u64,
    value: T,
}

/// What a cache has done and holds.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Counts {
    /// Bodies that were there.
    pub hits: u64,
    /// Tiles that were encoded.
    pub encoded: u64,
    /// Bodies that are kept.
    pub kept: u64,
    /// Bytes that they and the names are counted with.
    pub bytes: u64,
}

/// A cache of encoded tiles of one [`crate::city::Live`]: after an edit only the tiles over the touched ground are made
/// again.
#[derive(Debug)]
pub struct Cache {
    bodies: Kept<(Key, Coding), Versioned<Form>>,
    names: Kept<Key, Versioned<Name>>,
    keeps: bool,
    hits: AtomicU64,
    encoded: AtomicU64,
}

impl Cache {
    /// A cache of up to `bytes` bytes; with none, every tile is encoded anew.
    pub fn new(bytes: u64) -> Cache {
        let weigh = |_: &(Key, Coding), body: &Versioned<Form>| {
            u32::try_from(body.value.bytes.len() + ENTRY_BYTES).unwrap_or(u32::MAX)
        };
        let names = bytes / NAMES;
        Cache {
            bodies: Kept::builder().max_capacity(bytes - names).weigher(weigh).build(),
            names: Kept::builder().max_capacity(names).weigher(|_, _| ENTRY_BYTES as u32).build(),
            keeps: bytes > 0,
            hits: AtomicU64::new(0),
            encoded: AtomicU64::new(0),
        }
    }

    /// What the tile is called, if that is known: enough to say that a copy of it still holds.
    pub fn name(&self, wanted: &Wanted) -> Option<Name> {
        find(&self.names, &wanted.key, wanted.version)
    }

    /// The tile in a coding, if it is there.
    pub fn find(&self, wanted: &Wanted, coding: Coding) -> Option<Form> {
        let found = find(&self.bodies, &(wanted.key, coding), wanted.version);
        self.hits.fetch_add(u64::from(found.is_some()), Ordering::Relaxed);
        found
    }

    /// The tile in a coding, packed or encoded now where it isn't there. `city` and `actor` are those for whom it is wanted.
    ///
    /// # Errors
    /// `Internal`.
    pub fn make(&self, city: &City, wanted: &Wanted, coding: Coding, actor: &Actor) -> Result<Form> {
        if let Some(form) = self.find(wanted, coding) {
            return Ok(form);
        }
        let form = match self.find(wanted, Coding::Identity) {
            Some(form) => form,
            None => {
                let layers: Vec<&Layer> = wanted.layers().collect();
                let Tile { bytes, etag } =
                    encode(&View::new(city, wanted.key.tile, &actor.scope, wanted.key.detail), &layers)?;
                self.encoded.fetch_add(1, Ordering::Relaxed);
                Form { name: Name { etag, length: bytes.len() }, coding: Coding::Identity, bytes }
            }
        };
        // The tile itself is not kept when nobody asked for it: packed it takes a quarter of the room.
        let form = match coding.of(form.bytes.len()) {
            Coding::Identity => form,
            coding => Form { coding, bytes: coding.pack(&form.bytes)?.into(), ..form },
        };
        if self.keeps {
            keep(&self.names, wanted.key, wanted.version, form.name);
            keep(&self.bodies, (wanted.key, coding), wanted.version, form.clone());
        }
        Ok(form)
    }

    /// The tile itself, from the cache or encoded now; see [`super::render`] for the errors.
    pub fn render(
        &self,
        city: &City,
        layers: &[&str],
        (z, x, y): (u8, u32, u32),
        detail: Detail,
        actor: &Actor,
    ) -> Result<Form> {
        let tile = TileId::new(z, x, y).ok_or_else(|| Error::NotFound(format!("tile {z}/{x}/{y}")))?;
        let wanted = Wanted::of(city, layers.iter().copied(), tile, detail, actor)?;
        self.make(city, &wanted, Coding::Identity, actor)
    }

    /// What it has done and holds.
    pub fn counts(&self) -> Counts {
        Counts {
            hits: self.hits.load(Ordering::Relaxed),
            encoded: self.encoded.load(Ordering::Relaxed),
            kept: self.bodies.entry_count(),
            bytes: self.bodies.weighted_size() + self.names.weighted_size(),
        }
    }
}

impl Wanted {
    /// A tile of some layers as `actor` may see it in `city`, each layer once.
    ///
    /// # Errors
    /// `NotFound` for a layer that does not exist or that the actor's role may not see, with the same words.
    pub fn of<'a>(
        city: &City,
        layers: impl IntoIterator<Item = &'a str>,
        tile: TileId,
        detail: Detail,
        actor: &Actor,
    ) -> Result<Wanted> {
        let interval = city.interval(&actor.scope);
        let mut key = Key { layers: [NONE; LAYERS.len()], interval, tile, detail: Detail::Map };
        let mut version = 0;
        for (place, layer) in allowed(layers, actor)?.into_iter().enumerate() {
            let margin = if layer.has_polygons() { MARGIN } else { 0 };
            version = version.max(city.ground.version(&layer.id, tile, margin));
            // There are no more layers than places, and each comes once.
            key.layers[place] = catalog::position(layer) as u8;
            // Where it makes no difference it makes no other tile.
            if detail.is_full(layer, tile.z) != Detail::Map.is_full(layer, tile.z) {
                key.detail = detail;
            }
        }
        Ok(Wanted { key, version })
    }

    fn layers(&self) -> impl Iterator<Item = &'static Layer> + '_ {
        self.key.layers.iter().filter_map(|place| catalog::all().get(usize::from(*place)))
    }
}

/// What is kept of this version; one of another version is none.
fn find<K: Hash + Eq + Send + Sync + 'static, T: Clone + Send + Sync + 'static>(
    kept: &Kept<K, Versioned<T>>,
    key: &K,
    version: u64,
) -> Option<T> {
    kept.get(key).filter(|found| found.version == version).map(|found| found.value)
}

/// Keeps a value unless there is one of a later version: somebody may have begun before an edit and be late.
fn keep<K: Hash + Eq + Send + Sync + 'static, T: Clone + Send + Sync + 'static>(
    kept: &Kept<K, Versioned<T>>,
    key: K,
    version: u64,
    value: T,
) {
    if kept.get(&key).is_none_or(|old| old.version <= version) {
        kept.insert(key, Versioned { version, value });
        // At once: what waits for its turn is in memory and not yet counted.
        kept.run_pending_tasks();
    }
}
