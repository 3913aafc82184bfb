//! A city packed from nothing.

use super::called::Called;
use super::*;
use crate::check::Context;
use crate::check::evidence::namesake::{self, Bearer};
use crate::check::hypothesis::form::decimals;
use crate::index::{Lookup, key_of};
use foldhash::HashMap;
use rayon::prelude::*;

/// Texts as numbers, in the order in which they came.
#[derive(Debug, Clone, Default)]
pub(super) struct Interner {
    ids: HashMap<Box<str>, u32>,
}

impl Interner {
    pub fn id(&mut self, text: &str) -> u32 {
        if let Some(id) = self.ids.get(text) {
            return *id;
        }
        let id = self.ids.len() as u32;
        self.ids.insert(text.into(), id);
        id
    }

    pub fn get(&self, text: &str) -> Option<u32> {
        self.ids.get(text).copied()
    }

    fn texts(&self) -> Vec<Box<str>> {
        let mut texts = vec![Box::default(); self.ids.len()];
        self.ids.iter().for_each(|(text, id)| texts[*id as usize] = text.clone());
        texts
    }
}

/// Who bears a name, and the series that it stands for, one for each place of the city that has a street of this name.
#[derive(Debug, Clone, Default)]
pub(super) struct Name {
    pub series: Vec<u32>,
    pub pins: Vec<u32>,
    pub sites: Vec<u32>,
}

/// What only edits need: names, and who stands on a spot or names a building. Empty where no edits are to come.
#[derive(Debug, Clone, Default)]
pub(super) struct Register {
    pub names: Arc<Interner>,
    /// By the number of the name, which is that of its first series at the start; see `of_name`.
    pub bearers: Table<Arc<Name>, OF_ARCS>,
    pub batches: Arc<Interner>,
    pub collectors: Arc<Interner>,
    /// Pins by spot; entries may be stale.
    pub spots: Lookup,
    /// Pins by the identifier of the building that their record names; entries may be stale.
    pub ties: Lookup,
    /// Boxes of the grids in the plane.
    pub boxes: Arc<Vec<[f64; 4]>>,
    /// Their middles.
    pub middles: Arc<Vec<[f64; 2]>>,
}

/// The key of a spot: pins on the same hand's breadth.
pub(super) fn spot(raw: LonLat) -> Option<u64> {
    let round = |v: f64| (v * 5e6).round() as i64;
    raw.lon.is_finite().then(|| key_of(&(round(raw.lon), round(raw.lat))))
}

