//! From one packed city to the next.

use super::build::{Name, bearer_of_pin, bearer_of_site, entry, sited, spot, stacked};
use super::called::Called;
use super::*;
use crate::check::Context;
use crate::check::evidence::namesake::{self, Bearer};
use crate::check::regrid::Regrid;
use crate::index::key_of;
use std::collections::{BTreeMap, BTreeSet};

/// What an edit changed, as it was before.
#[derive(Debug, Default)]
pub struct Edited {
    /// Addresses that differ in anything, and all that are new.
    pub pins: BTreeMap<u32, Pin>,
    /// Buildings that were edited, and those whose series is another one since.
    pub sites: BTreeMap<u32, Site>,
    /// Numbers, by series, whose addresses or buildings differ.
    pub series: BTreeMap<u32, BTreeSet<u32>>,
    /// Addresses whose record names one of these buildings.
    pub tied: BTreeSet<u32>,
}

impl Edited {
    /// Whether nothing that detection reads changed.
    pub fn is_nothing(&self) -> bool {
        self.pins.is_empty() && self.sites.is_empty()
    }

    /// Addresses whose own building is among those that differ, before or after.
    pub fn housed(&self, pack: &Pack) -> BTreeSet<u32> {
        let mut housed = self.tied.clone();
        for (b, old) in &self.sites {
            for key in [old.key, pack.sites[*b as usize].key].into_iter().filter(|key| key.is_whole()) {
                housed.extend(pack.series[key.series as usize].numbered(key.main, key.rest).iter().map(|e| e.pin));
            }
        }
        housed
    }
}

/// A packed city while it is edited.
pub(super) struct Step<'a> {
    pub pack: &'a mut Pack,
    edited: Edited,
    /// Names whose bearers differ.
    pub names: BTreeSet<u32>,
}

impl Pack {
    /// Takes over the addresses and buildings in some rows as the context has them now; rows that are new follow the
    /// last. The pack must have been built for edits; `regrid` says which grids are others. Rows that the context does not have
    /// become nothing, until [`Pack::truncate`] takes them away; who names a building whose row holds another one since
    /// is among the addresses.
    pub fn edit(&mut self, context: &Context, addresses: &[u32], buildings: &[u32], regrid: Option<&Regrid>) -> Edited {
        let pins = self.pins.len();
        let mut step = Step { pack: self, edited: Edited::default(), names: BTreeSet::new() };
        if let Some(regrid) = regrid {
            step.regrid(context, regrid);
        }
        buildings.iter().for_each(|b| step.building(context, *b));
        addresses.iter().for_each(|i| step.address(context, *i));
        step.part();
        step.list_buildings();
        step.list_addresses();
        step.stack();
        step.pair();
        let Step { pack, mut edited, .. } = step;
        // Rows that are new count as changed even when nothing is in them.
        edited.pins.retain(|i, old| *i as usize >= pins || !pack.pins[*i as usize].is(old));
        for b in edited.sites.keys().filter(|b| (**b as usize) < context.records.buildings.len()) {
            let id = context.records.buildings.at(*b as usize).id();
            let tied = pack.register.ties.get(key_of::<str>(id));
            edited.tied.extend(tied.filter(|i| pack.pins.get(*i as usize).is_some_and(|pin| pin.tied == *b)));
        }
        edited
    }

    /// Keeps the first rows.
    pub fn truncate(&mut self, addresses: usize, buildings: usize) {
        self.pins.truncate(addresses);
        self.sites.truncate(buildings);
    }
}

