//! Where an address belongs: its buildings and its number's place, as one density of the ground.

use super::desk::Desk;
use super::learned::AWAY;
use super::level::Level;
use super::pack::{Key, NONE, Pin, Sited, distance};
use super::series::{Expected, Without};
use crate::check::likelihood::phi;
use std::f64::consts::PI;

/// Where an address of some key belongs, for one record and its phone.
///
/// Number and building are one density, not two pieces of evidence: with the probability that the building with this
/// address is the right one (by how well it fits the number), the pin scatters about it; else about the number's place.
#[derive(Debug, Clone)]
pub struct Home {
    /// The key.
    pub key: Key,
    /// Where its series puts the number.
    pub expected: Option<Expected>,
    /// The buildings that carry the key: place, weight.
    sites: Vec<([f64; 2], f64)>,
    /// The first of them.
    pub site: u32,
    /// Weight of the number's place.
    number_weight: f64,
    /// Other records of the same key, where one number stands for several places.
    mates: Vec<[f64; 2]>,
    /// Probability that this one stands beside them and not at its building.
    mates_weight: f64,
    /// Whom the evidence leaves out.
    pub without: Without,
    class: usize,
}

/// The other records of one key.
pub(super) struct Mates {
    pub places: Vec<[f64; 2]>,
    /// How many of them stand far from every building of the key.
    pub far: usize,
}

/// Kinds of mates.
pub const MATES: usize = 3;
/// A record this far from its buildings stands elsewhere, metres.
pub(super) const FAR_MATE_M: f64 = 40.0;

impl Mates {
    /// None of them far, one, more; none for fewer than two mates.
    pub fn kind(&self) -> Option<usize> {
        (self.places.len() > 1).then(|| self.far.min(MATES - 1))
    }
}

const WIDE_M: f64 = 1_500.0;
const WIDE: f64 = 1.0 / (PI * WIDE_M * WIDE_M);
/// Where a building is that has its address by mistake: anywhere about.
const ASTRAY: f64 = 1.0 / (PI * 300.0 * 300.0);
/// More buildings with one address than this are a compound's own mistake: they are not told apart by the number.
const MANY: usize = 6;

impl Level {
    /// Where an address with the key of `pin`, or another one, belongs.
    pub fn home(&self, pin: &Pin, key: Key, without: Without, desk: &mut Desk) -> Home {
        let expected = if key.series == NONE { None } else { self.expected(key.series, key.main, without, desk) };
        let mut home = Home {
            key,
            expected,
            sites: Vec::new(),
            site: NONE,
            number_weight: 1.0,
            mates: Vec::new(),
            mates_weight: 0.0,
            without,
            class: self.learned.class(pin.accuracy_m),
        };
        let tie = self.pack.tie(pin).filter(|_| key == pin.key).map(|site| [Sited { main: 0, rest: 0, site }]);
        let sites = match &tie {
            Some(tie) => &tie[..],
            None => self.read_sites_of(key, desk),
        };
        let Some(Sited { site: first, .. }) = sites.first() else { return home };
        home.site = *first;
        if tie.is_some() {
            desk.read_sites(self.pack.sites[*first as usize].at, 0.0);
        }
        let place = |b: u32| self.pack.sites[b as usize].at;
        let count = sites.len() as f64;
        if sites.len() > MANY {
            let weight = 0.98 * expected.map_or(1e-5, |e| 0.2 / (e.scale_m * e.scale_m)) / count;
            home.sites.extend(sites.iter().map(|sited| (place(sited.site), weight)));
            home.number_weight = AWAY * ASTRAY;
        } else {
            let fits: Vec<f64> = sites.iter().map(|sited| self.place_density(&home, place(sited.site), desk)).collect();
            let best = fits.iter().copied().fold(0.0, f64::max);
            // A building whose survey mixed it up with its neighbour is mostly at home to that neighbour, who has no other.
            let mislabelled = match sites.len() {
                1 => self.learned.label_doubt[self.company(*first, key, desk)],
                _ => 1.0,
            };
            let astray = if sites.len() == 1 { self.learned.away } else { AWAY };
            home.number_weight = astray * ASTRAY + self.learned.mislabelled * best * mislabelled;
            let weight = |fit: f64| 0.98 * (0.5 * best + 0.5 * fit) / count;
            home.sites.extend(sites.iter().zip(&fits).map(|(sited, fit)| (place(sited.site), weight(*fit))));
        }
        let all = home.number_weight + home.sites.iter().map(|(_, weight)| weight).sum::<f64>();
        home.number_weight /= all;
        home.sites.iter_mut().for_each(|(_, weight)| *weight /= all);
        if key == pin.key && key.is_whole() {
            let sites: Vec<[f64; 2]> = home.places().collect();
            let mates = self.mates(key, pin.inner, &sites, without, desk);
            home.mates_weight = mates.kind().map_or(0.0, |kind| self.learned.scattered[kind]);
            home.mates = mates.places;
        }
        home
    }

