//! Where numbers were expected a moment ago: the rooms of a building ask for the same one after the other.

use super::pack::NONE;
use super::series::{Expected, Without};
use foldhash::HashMap;

/// What came of asking where a series puts a number.
#[derive(Debug, Clone, Copy)]
pub(super) struct Known {
    /// Where it is expected.
    pub expected: Option<Expected>,
    /// The lowest and the highest number that was looked at.
    pub low: u32,
    pub high: u32,
    /// The records that it follows from, the rest [`NONE`].
    taken: [u32; Known::MOST],
}

impl Known {
    /// Records that an expectation follows from, at most.
    pub const MOST: usize = 14;

    /// An expectation, the numbers looked at, and the records that it follows from.
    pub fn new(expected: Option<Expected>, [low, high]: [u32; 2], taken: &[u32]) -> Known {
        let taken = std::array::from_fn(|k| taken.get(k).copied().unwrap_or(NONE));
        Known { expected, low, high, taken }
    }
}

/// What was expected of some numbers at one stage, by series and number.
#[derive(Debug, Default)]
pub(super) struct Recall(HashMap<(u32, u32), Known>);

/// Numbers that are remembered, at most.
const MOST: usize = 4_096;

impl Recall {
    /// What was expected when nobody was left out whom it follows from: the same as without a record that it does not
    /// follow from.
    pub fn get(&self, series: u32, main: u32, without: Without) -> Option<Known> {
        if without.batch != NONE {
            return None;
        }
        self.0.get(&(series, main)).copied().filter(|known| !known.taken.contains(&without.pin))
    }

    /// Remembers an expectation from which nobody was left out.
    pub fn keep(&mut self, series: u32, main: u32, known: Known) {
        if self.0.len() >= MOST {
            self.0.clear();
        }
        self.0.insert((series, main), known);
    }
}
