//! Asks every rule about every record.

use super::context::Context;
use super::finding::{Finding, Kind};
use super::rule::{self, Check, Rule};
use crate::domain::{AddressStatus, Flag, LonLat, Subject};
use rayon::prelude::*;
use std::cmp::Ordering;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

/// How far a check is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// What is looked at now.
    pub kind: Kind,
    /// Records done.
    pub done: usize,
    /// Records in all.
    pub total: usize,
}

/// A question about all grids.
type AskGrids<'a> = Box<dyn Fn(&Context) -> rule::AboutGrids + Sync + 'a>;

/// Records that one thread takes at a time.
const CHUNK: usize = 1024;

/// Asks every rule about every record on `threads` threads (0: as many as the machine has). The flags come addresses
/// first, in the order of the records and for each by falling probability (those without one last, then as in the
/// catalogue); then buildings, grids, rentals, hazards, corrections. The same for any number of threads.
pub fn run(context: &Context, threads: usize, progress: &(dyn Fn(Progress) + Sync)) -> Vec<Flag> {
    run_for(context, &Kind::CHECKED, threads, progress)
}

/// As [`run`], about some kinds of record only.
pub fn run_for(context: &Context, kinds: &[Kind], threads: usize, progress: &(dyn Fn(Progress) + Sync)) -> Vec<Flag> {
    let chunks = run_in_chunks(context, kinds, threads, progress);
    let mut flags = Vec::with_capacity(chunks.iter().map(Vec::len).sum());
    chunks.into_iter().for_each(|chunk| flags.extend(chunk));
    flags
}

/// As [`run_for`], and the flags come in the chunks in which they were made: a city may have a million of them.
pub fn run_in_chunks(
    context: &Context,
    kinds: &[Kind],
    threads: usize,
    progress: &(dyn Fn(Progress) + Sync),
) -> Vec<Vec<Flag>> {
    let all = || {
        // What is known of the grids keeps one thread busy for long, and nobody else needs it.
        let grids = || if kinds.contains(&Kind::Grid) { about_grids(context, progress) } else { Vec::new() };
        let others = || {
            if kinds.contains(&Kind::Address) {
                context.detect(&|done, total| progress(Progress { kind: Kind::Address, done, total }));
            }
            let asked = Kind::CHECKED.into_iter().filter(|kind| *kind != Kind::Grid && kinds.contains(kind));
            asked.map(|kind| (kind, about(context, kind, progress))).collect::<Vec<_>>()
        };
        // At first, so that on one thread its memory serves the others again.
        let (grids, mut told) = rayon::join(grids, others);
        told.push((Kind::Grid, vec![grids]));
        told.sort_by_key(|(kind, _)| *kind);
        told.into_iter().flat_map(|(_, chunks)| chunks).collect()
    };
    match rayon::ThreadPoolBuilder::new().num_threads(threads).build() {
        Ok(pool) => pool.install(all),
        Err(_) => all(),
    }
}

/// Asks every rule about one record of a kind, by its position. Grids are only asked all together, by [`run`].
pub fn look_at(context: &Context, kind: Kind, i: usize) -> Vec<Flag> {
    let mut flags = Vec::new();
    look(context, kind, i, &mut flags);
    flags
}

/// Asks one rule about one record of a kind.
pub fn look_by(rule: &Rule, context: &Context, kind: Kind, i: usize) -> Option<Flag> {
    let mut checks = rule.checks.iter().filter(|check| check.kind() == kind);
    let finding = checks.find_map(|check| ask(context, check, i))?;
    let (subject, place) = subject(context, kind, i);
    Some(finding.into_flag(rule, subject, place))
}

/// The flags of all records of a kind, in chunks.
fn about(context: &Context, kind: Kind, progress: &(dyn Fn(Progress) + Sync)) -> Vec<Vec<Flag>> {
    let records = context.records;
    let total = match kind {
        Kind::Address => records.addresses.len(),
        Kind::Building => records.buildings.len(),
        Kind::Rental => records.rentals.len(),
        Kind::Hazard => records.hazards.len(),
        Kind::Correction => records.corrections.len(),
        Kind::Grid | Kind::Import => return Vec::new(),
    };
    let done = AtomicUsize::new(0);
    let chunk = |start: usize| {
        let end = (start + CHUNK).min(total);
        let mut flags = Vec::new();
        (start..end).for_each(|i| look(context, kind, i, &mut flags));
        flags.shrink_to_fit();
        progress(Progress { kind, done: done.fetch_add(end - start, Relaxed) + end - start, total });
        flags
    };
    let chunks = (0..total.div_ceil(CHUNK)).into_par_iter().with_max_len(1).map(|c| chunk(c * CHUNK));
    chunks.collect()
}

