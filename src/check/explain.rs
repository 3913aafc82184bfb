//! Every signal behind the flags of one address, with its number and where it comes from.

use super::context::Context;
use super::finding::Kind;
use super::rule::by_code;
use super::run::look_at;
use super::standing::grid_name;
use crate::domain::{LonLat, Subject};
use crate::error::Text;
use crate::index::outline::metres;
use serde::Serialize;

/// One thing that is known about where an address is and where it should be.
#[derive(Debug, Clone, PartialEq, Serialize, utoipa::ToSchema)]
pub struct Signal {
    /// Stable code.
    pub code: &'static str,
    /// What it says, in words.
    pub label: Text,
    /// Its number.
    pub value: f64,
    /// Unit of the number: `m`, `deg`, `1` for a share or a count, `p` for a probability.
    pub unit: &'static str,
    /// The record that it comes from.
    pub source: Option<Subject>,
    /// Where that is.
    pub at: Option<LonLat>,
}

/// The signals behind the flags of address `i`, by its position in the table; empty past the end.
pub fn explain(context: &Context, i: usize) -> Vec<Signal> {
    let mut signals = Signals(Vec::new());
    let Some(address) = context.records.addresses.get(i) else { return signals.0 };
    let Some(pin) = &address.pin else { return signals.0 };
    let at = pin.at;
    signals.add("longitude", ("采集的经度", "longitude as collected"), at.lon, "deg", None, Some(at));
    signals.add("latitude", ("采集的纬度", "latitude as collected"), at.lat, "deg", None, Some(at));
    if let Some(m) = pin.accuracy_m {
        signals.add("accuracy", ("手机报告的定位精度", "accuracy that the phone gave"), m.into(), "m", None, None);
    }
    if at.is_on_earth() {
        grids(context, i, at, &mut signals);
        buildings(context, i, at, &mut signals);
        road(context, i, at, &mut signals);
    }
    for reading in context.readings(i).iter().take(5) {
        let label = (format!("还原：{}", reading.how.zh), format!("restored: {}", reading.how.en));
        signals.add(reading.rule, (&label.0, &label.1), reading.probability, "p", None, Some(reading.at));
    }
    for flag in look_at(context, Kind::Address, i) {
        if let Some(p) = flag.probability {
            let (zh, en) = by_code(flag.rule).map_or((flag.rule, flag.rule), |rule| rule.title);
            let label = (format!("“{zh}”的可能性"), format!("probability: {en}"));
            signals.add("probability", (&label.0, &label.1), p, "p", None, flag.suggestion.and_then(|s| s.at));
        }
    }
    signals.0
}

struct Signals(Vec<Signal>);

impl Signals {
    fn add(
        &mut self,
        code: &'static str,
        (zh, en): (&str, &str),
        value: f64,
        unit: &'static str,
        source: Option<Subject>,
        at: Option<LonLat>,
    ) {
        if value.is_finite() {
            let at = at.filter(|at| at.is_on_earth());
            self.0.push(Signal { code, label: Text::new(zh, en), value, unit, source, at });
        }
    }
}

fn grids(context: &Context, i: usize, at: LonLat, signals: &mut Signals) {
    let grid = context.grid;
    let declared = context.declared(i);
    let mut distance = |code, (zh, en): (&str, &str), g: u32| {
        let ((name_zh, name_en), source) = (grid_name(context, g), Subject::Grid(grid.code(g).to_string()));
        let label = (
            format!("到{zh} {name_zh} 边界，内为正"),
            format!("to the border of the {en} {name_en}, inside is positive"),
        );
        let nearest = grid.outline(g).distance_m(at, f64::INFINITY).map(|(_, nearest)| nearest);
        signals.add(code, (&label.0, &label.1), grid.signed_distance_m(g, at), "m", Some(source), nearest);
    };
    if let Some(g) = declared {
        distance("declared_border", ("登记网格", "declared grid"), g);
    }
    let found = declared.map_or_else(|| grid.finest(at), |g| grid.locate(at, grid.level(g)));
    if let Some(g) = found.filter(|g| Some(*g) != declared) {
        distance("holding_border", ("所在网格", "grid that it lies in"), g);
    }
    if let (None, Some(level)) = (found, declared.map(|g| grid.level(g)))
        && let Some((g, _)) = grid.nearest(at, level)
        && Some(g) != declared
    {
        distance("nearest_border", ("最近的网格", "nearest grid"), g);
    }
}

fn buildings(context: &Context, i: usize, at: LonLat, signals: &mut Signals) {
    let source = |b: usize| Some(Subject::Building(context.records.buildings[b].id.to_string()));
    if let Some(b) = context.matching_building(i) {
        let place = context.building_place(b);
        let label = ("到同一地址的房屋", "to the building with the same address");
        signals.add("matching_building", label, metres(at, place), "m", source(b), Some(place));
    }
    if let Some((b, m)) = context.building_points().nearest_k(at, 1, f64::INFINITY).first() {
        let place = context.building_place(*b as usize);
        signals.add(
            "nearest_building",
            ("到最近的房屋", "to the nearest building"),
            *m,
            "m",
            source(*b as usize),
            Some(place),
        );
    }
}

fn road(context: &Context, i: usize, at: LonLat, signals: &mut Signals) {
    let Some((road, pins)) = context.road(i) else { return };
    let label = (format!("“{road}”上的点位数"), format!("pins on {road}"));
    signals.add("road_pins", (&label.0, &label.1), pins.len() as f64, "1", None, None);
    if let Some((_, m)) = pins.nearest_k(at, 2, f64::INFINITY).get(1) {
        let label = (format!("到“{road}”最近的其他点位"), format!("to the nearest other pin of {road}"));
        signals.add("road_nearest", (&label.0, &label.1), *m, "m", None, None);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::scene::Scene;

    #[test]
    fn the_numbers_behind_a_mismatch() {
        let mut scene = Scene::default();
        let address = scene.address("A1", 119.912, 28.405);
        address.grid = Some("G1".into());
        address.full_text = "人民路12号".into();
        scene.building("B1", 119.909, 28.405).full_text = "人民路12号".into();
        scene.building("B2", 119.9121, 28.405);
        let signals = scene.with(|context| explain(context, 0));
        let value = |code: &str| signals.iter().find(|s| s.code == code).map(|s| s.value.round());
        assert_eq!(value("declared_border"), Some(-196.0));
        assert_eq!(value("holding_border"), Some(196.0));
        assert_eq!(value("matching_building"), Some(294.0));
        assert_eq!(value("nearest_building"), Some(10.0));
        assert!(signals.iter().any(|s| s.code == "probability"));
        assert!(scene.with(|context| explain(context, 7)).is_empty());
    }

    #[test]
    fn readings_are_listed() {
        let mut scene = Scene::default();
        scene.address("A1", 28.405123, 119.905123).grid = Some("G1".into());
        let signals = scene.with(|context| explain(context, 0));
        let swapped = signals.iter().find(|s| s.code == "coordinate_swapped").expect("a reading");
        assert!(swapped.value > 0.99 && swapped.at.is_some());
    }
}
