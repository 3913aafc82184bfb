//! Which polygon, which point, how far.
//!
//! [`GridIndex`] answers which grid a point lies in, exactly; [`PointIndex`] and [`BoxIndex`] find what is near.
//! Distances are true metres, points are CGCS2000 longitude and latitude.

pub mod outline;
pub mod cell;
pub mod hierarchy;
pub mod boxes;
pub mod point;
pub mod grid;

pub use boxes::BoxIndex;
pub use grid::GridIndex;
pub use outline::{Outline, Side};
pub use point::PointIndex;
