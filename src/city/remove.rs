//! Taking away records that are gone altogether, as after the undo of an import: the last records move into their rows,
//! so that it costs what goes, not what stays.

use super::apply::Step;
use super::build::home_of_address;
use super::*;
use crate::index::ids::headcount_key;
use std::collections::BTreeSet;

/// Takes some rows out of a table. Answered are the rows that hold another record since, and all rows that differ: these
/// and those that are no more.
fn take_out<T: Clone>(table: &mut Table<T>, gone: &BTreeSet<u32>) -> (Vec<u32>, BTreeSet<u32>) {
    let before = table.len() as u32;
    let filled = table.take_out(gone);
    let differ = differing(&filled, table.len() as u32..before);
    (filled, differ)
}

/// The same of a table of columns.
fn take_out_packed<T: Pack>(table: &mut Packed<T>, gone: &BTreeSet<u32>) -> (Vec<u32>, BTreeSet<u32>) {
    let before = table.len() as u32;
    let filled = table.take_out(gone);
    let differ = differing(&filled, table.len() as u32..before);
    (filled, differ)
}

fn differing(filled: &[u32], lost: std::ops::Range<u32>) -> BTreeSet<u32> {
    filled.iter().copied().chain(lost).collect()
}

impl Step<'_> {
    /// Takes records away. Says whether anything that rules look at did go; grids are for [`Step::regrid`].
    pub(super) fn remove(&mut self, removed: &[Removed]) -> bool {
        let rows = |find: &dyn Fn(&City, &Removed) -> Option<u32>| -> BTreeSet<u32> {
            removed.iter().filter_map(|gone| find(&self.new, gone)).collect()
        };
        let inspections =
            rows(&|city, gone| if let Removed::Inspection(id) = gone { city.inspection(id) } else { None });
        let hazards = rows(&|city, gone| if let Removed::Hazard(id) = gone { city.hazard(id) } else { None });
        let rentals = rows(&|city, gone| if let Removed::Rental(id) = gone { city.rental(id) } else { None });
        let addresses = rows(&|city, gone| if let Removed::Address(id) = gone { city.address(id) } else { None });
        let buildings = rows(&|city, gone| if let Removed::Building(id) = gone { city.building(id) } else { None });
        let places = rows(&|city, gone| if let Removed::Place(id) = gone { city.place(id) } else { None });
        let looked_at =
            [&inspections, &hazards, &rentals, &addresses, &buildings].into_iter().any(|rows| !rows.is_empty());
        self.without_inspections(&inspections);
        self.without_hazards(&hazards);
        self.without_rentals(&rentals);
        self.without_addresses(&addresses);
        self.without_buildings(&buildings);
        let City { records, ids, .. } = &mut self.new;
        for row in take_out(&mut records.places, &places).0 {
            ids.places.insert(key_of::<str>(&records.places[row as usize].id), row);
        }
        let row_of = |key: u64, lookup: &Lookup, same: &dyn Fn(u32) -> bool| lookup.get(key).find(|row| same(*row));
        let visits = removed.iter().filter_map(|gone| match gone {
            Removed::Visit(id) => row_of(key_of(id), &ids.visits, &|row| {
                records.visits.get(row as usize).is_some_and(|visit| visit.id == *id)
            }),
            _ => None,
        });
        let visits: BTreeSet<u32> = visits.collect();
        for row in take_out(&mut records.visits, &visits).0 {
            ids.visits.insert(key_of(&records.visits[row as usize].id), row);
        }
        let headcounts = removed.iter().filter_map(|gone| match gone {
            Removed::Headcount(grid, group) => row_of(headcount_key(grid, *group), &ids.headcounts, &|row| {
                records.headcounts.get(row as usize).is_some_and(|h| h.grid == *grid && h.group == *group)
            }),
            _ => None,
        });
        let headcounts: BTreeSet<u32> = headcounts.collect();
        for row in take_out(&mut records.headcounts, &headcounts).0 {
            let headcount = &records.headcounts[row as usize];
            ids.headcounts.insert(headcount_key(&headcount.grid, headcount.group), row);
        }
        looked_at
    }

    fn without_inspections(&mut self, gone: &BTreeSet<u32>) {
        let City { records, ids, .. } = &mut self.new;
        for row in gone {
            let rental = key_of::<str>(&records.inspections[*row as usize].rental);
            self.rows.rentals.extend(ids.rentals.get(rental));
            self.rows.changed.rentals.extend(ids.rentals.get(rental));
        }
        for row in take_out(&mut records.inspections, gone).0 {
            let inspection = &records.inspections[row as usize];
            ids.inspections.insert(key_of::<str>(&inspection.id), row);
            ids.inspections_of_rental.insert(key_of::<str>(&inspection.rental), row);
        }
    }

    fn without_hazards(&mut self, gone: &BTreeSet<u32>) {
        let City { records, ids, .. } = &mut self.new;
        for row in gone {
            let hazard = records.hazards.at(*row as usize).row();
            self.rows.changed.gone.push(Subject::Hazard(hazard.id.to_string()));
            self.rows.changed.concerned.extend(ids.addresses.get(key_of::<str>(hazard.address)));
            let rental = hazard.rental.iter().flat_map(|id| ids.rentals.get(key_of::<str>(id)));
            self.rows.rentals.extend(rental);
        }
        let (filled, differ) = take_out_packed(&mut records.hazards, gone);
        for row in filled {
            let hazard = records.hazards.at(row as usize).row();
            ids.hazards.insert(key_of::<str>(hazard.id), row);
            ids.hazards_of_address.insert(key_of::<str>(hazard.address), row);
            if let Some(rental) = hazard.rental {
                ids.hazards_of_rental.insert(key_of::<str>(rental), row);
            }
        }
        self.rows.changed.hazards.extend(&differ);
        self.rows.hazards.extend(differ);
    }

    fn without_rentals(&mut self, gone: &BTreeSet<u32>) {
        let City { records, ids, rental_states, .. } = &mut self.new;
        for row in gone {
            let rental = records.rentals.at(*row as usize).row();
            self.rows.changed.gone.push(Subject::Rental(rental.id.to_string()));
            let address = rental.address.iter().flat_map(|id| ids.addresses.get(key_of::<str>(id)));
            self.rows.changed.concerned.extend(address);
        }
        let (filled, differ) = take_out_packed(&mut records.rentals, gone);
        for row in filled {
            let rental = records.rentals.at(row as usize).row();
            ids.rentals.insert(key_of::<str>(rental.id), row);
            if let Some(address) = rental.address {
                ids.rentals_of_address.insert(key_of::<str>(address), row);
            }
        }
        rental_states.truncate(records.rentals.len());
        self.rows.changed.rentals.extend(&differ);
        self.rows.rentals.extend(differ);
    }

    fn without_addresses(&mut self, gone: &BTreeSet<u32>) {
        let City { records, ids, grid, homes, marks, .. } = &mut self.new;
        for row in gone {
            let id = records.addresses.at(*row as usize).id();
            let key = key_of::<str>(id);
            self.rows.rentals.extend(ids.rentals_of_address.get(key));
            self.rows.hazards.extend(ids.hazards_of_address.get(key));
            self.rows.changed.rentals.extend(ids.rentals_of_address.get(key));
            self.rows.changed.hazards.extend(ids.hazards_of_address.get(key));
            self.rows.changed.corrections.extend(ids.corrections_of_address.get(key));
            self.rows.changed.gone.push(Subject::Address(id.to_owned()));
            self.touched.addresses.push(id.into());
        }
        let before = records.addresses.len() as u32;
        let filled = records.addresses.take_out(gone);
        let differ = differing(&filled, records.addresses.len() as u32..before);
        for row in filled {
            let address = records.addresses.at(row as usize);
            ids.addresses.insert(key_of::<str>(address.id()), row);
            if let Some(building) = address.building() {
                ids.addresses_of_building.insert(key_of::<str>(building), row);
            }
            homes.set(row as usize, home_of_address(grid, address));
        }
        homes.truncate(records.addresses.len());
        marks.truncate(records.addresses.len());
        self.rows.changed.addresses.extend(&differ);
        self.rows.addresses.extend(differ);
    }

    fn without_buildings(&mut self, gone: &BTreeSet<u32>) {
        let City { records, ids, building_homes, .. } = &mut self.new;
        let mut ids_touched: Vec<BuildingId> = Vec::new();
        for row in gone {
            let id = records.buildings.at(*row as usize).id();
            self.rows.changed.gone.push(Subject::Building(id.to_owned()));
            ids_touched.push(id.into());
        }
        let before = records.buildings.len() as u32;
        let filled = records.buildings.take_out(gone);
        let differ = differing(&filled, records.buildings.len() as u32..before);
        for row in filled {
            let id = records.buildings.at(row as usize).id();
            ids.buildings.insert(key_of(id), row);
            ids_touched.push(id.into());
        }
        // Who names one of them names another row since, or none.
        for id in ids_touched {
            let naming = ids.addresses_of_building.get(key_of::<str>(&id));
            let names = |i: &u32| records.addresses.get(*i as usize).is_some_and(|a| a.building() == Some(id.as_str()));
            self.rows.changed.addresses.extend(naming.filter(names));
        }
        building_homes.truncate(records.buildings.len());
        self.rows.changed.buildings.extend(&differ);
        self.rows.buildings.extend(differ);
    }
}
