//! The grids of a city: which one a point lies in, how far its border is, what is below what.

use super::boxes::BoxIndex;
use super::cover::{Cover, Member};
use super::difference::difference;
use super::hierarchy::Hierarchy;
use super::outline::{Outline, Side};
use crate::domain::{Frame, Grid, GridCode, GridLevel, LonLat, Table};
use chrono::NaiveDate;
use rayon::prelude::*;
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

/// The grids of a city, indexed. A grid is known by its position in the table that it was built from.
///
/// **On borders**: a grid holds its border. A point that several grids of one level hold (on a shared border, or where
/// grids overlap) belongs to the one with the lowest code. What is on a border is decided without rounding.
#[derive(Debug, Clone, Default)]
pub struct GridIndex {
    codes: Vec<GridCode>,
    levels: Vec<GridLevel>,
    outlines: Vec<Arc<Outline>>,
    by_code: HashMap<GridCode, u32>,
    tree: Hierarchy,
    floors: [Floor; 5],
    cover: Cover,
}

/// The grids of one level.
#[derive(Debug, Clone, Default)]
struct Floor {
    /// Grids by code; a place in this list is a rank.
    members: Vec<u32>,
    boxes: BoxIndex,
}

impl GridIndex {
    /// Indexes all grids, whatever their days of validity.
    pub fn build(grids: &Table<Grid>) -> Self {
        Self::build_where(grids, |_| true)
    }

    /// Indexes grids so that points are only located in those that are valid on `day`; the others keep their code,
    /// their place in the tree and their border.
    pub fn build_on(grids: &Table<Grid>, day: NaiveDate) -> Self {
        Self::build_where(grids, |grid| grid.is_valid_on(day))
    }

    fn build_where(grids: &Table<Grid>, valid: impl Fn(&Grid) -> bool) -> Self {
        let records: Vec<&Grid> = grids.iter().collect();
        let outlines = records.par_iter().map(|grid| Arc::new(Outline::build(grid.polygon.clone()))).collect();
        Self::index(records, outlines, valid, Cover::build)
    }

    /// The index of the grids after some of them changed: those in `positions` hold another one than when this index was
    /// built, or the same one otherwise, also those that hold none any more. What the others are made of is shared.
    pub fn edit_on(&self, grids: &Table<Grid>, positions: &BTreeSet<u32>, day: NaiveDate) -> Self {
        let records: Vec<&Grid> = grids.iter().collect();
        let now = |p: &u32| records.get(*p as usize).copied();
        let drawn: Vec<(u32, Arc<Outline>)> =
            positions.iter().filter_map(|p| Some((*p, Arc::new(Outline::build(now(p)?.polygon.clone()))))).collect();
        let mut outlines = self.outlines.clone();
        outlines.resize_with(records.len(), Arc::default);
        drawn.into_iter().for_each(|(p, outline)| outlines[p as usize] = outline);
        // Ground that another grid holds since, or one of another name.
        let mut ground: Vec<[f64; 4]> = Vec::new();
        for p in positions {
            let was = self.outlines.get(*p as usize).filter(|_| self.is_located(*p));
            let is = now(p).filter(|grid| grid.is_valid_on(day)).map(|_| &outlines[*p as usize]);
            let is_same = |grid: &Grid| grid.code == *self.code(*p) && grid.level == self.level(*p);
            match (was, is) {
                (Some(was), Some(is)) if now(p).is_some_and(is_same) => ground.extend(difference(was, is)),
                _ => ground.extend([was, is].into_iter().flatten().map(|outline| outline.bbox())),
            }
        }
        ground.retain(|b| b[0] <= b[2]);
        let cover = |members: &[Member]| self.cover.edit(members, &ground);
        Self::index(records, outlines, |grid| grid.is_valid_on(day), cover)
    }

    /// Whether points are located in a grid.
    fn is_located(&self, i: u32) -> bool {
        let members = self.members(self.level(i));
        members.binary_search_by(|member| self.code(*member).cmp(self.code(i)).then(member.cmp(&i))).is_ok()
    }

