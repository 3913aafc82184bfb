//! Detection: which cause explains each record best, how probably, and where it belongs.
//!
//! The order: pack the city; distrust what is shared by many; then, stage by stage, learn from what is trusted, judge the
//! batches by evidence from outside, judge every record, trust and move it accordingly.
//!
//! An edit goes through the same stages, and at each asks again only those verdicts that were read from something that
//! is no longer the same; the result is that of a run from nothing by what was learned before, bit for bit.

use super::context::Context;
use super::evidence::learned::{MISSES, about_other, miss_of};
use super::evidence::{Desk, Learned, Pack, Pin, Reads, Stand, Teach};
use super::hypothesis::judge::{COARSE, STACK, middles_told};
use super::hypothesis::{CAUSES, Cause, Judged, Judgement, PRIORS, judge};
use super::loose::hundredths;
use super::regrid::Regrid;
use super::stage::{Moves, Stage};
use super::trace::{Reader, Traces, kept};
use crate::domain::Table;
use rayon::prelude::*;
use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};

/// Stages of detection.
const STAGES: usize = 3;
/// Records that one thread takes at a time: sums are taken by chunk and in order, so that they come out the same on
/// any number of threads.
const CHUNK: usize = 2_048;

/// What detection learned: the snapshot by which edits are judged until it is learned anew.
#[derive(Debug)]
pub struct Snapshot {
    /// Kernels, ratios and priors of each stage.
    learned: Vec<Arc<Learned>>,
    /// Share of addresses that exist twice at different places.
    twin_share: f64,
    /// Share of buildings that carry an address.
    addressed_share: f64,
    /// The ground that was taken for the city's.
    area: Option<[f64; 4]>,
}

/// What detection found. A copy is cheap.
#[derive(Debug)]
pub struct Detection {
    snapshot: Arc<Snapshot>,
    /// The last stage, without its traces.
    last: Stage,
    /// All stages with their traces, where edits are to come; none once they were given up.
    stages: Mutex<Option<Vec<Stage>>>,
    /// The verdict on each address.
    pub judged: Table<Judged>,
}

/// Told how many of how many steps are done.
pub type Told<'a> = &'a (dyn Fn(usize, usize) + Sync);

/// What came of judging every record at a stage.
struct Verdicts {
    judged: Vec<Judged>,
    stands: Table<Stand>,
    weights: Table<u8>,
    reads: Vec<Option<Arc<Reads>>>,
    /// How common each cause is: without a building that carries the address, and with one.
    priors: [[f64; CAUSES]; 2],
    /// How far pins are from the buildings of others that they are on by mistake.
    missed: [f64; MISSES],
}

impl Detection {
    /// Learns from the records of a context and judges every address; `for_edits`, so that [`Detection::edit`] may follow.
    pub fn run(context: &Context, for_edits: bool, progress: Told) -> Detection {
        Self::go(context, None, for_edits, progress)
    }

    /// Judges every address by what was learned before; edits may follow.
    pub fn again(&self, context: &Context) -> Detection {
        Self::go(context, Some(&self.snapshot), true, &|_, _| {})
    }

    /// The last stage.
    pub fn stage(&self) -> &Stage {
        &self.last
    }

