//! Hazards and their closed loop: found, assigned, mended, closed by somebody other than the finder.

mod pack;

use super::id::{AddressId, HazardId, RentalId};
use super::inspection::CheckItem;
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

pub use pack::{HazardRef, HazardRow};

/// How grave a hazard is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum HazardSeverity {
    /// 一般
    Minor,
    /// 较大
    Serious,
    /// 重大
    Major,
}

impl HazardSeverity {
    /// Weight on the heatmap: 1, 3, 9.
    pub fn weight(self) -> u32 {
        match self {
            HazardSeverity::Minor => 1,
            HazardSeverity::Serious => 3,
            HazardSeverity::Major => 9,
        }
    }
}

/// Where a hazard stands in its loop.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum HazardState {
    /// Reported.
    #[default]
    Open,
    /// Given to a department.
    Assigned,
    /// The department says that it is mended.
    Mended,
    /// Confirmed by somebody other than the finder.
    Closed,
}

impl HazardState {
    /// The states that may follow this one. A mended hazard that is not in order goes back to assigned.
    pub fn next(self) -> &'static [HazardState] {
        match self {
            HazardState::Open => &[HazardState::Assigned, HazardState::Mended],
            HazardState::Assigned => &[HazardState::Mended],
            HazardState::Mended => &[HazardState::Closed, HazardState::Assigned],
            HazardState::Closed => &[],
        }
    }
}

/// A hazard at an address, mostly of a rental.
#[derive(Debug, Clone, PartialEq)]
pub struct Hazard {
    /// Identifier.
    pub id: HazardId,
    /// Where.
    pub address: AddressId,
    /// The rental that it was found in, if any.
    pub rental: Option<RentalId>,
    /// Which of the eight items.
    pub item: CheckItem,
    /// How grave.
    pub severity: HazardSeverity,
    /// Where it stands.
    pub state: HazardState,
    /// When it was found.
    pub found_at: DateTime<Utc>,
    /// Account that found it.
    pub found_by: Box<str>,
    /// By when it has to be mended.
    pub due_on: Option<NaiveDate>,
    /// When it was closed.
    pub closed_at: Option<DateTime<Utc>>,
    /// Account that closed it.
    pub closed_by: Option<Box<str>>,
    /// Version of the record, from 1.
    pub version: i64,
}