    fn index(
        records: Vec<&Grid>,
        outlines: Vec<Arc<Outline>>,
        valid: impl Fn(&Grid) -> bool,
        cover: impl FnOnce(&[Member]) -> Cover,
    ) -> Self {
        let mut by_code = HashMap::with_capacity(records.len());
        for (i, grid) in records.iter().enumerate() {
            by_code.entry(grid.code.clone()).or_insert(i as u32);
        }
        let mut by_rank: Vec<u32> = (0..records.len() as u32).collect();
        by_rank.sort_by(|a, b| records[*a as usize].code.cmp(&records[*b as usize].code).then(a.cmp(b)));
        let mut rank = vec![0; records.len()];
        by_rank.iter().enumerate().for_each(|(r, i)| rank[*i as usize] = r as u32);
        let parents = records.iter().enumerate().map(|(i, grid)| {
            grid.parent.as_ref().and_then(|code| by_code.get(code).copied()).filter(|parent| *parent != i as u32)
        });
        let tree = Hierarchy::build(parents.collect(), &rank);
        let floors = GridLevel::ALL.map(|level| {
            let is_member = |i: &u32| records[*i as usize].level == level && valid(records[*i as usize]);
            let members: Vec<u32> = by_rank.iter().copied().filter(is_member).collect();
            let boxes = BoxIndex::build(members.iter().map(|i| outlines[*i as usize].bbox()));
            Floor { members, boxes }
        });
        let mut members: Vec<Member> = Vec::new();
        for (level, floor) in floors.iter().enumerate() {
            let member = |i: &u32| Member { level, name: *i, outline: &outlines[*i as usize] };
            members.extend(floor.members.iter().map(member));
        }
        let cover = cover(&members);
        GridIndex {
            codes: records.iter().map(|grid| grid.code.clone()).collect(),
            levels: records.iter().map(|grid| grid.level).collect(),
            outlines,
            by_code,
            tree,
            floors,
            cover,
        }
    }

    /// Number of grids.
    pub fn len(&self) -> usize {
        self.codes.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.codes.is_empty()
    }

    /// The grid with a code.
    pub fn position(&self, code: &str) -> Option<u32> {
        self.by_code.get(code).copied()
    }

    /// Code of a grid.
    pub fn code(&self, i: u32) -> &GridCode {
        &self.codes[i as usize]
    }

    /// Level of a grid.
    pub fn level(&self, i: u32) -> GridLevel {
        self.levels[i as usize]
    }

    /// Number of grids of a level in which points are located.
    pub fn count(&self, level: GridLevel) -> usize {
        self.floors[level as usize].members.len()
    }

    /// The grids of a level in which points are located, by code.
    pub fn members(&self, level: GridLevel) -> &[u32] {
        &self.floors[level as usize].members
    }

    /// Those of them whose box touches `[west, south, east, north]` in degrees are appended, by code.
    pub fn touching(&self, bbox: [f64; 4], level: GridLevel, found: &mut Vec<u32>) {
        let (floor, first) = (&self.floors[level as usize], found.len());
        floor.boxes.touching(bbox, found);
        found[first..].iter_mut().for_each(|rank| *rank = floor.members[*rank as usize]);
    }

    /// The grid that holds `i`.
    pub fn parent(&self, i: u32) -> Option<u32> {
        self.tree.parent(i)
    }

    /// The grids directly below `i`, by code.
    pub fn children(&self, i: u32) -> &[u32] {
        self.tree.children(i)
    }

    /// Preorder numbers of `i` and everything below it, half open: `order(j)` lies in it exactly when `j` is `i` or
    /// below it.
    pub fn preorder(&self, i: u32) -> (u32, u32) {
        self.tree.preorder(i)
    }

    /// Preorder number of `i`.
    pub fn order(&self, i: u32) -> u32 {
        self.tree.order(i)
    }

    /// `i` itself, or the nearest grid above it that is of `level`.
    pub fn ancestor(&self, i: u32, level: GridLevel) -> Option<u32> {
        std::iter::successors(Some(i), |i| self.parent(*i)).find(|i| self.level(*i) == level)
    }

    /// West, south, east, north of a grid in degrees; infinite and inside out when it has no area.
    pub fn bbox(&self, i: u32) -> [f64; 4] {
        self.outlines[i as usize].bbox()
    }

    /// Bytes that cells and borders take, which is nearly everything.
    pub fn bytes(&self) -> usize {
        self.cover.bytes() + self.outlines.iter().map(|outline| outline.bytes()).sum::<usize>()
    }

    /// The border of a grid.
    pub fn outline(&self, i: u32) -> &Outline {
        &self.outlines[i as usize]
    }

    /// Where a point lies with respect to a grid, exactly.
    pub fn side(&self, i: u32, at: LonLat) -> Side {
        self.outlines[i as usize].side(at)
    }

    /// Whether a grid holds a point, its border included. Mostly the cells say so at once; of a grid that a point does not
    /// belong to its border is asked: it may overlap another, or not be valid.
    pub fn covers(&self, i: u32, at: LonLat) -> bool {
        self.locate(at, self.level(i)) == Some(i) || self.is_within(i, at)
    }

    fn is_within(&self, i: u32, at: LonLat) -> bool {
        self.side(i, at) != Side::Outside
    }

    /// The grid of a level that a point belongs to.
    pub fn locate(&self, at: LonLat, level: GridLevel) -> Option<u32> {
        self.cover.first(at, level as usize, |i| self.is_within(i, at))
    }

    /// Every grid of a level that holds a point, by code; more than one on shared borders and where grids overlap.
    pub fn locate_all(&self, at: LonLat, level: GridLevel) -> Vec<u32> {
        let asked = self.cover.near(at, level as usize);
        asked.members.iter().copied().filter(|i| asked.hold || self.is_within(*i, at)).collect()
    }

