//! What stands where: houses and doors of streets, compounds, lanes, works and villages, in plan metres.

use super::dice::Dice;
use super::names::Names;
use super::plan::{Block, COLUMNS, Plan, ROWS, Use};
use crate::domain::{BuildingKind, Parts};

/// A building on the plan.
pub struct House {
    /// Its superblock.
    pub block: Block,
    /// Corners of its outline, plan metres, counter-clockwise.
    pub corners: Vec<[f64; 2]>,
    /// Road, house number, compound and building.
    pub parts: Parts,
    /// Floors.
    pub floors: u16,
    /// What it is for.
    pub kind: BuildingKind,
}

/// An address on the plan.
pub struct Door {
    /// Its superblock.
    pub block: Block,
    /// Where it truly is, plan metres.
    pub at: [f64; 2],
    /// Its building, by index.
    pub house: usize,
    /// Group, road, house number, compound, building, unit, room.
    pub parts: Parts,
    /// What kind of quarter it belongs to.
    pub used: Use,
}

/// Where a house of a village stands: its middle, its width and how it is turned.
type Spot = ([f64; 2], f64, f64);

/// Houses and doors of the whole plan.
#[derive(Default)]
pub struct Quarters {
    /// All buildings.
    pub houses: Vec<House>,
    /// All addresses.
    pub doors: Vec<Door>,
}

/// A rectangle of `width` (along `angle`) by `depth` around `at`.
fn rectangle([x, y]: [f64; 2], width: f64, depth: f64, angle: f64) -> Vec<[f64; 2]> {
    let (sin, cos) = angle.sin_cos();
    let (w, d) = (width / 2.0, depth / 2.0);
    [[-w, -d], [w, -d], [w, d], [-w, d]].map(|[a, b]| [x + a * cos - b * sin, y + a * sin + b * cos]).to_vec()
}

/// A rectangle with a wing: an L.
fn angled([x, y]: [f64; 2], width: f64, depth: f64, angle: f64) -> Vec<[f64; 2]> {
    let (sin, cos) = angle.sin_cos();
    let (w, d) = (width / 2.0, depth / 2.0);
    [[-w, -d], [w, -d], [w, 0.0], [0.1 * w, 0.0], [0.1 * w, d], [-w, d]]
        .map(|[a, b]| [x + a * cos - b * sin, y + a * sin + b * cos])
        .to_vec()
}

/// Draws all quarters of a plan.
pub fn draw(plan: &Plan, names: &Names, seed: u64) -> Quarters {
    let mut quarters = Quarters::default();
    quarters.streets(plan, names, &mut Dice::new(seed, "streets"));
    let mut dice = Dice::new(seed, "quarters");
    let mut titles = Titles::new(names, &mut dice);
    for j in 0..ROWS {
        for i in 0..COLUMNS {
            let block = (i, j);
            let inner = |margin: f64| {
                [plan.xs[i] + margin, plan.ys[j] + margin, plan.xs[i + 1] - margin, plan.ys[j + 1] - margin]
            };
            match plan.use_of(block) {
                Use::Compound => quarters.compounds(block, inner(36.0), &mut titles, &mut dice),
                Use::UrbanVillage => quarters.urban_village(block, inner(33.0), &mut titles, &mut dice),
                Use::Lanes => quarters.lanes(block, inner(34.0), &mut titles, &mut dice),
                Use::Works => quarters.works(block, inner(38.0), &mut titles, &mut dice),
                Use::Public => quarters.campus(block, inner(45.0), &mut dice),
                Use::Village => quarters.village(block, inner(45.0), &mut dice),
                Use::Frontage | Use::Park | Use::Fields | Use::Outside => {}
            }
        }
    }
    quarters
}

/// Names that are given once each.
struct Titles {
    compounds: Vec<String>,
    lanes: Vec<String>,
    villages: Vec<String>,
    parks: Vec<String>,
}

