//! Corrections: what somebody on the ground changed, why, and who verified it.

use super::id::AddressId;
use super::lonlat::LonLat;
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

/// What a correction changes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Change {
    /// Moves the pin (dragged, or a suggestion accepted: then `flag_id` says which).
    Move {
        /// New longitude, degrees.
        lon: f64,
        /// New latitude, degrees.
        lat: f64,
        /// The flag whose suggestion was accepted.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        flag_id: Option<String>,
    },
    /// Sets one attribute: `grid_code`, `full_text`, or a part of the address.
    Set {
        /// Which attribute.
        field: String,
        /// Its new value.
        value: String,
        /// The flag whose suggestion was accepted.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        flag_id: Option<String>,
    },
    /// 已拆除: the address ends.
    Demolish {
        /// The day.
        on: NaiveDate,
    },
    /// The pin is right as it is: confirmed on the spot.
    Confirm,
    /// A comment only; see the correction's note.
    Comment,
}

/// Where a correction stands.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum CorrectionState {
    /// In force, waiting for somebody else to verify it.
    #[default]
    Unverified,
    /// Verified by somebody else than the collector.
    Verified,
    /// Rejected and taken back.
    Rejected,
}

/// Where the phone was when the correction was made.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Observed {
    /// Longitude of the phone, degrees.
    pub lon: f64,
    /// Latitude of the phone, degrees.
    pub lat: f64,
    /// What the phone said of its accuracy, metres.
    pub accuracy_m: Option<f32>,
    /// When.
    pub at: DateTime<Utc>,
}

/// A correction of one address.
#[derive(Debug, Clone, PartialEq, Serialize, utoipa::ToSchema)]
pub struct Correction {
    /// Identifier, made by the client: sending it twice stores it once.
    pub correction_id: uuid::Uuid,
    /// The address.
    pub address_id: AddressId,
    /// The version that the client saw.
    pub base_version: i64,
    /// The version that the correction made.
    pub version: i64,
    /// What it changes.
    pub change: Change,
    /// The pin before.
    pub before: Option<LonLat>,
    /// Where the phone was.
    pub observed: Option<Observed>,
    /// A word to the reviewer.
    pub note: String,
    /// Account that made it.
    pub made_by: String,
    /// When the server stored it.
    pub made_at: DateTime<Utc>,
    /// Where it stands.
    pub state: CorrectionState,
    /// Account that reviewed it.
    pub reviewed_by: Option<String>,
    /// When.
    pub reviewed_at: Option<DateTime<Utc>>,
    /// Why it was rejected.
    pub review_reason: Option<String>,
}
