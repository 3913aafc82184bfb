//! Where a street, compound or village puts a number: its other records, and how orderly they are.

use super::desk::Desk;
use super::kernel::{weighted_median, weighted_median_by};
use super::level::Level;
use super::pack::{Entry, Key, NONE, Sited, distance};
use super::reads::DensityRead;
use super::recall::Known;
use crate::check::likelihood::in_steps;

/// How the records of a series lie.
#[derive(Debug, Clone, Default)]
pub struct Course {
    /// Whether its numbers have an order on the ground. Where they have none (villages), no number says where it is.
    pub ordered: bool,
    /// Its middle, metres in the plane; not finite where it has no trusted record.
    pub middle: [f64; 2],
    /// Weighted median distance of its records from the middle, metres.
    pub spread_m: f64,
    /// Some of its records, for its density.
    pub sample: Vec<Drawn>,
}

/// A record of a series by which the density of all of them is told.
#[derive(Debug, Clone, Copy)]
pub struct Drawn {
    /// Position of the address.
    pub pin: u32,
    /// Its batch, or [`NONE`].
    pub batch: u32,
    /// Where it stands, metres in the plane.
    pub at: [f64; 2],
    /// How far it is trusted.
    pub trust: f64,
}

impl Course {
    /// Whether both say the same of where the series lies, bit for bit.
    pub(super) fn lies_as(&self, other: &Course) -> bool {
        let bits = |course: &Course| (course.middle.map(f64::to_bits), course.spread_m.to_bits());
        bits(self) == bits(other)
    }

    /// Whether both tell its density from the same, bit for bit.
    pub(super) fn is_drawn_as(&self, other: &Course) -> bool {
        let bits = |d: &Drawn| (d.pin, d.batch, d.at.map(f64::to_bits), d.trust.to_bits());
        self.spread_m.to_bits() == other.spread_m.to_bits()
            && self.sample.iter().map(bits).eq(other.sample.iter().map(bits))
    }

    /// The density of the series at a place, per square metre, without a record and its batch; in steps, so that one
    /// record of many seldom changes it.
    pub(super) fn density(&self, at: [f64; 2], without: Without) -> f64 {
        use std::f64::consts::{PI, TAU};
        let near_m = (self.spread_m * 0.12).max(25.0);
        let far_m = near_m * 4.0;
        let (mut sum, mut all) = (0.0, 0.0);
        for drawn in &self.sample {
            if without.leaves_out(drawn.pin, drawn.batch) {
                continue;
            }
            all += drawn.trust;
            let (x, y) = (drawn.at[0] - at[0], drawn.at[1] - at[1]);
            let square = x * x + y * y;
            if square < 25.0 * far_m * far_m {
                sum += drawn.trust * 0.25 * (-0.5 * square / (far_m * far_m)).exp() / (TAU * far_m * far_m);
                if square < 25.0 * near_m * near_m {
                    sum += drawn.trust * 0.7 * (-0.5 * square / (near_m * near_m)).exp() / (TAU * near_m * near_m);
                }
            }
        }
        const WIDE_M: f64 = 1_500.0;
        let wide = 1.0 / (PI * WIDE_M * WIDE_M);
        // Their number in steps too: else one record more or less is felt everywhere.
        in_steps(if all < 1.0 { wide } else { sum / in_steps(all, STEPS) + 0.05 * wide }, DENSITY_STEPS)
    }
}

/// Where a number is expected.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Expected {
    /// Metres in the plane.
    pub at: [f64; 2],
    /// Scale of the expectation, metres.
    pub scale_m: f64,
    /// How much stands behind it: the sum of the weights of the pairs of neighbours.
    pub support: f64,
    /// Whether a trusted record of the same number is among what it follows from.
    pub mated: bool,
}

/// Whom to leave out of the evidence: a record, and a whole batch.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Without {
    /// Position of the address itself.
    pub pin: u32,
    /// Batch, or [`NONE`].
    pub batch: u32,
}

impl Without {
    /// Whether a record of a batch is left out.
    pub(super) fn leaves_out(&self, pin: u32, batch: u32) -> bool {
        pin == self.pin || (self.batch != NONE && batch == self.batch)
    }
}