impl Pack {
    /// Packs the records of a context; `for_edits`, so that [`Pack::edit`] may follow. The shares are those of
    /// these records, until somebody sets them.
    pub fn build(context: &Context, for_edits: bool) -> Pack {
        let records = context.records;
        // At first, on all threads: who asks for them while others do too has to wait.
        context.facts();
        let (frame, ground) = ground_of(context);
        let margin = |v: [f64; 2], by: f64| [v[0] + by, v[1] + by];
        let squares = Squares::over(margin(ground[0], -MARGIN_M), margin(ground[1], MARGIN_M), BIN_M);
        let n = records.addresses.len();
        let (mut names, mut batches, mut collectors) = (Interner::default(), Interner::default(), Interner::default());
        let called: Vec<Called> = (0..n)
            .into_par_iter()
            .map(|i| if context.is_active(i) { context.with_parts(i, Called::of) } else { Called::default() })
            .collect();
        let key = |names: &mut Interner, called: &Called| match called {
            Called { name, .. } if name.is_empty() => Key::NOTHING,
            Called { name, main, rest, .. } => Key { series: names.id(name), main: *main, rest: *rest },
        };
        let keys: Vec<(Key, u64)> = called.iter().map(|c| (key(&mut names, c), c.inner)).collect();
        drop(called);
        let called: Vec<Called> = (0..records.buildings.len())
            .into_par_iter()
            .map(|b| {
                if records.buildings.at(b).standing() {
                    context.with_building_parts(b, Called::of)
                } else {
                    Called::default()
                }
            })
            .collect();
        let site_keys: Vec<Key> = called.iter().map(|c| key(&mut names, c)).collect();
        drop(called);
        let middles: Vec<[f64; 2]> =
            (0..context.grid.len() as u32).into_par_iter().map(|g| middle_of(context, &frame, g)).collect();
        let groups: Vec<[u32; 2]> =
            (0..n).map(|i| context.groups(i, |b| batches.id(b), |c| collectors.id(c))).collect();
        let mut pack = Pack {
            frame,
            ground,
            squares,
            pins: Table::default(),
            sites: Table::default(),
            series: Table::default(),
            batches: Table::default(),
            collectors: collectors.ids.len(),
            site_bins: Bins::none(squares),
            centroids: Bins::build(squares, (0u32..).zip(middles.iter().copied()).map(|(g, at)| (g, at, ()))),
            twin_share: 0.0,
            addressed_share: 0.0,
            register: Register::default(),
        };
        let mut pins: Vec<Pin> =
            (0..n).into_par_iter().map(|i| pack.pin(context, i, keys[i].0, keys[i].1, groups[i])).collect();
        drop((keys, groups));
        let mut sites: Vec<Site> =
            (0..records.buildings.len()).into_par_iter().map(|b| pack.site(context, b, site_keys[b])).collect();
        let boxes: Vec<[f64; 4]> = (0..context.grid.len() as u32).map(|g| box_of(context, &frame, g)).collect();
        let mut bearers = vec![Name::default(); names.ids.len()];
        (0..).zip(&pins).filter(|(_, p)| p.key.series != NONE).for_each(|(i, p)| {
            bearers[p.key.series as usize].pins.push(i);
        });
        (0..).zip(&sites).filter(|(_, s)| s.key.series != NONE).for_each(|(b, s)| {
            bearers[s.key.series as usize].sites.push(b);
        });
        let mut series: Vec<Series> =
            names.texts().into_iter().map(|name| Series { name, ..Series::default() }).collect();
        part(&mut pins, &mut sites, &mut series, &mut bearers, &boxes);
        let mut members = vec![Vec::new(); batches.ids.len()];
        sort(&pins, &sites, &mut series, &mut members);
        stack(&mut pins);
        pair(&mut pins, &series);
        pack.site_bins =
            Bins::build(squares, (0u32..).zip(sites.iter().map(|site| site.at)).map(|(b, at)| (b, at, ())));
        pack.pins = pins.into();
        pack.sites = sites.into();
        pack.series = series.into_iter().map(Arc::new).collect();
        pack.batches = members.into_iter().map(Arc::new).collect();
        pack.twin_share = pack.share_of_twins();
        let standing = pack.sites.iter().filter(|site| site.at[0].is_finite());
        let addressed = standing.clone().filter(|site| site.key.is_whole()).count();
        pack.addressed_share = addressed as f64 / (standing.count().max(1) as f64);
        if for_edits {
            let live = || (0u32..).zip(pack.pins.iter()).filter(|(_, pin)| pin.live);
            let tie = |(address, i): (crate::domain::AddressRef, u32)| Some((key_of::<str>(address.building()?), i));
            pack.register = Register {
                names: Arc::new(names),
                bearers: bearers.into_iter().map(Arc::new).collect(),
                batches: Arc::new(batches),
                collectors: Arc::new(collectors),
                spots: Lookup::build(live().filter_map(|(i, pin)| Some((spot(pin.raw)?, i)))),
                ties: Lookup::build(records.addresses.iter().zip(0..).filter_map(tie)),
                boxes: Arc::new(boxes),
                middles: Arc::new(middles),
            };
        }
        pack
    }

    /// An address alone, without what others on its spot and of its key make of it.
    pub(super) fn pin(&self, context: &Context, i: usize, key: Key, inner: u64, [batch, collector]: [u32; 2]) -> Pin {
        let Some(raw) = context.pin(i).filter(|_| context.is_active(i)) else { return Pin::NOTHING };
        Pin {
            raw,
            at: self.near(raw).unwrap_or([f64::NAN; 2]),
            key,
            inner,
            grid: context.declared(i).unwrap_or(NONE),
            batch,
            collector,
            accuracy_m: context.accuracy_m(i) as f32,
            tied: context.named_building(i).map_or(NONE, |b| b as u32),
            decimals: decimals(raw.lon).max(decimals(raw.lat)) as u8,
            live: true,
            ..Pin::NOTHING
        }
    }

    /// A building alone.
    pub(super) fn site(&self, context: &Context, b: usize, key: Key) -> Site {
        let at = Some(context.building_place(b)).filter(|_| context.records.buildings.at(b).standing());
        Site { at: at.and_then(|at| self.near(at)).unwrap_or([f64::NAN; 2]), key }
    }

    fn share_of_twins(&self) -> f64 {
        let chunks: Vec<_> = self.pins.chunks().collect();
        let count = |(first, chunk): &(usize, &[Pin])| {
            let apart = |(i, pin): (usize, &Pin)| pin.twin != NONE && self.are_apart(i as u32, pin.twin);
            chunk.iter().enumerate().filter(|(k, pin)| apart((first + k, pin))).count()
        };
        chunks.par_iter().map(count).sum::<usize>() as f64 / (self.pins.len().max(1) as f64)
    }
}

