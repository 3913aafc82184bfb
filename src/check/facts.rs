//! What rules know of addresses and buildings beyond each record: who shares a key, and what stands near.

use super::Context;
use super::carrier::{Choice, Choices, MANY};
use super::context::NOWHERE;
use super::key::address_key;
use super::regrid::Regrid;
use super::rule::address_floor;
use super::text::{same_key, unit_names};
use crate::domain::{Footprint, Frame, GridLevel, LonLat, PartsRef, Table};
use crate::index::outline::metres;
use crate::index::{Bins, Lookup, Squares, key_of};
use geo::{BoundingRect, InteriorPoint};
use rayon::prelude::*;
use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;

/// What others ask about an address. Keys are hashes, 0 for none.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AddressFact {
    /// Of the building that it belongs to, by road and number or the like.
    pub key: u64,
    /// Of the address itself, however it is written.
    pub same: u64,
    /// Of its road, or its compound where it has no road.
    pub road: u64,
    /// Its floor, where it has one.
    pub floor: Option<u16>,
    /// Whether it is a room.
    pub is_room: bool,
    /// Whether it is in use.
    pub is_active: bool,
    /// Its pin in the plane, metres; not finite for one not in use or not on earth.
    pub at: [f64; 2],
    /// The standing building that carries it.
    pub building: Option<u32>,
}

impl AddressFact {
    /// Of a row that is gone.
    const NOTHING: AddressFact = AddressFact {
        key: 0,
        same: 0,
        road: 0,
        floor: None,
        is_room: false,
        is_active: false,
        at: [f64::NAN; 2],
        building: None,
    };
}

/// What others ask about a building.
#[derive(Debug, Clone, Copy)]
pub struct BuildingFact {
    /// Key of the address that it carries; 0 for none and for one that does not stand.
    pub key: u64,
    /// A place of it: a point inside its footprint, or its point.
    pub place: LonLat,
    /// From there, a pin this near is the building's own, metres.
    pub reach_m: f32,
}

impl BuildingFact {
    /// Of a row that is gone.
    const NOTHING: BuildingFact = BuildingFact { key: 0, place: NOWHERE, reach_m: 0.0 };
}

/// A pin as near as this to a building's footprint is its own, metres.
const OWN_M: f64 = 10.0;

/// Facts and the way to them. A copy is cheap, and an edit changes what it must.
#[derive(Debug, Clone)]
pub struct Facts {
    addresses: Table<AddressFact>,
    buildings: Table<BuildingFact>,
    /// Entries of all lookups may be stale.
    by_key: Lookup,
    by_same: Lookup,
    by_road: Lookup,
    buildings_by_key: Lookup,
    frame: Frame,
    pins: Bins,
    sites: Bins,
    /// Addresses in use that a building carries.
    housed: usize,
    /// The farthest reach of a building, metres.
    farthest_m: f32,
    /// The names of towns and villages that the grids know.
    units: Arc<HashSet<(GridLevel, String)>>,
}

/// Whom to ask again after an edit.
#[derive(Debug, Default)]
pub struct Stirred {
    /// Addresses.
    pub addresses: BTreeSet<u32>,
    /// Buildings.
    pub buildings: BTreeSet<u32>,
    /// Roads on which a pin moved, by their key.
    pub roads: BTreeSet<u64>,
    /// Towns and villages that the grids know since, or no more, as [`unit_key`](super::text::unit_key) gives their names.
    pub units: BTreeSet<String>,
}

impl Facts {
    /// Looks at all records of a context.
    pub fn build(context: &Context) -> Facts {
        let records = context.records;
        // At first, on all threads: see `Pack::build`.
        context.ids();
        let buildings: Vec<BuildingFact> =
            (0..records.buildings.len()).into_par_iter().map(|b| building_fact(context, b)).collect();
        let (frame, squares) = plane(context, &buildings);
        let mut addresses: Vec<AddressFact> =
            (0..records.addresses.len()).into_par_iter().map(|i| address_fact(context, i, &frame)).collect();
        let keyed = |of: fn(&AddressFact) -> u64| {
            Lookup::build(addresses.iter().zip(0..).map(|(fact, i)| (of(fact), i)).filter(|(key, _)| *key != 0))
        };
        let ((by_key, by_same), by_road) =
            rayon::join(|| rayon::join(|| keyed(|f| f.key), || keyed(|f| f.same)), || keyed(|f| f.road));
        let carried = buildings.iter().zip(0..).map(|(fact, b)| (fact.key, b)).filter(|(key, _)| *key != 0);
        let pins = Bins::build(squares, addresses.iter().zip(0..).map(|(fact, i)| (i, fact.at, ())));
        let sites = Bins::build(squares, buildings.iter().zip(0..).map(|(fact, b)| (b, xy(&frame, fact.place), ())));
        let mut facts = Facts {
            buildings_by_key: Lookup::build(carried),
            farthest_m: buildings.iter().map(|fact| fact.reach_m).fold(0.0, f32::max),
            addresses: Table::default(),
            buildings: buildings.into(),
            by_key,
            by_same,
            by_road,
            frame,
            pins,
            sites,
            housed: 0,
            units: Arc::new(unit_names(context)),
        };
        let choices = Choices::default();
        let carry = |(i, fact): (usize, &mut AddressFact)| fact.building = facts.carrier(context, i, fact, &choices);
        addresses.par_iter_mut().enumerate().for_each(carry);
        facts.housed = addresses.iter().filter(|fact| fact.building.is_some()).count();
        facts.addresses = addresses.into();
        facts
    }

