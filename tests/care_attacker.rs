//! Promise: with every tile of every role and week in hand, and with this program's source, no count under ten of a care
//! group can be pinned to fewer than ten values.

use chrono::NaiveDate;
use fast_mvt::{MvtReaderRef, MvtValue};
use geo::{MultiPolygon, Polygon};
use gridpin::check::Thresholds;
use gridpin::city::{Band, Care, City, Delta};
use gridpin::domain::*;
use gridpin::index::GridIndex;
use gridpin::tile::{self, Detail};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// Widest that the attacker has to look.
const MANY: u64 = 1_000_000;

fn today() -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 11, 21).expect("a day")
}

fn grid(code: &str, level: GridLevel, parent: Option<&str>, [w, s, e, n]: [f64; 4]) -> Grid {
    Grid {
        code: code.into(),
        level,
        name: format!("名{code}"),
        parent: parent.map(Into::into),
        polygon: MultiPolygon(vec![Polygon::new(vec![(w, s), (e, s), (e, n), (w, n), (w, s)].into(), vec![])]).into(),
        valid_from: None,
        valid_to: None,
        version: 1,
    }
}

/// A random hierarchy: strips within strips. Some branches end early; the levels vary.
fn hierarchy(rng: &mut ChaCha8Rng) -> Vec<Grid> {
    let first = rng.random_range(0..3usize);
    let mut grids = vec![grid("g", GridLevel::ALL[first], None, [119.9, 28.4, 119.94, 28.44])];
    let mut open = vec![(0usize, first, [119.9, 28.4, 119.94, 28.44])];
    while let Some((at, level, [w, s, e, n])) = open.pop() {
        if level == 4 || grids.len() > 60 || (at > 0 && rng.random_range(0..8) == 0) {
            continue;
        }
        let children = rng.random_range(1..5usize);
        for k in 0..children {
            let cut = |a: f64, b: f64, k: usize| a + (b - a) * k as f64 / children as f64;
            let bbox = if level % 2 == 0 {
                [cut(w, e, k), s, cut(w, e, k + 1), n]
            } else {
                [w, cut(s, n, k), e, cut(s, n, k + 1)]
            };
            let code = format!("{}{k}", grids[at].code);
            let parent = grids[at].code.to_string();
            grids.push(grid(&code, GridLevel::ALL[level + 1], Some(&parent), bbox));
            open.push((grids.len() - 1, level + 1, bbox));
        }
    }
    grids
}

fn headcount(grid: &str, group: CareGroup, count: u32) -> Headcount {
    Headcount { grid: grid.into(), group, count, counted_on: today() }
}

fn random_count(rng: &mut ChaCha8Rng) -> u32 {
    match rng.random_range(0..10) {
        0 => 0,
        1..7 => rng.random_range(0..10),
        7 => rng.random_range(8..12),
        8 => rng.random_range(10..60),
        _ => rng.random_range(60..200),
    }
}

/// What the tiles of a role and scope show: grid and group to bands. Also holds that tiles hold nothing else.
fn shown(city: &City, actor: &Actor, into: &mut BTreeMap<(String, String), BTreeSet<String>>) {
    let bands: BTreeSet<&str> = Band::ALL.iter().map(|band| band.as_str()).collect();
    let mut words: BTreeSet<String> = GridLevel::ALL.iter().map(|l| l.as_str().to_owned()).collect();
    words.extend(city.records.grids.iter().flat_map(|g| [g.code.to_string(), g.name.clone()]));
    let corner = gridpin::city::world::Spot::of(LonLat::new(119.92, 28.42)).expect("on earth");
    for z in 0..=15u8 {
        let at = gridpin::city::world::TileId::at(z, corner);
        for (dx, dy) in [(0i64, 0i64), (-1, 0), (0, -1), (-1, -1), (1, 0), (0, 1), (1, 1), (1, -1), (-1, 1)] {
            let (Ok(x), Ok(y)) = (u32::try_from(i64::from(at.x) + dx), u32::try_from(i64::from(at.y) + dy)) else {
                continue;
            };
            let Ok(tile) = tile::render(city, &["care"], (z, x, y), Detail::Map, actor) else { continue };
            let reader = MvtReaderRef::new(&tile.bytes).expect("a vector tile");
            for layer in reader.layers() {
                for value in layer.values() {
                    let MvtValue::String(text) = value.into_owned() else {
                        panic!("a number in a care tile: {value:?}")
                    };
                    assert!(bands.contains(&*text) || words.contains(&*text), "{text} in a care tile");
                }
                let mut order = Vec::new();
                for feature in layer.features() {
                    assert_eq!(feature.id(), None);
                    let fields: HashMap<&str, String> = feature
                        .properties_vec()
                        .expect("fields")
                        .into_iter()
                        .map(|(key, value)| match value.into_owned() {
                            MvtValue::String(text) => (key, text.to_string()),
                            other => panic!("{other:?}"),
                        })
                        .collect();
                    let grid = fields["grid"].clone();
                    order.push(city.grid.order(city.grid.position(&grid).expect("known")));
                    for (key, band) in fields {
                        if let Some(group) = key.strip_prefix("group_") {
                            into.entry((grid.clone(), group.to_owned())).or_default().insert(band);
                        }
                    }
                }
                assert!(order.is_sorted(), "the order of features is not the grids'");
            }
        }
    }
}

