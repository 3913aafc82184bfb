//! Flags: what a rule found about a subject.

mod pack;

use super::lonlat::LonLat;
use crate::error::Text;
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

pub use pack::FlagRef;

/// How grave a flag is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// I
    Info,
    /// W
    Warning,
    /// E
    Error,
}

impl Severity {
    /// The letter of the catalogue and of flags.csv: E, W or I.
    pub fn letter(self) -> char {
        match self {
            Severity::Error => 'E',
            Severity::Warning => 'W',
            Severity::Info => 'I',
        }
    }
}

/// What may be done with a suggestion.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Tier {
    /// A deterministic or batch cause: may be accepted for a whole batch in one action, by a person.
    Auto,
    /// To be looked at on the desk.
    Review,
    /// Someone has to go and look.
    Field,
}

/// What a flag is about.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(tag = "kind", content = "id", rename_all = "lowercase")]
pub enum Subject {
    /// An address, by identifier.
    Address(String),
    /// A building, by identifier.
    Building(String),
    /// A grid, by code; two grids as `a|b`, in order.
    Grid(String),
    /// A rental, by identifier.
    Rental(String),
    /// A hazard, by identifier.
    Hazard(String),
    /// A correction, by identifier.
    Correction(String),
}

impl Subject {
    /// Kind and identifier.
    pub fn parts(&self) -> (&'static str, &str) {
        match self {
            Subject::Address(id) => ("address", id),
            Subject::Building(id) => ("building", id),
            Subject::Grid(id) => ("grid", id),
            Subject::Rental(id) => ("rental", id),
            Subject::Hazard(id) => ("hazard", id),
            Subject::Correction(id) => ("correction", id),
        }
    }

    /// The subject of a kind with an identifier; none for a kind that there is not.
    pub fn of(kind: &str, id: impl Into<String>) -> Option<Subject> {
        let make = match kind {
            "address" => Subject::Address,
            "building" => Subject::Building,
            "grid" => Subject::Grid,
            "rental" => Subject::Rental,
            "hazard" => Subject::Hazard,
            "correction" => Subject::Correction,
            _ => return None,
        };
        Some(make(id.into()))
    }
}

/// What would mend it: a place, or an attribute's value. Never applied by itself.
#[derive(Debug, Clone, Default, PartialEq, Serialize, utoipa::ToSchema)]
pub struct Suggestion {
    /// The right place, degrees of CGCS2000.
    pub at: Option<LonLat>,
    /// How far off the suggestion may be, metres.
    pub radius_m: Option<f64>,
    /// Attribute to change: `grid_code`, `full_text`, `house_number`, `road` ...
    pub field: Option<String>,
    /// Its right value.
    pub value: Option<String>,
}

/// A rule's finding about a subject. The same finding has the same identifier in every run.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Flag {
    /// Deterministic: see [`flag_id`].
    pub flag_id: String,
    /// Rule code, as in the catalogue.
    pub rule: &'static str,
    /// What it is about.
    pub subject: Subject,
    /// How grave.
    pub severity: Severity,
    /// Probability that the record is wrong in this way; none for rules without one.
    pub probability: Option<f64>,
    /// What may be done with the suggestion.
    pub tier: Option<Tier>,
    /// The finding with its numbers.
    pub message: Text,
    /// Where the finding is: the pin, or a point of the gap; none where there is no place on earth.
    pub at: Option<LonLat>,
    /// What would mend it.
    pub suggestion: Option<Suggestion>,
}

/// A flag, and since when it stands.
#[derive(Debug, Clone, PartialEq)]
pub struct Standing {
    /// What was found.
    pub flag: Flag,
    /// When it was first found.
    pub since: DateTime<Utc>,
}

/// Somebody looked at a flag and said that it is no error: it stays out of the open flags up to and including a day.
#[derive(Debug, Clone, PartialEq, Serialize, utoipa::ToSchema)]
pub struct Dismissal {
    /// The flag.
    pub flag_id: String,
    /// Why it is no error.
    pub reason: String,
    /// Last day of the dismissal.
    pub until: NaiveDate,
    /// Account that dismissed it.
    pub by: Box<str>,
    /// When.
    pub at: DateTime<Utc>,
}

/// The identifier of a rule's finding about a subject: 16 hexadecimal digits of SHA-256 over both.
pub fn flag_id(rule: &str, subject: &Subject) -> String {
    let (kind, id) = subject.parts();
    let digest =
        Sha256::new().chain_update(rule).chain_update([0]).chain_update(kind).chain_update([0]).chain_update(id);
    hex::encode(&digest.finalize()[..8])
}
