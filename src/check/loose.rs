//! Pins that nothing explains, by collector: where they crowd, the collector took them at the own place.

use super::evidence::{Desk, NONE, Pack, Pin};
use crate::domain::Table;
use crate::index::Bins;
use std::collections::{BTreeMap, BTreeSet};
use std::f64::consts::TAU;

/// The loose pins of a stage.
#[derive(Debug, Clone)]
pub struct Loose {
    bins: Bins<Weight>,
    /// In hundredths, by address, also of those that are not loose.
    weights: Table<u8>,
    /// In hundredths, by collector.
    totals: Table<u32>,
}

/// What a loose pin is in the bins.
#[derive(Debug, Clone, Copy)]
struct Weight {
    collector: u32,
    hundredths: u8,
}

/// Hundredths from which on a pin is loose.
const LEAST: u8 = 31;
/// How far a collector's own place reaches, metres.
const SIGMA_M: f64 = 9.0;
/// Loose pins farther away than this, metres, are no part of it.
pub const REACH_M: f64 = 4.0 * SIGMA_M;

/// A probability in hundredths.
pub fn hundredths(p: f64) -> u8 {
    (p.clamp(0.0, 1.0) * 100.0).round() as u8
}

/// What of an edit the loose pins of a stage pass on.
#[derive(Debug, Default)]
pub struct Loosened {
    /// Places where one came or went.
    pub places: Vec<[f64; 2]>,
    /// Collectors with other totals.
    pub collectors: BTreeSet<u32>,
}

impl Loose {
    /// The loose pins, by the probability of each that it is, in hundredths.
    pub fn of(pack: &Pack, weights: Table<u8>) -> Loose {
        let found = || (0u32..).zip(weights.iter()).filter_map(|(i, weight)| weighed(pack, i, *weight));
        let mut totals = vec![0; pack.collectors];
        found().for_each(|(_, _, weight)| totals[weight.collector as usize] += u32::from(weight.hundredths));
        Loose { bins: Bins::build(pack.squares, found()), totals: totals.into(), weights }
    }

    /// The density of a collector's loose pins at the place of one of them, itself left out, per square metre; none
    /// where no other is near.
    pub fn density(&self, pin: &Pin, i: usize, desk: &mut Desk) -> Option<f64> {
        if pin.collector == NONE {
            return None;
        }
        let mut near = Vec::new();
        self.bins.within(pin.at, REACH_M, &mut near);
        desk.read_pins(pin.at, REACH_M);
        let of_collector = near.iter().filter(|n| n.id as usize != i && n.mark.collector == pin.collector);
        let here: f64 = of_collector
            .map(|n| f64::from(n.mark.hundredths) / 100.0 * (-0.5 * n.square / (SIGMA_M * SIGMA_M)).exp())
            .sum();
        if here <= 0.7 {
            return None;
        }
        desk.read_collector();
        let own = self.weights.get(i).copied().filter(|weight| *weight >= LEAST).unwrap_or(0);
        let all = f64::from(self.totals[pin.collector as usize] - u32::from(own)) / 100.0;
        Some(here / (all + 1.0) / (TAU * SIGMA_M * SIGMA_M))
    }

    /// How loose a pin is, in hundredths; none for one that is not known yet.
    pub fn weight(&self, i: usize) -> Option<u8> {
        self.weights.get(i).copied()
    }

    /// Keeps the first addresses.
    pub fn truncate(&mut self, addresses: usize) {
        self.weights.truncate(addresses);
    }

    /// Takes over the pins that differ, given as they were, and the weights that differ.
    pub fn edit(&mut self, pack: &Pack, pins: &BTreeMap<u32, Pin>, weights: &[(u32, u8)]) -> Loosened {
        let mut loosened = Loosened::default();
        let fresh: BTreeMap<u32, u8> = weights.iter().copied().collect();
        let rows: BTreeSet<u32> = pins.keys().chain(fresh.keys()).copied().collect();
        while self.totals.len() < pack.collectors {
            self.totals.push(0);
        }
        for i in rows {
            let was = self.weights.get(i as usize).copied().unwrap_or(0);
            let is = fresh.get(&i).copied().unwrap_or(was);
            let new = &pack.pins[i as usize];
            let old = pins.get(&i).unwrap_or(new);
            let (before, after) = (weighed_pin(old, i, was), weighed_pin(new, i, is));
            for (sign, found) in [(-1, before), (1, after)] {
                let Some((_, at, weight)) = found else { continue };
                if sign < 0 {
                    self.bins.remove(i, at)
                } else {
                    self.bins.insert(i, at, weight)
                }
                loosened.places.push(at);
                loosened.collectors.insert(weight.collector);
                let total = i64::from(self.totals[weight.collector as usize]) + sign * i64::from(weight.hundredths);
                self.totals.set(weight.collector as usize, total as u32);
            }
            if i as usize == self.weights.len() && fresh.contains_key(&i) {
                self.weights.push(is);
            } else if was != is {
                self.weights.set(i as usize, is);
            }
        }
        loosened
    }
}

fn weighed(pack: &Pack, i: u32, hundredths: u8) -> Option<(u32, [f64; 2], Weight)> {
    weighed_pin(&pack.pins[i as usize], i, hundredths)
}

fn weighed_pin(pin: &Pin, i: u32, hundredths: u8) -> Option<(u32, [f64; 2], Weight)> {
    let is_loose = hundredths >= LEAST && pin.collector != NONE && pin.at[0].is_finite();
    is_loose.then_some((i, pin.at, Weight { collector: pin.collector, hundredths }))
}
