//! Asking the rules again: about everything when a City is built, about what can have changed after an edit.

use super::City;
use super::flag::Change;
use crate::check::detect::Detection;
use crate::check::regrid::Regrid;
use crate::check::rule::{ALL, Check, Rule, address_unit_conflict, pin_off_road};
use crate::check::text::naming_units;
use crate::check::{Context, Kind, Progress, about_some_grids, look_at, look_by, run};
use crate::domain::{AddressRef, Flag, Subject};
use crate::index::key_of;
use rayon::prelude::*;
use std::collections::BTreeSet;
use std::sync::Arc;

/// Rows of the records that an edit changed.
#[derive(Debug, Default)]
pub(super) struct Changed {
    pub addresses: BTreeSet<u32>,
    pub buildings: BTreeSet<u32>,
    pub rentals: BTreeSet<u32>,
    pub hazards: BTreeSet<u32>,
    pub corrections: BTreeSet<u32>,
    /// Addresses on which something else hangs that changed.
    pub concerned: BTreeSet<u32>,
    /// What is gone altogether; rows from the ends of the tables on are too.
    pub gone: Vec<Subject>,
    /// Which grids are others.
    pub regrid: Option<Regrid>,
}

impl City {
    fn context(&self) -> Context<'_> {
        let mut context = Context::new(&self.records, &self.grid, &self.thresholds, self.today).for_edits();
        context = context.with_ids(self.ids.clone());
        if let Some(facts) = self.facts.get() {
            context = context.with_facts(facts.clone());
        }
        match self.detection.get() {
            Some(found) => context.with_area(found.area()).with_detection(found.clone()),
            None => context,
        }
    }

    /// Whether the City was checked here: its flags follow every edit, and what is behind them is at hand. Otherwise they
    /// are what was found before, or elsewhere.
    pub fn is_checked(&self) -> bool {
        self.detection.get().is_some()
    }

    /// The City as the rules see it, for explanations; none where it was not checked here.
    pub fn with_context<T>(&self, ask: impl FnOnce(&Context) -> T) -> Option<T> {
        self.is_checked().then(|| {
            let context = self.context();
            let answer = ask(&context);
            self.keep(&context);
            answer
        })
    }

    /// Keeps what was found out for those who ask next.
    fn keep(&self, context: &Context) {
        if let Some(found) = context.detected() {
            self.detection.get_or_init(|| found.clone());
        }
        if let Some(facts) = context.known_facts() {
            self.facts.get_or_init(|| facts.clone());
        }
        if let Some(coverage) = context.known_coverage() {
            self.coverage.get_or_init(|| coverage.clone());
        }
    }
}

/// What the rules find in a City; by what was learned before, where it is `known`. `progress` hears which share is done.
pub(super) fn all(city: &City, known: Option<&Arc<Detection>>, progress: &(dyn Fn(f32) + Sync)) -> Vec<Flag> {
    /// Detection's share of the work.
    const DETECTION: f32 = 0.75;
    let mut context = city.context();
    if let Some(known) = known {
        context = context.with_area(known.area().filter(|area| lies_on(city, *area)));
        let found = Arc::new(known.again(&context));
        context = context.with_detection(found);
    }
    let told = |part: Progress| {
        let share = part.done as f32 / part.total.max(1) as f32;
        match part.kind {
            // The rules ask once about each address, detection several times.
            Kind::Address if part.total > city.records.addresses.len() => progress(share * DETECTION),
            Kind::Address => progress(DETECTION + share * (1.0 - DETECTION)),
            _ => {}
        }
    };
    let mut flags = run(&context, 0, &told);
    flags.retain(is_work);
    // Edits go on from all of it, also where no rule asked.
    let _ = (context.detection(), context.facts(), context.coverage());
    city.keep(&context);
    flags
}

/// Whether a flag is worth somebody's time: a fact, or more probably an error than not. What is less probable is told by
/// the explanation of an address, and by `gridpin check`.
fn is_work(flag: &Flag) -> bool {
    const PROBABLE: f64 = 0.5;
    flag.rule == "grid_mismatch" || flag.probability.is_none_or(|p| p >= PROBABLE)
}

/// Whether the grids lie on the ground that was taken for the city's: the plane and its squares stay, unless the city
/// grows by a kilometre.
fn lies_on(city: &City, [w, s, e, n]: [f64; 4]) -> bool {
    const MARGIN_DEG: f64 = 0.01;
    city.grid.area().is_some_and(|grids| {
        grids[0] >= w - MARGIN_DEG
            && grids[1] >= s - MARGIN_DEG
            && grids[2] <= e + MARGIN_DEG
            && grids[3] <= n + MARGIN_DEG
    })
}

/// An edit of more than this share of the addresses is checked as a whole, unless it is of a few only.
const MANY: usize = 64;
const FEW: usize = 1_000;

