//! The in-memory picture of a city: records, indexes and flags, swapped atomically.

pub mod boxes;
pub mod delta;
pub mod ground;
pub mod lookup;
pub mod points;
pub mod world;

pub use delta::{Delta, Removed};
