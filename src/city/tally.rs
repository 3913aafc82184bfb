//! Counts behind the indicators: of every grid itself, and of everything below it, which is an interval of numbers.

use super::points::NOWHERE;
use crate::domain::Table;
use std::collections::BTreeMap;
use std::sync::Arc;

/// What is counted in a grid.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
pub struct Counts {
    /// Active addresses.
    pub addresses: u32,
    /// Of these, with a pin on earth.
    pub collected: u32,
    /// Of these, without an open flag of severity error or of probability 0.8 and more.
    pub accurate: u32,
    /// Active rentals.
    pub rentals: u32,
    /// Of these, registered.
    pub registered: u32,
    /// Hazards ever found.
    pub hazards: u32,
    /// Of these, closed.
    pub closed: u32,
}

impl Counts {
    /// Collected of addresses; none where there is no address.
    pub fn collection(self) -> Option<f64> {
        ratio(self.collected, self.addresses)
    }

    /// Accurate of collected.
    pub fn accuracy(self) -> Option<f64> {
        ratio(self.accurate, self.collected)
    }

    /// Registered of rentals.
    pub fn registration(self) -> Option<f64> {
        ratio(self.registered, self.rentals)
    }

    /// Closed of hazards.
    pub fn closure(self) -> Option<f64> {
        ratio(self.closed, self.hazards)
    }

    fn zip(self, other: Counts, f: impl Fn(u32, u32) -> u32) -> Counts {
        Counts {
            addresses: f(self.addresses, other.addresses),
            collected: f(self.collected, other.collected),
            accurate: f(self.accurate, other.accurate),
            rentals: f(self.rentals, other.rentals),
            registered: f(self.registered, other.registered),
            hazards: f(self.hazards, other.hazards),
            closed: f(self.closed, other.closed),
        }
    }

    /// Both together.
    pub fn plus(self, other: Counts) -> Counts {
        self.zip(other, u32::wrapping_add)
    }

    /// Without the other.
    pub fn minus(self, other: Counts) -> Counts {
        self.zip(other, u32::wrapping_sub)
    }
}

fn ratio(count: u32, base: u32) -> Option<f64> {
    (base > 0).then(|| f64::from(count) / f64::from(base))
}

/// Counts of all grids by preorder number; the last place is for what lies in no grid.
#[derive(Debug, Clone, Default)]
pub struct Tally {
    own: Table<Counts>,
    /// Sums of [`PART`] places each.
    parts: Arc<Vec<Counts>>,
}

/// Places that are summed up together.
const PART: usize = 256;

impl Tally {
    /// Adds up shares of grids with numbers below `limit`.
    pub fn build(limit: usize, shares: impl IntoIterator<Item = (u32, Counts)>) -> Tally {
        let mut own = vec![Counts::default(); limit + 1];
        for (home, counts) in shares {
            let at = (home as usize).min(limit);
            own[at] = own[at].plus(counts);
        }
        let parts = own.chunks(PART).map(sum).collect();
        Tally { own: own.into(), parts: Arc::new(parts) }
    }

    /// The same counts of other grids, with numbers below `limit`: `of` makes the new number of an old one.
    pub(super) fn renumbered(&self, of: impl Fn(u32) -> u32, limit: usize) -> Tally {
        let last = self.last();
        let home = |order: usize| if order == last { NOWHERE } else { of(order as u32) };
        Tally::build(limit, self.own.iter().enumerate().map(|(order, counts)| (home(order), *counts)))
    }

    /// The place of what lies in no grid.
    fn last(&self) -> usize {
        self.own.len() - 1
    }

    /// Takes shares out and puts others in; says which homes changed.
    pub fn change(&mut self, gone: &[(u32, Counts)], come: &[(u32, Counts)]) -> Vec<u32> {
        let last = self.last();
        let mut differ: BTreeMap<u32, [Counts; 2]> = BTreeMap::new();
        for (shares, k) in [(gone, 0), (come, 1)] {
            for (home, counts) in shares {
                let both = differ.entry(*home).or_default();
                both[k] = both[k].plus(*counts);
            }
        }
        differ.retain(|_, [gone, come]| gone != come);
        let parts = Arc::make_mut(&mut self.parts);
        for (home, [gone, come]) in &differ {
            let at = (*home as usize).min(last);
            self.own.set(at, self.own[at].minus(*gone).plus(*come));
            parts[at / PART] = parts[at / PART].minus(*gone).plus(*come);
        }
        differ.into_keys().filter(|home| *home != NOWHERE).collect()
    }

    /// The counts of the grids with preorder numbers in a half-open interval.
    pub fn within(&self, (from, to): (u32, u32)) -> Counts {
        let (from, to) = (from as usize, (to as usize).min(self.own.len()));
        let own = |from: usize, to: usize| sum((from..to).map(|at| &self.own[at]));
        let (first, last) = (from.div_ceil(PART), to / PART);
        if first >= last {
            return own(from, to.max(from));
        }
        own(from, first * PART).plus(sum(&self.parts[first..last])).plus(own(last * PART, to))
    }

    /// The counts of the whole city, what lies in no grid included.
    pub fn all(&self) -> Counts {
        sum(&*self.parts)
    }
}

fn sum<'a>(counts: impl IntoIterator<Item = &'a Counts>) -> Counts {
    counts.into_iter().fold(Counts::default(), |sum, counts| sum.plus(*counts))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::{RngExt, SeedableRng};

    #[test]
    fn counts_of_intervals_are_those_of_their_places() {
        let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(1);
        let limit = 1_500;
        let mut share = || {
            let home = if rng.random_bool(0.1) { NOWHERE } else { rng.random_range(0..limit) };
            (home, Counts { addresses: rng.random_range(1..9), closed: rng.random_range(0..2), ..Counts::default() })
        };
        let mut shares: Vec<(u32, Counts)> = (0..9_000).map(|_| share()).collect();
        let mut tally = Tally::build(limit as usize, shares.clone());
        for round in 0..6 {
            let gone = shares.split_off(shares.len() - 40 * round);
            let come: Vec<(u32, Counts)> = (0..round * 50).map(|_| share()).collect();
            shares.extend(&come);
            let before = tally.clone();
            let homes = tally.change(&gone, &come);
            let of = |from: u32, to: u32| {
                let held = shares.iter().filter(|(home, _)| (from..to).contains(home));
                sum(held.map(|(_, counts)| counts))
            };
            for (from, to) in [(0, limit), (3, 4), (0, 0), (255, 257), (256, 512), (17, 1_411), (1_400, limit)] {
                assert_eq!(tally.within((from, to)), of(from, to), "{from}..{to}");
            }
            assert_eq!(tally.all(), sum(shares.iter().map(|(_, counts)| counts)));
            let differs = |home: &u32| before.within((*home, home + 1)) != tally.within((*home, home + 1));
            assert_eq!(homes, (0..limit).filter(differs).collect::<Vec<_>>());
        }
    }
}