/// What the attacker knows of a count: from, to.
type Range = (u64, u64);

/// All that follows from known ranges of the sums of a tree. `own[i]` are people of grid `i` itself, in no grid below it.
/// Bounds of sums of non-negative whole numbers over a tree are exact after one pass up and one down.
fn infer(parents: &[Option<usize>], known: &[Range]) -> Vec<Range> {
    let n = parents.len();
    let children: Vec<Vec<usize>> = (0..n).map(|i| (0..n).filter(|j| parents[*j] == Some(i)).collect()).collect();
    let mut ranges = known.to_vec();
    // Children stand after their parents.
    for i in (0..n).rev() {
        let low: u64 = children[i].iter().map(|c| ranges[*c].0).sum();
        ranges[i].0 = ranges[i].0.max(low);
    }
    // What is counted in a grid itself is never told, so nothing bounds a sum from above by its children.
    for i in 0..n {
        let lows: u64 = children[i].iter().map(|c| ranges[*c].0).sum();
        for c in &children[i] {
            let others = lows - ranges[*c].0;
            ranges[*c].1 = ranges[*c].1.min(ranges[i].1.saturating_sub(others));
        }
    }
    ranges
}

fn band_range(band: &str) -> Range {
    match band {
        "10-19" => (10, 19),
        "20-49" => (20, 49),
        "50-99" => (50, 99),
        "100+" => (100, MANY),
        other => panic!("{other}"),
    }
}

#[test]
fn no_small_count_can_be_told_from_all_tiles_of_all_roles() {
    let mut rng = ChaCha8Rng::seed_from_u64(20261121);
    for round in 0..10 {
        let grids = hierarchy(&mut rng);
        let parents: Vec<Option<usize>> = grids
            .iter()
            .map(|g| g.parent.as_ref().map(|p| grids.iter().position(|h| h.code == *p).expect("known")))
            .collect();
        let leaf: Vec<bool> = (0..grids.len()).map(|i| !parents.contains(&Some(i))).collect();
        let counted_everywhere = round % 3 == 2;
        let mut counts: BTreeMap<(usize, usize), u32> = BTreeMap::new();
        for i in (0..grids.len()).filter(|i| leaf[*i] || counted_everywhere) {
            for group in 0..CareGroup::ALL.len() {
                counts.insert((i, group), random_count(&mut rng));
            }
        }
        let rows = counts.iter().map(|((i, g), n)| headcount(&grids[*i].code, CareGroup::ALL[*g], *n)).collect();
        let records = Records { grids: grids.clone().into(), headcounts: rows, ..Records::default() };
        let mut city = City::build(records, Thresholds::default(), today());
        for week in 0..3 {
            let mut tiles = BTreeMap::new();
            for role in Role::ALL.into_iter().filter(|role| *role != Role::Department) {
                let scopes = [Scope::All, Scope::Grid(grids[rng.random_range(0..grids.len())].code.clone())];
                for scope in scopes {
                    shown(&city, &Actor { name: "a".into(), role, scope }, &mut tiles);
                }
            }
            let department = Actor { name: "a".into(), role: Role::Department, scope: Scope::All };
            assert!(tile::render(&city, &["care"], (12, 0, 0), Detail::Map, &department).is_err());
            let level = city.care.level().expect("there are grids");
            for (g, group) in CareGroup::ALL.into_iter().enumerate() {
                let mut truth: Vec<u64> =
                    (0..grids.len()).map(|i| counts.get(&(i, g)).map_or(0, |n| u64::from(*n))).collect();
                for i in (0..grids.len()).rev() {
                    if let Some(p) = parents[i] {
                        truth[p] += truth[i];
                    }
                }
                let known: Vec<Range> = grids
                    .iter()
                    .map(|grid| match tiles.get(&(grid.code.to_string(), group.as_str().to_owned())) {
                        Some(bands) => {
                            assert_eq!(bands.len(), 1, "tiles disagree about {}", grid.code);
                            band_range(bands.first().expect("one"))
                        }
                        // Nothing is shown of a grid of the level: the source says under ten, or under twenty later.
                        None if grid.level == level => (0, if week == 0 { 9 } else { 19 }),
                        None => (0, MANY),
                    })
                    .collect();
                for (range, (n, grid)) in known.iter().zip(truth.iter().zip(&grids)) {
                    assert!((range.0..=range.1).contains(n), "{}: {n} is not in {range:?}", grid.code);
                }
                for (i, (low, high)) in infer(&parents, &known).into_iter().enumerate() {
                    if truth[i] < 10 {
                        let grid = &grids[i].code;
                        assert!(
                            low == 0 && high >= 9,
                            "round {round} week {week}: {grid} {group:?} is in {low}..={high}"
                        );
                    }
                }
            }
            // Next week some counts changed.
            let mut delta = Delta::default();
            let keys: Vec<(usize, usize)> = counts.keys().copied().collect();
            for key in keys {
                if rng.random_range(0..4) > 0 {
                    continue;
                }
                let count = random_count(&mut rng);
                counts.insert(key, count);
                delta.headcounts.push(headcount(&grids[key.0].code, CareGroup::ALL[key.1], count));
            }
            city = city.apply(delta).0;
        }
    }
}

