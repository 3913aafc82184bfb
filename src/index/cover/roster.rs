//! The polygons that a cell has to do with: the same few for many cells, so each list is kept once.

use foldhash::fast::FixedState;
use std::collections::HashMap;

/// Levels of polygons.
pub const LEVELS: usize = 5;
/// Nobody.
pub const NONE: u32 = u32::MAX;

/// A polygon's place in the order of levels and ranks, its level and its name.
#[derive(Debug, Clone, Copy)]
pub struct Seat {
    /// Its level.
    pub level: usize,
    /// What callers know it by.
    pub name: u32,
}

/// Lists of polygons by level and rank, known by their place. A cell without edges is asked for the first of a level only:
/// these lie apart and close together.
#[derive(Debug, Clone, Default)]
pub struct Rosters {
    /// First polygon of each level or `NONE`, and the place of the list.
    leads: Vec<([u32; LEVELS], u32)>,
    /// For each list: where each level ends in it, then its polygons.
    lists: Vec<u32>,
}

impl Rosters {
    /// Adds a list of seats, which ascend; answers its place.
    pub fn add(&mut self, list: &[u32], seats: &[Seat]) -> u32 {
        let place = self.lists.len();
        let of = |level: usize| list.iter().take_while(move |seat| seats[**seat as usize].level <= level).count();
        self.lists.extend((0..LEVELS).map(|level| of(level) as u32));
        self.lists.extend(list.iter().map(|seat| seats[*seat as usize].name));
        place as u32
    }

    /// Adds a list of others; answers its place.
    pub fn take(&mut self, others: &Rosters, place: u32) -> u32 {
        let list = &others.lists[place as usize..];
        let own = self.lists.len() as u32;
        self.lists.extend_from_slice(&list[..LEVELS + list[LEVELS - 1] as usize]);
        own
    }

    /// Notes who comes first in a list; answers the number by which [`Rosters::first`] knows it.
    pub fn lead(&mut self, place: u32) -> u32 {
        let first = std::array::from_fn(|level| self.members(place, level).first().copied().unwrap_or(NONE));
        self.leads.push((first, place));
        self.leads.len() as u32 - 1
    }

    /// The first of a level.
    #[inline]
    pub fn first(&self, lead: u32, level: usize) -> Option<u32> {
        let name = self.leads[lead as usize].0[level];
        (name != NONE).then_some(name)
    }

    /// The place of the list with a lead.
    pub fn place(&self, lead: u32) -> u32 {
        self.leads[lead as usize].1
    }

    /// The first of a level among those of a list whose bit is set; the lowest bit is the list's first polygon.
    #[inline]
    pub fn first_of(&self, place: u32, level: usize, holders: u32) -> Option<u32> {
        let list = &self.lists[place as usize..];
        let (from, to) = (if level > 0 { list[level - 1] } else { 0 }, list[level]);
        let held = holders & ((1 << to) - 1) & !((1 << from) - 1);
        (held != 0).then(|| list[LEVELS + held.trailing_zeros() as usize])
    }

    /// Reads what [`Rosters::first`] and [`Rosters::first_of`] are going to read, where there is such a lead or list.
    #[inline]
    pub fn touch(&self, lead: u32, place: u32, level: usize) -> u32 {
        let first = self.leads.get(lead as usize).map_or(0, |lead| lead.0[level]);
        first ^ self.lists.get(place as usize + level).copied().unwrap_or(0)
    }

    /// All of a level, by rank.
    pub fn members(&self, place: u32, level: usize) -> &[u32] {
        let list = &self.lists[place as usize..];
        let (from, to) = (if level > 0 { list[level - 1] } else { 0 }, list[level]);
        &list[LEVELS..][from as usize..to as usize]
    }

    /// Bytes that they take.
    pub fn bytes(&self) -> usize {
        4 * (self.leads.len() * (LEVELS + 1) + self.lists.len())
    }
}

/// Gives each list of seats a number.
#[derive(Debug, Default)]
pub struct Register {
    numbers: HashMap<Box<[u32]>, u32, FixedState>,
    /// The lists by number.
    pub lists: Vec<Box<[u32]>>,
}

impl Register {
    /// The number of a list.
    pub fn number(&mut self, list: &[u32]) -> u32 {
        if let Some(number) = self.numbers.get(list) {
            return *number;
        }
        let number = self.lists.len() as u32;
        self.numbers.insert(list.into(), number);
        self.lists.push(list.into());
        number
    }
}
