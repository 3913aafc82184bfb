//! From identifiers to rows, for every kind of record, and from a record to those that hang on it.

use crate::domain::*;
use crate::index::{Lookup, key_of};

/// Lookups of a city. What they give is checked against the record, so an entry may be stale.
#[derive(Debug, Clone, Default)]
pub struct Ids {
    /// Addresses by identifier.
    pub addresses: Lookup,
    /// Buildings by identifier.
    pub buildings: Lookup,
    /// Places by identifier.
    pub places: Lookup,
    /// Rentals by identifier.
    pub rentals: Lookup,
    /// Inspections by identifier.
    pub inspections: Lookup,
    /// Hazards by identifier.
    pub hazards: Lookup,
    /// Visits by identifier.
    pub visits: Lookup,
    /// Headcounts by grid and group; see [`headcount_key`].
    pub headcounts: Lookup,
    /// Corrections by identifier.
    pub corrections: Lookup,
    /// Rentals by the identifier of their address.
    pub rentals_of_address: Lookup,
    /// Hazards by the identifier of their address.
    pub hazards_of_address: Lookup,
    /// Corrections by the identifier of their address.
    pub corrections_of_address: Lookup,
    /// Addresses by the identifier of the building that they name.
    pub addresses_of_building: Lookup,
    /// Hazards by the identifier of their rental.
    pub hazards_of_rental: Lookup,
    /// Inspections by the identifier of their rental.
    pub inspections_of_rental: Lookup,
}

fn rows<T: Send + Sync>(table: &Table<T>, key: impl Fn(&T) -> Option<u64> + Sync) -> Lookup {
    Lookup::of_rows(table.len(), |row| key(&table[row]))
}

fn packed<T: Pack>(table: &Packed<T>, key: impl Fn(T::View<'_>) -> Option<u64> + Sync) -> Lookup {
    Lookup::of_rows(table.len(), |row| key(table.at(row)))
}

/// The key of a headcount: its grid and its group.
pub fn headcount_key(grid: &GridCode, group: CareGroup) -> u64 {
    key_of(&(grid, group))
}

impl Ids {
    /// Looks at all records.
    pub fn build(records: &Records) -> Ids {
        let of = |id: &str| Some(key_of(id));
        Ids {
            addresses: packed(&records.addresses, |a| of(a.id())),
            buildings: packed(&records.buildings, |b| of(b.id())),
            places: rows(&records.places, |p| of(&p.id)),
            rentals: packed(&records.rentals, |r| of(r.id())),
            inspections: rows(&records.inspections, |i| of(&i.id)),
            hazards: packed(&records.hazards, |h| of(h.id())),
            visits: rows(&records.visits, |v| Some(key_of(&v.id))),
            headcounts: rows(&records.headcounts, |h| Some(headcount_key(&h.grid, h.group))),
            corrections: rows(&records.corrections, |c| Some(key_of(&c.correction_id))),
            rentals_of_address: packed(&records.rentals, |r| of(r.address()?)),
            hazards_of_address: packed(&records.hazards, |h| of(h.address())),
            corrections_of_address: rows(&records.corrections, |c| of(&c.address_id)),
            addresses_of_building: packed(&records.addresses, |a| of(a.building()?)),
            hazards_of_rental: packed(&records.hazards, |h| of(h.rental()?)),
            inspections_of_rental: rows(&records.inspections, |i| of(&i.rental)),
        }
    }
}
