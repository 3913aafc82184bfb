//! Looking for records: in a box, near a place, by their text.

use super::City;
use super::points::{NOWHERE, Points};
use crate::domain::*;

/// Rows below `rows` that have no point.
fn beside(points: &Points, rows: usize) -> impl Iterator<Item = u32> {
    let mut has_point = vec![false; rows];
    points.iter().for_each(|point| has_point[point.row as usize] = true);
    (0..).zip(has_point).filter(|(_, has_point)| !has_point).map(|(row, _)| row)
}

impl City {
    /// Rows of the addresses with a pin in a box of degrees `[west, south, east, north]`, ascending.
    pub fn addresses_in(&self, bbox: [f64; 4]) -> Vec<u32> {
        let mut rows = Vec::new();
        self.address_points.in_box(bbox, &mut rows);
        rows
    }

    /// Rows of the active rentals in a box of degrees, ascending.
    pub fn rentals_in(&self, bbox: [f64; 4]) -> Vec<u32> {
        let mut rows = Vec::new();
        self.rental_points.in_box(bbox, &mut rows);
        rows
    }

    /// Rows of the hazards in a box of degrees that are not closed, ascending.
    pub fn hazards_in(&self, bbox: [f64; 4]) -> Vec<u32> {
        let mut rows = Vec::new();
        self.hazard_points.in_box(bbox, &mut rows);
        rows
    }

    /// Slots of the open flags in a box of degrees, ascending.
    pub fn flags_in(&self, bbox: [f64; 4]) -> Vec<u32> {
        let mut slots = Vec::new();
        self.flag_points.in_box(bbox, &mut slots);
        slots
    }

    /// Rows of the active rentals that are no points of the map, as their address has no pin on earth; ascending.
    pub fn rentals_without_point(&self) -> Vec<u32> {
        let active = |row: &u32| self.records.rentals.at(*row as usize).status() == RentalStatus::Active;
        match self.counts_of_all().rentals as usize == self.rental_points.len() {
            true => Vec::new(),
            false => beside(&self.rental_points, self.records.rentals.len()).filter(active).collect(),
        }
    }

    /// Rows of the hazards that are not closed and no points of the map, as their address has no pin on earth; ascending.
    pub fn hazards_without_point(&self) -> Vec<u32> {
        let counts = self.counts_of_all();
        let open = |row: &u32| self.records.hazards.at(*row as usize).state() != HazardState::Closed;
        match (counts.hazards - counts.closed) as usize == self.hazard_points.len() {
            true => Vec::new(),
            false => beside(&self.hazard_points, self.records.hazards.len()).filter(open).collect(),
        }
    }

    /// The `k` addresses nearest to a place within a scope, with metres, nearest first.
    pub fn addresses_near(&self, at: LonLat, k: usize, max_m: f64, scope: &Scope) -> Vec<(u32, f64)> {
        let within = self.within(scope);
        self.address_points.nearest_k(at, k, max_m, |p| within.holds(p.home))
    }

    /// The `k` open flags nearest to a place within a scope, as slots with metres, nearest first.
    pub fn flags_near(&self, at: LonLat, k: usize, max_m: f64, scope: &Scope) -> Vec<(u32, f64)> {
        let within = self.within(scope);
        self.flag_points.nearest_k(at, k, max_m, |p| within.holds(p.home))
    }

    /// Rows of the addresses within a scope whose text or identifier holds `text`, from row `from` on, `limit` at most.
    pub fn addresses_like(&self, text: &str, scope: &Scope, from: u32, limit: usize) -> Vec<u32> {
        let (first, last) = self.interval(scope);
        let all = *scope == Scope::All;
        let rows = self.records.addresses.iter().zip(0u32..).skip(from as usize);
        let held = rows.filter(|(_, row)| all || (first..last).contains(&self.homes[*row as usize]));
        let like = held.filter(|(address, _)| address.full_text().contains(text) || address.id().starts_with(text));
        like.map(|(_, row)| row).take(limit).collect()
    }

    /// Whether an address belongs to any grid.
    pub fn has_home(&self, address: u32) -> bool {
        self.home(address) != NOWHERE
    }
}
