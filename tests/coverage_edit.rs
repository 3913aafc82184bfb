//! Promise: after any edits of grids the coverage is what a look at everything finds, bit for bit.

use gridpin::check::coverage::Coverage;
use gridpin::check::{Context, Thresholds};
use gridpin::domain::*;
use gridpin::index::GridIndex;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::collections::BTreeSet;
use std::sync::Arc;

const ORIGIN: LonLat = LonLat::new(119.92, 28.45);
/// The ground that is taken for the city's, as it stays between edits.
const AREA: [f64; 4] = [119.91, 28.44, 119.94, 28.47];

type Ring = Vec<[f64; 2]>;

fn ring_of(points: &Ring) -> geo::LineString<f64> {
    let frame = Frame::at(ORIGIN);
    points.iter().map(|at| frame.lonlat(*at)).map(|p| geo::Coord { x: p.lon, y: p.lat }).collect()
}

fn polygon(rings: &[Ring]) -> geo::Polygon<f64> {
    geo::Polygon::new(ring_of(&rings[0]), rings[1..].iter().map(ring_of).collect())
}

fn grid(code: &str, polygons: Vec<geo::Polygon<f64>>) -> Grid {
    Grid {
        code: code.into(),
        level: GridLevel::Grid,
        name: String::new(),
        parent: None,
        polygon: geo::MultiPolygon(polygons).into(),
        valid_from: None,
        valid_to: None,
        version: 1,
    }
}

fn square([w, s, e, n]: [f64; 4]) -> Ring {
    vec![[w, s], [e, s], [e, n], [w, n]]
}

fn today() -> chrono::NaiveDate {
    chrono::NaiveDate::from_ymd_opt(2026, 11, 21).expect("a day")
}

/// Grids of about 60 metres a side with bent, shared borders of `k` edges a side; codes in no order of the ground.
fn city(n: usize, k: usize, rng: &mut ChaCha8Rng) -> Table<Grid> {
    let side = n * k + 1;
    let step = 60.0 / k as f64;
    let node: Vec<[f64; 2]> = (0..side * side)
        .map(|i| [(i % side) as f64, (i / side) as f64].map(|v| v * step + rng.random_range(-0.3..0.3) * step))
        .collect();
    let at = |column: usize, row: usize| node[row * side + column];
    let mut rings: Vec<Ring> = Vec::new();
    for (column, row) in (0..n).flat_map(|c| (0..n).map(move |r| (c * k, r * k))) {
        let south = (0..k).map(|s| at(column + s, row));
        let east = (0..k).map(|s| at(column + k, row + s));
        let north = (0..k).map(|s| at(column + k - s, row + k));
        rings.push(south.chain(east).chain(north).chain((0..k).map(|s| at(column, row + k - s))).collect());
    }
    for i in (1..rings.len()).rev() {
        rings.swap(i, rng.random_range(0..=i));
    }
    rings
        .iter()
        .enumerate()
        .map(|(i, ring)| grid(&format!("G{i:03}"), vec![polygon(std::slice::from_ref(ring))]))
        .collect()
}

/// The grids of a city and what is known of their coverage.
struct Scene {
    records: Records,
    coverage: Coverage,
    taken_out: Vec<Grid>,
    told: String,
}

fn with<T>(records: &Records, ask: impl FnOnce(&Context) -> T) -> T {
    let (index, thresholds) = (Arc::new(GridIndex::build_on(&records.grids, today())), Thresholds::default());
    ask(&Context::new(records, &index, &thresholds, today()).with_area(Some(AREA)))
}

impl Scene {
    fn new(grids: Table<Grid>) -> Scene {
        let records = Records { grids, ..Records::default() };
        let coverage = with(&records, Coverage::build);
        Scene { records, coverage, taken_out: Vec::new(), told: String::new() }
    }

    /// Takes grids over by code, and others out, as a City does.
    fn edit(&mut self, grids: Vec<Grid>, gone: &[u32]) {
        let mut positions: BTreeSet<u32> = BTreeSet::new();
        let length = self.records.grids.len() as u32;
        let table = &mut self.records.grids;
        for grid in grids {
            let known = table.iter().position(|other| other.code == grid.code);
            let position = known.unwrap_or(table.len());
            match known {
                Some(position) => table.set(position, grid),
                None => {
                    table.push(grid);
                }
            }
            positions.insert(position as u32);
        }
        positions.extend(table.take_out(&gone.iter().copied().collect()));
        positions.extend(table.len() as u32..length);
        self.coverage = with(&self.records, |context| self.coverage.edit(context, &positions));
    }

    fn compare(&self) -> [usize; 3] {
        let anew = with(&self.records, Coverage::build);
        for level in GridLevel::ALL {
            assert_eq!(self.coverage.of(level), anew.of(level), "{level:?}, edits{}", self.told);
        }
        [anew.overlaps().count(), anew.gaps().count(), anew.seams().count()]
    }

