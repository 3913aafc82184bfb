//! From an identifier to the rows that carry it: a packed list sorted by hash, and a small tree of fresh entries.

use rayon::slice::ParallelSliceMut;
use std::collections::BTreeSet;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

/// Fresh entries beyond which the list is packed again.
const FRESH: usize = 4096;

/// A multi-map from 64-bit keys to numbers, 16 bytes an entry, cheap to copy. Entries are never taken out: who looks
/// something up checks that the record still carries the key.
#[derive(Debug, Clone, Default)]
pub struct Lookup {
    packed: Arc<Packed>,
    fresh: Arc<BTreeSet<(u64, u32)>>,
}

/// Entries by key, with the way to the first of each share of the keys: hashes are spread evenly, so that a share holds
/// a handful, and a search touches one place of memory instead of twenty.
#[derive(Debug, Default)]
struct Packed {
    entries: Vec<(u64, u32)>,
    /// First entry of each share, and the end.
    starts: Vec<u32>,
    /// Bits of a key that don't tell its share.
    shift: u32,
}

impl Packed {
    /// Entries in a share, about.
    const SHARE: usize = 8;

    fn new(entries: Vec<(u64, u32)>) -> Packed {
        let bits = (entries.len() / Self::SHARE).max(2).ilog2();
        let (mut starts, shift) = (Vec::with_capacity((1 << bits) + 1), u64::BITS - bits);
        for (i, (key, _)) in entries.iter().enumerate() {
            while starts.len() <= (key >> shift) as usize {
                starts.push(i as u32);
            }
        }
        starts.resize((1 << bits) + 1, entries.len() as u32);
        Packed { entries, starts, shift }
    }

    /// The entries from the first with a key on.
    fn from(&self, key: u64) -> &[(u64, u32)] {
        if self.entries.is_empty() {
            return &[];
        }
        let share = (key >> self.shift) as usize;
        let (first, end) = (self.starts[share] as usize, self.starts[share + 1] as usize);
        &self.entries[first + self.entries[first..end].partition_point(|entry| entry.0 < key)..]
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
    /// Packs the entries.
    pub fn build(entries: impl IntoIterator<Item = (u64, u32)>) -> Lookup {
        let mut packed: Vec<_> = entries.into_iter().collect();
        packed.par_sort_unstable();
        packed.dedup();
        Lookup { packed: Arc::new(Packed::new(packed)), fresh: Arc::default() }
    }

    /// The numbers under a key, ascending within the packed and within the fresh ones.
    pub fn get(&self, key: u64) -> impl Iterator<Item = u32> + '_ {
        let packed = self.packed.from(key).iter().take_while(move |entry| entry.0 == key);
        packed.chain(self.fresh.range((key, 0)..=(key, u32::MAX))).map(|entry| entry.1)
    }

    /// Adds an entry; one that is there already stays single.
    pub fn insert(&mut self, key: u64, number: u32) {
        if self.get(key).any(|known| known == number) {
            return;
        }
        let fresh = Arc::make_mut(&mut self.fresh);
        fresh.insert((key, number));
        let packed = &self.packed.entries;
        if fresh.len() > FRESH.max(packed.len() / 8) {
            *self = Lookup::build(packed.iter().chain(self.fresh.iter()).copied());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

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
