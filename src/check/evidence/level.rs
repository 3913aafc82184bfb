//! What is believed at one stage of detection: where each record stands, how far it is to be trusted, and what follows
//! from that for its neighbours.

use super::desk::{Desk, Mark};
use super::learned::Learned;
use super::occupants::Occupants;
use super::pack::{Edited, Key, Pack};
use super::reads::Ripple;
use super::series::{Course, Without};
use crate::domain::table::OF_ARCS;
use crate::domain::{LonLat, Table};
use crate::index::outline::Side;
use crate::index::{Bins, GridIndex, Near};
use rayon::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Where an address is taken to be, and how far it is trusted to be there.
#[derive(Debug, Clone, Copy)]
pub struct Stand {
    /// Metres in the plane; not finite for nowhere.
    pub at: [f64; 2],
    /// In [`Stand::STEPS`], so that what hardly changes does not change at all.
    steps: u8,
}

impl Stand {
    /// Steps from no trust to full trust.
    const STEPS: f64 = 20.0;

    /// A stand with trust from 0 to 1; nobody is trusted who is nowhere.
    pub fn new(at: [f64; 2], trust: f64) -> Self {
        let trust = if at[0].is_finite() { trust } else { 0.0 };
        Stand { at, steps: (trust.clamp(0.0, 1.0) * Self::STEPS).round() as u8 }
    }

    /// How far it is trusted, 0 to 1.
    pub fn trust(&self) -> f64 {
        f64::from(self.steps) / Self::STEPS
    }

    /// Whether both are the same, bit for bit.
    pub fn is(&self, other: &Stand) -> bool {
        self.at.map(f64::to_bits) == other.at.map(f64::to_bits) && self.steps == other.steps
    }

    /// Whether it is trusted enough to be somebody's neighbour.
    pub(super) fn is_neighbour(&self) -> bool {
        self.trust() > 0.3 && self.at[0].is_finite()
    }

    /// Whether it is trusted enough to be at home in a building.
    pub(super) fn is_occupant(&self) -> bool {
        self.trust() > 0.5 && self.at[0].is_finite()
    }
}

/// One stage of detection. Everything in it follows from the packed city, the stands and what was learned.
#[derive(Debug, Clone)]
pub struct Level {
    /// The city.
    pub pack: Arc<Pack>,
    /// Its grids.
    pub grid: Arc<GridIndex>,
    /// Where each address is taken to be.
    pub stands: Table<Stand>,
    /// How each series lies.
    pub courses: Table<Arc<Course>, OF_ARCS>,
    /// Trusted addresses in bins.
    pub near: Bins<Mark>,
    /// Who is at home in each building.
    pub occupants: Occupants,
    /// Kernels, ratios and priors.
    pub learned: Arc<Learned>,
}