impl Step<'_> {
    pub fn set_pin(&mut self, i: u32, change: impl FnOnce(&mut Pin)) {
        let old = self.pack.pins[i as usize].clone();
        let mut new = old.clone();
        change(&mut new);
        if !new.is(&old) {
            self.edited.pins.entry(i).or_insert(old);
            self.pack.pins.set(i as usize, new);
        }
    }

    fn set_site(&mut self, b: u32, change: impl FnOnce(&mut Site)) {
        let old = self.pack.sites[b as usize];
        let mut new = old;
        change(&mut new);
        if !new.is(&old) {
            self.edited.sites.entry(b).or_insert(old);
            self.pack.sites.set(b as usize, new);
        }
    }

    /// The number of a name, of a new one too; none for no name.
    fn name(&mut self, called: &Called) -> Option<u32> {
        if called.name.is_empty() {
            return None;
        }
        let register = &mut self.pack.register;
        if let Some(name) = register.names.get(&called.name) {
            return Some(name);
        }
        let name = Arc::make_mut(&mut register.names).id(&called.name);
        let first = self.pack.series.len() as u32;
        self.pack.series.push(Arc::new(Series { name: called.name.as_str().into(), ..Series::default() }));
        register.bearers.push(Arc::new(Name { series: vec![first], ..Name::default() }));
        Some(name)
    }

    /// The number of the name of a key.
    pub fn name_of(&self, key: Key) -> Option<u32> {
        let series = self.pack.series.get(key.series as usize)?;
        self.pack.register.names.get(&series.name)
    }

    /// Changes the bearers of a name.
    fn bearers(&mut self, name: u32, change: impl FnOnce(&mut Name)) {
        let mut bearers = self.pack.register.bearers[name as usize].clone();
        change(Arc::make_mut(&mut bearers));
        self.pack.register.bearers.set(name as usize, bearers);
        self.names.insert(name);
    }

    /// The key of something called so: of the series that it was in, as long as the name stays.
    fn key(&self, name: Option<u32>, was: Option<u32>, old: Key, called: &Called) -> Key {
        let Some(name) = name else { return Key::NOTHING };
        let first = self.pack.register.bearers[name as usize].series[0];
        Key { series: if was == Some(name) { old.series } else { first }, main: called.main, rest: called.rest }
    }

    fn building(&mut self, context: &Context, b: u32) {
        if self.pack.sites.len() == b as usize {
            self.pack.sites.push(Site::NOTHING);
            let id = context.records.buildings.get(b as usize).map(|building| building.id());
            let tied = id.iter().flat_map(|id| self.pack.register.ties.get(key_of(*id)));
            let addresses = &context.records.addresses;
            let names = |i: &u32| addresses.get(*i as usize).is_some_and(|a| a.building() == id);
            let tied: Vec<u32> = tied.filter(names).collect();
            for i in tied {
                if self.pack.pins.get(i as usize).is_some_and(|pin| pin.live) {
                    self.set_pin(i, |pin| pin.tied = b);
                }
            }
        }
        let standing = context.records.buildings.get(b as usize).is_some_and(|building| building.standing());
        let called = if standing { context.with_building_parts(b as usize, Called::of) } else { Called::default() };
        let old = self.pack.sites[b as usize];
        let (name, was) = (self.name(&called), self.name_of(old.key));
        let key = self.key(name, was, old.key, &called);
        let site = if standing { self.pack.site(context, b as usize, key) } else { Site { key, ..Site::NOTHING } };
        // Messages quote its text, so that it counts even when nothing else differs.
        self.edited.sites.entry(b).or_insert(old);
        if site.is(&old) {
            return;
        }
        if let Some(was) = was {
            self.bearers(was, |bearers| bearers.sites.retain(|other| *other != b));
        }
        if let Some(name) = name {
            self.bearers(name, |bearers| insert(&mut bearers.sites, b));
        }
        self.set_site(b, |old| *old = site);
    }

    fn address(&mut self, context: &Context, i: u32) {
        if self.pack.pins.len() == i as usize {
            self.pack.pins.push(Pin::NOTHING);
            self.edited.pins.insert(i, Pin::NOTHING);
        }
        if i as usize >= context.records.addresses.len() {
            return self.forget(i);
        }
        let register = &mut self.pack.register;
        if let Some(id) = context.address(i as usize).building() {
            register.ties.insert(key_of::<str>(id), i);
        }
        let (batches, collectors) = (&mut register.batches, &mut register.collectors);
        let id = |interner: &mut Arc<super::build::Interner>, text: &str| {
            interner.get(text).unwrap_or_else(|| Arc::make_mut(interner).id(text))
        };
        let groups = context.groups(i as usize, |b| id(batches, b), |c| id(collectors, c));
        let live = context.is_active(i as usize) && context.pin(i as usize).is_some();
        let called = if live { context.with_parts(i as usize, Called::of) } else { Called::default() };
        let old = self.pack.pins[i as usize].clone();
        let (name, was) = (self.name(&called), self.name_of(old.key));
        let key = self.key(name, was, old.key, &called);
        let mut pin = self.pack.pin(context, i as usize, key, called.inner, groups);
        (pin.stack, pin.stack_series, pin.twin) = (old.stack, old.stack_series, old.twin);
        if let Some(spot) = spot(pin.raw) {
            self.pack.register.spots.insert(spot, i);
        }
        if groups[1] != NONE {
            self.pack.collectors = self.pack.collectors.max(groups[1] as usize + 1);
        }
        if pin.is(&old) {
            return;
        }
        if let Some(was) = was {
            self.bearers(was, |bearers| bearers.pins.retain(|other| *other != i));
        }
        if let Some(name) = name {
            self.bearers(name, |bearers| insert(&mut bearers.pins, i));
        }
        self.set_pin(i, |old| *old = pin);
    }

    /// An address that is gone.
    fn forget(&mut self, i: u32) {
        let old = self.pack.pins[i as usize].clone();
        if let Some(was) = self.name_of(old.key) {
            self.bearers(was, |bearers| bearers.pins.retain(|other| *other != i));
        }
        self.set_pin(i, |pin| {
            *pin = Pin { stack: old.stack, stack_series: old.stack_series, twin: old.twin, ..Pin::NOTHING }
        });
    }

    /// Parts the streets that share a name again.
    fn part(&mut self) {
        for name in std::mem::take(&mut self.names) {
            let mut bearers = self.pack.register.bearers[name as usize].clone();
            let pack = &*self.pack;
            let of_pins = bearers.pins.iter().map(|i| bearer_of_pin(&pack.pins[*i as usize]));
            let of_sites = bearers.sites.iter().map(|b| bearer_of_site(&pack.sites[*b as usize]));
            let all: Vec<Bearer> = of_pins.chain(of_sites).collect();
            let places = namesake::places(&all, &pack.register.boxes).unwrap_or_else(|| vec![0; all.len()]);
            let now = bearers.pins.iter().map(|i| pack.pins[*i as usize].key.series);
            let now = now.chain(bearers.sites.iter().map(|b| pack.sites[*b as usize].key.series));
            let kept = namesake::kept(&places, now, &bearers.series);
            while kept.iter().any(|k| *k >= bearers.series.len()) {
                let first = bearers.series[0];
                let text = self.pack.series[first as usize].name.clone();
                let series = self.pack.series.push(Arc::new(Series { name: text, ..Series::default() }));
                Arc::make_mut(&mut bearers).series.push(series as u32);
                self.pack.register.bearers.set(name as usize, bearers.clone());
            }
            let (of_pins, of_sites) = places.split_at(bearers.pins.len());
            for (i, place) in bearers.pins.iter().zip(of_pins) {
                self.set_pin(*i, |pin| pin.key.series = bearers.series[kept[*place as usize]]);
            }
            for (b, place) in bearers.sites.iter().zip(of_sites) {
                self.set_site(*b, |site| site.key.series = bearers.series[kept[*place as usize]]);
            }
        }
    }

    /// Changes a series.
    fn series(&mut self, Key { series: s, main, .. }: Key, change: impl FnOnce(&mut Series)) {
        let mut series = self.pack.series[s as usize].clone();
        change(Arc::make_mut(&mut series));
        self.pack.series.set(s as usize, series);
        self.edited.series.entry(s).or_default().insert(main);
    }

    fn list_buildings(&mut self) {
        let sites: Vec<(u32, Site)> = self.edited.sites.iter().map(|(b, old)| (*b, *old)).collect();
        for (b, old) in sites {
            let new = self.pack.sites[b as usize];
            if new.is(&old) {
                continue;
            }
            if new.at.map(f64::to_bits) != old.at.map(f64::to_bits) {
                self.pack.site_bins.remove(b, old.at);
                self.pack.site_bins.insert(b, new.at, ());
            }
            if old.is_listed() {
                self.series(old.key, |series| {
                    series.sites.retain(|other| other.site != b);
                });
            }
            if new.is_listed() {
                self.series(new.key, |series| {
                    let listed = sited(b, &new);
                    let place = series.sites.partition_point(|other| *other < listed);
                    series.sites.insert(place, listed);
                });
            }
        }
    }

    fn list_addresses(&mut self) {
        let pins: Vec<(u32, Pin)> = self.edited.pins.iter().map(|(i, old)| (*i, old.clone())).collect();
        for (i, old) in pins {
            let new = self.pack.pins[i as usize].clone();
            let listed = |pin: &Pin| pin.live && pin.key.series != NONE;
            if (listed(&old), old.key, old.inner) != (listed(&new), new.key, new.inner) {
                if listed(&old) {
                    self.series(old.key, |series| {
                        if let Ok(place) = series.entries.binary_search(&entry(i, &old)) {
                            series.entries.remove(place);
                        }
                    });
                }
                if listed(&new) {
                    self.series(new.key, |series| {
                        let place = series.entries.partition_point(|other| *other < entry(i, &new));
                        series.entries.insert(place, entry(i, &new));
                    });
                }
            }
            if old.batch != new.batch {
                if old.batch != NONE {
                    self.batch(old.batch, |members| members.retain(|other| *other != i));
                }
                if new.batch != NONE {
                    self.batch(new.batch, |members| insert(members, i));
                }
            }
        }
    }

    fn batch(&mut self, batch: u32, change: impl FnOnce(&mut Vec<u32>)) {
        while self.pack.batches.len() <= batch as usize {
            self.pack.batches.push(Arc::default());
        }
        let mut members = self.pack.batches[batch as usize].clone();
        change(Arc::make_mut(&mut members));
        self.pack.batches.set(batch as usize, members);
    }

    fn stack(&mut self) {
        let mut spots: BTreeSet<u64> = BTreeSet::new();
        let mut alone: Vec<u32> = Vec::new();
        for (i, old) in &self.edited.pins {
            let new = &self.pack.pins[*i as usize];
            spots.extend([old, new].into_iter().filter_map(|pin| spot(pin.raw)));
            if spot(new.raw).is_none() {
                alone.push(*i);
            }
        }
        alone.into_iter().for_each(|i| self.set_pin(i, |pin| (pin.stack, pin.stack_series) = (1, 1)));
        for here in spots {
            let pins = &self.pack.pins;
            let is_here = |i: &u32| pins.get(*i as usize).is_some_and(|pin| spot(pin.raw) == Some(here));
            let on_it = self.pack.register.spots.get(here).filter(is_here);
            let on_it: Vec<u32> = on_it.collect();
            let (stack, stack_series) = match &on_it[..] {
                [] | [_] => (1, 1),
                all => stacked(all.iter().map(|i| pins[*i as usize].key).collect()),
            };
            on_it
                .into_iter()
                .for_each(|i| self.set_pin(i, |pin| (pin.stack, pin.stack_series) = (stack, stack_series)));
        }
    }

    fn pair(&mut self) {
        let mut groups: BTreeSet<(Key, u64)> = BTreeSet::new();
        let mut single: Vec<u32> = Vec::new();
        for (i, old) in &self.edited.pins {
            let new = &self.pack.pins[*i as usize];
            if (old.live, old.key, old.inner) != (new.live, new.key, new.inner) {
                groups.extend([old, new].into_iter().filter(|pin| pin.key.is_whole()).map(|pin| (pin.key, pin.inner)));
                single.push(*i);
            }
        }
        single.into_iter().for_each(|i| self.set_pin(i, |pin| pin.twin = NONE));
        for (key, inner) in groups {
            let same: Vec<u32> =
                self.pack.series[key.series as usize].same(key.main, key.rest, inner).iter().map(|e| e.pin).collect();
            match same[..] {
                [a, b] => {
                    self.set_pin(a, |pin| pin.twin = b);
                    self.set_pin(b, |pin| pin.twin = a);
                }
                _ => same.into_iter().for_each(|i| self.set_pin(i, |pin| pin.twin = NONE)),
            }
        }
    }
}

/// Puts a row into an ascending list.
fn insert(rows: &mut Vec<u32>, row: u32) {
    if let Err(place) = rows.binary_search(&row) {
        rows.insert(place, row);
    }
}