    /// The other records of a key, unit and room that has buildings at `sites`.
    pub(super) fn mates(&self, key: Key, inner: u64, sites: &[[f64; 2]], without: Without, desk: &mut Desk) -> Mates {
        const MOST: usize = 12;
        desk.read_numbers(key.series, key.main, key.main);
        let same = self.pack.series[key.series as usize].same(key.main, key.rest, inner);
        let mut mates = Mates { places: Vec::new(), far: 0 };
        for entry in same.iter().take(4 * MOST) {
            let stand = &self.stands[entry.pin as usize];
            let left_out = without.leaves_out(entry.pin, self.pack.pins[entry.pin as usize].batch);
            if left_out || stand.trust() < 0.05 || mates.places.len() == MOST {
                continue;
            }
            mates.far += usize::from(sites.iter().all(|site| distance(*site, stand.at) > FAR_MATE_M));
            mates.places.push(stand.at);
        }
        mates
    }

    /// The density of the place of the number alone, per square metre.
    pub fn place_density(&self, home: &Home, at: [f64; 2], desk: &mut Desk) -> f64 {
        let series = home.key.series;
        if series == NONE {
            return 1.0 / self.pack.ground_m2();
        }
        match &home.expected {
            Some(expected) => {
                let kernel = &self.learned.about_number[self.learned.number_class(expected)];
                let z = distance(expected.at, at) / expected.scale_m;
                let density = kernel.density(z);
                let by_number = 0.95 * density / (expected.scale_m * expected.scale_m);
                // Far from where the number is expected the street may still go on: names are given twice.
                let by_series = if density < 1e-4 {
                    self.learned.irregular * self.series_density(series, at, home.without, desk)
                } else {
                    0.0
                };
                by_number + 0.01 * WIDE + by_series
            }
            None => 0.97 * self.series_density(series, at, home.without, desk) + 0.03 * WIDE,
        }
    }

    /// The density of the pins of a home at a place, per square metre.
    pub fn density(&self, home: &Home, at: [f64; 2], desk: &mut Desk) -> f64 {
        let [by_building, away] = self.densities(home, at, desk);
        by_building + away
    }

    /// The same in two parts: of pins that are meant for its buildings, and of those that stand elsewhere by right.
    fn densities(&self, home: &Home, at: [f64; 2], desk: &mut Desk) -> [f64; 2] {
        let kernel = &self.learned.about_building[home.class];
        let by_building: f64 =
            home.sites.iter().map(|(site, weight)| weight * kernel.density(distance(*site, at))).sum();
        let free = self.free(home, at, desk);
        let away = home.number_weight * self.place_density(home, at, desk) * free;
        if home.mates_weight == 0.0 {
            return [by_building, away];
        }
        const SIGMA_M: f64 = 60.0;
        let near = |mate: &[f64; 2]| (-0.5 * (distance(*mate, at) / SIGMA_M).powi(2)).exp();
        let by_mates = home.mates.iter().map(near).sum::<f64>()
            / (home.mates.len() as f64 * std::f64::consts::TAU * SIGMA_M * SIGMA_M);
        let own = 1.0 - home.mates_weight;
        [own * by_building, own * away + home.mates_weight * (0.95 * by_mates + 0.05 * WIDE) * free]
    }