/// Neighbours in number order on each side.
const SIDE: usize = Known::MOST / 2;
/// How far a record of the same number is to be trusted so that it tells more than others do.
const MATED: f64 = 0.5;
/// Neighbours with one number on each side.
const SAME: usize = 3;
/// Records looked at on each side, at most.
const LOOK: usize = 160;
/// Records of a series that make up its density, at most.
const SAMPLE: usize = 96;
/// The middle of a series is told in steps of this share of its spread, and of so many metres at least.
const STEP: f64 = 1.0 / 16.0;
const STEP_M: f64 = 10.0;
/// Its spread is told in so many steps to the double, and its density.
const STEPS: f64 = 8.0;
const DENSITY_STEPS: f64 = 4.0;

impl Level {
    /// How a series lies, by the places and trust of this level.
    pub(super) fn course(&self, s: usize, desk: &mut Desk) -> Course {
        const ASKED: usize = 48;
        let entries = &self.pack.series[s].entries;
        let placed = |e: &&Entry| self.stands[e.pin as usize].trust() > 0.0;
        let known: Vec<&Entry> = entries.iter().filter(placed).collect();
        if known.is_empty() {
            return Course { ordered: true, middle: [f64::NAN; 2], ..Course::default() };
        }
        let mut median = |value: &dyn Fn(&Entry) -> f64| {
            desk.values.clear();
            desk.values.extend(known.iter().map(|e| (value(e), self.stands[e.pin as usize].trust())));
            weighted_median(&mut desk.values)
        };
        let pos = |e: &Entry| self.stands[e.pin as usize].at;
        let drawn = |e: &Entry| {
            let stand = &self.stands[e.pin as usize];
            Drawn { pin: e.pin, batch: self.pack.pins[e.pin as usize].batch, at: stand.at, trust: stand.trust() }
        };
        let middle = [median(&|e| pos(e)[0]), median(&|e| pos(e)[1])];
        let spread_m = median(&|e| distance(pos(e), middle));
        let step = known.len().div_ceil(ASKED);
        let mut residuals: Vec<(f64, f64)> = Vec::new();
        for entry in known.iter().step_by(step) {
            let without = Without { pin: entry.pin, batch: NONE };
            if let Some(expected) = self.expected_among(entries, entry.main, entry.main, without, desk).0 {
                residuals.push((distance(expected.at, pos(entry)), self.stands[entry.pin as usize].trust()));
            }
        }
        let residual_m = weighted_median(&mut residuals);
        let ordered = known.len() < 4 || residual_m < 0.45 * spread_m || residual_m < 25.0;
        // In steps, so that one record of many does not change what is said of all.
        let spread_m = in_steps(spread_m.max(1.0), STEPS);
        let step_m = in_steps(spread_m * STEP, 1.0).max(STEP_M);
        let middle = middle.map(|m| (m / step_m).round() * step_m);
        let mut sample: Vec<Drawn> = Vec::new();
        if known.len() <= SAMPLE {
            sample.extend(known.iter().map(|e| drawn(e)));
        } else {
            let mut lots: Vec<(u64, &Entry)> = known.iter().map(|e| (mix(u64::from(e.pin)), *e)).collect();
            lots.select_nth_unstable(SAMPLE);
            lots.truncate(SAMPLE);
            lots.sort_unstable();
            sample.extend(lots.iter().map(|(_, e)| drawn(e)));
        }
        Course { ordered, middle, spread_m, sample }
    }

    /// The buildings of a number of a series.
    pub(super) fn read_sites_of(&self, key: Key, desk: &mut Desk) -> &[Sited] {
        if key.is_whole() {
            desk.read_listed(key.series, key.main, key.main);
        }
        self.pack.sites_of(key)
    }

    /// Whether a series has an address with a number, unit and room.
    pub fn has(&self, key: Key, inner: u64, desk: &mut Desk) -> bool {
        desk.read_listed(key.series, key.main, key.main);
        self.pack.series[key.series as usize].has(key.main, key.rest, inner)
    }

    /// Whether a series has a number not far from another: what lies beyond all its numbers is none of them.
    pub fn runs_by(&self, series: u32, main: u32, desk: &mut Desk) -> bool {
        const FAR: u32 = 40;
        let (low, high) = (main.saturating_sub(FAR).max(1), main.saturating_add(FAR));
        desk.read_listed(series, low, high);
        let entries = &self.pack.series[series as usize].entries;
        entries.get(entries.partition_point(|e| e.main < low)).is_some_and(|e| e.main <= high)
    }

