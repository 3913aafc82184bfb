//! The flags of a city: by identifier, by subject, in a stable order, cheap to copy.

use super::world::Spot;
use crate::domain::{Flag, FlagRef, LonLat, Pack, Packed, Packer, Standing, Subject};
use crate::index::{Lookup, key_of};
use chrono::{DateTime, Utc};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

/// All flags, in columns. A flag keeps its slot as long as it stands, so that lists do not jump.
#[derive(Debug, Clone, Default)]
pub struct Flags {
    slots: Packed<Standing>,
    /// Slots whose flag does not stand any more.
    gone: Arc<BTreeSet<u32>>,
    by_id: Lookup,
    by_subject: Lookup,
    /// Slots of the flags about grids.
    of_grids: Arc<BTreeSet<u32>>,
    /// Slots of the flags without a place on earth.
    placeless: Arc<BTreeSet<u32>>,
}

/// What changed between two checks.
#[derive(Debug, Clone, Default)]
pub struct Change {
    /// Slots whose flag came, went or reads differently.
    pub slots: Vec<u32>,
    /// Their subjects.
    pub subjects: Vec<Subject>,
    /// Identifiers of these flags.
    pub ids: Vec<String>,
}

/// Now, as exactly as the database keeps it.
fn now() -> DateTime<Utc> {
    exactly(Utc::now())
}

/// A time as exactly as the database keeps it.
fn exactly(time: DateTime<Utc>) -> DateTime<Utc> {
    DateTime::from_timestamp_micros(time.timestamp_micros()).unwrap_or(time)
}

fn is_placeless(at: Option<LonLat>) -> bool {
    at.and_then(Spot::of).is_none()
}

impl Flags {
    /// The flags of a check, in its order, found now.
    pub fn build(flags: Vec<Flag>) -> Flags {
        let (since, mut packer) = (now(), Packer::default());
        flags.into_iter().for_each(|flag| packer.push(Standing { flag, since }.row()));
        Flags::of_slots(packer.finish())
    }

    /// Flags that were found before.
    pub fn found_before(standing: impl Into<Packed<Standing>>) -> Flags {
        Flags::of_slots(standing.into())
    }

    fn of_slots(slots: Packed<Standing>) -> Flags {
        let by_id = Lookup::of_rows(slots.len(), |slot| Some(key_of(slots.at(slot).id().as_str())));
        let by_subject = Lookup::of_rows(slots.len(), |slot| Some(key_of(&slots.at(slot).subject())));
        let of_grids = slots.iter().zip(0..).filter(|(flag, _)| flag.is_about_grids()).map(|(_, slot)| slot);
        let of_grids = Arc::new(of_grids.collect());
        let placeless = slots.iter().zip(0..).filter(|(flag, _)| is_placeless(flag.at())).map(|(_, slot)| slot);
        let placeless = Arc::new(placeless.collect());
        Flags { slots, gone: Arc::default(), by_id, by_subject, of_grids, placeless }
    }

    /// How many stand.
    pub fn len(&self) -> usize {
        self.slots.len() - self.gone.len()
    }

    /// Whether none stands.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Number of slots, empty ones included.
    pub fn slots(&self) -> u32 {
        self.slots.len() as u32
    }

    /// Bytes that the flags take, without the ways to them.
    pub fn bytes(&self) -> usize {
        self.slots.bytes()
    }

