//! A street that one shifted phone collected agrees with itself: batches are judged as a whole, by evidence from outside.

use super::evidence::{Desk, Home, Key, Level, NONE, Reads, Without, distance};
use super::hypothesis::Cause;
use super::hypothesis::judge::{COARSE, STACK};
use super::hypothesis::undo::undo;
use crate::domain::Table;
use rayon::prelude::*;
use std::collections::BTreeMap;

/// What moved a batch as a whole.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BatchCause {
    /// A datum cause, or one vector for all.
    pub cause: Cause,
    /// The vector, metres east and north: pins stand this far from where they belong. Zero for datum causes.
    pub moved_m: [f64; 2],
    /// Records that fit better with it undone.
    pub agree: u32,
    /// Records that were asked.
    pub asked: u32,
    /// Share of its records that were moved.
    pub share: f64,
}

/// Records from which on a batch is judged.
pub const LEAST: usize = 12;
/// Records with a usable pin from which on it is judged.
const LEAST_USABLE: usize = 8;
/// Records that are asked at most.
const MOST: usize = 200;
/// What a cause must gain to be believed, as a logarithm; more for a vector that was found in the data.
const COMPLEXITY: f64 = 3.0;
const COMPLEXITY_VECTOR: f64 = 6.0;
/// By how much a vector must do better than a datum.
const NEARLY: f64 = 6.0;
/// No record counts for more than this.
const CLIP: f64 = 4.0;
/// A batch whose pins stand within this distance of their buildings, metres, was not moved.
const STILL_M: f64 = 5.0;
/// A batch that moved by less, metres, is not worth a cause.
const MOVED_M: f64 = 12.0;

/// What moved each batch of a stage (none for most), and what was read for each where `noting`.
pub fn judge_batches(level: &Level, noting: bool) -> (Table<Option<BatchCause>>, Vec<Option<Reads>>) {
    let desk = || if noting { Desk::noting() } else { Desk::default() };
    let judged: Vec<_> = (0..level.pack.batches.len())
        .into_par_iter()
        .map_init(desk, |desk, b| (judge_batch(level, b as u32, desk), desk.take_reads()))
        .collect();
    let (causes, reads): (Vec<_>, Vec<_>) = judged.into_iter().unzip();
    (causes.into(), reads)
}

/// What a cause gains, as a logarithm, and the cause.
type Gained = (f64, BatchCause);

struct Member {
    pin: u32,
    home: Home,
    base: f64,
}

/// What moved a batch.
pub fn judge_batch(level: &Level, batch: u32, desk: &mut Desk) -> Option<BatchCause> {
    let pack = &level.pack;
    let all: &[u32] = &pack.batches[batch as usize];
    if all.len() < LEAST {
        return None;
    }
    let usable = |i: &&u32| {
        let pin = &pack.pins[**i as usize];
        pin.at[0].is_finite() && pin.stack < STACK && pin.decimals > COARSE && pin.key.series != NONE
    };
    let pins: Vec<u32> = all.iter().filter(usable).copied().collect();
    if pins.len() < LEAST_USABLE {
        return None;
    }
    let pins: Vec<u32> = pins.iter().copied().step_by(pins.len().div_ceil(MOST)).collect();
    let moved = mode(&pins.iter().filter_map(|i| from_building(level, *i)).collect::<Vec<_>>());
    if moved.is_some_and(|(by, share)| by[0].hypot(by[1]) < STILL_M && share > 0.5) {
        return None;
    }
    let members: Vec<Member> = pins
        .iter()
        .map(|i| {
            let pin = &pack.pins[*i as usize];
            let home = level.home(pin, pin.key, Without { pin: *i, batch }, desk);
            let base = level.fit(&home, pin.at, desk);
            Member { pin: *i, home, base }
        })
        .collect();
    // The doors of one house say the same thing: together they count once.
    let mut doors = BTreeMap::<Key, u32>::new();
    members.iter().for_each(|member| *doors.entry(member.home.key).or_default() += 1);
    let weights: Vec<f64> = members.iter().map(|member| 1.0 / f64::from(doors[&member.home.key])).collect();
    let (mut best, mut best_exact): (Option<Gained>, Option<Gained>) = (None, None);
    let mut places = Vec::new();
    let datums = [Cause::Gcj02, Cause::Bd09, Cause::Reversed, Cause::Twice, Cause::Library];
    let vector = moved.filter(|(by, _)| by[0].hypot(by[1]) > MOVED_M).map(|(by, _)| (Cause::Offset, by));
    for (cause, by) in datums.into_iter().map(|cause| (cause, [0.0; 2])).chain(vector) {
        let gains: Vec<f64> = members
            .iter()
            .map(|member| {
                let pin = &pack.pins[member.pin as usize];
                let at = if cause == Cause::Offset {
                    Some([pin.at[0] - by[0], pin.at[1] - by[1]])
                } else {
                    undo(pack, pin.raw, cause, &mut places);
                    places.first().copied()
                };
                at.map_or(-CLIP, |at| level.fit(&member.home, at, desk) - member.base)
            })
            .collect();
        let complexity = if cause == Cause::Offset { COMPLEXITY_VECTOR } else { COMPLEXITY };
        let mut clipped: Vec<f64> = gains.iter().map(|gain| gain.clamp(-CLIP, CLIP)).collect();
        let sum = clipped.iter().sum::<f64>() - complexity;
        let agree = gains.iter().filter(|gain| **gain > 0.0).count() as u32;
        clipped.sort_unstable_by(f64::total_cmp);
        let better = |than: &Option<Gained>| sum > than.map_or(0.0, |(most, _)| most);
        if clipped[clipped.len() / 2] > 0.15 {
            let (asked, share) = (members.len() as u32, share_of(&gains, &weights));
            let found = Some((sum, BatchCause { cause, moved_m: by, agree, asked, share }));
            if better(&best) {
                best = found;
            }
            if cause != Cause::Offset && better(&best_exact) {
                best_exact = found;
            }
        }
    }
    // A vector fits the buildings' own bias too: where a datum does nearly as well, it is the datum.
    let nearly = |(most, _): &Gained| best_exact.filter(|(exact, _)| most - exact < NEARLY);
    best.map(|found| nearly(&found).unwrap_or(found).1)
}

