//! Asking the rules again: about everything when a City is built, about what can have changed after an edit.

use super::City;
use super::flag::Change;
use crate::check::detect::Detection;
use crate::check::{Context, Kind, run, run_for};
use crate::domain::{Flag, Subject};
use std::sync::Arc;

/// The kinds whose answers an edit of records can change: all but the grids, which only depend on one another.
const EDITED: [Kind; 5] = [Kind::Address, Kind::Building, Kind::Rental, Kind::Hazard, Kind::Correction];

impl City {
    fn context(&self) -> Context<'_> {
        let context = Context::new(&self.records, &self.grid, &self.thresholds, self.today);
        if let Some(found) = self.detection.get() {
            context.detect(|_| found.clone());
        }
        context
    }

    /// The City as the rules see it, for explanations.
    pub fn with_context<T>(&self, ask: impl FnOnce(&Context) -> T) -> T {
        let context = self.context();
        let answer = ask(&context);
        self.keep(&context);
        answer
    }

    /// Keeps what detection found for those who ask next.
    fn keep(&self, context: &Context) {
        if let Some(found) = context.detected() {
            self.detection.get_or_init(|| found.clone());
        }
    }
}

/// What the rules find in a City; by what was learned before, where it is `known`.
pub(super) fn all(city: &City, known: Option<&Arc<Detection>>) -> Vec<Flag> {
    let context = city.context();
    if let Some(known) = known {
        context.detect(|context| Arc::new(known.again(context)));
    }
    let mut flags = run(&context, 0, &|_| {});
    flags.retain(is_work);
    city.keep(&context);
    flags
}

/// Whether a flag is worth somebody's time: a fact, or more probably an error than not. What is less probable is told by
/// the explanation of an address, and by `gridpin check`.
fn is_work(flag: &Flag) -> bool {
    const PROBABLE: f64 = 0.5;
    flag.rule == "grid_mismatch" || flag.probability.is_none_or(|p| p >= PROBABLE)
}

/// Asks the rules again after an edit and takes their answer over. Detection only runs again where addresses or
/// buildings changed.
pub(super) fn after(city: &mut City, pins_changed: bool) -> Change {
    let before = std::mem::take(&mut city.detection);
    let context = city.context();
    if let Some(before) = before.get() {
        context.detect(|context| if pins_changed { Arc::new(before.again(context)) } else { before.clone() });
    }
    let mut flags = run_for(&context, &EDITED, 0, &|_| {});
    flags.retain(is_work);
    city.keep(&context);
    // In the order of a full check the grids' flags stand between; slots are kept, so it does not matter here.
    let of_grids = city.flags.iter().filter(|flag| matches!(flag.subject, Subject::Grid(_)));
    flags.extend(of_grids.map(|flag| (**flag).clone()));
    city.flags.replace(flags)
}
