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
    /// Flags that the process found which checks, as they are now. A City that was checked here keeps its own.
    pub flags: Vec<Standing>,
    /// Identifiers of flags that it doesn't find any more.
    pub unflagged: Vec<String>,
    /// Whether `flags` are all that stand.
    pub all_flags: bool,
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
    /// How many records and flags there are in it.
    pub fn len(&self) -> usize {
        self.grids.len()
            + self.addresses.len()
            + self.buildings.len()
            + self.places.len()
            + self.rentals.len()
            + self.inspections.len()
            + self.hazards.len()
            + self.visits.len()
            + self.headcounts.len()
            + self.corrections.len()
            + self.dismissals.len()
            + self.undismissed.len()
            + self.flags.len()
            + self.unflagged.len()
            + self.removed.len()
    }

    /// Whether nothing changed.
    pub fn is_empty(&self) -> bool {
        self.len() == 0 && !self.all_flags
    }
}
