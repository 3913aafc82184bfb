//! What speaks for a place: the number, the building, the neighbours, the grid, learned from the data at hand.

pub mod desk;
pub mod kernel;
pub mod namesake;
pub mod occupants;
pub mod pack;
pub mod reads;
mod recall;
pub mod series;
pub mod level;
mod company;
pub mod learned;
pub mod home;

pub use desk::Desk;
pub use home::Home;
pub use learned::Learned;
pub use level::{Level, Stand, Teach};
pub use pack::{Key, NONE, Pack, Pin, distance};
pub use reads::{Reads, Ripple, SeriesTouch};
pub use series::{Expected, Without};
