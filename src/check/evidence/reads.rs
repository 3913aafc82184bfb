//! What a verdict was read from, so that an edit knows which verdicts it may change.

use super::pack::{Key, NONE};
use crate::check::hypothesis::typo::slips;
use std::collections::{BTreeMap, BTreeSet};

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

/// What was read of a series.
#[derive(Debug, Clone, PartialEq)]
pub struct SeriesRead {
    /// The series.
    pub series: u32,
    /// Whether it was read where it runs, as a whole.
    pub course: bool,
    /// First and last of the numbers that were read, run by run; with the buildings of these numbers and who is at home
    /// in them.
    pub numbers: Vec<(u32, u32)>,
    /// A number for whose slips buildings were looked for.
    pub slips: Option<u32>,
}

impl SeriesRead {
    /// Runs kept apart, at most.
    const MOST: usize = 16;

    fn add(&mut self, low: u32, high: u32) {
        let apart = |(a, b): &(u32, u32)| *a > high.saturating_add(1) || b.saturating_add(1) < low;
        let beside = self.numbers.iter().position(|run| !apart(run));
        match beside.or((self.numbers.len() >= Self::MOST).then_some(0)) {
            Some(place) => {
                let run = &mut self.numbers[place];
                *run = (run.0.min(low), run.1.max(high));
            }
            None => self.numbers.push((low, high)),
        }
    }

    /// Whether it was read from what an edit touched.
    pub fn is_of(&self, touch: &SeriesTouch) -> bool {
        let within = |n: &u32| self.numbers.iter().any(|(low, high)| (low..=high).contains(&n));
        let is_slip = |main: u32| touch.buildings.iter().any(|n| slips(main).iter().any(|(slip, _)| slip == n));
        let slipped = !touch.buildings.is_empty() && self.slips.is_some_and(is_slip);
        touch.order || (touch.course && self.course) || touch.numbers.iter().any(within) || slipped
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
        self.series.iter_mut().for_each(|read| read.numbers.shrink_to_fit());
        self.series.shrink_to_fit();
    }

    fn of_series(&mut self, series: u32) -> &mut SeriesRead {
        let place = self.series.iter().position(|read| read.series == series).unwrap_or_else(|| {
            self.series.push(SeriesRead { series, course: false, numbers: Vec::new(), slips: None });
            self.series.len() - 1
        });
        &mut self.series[place]
    }

    /// Notes the numbers from `low` to `high` of a series.
    pub fn numbers(&mut self, series: u32, low: u32, high: u32) {
        self.of_series(series).add(low, high);
    }

    /// Notes that buildings were looked for whose number is a slip of `main`.
    pub fn slips(&mut self, series: u32, main: u32) {
        self.of_series(series).slips = Some(main);
    }

    /// Notes a series as a whole.
    pub fn course(&mut self, series: u32) {
        self.of_series(series).course = true;
    }
}

/// What an edit touched of a series.
#[derive(Debug, Clone, Default)]
pub struct SeriesTouch {
    /// Numbers whose addresses or buildings are others, stand elsewhere, or house others.
    pub numbers: BTreeSet<u32>,
    /// Numbers with other buildings.
    pub buildings: BTreeSet<u32>,
    /// Whether it runs otherwise as a whole.
    pub course: bool,
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
    use super::*;

    #[test]
    fn a_read_is_touched_by_its_numbers_or_its_course() {
        let mut reads = Reads::default();
        reads.numbers(3, 10, 20);
        reads.numbers(3, 40, 44);
        reads.numbers(3, 21, 22);
        let read = &reads.series[0];
        assert_eq!(read.numbers, [(10, 22), (40, 44)]);
        let touch = |n: u32| SeriesTouch { numbers: [n].into(), ..SeriesTouch::default() };
        assert!([10, 22, 42].into_iter().all(|n| read.is_of(&touch(n))));
        assert!([9, 23, 45].into_iter().all(|n| !read.is_of(&touch(n))));
        let course = SeriesTouch { course: true, ..SeriesTouch::default() };
        assert!(!read.is_of(&course) && read.is_of(&SeriesTouch { order: true, ..course.clone() }));
        (0..40).for_each(|k| reads.numbers(3, 100 + 10 * k, 101 + 10 * k));
        assert!((0..40).all(|k| reads.series[0].is_of(&touch(100 + 10 * k))), "none is lost");
        reads.course(3);
        assert!(reads.series[0].is_of(&course));
        let built = SeriesTouch { buildings: [18].into(), ..SeriesTouch::default() };
        let mut reads = Reads::default();
        reads.slips(3, 81);
        assert!(reads.series[0].is_of(&built) && !reads.series[0].is_of(&touch(18)));
    }
}
