//! What detection reads of a city, as numbers by the position of each record.

mod build;
mod called;
mod edit;
mod regrid;

use crate::domain::table::OF_ARCS;
use crate::domain::{Frame, LonLat, Table};
use crate::index::{Bins, Squares};
use build::Register;
pub use edit::Edited;
use std::sync::Arc;

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
    /// What else distinguishes it, as a hash.
    pub rest: u64,
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
    /// Unit and room within the building, as a hash; 0 for none.
    pub inner: u64,
    /// Position of the declared grid, or [`NONE`].
    pub grid: u32,
    /// Collection batch, or [`NONE`].
    pub batch: u32,
    /// Collector, or [`NONE`].
    pub collector: u32,
    /// What the device said of its accuracy, metres.
    pub accuracy_m: f32,
    /// How many different keys stand on exactly this point, itself included.
    pub stack: u32,
    /// How many different series stand on exactly this point.
    pub stack_series: u32,
    /// The other address with the same key, unit and room, where there is exactly one.
    pub twin: u32,
    /// The building that its record names, or [`NONE`]; also where that carries another address.
    pub tied: u32,
    /// Decimals of the finer of both coordinates.
    pub decimals: u8,
    /// Whether it is in use and has coordinates.
    pub live: bool,
}

impl Pin {
    /// Nothing: the pin of a record that is not in use.
    const NOTHING: Pin = Pin {
        raw: LonLat::new(f64::NAN, f64::NAN),
        at: [f64::NAN; 2],
        key: Key::NOTHING,
        inner: 0,
        grid: NONE,
        batch: NONE,
        collector: NONE,
        accuracy_m: 0.0,
        stack: 1,
        stack_series: 1,
        twin: NONE,
        tied: NONE,
        decimals: 9,
        live: false,
    };

    /// Whether everything in both is the same, bit for bit.
    fn is(&self, other: &Pin) -> bool {
        let bits = |pin: &Pin| [pin.raw.lon, pin.raw.lat, pin.at[0], pin.at[1]].map(f64::to_bits);
        let rest = |pin: &Pin| {
            let Pin { grid, batch, collector, stack, stack_series, twin, tied, .. } = *pin;
            [grid, batch, collector, stack, stack_series, twin, tied, pin.accuracy_m.to_bits()]
        };
        bits(self) == bits(other)
            && rest(self) == rest(other)
            && (self.key, self.inner, self.decimals, self.live) == (other.key, other.inner, other.decimals, other.live)
    }
}

/// A building as detection sees it.
#[derive(Debug, Clone, Copy)]
pub struct Site {
    /// Where it stands, metres; not finite where that is unknown.
    pub at: [f64; 2],
    /// The address that it carries.
    pub key: Key,
}

impl Site {
    const NOTHING: Site = Site { at: [f64::NAN; 2], key: Key::NOTHING };

    fn is(&self, other: &Site) -> bool {
        self.at.map(f64::to_bits) == other.at.map(f64::to_bits) && self.key == other.key
    }

    /// Whether it stands somewhere and carries an address.
    fn is_listed(&self) -> bool {
        self.key.is_whole() && self.at[0].is_finite()
    }
}

/// An address of a series.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Entry {
    /// Number.
    pub main: u32,
    /// What else distinguishes it; see [`Key`].
    pub rest: u64,
    /// Unit and room.
    pub inner: u64,
    /// Position of the address.
    pub pin: u32,
}

/// A building of a series.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Sited {
    /// Number.
    pub main: u32,
    /// What else distinguishes it; see [`Key`].
    pub rest: u64,
    /// Position of the building.
    pub site: u32,
}

/// All that belongs to one street, compound or village.
#[derive(Debug, Clone, Default)]
pub struct Series {
    /// Its name.
    pub name: Box<str>,
    /// Its addresses by number.
    pub entries: Vec<Entry>,
    /// Its buildings by number.
    pub sites: Vec<Sited>,
}

