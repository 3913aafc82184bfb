//! Building a City from records: every index once, in parallel where it pays.

use super::flag::Flags;
use super::ground::Ground;
use super::points::{NOWHERE, Points};
use super::shape::{Shape, span_of};
use super::tally::{Counts, Tally};
use super::*;
use crate::check::rule::building_unaddressed;
use crate::index::{gather, gathered};
use rayon::prelude::*;

/// Side that a grid must have on the map to be drawn, in 512ths of a tile.
const VISIBLE_PX: f64 = 16.0;
/// Probability from which a flag counts against accuracy.
const PROBABLE: f64 = 0.8;

impl City {
    /// Indexes and checks records as of a day.
    pub fn build(records: Records, thresholds: Thresholds, today: NaiveDate) -> City {
        City::load(records, Arc::new(thresholds), today, BTreeMap::new(), Flags::default()).checked(&|_| {})
    }

    /// Indexes records as of a day, without checking them: the flags are those that were found before.
    pub fn load(
        records: Records,
        thresholds: Arc<Thresholds>,
        today: NaiveDate,
        dismissals: BTreeMap<String, Dismissal>,
        flags: Flags,
    ) -> City {
        let grid = Arc::new(GridIndex::build_on(&records.grids, today));
        let care = Care::build(&records.headcounts, &grid);
        City::assemble(records, grid, thresholds, today, Arc::new(dismissals), care, 1, flags)
    }

    /// Like [`City::load`], with these flags.
    pub fn with_flags(records: Records, thresholds: Thresholds, today: NaiveDate, flags: Vec<Flag>) -> City {
        City::load(records, Arc::new(thresholds), today, BTreeMap::new(), Flags::build(flags))
    }

    /// The same records and flags as of a day, unchecked: everything is indexed anew but what is published of care groups,
    /// which goes on from what was published before.
    pub(super) fn on(&self, today: NaiveDate) -> City {
        let (records, dismissals) = (self.records.clone(), self.dismissals.clone());
        let grid = Arc::new(GridIndex::build_on(&records.grids, today));
        let care = self.care.rebuilt(&self.grid, &records.headcounts, &grid);
        let (thresholds, flags) = (self.thresholds.clone(), self.flags.clone());
        City::assemble(records, grid, thresholds, today, dismissals, care, self.revision + 1, flags)
    }

    /// The same city indexed and checked from nothing, by what detection learned here: what edits must lead to.
    pub fn anew(&self) -> City {
        // What was learned holds for the day: an edit of a border moves what it touches, not every probability.
        self.on(self.today).checked_by(self.detection.get(), &|_| {})
    }

    /// The same city checked: every rule is asked about everything. `progress` hears which share of it is done. What
    /// stood already stands since then.
    pub fn checked(&self, progress: &(dyn Fn(f32) + Sync)) -> City {
        self.checked_by(None, progress)
    }

    /// The same city without what was found behind its flags.
    pub(super) fn unchecked(&self) -> City {
        let mut city = self.clone();
        (city.detection, city.facts, city.coverage) = Default::default();
        city
    }

    fn checked_by(&self, known: Option<&Arc<Detection>>, progress: &(dyn Fn(f32) + Sync)) -> City {
        let mut city = self.unchecked();
        let flags = recheck::all(&city, known, progress);
        city.flags.replace(flags);
        city.index_flags();
        city
    }

