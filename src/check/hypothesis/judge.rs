//! Which cause explains a record best.

use super::form::is_sentinel;
use super::typo::slips;
use super::undo::undo;
use super::{CAUSES, Cause};
use crate::check::batch::BatchCause;
use crate::check::border::Borders;
use crate::check::evidence::bins::{Bins, Near};
use crate::check::evidence::pack::{BIN_M, Entry};
use crate::check::evidence::{Desk, Home, Key, Level, NONE, Pack, Pin, Without, distance};
use std::f64::consts::{PI, TAU};

/// A stage with what its batches and collectors show.
#[derive(Debug)]
pub struct Stage {
    /// Places, trust and what follows.
    pub level: Level,
    /// What moved each batch as a whole.
    pub batches: Vec<Option<BatchCause>>,
    /// Pins that nothing explains, for collectors' own places.
    pub loose: Loose,
    /// Borders that have moved.
    pub borders: Borders,
}

/// Pins that nothing explains, by collector.
#[derive(Debug)]
pub struct Loose {
    bins: Bins,
    weights: Vec<f64>,
    totals: Vec<f64>,
}

impl Loose {
    /// None yet.
    pub fn none(pack: &Pack) -> Loose {
        Loose { bins: Bins::build(std::iter::empty(), BIN_M), weights: Vec::new(), totals: vec![0.0; pack.collectors] }
    }

    /// The loose pins among judged ones.
    pub fn of(pack: &Pack, judged: &[Judged]) -> Loose {
        const LOOSE: f64 = 0.3;
        let is_loose =
            |i: &usize| judged[*i].loose > LOOSE && pack.pins[*i].collector != NONE && pack.pins[*i].at[0].is_finite();
        let found: Vec<usize> = (0..judged.len()).filter(is_loose).collect();
        let mut loose = Loose {
            bins: Bins::build(found.iter().map(|i| (*i as u32, pack.pins[*i].at)), BIN_M),
            weights: judged.iter().map(|j| j.loose).collect(),
            totals: vec![0.0; pack.collectors],
        };
        for i in found {
            loose.totals[pack.pins[i].collector as usize] += judged[i].loose;
        }
        loose
    }

    /// The density of a collector's loose pins at the place of one of them, itself left out, per square metre; none
    /// where no other is near.
    fn density(&self, pack: &Pack, i: usize, near: &mut Vec<Near>) -> Option<f64> {
        const SIGMA_M: f64 = 9.0;
        let pin = &pack.pins[i];
        if pin.collector == NONE || self.weights.is_empty() {
            return None;
        }
        self.bins.within(pin.at, 4.0 * SIGMA_M, near);
        let of_collector =
            near.iter().filter(|(_, j)| *j as usize != i && pack.pins[*j as usize].collector == pin.collector);
        let here: f64 = of_collector
            .map(|(square, j)| self.weights[*j as usize] * (-0.5 * square / (SIGMA_M * SIGMA_M)).exp())
            .sum();
        let own = if self.weights[i] > 0.3 { self.weights[i] } else { 0.0 };
        let all = self.totals[pin.collector as usize] - own;
        (here > 0.7).then(|| here / (all + 1.0) / (TAU * SIGMA_M * SIGMA_M))
    }
}

/// The verdict on one record.
#[derive(Debug, Clone, PartialEq)]
pub struct Judged {
    /// Probability that nothing is wrong.
    pub right: f64,
    /// The most probable thing that is wrong.
    pub cause: Cause,
    /// Its probability.
    pub share: f64,
    /// Whether the place is restored exactly.
    pub exact: bool,
    /// The right place, metres in the plane; not finite for attributes and where nothing tells.
    pub place: [f64; 2],
    /// How far off that may be, metres.
    pub radius_m: f64,
    /// The right number, or the position of the right series.
    pub value: u32,
    /// Probability that the declared grid is what is wrong.
    pub grid: f64,
    /// Probability that the pin is wrong in a way that nothing restores.
    pub loose: f64,
    /// Where the record is to be taken to be.
    pub pos: [f64; 2],
    /// How far it is to be trusted there.
    pub trust: f64,
}

