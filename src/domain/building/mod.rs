//! Buildings: a footprint or a point, floors, kind, and the address parts they carry.

mod footprint;
mod pack;

use super::address::Parts;
use super::id::{BuildingId, GridCode};
pub use footprint::{Footprint, FootprintRef};
pub use pack::{BuildingRef, BuildingRow};
use serde::{Deserialize, Serialize};

/// What a building is for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum BuildingKind {
    /// Homes.
    Residential,
    /// Shops, offices, hotels.
    Commercial,
    /// Factories, workshops, stores.
    Industrial,
    /// Schools, hospitals, offices of the administration.
    Public,
    /// Not known.
    #[default]
    Unknown,
}

/// A building.
#[derive(Debug, Clone, PartialEq)]
pub struct Building {
    /// Identifier.
    pub id: BuildingId,
    /// Its address as text, empty where unknown.
    pub full_text: String,
    /// The address parts it carries (road, house number, compound, building).
    pub parts: Parts,
    /// Where it stands.
    pub footprint: Footprint,
    /// Floors above ground.
    pub floors: Option<u16>,
    /// What it is for.
    pub kind: BuildingKind,
    /// The grid that it declares, where the survey says one.
    pub grid: Option<GridCode>,
    /// Whether it still stands.
    pub standing: bool,
    /// Version of the record, from 1.
    pub version: i64,
}
