//! What detection learns from the data at hand: how phones scatter about buildings, records about their number's place,
//! and what the surroundings of right and wrong places look like.

use super::company::{COMPANY, label_doubt};
use super::desk::Desk;
use super::home::{FAR_MATE_M, MATES};
use super::kernel::{Kernel, Ratio, Seen};
use super::level::{Level, STANDS};
use super::pack::{NONE, Sited, distance};
use super::series::{Expected, Without, mix};
use crate::check::hypothesis::{CAUSES, Cause, PRIORS};
use rayon::prelude::*;
use std::f64::consts::{PI, TAU};

/// Kernels, ratios and priors.
#[derive(Debug, Clone)]
pub struct Learned {
    /// How common each cause is: among addresses that no building carries, and among those that one does. Only with a
    /// building is a pin astray told from one on another's building.
    pub priors: [[f64; CAUSES]; 2],
    /// Accuracies, metres, between the classes of phones.
    pub accuracy_cuts: [f32; CLASSES - 1],
    /// How pins scatter about their own building, by class of phone: density by metres.
    pub about_building: [Kernel; CLASSES],
    /// How pins scatter about another's building that they were put on by mistake, whatever the phone says: on a map a
    /// finger aims better than a fix.
    pub about_other: Kernel,
    /// Standard deviation of each class along one axis, metres.
    pub sigma_m: [f64; CLASSES],
    /// Support between the classes of expectations.
    pub support_cuts: [f64; SUPPORTS - 1],
    /// How pins scatter about where their number is expected, by class: density by distance over scale.
    pub about_number: [Kernel; NUMBERS],
    /// Share of numbers that stand elsewhere in their series by right: streets that go on somewhere else.
    pub irregular: f64,
    /// By metres to the nearest building.
    pub nearest_building: Ratio,
    /// By the share of the own series among the neighbours.
    pub votes: Ratio,
    /// By how far a number is from the nearest other of its series.
    pub number_gap: Ratio,
    /// By what stands at a place, for an address that no building carries.
    pub at_building: [f64; STANDS],
    /// Likewise for an address that stands elsewhere than at the one building that carries it.
    pub away_from_home: [f64; STANDS],
    /// Share of addresses that do so by right.
    pub away: f64,
    /// Share of buildings that carry a neighbour's address.
    pub mislabelled: f64,
    /// By how many of its mates stand far from their buildings: how often an address does so by right.
    pub scattered: [f64; MATES],
    /// By who else is at home in the only building that carries an address: how much likelier that is where it carries
    /// it by mistake.
    pub label_doubt: [f64; COMPANY],
}

/// Classes of phones by what they say of their accuracy.
pub const CLASSES: usize = 24;
/// Classes that are first taken together: each has few of the rare pins far off.
const TOGETHER: usize = 4;
/// Classes of expectations by their support.
pub const SUPPORTS: usize = 4;
/// Classes of expectations: by their support, and by whether a record of the same number stands behind them.
pub const NUMBERS: usize = 2 * SUPPORTS;

const BUILDING_SCALES_M: [f64; 7] = [3.0, 6.0, 9.0, 12.0, 15.0, 19.0, 25.0];
const BUILDING_DEFAULT: [f64; 7] = [0.25, 0.3, 0.2, 0.1, 0.1, 0.04, 0.01];
const NUMBER_SCALES: [f64; 9] = [0.15, 0.3, 0.6, 1.0, 1.8, 3.0, 6.0, 12.0, 25.0];
const NUMBER_DEFAULT: [f64; 9] = [0.05, 0.15, 0.3, 0.25, 0.14, 0.07, 0.03, 0.008, 0.002];
const BUILDING_EDGES_M: [f64; 12] = [3.0, 6.0, 9.0, 12.0, 16.0, 20.0, 26.0, 34.0, 45.0, 60.0, 90.0, 150.0];
const VOTE_EDGES: [f64; 8] = [0.01, 0.13, 0.26, 0.38, 0.51, 0.63, 0.76, 0.9];
const GAP_EDGES: [f64; 12] = [1.0, 2.0, 3.0, 5.0, 9.0, 17.0, 33.0, 65.0, 129.0, 257.0, 1_025.0, 10_000.0];
/// Beyond so many deviations of its phone a pin is not at a building by a poor fix.
const TAILS: f64 = 4.5;
/// Beyond this a pin is not on a building, metres.
pub(in crate::check) const MISSED_M: f64 = 40.0;
/// Steps in which the distance from a building is counted.
pub(in crate::check) const MISSES: usize = 20;

