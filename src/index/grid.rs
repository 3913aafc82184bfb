//! The grids of a city: which one a point lies in, how far its border is, what is below what.

use super::boxes::{BoxIndex, NOTHING, join};
use super::cover::{Cover, Member};
use super::difference::difference;
use super::hierarchy::{Hierarchy, Known};
use super::outline::{Outline, Side};
use crate::domain::{Frame, Grid, GridCode, GridLevel, LonLat, Table};
use chrono::NaiveDate;
use foldhash::fast::FixedState;
use rayon::prelude::*;
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

/// The grids of a city, indexed. A grid is known by its position in the table that it was built from.
///
/// **On borders**: a grid holds its border. A point that several grids of one level hold (on a shared border, or where
/// grids overlap) belongs to the one with the lowest code. What is on a border is decided without rounding.
#[derive(Debug, Clone)]
pub struct GridIndex {
    order: Arc<Order>,
    levels: Vec<GridLevel>,
    outlines: Vec<Arc<Outline>>,
    floors: [Arc<Floor>; 5],
    cover: Cover,
    /// The box around all of them, inside out where there is none.
    bounds: [f64; 4],
}

/// What the grids are called and how they hang together.
#[derive(Debug, Clone, Default)]
struct Order {
    codes: Vec<GridCode>,
    by_code: HashMap<GridCode, u32, FixedState>,
    /// The grids by code.
    by_rank: Vec<u32>,
    tree: Hierarchy,
}

/// The grids of one level.
#[derive(Debug, Clone, Default)]
struct Floor {
    /// Grids by code; a place in this list is a rank.
    members: Vec<u32>,
    boxes: BoxIndex,
}

impl Order {
    fn build(records: &[&Grid], before: Option<&Order>) -> Order {
        let mut by_code = HashMap::with_capacity_and_hasher(records.len(), FixedState::default());
        for (i, grid) in records.iter().enumerate() {
            by_code.entry(grid.code.clone()).or_insert(i as u32);
        }
        // Nearly in order from before, which is soon sorted.
        let known = before.map_or(0, |before| before.codes.len().min(records.len())) as u32;
        let then = before.into_iter().flat_map(|before| before.by_rank.iter().copied()).filter(|i| *i < known);
        let mut by_rank: Vec<u32> = then.chain(known..records.len() as u32).collect();
        by_rank.sort_by(|a, b| records[*a as usize].code.cmp(&records[*b as usize].code).then(a.cmp(b)));
        let mut rank = vec![0; records.len()];
        by_rank.iter().enumerate().for_each(|(r, i)| rank[*i as usize] = r as u32);
        let parents = records.iter().enumerate().map(|(i, grid)| {
            grid.parent.as_ref().and_then(|code| by_code.get(code).copied()).filter(|parent| *parent != i as u32)
        });
        let tree = match before {
            Some(before) => {
                // A grid is the same when its code is; most are where they were.
                let is_at = |i: u32, code: &GridCode| records.get(i as usize).is_some_and(|grid| grid.code == *code);
                let known = |(i, grid): (usize, &&Grid)| -> Known {
                    let was_here = before.codes.get(i) == Some(&grid.code);
                    let then = if was_here { i as u32 } else { *before.by_code.get(&grid.code)? };
                    let above = match before.tree.parent(then) {
                        Some(parent) if is_at(parent, &before.codes[parent as usize]) => Some(parent),
                        Some(parent) => Some(*by_code.get(&before.codes[parent as usize])?),
                        None => None,
                    };
                    Some((before.tree.order(then), above))
                };
                let known: Vec<Known> = records.iter().enumerate().map(known).collect();
                Hierarchy::edited(parents.collect(), &rank, &known, before.tree.limit())
            }
            None => Hierarchy::build(parents.collect(), &rank),
        };
        Order { codes: records.iter().map(|grid| grid.code.clone()).collect(), by_code, by_rank, tree }
    }
}

impl GridIndex {
    /// Indexes all grids, whatever their days of validity.
    pub fn build(grids: &Table<Grid>) -> Self {
        Self::build_where(grids, |_| true)
    }

    /// Indexes grids so that points are only located in those that are valid on `day`; the others keep their code,
    /// their place in the tree and their border.
    pub fn build_on(grids: &Table<Grid>, day: NaiveDate) -> Self {
        Self::build_where(grids, |grid| grid.is_valid_on(day))
    }

