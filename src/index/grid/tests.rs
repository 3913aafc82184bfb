//! Random grids and points compared with brute force, edits with an index from nothing, and what holds on borders.

use super::*;
use geo::{Coord, Intersects, LineString, MultiPolygon, Polygon};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

fn grid(code: &str, level: GridLevel, parent: Option<&str>, polygon: MultiPolygon<f64>) -> Grid {
    Grid {
        code: code.into(),
        level,
        name: code.to_owned(),
        parent: parent.map(Into::into),
        polygon: polygon.into(),
        valid_from: None,
        valid_to: None,
        version: 1,
    }
}

fn square(x: f64, y: f64, size: f64) -> Polygon<f64> {
    Polygon::new(vec![(x, y), (x + size, y), (x + size, y + size), (x, y + size), (x, y)].into(), vec![])
}

/// A coverage of `n` by `n` fields with bent, shared borders: no gap, no overlap; codes in no spatial order. Some
/// fields are given away as exclaves of others, some have a hole that another field fills.
fn coverage(n: usize, seed: u64) -> Table<Grid> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let step = 0.002;
    let steps = 6;
    let side = n * steps + 1;
    let node: Vec<Coord<f64>> = (0..side * side)
        .map(|k| {
            let (column, row) = (k % side, k / side);
            let mut bend = || rng.random_range(-0.3..0.3) * step / steps as f64;
            let round = |v: f64| (v * 1e7).round() / 1e7;
            Coord {
                x: round(119.9 + column as f64 * step / steps as f64 + bend()),
                y: round(28.4 + row as f64 * step / steps as f64 + bend()),
            }
        })
        .collect();
    let at = |column: usize, row: usize| node[row * side + column];
    let mut fields: Vec<Vec<Polygon<f64>>> = Vec::new();
    for row in 0..n {
        for column in 0..n {
            let (c, r) = (column * steps, row * steps);
            let mut ring: Vec<Coord<f64>> = Vec::new();
            ring.extend((0..steps).map(|k| at(c + k, r)));
            ring.extend((0..steps).map(|k| at(c + steps, r + k)));
            ring.extend((0..steps).map(|k| at(c + steps - k, r + steps)));
            ring.extend((0..=steps).map(|k| at(c, r + steps - k)));
            let hole: LineString<f64> =
                vec![at(c + 2, r + 2), at(c + 4, r + 2), at(c + 4, r + 4), at(c + 2, r + 4), at(c + 2, r + 2)].into();
            if (row * n + column).is_multiple_of(5) {
                fields.push(vec![Polygon::new(LineString(ring), vec![hole.clone()])]);
                fields.push(vec![Polygon::new(hole, vec![])]);
            } else if (row * n + column).is_multiple_of(7) && !fields.is_empty() {
                let k = rng.random_range(0..fields.len());
                fields[k].push(Polygon::new(LineString(ring), vec![]));
            } else {
                fields.push(vec![Polygon::new(LineString(ring), vec![])]);
            }
        }
    }
    let mut numbers: Vec<usize> = (0..fields.len()).collect();
    for k in (1..numbers.len()).rev() {
        numbers.swap(k, rng.random_range(0..=k));
    }
    let record = |(k, parts): (usize, Vec<Polygon<f64>>)| {
        grid(&format!("G{:05}", numbers[k]), GridLevel::Grid, None, MultiPolygon(parts))
    };
    fields.into_iter().enumerate().map(record).collect()
}

#[test]
fn agrees_with_brute_force_on_random_and_border_points() {
    let grids = coverage(20, 5);
    let index = GridIndex::build(&grids);
    let mut points: Vec<LonLat> = Vec::new();
    let mut rng = ChaCha8Rng::seed_from_u64(6);
    for _ in 0..60_000 {
        points.push(LonLat::new(119.9 + rng.random_range(-0.002..0.042), 28.4 + rng.random_range(-0.002..0.042)));
    }
    for i in 0..index.len() as u32 {
        index.outline(i).each_edge(|a, b| {
            points.push(LonLat::new(a[0], a[1]));
            points.push(LonLat::new((a[0] + b[0]) / 2.0, (a[1] + b[1]) / 2.0));
            // Beside a vertex by one unit in the last place.
            points.push(LonLat::new(a[0].next_up(), a[1]));
            points.push(LonLat::new(a[0], a[1].next_down()));
        });
    }
    assert!(points.len() > 100_000, "{}", points.len());
    let (mut shared, mut none) = (0, 0);
    for at in points {
        let point = geo::Point::new(at.lon, at.lat);
        let mut slow: Vec<u32> = (0..grids.len() as u32)
            .filter(|i| {
                let [w, s, e, n] = index.bbox(*i);
                at.lon >= w && at.lon <= e && at.lat >= s && at.lat <= n
            })
            .filter(|i| grids[*i as usize].polygon.intersects(&point))
            .collect();
        slow.sort_by_key(|i| index.code(*i).clone());
        assert_eq!(index.locate_all(at, GridLevel::Grid), slow, "{at:?}");
        assert_eq!(index.locate(at, GridLevel::Grid), slow.first().copied());
        shared += usize::from(slow.len() > 1);
        none += usize::from(slow.is_empty());
    }
    assert!(shared > 10_000 && none > 1_000, "{shared} {none}");
}

