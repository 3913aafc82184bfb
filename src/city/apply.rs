//! From one City to the next: what a change may alter is taken out of the indexes as it was and put in as it is.

use super::entry::See;
use super::flag::Change;
use super::ground::LAYERS;
use super::points::Entry;
use super::recheck::Changed;
use super::tally::Counts;
use super::world::Span;
use super::*;
use std::collections::BTreeSet;

/// Rows that may draw or count differently after a change.
#[derive(Debug, Default)]
pub(super) struct Rows {
    pub changed: Changed,
    pub addresses: BTreeSet<u32>,
    pub buildings: BTreeSet<u32>,
    pub rentals: BTreeSet<u32>,
    pub hazards: BTreeSet<u32>,
    pub slots: BTreeSet<u32>,
}

/// The City that is being made, and what differs in it.
pub(super) struct Step<'a> {
    pub old: &'a City,
    pub new: City,
    pub rows: Rows,
    pub touched: Touched,
    /// The old City in the numbers of other grids, where there are such.
    pub base: Option<Box<City>>,
    /// Ground on which other grids are drawn.
    pub spans: Vec<Span>,
    /// Grids that may count otherwise, by position.
    pub counted: BTreeSet<u32>,
    /// Whether everything may be drawn otherwise.
    pub everything: bool,
    /// Whether so many flags differ that what hangs on them is indexed as a whole.
    pub many_flags: bool,
}

impl City {
    /// The City after a change, and what the change touched. It costs what it changes.
    pub fn apply(&self, mut delta: Delta) -> (City, Touched) {
        let (removed, grids) = (std::mem::take(&mut delta.removed), std::mem::take(&mut delta.grids));
        let found = (std::mem::take(&mut delta.flags), std::mem::take(&mut delta.unflagged), delta.all_flags);
        let counted = !delta.headcounts.is_empty() || removed.iter().any(|gone| matches!(gone, Removed::Headcount(..)));
        let mut step = Step::from(self);
        if !grids.is_empty() || removed.iter().any(|gone| matches!(gone, Removed::Grid(_))) {
            step.regrid(grids, &removed);
        }
        let records_changed = step.take(delta) | step.remove(&removed) | step.rows.changed.regrid.is_some();
        if counted {
            let (care, headcounts) = (&self.care, &step.new.records.headcounts);
            step.new.care = match step.rows.changed.regrid {
                Some(_) => care.rebuilt(&self.grid, headcounts, &step.new.grid),
                None => care.after(headcounts, &step.new.grid),
            };
        }
        if records_changed {
            let changed = std::mem::take(&mut step.rows.changed);
            let change = recheck::after(&mut step.new, &changed);
            step.note(change);
        }
        if !self.is_checked() {
            let (flags, unflagged, all) = found;
            let flags_of = &mut step.new.flags;
            let change = if all { flags_of.replace_by_found(flags) } else { flags_of.take_found(flags, &unflagged) };
            step.note(change);
        }
        step.finish()
    }

    /// The same city with what another check of the same records found: `checked` was made of this City, or of an earlier
    /// one and the same edits since.
    pub(super) fn adopt(&self, checked: City) -> (City, Touched) {
        let mut step = Step::from(self);
        let City { detection, facts, coverage, flags, .. } = checked;
        (step.new.detection, step.new.facts, step.new.coverage) = (detection, facts, coverage);
        let change = step.new.flags.replace_by(&flags);
        step.note(change);
        step.finish()
    }

    /// The same city on another day, unchecked, and what that touched: everything may be due or lapse.
    pub fn turned(&self, today: NaiveDate) -> (City, Touched) {
        let city = self.on(today);
        let touched = Touched { revision: city.revision, everything: true, ..Touched::default() };
        city.touching_everything(touched)
    }

