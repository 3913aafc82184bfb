//! What is known of a million keys, without keeping their texts.

use foldhash::quality::RandomState;
use std::collections::HashMap;
use std::hash::{BuildHasher, BuildHasherDefault, Hasher};

/// Fingerprints are their own hash.
#[derive(Debug, Default)]
struct Same(u64);

impl Hasher for Same {
    fn finish(&self) -> u64 {
        self.0
    }
    fn write(&mut self, _: &[u8]) {}
    fn write_u64(&mut self, n: u64) {
        self.0 ^= n;
    }
}

/// A map by text keys that keeps 128 bits of each, by two independently seeded hashes: two keys of a hundred million share
/// them with a probability of 10^-23.
#[derive(Debug)]
pub struct KeyMap<V> {
    hashers: [RandomState; 2],
    map: HashMap<(u64, u64), V, BuildHasherDefault<Same>>,
}

impl<V> Default for KeyMap<V> {
    fn default() -> Self {
        KeyMap { hashers: Default::default(), map: HashMap::default() }
    }
}

impl<V: Default> KeyMap<V> {
    /// What is known of a key; its default, when it comes for the first time.
    pub fn entry(&mut self, key: &str) -> &mut V {
        let [one, two] = self.hashers.each_ref().map(|hasher| hasher.hash_one(key.as_bytes()));
        self.map.entry((one, two)).or_default()
    }

    /// Whether no key has come.
    pub fn is_empty(&self) -> bool {
        self.map.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_a_value_for_each_key() {
        let mut map = KeyMap::<u32>::default();
        assert!(map.is_empty());
        for round in 0..2 {
            for i in 0..20_000 {
                let value = map.entry(&format!("A{i}"));
                assert_eq!(*value, round * i, "A{i}");
                *value += i;
            }
        }
        assert_eq!(map.map.len(), 20_000);
    }
}
