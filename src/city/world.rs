//! The world as one square: Web Mercator (EPSG:3857) in 2^32 steps a side, x to the east, y to the south, and the
//! Z-order of its points, in which every tile of every zoom is one unbroken run.
//!
//! A step is 9.3 mm at the equator. Formula of the projection: OGC 07-057r7 (Web Mercator), on the sphere of the
//! ellipsoid's longitude and latitude; CGCS2000 is taken for WGS84 here, a decimetre off at most.

use crate::domain::LonLat;
use std::f64::consts::PI;
use std::ops::Range;

/// Bits of a side of the world.
pub const BITS: u32 = 32;
/// Highest zoom that a tile may have.
pub const MAX_ZOOM: u8 = 22;
/// Steps of a side of the world.
const SIDE: f64 = 4_294_967_296.0;

/// A point of the square: steps from the north-west corner.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Spot {
    /// Steps to the east of 180 W.
    pub x: u32,
    /// Steps to the south of 85.05 N.
    pub y: u32,
}

impl Spot {
    /// Where a position lies; none when it is not on earth. Beyond 85.05 degrees it lies on the square's edge.
    pub fn of(at: LonLat) -> Option<Spot> {
        if !at.is_on_earth() {
            return None;
        }
        let x = (at.lon + 180.0) / 360.0;
        let (sin, _) = at.lat.to_radians().sin_cos();
        let y = 0.5 - ((1.0 + sin) / (1.0 - sin)).ln() / (4.0 * PI);
        let step = |v: f64| (v * SIDE).floor().clamp(0.0, SIDE - 1.0) as u32;
        Some(Spot { x: step(x), y: step(y) })
    }

    /// The position of the step's north-west corner, degrees.
    pub fn lonlat(self) -> LonLat {
        let (x, y) = (f64::from(self.x) / SIDE, f64::from(self.y) / SIDE);
        LonLat::new(x * 360.0 - 180.0, (PI * (1.0 - 2.0 * y)).sinh().atan().to_degrees())
    }

    /// Place in the Z-order: the bits of y and x in turn.
    pub fn key(self) -> u64 {
        spread(self.x) | (spread(self.y) << 1)
    }

    /// The point at a place of the Z-order.
    pub fn from_key(key: u64) -> Spot {
        Spot { x: gather(key), y: gather(key >> 1) }
    }
}

/// Puts a zero before each bit.
fn spread(v: u32) -> u64 {
    let mut v = u64::from(v);
    v = (v | (v << 16)) & 0x0000_ffff_0000_ffff;
    v = (v | (v << 8)) & 0x00ff_00ff_00ff_00ff;
    v = (v | (v << 4)) & 0x0f0f_0f0f_0f0f_0f0f;
    v = (v | (v << 2)) & 0x3333_3333_3333_3333;
    (v | (v << 1)) & 0x5555_5555_5555_5555
}

/// Takes every other bit, from the lowest.
fn gather(v: u64) -> u32 {
    let mut v = v & 0x5555_5555_5555_5555;
    v = (v | (v >> 1)) & 0x3333_3333_3333_3333;
    v = (v | (v >> 2)) & 0x0f0f_0f0f_0f0f_0f0f;
    v = (v | (v >> 4)) & 0x00ff_00ff_00ff_00ff;
    v = (v | (v >> 8)) & 0x0000_ffff_0000_ffff;
    (v | (v >> 16)) as u32
}

/// A tile of the XYZ scheme: column `x` from the west, row `y` from the north.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TileId {
    /// Zoom.
    pub z: u8,
    /// Column.
    pub x: u32,
    /// Row.
    pub y: u32,
}

impl TileId {
    /// The tile, if there is one: `z` up to 22, `x` and `y` below 2^z.
    pub fn new(z: u8, x: u32, y: u32) -> Option<TileId> {
        (z <= MAX_ZOOM && x < 1 << z && y < 1 << z).then_some(TileId { z, x, y })
    }

