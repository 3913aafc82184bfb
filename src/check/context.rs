//! What the rules of one check share. Whatever is costly is built when the first rule asks for it.

use super::carrier::Crowd;
use super::coverage::Coverage;
use super::detect::{Detection, Told};
use super::evidence::NONE;
use super::facts::{Facts, road_name};
use super::hypothesis::Judged;
use super::same::Same;
use super::text::{Kept, PartsOf, same_key};
use super::threshold::Thresholds;
use crate::domain::address::parse::{Parsed, parse};
use crate::domain::{AddressRef, AddressStatus, Change, Correction, CorrectionState};
use crate::domain::{HazardRef, HazardRow, LonLat, PartsRef, Records, RentalRef, RentalRow};
use crate::index::boxes::join;
use crate::index::{GridIndex, Ids, PointIndex, key_of};
use chrono::NaiveDate;
use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, OnceLock};

/// What the rules of one check look at: the records, the grids, the thresholds, the day, and what several of them share.
pub struct Context<'a> {
    /// The records.
    pub records: &'a Records,
    /// The grids of the records, indexed.
    pub grid: &'a Arc<GridIndex>,
    /// The thresholds.
    pub thresholds: &'a Thresholds,
    /// The day on which it is checked.
    pub today: NaiveDate,
    ids: OnceLock<Ids>,
    facts: OnceLock<Facts>,
    detection: OnceLock<Arc<Detection>>,
    area: OnceLock<Option<[f64; 4]>>,
    roads: Mutex<HashMap<u64, Arc<OnceLock<Arc<Road>>>>>,
    same: Mutex<HashMap<u64, Arc<OnceLock<ByText>>>>,
    crowds: Mutex<HashMap<u64, Arc<OnceLock<Crowd>>>>,
    coverage: OnceLock<Arc<Coverage>>,
    for_edits: bool,
}

/// Records of one address by its text in the standard form.
type ByText = HashMap<String, Arc<Same>>;

/// A road, or a compound where there is no road, and the pins of all addresses in use on it.
pub struct Road {
    /// Its name.
    pub name: String,
    /// The pins near the city.
    pub pins: PointIndex,
}

/// Nowhere on earth: the place of what has none.
pub const NOWHERE: LonLat = LonLat::new(f64::NAN, f64::NAN);

impl<'a> Context<'a> {
    /// A context over records; `grid` is the index of `records.grids`.
    pub fn new(records: &'a Records, grid: &'a Arc<GridIndex>, thresholds: &'a Thresholds, today: NaiveDate) -> Self {
        Context {
            records,
            grid,
            thresholds,
            today,
            ids: OnceLock::new(),
            facts: OnceLock::new(),
            detection: OnceLock::new(),
            area: OnceLock::new(),
            roads: Mutex::default(),
            same: Mutex::default(),
            crowds: Mutex::default(),
            coverage: OnceLock::new(),
            for_edits: false,
        }
    }

    /// The same, and what detection finds is kept so that edits can follow.
    pub fn for_edits(self) -> Self {
        Context { for_edits: true, ..self }
    }

    /// The same with the way from identifiers to rows, where that is known already.
    pub fn with_ids(self, ids: Ids) -> Self {
        Context { ids: ids.into(), ..self }
    }

    /// The same with facts that are known already; they must be those of the same records.
    pub fn with_facts(self, facts: Facts) -> Self {
        Context { facts: facts.into(), ..self }
    }

    /// The same with what detection found; it must be what it finds in the same records.
    pub fn with_detection(self, detection: Arc<Detection>) -> Self {
        Context { detection: detection.into(), ..self }
    }

    /// The same with what is wrong with the grids as a coverage; it must be what is wrong with these.
    pub fn with_coverage(self, coverage: Arc<Coverage>) -> Self {
        Context { coverage: coverage.into(), ..self }
    }

    /// The same with the ground that was taken for the city's before; none for that of these records.
    pub fn with_area(self, area: Option<[f64; 4]>) -> Self {
        match area {
            Some(_) => Context { area: area.into(), ..self },
            None => self,
        }
    }

    /// From identifiers to rows.
    pub fn ids(&self) -> &Ids {
        self.ids.get_or_init(|| Ids::build(self.records))
    }

    /// What others ask about each record.
    pub fn facts(&self) -> &Facts {
        self.facts.get_or_init(|| Facts::build(self))
    }

