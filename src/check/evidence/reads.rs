//! What a verdict was read from, so that an edit knows which verdicts it may change.

use super::pack::{Key, NONE};
use super::series::{Course, Without};
use crate::check::hypothesis::typo::slips;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// A place and the distance within which something was read there.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Circle {
    /// Metres in the plane.
    pub at: [f64; 2],
    /// Metres, rounded up.
    pub radius_m: f32,
}

impl Circle {
    /// Adds a circle to a list, or widens the one about the same place.
    pub fn add(circles: &mut Vec<Circle>, at: [f64; 2], radius_m: f64) {
        if !at[0].is_finite() {
            return;
        }
        // A millimetre more than what rounding to a float takes away.
        let radius_m = (radius_m * 1.000_001 + 0.001) as f32;
        match circles.iter_mut().find(|circle| circle.at == at) {
            Some(circle) => circle.radius_m = circle.radius_m.max(radius_m),
            None => circles.push(Circle { at, radius_m }),
        }
    }
}

/// What was read of the density of a series: it is asked again before whoever read it is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DensityRead {
    /// The place, metres in the plane.
    pub at: [f64; 2],
    /// Who was left out.
    pub without: Without,
    /// What it was, per square metre.
    pub per_m2: f64,
}

/// What was read of a series.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct SeriesRead {
    /// The series.
    pub series: u32,
    /// Whether it was read where it lies, as a whole.
    pub course: bool,
    /// What was read of its density.
    pub densities: Vec<DensityRead>,
    /// The numbers of which was read where their addresses stand.
    pub numbers: Runs,
    /// The numbers of which was read which addresses and buildings there are, and who is at home in these.
    pub listed: Runs,
    /// A number for whose slips buildings were looked for.
    pub slips: Option<u32>,
}

/// Numbers, as the first and last of each run of them.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Runs(Vec<(u32, u32)>);

impl Runs {
    /// Runs kept apart, at most.
    const MOST: usize = 16;

    fn add(&mut self, low: u32, high: u32) {
        let apart = |(a, b): &(u32, u32)| *a > high.saturating_add(1) || b.saturating_add(1) < low;
        let beside = self.0.iter().position(|run| !apart(run));
        match beside.or((self.0.len() >= Self::MOST).then_some(0)) {
            Some(place) => {
                let run = &mut self.0[place];
                *run = (run.0.min(low), run.1.max(high));
            }
            None => self.0.push((low, high)),
        }
    }

    fn has_any(&self, numbers: &BTreeSet<u32>) -> bool {
        self.0.iter().any(|(low, high)| numbers.range(low..=high).next().is_some())
    }
}

impl SeriesRead {
    /// Whether it was read from what an edit touched.
    pub fn is_of(&self, touch: &SeriesTouch) -> bool {
        let is_slip = |main: u32| touch.buildings.iter().any(|n| slips(main).iter().any(|(slip, _)| slip == n));
        let slipped = !touch.buildings.is_empty() && self.slips.is_some_and(is_slip);
        let is_another = |read: &DensityRead| {
            touch.drawn.as_ref().is_some_and(|course| course.density(read.at, read.without) != read.per_m2)
        };
        touch.order
            || (touch.course && self.course)
            || self.numbers.has_any(&touch.numbers)
            || self.listed.has_any(&touch.listed)
            || slipped
            || self.densities.iter().any(is_another)
    }
}

/// What was read for one verdict, beyond the record itself, its grid and the buildings with its address.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Reads {
    /// Where trusted addresses were looked for.
    pub pins: Vec<Circle>,
    /// Where buildings were looked for.
    pub sites: Vec<Circle>,
    /// Series.
    pub series: Vec<SeriesRead>,
    /// Whether the collector's other doubtful pins were read.
    pub collector: bool,
}

impl Reads {
    /// Whether nothing was read.
    pub fn is_empty(&self) -> bool {
        self.pins.is_empty() && self.sites.is_empty() && self.series.is_empty() && !self.collector
    }

    /// Gives back the room that is not used.
    pub fn shrink(&mut self) {
        self.pins.shrink_to_fit();
        self.sites.shrink_to_fit();
        for read in &mut self.series {
            read.numbers.0.shrink_to_fit();
            read.listed.0.shrink_to_fit();
            read.densities.shrink_to_fit();
        }
        self.series.shrink_to_fit();
    }

    fn of_series(&mut self, series: u32) -> &mut SeriesRead {
        let place = self.series.iter().position(|read| read.series == series).unwrap_or_else(|| {
            self.series.push(SeriesRead { series, ..SeriesRead::default() });
            self.series.len() - 1
        });
        &mut self.series[place]
    }

    /// Notes where the addresses of the numbers from `low` to `high` of a series stand.
    pub fn numbers(&mut self, series: u32, low: u32, high: u32) {
        self.of_series(series).numbers.add(low, high);
    }

    /// Notes which addresses and buildings a series has of the numbers from `low` to `high`.
    pub fn listed(&mut self, series: u32, low: u32, high: u32) {
        self.of_series(series).listed.add(low, high);
    }

    /// Notes that buildings were looked for whose number is a slip of `main`.
    pub fn slips(&mut self, series: u32, main: u32) {
        self.of_series(series).slips = Some(main);
    }

