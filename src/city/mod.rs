//! The in-memory picture of a city: records, indexes and flags, swapped atomically.
//!
//! A [`City`] never changes. [`City::apply`] makes the next one from a [`Delta`] and shares with it everything that
//! stayed; [`Live`] holds the current one and tells who listens what was touched. Records are known by their *row* in
//! [`City::records`]; a row stays the same from one City to the next unless records are removed.

pub mod apply;
pub mod border;
pub mod build;
pub mod care;
pub mod chunk;
pub mod delta;
mod entry;
pub mod flag;
pub mod ground;
pub mod group;
pub mod live;
pub mod points;
pub mod pyramid;
mod recheck;
mod regrid;
mod remove;
pub mod rental;
pub mod ring;
pub mod search;
pub mod shape;
mod take;
pub mod tag;
pub mod tally;
pub mod touched;
pub mod world;

pub use care::{Band, Care};
pub use delta::{Delta, Removed};
pub use flag::Flags;
pub use live::Live;
pub use rental::{Inspected, RentalState};
pub use tally::Counts;
pub use touched::Touched;

use crate::check::Thresholds;
use crate::check::coverage::Coverage;
use crate::check::detect::Detection;
use crate::check::facts::Facts;
use crate::domain::*;
use crate::index::{GridIndex, Ids, Lookup, key_of};
use chrono::NaiveDate;
use ground::Ground;
use points::Points;
use shape::Shape;
use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};
use tally::Tally;
use world::Span;

/// A city as it is at one moment. A copy is cheap: everything large is shared.
#[derive(Debug, Clone)]
pub struct City {
    /// All records.
    pub records: Records,
    /// The grids, indexed; a grid is known by its position, which is its row in `records.grids`.
    pub grid: Arc<GridIndex>,
    /// What the rules measure by.
    pub thresholds: Arc<Thresholds>,
    /// The day as of which dues and dismissals count.
    pub today: NaiveDate,
    /// Counts up with every change.
    pub revision: u64,
    /// What the rules found.
    pub flags: Flags,
    /// What detection found behind them; made when first asked for.
    detection: OnceLock<Arc<Detection>>,
    /// What rules share; made when first asked for.
    facts: OnceLock<Facts>,
    /// What is wrong with the grids as a coverage; made when first asked for.
    coverage: OnceLock<Arc<Coverage>>,
    /// Dismissals by flag identifier, lapsed ones included.
    pub dismissals: Arc<BTreeMap<String, Dismissal>>,
    /// What is published of the care groups.
    pub care: Care,
    /// Versions of the ground.
    pub ground: Ground,
    /// Addresses with a pin on earth.
    pub address_points: Points,
    /// Open flags with a place; the row of a point is the flag's slot.
    pub flag_points: Points,
    /// Active rentals whose address has a pin on earth.
    pub rental_points: Points,
    /// Hazards that are not closed and whose address has a pin on earth.
    pub hazard_points: Points,
    /// Standing buildings on earth, with their outlines.
    pub building_points: Points,
    tally: Tally,
    ids: Ids,
    /// Preorder number of each address's grid: the one that it declares, else the finest that holds its pin.
    homes: Table<u32>,
    /// The gravest open flag of each address: 0 none, 1 info, 2 warning, 3 error.
    marks: Table<u8>,
    rental_states: Table<RentalState>,
    building_homes: Table<u32>,
    shapes: Arc<Vec<Arc<Shape>>>,
    level_zoom: [u8; 5],
    /// Position of the grid with each preorder number.
    by_order: Arc<Vec<u32>>,
}

impl City {
    /// Row of the address with an identifier.
    pub fn address(&self, id: &str) -> Option<u32> {
        find_packed(&self.ids.addresses, id, &self.records.addresses)
    }

    /// Row of the building with an identifier.
    pub fn building(&self, id: &str) -> Option<u32> {
        find_packed(&self.ids.buildings, id, &self.records.buildings)
    }

    /// Row of the rental with an identifier.
    pub fn rental(&self, id: &str) -> Option<u32> {
        find_packed(&self.ids.rentals, id, &self.records.rentals)
    }

    /// Row of the hazard with an identifier.
    pub fn hazard(&self, id: &str) -> Option<u32> {
        find_packed(&self.ids.hazards, id, &self.records.hazards)
    }