    /// The facts, if they were asked for.
    pub fn known_facts(&self) -> Option<&Facts> {
        self.facts.get()
    }

    /// An address.
    pub fn address(&self, i: usize) -> AddressRef<'a> {
        self.records.addresses.at(i)
    }

    /// Whether an address is in use.
    pub fn is_active(&self, i: usize) -> bool {
        self.address(i).status() == AddressStatus::Active
    }

    /// The pin of an address as collected, perhaps nowhere on earth; none when it has none.
    pub fn pin(&self, i: usize) -> Option<LonLat> {
        self.address(i).at()
    }

    /// What the phone said of the fix, or what a fix is assumed to be worth: radius in metres, at least 1.
    pub fn accuracy_m(&self, i: usize) -> f64 {
        let said = self.address(i).pin().and_then(|pin| pin.accuracy_m).map(f64::from);
        said.filter(|m| m.is_finite() && *m > 0.0).unwrap_or(self.thresholds.assumed_accuracy_m).max(1.0)
    }

    /// What is read from the text of an address. Each thread keeps what it read last.
    pub fn parsed(&self, i: usize) -> Arc<Parsed> {
        Kept::parsed(&self.address(i).full_text())
    }

    /// The parts of an address: as given, or read from its text when none is given.
    pub fn parts(&self, i: usize) -> PartsOf<'a> {
        let address = self.address(i);
        if address.parts().is_empty() { PartsOf::Read(self.parsed(i)) } else { PartsOf::Given(address) }
    }

    /// Asks something of the parts of an address without keeping what is read from its text.
    pub fn with_parts<T>(&self, i: usize, ask: impl FnOnce(&PartsRef) -> T) -> T {
        let address = self.address(i);
        let parts = address.parts();
        if parts.is_empty() { ask(&parse(&address.full_text()).parts.view()) } else { ask(&parts) }
    }

    /// Asks something of the address parts that a building carries.
    pub fn with_building_parts<T>(&self, b: usize, ask: impl FnOnce(&PartsRef) -> T) -> T {
        let building = self.records.buildings.at(b);
        let parts = building.parts();
        if parts.is_empty() { ask(&parse(building.full_text()).parts.view()) } else { ask(&parts) }
    }

    /// The building that the record of an address names.
    pub fn named_building(&self, i: usize) -> Option<usize> {
        self.address(i).building().and_then(|id| self.building_by_id(id))
    }

    /// Addresses, also ended ones, whose record names a building.
    pub fn naming(&self, b: usize) -> impl Iterator<Item = u32> {
        let id = self.records.buildings.at(b).id();
        let rows = self.ids().addresses_of_building.get(key_of(id));
        let addresses = &self.records.addresses;
        rows.filter(move |i| addresses.get(*i as usize).is_some_and(|a| a.building() == Some(id)))
    }

    /// Batch and collector of an address, as `batch` and `collector` number them; [`NONE`] for none.
    pub fn groups(&self, i: usize, batch: impl FnOnce(&str) -> u32, collector: impl FnOnce(&str) -> u32) -> [u32; 2] {
        let address = self.address(i);
        let by = address.pin().and_then(|pin| pin.collector);
        [address.batch().map_or(NONE, batch), by.map_or(NONE, collector)]
    }

    /// What detection found; it runs when first asked for.
    pub fn detection(&self) -> &Arc<Detection> {
        self.detect(&|_, _| {})
    }

    /// What detection found, if it ran.
    pub fn detected(&self) -> Option<&Arc<Detection>> {
        self.detection.get()
    }

    /// As [`Context::detection`], telling how far it is while it runs.
    pub fn detect(&self, progress: Told) -> &Arc<Detection> {
        self.detection.get_or_init(|| Arc::new(Detection::run(self, self.for_edits, progress)))
    }

    /// The verdict on an address in use that has a pin.
    pub fn judged(&self, i: usize) -> Option<&Judged> {
        (self.is_active(i) && self.address(i).at().is_some()).then(|| &self.detection().judged[i])
    }

    /// Position of the grid that an address declares; none when it declares none or an unknown code.
    pub fn declared(&self, i: usize) -> Option<u32> {
        self.address(i).grid().and_then(|code| self.grid.position(code))
    }

    /// The address with an identifier.
    pub fn address_by_id(&self, id: &str) -> Option<usize> {
        let mut rows = self.ids().addresses.get(key_of(id)).map(|i| i as usize);
        rows.find(|i| self.records.addresses.get(*i).is_some_and(|a| a.id() == id))
    }

    /// The building with an identifier.
    pub fn building_by_id(&self, id: &str) -> Option<usize> {
        let mut rows = self.ids().buildings.get(key_of(id)).map(|b| b as usize);
        rows.find(|b| self.records.buildings.get(*b).is_some_and(|building| building.id() == id))
    }

    /// A place of a building: a point inside its footprint, or its point.
    pub fn building_place(&self, b: usize) -> LonLat {
        self.facts().building(b).place
    }

    /// The standing building that carries an address in use; see [`Facts`].
    pub fn matching_building(&self, i: usize) -> Option<usize> {
        self.facts().address(i).building.map(|b| b as usize)
    }

    /// Whether an address in use belongs to a building, by tie or by the same address text.
    pub fn is_addressed(&self, b: usize) -> bool {
        !self.carried(b).is_empty()
    }

    /// The addresses in use that a building carries, ascending.
    pub fn carried(&self, b: usize) -> Vec<u32> {
        let (facts, key) = (self.facts(), self.facts().building(b).key);
        let mut rows = if facts.is_crowded(key) {
            self.with_crowd(key, |crowd| crowd.of_building.get(&(b as u32)).cloned().unwrap_or_default())
        } else {
            facts.of_key(key)
        };
        rows.extend(self.naming(b));
        rows.sort_unstable();
        rows.dedup();
        rows.retain(|i| facts.address(*i as usize).building == Some(b as u32));
        rows
    }

    /// Asks something of the many addresses of one building key, which are looked at once for all who ask.
    fn with_crowd<T>(&self, key: u64, ask: impl FnOnce(&Crowd) -> T) -> T {
        let crowd = self.crowds.lock().unwrap_or_else(|broken| broken.into_inner()).entry(key).or_default().clone();
        let facts = self.facts();
        ask(crowd.get_or_init(|| {
            let mut crowd = Crowd::default();
            for i in facts.of_key(key) {
                let fact = facts.address(i as usize);
                crowd.rooms += usize::from(fact.is_active && fact.is_room);
                if let Some(b) = fact.building {
                    crowd.of_building.entry(b).or_default().push(i);
                }
            }
            crowd
        }))
    }

    /// The floors that the addresses in use of a building name.
    pub fn floors_of(&self, b: usize) -> BTreeSet<u16> {
        let facts = self.facts();
        self.carried(b).into_iter().filter_map(|i| facts.address(i as usize).floor).collect()
    }

    /// The last correction, not rejected, that marked an address demolished.
    pub fn demolition(&self, address: &str) -> Option<&'a Correction> {
        let rows = self.ids().corrections_of_address.get(key_of(address));
        let known = rows.filter_map(|row| self.records.corrections.get(row as usize));
        let of_address = known.filter(|c| *c.address_id == *address);
        let made =
            of_address.filter(|c| matches!(c.change, Change::Demolish { .. }) && c.state != CorrectionState::Rejected);
        made.reduce(|a, b| if a.version < b.version { b } else { a })
    }

    /// The road of an address in use, made when it is first asked for.
    pub fn road(&self, i: usize) -> Option<Arc<Road>> {
        let key = self.facts().address(i).road;
        if key == 0 {
            return None;
        }
        let road = self.roads.lock().unwrap_or_else(|broken| broken.into_inner()).entry(key).or_default().clone();
        let made = road.get_or_init(|| {
            let pins = self.facts().on_road(key).into_iter().filter_map(|i| self.pin(i as usize));
            let pins = PointIndex::build(&pins.filter(|at| self.near_area(*at)).collect::<Vec<_>>());
            Arc::new(Road { name: road_name(&self.parts(i).view()).unwrap_or_default().to_owned(), pins })
        });
        Some(made.clone())
    }

    /// The rentals at an address.
    pub fn rentals_of(&self, i: usize) -> impl Iterator<Item = RentalRow<'a>> {
        let id = self.address(i).id();
        let rows = self.ids().rentals_of_address.get(key_of::<str>(id));
        let rentals = rows.filter_map(|row| self.records.rentals.get(row as usize)).map(RentalRef::row);
        rentals.filter(move |rental| rental.address == Some(id))
    }

    /// The hazards at an address.
    pub fn hazards_of(&self, i: usize) -> impl Iterator<Item = HazardRow<'a>> {
        let id = self.address(i).id();
        let rows = self.ids().hazards_of_address.get(key_of::<str>(id));
        let hazards = rows.filter_map(|row| self.records.hazards.get(row as usize)).map(HazardRef::row);
        hazards.filter(move |hazard| hazard.address == id)
    }

    /// How many rooms in use the building has whose address `i` is; none when `i` is itself a room.
    pub fn rooms_of(&self, i: usize) -> usize {
        let (facts, parts) = (self.facts(), self.parts(i));
        let parts = parts.view();
        if !parts.room.is_empty() || !parts.unit.is_empty() {
            return 0;
        }
        let key = facts.address(i).key;
        if facts.is_crowded(key) {
            return self.with_crowd(key, |crowd| crowd.rooms);
        }
        let of_key = facts.of_key(key);
        of_key.into_iter().map(|i| facts.address(i as usize)).filter(|fact| fact.is_active && fact.is_room).count()
    }

    /// Whether a rental was ever inspected.
    pub fn is_inspected(&self, rental: &str) -> bool {
        let mut rows = self.ids().inspections_of_rental.get(key_of(rental));
        rows.any(|row| self.records.inspections.get(row as usize).is_some_and(|i| *i.rental == *rental))
    }

    /// The addresses in use that are the same as `i`, however they are written, itself included; none where it is the
    /// only one. Found once for all of them: there may be a hundred thousand.
    pub fn same_address(&self, i: usize) -> Option<Arc<Same>> {
        let facts = self.facts();
        let hash = facts.address(i).same;
        if !facts.has_same(hash) {
            return None;
        }
        let same = self.same.lock().unwrap_or_else(|broken| broken.into_inner()).entry(hash).or_default().clone();
        let by_key = same.get_or_init(|| {
            // Texts may share a hash.
            let mut by_key: HashMap<String, Vec<u32>> = HashMap::new();
            for row in facts.same(hash) {
                by_key.entry(self.with_parts(row as usize, same_key).unwrap_or_default()).or_default().push(row);
            }
            let found = by_key.into_iter().filter(|(_, rows)| rows.len() > 1);
            found.map(|(key, rows)| (key, Arc::new(Same::new(rows, |row| self.pin(row as usize))))).collect()
        });
        match by_key {
            only if only.len() < 2 => only.values().next().cloned(),
            several => several.get(&same_key(&self.parts(i).view())?).cloned(),
        }
        .filter(|same| same.rows.binary_search(&(i as u32)).is_ok())
    }

    /// What is wrong with the grids as a coverage of the ground.
    pub fn coverage(&self) -> &Arc<Coverage> {
        self.coverage.get_or_init(|| Arc::new(Coverage::build(self)))
    }

    /// The same, if it was asked for.
    pub fn known_coverage(&self) -> Option<&Arc<Coverage>> {
        self.coverage.get()
    }

    /// The ground of the city: west, south, east, north of all its grids, else of its buildings; none when it has
    /// neither.
    pub fn area(&self) -> Option<[f64; 4]> {
        let places = || (0..self.records.buildings.len()).map(|b| self.building_place(b)).collect();
        *self.area.get_or_init(|| self.area_of(places))
    }

    /// As [`Context::area`], with the places of the buildings at hand.
    pub(super) fn area_of(&self, places: impl FnOnce() -> Vec<LonLat>) -> Option<[f64; 4]> {
        if let Some(known) = self.area.get() {
            return *known;
        }
        self.grid.area().or_else(|| {
            places().into_iter().filter(|p| p.is_on_earth()).map(|p| [p.lon, p.lat, p.lon, p.lat]).reduce(join)
        })
    }

    /// Whether a point lies on the ground of the city or within two kilometres of it.
    pub fn near_area(&self, at: LonLat) -> bool {
        const MARGIN_DEG: f64 = 0.02;
        self.area().is_some_and(|[w, s, e, n]| {
            at.lon >= w - MARGIN_DEG && at.lon <= e + MARGIN_DEG && at.lat >= s - MARGIN_DEG && at.lat <= n + MARGIN_DEG
        })
    }
}
