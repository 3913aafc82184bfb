//! Which polygon, which point, how far.
//!
//! [`GridIndex`] answers which grid a point lies in, exactly; [`PointIndex`] and [`BoxIndex`] find what is near on the
//! ground, [`Bins`] in a plane, where points move (the nearest building of a place, say); [`Lookup`] finds rows by a key.
//! Distances are true metres, points are CGCS2000 longitude and latitude.

pub mod gather;
pub mod groups;
pub mod work;
pub mod boxes;
pub mod stretch;
pub mod outline;
pub mod difference;
pub mod cover;
pub mod hierarchy;
pub mod ids;
pub mod lookup;
pub mod bins;
pub mod point;
pub mod grid;

pub use bins::{Bins, Near, Squares};
pub use boxes::BoxIndex;
pub use difference::difference;
pub use gather::{gather, gathered};
pub use grid::GridIndex;
pub use groups::groups;
pub use ids::Ids;
pub use lookup::{Lookup, key_of};
pub use outline::{Outline, Side};
pub use point::PointIndex;
