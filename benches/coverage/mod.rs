//! Grids to ask about points: a million-address city where one is at hand, an invented coverage else.

#![allow(dead_code)]

use geo::{Coord, InteriorPoint, LineString, MultiPolygon, Polygon};
use gridpin::domain::*;
use gridpin::index::{GridIndex, Squares};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::path::{Path, PathBuf};

/// A coverage of `n` by `n` micro-grids with bent, shared borders of `4 * steps` vertices, without gap or overlap, codes
/// in no spatial order; every fifth has a hole that another fills.
pub fn invent(n: usize, steps: usize, seed: u64) -> Table<Grid> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let step_deg = 0.002 / steps as f64;
    let side = n * steps + 1;
    let node: Vec<Coord<f64>> = (0..side * side)
        .map(|k| {
            let mut bend = || rng.random_range(-0.3..0.3);
            let at = |place: usize, bend: f64| ((place as f64 + bend) * step_deg * 1e7).round() / 1e7;
            Coord { x: 119.9 + at(k % side, bend()), y: 28.4 + at(k / side, bend()) }
        })
        .collect();
    let at = |column: usize, row: usize| node[row * side + column];
    let ring = |column: usize, row: usize, size: usize| -> LineString<f64> {
        let south = (0..size).map(|k| at(column + k, row));
        let east = (0..size).map(|k| at(column + size, row + k));
        let north = (0..size).map(|k| at(column + size - k, row + size));
        let west = (0..=size).map(|k| at(column, row + size - k));
        LineString(south.chain(east).chain(north).chain(west).collect())
    };
    let mut fields = Vec::new();
    for k in 0..n * n {
        let (column, row) = (k % n * steps, k / n * steps);
        let mut holes = Vec::new();
        if k % 5 == 0 && steps >= 4 {
            holes.push(ring(column + steps / 4, row + steps / 4, steps / 2));
            fields.push(Polygon::new(holes[0].clone(), vec![]));
        }
        fields.push(Polygon::new(ring(column, row, steps), holes));
    }
    (1..fields.len()).for_each(|k| fields.swap(k, rng.random_range(0..=k)));
    fields
        .into_iter()
        .enumerate()
        .map(|(k, field)| grid(&format!("{k:05}"), "microgrid", MultiPolygon(vec![field])))
        .collect()
}

/// `grids.geojson` and the pins of `addresses.csv` in the folder that `CITY` names; none without it.
pub fn city() -> Option<(Table<Grid>, Vec<LonLat>)> {
    Some(city_in(&PathBuf::from(std::env::var_os("CITY")?)))
}

/// The grids of the finest level.
pub fn finest(grids: &Table<Grid>) -> Table<Grid> {
    let level = grids.iter().map(|grid| grid.level).max().expect("grids");
    grids.iter().filter(|grid| grid.level == level).cloned().collect()
}

/// `grids.geojson` and the pins of `addresses.csv` in a folder.
pub fn city_in(folder: &Path) -> (Table<Grid>, Vec<LonLat>) {
    let text = std::fs::read_to_string(folder.join("grids.geojson")).expect("grids.geojson");
    let features =
        geojson::FeatureCollection::try_from(text.parse::<geojson::GeoJson>().expect("GeoJSON")).expect("features");
    let grids = features.into_iter().map(|feature| {
        let text = |name: &str| feature.property(name).and_then(|v| v.as_str()).unwrap_or_default().to_owned();
        let (code, level) = (text("grid_code"), text("level"));
        let polygon = match geo::Geometry::try_from(feature).expect("a geometry") {
            geo::Geometry::Polygon(polygon) => MultiPolygon(vec![polygon]),
            geo::Geometry::MultiPolygon(polygons) => polygons,
            other => panic!("{code} is no area: {other:?}"),
        };
        grid(&code, &level, polygon)
    });
    let grids = grids.collect();
    let mut rows = csv::Reader::from_path(folder.join("addresses.csv")).expect("addresses.csv");
    let column =
        |name: &str, heads: &csv::StringRecord| heads.iter().position(|head| head == name).expect("lon and lat");
    let heads = rows.headers().expect("headings").clone();
    let (lon, lat) = (column("lon", &heads), column("lat", &heads));
    let pin = |row: csv::StringRecord| Some(LonLat::new(row[lon].parse().ok()?, row[lat].parse().ok()?));
    (grids, rows.records().filter_map(|row| pin(row.expect("a row"))).collect())
}

/// Representative points of the buildings in a folder's `buildings.geojson`, inside their footprints.
pub fn sites_in(folder: &Path) -> Vec<LonLat> {
    let text = std::fs::read_to_string(folder.join("buildings.geojson")).expect("buildings.geojson");
    let features =
        geojson::FeatureCollection::try_from(text.parse::<geojson::GeoJson>().expect("GeoJSON")).expect("features");
    let place = |feature| geo::Geometry::<f64>::try_from(feature).ok()?.interior_point();
    features.into_iter().filter_map(place).map(|at| LonLat::new(at.x(), at.y())).collect()
}

/// The plane of a city, as detection has it: a tangent plane at the middle of all grids, with squares of 50 m.
#[derive(Clone, Copy)]
pub struct Plane {
    pub frame: Frame,
    pub squares: Squares,
}

impl Plane {
    pub fn of(grids: &Table<Grid>) -> Plane {
        let index = GridIndex::build(grids);
        let join = |a: [f64; 4], b: [f64; 4]| [a[0].min(b[0]), a[1].min(b[1]), a[2].max(b[2]), a[3].max(b[3])];
        let [w, s, e, n] = (0..index.len() as u32).map(|i| index.bbox(i)).reduce(join).expect("grids");
        let frame = Frame::at(LonLat::new((w + e) / 2.0, (s + n) / 2.0));
        let ([w, s], [e, n]) = (frame.xy(LonLat::new(w, s)), frame.xy(LonLat::new(e, n)));
        Plane { frame, squares: Squares::over([w - 1e3, s - 1e3], [e + 1e3, n + 1e3], 50.0) }
    }
}

fn grid(code: &str, level: &str, polygon: MultiPolygon<f64>) -> Grid {
    let level = GridLevel::ALL.into_iter().find(|l| l.as_str() == level).expect("a level");
    Grid {
        code: code.into(),
        level,
        name: String::new(),
        parent: None,
        polygon: polygon.into(),
        valid_from: None,
        valid_to: None,
        version: 1,
    }
}