    fn pick(&self, rng: &mut ChaCha8Rng) -> u32 {
        rng.random_range(0..self.records.grids.len() as u32)
    }

    /// One random edit.
    fn random(&mut self, rng: &mut ChaCha8Rng, n: usize) {
        let kind = rng.random_range(0..KINDS);
        self.told += &format!(" {kind}");
        if self.records.grids.len() < 3 {
            return;
        }
        let (i, j) = (self.pick(rng), self.pick(rng));
        let [mut one, other] = [i, j].map(|i| self.records.grids[i as usize].clone());
        // From a hair to a street: below the snap, a sliver, a strip, a gap.
        let size_m = [0.01, 0.04, 0.06, 0.3, 2.0, 8.0, 25.0][rng.random_range(0..7)];
        let mut by = || rng.random_range(-1.0..1.0) * size_m / 1e5;
        let (dx, dy) = (by(), by());
        match kind {
            // A vertex of one grid moves: a gap here, an overlap there.
            0..=2 => {
                let k = rng.random_range(0..1_000);
                for polygon in &mut one.polygon.0 {
                    polygon.exterior_mut(|ring| {
                        let k = 1 + k % (ring.0.len() - 2);
                        (ring.0[k].x, ring.0[k].y) = (ring.0[k].x + dx, ring.0[k].y + dy);
                    });
                }
                self.edit(vec![one], &[]);
            }
            // A vertex moves with all that share it: the coverage stays what it was.
            3..=4 => {
                let ring = &one.polygon.0[0].exterior().0;
                let from = ring[rng.random_range(0..ring.len())];
                let mut moved = Vec::new();
                for grid in self.records.grids.iter() {
                    let mut next = grid.clone();
                    let step = |ring: &mut geo::LineString<f64>| {
                        ring.0.iter_mut().filter(|c| **c == from).for_each(|c| (c.x, c.y) = (c.x + dx, c.y + dy));
                    };
                    for polygon in &mut next.polygon.0 {
                        polygon.exterior_mut(step);
                        polygon.interiors_mut(|rings| rings.iter_mut().for_each(step));
                    }
                    if next != *grid {
                        moved.push(next);
                    }
                }
                self.edit(moved, &[]);
            }
            // A grid goes; it comes back; several go and come at once.
            5 => {
                self.taken_out.push(one);
                self.edit(vec![], &[i]);
            }
            6 => {
                let back = self.taken_out.pop().into_iter().collect();
                self.edit(back, &[]);
            }
            7 => {
                self.taken_out.push(one);
                let back = self.taken_out.drain(..).take(1).collect();
                self.edit(back, &[i]);
            }
            // Two grids change places; one lies on another; codes change.
            8 => {
                let mut other = other;
                std::mem::swap(&mut one.polygon, &mut other.polygon);
                self.edit(vec![one, other], &[]);
            }
            9 => {
                one.code = format!("A{n:03}").into();
                self.edit(vec![one], &[]);
            }
            10 => {
                one.code = format!("Z{n:03}").into();
                self.edit(vec![one], &[i]);
            }
            // A vertex more or less on one side only: a seam.
            11..=12 => {
                let k = rng.random_range(0..1_000);
                one.polygon.0[0].exterior_mut(|ring| {
                    let k = 1 + k % (ring.0.len() - 2);
                    if kind == 11 && ring.0.len() > 5 {
                        ring.0.remove(k);
                    } else {
                        let (a, b) = (ring.0[k], ring.0[k + 1]);
                        ring.0.insert(k + 1, geo::Coord { x: (a.x + b.x) / 2.0 + dx / 9.0, y: (a.y + b.y) / 2.0 });
                    }
                });
                self.edit(vec![one], &[]);
            }
            // The whole grid moves: strips open along its borders, also the outer one.
            13..=14 => {
                for polygon in &mut one.polygon.0 {
                    let step = |ring: &mut geo::LineString<f64>| {
                        ring.0.iter_mut().for_each(|c| (c.x, c.y) = (c.x + dx, c.y + dy))
                    };
                    polygon.exterior_mut(step);
                    polygon.interiors_mut(|rings| rings.iter_mut().for_each(step));
                }
                self.edit(vec![one], &[]);
            }
            // A hole, with or without an island that fills it wholly or in part.
            15 => {
                let rect = geo::BoundingRect::bounding_rect(&*one.polygon).expect("an area");
                let frame = Frame::at(ORIGIN);
                let [x, y] = frame.xy(LonLat::new(rect.center().x, rect.center().y));
                let hole = square([x - 6.0, y - 6.0, x + 6.0, y + 6.0]);
                one.polygon.0[0].interiors_push(ring_of(&hole));
                let island = grid(
                    &format!("I{n:03}"),
                    vec![polygon(&[square([x - 6.0, y - 6.0, x + 6.0, y + 6.0 - dy.abs() * 1e5])])],
                );
                let grids = if n.is_multiple_of(2) { vec![one, island] } else { vec![one] };
                self.edit(grids, &[]);
            }
            // An exclave far out or on others; a grid whose vertices stand closer than the snap.
            16 => {
                let at = [rng.random_range(-40.0..400.0), rng.random_range(-40.0..400.0)];
                one.polygon.0.push(polygon(&[square([at[0], at[1], at[0] + 20.0, at[1] + 15.0])]));
                self.edit(vec![one], &[]);
            }
            17 => {
                let (x, y) = (rng.random_range(-60.0..360.0), rng.random_range(-60.0..360.0));
                let count = 700;
                let round = (0..count).map(|k| (f64::from(k) / f64::from(count) * std::f64::consts::TAU).sin_cos());
                let round: Ring = round.map(|(s, c)| [x + 2.5 * c, y + 2.5 * s]).collect();
                self.edit(vec![grid(&format!("R{n:03}"), vec![polygon(&[round])])], &[]);
            }
            // Thousands of vertices over many grids.
            18 => {
                let count = 2_000;
                let round = (0..count).map(|k| (f64::from(k) / f64::from(count) * std::f64::consts::TAU).sin_cos());
                let round: Ring = round.map(|(s, c)| [150.0 + 70.0 * c, 150.0 + 90.0 * s]).collect();
                self.edit(vec![grid("ROUND", vec![polygon(&[round])])], &[]);
            }
            // Of another level, no longer valid, without area, crossing itself.
            19 => {
                one.level = [GridLevel::Grid, GridLevel::Village][n % 2];
                one.valid_to = today().pred_opt().filter(|_| n.is_multiple_of(3));
                self.edit(vec![one], &[]);
            }
            20 => {
                let rings =
                    [vec![[0.0, 0.0], [9.0, 9.0]], vec![[10.0, 10.0], [50.0, 60.0], [50.0, 10.0], [10.0, 60.0]]];
                one.polygon.0[0] = polygon(&rings[n % 2..n % 2 + 1]);
                self.edit(vec![one], &[]);
            }
            // Nothing is another one.
            _ => self.edit(vec![one, other], &[]),
        }
    }
}

