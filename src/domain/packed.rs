//! A table of records whose values lie in columns.

use super::column::CHUNK;
use super::spine::Spine;
use rayon::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;
use std::sync::Arc;

/// A kind of record that is kept in columns.
pub trait Pack: Sized + Send {
    /// Records of a chunk. One that changes makes all of its chunk anew.
    const ROWS: usize = CHUNK;
    /// Up to that many records in columns.
    type Chunk: Debug + Send + Sync;
    /// A chunk that is being filled.
    type Draft: Default + Send;
    /// A record whose texts lie elsewhere: what a draft takes.
    type Row<'a>;
    /// A record of a chunk, read where it lies.
    type View<'a>: Copy;

    /// The record as a row.
    fn row(&self) -> Self::Row<'_>;
    /// Adds a row to a draft.
    fn add(draft: &mut Self::Draft, row: Self::Row<'_>);
    /// The chunk of a draft.
    fn finish(draft: Self::Draft) -> Self::Chunk;
    /// A record of a chunk.
    fn view(chunk: &Self::Chunk, row: usize) -> Self::View<'_>;
    /// A record of a chunk as a row.
    fn row_of<'a>(view: Self::View<'a>) -> Self::Row<'a>;
    /// The record of a row on its own.
    fn of(row: Self::Row<'_>) -> Self;
    /// Bytes that a chunk takes.
    fn bytes(chunk: &Self::Chunk) -> usize;
}

/// A kind of record that is found by its identifier where it lies.
pub trait Keyed: Pack {
    /// The record's identifier.
    fn id(&self) -> &str;
    /// The same of a record of a chunk.
    fn id_of<'a>(view: Self::View<'a>) -> &'a str;
}

/// A kind of record that may declare the grid that it belongs to.
pub trait Declares: Pack {
    /// The codes that records of a chunk declare, most of them once.
    fn grids(chunk: &Self::Chunk) -> impl Iterator<Item = &str>;
    /// The code that a record of a chunk declares.
    fn grid_of<'a>(view: Self::View<'a>) -> Option<&'a str>;
}

/// A sequence of records in chunks of columns. A clone shares all chunks; a change makes the chunks anew that it
/// touches, in some hundred microseconds each, and readers of the old table are never disturbed.
pub struct Packed<T: Pack> {
    chunks: Spine<Arc<T::Chunk>>,
    len: usize,
}

impl<T: Pack> Clone for Packed<T> {
    fn clone(&self) -> Self {
        Packed { chunks: self.chunks.clone(), len: self.len }
    }
}

impl<T: Pack> Default for Packed<T> {
    fn default() -> Self {
        Packed { chunks: Spine::default(), len: 0 }
    }
}

impl<T: Pack> Debug for Packed<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Packed").field("len", &self.len).finish_non_exhaustive()
    }
}

