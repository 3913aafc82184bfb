//! From an identifier to the rows that carry it: a packed list sorted by hash, and short lists of fresh entries.

use super::gather;
use rayon::slice::ParallelSliceMut;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

/// Fresh entries beyond which those of a list go over to the next; from the last one they are packed.
const FRESH: [usize; 3] = [64, 4_096, 65_536];
/// Of a large packed list the last one of these may be this part.
const SHARE: usize = 32;

/// A multi-map from 64-bit keys to numbers, 8 bytes an entry, cheap to copy. Of a key 32 bits are kept, and entries are
/// never taken out: who looks something up checks that the record carries the key.
#[derive(Debug, Clone, Default)]
pub struct Lookup {
    packed: Arc<Packed>,
    /// What came since, each list sorted: the last entries, those before them, and all before these. Only the first is
    /// copied with every entry.
    fresh: [Arc<Vec<u64>>; 3],
}

/// What is kept of a key, in the upper half, and a number, in the lower.
pub(super) fn entry(key: u64, number: u32) -> u64 {
    key.wrapping_mul(0x9e37_79b9_7f4a_7c15) & !u64::from(u32::MAX) | u64::from(number)
}

/// Entries in order, with the way to the first of each share of the keys: what is kept of them is spread evenly, so that a
/// share holds a handful, and a search touches one place of memory instead of twenty.
#[derive(Debug, Default)]
struct Packed {
    entries: Vec<u64>,
    /// First entry of each share, and the end.
    starts: Vec<u32>,
    /// Bits of an entry that don't tell its share.
    shift: u32,
}

impl Packed {
    /// Entries in a share, about.
    const SHARE: usize = 8;

    fn new(entries: Vec<u64>) -> Packed {
        let bits = (entries.len() / Self::SHARE).max(2).ilog2();
        let (mut starts, shift) = (Vec::with_capacity((1 << bits) + 1), u64::BITS - bits);
        for (i, entry) in entries.iter().enumerate() {
            while starts.len() <= (entry >> shift) as usize {
                starts.push(i as u32);
            }
        }
        starts.resize((1 << bits) + 1, entries.len() as u32);
        Packed { entries, starts, shift }
    }

    /// The entries from one on.
    fn from(&self, entry: u64) -> &[u64] {
        if self.entries.is_empty() {
            return &[];
        }
        let share = (entry >> self.shift) as usize;
        let (first, end) = (self.starts[share] as usize, self.starts[share + 1] as usize);
        &self.entries[first + self.entries[first..end].partition_point(|other| *other < entry)..]
    }
}

/// The key of an identifier: the same in every run.
pub fn key_of<T: Hash + ?Sized>(id: &T) -> u64 {
    #[allow(deprecated)]
    let mut hasher = std::hash::SipHasher::new();
    id.hash(&mut hasher);
    hasher.finish()
}

impl Lookup {
    /// Packs keys with their numbers.
    pub fn build(entries: impl IntoIterator<Item = (u64, u32)>) -> Lookup {
        Lookup::pack(entries.into_iter().map(|(key, number)| entry(key, number)).collect())
    }

    /// Packs rows by what their key is, where they have one.
    pub fn of_rows(rows: usize, key: impl Fn(usize) -> Option<u64> + Sync) -> Lookup {
        Lookup::pack(gather(rows, |row| Some(entry(key(row)?, row as u32))))
    }

    /// Packs entries.
    pub(super) fn pack(mut entries: Vec<u64>) -> Lookup {
        entries.par_sort_unstable();
        entries.dedup();
        entries.shrink_to_fit();
        Lookup { packed: Arc::new(Packed::new(entries)), fresh: Default::default() }
    }

    /// The numbers under a key, and few of other keys; ascending within the packed ones.
    pub fn get(&self, key: u64) -> impl Iterator<Item = u32> + '_ {
        let (first, last) = (entry(key, 0), entry(key, u32::MAX));
        let packed = self.packed.from(first).iter().take_while(move |entry| **entry <= last);
        let fresh = self.fresh.iter().flat_map(move |list| {
            list[list.partition_point(|entry| *entry < first)..].iter().take_while(move |entry| **entry <= last)
        });
        packed.chain(fresh).map(|entry| *entry as u32)
    }

    /// Adds an entry; one that is there already stays single.
    pub fn insert(&mut self, key: u64, number: u32) {
        if self.get(key).any(|known| known == number) {
            return;
        }
        let entry = entry(key, number);
        let last = Arc::make_mut(&mut self.fresh[0]);
        last.insert(last.partition_point(|other| *other < entry), entry);
        for (k, most) in FRESH.into_iter().enumerate() {
            let most = if k + 1 < FRESH.len() { most } else { most.max(self.packed.entries.len() / SHARE) };
            if self.fresh[k].len() <= most {
                return;
            }
            let full = std::mem::take(&mut self.fresh[k]);
            match self.fresh.get_mut(k + 1) {
                Some(next) => *next = Arc::new(merged(&full, next)),
                None => *self = Lookup::pack(merged(&full, &self.packed.entries)),
            }
        }
    }
}

/// Two sorted lists as one.
fn merged(a: &[u64], b: &[u64]) -> Vec<u64> {
    let mut all = [a, b].concat();
    // Runs are found and merged.
    all.sort();
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::{BTreeMap, BTreeSet};

    #[test]
    fn finds_what_a_map_finds() {
        let mut oracle: BTreeMap<u64, BTreeSet<u32>> = BTreeMap::new();
        let start: Vec<(u64, u32)> = (0..5000u32).map(|n| (key_of(&(n % 700)), n)).collect();
        let mut lookup = Lookup::build(start.iter().copied());
        for (key, n) in start.into_iter().chain((0..12_000u32).map(|n| (key_of(&(n % 900)), n % 6000))) {
            lookup.insert(key, n);
            oracle.entry(key).or_default().insert(n);
        }
        for n in 0..1000u32 {
            let found: BTreeSet<u32> = lookup.get(key_of(&n)).collect();
            assert_eq!(found, oracle.get(&key_of(&n)).cloned().unwrap_or_default());
            assert_eq!(lookup.get(key_of(&n)).count(), found.len(), "an entry twice");
        }
    }
}