/// The strongest attacker: tries every possible city. Two counts in one care grid and one in another, all values: whatever
/// is published, every count under ten could be any other count under ten.
#[test]
fn every_small_count_has_ten_lookalikes_among_all_cities() {
    let grids: Vec<Grid> = vec![
        grid("v", GridLevel::Village, None, [119.90, 28.40, 119.92, 28.42]),
        grid("a", GridLevel::Grid, Some("v"), [119.90, 28.40, 119.91, 28.42]),
        grid("b", GridLevel::Grid, Some("v"), [119.91, 28.40, 119.92, 28.42]),
        grid("a1", GridLevel::Microgrid, Some("a"), [119.90, 28.40, 119.91, 28.41]),
        grid("a2", GridLevel::Microgrid, Some("a"), [119.90, 28.41, 119.91, 28.42]),
    ];
    let index = GridIndex::build(&grids.clone().into());
    let group = CareGroup::Over80;
    let published = |counts: [u32; 3]| {
        let rows = ["a1", "a2", "b"].iter().zip(counts).map(|(code, n)| headcount(code, group, n)).collect();
        let care = Care::build(&rows, &index);
        (0..5).map(|i| care.bands(i)[group as usize]).collect::<Vec<_>>()
    };
    let values = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 15, 19, 20, 30, 49, 50, 90, 99, 100, 110];
    let mut lookalikes: BTreeMap<Vec<Option<Band>>, [BTreeSet<u32>; 4]> = BTreeMap::new();
    let each = || {
        values
            .into_iter()
            .flat_map(|a1| values.into_iter().flat_map(move |a2| values.into_iter().map(move |b| [a1, a2, b])))
    };
    for [a1, a2, b] in each() {
        let seen = lookalikes.entry(published([a1, a2, b])).or_default();
        for (set, n) in seen.iter_mut().zip([a1, a2, a1 + a2, b]) {
            set.insert(n);
        }
    }
    for (published, sets) in lookalikes {
        for set in sets {
            if set.iter().any(|n| *n < 10) {
                assert!((0..10).all(|n| set.contains(&n)), "{published:?} tells {set:?}");
            }
        }
    }
}

