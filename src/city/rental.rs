//! What is known of a rental beyond its own record: inspections and hazards.

use super::City;
use crate::domain::*;
use crate::index::lookup::key_of;
use chrono::{DateTime, Utc};

/// When a rental was last inspected, as of a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Inspected {
    /// Never.
    Never,
    /// Not longer ago than the interval.
    Ok,
    /// Longer ago: due again.
    Due,
}

impl Inspected {
    /// The name in tiles and in the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Inspected::Never => "never",
            Inspected::Ok => "ok",
            Inspected::Due => "due",
        }
    }
}

/// Inspections and hazards of a rental.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RentalState {
    /// Its latest inspection.
    pub last_inspected_at: Option<DateTime<Utc>>,
    /// Never, in order, or due again.
    pub inspected: Inspected,
    /// Hazards that are not closed.
    pub open_hazards: u32,
    /// The gravest of them.
    pub worst: Option<HazardSeverity>,
    /// The sum of their weights: what lists are sorted by.
    pub weight: u32,
}

/// How many people live in a rental, roughly; the first where it is not known or nobody does.
pub const OCCUPANTS: [&str; 5] = ["", "1-3", "4-6", "7-9", "10+"];

/// The place of a number of occupants in [`OCCUPANTS`].
pub fn occupants_band(occupants: Option<u16>) -> u8 {
    match occupants {
        None | Some(0) => 0,
        Some(..=3) => 1,
        Some(..=6) => 2,
        Some(..=9) => 3,
        Some(_) => 4,
    }
}

/// Days after which a rental is to be inspected again.
pub const INSPECTION_DAYS: i64 = 365;

impl City {
    /// Inspections of the rental in a row, in the order in which they were recorded.
    pub fn inspections_of(&self, rental: u32) -> impl Iterator<Item = &Inspection> {
        let id = self.records.rentals.at(rental as usize).id();
        let rows = self.ids.inspections_of_rental.get(key_of::<str>(id));
        rows.filter_map(|row| self.records.inspections.get(row as usize)).filter(move |i| *i.rental == *id)
    }

    /// Rows of the hazards of the rental in a row.
    pub fn hazards_of_rental(&self, rental: u32) -> impl Iterator<Item = u32> {
        let id = self.records.rentals.at(rental as usize).id();
        let rows = self.ids.hazards_of_rental.get(key_of::<str>(id));
        rows.filter(move |row| self.records.hazards.get(*row as usize).is_some_and(|h| h.rental() == Some(id)))
    }

    /// Inspections and hazards of the rental in a row, from the records.
    pub(super) fn state_of_rental(&self, rental: u32) -> RentalState {
        let last_inspected_at = self.inspections_of(rental).map(|i| i.at).max();
        let (mut open_hazards, mut worst, mut weight) = (0, None, 0);
        for row in self.hazards_of_rental(rental) {
            let hazard = self.records.hazards.at(row as usize);
            if hazard.state() != HazardState::Closed {
                open_hazards += 1;
                weight += hazard.severity().weight();
                worst = worst.max(Some(hazard.severity()));
            }
        }
        let inspected = match last_inspected_at {
            None => Inspected::Never,
            Some(at) if (self.today - at.date_naive()).num_days() > INSPECTION_DAYS => Inspected::Due,
            Some(_) => Inspected::Ok,
        };
        RentalState { last_inspected_at, inspected, open_hazards, worst, weight }
    }

    /// Whether the hazard in a row is not closed and past its day.
    pub fn is_overdue(&self, hazard: HazardRow) -> bool {
        hazard.state != HazardState::Closed && hazard.due_on.is_some_and(|due| due < self.today)
    }
}