/// A verdict with what led to it.
#[derive(Debug, Clone)]
pub struct Judgement {
    /// The verdict.
    pub judged: Judged,
    /// Probability of each cause.
    pub posterior: [f64; CAUSES],
    /// Logarithm of prior and likelihood of each cause.
    pub logs: [f64; CAUSES],
    /// The place of the record under each cause; not finite for none.
    pub places: [[f64; 2]; CAUSES],
}

/// Different keys on one point that make a stack.
pub const STACK: u32 = 3;
/// Decimals with which a coordinate is no longer one.
pub const COARSE: u8 = 3;
/// Radius of what moves a pin for no known reason, metres.
const ASTRAY_M: f64 = 220.0;
/// How improbable a stack of different addresses is when nothing is wrong, as a logarithm.
const STACKED_RIGHT: f64 = -9.0;
/// Likewise coordinates with so few decimals; less so where the pin is at its building for all that.
const COARSE_RIGHT: f64 = -12.0;
const COARSE_AT_HOME: f64 = -1.0;
/// How much less a datum is to be believed where nothing says where a record belongs.
const NOTHING_TOLD: f64 = -3.0;
/// Share of a cause's readings that the best must have to be taken for the place.
const SURE: f64 = 0.95;

/// What is known of a record before its causes are weighed.
struct Case<'a> {
    stage: &'a Stage,
    level: &'a Level,
    pack: &'a Pack,
    i: usize,
    pin: &'a Pin,
    without: Without,
    home: Home,
    /// Where it should be: place, scale in metres.
    expected: Option<([f64; 2], f64)>,
    batch: Option<BatchCause>,
    /// The other record of the same address, when it stands elsewhere.
    twin: Option<u32>,
    /// Logarithm of how well its number sits among those of its series.
    number_log: f64,
    /// Logarithm of how common such twins are.
    twin_log: f64,
    logs: [f64; CAUSES],
    places: [[f64; 2]; CAUSES],
    /// Whether the place of each cause is the only one that fits.
    sure: [bool; CAUSES],
    value: u32,
    road: u32,
}

/// The verdict on address `i` at a stage.
pub fn judge(stage: &Stage, i: usize, desk: &mut Desk) -> Judgement {
    let level = &stage.level;
    let (pack, pin): (&Pack, &Pin) = (&level.pack, &level.pack.pins[i]);
    if !pin.live {
        return plain(pin, 0.0, 1.0);
    }
    let without = Without { pin: i as u32, batch: NONE };
    let twin = Some(pin.twin).filter(|other| *other != NONE && pack.are_apart(i as u32, *other));
    let batch = if pin.batch == NONE { None } else { stage.batches[pin.batch as usize] };
    let at_home = twin.is_none() && batch.is_none() && is_at_home(level, pin, without, desk);
    if at_home && (pin.grid == NONE || level.grid.covers(pin.grid, pin.raw)) {
        return plain(pin, 1.0, 0.998);
    }
    // In a batch that moved, the others moved too: they bear nothing out.
    let without = Without { batch: if batch.is_some() { pin.batch } else { NONE }, ..without };
    let home = level.home(pin, pin.key, without, desk);
    let mut case = Case {
        stage,
        level,
        pack,
        i,
        pin,
        without,
        expected: expectation(level, pin, &home),
        home,
        batch,
        twin,
        number_log: if pin.twin == NONE { level.number_fit(pin.key.series, pin.key.main, i as u32) } else { 0.0 },
        twin_log: if twin.is_some() { (pack.twin_share * 0.6).max(1e-4).ln() } else { 0.0 },
        logs: [f64::NEG_INFINITY; CAUSES],
        places: [[f64::NAN; 2]; CAUSES],
        sure: [true; CAUSES],
        value: NONE,
        road: NONE,
    };
    if pin.at[0].is_finite() {
        case.where_it_is(desk);
        case.nowhere_exact(desk);
        if !at_home {
            case.other_building(desk);
            case.number(desk);
            case.road(desk);
        }
    } else {
        case.put(Cause::Displaced, case.prior(Cause::Displaced) - 60.0, [f64::NAN; 2]);
    }
    if is_sentinel(pin.raw) {
        case.put(Cause::Zero, case.prior(Cause::Zero), [f64::NAN; 2]);
    }
    if !at_home {
        case.restored(desk);
    }
    case.unplaced();
    case.close()
}