    /// The tile of a zoom that holds a point.
    pub fn at(z: u8, spot: Spot) -> TileId {
        let shift = BITS - u32::from(z);
        let cut = |v: u32| u64::from(v) >> shift;
        TileId { z, x: cut(spot.x) as u32, y: cut(spot.y) as u32 }
    }

    /// Steps of the tile's side, as a power of two.
    pub fn shift(self) -> u32 {
        BITS - u32::from(self.z)
    }

    /// The tile's north-west corner in steps.
    pub fn corner(self) -> [i64; 2] {
        [i64::from(self.x) << self.shift(), i64::from(self.y) << self.shift()]
    }

    /// The tile's run of the Z-order: from the first key, up to and including the last.
    pub fn keys(self) -> (u64, u64) {
        let wide = 2 * self.shift();
        let cell = spread(self.x) | (spread(self.y) << 1);
        let first = if wide == 64 { 0 } else { cell << wide };
        (first, first | if wide == 64 { u64::MAX } else { (1 << wide) - 1 })
    }

    /// West, south, east, north in degrees.
    pub fn bbox(self) -> [f64; 4] {
        let side = f64::from(1u32 << self.z);
        let lon = |x: f64| x / side * 360.0 - 180.0;
        let lat = |y: f64| (PI * (1.0 - 2.0 * y / side)).sinh().atan().to_degrees();
        let (x, y) = (f64::from(self.x), f64::from(self.y));
        [lon(x), lat(y + 1.0), lon(x + 1.0), lat(y)]
    }
}

/// A box of the square, both corners included: `[west, north, east, south]` in steps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// Westmost x.
    pub west: u32,
    /// Northmost y.
    pub north: u32,
    /// Eastmost x.
    pub east: u32,
    /// Southmost y.
    pub south: u32,
}

impl Span {
    /// The box of one point.
    pub fn of(spot: Spot) -> Span {
        Span { west: spot.x, north: spot.y, east: spot.x, south: spot.y }
    }

    /// The box of degrees `[west, south, east, north]`, cut to the square.
    pub fn of_box([w, s, e, n]: [f64; 4]) -> Option<Span> {
        let cut = |lon: f64, lat: f64| Spot::of(LonLat::new(lon.clamp(-180.0, 180.0), lat.clamp(-90.0, 90.0)));
        let (nw, se) = (cut(w, n)?, cut(e, s)?);
        (nw.x <= se.x && nw.y <= se.y).then_some(Span { west: nw.x, north: nw.y, east: se.x, south: se.y })
    }

    /// The tile with a margin of `margin` 4,096ths of its side.
    pub fn of_tile(tile: TileId, margin: i64) -> Span {
        let side = 1i64 << tile.shift();
        let margin = (side * margin) >> 12;
        let [x, y] = tile.corner();
        let cut = |v: i64| v.clamp(0, i64::from(u32::MAX)) as u32;
        Span {
            west: cut(x - margin),
            north: cut(y - margin),
            east: cut(x + side - 1 + margin),
            south: cut(y + side - 1 + margin),
        }
    }

    /// The box with `steps` more on all sides, as far as the world goes.
    pub fn grown(self, steps: u32) -> Span {
        Span {
            west: self.west.saturating_sub(steps),
            north: self.north.saturating_sub(steps),
            east: self.east.saturating_add(steps),
            south: self.south.saturating_add(steps),
        }
    }

    /// The box with `steps` less on all sides, if anything is left of it.
    pub fn shrunk(self, steps: u32) -> Option<Span> {
        let (west, north) = (self.west.checked_add(steps)?, self.north.checked_add(steps)?);
        let (east, south) = (self.east.checked_sub(steps)?, self.south.checked_sub(steps)?);
        (west <= east && north <= south).then_some(Span { west, north, east, south })
    }

