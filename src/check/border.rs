//! A border that moved: many records cross from one grid into its neighbour, and hardly any the other way.

use super::evidence::{Level, NONE};
use rayon::prelude::*;
use std::collections::BTreeMap;

/// A border that moved: records that declare `from` lie in `into`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Moved {
    /// The declared grid.
    pub from: u32,
    /// The grid that the records lie in.
    pub into: u32,
    /// How many cross this way.
    pub there: u32,
    /// How many cross the other way.
    pub back: u32,
}

/// The borders that have moved, and who crosses them.
#[derive(Debug, Clone, Default)]
pub struct Borders {
    /// All of them, by grid.
    pub moved: Vec<Moved>,
    /// For each crossing record, the position of its border; sorted.
    crossing: Vec<(u32, u32)>,
}

/// Crossings from which on a border may have moved.
const LEAST: u32 = 5;
/// Crossings farther out than this, metres, are no border's.
const STRIP_M: f64 = 100.0;

impl Borders {
    /// Finds them among the trusted records of a stage.
    pub fn of(level: &Level) -> Borders {
        let pins = &level.pack.pins;
        let crossing: Vec<(u32, (u32, u32))> = (0..pins.len())
            .into_par_iter()
            .filter_map(|i| {
                let (pin, at) = (&pins[i], level.pos[i]);
                if pin.grid == NONE || level.trust[i] < 0.5 || !at[0].is_finite() {
                    return None;
                }
                let place = level.pack.frame.lonlat(at);
                let grid = &*level.grid;
                if grid.covers(pin.grid, place) || grid.outline(pin.grid).distance_m(place, STRIP_M).is_none() {
                    return None;
                }
                let found = grid.locate(place, grid.level(pin.grid))?;
                (found != pin.grid).then_some((i as u32, (pin.grid, found)))
            })
            .collect();
        let mut counts: BTreeMap<(u32, u32), u32> = BTreeMap::new();
        crossing.iter().for_each(|(_, pair)| *counts.entry(*pair).or_default() += 1);
        let mut borders = Borders::default();
        for ((from, into), there) in &counts {
            let back = counts.get(&(*into, *from)).copied().unwrap_or(0);
            if *there >= LEAST && *there >= 4 * back {
                borders.moved.push(Moved { from: *from, into: *into, there: *there, back });
            }
        }
        let place = |pair: (u32, u32)| borders.moved.binary_search_by_key(&pair, |m| (m.from, m.into)).ok();
        borders.crossing = crossing.iter().filter_map(|(i, pair)| Some((*i, place(*pair)? as u32))).collect();
        borders
    }

    /// The moved border that a record crosses.
    pub fn crossed(&self, i: usize) -> Option<&Moved> {
        let place = self.crossing.binary_search_by_key(&(i as u32), |(pin, _)| *pin).ok()?;
        Some(&self.moved[self.crossing[place].1 as usize])
    }

    /// The share of those who cross the same border that noise does not explain.
    pub fn share(&self, i: usize) -> Option<f64> {
        self.crossed(i).map(|m| f64::from(m.there - m.back) / f64::from(m.there + 1))
    }
}
