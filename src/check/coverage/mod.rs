//! Whether the grids of one level cover the ground once: overlaps, gaps, and shared borders whose vertices differ.
//!
//! Everything is done in metres on vertices that are first snapped together (`node.rs`), in the plane of the whole city.
//! What is left of the borders where edges that run both ways cancel (`leftover.rs`) runs around every overlap and gap: so
//! only pairs of grids that have leftovers near each other are intersected (`overlap.rs`), and gaps are told from
//! leftovers that hang together (`knot.rs`) or face each other (`strip.rs`). The cost follows the number of vertices, not
//! that of pairs.
//!
//! An edit looks again at what is near the grids that are others, and at the list of leftovers; the result is that of a
//! look at everything, bit for bit: whatever is kept was made from nothing but what is still there.

mod boxed;
mod edit;
mod ground;
mod knot;
mod leftover;
mod node;
mod overlap;
mod seam;
mod strip;

use super::context::Context;
use crate::domain::{Frame, Grid, GridLevel, LonLat, Table};
use edit::Floor;
use geo::{Area, InteriorPoint, Polygon};
use leftover::Part;
use std::collections::BTreeSet;
use std::sync::Arc;

/// An overlap or a gap: all its pieces between the same grids.
#[derive(Debug, Clone, PartialEq)]
pub struct Piece {
    /// The grids, by position, in order of their codes.
    pub grids: Vec<u32>,
    /// How many pieces.
    pub count: usize,
    /// Their area, square metres.
    pub area_m2: f64,
    /// Width of the largest: twice its area over its perimeter, metres.
    pub width_m: f64,
    /// A point in the largest.
    pub at: LonLat,
}

/// A border that two grids share with different vertices.
#[derive(Debug, Clone, PartialEq)]
pub struct Seam {
    /// The two grids, by position, in order of their codes.
    pub grids: [u32; 2],
    /// Vertices of one that the other does not have.
    pub count: usize,
    /// How far the farthest of them is from the other's border, metres.
    pub most_m: f64,
    /// The first of them.
    pub at: LonLat,
}

/// What is wrong with the coverage of all levels, level by level, and what edits need to tell it again.
#[derive(Debug, Clone, Default)]
pub struct Coverage {
    grids: Table<Grid>,
    frame: Option<Frame>,
    floors: [Arc<Floor>; GridLevel::ALL.len()],
}

/// What is wrong with the coverage of one level.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Found {
    /// Where grids of one level overlap.
    pub overlaps: Vec<Piece>,
    /// Uncovered ground between grids of one level.
    pub gaps: Vec<Piece>,
    /// Shared borders with different vertices.
    pub seams: Vec<Seam>,
}

impl Coverage {
    /// Looks at every level.
    pub fn build(context: &Context) -> Self {
        let frame = plane(context);
        let floor = |level: GridLevel| frame.map(|frame| Floor::build(context, level, frame)).unwrap_or_default();
        let floors = GridLevel::ALL.map(|level| Arc::new(floor(level)));
        Coverage { grids: context.records.grids.clone(), frame, floors }
    }

    /// Takes over the grids in some positions, as the context has them now; all others must be the same.
    pub fn edit(&self, context: &Context, positions: &BTreeSet<u32>) -> Self {
        let frame = plane(context);
        let Some(frame) = frame.filter(|_| frame == self.frame) else { return Coverage::build(context) };
        let mut next = Coverage { grids: context.records.grids.clone(), ..self.clone() };
        for level in GridLevel::ALL {
            let floor = &mut next.floors[level as usize];
            if let Some(edited) = floor.edit(context, level, frame, &self.grids, positions) {
                *floor = Arc::new(edited);
            }
        }
        next
    }

    /// What is wrong with one level.
    pub fn of(&self, level: GridLevel) -> &Found {
        &self.floors[level as usize].found
    }

    /// Where grids of one level overlap.
    pub fn overlaps(&self) -> impl Iterator<Item = &Piece> {
        self.floors.iter().flat_map(|floor| &floor.found.overlaps)
    }

    /// Uncovered ground between grids of one level.
    pub fn gaps(&self) -> impl Iterator<Item = &Piece> {
        self.floors.iter().flat_map(|floor| &floor.found.gaps)
    }

    /// Shared borders with different vertices.
    pub fn seams(&self) -> impl Iterator<Item = &Seam> {
        self.floors.iter().flat_map(|floor| &floor.found.seams)
    }
}

/// The plane of the city, which stays while it is edited; none without any grid.
fn plane(context: &Context) -> Option<Frame> {
    if !GridLevel::ALL.iter().any(|level| context.grid.count(*level) > 0) {
        return None;
    }
    let [w, s, e, n] = context.area()?;
    Some(Frame::at(LonLat::new((w + e) / 2.0, (s + n) / 2.0)))
}

/// Size of a polygon, and a point in it.
fn part(polygon: &Polygon<f64>) -> Part {
    let area_m2 = polygon.unsigned_area();
    let length_m: f64 = polygon.exterior().lines().map(|l| l.dx().hypot(l.dy())).sum();
    let inside = polygon.interior_point().map_or_else(|| polygon.exterior().0[0], |p| p.0);
    Part { area_m2, width_m: 2.0 * area_m2 / length_m.max(1e-9), at: [inside.x, inside.y] }
}
