//! What is believed at one stage of detection: where each record stands, how far it is to be trusted, and what follows
//! from that for its neighbours.

use super::bins::{Bins, Near};
use super::learned::Learned;
use super::pack::{BIN_M, Key, NONE, Pack};
use super::series::{Course, Without};
use crate::domain::LonLat;
use crate::index::GridIndex;
use crate::index::outline::Side;
use rayon::prelude::*;
use std::sync::Arc;

/// One stage of detection. Everything in it follows from the packed city, the places and the trust.
#[derive(Debug)]
pub struct Level {
    /// The city.
    pub pack: Arc<Pack>,
    /// Its grids.
    pub grid: Arc<GridIndex>,
    /// Where each address is taken to be, metres in the plane; not finite for nowhere.
    pub pos: Vec<[f64; 2]>,
    /// How far each address is trusted to be there, 0 to 1.
    pub trust: Vec<f64>,
    /// How each series lies.
    pub courses: Vec<Course>,
    /// Trusted addresses in bins.
    pub near: Bins,
    /// Who is at home in each building.
    pub occupants: Occupants,
    /// Kernels, ratios and priors.
    pub learned: Learned,
}

/// What a stage takes for learned.
#[derive(Debug, Clone, Copy)]
pub enum Teach<'a> {
    /// Learns from its own records, with the priors of what was learned before.
    From(&'a Learned),
    /// Exactly this.
    As(&'a Learned),
}

/// The keys of the trusted addresses that stand at each building.
#[derive(Debug, Clone, Default)]
pub struct Occupants {
    starts: Vec<u32>,
    keys: Vec<Key>,
}

impl Occupants {
    /// Whether an address of another key than `key` stands at building `b`.
    pub fn other_than(&self, b: u32, key: Key) -> bool {
        let b = b as usize;
        self.keys[self.starts[b] as usize..self.starts[b + 1] as usize].iter().any(|other| *other != key)
    }
}

/// Room to think: lists that are used again and again.
#[derive(Debug)]
pub struct Desk {
    pub(super) near: Vec<Near>,
    pub(super) neighbours: Vec<(u32, [f64; 2], f64)>,
    pub(super) pairs: Vec<([f64; 2], f64)>,
    pub(super) values: Vec<(f64, f64)>,
    /// The nearest building of the place that was asked last.
    site: ([f64; 2], Option<Near>),
    /// The neighbours of the place that was asked last.
    around: ([f64; 2], Vec<Near>),
}

impl Default for Desk {
    fn default() -> Self {
        const NOWHERE: [f64; 2] = [f64::NAN; 2];
        Desk {
            near: Vec::new(),
            neighbours: Vec::new(),
            pairs: Vec::new(),
            values: Vec::new(),
            site: (NOWHERE, None),
            around: (NOWHERE, Vec::new()),
        }
    }
}

impl Desk {
    /// The list of what was found near by.
    pub fn near_mut(&mut self) -> &mut Vec<Near> {
        &mut self.near
    }
}

/// A pin at most this far from a building stands at it, metres.
pub const AT_BUILDING_M: f64 = 20.0;
/// Kinds of what stands at a place.
pub const STANDS: usize = 14;
/// Beyond this a building or a neighbour says nothing, metres.
pub const FAR_M: f64 = 240.0;

impl Level {
    /// The stage that follows from places and trust.
    pub fn build(pack: Arc<Pack>, grid: Arc<GridIndex>, pos: Vec<[f64; 2]>, trust: Vec<f64>, teach: Teach) -> Level {
        let mut level = Level {
            pack,
            grid,
            near: Bins::build(std::iter::empty(), BIN_M),
            occupants: Occupants::default(),
            courses: Vec::new(),
            pos,
            trust,
            learned: match teach {
                Teach::From(learned) | Teach::As(learned) => learned.clone(),
            },
        };
        let (near, (courses, occupants)) = rayon::join(
            || {
                let trusted = (0u32..).zip(&level.pos).filter(|(i, _)| level.trust[*i as usize] > 0.3);
                Bins::build(trusted.map(|(i, at)| (i, *at)), BIN_M)
            },
            || {
                let courses: Vec<Course> = (0..level.pack.series.len())
                    .into_par_iter()
                    .map_init(Desk::default, |desk, s| level.course(s, desk))
                    .collect();
                (courses, level.occupants_now())
            },
        );
        (level.near, level.courses, level.occupants) = (near, courses, occupants);
        if let Teach::From(before) = teach {
            level.learned = Learned::from(&level, before);
        }
        level
    }

    fn occupants_now(&self) -> Occupants {
        let n = self.pack.pins.len();
        let mut at: Vec<(u32, Key)> = (0..n)
            .into_par_iter()
            .map_init(Vec::new, |found, i| {
                if self.trust[i] <= 0.5 || !self.pos[i][0].is_finite() {
                    return (NONE, Key::NOTHING);
                }
                self.pack.site_bins.nearest(self.pos[i], 1, AT_BUILDING_M, found);
                (found.first().map_or(NONE, |near| near.1), self.pack.pins[i].key)
            })
            .filter(|(b, _)| *b != NONE)
            .collect();
        at.par_sort_unstable();
        at.dedup();
        let mut starts = vec![0; self.pack.sites.len() + 1];
        at.iter().for_each(|(b, _)| starts[*b as usize + 1] += 1);
        (1..starts.len()).for_each(|b| starts[b] += starts[b - 1]);
        Occupants { starts, keys: at.into_iter().map(|(_, key)| key).collect() }
    }

    /// The building nearest to a place, within [`FAR_M`]. A desk remembers the last place that was asked.
    fn nearest_building(&self, at: [f64; 2], desk: &mut Desk) -> Option<Near> {
        if desk.site.0 != at {
            self.pack.site_bins.nearest(at, 1, FAR_M, &mut desk.near);
            desk.site = (at, desk.near.first().copied());
        }
        desk.site.1
    }

    /// Metres from a place to the nearest building, at most [`FAR_M`].
    pub fn nearest_building_m(&self, at: [f64; 2], desk: &mut Desk) -> f64 {
        self.nearest_building(at, desk).map_or(FAR_M, |near| near.0.sqrt())
    }

    /// What stands at a place, as one of [`STANDS`] kinds: no building; or one within one or two deviations of the phone
    /// or farther, with or without another's address on it, with or without others at home in it. The last kind is a
    /// building with the address `key`.
    pub fn at_building(&self, at: [f64; 2], key: Key, sigma_m: f64, desk: &mut Desk) -> usize {
        let near = self.nearest_building(at, desk).filter(|near| near.0 <= AT_BUILDING_M * AT_BUILDING_M);
        let Some((square, b)) = near else { return 0 };
        let site = self.pack.sites[b as usize].key;
        if site == key && key.is_whole() {
            return STANDS - 1;
        }
        let band = ((square.sqrt() / sigma_m) as usize).min(2);
        1 + band * 4 + usize::from(site.is_whole()) * 2 + usize::from(self.occupants.other_than(b, key))
    }

    /// The share of a series among the trusted neighbours of a place; none where there are none.
    pub fn votes(&self, series: u32, at: [f64; 2], without: Without, desk: &mut Desk) -> Option<f64> {
        const ASKED: usize = 14;
        const ENOUGH: f64 = 8.0;
        if desk.around.0 != at {
            desk.around.0 = at;
            self.near.nearest(at, ASKED, FAR_M, &mut desk.around.1);
        }
        let (mut all, mut same) = (0.0, 0.0);
        for (_, j) in &desk.around.1 {
            let other = &self.pack.pins[*j as usize];
            if *j == without.pin || (without.batch != NONE && other.batch == without.batch) {
                continue;
            }
            let trust = self.trust[*j as usize];
            all += trust;
            same += if other.key.series == series { trust } else { 0.0 };
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

/// Past this distance from its border a grid says no more, metres.
pub const BORDER_M: f64 = 60.0;
