//! Rentals: let homes and rooms, registered or not. Counts of occupants only; no person.

mod pack;

use super::id::{AddressId, RentalId};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

pub use pack::{RentalRef, RentalRow};

/// The kind of space that is let.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RentalSpace {
    /// A home above ground.
    #[default]
    Residential,
    /// 地下室
    Basement,
    /// 半地下室
    HalfBasement,
    /// 非居住用房: shop, factory, store, garage.
    NonResidential,
}

/// Whether it is let now.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RentalStatus {
    /// Let now.
    #[default]
    Active,
    /// No longer let.
    Ended,
}

/// A rental.
#[derive(Debug, Clone, PartialEq)]
pub struct Rental {
    /// Identifier.
    pub id: RentalId,
    /// Its address.
    pub address: Option<AddressId>,
    /// The day on which it was registered; none: not registered.
    pub registered_on: Option<NaiveDate>,
    /// What is let.
    pub space: RentalSpace,
    /// Rooms that are let.
    pub rooms: Option<u16>,
    /// How many people live there.
    pub occupants: Option<u16>,
    /// Let now or ended.
    pub status: RentalStatus,
    /// Version of the record, from 1.
    pub version: i64,
}
