//! Mends: a batch with one cause, corrected in one action and taken back in one.

use super::id::{AddressId, BatchId};
use chrono::{DateTime, Utc};
use serde::Serialize;
use uuid::Uuid;

/// A batch that was mended in one action.
#[derive(Debug, Clone, PartialEq, Serialize, utoipa::ToSchema)]
pub struct Mend {
    /// Identifier, made by the client: sending it twice stores it once.
    pub mend_id: Uuid,
    /// The group that was accepted.
    pub group_id: String,
    /// Rule of its flags.
    pub rule: String,
    /// The collection batch.
    pub batch: BatchId,
    /// How many pins it moved.
    pub pins: i32,
    /// A word on it.
    pub note: String,
    /// Account that made and so reviewed it.
    pub made_by: String,
    /// When.
    pub made_at: DateTime<Utc>,
    /// Account that took it back.
    pub undone_by: Option<String>,
    /// When.
    pub undone_at: Option<DateTime<Utc>>,
    /// Version.
    pub version: i64,
}

/// Why an address can't be mended, or taken back, as it was shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Why {
    /// It was changed since.
    Changed,
    /// It does not belong to the group any more, or is out of sight.
    Gone,
    /// It would now go somewhere else than was shown.
    Elsewhere,
}

/// An address that was left as it is, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Stale {
    /// The address.
    pub address_id: AddressId,
    /// Its version now; none where it is out of sight.
    pub version: Option<i64>,
    /// Why.
    pub why: Why,
}
