//! Taking grids over: whose home, ground or words that changes.

use super::apply::Step;
use super::build::{home_of_address, level_zooms, levels, orders};
use super::points::NOWHERE;
use super::world::Span;
use super::*;
use crate::check::regrid::{Regrid, is_redrawn, is_shaped};
use crate::index::{Outline, Side, difference};
use rayon::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

impl Step<'_> {
    /// Takes grids over, and others away. Where the grids had to be numbered anew, what was before is told in the new
    /// numbers from here on.
    pub(super) fn regrid(&mut self, grids: Vec<Grid>, removed: &[Removed]) {
        let (old, today) = (self.old.grid.clone(), self.old.today);
        let before = self.old.records.grids.clone();
        let table = &mut self.new.records.grids;
        let mut positions: BTreeSet<u32> = BTreeSet::new();
        let mut fresh: std::collections::HashMap<GridCode, u32> = std::collections::HashMap::new();
        for grid in grids {
            let known = old.position(&grid.code).or_else(|| fresh.get(&grid.code).copied());
            let position = match known {
                Some(position) => {
                    table.set(position as usize, grid);
                    position
                }
                None => {
                    let code = grid.code.clone();
                    let position = table.push(grid) as u32;
                    fresh.insert(code, position);
                    position
                }
            };
            positions.insert(position);
        }
        let gone =
            removed.iter().filter_map(|gone| if let Removed::Grid(code) = gone { old.position(code) } else { None });
        let (gone, length) = (gone.collect(), table.len() as u32);
        positions.extend(table.take_out(&gone));
        positions.extend(table.len() as u32..length);
        let same =
            |p: &u32| matches!((before.get(*p as usize), table.get(*p as usize)), (Some(was), Some(is)) if was == is);
        positions.retain(|p| !same(p));
        if positions.is_empty() {
            return;
        }
        // Where one went, the last took its place and is the same otherwise.
        let left = table.len() as u32;
        let moved = positions.range(..left).filter_map(|to| {
            let is = &table[*to as usize];
            let from = old.position(&is.code).filter(|from| from != to && *from >= left)?;
            (before[from as usize] == *is).then_some((from, *to))
        });
        let moved: BTreeMap<u32, u32> = moved.collect();
        let moved_to: BTreeSet<u32> = moved.values().copied().collect();
        let grid = Arc::new(old.edit_on(table, &positions, today));
        let keeps_level = |p: &u32| old.position(grid.code(*p)).is_none_or(|was| old.level(was) == grid.level(*p));
        let keep_levels = positions.range(..grid.len() as u32).all(keeps_level);
        if !keep_levels || !grid.hangs_as(&old) {
            self.new.care = self.old.care.rebuilt(&old, &self.new.records.headcounts, &grid);
        }
        let mut shapes = (*self.old.shapes).clone();
        shapes.resize_with(grid.len(), Arc::default);
        let mut redrawn: BTreeSet<u32> = BTreeSet::new();
        moved.iter().for_each(|(from, to)| shapes[*to as usize] = self.old.shapes[*from as usize].clone());
        for p in positions.range(..grid.len() as u32).filter(|p| !moved_to.contains(p)) {
            let record = &self.new.records.grids[*p as usize];
            if before.get(*p as usize).is_none_or(|was| !is_drawn_alike(was, record, today)) {
                let shape = if record.is_valid_on(today) { Shape::of(&record.polygon) } else { Shape::default() };
                shapes[*p as usize] = Arc::new(shape);
                redrawn.insert(*p);
            }
        }
        // Those that were there under another number, or not at all: before, and now.
        let elsewhere = |index: &GridIndex, other: &GridIndex| -> Vec<u32> {
            let all = 0..if grid.hangs_as(&old) { 0 } else { index.len() as u32 };
            all.filter(|p| !has_number(other, index, *p)).collect()
        };
        let (gone, come) = (elsewhere(&old, &grid), elsewhere(&grid, &old));
        let mut replaced = vec![false; if gone.is_empty() { 0 } else { old.limit() as usize }];
        gone.iter().for_each(|p| replaced[old.order(*p) as usize] = true);
        let is_replaced = |home: u32| replaced.get(home as usize) == Some(&true);
        let moved_from: BTreeSet<u32> = moved.keys().copied().collect();
        let sides = [(&old, gone, &*self.old.shapes, &moved_from), (&grid, come, &shapes, &moved_to)];
        for (index, elsewhere, shapes, kept) in sides {
            let positions = positions.range(..index.len() as u32).copied().filter(|p| !kept.contains(p));
            let drawn: BTreeSet<u32> = positions.chain(elsewhere).collect();
            self.spans.extend(drawn.iter().filter_map(|p| shapes[*p as usize].span));
            // What is above counts what is below.
            let above = drawn.into_iter().flat_map(|p| std::iter::successors(Some(p), |above| index.parent(*above)));
            self.counted.extend(above.filter_map(|p| grid.position(index.code(p))));
        }
        self.everything |= grid.renumbers(&old) || !keep_levels;
        self.new.level_zoom = level_zooms(&grid, &shapes);
        self.everything |= self.new.level_zoom != self.old.level_zoom;
        self.new.by_order = Arc::new(orders(&grid));
        self.new.grid = grid.clone();
        let edited = positions.clone();
        let mut regrid = Regrid {
            before: old.clone(),
            positions,
            reshaped: BTreeSet::new(),
            moved,
            ground: Vec::new(),
            addresses: BTreeSet::new(),
            named: BTreeSet::new(),
            below: BTreeSet::new(),
            renumbered: BTreeSet::new(),
            buildings: BTreeSet::new(),
        };
        // What is drawn and whom it concerns have nothing to do with each other.
        let concern = || {
            self.concern(&before, &mut regrid);
            regrid
        };
        let draw = || self.redraw(&mut shapes, &before, redrawn, &edited, [&moved_from, &moved_to]);
        let (spans, regrid) = rayon::join(draw, concern);
        self.spans.extend(spans);
        self.new.shapes = Arc::new(shapes);
        let (mut addresses, mut buildings) = (regrid.addresses.clone(), regrid.buildings.clone());
        if grid.renumbers(&old) {
            let order = |position: u32| grid.position(old.code(position)).map_or(NOWHERE, |p| grid.order(p));
            let mut orders = vec![NOWHERE; old.limit() as usize];
            (0..old.len() as u32).for_each(|p| orders[old.order(p) as usize] = order(p));
            self.new.renumber(&orders, grid.limit());
            // What was before, in the numbers of today: with the grids of today and every record as it was.
            let mut base = City { records: self.old.records.clone(), ..self.new.clone() };
            base.care = self.old.care.clone();
            base.ids = self.old.ids.clone();
            self.base = Some(Box::new(base));
        } else {
            if !replaced.is_empty() {
                addresses.extend(rows_where(&self.old.homes, is_replaced));
                buildings.extend(rows_where(&self.old.building_homes, is_replaced));
            }
            if grid.limit() != old.limit() {
                self.new.tally = self.new.tally.renumbered(|order| order, grid.limit() as usize);
            }
        }
        let before = self.base.as_deref().unwrap_or(self.old);
        let is_another = |was: u32, is: u32| was != is || (self.base.is_none() && is_replaced(was));
        let id_of = |row: u32| key_of::<str>(self.old.records.addresses.at(row as usize).id());
        for row in addresses {
            let home = home_of_address(&grid, self.new.records.addresses.at(row as usize));
            let was = before.homes[row as usize];
            if home != was {
                self.new.homes.set(row as usize, home);
            }
            if is_another(was, home) {
                self.rows.addresses.insert(row);
                self.rows.rentals.extend(self.new.ids.rentals_of_address.get(id_of(row)));
                self.rows.hazards.extend(self.new.ids.hazards_of_address.get(id_of(row)));
            }
        }
        for row in buildings {
            if is_another(before.building_homes[row as usize], self.new.home_of_building(row)) {
                self.rows.buildings.insert(row);
            }
        }
        for (slot, subject) in self.old.flags.views_of_grids().map(|(slot, flag)| (slot, flag.subject())) {
            if is_another(before.home_of(&subject), self.new.home_of(&subject)) {
                self.rows.slots.insert(slot);
            }
        }
        self.rows.changed.regrid = Some(regrid);
    }

    /// Draws the borders of grids that were `redrawn` again, and of those whose borders meet what changed; `edited` are
    /// the positions that hold another grid, `moved` those from and to which one only moved. Answered is where neighbours
    /// are drawn with other corners though nobody edited them.
    fn redraw(
        &self,
        shapes: &mut [Arc<Shape>],
        before: &Table<Grid>,
        mut redrawn: BTreeSet<u32>,
        edited: &BTreeSet<u32>,
        moved: [&BTreeSet<u32>; 2],
    ) -> Vec<Span> {
        let [moved_from, moved_to] = moved;
        if self.new.level_zoom == self.old.level_zoom {
            let changes = edited.iter().flat_map(|p| {
                let level = |grids: &Table<Grid>| grids.get(*p as usize).map(|grid| grid.level);
                let was = self.old.shapes.get(*p as usize).filter(|_| !moved_from.contains(p));
                let is = shapes.get(*p as usize).filter(|_| !moved_to.contains(p));
                // On another level all of it goes and comes.
                let keeps_level = level(before) == level(&self.new.records.grids);
                if keeps_level { [(was, is), (None, None)] } else { [(was, None), (None, is)] }
            });
            redrawn.extend(border::touching(shapes, changes));
        } else {
            redrawn.extend(0..shapes.len() as u32);
        }
        border::draw(shapes, &levels(&self.new.grid), &self.new.level_zoom, &redrawn);
        let neighbours = redrawn.iter().filter(|p| !edited.contains(p));
        let another = |p: &u32| {
            let (was, is) = (self.old.shapes.get(*p as usize)?, &shapes[*p as usize]);
            if was.is_drawn_as(is) { None } else { is.span }
        };
        neighbours.filter_map(another).collect()
    }

    /// Finds out whom other grids concern. The City's homes are still told in the numbers of before.
    fn concern(&self, before: &Table<Grid>, regrid: &mut Regrid) {
        let (old, new, records) = (&*regrid.before, &*self.new.grid, &self.old.records);
        let now = &self.new.records.grids;
        // What the members of each number of before have to do with it.
        let mut orders = vec![Concern::Nothing; old.limit() as usize];
        let mut areas: Vec<Area> = Vec::new();
        let mut fresh: Vec<&GridCode> = Vec::new();
        let moved: BTreeSet<u32> = regrid.moved.keys().map(|from| old.order(*from)).collect();
        let moved_to: BTreeSet<u32> = regrid.moved.values().copied().collect();
        moved.iter().for_each(|order| orders[*order as usize] = Concern::Renumbered);
        for p in &regrid.positions {
            // What only moved concerns nobody but those who know it by its position.
            let was = before.get(*p as usize).filter(|_| !regrid.moved.contains_key(p));
            let is = now.get(*p as usize).filter(|_| !moved_to.contains(p));
            let both = match (was, is) {
                (Some(was), Some(is)) => Some((was, is)),
                _ => None,
            };
            let (is_shaped, is_redrawn) = both.map_or((false, false), |(a, b)| (is_shaped(a, b), is_redrawn(a, b)));
            match both.filter(|_| is_redrawn) {
                Some((grid, _)) => {
                    let ground = difference(old.outline(*p), new.outline(*p)).into_iter();
                    areas.extend(ground.map(|bbox| Area { bbox, outline: None, level: grid.level, is_shaped }));
                }
                // The two may be of different levels, as where another grid takes the row of one that is gone.
                None => {
                    let sides = [was.map(|grid| (grid, old.outline(*p))), is.map(|grid| (grid, new.outline(*p)))];
                    let sides = sides.into_iter().flatten().filter(|(_, outline)| !outline.is_empty());
                    areas.extend(sides.map(|(grid, outline)| Area {
                        bbox: outline.bbox(),
                        outline: Some(outline),
                        level: grid.level,
                        is_shaped,
                    }));
                }
            }
            let of_members = if is_shaped { Concern::Named } else { Concern::Reshaped };
            if !is_shaped {
                regrid.reshaped.insert(*p);
            }
            if was.is_some() {
                let (from, to) = old.preorder(*p);
                orders[from as usize] = orders[from as usize].max(of_members);
                if !is_redrawn {
                    orders[from as usize + 1..to as usize].iter_mut().for_each(|c| *c = (*c).max(Concern::Below));
                }
            }
            // What hangs below it now, and what declares it though nobody knew it.
            if let Some(is) = is.filter(|_| !is_redrawn) {
                fresh.extend(old.position(&is.code).is_none().then_some(&is.code));
                let (from, to) = new.preorder(*p);
                let below = (from..to).filter_map(|order| self.new.grid_at_order(order)).map(|p| new.code(p));
                for p in below.filter_map(|code| old.position(code)) {
                    let concern = &mut orders[old.order(p) as usize];
                    *concern = (*concern).max(Concern::Below);
                }
            }
        }
        let of = |home: u32| orders.get(home as usize).copied().unwrap_or(Concern::Nothing);
        for row in rows_where(&self.old.homes, |home| of(home) != Concern::Nothing) {
            let home = self.old.homes[row as usize];
            if moved.contains(&home) {
                regrid.renumbered.insert(row);
            }
            let rows = match of(home) {
                Concern::Nothing | Concern::Renumbered => continue,
                Concern::Reshaped => &mut regrid.addresses,
                Concern::Named => &mut regrid.named,
                Concern::Below => &mut regrid.below,
            };
            rows.insert(row);
        }
        regrid.buildings.extend(rows_where(&self.old.building_homes, |home| of(home) > Concern::Renumbered));
        if !fresh.is_empty() {
            let is_fresh = |code: &str| fresh.iter().any(|fresh| fresh.as_str() == code);
            regrid.addresses.extend(records.addresses.declaring(is_fresh));
            regrid.buildings.extend(records.buildings.declaring(is_fresh));
        }
        let mut rows = Vec::new();
        for area in &areas {
            // A step of the world more on every side: positions are rounded to them.
            const STEP_DEG: f64 = 1e-6;
            let [w, s, e, n] = area.bbox;
            let wide = [w - STEP_DEG, s - STEP_DEG, e + STEP_DEG, n + STEP_DEG];
            rows.clear();
            self.old.address_points.in_box(wide, &mut rows);
            for row in &rows {
                let address = records.addresses.at(*row as usize);
                if address.at().is_none_or(|at| !area.holds(at)) {
                    continue;
                }
                // Who declares a grid asks for those of its level only.
                let declared = address.grid().and_then(|code| new.position(code)).map(|i| new.level(i));
                if area.is_shaped {
                    regrid.named.insert(*row);
                } else if declared.is_none_or(|level| level == area.level) {
                    regrid.addresses.insert(*row);
                }
            }
            if let Some(span) = Span::of_box(wide) {
                regrid.buildings.extend(self.old.building_points.meeting(span));
            }
        }
        regrid.ground = areas.into_iter().filter(|area| !area.is_shaped).map(|area| area.bbox).collect();
    }
}