/// Parts streets that share a name.
fn part(pins: &mut [Pin], sites: &mut [Site], series: &mut Vec<Series>, names: &mut [Name], boxes: &[[f64; 4]]) {
    let places: Vec<Option<Vec<u32>>> = names
        .par_iter()
        .map(|name| {
            let of_pin = |i: &u32| bearer_of_pin(&pins[*i as usize]);
            let of_site = |b: &u32| bearer_of_site(&sites[*b as usize]);
            let bearers: Vec<Bearer> = name.pins.iter().map(of_pin).chain(name.sites.iter().map(of_site)).collect();
            namesake::places(&bearers, boxes)
        })
        .collect();
    for (first, (name, places)) in (0u32..).zip(names.iter_mut().zip(places)) {
        name.series = vec![first];
        let Some(places) = places else { continue };
        for _ in 0..places.iter().max().copied().unwrap_or(0) {
            name.series.push(series.len() as u32);
            let text = series[first as usize].name.clone();
            series.push(Series { name: text, ..Series::default() });
        }
        let (of_pins, of_sites) = places.split_at(name.pins.len());
        for (i, place) in name.pins.iter().zip(of_pins) {
            pins[*i as usize].key.series = name.series[*place as usize];
        }
        for (b, place) in name.sites.iter().zip(of_sites) {
            sites[*b as usize].key.series = name.series[*place as usize];
        }
    }
}

pub(super) fn bearer_of_pin(pin: &Pin) -> Bearer {
    Bearer { at: pin.at, main: pin.key.main, grid: pin.grid }
}

pub(super) fn bearer_of_site(site: &Site) -> Bearer {
    Bearer { at: site.at, main: site.key.main, grid: NONE }
}

/// Puts addresses into their batches and series, and buildings into theirs.
fn sort(pins: &[Pin], sites: &[Site], series: &mut [Series], batches: &mut [Vec<u32>]) {
    for (i, pin) in (0u32..).zip(pins).filter(|(_, pin)| pin.live) {
        if pin.key.series != NONE {
            series[pin.key.series as usize].entries.push(entry(i, pin));
        }
        if pin.batch != NONE {
            batches[pin.batch as usize].push(i);
        }
    }
    for (b, site) in (0u32..).zip(sites).filter(|(_, site)| site.is_listed()) {
        series[site.key.series as usize].sites.push(sited(b, site));
    }
    series.par_iter_mut().for_each(|series| {
        series.entries.sort_unstable();
        series.sites.sort_unstable();
        series.entries.shrink_to_fit();
        series.sites.shrink_to_fit();
    });
}

pub(super) fn entry(i: u32, pin: &Pin) -> Entry {
    Entry { main: pin.key.main, rest: pin.key.rest, inner: pin.inner, pin: i }
}

pub(super) fn sited(b: u32, site: &Site) -> Sited {
    Sited { main: site.key.main, rest: site.key.rest, site: b }
}

/// Counts what stands on one point.
fn stack(pins: &mut [Pin]) {
    let mut spots: Vec<(u64, u32)> = pins
        .par_iter()
        .enumerate()
        .filter(|(_, pin)| pin.live)
        .filter_map(|(i, pin)| Some((spot(pin.raw)?, i as u32)))
        .collect();
    spots.par_sort_unstable();
    for spot in spots.chunk_by(|a, b| a.0 == b.0).filter(|spot| spot.len() > 1) {
        let (stack, stack_series) = stacked(spot.iter().map(|(_, i)| pins[*i as usize].key).collect());
        for (_, i) in spot {
            let pin = &mut pins[*i as usize];
            (pin.stack, pin.stack_series) = (stack, stack_series);
        }
    }
}

/// How many different keys and series stand on one point.
pub(super) fn stacked(mut keys: Vec<Key>) -> (u32, u32) {
    keys.sort_unstable();
    keys.dedup();
    (keys.len() as u32, keys.chunk_by(|a, b| a.series == b.series).count() as u32)
}

/// Finds addresses that exist exactly twice.
fn pair(pins: &mut [Pin], series: &[Series]) {
    let same = |a: &Entry, b: &Entry| (a.main, a.rest, a.inner) == (b.main, b.rest, b.inner);
    for pair in series.iter().flat_map(|series| series.entries.chunk_by(same)) {
        if let [a, b] = pair
            && a.main > 0
        {
            pins[a.pin as usize].twin = b.pin;
            pins[b.pin as usize].twin = a.pin;
        }
    }
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

/// The middle of a grid in the plane.
pub(super) fn middle_of(context: &Context, frame: &Frame, g: u32) -> [f64; 2] {
    use geo::Centroid;
    let middle = context.records.grids[g as usize].polygon.centroid();
    middle.map_or([f64::NAN; 2], |c| frame.xy(LonLat::new(c.x(), c.y())))
}

/// The box of a grid in the plane.
pub(super) fn box_of(context: &Context, frame: &Frame, g: u32) -> [f64; 4] {
    let [w, s, e, n] = context.grid.bbox(g);
    let ([w, s], [e, n]) = (frame.xy(LonLat::new(w, s)), frame.xy(LonLat::new(e, n)));
    [w, s, e, n]
}