    /// Logarithm of how well a place fits a home: its density there and the surroundings. Those say nothing about a pin
    /// that a poor fix alone takes away from its building: it comes down on whatever there is.
    pub fn fit(&self, home: &Home, at: [f64; 2], desk: &mut Desk) -> f64 {
        let [by_building, away] = self.densities(home, at, desk);
        let around = self.surroundings(home.key.series, home.has_building(), at, home.without, desk);
        (by_building + away * around.exp()).max(1e-300).ln()
    }

    /// How much what stands at a place speaks for it, where the address is not at its own building.
    pub fn free(&self, home: &Home, at: [f64; 2], desk: &mut Desk) -> f64 {
        let stands = if home.has_building() { &self.learned.away_from_home } else { &self.learned.at_building };
        stands[self.at_building(at, home.key, self.learned.sigma_m[home.class], desk)].exp()
    }

    /// The density of pins of this phone about a building, `metres` from it.
    pub fn about_building(&self, home: &Home, metres: f64) -> f64 {
        self.learned.about_building[home.class].density(metres)
    }

    /// The density of pins of this phone about another's building that they were put on by mistake, `metres` from it.
    pub fn about_other(&self, home: &Home, metres: f64) -> f64 {
        const BY_FIX: f64 = 0.1;
        BY_FIX * self.about_building(home, metres) + (1.0 - BY_FIX) * self.learned.about_other.density(metres)
    }

    /// How well an expected place alone fits, for the buildings of a home: the building that fits the number best.
    pub fn best_site(&self, home: &Home, desk: &mut Desk) -> Option<[f64; 2]> {
        let mut best: Option<([f64; 2], f64)> = None;
        for (place, _) in &home.sites {
            let fit = self.place_density(home, *place, desk);
            if best.is_none_or(|(_, most)| fit > most) {
                best = Some((*place, fit));
            }
        }
        best.map(|(place, _)| place)
    }

    /// Logarithm of how well the surroundings of a place fit a series: its nearest building and its neighbours. For an
    /// address that has a building of its own they say little more.
    pub fn surroundings(&self, series: u32, housed: bool, at: [f64; 2], without: Without, desk: &mut Desk) -> f64 {
        let (w_building, w_votes) = match (housed, series == NONE) {
            (true, _) => (0.2, 0.25),
            (false, true) => (0.6, 0.5),
            // What stands there is asked already, by its kind.
            (false, false) => (0.3, 0.5),
        };
        let building = self.learned.nearest_building.at(self.nearest_building_m(at, desk)).max(-2.0);
        if series == NONE {
            return w_building * building;
        }
        let votes = self.votes(series, at, without, desk).map_or(0.0, |v| self.learned.votes.at(v));
        w_building * building + w_votes * votes
    }

    /// Logarithm of how well a place fits the declared grid of a record; softened by what its fix is worth.
    pub fn grid_fit(&self, pin: &Pin, at: [f64; 2]) -> f64 {
        const DRAWN_M: f64 = 3.0;
        let g = pin.grid;
        if g == NONE {
            return -1.0;
        }
        let sigma_m = self.learned.sigma_m[self.learned.class(pin.accuracy_m)].hypot(DRAWN_M);
        phi((self.border_m(g, at) + DRAWN_M) / sigma_m).max(1e-12).ln().max(-12.0)
    }
}

impl Home {
    /// The places of the buildings that carry the key.
    pub fn places(&self) -> impl Iterator<Item = [f64; 2]> + '_ {
        self.sites.iter().map(|(place, _)| *place)
    }

    /// Metres from a place to the nearest of its buildings.
    pub fn building_m(&self, at: [f64; 2]) -> Option<f64> {
        self.places().map(|place| distance(place, at)).reduce(f64::min)
    }

    /// Whether a building carries the key.
    pub fn has_building(&self) -> bool {
        !self.sites.is_empty()
    }
}
