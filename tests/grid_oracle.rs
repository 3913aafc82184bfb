//! The grid that holds a point, compared with GEOS (through GDAL) on random points, on borders and a hair beside them.

#[path = "../benches/coverage/mod.rs"]
mod coverage;

use gdal::vector::{Geometry, ToGdal};
use gridpin::domain::{Grid, Table};
use gridpin::domain::{GridLevel, LonLat};
use gridpin::index::GridIndex;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

/// Every `step`-th edge's start, a point of it rounded to numbers, its middle, and points beside them by a hair.
fn at_borders(index: &GridIndex, step: usize) -> Vec<LonLat> {
    let mut points = Vec::new();
    let mut count = 0;
    for i in 0..index.len() as u32 {
        index.outline(i).each_edge(|a, b| {
            count += 1;
            if count % step == 0 {
                let middle = [(a[0] + b[0]) / 2.0, (a[1] + b[1]) / 2.0];
                for [lon, lat] in [a, middle] {
                    points.extend([0.0, 1e-9, -1e-9, 2e-8].map(|off| LonLat::new(lon + off, lat - off)));
                }
            }
        });
    }
    points
}

/// Asks index and GEOS about every point, on all cores; GEOS about those grids whose box holds it.
fn compare(grids: &Table<Grid>, index: &GridIndex, points: &[LonLat]) -> [usize; 2] {
    let tree = rstar::RTree::bulk_load(
        (0..index.len() as u32)
            .map(|i| {
                let [w, s, e, n] = index.bbox(i);
                rstar::primitives::GeomWithData::new(rstar::primitives::Rectangle::from_corners([w, s], [e, n]), i)
            })
            .collect(),
    );
    let (shared, none) = (AtomicUsize::new(0), AtomicUsize::new(0));
    std::thread::scope(|scope| {
        for points in points.chunks(points.len().div_ceil(2)) {
            let (tree, shared, none) = (&tree, &shared, &none);
            scope.spawn(move || {
                let shape = |grid: &Grid| grid.polygon.to_gdal().expect("a geometry of GDAL");
                let shapes: Vec<Geometry> = grids.iter().map(shape).collect();
                let mut each = Vec::with_capacity(points.len());
                index.locate_each(points, GridLevel::Microgrid, |_, grid| each.push(grid));
                for (at, each) in points.iter().zip(each) {
                    let point = geo::Point::new(at.lon, at.lat).to_gdal().expect("a point of GDAL");
                    let near = tree.locate_in_envelope_intersecting(&rstar::AABB::from_point([at.lon, at.lat]));
                    let mut held: Vec<u32> =
                        near.map(|rect| rect.data).filter(|i| shapes[*i as usize].intersects(&point)).collect();
                    held.sort_by(|a, b| index.code(*a).cmp(index.code(*b)));
                    assert_eq!(index.locate_all(*at, GridLevel::Microgrid), held, "{at:?}");
                    assert_eq!(index.locate(*at, GridLevel::Microgrid), held.first().copied(), "{at:?}");
                    assert_eq!(each, held.first().copied(), "{at:?}");
                    shared.fetch_add(usize::from(held.len() > 1), Relaxed);
                    none.fetch_add(usize::from(held.is_empty()), Relaxed);
                }
            });
        }
    });
    [shared.into_inner(), none.into_inner()]
}

#[test]
fn an_invented_coverage_is_told_as_geos_tells_it() {
    let grids = coverage::invent(12, 12, 7);
    let index = GridIndex::build(&grids);
    let mut rng = ChaCha8Rng::seed_from_u64(8);
    let mut points = at_borders(&index, 2);
    let mut draw = || LonLat::new(119.9 + rng.random_range(-0.002..0.026), 28.4 + rng.random_range(-0.002..0.026));
    points.extend((0..20_000).map(|_| draw()));
    let [shared, none] = compare(&grids, &index, &points);
    assert!(points.len() > 40_000 && shared > 3_000 && none > 1_000, "{} {shared} {none}", points.len());
}

/// `CITY=FOLDER cargo test --release --test grid_oracle -- --nocapture`, see `benches/city.sh`; some minutes.
#[test]
fn a_whole_city_is_told_as_geos_tells_it() {
    let Some((all, mut points)) = coverage::city() else {
        println!("SKIPPED: CITY names no folder with grids.geojson and addresses.csv");
        return;
    };
    let grids: Table<Grid> = all.iter().filter(|grid| grid.level == GridLevel::Microgrid).cloned().collect();
    let index = GridIndex::build(&grids);
    points.extend(at_borders(&index, 5));
    let [shared, none] = compare(&grids, &index, &points);
    println!("{} points told as by GEOS; {shared} of them on shared borders, {none} in no grid", points.len());
    assert!(shared > 1_000 && none > 0, "{shared} {none}");
}