    /// What others ask about an address.
    pub fn address(&self, i: usize) -> &AddressFact {
        &self.addresses[i]
    }

    /// What others ask about a building.
    pub fn building(&self, b: usize) -> &BuildingFact {
        &self.buildings[b]
    }

    /// Addresses, also ended ones, that belong to the building with a key; ascending.
    pub fn of_key(&self, key: u64) -> Vec<u32> {
        self.found(&self.by_key, key, |fact| fact.key)
    }

    /// Addresses in use that are the same, ascending.
    pub fn same(&self, key: u64) -> Vec<u32> {
        self.found(&self.by_same, key, |fact| fact.same)
    }

    /// Whether several addresses in use share a key; see [`Facts::same`].
    pub fn has_same(&self, key: u64) -> bool {
        key != 0 && self.by_same.get(key).filter(|i| self.has(*i, key, |fact| fact.same)).nth(1).is_some()
    }

    /// Addresses in use on a road, ascending.
    pub fn on_road(&self, key: u64) -> Vec<u32> {
        self.found(&self.by_road, key, |fact| fact.road)
    }

    fn found(&self, lookup: &Lookup, key: u64, of: fn(&AddressFact) -> u64) -> Vec<u32> {
        if key == 0 {
            return Vec::new();
        }
        let mut rows: Vec<u32> = lookup.get(key).filter(|i| self.has(*i, key, of)).collect();
        rows.sort_unstable();
        rows
    }

    fn has(&self, i: u32, key: u64, of: fn(&AddressFact) -> u64) -> bool {
        self.addresses.get(i as usize).is_some_and(|fact| of(fact) == key)
    }

    /// Standing buildings that carry the address with a key, ascending.
    fn carriers(&self, key: u64) -> Vec<u32> {
        let carries = |b: &u32| self.buildings.get(*b as usize).is_some_and(|fact| fact.key == key);
        let mut rows: Vec<u32> = self.buildings_by_key.get(key).filter(carries).collect();
        rows.sort_unstable();
        rows
    }

    /// The standing building that carries an address in use: the one that it names; else the one with the same road and
    /// number, or compound and building. Where several carry it, the one in the declared grid, then the one nearest to
    /// the pin.
    fn carrier(&self, context: &Context, i: usize, fact: &AddressFact, choices: &Choices) -> Option<u32> {
        if !fact.is_active || context.records.buildings.is_empty() {
            return None;
        }
        if let Some(b) = context.named_building(i).filter(|b| context.records.buildings.at(*b).standing()) {
            return Some(b as u32);
        }
        if fact.key == 0 {
            return None;
        }
        let (declared, pin) = (context.declared(i), context.pin(i).filter(|at| at.is_on_earth()));
        let place = |b: &u32| self.buildings[*b as usize].place;
        let covers = |g: u32, at: LonLat| at.is_on_earth() && context.grid.covers(g, at);
        if self.buildings_by_key.get(fact.key).nth(MANY).is_some() {
            let choose = |g: Option<u32>| {
                let all = self.carriers(fact.key).into_iter().map(|b| (b, place(&b)));
                Choice::new(all.filter(|(_, at)| g.is_none_or(|g| covers(g, *at))).collect())
            };
            let nearest = |g: Option<u32>| choices.ask(fact.key, g, || choose(g), |choice| choice.nearest(pin));
            return declared.and_then(|g| nearest(Some(g))).or_else(|| nearest(None));
        }
        let same = self.carriers(fact.key);
        if let [only] = same[..] {
            return Some(only);
        }
        let rank = |b: u32| {
            let place = self.buildings[b as usize].place;
            let outside = !declared.is_some_and(|g| covers(g, place));
            let far_m = pin.map_or(f64::INFINITY, |p| metres(p, place));
            (outside, far_m, b)
        };
        let best =
            same.iter().map(|b| rank(*b)).min_by(|a, b| a.0.cmp(&b.0).then(a.1.total_cmp(&b.1)).then(a.2.cmp(&b.2)));
        best.map(|(_, _, b)| b)
    }