    /// The flag in a slot, where it lies.
    pub fn view(&self, slot: u32) -> Option<FlagRef<'_>> {
        self.slots.get(slot as usize).filter(|_| !self.gone.contains(&slot))
    }

    /// The flag in a slot.
    pub fn at(&self, slot: u32) -> Option<Flag> {
        self.view(slot).map(FlagRef::unpack)
    }

    /// The flag with an identifier.
    pub fn get(&self, flag_id: &str) -> Option<Flag> {
        self.at(self.slot(flag_id)?)
    }

    /// The slot of the flag with an identifier.
    pub fn slot(&self, flag_id: &str) -> Option<u32> {
        self.by_id.get(key_of(flag_id)).find(|slot| self.view(*slot).is_some_and(|flag| flag.has_id(flag_id)))
    }

    /// The flags about a subject where they lie, with their slots, in the order of these.
    pub fn about<'a, 'b>(&'a self, subject: &'b Subject) -> impl Iterator<Item = (u32, FlagRef<'a>)> + use<'a, 'b> {
        let slots = self.by_subject.get(key_of(subject));
        slots.filter_map(|slot| Some((slot, self.view(slot)?))).filter(move |(_, flag)| flag.is_about(subject))
    }

    /// The flags about a subject, in their order.
    pub fn of<'a, 'b>(&'a self, subject: &'b Subject) -> impl Iterator<Item = Flag> + use<'a, 'b> {
        self.about(subject).map(|(_, flag)| flag.unpack())
    }

    /// The flags about grids, in the order of their slots.
    pub fn of_grids(&self) -> impl Iterator<Item = Flag> {
        self.views_of_grids().map(|(_, flag)| flag.unpack())
    }

    /// The flags about grids where they lie, with their slots, in the order of these.
    pub fn views_of_grids(&self) -> impl Iterator<Item = (u32, FlagRef<'_>)> {
        self.of_grids.iter().filter_map(|slot| Some((*slot, self.view(*slot)?)))
    }

    /// The flags without a place on earth where they lie, with their slots, in the order of these.
    pub fn placeless(&self) -> impl Iterator<Item = (u32, FlagRef<'_>)> {
        self.placeless.iter().filter_map(|slot| Some((*slot, self.view(*slot)?)))
    }

    /// All flags in the order of the check, later ones at the end.
    pub fn iter(&self) -> impl Iterator<Item = Flag> {
        self.views().map(|(_, flag)| flag.unpack())
    }

    /// When the flag in a slot was first found.
    pub fn since(&self, slot: u32) -> Option<DateTime<Utc>> {
        self.view(slot).map(FlagRef::since)
    }

    /// A flag that stands, with its time.
    pub fn standing(&self, flag_id: &str) -> Option<(Flag, DateTime<Utc>)> {
        let flag = self.view(self.slot(flag_id)?)?;
        Some((flag.unpack(), flag.since()))
    }

    /// All flags where they lie, with their slots, in the order of the check, later ones at the end.
    pub fn views(&self) -> impl Iterator<Item = (u32, FlagRef<'_>)> {
        (0..).zip(self.slots.iter()).filter(|(slot, _)| !self.gone.contains(slot))
    }

    /// Takes over the answer of a new check of everything and says what changed. What stood already stands since then.
    pub fn replace(&mut self, flags: Vec<Flag>) -> Change {
        let since = now();
        self.replace_all(flags.into_iter().map(|flag| Standing { flag, since }), false)
    }

    /// Takes over the flags of another check of the same city: what stood here already stands since then.
    pub(super) fn replace_by(&mut self, other: &Flags) -> Change {
        self.replace_all(other.views().map(|(_, flag)| flag.standing()), false)
    }

    /// Takes over all flags that somebody else found.
    pub(super) fn replace_by_found(&mut self, standing: Vec<Standing>) -> Change {
        self.replace_all(standing.into_iter(), true)
    }

    fn replace_all(&mut self, flags: impl Iterator<Item = Standing>, anew: bool) -> Change {
        if self.slots.is_empty() {
            return self.take_first(flags);
        }
        let mut known: HashMap<String, u32> = HashMap::with_capacity(self.len());
        known.extend(self.views().map(|(slot, flag)| (flag.id(), slot)));
        let mut edit = Edit::of(self);
        for one in flags {
            let slot = known.remove(one.flag.flag_id.as_str());
            edit.put(slot, one, anew);
        }
        let mut gone: Vec<u32> = known.into_values().collect();
        gone.sort_unstable();
        gone.into_iter().for_each(|slot| edit.clear(slot));
        edit.finish()
    }

    /// As [`Flags::replace_all`] where there were none: straight into their columns.
    fn take_first(&mut self, flags: impl Iterator<Item = Standing>) -> Change {
        let (mut change, mut packer) = (Change::default(), Packer::default());
        for one in flags {
            packer.push(one.row());
            change.slots.push(change.slots.len() as u32);
            change.subjects.push(one.flag.subject);
            change.ids.push(one.flag.flag_id);
        }
        *self = Flags::of_slots(packer.finish());
        change
    }

    /// Takes over the answer of a new check of some subjects: `flags` are all that these subjects have now.
    pub fn replace_of(&mut self, subjects: &[Subject], flags: Vec<Flag>) -> Change {
        let since = now();
        let mut known: BTreeMap<String, u32> = BTreeMap::new();
        for subject in subjects {
            known.extend(self.about(subject).map(|(slot, flag)| (flag.id(), slot)));
        }
        let mut edit = Edit::of(self);
        for flag in flags {
            let slot = known.remove(&flag.flag_id).or_else(|| edit.slot(&flag.flag_id));
            edit.put(slot, Standing { flag, since }, false);
        }
        known.into_values().for_each(|slot| edit.clear(slot));
        edit.finish()
    }

    /// Takes over what somebody else found: flags that stand now, and identifiers of flags that don't any more.
    pub(super) fn take_found(&mut self, standing: Vec<Standing>, gone: &[String]) -> Change {
        let mut edit = Edit::of(self);
        for one in standing {
            edit.put(edit.slot(&one.flag.flag_id), one, true);
        }
        let slots: Vec<u32> = gone.iter().filter_map(|id| edit.slot(id)).collect();
        slots.into_iter().for_each(|slot| edit.clear(slot));
        edit.finish()
    }
}

