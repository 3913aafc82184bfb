//! Polygons in a tile: snapped to the lattice of the zoom, cleaned, cut to the tile.
//!
//! Every vertex is snapped by itself, and a vertex is only left out where its neighbours run straight through it. Two
//! polygons that share a border therefore share it in every tile of every zoom: there are no slivers between them.

use super::{EXTENT, MARGIN, View};
use crate::city::world::{Span, Spot};
use fast_mvt::{MvtCoord, MvtFeatureBuilder, MvtResult};

type At = [i64; 2];

/// Units between the points of the lattice: half a pixel where borders are only looked at from far.
fn grain(z: u8) -> i64 {
    match z {
        0..14 => 4,
        14..16 => 2,
        _ => 1,
    }
}

/// A ring on the lattice in units of the tile, open, without points that change nothing.
fn snap(view: &View, ring: &[Spot], grain: i64) -> Vec<At> {
    let [x, y] = view.tile.corner();
    let (shift, extent) = (view.tile.shift(), i64::from(EXTENT));
    let step = extent / grain;
    // Round half up on the lattice of the whole world: a tile's corner lies on it.
    let half = 1i64 << (shift - 1);
    let unit = |v: i64| ((v * step + half) >> shift) * grain;
    let mut out: Vec<At> = Vec::with_capacity(ring.len());
    for spot in ring {
        let at = [unit(i64::from(spot.x) - x), unit(i64::from(spot.y) - y)];
        push(&mut out, at);
    }
    close(&mut out);
    out
}

/// Adds a point; takes back points that the new one makes needless.
fn push(ring: &mut Vec<At>, at: At) {
    while let [.., before, last] = ring[..] {
        if last != at && turn(before, last, at) != 0 {
            break;
        }
        ring.pop();
    }
    if ring.last() != Some(&at) {
        ring.push(at);
    }
}

/// Opens a closed ring and cleans its seam.
fn close(ring: &mut Vec<At>) {
    loop {
        let n = ring.len();
        if n < 3 {
            ring.clear();
            return;
        }
        if ring[0] == ring[n - 1] || turn(ring[n - 2], ring[n - 1], ring[0]) == 0 {
            ring.pop();
        } else if turn(ring[n - 1], ring[0], ring[1]) == 0 {
            ring.remove(0);
        } else {
            return;
        }
    }
}

/// Twice the area of the triangle: zero when the points are in line.
fn turn(a: At, b: At, c: At) -> i64 {
    (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])
}

/// Cuts a ring to the tile and its margin (Sutherland and Hodgman 1974).
fn cut(ring: Vec<At>) -> Vec<At> {
    let (low, high) = (-MARGIN, i64::from(EXTENT) + MARGIN);
    let inside = |at: &At| at.iter().all(|v| (low..=high).contains(v));
    if ring.iter().all(inside) {
        return ring;
    }
    let mut ring = ring;
    for (axis, bound, sign) in [(0, low, 1), (0, high, -1), (1, low, 1), (1, high, -1)] {
        let depth = |at: At| (at[axis] - bound) * sign;
        let mut out: Vec<At> = Vec::with_capacity(ring.len() + 4);
        for i in 0..ring.len() {
            let (a, b) = (ring[(i + ring.len() - 1) % ring.len()], ring[i]);
            let (da, db) = (depth(a), depth(b));
            if (da < 0) != (db < 0) {
                // From the inner to the outer end, so that both directions of a shared edge meet the bound in one point.
                let (p, q, dp, dq) = if da < 0 { (b, a, db, da) } else { (a, b, da, db) };
                let other = 1 - axis;
                let mut at = [bound; 2];
                at[other] = p[other] + ((q[other] - p[other]) * dp).div_euclid(dp - dq);
                push(&mut out, at);
            }
            if db >= 0 {
                push(&mut out, b);
            }
        }
        close(&mut out);
        ring = out;
    }
    ring
}

/// Polygons in units of the view's tile; those that are smaller than the lattice there are gone.
pub fn draw(view: &View, polygons: &[Vec<Vec<Spot>>]) -> Vec<Vec<Vec<At>>> {
    let grain = grain(view.tile.z);
    let meets = |ring: &[Spot]| {
        let span = ring.iter().map(|spot| Span::of(*spot)).reduce(Span::with);
        span.is_some_and(|span| span.meets(view.span))
    };
    let mut drawn = Vec::new();
    for rings in polygons.iter().filter(|rings| meets(&rings[0])) {
        let mut rings = rings.iter().map(|ring| cut(snap(view, ring, grain)));
        let outer = rings.next().filter(|ring| ring.len() > 2);
        if let Some(outer) = outer {
            drawn.push(std::iter::once(outer).chain(rings.filter(|ring| ring.len() > 2)).collect());
        }
    }
    drawn
}

/// Writes polygons into a feature.
pub fn write(feature: &mut MvtFeatureBuilder, polygons: &[Vec<Vec<At>>]) -> MvtResult<()> {
    for rings in polygons {
        for (i, ring) in rings.iter().enumerate() {
            feature.ring(ring.iter().map(|at| MvtCoord { x: at[0] as i32, y: at[1] as i32 }), i == 0)?;
        }
    }
    Ok(())
}
