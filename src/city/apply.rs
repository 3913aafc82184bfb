//! From one City to the next: what a change may alter is taken out of the indexes as it was and put in as it is.

use super::build::home_of;
use super::ground::LAYERS;
use super::points::{Point, Points};
use super::recheck::Changed;
use super::tally::Counts;
use super::world::Span;
use super::*;
use crate::index::ids::headcount_key;
use std::collections::{BTreeSet, HashMap, HashSet};

/// Rows that may draw or count differently after a change.
#[derive(Debug, Default)]
struct Rows {
    changed: Changed,
    addresses: BTreeSet<u32>,
    buildings: BTreeSet<u32>,
    rentals: BTreeSet<u32>,
    hazards: BTreeSet<u32>,
    slots: BTreeSet<u32>,
}

/// The City that is being made, and what differs in it.
struct Step<'a> {
    old: &'a City,
    new: City,
    rows: Rows,
    touched: Touched,
}

impl City {
    /// The City after a change, and what the change touched. Grids and removals build everything anew; everything else
    /// costs what it changes.
    pub fn apply(&self, delta: Delta) -> (City, Touched) {
        if !delta.grids.is_empty() || !delta.removed.is_empty() {
            return self.apply_anew(delta);
        }
        let mut step = Step { old: self, new: self.clone(), rows: Rows::default(), touched: Touched::default() };
        step.new.revision += 1;
        step.touched.revision = step.new.revision;
        let records_changed = step.take(delta);
        if records_changed {
            let changed = std::mem::take(&mut step.rows.changed);
            let change = recheck::after(&mut step.new, &changed);
            step.rows.slots.extend(change.slots);
            for subject in change.subjects {
                match subject {
                    Subject::Address(id) => step.rows.addresses.extend(step.new.address(&id)),
                    Subject::Building(id) => step.rows.buildings.extend(step.new.building(&id)),
                    _ => {}
                }
            }
        }
        step.index();
        (step.new, step.touched)
    }

    /// Applies a change by building everything anew.
    fn apply_anew(&self, delta: Delta) -> (City, Touched) {
        let mut step = Step { old: self, new: self.clone(), rows: Rows::default(), touched: Touched::default() };
        let (grids, removed) = (delta.grids.clone(), delta.removed.clone());
        step.take(delta);
        let Step { new, touched, .. } = step;
        let mut records = new.records;
        let mut rows: HashMap<GridCode, usize> = records.grids.iter().map(|g| g.code.clone()).zip(0..).collect();
        for grid in grids {
            match rows.get(&grid.code) {
                Some(row) => records.grids.set(*row, grid),
                None => {
                    let code = grid.code.clone();
                    rows.insert(code, records.grids.push(grid));
                }
            }
        }
        let gone: HashSet<Removed> = removed.into_iter().collect();
        if !gone.is_empty() {
            records = without(records, &gone);
        }
        let city = self.rebuild(records, self.today, new.dismissals);
        let touched = Touched { revision: city.revision, everything: true, ..touched };
        city.touching_everything(touched)
    }

    /// The same city on another day, and what that touched: everything may be due or lapse.
    pub fn turned(&self, today: NaiveDate) -> (City, Touched) {
        let city = self.on(today);
        let touched = Touched { revision: city.revision, everything: true, ..Touched::default() };
        city.touching_everything(touched)
    }

    /// Another City in place of this one: see [`Live::replace`].
    pub(super) fn succeeded_by(&self, mut city: City) -> (City, Touched) {
        city.revision = self.revision + 1;
        city.ground = ground::Ground::at(city.revision);
        city.care = self.care.rebuilt(&self.grid, &city.records.headcounts, &city.grid);
        let touched = Touched { revision: city.revision, everything: true, ..Touched::default() };
        city.touching_everything(touched)
    }

    fn touching_everything(self, mut touched: Touched) -> (City, Touched) {
        if let Some(span) = self.bbox().and_then(Span::of_box) {
            LAYERS.into_iter().for_each(|layer| touched.add(layer, span));
        }
        (self, touched)
    }
}

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

/// Sets what is kept beside a record; rows come in ascending order, so that a new one is the next.
fn put<T: Clone>(table: &mut Table<T>, row: u32, value: T) {
    if (row as usize) < table.len() {
        table.set(row as usize, value);
    } else {
        table.push(value);
    }
}