    fn build_where(grids: &Table<Grid>, valid: impl Fn(&Grid) -> bool) -> Self {
        let records: Vec<&Grid> = grids.iter().collect();
        let outlines = records.par_iter().map(|grid| Arc::new(Outline::build(grid.polygon.clone()))).collect();
        let order = Arc::new(Order::build(&records, None));
        Self::index(&records, outlines, order, valid, Cover::build, |_| None)
    }

    /// The index of the grids after some of them changed: those in `positions` hold another one than when this index was
    /// built, or the same one otherwise, also those that hold none any more. What the others are made of is shared, and
    /// those that hang where they hung keep their number, unless the index [renumbers](Self::renumbers) them.
    pub fn edit_on(&self, grids: &Table<Grid>, positions: &BTreeSet<u32>, day: NaiveDate) -> Self {
        let records: Vec<&Grid> = grids.iter().collect();
        let now = |p: &u32| records.get(*p as usize).copied();
        let drawn: Vec<(u32, Arc<Outline>)> =
            positions.iter().filter_map(|p| Some((*p, Arc::new(Outline::build(now(p)?.polygon.clone()))))).collect();
        let mut outlines = self.outlines.clone();
        outlines.resize_with(records.len(), Arc::default);
        drawn.into_iter().for_each(|(p, outline)| outlines[p as usize] = outline);
        // Ground that another grid holds since, or one of another name.
        let mut ground: Vec<[f64; 4]> = Vec::new();
        for p in positions {
            let was = self.outlines.get(*p as usize).filter(|_| self.is_located(*p));
            let is = now(p).filter(|grid| grid.is_valid_on(day)).map(|_| &outlines[*p as usize]);
            let is_same = |grid: &Grid| grid.code == *self.code(*p) && grid.level == self.level(*p);
            match (was, is) {
                (Some(was), Some(is)) if now(p).is_some_and(is_same) => ground.extend(difference(was, is)),
                _ => ground.extend([was, is].into_iter().flatten().map(|outline| outline.bbox())),
            }
        }
        ground.retain(|b| b[0] <= b[2]);
        let cover = |members: &[Member]| self.cover.edit(members, &ground);
        let hangs_alike = |p: &u32| {
            let is = now(p).filter(|_| (*p as usize) < self.len());
            is.is_some_and(|is| {
                is.code == *self.code(*p) && is.parent.as_ref() == self.parent(*p).map(|above| self.code(above))
            })
        };
        let order = match records.len() == self.len() && positions.iter().all(hangs_alike) {
            true => self.order.clone(),
            false => Arc::new(Order::build(&records, Some(&self.order))),
        };
        let levels: BTreeSet<GridLevel> = positions
            .iter()
            .flat_map(|p| [self.levels.get(*p as usize).copied(), now(p).map(|grid| grid.level)])
            .flatten()
            .collect();
        let floor = |level: GridLevel| (!levels.contains(&level)).then(|| self.floors[level as usize].clone());
        Self::index(&records, outlines, order, |grid| grid.is_valid_on(day), cover, floor)
    }

    /// Whether points are located in a grid.
    fn is_located(&self, i: u32) -> bool {
        let members = self.members(self.level(i));
        members.binary_search_by(|member| self.code(*member).cmp(self.code(i)).then(member.cmp(&i))).is_ok()
    }

    fn index(
        records: &[&Grid],
        outlines: Vec<Arc<Outline>>,
        order: Arc<Order>,
        valid: impl Fn(&Grid) -> bool,
        cover: impl FnOnce(&[Member]) -> Cover,
        floor: impl Fn(GridLevel) -> Option<Arc<Floor>>,
    ) -> Self {
        let floors = GridLevel::ALL.map(|level| {
            if let Some(floor) = floor(level) {
                return floor;
            }
            let is_member = |i: &u32| records[*i as usize].level == level && valid(records[*i as usize]);
            let members: Vec<u32> = order.by_rank.iter().copied().filter(is_member).collect();
            let boxes = BoxIndex::build(members.iter().map(|i| outlines[*i as usize].bbox()));
            Arc::new(Floor { members, boxes })
        });
        let mut members: Vec<Member> = Vec::new();
        for (level, floor) in floors.iter().enumerate() {
            let member = |i: &u32| Member { level, name: *i, outline: &outlines[*i as usize] };
            members.extend(floor.members.iter().map(member));
        }
        let cover = cover(&members);
        let levels = records.iter().map(|grid| grid.level).collect();
        let bounds = outlines.iter().map(|outline| outline.bbox()).filter(|b| b[0] <= b[2]).fold(NOTHING, join);
        GridIndex { order, levels, outlines, floors, cover, bounds }
    }

