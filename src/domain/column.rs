//! Columns of a chunk of records: every value once, however many rows have it.

use chrono::{DateTime, Datelike, NaiveDate, Utc};
use foldhash::fast::FixedState;
use std::hash::BuildHasher;

/// Rows of a chunk: numbers of rows and of values fit into 16 bits.
pub const CHUNK: usize = 1024;
/// Values up to which a draft compares one by one instead of hashing.
const FEW: usize = 8;
/// A slot without a value.
const FREE: u16 = u16::MAX;

/// A list in the room that it needs: copied, not shrunk, for an allocator leaves a list in place as long as half of its room
/// is used.
pub fn fitted<T: Copy>(list: &[T]) -> Box<[T]> {
    list.into()
}

/// One value for each row of a chunk.
#[derive(Debug)]
pub struct Column<T> {
    values: Box<[T]>,
    index: Index,
}

/// Which value a row has.
#[derive(Debug)]
enum Index {
    /// All the first.
    Same,
    /// One of 256.
    Byte(Box<[u8]>),
    /// One of 65,536.
    Word(Box<[u16]>),
    /// Each its own.
    Own,
}

impl<T: Copy> Column<T> {
    /// The value of a row.
    pub fn get(&self, row: usize) -> T {
        match &self.index {
            Index::Same => self.values[0],
            Index::Byte(index) => self.values[index[row] as usize],
            Index::Word(index) => self.values[index[row] as usize],
            Index::Own => self.values[row],
        }
    }

    /// The values that rows have, most of them once.
    pub fn values(&self) -> &[T] {
        &self.values
    }

    /// Bytes that it takes on the heap.
    pub fn bytes(&self) -> usize {
        let index = match &self.index {
            Index::Byte(index) => index.len(),
            Index::Word(index) => 2 * index.len(),
            Index::Same | Index::Own => 0,
        };
        index + size_of_val(&*self.values)
    }
}

/// A column that is being filled.
#[derive(Debug)]
pub struct Draft<T> {
    values: Vec<T>,
    index: Vec<u16>,
    /// Numbers of values by the bits of their hash, once there are more than a [`FEW`].
    slots: Vec<u16>,
}

impl<T> Default for Draft<T> {
    fn default() -> Self {
        Draft { values: Vec::new(), index: Vec::new(), slots: Vec::new() }
    }
}

impl<T: Copy> Draft<T> {
    /// The number of a value, if it came before; `key` is its hash.
    fn known(&self, key: u64, same: impl Fn(&T) -> bool) -> Option<u16> {
        if let Some(last) = self.index.last()
            && same(&self.values[*last as usize])
        {
            return Some(*last);
        }
        if self.slots.is_empty() {
            return self.values.iter().position(same).map(|number| number as u16);
        }
        let slot = probe(&self.slots, key, |number| same(&self.values[number as usize]));
        Some(self.slots[slot]).filter(|number| *number != FREE)
    }

    /// Adds a value that did not come before, and a row with it.
    fn insert(&mut self, value: T, key: u64, hash: impl Fn(&T) -> u64) {
        let number = self.values.len();
        self.values.push(value);
        self.index.push(number as u16);
        if self.slots.len() >= 2 * self.values.len() {
            let slot = probe(&self.slots, key, |_| false);
            self.slots[slot] = number as u16;
        } else if number >= FEW {
            self.slots = vec![FREE; (4 * number).next_power_of_two()];
            for (number, value) in self.values.iter().enumerate() {
                let slot = probe(&self.slots, hash(value), |_| false);
                self.slots[slot] = number as u16;
            }
        }
    }

    /// The column.
    pub fn finish(self) -> Column<T> {
        let Draft { values, index, .. } = self;
        let (rows, count) = (index.len(), values.len());
        let own = rows * size_of::<T>();
        if count <= 1 {
            Column { values: fitted(&values), index: Index::Same }
        } else if count <= 256 && rows + count * size_of::<T>() < own {
            let index = index.into_iter().map(|number| number as u8).collect();
            Column { values: fitted(&values), index: Index::Byte(index) }
        } else if 2 * rows + count * size_of::<T>() < own {
            Column { values: fitted(&values), index: Index::Word(fitted(&index)) }
        } else {
            let values = index.into_iter().map(|number| values[number as usize]).collect();
            Column { values, index: Index::Own }
        }
    }
}

/// The first slot from a hash on that is free or holds what is wanted.
fn probe(slots: &[u16], hash: u64, wanted: impl Fn(u16) -> bool) -> usize {
    let mask = slots.len() - 1;
    let mut slot = hash as usize & mask;
    while slots[slot] != FREE && !wanted(slots[slot]) {
        slot = (slot + 1) & mask;
    }
    slot
}

fn hash_of(text: &str) -> u64 {
    FixedState::default().hash_one(text.as_bytes())
}

/// A value of a fixed size that is told from others by its bits, so that every number comes back exactly.
pub trait Cell: Copy {
    /// The same for the same value, and for no other.
    fn key(self) -> u128;
}

