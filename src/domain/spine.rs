//! A long list of things that are shared: two levels, so that neither a copy nor a change counts all of them.

use std::sync::Arc;

/// Things of a node.
const NODE: usize = 64;

/// A list whose clone shares nodes of 64 things. With a list of `Arc`s in one `Vec`, a clone would raise the count of each,
/// ten thousand places of memory for a city of ten million addresses, and every edit clones some forty lists.
#[derive(Debug)]
pub struct Spine<T> {
    nodes: Vec<Arc<[T]>>,
    len: usize,
}

impl<T> Clone for Spine<T> {
    fn clone(&self) -> Self {
        Spine { nodes: self.nodes.clone(), len: self.len }
    }
}

impl<T> Default for Spine<T> {
    fn default() -> Self {
        Spine { nodes: Vec::new(), len: 0 }
    }
}

impl<T> Spine<T> {
    /// How many there are.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The thing at `index`, if there is one.
    #[inline]
    pub fn get(&self, index: usize) -> Option<&T> {
        self.nodes.get(index / NODE)?.get(index % NODE)
    }

    /// All in order.
    pub fn iter(&self) -> impl Iterator<Item = &T> + Clone {
        self.nodes.iter().flat_map(|node| node.iter())
    }

    /// How many from the first on a predicate holds for, which holds for none behind one that it does not hold for.
    pub fn partition_point(&self, holds: impl Fn(&T) -> bool) -> usize {
        let node = self.nodes.partition_point(|node| node.first().is_some_and(&holds)).saturating_sub(1);
        node * NODE + self.nodes.get(node).map_or(0, |node| node.partition_point(holds))
    }
}

impl<T: Clone> Spine<T> {
    /// Appends one.
    pub fn push(&mut self, thing: T) {
        match self.nodes.last_mut().filter(|node| node.len() < NODE) {
            Some(node) => *node = node.iter().cloned().chain([thing]).collect(),
            None => self.nodes.push(Arc::new([thing])),
        }
        self.len += 1;
    }

    /// The thing at `index`, to be changed.
    ///
    /// # Panics
    /// When there is none.
    pub fn get_mut(&mut self, index: usize) -> &mut T {
        &mut Arc::make_mut(&mut self.nodes[index / NODE])[index % NODE]
    }

    /// The last one, to be changed.
    pub fn last_mut(&mut self) -> Option<&mut T> {
        Some(self.get_mut(self.len.checked_sub(1)?))
    }

    /// Keeps the first `len`.
    pub fn truncate(&mut self, len: usize) {
        if len >= self.len {
            return;
        }
        self.nodes.truncate(len.div_ceil(NODE));
        if let Some(node) = self.nodes.last_mut() {
            let left = len - (len - 1) / NODE * NODE;
            if left < node.len() {
                *node = node[..left].into();
            }
        }
        self.len = len;
    }
}

impl<T> std::ops::Index<usize> for Spine<T> {
    type Output = T;
    #[inline]
    fn index(&self, index: usize) -> &T {
        &self.nodes[index / NODE][index % NODE]
    }
}

impl<T> FromIterator<T> for Spine<T> {
    fn from_iter<I: IntoIterator<Item = T>>(things: I) -> Self {
        let mut things = things.into_iter();
        let (mut nodes, mut len) = (Vec::new(), 0);
        loop {
            let node: Arc<[T]> = things.by_ref().take(NODE).collect();
            if node.is_empty() {
                return Spine { nodes, len };
            }
            len += node.len();
            nodes.push(node);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn behaves_like_a_vec(
            start in 0usize..400,
            edits in prop::collection::vec((0u8..4, any::<prop::sample::Index>(), 0u32..1_000), 0..30),
        ) {
            let mut oracle: Vec<u32> = (0..start as u32).collect();
            let before: Spine<u32> = oracle.iter().copied().collect();
            let mut spine = before.clone();
            for (what, at, value) in edits {
                let at = at.index(oracle.len() + 1);
                match what {
                    0 => {
                        oracle.truncate(at);
                        spine.truncate(at);
                    }
                    1 if at < oracle.len() => {
                        oracle[at] = value;
                        *spine.get_mut(at) = value;
                    }
                    _ => {
                        oracle.push(value);
                        spine.push(value);
                        prop_assert_eq!(spine.last_mut().copied(), Some(value));
                    }
                }
                prop_assert_eq!((spine.len(), spine.is_empty()), (oracle.len(), oracle.is_empty()));
                prop_assert!(spine.iter().eq(oracle.iter()));
            }
            prop_assert!((0..oracle.len()).all(|i| spine[i] == oracle[i] && spine.get(i) == Some(&oracle[i])));
            prop_assert!(spine.get(oracle.len()).is_none());
            oracle.sort_unstable();
            let sorted: Spine<u32> = oracle.iter().copied().collect();
            for bound in oracle.iter().flat_map(|value| [*value, value + 1]).chain([0]) {
                let place = oracle.partition_point(|value| *value < bound);
                prop_assert_eq!(sorted.partition_point(|value| *value < bound), place);
            }
            prop_assert!(before.iter().copied().eq(0..start as u32), "a clone was disturbed");
        }
    }
}
