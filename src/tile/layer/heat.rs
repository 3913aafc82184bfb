//! Rental hazards and never inspected rentals by cell, with counts and weights, for heatmaps.

use super::super::View;
use super::super::mvt::{Kind, Layer};
use super::{drawn, hazard};
use crate::city::Inspected;
use crate::city::pyramid::Cell;
use crate::city::tag::{CLASSES, Tag};
use crate::city::world::Spot;
use crate::domain::CheckItem;
use std::sync::LazyLock;

/// Cells of a tile's side, as a power of two: 64 by 64.
const HEAT_CELLS: u8 = 6;
const ITEMS: usize = CheckItem::ALL.len();

/// Names of the fields by item and severity.
static BOTH: LazyLock<Vec<[String; 3]>> = LazyLock::new(|| {
    let name = |item: &CheckItem| hazard::SEVERITIES.map(|s| format!("{}_{}", item.as_str(), hazard::severity(s)));
    CheckItem::ALL.iter().map(name).collect()
});

/// What lies in a cell.
struct Heat {
    key: u64,
    at: Spot,
    rentals: u32,
    uninspected: u32,
    /// Open hazards by item and severity.
    hazards: [[u32; 3]; ITEMS],
}

impl Heat {
    fn of(cell: &Cell) -> Heat {
        Heat { key: cell.key(), at: cell.middle(), rentals: 0, uninspected: 0, hazards: [[0; 3]; ITEMS] }
    }
}

/// The cells of the tile with rentals or hazards, in the order of the world.
fn cells(view: &View) -> Vec<Heat> {
    let mut cells: Vec<Heat> = Vec::new();
    view.city.rental_points.cells(view.tile, HEAT_CELLS, view.within, |cell| {
        let never = (0..CLASSES).filter(|class| Tag(*class as u32).inspected() == Inspected::Never);
        let uninspected = never.map(|class| cell.classes[class]).sum();
        cells.push(Heat { rentals: cell.n, uninspected, ..Heat::of(cell) });
    });
    let rented = cells.len();
    let mut at = 0;
    view.city.hazard_points.cells(view.tile, HEAT_CELLS, view.within, |cell| {
        // Both come in the order of the world.
        while at < rented && cells[at].key < cell.key() {
            at += 1;
        }
        let known = at < rented && cells[at].key == cell.key();
        if !known {
            cells.push(Heat::of(cell));
        }
        let place = if known { at } else { cells.len() - 1 };
        let heat = &mut cells[place];
        for (class, n) in (0..CLASSES as u32).zip(cell.classes).filter(|(_, n)| *n > 0) {
            heat.hazards[Tag(class).item() as usize][Tag(class).hazard_severity() as usize] += n;
        }
    });
    cells.sort_by_key(|heat| heat.key);
    cells
}

pub(super) fn draw(view: &View, out: &mut Vec<u8>) {
    drawn("heat", out, |pen: &mut Layer| {
        for heat in cells(view) {
            let of_severity = |s: usize| heat.hazards.iter().map(|item| item[s]).sum::<u32>();
            let weight = hazard::SEVERITIES.map(|s| s.weight() * of_severity(s as usize)).iter().sum();
            pen.feature(Kind::Point, |f| {
                f.at(view.unit(heat.at));
                f.count("n", heat.hazards.iter().flatten().sum());
                f.count("weight", weight);
                f.count("rentals", heat.rentals);
                f.count("uninspected", heat.uninspected);
                for item in CheckItem::ALL {
                    f.count(item.as_str(), heat.hazards[item as usize].iter().sum());
                }
                for severity in hazard::SEVERITIES {
                    f.count(hazard::severity(severity), of_severity(severity as usize));
                }
                // What a filter by both needs; zeros are left out.
                for (counts, names) in heat.hazards.iter().zip(BOTH.iter()) {
                    counts.iter().zip(names).filter(|(n, _)| **n > 0).for_each(|(n, name)| f.count(name, *n));
                }
            });
        }
    });
}