    /// The smallest box with both.
    pub fn with(self, other: Span) -> Span {
        Span {
            west: self.west.min(other.west),
            north: self.north.min(other.north),
            east: self.east.max(other.east),
            south: self.south.max(other.south),
        }
    }

    /// Whether the boxes share a point.
    pub fn meets(self, other: Span) -> bool {
        self.west <= other.east && other.west <= self.east && self.north <= other.south && other.north <= self.south
    }

    /// The middle of the box.
    pub fn middle(self) -> Spot {
        let middle = |a: u32, b: u32| a + (b - a) / 2;
        Spot { x: middle(self.west, self.east), y: middle(self.north, self.south) }
    }

    /// Whether the point lies in the box.
    pub fn holds(self, spot: Spot) -> bool {
        (self.west..=self.east).contains(&spot.x) && (self.north..=self.south).contains(&spot.y)
    }

    /// Columns and rows of the tiles of a zoom that the box meets.
    pub fn tiles(self, z: u8) -> (Range<u32>, Range<u32>) {
        let nw = TileId::at(z, Spot { x: self.west, y: self.north });
        let se = TileId::at(z, Spot { x: self.east, y: self.south });
        (nw.x..se.x + 1, nw.y..se.y + 1)
    }

    /// West, south, east, north in degrees, edges included.
    pub fn degrees(self) -> [f64; 4] {
        let nw = Spot { x: self.west, y: self.north }.lonlat();
        let se = Spot { x: self.east.saturating_add(1), y: self.south.saturating_add(1) }.lonlat();
        [nw.lon, se.lat, se.lon, nw.lat]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_projection_agrees_with_epsg_3857() {
        // cs2cs EPSG:4326 EPSG:3857 (PROJ 9.1): 28.45 N 119.92 E -> 13349433.336, 3305827.875
        let spot = Spot::of(LonLat::new(119.92, 28.45)).expect("on earth");
        let metres = |v: u32| f64::from(v) / SIDE * 40_075_016.685_578_49;
        assert!((metres(spot.x) - 20_037_508.342_789_244 - 13_349_433.336).abs() < 0.02);
        assert!((20_037_508.342_789_244 - metres(spot.y) - 3_305_827.875).abs() < 0.02);
        assert_eq!(TileId::at(14, spot), TileId { z: 14, x: 13649, y: 6840 });
    }

    #[test]
    fn odd_numbers_have_no_spot_and_poles_have_one() {
        for at in [(500_000.0, 3_000_000.0), (f64::NAN, 0.0), (30.0, 119.0)] {
            assert_eq!(Spot::of(LonLat::new(at.0, at.1)), None);
        }
        assert_eq!(Spot::of(LonLat::new(-180.0, 90.0)), Some(Spot { x: 0, y: 0 }));
        assert_eq!(Spot::of(LonLat::new(180.0, -90.0)), Some(Spot { x: u32::MAX, y: u32::MAX }));
    }

    proptest! {
        #[test]
        fn keys_have_an_inverse_and_tiles_are_runs(x: u32, y: u32, z in 0u8..=22) {
            let spot = Spot { x, y };
            prop_assert_eq!(Spot::from_key(spot.key()), spot);
            let tile = TileId::at(z, spot);
            prop_assert_eq!(TileId::new(z, tile.x, tile.y), Some(tile));
            let (first, last) = tile.keys();
            prop_assert!((first..=last).contains(&spot.key()));
            let away = Spot { x: x ^ (1 << 31), y };
            prop_assert_eq!((first..=last).contains(&away.key()), z == 0);
            prop_assert!(Span::of_tile(tile, 0).holds(spot));
        }

        #[test]
        fn positions_come_back_within_a_step(lon in -180.0..180.0f64, lat in -85.0..85.0f64) {
            let back = Spot::of(LonLat::new(lon, lat)).expect("on earth").lonlat();
            prop_assert!((back.lon - lon).abs() < 1e-7 && (back.lat - lat).abs() < 1e-7);
        }
    }
}
