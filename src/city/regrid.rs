//! Taking grids over: whose home, ground or words that changes.

use super::apply::Step;
use super::build::{home_of_address, level_zooms, levels, orders};
use super::points::NOWHERE;
use super::world::Span;
use super::*;
use crate::check::regrid::{Regrid, difference, is_redrawn, is_shaped};
use std::collections::BTreeSet;

impl Step<'_> {
    /// Takes grids over, and others away. What was before is told in the numbers of the new grids from here on.
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
        let grid = Arc::new(GridIndex::build_on(table, today));
        self.new.care = self.old.care.rebuilt(&old, &self.new.records.headcounts, &grid);
        let mut shapes = (*self.old.shapes).clone();
        shapes.resize_with(grid.len(), Shape::default);
        for p in positions.range(..grid.len() as u32) {
            let record = &self.new.records.grids[*p as usize];
            shapes[*p as usize] = if record.is_valid_on(today) { Shape::of(&record.polygon) } else { Shape::default() };
        }
        let is_same_tree = old.len() == grid.len()
            && (0..old.len() as u32).all(|p| old.code(p) == grid.code(p) && old.preorder(p) == grid.preorder(p));
        let drawn_alike = is_same_tree && positions.iter().all(|p| old.level(*p) == grid.level(*p));
        let spans = positions.iter().flat_map(|p| [self.old.shapes.get(*p as usize), shapes.get(*p as usize)]);
        self.spans.extend(spans.flatten().filter_map(|shape| shape.span));
        self.everything |= !drawn_alike;
        self.new.level_zoom = level_zooms(&grid, &shapes);
        let mut redrawn: BTreeSet<u32> = match self.new.level_zoom == self.old.level_zoom {
            true => {
                let of = |p: &u32| [self.old.shapes.get(*p as usize), shapes.get(*p as usize)];
                border::touching(&shapes, positions.iter().flat_map(of).flatten())
            }
            false => (0..shapes.len() as u32).collect(),
        };
        redrawn.extend(positions.range(..grid.len() as u32));
        border::draw(&mut shapes, &levels(&grid), &self.new.level_zoom, &redrawn);
        self.new.by_order = Arc::new(orders(&grid));
        (self.new.shapes, self.new.grid) = (Arc::new(shapes), grid.clone());

        let mut regrid = Regrid {
            before: old.clone(),
            positions,
            reshaped: BTreeSet::new(),
            ground: Vec::new(),
            addresses: BTreeSet::new(),
            buildings: BTreeSet::new(),
        };
        self.concern(&before, &mut regrid);
        if !is_same_tree {
            let order = |position: u32| grid.position(old.code(position)).map_or(NOWHERE, |p| grid.order(p));
            let mut orders = vec![NOWHERE; old.len()];
            (0..old.len() as u32).for_each(|p| orders[old.order(p) as usize] = order(p));
            self.new.renumber(&orders, grid.len());
        }
        // What was before, in the numbers of today: with the grids of today and every record as it was.
        let mut base = City { records: self.old.records.clone(), ..self.new.clone() };
        base.care = self.old.care.clone();
        base.ids = self.old.ids.clone();
        self.base = Some(Box::new(base));
        for row in &regrid.addresses {
            self.new.homes.set(*row as usize, home_of_address(&grid, self.new.records.addresses.at(*row as usize)));
        }
        let homes = &self.new.homes;
        let id_of = |row: u32| key_of::<str>(self.old.records.addresses.at(row as usize).id());
        let base = self.base.as_ref().map(|base| &base.homes);
        for row in
            regrid.addresses.iter().filter(|row| base.is_some_and(|base| base[**row as usize] != homes[**row as usize]))
        {
            self.rows.addresses.insert(*row);
            self.rows.rentals.extend(self.new.ids.rentals_of_address.get(id_of(*row)));
            self.rows.hazards.extend(self.new.ids.hazards_of_address.get(id_of(*row)));
        }
        for row in &regrid.buildings {
            let home = self.new.home_of_building(*row);
            if home != self.new.building_homes[*row as usize] {
                self.rows.buildings.insert(*row);
            }
        }
        self.rows.changed.regrid = Some(regrid);
    }

    /// Finds out whom other grids concern. The City's homes are still told in the numbers of before.
    fn concern(&self, before: &Table<Grid>, regrid: &mut Regrid) {
        let (old, new, records) = (&*regrid.before, &*self.new.grid, &self.old.records);
        let now = &self.new.records.grids;
        // Orders of before whose members declare one of these grids, lie in it, or hang below one that is named or placed
        // otherwise.
        let mut orders = vec![false; old.len()];
        let mut mark = |position: u32, below: bool| {
            let (from, to) = old.preorder(position);
            let to = if below { to } else { from + 1 };
            orders[from as usize..to as usize].iter_mut().for_each(|order| *order = true);
        };
        let mut unknown = false;
        for p in &regrid.positions {
            let (was, is) = (before.get(*p as usize), now.get(*p as usize));
            let boxes = [was.map(|_| old.bbox(*p)), is.map(|_| new.bbox(*p))];
            if !matches!((was, is), (Some(was), Some(is)) if is_shaped(was, is)) {
                regrid.reshaped.insert(*p);
            }
            let redrawn = matches!((was, is), (Some(was), Some(is)) if is_redrawn(was, is));
            if redrawn {
                regrid.ground.extend(difference(old.outline(*p), new.outline(*p)));
            } else {
                regrid.ground.extend(boxes.into_iter().flatten().filter(|b| b[0] <= b[2]));
            }
            if was.is_some() {
                mark(*p, !redrawn);
            }
            // What hangs below it now, and what declares it though nobody knew it.
            if let Some(is) = is.filter(|_| !redrawn) {
                unknown |= old.position(&is.code).is_none();
                let (from, to) = new.preorder(*p);
                let below = (from..to).map(|order| new.code(self.new.by_order[order as usize]));
                below.filter_map(|code| old.position(code)).for_each(|position| mark(position, false));
            }
        }
        let members = |homes: &Table<u32>| -> Vec<u32> {
            let is_of = |home: &u32| orders.get(*home as usize).copied().unwrap_or(false);
            (0..).zip(homes.iter()).filter(|(_, home)| is_of(home)).map(|(row, _)| row).collect()
        };
        regrid.addresses.extend(members(&self.old.homes));
        regrid.buildings.extend(members(&self.old.building_homes));
        if unknown {
            let is_new = |code: Option<&str>| {
                code.is_some_and(|code| old.position(code).is_none() && new.position(code).is_some())
            };
            let addresses =
                (0u32..).zip(records.addresses.iter()).filter(|(_, a)| is_new(a.grid())).map(|(row, _)| row);
            regrid.addresses.extend(addresses);
            let buildings =
                (0u32..).zip(records.buildings.iter()).filter(|(_, b)| is_new(b.grid())).map(|(row, _)| row);
            regrid.buildings.extend(buildings);
        }
        let mut rows = Vec::new();
        for area in &regrid.ground {
            // A step of the world more on every side: positions are rounded to them.
            const STEP_DEG: f64 = 1e-6;
            let area = [area[0] - STEP_DEG, area[1] - STEP_DEG, area[2] + STEP_DEG, area[3] + STEP_DEG];
            self.old.address_points.in_box(area, &mut rows);
            if let Some(span) = Span::of_box(area) {
                regrid.buildings.extend(self.old.building_points.meeting(span));
            }
        }
        let at = |row: &u32| records.addresses.at(*row as usize).at();
        regrid.addresses.extend(rows.into_iter().filter(|row| {
            at(row).is_some_and(|at| {
                regrid.ground.iter().any(|b| at.lon >= b[0] && at.lon <= b[2] && at.lat >= b[1] && at.lat <= b[3])
            })
        }));
    }
}

impl City {
    /// Tells all homes in the numbers of other grids: `orders` holds the new number for each old one.
    fn renumber(&mut self, orders: &[u32], grids: usize) {
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
        self.tally = self.tally.renumbered(of, grids);
    }
}