    /// The grid of the finest level that holds a point.
    pub fn finest(&self, at: LonLat) -> Option<u32> {
        GridLevel::ALL.into_iter().rev().find_map(|level| self.locate(at, level))
    }

    /// Metres from a point to the nearest border of a grid: positive inside, negative outside, zero on it. Within 1 mm
    /// for distances up to 50 m. Minus infinity for a point nowhere on earth or a grid without area.
    pub fn signed_distance_m(&self, i: u32, at: LonLat) -> f64 {
        let outline = &self.outlines[i as usize];
        match (outline.side(at), outline.distance_m(at, f64::INFINITY)) {
            (Side::Border, _) => 0.0,
            (Side::Inside, Some((m, _))) => m,
            (Side::Outside, Some((m, _))) => -m,
            (_, None) => f64::NEG_INFINITY,
        }
    }

    /// The grid of a level nearest to a point and the metres to it, zero inside; ties by code.
    pub fn nearest(&self, at: LonLat, level: GridLevel) -> Option<(u32, f64)> {
        if let Some(i) = self.locate(at, level) {
            return Some((i, 0.0));
        }
        if !at.is_on_earth() {
            return None;
        }
        let floor = &self.floors[level as usize];
        let frame = Frame::at(at);
        let mut near: Vec<u32> = Vec::new();
        for radius_m in [100.0, 1_000.0, 10_000.0] {
            let (dx, dy) = (radius_m / frame.m_per_lon.max(1.0), radius_m / frame.m_per_lat);
            near.clear();
            floor.boxes.touching([at.lon - dx, at.lat - dy, at.lon + dx, at.lat + dy], &mut near);
            if let Some((i, m)) = self.nearest_of(at, near.iter().map(|rank| floor.members[*rank as usize]))
                && m <= radius_m
            {
                return Some((i, m));
            }
        }
        self.nearest_of(at, floor.members.iter().copied())
    }

    /// The nearest of some grids, asked in the order of their boxes' distances.
    fn nearest_of(&self, at: LonLat, grids: impl Iterator<Item = u32>) -> Option<(u32, f64)> {
        let frame = Frame::at(at);
        let box_m = |i: u32| {
            let [w, s, e, n] = self.bbox(i);
            let nearest = LonLat::new(at.lon.clamp(w, e.max(w)), at.lat.clamp(s, n.max(s)));
            let [x, y] = frame.xy(nearest);
            x.hypot(y)
        };
        let mut queue: Vec<(f64, u32)> =
            grids.filter(|i| !self.outlines[*i as usize].is_empty()).map(|i| (box_m(i), i)).collect();
        queue.sort_by(|a, b| a.0.total_cmp(&b.0).then_with(|| self.code(a.1).cmp(self.code(b.1))));
        let mut best: Option<(u32, f64)> = None;
        for (lower_m, i) in queue {
            // Past 20 km distances are the sphere's and boxes only roughly comparable: the first box answers.
            if best.is_some_and(|(_, m)| lower_m * 0.99 > m || m >= 20_000.0) {
                break;
            }
            if let Some((m, _)) = self.outlines[i as usize].distance_m(at, f64::INFINITY)
                && best.is_none_or(|(j, best_m)| m < best_m || (m == best_m && self.code(i) < self.code(j)))
            {
                best = Some((i, m));
            }
        }
        best
    }
}

#[cfg(test)]
mod tests {
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
                    vec![at(c + 2, r + 2), at(c + 4, r + 2), at(c + 4, r + 4), at(c + 2, r + 4), at(c + 2, r + 2)]
                        .into();
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
            let move_all =
                |ring: &mut LineString<f64>| ring.0.iter_mut().for_each(|c| (c.x, c.y) = (c.x + dx, c.y + dy));
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
                points
                    .push(LonLat::new(119.9 + rng.random_range(-0.002..0.018), 28.4 + rng.random_range(-0.002..0.018)));
            });
            for p in positions.iter().filter(|p| **p < index.len() as u32) {
                index.outline(*p).each_edge(|a, b| {
                    points.extend([LonLat::new(a[0], a[1]), LonLat::new((a[0] + b[0]) / 2.0, (a[1] + b[1]) / 2.0)]);
                });
            }
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
        for (level, n, seed) in [(GridLevel::Village, 3, 21), (GridLevel::Grid, 7, 22), (GridLevel::Microgrid, 16, 23)]
        {
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
            points
                .push(LonLat::new(119.905 + rng.random_range(-1e-4..1.2e-3), 28.405 + rng.random_range(-1e-4..1.2e-3)));
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
            &records
                .map(|(c, (x, y))| grid(c, GridLevel::Village, None, MultiPolygon(vec![square(x, y, 1.0)])))
                .collect(),
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
                grid(
                    &format!("{k:05}"),
                    GridLevel::Microgrid,
                    None,
                    MultiPolygon(vec![square(119.9 + x, 28.4 + y, 0.001)]),
                )
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
}
