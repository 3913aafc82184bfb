//! What tiles cost: the index that they read, the tiles of a whole city at each zoom, the counts of low zooms, for the whole
//! city and for a part of it. One thread, no cache, no compression.
//!
//!     CITY=FOLDER cargo bench --bench tile [-- FILTER]
//!
//! FOLDER: see `benches/city.sh`; without it an invented city of a million addresses. Each row is one round over all tiles
//! of the zoom that the city lies in: `elem/s` are tiles a second. The table before it says what they weigh.

mod records;

use chrono::NaiveDate;
use criterion::{Criterion, Throughput};
use gridpin::check::Thresholds;
use gridpin::city::City;
use gridpin::city::points::Points;
use gridpin::city::world::{Span, TileId};
use gridpin::domain::*;
use gridpin::tile::{self, Detail, View, catalog};
use std::hint::black_box;
use std::time::{Duration, Instant};

/// The tiles of a zoom that the city lies in.
fn tiles(city: &City, z: u8) -> Vec<(u8, u32, u32)> {
    let span = city.bbox().and_then(Span::of_box).expect("a city");
    let (columns, rows) = span.tiles(z);
    rows.flat_map(|y| columns.clone().map(move |x| (z, x, y))).collect()
}

fn resident_mb() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or("0 kB");
    line.trim().trim_end_matches(" kB").trim().parse::<u64>().unwrap_or(0) / 1024
}

/// Layer, zooms and detail of the rows.
const ROWS: [(&str, &[u8], Detail); 8] = [
    ("address", &[12, 13, 14, 15, 16], Detail::Points),
    ("address", &[8, 10, 12, 13], Detail::Map),
    ("rental", &[8, 10, 12, 13, 14], Detail::Map),
    ("hazard", &[8, 10, 12, 13, 14], Detail::Map),
    ("heat", &[4, 8, 10, 12, 14], Detail::Map),
    ("flag", &[10, 13], Detail::Map),
    ("grid", &[8, 10, 11, 12, 13, 14, 15, 16], Detail::Map),
    ("building", &[13, 14, 15, 16], Detail::Map),
];

fn main() {
    let today = NaiveDate::from_ymd_opt(2026, 11, 21).expect("a day");
    let mut records = records::of_folder().unwrap_or_else(|| records::invent(1_000_000));
    records::rent_out(&mut records);
    let (grids, buildings) = (records.grids.len(), records.buildings.len());
    println!("{} addresses, {grids} grids, {buildings} buildings", records.addresses.len());
    let (before, start) = (resident_mb(), Instant::now());
    let city = City::with_flags(records, Thresholds::default(), today, Vec::new());
    let built = start.elapsed().as_secs_f64();
    println!("City without rules: built in {built:.2} s, {} MB beside {before} MB of records", resident_mb() - before);
    let village = city.records.grids.iter().filter(|grid| grid.level < GridLevel::Microgrid).last();
    let scope = Scope::Grid(village.expect("grids").code.clone());
    let steward = Actor { name: "b".into(), role: Role::Steward, scope: Scope::All };
    let scoped = Actor { scope, ..steward.clone() };

    println!("layer      zoom  tiles  mean bytes  most bytes  features at most");
    for (layer, zooms, detail) in ROWS {
        for z in zooms {
            let tiles = tiles(&city, *z);
            let drawn = tiles.iter().map(|at| tile::render(&city, &[layer], *at, detail, &steward).expect("a tile"));
            let drawn: Vec<tile::Tile> = drawn.collect();
            let bytes: Vec<usize> = drawn.iter().map(|tile| tile.bytes.len()).collect();
            let features = drawn.iter().filter_map(|tile| {
                let reader = fast_mvt::MvtReaderRef::new(&tile.bytes).expect("a vector tile");
                reader.layers().map(|layer| layer.feature_count()).max()
            });
            println!(
                "{layer:10} {z:4} {:6} {:11} {:11} {:17}",
                tiles.len(),
                bytes.iter().sum::<usize>() / bytes.len(),
                bytes.iter().max().unwrap_or(&0),
                features.max().unwrap_or(0)
            );
        }
    }

    let mut criterion = Criterion::default().configure_from_args();
    let mut group = criterion.benchmark_group("index");
    group.sample_size(10).warm_up_time(Duration::from_millis(300)).measurement_time(Duration::from_secs(3));
    group.bench_function("points of a layer", |b| {
        let items: Vec<_> = city.rental_points.items().collect();
        b.iter(|| Points::build(items.len(), |row, see| see(&items[row as usize])).len());
    });
    group.finish();
    for (who, actor) in [("whole", &steward), ("scoped", &scoped)] {
        let mut group = criterion.benchmark_group(who);
        group.sample_size(10).warm_up_time(Duration::from_millis(300)).measurement_time(Duration::from_millis(1500));
        for (layer, zooms, detail) in ROWS {
            for z in zooms {
                let tiles = tiles(&city, *z);
                group.throughput(Throughput::Elements(tiles.len() as u64));
                let name = if detail == Detail::Points { "points" } else { "map" };
                group.bench_function(format!("{layer} {name} z{z}"), |b| {
                    b.iter(|| {
                        for (z, x, y) in &tiles {
                            let view = View::new(&city, TileId { z: *z, x: *x, y: *y }, &actor.scope, detail);
                            let mut bytes = Vec::new();
                            tile::layer::draw(catalog::layer(layer, actor.role).expect("a layer"), &view, &mut bytes);
                            black_box(bytes);
                        }
                    });
                });
            }
        }
        group.finish();
    }
    let mut group = criterion.benchmark_group("pyramid");
    group.sample_size(10).warm_up_time(Duration::from_millis(300)).measurement_time(Duration::from_secs(1));
    for z in [0, 6, 8, 10, 12] {
        let tiles = tiles(&city, z);
        group.bench_function(format!("addresses counted z{z}"), |b| {
            let within = city.within(&Scope::All);
            b.iter(|| {
                let mut n = 0;
                for (z, x, y) in &tiles {
                    let tile = TileId { z: *z, x: *x, y: *y };
                    city.address_points.cells(tile, 4, within, |cell| n += cell.n);
                }
                n
            });
        });
    }
    group.finish();
}
