//! Numbers against targets: what is counted in a grid, out of how many, and what is missing.

pub mod coverage;
pub mod heat;
pub mod indicator;
pub mod page;

pub use coverage::{Coverage, Row};
pub use indicator::{Code, Indicator};
