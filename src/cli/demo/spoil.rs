//! Puts labelled errors into the clean town: wrong pins, wrong attributes, wrong text.

use super::dice::Dice;
use super::plan::round7;
use super::settle::moved;
use super::{Town, project, retext};
use crate::crs::{bd09, gcj02};
use crate::domain::{Address, AddressRef, AddressStatus, BatchId, Footprint, GridCode, GridLevel, LonLat};
use geo::Centroid;
use std::collections::BTreeMap;

/// How many of all collection batches are spoiled as a whole.
const BATCHES: [(&str, usize); 5] =
    [("gcj02", 3), ("bd09", 1), ("gcj02_reversed", 1), ("library_drift", 1), ("batch_offset", 2)];

/// Single records that are spoiled, in a thousand.
const RECORDS: [(&str, f64); 18] = [
    ("gcj02", 3.0),
    ("bd09", 2.0),
    ("gcj02_reversed", 1.5),
    ("gcj02_twice", 1.5),
    ("swapped", 1.5),
    ("dms", 1.5),
    ("nmea", 1.0),
    ("coarse", 3.0),
    ("zone", 1.5),
    ("projected", 1.0),
    ("zero", 2.0),
    ("default_point", 4.0),
    ("office", 6.0),
    ("wrong_building", 9.0),
    ("gps_outlier", 7.0),
    ("wrong_number", 6.0),
    ("wrong_road", 5.0),
    ("wrong_grid", 9.0),
];

/// Series of which several records stand on one point.
const STACKS: usize = 12;
/// Pairs of neighbouring grids whose border moved.
const BORDERS: usize = 3;

/// A town at work: addresses by index, which are still free of errors.
struct Spoiler<'a> {
    town: &'a mut Town,
    addresses: Vec<Address>,
    free: Vec<usize>,
    dice: Dice,
}

/// Spoils the town and labels what was done.
pub fn spoil(town: &mut Town, seed: u64) {
    let addresses: Vec<Address> = town.records.addresses.iter().map(AddressRef::unpack).collect();
    let mut free: Vec<usize> = (0..addresses.len()).filter(|i| addresses[*i].pin.is_some()).collect();
    let mut dice = Dice::new(seed, "spoil");
    dice.shuffle(&mut free);
    let mut spoiler = Spoiler { town, addresses, free, dice };
    spoiler.batches();
    spoiler.records();
    spoiler.stacks();
    spoiler.borders();
    retext::retext(&mut spoiler.addresses, &mut spoiler.free, spoiler.town, &mut spoiler.dice);
    spoiler.demolish();
    let addresses = std::mem::take(&mut spoiler.addresses);
    town.records.addresses = addresses.into();
}

/// A pin as one of the datum errors makes it.
fn shifted(error: &str, at: LonLat) -> LonLat {
    let to = match error {
        "gcj02" => gcj02::from_wgs84(at),
        "bd09" => bd09::from_wgs84(at),
        "gcj02_reversed" => gcj02::to_wgs84(at),
        "gcj02_twice" => gcj02::from_wgs84(gcj02::from_wgs84(at)),
        _ => gcj02::to_wgs84(gcj02::from_wgs84_faulty(at)),
    };
    LonLat::new(round7(to.lon), round7(to.lat))
}

/// Degrees, minutes and seconds written behind the point as if they were decimals.
fn sexagesimal(degrees: f64) -> f64 {
    let (d, m) = (degrees.floor(), ((degrees - degrees.floor()) * 60.0).floor());
    let s = ((degrees - d) * 60.0 - m) * 60.0;
    round7(d + m / 100.0 + s / 10_000.0)
}

/// Decimal minutes written behind the point as if they were decimals.
fn minutes(degrees: f64) -> f64 {
    round7(degrees.floor() + (degrees - degrees.floor()) * 0.6)
}

