//! Care groups, told without telling of anybody: bands for fixed grids, and nothing that gives a hidden count away.
//!
//! **What is published.** At one level of grids (the *care level*, fixed when the City is built: `grid`, or the
//! coarsest level that carries headcounts of its own), each grid with ten or more of a group shows its band; a smaller
//! count, zero included, shows nothing. Finer grids never show anything. A coarser grid shows `100+` when the lower
//! ends of the bands shown inside it add up to a hundred or more, and else nothing.
//!
//! **Why no count under ten can be told.** The bands of the care level are functions of one count each, and the counts
//! of different grids there are different people: no grid of the care level lies in another. So whoever knows this
//! program, all tiles and all reports can replace a hidden count by any of 0 to 9 without any published thing changing;
//! and a count of a finer grid likewise, because the rest of its care grid makes up for it. What a coarser grid shows
//! follows from what its parts show, so it adds nothing (this takes the place of complementary suppression: there is no
//! total to subtract from). Who sees which part of the map does not matter, since everybody's part is a part of the
//! same whole.
//!
//! **Over time.** Each week's picture is such a function of that week's counts, so that knowing which counts did not
//! change between two weeks does not help either. Somebody who watches every minute and knows that people come and go
//! one at a time could still see the moment at which 9 becomes 10. Therefore a count that changes while the City runs is
//! only shown again from 20 up; below that it stays out of sight until the next full build, so that appearing and
//! disappearing never mark the step between 9 and 10. A care grid that is made of other grids than before (a redrawn map)
//! shows nothing either until then: what it shows less than before would speak of the grid that left it. A steward who
//! redraws grids and starts the server anew on the same day with the same counts does publish both pictures; grids are
//! redrawn between counts.
//!
//! The exact counts stay private to this file and to the store.

use crate::domain::{CareGroup, GridCode, GridLevel, Headcount, Table};
use crate::index::GridIndex;
use crate::index::lookup::key_of;
use std::fmt;
use std::sync::Arc;

/// The smallest count that is shown.
pub const SHOWN_FROM: u64 = 10;
/// The smallest count that is shown after a change.
pub const SHOWN_AGAIN_FROM: u64 = 20;

/// How many, roughly.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Band {
    /// 10 to 19.
    Ten,
    /// 20 to 49.
    Twenty,
    /// 50 to 99.
    Fifty,
    /// 100 and more.
    Hundred,
}

impl Band {
    /// All bands.
    pub const ALL: [Band; 4] = [Band::Ten, Band::Twenty, Band::Fifty, Band::Hundred];

    /// The band of a count; none under ten.
    pub fn of(count: u64) -> Option<Band> {
        match count {
            0..SHOWN_FROM => None,
            SHOWN_FROM..20 => Some(Band::Ten),
            20..50 => Some(Band::Twenty),
            50..100 => Some(Band::Fifty),
            _ => Some(Band::Hundred),
        }
    }

    /// The smallest count of the band.
    pub fn low(self) -> u64 {
        match self {
            Band::Ten => 10,
            Band::Twenty => 20,
            Band::Fifty => 50,
            Band::Hundred => 100,
        }
    }

    /// The text in tiles: `10-19`, `20-49`, `50-99`, `100+`.
    pub fn as_str(self) -> &'static str {
        match self {
            Band::Ten => "10-19",
            Band::Twenty => "20-49",
            Band::Fifty => "50-99",
            Band::Hundred => "100+",
        }
    }
}

/// A band for each group, in the order of [`CareGroup::ALL`].
pub type Bands = [Option<Band>; 8];

/// What is published of the care groups.
#[derive(Clone, Default)]
pub struct Care {
    level: Option<GridLevel>,
    /// By position of the grid.
    bands: Arc<Vec<Bands>>,
    /// Exact counts of the grids of the care level, by position of the grid; none for all others. Never leaves this file.
    cells: Arc<Vec<Option<Cell>>>,
}

/// One grid of the care level.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Cell {
    counts: [u64; 8],
    /// Which grids lie in it.
    members: u64,
}

impl fmt::Debug for Care {
    /// Without the counts.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Care").field("level", &self.level).field("bands", &self.bands).finish_non_exhaustive()
    }
}

impl Care {
    /// What is published of these headcounts when nothing was published before.
    pub fn build(headcounts: &Table<Headcount>, grid: &GridIndex) -> Care {
        let level = care_level(headcounts, grid);
        let cells = count(headcounts, grid, level);
        let shown = cells.iter().map(|cell| cell.map_or([None; 8], |cell| cell.counts.map(Band::of))).collect();
        Care { level, bands: Arc::new(with_totals(shown, grid, &cells)), cells: Arc::new(cells) }
    }

    /// What is published after headcounts changed; the grids are the same.
    pub fn after(&self, headcounts: &Table<Headcount>, grid: &GridIndex) -> Care {
        self.carried(headcounts, grid, self.level, |i| Some(i as usize))
    }

    /// What is published after grids changed: a grid is the same when its code is.
    pub fn rebuilt(&self, old: &GridIndex, headcounts: &Table<Headcount>, grid: &GridIndex) -> Care {
        let level = care_level(headcounts, grid);
        // Another level is another partition of the same people: whoever holds both could subtract.
        self.carried(headcounts, grid, level, |i| {
            old.position(grid.code(i)).filter(|_| level == self.level).map(|i| i as usize)
        })
    }

