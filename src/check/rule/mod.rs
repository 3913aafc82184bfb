//! The rules, one file each. To add one: write `rule/<code>.rs` with its `RULE` after the model of
//! [`pin_inaccurate`], and put its code in the list below. Catalogue, flags, API and documentation follow from that.

use super::context::Context;
use super::finding::{Finding, Kind};
use crate::domain::{Severity, Subject};

/// A text in Chinese and in English.
pub type Both = (&'static str, &'static str);

/// A rule: what it is called, why it is there, and what it asks of a record.
#[derive(Debug, Clone, Copy)]
pub struct Rule {
    /// Its code everywhere: file name, flags, API, catalogue.
    pub code: &'static str,
    /// How grave its findings are; a finding may say otherwise.
    pub severity: Severity,
    /// Whether its findings carry a probability.
    pub probability: bool,
    /// Its name on the map and in lists.
    pub title: Both,
    /// What it finds.
    pub what: Both,
    /// Why that matters.
    pub why: Both,
    /// An example.
    pub example: Both,
    /// How to mend it.
    pub mend: Both,
    /// Where the rule comes from.
    pub source: &'static str,
    /// The thresholds that it uses, by name.
    pub thresholds: &'static [&'static str],
    /// How much of the city its answer about a record depends on.
    pub reach: Reach,
    /// What it asks, by kind of record.
    pub checks: &'static [Check],
}

/// How much of the city a rule's answer about a record depends on. After an edit a rule is asked again about the records
/// that changed; one that looks at others has to ask [`Facts`](super::facts::Facts) (or detection) about them, and
/// `Facts::edit` has to name the records whose answer an edit may change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// The record itself, the grids, the thresholds and the day.
    Own,
    /// Other records too.
    City,
}

/// A question about one record, known by its position in its table; none when there is nothing to say. The question
/// about grids is asked once and answers for all of them, with the subject of each finding.
#[derive(Debug, Clone, Copy)]
pub enum Check {
    /// About an address in use.
    Address(fn(&Context, usize) -> Option<Finding>),
    /// About an address that has ended.
    Ended(fn(&Context, usize) -> Option<Finding>),
    /// About a building that stands.
    Building(fn(&Context, usize) -> Option<Finding>),
    /// About all grids at once.
    Grids(fn(&Context) -> AboutGrids),
    /// About some grids, given by their positions; each with what is above it.
    EachGrid(fn(&Context, &[u32]) -> AboutGrids),
    /// About a rental.
    Rental(fn(&Context, usize) -> Option<Finding>),
    /// About a hazard.
    Hazard(fn(&Context, usize) -> Option<Finding>),
    /// About a correction.
    Correction(fn(&Context, usize) -> Option<Finding>),
    /// Asked by an import about what it would change.
    Import,
}

/// Findings about grids: each grid, pair or group of them as one subject.
pub type AboutGrids = Vec<(Subject, Finding)>;

impl Check {
    /// The kind of record that the question is about.
    pub fn kind(&self) -> Kind {
        match self {
            Check::Address(_) | Check::Ended(_) => Kind::Address,
            Check::Building(_) => Kind::Building,
            Check::Grids(_) | Check::EachGrid(_) => Kind::Grid,
            Check::Rental(_) => Kind::Rental,
            Check::Hazard(_) => Kind::Hazard,
            Check::Correction(_) => Kind::Correction,
            Check::Import => Kind::Import,
        }
    }
}

macro_rules! rules {
    ($($code:ident)*) => {
        $(pub mod $code;)*
        /// Every rule, in the order of the catalogue.
        pub const ALL: &[Rule] = &[$($code::RULE),*];
        #[cfg(test)]
        const NAMES: &[&str] = &[$(stringify!($code)),*];
    };
}

rules! {
    coordinate_zero
    coordinate_swapped
    coordinate_projected
    coordinate_zone
    coordinate_sexagesimal
    coordinate_coarse
    datum_gcj02
    datum_bd09
    datum_reversed
    datum_library
    batch_offset
    pin_default
    pin_stacked
    pin_office
    pin_wrong_building
    pin_displaced
    pin_off_road
    pin_outside_area
    pin_near_border
    pin_moved_far
    pin_inaccurate
    grid_mismatch
    grid_border_moved
    number_suspect
    road_suspect
    address_duplicate
    address_incomplete
    address_disordered
    address_nonstandard
    address_relative
    address_personal
    address_orphan
    address_floor
    address_unit_conflict
    demolished_in_use
    demolished_unproven
    building_missing
    building_unaddressed
    review_overdue
    address_stale
    import_mass_deletion
    grid_invalid
    grid_overlap
    grid_gap
    grid_edge_unmatched
    grid_outside_parent
    grid_orphan
    rental_unaddressed
    rental_unregistered
    rental_uninspected
    rental_underground
    hazard_overdue
    hazard_self_closed
}

/// The rule with a code.
pub fn by_code(code: &str) -> Option<&'static Rule> {
    ALL.iter().find(|rule| rule.code == code)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::Thresholds;
    use std::collections::HashSet;

    #[test]
    fn a_rules_file_is_named_by_its_code() {
        assert!(ALL.iter().map(|rule| rule.code).eq(NAMES.iter().copied()));
    }

    #[test]
    fn every_rule_is_told_in_both_languages_and_knows_its_thresholds() {
        let mut codes = HashSet::new();
        for rule in ALL {
            assert!(codes.insert(rule.code), "{} twice", rule.code);
            for (zh, en) in [rule.title, rule.what, rule.why, rule.example, rule.mend] {
                assert!(!zh.is_empty() && !en.is_empty(), "{}", rule.code);
                assert!(zh.chars().any(|c| ('\u{4e00}'..='\u{9fff}').contains(&c)), "{}: {zh}", rule.code);
                assert!(en.is_ascii() || !en.chars().all(|c| !c.is_ascii()), "{}: {en}", rule.code);
            }
            assert!(!rule.source.is_empty() && !rule.checks.is_empty(), "{}", rule.code);
            for key in rule.thresholds {
                assert!(Thresholds::default().value(key).is_some(), "{}: {key}", rule.code);
            }
        }
    }
}