/// A verdict without doubt.
fn plain(pin: &Pin, trust: f64, right: f64) -> Judgement {
    let mut posterior = [0.0; CAUSES];
    posterior[0] = right;
    let judged = Judged {
        right,
        cause: Cause::Right,
        share: 0.0,
        exact: false,
        place: [f64::NAN; 2],
        radius_m: 0.0,
        value: NONE,
        grid: 0.0,
        loose: 0.0,
        pos: if pin.live { pin.at } else { [f64::NAN; 2] },
        trust,
    };
    Judgement { judged, posterior, logs: [f64::NEG_INFINITY; CAUSES], places: [[f64::NAN; 2]; CAUSES] }
}

/// Whether a pin is where its record belongs, beyond what any other cause could better: at its building, or where its
/// number is expected and the number is a usual one. Nine records in ten.
fn is_at_home(level: &Level, pin: &Pin, without: Without, desk: &mut Desk) -> bool {
    if !pin.at[0].is_finite() || pin.stack >= STACK || pin.decimals <= COARSE || !pin.key.is_whole() {
        return false;
    }
    let tied = [(0, 0, pin.tied)];
    let sites = if pin.tied == NONE { level.pack.sites_of(pin.key) } else { &tied[..] };
    if !sites.is_empty() {
        let kernel = &level.learned.about_building[level.learned.class(pin.accuracy_m)];
        let to_pin = |(_, _, b): &(u32, u32, u32)| distance(level.pack.sites[*b as usize].at, pin.at);
        let near_m = sites.iter().take(64).map(to_pin).fold(f64::MAX, f64::min);
        return kernel.density(near_m) > 0.03 * kernel.density(0.0);
    }
    if level.number_fit(pin.key.series, pin.key.main, without.pin) < -1.5 {
        return false;
    }
    level.expected(pin.key.series, pin.key.main, without, desk).is_some_and(|expected| {
        distance(expected.at, pin.at) < 1.2 * expected.scale_m
            && expected.scale_m < 50.0
            && level.learned.support_class(expected.support) > 1
    })
}

/// Where an address should be: its building when that fits the number, else the number's place, else the series'.
fn expectation(level: &Level, pin: &Pin, home: &Home) -> Option<([f64; 2], f64)> {
    const AT_BUILDING_M: f64 = 10.0;
    let by_number = home.expected;
    if let Some(site) = level.best_site(home) {
        return Some(match by_number {
            Some(e) if distance(site, e.at) > 6.0 * e.scale_m + 60.0 && e.support > 0.3 => (e.at, e.scale_m),
            _ => (site, AT_BUILDING_M),
        });
    }
    if let Some(e) = by_number {
        return Some((e.at, e.scale_m));
    }
    let course = level.courses.get(pin.key.series as usize)?;
    course.middle[0].is_finite().then_some((course.middle, course.spread_m.max(30.0)))
}

