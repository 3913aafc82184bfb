//! Streets that share a name: one name at several places of the city, with the same numbers at each, is several series.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// Something that bears a name: where it stands, its number, and its declared grid, if any.
pub struct Bearer {
    /// Metres in the plane; not finite for nowhere.
    pub at: [f64; 2],
    /// Its number, or 0.
    pub main: u32,
    /// Position of its declared grid, or [`NONE`](super::pack::NONE).
    pub grid: u32,
}

/// Side of the squares whose neighbourhood holds a street together, metres.
const SQUARE_M: f64 = 400.0;
/// Bearers that make a place of its own.
const LEAST: usize = 6;

type Square = (i64, i64);

/// One place of a name.
struct Place {
    squares: Vec<Square>,
    count: usize,
    /// A tenth and nine tenths of its numbers lie below.
    numbers: (u32, u32),
}

/// To which of its places each bearer of a name belongs; none where the name has one place only. `boxes` are the boxes of
/// the grids in the plane. It does not matter in which order the bearers come.
pub fn places(bearers: &[Bearer], boxes: &[[f64; 4]]) -> Option<Vec<u32>> {
    let places = places_of(bearers);
    if places.len() < 2 {
        return None;
    }
    let mut of_grid: HashMap<u32, u32> = HashMap::new();
    let place = |bearer: &Bearer| match boxes.get(bearer.grid as usize) {
        Some(area) => *of_grid.entry(bearer.grid).or_insert_with(|| nearest(&places, *area)),
        None => nearest(&places, [bearer.at[0], bearer.at[1], bearer.at[0], bearer.at[1]]),
    };
    Some(bearers.iter().map(place).collect())
}

/// The places of a name, the most common first; one where they cannot be told apart.
fn places_of(bearers: &[Bearer]) -> Vec<Place> {
    if bearers.len() < 2 * LEAST {
        return Vec::new();
    }
    let square = |at: [f64; 2]| ((at[0] / SQUARE_M).floor() as i64, (at[1] / SQUARE_M).floor() as i64);
    let mut squares: BTreeMap<Square, Vec<u32>> = BTreeMap::new();
    for bearer in bearers.iter().filter(|bearer| bearer.at[0].is_finite()) {
        squares.entry(square(bearer.at)).or_default().push(bearer.main);
    }
    let mut left: Vec<Square> = squares.keys().copied().rev().collect();
    let mut reached: BTreeSet<Square> = BTreeSet::new();
    let mut places: Vec<Place> = Vec::new();
    while let Some(start) = left.pop() {
        if !reached.insert(start) {
            continue;
        }
        let (mut found, mut next) = (Vec::new(), vec![start]);
        while let Some((x, y)) = next.pop() {
            found.push((x, y));
            for beside in (-1..=1).flat_map(|dx| (-1..=1).map(move |dy| (x + dx, y + dy))) {
                if squares.contains_key(&beside) && reached.insert(beside) {
                    next.push(beside);
                }
            }
        }
        found.sort_unstable();
        let mut numbers: Vec<u32> = found.iter().flat_map(|s| &squares[s]).copied().filter(|n| *n > 0).collect();
        if numbers.len() >= LEAST {
            numbers.sort_unstable();
            let at = |tenths: usize| numbers[numbers.len() * tenths / 10];
            places.push(Place { squares: found, count: numbers.len(), numbers: (at(1), at(9)) });
        }
    }
    places.sort_by_key(|place| std::cmp::Reverse(place.count));
    // A street with a gap goes on counting; a namesake starts again.
    let mut apart: Vec<Place> = Vec::new();
    for place in places {
        match apart.iter().position(|other| !overlap(place.numbers, other.numbers)) {
            Some(k) => {
                apart[k].squares.extend(place.squares);
                let (low, high) = (apart[k].numbers, place.numbers);
                apart[k].numbers = (low.0.min(high.0), low.1.max(high.1));
            }
            None => apart.push(place),
        }
    }
    apart
}

