//! Opaque cursors: where the next page of a list begins. A cursor names the last item's sort key, not a row number, so
//! that edits between two pages neither repeat nor skip what did not change.

use serde::Serialize;

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

/// Cuts the page that follows `after` out of items in any order: `limit` items by ascending key, and the cursor of the
/// next page if there is more.
pub fn page<T>(
    items: impl IntoIterator<Item = (f64, T)>,
    id: impl Fn(&T) -> &str,
    after: Option<&Cursor>,
    limit: usize,
) -> (Vec<(f64, T)>, Option<String>) {
    let order = |a: &(f64, T), b: &(f64, T)| a.0.total_cmp(&b.0).then_with(|| id(&a.1).cmp(id(&b.1)));
    let mut items: Vec<(f64, T)> = items
        .into_iter()
        .filter(|(rank, item)| {
            after.is_none_or(|after| rank.total_cmp(&after.rank).then_with(|| id(item).cmp(&after.id)).is_gt())
        })
        .collect();
    let more = items.len() > limit;
    if more {
        items.select_nth_unstable_by(limit, order);
        items.truncate(limit);
    }
    items.sort_by(order);
    let next = items.last().filter(|_| more).map(|(rank, item)| Cursor::new(*rank, id(item)).print());
    (items, next)
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

    proptest! {
        #[test]
        fn pages_put_together_are_the_whole_list(keys in prop::collection::btree_map("[a-e]{1,3}", 0u8..4, 0..40), limit in 1usize..7) {
            let items: Vec<(f64, String)> = keys.into_iter().map(|(id, rank)| (f64::from(rank), id)).collect();
            let mut expected = items.clone();
            expected.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
            let (mut read, mut after) = (Vec::new(), None);
            loop {
                let (got, next) = page(items.clone(), |id| id, after.as_ref(), limit);
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
