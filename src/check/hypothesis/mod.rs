//! The causes that may explain a record, how each is undone, and which explains it best.

pub mod form;
pub mod undo;
pub mod typo;
pub mod judge;
mod case;
mod attribute;

pub use judge::{Judged, Judgement, judge};

macro_rules! causes {
    ($($(#[$doc:meta])* $name:ident $rule:literal $prior:literal;)*) => {
        /// Why a record is as it is.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u8)]
        pub enum Cause {$($(#[$doc])* $name,)*}

        impl Cause {
            /// Every cause; the first is that nothing is wrong.
            pub const ALL: [Cause; CAUSES] = [$(Cause::$name),*];

            /// Code of its rule; empty for what is right.
            pub fn rule(self) -> &'static str {
                match self {$(Cause::$name => $rule,)*}
            }
        }

        /// Number of causes.
        pub const CAUSES: usize = [$($rule),*].len();

        /// How common each cause is before anything is learned.
        pub const PRIORS: [f64; CAUSES] = [$($prior),*];
    };
}

causes! {
    /// Nothing is wrong.
    Right "" 0.85;
    /// GCJ-02 stored as WGS84 or CGCS2000.
    Gcj02 "datum_gcj02" 0.004;
    /// BD-09 stored as WGS84 or CGCS2000.
    Bd09 "datum_bd09" 0.002;
    /// Converted from GCJ-02 though it was none.
    Reversed "datum_reversed" 0.002;
    /// Converted to GCJ-02 twice.
    Twice "datum_reversed" 0.001;
    /// Through a widespread faulty library.
    Library "datum_library" 0.00002;
    /// Longitude and latitude exchanged.
    Swapped "coordinate_swapped" 0.002;
    /// Degrees and minutes read as decimals.
    Sexagesimal "coordinate_sexagesimal" 0.002;
    /// Metres read as degrees.
    Projected "coordinate_projected" 0.001;
    /// Off by whole zones.
    Zone "coordinate_zone" 0.002;
    /// Too few decimals.
    Coarse "coordinate_coarse" 0.004;
    /// Zero or another number for none.
    Zero "coordinate_zero" 0.002;
    /// On the centre of a grid or the city.
    Default "pin_default" 0.005;
    /// Several addresses on one point.
    Stacked "pin_stacked" 0.007;
    /// Taken at the collector's own place.
    Office "pin_office" 0.006;
    /// On another address's building.
    OtherBuilding "pin_wrong_building" 0.012;
    /// Somewhere else, for no known reason.
    Displaced "pin_displaced" 0.01;
    /// Moved with its whole batch by one vector.
    Offset "batch_offset" 0.002;
    /// The number is wrong, the pin is right.
    Number "number_suspect" 0.008;
    /// The road is wrong, the pin is right.
    Road "road_suspect" 0.006;
    /// The declared grid is wrong, the pin is right.
    Grid "grid_mismatch" 0.012;
}

impl Cause {
    /// Whether the position can be restored exactly.
    pub fn is_exact(self) -> bool {
        (Cause::Gcj02..=Cause::Zone).contains(&self) || self == Cause::Offset
    }

    /// Whether it is an attribute that is wrong, and the position right.
    pub fn is_attribute(self) -> bool {
        self >= Cause::Number
    }

    /// Position in lists by cause.
    pub fn index(self) -> usize {
        self as usize
    }
}
