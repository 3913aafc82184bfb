//! One stage of detection: what is believed, and what batches, borders and collectors show of it.

use super::batch::{BatchCause, judge_batch, judge_batches};
use super::border::Borders;
use super::evidence::pack::Edited;
use super::evidence::{Desk, Level, NONE, Pack, Reads, Ripple, Stand, Teach};
use super::loose::Loose;
use super::regrid::Regrid;
use super::trace::{Reader, Traces, kept};
use crate::domain::{LonLat, Table};
use crate::index::GridIndex;
use rayon::prelude::*;
use std::collections::BTreeSet;
use std::sync::Arc;

/// A stage with what its batches and collectors show.
#[derive(Debug, Clone)]
pub struct Stage {
    /// Places, trust and what follows.
    pub level: Level,
    /// What moved each batch as a whole.
    pub batches: Table<Option<BatchCause>>,
    /// Pins that nothing explains, for collectors' own places.
    pub loose: Loose,
    /// Borders that have moved.
    pub borders: Borders,
    /// Who read what; only where edits are to come.
    pub(super) traces: Option<Traces>,
}

/// Verdicts of the stage before that differ after an edit: where records stand now, and how loose their pins are.
#[derive(Debug, Default)]
pub(super) struct Moves {
    pub stands: Vec<(u32, Stand)>,
    pub weights: Vec<(u32, u8)>,
}

impl Stage {
    /// The stage that follows from where the records stand and how loose they are, in hundredths; answered too is what
    /// was read for each batch, where `noting`.
    pub(super) fn build(
        pack: &Arc<Pack>,
        grid: Arc<GridIndex>,
        stands: Table<Stand>,
        weights: Table<u8>,
        teach: Teach,
        noting: bool,
    ) -> (Stage, Vec<Option<Reads>>) {
        let level = Level::build(pack.clone(), grid, stands, teach);
        let (batches, reads) = judge_batches(&level, noting);
        let (borders, loose) = (Borders::of(&level), Loose::of(pack, weights));
        (Stage { level, batches, loose, borders, traces: None }, reads)
    }

    /// What moved a batch.
    pub fn batch(&self, batch: u32) -> Option<BatchCause> {
        if batch == NONE { None } else { self.batches.get(batch as usize).copied().flatten() }
    }

    /// Takes over other grids. Answered are those whose border, when asked again, may be another one: see
    /// [`Stage::edit`].
    pub(super) fn regrid(&mut self, grid: &Arc<GridIndex>, regrid: &Regrid) -> BTreeSet<u32> {
        self.level.grid = grid.clone();
        self.borders.renumber(regrid);
        let mut rows = regrid.addresses.clone();
        let frame = self.level.pack.frame;
        for [w, s, e, n] in &regrid.ground {
            let ([w, s], [e, n]) = (frame.xy(LonLat::new(*w, *s)), frame.xy(LonLat::new(*e, *n)));
            let (middle, radius_m) = ([(w + e) / 2.0, (s + n) / 2.0], (e - w).hypot(n - s) / 2.0 + 1.0);
            self.level.near.each_within(middle, radius_m, |near| {
                rows.insert(near.id);
            });
        }
        rows
    }

    /// Takes over an edit: the packed city after it, what it changed, what of the stage before moved, and whose border is
    /// to be asked again. Answered are the addresses whose verdict may differ, and those that cross another border than
    /// before, or one about which something else is true.
    pub(super) fn edit(
        &mut self,
        pack: &Arc<Pack>,
        edited: &Edited,
        moves: &Moves,
        bordering: &BTreeSet<u32>,
    ) -> (BTreeSet<u32>, BTreeSet<u32>) {
        let mut ripple = Ripple::default();
        for (s, numbers) in &edited.series {
            numbers.iter().for_each(|n| ripple.listed(*s, *n));
        }
        for (b, old) in &edited.sites {
            [old.key, pack.sites[*b as usize].key].into_iter().for_each(|key| ripple.building(key));
        }
        let rows: BTreeSet<u32> = edited.pins.keys().copied().chain(moves.stands.iter().map(|(i, _)| *i)).collect();
        self.level.take(pack, edited, &moves.stands, &mut ripple);
        self.level.settle(edited, &rows, &mut ripple);
        let loosened = self.loose.edit(pack, &edited.pins, &moves.weights);
        ripple.pins.extend(loosened.places);

        let mut readers: BTreeSet<Reader> = BTreeSet::new();
        if let Some(traces) = &self.traces {
            readers.extend(all_of(&ripple.pins, |at, readers| traces.of_pins(*at, readers)));
            readers.extend(all_of(&ripple.sites, |at, readers| traces.of_sites(*at, readers)));
            let series: Vec<_> = ripple.series.iter().collect();
            readers.extend(all_of(&series, |(s, touch), readers| traces.of_series(**s, touch, readers)));
            loosened.collectors.iter().for_each(|c| traces.of_collector(*c, &mut readers));
        }
        let crossing = self.borders.edit(&self.level, &rows.union(bordering).copied().collect());
        let mut addresses = crossing.clone();
        let mut batches: BTreeSet<u32> = BTreeSet::new();
        for reader in readers {
            match reader {
                Reader::Address(i) => addresses.insert(i),
                Reader::Batch(b) => batches.insert(b),
            };
        }
        for (i, old) in &edited.pins {
            let new = &pack.pins[*i as usize];
            addresses.insert(*i);
            addresses.extend([old.twin, new.twin].into_iter().filter(|twin| *twin != NONE));
            batches.extend([old.batch, new.batch].into_iter().filter(|batch| *batch != NONE));
        }
        for i in edited.housed(pack) {
            addresses.insert(i);
            let batch = pack.pins[i as usize].batch;
            if batch != NONE {
                batches.insert(batch);
            }
        }
        for b in self.judge_again(batches) {
            addresses.extend(pack.batches[b as usize].iter().copied());
        }
        (addresses, crossing)
    }

    /// Keeps the rows of a pack from which the last were taken away.
    pub(super) fn truncate(&mut self, pack: &Arc<Pack>) {
        self.level.truncate(pack);
        self.loose.truncate(pack.pins.len());
        if let Some(traces) = &mut self.traces {
            traces.truncate(pack.pins.len());
        }
    }

    /// Judges some batches again; answered are those about which it thinks otherwise.
    fn judge_again(&mut self, batches: BTreeSet<u32>) -> Vec<u32> {
        let batches: Vec<u32> = batches.into_iter().collect();
        let level = &self.level;
        let judged: Vec<_> = batches
            .par_iter()
            .map_init(Desk::noting, |desk, b| (judge_batch(level, *b, desk), desk.take_reads()))
            .collect();
        let mut changed = Vec::new();
        for (b, (cause, reads)) in batches.into_iter().zip(judged) {
            while self.batches.len() <= b as usize {
                self.batches.push(None);
            }
            if self.batches[b as usize] != cause {
                self.batches.set(b as usize, cause);
                changed.push(b);
            }
            if let Some(traces) = &mut self.traces {
                traces.set(&self.level.pack, Reader::Batch(b), kept(reads, &mut None));
            }
        }
        changed
    }
}

/// Everybody who read one of many things.
fn all_of<T: Sync>(things: &[T], of: impl Fn(&T, &mut BTreeSet<Reader>) + Sync) -> Vec<Reader> {
    let chunk = |things: &[T]| {
        let mut readers = BTreeSet::new();
        things.iter().for_each(|thing| of(thing, &mut readers));
        readers.into_iter().collect::<Vec<_>>()
    };
    things.par_chunks(64).flat_map_iter(chunk).collect()
}