impl<T: Pack> Packed<T> {
    /// Number of records.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The record at `index`, if there is one.
    pub fn get(&self, index: usize) -> Option<T::View<'_>> {
        (index < self.len).then(|| self.at(index))
    }

    /// The record at `index`.
    ///
    /// # Panics
    /// When there is no record at `index`.
    pub fn at(&self, index: usize) -> T::View<'_> {
        assert!(index < self.len, "row {index} of {}", self.len);
        T::view(&self.chunks[index / T::ROWS], index % T::ROWS)
    }

    /// All records in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = T::View<'_>> + Clone {
        (0..self.len).map(|index| self.at(index))
    }

    /// Ranges of rows, a chunk each, for work in parallel.
    pub fn ranges(&self) -> Vec<std::ops::Range<usize>> {
        (0..self.len).step_by(T::ROWS).map(|first| first..self.len.min(first + T::ROWS)).collect()
    }

    /// Bytes that the records take.
    pub fn bytes(&self) -> usize {
        self.chunks.iter().map(|chunk| size_of::<T::Chunk>() + T::bytes(chunk)).sum()
    }

    /// Appends a record and returns its index. Many at once are cheaper by [`Packed::put_all`], and cheapest from a
    /// [`Packer`].
    pub fn push(&mut self, record: T) -> usize {
        self.put_all(BTreeMap::from([(self.len as u32, record)]));
        self.len - 1
    }

    /// Replaces the record at `index`.
    ///
    /// # Panics
    /// When there is no record at `index`.
    pub fn set(&mut self, index: usize, record: T) {
        assert!(index < self.len, "row {index} of {}", self.len);
        self.put_all(BTreeMap::from([(index as u32, record)]));
    }

    /// Replaces records, and appends those that come right behind the last.
    ///
    /// # Panics
    /// When a row between is left out.
    pub fn put_all(&mut self, records: BTreeMap<u32, T>) {
        let mut parts: Vec<(usize, Vec<(u32, T)>)> = Vec::new();
        for (row, record) in records {
            let chunk = row as usize / T::ROWS;
            match parts.last_mut() {
                Some((last, part)) if *last == chunk => part.push((row, record)),
                _ => parts.push((chunk, vec![(row, record)])),
            }
        }
        let table = &*self;
        let made = |(at, part)| {
            let (chunk, end) = table.chunk_with(at, part);
            (at, chunk, end)
        };
        let made: Vec<(usize, T::Chunk, usize)> = parts.into_par_iter().map(made).collect();
        for (at, chunk, end) in made {
            assert!(at * T::ROWS <= self.len, "a row is left out");
            self.put_chunk(at, chunk);
            self.len = self.len.max(end);
        }
    }

    /// A chunk with other records in some of its rows, ascending, and where its rows end.
    fn chunk_with(&self, at: usize, part: Vec<(u32, T)>) -> (T::Chunk, usize) {
        let mut part = part.into_iter().peekable();
        let mut draft = T::Draft::default();
        let (mut row, end) = (at * T::ROWS, (at + 1) * T::ROWS);
        while row < end {
            match part.next_if(|(next, _)| *next as usize == row) {
                Some((_, record)) => T::add(&mut draft, record.row()),
                None if row < self.len => T::add(&mut draft, T::row_of(self.at(row))),
                None => break,
            }
            row += 1;
        }
        assert!(part.peek().is_none(), "a row is left out");
        (T::finish(draft), row)
    }

    fn put_chunk(&mut self, at: usize, chunk: T::Chunk) {
        if at < self.chunks.len() {
            *self.chunks.get_mut(at) = Arc::new(chunk);
        } else {
            self.chunks.push(Arc::new(chunk));
        }
    }

    /// Takes out what lies in some rows, ascending: the last records move into their places. Answered are the rows that
    /// hold another record since; those from the new length on are gone.
    pub fn take_out(&mut self, rows: &BTreeSet<u32>) -> Vec<u32> {
        let left = self.len - rows.len();
        let mut last = (left as u32..self.len as u32).filter(|row| !rows.contains(row));
        let filled: Vec<u32> = rows.range(..left as u32).copied().collect();
        let moved =
            filled.iter().zip(&mut last).map(|(row, from)| (*row, T::of(T::row_of(self.at(from as usize))))).collect();
        self.put_all(moved);
        self.truncate(left);
        filled
    }

    /// Keeps the first `len` records.
    pub fn truncate(&mut self, len: usize) {
        if len >= self.len {
            return;
        }
        self.chunks.truncate(len.div_ceil(T::ROWS));
        self.len = len;
        if !len.is_multiple_of(T::ROWS) {
            let last = len / T::ROWS;
            let mut draft = T::Draft::default();
            (last * T::ROWS..len).for_each(|row| T::add(&mut draft, T::row_of(self.at(row))));
            self.put_chunk(last, T::finish(draft));
        }
    }

    /// Rows of the records that are meant, ascending. Only records of chunks that may hold such are asked.
    pub fn rows_where(
        &self,
        may_hold: impl Fn(&T::Chunk) -> bool + Sync,
        is_meant: impl Fn(T::View<'_>) -> bool + Sync,
    ) -> Vec<u32> {
        let rows = |at: usize| {
            let any = may_hold(&self.chunks[at]);
            let rows = if any { at * T::ROWS..self.len.min((at + 1) * T::ROWS) } else { 0..0 };
            rows.filter(|row| is_meant(self.at(*row))).map(|row| row as u32).collect::<Vec<u32>>()
        };
        (0..self.chunks.len()).into_par_iter().with_min_len(16).flat_map_iter(rows).collect()
    }
}

