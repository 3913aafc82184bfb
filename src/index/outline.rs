//! One polygon's border, cut into bands of latitude: exact point location, and the distance to the border.

use crate::domain::{Frame, LonLat};
use geo::algorithm::kernels::{Kernel, Orientation, RobustKernel};
use geo::{Coord, Distance, Haversine, MultiPolygon, Point};

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
#[derive(Debug, Clone, Default)]
pub struct Outline {
    bbox: [f64; 4],
    /// All rings one behind the other, each closed; edge `e` goes from vertex `e` to vertex `e + 1`.
    vertices: Vec<[f64; 2]>,
    band_deg: f64,
    bands_per_deg: f64,
    /// Edges that touch band `b`: `edges[starts[b]..starts[b + 1]]`.
    starts: Vec<u32>,
    edges: Vec<u32>,
}

impl Outline {
    /// The outline of a polygon in degrees. Rings with numbers that are not finite are left out.
    pub fn build(polygon: &MultiPolygon<f64>) -> Self {
        let rings = polygon.iter().flat_map(|p| std::iter::once(p.exterior()).chain(p.interiors()));
        let mut vertices: Vec<[f64; 2]> = Vec::new();
        let mut ids: Vec<u32> = Vec::new();
        for ring in rings.filter(|r| r.0.len() > 2 && r.0.iter().all(|c| c.x.is_finite() && c.y.is_finite())) {
            let first = vertices.len();
            vertices.extend(ring.0.iter().map(|c| [c.x, c.y]));
            ids.extend((first..vertices.len() - 1).map(|e| e as u32));
        }
        let mut bbox = [f64::INFINITY, f64::INFINITY, f64::NEG_INFINITY, f64::NEG_INFINITY];
        for [x, y] in &vertices {
            bbox = [bbox[0].min(*x), bbox[1].min(*y), bbox[2].max(*x), bbox[3].max(*y)];
        }
        let mut outline = Outline { bbox, vertices, ..Outline::default() };
        outline.cut(&ids);
        outline
    }

    /// Sorts the edges into bands: about one band for two edges, fewer where edges are so long that the lists would
    /// outgrow the border itself.
    fn cut(&mut self, ids: &[u32]) {
        let height_deg = self.bbox[3] - self.bbox[1];
        let length_deg: f64 = ids.iter().map(|e| (self.ends(*e).0[1] - self.ends(*e).1[1]).abs()).sum();
        let spans = if height_deg > 0.0 { length_deg / height_deg } else { f64::INFINITY };
        let bands = ((ids.len() as f64 * 7.0 / spans).min(ids.len() as f64 / 2.0) as usize).clamp(1, 1 << 20);
        self.bands_per_deg = if height_deg > 0.0 { bands as f64 / height_deg } else { 0.0 };
        self.band_deg = if height_deg > 0.0 { height_deg / bands as f64 } else { 0.0 };
        self.starts = vec![0; bands + 1];
        let range = |outline: &Outline, e: u32| {
            let ([_, ay], [_, by]) = outline.ends(e);
            outline.band(ay.min(by))..=outline.band(ay.max(by))
        };
        for &e in ids {
            range(self, e).for_each(|b| self.starts[b + 1] += 1);
        }
        for b in 0..bands {
            self.starts[b + 1] += self.starts[b];
        }
        let mut next = self.starts.clone();
        self.edges = vec![0; *self.starts.last().unwrap_or(&0) as usize];
        for &e in ids {
            for b in range(self, e) {
                self.edges[next[b] as usize] = e;
                next[b] += 1;
            }
        }
    }

    fn ends(&self, edge: u32) -> ([f64; 2], [f64; 2]) {
        (self.vertices[edge as usize], self.vertices[edge as usize + 1])
    }

    /// Band of a latitude. Rounding is monotone, so an edge's bands are never missed by a latitude between its ends.
    fn band(&self, lat: f64) -> usize {
        (((lat - self.bbox[1]) * self.bands_per_deg) as usize).min(self.starts.len().saturating_sub(2))
    }

    fn band_edges(&self, band: usize) -> &[u32] {
        &self.edges[self.starts[band] as usize..self.starts[band + 1] as usize]
    }

    /// West, south, east, north in degrees; infinite and inside out when there is no area.
    pub fn bbox(&self) -> [f64; 4] {
        self.bbox
    }

    /// Whether there is no ring.
    pub fn is_empty(&self) -> bool {
        self.vertices.is_empty()
    }

    /// Number of edges, of all rings.
    pub fn edge_count(&self) -> usize {
        self.vertices.len().saturating_sub(1)
    }

    /// The edges of all rings, as pairs of longitude and latitude.
    pub fn each_edge(&self, mut visit: impl FnMut([f64; 2], [f64; 2])) {
        for band in 0..self.starts.len().saturating_sub(1) {
            for &e in self.band_edges(band) {
                let (a, b) = self.ends(e);
                if self.band(a[1].min(b[1])) == band {
                    visit(a, b);
                }
            }
        }
    }

