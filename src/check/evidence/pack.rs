//! What detection reads of a city, as numbers by the position of each record.

use super::bins::Bins;
use super::namesake::{self, Bearer};
use crate::check::Context;
use crate::domain::address::HouseNumber;
use crate::domain::address::normalise;
use crate::domain::{Frame, LonLat, Parts};
use rayon::prelude::*;
use std::collections::HashMap;

/// No number, no series, no grid.
pub const NONE: u32 = u32::MAX;

/// What an address shares with the building that carries it: its series (street, compound, or village and group) and
/// its number there. `rest` tells `12-3号` and `甲12号` from `12号`; 0 is the plain number. `main` is 0 where an
/// address has no number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    /// Position of the series, or [`NONE`].
    pub series: u32,
    /// The number.
    pub main: u32,
    /// What else distinguishes it.
    pub rest: u32,
}

impl Key {
    /// The key of what says nothing.
    pub const NOTHING: Key = Key { series: NONE, main: 0, rest: 0 };

    /// Whether it names a building: a series and a number in it.
    pub fn is_whole(self) -> bool {
        self.series != NONE && self.main > 0
    }
}

/// An address as detection sees it.
#[derive(Debug, Clone)]
pub struct Pin {
    /// The coordinates as collected.
    pub raw: LonLat,
    /// The same in the plane, metres; not finite where they are not near the city.
    pub at: [f64; 2],
    /// Series and number.
    pub key: Key,
    /// Unit and room within the building; 0 for none.
    pub inner: u32,
    /// Position of the declared grid, or [`NONE`].
    pub grid: u32,
    /// Collection batch, or [`NONE`].
    pub batch: u32,
    /// Collector, or [`NONE`].
    pub collector: u32,
    /// What the device said of its accuracy, metres.
    pub accuracy_m: f32,
    /// Decimals of the finer of both coordinates.
    pub decimals: u8,
    /// How many different keys stand on exactly this point, itself included.
    pub stack: u32,
    /// How many different series stand on exactly this point.
    pub stack_series: u32,
    /// The other address with the same key, unit and room, where there is exactly one.
    pub twin: u32,
    /// The building that its record names, or [`NONE`].
    pub tied: u32,
    /// Whether it is in use and has coordinates.
    pub live: bool,
}

/// A building as detection sees it.
#[derive(Debug, Clone, Copy)]
pub struct Site {
    /// Where it stands, metres; not finite where that is unknown.
    pub at: [f64; 2],
    /// The address that it carries.
    pub key: Key,
}

/// An address of a series.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Entry {
    /// Number and what else distinguishes it.
    pub main: u32,
    /// See [`Key`].
    pub rest: u32,
    /// Unit and room.
    pub inner: u32,
    /// Position of the address.
    pub pin: u32,
}

/// All that belongs to one street, compound or village.
#[derive(Debug, Clone, Default)]
pub struct Series {
    /// Its name.
    pub name: Box<str>,
    /// Its addresses by number.
    pub entries: Vec<Entry>,
    /// Its buildings by number: number, rest, position.
    pub sites: Vec<(u32, u32, u32)>,
}

impl Series {
    /// Whether an address with this number, unit and room exists.
    pub fn has(&self, main: u32, rest: u32, inner: u32) -> bool {
        let first = self.entries.partition_point(|e| (e.main, e.rest, e.inner) < (main, rest, inner));
        self.entries.get(first).is_some_and(|e| (e.main, e.rest, e.inner) == (main, rest, inner))
    }

    /// The buildings with a number.
    pub fn sites_of(&self, main: u32, rest: u32) -> &[(u32, u32, u32)] {
        let first = self.sites.partition_point(|s| (s.0, s.1) < (main, rest));
        let last = self.sites.partition_point(|s| (s.0, s.1) <= (main, rest));
        &self.sites[first..last]
    }
}

/// A city for detection.
#[derive(Debug, Clone)]
pub struct Pack {
    /// The plane in which metres are measured.
    pub frame: Frame,
    /// The ground of the city in that plane: low and high corner, metres.
    pub ground: [[f64; 2]; 2],
    /// Addresses.
    pub pins: Vec<Pin>,
    /// Buildings.
    pub sites: Vec<Site>,
    /// Streets, compounds, villages.
    pub series: Vec<Series>,
    /// Addresses by batch.
    pub batches: Vec<Vec<u32>>,
    /// Number of collectors.
    pub collectors: usize,
    /// Buildings in bins.
    pub site_bins: Bins,
    /// Centroids of grids of every level, in bins; known by the position of the grid.
    pub centroids: Bins,
    /// Share of addresses that exist twice at different places.
    pub twin_share: f64,
}