impl Titles {
    fn new(names: &Names, dice: &mut Dice) -> Titles {
        let words = &names.name.compound_words;
        let mut compounds: Vec<String> = words
            .iter()
            .flat_map(|word| names.name.compounds.iter().map(move |stem| format!("{stem}{word}")))
            .collect();
        let first = names.name.compounds.len() * 2;
        dice.shuffle(&mut compounds[..first]);
        compounds.reverse();
        let mut lanes: Vec<String> = ["巷", "弄", "里巷"]
            .iter()
            .flat_map(|word| names.name.lanes.iter().map(move |stem| format!("{stem}{word}")))
            .collect();
        lanes.reverse();
        let mut villages = names.name.urban_villages.clone();
        dice.shuffle(&mut villages);
        let mut parks = names.name.parks.clone();
        parks.reverse();
        Titles { compounds, lanes, villages, parks }
    }
}

impl Quarters {
    fn house(&mut self, block: Block, corners: Vec<[f64; 2]>, parts: Parts, floors: i64, kind: BuildingKind) -> usize {
        self.houses.push(House { block, corners, parts, floors: floors.max(1) as u16, kind });
        self.houses.len() - 1
    }

    fn door(&mut self, block: Block, at: [f64; 2], house: usize, parts: Parts, used: Use) {
        self.doors.push(Door { block, at, house, parts, used });
    }

    /// Odd and even doors along every street of the built-up middle.
    fn streets(&mut self, plan: &Plan, names: &Names, dice: &mut Dice) {
        let mut stems = names.name.roads.clone();
        dice.shuffle(&mut stems);
        let mut stems = stems.into_iter();
        for vertical in [true, false] {
            let (lines, across) = if vertical { (&plan.xs, &plan.ys) } else { (&plan.ys, &plan.xs) };
            for line in 1..lines.len() - 1 {
                let stem = stems.next().expect("names for every street");
                let word = if line % 4 == 2 {
                    "大道"
                } else if vertical {
                    "路"
                } else {
                    "街"
                };
                let cut = (3 + dice.below(across.len() - 6), dice.chance(0.55));
                let sides = if vertical { ["南", "北"] } else { ["西", "东"] };
                let halves: Vec<(usize, usize, &str)> = match cut {
                    (at, true) => vec![(1, at, sides[0]), (at, across.len() - 2, sides[1])],
                    _ => vec![(1, across.len() - 2, "")],
                };
                for (from, to, side) in halves {
                    let name = format!("{stem}{side}{word}");
                    self.street(plan, &name, vertical, line, (from, to), dice);
                }
            }
        }
    }

    fn street(
        &mut self,
        plan: &Plan,
        name: &str,
        vertical: bool,
        line: usize,
        (from, to): (usize, usize),
        dice: &mut Dice,
    ) {
        let (lines, across) = if vertical { (&plan.xs, &plan.ys) } else { (&plan.ys, &plan.xs) };
        for side in [0usize, 1] {
            let mut number = side + 1;
            for piece in from..to {
                let (low, high) = (across[piece] + 20.0, across[piece + 1] - 20.0);
                let beside = if side == 0 { line - 1 } else { line };
                let block = if vertical { (beside, piece) } else { (piece, beside) };
                let used = plan.use_of(block);
                let share = match used {
                    Use::Outside | Use::Park | Use::Fields => 0.0,
                    Use::Compound => 0.55,
                    Use::Works | Use::Public => 0.3,
                    Use::Village => 0.45,
                    _ => 0.92,
                };
                if share == 0.0 || dice.chance((1.0 - share) * 0.6) {
                    number += 2 * dice.below(6);
                    continue;
                }
                let mut at = low + dice.range(0.0, 8.0);
                while at < high - 8.0 {
                    let width = dice.range(8.5, 19.0f64).min(high - at);
                    let open = dice.chance((1.15 - share).clamp(0.08, 0.6));
                    if !open {
                        let depth = dice.range(9.5, 14.0);
                        let off = (9.0 + depth / 2.0) * if side == 0 { -1.0 } else { 1.0 };
                        let middle = at + width / 2.0;
                        let front = lines[line] + off * (7.0 + depth / 2.0) / (9.0 + depth / 2.0);
                        let (centre, door) = if vertical {
                            ([lines[line] + off, middle], [front, middle])
                        } else {
                            ([middle, lines[line] + off], [middle, front])
                        };
                        let corners = if vertical {
                            rectangle(centre, depth, width - 1.2, 0.0)
                        } else {
                            rectangle(centre, width - 1.2, depth, 0.0)
                        };
                        let parts =
                            Parts {
                                road: name.into(), house_number: format!("{number}号").into(), ..Parts::default()
                            };
                        let kind = if dice.chance(0.6) { BuildingKind::Commercial } else { BuildingKind::Residential };
                        let house = self.house(block, corners, parts.clone(), dice.whole(2, 6), kind);
                        self.door(block, door, house, parts, Use::Frontage);
                        number += 2;
                    } else if dice.chance(0.4) {
                        number += 2;
                    }
                    at += width + dice.range(0.0, 3.0);
                }
            }
        }
    }

