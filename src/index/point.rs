//! Points in a packed tree: what is in a box, and which are the nearest in metres.

use super::outline::metres;
use crate::domain::{Frame, LonLat};
use geo_index::kdtree::{KDTree, KDTreeBuilder, KDTreeIndex};

/// Points (pins, buildings), packed. Points are known by their position in the input; those that are nowhere on earth
/// are left out. Points on exactly the same spot are one entry of the tree, so that a hundred thousand of them on one
/// spot cost no more than their list.
#[derive(Debug, Clone, Default)]
pub struct PointIndex {
    tree: Option<KDTree<f64>>,
    spots: Vec<LonLat>,
    starts: Vec<u32>,
    points: Vec<u32>,
}

impl PointIndex {
    /// Packs points.
    pub fn build(points: &[LonLat]) -> Self {
        let mut order: Vec<u32> = (0..points.len() as u32).filter(|i| points[*i as usize].is_on_earth()).collect();
        let key = |i: u32| (points[i as usize].lon + 0.0, points[i as usize].lat + 0.0);
        order.sort_unstable_by(|a, b| {
            let ((ax, ay), (bx, by)) = (key(*a), key(*b));
            ax.total_cmp(&bx).then(ay.total_cmp(&by)).then(a.cmp(b))
        });
        let mut index = PointIndex { points: order, ..PointIndex::default() };
        for (at, &i) in index.points.iter().enumerate() {
            if at == 0 || key(i) != key(index.points[at - 1]) {
                index.starts.push(at as u32);
                index.spots.push(points[i as usize]);
            }
        }
        index.starts.push(index.points.len() as u32);
        if !index.spots.is_empty() {
            let mut builder = KDTreeBuilder::<f64>::new_with_node_size(index.spots.len() as u32, 16);
            for spot in &index.spots {
                builder.add(spot.lon, spot.lat);
            }
            index.tree = Some(builder.finish());
        }
        index
    }

    /// Number of points on earth.
    pub fn len(&self) -> usize {
        self.points.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.points.is_empty()
    }

    fn at_spot(&self, spot: u32) -> &[u32] {
        &self.points[self.starts[spot as usize] as usize..self.starts[spot as usize + 1] as usize]
    }

    /// Appends the points in `[west, south, east, north]`, borders included, in ascending order.
    pub fn in_box(&self, [w, s, e, n]: [f64; 4], found: &mut Vec<u32>) {
        let Some(tree) = &self.tree else { return };
        let first = found.len();
        for spot in tree.range(w, s, e, n) {
            found.extend_from_slice(self.at_spot(spot));
        }
        found[first..].sort_unstable();
    }

    /// The `k` nearest points at most `max_m` metres away, nearest first, ties by position in the input.
    pub fn nearest_k(&self, at: LonLat, k: usize, max_m: f64) -> Vec<(u32, f64)> {
        let (Some(tree), true, true) = (&self.tree, at.is_on_earth(), k > 0) else { return Vec::new() };
        let frame = Frame::at(at);
        let mut radius_m = 12.0_f64.min(max_m);
        loop {
            let (dx, dy) = (radius_m / frame.m_per_lon.max(1.0) * 1.001, radius_m / frame.m_per_lat * 1.001);
            let whole = radius_m >= max_m || (dx >= 360.0 && dy >= 180.0);
            let mut spots: Vec<(f64, u32)> = tree
                .range(at.lon - dx, at.lat - dy, at.lon + dx, at.lat + dy)
                .into_iter()
                .map(|spot| (metres(at, self.spots[spot as usize]), spot))
                .filter(|(d, _)| *d <= radius_m || (whole && *d <= max_m))
                .collect();
            let enough = whole || spots.iter().map(|(_, spot)| self.at_spot(*spot).len()).sum::<usize>() >= k;
            if !enough {
                radius_m = (radius_m * 3.0).min(max_m);
                continue;
            }
            spots.sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
            let mut found = Vec::with_capacity(k.min(64));
            for tied in spots.chunk_by(|a, b| a.0 == b.0) {
                let first = found.len();
                // A spot's points ascend, so the first k of each spot are enough.
                for (d, spot) in tied {
                    found.extend(self.at_spot(*spot).iter().take(k).map(|i| (*i, *d)));
                }
                found[first..].sort_unstable_by_key(|(i, _)| *i);
                if found.len() >= k {
                    break;
                }
            }
            found.truncate(k);
            return found;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::{RngExt, SeedableRng};

    #[test]
    fn finds_what_brute_force_finds() {
        let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(4);
        let mut points: Vec<LonLat> = (0..3_000)
            .map(|_| LonLat::new(119.9 + rng.random_range(0.0..0.05), 28.4 + rng.random_range(0.0..0.05)))
            .collect();
        points.extend(vec![points[5]; 50]);
        points.extend([LonLat::new(0.0, 0.0), LonLat::new(28.4, 119.9), LonLat::new(f64::NAN, 1.0)]);
        let index = PointIndex::build(&points);
        assert_eq!(index.len(), points.len() - 2);
        let on_earth = |p: &LonLat| p.is_on_earth();
        for i in 0..300 {
            let at = if i % 3 == 0 { points[i] } else { LonLat::new(119.9 + rng.random_range(0.0..0.05), 28.42) };
            for (k, max_m) in [(1, f64::INFINITY), (7, 300.0), (60, 1e9)] {
                let mut slow: Vec<(u32, f64)> = points
                    .iter()
                    .enumerate()
                    .filter(|(_, p)| on_earth(p))
                    .map(|(i, p)| (i as u32, metres(at, *p)))
                    .filter(|(_, d)| *d <= max_m)
                    .collect();
                slow.sort_by(|a, b| a.1.total_cmp(&b.1).then(a.0.cmp(&b.0)));
                slow.truncate(k);
                assert_eq!(index.nearest_k(at, k, max_m), slow);
            }
            let mut found = Vec::new();
            index.in_box([119.91, 28.41, 119.92, 28.42], &mut found);
            assert!(found.iter().all(|i| points[*i as usize].lon >= 119.91));
        }
    }

    #[test]
    fn a_hundred_thousand_points_on_one_spot_are_cheap() {
        let index = PointIndex::build(&vec![LonLat::new(119.9, 28.4); 100_000]);
        for _ in 0..10_000 {
            assert_eq!(index.nearest_k(LonLat::new(119.9, 28.4), 3, 50.0).len(), 3);
        }
    }
}