    fn carried(
        &self,
        headcounts: &Table<Headcount>,
        grid: &GridIndex,
        level: Option<GridLevel>,
        before: impl Fn(u32) -> Option<usize>,
    ) -> Care {
        let cells = count(headcounts, grid, level);
        let shown = |(i, cell): (u32, &Option<Cell>)| -> Bands {
            let Some(cell) = cell else { return Bands::default() };
            let known = before(i).and_then(|i| Some((i, (*self.cells.get(i)?)?)));
            match known {
                Some((i, known)) if known.members == cell.members => std::array::from_fn(|g| {
                    if known.counts[g] == cell.counts[g] {
                        self.bands[i][g]
                    } else {
                        Band::of(cell.counts[g]).filter(|_| cell.counts[g] >= SHOWN_AGAIN_FROM)
                    }
                }),
                // Made of other grids than before: the difference to what was shown would speak of those that moved.
                _ => Bands::default(),
            }
        };
        let shown = (0..).zip(&cells).map(shown).collect();
        Care { level, bands: Arc::new(with_totals(shown, grid, &cells)), cells: Arc::new(cells) }
    }

    /// The level of the grids that show bands.
    pub fn level(&self) -> Option<GridLevel> {
        self.level
    }

    /// The bands of a grid, by its position.
    pub fn bands(&self, grid: u32) -> Bands {
        self.bands.get(grid as usize).copied().unwrap_or_default()
    }

    /// Positions of the grids that show something else than in `before`.
    pub fn differs(&self, before: &Care) -> Vec<u32> {
        if Arc::ptr_eq(&self.bands, &before.bands) {
            return Vec::new();
        }
        let grids = self.bands.len().max(before.bands.len()) as u32;
        (0..grids).filter(|i| self.bands(*i) != before.bands(*i)).collect()
    }
}

/// The level at which counts are shown: `grid` where there are such grids, else the next coarser; coarser still where
/// headcounts are given for coarser grids, since they cannot be told apart by the finer ones.
fn care_level(headcounts: &Table<Headcount>, grid: &GridIndex) -> Option<GridLevel> {
    let mut present: Vec<GridLevel> = (0..grid.len() as u32).map(|i| grid.level(i)).collect();
    present.sort_unstable();
    present.dedup();
    let usual = present.iter().rev().find(|level| **level <= GridLevel::Grid).or(present.first()).copied()?;
    let counted = headcounts.iter().filter_map(|h| grid.position(&h.grid)).map(|i| grid.level(i)).min();
    Some(counted.map_or(usual, |counted| counted.min(usual)))
}

/// The cells by position; none for grids that are not of the care level or lie in another that is.
fn count(headcounts: &Table<Headcount>, grid: &GridIndex, level: Option<GridLevel>) -> Vec<Option<Cell>> {
    let grids = grid.len();
    let mut by_order: Vec<u32> = (0..grids as u32).collect();
    by_order.sort_unstable_by_key(|i| grid.order(*i));
    let place = |order: u32| by_order.partition_point(|i| grid.order(*i) < order);
    let mut sums = vec![[0u64; 8]; grids + 1];
    for headcount in headcounts.iter() {
        if let Some(i) = grid.position(&headcount.grid) {
            sums[place(grid.order(i)) + 1][headcount.group as usize] += u64::from(headcount.count);
        }
    }
    for k in 0..grids {
        sums[k + 1] = std::array::from_fn(|g| sums[k][g] + sums[k + 1][g]);
    }
    let cell = |i: u32| {
        let above = std::iter::successors(grid.parent(i), |j| grid.parent(*j));
        if Some(grid.level(i)) != level || above.into_iter().any(|j| Some(grid.level(j)) == level) {
            return None;
        }
        let (from, to) = grid.preorder(i);
        let (from, to) = (place(from), place(to));
        let counts = std::array::from_fn(|g| sums[to][g] - sums[from][g]);
        let members: Vec<&GridCode> = by_order[from..to].iter().map(|i| grid.code(*i)).collect();
        Some(Cell { counts, members: key_of(&members) })
    };
    (0..grids as u32).map(cell).collect()
}

/// Adds what coarser grids show because their parts do.
fn with_totals(mut bands: Vec<Bands>, grid: &GridIndex, cells: &[Option<Cell>]) -> Vec<Bands> {
    let mut lows = vec![[0u64; 8]; grid.len()];
    for cell in (0..grid.len() as u32).filter(|i| cells[*i as usize].is_some()) {
        let shown = bands[cell as usize];
        for above in std::iter::successors(grid.parent(cell), |j| grid.parent(*j)) {
            for (low, band) in lows[above as usize].iter_mut().zip(shown) {
                *low += band.map_or(0, Band::low);
            }
        }
    }
    for (bands, lows) in bands.iter_mut().zip(&lows) {
        for (band, low) in bands.iter_mut().zip(lows) {
            if *low >= Band::Hundred.low() {
                *band = Some(Band::Hundred);
            }
        }
    }
    bands
}

const _: () = assert!(CareGroup::ALL.len() == 8);
