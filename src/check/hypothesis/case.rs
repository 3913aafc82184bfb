//! The causes of one record, weighed against each other.

use super::judge::{COARSE, Judged, Judgement, STACK, middles_told, plain};
use super::undo::undo;
use super::{CAUSES, Cause};
use crate::check::batch::BatchCause;
use crate::check::evidence::learned::MISSED_M;
use crate::check::evidence::level::FAR_M;
use crate::check::evidence::{Desk, Home, Level, NONE, Pack, Pin, Stand, Without, distance};
use crate::check::likelihood::{exp, phi};
use crate::check::stage::Stage;
use std::f64::consts::{PI, TAU};

/// Radius of what moves a pin for no known reason, metres.
const ASTRAY_M: f64 = 220.0;
/// How improbable a stack of different addresses is when nothing is wrong, as a logarithm.
const STACKED_RIGHT: f64 = -9.0;
/// Likewise coordinates with so few decimals; less so where the pin is at its building for all that.
const COARSE_RIGHT: f64 = -12.0;
const COARSE_AT_HOME: f64 = -1.0;
/// How much less a datum is to be believed where nothing says where a record belongs.
const NOTHING_TOLD: f64 = -3.0;
/// How much less is to be believed of what only the number's place says, as a logarithm. How regular numbers are is
/// learned from addresses that stand at their buildings; those that no building carries are less so.
const ALONE: f64 = -0.2;
/// Share of a cause's readings that the best must have to be taken for the place.
const SURE: f64 = 0.95;

/// What is known of a record before its causes are weighed.
pub(super) struct Case<'a> {
    pub stage: &'a Stage,
    pub level: &'a Level,
    pub pack: &'a Pack,
    pub i: usize,
    pub pin: &'a Pin,
    pub without: Without,
    pub home: Home,
    /// Where it should be: place, scale in metres.
    pub expected: Option<([f64; 2], f64)>,
    pub batch: Option<BatchCause>,
    /// The other record of the same address, when it stands elsewhere.
    pub twin: Option<u32>,
    /// Logarithm of how well its number sits among those of its series.
    pub number_log: f64,
    /// Logarithm of how common such twins are.
    pub twin_log: f64,
    pub logs: [f64; CAUSES],
    pub places: [[f64; 2]; CAUSES],
    /// Whether the place of each cause is the only one that fits.
    pub sure: [bool; CAUSES],
    pub value: u32,
    pub road: u32,
    /// How far the pin is from the building of another that it is most probably on, metres.
    pub missed_m: f64,
}