/// The step of a distance.
pub(in crate::check) fn miss_of(m: f64) -> usize {
    ((m / MISSED_M * MISSES as f64) as usize).min(MISSES - 1)
}

/// The kernel of what was seen in each step.
pub(in crate::check) fn about_other(missed: &[f64; MISSES]) -> Kernel {
    let middle = |step: usize| (step as f64 + 0.5) * MISSED_M / MISSES as f64;
    let seen: Vec<Seen> = missed.iter().enumerate().map(|(step, weight)| (middle(step), *weight)).collect();
    let weights = Kernel::fit(&BUILDING_SCALES_M, &BUILDING_DEFAULT, &seen, 1.0 / (PI * MISSED_M * MISSED_M));
    Kernel::new(&BUILDING_SCALES_M, &weights)
}

/// Share of addresses that are not at the building that carries them, before anything is learned.
pub(super) const AWAY: f64 = 0.02;
/// Records from which it is learned, at most: more change the figures by less than they matter.
const SAMPLE: usize = 60_000;

impl Default for Learned {
    fn default() -> Self {
        Learned {
            priors: [PRIORS; 2],
            accuracy_cuts: [f32::INFINITY; CLASSES - 1],
            about_building: std::array::from_fn(|_| Kernel::new(&BUILDING_SCALES_M, &BUILDING_DEFAULT)),
            about_other: Kernel::new(&BUILDING_SCALES_M, &BUILDING_DEFAULT),
            sigma_m: [9.0; CLASSES],
            support_cuts: [f64::INFINITY; SUPPORTS - 1],
            about_number: std::array::from_fn(|_| Kernel::new(&NUMBER_SCALES, &NUMBER_DEFAULT)),
            irregular: 0.0005,
            nearest_building: Ratio::default(),
            votes: Ratio::default(),
            number_gap: Ratio::default(),
            at_building: [0.0; STANDS],
            away_from_home: [0.0; STANDS],
            away: AWAY,
            mislabelled: 0.01,
            scattered: [0.002; MATES],
            label_doubt: [1.0; COMPANY],
        }
    }
}

/// What one record shows.
#[derive(Default)]
struct Sight {
    trust: f64,
    /// Where its number is expected, and how far off it stands, in scales.
    number: Option<(Expected, f64)>,
    building: Option<(usize, f64)>,
    right: Option<Around>,
    wrong: Option<Around>,
    /// Who else is at home in the only building with its address, and whether the address itself is.
    company: Option<(usize, bool)>,
    /// No building carries its address.
    unhoused: bool,
    /// Exactly one building carries its address.
    alone: bool,
    /// And that is not where it stands.
    away: bool,
    /// Kind of its mates.
    mates: Option<usize>,
    /// How far its number is from the next, and how far a slip of it would be.
    gap: Option<(f64, f64)>,
}

struct Around {
    building_m: f64,
    votes: Option<f64>,
    at_building: usize,
}