    /// One or two compounds of slab buildings with units; some with towers.
    fn compounds(&mut self, block: Block, [w, s, e, n]: [f64; 4], titles: &mut Titles, dice: &mut Dice) {
        let count = if dice.chance(0.6) { 1 } else { 2 };
        for c in 0..count {
            let name = titles.compounds.pop().unwrap_or_else(|| "岚庭公寓".into());
            let (x0, x1) = (
                w + (e - w) * f64::from(c) / f64::from(count) + 4.0,
                w + (e - w) * f64::from(c + 1) / f64::from(count) - 4.0,
            );
            let (towers, serpentine) = (dice.chance(0.25), dice.chance(0.4));
            let (row_m, column_m) =
                if towers { (46.0, 44.0) } else { (dice.range(31.0, 38.0), dice.range(44.0, 56.0)) };
            let rows = ((n - s) / row_m) as usize;
            let columns = (((x1 - x0) / column_m) as usize).max(1);
            let mut number = 1;
            for row in 0..rows {
                for k in 0..columns {
                    let column = if serpentine && row % 2 == 1 { columns - 1 - k } else { k };
                    if dice.chance(0.06) {
                        continue;
                    }
                    let at = [
                        x0 + (x1 - x0) * (column as f64 + 0.5) / columns as f64 + dice.normal(0.8),
                        s + (n - s) * (row as f64 + 0.5) / rows as f64 + dice.normal(0.8),
                    ];
                    let (width, depth) = if towers { (24.0, 19.0) } else { (column_m - dice.range(8.0, 12.0), 11.5) };
                    let floors = if towers { dice.whole(15, 26) } else { dice.whole(5, 7) };
                    let building: Box<str> = format!("{number}幢").into();
                    let parts = Parts { compound: name.as_str().into(), building, ..Parts::default() };
                    let house = self.house(
                        block,
                        rectangle(at, width, depth, 0.0),
                        parts.clone(),
                        floors,
                        BuildingKind::Residential,
                    );
                    let units = if towers { dice.whole(1, 2) } else { dice.whole(2, 4) };
                    for unit in 1..=units {
                        let along = (unit as f64 - (units as f64 + 1.0) / 2.0) * width / units as f64;
                        let parts = Parts { unit: format!("{unit}单元").into(), ..parts.clone() };
                        let door = [at[0] + along, at[1] - depth / 2.0 + 2.0];
                        self.door(block, door, house, parts.clone(), Use::Compound);
                        if dice.chance(0.14) {
                            let room = format!("{}0{}室", dice.whole(1, floors.min(9)), dice.whole(1, 2));
                            self.door(block, door, house, Parts { room: room.into(), ..parts }, Use::Compound);
                        }
                    }
                    number += 1;
                }
            }
        }
    }