/// Asks the rules again after an edit, about those records whose answer it may change, and takes their answer over. The
/// flags are then those of a City built from nothing, judged by what was learned before. Where the City was not checked,
/// only the flags of what is gone go.
pub(super) fn after(city: &mut City, changed: &Changed) -> Change {
    let (facts, before) = (std::mem::take(&mut city.facts), std::mem::take(&mut city.detection));
    let coverage = std::mem::take(&mut city.coverage).into_inner();
    let (Some(mut facts), Some(before)) = (facts.into_inner(), before.into_inner()) else {
        return city.flags.replace_of(&changed.gone, Vec::new());
    };
    // Where there was no building at all, everything that is said of buildings begins with the first.
    let standing = city.records.buildings.len();
    let first_buildings = !changed.buildings.is_empty() && (standing == 0 || changed.buildings.len() == standing);
    let regridded = changed.regrid.as_ref().map_or(0, |regrid| regrid.addresses.len());
    let many = changed.addresses.len() + changed.buildings.len() + regridded;
    let on_ground = before.area().is_some_and(|area| lies_on(city, area));
    let first_grids = changed.regrid.as_ref().is_some_and(|regrid| regrid.before.is_empty());
    if !on_ground || first_grids || first_buildings || many > FEW.max(city.records.addresses.len() / MANY) {
        return anew(city, &before);
    }
    let (addresses, buildings): (Vec<u32>, Vec<u32>) =
        (changed.addresses.iter().copied().collect(), changed.buildings.iter().copied().collect());
    let regrid = changed.regrid.as_ref();
    let context = || city.context().with_area(before.area());
    let detect = || {
        let stirred = facts.edit(&context(), &addresses, &buildings, regrid);
        let context = context().with_facts(facts);
        let found = before.edit(&context, &addresses, &buildings, regrid);
        (stirred, context, found)
    };
    let cover = || {
        let reshaped = regrid.map(|regrid| &regrid.reshaped).filter(|reshaped| !reshaped.is_empty());
        coverage.map(|known| match reshaped {
            Some(reshaped) => Arc::new(known.edit(&context(), reshaped)),
            None => known,
        })
    };
    let ((stirred, context, found), coverage) = rayon::join(detect, cover);
    let Some((found, asked)) = found else {
        drop(context);
        return anew(city, &before);
    };
    let context = context.with_detection(Arc::new(found));
    let context = match coverage {
        Some(coverage) => context.with_coverage(coverage),
        None => context,
    };

    let mut rows = stirred.addresses;
    rows.extend(asked.differ);
    // Where the verdict stays, only words can differ, and only of what is told.
    let is_told = |i: &u32| {
        let address = city.records.addresses.get(*i as usize);
        address.is_some_and(|address| city.flags.about(&Subject::Address(address.id().to_owned())).next().is_some())
    };
    rows.extend(asked.stay.into_iter().filter(is_told));
    rows.extend(changed.addresses.iter().chain(&changed.concerned));
    rows.extend(regrid.into_iter().flat_map(|regrid| &regrid.named));
    let on_roads = stirred.roads.iter().flat_map(|road| context.facts().on_road(*road));
    let neighbours: BTreeSet<u32> = on_roads.filter(|i| !rows.contains(i)).collect();
    // Other names of towns and villages may be meant by any text that holds them.
    let mut renamed: BTreeSet<u32> = naming_units(&city.records.addresses, &stirred.units).into_iter().collect();
    let below = regrid.into_iter().flat_map(|regrid| regrid.below.iter().copied());
    renamed.extend(below.filter(|i| *i < count(&context, Kind::Address)));
    let (both, neighbours): (Vec<u32>, Vec<u32>) = neighbours.into_iter().partition(|i| renamed.contains(i));
    rows.extend(both);
    let neighbours: BTreeSet<u32> = neighbours.into_iter().collect();
    renamed.retain(|i| !rows.contains(i));
    let corrections: BTreeSet<u32> =
        changed.corrections.iter().copied().chain(corrections_of(&context, &addresses)).collect();
    let kinds = [
        (Kind::Address, &rows),
        (Kind::Building, &stirred.buildings),
        (Kind::Rental, &changed.rentals),
        (Kind::Hazard, &changed.hazards),
        (Kind::Correction, &corrections),
    ];
    let (mut subjects, mut flags) = (changed.gone.clone(), Vec::new());
    for (kind, rows) in kinds {
        let rows: Vec<u32> = rows.range(..count(&context, kind)).copied().collect();
        subjects.extend(rows.iter().map(|row| subject(&context, kind, *row as usize)));
        let found = rows.par_iter().with_min_len(32).flat_map_iter(|row| look_at(&context, kind, *row as usize));
        flags.extend(found.filter(is_work).collect::<Vec<_>>());
    }
    for (rows, rule) in [(&neighbours, &pin_off_road::RULE), (&renamed, &address_unit_conflict::RULE)] {
        let (others, of_others) = company(city, &context, rows, rule);
        subjects.extend(others);
        flags.extend(of_others);
    }
    if let Some(regrid) = regrid {
        let (of_grids, found) = grids(city, &context, regrid);
        subjects.extend(of_grids);
        flags.extend(found.into_iter().filter(is_work));
    }
    city.keep(&context);
    city.flags.replace_of(&subjects, flags)
}

