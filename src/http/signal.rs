//! The numbers behind an address's flags, as the City measures them.

use super::sight::Sight;
use crate::domain::{Address, Footprint, LonLat, Subject};
use crate::error::Text;
use geo::Centroid;
use serde::Serialize;
use utoipa::ToSchema;

/// How near two pins are the same spot, metres.
const SAME_SPOT_M: f64 = 1.0;

/// One number behind a flag.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Signal)]
pub struct SignalView {
    /// Which signal.
    pub code: String,
    /// Its name.
    pub label: Text,
    /// Its number.
    pub value: f64,
    /// The number's unit: `m`, `count` ...
    pub unit: String,
    /// What the number comes from: its building, its grid ...
    pub source: Option<Subject>,
    /// Where that is.
    pub at: Option<LonLat>,
}

impl SignalView {
    fn new(code: &str, zh: &str, en: &str, value: f64, unit: &str) -> Self {
        SignalView {
            code: code.to_owned(),
            label: Text::new(zh, en),
            value: if unit == "m" { (value * 100.0).round() / 100.0 } else { value },
            unit: unit.to_owned(),
            source: None,
            at: None,
        }
    }

    fn from(mut self, source: Subject, at: Option<LonLat>) -> Self {
        (self.source, self.at) = (Some(source), at);
        self
    }
}

/// What is measured about the address in `row`. A source outside the scope gives its number, not its name or place.
pub fn signals(sight: &Sight, row: u32) -> Vec<SignalView> {
    let address = sight.city.address_at(row);
    let Some(pin) = address.pin.as_ref() else { return Vec::new() };
    let mut signals = Vec::new();
    if let Some(accuracy_m) = pin.accuracy_m {
        signals.push(SignalView::new("accuracy", "定位精度", "Accuracy that the device told", accuracy_m.into(), "m"));
    }
    if pin.at.is_on_earth() {
        signals.extend(to_grids(sight, address, pin.at));
        signals.extend(to_building(sight, address, pin.at));
        signals.push(on_the_spot(sight, pin.at));
        signals.extend(to_suggestions(sight, address, pin.at));
    }
    for signal in &mut signals {
        if signal.source.as_ref().is_some_and(|source| !sight.sees_subject(source)) {
            (signal.source, signal.at) = (None, None);
        }
    }
    signals
}

fn to_grids(sight: &Sight, address: &Address, at: LonLat) -> Vec<SignalView> {
    let index = &sight.city.grid;
    let declared = address.grid.as_ref().and_then(|code| index.position(code));
    let found = match declared {
        Some(declared) => index.locate(at, index.level(declared)),
        None => index.finest(at),
    };
    let to = |grid: u32, code, zh, en| {
        SignalView::new(code, zh, en, index.signed_distance_m(grid, at), "m")
            .from(Subject::Grid(index.code(grid).to_string()), None)
    };
    let declared_signal = declared.map(|grid| {
        to(
            grid,
            "declared_border",
            "到登记网格边界的距离(界内为正)",
            "To the border of the declared grid (inside: positive)",
        )
    });
    let found_signal = found.filter(|found| Some(*found) != declared).map(|grid| {
        to(
            grid,
            "found_border",
            "到所在网格边界的距离(界内为正)",
            "To the border of the grid it lies in (inside: positive)",
        )
    });
    declared_signal.into_iter().chain(found_signal).collect()
}

fn to_building(sight: &Sight, address: &Address, at: LonLat) -> Option<SignalView> {
    let id = address.building.as_ref()?;
    let building = &sight.city.records.buildings[sight.city.building(id)? as usize];
    let middle = match &building.footprint {
        Footprint::Point(point) => *point,
        Footprint::Area(area) => area.centroid().map(|middle| LonLat::new(middle.x(), middle.y()))?,
    };
    let signal = SignalView::new(
        "building",
        "到所属建筑物中心的距离",
        "To the middle of its building",
        at.distance_m(middle),
        "m",
    );
    Some(signal.from(Subject::Building(id.to_string()), Some(middle)))
}

fn on_the_spot(sight: &Sight, at: LonLat) -> SignalView {
    let all = sight.city.addresses_near(at, 1000, SAME_SPOT_M, &sight.actor.scope);
    SignalView::new("same_spot", "同一位置的地址数", "Addresses on the same spot", all.len() as f64, "count")
}

fn to_suggestions(sight: &Sight, address: &Address, at: LonLat) -> Vec<SignalView> {
    let flags = sight.city.flags_of_address(&address.id);
    let places = flags.iter().filter_map(|flag| flag.suggestion.as_ref()?.at);
    places
        .map(|place| {
            let mut signal =
                SignalView::new("suggestion", "到建议位置的距离", "To the suggested place", at.distance_m(place), "m");
            signal.at = Some(place);
            signal
        })
        .collect()
}
