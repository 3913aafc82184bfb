//! The rules and what they find; pure: records in, flags out.
//!
//! A rule is a value in a file of its own, `rule/<code>.rs`: its texts, its thresholds and a function that looks at one
//! record and answers at most one [`Finding`]. [`Context`] holds what rules share and builds it when the first of them
//! asks. [`run()`] asks every rule about every record, in parallel, and answers the flags in a fixed order: the same bytes
//! on any number of threads.

pub mod threshold;
pub mod key;
pub mod same;
pub mod context;
pub mod coverage;
pub mod finding;
pub mod standing;
pub mod likelihood;
pub mod text;
pub mod carrier;
pub mod facts;
pub mod regrid;
pub mod evidence;
pub mod hypothesis;
pub mod border;
pub mod batch;
pub mod loose;
pub mod trace;
pub mod stage;
pub mod detect;
pub mod group;
pub mod tell;
pub mod rule;
pub mod run;
pub mod explain;
pub mod catalogue;
#[cfg(test)]
pub(crate) mod scene;

pub use catalogue::{RuleDoc, catalogue, rule_set, to_json, to_markdown};
pub use context::Context;
pub use explain::{Signal, explain};
pub use finding::{Finding, Kind};
pub use rule::{Check, Reach, Rule};
pub use run::{Progress, about_some_grids, look_at, look_by, run, run_for, run_in_chunks};
pub use threshold::Thresholds;