#[test]
fn after_edits_it_answers_as_one_that_is_built_from_nothing() {
    let mut grids = coverage(8, 11);
    let day = NaiveDate::from_ymd_opt(2026, 11, 21).expect("a day");
    let mut index = GridIndex::build_on(&grids, day);
    let mut rng = ChaCha8Rng::seed_from_u64(12);
    for n in 0..400 {
        let i = rng.random_range(0..grids.len());
        let mut one = grids[i].clone();
        let mut positions = BTreeSet::from([i as u32]);
        let by = [0.000_05, 0.002, 0.2][usize::from(n % 7 == 0) + usize::from(n % 97 == 96)];
        let (dx, dy) = (rng.random_range(-by..by), rng.random_range(-by..by));
        let move_all = |ring: &mut LineString<f64>| ring.0.iter_mut().for_each(|c| (c.x, c.y) = (c.x + dx, c.y + dy));
        match n % 8 {
            0 => one.polygon.0[0].exterior_mut(move_all),
            1..=3 => one.polygon.0[0].exterior_mut(|ring| {
                let k = 1 + n % (ring.0.len() - 2);
                (ring.0[k].x, ring.0[k].y) = (ring.0[k].x + dx, ring.0[k].y + dy);
            }),
            // A spike, which has no area but holds what is on it.
            4 => one.polygon.0[0].exterior_mut(|ring| {
                let at = ring.0[1];
                ring.0.splice(1..1, [at, Coord { x: at.x + dx, y: at.y + dy }]);
            }),
            5 => one.level = [GridLevel::Grid, GridLevel::Village][n / 8 % 2],
            6 => one.code = format!("N{n}").into(),
            _ => one.valid_to = Some(day).filter(|_| n / 8 % 2 == 0),
        }
        if n % 16 == 15 {
            let length = grids.len() as u32;
            positions.extend(grids.take_out(&positions));
            positions.insert(length - 1);
            positions.insert(grids.push(one) as u32);
        } else {
            grids.set(i, one);
        }
        index = index.edit_on(&grids, &positions, day);
        let anew = GridIndex::build_on(&grids, day);
        let mut points: Vec<LonLat> = Vec::new();
        (0..200).for_each(|_| {
            points.push(LonLat::new(119.9 + rng.random_range(-0.002..0.018), 28.4 + rng.random_range(-0.002..0.018)));
        });
        for p in positions.iter().filter(|p| **p < index.len() as u32) {
            index.outline(*p).each_edge(|a, b| {
                points.extend([LonLat::new(a[0], a[1]), LonLat::new((a[0] + b[0]) / 2.0, (a[1] + b[1]) / 2.0)]);
            });
        }
        let (each, one_by_one) = (index.finest_each(&points), points.iter().map(|at| anew.finest(*at)));
        assert!(each.into_iter().eq(one_by_one), "edit {n}");
        for at in points {
            for level in [GridLevel::Grid, GridLevel::Village] {
                assert_eq!(index.locate_all(at, level), anew.locate_all(at, level), "edit {n}, {at:?}");
                assert_eq!(index.locate(at, level), anew.locate(at, level), "edit {n}, {at:?}");
            }
        }
    }
    assert!(index.bytes() < 3 * GridIndex::build_on(&grids, day).bytes(), "{}", index.bytes());
}

#[test]
fn all_levels_at_once_agree_with_brute_force() {
    // Fields of other borders at each level; those of the last one lie on each other in heaps.
    let mut records: Vec<Grid> = Vec::new();
    for (level, n, seed) in [(GridLevel::Village, 3, 21), (GridLevel::Grid, 7, 22), (GridLevel::Microgrid, 16, 23)] {
        let name = |grid: &Grid| Grid { code: format!("{level:?}{}", grid.code).into(), level, ..grid.clone() };
        records.extend(coverage(n, seed).iter().map(name));
    }
    records.extend((0..40).map(|k| {
        let polygon = MultiPolygon(vec![square(119.905 + 1e-5 * f64::from(k % 7), 28.405, 0.001)]);
        grid(&format!("heap{k:02}"), GridLevel::District, None, polygon)
    }));
    let grids: Table<Grid> = records.into_iter().collect();
    let index = GridIndex::build(&grids);
    let mut rng = ChaCha8Rng::seed_from_u64(24);
    let mut points: Vec<LonLat> = Vec::new();
    for _ in 0..20_000 {
        points.push(LonLat::new(119.9 + rng.random_range(-0.002..0.034), 28.4 + rng.random_range(-0.002..0.034)));
        points.push(LonLat::new(119.905 + rng.random_range(-1e-4..1.2e-3), 28.405 + rng.random_range(-1e-4..1.2e-3)));
    }
    for i in 0..index.len() as u32 {
        index.outline(i).each_edge(|a, b| {
            let t: f64 = rng.random();
            let at = [a[0] + t * (b[0] - a[0]), a[1] + t * (b[1] - a[1])];
            points.extend([-1e-7, -1e-8, 0.0, 1e-9, 3e-8].map(|off| LonLat::new(at[0] + off, at[1] - off)));
        });
    }
    let mut heaped = 0;
    for at in points {
        for level in GridLevel::ALL {
            let floor = &index.floors[level as usize];
            let slow: Vec<u32> =
                floor.members.iter().copied().filter(|i| index.side(*i, at) != Side::Outside).collect();
            assert_eq!(index.locate_all(at, level), slow, "{at:?} {level:?}");
            assert!(floor.members.iter().all(|i| index.covers(*i, at) == slow.contains(i)), "{at:?} {level:?}");
            assert_eq!(index.locate(at, level), slow.first().copied(), "{at:?} {level:?}");
            heaped += usize::from(slow.len() > 24);
        }
    }
    assert!(heaped > 1_000, "{heaped}");
}

