//! What the rules of one check share. Whatever is costly is built when the first rule asks for it.

use super::coverage::Coverage;
use super::detect::Detection;
use super::hypothesis::Judged;
use super::key::address_key;
use super::text::{Sames, unit_names};
use super::threshold::Thresholds;
use crate::domain::address::parse::{Parsed, parse};
use crate::domain::{Address, AddressStatus, Building, Change, Correction, CorrectionState, Footprint, GridLevel};
use crate::domain::{Hazard, LonLat, Parts, Records, Rental};
use crate::index::{GridIndex, PointIndex};
use chrono::NaiveDate;
use geo::InteriorPoint;
use rayon::prelude::*;
use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::{Arc, OnceLock};

/// What the rules of one check look at: the records, the grids, the thresholds, the day, and what several of them share.
pub struct Context<'a> {
    /// The records.
    pub records: &'a Records,
    /// The grids of the records, indexed.
    pub grid: &'a GridIndex,
    /// The thresholds.
    pub thresholds: &'a Thresholds,
    /// The day on which it is checked.
    pub today: NaiveDate,
    parsed: Vec<OnceLock<Box<Parsed>>>,
    grids: Arc<GridIndex>,
    detection: OnceLock<Arc<Detection>>,
    building_places: OnceLock<Vec<LonLat>>,
    building_points: OnceLock<PointIndex>,
    buildings_by_key: OnceLock<HashMap<Box<str>, Vec<u32>>>,
    buildings_by_id: OnceLock<HashMap<&'a str, u32>>,
    addresses_by_id: OnceLock<HashMap<&'a str, u32>>,
    addresses_by_building: OnceLock<Vec<u32>>,
    area: OnceLock<Option<[f64; 4]>>,
    sames: OnceLock<Sames>,
    unit_names: OnceLock<HashSet<(GridLevel, String)>>,
    pins: OnceLock<PointIndex>,
    roads: OnceLock<HashMap<Box<str>, PointIndex>>,
    rentals_by_address: OnceLock<HashMap<&'a str, Vec<u32>>>,
    hazards_by_address: OnceLock<HashMap<&'a str, Vec<u32>>>,
    rooms_by_key: OnceLock<HashMap<Box<str>, usize>>,
    inspected: OnceLock<HashSet<&'a str>>,
    demolitions: OnceLock<HashMap<&'a str, &'a Correction>>,
    building_floors: OnceLock<Vec<BTreeSet<u16>>>,
    coverage: OnceLock<Coverage>,
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
            parsed: std::iter::repeat_with(OnceLock::new).take(records.addresses.len()).collect(),
            grids: grid.clone(),
            detection: OnceLock::new(),
            building_places: OnceLock::new(),
            building_points: OnceLock::new(),
            buildings_by_key: OnceLock::new(),
            buildings_by_id: OnceLock::new(),
            addresses_by_id: OnceLock::new(),
            addresses_by_building: OnceLock::new(),
            area: OnceLock::new(),
            sames: OnceLock::new(),
            unit_names: OnceLock::new(),
            pins: OnceLock::new(),
            roads: OnceLock::new(),
            rentals_by_address: OnceLock::new(),
            hazards_by_address: OnceLock::new(),
            rooms_by_key: OnceLock::new(),
            inspected: OnceLock::new(),
            demolitions: OnceLock::new(),
            building_floors: OnceLock::new(),
            coverage: OnceLock::new(),
        }
    }

    /// An address.
    pub fn address(&self, i: usize) -> &'a Address {
        &self.records.addresses[i]
    }

    /// Whether an address is in use.
    pub fn is_active(&self, i: usize) -> bool {
        self.address(i).status == AddressStatus::Active
    }

    /// The pin of an address as collected, perhaps nowhere on earth; none when it has none.
    pub fn pin(&self, i: usize) -> Option<LonLat> {
        self.address(i).pin.as_ref().map(|pin| pin.at)
    }

    /// What the phone said of the fix, or what a fix is assumed to be worth: radius in metres, at least 1.
    pub fn accuracy_m(&self, i: usize) -> f64 {
        let said = self.address(i).pin.as_ref().and_then(|pin| pin.accuracy_m).map(f64::from);
        said.filter(|m| m.is_finite() && *m > 0.0).unwrap_or(self.thresholds.assumed_accuracy_m).max(1.0)
    }

    /// What is read from the text of an address; read once, when first asked for.
    pub fn parsed(&self, i: usize) -> &Parsed {
        self.parsed[i].get_or_init(|| Box::new(parse(&self.address(i).full_text)))
    }

    /// The parts of an address: as given, or read from its text when none is given.
    pub fn parts(&self, i: usize) -> &Parts {
        let address = self.address(i);
        if address.parts == Parts::default() { &self.parsed(i).parts } else { &address.parts }
    }

    /// Asks something of the parts of an address without keeping what is read from its text.
    pub fn with_parts<T>(&self, i: usize, ask: impl FnOnce(&Parts) -> T) -> T {
        let address = self.address(i);
        if address.parts == Parts::default() { ask(&parse(&address.full_text).parts) } else { ask(&address.parts) }
    }

    /// Asks something of the address parts that a building carries.
    pub fn with_building_parts<T>(&self, b: usize, ask: impl FnOnce(&Parts) -> T) -> T {
        let building = &self.records.buildings[b];
        if building.parts == Parts::default() { ask(&parse(&building.full_text).parts) } else { ask(&building.parts) }
    }

    /// The standing building that the record of an address names.
    pub fn tied_building(&self, i: usize) -> Option<usize> {
        let b = self.address(i).building.as_ref().and_then(|id| self.building_by_id(id))?;
        self.records.buildings[b].standing.then_some(b)
    }

    /// What detection found; it runs when first asked for.
    pub fn detection(&self) -> &Arc<Detection> {
        self.detection.get_or_init(|| Arc::new(Detection::run(self, &|_, _| {})))
    }

    /// What detection found, if it ran.
    pub fn detected(&self) -> Option<&Arc<Detection>> {
        self.detection.get()
    }

    /// The same context with what detection found before, or finds now with progress.
    pub fn detect(&self, find: impl FnOnce(&Self) -> Arc<Detection>) {
        self.detection.get_or_init(|| find(self));
    }

    /// The verdict on an address in use that has a pin.
    pub fn judged(&self, i: usize) -> Option<&Judged> {
        (self.is_active(i) && self.address(i).pin.is_some()).then(|| &self.detection().judged[i])
    }

    /// The grids, to be kept.
    pub fn grid_index(&self) -> Arc<GridIndex> {
        self.grids.clone()
    }

    /// Position of the grid that an address declares; none when it declares none or an unknown code.
    pub fn declared(&self, i: usize) -> Option<u32> {
        self.address(i).grid.as_ref().and_then(|code| self.grid.position(code))
    }

    /// The address with an identifier.
    pub fn address_by_id(&self, id: &str) -> Option<usize> {
        let map = self.addresses_by_id.get_or_init(|| {
            let ids = self.records.addresses.iter().enumerate();
            ids.map(|(i, address)| (address.id.as_str(), i as u32)).collect()
        });
        map.get(id).map(|i| *i as usize)
    }

    /// The building with an identifier.
    pub fn building_by_id(&self, id: &str) -> Option<usize> {
        let map = self.buildings_by_id.get_or_init(|| {
            let ids = self.records.buildings.iter().enumerate();
            ids.map(|(i, building)| (building.id.as_str(), i as u32)).collect()
        });
        map.get(id).map(|i| *i as usize)
    }

    /// A place of a building: a point inside its footprint, or its point.
    pub fn building_place(&self, b: usize) -> LonLat {
        self.building_places()[b]
    }

    fn building_places(&self) -> &[LonLat] {
        self.building_places.get_or_init(|| {
            let buildings: Vec<&Building> = self.records.buildings.iter().collect();
            buildings.par_iter().map(|building| place_of(building)).collect()
        })
    }

    /// The places of all buildings, indexed.
    pub fn building_points(&self) -> &PointIndex {
        self.building_points.get_or_init(|| PointIndex::build(self.building_places()))
    }

    /// Standing buildings that carry an address, by its key.
    fn buildings_by_key(&self) -> &HashMap<Box<str>, Vec<u32>> {
        self.buildings_by_key.get_or_init(|| {
            let buildings: Vec<&Building> = self.records.buildings.iter().collect();
            let keys: Vec<Option<Box<str>>> = buildings
                .par_iter()
                .map(|building| {
                    let read = (building.parts == Parts::default()).then(|| parse(&building.full_text).parts);
                    let parts = read.as_ref().unwrap_or(&building.parts);
                    building.standing.then(|| address_key(parts)).flatten()
                })
                .collect();
            let mut map: HashMap<Box<str>, Vec<u32>> = HashMap::new();
            for (b, key) in keys.into_iter().enumerate() {
                if let Some(key) = key {
                    map.entry(key).or_default().push(b as u32);
                }
            }
            map
        })
    }

    /// The standing building that carries the address of `i`: the one that it is tied to; else the one with the same
    /// road and number, or compound and building. Where several carry it, the one in the declared grid, then the one
    /// nearest to the pin.
    pub fn matching_building(&self, i: usize) -> Option<usize> {
        if let Some(b) = self.address(i).building.as_ref().and_then(|id| self.building_by_id(id))
            && self.records.buildings[b].standing
        {
            return Some(b);
        }
        if self.records.buildings.is_empty() {
            return None;
        }
        let same = self.buildings_by_key().get(&*address_key(self.parts(i))?)?;
        if let [only] = same[..] {
            return Some(only as usize);
        }
        let (declared, pin) = (self.declared(i), self.pin(i));
        let rank = |b: u32| {
            let place = self.building_place(b as usize);
            let outside = !declared.is_some_and(|g| place.is_on_earth() && self.grid.covers(g, place));
            let far_m = pin.filter(|p| p.is_on_earth()).map_or(f64::INFINITY, |p| p.distance_m(place));
            (outside, far_m, b)
        };
        let best =
            same.iter().map(|b| rank(*b)).min_by(|a, b| a.0.cmp(&b.0).then(a.1.total_cmp(&b.1)).then(a.2.cmp(&b.2)));
        best.map(|(_, _, b)| b as usize)
    }

    /// How many addresses in use each building has, by tie or by the same address text.
    pub fn addresses_of_building(&self, b: usize) -> u32 {
        self.building_counts()[b]
    }

    fn building_counts(&self) -> &[u32] {
        self.addresses_by_building.get_or_init(|| {
            let mut counts = vec![0; self.records.buildings.len()];
            let active = (0..self.records.addresses.len()).filter(|i| self.is_active(*i));
            for b in active.filter_map(|i| self.matching_building(i)) {
                counts[b] += 1;
            }
            counts
        })
    }

    /// The floors that the addresses in use of each building name, in the order of the buildings.
    pub fn building_floors(&self) -> &[BTreeSet<u16>] {
        self.building_floors.get_or_init(|| {
            let mut floors = vec![BTreeSet::new(); self.records.buildings.len()];
            for i in (0..self.records.addresses.len()).filter(|i| self.is_active(*i)) {
                if let Some(floor) = super::rule::address_floor::floor(self.parts(i))
                    && let Some(b) = self.matching_building(i)
                {
                    floors[b].insert(floor);
                }
            }
            floors
        })
    }

    /// The last correction, not rejected, that marked an address demolished.
    pub fn demolition(&self, address: &str) -> Option<&'a Correction> {
        let demolitions = self.demolitions.get_or_init(|| {
            let mut last: HashMap<&str, &Correction> = HashMap::new();
            let made = self
                .records
                .corrections
                .iter()
                .filter(|c| matches!(c.change, Change::Demolish { .. }) && c.state != CorrectionState::Rejected);
            for correction in made {
                let known = last.entry(&correction.address_id).or_insert(correction);
                if known.version < correction.version {
                    *known = correction;
                }
            }
            last
        });
        demolitions.get(address).copied()
    }

    /// Whether any address of the city belongs to any building: where none does, nothing follows from having none.
    pub fn buildings_are_linked(&self) -> bool {
        !self.records.buildings.is_empty() && self.building_counts().iter().any(|n| *n > 0)
    }

    /// The pins of all addresses in use, indexed; known by the position of the address.
    pub fn pins(&self) -> &PointIndex {
        self.pins.get_or_init(|| {
            let pin = |i| self.is_active(i).then(|| self.pin(i)).flatten().unwrap_or(NOWHERE);
            PointIndex::build(&(0..self.records.addresses.len()).map(pin).collect::<Vec<_>>())
        })
    }

    /// The road of an address (or its compound, where it has no road), and the pins of all addresses in use on it.
    pub fn road(&self, i: usize) -> Option<(&str, &PointIndex)> {
        let roads = self.roads.get_or_init(|| {
            let mut pins: HashMap<&str, Vec<LonLat>> = HashMap::new();
            for i in (0..self.records.addresses.len()).filter(|i| self.is_active(*i)) {
                if let (Some(road), Some(at)) = (self.road_name(i), self.pin(i).filter(|at| self.near_area(*at))) {
                    pins.entry(road).or_default().push(at);
                }
            }
            pins.into_par_iter().map(|(road, pins)| (road.into(), PointIndex::build(&pins))).collect()
        });
        roads.get_key_value(self.road_name(i)?).map(|(road, pins)| (&**road, pins))
    }

    fn road_name(&self, i: usize) -> Option<&str> {
        let parts = self.parts(i);
        [&*parts.road, &*parts.compound].into_iter().find(|name| !name.is_empty())
    }

    /// The rentals at an address.
    pub fn rentals_of(&self, i: usize) -> impl Iterator<Item = &'a Rental> {
        let map = self.rentals_by_address.get_or_init(|| {
            let mut map: HashMap<&str, Vec<u32>> = HashMap::new();
            for (r, rental) in self.records.rentals.iter().enumerate() {
                if let Some(id) = &rental.address {
                    map.entry(id.as_str()).or_default().push(r as u32);
                }
            }
            map
        });
        let rentals = &self.records.rentals;
        map.get(self.address(i).id.as_str()).into_iter().flatten().map(|r| &rentals[*r as usize])
    }

    /// The hazards at an address.
    pub fn hazards_of(&self, i: usize) -> impl Iterator<Item = &'a Hazard> {
        let map = self.hazards_by_address.get_or_init(|| {
            let mut map: HashMap<&str, Vec<u32>> = HashMap::new();
            for (h, hazard) in self.records.hazards.iter().enumerate() {
                map.entry(hazard.address.as_str()).or_default().push(h as u32);
            }
            map
        });
        let hazards = &self.records.hazards;
        map.get(self.address(i).id.as_str()).into_iter().flatten().map(|h| &hazards[*h as usize])
    }

    /// How many rooms in use the building has whose address `i` is; none when `i` is itself a room.
    pub fn rooms_of(&self, i: usize) -> usize {
        let rooms = self.rooms_by_key.get_or_init(|| {
            let mut rooms: HashMap<Box<str>, usize> = HashMap::new();
            let is_room = |i: &usize| self.is_active(*i) && !self.parts(*i).room.is_empty();
            for key in (0..self.records.addresses.len()).filter(is_room).filter_map(|i| address_key(self.parts(i))) {
                *rooms.entry(key).or_default() += 1;
            }
            rooms
        });
        let whole = self.parts(i).room.is_empty() && self.parts(i).unit.is_empty();
        address_key(self.parts(i)).filter(|_| whole).and_then(|key| rooms.get(&key).copied()).unwrap_or(0)
    }

    /// Whether a rental was ever inspected.
    pub fn is_inspected(&self, rental: &str) -> bool {
        let inspected = || self.records.inspections.iter().map(|inspection| inspection.rental.as_str()).collect();
        self.inspected.get_or_init(inspected).contains(rental)
    }

    /// Other addresses in use that are the same as `i`, however they are written.
    pub fn same_address(&self, i: usize) -> Vec<usize> {
        self.sames.get_or_init(|| Sames::build(self)).of(self, i)
    }

    /// Whether a grid of `level` (street or village) has this name, as [`unit_key`](super::text::unit_key) gives it.
    pub fn knows_unit(&self, level: GridLevel, key: &str) -> bool {
        self.unit_names.get_or_init(|| unit_names(self)).contains(&(level, key.to_owned()))
    }

    /// What is wrong with the grids as a coverage of the ground.
    pub fn coverage(&self) -> &Coverage {
        self.coverage.get_or_init(|| Coverage::build(self))
    }

    /// The ground of the city: west, south, east, north of all its grids, else of its buildings; none when it has
    /// neither.
    pub fn area(&self) -> Option<[f64; 4]> {
        *self.area.get_or_init(|| {
            let grids = (0..self.grid.len() as u32).map(|i| self.grid.bbox(i)).filter(|b| b[0] <= b[2]);
            let places =
                || self.building_places().iter().filter(|p| p.is_on_earth()).map(|p| [p.lon, p.lat, p.lon, p.lat]);
            let join = |a: [f64; 4], b: [f64; 4]| [a[0].min(b[0]), a[1].min(b[1]), a[2].max(b[2]), a[3].max(b[3])];
            grids.reduce(join).or_else(|| places().reduce(join))
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

fn place_of(building: &Building) -> LonLat {
    match &building.footprint {
        Footprint::Point(at) => *at,
        Footprint::Area(area) => area.interior_point().map_or(NOWHERE, |p| LonLat::new(p.x(), p.y())),
    }
}
