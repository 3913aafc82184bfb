use super::*;
use proptest::prelude::*;
use rand::{RngExt, SeedableRng};
use std::collections::BTreeMap;

fn squares() -> Squares {
    Squares::over([0.0; 2], [900.0, 700.0], 30.0)
}

#[test]
fn agrees_with_brute_force_after_edits_too() {
    let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(7);
    let mut points: Vec<[f64; 2]> =
        (0..2_000).map(|_| [rng.random_range(0.0..900.0), rng.random_range(0.0..700.0)]).collect();
    points.extend([[f64::NAN, 1.0], [300.0, 300.0], [300.0, 300.0]]);
    let mut bins = Bins::build(squares(), (0u32..).zip(points.clone()).map(|(i, at)| (i, at, i)));
    let before = bins.clone();
    let mut found = Vec::new();
    for n in 0..500 {
        let at = [rng.random_range(-200.0..1_100.0), rng.random_range(-200.0..900.0)];
        let mut all: Vec<Near<u32>> =
            (0u32..).zip(&points).map(|(id, p)| Near { square: square(*p, at), id, mark: id }).collect();
        all.retain(|near| near.square.is_finite());
        all.sort_by(Near::order);
        for (k, radius_m) in [(1, 20.0), (8, 240.0), (15, 60.0), (3, 2_000.0)] {
            let near: Vec<Near<u32>> = all.iter().copied().filter(|n| n.square <= radius_m * radius_m).collect();
            bins.nearest(at, k, radius_m, &mut found);
            assert_eq!(found, near[..near.len().min(k)]);
            assert_eq!(bins.nearest_one(at, radius_m), near.first().copied());
            bins.within(at, radius_m, &mut found);
            assert_eq!(found, near);
        }
        // One moves, on the ground.
        let moved = n * 3 % points.len();
        bins.remove(moved as u32, points[moved]);
        points[moved] = [rng.random_range(0.0..900.0), rng.random_range(0.0..700.0)];
        bins.insert(moved as u32, points[moved], moved as u32);
    }
    before.nearest([300.0, 300.0], 2, 1.0, &mut found);
    assert_eq!(found.iter().map(|near| near.id).collect::<Vec<_>>(), [2_001, 2_002], "a copy was disturbed");
}

/// What a search may find, by the dumbest correct code: of each square the lowest identifiers.
fn candidates(squares: &Squares, points: &BTreeMap<u32, [f64; 2]>) -> Vec<(u32, [f64; 2])> {
    let mut held: BTreeMap<usize, usize> = BTreeMap::new();
    let is_first = |at: [f64; 2]| {
        let count = held.entry(squares.number_of(at)).or_default();
        *count += 1;
        *count <= CROWD
    };
    let finite = points.iter().filter(|(_, at)| at[0].is_finite() && at[1].is_finite());
    finite
        .map(|(id, at)| (*id, *at))
        .scan(is_first, |first, one| Some((first(one.1), one)))
        .filter(|(is, _)| *is)
        .map(|(_, one)| one)
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]
    /// On one sheet, with some blocks apart and with all; on a lattice, so that many are equally near; in crowds, beyond
    /// the ground, and far from everything.
    #[test]
    fn a_sheet_and_its_blocks_agree_with_brute_force(
        seed in any::<u64>(),
        count in 0usize..3_000,
        edits in prop::sample::select(vec![0usize, 3, 40, 400]),
        town_m in prop::sample::select(vec![60.0, 400.0, 2_400.0]),
    ) {
        let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(seed);
        let squares = Squares::over([-1_000.0; 2], [3_000.0, 2_000.0], 50.0);
        let place = |rng: &mut rand_chacha::ChaCha8Rng| {
            let far = rng.random_range(0..40);
            let span_m = if far == 0 { 9_000.0 } else { town_m };
            let at = [0, 1].map(|_| (rng.random_range::<f64, _>(-span_m / 2.0..span_m) / 5.0).round() * 5.0);
            if far == 1 { [f64::NAN, at[1]] } else { at }
        };
        let mut points: BTreeMap<u32, [f64; 2]> = (0..count as u32).map(|id| (2 * id, place(&mut rng))).collect();
        let mut bins = Bins::build(squares, points.iter().map(|(id, at)| (*id, *at, *id)));
        for _ in 0..edits {
            let id = rng.random_range(0..2 * count as u32 + 9);
            if let Some(at) = points.remove(&id) {
                bins.remove(id, at);
            }
            if rng.random_range(0..4) > 0 {
                let at = place(&mut rng);
                bins.insert(id, at, id);
                points.insert(id, at);
            }
        }
        let known = candidates(&squares, &points);
        let mut found = Vec::new();
        for n in 0..60 {
            let at = place(&mut rng).map(|v| if n % 3 == 0 { v } else { v + rng.random_range(-40.0..40.0) });
            let mut all: Vec<Near<u32>> = known.iter().map(|(id, p)| Near { square: square(*p, at), id: *id, mark: *id }).collect();
            all.retain(|near| near.square.is_finite());
            all.sort_by(Near::order);
            prop_assert_eq!(bins.nearest_one(at, f64::INFINITY), all.first().copied());
            bins.nearest(at, 9, f64::INFINITY, &mut found);
            prop_assert_eq!(&found[..], &all[..all.len().min(9)]);
            let is_inside = |axis: usize| at[axis] > -1_000.0 && at[axis] < [3_000.0, 2_000.0][axis];
            if is_inside(0) && is_inside(1) {
                let near: Vec<Near<u32>> = all.iter().copied().filter(|near| near.square <= 900.0).collect();
                prop_assert_eq!(bins.nearest_one(at, 30.0), near.first().copied());
                bins.within(at, 30.0, &mut found);
                prop_assert_eq!(&found, &near);
            }
        }
    }
}

#[test]
fn a_crowd_on_one_spot_costs_no_more_than_its_first() {
    let bins = Bins::build(squares(), (0..100_000).map(|i| (i, [5.0, 5.0], ())));
    let mut found = Vec::new();
    bins.within([5.0, 5.0], 100.0, &mut found);
    assert!(found.iter().map(|near| near.id).eq(0..CROWD as u32));
    let mut count = 0;
    bins.each_within([5.0, 5.0], 100.0, |_| count += 1);
    assert_eq!(count, 100_000);
    Bins::<()>::none(squares()).nearest([0.0, 0.0], 3, f64::INFINITY, &mut found);
    assert!(found.is_empty());
}
