//! Which cause explains a record best.

use super::case::Case;
use super::form::is_sentinel;
use super::{CAUSES, Cause};
use crate::check::evidence::pack::Sited;
use crate::check::evidence::{Desk, Home, Level, NONE, Pack, Pin, Stand, Without, distance};
use crate::check::likelihood::in_steps;
use crate::check::stage::Stage;

/// The verdict on one record.
#[derive(Debug, Clone)]
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
}

/// A verdict with what led to it.
#[derive(Debug, Clone)]
pub struct Judgement {
    /// The verdict.
    pub judged: Judged,
    /// Where the record is to be taken to be.
    pub stand: Stand,
    /// Probability that the pin is wrong in a way that nothing restores.
    pub loose: f64,
    /// Probability of each cause.
    pub posterior: [f64; CAUSES],
    /// Logarithm of prior and likelihood of each cause.
    pub logs: [f64; CAUSES],
    /// The place of the record under each cause; not finite for none.
    pub places: [[f64; 2]; CAUSES],
    /// How far it is from the building of another that it is most probably on, metres.
    pub missed_m: f64,
    /// Whether a building carries its address.
    pub housed: bool,
}

impl Judged {
    /// Whether both are the same, bit for bit.
    pub fn is(&self, other: &Judged) -> bool {
        let numbers = |j: &Judged| [j.right, j.share, j.place[0], j.place[1], j.radius_m, j.grid].map(f64::to_bits);
        numbers(self) == numbers(other)
            && (self.cause, self.exact, self.value) == (other.cause, other.exact, other.value)
    }
}

/// Different keys on one point that make a stack.
pub const STACK: u32 = 3;
/// Decimals with which a coordinate is no longer one.
pub const COARSE: u8 = 3;

/// How many middles of grids there are, as verdicts count them: in powers of two, so that a grid more or less is nothing
/// to those who stand on the middle of another.
pub fn middles_told(grids: usize) -> f64 {
    in_steps(grids.max(1) as f64, 1.0)
}

/// The verdict on address `i` at a stage.
pub fn judge(stage: &Stage, i: usize, desk: &mut Desk) -> Judgement {
    let level = &stage.level;
    let (pack, pin): (&Pack, &Pin) = (&level.pack, &level.pack.pins[i]);
    if !pin.live {
        return plain(pin, 0.0, 1.0, false);
    }
    let without = Without { pin: i as u32, batch: NONE };
    let twin = Some(pin.twin).filter(|other| *other != NONE && pack.are_apart(i as u32, *other));
    let batch = stage.batch(pin.batch);
    let at_home = twin.is_none() && batch.is_none() && is_at_home(level, pin, without, desk);
    if at_home && (pin.grid == NONE || level.grid.covers(pin.grid, pin.raw)) {
        return plain(pin, 1.0, 0.998, has_building(level, pin));
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
        expected: expectation(level, pin, &home, desk),
        home,
        batch,
        twin,
        number_log: if pin.twin == NONE { level.number_fit(pin.key.series, pin.key.main, i as u32, desk) } else { 0.0 },
        twin_log: if twin.is_some() { (pack.twin_share * 0.6).max(1e-4).ln() } else { 0.0 },
        logs: [f64::NEG_INFINITY; CAUSES],
        places: [[f64::NAN; 2]; CAUSES],
        sure: [true; CAUSES],
        value: NONE,
        road: NONE,
        missed_m: 0.0,
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
pub(super) fn plain(pin: &Pin, trust: f64, right: f64, housed: bool) -> Judgement {
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
    };
    let stand = Stand::new(pin.at, trust);
    Judgement {
        judged,
        stand,
        loose: 0.0,
        posterior,
        logs: [f64::NEG_INFINITY; CAUSES],
        places: [[f64::NAN; 2]; CAUSES],
        missed_m: 0.0,
        housed,
    }
}

/// Whether a building carries the address of a pin.
fn has_building(level: &Level, pin: &Pin) -> bool {
    level.pack.tie(pin).is_some() || !level.pack.sites_of(pin.key).is_empty()
}

/// Whether a pin is where its record belongs, beyond what any other cause could better: at its building, or where its
/// number is expected and the number is a usual one. Nine records in ten.
fn is_at_home(level: &Level, pin: &Pin, without: Without, desk: &mut Desk) -> bool {
    if !pin.at[0].is_finite() || pin.stack >= STACK || pin.decimals <= COARSE || !pin.key.is_whole() {
        return false;
    }
    let tie = level.pack.tie(pin).map(|site| [Sited { main: 0, rest: 0, site }]);
    let sites = tie.as_ref().map_or_else(|| level.pack.sites_of(pin.key), |tie| &tie[..]);
    if !sites.is_empty() {
        let kernel = &level.learned.about_building[level.learned.class(pin.accuracy_m)];
        let to_pin = |sited: &Sited| distance(level.pack.sites[sited.site as usize].at, pin.at);
        let near_m = sites.iter().take(64).map(to_pin).fold(f64::MAX, f64::min);
        return kernel.density(near_m) > 0.03 * kernel.peak();
    }
    if level.number_fit(pin.key.series, pin.key.main, without.pin, desk) < -1.5 {
        return false;
    }
    level.expected(pin.key.series, pin.key.main, without, desk).is_some_and(|expected| {
        distance(expected.at, pin.at) < 1.2 * expected.scale_m
            && expected.scale_m < 50.0
            && level.learned.support_class(expected.support) > 1
    })
}

/// Where an address should be: its building when that fits the number, else the number's place, else the series'.
fn expectation(level: &Level, pin: &Pin, home: &Home, desk: &mut Desk) -> Option<([f64; 2], f64)> {
    const AT_BUILDING_M: f64 = 10.0;
    let by_number = home.expected;
    if let Some(site) = level.best_site(home, desk) {
        return Some(match by_number {
            Some(e) if distance(site, e.at) > 6.0 * e.scale_m + 60.0 && e.support > 0.3 => (e.at, e.scale_m),
            _ => (site, AT_BUILDING_M),
        });
    }
    if let Some(e) = by_number {
        return Some((e.at, e.scale_m));
    }
    let course = level.courses.get(pin.key.series as usize)?;
    desk.read_course(pin.key.series);
    course.middle[0].is_finite().then_some((course.middle, course.spread_m.max(30.0)))
}
