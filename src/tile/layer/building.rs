//! Standing buildings: outlines, or points where only a point is known.

use super::super::View;
use super::super::mvt::{Kind, Layer};
use super::super::outline::Outliner;
use super::drawn;
use crate::city::world::TileId;
use crate::domain::BuildingKind;

fn kind(kind: BuildingKind) -> &'static str {
    match kind {
        BuildingKind::Residential => "residential",
        BuildingKind::Commercial => "commercial",
        BuildingKind::Industrial => "industrial",
        BuildingKind::Public => "public",
        BuildingKind::Unknown => "unknown",
    }
}

pub(super) fn draw(view: &View, out: &mut Vec<u8>) {
    drawn("building", out, |pen: &mut Layer| {
        let mut outliner = Outliner::new(view);
        for chunk in view.city.building_points.about(view.span) {
            // The number of each of the chunk's labels among the values, plus one.
            let mut labels = vec![0; chunk.labels()];
            for i in 0..chunk.len() {
                let (rings, spot) = (chunk.rings(i), chunk.spot(i));
                let is_here = match chunk.spans.get(i) {
                    Some(span) if !rings.is_empty() => span.meets(view.span),
                    _ => TileId::at(view.tile.z, spot) == view.tile,
                };
                if !is_here || !view.holds(chunk.home[i]) {
                    continue;
                }
                let geometry = if rings.is_empty() { Kind::Point } else { Kind::Polygon };
                let tag = chunk.tag[i];
                pen.feature(geometry, |f| {
                    match geometry {
                        Kind::Point => f.at(view.unit(spot)),
                        Kind::Polygon => outliner.draw(rings, f),
                    }
                    if f.is_empty() {
                        return;
                    }
                    f.unique("id", chunk.id_values(i..i + 1));
                    f.known(
                        "label",
                        &mut labels[usize::from(chunk.label[i])],
                        chunk.label_value(chunk.label[i].into()),
                    );
                    if let Some(floors) = tag.floors() {
                        f.count("floors", floors);
                    }
                    f.text("kind", kind(tag.building_kind()));
                    f.truth("addressed", tag.is_addressed());
                });
            }
        }
    });
}