    /// Where a series puts a number, without a record and its batch; none where its numbers have no order.
    pub fn expected(&self, series: u32, main: u32, without: Without, desk: &mut Desk) -> Option<Expected> {
        let course = &self.courses[series as usize];
        if !course.ordered || main == 0 {
            desk.read_listed(series, main, main);
            return None;
        }
        desk.read_numbers(series, main, main);
        if let Some(Known { expected, low, high, .. }) = desk.recall.get(series, main, without) {
            desk.read_numbers(series, low, high);
            return expected;
        }
        let (expected, low, high) =
            self.expected_among(&self.pack.series[series as usize].entries, main, 0, without, desk);
        desk.read_numbers(series, low, high);
        if !desk.left_out {
            desk.recall.keep(series, main, Known::new(expected, [low, high], &desk.taken));
        }
        expected
    }

    /// The same from a list, with the lowest and highest number that was looked at. `hidden`: a number whose records are
    /// left out too (0: none), to see how well the others tell it.
    fn expected_among(
        &self,
        entries: &[Entry],
        main: u32,
        hidden: u32,
        without: Without,
        desk: &mut Desk,
    ) -> (Option<Expected>, u32, u32) {
        let middle = entries.partition_point(|e| e.main < main);
        let (mut lowest, mut highest) = (main, main);
        let (near, all_taken) = (&mut desk.neighbours, &mut desk.taken);
        near.clear();
        all_taken.clear();
        let mut somebody_left_out = false;
        let mut usable = |e: &Entry| {
            let stand = self.stands[e.pin as usize];
            let left_out = without.leaves_out(e.pin, self.pack.pins[e.pin as usize].batch);
            somebody_left_out |= left_out;
            (!left_out && stand.trust() >= 0.02).then_some(stand)
        };
        for up in [true, false] {
            let (mut taken, mut same, mut looked) = (0, 0, 0);
            let mut k = middle;
            let mut last = 0;
            while taken < SIDE && looked < LOOK {
                if !up {
                    if k == 0 {
                        lowest = 0;
                        break;
                    }
                    k -= 1;
                } else if k >= entries.len() {
                    highest = u32::MAX;
                    break;
                }
                let entry = &entries[k];
                (lowest, highest) = (lowest.min(entry.main), highest.max(entry.main));
                looked += 1;
                if entry.main != last {
                    (last, same) = (entry.main, 0);
                }
                if same >= SAME || entry.main == 0 || entry.main == hidden {
                    // On to the next number at once.
                    if up {
                        k += entries[k..].partition_point(|e| e.main <= last);
                    } else {
                        k = entries[..k].partition_point(|e| e.main < last);
                    }
                    continue;
                }
                if let Some(stand) = usable(entry) {
                    near.push((entry.main, stand.at, stand.trust()));
                    all_taken.push(entry.pin);
                    taken += 1;
                    same += 1;
                }
                if up {
                    k += 1;
                }
            }
        }
        desk.left_out = somebody_left_out;
        if near.is_empty() {
            return (None, lowest, highest);
        }
        (combine(main, near, &mut desk.pairs, &mut desk.values), lowest, highest)
    }

    /// How far a number is from the nearest other record's number of its series; none where the series has too few
    /// records to tell what is usual in it.
    pub fn gap(&self, series: u32, main: u32, pin: u32, desk: &mut Desk) -> Option<u32> {
        const TOLD: usize = 5;
        let entries = &self.pack.series.get(series as usize)?.entries;
        if entries.len() < 2 * TOLD {
            desk.read_listed(series, 0, u32::MAX);
        }
        if entries.len() < TOLD || main == 0 {
            return None;
        }
        let middle = entries.partition_point(|e| e.main < main);
        let other = |e: &&Entry| e.pin != pin && e.main > 0;
        let (after, before) = (&entries[middle..], &entries[..middle]);
        let up = after.iter().take(2).find(other).map(|e| e.main - main);
        let down = before.iter().rev().take(2).find(other).map(|e| main - e.main);
        let gap = up.unwrap_or(u32::MAX).min(down.unwrap_or(u32::MAX));
        // Only what comes nearer, or what is this near, can change it.
        desk.read_listed(series, main.saturating_sub(gap), main.saturating_add(gap));
        Some(gap)
    }

    /// Logarithm of how much likelier a number is to be one of a series than a slip of the finger: house numbers have
    /// neighbours.
    pub fn number_fit(&self, series: u32, main: u32, pin: u32, desk: &mut Desk) -> f64 {
        self.gap(series, main, pin, desk).map_or(0.0, |gap| self.learned.number_gap.at(f64::from(gap)))
    }

    /// The density of a series at a place, per square metre, without a record and its batch.
    pub fn series_density(&self, series: u32, at: [f64; 2], without: Without, desk: &mut Desk) -> f64 {
        let per_m2 = self.courses[series as usize].density(at, without);
        desk.read_density(series, DensityRead { at, without, per_m2 });
        per_m2
    }
}