    /// Whether so many addresses belong to the building with a key that nobody should look at all of them twice.
    pub fn is_crowded(&self, key: u64) -> bool {
        key != 0 && self.by_key.get(key).filter(|i| self.has(*i, key, |fact| fact.key)).nth(MANY).is_some()
    }

    /// Whether any building carries any address.
    pub fn are_linked(&self) -> bool {
        self.housed > 0
    }

    /// Whether the pin of an address in use is a building's own by its place.
    pub fn has_pin_near(&self, b: usize) -> bool {
        let fact = &self.buildings[b];
        let near = || self.pins.nearest_one(xy(&self.frame, fact.place), fact.reach_m.into());
        fact.place.is_on_earth() && near().is_some()
    }

    /// The building nearest to a place within `radius_m`, and the metres to it: to its representative point, which lies
    /// inside the footprint, not to its walls. Of several equally near the first.
    pub fn nearest_building(&self, at: LonLat, radius_m: f64) -> Option<(usize, f64)> {
        let near = self.sites.nearest_one(xy(&self.frame, at), radius_m);
        near.map(|near| (near.id as usize, near.square.sqrt()))
    }

    /// Visits the addresses in use whose pin lies within `radius_m` of a place.
    pub fn each_pin_near(&self, at: LonLat, radius_m: f64, mut put: impl FnMut(u32)) {
        if at.is_on_earth() {
            self.pins.each_within(xy(&self.frame, at), radius_m, |near| put(near.id));
        }
    }

    /// Whether a grid of `level` (street or village) has this name, as [`unit_key`](super::text::unit_key) gives it.
    pub fn knows_unit(&self, level: GridLevel, key: &str) -> bool {
        self.units.contains(&(level, key.to_owned()))
    }

    /// Takes over the addresses and buildings in some rows as the context has them now; rows that are new follow the
    /// last, and rows that the context does not have are gone. Who names a building whose row holds another one since is
    /// among the addresses. `regrid` says which grids are others.
    pub fn edit(
        &mut self,
        context: &Context,
        addresses: &[u32],
        buildings: &[u32],
        regrid: Option<&Regrid>,
    ) -> Stirred {
        let mut stirred = Stirred::default();
        let mut recarried: BTreeSet<u32> = addresses.iter().copied().collect();
        if let Some(regrid) = regrid {
            recarried.extend(&regrid.addresses);
            stirred.buildings.extend(&regrid.buildings);
            let units = unit_names(context);
            stirred.units = units.symmetric_difference(&self.units).map(|(_, key)| key.clone()).collect();
            self.units = Arc::new(units);
        }
        let (addresses_left, buildings_left) = (context.records.addresses.len(), context.records.buildings.len());
        let mut rekeyed: BTreeSet<u64> = BTreeSet::new();
        for b in buildings {
            let is_gone = *b as usize >= buildings_left;
            let is = if is_gone { BuildingFact::NOTHING } else { building_fact(context, *b as usize) };
            let was = self.buildings.get(*b as usize).copied();
            if let Some(was) = was {
                self.sites.remove(*b, xy(&self.frame, was.place));
                self.buildings.set(*b as usize, is);
            } else {
                self.buildings.push(is);
            }
            self.sites.insert(*b, xy(&self.frame, is.place), ());
            self.farthest_m = self.farthest_m.max(is.reach_m);
            if is.key != 0 {
                self.buildings_by_key.insert(is.key, *b);
            }
            rekeyed.extend(was.iter().chain([&is]).map(|fact| fact.key));
            if !is_gone {
                recarried.extend(context.naming(*b as usize));
            }
            stirred.buildings.insert(*b);
        }
        rekeyed.into_iter().for_each(|key| recarried.extend(self.of_key(key)));
        let (mut same, mut keys) = (BTreeSet::new(), BTreeSet::new());
        for i in addresses {
            let is_gone = *i as usize >= addresses_left;
            let is = if is_gone { AddressFact::NOTHING } else { address_fact(context, *i as usize, &self.frame) };
            let was = self.addresses.get(*i as usize).copied();
            if let Some(was) = was {
                self.pins.remove(*i, was.at);
                self.addresses.set(*i as usize, AddressFact { building: was.building, ..is });
            } else {
                self.addresses.push(is);
            }
            self.pins.insert(*i, is.at, ());
            for (lookup, key) in
                [(&mut self.by_key, is.key), (&mut self.by_same, is.same), (&mut self.by_road, is.road)]
            {
                if key != 0 {
                    lookup.insert(key, *i);
                }
            }
            for fact in was.iter().chain([&is]) {
                same.insert(fact.same);
                keys.insert(fact.key);
                if fact.road != 0 {
                    stirred.roads.insert(fact.road);
                }
                self.sites.each_within(fact.at, f64::from(self.farthest_m) + 0.001, |near| {
                    if near.square.sqrt() <= f64::from(self.buildings[near.id as usize].reach_m) + 0.001 {
                        stirred.buildings.insert(near.id);
                    }
                });
            }
        }
        // Others that are the same, and what has ended but has rooms in use.
        same.into_iter().for_each(|key| stirred.addresses.extend(self.same(key)));
        let ended = |i: &u32| !self.addresses[*i as usize].is_active;
        keys.into_iter().for_each(|key| stirred.addresses.extend(self.of_key(key).into_iter().filter(ended)));
        let (were_linked, choices) = (self.are_linked(), Choices::default());
        for i in recarried {
            let Some(was) = self.addresses.get(i as usize).copied() else { continue };
            let is = AddressFact { building: self.carrier(context, i as usize, &was, &choices), ..was };
            stirred.addresses.insert(i);
            stirred.buildings.extend([was.building, is.building].into_iter().flatten());
            self.housed = self.housed + usize::from(is.building.is_some()) - usize::from(was.building.is_some());
            if is.building != was.building {
                self.addresses.set(i as usize, is);
            }
        }
        if self.are_linked() != were_linked {
            stirred.buildings.extend(0..self.buildings.len() as u32);
        }
        self.addresses.truncate(addresses_left);
        self.buildings.truncate(buildings_left);
        stirred.addresses.retain(|i| (*i as usize) < addresses_left);
        stirred.buildings.retain(|b| (*b as usize) < buildings_left);
        stirred
    }
}

