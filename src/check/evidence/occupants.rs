//! Who is at home in each building: the keys of the trusted addresses that stand at it.

use super::level::{AT_BUILDING_M, Level};
use super::pack::{Key, NONE};
use crate::domain::Table;
use rayon::prelude::*;
use std::collections::BTreeSet;

/// The keys of the trusted addresses that stand at each building.
#[derive(Debug, Clone, Default)]
pub struct Occupants {
    /// The building at which each address stands, or [`NONE`].
    homes: Table<u32>,
    /// Their keys, by building; each once.
    keys: Table<Box<[Key]>>,
}

impl Occupants {
    pub(super) fn build(level: &Level) -> Occupants {
        let pack = &level.pack;
        let homes: Vec<u32> = (0..pack.pins.len()).into_par_iter().map(|i| home_of(level, i)).collect();
        let occupied = homes.par_iter().enumerate().filter(|(_, b)| **b != NONE);
        let mut at: Vec<(u32, Key)> = occupied.map(|(i, b)| (*b, pack.pins[i].key)).collect();
        at.par_sort_unstable();
        at.dedup();
        let mut keys = vec![Box::default(); pack.sites.len()];
        for chunk in at.chunk_by(|a, b| a.0 == b.0) {
            keys[chunk[0].0 as usize] = chunk.iter().map(|(_, key)| *key).collect();
        }
        Occupants { homes: homes.into(), keys: keys.into() }
    }

    /// The keys of the addresses at home in building `b`, each once.
    pub fn of(&self, b: u32) -> &[Key] {
        &self.keys[b as usize]
    }

    /// Whether an address of another key than `key` stands at building `b`.
    pub fn other_than(&self, b: u32, key: Key) -> bool {
        self.of(b).iter().any(|other| *other != key)
    }

    /// Keeps the first addresses and buildings.
    pub(super) fn truncate(&mut self, addresses: usize, buildings: usize) {
        self.homes.truncate(addresses);
        self.keys.truncate(buildings);
    }

    /// Takes over where some addresses stand now, and some buildings; answered are the buildings whose keys changed.
    /// The level's other parts are those of now.
    pub(super) fn edited(self, level: &Level, pins: &BTreeSet<u32>, sites: &BTreeSet<u32>) -> (Occupants, Vec<u32>) {
        let pack = &level.pack;
        let mut new = self;
        let mut buildings: BTreeSet<u32> = sites.clone();
        while new.homes.len() < pack.pins.len() {
            new.homes.push(NONE);
        }
        while new.keys.len() < pack.sites.len() {
            new.keys.push(Box::default());
        }
        for i in pins {
            let (was, is) = (new.homes[*i as usize], home_of(level, *i as usize));
            buildings.extend([was, is].into_iter().filter(|b| *b != NONE));
            if was != is {
                new.homes.set(*i as usize, is);
            }
        }
        let mut changed = Vec::new();
        for b in buildings {
            let mut keys: Vec<Key> = Vec::new();
            level.near.each_within(pack.sites[b as usize].at, AT_BUILDING_M + 0.001, |near| {
                if new.homes[near.id as usize] == b {
                    keys.push(pack.pins[near.id as usize].key);
                }
            });
            keys.sort_unstable();
            keys.dedup();
            if *new.keys[b as usize] != keys[..] {
                new.keys.set(b as usize, keys.into());
                changed.push(b);
            }
        }
        (new, changed)
    }
}

/// The building at which an address stands, or [`NONE`].
fn home_of(level: &Level, i: usize) -> u32 {
    let stand = &level.stands[i];
    if !stand.is_occupant() {
        return NONE;
    }
    level.pack.site_bins.nearest_one(stand.at, AT_BUILDING_M).map_or(NONE, |near| near.id)
}
