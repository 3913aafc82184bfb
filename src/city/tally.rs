//! Counts behind the indicators: of every grid itself, and of everything below it by prefix sums over the preorder.

use super::points::NOWHERE;
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
    own: Arc<Vec<Counts>>,
    /// `sums[k]`: everything with a preorder number below `k`.
    sums: Arc<Vec<Counts>>,
}

impl Tally {
    /// Adds up shares of `grids` grids.
    pub fn build(grids: usize, shares: impl IntoIterator<Item = (u32, Counts)>) -> Tally {
        let mut own = vec![Counts::default(); grids + 1];
        for (home, counts) in shares {
            let at = (home as usize).min(grids);
            own[at] = own[at].plus(counts);
        }
        Tally::of(own)
    }

    fn of(own: Vec<Counts>) -> Tally {
        let mut sums = Vec::with_capacity(own.len() + 1);
        sums.push(Counts::default());
        for counts in &own {
            sums.push(sums[sums.len() - 1].plus(*counts));
        }
        Tally { own: Arc::new(own), sums: Arc::new(sums) }
    }

    /// The same counts of other grids: `of` makes the new preorder number of an old one.
    pub(super) fn renumbered(&self, of: impl Fn(u32) -> u32, grids: usize) -> Tally {
        let last = self.own.len() - 1;
        let home = |order: usize| if order == last { NOWHERE } else { of(order as u32) };
        Tally::build(grids, self.own.iter().enumerate().map(|(order, counts)| (home(order), *counts)))
    }

    /// Takes shares out and puts others in; says which homes changed.
    pub fn change(&mut self, gone: &[(u32, Counts)], come: &[(u32, Counts)]) -> Vec<u32> {
        let last = self.own.len() - 1;
        let mut own = (*self.own).clone();
        for (home, counts) in gone {
            let at = (*home as usize).min(last);
            own[at] = own[at].minus(*counts);
        }
        for (home, counts) in come {
            let at = (*home as usize).min(last);
            own[at] = own[at].plus(*counts);
        }
        let homes = gone.iter().chain(come).map(|(home, _)| *home);
        let differs = |home: &u32| own[(*home as usize).min(last)] != self.own[(*home as usize).min(last)];
        let mut changed: Vec<u32> = homes.filter(|home| *home != NOWHERE).filter(differs).collect();
        changed.sort_unstable();
        changed.dedup();
        if own != *self.own {
            *self = Tally::of(own);
        }
        changed
    }

    /// The counts of the grids with preorder numbers in a half-open interval.
    pub fn within(&self, (from, to): (u32, u32)) -> Counts {
        let at = |k: u32| self.sums.get(k as usize).copied().unwrap_or_default();
        at(to).minus(at(from))
    }

    /// The counts of the whole city, what lies in no grid included.
    pub fn all(&self) -> Counts {
        self.sums.last().copied().unwrap_or_default()
    }
}
