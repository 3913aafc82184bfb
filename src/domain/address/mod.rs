//! The standardized address: its parts, its positions, its life.

mod class;
pub mod parts;
pub mod normalise;
pub mod numeral;
pub mod number;
pub mod admin;
pub mod word;
pub mod token;
pub mod parsed;
pub mod parse;
pub mod print;
pub mod revise;
pub mod personal;
pub mod pack;

use super::id::{AddressId, BatchId, BuildingId, GridCode};
use super::lonlat::LonLat;
use chrono::{DateTime, NaiveDate, Utc};
pub use normalise::normalise;
pub use number::HouseNumber;
pub use pack::{AddressChunk, AddressRef, AddressRow, PositionRef};
pub use parse::parse;
pub use parsed::{Doubt, Normalisation, Normalised, Parsed, Template};
pub use parts::{Parts, PartsRef};
pub use print::print;
use serde::{Deserialize, Serialize};

/// What a position of an address marks. Ranked: the first that an address has is its pin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PositionKind {
    /// 门口: the door.
    Door,
    /// 单元口: the unit's entrance.
    UnitEntrance,
    /// 楼栋: somewhere on the building.
    Building,
    /// 房间: the room.
    Room,
    /// 院落: the courtyard's entrance.
    Courtyard,
    /// 消防登高场地: where a fire engine stands.
    FireAccess,
}

/// How a position was found.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PositionMethod {
    /// A phone's fix.
    #[default]
    Phone,
    /// Set by hand on the map.
    Map,
    /// Surveyed.
    Survey,
    /// Computed from other evidence and accepted by a person.
    Suggested,
    /// From an imported register that does not say how.
    Register,
}

/// One position of an address.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Position {
    /// What it marks.
    pub kind: PositionKind,
    /// Where: as collected, perhaps nowhere on earth.
    pub at: LonLat,
    /// How it was found.
    pub method: PositionMethod,
    /// What the device said of its accuracy, metres.
    pub accuracy_m: Option<f32>,
    /// When it was taken.
    pub collected_at: Option<DateTime<Utc>>,
    /// Work code of the account that took it (never a person's name).
    pub collector: Option<Box<str>>,
}

/// Whether an address is alive. Nothing is deleted: an address ends.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AddressStatus {
    /// In use.
    #[default]
    Active,
    /// 已拆除
    Demolished,
    /// 已合并 into another address.
    Merged,
}

/// A standardized address with its pin.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Address {
    /// Identifier.
    pub id: AddressId,
    /// The text as it was given.
    pub full_text: String,
    /// Its parts: given, or parsed from the text.
    pub parts: Parts,
    /// The grid that it declares.
    pub grid: Option<GridCode>,
    /// The pin: its position of the highest rank.
    pub pin: Option<Position>,
    /// Further positions, by rank.
    pub positions: Vec<Position>,
    /// The building that it is tied to.
    pub building: Option<BuildingId>,
    /// Alive or ended.
    pub status: AddressStatus,
    /// The day on which it ended.
    pub ended_on: Option<NaiveDate>,
    /// Last day on which somebody confirmed it on the spot.
    pub verified_on: Option<NaiveDate>,
    /// Collection batch.
    pub batch: Option<BatchId>,
    /// Version of the record, from 1.
    pub version: i64,
}
