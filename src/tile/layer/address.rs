//! Addresses: each with its pin, or counted by cell.

use super::super::mvt::{Kind, Layer};
use super::super::{View, catalog};
use super::point::{self, Label, Plan};
use super::{COUNT_CELLS, drawn};
use crate::domain::AddressStatus;

const PLAN: Plan = Plan {
    id: "id",
    label: Label::Second("label"),
    grid: Some("grid"),
    told: |tag, f| {
        f.text("status", status(tag.status()));
        f.text("flagged", ["", "I", "W", "E"][usize::from(tag.mark())]);
        f.count("rank", tag.rank());
    },
};

fn status(status: AddressStatus) -> &'static str {
    match status {
        AddressStatus::Active => "active",
        AddressStatus::Demolished => "demolished",
        AddressStatus::Merged => "merged",
    }
}

pub(super) fn draw(layer: &catalog::Layer, view: &View, out: &mut Vec<u8>) {
    let points = &view.city.address_points;
    drawn("address", out, |pen: &mut Layer| {
        if view.is_full(layer) {
            return point::draw(view, points, &PLAN, pen);
        }
        points.cells(view.tile, COUNT_CELLS, view.within, |cell| {
            pen.feature(Kind::Point, |f| {
                f.at(view.unit(cell.label()));
                f.count("count", cell.n);
                f.count("flagged_count", cell.n - cell.classes[0]);
            });
        });
    });
}