impl<T: Cell> Draft<T> {
    /// Adds a row.
    pub fn push(&mut self, value: T) {
        let hash = |value: &T| FixedState::default().hash_one(value.key());
        let (bits, key) = (value.key(), hash(&value));
        match self.known(key, |other| other.key() == bits) {
            Some(number) => self.index.push(number),
            None => self.insert(value, key, hash),
        }
    }
}

macro_rules! cells {
    ($($kind:ty: $value:ident => $key:expr),* $(,)?) => {$(
        impl Cell for $kind {
            fn key(self) -> u128 {
                let $value = self;
                u128::from($key)
            }
        }
    )*};
}

cells! {
    bool: value => value,
    u16: value => value,
    u32: value => value,
    i64: value => value as u64,
    f64: value => value.to_bits(),
    f32: value => value.to_bits(),
    NaiveDate: day => day.num_days_from_ce() as u32,
}

impl Cell for DateTime<Utc> {
    fn key(self) -> u128 {
        u128::from(self.timestamp() as u64) << 32 | u128::from(self.timestamp_subsec_nanos())
    }
}

impl<T: Cell> Cell for Option<T> {
    fn key(self) -> u128 {
        // The keys above have fewer than 127 bits.
        self.map_or(0, |value| 1 << 127 | value.key())
    }
}

/// Where a text lies among the texts of its chunk.
#[derive(Debug, Clone, Copy)]
pub struct Span {
    start: u32,
    len: u32,
}

impl Span {
    /// No text, which is not the same as an empty one.
    pub const NONE: Span = Span { start: 0, len: u32::MAX };

    /// Where it begins.
    pub fn start(self) -> u32 {
        self.start
    }

    /// Where it ends.
    pub fn end(self) -> usize {
        (self.start + self.len) as usize
    }

    /// The text.
    pub fn of(self, texts: &str) -> &str {
        self.maybe_of(texts).unwrap_or_default()
    }

    /// The text, if there is one.
    pub fn maybe_of(self, texts: &str) -> Option<&str> {
        (self.len != u32::MAX).then(|| &texts[self.start as usize..][..self.len as usize])
    }
}

/// Adds a text behind the others.
pub fn append(texts: &mut String, text: &str) -> Span {
    let span = Span { start: texts.len() as u32, len: text.len() as u32 };
    texts.push_str(text);
    span
}

impl Draft<Span> {
    /// Adds a row whose text is kept once in `texts`; where it is new and a part of `within`, which lies there already,
    /// it is kept as that part. Answers where it lies.
    pub fn push_text(&mut self, texts: &mut String, text: Option<&str>, within: Span) -> Span {
        let key = text.map_or(0, hash_of);
        if let Some(number) = self.known(key, |span| span.maybe_of(texts) == text) {
            self.index.push(number);
            return self.values[number as usize];
        }
        let span = match text {
            None => Span::NONE,
            Some(text) => match within.of(texts).find(text) {
                Some(at) => Span { start: within.start + at as u32, len: text.len() as u32 },
                None => append(texts, text),
            },
        };
        self.insert(span, key, |span| span.maybe_of(texts).map_or(0, hash_of));
        span
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn every_value_comes_back_bit_for_bit(kinds in 1u64..2000, rows in prop::collection::vec(any::<u64>(), 0..CHUNK)) {
            let (mut numbers, mut floats) = (Draft::default(), Draft::default());
            for row in &rows {
                numbers.push((row % 7 != 0).then_some((row % kinds) as u32));
                floats.push(f64::from_bits((row % kinds).wrapping_mul(0x0123_4567_89AB_CDEF)));
            }
            let (numbers, floats) = (numbers.finish(), floats.finish());
            for (i, row) in rows.iter().enumerate() {
                prop_assert_eq!(numbers.get(i), (row % 7 != 0).then_some((row % kinds) as u32));
                prop_assert_eq!(floats.get(i).to_bits(), (row % kinds).wrapping_mul(0x0123_4567_89AB_CDEF));
            }
            prop_assert!(floats.bytes() <= 8 * rows.len());
        }

        #[test]
        fn every_text_comes_back(kinds in 1usize..900, rows in prop::collection::vec(any::<prop::sample::Index>(), 0..CHUNK)) {
            let text = |row: &prop::sample::Index| match row.index(kinds) {
                0 => None,
                n => Some("号".repeat(n % 3) + &(n / 3).to_string()),
            };
            let (mut texts, mut draft) = (String::new(), Draft::default());
            for row in &rows {
                let whole = append(&mut texts, "人民路12号3单元");
                draft.push_text(&mut texts, text(row).as_deref(), whole);
            }
            let column = draft.finish();
            for (i, row) in rows.iter().enumerate() {
                let expected = text(row);
                prop_assert_eq!(column.get(i).maybe_of(&texts), expected.as_deref());
            }
        }
    }
}