/// The expectation from neighbours (number, place, trust): each pair puts the number on its line, and the weighted
/// median of these is the centre.
fn combine(
    main: u32,
    near: &[(u32, [f64; 2], f64)],
    pairs: &mut Vec<([f64; 2], f64)>,
    values: &mut Vec<(f64, f64)>,
) -> Option<Expected> {
    let n = f64::from(main);
    pairs.clear();
    let parity = |m: u32| if (m ^ main) & 1 == 0 { 1.0 } else { 0.3 };
    for (a, (n_a, p_a, t_a)) in near.iter().enumerate() {
        if *n_a == main {
            pairs.push((*p_a, t_a * 1.5));
        }
        for (n_b, p_b, t_b) in &near[a + 1..] {
            if n_a == n_b {
                continue;
            }
            let (x_a, x_b) = (f64::from(*n_a), f64::from(*n_b));
            let t = (n - x_a) / (x_b - x_a);
            if !(-0.75..=1.75).contains(&t) {
                continue;
            }
            let inside = if (0.0..=1.0).contains(&t) { 1.0 } else { 0.4 };
            let weight = t_a * t_b * parity(*n_a) * parity(*n_b) * inside / (2.0 + (x_a - n).abs() + (x_b - n).abs());
            pairs.push(([p_a[0] + t * (p_b[0] - p_a[0]), p_a[1] + t * (p_b[1] - p_a[1])], weight));
        }
    }
    if pairs.is_empty() {
        // One number only, or a number beyond all others: somewhere on from the nearest.
        let away = |m: u32| m.abs_diff(main);
        let (nearest, at, trust) = near.iter().copied().reduce(|a, b| if away(b.0) < away(a.0) { b } else { a })?;
        return Some(Expected {
            at,
            scale_m: 60.0 + f64::from(away(nearest).min(200)) * 3.0,
            support: trust * 0.3,
            mated: false,
        });
    }
    let support = pairs.iter().map(|(_, weight)| weight).sum::<f64>();
    let mut median = |value: &dyn Fn(&[f64; 2]) -> f64| {
        values.clear();
        values.extend(pairs.iter().map(|(place, weight)| (value(place), *weight)));
        weighted_median_by(values, support / 2.0)
    };
    let at = [median(&|p| p[0]), median(&|p| p[1])];
    let deviation_m = median(&|p| distance(*p, at));
    let (mut first, mut second) = (f64::INFINITY, f64::INFINITY);
    for (_, place, _) in near {
        let d = distance(*place, at);
        (first, second) = if d < first { (d, first) } else { (first, second.min(d)) };
    }
    let second_m = if second.is_finite() { second.min(400.0) } else { 120.0 };
    let mated = near.iter().any(|(number, _, trust)| *number == main && *trust > MATED);
    Some(Expected { at, scale_m: 8.0 + 1.1 * deviation_m + 0.12 * second_m, support, mated })
}

/// A number without pattern from a number: SplitMix64.
pub fn mix(n: u64) -> u64 {
    let mut z = n.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::evidence::Learned;

    #[test]
    fn who_shares_a_number_and_is_trusted_makes_a_class_of_its_own() {
        let expected = |main: u32, trust: f64| {
            let near = [(main, [0.0, 0.0], trust), (12, [20.0, 0.0], 1.0), (14, [40.0, 0.0], 1.0)];
            combine(10, &near, &mut Vec::new(), &mut Vec::new()).expect("a place")
        };
        assert!(expected(10, 0.9).mated && !expected(10, 0.3).mated && !expected(8, 0.9).mated);
        let learned = Learned::default();
        let class = |mated: bool| learned.number_class(&Expected { mated, ..expected(8, 0.9) });
        assert!(class(true) != class(false));
    }

    #[test]
    fn a_batch_that_is_left_out_is_part_of_how_a_series_is_drawn() {
        let drawn = |pin: u32, batch: u32| Drawn { pin, batch, at: [30.0 * f64::from(pin), 0.0], trust: 0.9 };
        let course = |batch: u32| Course {
            spread_m: 200.0,
            sample: vec![drawn(1, 7), drawn(2, 7), drawn(20, batch)],
            ..Course::default()
        };
        let (is, was, without) = (course(8), course(7), Without { pin: NONE, batch: 8 });
        assert!(is.lies_as(&was) && is.is_drawn_as(&course(8)) && !is.is_drawn_as(&was));
        assert!(is.density([600.0, 0.0], without) < was.density([600.0, 0.0], without));
    }
}
