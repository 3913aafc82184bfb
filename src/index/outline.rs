//! One polygon's border as a line that folds into boxes: exact point location, and the distance to the border.

use super::stretch::{SPAN, Stretches};
use super::work::note;
use crate::domain::{Area, Frame, LonLat};
use geo::algorithm::kernels::{Kernel, Orientation, RobustKernel};
use geo::{Coord, Distance, Haversine, LineString, Point};

/// Where a point lies with respect to a polygon.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// Strictly inside.
    Inside,
    /// Exactly on the border, decided without rounding.
    Border,
    /// Strictly outside.
    Outside,
}

/// The border of a polygon with holes and exclaves. Inside is what an odd number of border crossings separates from
/// infinity, so rings may come in any order and direction.
///
/// Neighbouring edges lie in one box, neighbouring boxes in a larger one ([`Stretches`]): a question opens the boxes
/// about its point and no others, so that a border of 50,000 vertices costs hardly more than one of fifty.
#[derive(Debug, Clone, Default)]
pub struct Outline {
    bbox: [f64; 4],
    vertices: Vertices,
    /// Last vertex of each ring: no edge begins there.
    ends: Vec<u32>,
    boxes: Stretches,
}

/// All rings one behind the other, each closed; edge `e` goes from vertex `e` to vertex `e + 1`.
#[derive(Debug, Clone)]
enum Vertices {
    /// Those of an area that is one ring, as nearly all are: they lie where its record has them.
    Shared(Area),
    Own(Vec<Coord<f64>>),
}

impl Default for Vertices {
    fn default() -> Self {
        Vertices::Own(Vec::new())
    }
}

/// The nearest point of a border so far: its squared distance, its edge, where it is in the plane. Of equals, that of
/// the first edge.
struct Nearest {
    square: f64,
    edge: u32,
    at: Option<[f64; 2]>,
}

impl Outline {
    /// The outline of a polygon in degrees. Rings with numbers that are not finite are left out.
    pub fn build(polygon: impl Into<Area>) -> Self {
        let polygon: Area = polygon.into();
        let rings = polygon.iter().flat_map(|p| std::iter::once(p.exterior()).chain(p.interiors()));
        let is_finite = |ring: &&LineString<f64>| ring.0.iter().all(|c| c.x.is_finite() && c.y.is_finite());
        let mut rings: Vec<&LineString<f64>> = rings.filter(|r| r.0.len() > 2).filter(is_finite).collect();
        let mut bbox = [f64::INFINITY, f64::INFINITY, f64::NEG_INFINITY, f64::NEG_INFINITY];
        for Coord { x, y } in rings.iter().flat_map(|ring| &ring.0) {
            bbox = [bbox[0].min(*x), bbox[1].min(*y), bbox[2].max(*x), bbox[3].max(*y)];
        }
        // Thousands of holes come in any order: neighbours together, or their boxes hold everything.
        rings.sort_by_cached_key(|ring| z_order(ring.0[0], bbox));
        let mut ends = Vec::with_capacity(rings.len());
        for ring in &rings {
            ends.push(ends.last().map_or(0, |end: &u32| *end + 1) + ring.0.len() as u32 - 1);
        }
        let vertices = match &rings[..] {
            [_] if polygon.0.len() == 1 && polygon.0[0].interiors().is_empty() => Vertices::Shared(polygon.clone()),
            rings => Vertices::Own(rings.iter().flat_map(|ring| &ring.0).copied().collect()),
        };
        let mut outline = Outline { bbox, vertices, ends, boxes: Stretches::default() };
        outline.boxes = Stretches::build(outline.vertices(), &outline.ends);
        outline
    }

    fn vertices(&self) -> &[Coord<f64>] {
        match &self.vertices {
            Vertices::Shared(area) => &area.0[0].exterior().0,
            Vertices::Own(vertices) => vertices,
        }
    }

    /// Where an edge begins and ends.
    pub fn edge(&self, edge: usize) -> [[f64; 2]; 2] {
        ends_of(self.vertices(), edge)
    }