/// Whether two runs of numbers have a third of the shorter one in common.
fn overlap(a: (u32, u32), b: (u32, u32)) -> bool {
    let shared = f64::from(a.1.min(b.1)) - f64::from(a.0.max(b.0)) + 1.0;
    let shorter = f64::from((a.1 - a.0).min(b.1 - b.0)) + 1.0;
    shared > 0.33 * shorter
}

/// The place nearest to a box; the first of those equally near.
fn nearest(places: &[Place], [w, s, e, n]: [f64; 4]) -> u32 {
    let mut best = (f64::INFINITY, 0);
    for (k, place) in (0u32..).zip(places) {
        for (x, y) in &place.squares {
            let (west, south) = (*x as f64 * SQUARE_M, *y as f64 * SQUARE_M);
            let dx = (w - west - SQUARE_M).max(west - e).max(0.0);
            let dy = (s - south - SQUARE_M).max(south - n).max(0.0);
            let square = dx * dx + dy * dy;
            if square < best.0 {
                best = (square, k);
            }
        }
    }
    best.1
}

/// Which of its series each place of a name is: the one in which most of its bearers are already, so that one bearer more
/// or less does not put all of them into others because it changes which place is the largest. `now` tells the series of
/// each bearer. A place for which none is left gets one of those that are to follow the last.
pub fn kept(places: &[u32], now: impl Iterator<Item = u32>, series: &[u32]) -> Vec<usize> {
    let mut counts: BTreeMap<(u32, usize), usize> = BTreeMap::new();
    for (place, now) in places.iter().zip(now) {
        if let Some(k) = series.iter().position(|series| *series == now) {
            *counts.entry((*place, k)).or_default() += 1;
        }
    }
    let mut pairs: Vec<((u32, usize), usize)> = counts.into_iter().collect();
    pairs.sort_by_key(|(pair, count)| (Reverse(*count), *pair));
    let mut kept: Vec<Option<usize>> = vec![None; places.iter().max().map_or(0, |most| *most as usize + 1)];
    for ((place, k), _) in pairs {
        if kept[place as usize].is_none() && !kept.contains(&Some(k)) {
            kept[place as usize] = Some(k);
        }
    }
    let mut free = (0..).filter({
        let taken: BTreeSet<usize> = kept.iter().copied().flatten().collect();
        move |k| !taken.contains(k)
    });
    kept.into_iter().filter_map(|k| k.or_else(|| free.next())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn street(x: f64, numbers: std::ops::Range<u32>, grid: u32) -> Vec<Bearer> {
        numbers.map(|main| Bearer { at: [x + f64::from(main % 50) * 8.0, 0.0], main, grid }).collect()
    }

    #[test]
    fn namesakes_are_parted_and_gaps_are_not() {
        let boxes = [[-100.0, -100.0, 500.0, 100.0], [4_900.0, -100.0, 5_500.0, 100.0]];
        let mut bearers = street(0.0, 1..41, 0);
        bearers.extend(street(5_000.0, 1..31, 1));
        // A pin of the first street that was put on the second: its grid says where it belongs.
        bearers[3].at = [5_020.0, 0.0];
        let placed = places(&bearers, &boxes).expect("two places");
        assert!(placed[..40].iter().all(|place| *place == 0) && placed[40..].iter().all(|place| *place == 1));
        bearers.reverse();
        assert!(places(&bearers, &boxes).expect("two places").into_iter().rev().eq(placed));
        let mut gap = street(0.0, 1..41, 0);
        gap.extend(street(5_000.0, 61..91, 1));
        assert_eq!(places(&gap, &boxes), None);
    }

    #[test]
    fn places_of_a_name_keep_their_series() {
        // The second place became the largest: it stays in its series.
        assert_eq!(kept(&[0, 0, 0, 1, 1], [8, 8, 3, 3, 3].into_iter(), &[3, 8]), [1, 0]);
        // A third place follows the last; of two, the one that is left takes what is free.
        assert_eq!(kept(&[0, 1, 1, 2], [3, 8, 8, 3].into_iter(), &[3, 8]), [0, 1, 2]);
        assert_eq!(kept(&[0, 0, 1], [8, 8, 8].into_iter(), &[3, 8]), [1, 0]);
        assert_eq!(kept(&[], [].into_iter(), &[3]), [0usize; 0]);
    }
}
