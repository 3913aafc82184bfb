//! All records of a city, as read from the store or from files.

use super::*;

/// All records of a city. The order is the input's; identifiers are unique within each kind.
#[derive(Debug, Clone, Default)]
pub struct Records {
    /// Grids of all levels.
    pub grids: Table<Grid>,
    /// Addresses.
    pub addresses: Packed<Address>,
    /// Buildings.
    pub buildings: Packed<Building>,
    /// Places.
    pub places: Table<Place>,
    /// Rentals.
    pub rentals: Packed<Rental>,
    /// Inspections.
    pub inspections: Table<Inspection>,
    /// Hazards.
    pub hazards: Packed<Hazard>,
    /// Visits.
    pub visits: Table<Visit>,
    /// Headcounts.
    pub headcounts: Table<Headcount>,
    /// Corrections that wait for review, for the rules that look at them.
    pub corrections: Table<Correction>,
}
