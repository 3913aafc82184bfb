//! Regions of superblocks: grown from seeds, and traced into polygons that share their borders exactly.

use super::dice::Dice;
use super::plan::{Block, COLUMNS, Plan, ROWS, STEPS};
use geo::{Contains, Coord, LineString, MultiPolygon, Polygon};
use std::collections::{BTreeMap, VecDeque};

fn neighbours((i, j): Block) -> impl Iterator<Item = Block> {
    [(1, 0), (-1, 0), (0, 1), (0, -1)].into_iter().filter_map(move |(di, dj)| {
        let (i, j) = (i.checked_add_signed(di)?, j.checked_add_signed(dj)?);
        (i < COLUMNS && j < ROWS).then_some((i, j))
    })
}

/// Splits `blocks` (connected) into `count` connected regions of about equal size: seeds far apart, grown in turn, the
/// smallest first. Returns the region of each block.
pub fn grow(blocks: &[Block], count: usize, dice: &mut Dice) -> Vec<usize> {
    let count = count.clamp(1, blocks.len().max(1));
    let index: BTreeMap<Block, usize> = blocks.iter().enumerate().map(|(k, block)| (*block, k)).collect();
    let apart = |a: Block, b: Block| a.0.abs_diff(b.0).pow(2) + a.1.abs_diff(b.1).pow(2);
    let mut seeds = vec![*dice.pick(blocks)];
    while seeds.len() < count {
        let far = blocks.iter().max_by_key(|b| (seeds.iter().map(|s| apart(*s, **b)).min(), **b)).expect("a block");
        seeds.push(*far);
    }
    let mut region = vec![usize::MAX; blocks.len()];
    let mut fronts: Vec<VecDeque<Block>> = seeds.iter().map(|seed| VecDeque::from([*seed])).collect();
    let mut sizes = vec![0usize; count];
    while let Some(next) = (0..count).filter(|r| !fronts[*r].is_empty()).min_by_key(|r| (sizes[*r], *r)) {
        let block = fronts[next].pop_front().expect("a front that is not empty");
        let Some(k) = index.get(&block).copied().filter(|k| region[*k] == usize::MAX) else { continue };
        region[k] = next;
        sizes[next] += 1;
        let mut around: Vec<Block> = neighbours(block).filter(|b| index.contains_key(b)).collect();
        dice.shuffle(&mut around);
        fronts[next].extend(around);
    }
    // What no front reached lies apart: it goes to the first region.
    region.into_iter().map(|r| if r == usize::MAX { 0 } else { r }).collect()
}

/// The outline of all lattice cells for which `is_in` says yes. Every lattice point on the border is a vertex, so that
/// neighbours on any level share their vertices too.
pub fn outline(plan: &Plan, is_in: impl Fn(usize, usize) -> bool) -> MultiPolygon<f64> {
    let (columns, rows) = (COLUMNS * STEPS, ROWS * STEPS);
    let at = |u: isize, v: isize| {
        u >= 0 && v >= 0 && (u as usize) < columns && (v as usize) < rows && is_in(u as usize, v as usize)
    };
    // Directed edges with the inside on their left.
    let mut edges: BTreeMap<(usize, usize), Vec<(usize, usize)>> = BTreeMap::new();
    for v in 0..rows {
        for u in 0..columns {
            if !is_in(u, v) {
                continue;
            }
            let (iu, iv) = (u as isize, v as isize);
            let mut edge = |outside: bool, from: (usize, usize), to: (usize, usize)| {
                if outside {
                    edges.entry(from).or_default().push(to);
                }
            };
            edge(!at(iu, iv - 1), (u, v), (u + 1, v));
            edge(!at(iu + 1, iv), (u + 1, v), (u + 1, v + 1));
            edge(!at(iu, iv + 1), (u + 1, v + 1), (u, v + 1));
            edge(!at(iu - 1, iv), (u, v + 1), (u, v));
        }
    }
    let (mut shells, mut holes) = (Vec::new(), Vec::new());
    while let Some((&start, _)) = edges.iter().find(|(_, ends)| !ends.is_empty()) {
        let (ring, turning) = walk(&mut edges, start);
        let line = LineString::from(
            ring.iter().map(|(u, v)| plan.lattice(*u, *v)).map(|p| Coord { x: p.lon, y: p.lat }).collect::<Vec<_>>(),
        );
        if turning > 0 { shells.push(line) } else { holes.push(line) }
    }
    let mut polygons: Vec<Polygon<f64>> = shells.into_iter().map(|shell| Polygon::new(shell, Vec::new())).collect();
    for hole in holes {
        let first = geo::Point::from(hole.0[0]);
        let owner = polygons.iter().position(|p| p.contains(&first) || p.exterior().0.contains(&hole.0[0]));
        polygons[owner.unwrap_or(0)].interiors_push(hole);
    }
    MultiPolygon(polygons)
}

type Edges = BTreeMap<(usize, usize), Vec<(usize, usize)>>;

/// Walks one ring from `start`, turning left where two rings touch in a point. Returns the ring and twice its area.
fn walk(edges: &mut Edges, start: (usize, usize)) -> (Vec<(usize, usize)>, i64) {
    let mut ring = vec![start];
    let (mut at, mut heading) = (start, (0i64, 0i64));
    let mut area_2 = 0i64;
    loop {
        let ends = edges.get_mut(&at).expect("borders are closed");
        let turn = |end: &(usize, usize)| {
            let step = (end.0 as i64 - at.0 as i64, end.1 as i64 - at.1 as i64);
            heading.0 * step.1 - heading.1 * step.0
        };
        let best = (0..ends.len()).max_by_key(|k| turn(&ends[*k])).expect("a border goes on");
        let next = ends.swap_remove(best);
        heading = (next.0 as i64 - at.0 as i64, next.1 as i64 - at.1 as i64);
        area_2 += at.0 as i64 * next.1 as i64 - next.0 as i64 * at.1 as i64;
        ring.push(next);
        at = next;
        if at == start {
            return (ring, area_2);
        }
    }
}
