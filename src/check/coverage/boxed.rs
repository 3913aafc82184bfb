//! What of a list touches a box, also where hardly anybody asks.

use super::ground::Bounds;
use crate::index::BoxIndex;
use crate::index::boxes::meet;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

/// A list, and what of it touches a box. The first few who ask have the list read through: after an edit nobody else asks,
/// and an index of everything would take longer than all of the rest.
pub struct Boxed<'a, T> {
    all: &'a [T],
    bounds: fn(&T) -> Bounds,
    asked: AtomicUsize,
    boxes: OnceLock<BoxIndex>,
}

impl<'a, T> Boxed<'a, T> {
    const FEW: usize = 32;

    pub fn new(all: &'a [T], bounds: fn(&T) -> Bounds) -> Self {
        Boxed { all, bounds, asked: AtomicUsize::new(0), boxes: OnceLock::new() }
    }

    /// Places in the list of what touches a box, ascending.
    pub fn touching(&self, b: Bounds) -> Vec<u32> {
        if self.asked.fetch_add(1, Relaxed) < Self::FEW && self.boxes.get().is_none() {
            let touches = |one: &T| meet((self.bounds)(one), b);
            return (0..).zip(self.all).filter(|(_, one)| touches(one)).map(|(k, _)| k).collect();
        }
        let mut found = Vec::new();
        self.boxes.get_or_init(|| BoxIndex::build(self.all.iter().map(self.bounds))).touching(b, &mut found);
        found
    }
}