impl Case<'_> {
    pub(super) fn put(&mut self, cause: Cause, log: f64, place: [f64; 2]) {
        if log > self.logs[cause.index()] || self.logs[cause.index()] == f64::NEG_INFINITY {
            self.logs[cause.index()] = log;
            self.places[cause.index()] = place;
        }
    }

    /// Logarithm of how common a cause is in this record's batch.
    pub(super) fn prior(&self, cause: Cause) -> f64 {
        let prior = self.level.learned.priors[usize::from(self.home.has_building())][cause.index()].max(1e-9);
        match self.batch {
            Some(found) if found.cause == cause => found.share.ln(),
            Some(found) => ((1.0 - found.share) * prior).ln(),
            None if cause == Cause::Offset => f64::NEG_INFINITY,
            None => prior.ln(),
        }
    }

    fn is_stacked(&self) -> bool {
        self.pin.stack >= STACK
    }

    fn is_coarse(&self) -> bool {
        self.pin.decimals <= COARSE
    }

    /// Logarithm of how well the record fits a place.
    fn fit(&self, at: [f64; 2], desk: &mut Desk) -> f64 {
        let series = self.pin.key.series;
        if series == NONE && !self.home.has_building() {
            return -self.pack.ground_m2().ln() + self.level.surroundings(NONE, false, at, self.without, desk);
        }
        self.level.fit(&self.home, at, desk)
    }

    /// The position is right: nothing is wrong, or the declared grid is.
    pub(super) fn where_it_is(&mut self, desk: &mut Desk) {
        let at = self.pin.at;
        let fit = self.fit(at, desk);
        let grid = self.level.grid_fit(self.pin, at);
        let stacked = if self.is_stacked() { STACKED_RIGHT } else { 0.0 };
        let coarse = match (self.is_coarse(), self.is_at_own_building()) {
            (false, _) => 0.0,
            (true, true) => COARSE_AT_HOME,
            (true, false) => COARSE_RIGHT,
        };
        let right = self.prior(Cause::Right);
        self.put(Cause::Right, right + fit + grid + self.twin_log + stacked + coarse, at);
        if let Some(other) = self.twin {
            // Two records of one address that are both right: a back door, a second staircase near by.
            const APART_M: f64 = 90.0;
            let by_place = self.expected.map_or(1e3, |(place, _)| distance(place, at));
            let by_twin = distance(self.pack.pins[other as usize].at, at);
            let by_twin = if by_twin.is_finite() { by_twin } else { 1e3 };
            let z = by_place.min(by_twin) / APART_M;
            let around = self.level.surroundings(self.pin.key.series, self.home.has_building(), at, self.without, desk);
            let both =
                right + (self.pack.twin_share * 0.3).max(1e-9).ln() - 0.5 * z * z - (TAU * APART_M * APART_M).ln()
                    + grid
                    + around
                    + self.level.free(&self.home, at, desk).ln();
            let log = &mut self.logs[Cause::Right.index()];
            let most = log.max(both);
            *log = most + ((*log - most).exp() + (both - most).exp()).ln();
        }
        if self.pin.grid != NONE && grid < -0.7 && self.lies_in_another_grid() {
            let elsewhere = 0.25f64.ln() + (1.0 - grid.exp()).max(1e-9).ln();
            let single = self.prior(Cause::Grid) + elsewhere;
            // Where a border has moved, most of those who cross it are in the wrong grid by their record only.
            let moved = self.stage.borders.share(self.i).map(|share| (share / (1.0 - share)).ln() + right + grid);
            let log = moved.map_or(single, |moved| single.max(moved));
            self.put(Cause::Grid, log + fit + self.twin_log + stacked, at);
        }
    }

    fn is_at_own_building(&self) -> bool {
        const HOME_M: f64 = 15.0;
        self.home.building_m(self.pin.at).is_some_and(|m| m < HOME_M)
    }

    fn lies_in_another_grid(&self) -> bool {
        let level = self.level.grid.level(self.pin.grid);
        self.level.grid.locate(self.pin.raw, level).is_some_and(|found| found != self.pin.grid)
    }

    /// How near the expected place comes to within `radius_m` of the pin, as a weight up to one.
    fn reach(&self, radius_m: f64, desk: &mut Desk) -> f64 {
        let at = self.pin.at;
        let Some((place, _)) = self.expected else {
            // Nothing says where it belongs, so nothing says that it is astray.
            return 0.1 * (PI * radius_m * radius_m / self.pack.ground_m2()).min(1.0);
        };
        if let Some(m) = self.home.building_m(at) {
            return if m < radius_m { 1.0 } else { (-(m - radius_m) / (0.35 * radius_m)).exp() };
        }
        let far_m = distance(place, at).max(1e-3);
        let t = (radius_m * 0.7 / far_m).min(1.0);
        let toward = [at[0] + (place[0] - at[0]) * t, at[1] + (place[1] - at[1]) * t];
        (PI * radius_m * radius_m * self.level.place_density(&self.home, toward, desk)).min(1.0)
    }

    /// The pin is wrong in a way that leaves no trace of the right place.
    pub(super) fn nowhere_exact(&mut self, desk: &mut Desk) {
        const NONE_M: [f64; 2] = [f64::NAN; 2];
        let at = self.pin.at;
        let astray = (0.8 * self.reach(ASTRAY_M, desk) + 0.01 * self.reach(2_500.0, desk)) / (PI * ASTRAY_M * ASTRAY_M);
        self.put(Cause::Displaced, self.prior(Cause::Displaced) + astray.max(1e-300).ln() + self.twin_log, NONE_M);
        if self.is_coarse() {
            let cell_m: f64 = if self.pin.decimals < COARSE { 1_000.0 } else { 100.0 };
            let far_m = self.expected.map_or(0.0, |(place, _)| distance(place, at));
            let fits = if far_m < cell_m * 1.6 + 60.0 { 1.0 } else { 1e-9 };
            let harmless = if self.is_at_own_building() { -6.0 } else { 0.0 };
            let log = (fits / (cell_m * cell_m)).ln() + 8.0 + harmless;
            self.put(Cause::Coarse, self.prior(Cause::Coarse) + log, NONE_M);
        }
        if self.is_stacked() {
            let (first, other) = if self.pin.stack_series >= STACK {
                (Cause::Default, Cause::Stacked)
            } else {
                (Cause::Stacked, Cause::Default)
            };
            self.put(first, self.prior(first) + 0.05f64.ln(), NONE_M);
            self.put(other, self.prior(other) + 0.01f64.ln(), NONE_M);
        }
        const CENTRE_M: f64 = 0.7;
        self.pack.centroids.within(at, CENTRE_M, &mut desk.sites);
        let own = desk.sites.iter().any(|near| near.id == self.pin.grid);
        if !desk.sites.is_empty() {
            let share = if own { 0.3 } else { 0.3 / middles_told(self.level.grid.len()) };
            self.put(Cause::Default, self.prior(Cause::Default) + share.ln(), NONE_M);
        }
        if let Some(density) = self.stage.loose.density(self.pin, self.i, desk) {
            self.put(Cause::Office, self.prior(Cause::Office) + density.ln(), NONE_M);
        }
    }

    /// The pin is on another address's building: the more such buildings there are about, the less each is to blame.
    pub(super) fn other_building(&mut self, desk: &mut Desk) {
        const NEIGHBOURS: usize = 14;
        let at = self.pin.at;
        // About a place that is only known by and large, the nearest buildings are no neighbours of its.
        let about_m = self.expected.filter(|(_, scale_m)| *scale_m <= FAR_M).map_or(80.0, |(place, _)| {
            self.level.nearest_buildings(place, NEIGHBOURS + 1, desk);
            desk.sites.last().map_or(80.0, |near| near.square.sqrt()).max(25.0)
        });
        let reach = self.reach(about_m, desk);
        let (mut sum, mut best) = (0.0, 0.0);
        self.level.buildings_within(at, MISSED_M, desk);
        for near in &desk.sites {
            let site = &self.pack.sites[near.id as usize];
            if site.key == self.pin.key && site.key.is_whole() {
                continue;
            }
            let weight = if !self.home.has_building() && self.pin.key.series != NONE {
                reach
            } else {
                match self.expected.map_or(80.0, |(place, _)| distance(place, site.at)) {
                    m if m < 14.0 => 0.02,
                    m if m < about_m => 1.0,
                    m => (-(m - about_m) / (0.35 * about_m)).exp(),
                }
            };
            let occupied = self.level.occupants.other_than(near.id, self.pin.key);
            // One without an address may be the own one, where most have none, all the more when nobody is at home there.
            let others = match (site.key.is_whole(), occupied) {
                (true, _) => 1.0,
                (false, true) => self.pack.addressed_share,
                (false, false) => 0.35 * self.pack.addressed_share,
            };
            let m = near.square.sqrt();
            let likely = weight * others * self.level.about_other(&self.home, m) / NEIGHBOURS as f64;
            sum += likely;
            if likely > best {
                (best, self.missed_m) = (likely, m);
            }
        }
        if sum > 0.0 {
            self.put(Cause::OtherBuilding, self.prior(Cause::OtherBuilding) + sum.ln(), [f64::NAN; 2]);
        }
    }

    /// Causes that are undone exactly.
    pub(super) fn restored(&mut self, desk: &mut Desk) {
        let mut places = Vec::new();
        for cause in &Cause::ALL[Cause::Gcj02.index()..=Cause::Zone.index()] {
            undo(self.pack, self.pin.raw, *cause, &mut places);
            let datum = *cause <= Cause::Library;
            let stacked = if datum && self.is_stacked() { STACKED_RIGHT } else { 0.0 };
            let coarse = if datum && self.is_coarse() { COARSE_RIGHT } else { 0.0 };
            let told = if datum && self.expected.is_none() && self.batch.is_none() { NOTHING_TOLD } else { 0.0 };
            let mut all = 0.0;
            for at in &places {
                let fit = self.fit(*at, desk) + self.level.grid_fit(self.pin, *at);
                let log = self.prior(*cause) + fit + self.twin_log + stacked + coarse + told;
                self.put(*cause, log, *at);
                all += log.exp();
            }
            // Forms that fit equally well leave the cause clear, but not the place.
            self.sure[cause.index()] = self.logs[cause.index()].exp() >= SURE * all;
            if all > 0.0 {
                self.logs[cause.index()] = all.ln();
            }
        }
        if let Some(BatchCause { cause: Cause::Offset, moved_m, .. }) = self.batch
            && self.pin.at[0].is_finite()
        {
            let at = [self.pin.at[0] - moved_m[0], self.pin.at[1] - moved_m[1]];
            let fit = self.fit(at, desk) + self.level.grid_fit(self.pin, at);
            self.put(Cause::Offset, self.prior(Cause::Offset) + fit + self.twin_log, at);
        }
    }

    /// Where the position is lost, the declared grid must hold the place where the record belongs.
    pub(super) fn unplaced(&mut self) {
        if let Some((place, scale_m)) = self.expected.filter(|_| self.pin.grid != NONE) {
            let z = (self.level.border_m(self.pin.grid, place) + 4.0 + 0.5 * scale_m) / (9.0 + scale_m);
            let fits = phi(z).max(1e-12).ln().max(-6.0);
            self.logs[Cause::Coarse.index()..=Cause::Displaced.index()].iter_mut().for_each(|log| *log += fits);
        }
        self.logs[Cause::Coarse.index()..Cause::Displaced.index()].iter_mut().for_each(|log| *log += self.twin_log);
    }

    /// Whether the record by itself fits better with a cause undone, whatever its batch says: a small shift undone puts
    /// some pins farther off than they stood.
    fn bears_out(&self, cause: Cause) -> bool {
        let fit = |cause: Cause| self.logs[cause.index()] - self.prior(cause);
        fit(cause) > fit(Cause::Right)
    }

    pub(super) fn close(mut self) -> Judgement {
        // All but two causes take the number for right.
        for cause in Cause::ALL.iter().filter(|cause| !matches!(cause, Cause::Number | Cause::Road)) {
            self.logs[cause.index()] += self.number_log;
        }
        if !self.home.has_building() {
            for cause in [Cause::Displaced, Cause::OtherBuilding, Cause::Number, Cause::Road] {
                self.logs[cause.index()] += ALONE;
            }
        }
        let most = self.logs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let mut posterior = self.logs.map(|log| exp(log - most));
        let all: f64 = posterior.iter().sum();
        if !all.is_finite() || all <= 0.0 {
            return plain(self.pin, 0.0, 1.0, self.home.has_building());
        }
        posterior.iter_mut().for_each(|p| *p /= all);
        let first_of = |causes: &[Cause]| {
            causes.iter().copied().reduce(|a, b| if posterior[b.index()] > posterior[a.index()] { b } else { a })
        };
        let best = first_of(&Cause::ALL).unwrap_or(Cause::Right);
        let cause = first_of(&Cause::ALL[1..]).unwrap_or(Cause::Displaced);
        let place_of = |cause: Cause| self.places[cause.index()];
        let (pos, trust) = if best.is_exact() {
            (place_of(best), posterior[best.index()].powi(2))
        } else {
            let stacked = if self.is_stacked() { 0.05 } else { 1.0 };
            (self.pin.at, (posterior[Cause::Right.index()] + posterior[Cause::Grid.index()]) * stacked)
        };
        let (place, radius_m) = if cause.is_attribute() {
            ([f64::NAN; 2], 0.0)
        } else if cause.is_exact() {
            (place_of(cause), f64::from(self.pin.accuracy_m).clamp(3.0, 60.0))
        } else {
            self.expected.unwrap_or(([f64::NAN; 2], 0.0))
        };
        let p = |cause: Cause| posterior[cause.index()];
        let judged = Judged {
            right: posterior[0],
            cause,
            share: p(cause),
            exact: cause.is_exact() && self.sure[cause.index()] && self.bears_out(cause),
            place,
            radius_m,
            value: match cause {
                Cause::Number => self.value,
                Cause::Road => self.road,
                _ => NONE,
            },
            grid: p(Cause::Grid),
        };
        let loose = p(Cause::Office) + p(Cause::OtherBuilding) + p(Cause::Displaced);
        let stand = Stand::new(pos, trust);
        let missed_m = self.missed_m;
        Judgement {
            judged,
            stand,
            loose,
            posterior,
            logs: self.logs,
            places: self.places,
            missed_m,
            housed: self.home.has_building(),
        }
    }
}
