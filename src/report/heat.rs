//! What stands behind a heatmap: open hazards by item and severity, rentals, and those never inspected.

use crate::city::{City, Inspected};
use crate::domain::{CheckItem, HazardState, RentalStatus, Scope};
use serde::Serialize;

/// Open hazards of one check item by severity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[schema(as = HeatRow)]
pub struct ItemRow {
    /// The item.
    pub item: CheckItem,
    /// 一般
    pub minor: u32,
    /// 较大
    pub serious: u32,
    /// 重大
    pub major: u32,
}

/// The numbers of a heatmap.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[schema(as = HeatSummary)]
pub struct Summary {
    /// By item, in the order of the form.
    pub items: Vec<ItemRow>,
    /// Active rentals that were never inspected.
    pub never_inspected: u32,
    /// Active rentals.
    pub rentals: u32,
}

/// Counts within a scope, a grid below it and a box of degrees, where these are given. A box leaves out what has no
/// place on earth.
pub fn summary(city: &City, scope: &Scope, grid: Option<u32>, bbox: Option<[f64; 4]>) -> Summary {
    let within = grid.map_or((0, u32::MAX), |i| city.grid.preorder(i));
    let everywhere = grid.is_none();
    let holds = |home: u32| city.holds(scope, home) && (everywhere || (within.0..within.1).contains(&home));
    let rentals = match bbox {
        Some(bbox) => city.rentals_in(bbox),
        None => (0..city.records.rentals.len() as u32).collect(),
    };
    let active = |row: &u32| city.records.rentals.at(*row as usize).status() == RentalStatus::Active;
    let rentals: Vec<u32> = rentals.into_iter().filter(active).filter(|row| holds(city.rental_home(*row))).collect();
    let hazards = match bbox {
        Some(bbox) => city.hazards_in(bbox),
        None => (0..city.records.hazards.len() as u32).collect(),
    };
    let mut items: Vec<ItemRow> =
        CheckItem::ALL.map(|item| ItemRow { item, minor: 0, serious: 0, major: 0 }).into_iter().collect();
    for row in hazards.into_iter().filter(|row| holds(city.hazard_home(*row))) {
        let hazard = city.records.hazards.at(row as usize).row();
        if hazard.state != HazardState::Closed {
            let item = &mut items[hazard.item as usize];
            *[&mut item.minor, &mut item.serious, &mut item.major][hazard.severity as usize] += 1;
        }
    }
    let never = rentals.iter().filter(|row| city.rental_state(**row).inspected == Inspected::Never).count();
    Summary { items, never_inspected: never as u32, rentals: rentals.len() as u32 }
}