    /// Number of grids.
    pub fn len(&self) -> usize {
        self.order.codes.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.order.codes.is_empty()
    }

    /// The grid with a code.
    pub fn position(&self, code: &str) -> Option<u32> {
        self.order.by_code.get(code).copied()
    }

    /// Code of a grid.
    pub fn code(&self, i: u32) -> &GridCode {
        &self.order.codes[i as usize]
    }

    /// Level of a grid.
    pub fn level(&self, i: u32) -> GridLevel {
        self.levels[i as usize]
    }

    /// Number of grids of a level in which points are located.
    pub fn count(&self, level: GridLevel) -> usize {
        self.floors[level as usize].members.len()
    }

    /// The grids of a level in which points are located, by code.
    pub fn members(&self, level: GridLevel) -> &[u32] {
        &self.floors[level as usize].members
    }

    /// Those of them whose box touches `[west, south, east, north]` in degrees are appended, by code.
    pub fn touching(&self, bbox: [f64; 4], level: GridLevel, found: &mut Vec<u32>) {
        let (floor, first) = (&self.floors[level as usize], found.len());
        floor.boxes.touching(bbox, found);
        found[first..].iter_mut().for_each(|rank| *rank = floor.members[*rank as usize]);
    }

    /// The grid that holds `i`.
    pub fn parent(&self, i: u32) -> Option<u32> {
        self.order.tree.parent(i)
    }

    /// The grids directly below `i`, by code.
    pub fn children(&self, i: u32) -> &[u32] {
        self.order.tree.children(i)
    }

    /// The interval of the numbers of `i` and everything below it, half open: `order(j)` lies in it exactly when `j` is
    /// `i` or below it.
    pub fn preorder(&self, i: u32) -> (u32, u32) {
        self.order.tree.preorder(i)
    }

    /// Number of `i` in preorder; these numbers have gaps.
    pub fn order(&self, i: u32) -> u32 {
        self.order.tree.order(i)
    }

    /// The end of all these numbers.
    pub fn limit(&self) -> u32 {
        self.order.tree.limit()
    }

    /// Whether all grids are called as in another index and hang together in the same way, as far as that is known at once.
    pub fn hangs_as(&self, other: &GridIndex) -> bool {
        Arc::ptr_eq(&self.order, &other.order)
    }

    /// Whether the grids have other numbers than in the index that this one was made of, also those that hang where they
    /// hung.
    pub fn renumbers(&self, before: &GridIndex) -> bool {
        !self.hangs_as(before) && self.order.tree.is_renumbered()
    }

    /// `i` itself, or the nearest grid above it that is of `level`.
    pub fn ancestor(&self, i: u32, level: GridLevel) -> Option<u32> {
        std::iter::successors(Some(i), |i| self.parent(*i)).find(|i| self.level(*i) == level)
    }

    /// West, south, east, north of a grid in degrees; infinite and inside out when it has no area.
    pub fn bbox(&self, i: u32) -> [f64; 4] {
        self.outlines[i as usize].bbox()
    }

    /// West, south, east, north of all grids in degrees, whatever their days of validity; none where none has an area.
    pub fn area(&self) -> Option<[f64; 4]> {
        Some(self.bounds).filter(|b| b[0] <= b[2])
    }

    /// Bytes that cells and borders take, which is nearly everything.
    pub fn bytes(&self) -> usize {
        self.cover.bytes() + self.outlines.iter().map(|outline| outline.bytes()).sum::<usize>()
    }

    /// The border of a grid.
    pub fn outline(&self, i: u32) -> &Outline {
        &self.outlines[i as usize]
    }

    /// Where a point lies with respect to a grid, exactly.
    pub fn side(&self, i: u32, at: LonLat) -> Side {
        self.outlines[i as usize].side(at)
    }

    /// Whether a grid holds a point, its border included. Mostly the cells say so at once; of a grid that a point does not
    /// belong to its border is asked: it may overlap another, or not be valid.
    pub fn covers(&self, i: u32, at: LonLat) -> bool {
        self.locate(at, self.level(i)) == Some(i) || self.is_within(i, at)
    }

    fn is_within(&self, i: u32, at: LonLat) -> bool {
        self.side(i, at) != Side::Outside
    }

