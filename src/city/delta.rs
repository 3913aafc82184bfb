//! What changed in the records: the feed's answer, and what an edit hands to the City.

use crate::domain::*;

/// Records as they are after a change, by kind; a record with a known identifier replaces the one in the City.
#[derive(Debug, Clone, Default)]
pub struct Delta {
    /// Grids.
    pub grids: Vec<Grid>,
    /// Addresses; one that ended comes with its status and day.
    pub addresses: Vec<Address>,
    /// Buildings.
    pub buildings: Vec<Building>,
    /// Places.
    pub places: Vec<Place>,
    /// Rentals.
    pub rentals: Vec<Rental>,
    /// Inspections.
    pub inspections: Vec<Inspection>,
    /// Hazards.
    pub hazards: Vec<Hazard>,
    /// Visits.
    pub visits: Vec<Visit>,
    /// Headcounts, one for each grid and group.
    pub headcounts: Vec<Headcount>,
    /// Corrections, in every state: those that were reviewed stop waiting.
    pub corrections: Vec<Correction>,
    /// Dismissals, one for each flag.
    pub dismissals: Vec<Dismissal>,
    /// Identifiers of flags whose dismissal was taken back.
    pub undismissed: Vec<String>,
    /// Records that are gone altogether, as after the undo of an import. The last records of their
    /// kind move into their rows.
    pub removed: Vec<Removed>,
}

/// A record that is gone altogether.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Removed {
    /// A grid.
    Grid(GridCode),
    /// An address.
    Address(AddressId),
    /// A building.
    Building(BuildingId),
    /// A place.
    Place(PlaceId),
    /// A rental.
    Rental(RentalId),
    /// An inspection.
    Inspection(InspectionId),
    /// A hazard.
    Hazard(HazardId),
    /// A visit.
    Visit(uuid::Uuid),
    /// The headcount of a group in a grid.
    Headcount(GridCode, CareGroup),
}

impl Delta {
    /// Whether nothing changed.
    pub fn is_empty(&self) -> bool {
        self.grids.is_empty()
            && self.addresses.is_empty()
            && self.buildings.is_empty()
            && self.places.is_empty()
            && self.rentals.is_empty()
            && self.inspections.is_empty()
            && self.hazards.is_empty()
            && self.visits.is_empty()
            && self.headcounts.is_empty()
            && self.corrections.is_empty()
            && self.dismissals.is_empty()
            && self.undismissed.is_empty()
            && self.removed.is_empty()
    }
}
