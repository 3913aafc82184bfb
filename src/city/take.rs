//! Taking records over: each into the row of its identifier, with a note of whose index entries may change.

use super::apply::{Step, put};
use super::build::home_of;
use super::*;
use crate::index::ids::headcount_key;

/// Puts a record in the row of its identifier, or in a new one.
fn upsert<T: Clone>(
    table: &mut Table<T>,
    ids: &mut Lookup,
    key: u64,
    record: T,
    same: impl Fn(&T, &T) -> bool,
) -> (u32, Option<T>) {
    let known = ids.get(key).find(|row| table.get(*row as usize).is_some_and(|old| same(old, &record)));
    match known {
        Some(row) => {
            let old = table[row as usize].clone();
            table.set(row as usize, record);
            (row, Some(old))
        }
        None => {
            let row = table.push(record) as u32;
            ids.insert(key, row);
            (row, None)
        }
    }
}

/// The row of a packed record: that of its identifier, or the next one. It is put there with the others of the `batch`.
fn upsert_packed<T: Keyed>(table: &Packed<T>, ids: &mut Lookup, batch: &mut BTreeMap<u32, T>, record: T) -> u32 {
    let key = key_of::<str>(record.id());
    let is_same = |row: &u32| match (batch.get(row), table.get(*row as usize)) {
        (Some(other), _) => other.id() == record.id(),
        (None, Some(old)) => T::id_of(old) == record.id(),
        (None, None) => false,
    };
    let known = ids.get(key).find(is_same);
    let row = known.unwrap_or_else(|| {
        let row = batch.last_key_value().map_or(0, |(last, _)| last + 1).max(table.len() as u32);
        ids.insert(key, row);
        row
    });
    batch.insert(row, record);
    row
}

impl Step<'_> {
    /// Takes the records over and notes whose index entries may change. Says whether anything that rules look at did.
    pub(super) fn take(&mut self, delta: Delta) -> bool {
        let Delta {
            addresses, buildings, places, rentals, inspections, hazards, visits, headcounts, corrections, ..
        } = delta;
        let looked_at = !(addresses.is_empty()
            && buildings.is_empty()
            && rentals.is_empty()
            && inspections.is_empty()
            && hazards.is_empty()
            && corrections.is_empty());
        let (new, rows) = (&mut self.new, &mut self.rows);
        let (records, ids) = (&mut new.records, &mut new.ids);
        let mut batch = BTreeMap::new();
        for address in addresses {
            let key = key_of::<str>(&address.id);
            let home = home_of(&new.grid, address.grid.as_deref(), address.pin.as_ref().map(|pin| pin.at));
            let (id, building) = (address.id.clone(), address.building.clone());
            let row = upsert_packed(&records.addresses, &mut ids.addresses, &mut batch, address);
            put(&mut new.homes, row, home);
            if let Some(building) = building {
                ids.addresses_of_building.insert(key_of::<str>(&building), row);
            }
            rows.rentals.extend(ids.rentals_of_address.get(key));
            rows.hazards.extend(ids.hazards_of_address.get(key));
            rows.addresses.insert(row);
            rows.changed.addresses.insert(row);
            rows.changed.hazards.extend(ids.hazards_of_address.get(key));
            rows.changed.rentals.extend(ids.rentals_of_address.get(key));
            self.touched.addresses.push(id);
        }
        records.addresses.put_all(batch);
        let mut batch = BTreeMap::new();
        for building in buildings {
            let row = upsert_packed(&records.buildings, &mut ids.buildings, &mut batch, building);
            rows.buildings.insert(row);
            rows.changed.buildings.insert(row);
        }
        records.buildings.put_all(batch);
        for place in places {
            let key = key_of::<str>(&place.id);
            upsert(&mut records.places, &mut ids.places, key, place, |a, b| a.id == b.id);
        }
        let mut batch = BTreeMap::new();
        for rental in rentals {
            let address = rental.address.clone();
            let row = upsert_packed(&records.rentals, &mut ids.rentals, &mut batch, rental);
            let old = records.rentals.get(row as usize).and_then(RentalRef::address);
            if let Some(address) = &address {
                ids.rentals_of_address.insert(key_of::<str>(address), row);
            }
            rows.rentals.insert(row);
            rows.changed.rentals.insert(row);
            for address in old.into_iter().chain(address.as_deref()) {
                rows.changed.concerned.extend(ids.addresses.get(key_of::<str>(address)));
            }
        }
        records.rentals.put_all(batch);
        for inspection in inspections {
            let (key, rental) = (key_of::<str>(&inspection.id), key_of::<str>(&inspection.rental));
            let (row, _) = upsert(&mut records.inspections, &mut ids.inspections, key, inspection, |a, b| a.id == b.id);
            ids.inspections_of_rental.insert(rental, row);
            rows.rentals.extend(ids.rentals.get(rental));
            rows.changed.rentals.extend(ids.rentals.get(rental));
        }
        let mut batch = BTreeMap::new();
        for hazard in hazards {
            let address = key_of::<str>(&hazard.address);
            let rental = hazard.rental.as_ref().map(|id| key_of::<str>(id));
            let row = upsert_packed(&records.hazards, &mut ids.hazards, &mut batch, hazard);
            let old = records.hazards.get(row as usize);
            ids.hazards_of_address.insert(address, row);
            rows.hazards.insert(row);
            rows.changed.hazards.insert(row);
            let was = old.map(|old| key_of::<str>(old.address()));
            for address in was.into_iter().chain([address]) {
                rows.changed.concerned.extend(ids.addresses.get(address));
            }
            let before = old.and_then(HazardRef::rental).map(key_of::<str>);
            for rental in before.into_iter().chain(rental) {
                rows.rentals.extend(ids.rentals.get(rental));
            }
            if let Some(rental) = rental {
                ids.hazards_of_rental.insert(rental, row);
            }
        }
        records.hazards.put_all(batch);
        for visit in visits {
            let key = key_of(&visit.id);
            upsert(&mut records.visits, &mut ids.visits, key, visit, |a, b| a.id == b.id);
        }
        for correction in corrections {
            let (key, address) = (key_of(&correction.correction_id), key_of::<str>(&correction.address_id));
            let (row, _) = upsert(&mut records.corrections, &mut ids.corrections, key, correction, |a, b| {
                a.correction_id == b.correction_id
            });
            ids.corrections_of_address.insert(address, row);
            rows.changed.corrections.insert(row);
            rows.changed.concerned.extend(ids.addresses.get(address));
        }
        for headcount in headcounts {
            let key = headcount_key(&headcount.grid, headcount.group);
            upsert(&mut records.headcounts, &mut ids.headcounts, key, headcount, |a, b| {
                a.grid == b.grid && a.group == b.group
            });
        }
        self.dismiss(delta.dismissals, delta.undismissed);
        looked_at
    }

    fn dismiss(&mut self, dismissals: Vec<Dismissal>, undismissed: Vec<String>) {
        if dismissals.is_empty() && undismissed.is_empty() {
            return;
        }
        let mut ids: Vec<String> = undismissed;
        let all = Arc::make_mut(&mut self.new.dismissals);
        ids.iter().for_each(|id| {
            all.remove(id);
        });
        for dismissal in dismissals {
            ids.push(dismissal.flag_id.clone());
            all.insert(dismissal.flag_id.clone(), dismissal);
        }
        for slot in ids.iter().filter_map(|id| self.new.flags.slot(id)) {
            self.rows.slots.insert(slot);
            if let Some(id) = self.new.flags.view(slot).and_then(FlagRef::address) {
                self.rows.addresses.extend(self.new.address(id));
            }
        }
    }
}
