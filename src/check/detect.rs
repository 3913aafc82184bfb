//! Detection: which cause explains each record best, how probably, and where it belongs.
//!
//! The order: pack the city; distrust what is shared by many; then, stage by stage, learn from what is trusted, judge the
//! batches by evidence from outside, judge every record, trust and move it accordingly.

use super::batch::judge_batches;
use super::border::Borders;
use super::context::Context;
use super::evidence::{Desk, Learned, Level, Pack, Pin, Teach};
use super::hypothesis::judge::{COARSE, Loose, STACK, Stage};
use super::hypothesis::{CAUSES, Cause, Judged, PRIORS, judge};
use rayon::prelude::*;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

/// Stages of detection.
const STAGES: usize = 3;
/// Records that one thread takes at a time: sums are taken by chunk and in order, so that they come out the same on
/// any number of threads.
const CHUNK: usize = 2_048;

/// What detection found.
#[derive(Debug)]
pub struct Detection {
    /// What was learned at each stage: the snapshot by which edits are judged until it is learned anew.
    pub learned: Vec<Learned>,
    /// The last stage.
    pub stage: Stage,
    /// The verdict on each address.
    pub judged: Vec<Judged>,
}

/// Told how many of how many steps are done.
pub type Told<'a> = &'a (dyn Fn(usize, usize) + Sync);

impl Detection {
    /// Learns from the records of a context and judges every address.
    pub fn run(context: &Context, progress: Told) -> Detection {
        Self::go(context, None, progress)
    }

    /// Judges every address by what was learned before.
    pub fn again(&self, context: &Context) -> Detection {
        Self::go(context, Some(&self.learned), &|_, _| {})
    }

    fn go(context: &Context, known: Option<&[Learned]>, progress: Told) -> Detection {
        let pack = Arc::new(Pack::build(context));
        let n = pack.pins.len();
        let mut pos: Vec<[f64; 2]> = pack.pins.iter().map(|pin| pin.at).collect();
        let mut trust: Vec<f64> = pack.pins.par_iter().map(first_trust).collect();
        let (mut before, mut learned) = (Learned::default(), Vec::new());
        let mut loose = Loose::none(&pack);
        let done = AtomicUsize::new(0);
        for k in 0.. {
            let teach = known.and_then(|known| known.get(k)).map_or(Teach::From(&before), Teach::As);
            let level = Level::build(pack.clone(), context.grid_index(), pos, trust, teach);
            learned.push(level.learned.clone());
            let batches = judge_batches(&level);
            let borders = Borders::of(&level);
            let stage = Stage { level, batches, loose, borders };
            let (judged, priors) = judge_all(&stage, &|k| progress(done.fetch_add(k, Relaxed) + k, n * STAGES));
            if k + 1 == STAGES {
                return Detection { learned, stage, judged };
            }
            before = Learned { priors, ..stage.level.learned };
            loose = Loose::of(&pack, &judged);
            (pos, trust) = judged.par_iter().map(|j| (j.pos, j.trust)).unzip();
        }
        unreachable!("the last stage returns")
    }
}

/// How far a pin is trusted before anything is known.
fn first_trust(pin: &Pin) -> f64 {
    if !pin.at[0].is_finite() {
        return 0.0;
    }
    let stacked = if pin.stack >= STACK { 0.05 } else { 1.0 };
    stacked * if pin.decimals <= COARSE { 0.05 } else { 1.0 }
}

/// Judges every record of a stage, and how common each cause is among those outside moved batches.
fn judge_all(stage: &Stage, done: &(dyn Fn(usize) + Sync)) -> (Vec<Judged>, [f64; CAUSES]) {
    let pins = &stage.level.pack.pins;
    let in_moved = |i: usize| stage.batches.get(pins[i].batch as usize).is_some_and(Option::is_some);
    let chunks: Vec<(Vec<Judged>, [f64; CAUSES], f64)> = (0..pins.len().div_ceil(CHUNK))
        .into_par_iter()
        .map_init(Desk::default, |desk, c| {
            let range = c * CHUNK..((c + 1) * CHUNK).min(pins.len());
            let (mut judged, mut sums, mut count) = (Vec::with_capacity(range.len()), [0.0; CAUSES], 0.0);
            for i in range.clone() {
                let judgement = judge(stage, i, desk);
                if pins[i].live && !in_moved(i) {
                    count += 1.0;
                    sums.iter_mut().zip(&judgement.posterior).for_each(|(sum, p)| *sum += p);
                }
                judged.push(judgement.judged);
            }
            done(range.len());
            (judged, sums, count)
        })
        .collect();
    const FIRST: f64 = 60.0;
    let count: f64 = chunks.iter().map(|chunk| chunk.2).sum();
    let mut priors: [f64; CAUSES] = std::array::from_fn(|k| {
        (chunks.iter().map(|chunk| chunk.1[k]).sum::<f64>() + FIRST * PRIORS[k]) / (count + FIRST)
    });
    priors[Cause::Right.index()] = 1.0 - priors[1..].iter().sum::<f64>();
    // Alone it cannot be told from an unlucky fix: only a batch shows it.
    priors[Cause::Library.index()] = PRIORS[Cause::Library.index()];
    (chunks.into_iter().flat_map(|chunk| chunk.0).collect(), priors)
}
