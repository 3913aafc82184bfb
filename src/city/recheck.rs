//! Asking the rules again: about everything when a City is built, about what can have changed after an edit.

use super::City;
use super::flag::Change;
use crate::domain::Flag;

/// What the rules find in a City.
pub(super) fn all(_city: &City) -> Vec<Flag> {
    Vec::new()
}

/// Asks the rules again after an edit and takes their answer over.
pub(super) fn after(_city: &mut City) -> Change {
    Change::default()
}