/// What a stage takes for learned.
#[derive(Debug, Clone, Copy)]
pub enum Teach<'a> {
    /// Learns from its own records, with the priors of what was learned before.
    From(&'a Arc<Learned>),
    /// Exactly this.
    As(&'a Arc<Learned>),
}

/// A pin at most this far from a building stands at it, metres.
pub const AT_BUILDING_M: f64 = 20.0;
/// Kinds of what stands at a place.
pub const STANDS: usize = 14;
/// Beyond this a building or a neighbour says nothing, metres.
pub const FAR_M: f64 = 240.0;

impl Level {
    /// The stage that follows from where the records stand.
    pub fn build(pack: Arc<Pack>, grid: Arc<GridIndex>, stands: Table<Stand>, teach: Teach) -> Level {
        let mut level = Level {
            near: Bins::none(pack.squares),
            occupants: Occupants::default(),
            courses: Table::default(),
            pack,
            grid,
            stands,
            learned: match teach {
                Teach::From(learned) | Teach::As(learned) => learned.clone(),
            },
        };
        let (near, (courses, occupants)) = rayon::join(
            || {
                let trusted = (0u32..).zip(level.stands.iter()).filter(|(_, stand)| stand.is_neighbour());
                Bins::build(level.pack.squares, trusted.map(|(i, stand)| (i, stand.at, mark(&level.pack, i, stand))))
            },
            || {
                let courses: Vec<Arc<Course>> = (0..level.pack.series.len())
                    .into_par_iter()
                    .map_init(Desk::default, |desk, s| Arc::new(level.course(s, desk)))
                    .collect();
                (courses, Occupants::build(&level))
            },
        );
        (level.near, level.courses, level.occupants) = (near, courses.into(), occupants);
        if let Teach::From(before) = teach {
            level.learned = Arc::new(Learned::from(&level, before));
        }
        level
    }

    /// Takes over an edit: the packed city after it, and where some records stand now.
    pub(in crate::check) fn take(
        &mut self,
        pack: &Arc<Pack>,
        edited: &Edited,
        stands: &[(u32, Stand)],
        ripple: &mut Ripple,
    ) {
        let old_pack = std::mem::replace(&mut self.pack, pack.clone());
        let fresh: BTreeMap<u32, Stand> = stands.iter().copied().collect();
        let rows: BTreeSet<u32> = edited.pins.keys().chain(fresh.keys()).copied().collect();
        for i in rows {
            let was = self.stands.get(i as usize).copied();
            let is = fresh.get(&i).copied().or(was).unwrap_or(Stand::new([f64::NAN; 2], 0.0));
            let mark_was = was.filter(|_| (i as usize) < old_pack.pins.len()).map(|was| mark(&old_pack, i, &was));
            let mark_is = mark(pack, i, &is);
            match was {
                None => {
                    self.stands.push(is);
                }
                Some(was) if !was.is(&is) => self.stands.set(i as usize, is),
                Some(_) if mark_was == Some(mark_is) => continue,
                Some(_) => {}
            }
            mark_was.into_iter().chain([mark_is]).for_each(|mark| ripple.number(mark.series, mark.main));
            if let Some(was) = was.filter(Stand::is_neighbour) {
                self.near.remove(i, was.at);
                ripple.pins.push(was.at);
            }
            if is.is_neighbour() {
                self.near.insert(i, is.at, mark_is);
                ripple.pins.push(is.at);
            }
        }
    }

    /// Keeps the rows of a pack from which the last were taken away.
    pub(in crate::check) fn truncate(&mut self, pack: &Arc<Pack>) {
        self.pack = pack.clone();
        self.stands.truncate(pack.pins.len());
        self.occupants.truncate(pack.pins.len(), pack.sites.len());
    }

    /// After [`Level::take`]: lays the courses of the series that were touched again, and asks who is at home.
    pub(in crate::check) fn settle(&mut self, edited: &Edited, rows: &BTreeSet<u32>, ripple: &mut Ripple) {
        while self.courses.len() < self.pack.series.len() {
            self.courses.push(Arc::default());
        }
        let series: Vec<u32> = ripple.series.keys().copied().collect();
        let courses: Vec<Course> = {
            let level = &*self;
            let laid = |desk: &mut Desk, s: &u32| level.course(*s as usize, desk);
            series.par_iter().with_min_len(16).map_init(Desk::default, laid).collect()
        };
        for ((s, touch), course) in ripple.series.iter_mut().zip(courses) {
            let was = &self.courses[*s as usize];
            (touch.course, touch.order) = (!course.lies_as(was), course.ordered != was.ordered);
            let is_drawn_as = course.is_drawn_as(was);
            if touch.course || touch.order || !is_drawn_as {
                let course = Arc::new(course);
                touch.drawn = (!is_drawn_as).then(|| course.clone());
                self.courses.set(*s as usize, course);
            }
        }
        let mut pins = rows.clone();
        for (b, old) in &edited.sites {
            for at in [old.at, self.pack.sites[*b as usize].at].into_iter().filter(|at| at[0].is_finite()) {
                self.near.each_within(at, AT_BUILDING_M + 0.001, |near| {
                    pins.insert(near.id);
                });
                ripple.sites.push(at);
            }
        }
        let sites = edited.sites.keys().copied().collect();
        let old = std::mem::take(&mut self.occupants);
        let (occupants, changed) = old.edited(self, &pins, &sites);
        self.occupants = occupants;
        for b in changed {
            let site = &self.pack.sites[b as usize];
            ripple.sites.push(site.at);
            ripple.listed(site.key.series, site.key.main);
        }
    }

    /// The building nearest to a place, within [`FAR_M`]. A desk remembers the last place that was asked.
    pub(super) fn nearest_building(&self, at: [f64; 2], desk: &mut Desk) -> Option<Near> {
        if desk.site.0 != at {
            desk.site = (at, self.pack.site_bins.nearest_one(at, FAR_M));
        }
        let near = desk.site.1;
        desk.read_sites(at, near.map_or(FAR_M, |near| near.square.sqrt()));
        near
    }

    /// Metres from a place to the nearest building, at most [`FAR_M`].
    pub fn nearest_building_m(&self, at: [f64; 2], desk: &mut Desk) -> f64 {
        self.nearest_building(at, desk).map_or(FAR_M, |near| near.square.sqrt())
    }

    /// What stands at a place, as one of [`STANDS`] kinds: no building; or one within one or two deviations of the phone
    /// or farther, with or without another's address on it, with or without others at home in it. The last kind is a
    /// building with the address `key`.
    pub fn at_building(&self, at: [f64; 2], key: Key, sigma_m: f64, desk: &mut Desk) -> usize {
        let near = self.nearest_building(at, desk).filter(|near| near.square <= AT_BUILDING_M * AT_BUILDING_M);
        let Some(Near { square, id: b, .. }) = near else { return 0 };
        let site = self.pack.sites[b as usize].key;
        if site == key && key.is_whole() {
            return STANDS - 1;
        }
        let band = ((square.sqrt() / sigma_m) as usize).min(2);
        1 + band * 4 + usize::from(site.is_whole()) * 2 + usize::from(self.occupants.other_than(b, key))
    }

    /// The `k` buildings nearest to a place within [`FAR_M`], in `desk.sites`.
    pub fn nearest_buildings(&self, at: [f64; 2], k: usize, desk: &mut Desk) {
        self.pack.site_bins.nearest(at, k, FAR_M, &mut desk.sites);
        let radius_m = desk.sites.get(k - 1).map_or(FAR_M, |near| near.square.sqrt());
        desk.read_sites(at, radius_m);
    }

    /// The buildings within a distance of a place, in `desk.sites`.
    pub fn buildings_within(&self, at: [f64; 2], radius_m: f64, desk: &mut Desk) {
        self.pack.site_bins.within(at, radius_m, &mut desk.sites);
        desk.read_sites(at, radius_m);
    }

    /// The `k` trusted addresses nearest to a place within [`FAR_M`], in `desk.pins`, which nobody else writes to.
    pub fn nearest_pins(&self, at: [f64; 2], k: usize, desk: &mut Desk) {
        if desk.pins_of != (at, k) {
            desk.pins_of = (at, k);
            self.near.nearest(at, k, FAR_M, &mut desk.pins);
        }
        let radius_m = desk.pins.get(k - 1).map_or(FAR_M, |near| near.square.sqrt());
        desk.read_pins(at, radius_m);
    }

    /// The share of a series among the trusted neighbours of a place; none where there are none.
    pub fn votes(&self, series: u32, at: [f64; 2], without: Without, desk: &mut Desk) -> Option<f64> {
        const ASKED: usize = 14;
        const ENOUGH: f64 = 8.0;
        if desk.around.0 != at {
            desk.around.0 = at;
            self.near.nearest(at, ASKED, FAR_M, &mut desk.around.1);
        }
        let radius_m = desk.around.1.get(ASKED - 1).map_or(FAR_M, |near| near.square.sqrt());
        desk.read_pins(at, radius_m);
        let (mut all, mut same) = (0.0, 0.0);
        for Near { id, mark, .. } in &desk.around.1 {
            if without.leaves_out(*id, mark.batch) {
                continue;
            }
            let trust = f64::from(mark.trust);
            all += trust;
            same += if mark.series == series { trust } else { 0.0 };
            if all >= ENOUGH {
                break;
            }
        }
        (all >= 1.0).then(|| same / all)
    }

    /// Metres from a place to the border of a grid, positive inside, cut at [`BORDER_M`] on both sides.
    pub fn border_m(&self, g: u32, at: [f64; 2]) -> f64 {
        let place = self.pack.frame.lonlat(at);
        self.border_of(g, place)
    }

    /// As [`Level::border_m`], of a position in degrees.
    pub fn border_of(&self, g: u32, place: LonLat) -> f64 {
        let outline = self.grid.outline(g);
        let side = outline.side(place);
        let m = || outline.distance_m(place, BORDER_M).map_or(BORDER_M, |(m, _)| m);
        match side {
            Side::Border => 0.0,
            Side::Inside => m(),
            Side::Outside => -m(),
        }
    }
}

/// What the bins keep of an address.
fn mark(pack: &Pack, i: u32, stand: &Stand) -> Mark {
    let pin = &pack.pins[i as usize];
    Mark { series: pin.key.series, main: pin.key.main, batch: pin.batch, trust: stand.trust() as f32 }
}

/// Past this distance from its border a grid says no more, metres.
pub const BORDER_M: f64 = 60.0;
