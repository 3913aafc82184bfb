//! Edits of points: the chunks that they fall into are made anew, and all others are shared.

use super::{Entry, Item, Points, Slot};
use crate::city::chunk::{Builder, FILL, MOST};
use std::collections::BTreeMap;

impl Points {
    /// Takes out the points in `gone` and puts in those in `come`. A point that is in neither is left alone.
    pub fn change(&mut self, gone: Vec<Entry>, come: Vec<Entry>) {
        let (gone, come) = differing(gone, come);
        if gone.is_empty() && come.is_empty() {
            return;
        }
        let mut edits: Edits = BTreeMap::new();
        for (which, entries) in [gone, come].into_iter().enumerate() {
            for entry in entries {
                let begins = |slot: &Slot| {
                    slot.key < entry.point.key
                        || (slot.key == entry.point.key && slot.chunk.item(0).order() <= entry.item().order())
                };
                let at = self.chunks.partition_point(begins).saturating_sub(1);
                edits.entry(at).or_default()[which].push(entry);
            }
        }
        match self.in_their_places(&edits) {
            Some(made) => {
                for (at, slot) in made {
                    let old = self.chunks.get_mut(at);
                    self.len = self.len + slot.chunk.len() - old.chunk.len();
                    *old = slot;
                }
            }
            None => self.cut_anew(edits),
        }
    }

    /// The edited chunks, where none of them is cut and none has too little left.
    fn in_their_places(&self, edits: &Edits) -> Option<Vec<(usize, Slot)>> {
        let made = edits.iter().map(|(at, [gone, come])| {
            let old = &*self.chunks.get(*at)?.chunk;
            let mut whole: Vec<Item> = Vec::with_capacity(old.len() + come.len());
            merge((0..old.len()).map(|i| old.item(i)), gone, come, &mut whole);
            // The last one has none behind it that it could join.
            let least = if at + 1 < self.chunks.len() { FEWEST } else { 1 };
            (least..=MOST).contains(&whole.len()).then(|| (*at, slot(&whole)))
        });
        made.collect()
    }

    /// Makes the edited chunks, and those that chunks with too little left join, and numbers all of them anew.
    fn cut_anew(&mut self, edits: Edits) {
        let mut chunks: Vec<Slot> = Vec::with_capacity(self.chunks.len() + 1);
        let mut edits = edits.into_iter().peekable();
        let mut small = false;
        for at in 0..self.chunks.len().max(1) {
            let old = self.chunks.get(at);
            let mut whole: Vec<Item> = Vec::new();
            let edit = edits.next_if(|(edited, _)| *edited == at);
            if edit.is_none() && !small {
                chunks.extend(old.cloned());
                continue;
            }
            // What the chunk before has too little of joins this one.
            let before = if small { chunks.pop() } else { None };
            if let Some(Slot { chunk: before, .. }) = &before {
                whole.extend((0..before.len()).map(|i| before.item(i)));
            }
            let kept = old.iter().flat_map(|slot| (0..slot.chunk.len()).map(|i| slot.chunk.item(i)));
            match &edit {
                Some((_, [gone, come])) => merge(kept, gone, come, &mut whole),
                None => whole.extend(kept),
            }
            self.len = self.len + whole.len()
                - [&before, &old.cloned()].into_iter().flatten().map(|slot| slot.chunk.len()).sum::<usize>();
            small = !whole.is_empty() && whole.len() < FEWEST;
            // One chunk, or equal parts of it.
            let parts = if whole.len() > MOST { whole.len().div_ceil(FILL) } else { 1 };
            chunks.extend(whole.chunks(whole.len().div_ceil(parts).max(1)).map(slot));
        }
        self.chunks = chunks.into_iter().collect();
    }
}

/// What goes and what comes, by the chunk.
type Edits = BTreeMap<usize, [Vec<Entry>; 2]>;

/// Points of a chunk below which it joins the next.
const FEWEST: usize = FILL / 4;

fn slot(items: &[Item]) -> Slot {
    let mut builder = Builder::default();
    items.iter().for_each(|item| builder.push(item));
    Slot::of(builder.end())
}

/// Both sorted, without what is in both.
fn differing(mut gone: Vec<Entry>, mut come: Vec<Entry>) -> (Vec<Entry>, Vec<Entry>) {
    gone.sort_unstable_by(|a, b| a.item().order().cmp(&b.item().order()));
    come.sort_unstable_by(|a, b| a.item().order().cmp(&b.item().order()));
    let same = |entry: &Entry, others: &[Entry]| {
        let at = others.partition_point(|other| other.item().order() < entry.item().order());
        others.get(at) == Some(entry)
    };
    let left: Vec<bool> = gone.iter().map(|entry| !same(entry, &come)).collect();
    come.retain(|entry| !same(entry, &gone));
    let mut left = left.into_iter();
    gone.retain(|_| left.next().unwrap_or(true));
    (gone, come)
}

/// Adds what is kept of a chunk and what comes, in order.
fn merge<'a>(kept: impl Iterator<Item = Item<'a>>, gone: &[Entry], come: &'a [Entry], out: &mut Vec<Item<'a>>) {
    let (mut gone, mut come) = (gone.iter().peekable(), come.iter().peekable());
    for item in kept {
        while gone.next_if(|entry| entry.item().order() < item.order()).is_some() {}
        if gone.next_if(|entry| entry.item().order() == item.order()).is_some() {
            continue;
        }
        while let Some(entry) = come.next_if(|entry| entry.item().order() < item.order()) {
            out.push(entry.item());
        }
        out.push(item);
    }
    out.extend(come.map(Entry::item));
}