    /// Row of the inspection with an identifier.
    pub fn inspection(&self, id: &str) -> Option<u32> {
        find(&self.ids.inspections, id, &self.records.inspections, |i| &i.id)
    }

    /// Row of the place with an identifier.
    pub fn place(&self, id: &str) -> Option<u32> {
        find(&self.ids.places, id, &self.records.places, |p| &p.id)
    }

    /// Row of the correction with an identifier.
    pub fn correction(&self, id: &uuid::Uuid) -> Option<u32> {
        let mut rows = self.ids.corrections.get(key_of(id));
        rows.find(|row| self.records.corrections.get(*row as usize).is_some_and(|c| c.correction_id == *id))
    }

    /// The address in a row.
    pub fn address_at(&self, row: u32) -> AddressRef<'_> {
        self.records.addresses.at(row as usize)
    }

    /// Rows of the rentals of an address.
    pub fn rentals_of_address(&self, id: &str) -> impl Iterator<Item = u32> {
        let rows = self.ids.rentals_of_address.get(key_of(id));
        rows.filter(move |row| self.records.rentals.get(*row as usize).is_some_and(|r| r.address() == Some(id)))
    }

    /// Rows of the hazards of an address.
    pub fn hazards_of_address(&self, id: &str) -> impl Iterator<Item = u32> {
        let rows = self.ids.hazards_of_address.get(key_of(id));
        rows.filter(move |row| self.records.hazards.get(*row as usize).is_some_and(|h| h.address() == id))
    }

    /// Corrections of an address that the City knows: those that waited when it was built, and all since.
    pub fn corrections_of(&self, id: &str) -> impl Iterator<Item = &Correction> {
        let rows = self.ids.corrections_of_address.get(key_of(id));
        rows.map(|row| &self.records.corrections[row as usize]).filter(move |c| *c.address_id == *id)
    }

    /// The flags about an address.
    pub fn flags_of_address(&self, id: &str) -> Vec<FlagRef<'_>> {
        self.flags.about(&Subject::Address(id.to_owned())).map(|(_, flag)| flag).collect()
    }

    /// The dismissal of a flag that is in force today.
    pub fn dismissal(&self, flag_id: &str) -> Option<&Dismissal> {
        self.dismissals.get(flag_id).filter(|dismissal| dismissal.until >= self.today)
    }

    /// Whether a flag stands and is not dismissed.
    pub fn is_open(&self, flag: &Flag) -> bool {
        self.dismissal(&flag.flag_id).is_none()
    }

    /// The same of a flag where it lies.
    pub fn shows(&self, flag: FlagRef<'_>) -> bool {
        self.dismissals.is_empty() || self.dismissal(&flag.id()).is_none()
    }

    /// The gravest open flag of the address in a row.
    pub fn flagged(&self, address: u32) -> Option<Severity> {
        match self.marks[address as usize] {
            0 => None,
            1 => Some(Severity::Info),
            2 => Some(Severity::Warning),
            _ => Some(Severity::Error),
        }
    }

    /// Inspections and hazards of the rental in a row.
    pub fn rental_state(&self, rental: u32) -> &RentalState {
        &self.rental_states[rental as usize]
    }

    /// The preorder numbers that a scope holds; empty when the scope's grid is not known.
    pub fn interval(&self, scope: &Scope) -> (u32, u32) {
        match scope {
            Scope::All => (0, u32::MAX),
            Scope::Grid(code) => self.grid.position(code).map_or((0, 0), |i| self.grid.preorder(i)),
        }
    }

    /// Whose points a scope holds.
    pub fn within(&self, scope: &Scope) -> points::Within {
        let (from, to) = self.interval(scope);
        if *scope == Scope::All { points::Within::All } else { points::Within::Homes(from, to) }
    }

    /// Whether a scope holds a home, a preorder number or [`points::NOWHERE`].
    pub fn holds(&self, scope: &Scope, home: u32) -> bool {
        let (from, to) = self.interval(scope);
        matches!(scope, Scope::All) || (from..to).contains(&home)
    }

    /// Preorder number of the grid that the address in a row belongs to: the one that it declares, else the finest that
    /// holds its pin, else [`points::NOWHERE`].
    pub fn home(&self, address: u32) -> u32 {
        self.homes[address as usize]
    }

    /// Position of the grid that an address belongs to.
    pub fn grid_of(&self, address: u32) -> Option<u32> {
        self.grid_at_order(self.home(address))
    }

    /// Position of the grid with a preorder number.
    pub fn grid_at_order(&self, order: u32) -> Option<u32> {
        self.by_order.get(order as usize).copied().filter(|grid| *grid != points::NOWHERE)
    }

    /// Preorder number of the grid that a flag's subject belongs to, or [`points::NOWHERE`].
    pub fn home_of(&self, subject: &Subject) -> u32 {
        let address_home = |id: &str| self.address(id).map(|row| self.home(row));
        let home = match subject {
            Subject::Address(id) => address_home(id),
            Subject::Building(id) => self.building(id).map(|row| self.building_home(row)),
            Subject::Grid(codes) => {
                codes.split('|').next().and_then(|code| self.grid.position(code)).map(|i| self.grid.order(i))
            }
            Subject::Rental(id) => self.rental(id).map(|row| self.rental_home(row)),
            Subject::Hazard(id) => {
                self.hazard(id).and_then(|row| address_home(self.records.hazards.at(row as usize).address()))
            }
            Subject::Correction(id) => {
                let row = uuid::Uuid::try_parse(id).ok().and_then(|id| self.correction(&id));
                row.and_then(|row| address_home(&self.records.corrections[row as usize].address_id))
            }
        };
        home.unwrap_or(points::NOWHERE)
    }

    /// Preorder number of the grid that a rental belongs to: its address's.
    pub fn rental_home(&self, rental: u32) -> u32 {
        let address = self.records.rentals.at(rental as usize).address();
        address.and_then(|id| self.address(id)).map_or(points::NOWHERE, |row| self.home(row))
    }

    /// Preorder number of the grid that a hazard belongs to: its address's.
    pub fn hazard_home(&self, hazard: u32) -> u32 {
        let address = self.address(self.records.hazards.at(hazard as usize).address());
        address.map_or(points::NOWHERE, |row| self.home(row))
    }

    /// Preorder number of the grid that a building belongs to: the one that it declares, else the finest that holds the
    /// middle of its box.
    pub fn building_home(&self, building: u32) -> u32 {
        self.building_homes[building as usize]
    }

    /// Counts of a grid with everything below it, by the grid's position.
    pub fn counts(&self, grid: u32) -> Counts {
        self.tally.within(self.grid.preorder(grid))
    }

    /// Counts of the whole city, what belongs to no grid included.
    pub fn counts_of_all(&self) -> Counts {
        self.tally.all()
    }

    /// Outlines of the grids in steps of the world, by position.
    pub fn shapes(&self) -> &[Arc<Shape>] {
        &self.shapes
    }

    /// Positions of the grids of a level whose outline may be drawn in a box, in preorder.
    pub fn grids_about(&self, span: Span, level: GridLevel) -> Vec<u32> {
        // A step of the world more on every side: corners are rounded to them.
        let mut grids = Vec::new();
        self.grid.touching(span.grown(1).degrees(), level, &mut grids);
        grids.retain(|i| self.shapes[*i as usize].span.is_some_and(|own| own.meets(span)));
        grids.sort_unstable_by_key(|i| self.grid.order(*i));
        grids
    }

    /// The zoom from which grids of a level are large enough to be seen (16 pixels a side on average); 0 for the coarsest.
    pub fn level_zoom(&self, level: GridLevel) -> u8 {
        self.level_zoom[level as usize]
    }

    /// West, south, east, north of all grids, or of all pins where there is no grid; none for a city without both.
    pub fn bbox(&self) -> Option<[f64; 4]> {
        let grids = self.shapes.iter().filter_map(|shape| shape.span).reduce(world::Span::with);
        let pins = || self.address_points.iter().map(|p| world::Span::of(p.spot())).reduce(world::Span::with);
        grids.or_else(pins).map(world::Span::degrees)
    }
}

fn find_packed<T: Keyed>(lookup: &Lookup, id: &str, table: &Packed<T>) -> Option<u32> {
    lookup.get(key_of(id)).find(|row| table.get(*row as usize).is_some_and(|record| T::id_of(record) == id))
}

fn find<'a, T>(lookup: &Lookup, id: &str, table: &'a Table<T>, id_of: impl Fn(&'a T) -> &'a str) -> Option<u32> {
    lookup.get(key_of(id)).find(|row| table.get(*row as usize).is_some_and(|record| id_of(record) == id))
}
