//! The flags of a city: by identifier, by subject, in a stable order, cheap to copy.

use crate::domain::{Flag, Standing, Subject, Table};
use crate::index::{Lookup, key_of};
use chrono::{DateTime, Utc};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

/// All flags. A flag keeps its slot as long as it stands, so that lists do not jump.
#[derive(Debug, Clone, Default)]
pub struct Flags {
    slots: Table<Option<Arc<Flag>>>,
    /// When each was first found: microseconds since 1970.
    since: Table<i64>,
    by_id: Lookup,
    by_subject: Lookup,
    /// Slots of the flags about grids.
    of_grids: Arc<BTreeSet<u32>>,
    standing: usize,
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
fn now_us() -> i64 {
    Utc::now().timestamp_micros()
}

impl Flags {
    /// The flags of a check, in its order, found now.
    pub fn build(flags: Vec<Flag>) -> Flags {
        let now = now_us();
        let since = flags.iter().map(|_| now).collect();
        Flags::of_slots(flags.into_iter().map(|flag| Some(Arc::new(flag))).collect(), since)
    }

    /// Flags that were found before.
    pub fn found_before(standing: Vec<Standing>) -> Flags {
        let since = standing.iter().map(|one| one.since.timestamp_micros()).collect();
        Flags::of_slots(standing.into_iter().map(|one| Some(Arc::new(one.flag))).collect(), since)
    }

    fn of_slots(slots: Table<Option<Arc<Flag>>>, since: Table<i64>) -> Flags {
        let flags = || slots.iter().flatten().zip(0..);
        let ids: Vec<(u64, u32)> = flags().map(|(f, slot)| (key_of(f.flag_id.as_str()), slot)).collect();
        let subjects: Vec<(u64, u32)> = flags().map(|(f, slot)| (key_of(&f.subject), slot)).collect();
        let of_grids = flags().filter(|(f, _)| matches!(f.subject, Subject::Grid(_))).map(|(_, slot)| slot);
        let of_grids = Arc::new(of_grids.collect());
        let standing = slots.len();
        Flags { slots, since, by_id: Lookup::build(ids), by_subject: Lookup::build(subjects), of_grids, standing }
    }

    /// How many stand.
    pub fn len(&self) -> usize {
        self.standing
    }

    /// Whether none stands.
    pub fn is_empty(&self) -> bool {
        self.standing == 0
    }

    /// Number of slots, empty ones included.
    pub fn slots(&self) -> u32 {
        self.slots.len() as u32
    }

    /// The flag in a slot.
    pub fn at(&self, slot: u32) -> Option<&Arc<Flag>> {
        self.slots.get(slot as usize)?.as_ref()
    }

    /// The flag with an identifier.
    pub fn get(&self, flag_id: &str) -> Option<&Arc<Flag>> {
        self.at(self.slot(flag_id)?)
    }

    /// The slot of the flag with an identifier.
    pub fn slot(&self, flag_id: &str) -> Option<u32> {
        self.by_id.get(key_of(flag_id)).find(|slot| self.at(*slot).is_some_and(|flag| flag.flag_id == flag_id))
    }

    /// The flags about a subject, in their order.
    pub fn of<'a, 'b>(&'a self, subject: &'b Subject) -> impl Iterator<Item = &'a Arc<Flag>> + use<'a, 'b> {
        self.by_subject.get(key_of(subject)).filter_map(|slot| self.at(slot)).filter(move |f| f.subject == *subject)
    }

    /// The flags about grids, in the order of their slots.
    pub fn of_grids(&self) -> impl Iterator<Item = &Arc<Flag>> {
        self.of_grids.iter().filter_map(|slot| self.at(*slot))
    }