    /// Gives up what only edits need, which is most of the memory: whoever checks everything anew needs the room.
    pub fn give_up_edits(&self) {
        *self.stages.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    fn go(context: &Context, known: Option<&Arc<Snapshot>>, for_edits: bool, progress: Told) -> Detection {
        let mut pack = Pack::build(context, for_edits);
        if let Some(known) = known {
            (pack.twin_share, pack.addressed_share) = (known.twin_share, known.addressed_share);
        }
        let pack = Arc::new(pack);
        let n = pack.pins.len();
        let done = AtomicUsize::new(0);
        let told = |k: usize| progress(done.fetch_add(k, Relaxed) + k, n * STAGES);
        let mut verdicts = Verdicts {
            judged: Vec::new(),
            stands: pack.pins.iter().map(first_stand).collect(),
            weights: Table::default(),
            reads: Vec::new(),
            priors: [PRIORS; 2],
            missed: [0.0; MISSES],
        };
        let mut before = Arc::<Learned>::default();
        let (mut stages, mut learned) = (Vec::new(), Vec::new());
        for k in 0..STAGES {
            let teach = known.map_or(Teach::From(&before), |known| Teach::As(&known.learned[k]));
            let Verdicts { stands, weights, .. } = verdicts;
            let (mut stage, batch_reads) = Stage::build(&pack, context.grid.clone(), stands, weights, teach, for_edits);
            verdicts = judge_all(&stage, for_edits, k + 1 == STAGES, &told);
            learned.push(stage.level.learned.clone());
            let about_other = about_other(&verdicts.missed);
            before = Arc::new(Learned { priors: verdicts.priors, about_other, ..(*stage.level.learned).clone() });
            if for_edits {
                let batch_reads = batch_reads.into_iter().map(|reads| kept(reads, &mut None)).collect();
                stage.traces = Some(Traces::build(&pack, std::mem::take(&mut verdicts.reads), batch_reads));
            } else {
                stages.clear();
            }
            stages.push(stage);
        }
        let area = context.area();
        let snapshot = known.filter(|known| known.area == area).cloned().unwrap_or_else(|| {
            Arc::new(Snapshot { learned, twin_share: pack.twin_share, addressed_share: pack.addressed_share, area })
        });
        let last = Stage { traces: None, ..stages[stages.len() - 1].clone() };
        let stages = Mutex::new(for_edits.then_some(stages));
        Detection { snapshot, last, stages, judged: verdicts.judged.into() }
    }

    /// Takes over the addresses and buildings in some rows as the context has them now; rows that are new follow the
    /// last, and those that the context does not have are gone. Answered is what was found then, and whose verdicts, or the
    /// words for them, differ. `regrid` says which grids are others. None where the run was not for edits, or gave them up.
    pub fn edit(
        &self,
        context: &Context,
        addresses: &[u32],
        buildings: &[u32],
        regrid: Option<&Regrid>,
    ) -> Option<(Detection, Asked)> {
        let stages = self.stages.lock().unwrap_or_else(PoisonError::into_inner).clone()?;
        let mut next = Step { stages, judged: self.judged.clone() };
        let mut pack = (*self.stage().level.pack).clone();
        let edited = pack.edit(context, addresses, buildings, regrid);
        let mut asked = Asked::default();
        if edited.is_nothing() && regrid.is_none() {
            next.truncate(pack, context);
            return Some((next.into_detection(self), asked));
        }
        let pack = Arc::new(pack);
        let mut moves = Moves::default();
        for i in edited.pins.keys() {
            let stand = first_stand(&pack.pins[*i as usize]);
            if next.stages[0].level.stands.get(*i as usize).is_none_or(|old| !old.is(&stand)) {
                moves.stands.push((*i, stand));
            }
        }
        let concerned = regrid.map(|regrid| self.concerned(context, regrid, &pack)).unwrap_or_default();
        for k in 0..STAGES {
            let mut bordering = BTreeSet::new();
            if let Some(regrid) = regrid {
                bordering = next.stages[k].regrid(context.grid, regrid);
                bordering.retain(|i| (*i as usize) < pack.pins.len());
            }
            let (mut rows, crossing) = next.stages[k].edit(&pack, &edited, &moves, &bordering);
            rows.extend(&concerned);
            moves = Moves::default();
            let rows: Vec<u32> = rows.into_iter().collect();
            let stage = &next.stages[k];
            let judge = |desk: &mut Desk, i: &u32| {
                let judgement = judge(stage, *i as usize, desk);
                (*i, judgement, kept(desk.take_reads(), &mut None))
            };
            let fresh: Vec<(u32, Judgement, Option<Arc<Reads>>)> =
                rows.par_iter().with_min_len(16).map_init(Desk::noting, judge).collect();
            for (i, judgement, reads) in fresh {
                if let Some(traces) = &mut next.stages[k].traces {
                    traces.set(&pack, Reader::Address(i), reads);
                }
                let row = i as usize;
                if let Some(after) = next.stages.get(k + 1) {
                    if after.level.stands.get(row).is_none_or(|old| !old.is(&judgement.stand)) {
                        moves.stands.push((i, judgement.stand));
                    }
                    let weight = hundredths(judgement.loose);
                    if after.loose.weight(row) != Some(weight) {
                        moves.weights.push((i, weight));
                    }
                } else if row == next.judged.len() {
                    next.judged.push(judgement.judged);
                    asked.differ.insert(i);
                } else if !next.judged[row].is(&judgement.judged) {
                    next.judged.set(row, judgement.judged);
                    asked.differ.insert(i);
                } else {
                    asked.stay.insert(i);
                }
            }
            if k + 1 == STAGES {
                // What a rule says of a border is no part of the verdict.
                asked.differ.extend(crossing.iter().chain(&concerned));
            }
        }
        next.truncate((*pack).clone(), context);
        asked.differ.retain(|i| (*i as usize) < next.judged.len());
        Some((next.into_detection(self), asked))
    }

    /// The ground that was taken for the city's.
    pub fn area(&self) -> Option<[f64; 4]> {
        self.snapshot.area
    }

    /// Whose verdict was read from other grids: who declares them or stands where they differ, or on the middle of one.
    fn concerned(&self, context: &Context, regrid: &Regrid, pack: &Pack) -> BTreeSet<u32> {
        const MIDDLE_M: f64 = 1.0;
        let near = |middle: &[f64; 2]| {
            let mut near = Vec::new();
            if middle[0].is_finite() {
                context.facts().each_pin_near(pack.frame.lonlat(*middle), MIDDLE_M, |i| near.push(i));
            }
            near
        };
        let (was, is) = (self.stage().level.pack.middles(), pack.middles());
        let at_some = |middles: &[[f64; 2]]| -> Vec<u32> {
            regrid.positions.iter().filter_map(|g| middles.get(*g as usize)).flat_map(near).collect()
        };
        // How much a middle says depends on how many there are.
        let then = match middles_told(was.len()) == middles_told(is.len()) {
            true => at_some(was),
            false => was.par_iter().with_min_len(256).flat_map_iter(near).collect(),
        };
        regrid.addresses.iter().copied().chain(then).chain(at_some(is)).collect()
    }
}

/// Addresses that were asked about again after an edit.
#[derive(Debug, Default)]
pub struct Asked {
    /// Those whose verdict is another one, or of whose borders something else is true.
    pub differ: BTreeSet<u32>,
    /// Those whose verdict is the same, bit for bit: what was read for it may be something else, and words quote it.
    pub stay: BTreeSet<u32>,
}

/// All stages while they are edited.
struct Step {
    stages: Vec<Stage>,
    judged: Table<Judged>,
}

impl Step {
    /// Keeps the rows that the context has.
    fn truncate(&mut self, mut pack: Pack, context: &Context) {
        let (addresses, buildings) = (context.records.addresses.len(), context.records.buildings.len());
        pack.truncate(addresses, buildings);
        let pack = Arc::new(pack);
        self.stages.iter_mut().for_each(|stage| stage.truncate(&pack));
        self.judged.truncate(addresses);
    }

