//! What an actor sees of the City: the records whose grid lies in the scope, and nothing that tells of others.

use super::problem::Answer;
use crate::city::City;
use crate::city::points::Within;
use crate::domain::{Actor, AddressRef, GridLevel, HazardRow, LonLat, RentalRow, Scope, Subject};
use crate::error::{Error, Text};
use crate::index::boxes::join;

/// The City through an actor's eyes.
#[derive(Clone, Copy)]
pub struct Sight<'a> {
    /// The City.
    pub city: &'a City,
    /// Who looks.
    pub actor: &'a Actor,
    /// Preorder numbers of the grids in scope, half open; none: the whole city.
    within: Option<(u32, u32)>,
}

/// A part of what is seen: some grids, a box.
#[derive(Debug, Clone, Copy, Default)]
pub struct Ground {
    within: Option<(u32, u32)>,
    /// West, south, east, north in degrees.
    pub bbox: Option<[f64; 4]>,
}

impl<'a> Sight<'a> {
    /// What `actor` sees of `city`. A scope whose grid is not there any more holds nothing.
    pub fn of(city: &'a City, actor: &'a Actor) -> Self {
        let within = match &actor.scope {
            Scope::All => None,
            Scope::Grid(code) => Some(city.grid.position(code).map_or((0, 0), |grid| city.grid.preorder(grid))),
        };
        Sight { city, actor, within }
    }

    /// Whether the scope is less than the whole city.
    pub fn is_bounded(&self) -> bool {
        self.within.is_some()
    }

    /// Box around the scope; none where there is no grid.
    pub fn bbox(&self) -> Option<[f64; 4]> {
        self.tops().into_iter().map(|grid| self.city.grid.bbox(grid)).reduce(join)
    }

    /// The topmost grids in scope, by position.
    pub fn tops(&self) -> Vec<u32> {
        match &self.actor.scope {
            Scope::Grid(code) => self.city.grid.position(code).into_iter().collect(),
            Scope::All => self.all_grids().filter(|grid| self.city.grid.parent(*grid).is_none()).collect(),
        }
    }