#[test]
fn the_lowest_code_owns_a_shared_border() {
    let codes = ["B", "A", "D", "C"];
    let fields = [(0.0, 0.0), (1.0, 0.0), (0.0, 1.0), (1.0, 1.0)];
    let records = codes.iter().zip(fields);
    let index = GridIndex::build(
        &records.map(|(c, (x, y))| grid(c, GridLevel::Village, None, MultiPolygon(vec![square(x, y, 1.0)]))).collect(),
    );
    let code = |x, y| index.locate(LonLat::new(x, y), GridLevel::Village).map(|i| index.code(i).to_string());
    assert_eq!(code(1.0, 1.0).as_deref(), Some("A"));
    assert_eq!(code(0.5, 1.0).as_deref(), Some("B"));
    assert_eq!(code(1.0, 1.5).as_deref(), Some("C"));
    assert_eq!(code(2.0, 2.0).as_deref(), Some("C"));
    assert_eq!(code(2.0, 2.1), None);
    assert_eq!(index.locate(LonLat::new(0.5, 0.5), GridLevel::Grid), None);
}

#[test]
fn a_polygon_far_away_does_not_spoil_the_rest() {
    let mut records: Vec<Grid> = (0..2_000)
        .map(|k| {
            let (x, y) = (f64::from(k % 50) * 0.001, f64::from(k / 50) * 0.001);
            grid(&format!("{k:05}"), GridLevel::Microgrid, None, MultiPolygon(vec![square(119.9 + x, 28.4 + y, 0.001)]))
        })
        .collect();
    records.push(grid("zero", GridLevel::Microgrid, None, MultiPolygon(vec![square(0.0, 0.0, 0.001)])));
    let index = GridIndex::build(&records.into_iter().collect());
    for k in 0..2_000u32 {
        let (x, y) = (f64::from(k % 50) * 0.001 + 0.0005, f64::from(k / 50) * 0.001 + 0.0005);
        assert_eq!(index.locate(LonLat::new(119.9 + x, 28.4 + y), GridLevel::Microgrid), Some(k));
    }
    assert_eq!(index.finest(LonLat::new(0.0005, 0.0005)), index.position("zero"));
}

#[test]
fn distances_are_signed_and_nearest_agrees_with_brute_force() {
    let grids = coverage(8, 9);
    let index = GridIndex::build(&grids);
    let mut rng = ChaCha8Rng::seed_from_u64(10);
    for _ in 0..2_000 {
        let at = LonLat::new(119.9 + rng.random_range(-0.02..0.03), 28.4 + rng.random_range(-0.02..0.03));
        let all: Vec<f64> = (0..index.len() as u32).map(|i| index.signed_distance_m(i, at)).collect();
        for (i, m) in all.iter().enumerate() {
            assert_eq!(*m >= 0.0, index.covers(i as u32, at));
        }
        let (i, m) = index.nearest(at, GridLevel::Grid).expect("a grid");
        let closest = all.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        assert!((m + closest.min(0.0)).abs() < 1e-9, "{m} {closest}");
        assert!(index.covers(i, at) || (m + all[i as usize]).abs() < 1e-9);
    }
    assert!(index.nearest(LonLat::new(0.0, 0.0), GridLevel::Grid).expect("a grid").1 > 1e6);
    assert_eq!(index.nearest(LonLat::new(f64::NAN, 0.0), GridLevel::Grid), None);
    assert_eq!(index.nearest(LonLat::new(0.0, 0.0), GridLevel::Street), None);
}

#[test]
fn ended_grids_are_known_but_hold_no_points() {
    let mut old = grid("old", GridLevel::Grid, None, MultiPolygon(vec![square(0.0, 0.0, 1.0)]));
    old.valid_to = NaiveDate::from_ymd_opt(2026, 1, 1);
    let day = NaiveDate::from_ymd_opt(2026, 6, 1).expect("a day");
    let index = GridIndex::build_on(&std::iter::once(old).collect(), day);
    assert_eq!(index.locate(LonLat::new(0.5, 0.5), GridLevel::Grid), None);
    assert_eq!(index.position("old"), Some(0));
}