/// Over two weeks: whoever knows which of two counts changed and sees both weeks still finds all ten values in each.
#[test]
fn two_weeks_tell_no_more_than_one() {
    let grids: Vec<Grid> = vec![
        grid("v", GridLevel::Village, None, [119.90, 28.40, 119.92, 28.42]),
        grid("a", GridLevel::Grid, Some("v"), [119.90, 28.40, 119.91, 28.42]),
        grid("b", GridLevel::Grid, Some("v"), [119.91, 28.40, 119.92, 28.42]),
    ];
    let index = GridIndex::build(&grids.clone().into());
    let group = CareGroup::Disabled;
    let table =
        |[a, b]: [u32; 2]| -> Table<Headcount> { vec![headcount("a", group, a), headcount("b", group, b)].into() };
    let values: Vec<u32> = (0..13).chain([19, 20, 90, 100]).collect();
    let bands = |care: &Care| [0, 1, 2].map(|i| care.bands(i)[group as usize]);
    type Key = ([bool; 2], [Option<Band>; 3], [Option<Band>; 3]);
    let mut lookalikes: BTreeMap<Key, [BTreeSet<u32>; 4]> = BTreeMap::new();
    for a in values.iter().copied() {
        for b in values.iter().copied() {
            let first = Care::build(&table([a, b]), &index);
            for c in values.iter().copied() {
                for d in values.iter().copied() {
                    let second = first.after(&table([c, d]), &index);
                    let seen = lookalikes.entry(([a == c, b == d], bands(&first), bands(&second))).or_default();
                    for (set, n) in seen.iter_mut().zip([a, b, c, d]) {
                        set.insert(n);
                    }
                }
            }
        }
    }
    for (key, sets) in lookalikes {
        for set in sets {
            if set.iter().any(|n| *n < 10) {
                assert!((0..10).all(|n| set.contains(&n)), "{key:?} tells {set:?}");
            }
        }
    }
}

#[test]
fn a_redrawn_map_does_not_speak_of_the_grid_that_moved() {
    let mut grids: Vec<Grid> = vec![
        grid("v", GridLevel::Village, None, [119.90, 28.40, 119.92, 28.42]),
        grid("a", GridLevel::Grid, Some("v"), [119.90, 28.40, 119.91, 28.42]),
        grid("b", GridLevel::Grid, Some("v"), [119.91, 28.40, 119.92, 28.42]),
        grid("a1", GridLevel::Microgrid, Some("a"), [119.90, 28.40, 119.91, 28.41]),
        grid("a2", GridLevel::Microgrid, Some("a"), [119.90, 28.41, 119.91, 28.42]),
    ];
    let group = CareGroup::Over80;
    let rows: Table<Headcount> =
        vec![headcount("a1", group, 17), headcount("a2", group, 3), headcount("b", group, 30)].into();
    let city = City::build(
        Records { grids: grids.clone().into(), headcounts: rows, ..Records::default() },
        Thresholds::default(),
        today(),
    );
    let shown = |city: &City, code: &str| city.care.bands(city.grid.position(code).expect("known"))[group as usize];
    assert_eq!((shown(&city, "a"), shown(&city, "b")), (Some(Band::Twenty), Some(Band::Twenty)));
    // a2 goes to b: before, a had 20 or more; now it would show 10-19, and the difference is a2.
    grids[4].parent = Some("b".into());
    let (redrawn, _) = city.apply(Delta { grids: vec![grids[4].clone()], ..Delta::default() });
    assert_eq!((shown(&redrawn, "a"), shown(&redrawn, "b")), (None, None));
    // Turning the day changes nothing of what is shown.
    let (next, _) = city.turned(today().succ_opt().expect("a day"));
    assert_eq!((shown(&next, "a"), shown(&next, "b")), (Some(Band::Twenty), Some(Band::Twenty)));
}

#[test]
fn a_village_of_a_hundred_says_so_only_when_its_parts_do() {
    let grids: Vec<Grid> = std::iter::once(grid("v", GridLevel::Village, None, [119.90, 28.40, 119.92, 28.42]))
        .chain((0..6).map(|k| grid(&format!("a{k}"), GridLevel::Grid, Some("v"), [119.90, 28.40, 119.91, 28.42])))
        .collect();
    let index = GridIndex::build(&grids.into());
    let group = CareGroup::EmptyNest;
    for (counts, expected) in [
        ([30, 30, 30, 30, 30, 9], Some(Band::Hundred)),
        ([30, 30, 30, 30, 9, 9], None),
        ([19, 19, 19, 19, 19, 19], None),
        ([99, 99, 0, 0, 0, 0], Some(Band::Hundred)),
    ] {
        let rows = (0..).zip(counts).map(|(k, n)| headcount(&format!("a{k}"), group, n)).collect();
        let care = Care::build(&rows, &index);
        assert_eq!(care.bands(0)[group as usize], expected, "{counts:?}");
    }
}