/// The share of a batch that a cause moved, from what each record gains by its undoing and what it weighs: either all
/// of them, which is what a phone that was set wrong does, or any share.
fn share_of(gains: &[f64], weights: &[f64]) -> f64 {
    /// How common it is that all were moved, and the share of them that something else moved even so.
    const ALL: f64 = 0.95;
    const BUT: f64 = 0.002;
    const SHARES: usize = 50;
    let log = |share: f64| -> f64 {
        gains.iter().zip(weights).map(|(gain, weight)| weight * (share * gain.exp() + 1.0 - share).ln()).sum()
    };
    let step = |k: usize| 0.5 + 0.5 * (k as f64 + 0.5) / SHARES as f64;
    let all = (1.0 - BUT, ALL.ln() + log(1.0 - BUT));
    let some = (0..SHARES).map(|k| (step(k), ((1.0 - ALL) / SHARES as f64).ln() + log(step(k))));
    let each: Vec<(f64, f64)> = some.chain([all]).collect();
    let most = each.iter().map(|(_, log)| *log).fold(f64::NEG_INFINITY, f64::max);
    let (mut sum, mut shares) = (0.0, 0.0);
    for (share, log) in each {
        sum += (log - most).exp();
        shares += share * (log - most).exp();
    }
    shares / sum
}

/// From the only building with its address to a pin, metres.
fn from_building(level: &Level, i: u32) -> Option<[f64; 2]> {
    let pin = &level.pack.pins[i as usize];
    let [only] = level.pack.sites_of(pin.key) else { return None };
    let site = level.pack.sites[only.site as usize].at;
    site[0].is_finite().then_some([pin.at[0] - site[0], pin.at[1] - site[1]])
}

/// The vector about which most of the vectors lie, and the share of them there; none for fewer than six.
fn mode(vectors: &[[f64; 2]]) -> Option<([f64; 2], f64)> {
    const REACH_M: f64 = 25.0;
    if vectors.len() < 6 {
        return None;
    }
    let mut best = (0.0, [0.0; 2], 0);
    for centre in vectors {
        let (mut weight, mut sum, mut count) = (0.0, [0.0; 2], 0);
        for other in vectors {
            let m = distance(*centre, *other);
            if m < REACH_M {
                let w = 1.0 - m / REACH_M;
                weight += w;
                sum = [sum[0] + w * other[0], sum[1] + w * other[1]];
                count += 1;
            }
        }
        if weight > best.0 {
            best = (weight, [sum[0] / weight, sum[1] / weight], count);
        }
    }
    Some((best.1, f64::from(best.2) / vectors.len() as f64))
}
