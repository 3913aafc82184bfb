//! gridpin and its peers in Rust as processes that measure when they are told to, so that all peers take turns:
//!
//!     beside locate|nearest WHO CITY [shuffled]
//!
//! `locate`: the micro-grid of every pin of the city; WHO: `gridpin`, `gridpin-all` (all levels indexed), `rstar` (bounding
//! boxes, and `geo`'s predicate). `nearest`: the building nearest to every pin, in metres of a plane; WHO: `gridpin`,
//! `rstar`. It prints what it is; then it reads commands, one a line, and answers each with a line of JSON:
//!
//!     run              asks about all pins on one thread: {"cpu_s", "wall_s"}
//!     answers FILE     writes for each pin (u32, little endian) the rank of its grid by code plus one and the number of
//!                      grids that hold it, or the nearest building and 0
//!     border FILE      writes points of all borders (f64 lon, lat: vertices, middles of edges, points beside both by a
//!                      hair) to FILE and what is answered about them, like `answers`, to FILE.told
//!     plane FILE       writes pins (FILE.pins) and buildings (FILE.sites) as metres of the plane (f64 x, y)

#[path = "../coverage/mod.rs"]
mod coverage;

use geo::{Intersects, Point};
use gridpin::domain::*;
use gridpin::index::{Bins, GridIndex};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rstar::primitives::{GeomWithData, Rectangle};
use std::hint::black_box;
use std::io::{BufRead, Write};
use std::time::Instant;

/// What is asked about one pin: two numbers.
type Ask = Box<dyn Fn(&[LonLat]) -> u64>;

/// A contender: how it is timed, and what it says about a pin.
struct Contender {
    /// Asks about all pins and counts, so that nothing is left out.
    all: Ask,
    one: Box<dyn Fn(LonLat) -> [u32; 2]>,
    memory_mb: f64,
}

fn main() {
    let args: Vec<String> = std::env::args().skip(1).filter(|arg| arg != "--bench").collect();
    let [what, who] = [0, 1].map(|k| args.get(k).map_or("", String::as_str));
    if args.get(2).is_none() {
        return println!("SKIPPED: run by benches/run.sh; see the head of the source");
    }
    let city = std::path::PathBuf::from(&args[2]);
    let (grids, mut pins) = coverage::city_in(&city);
    let plane = coverage::Plane::of(&grids);
    let began = Instant::now();
    let contender = match what {
        "locate" => locate(who, &grids),
        _ => nearest(who, plane, coverage::sites_in(&city)),
    };
    let build_s = began.elapsed().as_secs_f64();
    if args.get(3).is_some() {
        let mut rng = ChaCha8Rng::seed_from_u64(7);
        (1..pins.len()).for_each(|k| pins.swap(k, rng.random_range(0..=k)));
    }
    say(format!("\"build_s\": {build_s:.3}, \"memory_mb\": {:.1}, \"pins\": {}", contender.memory_mb, pins.len()));
    for line in std::io::stdin().lock().lines().map_while(Result::ok) {
        let (command, file) = line.split_once(' ').unwrap_or((&line, ""));
        match command {
            "run" => {
                // Again and again for half a second: the kernel counts a thread's time in steps of some milliseconds.
                let (cpu, wall, mut passes, mut told) = (cpu_s(), Instant::now(), 0.0, 0);
                while passes == 0.0 || cpu_s() - cpu < 0.5 {
                    told = (contender.all)(black_box(&pins));
                    passes += 1.0;
                }
                let (cpu_s, wall_s) = ((cpu_s() - cpu) / passes, wall.elapsed().as_secs_f64() / passes);
                say(format!("\"cpu_s\": {cpu_s:.9}, \"wall_s\": {wall_s:.9}, \"told\": {told}"));
            }
            "answers" => say(format!("\"pins\": {}", write_answers(file, &contender, &pins))),
            "border" => {
                let points = borders(&grids);
                write(file, points.iter().flat_map(|at| [at.lon, at.lat]).flat_map(f64::to_le_bytes));
                say(format!("\"points\": {}", write_answers(&format!("{file}.told"), &contender, &points)));
            }
            "plane" => {
                let bytes = |points: &[[f64; 2]]| points.iter().flatten().copied().flat_map(f64::to_le_bytes).collect();
                let at: Vec<[f64; 2]> = pins.iter().map(|at| plane.frame.xy(*at)).collect();
                let sites: Vec<[f64; 2]> = coverage::sites_in(&city).iter().map(|at| plane.frame.xy(*at)).collect();
                for (name, bytes) in [("pins", bytes(&at)), ("sites", bytes(&sites))] {
                    let bytes: Vec<u8> = bytes;
                    write(&format!("{file}.{name}"), bytes.into_iter());
                }
                say(format!("\"pins\": {}, \"sites\": {}", at.len(), sites.len()));
            }
            other => say(format!("\"error\": \"no command {other}\"")),
        }
    }
}

fn say(fields: String) {
    println!("{{{fields}}}");
    let _ = std::io::stdout().flush();
}

fn write(file: &str, bytes: impl Iterator<Item = u8>) {
    std::fs::write(file, bytes.collect::<Vec<u8>>()).unwrap_or_else(|error| panic!("{file}: {error}"));
}