impl Learned {
    /// Learns from a stage; the priors stay those of `before`.
    pub fn from(level: &Level, before: &Learned) -> Learned {
        let pins = &level.pack.pins;
        let (priors, about_other) = (before.priors, before.about_other.clone());
        let mut learned = Learned { priors, about_other, ..Learned::default() };
        let live: Vec<usize> =
            (0..pins.len()).filter(|i| pins[*i].live && level.stands[*i].at[0].is_finite()).collect();
        if live.is_empty() {
            return learned;
        }
        let sample: Vec<usize> = live.iter().copied().step_by(live.len().div_ceil(SAMPLE)).collect();
        let mut accuracies: Vec<f32> = sample.iter().map(|i| pins[*i].accuracy_m).collect();
        accuracies.sort_unstable_by(f32::total_cmp);
        learned.accuracy_cuts = std::array::from_fn(|k| accuracies[accuracies.len() * (k + 1) / CLASSES]);
        let sights: Vec<Sight> =
            sample.par_iter().map_init(Desk::default, |desk, i| learned.look(level, *i, desk)).collect();
        learned.kernels(&sights);
        learned.surroundings(&sights);
        learned
    }

    /// Class of a phone.
    pub fn class(&self, accuracy_m: f32) -> usize {
        self.accuracy_cuts.partition_point(|cut| *cut < accuracy_m)
    }

    fn look(&self, level: &Level, i: usize, desk: &mut Desk) -> Sight {
        let (pin, at, trust) = (&level.pack.pins[i], level.stands[i].at, level.stands[i].trust());
        let mut sight = Sight { trust, ..Sight::default() };
        let draw = |k: u64| (mix(i as u64 * 8 + k) >> 11) as f64 / (1u64 << 53) as f64;
        if let Some(gap) = level.gap(pin.key.series, pin.key.main, i as u32, desk) {
            let slips = desk.slips(pin.key.main);
            let mut left = draw(4) * slips.iter().map(|(_, share)| share).sum::<f64>();
            let slip = slips.iter().find(|(_, share)| {
                left -= share;
                left <= 0.0
            });
            let slip = slip.and_then(|(main, _)| level.gap(pin.key.series, *main, i as u32, desk)).unwrap_or(u32::MAX);
            sight.gap = Some((gap.into(), slip.into()));
        }
        if trust <= 0.05 {
            return sight;
        }
        let without = Without { pin: i as u32, batch: NONE };
        let series = pin.key.series;
        if series != NONE
            && let Some(expected) = level.expected(series, pin.key.main, without, desk)
        {
            sight.number = Some((expected, distance(at, expected.at) / expected.scale_m));
        }
        let sites = level.pack.sites_of(pin.key);
        let place_of = |sited: &Sited| level.pack.sites[sited.site as usize].at;
        sight.alone = sites.len() == 1;
        if !sites.is_empty() {
            let places: Vec<[f64; 2]> = sites.iter().map(place_of).collect();
            sight.mates = level.mates(pin.key, pin.inner, &places, without, desk).kind();
        }
        let nearest = sites.iter().map(|sited| distance(place_of(sited), at)).reduce(f64::min);
        sight.building = nearest.map(|m| (self.class(pin.accuracy_m), m));
        if trust <= 0.8 {
            return sight;
        }
        let sigma_m = level.learned.sigma_m[self.class(pin.accuracy_m)];
        let mut around = |place: [f64; 2]| Around {
            building_m: level.nearest_building_m(place, desk),
            votes: if series == NONE { None } else { level.votes(series, place, without, desk) },
            at_building: level.at_building(place, pin.key, sigma_m, desk),
        };
        sight.right = Some(around(at));
        let away = |m: f64| [at[0] + m * (draw(0) * TAU).cos(), at[1] + m * (draw(0) * TAU).sin()];
        let mut wrong = around(away(80.0 + 520.0 * draw(1)));
        // What stands at a wrong place: half of them are other people's buildings, missed by as much as the own one.
        let mut elsewhere = away(60.0 + 200.0 * draw(2));
        if i.is_multiple_of(2) {
            let sites = &level.pack.sites;
            let missed = level.nearest_building(at, desk).map_or([0.0; 2], |near| {
                let site = sites[near.id as usize].at;
                [at[0] - site[0], at[1] - site[1]]
            });
            if let Some(near) = level.nearest_building(elsewhere, desk) {
                let site = sites[near.id as usize].at;
                elsewhere = [site[0] + missed[0], site[1] + missed[1]];
            }
        }
        wrong.at_building = level.at_building(elsewhere, pin.key, sigma_m, desk);
        sight.wrong = Some(wrong);
        sight.unhoused = sites.is_empty();
        sight.away = sight.alone && nearest.is_some_and(|m| m > FAR_MATE_M.max(TAILS * sigma_m));
        if let [only] = sites {
            let own = level.occupants.of(only.site).contains(&pin.key);
            sight.company = Some((level.company(only.site, pin.key, desk), own));
        }
        sight
    }