impl<T: Declares> Packed<T> {
    /// Rows of the records that declare a grid that is meant, ascending. Records of a chunk declare few grids, so that not
    /// every record is asked.
    pub fn declaring(&self, is_meant: impl Fn(&str) -> bool + Sync) -> Vec<u32> {
        self.rows_where(|chunk| T::grids(chunk).any(&is_meant), |view| T::grid_of(view).is_some_and(&is_meant))
    }
}

/// A table that is being filled from its beginning.
pub struct Packer<T: Pack> {
    table: Packed<T>,
    draft: T::Draft,
    rows: usize,
}

impl<T: Pack> Default for Packer<T> {
    fn default() -> Self {
        Packer { table: Packed::default(), draft: T::Draft::default(), rows: 0 }
    }
}

impl<T: Pack> Packer<T> {
    /// Appends a row.
    pub fn push(&mut self, row: T::Row<'_>) {
        T::add(&mut self.draft, row);
        self.rows += 1;
        if self.rows == T::ROWS {
            self.close();
        }
    }

    fn close(&mut self) {
        let chunk = T::finish(std::mem::take(&mut self.draft));
        self.table.chunks.push(Arc::new(chunk));
        self.table.len += std::mem::take(&mut self.rows);
    }

    /// The table.
    pub fn finish(mut self) -> Packed<T> {
        if self.rows > 0 {
            self.close();
        }
        self.table
    }
}

impl<T: Pack> FromIterator<T> for Packed<T> {
    fn from_iter<I: IntoIterator<Item = T>>(records: I) -> Self {
        let mut packer = Packer::default();
        records.into_iter().for_each(|record: T| packer.push(record.row()));
        packer.finish()
    }
}

