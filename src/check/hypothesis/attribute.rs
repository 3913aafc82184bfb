//! The pin is right, and the number or the road is not.

use super::Cause;
use super::case::Case;
use crate::check::evidence::{Desk, Expected, Key, NONE, distance};

/// Trusted addresses about a pin whose numbers and roads it may have.
const ABOUT: usize = 40;

impl Case<'_> {
    /// The number is one slip away, and the pin is right for the other number.
    pub(super) fn number(&mut self, desk: &mut Desk) {
        const MARGIN: u32 = 16;
        let (key, at) = (self.pin.key, self.pin.at);
        if !key.is_whole() {
            return;
        }
        let (low, high) = self.numbers_near(desk);
        desk.read_slips(key.series, key.main);
        let ordered = self.level.courses[key.series as usize].ordered;
        let (mut sum, mut best) = (0.0, (0.0, NONE));
        for &(main, share) in desk.slips(key.main).iter() {
            let other = Key { main, ..key };
            let built = self.pack.sites_of(other);
            let in_run = ordered && main + MARGIN >= low && main <= high.saturating_add(MARGIN);
            if built.is_empty() && !in_run {
                continue;
            }
            if !built.iter().any(|sited| distance(self.pack.sites[sited.site as usize].at, at) < 60.0) && !in_run {
                continue;
            }
            let home = self.level.home(self.pin, other, self.without, desk);
            if built.is_empty() && home.expected.is_some_and(|e| is_far(e, at)) {
                continue;
            }
            let taken = if self.level.has(other, self.pin.inner, desk) {
                0.05
            } else {
                self.level.number_fit(key.series, main, self.i as u32, desk).exp()
            };
            let weight = self.level.density(&home, at, desk) * taken * share;
            sum += weight;
            if weight > best.0 {
                best = (weight, main);
            }
        }
        if sum > 0.0 {
            let around = self.level.surroundings(key.series, self.home.has_building(), at, self.without, desk);
            let grid = self.level.grid_fit(self.pin, at);
            self.put(Cause::Number, self.prior(Cause::Number) + sum.ln() + around + grid + 0.5f64.ln(), at);
            self.value = best.1;
        }
    }

    /// The lowest and highest number of the own series about the pin; inside out where there is none.
    fn numbers_near(&self, desk: &mut Desk) -> (u32, u32) {
        self.level.nearest_pins(self.pin.at, ABOUT, desk);
        let others = desk.pins.iter().filter(|near| near.id as usize != self.i).map(|near| near.mark);
        let of_series = others.filter(|mark| mark.series == self.pin.key.series && mark.main > 0);
        of_series.fold((u32::MAX, 0), |range, mark| (range.0.min(mark.main), range.1.max(mark.main)))
    }

    /// The road is another one near by, on which the number fits.
    pub(super) fn road(&mut self, desk: &mut Desk) {
        let (key, at) = (self.pin.key, self.pin.at);
        if key.series == NONE {
            return;
        }
        self.level.nearest_pins(at, ABOUT, desk);
        let mut roads: Vec<u32> = Vec::new();
        for near in &desk.pins {
            let series = near.mark.series;
            if series != key.series && series != NONE && !roads.contains(&series) {
                roads.push(series);
            }
        }
        let (mut sum, mut best) = (0.0, (0.0, NONE));
        for road in &roads {
            if !self.level.runs_by(*road, key.main, desk) {
                continue;
            }
            let other = Key { series: *road, ..key };
            let home = self.level.home(self.pin, other, self.without, desk);
            if !home.has_building() && home.expected.is_some_and(|e| is_far(e, at)) {
                continue;
            }
            let taken = if self.level.has(other, self.pin.inner, desk) {
                0.05
            } else {
                self.level.number_fit(*road, key.main, self.i as u32, desk).exp()
            };
            let around = self.level.surroundings(*road, false, at, self.without, desk);
            let weight = self.level.density(&home, at, desk) * taken * around.exp() / roads.len() as f64;
            sum += weight;
            if weight > best.0 {
                best = (weight, *road);
            }
        }
        if sum > 0.0 {
            let grid = self.level.grid_fit(self.pin, at);
            self.put(Cause::Road, self.prior(Cause::Road) + sum.ln() + grid + 0.5f64.ln(), at);
            self.road = best.1;
        }
    }
}

/// Whether a place is out of the question for a number that is expected elsewhere.
fn is_far(expected: Expected, at: [f64; 2]) -> bool {
    distance(expected.at, at) > 5.0 * expected.scale_m + 40.0
}