/// Beyond the ground by this much, metres, a point is still thought about.
const MARGIN_M: f64 = 3_000.0;
/// Side of the bins, metres.
pub const BIN_M: f64 = 50.0;

impl Pack {
    /// Packs the records of a context.
    pub fn build(context: &Context) -> Pack {
        let records = context.records;
        let (frame, ground) = ground_of(context);
        let n = records.addresses.len();
        let named: Vec<Named> = (0..n)
            .into_par_iter()
            .map(|i| if context.is_active(i) { context.with_parts(i, Named::of) } else { Named::default() })
            .collect();
        let site_named: Vec<Named> = (0..records.buildings.len())
            .into_par_iter()
            .map(|b| {
                if records.buildings[b].standing { context.with_building_parts(b, Named::of) } else { Named::default() }
            })
            .collect();
        let mut names = Names::default();
        let keys: Vec<(Key, u32)> = named.iter().map(|n| (names.key(n), names.rest(&n.inner))).collect();
        let site_keys: Vec<Key> = site_named.iter().map(|n| names.key(n)).collect();
        drop((named, site_named));
        let (mut batches, mut collectors) = (Interner::default(), Interner::default());
        let groups: Vec<(u32, u32)> = records
            .addresses
            .iter()
            .map(|address| {
                let collector = address.pin.as_ref().and_then(|pin| pin.collector.as_deref());
                (address.batch.as_ref().map_or(NONE, |b| batches.id(b)), collector.map_or(NONE, |c| collectors.id(c)))
            })
            .collect();
        let mut pack = Pack {
            frame,
            ground,
            pins: Vec::new(),
            sites: Vec::new(),
            series: names.series.names.into_iter().map(|name| Series { name, ..Series::default() }).collect(),
            batches: vec![Vec::new(); batches.names.len()],
            collectors: collectors.names.len(),
            site_bins: Bins::build(std::iter::empty(), BIN_M),
            centroids: centroids(context, &frame),
            twin_share: 0.0,
        };
        pack.pins = (0..n)
            .into_par_iter()
            .map(|i| {
                let raw = context.pin(i);
                let live = context.is_active(i) && raw.is_some();
                let raw = raw.unwrap_or(LonLat::new(f64::NAN, f64::NAN));
                let at = pack.near(raw).filter(|_| live).unwrap_or([f64::NAN; 2]);
                Pin {
                    raw,
                    at,
                    key: if live { keys[i].0 } else { Key::NOTHING },
                    inner: keys[i].1,
                    grid: context.declared(i).unwrap_or(NONE),
                    batch: groups[i].0,
                    collector: groups[i].1,
                    accuracy_m: context.accuracy_m(i) as f32,
                    decimals: decimals(raw.lon).max(decimals(raw.lat)),
                    stack: 1,
                    stack_series: 1,
                    twin: NONE,
                    tied: context.tied_building(i).map_or(NONE, |b| b as u32),
                    live,
                }
            })
            .collect();
        pack.sites = (0..records.buildings.len())
            .into_par_iter()
            .map(|b| {
                let at = Some(context.building_place(b)).filter(|_| records.buildings[b].standing);
                Site { at: at.and_then(|at| pack.near(at)).unwrap_or([f64::NAN; 2]), key: site_keys[b] }
            })
            .collect();
        pack.part(context);
        pack.site_bins = Bins::build((0u32..).zip(pack.sites.iter().map(|site| site.at)), BIN_M);
        pack.untie();
        pack.sort();
        pack.stack();
        pack.pair();
        pack
    }

    /// A point in the plane, when it is near the city.
    pub fn near(&self, at: LonLat) -> Option<[f64; 2]> {
        if !at.is_on_earth() {
            return None;
        }
        let [x, y] = self.frame.xy(at);
        let [low, high] = self.ground;
        let inside = x > low[0] - MARGIN_M && x < high[0] + MARGIN_M && y > low[1] - MARGIN_M && y < high[1] + MARGIN_M;
        inside.then_some([x, y])
    }

    /// Area of the ground, square metres, at least a hectare.
    pub fn ground_m2(&self) -> f64 {
        let [low, high] = self.ground;
        ((high[0] - low[0]) * (high[1] - low[1])).max(1e4)
    }

