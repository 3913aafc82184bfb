//! Edits of points: the chunks that they fall into are made anew, and all others are shared.

use super::{Entry, Item, Points, packed};
use crate::city::chunk::{Builder, Chunk, FILL, MOST};
use std::collections::BTreeMap;
use std::sync::Arc;

impl Points {
    /// Takes out the points in `gone` and puts in those in `come`. A point that is in neither is left alone.
    pub fn change(&mut self, gone: Vec<Entry>, come: Vec<Entry>) {
        let (gone, come) = differing(gone, come);
        if gone.is_empty() && come.is_empty() {
            return;
        }
        let mut edits: BTreeMap<usize, [Vec<Entry>; 2]> = BTreeMap::new();
        for (which, entries) in [gone, come].into_iter().enumerate() {
            for entry in entries {
                let begins = |(key, chunk): &(u64, Arc<Chunk>)| {
                    *key < entry.point.key || (*key == entry.point.key && chunk.item(0).order() <= entry.item().order())
                };
                let at = self.chunks.partition_point(begins).saturating_sub(1);
                edits.entry(at).or_default()[which].push(entry);
            }
        }
        let mut chunks: Vec<(u64, Arc<Chunk>)> = Vec::with_capacity(self.chunks.len() + 1);
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
            if let Some((_, before)) = &before {
                whole.extend((0..before.len()).map(|i| before.item(i)));
            }
            let kept = old.iter().flat_map(|(_, chunk)| (0..chunk.len()).map(|i| chunk.item(i)));
            match &edit {
                Some((_, [gone, come])) => merge(kept, gone, come, &mut whole),
                None => whole.extend(kept),
            }
            self.len = self.len + whole.len()
                - [&before, &old.cloned()].into_iter().flatten().map(|(_, chunk)| chunk.len()).sum::<usize>();
            small = !whole.is_empty() && whole.len() < FILL / 4;
            // One chunk, or equal parts of it.
            let parts = if whole.len() > MOST { whole.len().div_ceil(FILL) } else { 1 };
            for part in whole.chunks(whole.len().div_ceil(parts).max(1)) {
                let mut builder = Builder::default();
                part.iter().for_each(|item| builder.push(item));
                chunks.push(packed(builder.end()));
            }
        }
        self.chunks = Arc::new(chunks);
    }
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
