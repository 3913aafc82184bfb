//! Mapbox Vector Tiles 2.1, written: one layer of a tile, feature after feature.
//!
//! Protobuf by hand: a layer is field 3 of a tile and holds version (15), name (1), features (2), keys (3), values (4) and
//! extent (5); a feature holds tags (2), its kind (3) and its geometry (4). Equal values are told once.
//! Source: <https://github.com/mapbox/vector-tile-spec/tree/master/2.1>. `tests/tile_oracle.rs` reads what is written here
//! with a decoder that others made.

use super::EXTENT;
use crate::city::chunk::{put_text, put_varint};
use std::hash::BuildHasher;

/// What a feature is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A point.
    Point = 1,
    /// Polygons.
    Polygon = 3,
}

/// A place in a tile, in units from its north-west corner.
pub type At = [i64; 2];

/// The values of a layer, each once.
#[derive(Default)]
pub struct Values {
    bytes: Vec<u8>,
    starts: Vec<u32>,
    /// Numbers of values plus one by their hash; its length is a power of two.
    table: Vec<u32>,
    /// The numbers that stand in the table.
    looked_for: Vec<u32>,
    /// Numbers of small counts plus one.
    counts: Vec<u32>,
    /// Values that nobody looks for.
    more: u32,
    scratch: Vec<u8>,
    hasher: foldhash::fast::FixedState,
}

impl Values {
    /// The number of an encoded value.
    pub fn of(&mut self, value: &[u8]) -> u32 {
        if self.looked_for.len() * 2 >= self.table.len() {
            self.grow();
        }
        let mask = self.table.len() - 1;
        let mut at = self.hasher.hash_one(value) as usize & mask;
        loop {
            match self.table[at] {
                0 => {
                    let number = self.push(value);
                    self.looked_for.push(number);
                    self.table[at] = number + 1;
                    return number;
                }
                known if self.value(known as usize - 1) == value => return known - 1,
                _ => at = (at + 1) & mask,
            }
        }
    }

    /// Adds an encoded value that nobody looks for.
    fn push(&mut self, value: &[u8]) -> u32 {
        self.starts.push(self.bytes.len() as u32);
        self.bytes.extend_from_slice(value);
        self.starts.len() as u32 - 1
    }

    fn value(&self, number: usize) -> &[u8] {
        let end = self.starts.get(number + 1).map_or(self.bytes.len(), |end| *end as usize);
        &self.bytes[self.starts[number] as usize..end]
    }

    fn grow(&mut self) {
        let len = (self.table.len() * 4).max(64);
        self.table = vec![0; len];
        for i in 0..self.looked_for.len() {
            let number = self.looked_for[i];
            let mut at = self.hasher.hash_one(self.value(number as usize)) as usize & (len - 1);
            while self.table[at] != 0 {
                at = (at + 1) & (len - 1);
            }
            self.table[at] = number + 1;
        }
    }

    /// The number of a text.
    pub fn text(&mut self, text: &str) -> u32 {
        self.made(|out| put_text(out, text))
    }

    /// The number of a count.
    pub fn count(&mut self, count: u32) -> u32 {
        let small = count as usize;
        match self.counts.get(small) {
            Some(known) if *known > 0 => return known - 1,
            _ => {}
        }
        let number = self.made(|out| {
            let mut digits = Vec::with_capacity(5);
            put_varint(&mut digits, count.into());
            out.extend_from_slice(&[0x22, digits.len() as u8 + 1, 0x28]);
            out.extend_from_slice(&digits);
        });
        if small < 1024 {
            if self.counts.len() <= small {
                self.counts.resize(small + 1, 0);
            }
            self.counts[small] = number + 1;
        }
        number
    }

    /// The number of a truth.
    pub fn truth(&mut self, truth: bool) -> u32 {
        self.of(&[0x22, 2, 0x38, truth.into()])
    }

