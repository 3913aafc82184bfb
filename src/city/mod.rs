//! The in-memory picture of a city: records, indexes and flags, swapped atomically.

pub mod delta;

pub use delta::{Delta, Removed};
