//! A run of the Z-order of points, in columns: what a tile draws of them lies in the order in which it is written.

use super::points::{Item, Point, Within};
use super::pyramid::{Part, parts};
use super::ring::Rings;
use super::tag::Tag;
use super::world::{Span, Spot};
use crate::domain::column::fitted;
use std::collections::HashMap;
use std::ops::Range;

/// Points of a chunk when it is packed.
pub const FILL: usize = 768;
/// Points beyond which a chunk is cut.
pub const MOST: usize = 1024;

/// Up to [`MOST`] points, sorted by place and identifier. All columns but those of texts have one value a point.
#[derive(Debug, Clone)]
pub struct Chunk {
    /// Steps to the east.
    pub x: Box<[u32]>,
    /// Steps to the south.
    pub y: Box<[u32]>,
    /// Rows of the records.
    pub row: Box<[u32]>,
    /// Preorder numbers of the grids.
    pub home: Box<[u32]>,
    /// What is told of each.
    pub tag: Box<[Tag]>,
    /// Which of the chunk's labels each has.
    pub label: Box<[u16]>,
    ids: Texts,
    labels: Texts,
    /// The boxes of their outlines; empty where a layer has points only.
    pub spans: Box<[Span]>,
    rings: Box<[Spot]>,
    ring_ends: Box<[u32]>,
    rings_ends: Box<[u32]>,
    /// The box around all of them.
    pub span: Span,
    /// The points counted by home and class, sorted by home.
    pub parts: Box<[Part]>,
}

impl Chunk {
    /// Number of points.
    pub fn len(&self) -> usize {
        self.x.len()
    }

    /// Whether there is none; the chunks of a layer never are.
    pub fn is_empty(&self) -> bool {
        self.x.is_empty()
    }

    /// Where a point lies.
    pub fn spot(&self, i: usize) -> Spot {
        Spot { x: self.x[i], y: self.y[i] }
    }

    /// A point.
    pub fn point(&self, i: usize) -> Point {
        Point { key: self.spot(i).key(), row: self.row[i], home: self.home[i] }
    }

    /// Key of the last point.
    pub fn last_key(&self) -> u64 {
        self.spot(self.len() - 1).key()
    }

    /// A point with what is told of it.
    pub fn item(&self, i: usize) -> Item<'_> {
        let label = self.labels.text(self.label[i] as usize);
        Item { point: self.point(i), tag: self.tag[i], id: self.id(i), label, rings: self.rings(i) }
    }

    /// Whether any point is of these homes.
    pub fn has_any(&self, within: Within) -> bool {
        match within {
            Within::All => true,
            Within::Homes(from, to) => {
                self.parts.get(self.parts.partition_point(|part| part.home < from)).is_some_and(|part| part.home < to)
            }
        }
    }

    /// The identifier of a point.
    pub fn id(&self, i: usize) -> &str {
        self.ids.text(i)
    }

    /// The outline of a point; none where there is only the point.
    pub fn rings(&self, i: usize) -> Rings<'_> {
        if self.spans.is_empty() {
            return Rings::default();
        }
        let from = if i == 0 { 0 } else { self.rings_ends[i - 1] as usize };
        let ends = &self.ring_ends[from..self.rings_ends[i] as usize];
        let start = if from == 0 { 0 } else { self.ring_ends[from - 1] >> 1 };
        Rings { start, ends, spots: &self.rings, ..Rings::default() }
    }

    /// The identifiers of some points one after the other, each as a value of a vector tile.
    pub fn id_values(&self, range: Range<usize>) -> &[u8] {
        &self.ids.bytes[self.ids.start(range.start)..self.ids.start(range.end)]
    }

    /// A label of the chunk, as a value of a vector tile.
    pub fn label_value(&self, label: usize) -> &[u8] {
        self.labels.value(label)
    }

    /// Number of different labels.
    pub fn labels(&self) -> usize {
        self.labels.ends.len()
    }

    /// The same points with other homes.
    pub fn rehomed(&self, of: impl Fn(u32) -> u32) -> Chunk {
        let home: Box<[u32]> = self.home.iter().map(|home| of(*home)).collect();
        let parts = parts(&self.x, &self.y, &home, &self.tag);
        Chunk { home, parts, ..self.clone() }
    }

    /// The place of the first point that is not before `key`.
    pub fn lower(&self, key: u64) -> usize {
        lower(self.len(), |i| self.spot(i).key() < key)
    }

    /// The place of the first point that is beyond `key`.
    pub fn upper(&self, key: u64) -> usize {
        lower(self.len(), |i| self.spot(i).key() <= key)
    }
}

fn lower(len: usize, before: impl Fn(usize) -> bool) -> usize {
    let (mut from, mut to) = (0, len);
    while from < to {
        let middle = (from + to) / 2;
        if before(middle) { from = middle + 1 } else { to = middle }
    }
    from
}

/// Texts one after the other, each as the value that a vector tile has for it (field 4 of a layer, with the text in field
/// 1: `protobuf`'s tags 0x22 and 0x0a), so that a tile copies them as they are.
#[derive(Debug, Clone, Default)]
struct Texts {
    bytes: Box<[u8]>,
    ends: Box<[u32]>,
}

