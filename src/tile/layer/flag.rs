//! Open flags: each at its place, or counted by cell.

use super::super::mvt::{Kind, Layer};
use super::super::{View, catalog};
use super::point::{self, Label, Plan};
use super::{COUNT_CELLS, drawn};
use crate::domain::Severity;

const PLAN: Plan = Plan {
    id: "flag_id",
    label: Label::Last("address_id"),
    grid: None,
    told: |tag, f| {
        f.text("rule", tag.rule());
        f.text("severity", word(tag.severity()));
        f.ratio("probability", tag.probability());
    },
};

fn word(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Info => "info",
    }
}

pub(super) fn draw(layer: &catalog::Layer, view: &View, out: &mut Vec<u8>) {
    let points = &view.city.flag_points;
    drawn("flag", out, |pen: &mut Layer| {
        if view.is_full(layer) {
            return point::draw(view, points, &PLAN, pen);
        }
        points.cells(view.tile, COUNT_CELLS, view.within, |cell| {
            pen.feature(Kind::Point, |f| {
                f.at(view.unit(cell.label()));
                f.count("count", cell.n);
                for severity in [Severity::Error, Severity::Warning, Severity::Info] {
                    f.count(word(severity), cell.classes[severity as usize]);
                }
            });
        });
    });
}
