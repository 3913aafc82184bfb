//! Hazards that are not closed: each at its address, or counted by cell.

use super::super::mvt::{Kind, Layer};
use super::super::{View, catalog};
use super::point::{self, Label, Plan};
use super::{COUNT_CELLS, drawn};
use crate::city::pyramid::Cell;
use crate::city::tag::Tag;
use crate::domain::{HazardSeverity, HazardState};

pub(super) const SEVERITIES: [HazardSeverity; 3] =
    [HazardSeverity::Minor, HazardSeverity::Serious, HazardSeverity::Major];

const PLAN: Plan = Plan {
    id: "id",
    label: Label::None,
    grid: None,
    told: |tag, f| {
        f.text("item", tag.item().as_str());
        f.text("severity", severity(tag.hazard_severity()));
        f.text("state", state(tag.state()));
        f.truth("overdue", tag.is_overdue());
    },
};

pub(super) fn severity(severity: HazardSeverity) -> &'static str {
    match severity {
        HazardSeverity::Minor => "minor",
        HazardSeverity::Serious => "serious",
        HazardSeverity::Major => "major",
    }
}

fn state(state: HazardState) -> &'static str {
    match state {
        HazardState::Open => "open",
        HazardState::Assigned => "assigned",
        HazardState::Mended => "mended",
        HazardState::Closed => "closed",
    }
}

/// How many hazards of a cell have a class that `is` so.
fn count(cell: &Cell, is: impl Fn(Tag) -> bool) -> u32 {
    cell.classes.iter().zip(0..).filter(|(_, class)| is(Tag(*class))).map(|(n, _)| n).sum()
}

pub(super) fn draw(layer: &catalog::Layer, view: &View, out: &mut Vec<u8>) {
    let points = &view.city.hazard_points;
    drawn("hazard", out, |pen: &mut Layer| {
        if view.is_full(layer) {
            return point::draw(view, points, &PLAN, pen);
        }
        points.cells(view.tile, COUNT_CELLS, view.within, |cell| {
            pen.feature(Kind::Point, |f| {
                f.at(view.unit(cell.label()));
                f.count("count", cell.n);
                f.count("overdue", count(cell, Tag::is_overdue));
                for of in SEVERITIES {
                    f.count(severity(of), count(cell, |tag| tag.hazard_severity() == of));
                }
            });
        });
    });
}