fn look(context: &Context, kind: Kind, i: usize, flags: &mut Vec<Flag>) {
    let first = flags.len();
    for rule in rule::ALL {
        for check in rule.checks.iter().filter(|check| check.kind() == kind) {
            if let Some(finding) = ask(context, check, i) {
                let (subject, place) = subject(context, kind, i);
                flags.push(finding.into_flag(rule, subject, place));
            }
        }
    }
    flags[first..].sort_by(by_probability);
}

fn ask(context: &Context, check: &Check, i: usize) -> Option<Finding> {
    let active = || context.address(i).status() == AddressStatus::Active;
    match check {
        Check::Address(ask) => active().then(|| ask(context, i)).flatten(),
        Check::Ended(ask) => (!active()).then(|| ask(context, i)).flatten(),
        Check::Building(ask) => context.records.buildings.at(i).standing().then(|| ask(context, i)).flatten(),
        Check::Rental(ask) | Check::Hazard(ask) | Check::Correction(ask) => ask(context, i),
        Check::Grids(_) | Check::EachGrid(_) | Check::Import => None,
    }
}

fn by_probability(a: &Flag, b: &Flag) -> Ordering {
    let rank = |flag: &Flag| flag.probability.unwrap_or(-1.0);
    rank(b).total_cmp(&rank(a))
}

/// What a flag about a record is about, and where that stands.
fn subject(context: &Context, kind: Kind, i: usize) -> (Subject, Option<LonLat>) {
    let records = context.records;
    let pin_of = |id: &str| context.address_by_id(id).and_then(|a| context.pin(a));
    match kind {
        Kind::Address => (Subject::Address(records.addresses.at(i).id().to_owned()), context.pin(i)),
        Kind::Building => (Subject::Building(records.buildings.at(i).id().to_owned()), Some(context.building_place(i))),
        Kind::Rental => {
            let rental = records.rentals.at(i);
            (Subject::Rental(rental.id().to_owned()), rental.address().and_then(pin_of))
        }
        Kind::Hazard => {
            let hazard = records.hazards.at(i);
            (Subject::Hazard(hazard.id().to_owned()), pin_of(hazard.address()))
        }
        Kind::Correction => {
            let correction = &records.corrections[i];
            (Subject::Correction(correction.correction_id.to_string()), pin_of(&correction.address_id))
        }
        Kind::Grid | Kind::Import => (Subject::Grid(records.grids[i].code.to_string()), None),
    }
}

/// Asks every rule about grids: those that look at each grid by itself about some, the others about all.
pub fn about_some_grids(context: &Context, asked: &[u32]) -> Vec<Flag> {
    // Before the rules ask for it side by side: who waits for it on a thread can't help to make it.
    context.coverage();
    let question = |check: &'static Check| -> Option<AskGrids> {
        match check {
            Check::Grids(ask) => Some(Box::new(ask)),
            Check::EachGrid(ask) => Some(Box::new(move |context| ask(context, asked))),
            _ => None,
        }
    };
    let questions: Vec<(&Rule, AskGrids)> = rule::ALL
        .iter()
        .flat_map(|rule| rule.checks.iter().map(move |check| (rule, check)))
        .filter_map(|(rule, check)| Some((rule, question(check)?)))
        .collect();
    let mut flags: Vec<Flag> = questions
        .par_iter()
        .map(|(rule, ask)| ask(context).into_iter().map(|(subject, found)| found.into_flag(rule, subject, None)))
        .flat_map_iter(|found| found)
        .collect();
    flags.sort_by(|a, b| a.subject.cmp(&b.subject));
    flags
}

fn about_grids(context: &Context, progress: &(dyn Fn(Progress) + Sync)) -> Vec<Flag> {
    let total = context.records.grids.len();
    progress(Progress { kind: Kind::Grid, done: 0, total });
    let flags = about_some_grids(context, &(0..total as u32).collect::<Vec<_>>());
    progress(Progress { kind: Kind::Grid, done: total, total });
    flags
}
