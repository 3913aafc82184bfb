//! The numbers behind an address's flags, within what the actor may see.

use super::sight::Sight;
use crate::check::{Signal, explain};

/// What the checker measures about the address in `row`. A source outside the scope gives its number, not its name or
/// place. There is none where the City was not checked here.
pub fn signals(sight: &Sight, row: u32) -> Vec<Signal> {
    let mut signals = sight.city.with_context(|context| explain(context, row as usize)).unwrap_or_default();
    for signal in &mut signals {
        if signal.source.as_ref().is_some_and(|source| !sight.sees_subject(source)) {
            (signal.source, signal.at) = (None, None);
        }
    }
    signals
}
