//! A border that moved: many records cross from one grid into its neighbour, and hardly any the other way.

use super::evidence::{Level, NONE};
use super::regrid::Regrid;
use rayon::prelude::*;
use std::collections::BTreeSet;
use std::sync::Arc;

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

/// Declared grid, and the one that a record lies in.
type Pair = (u32, u32);

/// The borders that records cross, and those that have moved.
#[derive(Debug, Clone, Default)]
pub struct Borders {
    /// For each crossing record, what it crosses; sorted.
    crossing: Arc<Vec<(u32, Pair)>>,
    /// How many cross each way; sorted, so that a copy for an edit is one piece of memory.
    counts: Arc<Vec<(Pair, u32)>>,
}

/// Crossings from which on a border may have moved.
const LEAST: u32 = 5;
/// Crossings farther out than this, metres, are no border's.
const STRIP_M: f64 = 100.0;

impl Borders {
    /// Finds them among the trusted records of a stage.
    pub fn of(level: &Level) -> Borders {
        let crossing: Vec<(u32, Pair)> =
            (0..level.pack.pins.len()).into_par_iter().filter_map(|i| Some((i as u32, crossed(level, i)?))).collect();
        Borders::counted(crossing)
    }

    fn counted(crossing: Vec<(u32, Pair)>) -> Borders {
        let mut pairs: Vec<Pair> = crossing.iter().map(|(_, pair)| *pair).collect();
        pairs.par_sort_unstable();
        let counts = pairs.chunk_by(|a, b| a == b).map(|same| (same[0], same.len() as u32)).collect();
        Borders { crossing: Arc::new(crossing), counts: Arc::new(counts) }
    }

    /// Tells grids that moved to another position by that one. Whoever crosses the border of one that was there is still to
    /// be asked again.
    pub fn renumber(&mut self, regrid: &Regrid) {
        if !regrid.moved.is_empty() {
            let position = regrid.renumbering();
            let now = |(from, into): Pair| (position(from), position(into));
            *self = Borders::counted(self.crossing.iter().map(|(pin, pair)| (*pin, now(*pair))).collect());
        }
    }

    fn count(&self, pair: Pair) -> u32 {
        self.counts.binary_search_by_key(&pair, |(pair, _)| *pair).map_or(0, |place| self.counts[place].1)
    }

    fn moved(&self, (from, into): Pair) -> Option<Moved> {
        let (there, back) = (self.count((from, into)), self.count((into, from)));
        (there >= LEAST && there >= 4 * back).then_some(Moved { from, into, there, back })
    }

    /// The moved border that a record crosses.
    pub fn crossed(&self, i: usize) -> Option<Moved> {
        let place = self.crossing.binary_search_by_key(&(i as u32), |(pin, _)| *pin).ok()?;
        self.moved(self.crossing[place].1)
    }

    /// The share of those who cross the same border that noise does not explain.
    pub fn share(&self, i: usize) -> Option<f64> {
        self.crossed(i).map(|m| f64::from(m.there - m.back) / f64::from(m.there + 1))
    }

    /// Takes over where some records stand now; answered are those that cross another border than before, or one about
    /// which something else is true.
    pub fn edit(&mut self, level: &Level, rows: &BTreeSet<u32>) -> BTreeSet<u32> {
        let mut pairs: BTreeSet<Pair> = BTreeSet::new();
        let mut differ: BTreeSet<u32> = BTreeSet::new();
        let old = self.clone();
        for i in rows {
            let place = self.crossing.binary_search_by_key(i, |(pin, _)| *pin);
            let was = place.ok().map(|place| self.crossing[place].1);
            let is = crossed(level, *i as usize);
            if was == is {
                continue;
            }
            let (crossing, counts) = (Arc::make_mut(&mut self.crossing), Arc::make_mut(&mut self.counts));
            if let (Ok(place), Some(pair)) = (place, was) {
                crossing.remove(place);
                if let Ok(place) = counts.binary_search_by_key(&pair, |(pair, _)| *pair) {
                    counts[place].1 -= 1;
                }
            }
            if let Some(pair) = is {
                let place = crossing.partition_point(|(pin, _)| pin < i);
                crossing.insert(place, (*i, pair));
                match counts.binary_search_by_key(&pair, |(pair, _)| *pair) {
                    Ok(place) => counts[place].1 += 1,
                    Err(place) => counts.insert(place, (pair, 1)),
                }
            }
            differ.insert(*i);
            pairs.extend([was, is].into_iter().flatten().flat_map(|(a, b)| [(a, b), (b, a)]));
        }
        pairs.retain(|pair| old.moved(*pair) != self.moved(*pair));
        if !pairs.is_empty() {
            let of_pairs = self.crossing.iter().filter(|(_, pair)| pairs.contains(pair));
            differ.extend(of_pairs.map(|(pin, _)| *pin));
        }
        differ
    }
}

/// What a record crosses.
fn crossed(level: &Level, i: usize) -> Option<Pair> {
    let (pin, stand) = (&level.pack.pins[i], &level.stands[i]);
    if pin.grid == NONE || stand.trust() < 0.5 {
        return None;
    }
    let place = level.pack.frame.lonlat(stand.at);
    let grid = &*level.grid;
    if grid.covers(pin.grid, place) || grid.outline(pin.grid).distance_m(place, STRIP_M).is_none() {
        return None;
    }
    let found = grid.locate(place, grid.level(pin.grid))?;
    (found != pin.grid).then_some((pin.grid, found))
}