    /// The City that was turned to another day, and was given every edit since, in place of this one. It has this one's
    /// flags until it is checked.
    pub(super) fn turned_into(&self, mut city: City) -> (City, Touched) {
        city.revision = self.revision + 1;
        city.ground = ground::Ground::at(city.revision);
        city.flags = self.flags.clone();
        city.index_flags();
        let touched = Touched { revision: city.revision, everything: true, ..Touched::default() };
        city.touching_everything(touched)
    }

    /// A City that was loaded anew in place of this one, and what that touched: all that either draws. What is published of
    /// care groups goes on from what was published before.
    pub(super) fn replaced_by(&self, mut city: City) -> (City, Touched) {
        city.revision = self.revision + 1;
        city.ground = ground::Ground::at(city.revision);
        city.care = self.care.rebuilt(&self.grid, &city.records.headcounts, &city.grid);
        let mut touched = Touched { revision: city.revision, everything: true, ..Touched::default() };
        self.touch_all(&mut touched);
        city.touching_everything(touched)
    }

    fn touching_everything(self, mut touched: Touched) -> (City, Touched) {
        self.touch_all(&mut touched);
        (self, touched)
    }

    /// Notes everything that this City draws.
    fn touch_all(&self, touched: &mut Touched) {
        if let Some(span) = self.bbox().and_then(Span::of_box) {
            LAYERS.into_iter().for_each(|layer| touched.add(layer, span));
        }
    }
}

/// Sets what is kept beside a record; rows come in ascending order, so that a new one is the next.
pub(super) fn put<T: Clone>(table: &mut Table<T>, row: u32, value: T) {
    if (row as usize) < table.len() {
        table.set(row as usize, value);
    } else {
        table.push(value);
    }
}

/// Flags beyond which what hangs on them is indexed as a whole.
const MANY_FLAGS: usize = 8_192;