/// Asks every rule about everything. What only edits of the City before would need is given up at first: else both would
/// be in memory at once, for as long as it takes.
fn anew(city: &mut City, before: &Arc<Detection>) -> Change {
    before.give_up_edits();
    let flags = all(city, Some(before), &|_| {});
    city.flags.replace(flags)
}

/// Asks one rule about some addresses: those about which its answer differs, with all their flags.
fn company(city: &City, context: &Context, rows: &BTreeSet<u32>, rule: &Rule) -> (Vec<Subject>, Vec<Flag>) {
    let (mut subjects, mut flags) = (Vec::new(), Vec::new());
    let rows: Vec<u32> = rows.iter().copied().collect();
    let now: Vec<Option<Flag>> =
        rows.par_iter().with_min_len(32).map(|row| look_by(rule, context, Kind::Address, *row as usize)).collect();
    for (row, now) in rows.into_iter().zip(now) {
        let subject = subject(context, Kind::Address, row as usize);
        let was = city.flags.of(&subject).find(|flag| flag.rule == rule.code);
        if was != now {
            flags.extend(city.flags.of(&subject).filter(|flag| flag.rule != rule.code));
            flags.extend(now);
            subjects.push(subject);
        }
    }
    (subjects, flags)
}

/// Asks the rules about grids again: those about each grid where it is another one, or what is above it.
fn grids(city: &City, context: &Context, regrid: &Regrid) -> (Vec<Subject>, Vec<Flag>) {
    let mut asked: BTreeSet<u32> = BTreeSet::new();
    let mut codes: BTreeSet<&str> = BTreeSet::new();
    let before = &regrid.before;
    for p in &regrid.positions {
        if (*p as usize) < before.len() {
            codes.insert(before.code(*p));
            asked.extend(before.children(*p).iter().filter_map(|child| city.grid.position(before.code(*child))));
        }
        if (*p as usize) < city.grid.len() {
            asked.insert(*p);
            asked.extend(city.grid.children(*p));
        }
    }
    codes.extend(asked.iter().map(|p| city.grid.code(*p).as_str()));
    let each = |rule: &str| {
        let rule = ALL.iter().find(|known| known.code == rule);
        rule.is_some_and(|rule| rule.checks.iter().any(|check| matches!(check, Check::EachGrid(_))))
    };
    let (mut subjects, mut flags) = (Vec::new(), Vec::new());
    for flag in city.flags.of_grids() {
        let Subject::Grid(code) = &flag.subject else { continue };
        subjects.push(flag.subject.clone());
        if each(flag.rule) && !codes.contains(code.as_str()) {
            flags.push(flag);
        }
    }
    flags.extend(about_some_grids(context, &asked.into_iter().collect::<Vec<_>>()));
    (subjects, flags)
}

/// Rows of the corrections of some addresses.
fn corrections_of<'a>(context: &Context<'a>, addresses: &[u32]) -> BTreeSet<u32> {
    let of_address = |address: AddressRef<'a>| {
        let rows = context.ids().corrections_of_address.get(key_of::<str>(address.id()));
        rows.filter(move |row| context.records.corrections[*row as usize].address_id.as_str() == address.id())
    };
    addresses.iter().filter_map(|i| context.records.addresses.get(*i as usize)).flat_map(of_address).collect()
}

/// How many records of a kind there are.
fn count(context: &Context, kind: Kind) -> u32 {
    let records = context.records;
    let count = match kind {
        Kind::Address => records.addresses.len(),
        Kind::Building => records.buildings.len(),
        Kind::Rental => records.rentals.len(),
        Kind::Hazard => records.hazards.len(),
        Kind::Correction => records.corrections.len(),
        Kind::Grid | Kind::Import => records.grids.len(),
    };
    count as u32
}

fn subject(context: &Context, kind: Kind, row: usize) -> Subject {
    let records = context.records;
    match kind {
        Kind::Address => Subject::Address(records.addresses.at(row).id().to_owned()),
        Kind::Building => Subject::Building(records.buildings.at(row).id().to_owned()),
        Kind::Rental => Subject::Rental(records.rentals.at(row).id().to_owned()),
        Kind::Hazard => Subject::Hazard(records.hazards.at(row).id().to_owned()),
        Kind::Correction => Subject::Correction(records.corrections[row].correction_id.to_string()),
        Kind::Grid | Kind::Import => Subject::Grid(records.grids[row].code.to_string()),
    }
}