    fn kernels(&mut self, sights: &[Sight]) {
        const ENOUGH: usize = 300;
        let floor = 1.0 / (PI * 300.0 * 300.0);
        let fit = |low: usize, count: usize, default: &[f64]| {
            let among = |class: usize| (low..low + count).contains(&class);
            let of = |s: &Sight| s.building.filter(|(class, _)| among(*class)).map(|(_, m)| (m, s.trust));
            let seen: Vec<Seen> = sights.iter().filter_map(of).collect();
            Kernel::fit(&BUILDING_SCALES_M, default, &seen, floor)
        };
        let mut together = BUILDING_DEFAULT.to_vec();
        for class in 0..CLASSES {
            if class.is_multiple_of(TOGETHER) {
                together = fit(class, TOGETHER, &BUILDING_DEFAULT);
            }
            let mut weights = fit(class, 1, &together);
            Kernel::without_tail(&mut weights, 0.93);
            let variance: f64 = BUILDING_SCALES_M.iter().zip(&weights).map(|(s, w)| w * s * s).sum();
            self.sigma_m[class] = variance.sqrt();
            self.about_building[class] = Kernel::new(&BUILDING_SCALES_M, &weights);
        }
        let mut support: Vec<f64> = sights.iter().filter_map(|s| s.number.map(|n| n.0.support)).collect();
        let mut scale: Vec<f64> = sights.iter().filter_map(|s| s.number.map(|n| n.0.scale_m)).collect();
        if support.is_empty() {
            return;
        }
        support.sort_unstable_by(f64::total_cmp);
        scale.sort_unstable_by(f64::total_cmp);
        self.support_cuts = [0.08, 0.25, 0.6].map(|q| support[(support.len() as f64 * q) as usize]);
        let middle_m = scale[scale.len() / 2];
        let told = || sights.iter().filter(|s| s.building.is_some_and(|(_, m)| m < 20.0)).filter_map(|s| s.number);
        let far = told().filter(|(e, z)| *z > 6.0 && z * e.scale_m > 120.0).count() as f64;
        self.irregular = (far + 0.0005 * 300.0) / (told().count() as f64 + 300.0);
        for class in 0..NUMBERS {
            // Best from pins at their own building: there an error of the pin can't pass for a rough street.
            let of = |s: &Sight| s.number.filter(|(e, _)| self.number_class(e) == class).map(|(_, z)| (z, s.trust));
            let at_home = |s: &&Sight| s.building.is_some_and(|(_, m)| m < 20.0);
            let mut seen: Vec<Seen> = sights.iter().filter(at_home).filter_map(of).collect();
            let mut floor = 1e-9;
            if seen.len() < ENOUGH {
                seen = sights.iter().filter_map(of).collect();
                floor = middle_m * middle_m / (PI * 500.0 * 500.0);
            }
            let weights = Kernel::fit(&NUMBER_SCALES, &NUMBER_DEFAULT, &seen, floor);
            self.about_number[class] = Kernel::new(&NUMBER_SCALES, &weights);
        }
    }

    /// Class of an expectation.
    pub fn number_class(&self, expected: &Expected) -> usize {
        2 * self.support_class(expected.support) + usize::from(expected.mated)
    }

    /// Class of an expectation by its support alone.
    pub fn support_class(&self, support: f64) -> usize {
        self.support_cuts.partition_point(|cut| *cut < support)
    }

