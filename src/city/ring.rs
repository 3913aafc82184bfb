//! Rings of polygons in steps of the world, packed: what is drawn of a grid or a building.

use super::world::{Span, Spot};
use crate::domain::LonLat;
use crate::domain::column::fitted;
use geo::{Coord, LineString, MultiPolygon};
use std::ops::Range;

/// Corners of a block; see [`Rings::blocks`].
pub const BLOCK: usize = 64;

/// Rings one after the other, open, each with whether it begins a polygon; the others are holes of the polygon before.
#[derive(Clone, Copy, Default)]
pub struct Rings<'a> {
    /// Where the first ring begins.
    pub start: u32,
    /// Where each ring ends, doubled, and one more for a ring that begins a polygon.
    pub ends: &'a [u32],
    /// The corners; others may stand before and behind.
    pub spots: &'a [Spot],
    /// The first zoom at which each corner is drawn; empty where each always is.
    pub zooms: &'a [u8],
    /// The box of every [`BLOCK`] corners; empty where there are few.
    pub blocks: &'a [Span],
}

impl<'a> Rings<'a> {
    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// The places of each ring's corners, with whether it begins a polygon.
    pub fn ranges(self) -> impl Iterator<Item = (Range<usize>, bool)> + use<'a> {
        let mut from = self.start as usize;
        self.ends.iter().map(move |end| {
            let to = (end >> 1) as usize;
            (std::mem::replace(&mut from, to)..to, end & 1 == 1)
        })
    }

    /// The corners of each ring, with whether it begins a polygon.
    pub fn iter(self) -> impl Iterator<Item = (&'a [Spot], bool)> {
        self.ranges().map(move |(range, is_outer)| (&self.spots[range], is_outer))
    }

    /// All corners.
    pub fn corners(self) -> &'a [Spot] {
        let end = self.ends.last().map_or(self.start, |end| end >> 1);
        &self.spots[self.start as usize..end as usize]
    }

    /// The box around all corners.
    pub fn span(self) -> Option<Span> {
        self.corners().iter().map(|spot| Span::of(*spot)).reduce(Span::with)
    }
}

impl std::fmt::Debug for Rings<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

impl PartialEq for Rings<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

impl Eq for Rings<'_> {}

/// Rings of one's own.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OwnRings {
    ends: Vec<u32>,
    spots: Vec<Spot>,
    zooms: Vec<u8>,
    blocks: Vec<Span>,
}

impl OwnRings {
    /// Polygons in degrees, in steps of the world; rings that are not on earth are left out.
    pub fn of(area: &MultiPolygon<f64>) -> OwnRings {
        let mut rings = OwnRings::default();
        for polygon in area.iter() {
            let open = |line: &LineString<f64>| line.0.len().saturating_sub(1);
            let line = polygon.exterior();
            if rings.push_corners(&line.0[..open(line)], true) {
                polygon.interiors().iter().for_each(|line| {
                    rings.push_corners(&line.0[..open(line)], false);
                });
            }
        }
        rings
    }

    /// One ring of degrees, open.
    pub fn of_ring(corners: &[Coord<f64>]) -> OwnRings {
        let mut rings = OwnRings::default();
        rings.push_corners(corners, true);
        rings
    }

    /// They and the middle of the box around them, if there are any.
    pub fn with_middle(self) -> (OwnRings, Option<Spot>) {
        let middle = self.rings().span().map(Span::middle);
        (self, middle)
    }

    /// Adds a ring of degrees, open; says whether it is one, and on earth.
    fn push_corners(&mut self, corners: &[Coord<f64>], is_outer: bool) -> bool {
        let spots: Option<Vec<Spot>> = corners.iter().map(|c| Spot::of(LonLat::new(c.x, c.y))).collect();
        let spots = spots.filter(|spots| spots.len() > 2);
        spots.iter().for_each(|spots| self.push(spots, is_outer));
        spots.is_some()
    }

    /// Adds a ring.
    pub fn push(&mut self, ring: &[Spot], is_outer: bool) {
        self.spots.extend_from_slice(ring);
        self.ends.push((self.spots.len() as u32) << 1 | u32::from(is_outer));
    }

    /// Adds a ring of which each corner is drawn from a zoom on.
    pub fn push_weighed(&mut self, ring: impl Iterator<Item = (Spot, u8)>, is_outer: bool) {
        for (spot, zoom) in ring {
            self.spots.push(spot);
            self.zooms.push(zoom);
        }
        self.ends.push((self.spots.len() as u32) << 1 | u32::from(is_outer));
    }

    /// Packs them: nothing is added after that.
    pub fn packed(mut self) -> OwnRings {
        self.ends = fitted(&self.ends).into();
        self.spots = fitted(&self.spots).into();
        self.zooms = fitted(&self.zooms).into();
        if self.spots.len() > 2 * BLOCK {
            let span = |block: &[Spot]| block.iter().map(|spot| Span::of(*spot)).reduce(Span::with);
            self.blocks = self.spots.chunks(BLOCK).filter_map(span).collect();
        }
        self
    }

    /// All of them.
    pub fn rings(&self) -> Rings<'_> {
        Rings { start: 0, ends: &self.ends, spots: &self.spots, zooms: &self.zooms, blocks: &self.blocks }
    }
}

impl From<Rings<'_>> for OwnRings {
    fn from(rings: Rings) -> OwnRings {
        let mut own = OwnRings::default();
        rings.iter().for_each(|(ring, is_outer)| own.push(ring, is_outer));
        own
    }
}