    /// The number of a fraction.
    pub fn fraction(&mut self, fraction: f64) -> u32 {
        let mut value = [0x22, 9, 0x19, 0, 0, 0, 0, 0, 0, 0, 0];
        value[3..].copy_from_slice(&fraction.to_le_bytes());
        self.of(&value)
    }

    fn made(&mut self, make: impl FnOnce(&mut Vec<u8>)) -> u32 {
        let mut scratch = std::mem::take(&mut self.scratch);
        scratch.clear();
        make(&mut scratch);
        let number = self.of(&scratch);
        self.scratch = scratch;
        number
    }

    /// How many there are.
    pub fn count_all(&self) -> u32 {
        self.starts.len() as u32 + self.more
    }

    /// Adds encoded values that nobody looks for. Nothing can be looked for or added by [`Values::of`] after that.
    pub fn extend(&mut self, n: u32, values: &[u8]) {
        self.bytes.extend_from_slice(values);
        self.more += n;
    }
}

/// A layer while it is written.
pub struct Layer<'a> {
    name: &'a str,
    keys: Vec<&'a str>,
    /// Where the next key is looked for first: features have their fields in one order.
    next: usize,
    /// Its values.
    pub values: Values,
    /// Its features, encoded.
    pub features: Vec<u8>,
    tags: Vec<u8>,
    geometry: Vec<u8>,
}

impl<'a> Layer<'a> {
    /// A layer without features.
    pub fn new(name: &'a str) -> Layer<'a> {
        Layer {
            name,
            keys: Vec::new(),
            next: 0,
            values: Values::default(),
            features: Vec::new(),
            tags: Vec::new(),
            geometry: Vec::new(),
        }
    }

    /// Adds a feature; `fill` gives it its geometry and its fields. One without geometry is left out.
    pub fn feature(&mut self, kind: Kind, fill: impl FnOnce(&mut Feature<'_, 'a>)) {
        self.fill(fill);
        if self.geometry.is_empty() {
            return;
        }
        let (tags, geometry) = (self.tags.len() as u64, self.geometry.len() as u64);
        let size = |n: u64| 2 + n + u64::from((63 - (n | 1).leading_zeros()) / 7);
        let out = &mut self.features;
        out.push(0x12);
        put_varint(out, (if tags > 0 { size(tags) } else { 0 }) + 2 + size(geometry));
        if tags > 0 {
            out.push(0x12);
            put_varint(out, tags);
            out.extend_from_slice(&self.tags);
        }
        out.extend_from_slice(&[0x18, kind as u8, 0x22]);
        put_varint(out, geometry);
        out.extend_from_slice(&self.geometry);
    }

    fn fill(&mut self, fill: impl FnOnce(&mut Feature<'_, 'a>)) {
        self.next = 0;
        self.tags.clear();
        self.geometry.clear();
        fill(&mut Feature { layer: self, cursor: [0, 0] });
    }

    /// Fields as a feature has them: numbers of keys and values in turn.
    pub fn fields(&mut self, fill: impl FnOnce(&mut Feature<'_, 'a>)) -> &[u8] {
        self.fill(fill);
        &self.tags
    }

    /// The number of a key.
    pub fn key(&mut self, key: &'a str) -> u32 {
        let same = |known: &&str| std::ptr::eq(*known, key) || **known == *key;
        let at = (self.next..self.keys.len()).chain(0..self.next.min(self.keys.len())).find(|i| same(&self.keys[*i]));
        let at = at.unwrap_or_else(|| {
            self.keys.push(key);
            self.keys.len() - 1
        });
        self.next = at + 1;
        at as u32
    }

    /// Writes the layer; nothing when it has no feature.
    pub fn end(self, out: &mut Vec<u8>) {
        if self.features.is_empty() {
            return;
        }
        let mut head = vec![0x78, 2];
        head.push(0x0a);
        put_varint(&mut head, self.name.len() as u64);
        head.extend_from_slice(self.name.as_bytes());
        let mut keys = Vec::new();
        for key in &self.keys {
            keys.push(0x1a);
            put_varint(&mut keys, key.len() as u64);
            keys.extend_from_slice(key.as_bytes());
        }
        let mut extent = vec![0x28];
        put_varint(&mut extent, EXTENT.into());
        let parts = [&head, &self.features, &keys, &self.values.bytes, &extent];
        let size: usize = parts.iter().map(|part| part.len()).sum();
        out.reserve_exact(size + 6);
        out.push(0x1a);
        put_varint(out, size as u64);
        parts.iter().for_each(|part| out.extend_from_slice(part));
    }
}

/// A number and its sign, small numbers first.
pub fn zigzag(v: i64) -> u64 {
    ((v << 1) ^ (v >> 63)) as u64
}

/// A feature while it is filled.
pub struct Feature<'l, 'a> {
    layer: &'l mut Layer<'a>,
    cursor: At,
}

impl<'a> Feature<'_, 'a> {
    fn tag(&mut self, key: &'a str, value: u32) {
        let key = self.layer.key(key);
        put_varint(&mut self.layer.tags, key.into());
        put_varint(&mut self.layer.tags, value.into());
    }