impl Step<'_> {
    /// Takes the records over and notes whose index entries may change. Says whether anything that rules look at did.
    fn take(&mut self, delta: Delta) -> bool {
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
        for address in addresses {
            let key = key_of::<str>(&address.id);
            let home = home_of(&new.grid, &address);
            let (id, building) = (address.id.clone(), address.building.clone());
            let (row, _) = upsert(&mut records.addresses, &mut ids.addresses, key, address, |a, b| a.id == b.id);
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
        for building in buildings {
            let key = key_of::<str>(&building.id);
            let (row, _) = upsert(&mut records.buildings, &mut ids.buildings, key, building, |a, b| a.id == b.id);
            rows.buildings.insert(row);
            rows.changed.buildings.insert(row);
        }
        for place in places {
            let key = key_of::<str>(&place.id);
            upsert(&mut records.places, &mut ids.places, key, place, |a, b| a.id == b.id);
        }
        for rental in rentals {
            let key = key_of::<str>(&rental.id);
            let address = rental.address.clone();
            let (row, old) = upsert(&mut records.rentals, &mut ids.rentals, key, rental, |a, b| a.id == b.id);
            if let Some(address) = &address {
                ids.rentals_of_address.insert(key_of::<str>(address), row);
            }
            rows.rentals.insert(row);
            rows.changed.rentals.insert(row);
            for address in old.and_then(|old| old.address).into_iter().chain(address) {
                rows.changed.concerned.extend(ids.addresses.get(key_of::<str>(&address)));
            }
        }
        for inspection in inspections {
            let (key, rental) = (key_of::<str>(&inspection.id), key_of::<str>(&inspection.rental));
            let (row, _) = upsert(&mut records.inspections, &mut ids.inspections, key, inspection, |a, b| a.id == b.id);
            ids.inspections_of_rental.insert(rental, row);
            rows.rentals.extend(ids.rentals.get(rental));
            rows.changed.rentals.extend(ids.rentals.get(rental));
        }
        for hazard in hazards {
            let (key, address) = (key_of::<str>(&hazard.id), key_of::<str>(&hazard.address));
            let rental = hazard.rental.as_ref().map(|id| key_of::<str>(id));
            let (row, old) = upsert(&mut records.hazards, &mut ids.hazards, key, hazard, |a, b| a.id == b.id);
            ids.hazards_of_address.insert(address, row);
            rows.hazards.insert(row);
            rows.changed.hazards.insert(row);
            let was = old.as_ref().map(|old| key_of::<str>(&old.address));
            for address in was.into_iter().chain([address]) {
                rows.changed.concerned.extend(ids.addresses.get(address));
            }
            let before = old.and_then(|old| old.rental).map(|id| key_of::<str>(&id));
            for rental in before.into_iter().chain(rental) {
                rows.rentals.extend(ids.rentals.get(rental));
            }
            if let Some(rental) = rental {
                ids.hazards_of_rental.insert(rental, row);
            }
        }
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
        let counted = !headcounts.is_empty();
        for headcount in headcounts {
            let key = headcount_key(&headcount.grid, headcount.group);
            upsert(&mut records.headcounts, &mut ids.headcounts, key, headcount, |a, b| {
                a.grid == b.grid && a.group == b.group
            });
        }
        if counted {
            new.care = self.old.care.after(&new.records.headcounts, &new.grid);
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
            if let Some(Subject::Address(id)) = self.new.flags.at(slot).map(|flag| &flag.subject) {
                self.rows.addresses.extend(self.new.address(id));
            }
        }
    }

    /// Brings the indexes up to date.
    fn index(&mut self) {
        for row in self.rows.buildings.iter().copied() {
            let home = self.new.home_of_building(row);
            put(&mut self.new.building_homes, row, home);
        }
        self.move_homes_of_flags();
        for row in self.rows.addresses.iter().copied() {
            let mark = self.new.mark_of(row);
            put(&mut self.new.marks, row, mark);
        }
        for row in self.rows.rentals.iter().copied() {
            let state = self.new.state_of_rental(row);
            put(&mut self.new.rental_states, row, state);
        }
        let Step { old, new, rows, .. } = self;
        let mut shares: [Vec<(u32, Counts)>; 2] = Default::default();
        let cities = [*old, &*new];
        for (city, shares) in cities.into_iter().zip(&mut shares) {
            shares.extend(
                rows.addresses.iter().filter(|r| city.homes.len() > **r as usize).map(|r| city.address_share(*r)),
            );
            shares.extend(rows.rentals.iter().map(|r| city.rental_share(*r)));
            shares.extend(rows.hazards.iter().map(|r| city.hazard_share(*r)));
        }
        type Entry<'a> = (&'static [&'static str], &'a BTreeSet<u32>, fn(&City, u32) -> Option<Point>);
        let kinds: [Entry; 4] = [
            (&["address"], &rows.addresses, |city, row| city.address_point(row)),
            (&["rental", "heat"], &rows.rentals, |city, row| city.rental_point(row)),
            (&["hazard", "heat"], &rows.hazards, |city, row| city.hazard_point(row)),
            (&["flag"], &rows.slots, |city, slot| city.flag_point(slot)),
        ];
        let mut spans: Vec<(&'static str, Span)> = Vec::new();
        let mut changes: Vec<[Vec<Point>; 2]> = Vec::new();
        for (layers, rows, point) in kinds {
            let points = cities.map(|city| rows.iter().filter_map(|row| point(city, *row)).collect::<Vec<Point>>());
            for point in points.iter().flatten() {
                spans.extend(layers.iter().map(|layer| (*layer, Span::of(point.spot()))));
            }
            changes.push(points);
        }
        let boxes: Vec<(u32, Option<Span>)> =
            rows.buildings.iter().map(|row| (*row, new.building_span(*row))).collect();
        let before = rows.buildings.iter().filter_map(|row| old.building_span(*row));
        spans.extend(before.chain(boxes.iter().filter_map(|(_, span)| *span)).map(|span| ("building", span)));
        let change = |points: &mut Points, [gone, come]: &[Vec<Point>; 2]| {
            let only = |these: &[Point], those: &[Point]| -> Vec<Point> {
                these.iter().filter(|p| !those.contains(p)).copied().collect()
            };
            if gone.len() < 64 {
                points.change(&only(gone, come), &only(come, gone));
            } else {
                points.change(gone, come);
            }
        };
        change(&mut new.address_points, &changes[0]);
        change(&mut new.rental_points, &changes[1]);
        change(&mut new.hazard_points, &changes[2]);
        change(&mut new.flag_points, &changes[3]);
        boxes.into_iter().for_each(|(row, span)| new.building_boxes.set(row, span));
        let homes = new.tally.change(&shares[0], &shares[1]);
        let grids: BTreeSet<u32> = homes
            .into_iter()
            .filter_map(|home| new.grid_at_order(home))
            .flat_map(|i| std::iter::successors(Some(i), |j| new.grid.parent(*j)))
            .collect();
        spans.extend(grids.into_iter().filter_map(|i| Some(("grid", new.shapes[i as usize].span?))));
        let care = new.care.differs(&old.care);
        spans.extend(care.into_iter().filter_map(|i| Some(("care", new.shapes[i as usize].span?))));
        spans.sort_unstable_by_key(|(layer, s)| (*layer, s.west, s.north, s.east, s.south));
        spans.dedup();
        for (layer, span) in spans {
            new.ground.touch(layer, span, new.revision);
            self.touched.add(layer, span);
        }
    }

    /// A flag belongs to the grid of its subject: when the subject moves, so does it.
    fn move_homes_of_flags(&mut self) {
        let mut subjects: Vec<Subject> = Vec::new();
        let records = &self.new.records;
        subjects.extend(
            self.rows.addresses.iter().map(|r| Subject::Address(records.addresses[*r as usize].id.to_string())),
        );
        subjects.extend(
            self.rows.buildings.iter().map(|r| Subject::Building(records.buildings[*r as usize].id.to_string())),
        );
        subjects.extend(self.rows.rentals.iter().map(|r| Subject::Rental(records.rentals[*r as usize].id.to_string())));
        subjects.extend(self.rows.hazards.iter().map(|r| Subject::Hazard(records.hazards[*r as usize].id.to_string())));
        for row in &self.rows.addresses {
            let id = &records.addresses[*row as usize].id;
            subjects.extend(self.new.corrections_of(id).map(|c| Subject::Correction(c.correction_id.to_string())));
        }
        for subject in subjects {
            let slots = self.new.flags.of(&subject).filter_map(|flag| self.new.flags.slot(&flag.flag_id));
            self.rows.slots.extend(slots);
        }
    }
}

/// The records without those that are gone.
fn without(records: Records, gone: &HashSet<Removed>) -> Records {
    fn keep<T: Clone>(table: &Table<T>, gone: impl Fn(&T) -> bool) -> Table<T> {
        table.iter().filter(|record| !gone(record)).cloned().collect()
    }
    Records {
        grids: keep(&records.grids, |g| gone.contains(&Removed::Grid(g.code.clone()))),
        addresses: keep(&records.addresses, |a| gone.contains(&Removed::Address(a.id.clone()))),
        buildings: keep(&records.buildings, |b| gone.contains(&Removed::Building(b.id.clone()))),
        places: keep(&records.places, |p| gone.contains(&Removed::Place(p.id.clone()))),
        rentals: keep(&records.rentals, |r| gone.contains(&Removed::Rental(r.id.clone()))),
        inspections: keep(&records.inspections, |i| gone.contains(&Removed::Inspection(i.id.clone()))),
        hazards: keep(&records.hazards, |h| gone.contains(&Removed::Hazard(h.id.clone()))),
        visits: keep(&records.visits, |v| gone.contains(&Removed::Visit(v.id))),
        headcounts: keep(&records.headcounts, |h| gone.contains(&Removed::Headcount(h.grid.clone(), h.group))),
        corrections: records.corrections,
    }
}