    fn all_grids(&self) -> impl Iterator<Item = u32> + 'a {
        0..self.city.grid.len() as u32
    }

    /// The grids of a level at or below the tops, or below `under`, by position.
    pub fn grids_of(&self, level: GridLevel, under: Option<u32>) -> Vec<u32> {
        let within = under.map(|grid| self.city.grid.preorder(grid)).or(self.within);
        self.all_grids()
            .filter(|grid| self.city.grid.level(*grid) == level)
            .filter(|grid| holds(within, self.city.grid.order(*grid)))
            .collect()
    }

    /// The position of a grid in scope.
    ///
    /// # Errors
    /// `NotFound` for any other code.
    pub fn grid(&self, code: &str) -> Answer<u32> {
        let grid = self.city.grid.position(code).filter(|grid| holds(self.within, self.city.grid.order(*grid)));
        grid.ok_or_else(|| Error::NotFound(format!("grid {code}")).into())
    }

    /// The ground that a query names.
    ///
    /// # Errors
    /// `Invalid` for a grid that is not in scope.
    pub fn ground(&self, bbox: Option<[f64; 4]>, grid: Option<&str>) -> Answer<Ground> {
        let Some(code) = grid else { return Ok(Ground { within: self.within, bbox }) };
        let grid = self.grid(code).map_err(|_| {
            let reason =
                Text::new("没有这个网格,或不在您的范围内", "there is no such grid, or it is outside your scope");
            Error::invalid("", "grid", code, reason, Text::new("网格见 /api/grids", "see /api/grids"))
        })?;
        Ok(Ground { within: Some(self.city.grid.preorder(grid)), bbox })
    }

    /// Whose points lie on the ground.
    pub fn homes_on(&self, ground: Ground) -> Within {
        ground.within.map_or(Within::All, |(from, to)| Within::Homes(from, to))
    }

    /// Whose points are seen.
    pub fn homes(&self) -> Within {
        self.within.map_or(Within::All, |(from, to)| Within::Homes(from, to))
    }

    /// Whether a record with this home and place lies on the ground. A box leaves out what has no place on earth.
    pub fn lies_on(&self, ground: Ground, home: u32, at: Option<LonLat>) -> bool {
        let in_box = ground.bbox.is_none_or(|bbox| at.is_some_and(|at| is_in(bbox, at)));
        in_box && holds(ground.within, home)
    }

    /// An address in scope: its row and record.
    ///
    /// # Errors
    /// `NotFound` for any other.
    pub fn address(&self, id: &str) -> Answer<(u32, AddressRef<'a>)> {
        let row = self.city.address(id).filter(|row| holds(self.within, self.city.home(*row)));
        let row = row.ok_or_else(|| Error::NotFound(format!("address {id}")))?;
        Ok((row, self.city.address_at(row)))
    }

    /// Whether the address in `row` is in scope.
    pub fn sees_row(&self, row: u32) -> bool {
        holds(self.within, self.city.home(row))
    }

    /// A rental in scope: its row and record.
    ///
    /// # Errors
    /// `NotFound` for any other.
    pub fn rental(&self, id: &str) -> Answer<(u32, RentalRow<'a>)> {
        let row = self.city.rental(id).ok_or_else(|| Error::NotFound(format!("rental {id}")))?;
        let rental = self.city.records.rentals.at(row as usize).row();
        if !self.sees_subject(&Subject::Rental(id.to_owned())) {
            return Err(Error::NotFound(format!("rental {id}")).into());
        }
        Ok((row, rental))
    }

    /// A hazard in scope: its row and record.
    ///
    /// # Errors
    /// `NotFound` for any other.
    pub fn hazard(&self, id: &str) -> Answer<(u32, HazardRow<'a>)> {
        let row = self.city.hazard(id).ok_or_else(|| Error::NotFound(format!("hazard {id}")))?;
        let hazard = self.city.records.hazards.at(row as usize).row();
        if !self.sees_subject(&Subject::Hazard(id.to_owned())) {
            return Err(Error::NotFound(format!("hazard {id}")).into());
        }
        Ok((row, hazard))
    }

    /// The address that a subject is or hangs on, whatever the scope.
    pub fn address_of(&self, subject: &Subject) -> Option<(u32, AddressRef<'a>)> {
        let city = self.city;
        let id: &str = match subject {
            Subject::Address(id) => id,
            Subject::Rental(id) => city.records.rentals.at(city.rental(id)? as usize).address()?,
            Subject::Hazard(id) => city.records.hazards.at(city.hazard(id)? as usize).address(),
            Subject::Correction(id) => {
                &city.records.corrections[city.correction(&id.parse().ok()?)? as usize].address_id
            }
            Subject::Building(_) | Subject::Grid(_) => return None,
        };
        let row = city.address(id)?;
        Some((row, city.address_at(row)))
    }

    /// The grid (preorder number) by which a subject is seen; `points::NOWHERE` for what lies in none.
    pub fn home(&self, subject: &Subject) -> u32 {
        self.city.home_of(subject)
    }

    /// Whether a subject is in scope; two grids are, when both are.
    pub fn sees_subject(&self, subject: &Subject) -> bool {
        match subject {
            Subject::Grid(codes) => codes.split('|').all(|code| self.grid(code).is_ok()),
            _ => holds(self.within, self.home(subject)),
        }
    }

    /// Whether the grid at a position is in scope.
    pub fn sees_grid(&self, grid: u32) -> bool {
        holds(self.within, self.city.grid.order(grid))
    }

    /// Code and name of the smallest grid in scope that holds all these homes (preorder numbers).
    pub fn common_grid(&self, homes: &[u32]) -> Option<(&'a str, &'a str)> {
        let (least, most) = (*homes.iter().min()?, *homes.iter().max()?);
        let mut grid = self.city.grid_at_order(least)?;
        while !holds(Some(self.city.grid.preorder(grid)), most) {
            grid = self.city.grid.parent(grid)?;
        }
        self.sees_grid(grid).then(|| self.grid_name(self.city.grid.order(grid)))?
    }

    /// Code and name of a grid by its preorder number.
    pub fn grid_name(&self, home: u32) -> Option<(&'a str, &'a str)> {
        let grid = self.city.grid_at_order(home)?;
        Some((self.city.grid.code(grid), &self.city.records.grids[grid as usize].name))
    }
}

fn holds(within: Option<(u32, u32)>, home: u32) -> bool {
    within.is_none_or(|(from, to)| (from..to).contains(&home))
}

/// Whether a place lies in a box, borders included.
pub fn is_in([w, s, e, n]: [f64; 4], at: LonLat) -> bool {
    (w..=e).contains(&at.lon) && (s..=n).contains(&at.lat)
}