impl<'a> Step<'a> {
    /// A City that is as `old` so far, one revision on.
    fn from(old: &'a City) -> Step<'a> {
        let mut new = old.clone();
        new.revision += 1;
        let touched = Touched { revision: new.revision, ..Touched::default() };
        let (rows, spans, counted) = (Rows::default(), Vec::new(), BTreeSet::new());
        Step { old, new, rows, touched, base: None, spans, counted, everything: false, many_flags: false }
    }

    /// Notes what differs in the flags.
    fn note(&mut self, change: Change) {
        self.touched.flags.extend(change.ids);
        if change.slots.len() > MANY_FLAGS {
            self.many_flags = true;
            return;
        }
        self.rows.slots.extend(change.slots);
        for subject in change.subjects {
            match subject {
                Subject::Address(id) => self.rows.addresses.extend(self.new.address(&id)),
                Subject::Building(id) => self.rows.buildings.extend(self.new.building(&id)),
                _ => {}
            }
        }
    }

    /// The next City, and what differs in it.
    fn finish(mut self) -> (City, Touched) {
        self.index();
        let Step { mut new, mut touched, everything, many_flags, .. } = self;
        if many_flags {
            new.index_flags();
        }
        if everything || many_flags {
            new.ground = ground::Ground::at(new.revision);
            touched.everything = true;
            return new.touching_everything(touched);
        }
        (new, touched)
    }
}

impl Step<'_> {
    /// Brings the indexes up to date.
    fn index(&mut self) {
        let records = &self.new.records;
        let [addresses, buildings, rentals] =
            [records.addresses.len(), records.buildings.len(), records.rentals.len()].map(|len| len as u32);
        for row in self.rows.buildings.range(..buildings).copied() {
            let home = self.new.home_of_building(row);
            put(&mut self.new.building_homes, row, home);
        }
        self.move_homes_of_flags();
        for row in self.rows.addresses.range(..addresses).copied() {
            let mark = self.new.mark_of(row);
            put(&mut self.new.marks, row, mark);
        }
        for row in self.rows.rentals.range(..rentals).copied() {
            let state = self.new.state_of_rental(row);
            put(&mut self.new.rental_states, row, state);
        }
        let Step { old, new, rows, base, counted, .. } = self;
        let old = base.as_deref().unwrap_or(old);
        let mut shares: [Vec<(u32, Counts)>; 2] = Default::default();
        let cities = [old, &*new];
        for (city, shares) in cities.into_iter().zip(&mut shares) {
            shares.extend(
                rows.addresses.iter().filter(|r| city.homes.len() > **r as usize).map(|r| city.address_share(*r)),
            );
            shares.extend(rows.rentals.iter().map(|r| city.rental_share(*r)));
            shares.extend(rows.hazards.iter().map(|r| city.hazard_share(*r)));
        }
        type Kind<'a> = (&'static [&'static str], &'a BTreeSet<u32>, fn(&City, u32, See));
        let kinds: [Kind; 5] = [
            (&["address"], &rows.addresses, City::address_item),
            (&["rental", "heat"], &rows.rentals, City::rental_item),
            (&["hazard", "heat"], &rows.hazards, City::hazard_item),
            (&["flag"], &rows.slots, City::flag_item),
            (&["building"], &rows.buildings, City::building_item),
        ];
        let mut spans: Vec<(&'static str, Span)> = Vec::new();
        let mut changes: Vec<[Vec<Entry>; 2]> = Vec::new();
        for (layers, rows, item) in kinds {
            let entries = cities.map(|city| city.entries(rows.iter(), item));
            for span in entries.iter().flatten().map(Entry::span) {
                spans.extend(layers.iter().map(|layer| (*layer, span)));
            }
            changes.push(entries);
        }
        let points = [
            &mut new.address_points,
            &mut new.rental_points,
            &mut new.hazard_points,
            &mut new.flag_points,
            &mut new.building_points,
        ];
        points.into_iter().zip(changes).for_each(|(points, [gone, come])| points.change(gone, come));
        let homes = new.tally.change(&shares[0], &shares[1]);
        let grids: BTreeSet<u32> = homes
            .into_iter()
            .filter_map(|home| new.grid_at_order(home))
            .flat_map(|i| std::iter::successors(Some(i), |j| new.grid.parent(*j)))
            .collect();
        spans.extend(grids.into_iter().filter_map(|i| Some(("grid", new.shapes[i as usize].span?))));
        let was = |p: u32| old.grid.position(new.grid.code(p)).map(|was| old.counts(was));
        let counted = counted.iter().copied().filter(|p| was(*p) != Some(new.counts(*p)));
        spans.extend(counted.filter_map(|p| Some(("grid", new.shapes[p as usize].span?))));
        let care = new.care.differs(&old.care);
        // Where the last grid is gone, what was drawn of it is among the spans below.
        spans.extend(care.into_iter().filter_map(|i| Some(("care", new.shapes.get(i as usize)?.span?))));
        spans.extend(self.spans.iter().flat_map(|span| [("grid", *span), ("care", *span)]));
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
        let (records, rows) = (&self.new.records, &self.rows);
        let addresses = || rows.addresses.iter().filter_map(|row| records.addresses.get(*row as usize));
        let buildings = rows.buildings.iter().filter_map(|row| records.buildings.get(*row as usize));
        let rentals = rows.rentals.iter().filter_map(|row| records.rentals.get(*row as usize));
        let hazards = rows.hazards.iter().filter_map(|row| records.hazards.get(*row as usize));
        subjects.extend(addresses().map(|address| Subject::Address(address.id().to_owned())));
        subjects.extend(buildings.map(|building| Subject::Building(building.id().to_owned())));
        subjects.extend(rentals.map(|rental| Subject::Rental(rental.id().to_owned())));
        subjects.extend(hazards.map(|hazard| Subject::Hazard(hazard.id().to_owned())));
        for address in addresses() {
            subjects.extend(
                self.new.corrections_of(address.id()).map(|c| Subject::Correction(c.correction_id.to_string())),
            );
        }
        for subject in subjects {
            self.rows.slots.extend(self.new.flags.about(&subject).map(|(slot, _)| slot));
        }
    }
}
