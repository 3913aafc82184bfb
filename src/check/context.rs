//! What the rules of one check share. Whatever is costly is built when the first rule asks for it.

use super::key::address_key;
use super::text::{Sames, unit_names};
use super::threshold::Thresholds;
use crate::domain::address::parse::{Parsed, parse};
use crate::domain::{Address, AddressStatus, Building, Footprint, GridLevel, LonLat, Parts, Records};
use crate::index::{GridIndex, PointIndex};
use chrono::NaiveDate;
use geo::InteriorPoint;
use rayon::prelude::*;
use std::collections::{HashMap, HashSet};
use std::sync::OnceLock;

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
    building_places: OnceLock<Vec<LonLat>>,
    building_points: OnceLock<PointIndex>,
    buildings_by_key: OnceLock<HashMap<Box<str>, Vec<u32>>>,
    buildings_by_id: OnceLock<HashMap<&'a str, u32>>,
    addresses_by_id: OnceLock<HashMap<&'a str, u32>>,
    addresses_by_building: OnceLock<Vec<u32>>,
    area: OnceLock<Option<[f64; 4]>>,
    sames: OnceLock<Sames>,
    unit_names: OnceLock<HashSet<(GridLevel, String)>>,
}

/// Nowhere on earth: the place of what has none.
pub const NOWHERE: LonLat = LonLat::new(f64::NAN, f64::NAN);

impl<'a> Context<'a> {
    /// A context over records; `grid` is the index of `records.grids`.
    pub fn new(records: &'a Records, grid: &'a GridIndex, thresholds: &'a Thresholds, today: NaiveDate) -> Self {
        Context {
            records,
            grid,
            thresholds,
            today,
            parsed: std::iter::repeat_with(OnceLock::new).take(records.addresses.len()).collect(),
            building_places: OnceLock::new(),
            building_points: OnceLock::new(),
            buildings_by_key: OnceLock::new(),
            buildings_by_id: OnceLock::new(),
            addresses_by_id: OnceLock::new(),
            addresses_by_building: OnceLock::new(),
            area: OnceLock::new(),
            sames: OnceLock::new(),
            unit_names: OnceLock::new(),
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
        let counts = self.addresses_by_building.get_or_init(|| {
            let mut counts = vec![0; self.records.buildings.len()];
            let active = (0..self.records.addresses.len()).filter(|i| self.is_active(*i));
            for b in active.filter_map(|i| self.matching_building(i)) {
                counts[b] += 1;
            }
            counts
        });
        counts[b]
    }

    /// Other addresses in use that are the same as `i`, however they are written.
    pub fn same_address(&self, i: usize) -> Vec<usize> {
        self.sames.get_or_init(|| Sames::build(self)).of(self, i)
    }

    /// Whether a grid of `level` (street or village) has this name, as [`unit_key`](super::text::unit_key) gives it.
    pub fn knows_unit(&self, level: GridLevel, key: &str) -> bool {
        self.unit_names.get_or_init(|| unit_names(self)).contains(&(level, key.to_owned()))
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