impl Series {
    /// The addresses with a number, unit and room.
    pub fn same(&self, main: u32, rest: u64, inner: u64) -> &[Entry] {
        let first = self.entries.partition_point(|e| (e.main, e.rest, e.inner) < (main, rest, inner));
        let count = self.entries[first..].partition_point(|e| (e.main, e.rest, e.inner) == (main, rest, inner));
        &self.entries[first..first + count]
    }

    /// The addresses with a number, whatever the unit and room.
    pub fn numbered(&self, main: u32, rest: u64) -> &[Entry] {
        let first = self.entries.partition_point(|e| (e.main, e.rest) < (main, rest));
        let count = self.entries[first..].partition_point(|e| (e.main, e.rest) == (main, rest));
        &self.entries[first..first + count]
    }

    /// Whether an address with this number, unit and room exists.
    pub fn has(&self, main: u32, rest: u64, inner: u64) -> bool {
        let first = self.entries.partition_point(|e| (e.main, e.rest, e.inner) < (main, rest, inner));
        self.entries.get(first).is_some_and(|e| (e.main, e.rest, e.inner) == (main, rest, inner))
    }

    /// The buildings with a number.
    pub fn sites_of(&self, main: u32, rest: u64) -> &[Sited] {
        let first = self.sites.partition_point(|s| (s.main, s.rest) < (main, rest));
        let count = self.sites[first..].partition_point(|s| (s.main, s.rest) == (main, rest));
        &self.sites[first..first + count]
    }
}

/// A city for detection. A copy is cheap, and an edit copies what it changes.
#[derive(Debug, Clone)]
pub struct Pack {
    /// The plane in which metres are measured.
    pub frame: Frame,
    /// The ground of the city in that plane: low and high corner, metres.
    pub ground: [[f64; 2]; 2],
    /// The same in squares, with a margin.
    pub squares: Squares,
    /// Addresses.
    pub pins: Table<Pin>,
    /// Buildings.
    pub sites: Table<Site>,
    /// Streets, compounds, villages.
    pub series: Table<Arc<Series>, OF_ARCS>,
    /// Addresses by batch, ascending.
    pub batches: Table<Arc<Vec<u32>>, OF_ARCS>,
    /// Number of collectors.
    pub collectors: usize,
    /// Buildings in bins.
    pub site_bins: Bins,
    /// Centroids of grids of every level, in bins; known by the position of the grid.
    pub centroids: Bins,
    /// Share of addresses that exist twice at different places.
    pub twin_share: f64,
    /// Share of buildings that carry an address.
    pub addressed_share: f64,
    /// What only edits need.
    register: Register,
}

/// Beyond the ground by this much, metres, a point is still thought about.
const MARGIN_M: f64 = 3_000.0;
/// Side of the bins, metres.
const BIN_M: f64 = 50.0;

impl Pack {
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

    /// Whether two addresses of one key stand at different places, where no second building explains it.
    pub fn are_apart(&self, a: u32, b: u32) -> bool {
        let (a, b) = (&self.pins[a as usize], &self.pins[b as usize]);
        let sites = self.sites_of(a.key).len();
        sites < 2 && distance(a.at, b.at) > 40.0
    }

    /// The middles of the grids in the plane, by position; known where edits are to come.
    pub fn middles(&self) -> &[[f64; 2]] {
        &self.register.middles
    }

    /// The buildings that carry a key.
    pub fn sites_of(&self, key: Key) -> &[Sited] {
        if key.is_whole() { self.series[key.series as usize].sites_of(key.main, key.rest) } else { &[] }
    }

    /// The building that the record of an address names, unless that carries another address: one of the two is wrong,
    /// and the tie does not say which.
    pub fn tie(&self, pin: &Pin) -> Option<u32> {
        let site = &self.sites[Some(pin.tied).filter(|b| *b != NONE)? as usize];
        (site.at[0].is_finite() && (!site.key.is_whole() || site.key == pin.key)).then_some(pin.tied)
    }
}

/// Metres between two points of the plane; not a number where one is nowhere.
pub fn distance(a: [f64; 2], b: [f64; 2]) -> f64 {
    // No `hypot`: metres of a city neither overflow nor vanish when squared, and it takes ten times as long.
    let (x, y) = (a[0] - b[0], a[1] - b[1]);
    (x * x + y * y).sqrt()
}