    /// Parts streets that share a name.
    fn part(&mut self, context: &Context) {
        let boxes: Vec<[f64; 4]> = (0..context.grid.len() as u32)
            .map(|g| {
                let [w, s, e, n] = context.grid.bbox(g);
                let ([w, s], [e, n]) = (self.frame.xy(LonLat::new(w, s)), self.frame.xy(LonLat::new(e, n)));
                [w, s, e, n]
            })
            .collect();
        let of_pin = |pin: &Pin| Bearer { at: pin.at, key: pin.key, grid: pin.grid };
        let of_site = |site: &Site| Bearer { at: site.at, key: site.key, grid: NONE };
        let mut bearers: Vec<Bearer> = self.pins.iter().map(of_pin).chain(self.sites.iter().map(of_site)).collect();
        for old in namesake::part(&mut bearers, self.series.len(), &boxes) {
            let name = self.series[old as usize].name.clone();
            self.series.push(Series { name, ..Series::default() });
        }
        let (pins, sites) = bearers.split_at(self.pins.len());
        self.pins.iter_mut().zip(pins).for_each(|(pin, bearer)| pin.key = bearer.key);
        self.sites.iter_mut().zip(sites).for_each(|(site, bearer)| site.key = bearer.key);
    }

    /// Takes back ties to buildings that carry another address: one of the two is wrong, and the tie does not say which.
    fn untie(&mut self) {
        for pin in self.pins.iter_mut().filter(|pin| pin.tied != NONE) {
            let site = &self.sites[pin.tied as usize];
            if !site.at[0].is_finite() || (site.key.is_whole() && site.key != pin.key) {
                pin.tied = NONE;
            }
        }
    }

    /// Puts addresses into their batches and series, and buildings into theirs.
    fn sort(&mut self) {
        for (i, pin) in (0u32..).zip(&self.pins).filter(|(_, pin)| pin.live) {
            let Key { series, main, rest } = pin.key;
            if series != NONE {
                self.series[series as usize].entries.push(Entry { main, rest, inner: pin.inner, pin: i });
            }
            if pin.batch != NONE {
                self.batches[pin.batch as usize].push(i);
            }
        }
        for (b, site) in (0u32..).zip(&self.sites) {
            if site.key.is_whole() && site.at[0].is_finite() {
                self.series[site.key.series as usize].sites.push((site.key.main, site.key.rest, b));
            }
        }
        self.series.par_iter_mut().for_each(|series| {
            series.entries.sort_unstable();
            series.sites.sort_unstable();
        });
    }

    /// Counts what stands on one point.
    fn stack(&mut self) {
        let round = |v: f64| (v * 5e6).round() as i64;
        let live = self.pins.iter().enumerate().filter(|(_, pin)| pin.live && pin.raw.lon.is_finite());
        let mut spots: Vec<(i64, i64, Key, u32)> =
            live.map(|(i, pin)| (round(pin.raw.lon), round(pin.raw.lat), pin.key, i as u32)).collect();
        spots.par_sort_unstable();
        for spot in spots.chunk_by(|a, b| (a.0, a.1) == (b.0, b.1)).filter(|spot| spot.len() > 1) {
            let keys = spot.chunk_by(|a, b| a.2 == b.2).count() as u32;
            let series = spot.chunk_by(|a, b| a.2.series == b.2.series).count() as u32;
            for (_, _, _, i) in spot {
                let pin = &mut self.pins[*i as usize];
                (pin.stack, pin.stack_series) = (keys, series);
            }
        }
    }

    /// Finds addresses that exist exactly twice.
    fn pair(&mut self) {
        let mut apart = 0;
        let mut twins: Vec<(u32, u32)> = Vec::new();
        for series in &self.series {
            let same = |a: &Entry, b: &Entry| (a.main, a.rest, a.inner) == (b.main, b.rest, b.inner);
            for pair in series.entries.chunk_by(same) {
                if let [a, b] = pair
                    && a.main > 0
                {
                    twins.push((a.pin, b.pin));
                    apart += u32::from(self.are_apart(a.pin, b.pin)) * 2;
                }
            }
        }
        for (a, b) in twins {
            self.pins[a as usize].twin = b;
            self.pins[b as usize].twin = a;
        }
        self.twin_share = f64::from(apart) / (self.pins.len().max(1) as f64);
    }

    /// Whether two addresses of one key stand at different places, where no second building explains it.
    pub fn are_apart(&self, a: u32, b: u32) -> bool {
        let (a, b) = (&self.pins[a as usize], &self.pins[b as usize]);
        let sites = self.sites_of(a.key).len();
        sites < 2 && distance(a.at, b.at) > 40.0
    }

    /// The buildings that carry a key.
    pub fn sites_of(&self, key: Key) -> &[(u32, u32, u32)] {
        if key.is_whole() { self.series[key.series as usize].sites_of(key.main, key.rest) } else { &[] }
    }
}