    /// Dense small houses with alleys, numbered from west to east only roughly.
    fn urban_village(&mut self, block: Block, [w, s, e, n]: [f64; 4], titles: &mut Titles, dice: &mut Dice) {
        let name = titles.villages.pop().unwrap_or_else(|| "新屋".into());
        let mut spots = Vec::new();
        let mut y = s + 6.0;
        let mut row = 0;
        while y < n - 6.0 {
            let mut x = w + dice.range(4.0, 9.0);
            while x < e - 6.0 {
                let width = dice.range(9.0, 13.0);
                if !dice.chance(0.13) {
                    spots.push(([x + width / 2.0, y + dice.normal(0.6)], width, dice.normal(0.05)));
                }
                x += width + if dice.chance(0.2) { dice.range(3.5, 6.0) } else { dice.range(1.0, 2.0) };
            }
            row += 1;
            y += if row % 2 == 0 { 17.5 } else { 12.5 };
        }
        self.numbered(block, spots, (10.5, 11.0), &name, (w + e) / 2.0, Use::UrbanVillage, dice);
    }

    /// A village in the fields: loose houses around a middle.
    fn village(&mut self, block: Block, [w, s, e, n]: [f64; 4], dice: &mut Dice) {
        let middle = [dice.range(w + 50.0, e - 50.0), dice.range(s + 50.0, n - 50.0)];
        let want = dice.whole(45, 95) as usize;
        let mut spots: Vec<Spot> = Vec::new();
        for _ in 0..want * 12 {
            if spots.len() >= want {
                break;
            }
            let at = [middle[0] + dice.normal(62.0), middle[1] + dice.normal(48.0)];
            let inside = at[0] > w && at[0] < e && at[1] > s && at[1] < n;
            if inside && spots.iter().all(|(p, ..)| (p[0] - at[0]).powi(2) + (p[1] - at[1]).powi(2) > 15.5f64.powi(2)) {
                spots.push((at, dice.range(9.0, 12.5), dice.normal(0.22)));
            }
        }
        self.numbered(block, spots, (8.5, 10.5), "", middle[0], Use::Village, dice);
    }

    /// Houses of a village with numbers in no good order, in two to four groups.
    #[allow(clippy::too_many_arguments)]
    fn numbered(
        &mut self,
        block: Block,
        mut spots: Vec<Spot>,
        (shallow, deep): (f64, f64),
        name: &str,
        middle_x: f64,
        used: Use,
        dice: &mut Dice,
    ) {
        let mut keyed: Vec<(f64, Spot)> = spots.drain(..).map(|s| (s.0[0] + dice.normal(28.0), s)).collect();
        keyed.sort_by(|a, b| a.0.total_cmp(&b.0));
        for (number, (_, (at, width, angle))) in keyed.into_iter().enumerate() {
            let depth = dice.range(shallow, deep);
            let corners =
                if dice.chance(0.16) { angled(at, width, depth, angle) } else { rectangle(at, width, depth, angle) };
            // Of this superblock; see `settle` for its number in the village.
            let group = 1 + usize::from(at[0] > middle_x);
            let parts = Parts {
                group: if name.is_empty() { format!("{group}组").into() } else { "".into() },
                compound: if name.is_empty() { "".into() } else { format!("{name}自然村").into() },
                house_number: format!("{}号", number + 1).into(),
                ..Parts::default()
            };
            let floors = if used == Use::UrbanVillage { dice.whole(3, 6) } else { dice.whole(1, 4) };
            let house = self.house(block, corners, parts.clone(), floors, BuildingKind::Residential);
            self.door(block, at, house, parts, used);
        }
        // Sheds and stables that have no address.
        for _ in 0..dice.below(4) {
            let at =
                [middle_x + dice.normal(60.0), self.houses.last().map_or(0.0, |h| h.corners[0][1]) + dice.normal(30.0)];
            let clear = self.houses.iter().rev().take(260).all(|h| {
                let c = h.corners[0];
                (c[0] - at[0]).powi(2) + (c[1] - at[1]).powi(2) > 400.0
            });
            if clear {
                self.house(block, rectangle(at, 6.0, 4.5, 0.1), Parts::default(), 1, BuildingKind::Unknown);
            }
        }
    }