    /// Notes what was read of the density of a series.
    pub fn density(&mut self, series: u32, read: DensityRead) {
        let densities = &mut self.of_series(series).densities;
        if !densities.contains(&read) {
            densities.push(read);
        }
    }

    /// Notes where a series lies as a whole.
    pub fn course(&mut self, series: u32) {
        self.of_series(series).course = true;
    }
}

/// What an edit touched of a series.
#[derive(Debug, Clone, Default)]
pub struct SeriesTouch {
    /// Numbers whose addresses or buildings are others, stand elsewhere, or house others.
    pub numbers: BTreeSet<u32>,
    /// Those of them of which addresses or buildings came or went, or that house others.
    pub listed: BTreeSet<u32>,
    /// Numbers with other buildings.
    pub buildings: BTreeSet<u32>,
    /// Whether it lies elsewhere as a whole.
    pub course: bool,
    /// How it runs now, where its density is told from others since.
    pub drawn: Option<Arc<Course>>,
    /// Whether its numbers came in order or fell out of it.
    pub order: bool,
}

/// What an edit touched at a stage: whoever read it is asked again.
#[derive(Debug, Clone, Default)]
pub struct Ripple {
    /// By series.
    pub series: BTreeMap<u32, SeriesTouch>,
    /// Places where a trusted address came, went or changed.
    pub pins: Vec<[f64; 2]>,
    /// Places where a building came, went, changed or houses others.
    pub sites: Vec<[f64; 2]>,
}

impl Ripple {
    /// Notes that addresses or buildings of a number of a series came or went, or that others are at home in these;
    /// nothing for no series.
    pub fn listed(&mut self, series: u32, main: u32) {
        if series != NONE {
            self.series.entry(series).or_default().listed.insert(main);
            self.number(series, main);
        }
    }

    /// Notes a number of a series; nothing for no series.
    pub fn number(&mut self, series: u32, main: u32) {
        if series != NONE {
            self.series.entry(series).or_default().numbers.insert(main);
        }
    }

    /// Notes that a number of a series has other buildings; nothing for no series.
    pub fn building(&mut self, key: Key) {
        if key.is_whole() {
            self.series.entry(key.series).or_default().buildings.insert(key.main);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::series::Drawn;
    use super::*;

    #[test]
    fn a_read_is_touched_by_its_numbers_or_its_course() {
        let mut reads = Reads::default();
        reads.numbers(3, 10, 20);
        reads.numbers(3, 40, 44);
        reads.numbers(3, 21, 22);
        let read = &reads.series[0];
        assert_eq!(read.numbers.0, [(10, 22), (40, 44)]);
        let touch = |n: u32| SeriesTouch { numbers: [n].into(), ..SeriesTouch::default() };
        assert!([10, 22, 42].into_iter().all(|n| read.is_of(&touch(n))));
        assert!([9, 23, 45].into_iter().all(|n| !read.is_of(&touch(n))));
        let course = SeriesTouch { course: true, ..SeriesTouch::default() };
        assert!(!read.is_of(&course) && read.is_of(&SeriesTouch { order: true, ..course.clone() }));
        (0..40).for_each(|k| reads.numbers(3, 100 + 10 * k, 101 + 10 * k));
        assert!((0..40).all(|k| reads.series[0].is_of(&touch(100 + 10 * k))), "none is lost");
        reads.course(3);
        assert!(reads.series[0].is_of(&course));
        let (mut stands, mut comes) = (Ripple::default(), Ripple::default());
        stands.number(3, 12);
        comes.listed(3, 12);
        let mut reads = Reads::default();
        reads.listed(3, 10, 20);
        assert!(!reads.series[0].is_of(&stands.series[&3]) && reads.series[0].is_of(&comes.series[&3]));
        reads.numbers(3, 12, 12);
        assert!(reads.series[0].is_of(&stands.series[&3]));
        let built = SeriesTouch { buildings: [18].into(), ..SeriesTouch::default() };
        let mut reads = Reads::default();
        let lain = |x: f64, trust: f64| {
            let drawn = |pin: u32| Drawn { pin, batch: NONE, at: [x + 10.0 * f64::from(pin), 0.0], trust };
            Course { spread_m: 100.0, sample: (0..40).map(drawn).collect(), ..Course::default() }
        };
        let (at, without) = ([50.0, 20.0], Without { pin: 7, batch: NONE });
        reads.density(3, DensityRead { at, without, per_m2: lain(0.0, 0.9).density(at, without) });
        let drawn = |course: Course| SeriesTouch { drawn: Some(course.into()), ..SeriesTouch::default() };
        let mut other = lain(0.0, 0.9);
        other.sample[3].trust = 0.91;
        assert!(!reads.series[0].is_of(&drawn(other)), "a hundredth of one in forty is not felt");
        assert!(reads.series[0].is_of(&drawn(lain(100.0, 0.9))) && !reads.series[0].is_of(&course));
        let mut reads = Reads::default();
        reads.slips(3, 81);
        assert!(reads.series[0].is_of(&built) && !reads.series[0].is_of(&touch(18)));
    }
}
