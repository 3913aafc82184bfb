//! Borders of grids from far away: which corners are still drawn at which zoom, the same for all who share a border.
//!
//! Wherever more than two edges meet, there is a *node*: it is always drawn. Between two nodes every grid that has the
//! border has the same corners; such an arc is simplified once for all of them (Douglas and Peucker 1973, always from its
//! lesser end to its greater, so that it makes no difference who walks it which way). A corner therefore stays or goes for
//! all its grids together, and no sliver opens between them. A border moves by half a pixel at most.
//!
//! Levels that are too small to be drawn at a zoom make no nodes there: a village's border does not keep the corners at
//! which its grids meet it where only villages are drawn. The zooms between two levels' first ones are a [`Stage`].

use super::ring::OwnRings;
use super::shape::Shape;
use super::world::{Span, Spot};
use crate::domain::GridLevel;
use rayon::prelude::*;
use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

/// The zoom from which every corner is drawn.
pub const EVERY: u8 = 16;
/// How often an arc is halved at most: what is finer than that stays with its parent, so that the time is linear.
const DEPTH: u32 = 48;
/// Parts in which the corners of a city are looked at, side by side.
const SHARDS: u64 = 8;

type Map<K, V> = HashMap<K, V, foldhash::fast::FixedState>;
type Set<K> = HashSet<K, foldhash::fast::FixedState>;
/// Nodes, with the coarsest level at which each is one.
type Nodes = Map<Spot, GridLevel>;

/// An outline as it is drawn at some zooms.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stage {
    /// The zoom at which it ends.
    pub to: u8,
    /// The corners that are drawn at any of them, each with the first zoom at which it is.
    pub rings: OwnRings,
}

/// Makes the stages of the outlines at `positions`, from the outlines of all grids. `levels` holds each grid's level,
/// `zooms` the first zoom of each level.
pub fn draw(shapes: &mut [Arc<Shape>], levels: &[GridLevel], zooms: &[u8; 5], positions: &BTreeSet<u32>) {
    let everything = positions.len() == shapes.len();
    let corners: Option<Set<Spot>> = (!everything).then(|| corners(shapes, positions));
    let spans: Vec<Span> = positions.iter().filter_map(|position| shapes[*position as usize].span).collect();
    let nodes = nodes(shapes, levels, corners.as_ref().map(|corners| (corners, &spans[..])));
    let stages = |position: u32| -> (u32, Vec<Stage>) {
        let starts = starts(levels[position as usize], zooms);
        let ends = starts.iter().skip(1).map(|(zoom, _)| *zoom).chain([u8::MAX]);
        let rings = shapes[position as usize].rings.rings();
        let stage = |((_, level), to): (&(u8, GridLevel), u8)| {
            let mut kept = OwnRings::default();
            for (ring, is_outer) in rings.iter() {
                let zooms = weigh(ring, |spot| nodes.get(spot).is_some_and(|node| node <= level));
                let corners = ring.iter().zip(zooms).filter(|(_, zoom)| *zoom < to);
                kept.push_weighed(corners.map(|(spot, zoom)| (*spot, zoom)), is_outer);
            }
            Stage { to, rings: kept.packed() }
        };
        (position, starts.iter().zip(ends).map(stage).collect())
    };
    let positions: Vec<u32> = positions.iter().copied().collect();
    let made: Vec<(u32, Vec<Stage>)> = positions.into_par_iter().map(stages).collect();
    for (position, mut stages) in made {
        let shape = Arc::make_mut(&mut shapes[position as usize]);
        // The last stage has no end: it has all corners.
        shape.rings = stages.pop().map(|stage| stage.rings).unwrap_or_default();
        shape.coarse = stages;
    }
}