    /// The grid of a level that each of many points belongs to, in their order: what [`GridIndex::locate`] answers, sooner
    /// where they lie in no order.
    pub fn locate_each(&self, points: &[LonLat], level: GridLevel, found: impl FnMut(usize, Option<u32>)) {
        self.cover.first_of_each(points, level as usize, |at, i| self.is_within(i, at), found);
    }

    /// The grid of a level that a point belongs to.
    pub fn locate(&self, at: LonLat, level: GridLevel) -> Option<u32> {
        self.cover.first(at, level as usize, |i| self.is_within(i, at))
    }

    /// Every grid of a level that holds a point, by code; more than one on shared borders and where grids overlap.
    pub fn locate_all(&self, at: LonLat, level: GridLevel) -> Vec<u32> {
        let asked = self.cover.near(at, level as usize);
        asked.members.iter().copied().filter(|i| asked.hold || self.is_within(*i, at)).collect()
    }

    /// The grid of the finest level that holds a point.
    pub fn finest(&self, at: LonLat) -> Option<u32> {
        GridLevel::ALL.into_iter().rev().find_map(|level| self.locate(at, level))
    }

    /// The same of many points, in their order.
    pub fn finest_each(&self, points: &[LonLat]) -> Vec<Option<u32>> {
        let mut finest = vec![None; points.len()];
        for level in GridLevel::ALL {
            self.locate_each(points, level, |k, held| finest[k] = held.or(finest[k]));
        }
        finest
    }

    /// Metres from a point to the nearest border of a grid: positive inside, negative outside, zero on it. Within 1 mm
    /// for distances up to 50 m. Minus infinity for a point nowhere on earth or a grid without area.
    pub fn signed_distance_m(&self, i: u32, at: LonLat) -> f64 {
        let outline = &self.outlines[i as usize];
        match (outline.side(at), outline.distance_m(at, f64::INFINITY)) {
            (Side::Border, _) => 0.0,
            (Side::Inside, Some((m, _))) => m,
            (Side::Outside, Some((m, _))) => -m,
            (_, None) => f64::NEG_INFINITY,
        }
    }

    /// The grid of a level nearest to a point and the metres to it, zero inside; ties by code.
    pub fn nearest(&self, at: LonLat, level: GridLevel) -> Option<(u32, f64)> {
        if let Some(i) = self.locate(at, level) {
            return Some((i, 0.0));
        }
        if !at.is_on_earth() {
            return None;
        }
        let floor = &self.floors[level as usize];
        let mut near: Vec<u32> = Vec::new();
        for radius_m in [100.0, 1_000.0, 10_000.0] {
            near.clear();
            floor.boxes.touching(at.around(radius_m), &mut near);
            if let Some((i, m)) = self.nearest_of(at, near.iter().map(|rank| floor.members[*rank as usize]))
                && m <= radius_m
            {
                return Some((i, m));
            }
        }
        self.nearest_of(at, floor.members.iter().copied())
    }

    /// The nearest of some grids, asked in the order of their boxes' distances.
    fn nearest_of(&self, at: LonLat, grids: impl Iterator<Item = u32>) -> Option<(u32, f64)> {
        let frame = Frame::at(at);
        let box_m = |i: u32| {
            let [w, s, e, n] = self.bbox(i);
            let nearest = LonLat::new(at.lon.clamp(w, e.max(w)), at.lat.clamp(s, n.max(s)));
            let [x, y] = frame.xy(nearest);
            x.hypot(y)
        };
        let mut queue: Vec<(f64, u32)> =
            grids.filter(|i| !self.outlines[*i as usize].is_empty()).map(|i| (box_m(i), i)).collect();
        queue.sort_by(|a, b| a.0.total_cmp(&b.0).then_with(|| self.code(a.1).cmp(self.code(b.1))));
        let mut best: Option<(u32, f64)> = None;
        for (lower_m, i) in queue {
            // Past 20 km distances are the sphere's and boxes only roughly comparable: the first box answers.
            if best.is_some_and(|(_, m)| lower_m * 0.99 > m || m >= 20_000.0) {
                break;
            }
            if let Some((m, _)) = self.outlines[i as usize].distance_m(at, f64::INFINITY)
                && best.is_none_or(|(j, best_m)| m < best_m || (m == best_m && self.code(i) < self.code(j)))
            {
                best = Some((i, m));
            }
        }
        best
    }
}

#[cfg(test)]
mod tests;
