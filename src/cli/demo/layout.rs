//! The five levels of grids: district, towns, villages, grids, microgrids.

use super::dice::Dice;
use super::names::Names;
use super::plan::{Block, COLUMNS, Plan, ROWS, STEPS};
use super::region::{grow, outline};
use crate::domain::{Grid, GridCode, GridLevel};
use std::collections::BTreeMap;

/// Names and codes of the grid that a superblock lies in.
#[derive(Debug, Clone, Default)]
pub struct Unit {
    /// 街道, 镇.
    pub town: Box<str>,
    /// 社区, 村.
    pub village: Box<str>,
    /// Code of the village.
    pub village_code: GridCode,
    /// Code of the grid.
    pub grid_code: GridCode,
    /// `第3网格`
    pub grid: Box<str>,
}

/// The grids of the town, and which superblock lies in which.
pub struct Layout {
    /// All grids, coarse to fine.
    pub grids: Vec<Grid>,
    /// The grid of each superblock.
    pub unit: BTreeMap<Block, Unit>,
    /// Microgrids: code and the superblock's half or quarter.
    pub microgrids: Vec<(GridCode, Block, usize)>,
}

/// Which part of a superblock a lattice step belongs to, when it is cut into `parts` (1, 2 or 4).
fn part(parts: usize, u: usize, v: usize) -> usize {
    let (east, north) = (usize::from(u % STEPS >= STEPS / 2), usize::from(v % STEPS >= STEPS / 2));
    match parts {
        4 => east + 2 * north,
        2 => east,
        _ => 0,
    }
}

impl Layout {
    /// Cuts the plan into grids. `doors` says how many addresses stand in a superblock: crowded ones are cut finer.
    pub fn new(plan: &Plan, names: &Names, seed: u64, doors: &BTreeMap<Block, usize>) -> Layout {
        let mut dice = Dice::new(seed, "layout");
        let all: Vec<Block> =
            (0..ROWS).flat_map(|j| (0..COLUMNS).map(move |i| (i, j))).filter(|block| plan.is_inside(*block)).collect();
        let mut layout = Layout { grids: Vec::new(), unit: BTreeMap::new(), microgrids: Vec::new() };
        let covers = |blocks: &[Block]| {
            let set: std::collections::BTreeSet<Block> = blocks.iter().copied().collect();
            outline(plan, |u, v| set.contains(&(u / STEPS, v / STEPS)))
        };
        layout.push(&names.code, GridLevel::District, &names.district, None, covers(&all));
        let mut below: [Vec<Grid>; 3] = Default::default();
        let (mut communities, mut villages) = (names.name.communities.iter(), names.name.villages.iter());
        for (town, blocks) in names.town.iter().zip(split(&all, names.town.len(), &mut dice)) {
            layout.push(&town.code, GridLevel::Street, &town.name, Some(&names.code), covers(&blocks));
            let count = (blocks.len() as f64 / 8.5).round() as usize;
            for (number, blocks) in split(&blocks, count, &mut dice).into_iter().enumerate() {
                let core = blocks.iter().filter(|block| plan.is_core(**block)).count() * 2 > blocks.len();
                let name = match core.then(|| communities.next()).flatten() {
                    Some(name) => format!("{name}社区"),
                    None => format!("{}村", villages.next().map_or("新", |name| name.as_str())),
                };
                let code = format!("{}{:03}", town.code, number + 1 + if core { 0 } else { 200 });
                below[0].push(grid(&code, GridLevel::Village, &name, Some(&town.code), covers(&blocks)));
                let count = (blocks.len() as f64 / 2.2).round() as usize;
                for (number, blocks) in split(&blocks, count, &mut dice).into_iter().enumerate() {
                    let grid_code = format!("{code}{:02}", number + 1);
                    let short = format!("第{}网格", number + 1);
                    below[1].push(grid(
                        &grid_code,
                        GridLevel::Grid,
                        &format!("{name}{short}"),
                        Some(&code),
                        covers(&blocks),
                    ));
                    let mut count = 0;
                    for block in blocks {
                        let unit = Unit {
                            town: town.name.as_str().into(),
                            village: name.as_str().into(),
                            village_code: code.as_str().into(),
                            grid_code: grid_code.as_str().into(),
                            grid: short.as_str().into(),
                        };
                        layout.unit.insert(block, unit);
                        let crowd = doors.get(&block).copied().unwrap_or(0);
                        let parts = if crowd > 150 {
                            4
                        } else if crowd > 70 {
                            2
                        } else {
                            1
                        };
                        for piece in 0..parts {
                            count += 1;
                            let code = format!("{grid_code}{count:02}");
                            let area =
                                outline(plan, |u, v| (u / STEPS, v / STEPS) == block && part(parts, u, v) == piece);
                            let title = format!("{name}{short}第{count}微网格");
                            below[2].push(grid(&code, GridLevel::Microgrid, &title, Some(&grid_code), area));
                            layout.microgrids.push((code.as_str().into(), block, parts));
                        }
                    }
                }
            }
        }
        layout.grids.extend(below.into_iter().flatten());
        layout
    }

    fn push(&mut self, code: &str, level: GridLevel, name: &str, parent: Option<&str>, area: geo::MultiPolygon<f64>) {
        self.grids.push(grid(code, level, name, parent, area));
    }
}

fn grid(code: &str, level: GridLevel, name: &str, parent: Option<&str>, polygon: geo::MultiPolygon<f64>) -> Grid {
    Grid {
        code: code.into(),
        level,
        name: name.to_owned(),
        parent: parent.map(GridCode::from),
        polygon: polygon.into(),
        valid_from: None,
        valid_to: None,
        version: 1,
    }
}

/// `blocks` in `count` connected regions, in the order of their first block.
fn split(blocks: &[Block], count: usize, dice: &mut Dice) -> Vec<Vec<Block>> {
    let region = grow(blocks, count, dice);
    let mut parts: BTreeMap<usize, Vec<Block>> = BTreeMap::new();
    for (block, region) in blocks.iter().zip(region) {
        parts.entry(region).or_default().push(*block);
    }
    let mut parts: Vec<Vec<Block>> = parts.into_values().collect();
    parts.sort();
    parts
}