/// The outlines that have an end of an edge that came or went: whose nodes may differ since. `changes` holds outlines of
/// one level each, as they were and as they are.
pub fn touching<'a>(
    shapes: &[Arc<Shape>],
    changes: impl Iterator<Item = (Option<&'a Arc<Shape>>, Option<&'a Arc<Shape>>)>,
) -> BTreeSet<u32> {
    let mut spots: Set<Spot> = Set::default();
    let mut spans: Vec<Span> = Vec::new();
    for (was, is) in changes {
        let [was, is] = [was, is].map(|shape| shape.map(|shape| edges(shape)).unwrap_or_default());
        let alone: Vec<Spot> = was.symmetric_difference(&is).flatten().copied().collect();
        spans.extend(alone.iter().map(|spot| Span::of(*spot)).reduce(Span::with));
        spots.extend(alone);
    }
    let near = |shape: &Shape| shape.span.is_some_and(|span| spans.iter().any(|other| span.meets(*other)));
    let touches =
        |shape: &Arc<Shape>| near(shape) && shape.rings.rings().corners().iter().any(|spot| spots.contains(spot));
    (0..).zip(shapes).filter(|(_, shape)| touches(shape)).map(|(position, _)| position).collect()
}

/// The edges of an outline, each from its lesser end.
fn edges(shape: &Shape) -> Set<[Spot; 2]> {
    let mut edges = Set::default();
    for (ring, _) in shape.rings.rings().iter() {
        let next = ring.iter().cycle().skip(1);
        edges.extend(ring.iter().zip(next).map(|(a, b)| [*a.min(b), *a.max(b)]));
    }
    edges
}

/// The first zooms of the stages of a grid of a level, each with the finest level that is drawn then.
fn starts(level: GridLevel, zooms: &[u8; 5]) -> Vec<(u8, GridLevel)> {
    let mut starts: Vec<(u8, GridLevel)> = Vec::new();
    for finest in GridLevel::ALL.into_iter().filter(|finest| *finest >= level) {
        let from = zooms[finest as usize];
        match starts.last_mut() {
            Some(last) if last.0 >= from => last.1 = finest,
            _ => starts.push((from, finest)),
        }
    }
    starts
}

fn corners(shapes: &[Arc<Shape>], positions: &BTreeSet<u32>) -> Set<Spot> {
    positions.iter().flat_map(|position| shapes[*position as usize].rings.rings().corners()).copied().collect()
}

/// The nodes among the corners that are asked for, which lie in some boxes, or among all.
fn nodes(shapes: &[Arc<Shape>], levels: &[GridLevel], asked: Option<(&Set<Spot>, &[Span])>) -> Nodes {
    // Coarse levels first: the level of a node is that of its third neighbour.
    let mut order: Vec<usize> = (0..shapes.len()).collect();
    if let Some((_, spans)) = asked {
        order.retain(|position| shapes[*position].span.is_some_and(|own| spans.iter().any(|span| own.meets(*span))));
    }
    order.sort_by_key(|position| levels[*position]);
    let shard_of =
        |spot: &Spot| (u64::from(spot.x) ^ u64::from(spot.y).rotate_left(7)).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32;
    let shards = if asked.is_some() { 1 } else { SHARDS };
    let of_shard = |shard: u64| -> Vec<(Spot, GridLevel)> {
        let mut two: Map<Spot, (Spot, Spot, Option<GridLevel>)> = Map::default();
        for position in &order {
            for (ring, _) in shapes[*position].rings.rings().iter() {
                for (i, spot) in ring.iter().enumerate() {
                    if shard_of(spot) % shards != shard || asked.is_some_and(|(asked, _)| !asked.contains(spot)) {
                        continue;
                    }
                    let before = ring[if i == 0 { ring.len() } else { i } - 1];
                    let after = ring[if i + 1 == ring.len() { 0 } else { i + 1 }];
                    let known = two.entry(*spot).or_insert((before, after, None));
                    for other in [before, after] {
                        if other != known.0 && other != known.1 && known.2.is_none() {
                            known.2 = Some(levels[*position]);
                        }
                    }
                }
            }
        }
        two.into_iter().filter_map(|(spot, (_, _, node))| Some((spot, node?))).collect()
    };
    (0..shards).into_par_iter().flat_map_iter(of_shard).collect()
}

