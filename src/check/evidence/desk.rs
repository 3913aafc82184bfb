//! Room to think: lists that are used again and again, and a note of what was read.

use super::reads::{Circle, DensityRead, Reads};
use super::recall::Recall;
use crate::check::hypothesis::typo::slips;
use crate::index::Near;
use foldhash::HashMap;
use std::sync::Arc;

/// What is kept with a trusted address in the bins of a stage.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Mark {
    /// Its series.
    pub series: u32,
    /// Its number.
    pub main: u32,
    /// Its batch.
    pub batch: u32,
    /// How far it is trusted.
    pub trust: f32,
}

/// Room to think, one for each thread and stage: what it remembers is true of one stage only.
#[derive(Debug)]
pub struct Desk {
    /// Buildings that were found.
    pub sites: Vec<Near>,
    /// Addresses that were found.
    pub pins: Vec<Near<Mark>>,
    /// About which place these are, and how many were asked for.
    pub(super) pins_of: ([f64; 2], usize),
    pub(super) neighbours: Vec<(u32, [f64; 2], f64)>,
    pub(super) pairs: Vec<([f64; 2], f64)>,
    pub(super) values: Vec<(f64, f64)>,
    /// The records from which the last expectation follows, and whether somebody was left out who would be one.
    pub(super) taken: Vec<u32>,
    pub(super) left_out: bool,
    /// Expectations of a moment ago.
    pub(super) recall: Recall,
    /// Slips of the numbers of a moment ago.
    slips: HashMap<u32, Arc<[(u32, f64)]>>,
    /// The nearest building of the place that was asked last.
    pub(super) site: ([f64; 2], Option<Near>),
    /// The neighbours of the place that was asked last.
    pub(super) around: ([f64; 2], Vec<Near<Mark>>),
    /// What was read, where somebody wants to know.
    reads: Option<Reads>,
}

impl Default for Desk {
    fn default() -> Self {
        const NOWHERE: [f64; 2] = [f64::NAN; 2];
        Desk {
            sites: Vec::new(),
            pins: Vec::new(),
            pins_of: (NOWHERE, 0),
            neighbours: Vec::new(),
            pairs: Vec::new(),
            values: Vec::new(),
            taken: Vec::new(),
            left_out: false,
            recall: Recall::default(),
            slips: HashMap::default(),
            site: (NOWHERE, None),
            around: (NOWHERE, Vec::new()),
            reads: None,
        }
    }
}

impl Desk {
    /// A desk that notes what is read.
    pub fn noting() -> Desk {
        Desk { reads: Some(Reads::default()), ..Desk::default() }
    }

    /// What was read since the last time; none for a desk that takes no notes.
    pub fn take_reads(&mut self) -> Option<Reads> {
        self.reads.as_mut().map(std::mem::take)
    }

    /// The slips of a number; see [`slips`].
    pub fn slips(&mut self, n: u32) -> Arc<[(u32, f64)]> {
        const MOST: usize = 1_024;
        if self.slips.len() >= MOST {
            self.slips.clear();
        }
        self.slips.entry(n).or_insert_with(|| slips(n).into()).clone()
    }

    /// Notes that the addresses within a distance of a place were read.
    pub fn read_pins(&mut self, at: [f64; 2], radius_m: f64) {
        if let Some(reads) = &mut self.reads {
            Circle::add(&mut reads.pins, at, radius_m);
        }
    }

    /// Notes that the buildings within a distance of a place were read, and who is at home in them.
    pub fn read_sites(&mut self, at: [f64; 2], radius_m: f64) {
        if let Some(reads) = &mut self.reads {
            Circle::add(&mut reads.sites, at, radius_m);
        }
    }

    /// Notes that it was read where the addresses of the numbers from `low` to `high` of a series stand.
    pub fn read_numbers(&mut self, series: u32, low: u32, high: u32) {
        if let Some(reads) = &mut self.reads {
            reads.numbers(series, low, high);
        }
    }

    /// Notes that it was read which addresses and buildings a series has of the numbers from `low` to `high`.
    pub fn read_listed(&mut self, series: u32, low: u32, high: u32) {
        if let Some(reads) = &mut self.reads {
            reads.listed(series, low, high);
        }
    }

    /// Notes that buildings of a series were looked for whose number is a slip of `main`.
    pub fn read_slips(&mut self, series: u32, main: u32) {
        if let Some(reads) = &mut self.reads {
            reads.slips(series, main);
        }
    }

    /// Notes what was read of the density of a series.
    pub fn read_density(&mut self, series: u32, read: DensityRead) {
        if let Some(reads) = &mut self.reads {
            reads.density(series, read);
        }
    }

    /// Notes that it was read where a series lies as a whole.
    pub fn read_course(&mut self, series: u32) {
        if let Some(reads) = &mut self.reads {
            reads.course(series);
        }
    }

    /// Notes that the share of a collector's own doubtful pins was read.
    pub fn read_collector(&mut self) {
        if let Some(reads) = &mut self.reads {
            reads.collector = true;
        }
    }
}