    /// The numbers of all edges, along the rings.
    pub fn edges(&self) -> impl Iterator<Item = usize> + '_ {
        self.edges_of(0..self.vertices().len().saturating_sub(1))
    }

    /// The edges among some.
    fn edges_of(&self, among: std::ops::Range<usize>) -> impl Iterator<Item = usize> + '_ {
        let mut next = self.ends.partition_point(|end| (*end as usize) < among.start);
        among.filter(move |e| {
            let is_end = self.ends[next] as usize == *e;
            next += usize::from(is_end);
            !is_end
        })
    }

    /// West, south, east, north in degrees; infinite and inside out when there is no area.
    pub fn bbox(&self) -> [f64; 4] {
        self.bbox
    }

    /// Whether there is no ring.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// Number of edges, of all rings.
    pub fn edge_count(&self) -> usize {
        self.vertices().len() - self.ends.len()
    }

    /// Bytes that it takes beside the area that it was built from.
    pub fn bytes(&self) -> usize {
        let own = if let Vertices::Own(vertices) = &self.vertices { vertices.len() } else { 0 };
        16 * own + 4 * self.ends.len() + self.boxes.bytes()
    }

    /// The edges of all rings, as pairs of longitude and latitude.
    pub fn each_edge(&self, mut visit: impl FnMut([f64; 2], [f64; 2])) {
        let vertices = self.vertices();
        for e in self.edges() {
            let [a, b] = ends_of(vertices, e);
            visit(a, b);
        }
    }

    /// Where `at` lies, by exact orientation predicates (Shewchuk 1997).
    pub fn side(&self, at: LonLat) -> Side {
        let [west, south, east, north] = self.bbox;
        if !(at.lon >= west && at.lon <= east && at.lat >= south && at.lat <= north) {
            return Side::Outside;
        }
        match self.crossings(self.boxes.root(), at) {
            None => Side::Border,
            Some(true) => Side::Inside,
            Some(false) => Side::Outside,
        }
    }

    /// Whether the edges of a box cross the ray to the east an odd number of times; none where the point is on one.
    fn crossings(&self, node: (usize, usize), at: LonLat) -> Option<bool> {
        let (x, y) = (at.lon, at.lat);
        let [west, south, east, north] = self.boxes.bbox(node);
        if y < south || y > north || x > east {
            return Some(false);
        }
        let among = self.boxes.edges(node);
        if x < west {
            return Some(self.straddles(among, y));
        }
        let mut odd = false;
        if node.0 > 0 {
            for child in self.boxes.children(node) {
                odd ^= self.crossings(child, at)?;
            }
            return Some(odd);
        }
        note(SPAN);
        let vertices = self.vertices();
        for e in self.edges_of(among) {
            let [[ax, ay], [bx, by]] = ends_of(vertices, e);
            if y < ay.min(by) || y > ay.max(by) || x > ax.max(bx) {
                continue;
            }
            let crosses = (ay <= y) != (by <= y);
            if x < ax.min(bx) {
                odd ^= crosses;
                continue;
            }
            let turn = RobustKernel::orient2d(Coord { x: ax, y: ay }, Coord { x: bx, y: by }, Coord { x, y });
            match turn {
                Orientation::Collinear => return None,
                Orientation::CounterClockwise => odd ^= crosses && by > ay,
                Orientation::Clockwise => odd ^= crosses && by < ay,
            }
        }
        Some(odd)
    }

    /// Whether edges cross a parallel an odd number of times: their line does so exactly when it begins and ends on
    /// different sides. Whole rings among them cross it an even number of times.
    fn straddles(&self, among: std::ops::Range<usize>, lat: f64) -> bool {
        let vertices = self.vertices();
        let low = |vertex: usize| vertices[vertex].y <= lat;
        let odd = low(among.start) != low(among.end);
        let first = self.ends.partition_point(|end| (*end as usize) < among.start);
        if self.ends[first] as usize >= among.end {
            return odd;
        }
        let last = self.ends.partition_point(|end| (*end as usize) < among.end) - 1;
        odd ^ low(self.ends[first] as usize) ^ low(self.ends[last] as usize + 1)
    }

    /// Metres to the border and the nearest point of it, when that is at most `limit_m`. Within 1 mm for distances up
    /// to 50 m, 1 dm up to 1 km, and on the sphere past 20 km.
    pub fn distance_m(&self, at: LonLat, limit_m: f64) -> Option<(f64, LonLat)> {
        if self.is_empty() || !at.is_on_earth() {
            return None;
        }
        let frame = Frame::at(at);
        let mut best = Nearest { square: limit_m * limit_m, edge: u32::MAX, at: None };
        let root = self.boxes.root();
        if self.boxes.square_m2(root, &frame) <= best.square {
            self.near(root, &frame, &mut best);
        }
        let nearest = frame.lonlat(best.at?);
        Some((metres(at, nearest), nearest))
    }

    /// Looks at the edges of a box, those of the nearer boxes in it first.
    fn near(&self, node: (usize, usize), frame: &Frame, best: &mut Nearest) {
        if node.0 == 0 {
            return self.near_edges(self.boxes.edges(node), frame, best);
        }
        let mut order = [(0.0, node); SPAN];
        let mut count = 0;
        for child in self.boxes.children(node) {
            let square = self.boxes.square_m2(child, frame);
            if square <= best.square {
                order[count] = (square, child);
                count += 1;
            }
        }
        order[..count].sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
        for (square, child) in &order[..count] {
            if *square <= best.square {
                self.near(*child, frame, best);
            }
        }
    }

    fn near_edges(&self, among: std::ops::Range<usize>, frame: &Frame, best: &mut Nearest) {
        note(SPAN);
        let to_xy = |[lon, lat]: [f64; 2]| frame.xy(LonLat::new(lon, lat));
        let vertices = self.vertices();
        for e in self.edges_of(among) {
            let [a, b] = ends_of(vertices, e);
            let ([ax, ay], [bx, by]) = (to_xy(a), to_xy(b));
            let (dx, dy) = (bx - ax, by - ay);
            let length_2 = dx * dx + dy * dy;
            let t = if length_2 > 0.0 { (-(ax * dx + ay * dy) / length_2).clamp(0.0, 1.0) } else { 0.0 };
            let (x, y) = (ax + t * dx, ay + t * dy);
            let square = x * x + y * y;
            if square < best.square || (square == best.square && (e as u32) < best.edge) {
                *best = Nearest { square, edge: e as u32, at: Some([x, y]) };
            }
        }
    }
}