/// The first zoom at which each corner of a ring is drawn.
fn weigh(ring: &[Spot], is_node: impl Fn(&Spot) -> bool) -> Vec<u8> {
    let mut zooms = vec![0; ring.len()];
    let mut nodes: Vec<usize> = (0..ring.len()).filter(|i| is_node(&ring[*i])).collect();
    if nodes.is_empty() {
        // An island begins at its least corner.
        nodes.extend((0..ring.len()).min_by_key(|i| ring[*i]));
    }
    for (k, from) in nodes.iter().enumerate() {
        let to = nodes[(k + 1) % nodes.len()];
        let len = (to + ring.len() - from - 1) % ring.len() + 1;
        let mut arc: Vec<usize> = (0..=len).map(|i| (from + i) % ring.len()).collect();
        let (first, last) = (arc[0], arc[len]);
        // From the lesser end; a loop from the lesser of the two corners beside its node.
        if (ring[last], ring[arc[len - 1]]) < (ring[first], ring[arc[1]]) {
            arc.reverse();
        }
        thin(ring, &arc, &mut zooms);
    }
    zooms
}

/// Weighs the corners between the ends of an arc.
fn thin(ring: &[Spot], arc: &[usize], zooms: &mut [u8]) {
    let mut parts = vec![(0, arc.len() - 1, f64::INFINITY, 0)];
    while let Some((from, to, most, depth)) = parts.pop() {
        if to - from < 2 {
            continue;
        }
        let (a, b) = (ring[arc[from]], ring[arc[to]]);
        let mut farthest = (from + 1, -1.0);
        for i in from + 1..to {
            let off = distance(a, b, ring[arc[i]]);
            if off > farthest.1 {
                farthest = (i, off);
            }
        }
        // Nothing is drawn before what it hangs on.
        let (at, off) = (farthest.0, farthest.1.min(most));
        if depth == DEPTH {
            (from + 1..to).for_each(|i| zooms[arc[i]] = first_zoom(off));
            continue;
        }
        zooms[arc[at]] = first_zoom(off);
        parts.extend([(from, at, off, depth + 1), (at, to, off, depth + 1)]);
    }
}

/// Steps from a point to the stretch between two others.
fn distance(a: Spot, b: Spot, at: Spot) -> f64 {
    let to = |p: Spot| (f64::from(p.x) - f64::from(a.x), f64::from(p.y) - f64::from(a.y));
    let ((bx, by), (x, y)) = (to(b), to(at));
    let length_2 = bx * bx + by * by;
    let along = if length_2 > 0.0 { ((x * bx + y * by) / length_2).clamp(0.0, 1.0) } else { 0.0 };
    (x - along * bx).hypot(y - along * by)
}

/// Units between the points of the lattice on which outlines are drawn, 4,096 to a tile's side: half a pixel where borders
/// are only looked at from far.
pub fn grain(z: u8) -> i64 {
    match z {
        0..14 => 4,
        14..EVERY => 2,
        _ => 1,
    }
}