    /// Old lanes from south to north, doors on both sides.
    fn lanes(&mut self, block: Block, [w, s, e, n]: [f64; 4], titles: &mut Titles, dice: &mut Dice) {
        let lanes = ((e - w) / 44.0) as usize;
        for lane in 0..lanes {
            let x = w + (e - w) * (lane as f64 + 0.5) / lanes as f64;
            let name = titles.lanes.pop().unwrap_or_else(|| "新巷".into());
            for side in [0usize, 1] {
                let mut number = side + 1;
                let mut y = s + dice.range(0.0, 5.0);
                while y < n - 8.0 {
                    let width = dice.range(7.5, 13.0);
                    if !dice.chance(0.07) {
                        let depth = dice.range(10.0, 15.0);
                        let sign = if side == 0 { -1.0 } else { 1.0 };
                        let centre = [x + sign * (2.6 + depth / 2.0), y + width / 2.0];
                        let parts = Parts {
                            road: name.as_str().into(),
                            house_number: format!("{number}号").into(),
                            ..Parts::default()
                        };
                        let house = self.house(
                            block,
                            rectangle(centre, depth, width - 0.5, 0.0),
                            parts.clone(),
                            dice.whole(1, 3),
                            BuildingKind::Residential,
                        );
                        self.door(block, [x + sign * 5.0, y + width / 2.0], house, parts, Use::Lanes);
                    }
                    number += 2;
                    y += width;
                }
            }
        }
    }

    /// Halls of a works, numbered.
    fn works(&mut self, block: Block, [w, s, e, n]: [f64; 4], titles: &mut Titles, dice: &mut Dice) {
        let name = titles.parks.pop().unwrap_or_else(|| format!("岚东{}工业区", ["甲", "乙", "丙", "丁"][block.1 % 4]));
        let (columns, rows) = (((e - w) / 62.0) as usize, ((n - s) / 48.0) as usize);
        for k in 0..columns * rows {
            let at = [
                w + (e - w) * ((k % columns) as f64 + 0.5) / columns as f64,
                s + (n - s) * ((k / columns) as f64 + 0.5) / rows as f64,
            ];
            let parts =
                Parts { compound: name.as_str().into(), building: format!("{}幢", k + 1).into(), ..Parts::default() };
            let (width, depth) = (dice.range(38.0, 54.0), dice.range(22.0, 36.0));
            let house = self.house(
                block,
                rectangle(at, width, depth, 0.0),
                parts.clone(),
                dice.whole(1, 4),
                BuildingKind::Industrial,
            );
            self.door(block, [at[0], at[1] - depth / 2.0 + 2.5], house, parts, Use::Works);
        }
    }

    /// A school: a few long buildings, without an address of their own.
    fn campus(&mut self, block: Block, [w, s, e, n]: [f64; 4], dice: &mut Dice) {
        let middle = [(w + e) / 2.0, (s + n) / 2.0];
        for (dx, dy, width, depth) in
            [(-40.0, 50.0, 62.0, 14.0), (-40.0, 12.0, 62.0, 14.0), (50.0, 30.0, 16.0, 56.0), (-10.0, -48.0, 30.0, 22.0)]
        {
            let corners = rectangle([middle[0] + dx, middle[1] + dy], width, depth, 0.0);
            self.house(block, corners, Parts::default(), dice.whole(2, 5), BuildingKind::Public);
        }
    }
}