/// Where an edge begins and ends.
fn ends_of(vertices: &[Coord<f64>], edge: usize) -> [[f64; 2]; 2] {
    let (a, b) = (vertices[edge], vertices[edge + 1]);
    [[a.x, a.y], [b.x, b.y]]
}

/// Place of a point along a line that keeps neighbours together (Morton 1966).
fn z_order(at: Coord<f64>, [west, south, east, north]: [f64; 4]) -> u64 {
    let bits = |v: f64, low: f64, high: f64| ((v - low) / (high - low) * 65_535.0) as u64;
    let (x, y) = (bits(at.x, west, east), bits(at.y, south, north));
    (0..16).map(|k| (x >> k & 1) << (2 * k) | (y >> k & 1) << (2 * k + 1)).sum()
}

/// Metres between two points at any distance: in the tangent plane when near, on the sphere past 20 km.
pub fn metres(a: LonLat, b: LonLat) -> f64 {
    let plane_m = a.distance_m(b);
    if plane_m < 20_000.0 { plane_m } else { Haversine.distance(Point::new(a.lon, a.lat), Point::new(b.lon, b.lat)) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::index::work;
    use geo::{Intersects, MultiPolygon, wkt};
    use rand::{RngExt, SeedableRng};

    fn shapes() -> Vec<MultiPolygon<f64>> {
        vec![
            MultiPolygon(vec![wkt!(POLYGON((0. 0., 4. 0., 4. 4., 0. 4., 0. 0.), (1. 1., 1. 3., 3. 3., 3. 1., 1. 1.)))]),
            wkt!(MULTIPOLYGON(((0. 0., 3. 1., 2. 4., 1. 2., 0. 0.)), ((5. 1., 7. 1., 7. 1.5, 6. 3., 5. 1.)))),
            MultiPolygon(vec![
                wkt!(POLYGON((0. 0., 1. 0., 1. 5., 2. 5., 2. 0., 3. 0., 3. 5., 4. 5., 4. 0., 5. 0., 5. 6., 0. 6., 0. 0.))),
            ]),
        ]
    }

    #[test]
    fn agrees_with_the_slow_oracle_on_random_and_lattice_points() {
        let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(1);
        for (k, shape) in shapes().iter().enumerate() {
            let outline = Outline::build(shape.clone());
            for i in 0..20_000 {
                // Half of them on a lattice of halves, so that many fall on vertices and edges.
                let mut draw = || {
                    let v: f64 = rng.random_range(-1.0..8.0);
                    if i % 2 == 0 { (v * 2.0).round() / 2.0 } else { v }
                };
                let p = geo::Point::new(draw(), draw());
                let side = outline.side(LonLat::new(p.x(), p.y()));
                assert_eq!(side != Side::Outside, shape.intersects(&p), "shape {k} at {p:?}");
            }
        }
    }

    #[test]
    fn vertices_and_edges_are_border() {
        for shape in shapes() {
            let outline = Outline::build(shape.clone());
            outline.each_edge(|a, b| {
                assert_eq!(outline.side(LonLat::new(a[0], a[1])), Side::Border);
                let middle = LonLat::new((a[0] + b[0]) / 2.0, (a[1] + b[1]) / 2.0);
                assert_eq!(outline.side(middle), Side::Border);
            });
        }
    }

    #[test]
    fn distance_is_that_of_the_nearest_edge() {
        let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(2);
        let ring = |k: i32, f: f64| {
            let t = f64::from(k) / 400.0 * std::f64::consts::TAU;
            let r = 0.004 * (1.0 + 0.3 * (f * t).sin());
            geo::Coord { x: 119.9 + r * t.cos(), y: 28.4 + r * t.sin() }
        };
        let shape = MultiPolygon(vec![geo::Polygon::new(
            (0..400).map(|k| ring(k, 7.0)).collect(),
            vec![geo::LineString(
                (0..100)
                    .map(|k| ring(k * 4, 2.0))
                    .map(|c| geo::Coord { x: 119.9 + (c.x - 119.9) / 3.0, y: 28.4 + (c.y - 28.4) / 3.0 })
                    .collect(),
            )],
        )]);
        let outline = Outline::build(shape.clone());
        for _ in 0..2_000 {
            let at = LonLat::new(119.9 + rng.random_range(-0.01..0.01), 28.4 + rng.random_range(-0.01..0.01));
            let mut slow = f64::INFINITY;
            outline.each_edge(|a, b| {
                let frame = Frame::at(at);
                let ([ax, ay], [bx, by]) = (frame.xy(LonLat::new(a[0], a[1])), frame.xy(LonLat::new(b[0], b[1])));
                let t = (-(ax * (bx - ax) + ay * (by - ay)) / ((bx - ax).powi(2) + (by - ay).powi(2))).clamp(0.0, 1.0);
                slow = slow.min((ax + t * (bx - ax)).hypot(ay + t * (by - ay)));
            });
            let (fast, nearest) = outline.distance_m(at, f64::INFINITY).expect("a border");
            assert!((fast - slow).abs() < 0.001 + slow * 2e-4, "{fast} {slow}");
            assert!((nearest.distance_m(at) - fast).abs() < 1e-9);
            assert!(outline.distance_m(at, fast * 0.99).is_none());
            assert_eq!(outline.distance_m(at, fast * 1.01 + 0.001).map(|d| d.0), Some(fast));
        }
    }

    #[test]
    fn thousands_of_holes_in_any_order_are_told_apart() {
        let mut holes: Vec<LineString<f64>> = (0..12_000)
            .map(|k| {
                let (x, y) = (f64::from(k % 120), f64::from(k / 120));
                vec![(x, y), (x + 0.5, y), (x + 0.25, y + 0.5), (x, y)].into()
            })
            .collect();
        let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(3);
        (1..holes.len()).for_each(|k| holes.swap(k, rng.random_range(0..=k)));
        let yard = vec![(-9.0, -9.0), (140.0, -9.0), (140.0, 140.0), (-9.0, 140.0), (-9.0, -9.0)];
        let outline = Outline::build(MultiPolygon(vec![geo::Polygon::new(yard.into(), holes)]));
        let ((), looked) = work::of(|| {
            for k in 0..12_000 {
                let (x, y) = (f64::from(k % 120), f64::from(k / 120));
                assert_eq!(outline.side(LonLat::new(x + 0.25, y + 0.25)), Side::Outside);
                assert_eq!(outline.side(LonLat::new(x + 0.375, y + 0.25)), Side::Border);
                assert_eq!(outline.side(LonLat::new(x + 0.625, y + 0.25)), Side::Inside);
                assert!(outline.distance_m(LonLat::new(x / 2.0 + 0.7, y / 2.0), f64::INFINITY).is_some());
            }
        });
        assert!(looked < 12_000 * 4 * 60, "{looked}");
    }

    #[test]
    fn a_hundred_times_the_vertices_cost_a_few_times_the_work() {
        let work = |vertices: i32| {
            let ring = |from: i32, radius: f64| -> LineString<f64> {
                (0..=vertices)
                    .map(|k| {
                        let t = f64::from((from + k) % vertices) / f64::from(vertices) * std::f64::consts::TAU;
                        let r = radius * (1.0 + 0.2 * (5.0 * t).sin() + 0.01 * (97.0 * t).sin());
                        Coord { x: 119.9 + r * t.cos(), y: 28.4 + r * t.sin() }
                    })
                    .collect()
            };
            let shape = geo::Polygon::new(ring(0, 0.01), vec![ring(vertices / 3, 0.003)]);
            let outline = Outline::build(MultiPolygon(vec![shape]));
            let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(4);
            work::of(|| {
                for _ in 0..20_000 {
                    let at =
                        LonLat::new(119.9 + rng.random_range(-0.013..0.013), 28.4 + rng.random_range(-0.013..0.013));
                    outline.side(at);
                    outline.distance_m(at, 60.0);
                    outline.distance_m(at, f64::INFINITY);
                }
            })
            .1
        };
        let (few, many) = (work(500), work(50_000));
        assert!(many < 5 * few, "{many} edges looked at, against {few}");
    }

    #[test]
    fn a_comb_with_fifty_thousand_vertices_stays_linear() {
        let teeth = 25_000;
        let mut ring: Vec<(f64, f64)> = (0..teeth)
            .flat_map(|i| {
                let x = f64::from(i);
                if i % 2 == 0 { [(x, 0.5), (x, 5.0)] } else { [(x, 5.0), (x, 0.5)] }
            })
            .collect();
        ring.extend([(f64::from(teeth), -1.0), (-1.0, -1.0)]);
        let outline = Outline::build(MultiPolygon(vec![geo::Polygon::new(ring.into(), vec![])]));
        assert_eq!(outline.edge_count(), 2 * teeth as usize + 2);
        let ((), looked) = work::of(|| {
            for k in 0..10_000 {
                let x = f64::from(k) + 0.5;
                let side = if k % 2 == 0 { Side::Inside } else { Side::Outside };
                assert_eq!(outline.side(LonLat::new(x, 2.0)), side);
                let (m, _) = outline.distance_m(LonLat::new(x / 1_000.0, 2.0), f64::INFINITY).expect("a border");
                assert!(m < 60_000.0);
            }
        });
        assert!(looked < 10_000 * 160, "{looked}");
    }

    #[test]
    fn nothing_and_nonsense_have_no_inside() {
        let empty = Outline::build(MultiPolygon(vec![]));
        let triangle = Outline::build(MultiPolygon(vec![wkt!(POLYGON((0. 0., 1. 0., 1. 1., 0. 0.)))]));
        assert_eq!(empty.side(LonLat::new(0.0, 0.0)), Side::Outside);
        assert_eq!(empty.distance_m(LonLat::new(0.0, 0.0), f64::INFINITY), None);
        assert_eq!(triangle.side(LonLat::new(f64::NAN, 0.0)), Side::Outside);
        assert_eq!(triangle.distance_m(LonLat::new(f64::NAN, 0.0), f64::INFINITY), None);
    }
}