/// The first zoom at which a corner is drawn that lies some steps off the line without it: as far as the lattice is wide.
fn first_zoom(off: f64) -> u8 {
    let seen = |z: &u8| off >= (grain(*z) as f64) * f64::from(1u32 << (20 - z));
    (0..EVERY).find(seen).unwrap_or(EVERY)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::city::world::Span;
    use rand::{RngExt, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    /// Cells of a coverage of 8 by 8 with wiggly borders, in fours under 4 by 4 grids and those under one village, some
    /// 250 m a side at 30 N, with an island of its own.
    fn coverage(rng: &mut ChaCha8Rng) -> (Vec<Arc<Shape>>, Vec<GridLevel>) {
        const N: usize = 8;
        const SIDE: i64 = 1 << 15;
        let node = |rng: &mut ChaCha8Rng, x: usize, y: usize| -> Spot {
            let at =
                |k: usize, rng: &mut ChaCha8Rng| ((3 << 30) + k as i64 * SIDE + rng.random_range(-3000..3000)) as u32;
            Spot { x: at(x, rng), y: at(y, rng) }
        };
        let mut nodes = Vec::new();
        for y in 0..=N {
            nodes.push((0..=N).map(|x| node(rng, x, y)).collect::<Vec<Spot>>());
        }
        let mut line = |a: Spot, b: Spot| -> Vec<Spot> {
            let n = rng.random_range(3..60);
            let part = |p: u32, q: u32, i: i64| i64::from(p) + (i64::from(q) - i64::from(p)) * i / n;
            let mut line = vec![a];
            for i in 1..n {
                let by = [rng.random_range(-900..900), rng.random_range(-900..900)];
                line.push(Spot { x: (part(a.x, b.x, i) + by[0]) as u32, y: (part(a.y, b.y, i) + by[1]) as u32 });
            }
            line.push(b);
            line
        };
        let mut flat: HashMap<(usize, usize, bool), Vec<Spot>> = HashMap::new();
        for y in 0..=N {
            for x in 0..=N {
                if x < N {
                    flat.insert((x, y, true), line(nodes[y][x], nodes[y][x + 1]));
                }
                if y < N {
                    flat.insert((x, y, false), line(nodes[y][x], nodes[y + 1][x]));
                }
            }
        }
        let block = |x: usize, y: usize, n: usize| -> Arc<Shape> {
            let mut ring: Vec<Spot> = Vec::new();
            let mut walk = |line: &[Spot], back: bool| {
                let line: Vec<Spot> = if back { line.iter().rev().copied().collect() } else { line.to_vec() };
                ring.extend(&line[..line.len() - 1]);
            };
            (x..x + n).for_each(|k| walk(&flat[&(k, y, true)], false));
            (y..y + n).for_each(|k| walk(&flat[&(x + n, k, false)], false));
            (x..x + n).rev().for_each(|k| walk(&flat[&(k, y + n, true)], true));
            (y..y + n).rev().for_each(|k| walk(&flat[&(x, k, false)], true));
            // Every ring begins elsewhere.
            let len = ring.len();
            ring.rotate_left((x * 7 + y * 13) % len);
            shape(ring)
        };
        let (mut shapes, mut levels) = (vec![block(0, 0, N)], vec![GridLevel::Village]);
        for (n, level) in [(2, GridLevel::Grid), (1, GridLevel::Microgrid)] {
            for y in (0..N).step_by(n) {
                for x in (0..N).step_by(n) {
                    shapes.push(block(x, y, n));
                    levels.push(level);
                }
            }
        }
        let far = nodes[0][0].x - (1 << 20);
        let island = (0..40).map(|i| f64::from(i) / 40.0 * std::f64::consts::TAU);
        let island = island.map(|t| Spot {
            x: far.wrapping_add_signed((t.cos() * 9e3) as i32),
            y: far.wrapping_add_signed((t.sin() * 9e3) as i32),
        });
        shapes.push(shape(island.collect()));
        levels.push(GridLevel::Microgrid);
        (shapes, levels)
    }

    fn shape(ring: Vec<Spot>) -> Arc<Shape> {
        let mut rings = OwnRings::default();
        rings.push(&ring, true);
        let span = ring.iter().map(|spot| Span::of(*spot)).reduce(Span::with);
        Arc::new(Shape { rings, span, ..Shape::default() })
    }

    const ZOOMS: [u8; 5] = [0, 0, 0, 11, 13];

    fn whole(shapes: &mut [Arc<Shape>], levels: &[GridLevel]) {
        draw(shapes, levels, &ZOOMS, &(0..shapes.len() as u32).collect());
    }

    /// The corners that are drawn at a zoom.
    fn drawn(shape: &Shape, z: u8) -> Vec<Spot> {
        let rings = shape.at(z);
        let is_drawn = |i: &usize| rings.zooms.get(*i).is_none_or(|from| *from <= z);
        (0..rings.spots.len()).filter(is_drawn).map(|i| rings.spots[i]).collect()
    }

    #[test]
    fn neighbours_keep_the_same_corners_and_borders_move_by_half_a_pixel() {
        for seed in 0..2 {
            let (mut shapes, levels) = coverage(&mut ChaCha8Rng::seed_from_u64(seed));
            let before: Vec<Vec<Spot>> = shapes.iter().map(|shape| shape.rings.rings().corners().to_vec()).collect();
            whole(&mut shapes, &levels);
            let mut sharing: Map<Spot, Vec<usize>> = Map::default();
            let corners = before.iter().enumerate().flat_map(|(i, ring)| ring.iter().map(move |spot| (*spot, i)));
            corners.for_each(|(spot, i)| sharing.entry(spot).or_default().push(i));
            let mut fewest = usize::MAX;
            for z in [4, 8, 10, 11, 12, 13, 14, 15, 16, 18] {
                let seen: BTreeSet<usize> =
                    (0..shapes.len()).filter(|i| z >= ZOOMS[levels[*i] as usize] && !before[*i].is_empty()).collect();
                let kept: Vec<Set<Spot>> = shapes.iter().map(|shape| drawn(shape, z).into_iter().collect()).collect();
                fewest = fewest.min(kept[0].len());
                for (spot, sharing) in &sharing {
                    let mut sharing = sharing.iter().filter(|i| seen.contains(i)).map(|i| kept[*i].contains(spot));
                    let first = sharing.next();
                    assert!(
                        sharing.all(|kept| Some(kept) == first),
                        "z{z}: {spot:?} is drawn for some of its grids only"
                    );
                }
                let most = grain(z) as f64 * 2f64.powi(20 - i32::from(z));
                for i in seen {
                    let line = drawn(&shapes[i], z);
                    assert!(z < EVERY || line.len() == before[i].len(), "everything is drawn from z{EVERY} on");
                    for spot in before[i].iter().filter(|_| line.len() > 2) {
                        let ends = (0..line.len()).map(|k| (line[k], line[(k + 1) % line.len()]));
                        let off = ends.map(|(a, b)| distance(a, b, *spot)).fold(f64::INFINITY, f64::min);
                        assert!(off <= most, "z{z}: {i} moved by {off} of {most}");
                    }
                }
            }
            assert!(fewest < before[0].len() / 20, "a village from afar still has {fewest} of {}", before[0].len());
        }
    }

    #[test]
    fn what_touches_a_change_is_all_that_it_changes() {
        let mut rng = ChaCha8Rng::seed_from_u64(9);
        let (mut shapes, levels) = coverage(&mut rng);
        whole(&mut shapes, &levels);
        for n in 0..12 {
            let position = rng.random_range(0..shapes.len());
            let mut ring = shapes[position].rings.rings().corners().to_vec();
            if ring.is_empty() {
                continue;
            }
            let k = rng.random_range(0..ring.len());
            match n % 3 {
                0 => ring[k].x += 1500,
                1 => drop(ring.drain(k / 2..k)),
                _ => ring.clear(),
            }
            let old = std::mem::replace(&mut shapes[position], shape(ring));
            let mut redrawn = touching(&shapes, [(Some(&old), Some(&shapes[position]))].into_iter());
            redrawn.insert(position as u32);
            let most = if n % 3 == 0 { shapes.len() / 4 } else { shapes.len() * 3 / 4 };
            assert!(redrawn.len() < most, "{} of {}", redrawn.len(), shapes.len());
            draw(&mut shapes, &levels, &ZOOMS, &redrawn);
            let mut anew: Vec<Arc<Shape>> = shapes
                .iter()
                .map(|s| Arc::new(Shape { rings: s.rings.rings().into(), span: s.span, ..Shape::default() }))
                .collect();
            whole(&mut anew, &levels);
            for (i, (grown, built)) in shapes.iter().zip(&anew).enumerate() {
                let differs = (0..20).find(|z| drawn(grown, *z) != drawn(built, *z));
                assert_eq!(differs, None, "edit {n} of {position}: {i} is drawn otherwise");
            }
        }
    }
}