    /// What was found then, by what was learned before.
    fn into_detection(self, before: &Detection) -> Detection {
        let last = Stage { traces: None, ..self.stages[self.stages.len() - 1].clone() };
        let stages = Mutex::new(Some(self.stages));
        Detection { snapshot: before.snapshot.clone(), last, stages, judged: self.judged }
    }
}

/// Where a pin stands before anything is known.
fn first_stand(pin: &Pin) -> Stand {
    let stacked = if pin.stack >= STACK { 0.05 } else { 1.0 };
    Stand::new(pin.at, stacked * if pin.decimals <= COARSE { 0.05 } else { 1.0 })
}

/// Judges every record of a stage; keeps the verdicts themselves of the last one only.
fn judge_all(stage: &Stage, noting: bool, last: bool, done: &(dyn Fn(usize) + Sync)) -> Verdicts {
    let pins = &stage.level.pack.pins;
    let n = pins.len();
    struct Chunk {
        judged: Vec<Judged>,
        stands: Vec<Stand>,
        weights: Vec<u8>,
        reads: Vec<Option<Arc<Reads>>>,
        sums: [[f64; CAUSES]; 2],
        missed: [f64; MISSES],
        counts: [f64; 2],
    }
    let desk = || (if noting { Desk::noting() } else { Desk::default() }, None);
    let chunks: Vec<Chunk> = (0..n.div_ceil(CHUNK))
        .into_par_iter()
        .with_max_len(1)
        .map_init(desk, |(desk, shared), c| {
            let range = c * CHUNK..((c + 1) * CHUNK).min(n);
            let mut chunk = Chunk {
                judged: Vec::with_capacity(if last { range.len() } else { 0 }),
                stands: Vec::with_capacity(range.len()),
                weights: Vec::with_capacity(range.len()),
                reads: Vec::new(),
                sums: [[0.0; CAUSES]; 2],
                missed: [0.0; MISSES],
                counts: [0.0; 2],
            };
            for i in range.clone() {
                let judgement = judge(stage, i, desk);
                if pins[i].live && stage.batch(pins[i].batch).is_none() {
                    let housed = usize::from(judgement.housed);
                    chunk.counts[housed] += 1.0;
                    chunk.missed[miss_of(judgement.missed_m)] += judgement.posterior[Cause::OtherBuilding.index()];
                    chunk.sums[housed].iter_mut().zip(&judgement.posterior).for_each(|(sum, p)| *sum += p);
                }
                chunk.stands.push(judgement.stand);
                chunk.weights.push(hundredths(judgement.loose));
                if noting {
                    chunk.reads.push(kept(desk.take_reads(), shared));
                }
                if last {
                    chunk.judged.push(judgement.judged);
                }
            }
            done(range.len());
            chunk
        })
        .collect();
    const FIRST: f64 = 60.0;
    const MOST_ASTRAY: f64 = 0.1;
    let share = |kinds: &[usize], k: usize| {
        let of = |chunk: &Chunk| kinds.iter().map(|kind| chunk.sums[*kind][k]).sum::<f64>();
        let count: f64 = chunks.iter().map(|chunk| kinds.iter().map(|kind| chunk.counts[*kind]).sum::<f64>()).sum();
        (chunks.iter().map(of).sum::<f64>() + FIRST * PRIORS[k]) / (count + FIRST)
    };
    let priors = [0, 1].map(|housed: usize| {
        let mut priors: [f64; CAUSES] = std::array::from_fn(|k| share(&[0, 1], k));
        for cause in [Cause::OtherBuilding, Cause::Displaced] {
            // More of these are no error but a city that is misunderstood.
            priors[cause.index()] = share(&[housed], cause.index()).min(MOST_ASTRAY);
        }
        priors[Cause::Right.index()] = 1.0 - priors[1..].iter().sum::<f64>();
        // Alone it cannot be told from an unlucky fix: only a batch shows it.
        priors[Cause::Library.index()] = PRIORS[Cause::Library.index()];
        priors
    });
    Verdicts {
        missed: std::array::from_fn(|step| chunks.iter().map(|chunk| chunk.missed[step]).sum()),
        stands: chunks.iter().flat_map(|chunk| chunk.stands.iter().copied()).collect(),
        weights: chunks.iter().flat_map(|chunk| chunk.weights.iter().copied()).collect(),
        priors,
        reads: if noting { chunks.iter().flat_map(|chunk| chunk.reads.iter().cloned()).collect() } else { Vec::new() },
        judged: chunks.into_iter().flat_map(|chunk| chunk.judged).collect(),
    }
}