    /// Where `at` lies, by exact orientation predicates (Shewchuk 1997).
    pub fn side(&self, at: LonLat) -> Side {
        let (x, y) = (at.lon, at.lat);
        let [west, south, east, north] = self.bbox;
        if !(x >= west && x <= east && y >= south && y <= north) {
            return Side::Outside;
        }
        let mut inside = false;
        for &e in self.band_edges(self.band(y)) {
            let ([ax, ay], [bx, by]) = self.ends(e);
            if y < ay.min(by) || y > ay.max(by) || x > ax.max(bx) {
                continue;
            }
            let crosses = (ay <= y) != (by <= y);
            if x < ax.min(bx) {
                inside ^= crosses;
                continue;
            }
            let turn = RobustKernel::orient2d(Coord { x: ax, y: ay }, Coord { x: bx, y: by }, Coord { x, y });
            match turn {
                Orientation::Collinear => return Side::Border,
                Orientation::CounterClockwise => inside ^= crosses && by > ay,
                Orientation::Clockwise => inside ^= crosses && by < ay,
            }
        }
        if inside { Side::Inside } else { Side::Outside }
    }

    /// Metres to the border and the nearest point of it, when that is at most `limit_m`. Within 1 mm for distances up
    /// to 50 m, 1 dm up to 1 km, and on the sphere past 20 km.
    pub fn distance_m(&self, at: LonLat, limit_m: f64) -> Option<(f64, LonLat)> {
        if self.is_empty() || !at.is_on_earth() {
            return None;
        }
        let frame = Frame::at(at);
        let mut best_2 = limit_m * limit_m;
        let mut best = None;
        let bands = self.starts.len() - 1;
        let mut up = self.band(at.lat.clamp(self.bbox[1], self.bbox[3]));
        let mut down = up;
        let slack_m = 1e-4;
        loop {
            let above_m = (self.bbox[1] + up as f64 * self.band_deg - at.lat) * frame.m_per_lat - slack_m;
            let below_m = (at.lat - self.bbox[1] - down as f64 * self.band_deg) * frame.m_per_lat - slack_m;
            let go_up = up < bands && above_m.max(0.0).powi(2) <= best_2;
            let go_down = down > 0 && below_m.max(0.0).powi(2) <= best_2;
            if go_up {
                self.nearest_in(up, &frame, &mut best_2, &mut best);
                up += 1;
            }
            if go_down {
                down -= 1;
                self.nearest_in(down, &frame, &mut best_2, &mut best);
            }
            if !go_up && !go_down {
                break;
            }
        }
        let nearest = frame.lonlat(best?);
        Some((metres(at, nearest), nearest))
    }

    fn nearest_in(&self, band: usize, frame: &Frame, best_2: &mut f64, best: &mut Option<[f64; 2]>) {
        let to_xy = |[lon, lat]: [f64; 2]| frame.xy(LonLat::new(lon, lat));
        for &e in self.band_edges(band) {
            let (a, b) = self.ends(e);
            let ([ax, ay], [bx, by]) = (to_xy(a), to_xy(b));
            let (dx, dy) = (bx - ax, by - ay);
            let length_2 = dx * dx + dy * dy;
            let t = if length_2 > 0.0 { (-(ax * dx + ay * dy) / length_2).clamp(0.0, 1.0) } else { 0.0 };
            let (x, y) = (ax + t * dx, ay + t * dy);
            let d_2 = x * x + y * y;
            if d_2 < *best_2 || (d_2 == *best_2 && best.is_none()) {
                (*best_2, *best) = (d_2, Some([x, y]));
            }
        }
    }
}

/// Metres between two points at any distance: in the tangent plane when near, on the sphere past 20 km.
pub fn metres(a: LonLat, b: LonLat) -> f64 {
    let plane_m = a.distance_m(b);
    if plane_m < 20_000.0 { plane_m } else { Haversine.distance(Point::new(a.lon, a.lat), Point::new(b.lon, b.lat)) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use geo::{Intersects, wkt};
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
            let outline = Outline::build(shape);
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
            let outline = Outline::build(&shape);
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
        let outline = Outline::build(&shape);
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
    fn a_comb_with_fifty_thousand_vertices_stays_linear() {
        let teeth = 25_000;
        let mut ring: Vec<(f64, f64)> = (0..teeth)
            .flat_map(|i| {
                let x = f64::from(i);
                if i % 2 == 0 { [(x, 0.5), (x, 5.0)] } else { [(x, 5.0), (x, 0.5)] }
            })
            .collect();
        ring.extend([(f64::from(teeth), -1.0), (-1.0, -1.0)]);
        let outline = Outline::build(&MultiPolygon(vec![geo::Polygon::new(ring.into(), vec![])]));
        assert!(outline.edges.len() < 10 * 2 * teeth as usize);
        assert_eq!(outline.side(LonLat::new(10.5, 2.0)), Side::Inside);
        assert_eq!(outline.side(LonLat::new(11.5, 2.0)), Side::Outside);
    }

    #[test]
    fn nothing_and_nonsense_have_no_inside() {
        let empty = Outline::build(&MultiPolygon(vec![]));
        let triangle = Outline::build(&MultiPolygon(vec![wkt!(POLYGON((0. 0., 1. 0., 1. 1., 0. 0.)))]));
        assert_eq!(empty.side(LonLat::new(0.0, 0.0)), Side::Outside);
        assert_eq!(empty.distance_m(LonLat::new(0.0, 0.0), f64::INFINITY), None);
        assert_eq!(triangle.side(LonLat::new(f64::NAN, 0.0)), Side::Outside);
        assert_eq!(triangle.distance_m(LonLat::new(f64::NAN, 0.0), f64::INFINITY), None);
    }
}
