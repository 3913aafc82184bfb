//! Every signal behind the flags of one address, with its number and where it comes from.

use super::context::{Context, Road};
use super::evidence::{Desk, NONE, Without, distance};
use super::finding::Kind;
use super::hypothesis::{Cause, judge};
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
    /// Unit of the number: `m`, `deg`, `1` for a count, `share` of 1, `p` for a probability.
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
    let Some(pin) = address.pin() else { return signals.0 };
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
    evidence(context, i, &mut signals);
    for flag in look_at(context, Kind::Address, i) {
        if let Some(p) = flag.probability {
            let (zh, en) = by_code(flag.rule).map_or((flag.rule, flag.rule), |rule| rule.title);
            let label = (format!("“{zh}”的可能性"), format!("probability: {en}"));
            signals.add("probability", (&label.0, &label.1), p, "p", None, flag.suggestion.and_then(|s| s.at));
        }
    }
    signals.0
}

/// What detection weighed: where the number is expected, and every cause that is not out of the question.
fn evidence(context: &Context, i: usize, signals: &mut Signals) {
    let Some(judged) = context.judged(i) else { return };
    let found = context.detection();
    let level = &found.stage().level;
    let (pack, mut desk) = (&level.pack, Desk::default());
    let (pin, frame) = (&pack.pins[i], &pack.frame);
    let place = |at: [f64; 2]| at[0].is_finite().then(|| frame.lonlat(at));
    let without = Without { pin: i as u32, batch: NONE };
    let home = level.home(pin, pin.key, without, &mut desk);
    if let Some(expected) = home.expected {
        let name = &pack.series[pin.key.series as usize].name;
        let main = pin.key.main;
        let label =
            (format!("“{name}”{main} 号按邻号推算的位置"), format!("where its neighbours on {name} put number {main}"));
        let far_m = distance(pin.at, expected.at);
        signals.add("expected_number", (&label.0, &label.1), far_m, "m", None, place(expected.at));
        let label = ("推算位置的误差", "scale of that expectation");
        signals.add("expected_scale", label, expected.scale_m, "m", None, None);
    }
    if let Some(votes) = level.votes(pin.key.series, pin.at, without, &mut desk).filter(|_| pin.key.series != NONE) {
        let label = ("周边可信点位中同路或同小区的比例", "share of its road or compound among trusted neighbours");
        signals.add("neighbours", label, votes, "share", None, None);
    }
    if pin.stack > 1 {
        let label = ("同一点上的不同地址数", "different addresses on this point");
        signals.add("stack", label, f64::from(pin.stack), "1", None, None);
    }
    if let Some(by) = found.stage().batch(pin.batch) {
        let (zh, en) = by_code(by.cause.rule()).map_or(("", ""), |rule| rule.title);
        let label = (
            format!("同批次符合“{zh}”的点数（共 {}）", by.asked),
            format!("of {} in its batch that agree: {en}", by.asked),
        );
        signals.add("batch", (&label.0, &label.1), f64::from(by.agree), "1", None, None);
    }
    signals.add("right", ("没有问题的可能性", "probability that nothing is wrong"), judged.right, "p", None, None);
    let judgement = judge(found.stage(), i, &mut desk);
    let mut causes: Vec<Cause> = Cause::ALL[1..].to_vec();
    causes.retain(|cause| judgement.posterior[cause.index()] >= 0.001);
    causes.sort_by(|a, b| judgement.posterior[b.index()].total_cmp(&judgement.posterior[a.index()]));
    for cause in causes {
        let (zh, en) = by_code(cause.rule()).map_or((cause.rule(), cause.rule()), |rule| rule.title);
        let p = judgement.posterior[cause.index()];
        signals.add(cause.rule(), (zh, en), p, "p", None, place(judgement.places[cause.index()]));
    }
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
    let source = |b: usize| Some(Subject::Building(context.records.buildings.at(b).id().to_owned()));
    if let Some(b) = context.matching_building(i) {
        let place = context.building_place(b);
        let label = ("到同一地址的房屋", "to the building with the same address");
        signals.add("matching_building", label, metres(at, place), "m", source(b), Some(place));
    }
    const LOOKED_M: f64 = 2_000.0;
    if let Some((b, m)) = context.facts().nearest_building(at, LOOKED_M) {
        let place = context.building_place(b);
        signals.add("nearest_building", ("到最近的房屋", "to the nearest building"), m, "m", source(b), Some(place));
    }
}

fn road(context: &Context, i: usize, at: LonLat, signals: &mut Signals) {
    let Some(road) = context.road(i) else { return };
    let Road { name: road, pins } = &*road;
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
