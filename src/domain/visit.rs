//! Visits to an address (已走访): when, by which account, with what outcome. No word about a person.

use super::id::AddressId;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// What came of a visit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum VisitOutcome {
    /// The address is as recorded.
    Confirmed,
    /// Nobody opened.
    NotMet,
    /// The address could not be found on the spot.
    NotFound,
    /// A correction was made.
    Corrected,
}

/// A visit.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Visit {
    /// Identifier, made by the client.
    pub id: uuid::Uuid,
    /// The address.
    pub address: AddressId,
    /// When.
    pub at: DateTime<Utc>,
    /// Account.
    pub by: Box<str>,
    /// Outcome.
    pub outcome: VisitOutcome,
}