    #[allow(clippy::too_many_arguments)]
    fn assemble(
        records: Records,
        grid: Arc<GridIndex>,
        thresholds: Arc<Thresholds>,
        today: NaiveDate,
        dismissals: Arc<BTreeMap<String, Dismissal>>,
        care: Care,
        revision: u64,
        flags: Flags,
    ) -> City {
        let mut shapes: Vec<Arc<Shape>> = {
            let grids: Vec<&Grid> = records.grids.iter().collect();
            grids
                .par_iter()
                .map(|g| Arc::new(if g.is_valid_on(today) { Shape::of(&g.polygon) } else { Shape::default() }))
                .collect()
        };
        let level_zoom = level_zooms(&grid, &shapes);
        let everything = (0..shapes.len() as u32).collect();
        border::draw(&mut shapes, &levels(&grid), &level_zoom, &everything);
        let by_order = orders(&grid);
        let homes: Vec<u32> =
            gather(records.addresses.len(), |row| Some(home_of_address(&grid, records.addresses.at(row))));
        let ids = Ids::build(&records);
        let mut city = City {
            records,
            grid,
            thresholds,
            today,
            revision,
            flags,
            detection: OnceLock::new(),
            facts: OnceLock::new(),
            coverage: OnceLock::new(),
            dismissals,
            care,
            ground: Ground::at(revision),
            address_points: Points::default(),
            flag_points: Points::default(),
            rental_points: Points::default(),
            hazard_points: Points::default(),
            building_points: Points::default(),
            tally: Tally::default(),
            ids,
            homes: homes.into(),
            marks: Table::default(),
            rental_states: Table::default(),
            building_homes: Table::default(),
            shapes: Arc::new(shapes),
            level_zoom,
            by_order: Arc::new(by_order),
        };
        let rentals = (0..city.records.rentals.len() as u32).into_par_iter();
        let states: Vec<RentalState> = rentals.map(|row| city.state_of_rental(row)).collect();
        city.rental_states = states.into();
        let buildings = 0..city.records.buildings.len() as u32;
        let homes: Vec<u32> = buildings.into_par_iter().map(|row| city.home_of_building(row)).collect();
        city.building_homes = homes.into();
        city.rental_points = Points::build(city.records.rentals.len(), |row, see| city.rental_item(row, see));
        city.hazard_points = Points::build(city.records.hazards.len(), |row, see| city.hazard_item(row, see));
        city.index_flags();
        city
    }

    /// Indexes what hangs on flags: the marks of the addresses, what layers say of them and of buildings, the points of
    /// the layer, and the counts.
    pub(super) fn index_flags(&mut self) {
        // Every flag looks for its subject once, not once for each of those that ask.
        let mut marks = vec![0u8; self.records.addresses.len()];
        let mut wrong = vec![false; marks.len()];
        let mut bare = vec![false; self.records.buildings.len()];
        let mut homes = Vec::with_capacity(self.flags.slots() as usize);
        for told in gathered(self.flags.slots() as usize, |slot| self.told_by(slot as u32)) {
            if let Some(row) = told.address {
                marks[row as usize] = marks[row as usize].max(told.mark);
                wrong[row as usize] |= told.is_wrong;
            }
            told.bare.into_iter().for_each(|row| bare[row as usize] = true);
            homes.push(told.home);
        }
        self.marks = marks.into();
        let (buildings, addresses) = (self.records.buildings.len(), self.records.addresses.len());
        self.building_points = Points::build(buildings, |row, see| self.building_item_as(row, bare[row as usize], see));
        self.address_points = Points::build(addresses, |row, see| self.address_item(row, see));
        self.flag_points = Points::build(homes.len(), |slot, see| self.flag_item_at(slot, homes[slot as usize], see));
        let addresses = gathered(addresses, |row| self.address_counts(row as u32, || wrong[row]));
        let rentals = gathered(self.records.rentals.len(), |row| self.rental_share(row as u32));
        let hazards = gathered(self.records.hazards.len(), |row| self.hazard_share(row as u32));
        self.tally = Tally::build(self.grid.limit() as usize, addresses.chain(rentals).chain(hazards));
    }

    /// What a flag tells of its subject.
    fn told_by(&self, slot: u32) -> Told {
        let nothing = Told { home: NOWHERE, address: None, bare: None, mark: 0, is_wrong: false };
        let Some(flag) = self.flags.view(slot) else { return nothing };
        if let Some(address) = flag.address() {
            let Some(row) = self.address(address) else { return nothing };
            let home = self.home(row);
            if !self.shows(flag) {
                return Told { home, ..nothing };
            }
            return Told { home, address: Some(row), mark: mark(flag.severity()), is_wrong: is_wrong(flag), ..nothing };
        }
        let subject = flag.subject();
        let bare = match &subject {
            Subject::Building(id) if flag.rule() == building_unaddressed::RULE.code => self.building(id),
            _ => None,
        };
        Told { home: self.home_of(&subject), bare, ..nothing }
    }

    pub(super) fn mark_of(&self, address: u32) -> u8 {
        let flags = self.flags_of_address(self.address_at(address).id());
        flags.into_iter().filter(|flag| self.shows(*flag)).map(|flag| mark(flag.severity())).max().unwrap_or(0)
    }

    pub(super) fn home_of_building(&self, row: u32) -> u32 {
        let building = self.records.buildings.at(row as usize);
        let declared = building.grid().and_then(|code| self.grid.position(code));
        let held = || {
            let span = span_of(building.footprint())?;
            self.grid.finest(span.middle().lonlat())
        };
        declared.or_else(held).map_or(NOWHERE, |i| self.grid.order(i))
    }