    /// All flags in the order of the check, later ones at the end.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<Flag>> {
        self.slots.iter().flatten()
    }

    /// When the flag in a slot was first found.
    pub fn since(&self, slot: u32) -> Option<DateTime<Utc>> {
        self.at(slot)?;
        DateTime::from_timestamp_micros(*self.since.get(slot as usize)?)
    }

    /// A flag that stands, with its time.
    pub fn standing(&self, flag_id: &str) -> Option<(&Flag, DateTime<Utc>)> {
        let slot = self.slot(flag_id)?;
        Some((self.at(slot)?, self.since(slot)?))
    }

    /// All flags with their slots, in the order of the check, later ones at the end.
    pub fn with_slots(&self) -> impl Iterator<Item = (u32, &Arc<Flag>)> {
        (0..).zip(self.slots.iter()).filter_map(|(slot, flag)| Some((slot, flag.as_ref()?)))
    }

    /// Takes over the answer of a new check of everything and says what changed. What stood already stands since then.
    pub fn replace(&mut self, flags: Vec<Flag>) -> Change {
        let now = now_us();
        self.replace_all(flags.into_iter().map(|flag| (Arc::new(flag), now)), false)
    }

    /// Takes over the flags of another check of the same city: what stood here already stands since then.
    pub(super) fn replace_by(&mut self, other: &Flags) -> Change {
        self.replace_all(other.with_slots().map(|(slot, flag)| (flag.clone(), other.since[slot as usize])), false)
    }

    /// Takes over all flags that somebody else found.
    pub(super) fn replace_by_found(&mut self, standing: Vec<Standing>) -> Change {
        self.replace_all(standing.into_iter().map(|one| (Arc::new(one.flag), one.since.timestamp_micros())), true)
    }

    fn replace_all(&mut self, flags: impl Iterator<Item = (Arc<Flag>, i64)>, anew: bool) -> Change {
        let mut known: HashMap<String, u32> = HashMap::with_capacity(self.standing);
        known.extend(self.with_slots().map(|(slot, flag)| (flag.flag_id.clone(), slot)));
        let mut change = Change::default();
        for (flag, since) in flags {
            let slot = known.remove(flag.flag_id.as_str());
            self.put(slot, flag, since, anew, &mut change);
        }
        let mut gone: Vec<u32> = known.into_values().collect();
        gone.sort_unstable();
        gone.into_iter().for_each(|slot| self.clear(slot, &mut change));
        change
    }

    /// Takes over the answer of a new check of some subjects: `flags` are all that these subjects have now.
    pub fn replace_of(&mut self, subjects: &[Subject], flags: Vec<Flag>) -> Change {
        let now = now_us();
        let mut change = Change::default();
        let mut known: BTreeMap<String, u32> = BTreeMap::new();
        for subject in subjects {
            let slots = self.by_subject.get(key_of(subject));
            let standing = slots.filter_map(|slot| Some((self.at(slot).filter(|f| f.subject == *subject)?, slot)));
            known.extend(standing.map(|(flag, slot)| (flag.flag_id.clone(), slot)));
        }
        for flag in flags {
            let slot = known.remove(&flag.flag_id).or_else(|| self.slot(&flag.flag_id));
            self.put(slot, Arc::new(flag), now, false, &mut change);
        }
        known.into_values().for_each(|slot| self.clear(slot, &mut change));
        change
    }

    /// Takes over what somebody else found: flags that stand now, and identifiers of flags that don't any more.
    pub(super) fn take_found(&mut self, standing: Vec<Standing>, gone: &[String]) -> Change {
        let mut change = Change::default();
        for Standing { flag, since } in standing {
            self.put(self.slot(&flag.flag_id), Arc::new(flag), since.timestamp_micros(), true, &mut change);
        }
        let slots: Vec<u32> = gone.iter().filter_map(|id| self.slot(id)).collect();
        slots.into_iter().for_each(|slot| self.clear(slot, &mut change));
        change
    }

    /// Puts a flag in its slot, or in a new one; one that is there already stands since then, unless `anew`.
    fn put(&mut self, slot: Option<u32>, flag: Arc<Flag>, since: i64, anew: bool, change: &mut Change) {
        if let Some(slot) = slot.filter(|slot| anew && self.since[*slot as usize] != since) {
            self.since.set(slot as usize, since);
        }
        if slot.and_then(|slot| self.at(slot)).is_some_and(|known| *known == flag) {
            return;
        }
        let (id, subject) = (key_of(flag.flag_id.as_str()), key_of(&flag.subject));
        change.subjects.push(flag.subject.clone());
        change.ids.push(flag.flag_id.clone());
        let is_of_grids = matches!(flag.subject, Subject::Grid(_));
        let slot = match slot {
            Some(slot) => {
                self.slots.set(slot as usize, Some(flag));
                slot
            }
            None => {
                self.standing += 1;
                self.since.push(since);
                self.slots.push(Some(flag)) as u32
            }
        };
        self.by_id.insert(id, slot);
        self.by_subject.insert(subject, slot);
        if is_of_grids {
            Arc::make_mut(&mut self.of_grids).insert(slot);
        }
        change.slots.push(slot);
    }

    fn clear(&mut self, slot: u32, change: &mut Change) {
        if let Some(flag) = self.at(slot) {
            change.subjects.push(flag.subject.clone());
            change.ids.push(flag.flag_id.clone());
            change.slots.push(slot);
            if matches!(flag.subject, Subject::Grid(_)) {
                Arc::make_mut(&mut self.of_grids).remove(&slot);
            }
            self.slots.set(slot as usize, None);
            self.standing -= 1;
        }
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