impl<T: Pack> From<Vec<T>> for Packed<T> {
    fn from(records: Vec<T>) -> Self {
        records.into_iter().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::*;
    use chrono::{DateTime, NaiveDate};
    use proptest::prelude::*;

    /// An address with everything that one can have, told by a number.
    fn address(n: u64) -> Address {
        let text = |of: u64, word: &str| if of == 0 { String::new() } else { format!("{of}{word}") };
        let maybe = |of: u64, word: &str| (of > 0).then(|| format!("{word}{of}"));
        let mut parts = Parts::default();
        for (k, part) in parts.slots_mut().into_iter().enumerate() {
            *part = text(n >> k & 3, ["路", "号", "室"][k % 3]).into();
        }
        let position = |kind| Position {
            kind,
            at: LonLat::new(f64::from_bits(n.rotate_left(9)), -0.0),
            method: PositionMethod::Survey,
            accuracy_m: (!n.is_multiple_of(3)).then_some((n % 50) as f32 / 3.0),
            collected_at: DateTime::from_timestamp(n as i64 % 99_999_999_999, (n % 1_000_000_000) as u32),
            collector: maybe(n % 5, "c").map(Into::into),
        };
        Address {
            id: format!("A{n}").into(),
            full_text: parts.slots().concat() + &text(n % 3, "附近"),
            grid: maybe(n % 300, "G").map(Into::into),
            pin: (!n.is_multiple_of(4)).then(|| position(PositionKind::Door)),
            positions: (0..(n % 20).saturating_sub(17)).map(|_| position(PositionKind::FireAccess)).collect(),
            building: maybe(n % 2_000, "B").map(Into::into),
            status: [AddressStatus::Active, AddressStatus::Demolished, AddressStatus::Merged][n as usize % 3],
            ended_on: NaiveDate::from_num_days_from_ce_opt(n as i32 % 99_999),
            verified_on: (!n.is_multiple_of(2)).then_some(NaiveDate::default()),
            batch: maybe(n % 9, "P").map(Into::into),
            version: n as i64,
            parts,
        }
    }

    /// NaN is not equal to itself, but comes back bit for bit.
    fn told(address: &Address) -> String {
        let bits = |position: &Position| [position.at.lon.to_bits(), position.at.lat.to_bits()];
        let all: Vec<_> = address.pin.iter().chain(&address.positions).map(bits).collect();
        format!("{address:?} {all:?}")
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]
        #[test]
        fn behaves_like_a_vec(
            start in prop::collection::vec(any::<u64>(), 0..2_500),
            edits in prop::collection::vec((0u8..4, any::<prop::sample::Index>(), any::<u64>()), 0..8),
        ) {
            let mut oracle: Vec<Address> = start.iter().map(|n| address(*n)).collect();
            let before: Packed<Address> = oracle.clone().into();
            let mut table = before.clone();
            for (what, at, n) in edits {
                let len = oracle.len();
                match what {
                    0 => {
                        prop_assert_eq!(table.push(address(n)), len);
                        oracle.push(address(n));
                    }
                    1 if len > 0 => {
                        let records = (0..n % 40).map(|k| ((at.index(len) as u64 * (k + 1) % len as u64) as u32, address(n ^ k)));
                        let mut records: BTreeMap<u32, Address> = records.collect();
                        records.extend((0..n % 1_500).map(|k| (len as u32 + k as u32, address(n.wrapping_add(k)))));
                        table.put_all(records.clone());
                        for (row, record) in records {
                            oracle.truncate(oracle.len().max(row as usize));
                            if (row as usize) < oracle.len() { oracle[row as usize] = record } else { oracle.push(record) }
                        }
                    }
                    2 if len > 0 => {
                        let rows: BTreeSet<u32> = (0..n % 9).map(|k| ((at.index(len) as u64 + k * 97) % len as u64) as u32).collect();
                        let filled = table.take_out(&rows);
                        let left = len - rows.len();
                        let mut last = (left..len).filter(|row| !rows.contains(&(*row as u32)));
                        let expected: Vec<u32> = rows.range(..left as u32).copied().collect();
                        expected.iter().for_each(|row| oracle[*row as usize] = oracle[last.next().expect("one left")].clone());
                        oracle.truncate(left);
                        prop_assert_eq!(filled, expected);
                    }
                    _ => {
                        let left = at.index(len + 1);
                        table.truncate(left);
                        oracle.truncate(left);
                    }
                }
            }
            prop_assert_eq!(table.len(), oracle.len());
            prop_assert!(table.get(oracle.len()).is_none());
            for code in ["G1", "G7", "G299", ""] {
                let declares = |row: &u32| oracle[*row as usize].grid.as_deref() == Some(code);
                let declaring: Vec<u32> = (0..oracle.len() as u32).filter(declares).collect();
                prop_assert_eq!(table.declaring(|grid| grid == code), declaring);
            }
            for (view, expected) in table.iter().zip(&oracle) {
                prop_assert_eq!(told(&view.unpack()), told(expected));
                prop_assert_eq!(view.id(), expected.id.as_str());
                prop_assert_eq!(view.at().map(|at| at.lon.to_bits()), expected.pin.as_ref().map(|pin| pin.at.lon.to_bits()));
            }
            for (view, n) in before.iter().zip(start) {
                prop_assert_eq!(told(&view.unpack()), told(&address(n)), "a clone was disturbed");
            }
        }
    }
}
