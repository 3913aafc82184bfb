//! What speaks for a place: the number, the building, the neighbours, the grid, learned from the data at hand.

pub mod bins;
pub mod kernel;
pub mod namesake;
pub mod pack;
pub mod series;
pub mod level;
pub mod learned;
pub mod home;

pub use home::Home;
pub use learned::Learned;
pub use level::{Desk, Level, Teach};
pub use pack::{Key, NONE, Pack, Pin, distance};
pub use series::{Expected, Without};