fn write_answers(file: &str, contender: &Contender, points: &[LonLat]) -> usize {
    write(file, points.iter().flat_map(|at| (contender.one)(*at)).flat_map(u32::to_le_bytes));
    points.len()
}

/// Seconds of processor of this thread.
fn cpu_s() -> f64 {
    let stat = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    stat.split(' ').next().and_then(|ns| ns.parse::<f64>().ok()).unwrap_or(0.0) / 1e9
}

/// Points on the borders of the finest grids and a hair beside them.
fn borders(all: &Table<Grid>) -> Vec<LonLat> {
    let index = GridIndex::build(&coverage::finest(all));
    let mut points = Vec::new();
    for i in 0..index.len() as u32 {
        index.outline(i).each_edge(|a, b| {
            let middle = [(a[0] + b[0]) / 2.0, (a[1] + b[1]) / 2.0];
            points.push(LonLat::new(a[0], a[1]));
            for [lon, lat] in [middle, a] {
                points.push(LonLat::new(lon + 1e-9, lat - 1e-9));
            }
            points.push(LonLat::new(middle[0], middle[1]));
        });
    }
    points
}

fn locate(who: &str, all: &Table<Grid>) -> Contender {
    let (grids, every) = (coverage::finest(all), who == "gridpin-all");
    let level = grids[0].level;
    let index = GridIndex::build(if every { all } else { &grids });
    let mut codes: Vec<GridCode> = grids.iter().map(|grid| grid.code.clone()).collect();
    codes.sort();
    let rank = move |code: &GridCode| codes.binary_search(code).map_or(0, |k| k as u32 + 1);
    if who == "rstar" {
        let tree = rstar::RTree::bulk_load(
            (0..index.len() as u32)
                .map(|i| {
                    let [w, s, e, n] = index.bbox(i);
                    GeomWithData::new(Rectangle::from_corners([w, s], [e, n]), i)
                })
                .collect(),
        );
        // Given away: this process measures one contender and ends.
        let (tree, index, grids): (&'static rstar::RTree<_>, &'static GridIndex, &'static Table<Grid>) =
            (Box::leak(Box::new(tree)), Box::leak(Box::new(index)), Box::leak(Box::new(grids)));
        let holders = move |at: LonLat| {
            let near = tree.locate_in_envelope_intersecting(&rstar::AABB::from_point([at.lon, at.lat]));
            let point = Point::new(at.lon, at.lat);
            near.map(|rect| rect.data).filter(move |i| grids[*i as usize].polygon.intersects(&point))
        };
        let first = move |at| holders(at).min_by(|a, b| index.code(*a).cmp(index.code(*b)));
        let all = move |pins: &[LonLat]| pins.iter().filter(|at| first(**at).is_some()).count() as u64;
        let one = move |at| [first(at).map_or(0, |i| rank(index.code(i))), holders(at).count() as u32];
        return Contender { all: Box::new(all), one: Box::new(one), memory_mb: 0.0 };
    }
    let memory_mb = index.bytes() as f64 / 1e6;
    let index: &'static GridIndex = Box::leak(Box::new(index));
    let all = move |pins: &[LonLat]| {
        let mut held = 0;
        index.locate_each(pins, level, |_, grid| held += u64::from(grid.is_some()));
        held
    };
    let one = move |at| {
        let first = index.locate(at, level).map_or(0, |i| rank(index.code(i)));
        [first, index.locate_all(at, level).len() as u32]
    };
    Contender { all: Box::new(all), one: Box::new(one), memory_mb }
}

fn nearest(who: &str, coverage::Plane { frame, squares }: coverage::Plane, sites: Vec<LonLat>) -> Contender {
    let places: Vec<[f64; 2]> = sites.iter().map(|at| frame.xy(*at)).collect();
    let sum = |found: &mut dyn Iterator<Item = u32>| found.map(u64::from).sum::<u64>();
    match who {
        "rstar" => {
            let points = (0u32..).zip(places).map(|(i, at)| GeomWithData::new(at, i)).collect();
            let tree: &'static rstar::RTree<GeomWithData<[f64; 2], u32>> =
                Box::leak(Box::new(rstar::RTree::bulk_load(points)));
            let find = move |at| tree.nearest_neighbor(&frame.xy(at)).map_or(u32::MAX, |found| found.data);
            let all = move |pins: &[LonLat]| sum(&mut pins.iter().map(|at| find(*at)));
            Contender { all: Box::new(all), one: Box::new(move |at| [find(at), 0]), memory_mb: 0.0 }
        }
        _ => {
            let bins = Bins::build(squares, (0u32..).zip(places).map(|(i, at)| (i, at, ())));
            let bins: &'static Bins = Box::leak(Box::new(bins));
            let find = move |at| bins.nearest_one(frame.xy(at), f64::INFINITY).map_or(u32::MAX, |near| near.id);
            let all = move |pins: &[LonLat]| sum(&mut pins.iter().map(|at| find(*at)));
            Contender { all: Box::new(all), one: Box::new(move |at| [find(at), 0]), memory_mb: 0.0 }
        }
    }
}
