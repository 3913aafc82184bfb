//! Points by themselves: a tile is a straight read of the columns of their chunks.
//!
//! Two passes: the first gives a number to every label, grid and tag that the tile has, the second writes the features,
//! each a few pieces that are known by then. Identifiers are all different, so that they are neither looked for nor
//! compared: their values are copied as they lie in the chunks, and their numbers count up.

use super::super::View;
use super::super::mvt::{Feature, Layer};
use crate::city::chunk::Chunk;
use crate::city::points::Points;
use crate::city::tag::Tag;
use crate::city::world::BITS;
use std::collections::HashMap;
use std::ops::Range;

/// Where the label stands among the fields, and whether an empty one is left out.
pub enum Label {
    /// There is none.
    None,
    /// After the identifier.
    Second(&'static str),
    /// At the end, unless it is empty.
    Last(&'static str),
}

/// The fields of a layer's points, in their order.
pub struct Plan {
    /// Name of the identifier.
    pub id: &'static str,
    /// The label.
    pub label: Label,
    /// Name of the grid's code, where that is told; after the label.
    pub grid: Option<&'static str>,
    /// What a tag tells: six fields at most.
    pub told: fn(Tag, &mut Feature<'_, 'static>),
}

/// A key and a value of a feature: up to seven bytes, and in the highest byte how many. Nothing at all is zero.
type Piece = u64;

fn piece(key: u32, value: u32) -> Piece {
    let (mut bytes, mut len, mut rest) = (u64::from(key), 1, value);
    while rest >= 0x80 {
        bytes |= u64::from(rest as u8 | 0x80) << (8 * len);
        rest >>= 7;
        len += 1;
    }
    bytes | u64::from(rest) << (8 * len) | (len + 1) << 56
}

/// The longest that a feature can be: ten fields of six bytes, a place of ten and what is around them.
const LONGEST: usize = 88;

/// Bytes of a feature while it is put together.
struct Draft {
    bytes: [u8; LONGEST],
    len: usize,
}

impl Draft {
    #[inline]
    fn put(&mut self, piece: Piece) {
        self.bytes[self.len..self.len + 8].copy_from_slice(&piece.to_le_bytes());
        self.len += (piece >> 56) as usize;
    }

    /// Puts a number below 2^14.
    #[inline]
    fn put_short(&mut self, v: u32) {
        let long = v >= 0x80;
        let bytes = if long { (v & 0x7f) | 0x80 | (v >> 7) << 8 } else { v };
        self.bytes[self.len..self.len + 2].copy_from_slice(&(bytes as u16).to_le_bytes());
        self.len += 1 + usize::from(long);
    }
}

/// The fields that a tag tells, encoded.
type Told = ([u8; 32], usize);

/// What a tile says of labels, grids and tags, by their numbers in the City.
struct Words<'a> {
    /// A run of points, with the piece of each of its chunk's labels.
    runs: Vec<(&'a Chunk, Range<usize>, Vec<Piece>)>,
    grids: HashMap<u32, Piece, foldhash::fast::FixedState>,
    told: HashMap<Tag, usize, foldhash::fast::FixedState>,
    fields: Vec<Told>,
    points: usize,
}

/// Draws the points of a view's tile.
pub fn draw(view: &View, points: &Points, plan: &Plan, layer: &mut Layer<'static>) {
    let id_key = layer.key(plan.id);
    let words = number(view, points, plan, layer);
    let mut number = layer.values.count_all();
    let (shift, [west, north]) = (view.tile.shift(), view.tile.corner().map(|v| v as u32));
    let unit = |v: u32| if shift >= 12 { v >> (shift - 12) } else { v << (12 - shift) };
    let is_last = matches!(plan.label, Label::Last(_));
    layer.features.reserve(words.points * 48);
    let mut draft = Draft { bytes: [0; LONGEST], len: 0 };
    let (mut home, mut grid) = (None, 0);
    let (mut tag, mut told) = (None, &([0u8; 32], 0usize));
    for (chunk, range, labels) in &words.runs {
        for i in range.clone() {
            if !view.within.holds(chunk.home[i]) {
                continue;
            }
            if plan.grid.is_some() && home != Some(chunk.home[i]) {
                home = Some(chunk.home[i]);
                grid = words.grids.get(&chunk.home[i]).copied().unwrap_or(0);
            }
            if tag != Some(chunk.tag[i]) {
                tag = Some(chunk.tag[i]);
                told = words.told.get(&chunk.tag[i]).map_or(told, |at| &words.fields[*at]);
            }
            let label = if labels.is_empty() { 0 } else { labels[usize::from(chunk.label[i])] };
            draft.len = 4;
            draft.put(piece(id_key, number));
            number += 1;
            if !is_last {
                draft.put(label);
            }
            draft.put(grid);
            draft.bytes[draft.len..draft.len + 32].copy_from_slice(&told.0);
            draft.len += told.1;
            if is_last {
                draft.put(label);
            }
            let tags = draft.len - 4;
            // Its kind is a point; its geometry begins with one command, and its place is never negative.
            draft.bytes[draft.len..draft.len + 5].copy_from_slice(&[0x18, 1, 0x22, 0, 9]);
            let place = draft.len + 4;
            draft.len += 5;
            draft.put_short(2 * unit(chunk.x[i] - west));
            draft.put_short(2 * unit(chunk.y[i] - north));
            draft.bytes[place - 1] = (draft.len - place) as u8;
            draft.bytes[..4].copy_from_slice(&[0x12, (draft.len - 2) as u8, 0x12, tags as u8]);
            let start = layer.features.len();
            layer.features.extend_from_slice(&draft.bytes);
            layer.features.truncate(start + draft.len);
        }
    }
    debug_assert!(shift <= BITS);
    for (chunk, range, _) in &words.runs {
        let mut from = range.start;
        while from < range.end {
            let held = |i: &usize| view.within.holds(chunk.home[*i]);
            let to = (from..range.end).find(|i| !held(i)).unwrap_or(range.end);
            layer.values.extend((to - from) as u32, chunk.id_values(from..to));
            from = (to..range.end).find(held).unwrap_or(range.end);
        }
    }
}

/// Gives numbers to all labels, grids and tags of a tile.
fn number<'a>(view: &View, points: &'a Points, plan: &Plan, layer: &mut Layer<'static>) -> Words<'a> {
    let (label_key, keeps_empty) = match plan.label {
        Label::None => (None, false),
        Label::Second(key) => (Some(layer.key(key)), true),
        Label::Last(key) => (Some(layer.key(key)), false),
    };
    let grid_key = plan.grid.map(|key| layer.key(key));
    let mut words =
        Words { runs: Vec::new(), grids: HashMap::default(), told: HashMap::default(), fields: Vec::new(), points: 0 };
    let (mut home, mut tag) = (None, None);
    for (chunk, range) in points.runs(view.tile.keys()) {
        let mut labels: Vec<Piece> = if label_key.is_some() { vec![0; chunk.labels()] } else { Vec::new() };
        for i in range.clone() {
            if !view.within.holds(chunk.home[i]) {
                continue;
            }
            words.points += 1;
            let label = usize::from(chunk.label[i]);
            if let Some(key) = label_key.filter(|_| labels[label] == 0) {
                let value = chunk.label_value(label);
                // An empty text is four bytes long.
                if keeps_empty || value.len() > 4 {
                    labels[label] = piece(key, layer.values.of(value));
                }
            }
            if let Some(key) = grid_key.filter(|_| home != Some(chunk.home[i])) {
                home = Some(chunk.home[i]);
                let code = || view.city.grid_at_order(chunk.home[i]).map_or("", |at| view.city.grid.code(at).as_str());
                words.grids.entry(chunk.home[i]).or_insert_with(|| piece(key, layer.values.text(code())));
            }
            if tag != Some(chunk.tag[i]) {
                tag = Some(chunk.tag[i]);
                words.told.entry(chunk.tag[i]).or_insert_with(|| {
                    let fields = layer.fields(|feature| (plan.told)(chunk.tag[i], feature));
                    let mut told = [0; 32];
                    told[..fields.len()].copy_from_slice(fields);
                    words.fields.push((told, fields.len()));
                    words.fields.len() - 1
                });
            }
        }
        words.runs.push((chunk, range, labels));
    }
    words
}
