//! Plain data without IO: what a city's records are and which values they may take.

pub mod id;
pub mod lonlat;
pub mod area;
pub mod grid;
pub mod address;
pub mod building;
pub mod place;
pub mod rental;
pub mod inspection;
pub mod hazard;
pub mod visit;
pub mod headcount;
pub mod correction;
pub mod mend;
pub mod flag;
pub mod user;
pub mod spine;
pub mod table;
pub mod column;
pub mod places;
pub mod texts;
pub mod phrase;
pub mod packed;
pub mod key_map;
pub mod records;

pub use address::{
    Address, AddressRef, AddressRow, AddressStatus, HouseNumber, Parts, PartsRef, Position, PositionKind,
    PositionMethod, PositionRef,
};
pub use area::Area;
pub use building::{Building, BuildingKind, BuildingRef, BuildingRow, Footprint, FootprintRef};
pub use correction::{Change, Correction, CorrectionState, Proof};
pub use flag::{Dismissal, Flag, FlagRef, Severity, Standing, Subject, Suggestion, Tier};
pub use grid::{Grid, GridLevel};
pub use hazard::{Hazard, HazardRef, HazardRow, HazardSeverity, HazardState};
pub use headcount::{CareGroup, Headcount};
pub use id::{AddressId, BatchId, BuildingId, GridCode, HazardId, InspectionId, PlaceId, RentalId};
pub use inspection::{CheckItem, Finding, Inspection};
pub use key_map::KeyMap;
pub use lonlat::{Frame, LonLat};
pub use mend::{Mend, Stale, Why};
pub use packed::{Keyed, Pack, Packed, Packer};
pub use place::{Place, PlaceKind};
pub use records::Records;
pub use rental::{Rental, RentalRef, RentalRow, RentalSpace, RentalStatus};
pub use table::Table;
pub use user::{Actor, Role, Scope};
pub use visit::{Visit, VisitOutcome};
