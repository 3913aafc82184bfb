//! Active rentals: each at its address, or counted by cell.

use super::super::mvt::{Kind, Layer};
use super::super::{View, catalog};
use super::point::{self, Label, Plan};
use super::{COUNT_CELLS, drawn, hazard};
use crate::city::Inspected;
use crate::city::rental::OCCUPANTS;
use crate::city::tag::Tag;

const PLAN: Plan = Plan {
    id: "id",
    label: Label::Second("address"),
    grid: None,
    told: |tag, f| {
        f.truth("registered", tag.is_registered());
        f.text("inspected", tag.inspected().as_str());
        f.count("hazards", tag.weight());
        f.text("worst", tag.worst().map_or("", hazard::severity));
        f.text("occupancy", OCCUPANTS[usize::from(tag.band())]);
    },
};

pub(super) fn draw(layer: &catalog::Layer, view: &View, out: &mut Vec<u8>) {
    let points = &view.city.rental_points;
    drawn("rental", out, |pen: &mut Layer| {
        if view.is_full(layer) {
            return point::draw(view, points, &PLAN, pen);
        }
        points.cells(view.tile, COUNT_CELLS, view.within, |cell| {
            pen.feature(Kind::Point, |f| {
                f.at(view.unit(cell.label()));
                f.count("count", cell.n);
                for inspected in [Inspected::Never, Inspected::Ok, Inspected::Due] {
                    let of = cell.classes.iter().zip(0..).filter(|(_, class)| Tag(*class).inspected() == inspected);
                    f.count(inspected.as_str(), of.map(|(n, _)| n).sum());
                }
                f.count("hazards", cell.weight);
            });
        });
    });
}
