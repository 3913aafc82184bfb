//! Asking the rules again: about everything when a City is built, about what can have changed after an edit.

use super::City;
use super::flag::Change;
use crate::check::detect::Detection;
use crate::check::rule::{Rule, pin_off_road};
use crate::check::{Context, Kind, look_at, look_by, run};
use crate::domain::{Address, Flag, Subject};
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
}

impl City {
    fn context(&self) -> Context<'_> {
        let mut context = Context::new(&self.records, &self.grid, &self.thresholds, self.today).for_edits();
        context = context.with_ids(self.ids.clone());
        if let Some(facts) = self.facts.get() {
            context = context.with_facts(facts.clone());
        }
        match self.detection.get() {
            Some(found) => context.with_detection(found.clone()),
            None => context,
        }
    }

    /// The City as the rules see it, for explanations.
    pub fn with_context<T>(&self, ask: impl FnOnce(&Context) -> T) -> T {
        let context = self.context();
        let answer = ask(&context);
        self.keep(&context);
        answer
    }

    /// Keeps what was found out for those who ask next.
    fn keep(&self, context: &Context) {
        if let Some(found) = context.detected() {
            self.detection.get_or_init(|| found.clone());
        }
        if let Some(facts) = context.known_facts() {
            self.facts.get_or_init(|| facts.clone());
        }
    }
}

/// What the rules find in a City; by what was learned before, where it is `known`.
pub(super) fn all(city: &City, known: Option<&Arc<Detection>>) -> Vec<Flag> {
    let mut context = city.context();
    if let Some(known) = known {
        let found = Arc::new(known.again(&context));
        context = context.with_detection(found);
    }
    let mut flags = run(&context, 0, &|_| {});
    flags.retain(is_work);
    city.keep(&context);
    flags
}

/// Whether a flag is worth somebody's time: a fact, or more probably an error than not. What is less probable is told by
/// the explanation of an address, and by `gridpin check`.
fn is_work(flag: &Flag) -> bool {
    const PROBABLE: f64 = 0.5;
    flag.rule == "grid_mismatch" || flag.probability.is_none_or(|p| p >= PROBABLE)
}

/// An edit of more than this share of the addresses is checked as a whole.
const MANY: usize = 16;

/// Asks the rules again after an edit, about those records whose answer it may change, and takes their answer over. The
/// flags are then those of a City built from nothing, judged by what was learned before.
pub(super) fn after(city: &mut City, changed: &Changed) -> Change {
    let (facts, before) = (std::mem::take(&mut city.facts), std::mem::take(&mut city.detection));
    let (Some(mut facts), Some(before)) = (facts.into_inner(), before.into_inner()) else {
        let flags = all(city, None);
        return city.flags.replace(flags);
    };
    // Where there was no building at all, everything that is said of buildings begins with the first.
    let standing = city.records.buildings.len();
    let first_buildings = !changed.buildings.is_empty() && (standing == 0 || changed.buildings.len() == standing);
    let many = changed.addresses.len() + changed.buildings.len();
    if city.grid.is_empty() || first_buildings || many * MANY > city.records.addresses.len() {
        let flags = all(city, Some(&before));
        return city.flags.replace(flags);
    }
    let (addresses, buildings): (Vec<u32>, Vec<u32>) =
        (changed.addresses.iter().copied().collect(), changed.buildings.iter().copied().collect());
    let context = city.context();
    let stirred = facts.edit(&context, &addresses, &buildings);
    let context = context.with_facts(facts);
    let (found, asked) = before.edit(&context, &addresses, &buildings);
    let context = context.with_detection(Arc::new(found));

    let mut rows = stirred.addresses;
    rows.extend(asked);
    rows.extend(changed.addresses.iter().chain(&changed.concerned));
    let on_roads = stirred.roads.iter().flat_map(|road| context.facts().on_road(*road));
    let neighbours: BTreeSet<u32> = on_roads.filter(|i| !rows.contains(i)).collect();
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
    let (others, of_others) = company(city, &context, &neighbours, &pin_off_road::RULE);
    subjects.extend(others);
    flags.extend(of_others);
    city.keep(&context);
    city.flags.replace_of(&subjects, flags)
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
        if was.map(|flag| &**flag) != now.as_ref() {
            flags.extend(city.flags.of(&subject).filter(|flag| flag.rule != rule.code).map(|flag| (**flag).clone()));
            flags.extend(now);
            subjects.push(subject);
        }
    }
    (subjects, flags)
}

/// Rows of the corrections of some addresses.
fn corrections_of<'a>(context: &Context<'a>, addresses: &[u32]) -> BTreeSet<u32> {
    let of_address = |address: &'a Address| {
        let rows = context.ids().corrections_of_address.get(key_of::<str>(&address.id));
        rows.filter(move |row| context.records.corrections[*row as usize].address_id == address.id)
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
        Kind::Address => Subject::Address(records.addresses[row].id.to_string()),
        Kind::Building => Subject::Building(records.buildings[row].id.to_string()),
        Kind::Rental => Subject::Rental(records.rentals[row].id.to_string()),
        Kind::Hazard => Subject::Hazard(records.hazards[row].id.to_string()),
        Kind::Correction => Subject::Correction(records.corrections[row].correction_id.to_string()),
        Kind::Grid | Kind::Import => Subject::Grid(records.grids[row].code.to_string()),
    }
}