/// Metres in the plane; not finite for what is not on earth.
fn xy(frame: &Frame, at: LonLat) -> [f64; 2] {
    if at.is_on_earth() { frame.xy(at) } else { [f64::NAN; 2] }
}

/// The plane of a city and its squares.
fn plane(context: &Context, buildings: &[BuildingFact]) -> (Frame, Squares) {
    const MARGIN_M: f64 = 1_000.0;
    const SIDE_M: f64 = 50.0;
    let [w, s, e, n] = context.area_of(|| buildings.iter().map(|fact| fact.place).collect()).unwrap_or([0.0; 4]);
    let frame = Frame::at(LonLat::new((w + e) / 2.0, (s + n) / 2.0));
    let ([w, s], [e, n]) = (frame.xy(LonLat::new(w, s)), frame.xy(LonLat::new(e, n)));
    (frame, Squares::over([w - MARGIN_M, s - MARGIN_M], [e + MARGIN_M, n + MARGIN_M], SIDE_M))
}

fn building_fact(context: &Context, b: usize) -> BuildingFact {
    let building = context.records.buildings.at(b);
    let key = if building.standing() { context.with_building_parts(b, address_key).unwrap_or(0) } else { 0 };
    let mut reach_m = OWN_M;
    let footprint = building.footprint().unpack();
    if let Footprint::Area(area) = &footprint
        && let Some(rect) = area.bounding_rect()
    {
        let corner = LonLat::new(rect.max().x, rect.max().y);
        reach_m += LonLat::new(rect.min().x, rect.min().y).distance_m(corner) / 2.0;
    }
    BuildingFact { key, place: place_of(&footprint), reach_m: reach_m as f32 }
}

fn place_of(footprint: &Footprint) -> LonLat {
    match footprint {
        Footprint::Point(at) => *at,
        Footprint::Area(area) => area.interior_point().map_or(NOWHERE, |p| LonLat::new(p.x(), p.y())),
    }
}

fn address_fact(context: &Context, i: usize, frame: &Frame) -> AddressFact {
    let is_active = context.is_active(i);
    context.with_parts(i, |parts| AddressFact {
        key: address_key(parts).unwrap_or(0),
        same: if is_active { same_key(parts).map_or(0, |key| key_of(&*key).max(1)) } else { 0 },
        road: if is_active { road_name(parts).map_or(0, |name| key_of(name).max(1)) } else { 0 },
        floor: address_floor::floor(parts),
        is_room: !parts.room.is_empty(),
        is_active,
        at: context.pin(i).filter(|_| is_active).map_or([f64::NAN; 2], |at| xy(frame, at)),
        building: None,
    })
}

/// The road of an address, or its compound, where it has no road.
pub fn road_name<'a>(parts: &PartsRef<'a>) -> Option<&'a str> {
    [parts.road, parts.compound].into_iter().find(|name| !name.is_empty())
}