impl Case<'_> {
    fn put(&mut self, cause: Cause, log: f64, place: [f64; 2]) {
        if log > self.logs[cause.index()] || self.logs[cause.index()] == f64::NEG_INFINITY {
            self.logs[cause.index()] = log;
            self.places[cause.index()] = place;
        }
    }

    /// Logarithm of how common a cause is in this record's batch.
    fn prior(&self, cause: Cause) -> f64 {
        let prior = self.level.learned.priors[cause.index()].max(1e-9);
        match self.batch {
            Some(found) if found.cause == cause => 0.97f64.ln(),
            Some(_) if cause == Cause::Right => (0.02 * prior).ln(),
            Some(_) => (0.03 * prior).ln(),
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
        self.level.density(&self.home, at, desk).max(1e-300).ln()
            + self.level.surroundings(series, self.home.has_building(), at, self.without, desk)
    }

    /// The position is right: nothing is wrong, or the declared grid is.
    fn where_it_is(&mut self, desk: &mut Desk) {
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
                    + around;
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
    fn reach(&self, radius_m: f64) -> f64 {
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
        (PI * radius_m * radius_m * self.level.place_density(&self.home, toward)).min(1.0)
    }

    /// The pin is wrong in a way that leaves no trace of the right place.
    fn nowhere_exact(&mut self, desk: &mut Desk) {
        const NONE_M: [f64; 2] = [f64::NAN; 2];
        let at = self.pin.at;
        let astray = (0.8 * self.reach(ASTRAY_M) + 0.01 * self.reach(2_500.0)) / (PI * ASTRAY_M * ASTRAY_M);
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
        self.pack.centroids.within(at, CENTRE_M, desk.near_mut());
        let own = desk.near_mut().iter().any(|(_, g)| *g == self.pin.grid);
        if !desk.near_mut().is_empty() {
            let share = if own { 0.3 } else { 0.3 / self.level.grid.len().max(1) as f64 };
            self.put(Cause::Default, self.prior(Cause::Default) + share.ln(), NONE_M);
        }
        if let Some(density) = self.stage.loose.density(self.pack, self.i, desk.near_mut()) {
            self.put(Cause::Office, self.prior(Cause::Office) + density.ln(), NONE_M);
        }
    }

    /// The pin is on another address's building: the more such buildings there are about, the less each is to blame.
    fn other_building(&mut self, desk: &mut Desk) {
        const NEAR_M: f64 = 40.0;
        const NEIGHBOURS: usize = 14;
        let at = self.pin.at;
        let about_m = self.expected.map_or(80.0, |(place, _)| {
            self.pack.site_bins.nearest(place, NEIGHBOURS + 1, 240.0, desk.near_mut());
            desk.near_mut().last().map_or(80.0, |near| near.0.sqrt()).max(25.0)
        });
        let reach = self.reach(about_m);
        let mut sum = 0.0;
        self.pack.site_bins.within(at, NEAR_M, desk.near_mut());
        for (square, b) in desk.near_mut().iter() {
            let site = &self.pack.sites[*b as usize];
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
            let taken = if self.level.occupants.other_than(*b, self.pin.key) { 1.0 } else { 0.35 };
            sum += weight * taken * self.level.about_building(&self.home, square.sqrt()) / NEIGHBOURS as f64;
        }
        if sum > 0.0 {
            self.put(Cause::OtherBuilding, self.prior(Cause::OtherBuilding) + sum.ln(), [f64::NAN; 2]);
        }
    }

    /// The number is one slip away, and the pin is right for the other number.
    fn number(&mut self, desk: &mut Desk) {
        const MARGIN: u32 = 16;
        let (key, at) = (self.pin.key, self.pin.at);
        if !key.is_whole() {
            return;
        }
        let (low, high) = self.numbers_near(desk);
        let series = &self.pack.series[key.series as usize];
        let ordered = self.level.courses[key.series as usize].ordered;
        let last = series.entries.last().map_or(0, |e| e.main);
        let (mut sum, mut best) = (0.0, (0.0, NONE));
        for (main, share) in slips(key.main) {
            if main > last + 40 {
                continue;
            }
            let other = Key { main, ..key };
            let built = self.pack.sites_of(other);
            let in_run = ordered && main + MARGIN >= low && main <= high.saturating_add(MARGIN);
            if built.is_empty() && !in_run {
                continue;
            }
            if !built.iter().any(|(_, _, b)| distance(self.pack.sites[*b as usize].at, at) < 60.0) && !in_run {
                continue;
            }
            let home = self.level.home(self.pin, other, self.without, desk);
            if built.is_empty() && home.expected.is_some_and(|e| distance(e.at, at) > 5.0 * e.scale_m + 40.0) {
                continue;
            }
            let taken = if series.has(main, key.rest, self.pin.inner) {
                0.05
            } else {
                self.level.number_fit(key.series, main, self.i as u32).exp()
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
        self.level.near.nearest(self.pin.at, 40, 240.0, desk.near_mut());
        let mut range = (u32::MAX, 0);
        for (_, j) in desk.near_mut().iter().filter(|(_, j)| *j as usize != self.i) {
            let other = self.pack.pins[*j as usize].key;
            if other.series == self.pin.key.series && other.main > 0 {
                range = (range.0.min(other.main), range.1.max(other.main));
            }
        }
        range
    }

    /// The road is another one near by, on which the number fits.
    fn road(&mut self, desk: &mut Desk) {
        let (key, at) = (self.pin.key, self.pin.at);
        if key.series == NONE {
            return;
        }
        self.level.near.nearest(at, 40, 240.0, desk.near_mut());
        let mut roads: Vec<u32> = Vec::new();
        for (_, j) in desk.near_mut().iter() {
            let series = self.pack.pins[*j as usize].key.series;
            if series != key.series && series != NONE && !roads.contains(&series) {
                roads.push(series);
            }
        }
        let (mut sum, mut best) = (0.0, (0.0, NONE));
        for road in &roads {
            let series = &self.pack.series[*road as usize];
            if series.entries.last().is_none_or(|Entry { main, .. }| key.main > main + 20) {
                continue;
            }
            let home = self.level.home(self.pin, Key { series: *road, ..key }, self.without, desk);
            let taken = if series.has(key.main, key.rest, self.pin.inner) {
                0.05
            } else {
                self.level.number_fit(*road, key.main, self.i as u32).exp()
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

    /// Causes that are undone exactly.
    fn restored(&mut self, desk: &mut Desk) {
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
    fn unplaced(&mut self) {
        if let Some((place, scale_m)) = self.expected.filter(|_| self.pin.grid != NONE) {
            let z = (self.level.border_m(self.pin.grid, place) + 4.0 + 0.5 * scale_m) / (9.0 + scale_m);
            let fits = crate::check::likelihood::phi(z).max(1e-12).ln().max(-6.0);
            self.logs[Cause::Coarse.index()..=Cause::Displaced.index()].iter_mut().for_each(|log| *log += fits);
        }
        self.logs[Cause::Coarse.index()..Cause::Displaced.index()].iter_mut().for_each(|log| *log += self.twin_log);
    }

    fn close(mut self) -> Judgement {
        // All but two causes take the number for right.
        for cause in Cause::ALL.iter().filter(|cause| !matches!(cause, Cause::Number | Cause::Road)) {
            self.logs[cause.index()] += self.number_log;
        }
        let most = self.logs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let mut posterior = self.logs.map(|log| (log - most).exp());
        let all: f64 = posterior.iter().sum();
        if !all.is_finite() || all <= 0.0 {
            return plain(self.pin, 0.0, 1.0);
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
            exact: cause.is_exact() && self.sure[cause.index()],
            place,
            radius_m,
            value: match cause {
                Cause::Number => self.value,
                Cause::Road => self.road,
                _ => NONE,
            },
            grid: p(Cause::Grid),
            loose: p(Cause::Office) + p(Cause::OtherBuilding) + p(Cause::Displaced),
            pos,
            trust: if pos[0].is_finite() { trust } else { 0.0 },
        };
        Judgement { judged, posterior, logs: self.logs, places: self.places }
    }
}
