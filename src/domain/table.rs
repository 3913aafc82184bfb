//! A table of records that is cheap to copy and cheap to change: copy-on-write in chunks.

use super::spine::Spine;
use std::sync::Arc;

/// Records of a chunk that copying is cheap for.
const PLAIN: usize = 1024;

/// The chunk of a table of [`Arc`]s: each copied one is a count raised somewhere else in memory.
pub const OF_ARCS: usize = 64;

/// A sequence of records. A clone shares all chunks; a change copies one chunk, so that a city of a million addresses is
/// edited in microseconds and readers of the old table are never disturbed.
#[derive(Debug)]
pub struct Table<T, const CHUNK: usize = PLAIN> {
    chunks: Spine<Arc<Vec<T>>>,
    len: usize,
}

impl<T, const CHUNK: usize> Clone for Table<T, CHUNK> {
    fn clone(&self) -> Self {
        Table { chunks: self.chunks.clone(), len: self.len }
    }
}

impl<T, const CHUNK: usize> Default for Table<T, CHUNK> {
    fn default() -> Self {
        Table { chunks: Spine::default(), len: 0 }
    }
}

impl<T, const CHUNK: usize> Table<T, CHUNK> {
    /// Number of records.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The record at `index`, if there is one.
    pub fn get(&self, index: usize) -> Option<&T> {
        self.chunks.get(index / CHUNK)?.get(index % CHUNK)
    }

    /// All records in order.
    pub fn iter(&self) -> impl Iterator<Item = &T> + Clone {
        self.chunks.iter().flat_map(|chunk| chunk.iter())
    }

    /// Chunks of records with the index of their first, for work in parallel.
    pub fn chunks(&self) -> impl Iterator<Item = (usize, &[T])> {
        self.chunks.iter().enumerate().map(|(i, chunk)| (i * CHUNK, chunk.as_slice()))
    }
}

impl<T: Clone, const CHUNK: usize> Table<T, CHUNK> {
    /// Appends a record and returns its index.
    pub fn push(&mut self, record: T) -> usize {
        if self.len.is_multiple_of(CHUNK) {
            self.chunks.push(Arc::new(Vec::with_capacity(if self.len == 0 { 4 } else { CHUNK })));
        }
        Arc::make_mut(self.chunks.last_mut().expect("a chunk was just made sure of")).push(record);
        self.len += 1;
        self.len - 1
    }

    /// The record at `index`, to be changed.
    ///
    /// # Panics
    /// When there is no record at `index`.
    pub fn get_mut(&mut self, index: usize) -> &mut T {
        &mut Arc::make_mut(self.chunks.get_mut(index / CHUNK))[index % CHUNK]
    }

    /// Takes out what lies in some rows, ascending: the last records move into their places. Answered are the rows that
    /// hold another record since; those from the new length on are gone.
    pub fn take_out(&mut self, rows: &std::collections::BTreeSet<u32>) -> Vec<u32> {
        let left = self.len - rows.len();
        let mut last = (left as u32..self.len as u32).filter(|row| !rows.contains(row));
        let filled: Vec<u32> = rows.range(..left as u32).copied().collect();
        for row in &filled {
            if let Some(from) = last.next() {
                self.set(*row as usize, self[from as usize].clone());
            }
        }
        self.truncate(left);
        filled
    }

    /// Keeps the first `len` records.
    pub fn truncate(&mut self, len: usize) {
        if len >= self.len {
            return;
        }
        self.chunks.truncate(len.div_ceil(CHUNK));
        if !len.is_multiple_of(CHUNK)
            && let Some(chunk) = self.chunks.last_mut()
        {
            Arc::make_mut(chunk).truncate(len % CHUNK);
        }
        self.len = len;
    }

    /// Replaces the record at `index`.
    ///
    /// # Panics
    /// When there is no record at `index`.
    pub fn set(&mut self, index: usize, record: T) {
        Arc::make_mut(self.chunks.get_mut(index / CHUNK))[index % CHUNK] = record;
    }
}

impl<T, const CHUNK: usize> std::ops::Index<usize> for Table<T, CHUNK> {
    type Output = T;
    fn index(&self, index: usize) -> &T {
        &self.chunks[index / CHUNK][index % CHUNK]
    }
}

impl<T, const CHUNK: usize> FromIterator<T> for Table<T, CHUNK> {
    fn from_iter<I: IntoIterator<Item = T>>(records: I) -> Self {
        let (mut records, mut len) = (records.into_iter(), 0);
        let next = || {
            let chunk: Vec<T> = records.by_ref().take(CHUNK).collect();
            len += chunk.len();
            (!chunk.is_empty()).then(|| Arc::new(chunk))
        };
        let chunks = std::iter::from_fn(next).collect();
        Table { chunks, len }
    }
}

impl<T, const CHUNK: usize> From<Vec<T>> for Table<T, CHUNK> {
    fn from(records: Vec<T>) -> Self {
        records.into_iter().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_last_records_move_where_others_are_taken_out(
            start in 0usize..3000,
            out in prop::collection::vec(any::<prop::sample::Index>(), 0..9),
            all_from in 0usize..4000,
        ) {
            let mut oracle: Vec<u32> = (0..start as u32).collect();
            let mut table: Table<u32> = oracle.clone().into();
            let mut rows: std::collections::BTreeSet<u32> = (all_from as u32..start as u32).collect();
            rows.extend(out.iter().filter(|_| start > 0).map(|at| at.index(start) as u32));
            let filled = table.take_out(&rows);
            for row in rows.iter().rev() {
                oracle.swap_remove(*row as usize);
            }
            prop_assert_eq!(table.len(), oracle.len());
            let mut kept: Vec<u32> = table.iter().copied().collect();
            for (row, value) in kept.iter().enumerate() {
                prop_assert_eq!(filled.contains(&(row as u32)), *value != row as u32);
            }
            kept.sort_unstable();
            oracle.sort_unstable();
            prop_assert_eq!(kept, oracle);
            for n in 0..2000 {
                prop_assert_eq!(table.push(n), start - rows.len() + n as usize);
            }
        }

        #[test]
        fn behaves_like_a_vec(start in 0usize..3000, edits in prop::collection::vec((any::<prop::sample::Index>(), any::<u32>()), 0..20)) {
            let mut oracle: Vec<u32> = (0..start as u32).collect();
            let before: Table<u32> = oracle.clone().into();
            let mut table = before.clone();
            for (at, value) in edits {
                if value % 3 == 0 || oracle.is_empty() {
                    prop_assert_eq!(table.push(value), oracle.len());
                    oracle.push(value);
                } else {
                    let at = at.index(oracle.len());
                    table.set(at, value);
                    oracle[at] = value;
                }
            }
            prop_assert_eq!(table.len(), oracle.len());
            prop_assert!(table.iter().eq(oracle.iter()));
            prop_assert!(oracle.iter().enumerate().all(|(i, value)| table[i] == *value));
            prop_assert!(before.iter().copied().eq(0..start as u32), "a clone was disturbed");
        }
    }
}
