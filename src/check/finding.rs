//! What a rule says of one record, before it becomes a flag.

use super::rule::Rule;
use crate::domain::flag::flag_id;
use crate::domain::{Flag, LonLat, Severity, Subject, Suggestion, Tier};
use crate::error::Text;

/// Kind of record that a rule looks at, in the order of the flags.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Addresses.
    Address,
    /// Buildings.
    Building,
    /// Grids.
    Grid,
    /// Rentals.
    Rental,
    /// Hazards.
    Hazard,
    /// Corrections.
    Correction,
    /// A file that is about to be imported; asked by the import, not by a check.
    Import,
}

impl Kind {
    /// All kinds that a check looks at.
    pub const CHECKED: [Kind; 6] =
        [Kind::Address, Kind::Building, Kind::Grid, Kind::Rental, Kind::Hazard, Kind::Correction];
}

/// What a rule found about one record.
#[derive(Debug, Clone, PartialEq)]
pub struct Finding {
    message: Text,
    severity: Option<Severity>,
    probability: Option<f64>,
    tier: Option<Tier>,
    at: Option<LonLat>,
    suggestion: Option<Suggestion>,
}

impl Finding {
    /// A finding with its message, Chinese and English, its numbers in it.
    pub fn new(zh: impl Into<String>, en: impl Into<String>) -> Self {
        Finding {
            message: Text::new(zh, en),
            severity: None,
            probability: None,
            tier: None,
            at: None,
            suggestion: None,
        }
    }

    /// Another severity than the rule's own.
    pub fn severity(mut self, severity: Severity) -> Self {
        self.severity = Some(severity);
        self
    }

    /// How probable it is that the record is wrong in this way, 0 to 1; kept to four decimals. The tier follows from it:
    /// `auto` from 0.95 on where the cause restores the position exactly and the record bears it out, `review` from 0.8,
    /// `field` from 0.5.
    pub fn probability(mut self, probability: f64, restores_exactly: bool) -> Self {
        let p = (probability.clamp(0.0, 1.0) * 1e4).round() / 1e4;
        self.probability = Some(p);
        self.tier = match p {
            p if p >= 0.95 && restores_exactly => Some(Tier::Auto),
            p if p >= 0.8 => Some(Tier::Review),
            p if p >= 0.5 => Some(Tier::Field),
            _ => None,
        };
        self
    }

    /// Where the finding is, when it is not the record's own place.
    pub fn at(mut self, at: LonLat) -> Self {
        self.at = Some(at);
        self
    }

    /// What would mend it.
    pub fn suggest(mut self, suggestion: Suggestion) -> Self {
        self.suggestion = Some(suggestion);
        self
    }

    /// Suggests a place and how far off it may be.
    pub fn suggest_at(self, at: LonLat, radius_m: f64) -> Self {
        self.suggest(Suggestion { at: Some(at), radius_m: Some(radius_m), ..Suggestion::default() })
    }

    /// Suggests an attribute's value.
    pub fn suggest_value(self, field: &str, value: impl Into<String>) -> Self {
        self.suggest(Suggestion { field: Some(field.to_owned()), value: Some(value.into()), ..Suggestion::default() })
    }

    /// The flag of `rule` about `subject`, which stands at `place`.
    pub fn into_flag(self, rule: &Rule, subject: Subject, place: Option<LonLat>) -> Flag {
        Flag {
            flag_id: flag_id(rule.code, &subject),
            rule: rule.code,
            severity: self.severity.unwrap_or(rule.severity),
            probability: self.probability,
            tier: self.tier,
            message: self.message,
            at: self.at.or(place).filter(|at| at.is_on_earth()),
            suggestion: self.suggestion,
            subject,
        }
    }
}

/// Metres as messages write them: centimetres below ten kilometres, then kilometres. Chinese and English read the same.
pub fn metres_text(m: f64) -> String {
    if m < 10_000.0 { format!("{m:.2} m") } else { format!("{:.1} km", m / 1_000.0) }
}
