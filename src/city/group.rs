//! Groups of flags: a batch with one cause is one thing to decide.

use super::City;
use crate::check::batch::BatchCause;
use crate::domain::{BatchId, Flag, FlagRef, Subject, Tier, flag};
use sha2::{Digest, Sha256};
use std::sync::Arc;

/// The flags of a batch that have its one cause and may be accepted together.
#[derive(Debug, Clone)]
pub struct Group {
    /// Deterministic: see [`group_id`].
    pub id: String,
    /// Rule of its flags.
    pub rule: &'static str,
    /// The collection batch.
    pub batch: BatchId,
    /// What moved it.
    pub cause: BatchCause,
    /// Rows of all its addresses that are in use and have coordinates.
    pub pins: Vec<u32>,
    /// Rows of those whose open flag says this cause, so surely that a person may accept them all at once.
    pub members: Vec<(u32, Arc<Flag>)>,
}

/// The identifier of a rule's group in a batch: 16 hexadecimal digits of SHA-256 over both. The same group has the same
/// identifier in every run.
pub fn group_id(rule: &str, batch: &str) -> String {
    let digest = Sha256::new().chain_update("group").chain_update([0]).chain_update(rule);
    hex::encode(&digest.chain_update([0]).chain_update(batch).finalize()[..8])
}

impl City {
    /// Batches with one cause, in the order in which their first address stands; without members none is listed.
    pub fn groups(&self) -> Vec<Group> {
        let Some(found) = self.detection.get() else { return Vec::new() };
        found.groups().filter_map(|group| self.group_with(group)).collect()
    }

    /// The group with an identifier.
    pub fn group(&self, id: &str) -> Option<Group> {
        let found = self.detection.get()?;
        let named = |group: &crate::check::group::Group| {
            let batch = group.pins.first().and_then(|row| self.address_at(*row).batch());
            batch.is_some_and(|batch| group_id(group.cause.cause.rule(), batch) == id)
        };
        found.groups().find(named).and_then(|group| self.group_with(group))
    }

    /// The group that the open flag of the address in `row` belongs to: its identifier.
    pub fn group_id_of(&self, row: u32, flag: &Flag) -> Option<String> {
        let group = self.detection.get()?.group_of(row)?;
        let rule = group.cause.cause.rule();
        let batch = self.address_at(row).batch()?;
        (flag.rule == rule && self.may_go_together(flag)).then(|| group_id(rule, batch))
    }

    /// Whether there is any batch with one cause.
    pub fn has_groups(&self) -> bool {
        self.detection.get().is_some_and(|found| found.groups().next().is_some())
    }

    /// Whether an open flag belongs to a group: the address's row then.
    pub fn row_in_group(&self, flag: FlagRef) -> Option<u32> {
        if flag.tier() != Some(Tier::Auto) || !flag.suggests_place() {
            return None;
        }
        let row = self.address(flag.address()?)?;
        let group = self.detection.get()?.group_of(row)?;
        (flag.rule() == group.cause.cause.rule() && self.shows(flag)).then_some(row)
    }

    fn group_with(&self, group: crate::check::group::Group) -> Option<Group> {
        let rule = group.cause.cause.rule();
        let member = |row: &u32| {
            let subject = Subject::Address(self.address_at(*row).id().to_owned());
            let flag = group.explains(*row).then(|| self.flags.get(&flag::flag_id(rule, &subject))).flatten()?;
            self.may_go_together(&flag).then(|| (*row, Arc::new(flag)))
        };
        let members: Vec<(u32, Arc<Flag>)> = group.pins.iter().filter_map(member).collect();
        let batch = BatchId::from(self.address_at(members.first()?.0).batch()?);
        Some(Group { id: group_id(rule, &batch), rule, batch, cause: group.cause, pins: group.pins.to_vec(), members })
    }

    /// Whether a flag may be accepted together with others: sure, with a place of its own, and not dismissed.
    fn may_go_together(&self, flag: &Flag) -> bool {
        flag.tier == Some(Tier::Auto) && self.is_open(flag) && flag.suggestion.as_ref().is_some_and(|s| s.at.is_some())
    }
}
