//! Ground that two grids of one level both cover.
//!
//! Only pairs that have leftovers near each other are intersected, and those that hold each other's middles: one coverage
//! upon another has no leftovers inside.

use super::ground::{Ground, holds};
use super::leftover::{Edges, Part};
use super::node::Node;
use super::part;
use crate::domain::LonLat;
use geo::{BooleanOps, InteriorPoint};
use rayon::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// The overlaps of a level.
#[derive(Debug, Clone, Default)]
pub struct Overlaps {
    /// A point inside of each grid, by position.
    middles: Arc<Vec<Option<LonLat>>>,
    /// The pieces in which two grids overlap; the grid of the lower position comes first.
    pub pieces: BTreeMap<(u32, u32), Vec<Part>>,
}

impl Overlaps {
    /// Takes over what differs at some grids: those whose shape is another one, or their leftovers.
    pub fn edit(&mut self, ground: &Ground, edges: &Edges, asked: &BTreeSet<u32>) {
        self.pieces.retain(|(a, b), _| !asked.contains(a) && !asked.contains(b));
        let now: Vec<u32> = asked.iter().copied().filter(|i| ground.is_member(*i)).collect();
        let middle = |i: &u32| ground.grid(*i).polygon.interior_point().map(|p| LonLat::new(p.x(), p.y()));
        let found: Vec<Option<LonLat>> = now.par_iter().map(middle).collect();
        let middles = Arc::make_mut(&mut self.middles);
        middles.resize(ground.context.grid.len(), None);
        for i in asked.range(..middles.len() as u32) {
            middles[*i as usize] = None;
        }
        now.iter().zip(found).for_each(|(i, middle)| middles[*i as usize] = middle);

        let rest: Vec<(u32, LonLat)> = ground
            .members()
            .filter(|i| !asked.contains(i))
            .filter_map(|i| Some((i, self.middles[i as usize]?)))
            .collect();
        let pairs = |i: &u32| {
            let i = *i;
            self.pairs(ground, edges, i, &rest).into_iter().map(move |j| (i.min(j), i.max(j)))
        };
        let mut pairs: Vec<(u32, u32)> = now.par_iter().flat_map_iter(pairs).collect();
        pairs.sort_unstable();
        pairs.dedup();
        let cut: Vec<((u32, u32), Vec<Part>)> = pairs
            .into_par_iter()
            .map(|pair| (pair, overlap(ground, pair)))
            .filter(|(_, parts)| !parts.is_empty())
            .collect();
        self.pieces.extend(cut);
    }

    /// The grids that may overlap one; `rest` are those with their middles that are not asked themselves.
    fn pairs(&self, ground: &Ground, edges: &Edges, i: u32, rest: &[(u32, LonLat)]) -> BTreeSet<u32> {
        let bounds = ground.shape(i).bounds;
        let mut pairs = BTreeSet::new();
        for edge in edges.touching(bounds) {
            if edge.grid == i {
                pairs.extend(ground.touching(edge.bounds(0.0)));
            } else {
                pairs.insert(edge.grid);
            }
        }
        let grid = &ground.context.grid;
        let held = self.middles[i as usize].map(|middle| grid.locate_all(middle, ground.level)).unwrap_or_default();
        pairs.extend(held.into_iter().filter(|other| ground.is_member(*other)));
        let middle_in = |at: &LonLat| holds(bounds, Node::new(ground.frame.xy(*at))) && grid.covers(i, *at);
        pairs.extend(rest.iter().filter(|(_, at)| middle_in(at)).map(|(other, _)| *other));
        pairs.remove(&i);
        pairs
    }
}

fn overlap(ground: &Ground, (a, b): (u32, u32)) -> Vec<Part> {
    let (a, b) = if ground.order(a, b).is_le() { (a, b) } else { (b, a) };
    let limits = ground.context.thresholds;
    let common = ground.shape(a).polygon.intersection(&ground.shape(b).polygon);
    let parts = common.iter().map(part);
    parts.filter(|p| p.area_m2 >= limits.grid_overlap_area_m2 && p.width_m >= limits.grid_overlap_width_m).collect()
}