const KINDS: usize = 22;

fn sequences(seeds: std::ops::Range<u64>, edits: usize) {
    let mut seen = [0; 3];
    for seed in seeds {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let (n, k) = (rng.random_range(2..6), rng.random_range(1..6));
        let mut scene = Scene::new(city(n, k, &mut rng));
        scene.told = format!(" of seed {seed}:");
        assert_eq!(scene.compare(), [0; 3], "a coverage without fault");
        for n in 0..edits {
            scene.random(&mut rng, n);
            let found = scene.compare();
            (0..3).for_each(|k| seen[k] += found[k]);
        }
    }
    assert!(seen.iter().all(|count| *count > edits), "what was compared: {seen:?}");
}

#[test]
fn any_sequence_of_edits_leads_where_a_look_at_everything_does() {
    sequences(0..6, 16);
}

/// `cargo test --release --test coverage_edit -- --ignored`
#[test]
#[ignore = "thousands of sequences, minutes"]
fn thousands_of_sequences() {
    sequences(1_000..3_000, 40);
}

#[test]
fn a_strip_opens_and_closes_along_the_outer_border() {
    let mut scene = Scene::new(
        [[0.0, 0.0, 100.0, 100.0], [103.0, 0.0, 200.0, 100.0], [300.0, 0.0, 400.0, 100.0]]
            .iter()
            .enumerate()
            .map(|(k, b)| grid(&format!("S{k}"), vec![polygon(&[square(*b)])]))
            .collect(),
    );
    assert_eq!(scene.compare(), [0, 1, 0]);
    scene.edit(vec![grid("S1", vec![polygon(&[square([100.0, 0.0, 200.0, 100.0])])])], &[]);
    assert_eq!(scene.compare(), [0; 3], "closed");
    scene.edit(vec![grid("S2", vec![polygon(&[square([208.0, 0.0, 400.0, 100.0])])])], &[]);
    assert_eq!(scene.compare(), [0, 1, 0], "another one opens on the other side");
    // A bar closes one end of it, then both: it becomes a hole, and is told once.
    scene.edit(vec![grid("S3", vec![polygon(&[square([190.0, 100.0, 220.0, 120.0])])])], &[]);
    assert_eq!(scene.compare()[1], 1);
    scene.edit(vec![grid("S4", vec![polygon(&[square([190.0, -20.0, 220.0, 0.0])])])], &[]);
    assert_eq!(scene.compare()[1], 1);
    assert_eq!(scene.coverage.gaps().next().expect("a hole").grids.len(), 4);
}
