//! Opaque cursors: where the next page of a list begins. A cursor names the last item's sort key, not a row number, so
//! that edits between two pages neither repeat nor skip what did not change.

use crate::domain::AddressRef;
use serde::Serialize;
use std::borrow::Cow;
use std::cmp::Ordering;

/// The sort key of the last item of a page: a number, then an identifier that breaks ties.
#[derive(Debug, Clone, PartialEq)]
pub struct Cursor {
    /// First part of the key; finite.
    pub rank: f64,
    /// Second part of the key.
    pub id: String,
}

impl Cursor {
    /// The key of an item.
    pub fn new(rank: f64, id: impl Into<String>) -> Self {
        Cursor { rank, id: id.into() }
    }

    /// As text: hexadecimal digits of the number's bits and of the identifier.
    pub fn print(&self) -> String {
        format!("{:016x}{}", self.rank.to_bits(), hex::encode(&self.id))
    }

    /// Reads what [`Cursor::print`] wrote; none for anything else.
    pub fn parse(text: &str) -> Option<Cursor> {
        let bits = u64::from_str_radix(text.get(..16)?, 16).ok()?;
        let id = String::from_utf8(hex::decode(text.get(16..)?).ok()?).ok()?;
        let rank = f64::from_bits(bits);
        rank.is_finite().then_some(Cursor { rank, id })
    }
}

/// What a list holds.
pub trait Named {
    /// The identifier that tells it from others of the same rank.
    fn id(&self) -> &str;
}

/// A row with its record's identifier.
impl Named for (&str, u32) {
    fn id(&self) -> &str {
        self.0
    }
}

impl Named for AddressRef<'_> {
    fn id(&self) -> &str {
        AddressRef::id(*self)
    }
}

impl Named for (Cow<'_, str>, u32) {
    fn id(&self) -> &str {
        &self.0
    }
}

/// The page that follows `after`, out of items in any order: those with the least keys. Keeps hardly more than a page.
pub struct Top<'a, T> {
    after: Option<&'a Cursor>,
    limit: usize,
    /// In no order; once `is_full`, the one at `limit` is the greatest of the `limit + 1` before it, and what is greater
    /// than that is not wanted.
    best: Vec<(f64, T)>,
    is_full: bool,
}

fn order<T: Named>(a: &(f64, T), b: &(f64, T)) -> Ordering {
    a.0.total_cmp(&b.0).then_with(|| a.1.id().cmp(b.1.id()))
}

impl<'a, T: Named> Top<'a, T> {
    /// An empty page of `limit` items.
    pub fn new(after: Option<&'a Cursor>, limit: usize) -> Self {
        Top { after, limit, best: Vec::new(), is_full: false }
    }

    /// Whether no item of this rank, or of a greater one, comes onto the page any more.
    pub fn is_beyond(&self, rank: f64) -> bool {
        self.is_full && rank > self.best[self.limit].0
    }

    /// Takes an item in, if it belongs to the page so far.
    pub fn push(&mut self, rank: f64, item: T) {
        let limit = self.limit;
        let is_after = |after: &Cursor| rank.total_cmp(&after.rank).then_with(|| item.id().cmp(&after.id)).is_gt();
        if !self.after.is_none_or(is_after) {
            return;
        }
        let new = (rank, item);
        if self.is_full && order(&new, &self.best[limit]).is_gt() {
            return;
        }
        self.best.push(new);
        if self.best.len() > 2 * limit + 256 {
            self.best.select_nth_unstable_by(limit, order);
            self.best.truncate(limit + 1);
            self.is_full = true;
        }
    }

    /// Whether there is more than the page.
    pub fn has_more(&self) -> bool {
        self.best.len() > self.limit
    }

    /// The items by ascending key, and the cursor of the next page if there is one.
    pub fn finish(mut self) -> (Vec<(f64, T)>, Option<String>) {
        let more = self.has_more();
        self.best.sort_by(order);
        self.best.truncate(self.limit);
        let next = self.best.last().filter(|_| more).map(|(rank, item)| Cursor::new(*rank, item.id()).print());
        (self.best, next)
    }
}

/// Cuts the page that follows `after` out of items in any order: `limit` items by ascending key, and the cursor of the
/// next page if there is more.
pub fn page<T: Named>(
    items: impl IntoIterator<Item = (f64, T)>,
    after: Option<&Cursor>,
    limit: usize,
) -> (Vec<(f64, T)>, Option<String>) {
    let mut top = Top::new(after, limit);
    items.into_iter().for_each(|(rank, item)| top.push(rank, item));
    top.finish()
}

/// A page of a list.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Page<T> {
    /// The items.
    pub items: Vec<T>,
    /// Give it back as `cursor` to read on; none on the last page.
    pub next: Option<String>,
}

/// A page of a list that says how many items there are on all pages.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct CountedPage<T> {
    /// The items.
    pub items: Vec<T>,
    /// Give it back as `cursor` to read on; none on the last page.
    pub next: Option<String>,
    /// Items on all pages.
    pub total: usize,
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    impl Named for String {
        fn id(&self) -> &str {
            self
        }
    }

    proptest! {
        #[test]
        fn pages_put_together_are_the_whole_list(
            keys in prop::collection::hash_map("[a-e]{1,4}", 0u8..4, 0..700),
            limit in prop::sample::select(vec![1usize, 3, 6, 50, 300]),
        ) {
            // In any order.
            let items: Vec<(f64, String)> = keys.into_iter().map(|(id, rank)| (f64::from(rank), id)).collect();
            let mut expected = items.clone();
            expected.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
            let (mut read, mut after) = (Vec::new(), None);
            loop {
                let (got, next) = page(items.clone(), after.as_ref(), limit);
                read.extend(got);
                let Some(next) = next else { break };
                after = Some(Cursor::parse(&next).expect("own cursor"));
            }
            prop_assert_eq!(read, expected);
        }

        #[test]
        fn any_text_is_a_cursor_or_none(text in ".{0,40}") {
            if let Some(cursor) = Cursor::parse(&text) {
                prop_assert_eq!(Cursor::parse(&cursor.print()), Some(cursor));
            }
        }
    }
}