impl Texts {
    fn start(&self, i: usize) -> usize {
        if i == 0 { 0 } else { self.ends[i - 1] as usize }
    }

    fn value(&self, i: usize) -> &[u8] {
        &self.bytes[self.start(i)..self.start(i + 1)]
    }

    fn text(&self, i: usize) -> &str {
        let after = |bytes: &[u8]| bytes.iter().position(|byte| *byte < 0x80).map_or(bytes.len(), |at| at + 1);
        let value = &self.value(i)[1..];
        let value = &value[after(value) + 1..];
        // Only whole texts are put in.
        std::str::from_utf8(&value[after(value)..]).unwrap_or_default()
    }
}

/// Writes a number as protobuf does: seven bits a byte, lowest first.
pub fn put_varint(out: &mut Vec<u8>, mut v: u64) {
    while v >= 0x80 {
        out.push(v as u8 | 0x80);
        v >>= 7;
    }
    out.push(v as u8);
}

/// Writes a text as a value of a vector tile's layer.
pub fn put_text(out: &mut Vec<u8>, text: &str) {
    let mut head = Vec::with_capacity(6);
    put_varint(&mut head, text.len() as u64);
    out.push(0x22);
    put_varint(out, (1 + head.len() + text.len()) as u64);
    out.push(0x0a);
    out.extend_from_slice(&head);
    out.extend_from_slice(text.as_bytes());
}

/// Puts a chunk together, point after point in their order.
#[derive(Default)]
pub struct Builder {
    x: Vec<u32>,
    y: Vec<u32>,
    row: Vec<u32>,
    home: Vec<u32>,
    tag: Vec<Tag>,
    label: Vec<u16>,
    ids: (Vec<u8>, Vec<u32>),
    labels: (Vec<u8>, Vec<u32>),
    spans: Vec<Span>,
    rings: Vec<Spot>,
    ring_ends: Vec<u32>,
    rings_ends: Vec<u32>,
    known: HashMap<Box<str>, u16, foldhash::fast::FixedState>,
}

impl Builder {
    /// Adds a point.
    pub fn push(&mut self, item: &Item) {
        let spot = item.point.spot();
        self.x.push(spot.x);
        self.y.push(spot.y);
        self.row.push(item.point.row);
        self.home.push(item.point.home);
        self.tag.push(item.tag);
        put_text(&mut self.ids.0, item.id);
        self.ids.1.push(self.ids.0.len() as u32);
        let label = self.known.get(item.label).copied().unwrap_or_else(|| {
            let label = self.known.len() as u16;
            self.known.insert(item.label.into(), label);
            put_text(&mut self.labels.0, item.label);
            self.labels.1.push(self.labels.0.len() as u32);
            label
        });
        self.label.push(label);
        for (ring, is_outer) in item.rings.iter() {
            self.rings.extend_from_slice(ring);
            self.ring_ends.push((self.rings.len() as u32) << 1 | u32::from(is_outer));
        }
        self.rings_ends.push(self.ring_ends.len() as u32);
        self.spans.push(item.span());
    }

    /// The chunk.
    pub fn end(self) -> Chunk {
        let span = self.spans.iter().copied().reduce(Span::with).unwrap_or(Span::of(Spot { x: 0, y: 0 }));
        let (spans, rings_ends) =
            if self.rings.is_empty() { Default::default() } else { (self.spans, self.rings_ends) };
        let texts = |(bytes, ends): (Vec<u8>, Vec<u32>)| Texts { bytes: fitted(&bytes), ends: fitted(&ends) };
        Chunk {
            parts: parts(&self.x, &self.y, &self.home, &self.tag),
            x: fitted(&self.x),
            y: fitted(&self.y),
            row: fitted(&self.row),
            home: fitted(&self.home),
            tag: fitted(&self.tag),
            label: fitted(&self.label),
            ids: texts(self.ids),
            labels: texts(self.labels),
            spans: fitted(&spans),
            rings: fitted(&self.rings),
            ring_ends: fitted(&self.ring_ends),
            rings_ends: fitted(&rings_ends),
            span,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_of_any_length_come_back() {
        let ids: Vec<String> = [0usize, 1, 20, 123, 124, 125, 126, 127, 128, 300, 20_000]
            .iter()
            .map(|n| "号".repeat(n / 3) + &"x".repeat(n % 3))
            .collect();
        let mut builder = Builder::default();
        for (row, id) in ids.iter().enumerate() {
            let point = Point { key: row as u64, row: row as u32, home: 3 };
            builder.push(&Item { point, tag: Tag(1), id, label: &ids[row / 2], rings: Rings::default() });
        }
        let chunk = builder.end();
        for (row, id) in ids.iter().enumerate() {
            let item = chunk.item(row);
            assert_eq!((item.id, item.label, item.point.row), (id.as_str(), ids[row / 2].as_str(), row as u32));
        }
        assert_eq!(chunk.labels(), ids.len().div_ceil(2));
        let all: usize = (0..ids.len()).map(|i| chunk.id_values(i..i + 1).len()).sum();
        assert_eq!(chunk.id_values(0..ids.len()).len(), all);
    }
}