    pub(super) fn address_share(&self, row: u32) -> (u32, Counts) {
        let marked = self.marks.get(row as usize).is_some_and(|mark| *mark > 0);
        let flags = || self.flags_of_address(self.address_at(row).id());
        let is_wrong_and_open = |flag| is_wrong(flag) && self.shows(flag);
        self.address_counts(row, || marked && flags().into_iter().any(is_wrong_and_open))
    }

    /// The share of an address; `is_wrong` says whether an open flag calls it wrong.
    fn address_counts(&self, row: u32, is_wrong: impl Fn() -> bool) -> (u32, Counts) {
        let Some(address) = self.records.addresses.get(row as usize) else { return (NOWHERE, Counts::default()) };
        let active = address.status() == AddressStatus::Active;
        let collected = active && address.at().is_some_and(LonLat::is_on_earth);
        let counts = Counts {
            addresses: active.into(),
            collected: collected.into(),
            accurate: (collected && !is_wrong()).into(),
            ..Counts::default()
        };
        (self.home(row), counts)
    }

    pub(super) fn rental_share(&self, row: u32) -> (u32, Counts) {
        let Some(rental) = self.records.rentals.get(row as usize) else { return (NOWHERE, Counts::default()) };
        let active = rental.status() == RentalStatus::Active;
        let registered = active && rental.registered_on().is_some();
        let counts = Counts { rentals: active.into(), registered: registered.into(), ..Counts::default() };
        (self.rental_home(row), counts)
    }

    pub(super) fn hazard_share(&self, row: u32) -> (u32, Counts) {
        let Some(hazard) = self.records.hazards.get(row as usize) else { return (NOWHERE, Counts::default()) };
        let closed = hazard.state() == HazardState::Closed;
        (self.hazard_home(row), Counts { hazards: 1, closed: closed.into(), ..Counts::default() })
    }
}

/// What a flag tells of its subject.
struct Told {
    /// Preorder number of the grid that the subject belongs to.
    home: u32,
    /// Row of the address that it marks: an open one.
    address: Option<u32>,
    /// Row of the building that has no address.
    bare: Option<u32>,
    mark: u8,
    is_wrong: bool,
}

/// Whether a flag says that its address is wrong.
fn is_wrong(flag: FlagRef) -> bool {
    flag.severity() == Severity::Error || flag.probability().is_some_and(|p| p >= PROBABLE)
}

fn mark(severity: Severity) -> u8 {
    match severity {
        Severity::Info => 1,
        Severity::Warning => 2,
        Severity::Error => 3,
    }
}

/// Preorder number of the grid that an address belongs to.
pub(super) fn home_of(grid: &GridIndex, declared: Option<&str>, at: Option<LonLat>) -> u32 {
    let declared = declared.and_then(|code| grid.position(code));
    let held = || grid.finest(at?);
    declared.or_else(held).map_or(NOWHERE, |i| grid.order(i))
}

/// The same of an address of the City.
pub(super) fn home_of_address(grid: &GridIndex, address: AddressRef) -> u32 {
    home_of(grid, address.grid(), address.at())
}

/// Level of each grid, by position.
pub(super) fn levels(grid: &GridIndex) -> Vec<GridLevel> {
    (0..grid.len() as u32).map(|position| grid.level(position)).collect()
}

/// Position of the grid with each preorder number, or [`NOWHERE`].
pub(super) fn orders(grid: &GridIndex) -> Vec<u32> {
    let mut by_order = vec![NOWHERE; grid.limit() as usize];
    (0..grid.len() as u32).for_each(|i| by_order[grid.order(i) as usize] = i);
    by_order
}

pub(super) fn level_zooms(grid: &GridIndex, shapes: &[Arc<Shape>]) -> [u8; 5] {
    let mut zooms = [0; 5];
    let mut coarsest = true;
    for level in GridLevel::ALL {
        let spans = (0..grid.len()).filter(|i| grid.level(*i as u32) == level).filter_map(|i| shapes[i].span);
        let (mut sides, mut n) = (0.0, 0.0);
        for span in spans {
            sides += (f64::from(span.east - span.west) * f64::from(span.south - span.north)).sqrt();
            n += 1.0;
        }
        if n > 0.0 && !coarsest {
            let pixels_at_0 = sides / n / (1u64 << 32) as f64 * 512.0;
            zooms[level as usize] = (VISIBLE_PX / pixels_at_0).log2().ceil().clamp(0.0, 14.0) as u8;
        }
        coarsest &= n == 0.0;
    }
    zooms
}