impl Spoiler<'_> {
    fn pin(&self, i: usize) -> LonLat {
        self.addresses[i].pin.as_ref().expect("only collected addresses are free").at
    }

    fn put(&mut self, i: usize, at: LonLat) {
        self.addresses[i].pin.as_mut().expect("only collected addresses are free").at = at;
    }

    fn label(&mut self, i: usize, error: &'static str) {
        self.town.truth[i].error = error;
    }

    fn take(&mut self, count: usize) -> Vec<usize> {
        let from = self.free.len().saturating_sub(count);
        self.free.split_off(from)
    }

    fn batches(&mut self) {
        let mut by_batch: BTreeMap<BatchId, Vec<usize>> = BTreeMap::new();
        for (i, address) in self.addresses.iter().enumerate() {
            if let Some(batch) = &address.batch {
                by_batch.entry(batch.clone()).or_default().push(i);
            }
        }
        let mut batches: Vec<Vec<usize>> = by_batch.into_values().filter(|members| members.len() >= 30).collect();
        self.dice.shuffle(&mut batches);
        for (error, count) in BATCHES {
            for _ in 0..count {
                let Some(members) = batches.pop() else { return };
                let (angle, far) = (self.dice.range(0.0, std::f64::consts::TAU), self.dice.range(22.0, 70.0));
                for i in members {
                    let at = self.pin(i);
                    let to = match error {
                        "batch_offset" => moved(at, [far * angle.cos(), far * angle.sin()]),
                        _ => shifted(error, at),
                    };
                    self.put(i, to);
                    self.label(i, error);
                }
            }
        }
        let town = &self.town.truth;
        self.free.retain(|i| town[*i].error == "ok");
    }

    fn records(&mut self) {
        let n = self.addresses.len() as f64;
        for (error, rate) in RECORDS {
            for i in self.take((rate * n / 1000.0).round() as usize) {
                if self.record(error, i) {
                    self.label(i, error);
                }
            }
        }
    }

    /// Spoils one record; false where it could not be.
    fn record(&mut self, error: &'static str, i: usize) -> bool {
        let at = self.pin(i);
        match error {
            "swapped" => self.put(i, LonLat::new(at.lat, at.lon)),
            "zero" => self.put(i, LonLat::new(0.0, 0.0)),
            "dms" => self.put(i, LonLat::new(sexagesimal(at.lon), sexagesimal(at.lat))),
            "nmea" => self.put(i, LonLat::new(minutes(at.lon), minutes(at.lat))),
            "coarse" => {
                let t = *self.dice.pick(&[100.0, 1000.0]);
                self.put(i, LonLat::new((at.lon * t).floor() / t, (at.lat * t).floor() / t));
            }
            "zone" => {
                let by = *self.dice.pick(&[-3.0, 3.0]);
                self.put(i, LonLat::new(round7(at.lon + by), at.lat));
            }
            "projected" => {
                let [east, north] = project::gauss_kruger(at, 120.0).map(|m| (m * 1000.0).round() / 1000.0);
                let east = if self.dice.chance(0.5) { east } else { east + 40e6 };
                let flip = self.dice.chance(0.5);
                self.put(i, if flip { LonLat::new(north, east) } else { LonLat::new(east, north) });
            }
            "default_point" => {
                let level = if self.dice.chance(0.7) { GridLevel::Grid } else { GridLevel::District };
                let grid = self.addresses[i].grid.clone();
                let found = self
                    .town
                    .records
                    .grids
                    .iter()
                    .find(|g| g.level == level && (level == GridLevel::District || Some(&g.code) == grid.as_ref()));
                let Some(centre) = found.and_then(|g| g.polygon.centroid()) else { return false };
                self.put(i, LonLat::new(round7(centre.x()), round7(centre.y())));
            }
            "office" => return self.office(i),
            "wrong_building" => return self.wrong_building(i),
            "gps_outlier" => {
                let (angle, far) = (self.dice.range(0.0, std::f64::consts::TAU), self.dice.range(50.0, 220.0));
                self.put(i, moved(at, [far * angle.cos(), far * angle.sin()]));
            }
            "wrong_number" => return self.wrong_number(i),
            "wrong_road" => return self.wrong_road(i),
            "wrong_grid" => return self.wrong_grid(i),
            _ => self.put(i, shifted(error, at)),
        }
        true
    }

    /// Collected in the office: near the first address of the same collector, with a phone's noise.
    fn office(&mut self, i: usize) -> bool {
        let own = |a: &Address| a.pin.as_ref().and_then(|p| p.collector.clone());
        let collector = own(&self.addresses[i]);
        let Some(first) = self.addresses.iter().position(|a| own(a) == collector) else { return false };
        let by = [self.dice.normal(6.0), self.dice.normal(6.0)];
        let desk = moved(self.town.truth[first].at, by);
        self.put(i, desk);
        if desk.distance_m(self.town.truth[i].at) < 30.0 {
            self.town.truth[i].error = "ok*";
            return false;
        }
        true
    }

    fn wrong_building(&mut self, i: usize) -> bool {
        let at = self.town.truth[i].at;
        let centre = |footprint: Footprint| match footprint {
            Footprint::Area(area) => area.centroid().map(|c| LonLat::new(c.x(), c.y())),
            Footprint::Point(at) => Some(at),
        };
        let near: Vec<LonLat> = self
            .town
            .records
            .buildings
            .iter()
            .filter_map(|b| centre(b.footprint().unpack()))
            .filter(|c| (18.0..130.0).contains(&c.distance_m(at)))
            .collect();
        if near.is_empty() {
            return false;
        }
        let target = *self.dice.pick(&near);
        let by = [self.dice.normal(3.0), self.dice.normal(3.0)];
        self.put(i, moved(target, by));
        true
    }

    fn wrong_number(&mut self, i: usize) -> bool {
        let mut parts = self.addresses[i].parts.clone();
        let (text, word) =
            if parts.building.is_empty() { (&parts.house_number, "号") } else { (&parts.building, "幢") };
        let Some(number) = text.strip_suffix(word).and_then(|n| n.parse::<u32>().ok()) else { return false };
        let wrong = self.typo(number);
        let wrong: Box<str> = format!("{wrong}{word}").into();
        if parts.building.is_empty() {
            parts.house_number = wrong
        } else {
            parts.building = wrong
        }
        retext::set(&mut self.addresses[i], parts);
        true
    }

    fn typo(&mut self, number: u32) -> u32 {
        for _ in 0..20 {
            let mut digits = number.to_string().into_bytes();
            let at = self.dice.below(digits.len());
            match self.dice.unit() {
                d if d < 0.6 => digits[at] = b'0' + self.dice.below(10) as u8,
                d if d < 0.85 && digits.len() > 1 => digits.swap(0, 1),
                d if d < 0.93 && digits.len() > 1 => drop(digits.remove(at)),
                _ => digits.insert(at, b'0' + self.dice.below(10) as u8),
            }
            let wrong = String::from_utf8(digits).ok().and_then(|d| d.parse().ok()).unwrap_or(0);
            if wrong != 0 && wrong != number && wrong < 1000 {
                return wrong;
            }
        }
        number + 1
    }

    fn wrong_road(&mut self, i: usize) -> bool {
        let (at, own) = (self.town.truth[i].at, self.addresses[i].parts.road.clone());
        if own.is_empty() {
            return false;
        }
        let mut roads: Vec<Box<str>> = (0..self.addresses.len())
            .filter(|k| self.town.truth[*k].at.distance_m(at) < 220.0)
            .map(|k| self.town.truth[k].address.parts.road.clone())
            .filter(|road| !road.is_empty() && *road != own)
            .collect();
        roads.sort();
        roads.dedup();
        if roads.is_empty() {
            return false;
        }
        let road = self.dice.pick(&roads).clone();
        let parts = crate::domain::Parts { road, ..self.addresses[i].parts.clone() };
        retext::set(&mut self.addresses[i], parts);
        true
    }

    fn wrong_grid(&mut self, i: usize) -> bool {
        let (at, own) = (self.town.truth[i].at, self.addresses[i].grid.clone());
        let near = |k: &usize| self.town.truth[*k].address.grid != own && self.town.truth[*k].at.distance_m(at) < 400.0;
        let Some(other) = (0..self.addresses.len()).find(near) else { return false };
        self.addresses[i].grid = self.town.truth[other].address.grid.clone();
        true
    }

    /// Several addresses of one road on its middle.
    fn stacks(&mut self) {
        let mut series: BTreeMap<Box<str>, Vec<usize>> = BTreeMap::new();
        for i in self.free.iter().copied() {
            let parts = &self.addresses[i].parts;
            if !parts.road.is_empty() {
                series.entry(parts.road.clone()).or_default().push(i);
            }
        }
        let mut series: Vec<Vec<usize>> = series.into_values().filter(|members| members.len() >= 25).collect();
        self.dice.shuffle(&mut series);
        for mut members in series.into_iter().take(STACKS) {
            self.dice.shuffle(&mut members);
            members.truncate(4 + self.dice.below(9));
            let point = self.town.truth[members[0]].at;
            for i in members {
                self.put(i, point);
                let error = if point.distance_m(self.town.truth[i].at) < 25.0 { "ok*" } else { "stacked" };
                self.label(i, error);
            }
        }
        let truth = &self.town.truth;
        self.free.retain(|i| truth[*i].error == "ok");
    }

    /// A strip of one grid was given to its neighbour, and its addresses still declare the old one.
    fn borders(&mut self) {
        let mut by_grid: BTreeMap<GridCode, Vec<usize>> = BTreeMap::new();
        for i in self.free.iter().copied() {
            if let Some(grid) = &self.addresses[i].grid {
                by_grid.entry(grid.clone()).or_default().push(i);
            }
        }
        let mut codes: Vec<GridCode> = by_grid.keys().cloned().collect();
        self.dice.shuffle(&mut codes);
        let mut moved_borders = 0;
        for pair in codes.iter().flat_map(|g| codes.iter().map(move |h| (g, h))).filter(|(g, h)| g != h) {
            let (own, other) = (&by_grid[pair.0], &by_grid[pair.1]);
            let at = |i: &usize| self.town.truth[*i].at;
            if at(&own[0]).distance_m(at(&other[0])) > 900.0 {
                continue;
            }
            let strip: Vec<usize> =
                own.iter().copied().filter(|i| other.iter().any(|k| at(k).distance_m(at(i)) < 34.0)).collect();
            if !(10..=60).contains(&strip.len()) {
                continue;
            }
            for i in strip {
                self.addresses[i].grid = Some(pair.1.clone());
                self.label(i, "border_moved");
            }
            moved_borders += 1;
            if moved_borders == BORDERS {
                break;
            }
        }
        let truth = &self.town.truth;
        self.free.retain(|i| truth[*i].error == "ok");
    }

    /// Some houses are gone.
    fn demolish(&mut self) {
        for (count, i) in self.take(32).into_iter().enumerate() {
            let address = &mut self.addresses[i];
            address.status = AddressStatus::Demolished;
            // Two were marked without a date.
            address.ended_on = address.verified_on.filter(|_| count > 1);
            let house = address.building.clone();
            self.town.truth[i].address.status = AddressStatus::Demolished;
            let buildings = &mut self.town.records.buildings;
            if let Some(at) = house.and_then(|id| buildings.iter().position(|b| b.id() == id.as_str())) {
                let gone = crate::domain::Building { standing: false, ..buildings.at(at).unpack() };
                buildings.set(at, gone);
            }
        }
    }
}