    /// A field with a text.
    pub fn text(&mut self, key: &'a str, value: &str) {
        let value = self.layer.values.text(value);
        self.tag(key, value);
    }

    /// A field with an encoded value that no other feature has.
    pub fn unique(&mut self, key: &'a str, value: &[u8]) {
        let value = self.layer.values.push(value);
        self.tag(key, value);
    }

    /// A field with an encoded value; `known` remembers its number plus one.
    pub fn known(&mut self, key: &'a str, known: &mut u32, value: &[u8]) {
        if *known == 0 {
            *known = self.layer.values.of(value) + 1;
        }
        self.tag(key, *known - 1);
    }

    /// A field with a count.
    pub fn count(&mut self, key: &'a str, value: u32) {
        let value = self.layer.values.count(value);
        self.tag(key, value);
    }

    /// A field that is true or false.
    pub fn truth(&mut self, key: &'a str, value: bool) {
        let value = self.layer.values.truth(value);
        self.tag(key, value);
    }

    /// A field with a ratio or probability to four decimals; nothing where there is none.
    pub fn ratio(&mut self, key: &'a str, value: Option<f64>) {
        if let Some(value) = value {
            let value = self.layer.values.fraction((value * 1e4).round() / 1e4);
            self.tag(key, value);
        }
    }

    fn go(&mut self, at: At) {
        let [x, y] = self.cursor;
        put_varint(&mut self.layer.geometry, zigzag(at[0] - x));
        put_varint(&mut self.layer.geometry, zigzag(at[1] - y));
        self.cursor = at;
    }

    /// The place of a point.
    pub fn at(&mut self, at: At) {
        self.layer.geometry.push(9);
        self.go(at);
    }

    /// A ring of a polygon, open, of three points at least; an outer one begins a polygon. It is turned round where it runs
    /// the wrong way.
    pub fn ring(&mut self, ring: &[At], outer: bool) {
        let Some(last) = ring.last() else { return };
        let mut before = last;
        let mut area = 0;
        for at in ring {
            area += before[0] * at[1] - at[0] * before[1];
            before = at;
        }
        let is_turned = area != 0 && (area > 0) != outer;
        self.layer.geometry.push(9);
        self.go(if is_turned { *last } else { ring[0] });
        put_varint(&mut self.layer.geometry, ((ring.len() as u64 - 1) << 3) | 2);
        if is_turned {
            ring.iter().rev().skip(1).for_each(|at| self.go(*at));
        } else {
            ring[1..].iter().for_each(|at| self.go(*at));
        }
        self.layer.geometry.push(15);
    }

    /// Whether it has no geometry yet.
    pub fn is_empty(&self) -> bool {
        self.layer.geometry.is_empty()
    }
}