/// Metres between two points of the plane; not a number where one is nowhere.
pub fn distance(a: [f64; 2], b: [f64; 2]) -> f64 {
    (a[0] - b[0]).hypot(a[1] - b[1])
}

/// Decimals of a number that matter, at most nine.
fn decimals(v: f64) -> u8 {
    let mut scale = 1.0;
    for places in 0..9 {
        if (v * scale).round() / scale == v {
            return places;
        }
        scale *= 10.0;
    }
    9
}

/// The plane and the ground: that of the grids, else of the buildings, else of nearly all pins.
fn ground_of(context: &Context) -> (Frame, [[f64; 2]; 2]) {
    let [w, s, e, n] = context.area().unwrap_or_else(|| {
        let pins = (0..context.records.addresses.len()).filter_map(|i| context.pin(i)).filter(|at| at.is_on_earth());
        let (mut lons, mut lats): (Vec<f64>, Vec<f64>) = pins.map(|at| (at.lon, at.lat)).unzip();
        let span = |v: &mut Vec<f64>| {
            v.sort_unstable_by(f64::total_cmp);
            let at = |q: f64| v.get((v.len() as f64 * q) as usize).copied().unwrap_or(0.0);
            (at(0.02), at(0.98))
        };
        let ((w, e), (s, n)) = (span(&mut lons), span(&mut lats));
        [w, s, e, n]
    });
    let frame = Frame::at(LonLat::new((w + e) / 2.0, (s + n) / 2.0));
    (frame, [frame.xy(LonLat::new(w, s)), frame.xy(LonLat::new(e, n))])
}

fn centroids(context: &Context, frame: &Frame) -> Bins {
    use geo::Centroid;
    let grids: Vec<_> = context.records.grids.iter().collect();
    let places: Vec<[f64; 2]> = grids
        .par_iter()
        .map(|grid| grid.polygon.centroid().map_or([f64::NAN; 2], |c| frame.xy(LonLat::new(c.x(), c.y()))))
        .collect();
    Bins::build((0u32..).zip(places.iter().copied()), BIN_M)
}

/// What an address or building is called, before names become numbers.
#[derive(Default)]
struct Named {
    series: Box<str>,
    main: u32,
    rest: Box<str>,
    inner: Box<str>,
}

impl Named {
    fn of(parts: &Parts) -> Named {
        let Parts { road, house_number, compound, building, village, group, unit, floor, room, .. } = parts;
        let (series, number, beside) = match (!compound.is_empty(), !building.is_empty(), !house_number.is_empty()) {
            (true, true, _) => (normalise(compound).into_owned(), building, ""),
            (_, _, true) if !road.is_empty() => (normalise(road).into_owned(), house_number, &**building),
            (true, false, true) => (normalise(compound).into_owned(), house_number, ""),
            (_, _, true) => (normalise(village).into_owned() + &normalise(group), house_number, ""),
            _ => {
                let name = [road, compound, village].into_iter().find(|name| !name.is_empty());
                (name.map_or_else(String::new, |name| normalise(name).into_owned()), house_number, "")
            }
        };
        let inner = [unit, floor, room].map(|part| &**part).concat().into_boxed_str();
        let Some(HouseNumber { main, branch, prefix }) = HouseNumber::parse(number) else {
            // A building without a number (`A座`, `东楼`) is told by its name alone.
            return Named { series: series.into(), main: 0, rest: "".into(), inner };
        };
        let mut rest = String::new();
        if branch > 0 || prefix.is_some() {
            rest = format!("{}{branch}", prefix.map(String::from).unwrap_or_default());
        }
        if !beside.is_empty() {
            rest += "|";
            rest += &HouseNumber::parse(beside).map_or_else(|| beside.to_owned(), |b| b.main.to_string());
        }
        Named { series: series.into(), main, rest: rest.into(), inner }
    }
}

#[derive(Default)]
struct Interner {
    ids: HashMap<Box<str>, u32>,
    names: Vec<Box<str>>,
}

impl Interner {
    fn id(&mut self, name: &str) -> u32 {
        if let Some(id) = self.ids.get(name) {
            return *id;
        }
        let id = self.names.len() as u32;
        self.ids.insert(name.into(), id);
        self.names.push(name.into());
        id
    }
}

#[derive(Default)]
struct Names {
    series: Interner,
    rests: Interner,
}

impl Names {
    fn rest(&mut self, text: &str) -> u32 {
        if text.is_empty() { 0 } else { self.rests.id(text) + 1 }
    }

    fn key(&mut self, named: &Named) -> Key {
        if named.series.is_empty() {
            return Key::NOTHING;
        }
        Key { series: self.series.id(&named.series), main: named.main, rest: self.rest(&named.rest) }
    }
}
