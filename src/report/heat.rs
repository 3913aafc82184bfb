//! What stands behind a heatmap: open hazards by item and severity, rentals, and those never inspected.

use crate::city::points::Within;
use crate::city::{City, Inspected};
use crate::domain::{CheckItem, HazardSeverity, LonLat, Scope};
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
    let homes = match (scope, grid) {
        (Scope::All, None) => Within::All,
        (scope, None) => city.within(scope),
        (scope, Some(grid)) => {
            let ((from, to), (first, last)) = (city.grid.preorder(grid), city.interval(scope));
            Within::Homes(from.max(first), to.min(last))
        }
    };
    let holds =
        |place: LonLat| bbox.is_none_or(|[w, s, e, n]| (w..=e).contains(&place.lon) && (s..=n).contains(&place.lat));
    let (mut never_inspected, mut rentals) = (0, 0);
    let mut count = |inspected: Inspected| {
        rentals += 1;
        never_inspected += u32::from(inspected == Inspected::Never);
    };
    city.rental_points.sift(bbox, homes, |chunk, i, is_sure| {
        if is_sure || holds(chunk.spot(i).lonlat()) {
            count(chunk.tag[i].inspected());
        }
    });
    let mut items: Vec<ItemRow> =
        CheckItem::ALL.map(|item| ItemRow { item, minor: 0, serious: 0, major: 0 }).into_iter().collect();
    let mut add = |item: CheckItem, severity: HazardSeverity| {
        let item = &mut items[item as usize];
        *[&mut item.minor, &mut item.serious, &mut item.major][severity as usize] += 1;
    };
    city.hazard_points.sift(bbox, homes, |chunk, i, is_sure| {
        if is_sure || holds(chunk.spot(i).lonlat()) {
            add(chunk.tag[i].item(), chunk.tag[i].hazard_severity());
        }
    });
    if bbox.is_none() {
        let without = city.rentals_without_point();
        let without = without.into_iter().filter(|row| homes.holds(city.rental_home(*row)));
        without.for_each(|row| count(city.rental_state(row).inspected));
        let without = city.hazards_without_point();
        for row in without.into_iter().filter(|row| homes.holds(city.hazard_home(*row))) {
            let hazard = city.records.hazards.at(row as usize);
            add(hazard.item(), hazard.severity());
        }
    }
    Summary { items, never_inspected, rentals }
}