/// What a grid that is another one is to those whose home a grid is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Concern {
    Nothing,
    /// It is theirs, and has another position.
    Renumbered,
    /// It stands above theirs.
    Below,
    /// It is theirs, and is only called or placed otherwise.
    Named,
    /// It is theirs, and holds other ground, or ground in another way.
    Reshaped,
}

/// Ground on which a grid is another one.
struct Area<'a> {
    bbox: [f64; 4],
    /// What of the box it is; none where that is all.
    outline: Option<&'a Outline>,
    /// Of the grid.
    level: GridLevel,
    /// Whether it holds what it held.
    is_shaped: bool,
}

impl Area<'_> {
    fn holds(&self, at: LonLat) -> bool {
        let [w, s, e, n] = self.bbox;
        let is_in_box = at.lon >= w && at.lon <= e && at.lat >= s && at.lat <= n;
        is_in_box && self.outline.is_none_or(|outline| outline.side(at) != Side::Outside)
    }
}

/// Whether the outlines of two grids are drawn with the same corners, where those beside them are.
fn is_drawn_alike(was: &Grid, is: &Grid, today: NaiveDate) -> bool {
    was.level == is.level && was.polygon == is.polygon && was.is_valid_on(today) == is.is_valid_on(today)
}

/// The rows whose home is one that is meant, ascending.
fn rows_where(homes: &Table<u32>, is_meant: impl Fn(u32) -> bool + Sync) -> Vec<u32> {
    let chunks: Vec<(usize, &[u32])> = homes.chunks().collect();
    let rows = |(first, chunk): &(usize, &[u32])| {
        let meant = chunk.iter().enumerate().filter(|(_, home)| is_meant(**home));
        meant.map(|(k, _)| (first + k) as u32).collect::<Vec<_>>()
    };
    chunks.par_iter().with_min_len(32).flat_map_iter(rows).collect()
}

/// Whether a grid of one index has the same number in another.
fn has_number(other: &GridIndex, index: &GridIndex, p: u32) -> bool {
    // Mostly it is where it was.
    let is_there = (p as usize) < other.len() && other.code(p) == index.code(p);
    let there = if is_there { Some(p) } else { other.position(index.code(p)) };
    there.is_some_and(|there| other.order(there) == index.order(p))
}

impl City {
    /// Tells all homes in the numbers of other grids: `orders` holds the new number for each old one.
    fn renumber(&mut self, orders: &[u32], limit: u32) {
        let of = |home: u32| orders.get(home as usize).copied().unwrap_or(NOWHERE);
        for homes in [&mut self.homes, &mut self.building_homes] {
            *homes = homes.iter().map(|home| of(*home)).collect();
        }
        let layers = [
            &mut self.address_points,
            &mut self.flag_points,
            &mut self.rental_points,
            &mut self.hazard_points,
            &mut self.building_points,
        ];
        layers.into_iter().for_each(|points| points.rehome(of));
        self.tally = self.tally.renumbered(of, limit as usize);
    }
}