/// An edit of flags: what comes is put into the columns at its end, each chunk of them once.
struct Edit<'a> {
    flags: &'a mut Flags,
    put: BTreeMap<u32, Standing>,
    change: Change,
}

impl<'a> Edit<'a> {
    fn of(flags: &'a mut Flags) -> Self {
        Edit { flags, put: BTreeMap::new(), change: Change::default() }
    }

    /// As [`Flags::slot`], with what came already.
    fn slot(&self, flag_id: &str) -> Option<u32> {
        let is_in = |slot: &u32| match self.put.get(slot) {
            Some(one) => !self.flags.gone.contains(slot) && one.flag.flag_id == flag_id,
            None => self.flags.view(*slot).is_some_and(|flag| flag.has_id(flag_id)),
        };
        self.flags.by_id.get(key_of(flag_id)).find(is_in)
    }

    /// What is in a slot, with what came already.
    fn standing(&self, slot: u32) -> Option<Standing> {
        if self.flags.gone.contains(&slot) {
            return None;
        }
        let lies = || self.flags.view(slot).map(FlagRef::standing);
        self.put.get(&slot).cloned().or_else(lies)
    }

    /// Puts a flag in its slot, or in a new one; one that is there already stands since then, unless `anew`.
    fn put(&mut self, slot: Option<u32>, mut one: Standing, anew: bool) {
        one.since = exactly(one.since);
        let known = slot.and_then(|slot| self.standing(slot));
        if let Some(known) = &known {
            one.since = if anew { one.since } else { known.since };
            if *known == one {
                return;
            }
        }
        let next = || self.put.last_key_value().map_or(0, |(last, _)| last + 1).max(self.flags.slots());
        let at = slot.unwrap_or_else(next);
        if known.is_none_or(|known| known.flag != one.flag) {
            self.flags.by_id.insert(key_of(one.flag.flag_id.as_str()), at);
            self.flags.by_subject.insert(key_of(&one.flag.subject), at);
            if matches!(one.flag.subject, Subject::Grid(_)) {
                Arc::make_mut(&mut self.flags.of_grids).insert(at);
            }
            match is_placeless(one.flag.at) {
                true => Arc::make_mut(&mut self.flags.placeless).insert(at),
                false if self.flags.placeless.contains(&at) => Arc::make_mut(&mut self.flags.placeless).remove(&at),
                false => false,
            };
            self.change.subjects.push(one.flag.subject.clone());
            self.change.ids.push(one.flag.flag_id.clone());
            self.change.slots.push(at);
        }
        self.put.insert(at, one);
    }

    fn clear(&mut self, slot: u32) {
        let Some(one) = self.standing(slot) else { return };
        if matches!(one.flag.subject, Subject::Grid(_)) {
            Arc::make_mut(&mut self.flags.of_grids).remove(&slot);
        }
        if self.flags.placeless.contains(&slot) {
            Arc::make_mut(&mut self.flags.placeless).remove(&slot);
        }
        self.change.subjects.push(one.flag.subject);
        self.change.ids.push(one.flag.flag_id);
        self.change.slots.push(slot);
        Arc::make_mut(&mut self.flags.gone).insert(slot);
    }

    fn finish(self) -> Change {
        self.flags.slots.put_all(self.put);
        self.change
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Severity;
    use crate::domain::flag::flag_id;
    use crate::error::Text;

    fn flag(rule: &'static str, address: u32, words: &str) -> Flag {
        let subject = Subject::Address(address.to_string());
        Flag {
            flag_id: flag_id(rule, &subject),
            rule,
            subject,
            severity: Severity::Warning,
            probability: None,
            tier: None,
            message: Text::new(words, words),
            at: None,
            suggestion: None,
        }
    }

    #[test]
    fn a_flag_that_stands_keeps_its_slot() {
        let mut flags = Flags::build(vec![flag("a", 1, "x"), flag("b", 1, "x"), flag("a", 2, "x")]);
        let slot = flags.slot(&flag("a", 2, "").flag_id).expect("stands");
        let change = flags.replace(vec![flag("a", 2, "y"), flag("b", 1, "x"), flag("a", 3, "x")]);
        assert_eq!(flags.slot(&flag("a", 2, "").flag_id), Some(slot));
        assert_eq!(change.slots.len(), 3, "changed, new, gone");
        assert_eq!(flags.len(), 3);
        let one = Subject::Address("1".into());
        assert_eq!(flags.of(&one).map(|f| f.rule).collect::<Vec<_>>(), ["b"]);
        let change = flags.replace_of(std::slice::from_ref(&one), vec![flag("a", 1, "z")]);
        assert_eq!(change.slots.len(), 2);
        assert_eq!(flags.of(&one).map(|f| f.rule).collect::<Vec<_>>(), ["a"]);
        assert_eq!(flags.len(), 3);
        assert!(flags.get("0000000000000000").is_none());
    }
}