    fn surroundings(&mut self, sights: &[Sight]) {
        let right = || sights.iter().filter_map(|s| s.right.as_ref());
        let wrong = || sights.iter().filter_map(|s| s.wrong.as_ref());
        let metres = |all: &mut dyn Iterator<Item = &Around>| all.map(|a| a.building_m).collect::<Vec<_>>();
        let votes = |all: &mut dyn Iterator<Item = &Around>| all.filter_map(|a| a.votes).collect::<Vec<_>>();
        self.nearest_building = Ratio::fit(&BUILDING_EDGES_M, &metres(&mut right()), &metres(&mut wrong()));
        self.votes = Ratio::fit(&VOTE_EDGES, &votes(&mut right()), &votes(&mut wrong()));
        let gaps = || sights.iter().filter_map(|s| s.gap);
        let (own, slipped): (Vec<f64>, Vec<f64>) = gaps().unzip();
        self.number_gap = Ratio::fit_mixed(&GAP_EDGES, &own, &slipped, 0.8 * self.priors[1][Cause::Number.index()]);
        let shares = |all: &mut dyn Iterator<Item = &Around>, least: f64| {
            let mut counts = [least; STANDS];
            all.for_each(|a| counts[a.at_building] += 1.0);
            let sum: f64 = counts.iter().sum();
            counts.map(|count| count / sum)
        };
        let ratio = |right: [f64; STANDS], wrong: [f64; STANDS], low: f64, high: f64| {
            let mut ratio: [f64; STANDS] = std::array::from_fn(|k| (right[k] / wrong[k]).ln().clamp(low, high));
            ratio[STANDS - 1] = 0.0;
            ratio
        };
        let unhoused = || sights.iter().filter(|s| s.unhoused);
        let here = shares(&mut unhoused().filter_map(|s| s.right.as_ref()), 4.0);
        let elsewhere = shares(&mut unhoused().filter_map(|s| s.wrong.as_ref()), 4.0);
        self.at_building = ratio(here, elsewhere, -2.5, 1.5);
        let away = || sights.iter().filter(|s| s.away).filter_map(|s| s.right.as_ref());
        self.away_from_home = ratio(shares(&mut away(), 1.0), shares(&mut wrong(), 4.0), -4.0, 4.0);
        let alone = sights.iter().filter(|s| s.alone && s.right.is_some()).count() as f64;
        self.away = (away().count() as f64 + AWAY * 50.0) / (alone + 50.0);
        // Where the number says that the pin is right, a building far away has a wrong address.
        let (mut stray, mut told) = (0.01 * 50.0, 50.0);
        for sight in sights.iter().filter(|s| s.alone) {
            if let (Some((Expected { support, scale_m, .. }, z)), Some((_, m))) = (sight.number, sight.building)
                && z < 0.7
                && scale_m < 40.0
                && self.support_class(support) > 1
            {
                told += 1.0;
                stray += f64::from(u8::from(m > 45.0));
            }
        }
        self.mislabelled = stray / told;
        let far_share = |kind: Option<usize>| {
            let metres = sights.iter().filter(|s| s.mates == kind).filter_map(|s| s.building);
            let (mut far, mut all) = (0.0, 0.0);
            for (_, m) in metres {
                far += f64::from(u8::from(m > FAR_MATE_M));
                all += 1.0;
            }
            (far, all)
        };
        let (far, all) = far_share(None);
        let base = (far + 0.5) / (all + 10.0);
        self.scattered = std::array::from_fn(|kind| {
            let (far, all) = far_share(Some(kind));
            ((far + 10.0 * base) / (all + 10.0) - base).clamp(0.002, 0.6)
        });
        let housed = sights.iter().filter(|s| s.right.is_some() && !s.unhoused).count() as f64;
        self.label_doubt = label_doubt(sights.iter().filter_map(|s| s.company), housed);
    }
}
