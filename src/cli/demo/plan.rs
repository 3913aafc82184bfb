//! The ground plan: superblocks between streets, what stands in each, and how the plan lies on the earth.
//!
//! Plan coordinates are metres on straight streets; [`Plan::ground`] bends and turns them and gives degrees.

use super::dice::Dice;
use crate::domain::{Frame, LonLat};

/// Lattice steps in a superblock, along each side.
pub const STEPS: usize = 4;
/// Superblocks from west to east.
pub const COLUMNS: usize = 14;
/// Superblocks from south to north.
pub const ROWS: usize = 12;

/// What stands in a superblock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Use {
    /// Slab buildings with units behind a wall.
    Compound,
    /// A village that the town has swallowed: dense, numbered in no order.
    UrbanVillage,
    /// Old lanes with doors.
    Lanes,
    /// Halls of a works.
    Works,
    /// A school or an office.
    Public,
    /// Shops and houses on the streets, nothing behind.
    Frontage,
    /// Green.
    Park,
    /// Fields at the rim, with a village.
    Village,
    /// Fields at the rim.
    Fields,
    /// Not of the district.
    Outside,
}

/// The ground plan.
pub struct Plan {
    /// Street lines from west to east, plan metres.
    pub xs: Vec<f64>,
    /// Street lines from south to north, plan metres.
    pub ys: Vec<f64>,
    /// What stands in each superblock, by column and row.
    pub uses: Vec<Use>,
    frame: Frame,
    jitter: Vec<[f64; 2]>,
}

/// A superblock by column and row.
pub type Block = (usize, usize);

impl Plan {
    /// Draws the plan of a seed.
    pub fn new(seed: u64) -> Plan {
        let mut dice = Dice::new(seed, "plan");
        let mut lines = |count: usize, step_m: f64| {
            let mut at = 0.0;
            let mut lines = vec![0.0];
            for _ in 0..count {
                at += dice.range(0.8, 1.2) * step_m;
                lines.push(at);
            }
            let middle = at / 2.0;
            lines.iter().map(|line| line - middle).collect::<Vec<_>>()
        };
        let (xs, ys) = (lines(COLUMNS, 330.0), lines(ROWS, 275.0));
        let frame = Frame::at(LonLat::new(119.92, 28.45));
        let mut plan = Plan { xs, ys, uses: Vec::new(), frame, jitter: Vec::new() };
        plan.uses = (0..COLUMNS * ROWS).map(|i| plan.draw_use((i % COLUMNS, i / COLUMNS), &mut dice)).collect();
        plan.jitter = (0..=ROWS * STEPS)
            .flat_map(|v| (0..=COLUMNS * STEPS).map(move |u| (u, v)))
            .map(|(u, v)| {
                let size = plan.freedom_m(u, v);
                [dice.range(-size, size), dice.range(-size, size)]
            })
            .collect();
        plan
    }

    fn draw_use(&self, (i, j): Block, dice: &mut Dice) -> Use {
        let (rim_x, rim_y) = (i.min(COLUMNS - 1 - i), j.min(ROWS - 1 - j));
        if rim_x + rim_y == 0 || (rim_x.min(rim_y) == 0 && rim_x + rim_y == 1 && dice.chance(0.5)) {
            return Use::Outside;
        }
        if rim_x.min(rim_y) == 0 {
            return if dice.chance(0.72) { Use::Village } else { Use::Fields };
        }
        // Old lanes in the middle, works in the east, swallowed villages towards the rim.
        let (x, y) = (i as f64 / (COLUMNS - 1) as f64 - 0.5, j as f64 / (ROWS - 1) as f64 - 0.5);
        let from_middle = x.hypot(y);
        let draw = dice.unit();
        match draw {
            d if from_middle < 0.16 && d < 0.75 => Use::Lanes,
            d if x > 0.28 && d < 0.4 => Use::Works,
            d if d < 0.48 => Use::Compound,
            d if d < 0.48 + 0.45 * from_middle => Use::UrbanVillage,
            d if d < 0.80 => Use::Frontage,
            d if d < 0.86 => Use::Park,
            d if d < 0.92 => Use::Public,
            _ => Use::Compound,
        }
    }

    /// What stands in a superblock.
    pub fn use_of(&self, (i, j): Block) -> Use {
        self.uses[j * COLUMNS + i]
    }

    /// Whether a superblock belongs to the district.
    pub fn is_inside(&self, block: Block) -> bool {
        self.use_of(block) != Use::Outside
    }

    /// Whether a superblock lies in the built-up middle, between streets.
    pub fn is_core(&self, (i, j): Block) -> bool {
        i > 0 && j > 0 && i < COLUMNS - 1 && j < ROWS - 1
    }

    /// How far a lattice point may stray from its place: nothing on a street, little inside, much in the fields.
    fn freedom_m(&self, u: usize, v: usize) -> f64 {
        let rim = |n: usize, count: usize| n < STEPS || n > (count - 1) * STEPS;
        match (rim(u, COLUMNS) || rim(v, ROWS), u.is_multiple_of(STEPS) || v.is_multiple_of(STEPS)) {
            (true, _) => 24.0,
            (false, true) => 0.0,
            (false, false) => 7.0,
        }
    }

    /// The lattice point (`u`, `v`) on the earth, to 1e-7 degrees: whoever shares it has the very same numbers.
    pub fn lattice(&self, u: usize, v: usize) -> LonLat {
        let along = |lines: &[f64], n: usize| {
            let (block, step) = ((n / STEPS).min(lines.len() - 2), n - (n / STEPS).min(lines.len() - 2) * STEPS);
            lines[block] + (lines[block + 1] - lines[block]) * step as f64 / STEPS as f64
        };
        let [dx, dy] = self.jitter[v * (COLUMNS * STEPS + 1) + u];
        self.ground([along(&self.xs, u) + dx, along(&self.ys, v) + dy])
    }

    /// Metres in the ground's frame from plan metres: streets bend a little and the town is turned by 7 degrees.
    pub fn bend(&self, [x, y]: [f64; 2]) -> [f64; 2] {
        let bent = [
            x + 28.0 * (y / 640.0).sin() + 9.0 * (y / 260.0 + 1.0).sin(),
            y + 24.0 * (x / 820.0).sin() + 8.0 * (x / 330.0 + 2.0).sin(),
        ];
        let (sin, cos) = (-7f64).to_radians().sin_cos();
        [bent[0] * cos - bent[1] * sin, bent[0] * sin + bent[1] * cos]
    }

    /// Degrees, to 1e-7, from plan metres.
    pub fn ground(&self, at: [f64; 2]) -> LonLat {
        self.place(self.bend(at))
    }

    /// Degrees, to 1e-7, from metres in the ground's frame.
    pub fn place(&self, metres: [f64; 2]) -> LonLat {
        let at = self.frame.lonlat(metres);
        LonLat::new(round7(at.lon), round7(at.lat))
    }

    /// Metres in the ground's frame.
    pub fn metres(&self, at: LonLat) -> [f64; 2] {
        self.frame.xy(at)
    }
}

/// Rounds degrees to 1e-7: a centimetre.
pub fn round7(degrees: f64) -> f64 {
    (degrees * 1e7).round() / 1e7
}
