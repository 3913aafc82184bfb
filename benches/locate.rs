//! Which micro-grid holds a point, beside an R-tree of bounding boxes with `geo`'s predicate, and which building is the
//! nearest, in metres, beside an R-tree: one thread.
//!
//!     CITY=FOLDER cargo bench --bench locate
//!
//! FOLDER: see `benches/city.sh`. Without it: 10,000 invented grids with 1.2 million vertices, a million random points, a
//! building at every fourth.

mod coverage;

use criterion::{Criterion, Throughput};
use geo::{Intersects, Point};
use gridpin::domain::{GridLevel, LonLat};
use gridpin::index::{Bins, GridIndex};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rstar::primitives::{GeomWithData, Rectangle};
use std::hint::black_box;
use std::time::Duration;

fn main() {
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let (all, pins) = coverage::city().unwrap_or_else(|| {
        println!("CITY names no folder: an invented coverage");
        let mut draw = || LonLat::new(119.9 + rng.random_range(0.0..0.182), 28.4 + rng.random_range(0.0..0.182));
        let mut pins: Vec<LonLat> = (0..1_000_000).map(|_| draw()).collect();
        pins.sort_by_key(|at| ((at.lat * 500.0) as i64, (at.lon * 500.0) as i64));
        (coverage::invent(91, 30, 1), pins)
    });
    let mut shuffled = pins.clone();
    (1..shuffled.len()).for_each(|k| shuffled.swap(k, rng.random_range(0..=k)));
    let grids = all.iter().filter(|grid| grid.level == GridLevel::Microgrid).cloned().collect();

    let mut criterion = Criterion::default().configure_from_args();
    let mut group = criterion.benchmark_group("build");
    group.sample_size(10).warm_up_time(Duration::from_secs(1)).measurement_time(Duration::from_secs(8));
    group.bench_function("micro-grids", |b| b.iter(|| GridIndex::build(&grids)));
    group.bench_function("all levels", |b| b.iter(|| GridIndex::build(&all)));
    group.finish();

    let index = GridIndex::build(&grids);
    let every = GridIndex::build(&all);
    println!("{} micro-grids: {} MiB; {} grids: {} MiB", index.len(), mib(&index), every.len(), mib(&every));
    let tree = rstar::RTree::bulk_load(
        (0..index.len() as u32)
            .map(|i| {
                let [w, s, e, n] = index.bbox(i);
                GeomWithData::new(Rectangle::from_corners([w, s], [e, n]), i)
            })
            .collect(),
    );
    let by_tree = |at: LonLat| {
        let near = tree.locate_in_envelope_intersecting(&rstar::AABB::from_point([at.lon, at.lat]));
        let point = Point::new(at.lon, at.lat);
        let holders = near.map(|rect| rect.data).filter(|i| grids[*i as usize].polygon.intersects(&point));
        holders.min_by(|a, b| index.code(*a).cmp(index.code(*b)))
    };
    let differing = pins.iter().filter(|at| index.locate(**at, GridLevel::Microgrid) != by_tree(**at)).count();
    println!("{} pins, {differing} of them elsewhere by the R-tree with geo", pins.len());

    let mut group = criterion.benchmark_group("locate");
    group.sample_size(10).warm_up_time(Duration::from_secs(1)).measurement_time(Duration::from_secs(5));
    group.throughput(Throughput::Elements(pins.len() as u64));
    for (order, pins) in [("in the file's order", &pins), ("shuffled", &shuffled)] {
        let count = |find: &dyn Fn(LonLat) -> Option<u32>| pins.iter().filter(|at| find(**at).is_some()).count();
        for (what, index) in [("", &index), (", all levels indexed", &every)] {
            group.bench_function(format!("gridpin{what}, {order}"), |b| {
                b.iter(|| {
                    let mut held = 0;
                    index.locate_each(black_box(pins), GridLevel::Microgrid, |_, grid| {
                        held += u64::from(grid.is_some())
                    });
                    held
                });
            });
            group.bench_function(format!("gridpin{what}, one by one, {order}"), |b| {
                b.iter(|| count(&|at| index.locate(at, GridLevel::Microgrid)));
            });
        }
        group.bench_function(format!("rstar and geo, {order}"), |b| b.iter(|| count(&by_tree)));
    }
    group.finish();

    let plane = coverage::Plane::of(&all);
    let sites = std::env::var_os("CITY").map(|folder| coverage::sites_in(folder.as_ref()));
    let sites = sites.unwrap_or_else(|| pins.iter().step_by(4).copied().collect());
    let sites: Vec<[f64; 2]> = sites.into_iter().map(|at| plane.frame.xy(at)).collect();
    let bins = Bins::build(plane.squares, (0u32..).zip(sites.iter().copied()).map(|(i, at)| (i, at, ())));
    let tree = rstar::RTree::bulk_load(sites.clone());
    println!("{} buildings", sites.len());
    let mut group = criterion.benchmark_group("nearest");
    group.sample_size(10).warm_up_time(Duration::from_secs(1)).measurement_time(Duration::from_secs(5));
    group.throughput(Throughput::Elements(pins.len() as u64));
    for (order, pins) in [("in the file's order", &pins), ("shuffled", &shuffled)] {
        group.bench_function(format!("gridpin, {order}"), |b| {
            let near = |at: &LonLat| bins.nearest_one(plane.frame.xy(black_box(*at)), f64::INFINITY);
            b.iter(|| pins.iter().filter_map(near).map(|near| near.square).sum::<f64>());
        });
        group.bench_function(format!("rstar, {order}"), |b| {
            let near = |at: &LonLat| tree.nearest_neighbor_iter_with_distance_2(&plane.frame.xy(black_box(*at))).next();
            b.iter(|| pins.iter().filter_map(near).map(|(_, square)| square).sum::<f64>());
        });
    }
    group.finish();
}

fn mib(index: &GridIndex) -> usize {
    index.bytes() >> 20
}
