//! Turns the plan into records: grids, buildings, addresses with their pins, collected in batches.

use super::dice::Dice;
use super::layout::Layout;
use super::names::Names;
use super::plan::{Block, Plan, Use, round7};
use super::quarter::{House, Quarters};
use super::{Town, Truth};
use crate::domain::address::print;
use crate::domain::{
    Address, AddressStatus, Building, Footprint, Frame, GridCode, LonLat, Position, PositionKind, PositionMethod,
    Records,
};
use chrono::{Days, NaiveDate, TimeZone, Utc};
use geo::{Coord, LineString, MultiPolygon, Polygon};
use std::collections::BTreeMap;

/// Addresses that one person collects in one go.
const BATCH: usize = 60;

fn footprint(plan: &Plan, house: &House, dice: &mut Dice) -> MultiPolygon<f64> {
    // The survey is independent of the phones, and off by a little.
    let off = [dice.normal(0.7), dice.normal(0.7)];
    let mut ring: Vec<Coord<f64>> = house
        .corners
        .iter()
        .map(|corner| plan.bend(*corner))
        .map(|[x, y]| plan.place([x + off[0], y + off[1]]))
        .map(|p| Coord { x: p.lon, y: p.lat })
        .collect();
    ring.push(ring[0]);
    MultiPolygon(vec![Polygon::new(LineString::from(ring), Vec::new())])
}

/// The town's records, without errors, and the truth of each address.
pub fn settle(plan: &Plan, names: &Names, layout: &Layout, quarters: Quarters, seed: u64, today: NaiveDate) -> Town {
    let mut dice = Dice::new(seed, "settle");
    let Quarters { mut houses, mut doors } = quarters;
    let before = groups_before(plan, layout);
    houses.iter_mut().for_each(|house| regroup(&mut house.parts, before.get(&house.block)));
    doors.iter_mut().for_each(|door| regroup(&mut door.parts, before.get(&door.block)));
    let mut records = Records { grids: layout.grids.clone().into(), ..Records::default() };
    let mut buildings = Vec::with_capacity(houses.len());
    for (index, house) in houses.iter().enumerate() {
        let unit = layout.unit.get(&house.block);
        let mut parts = house.parts.clone();
        let mut full_text = String::new();
        let addressed = parts != Default::default() && dice.chance(0.86);
        if addressed && let Some(unit) = unit {
            locate(&mut parts, names, unit);
            full_text = print(&parts);
        } else {
            parts = Default::default();
        }
        buildings.push(Building {
            id: format!("B{:05}", index + 1).into(),
            full_text,
            parts,
            footprint: Footprint::Area(footprint(plan, house, &mut dice)),
            floors: Some(house.floors),
            kind: house.kind,
            grid: unit.map(|unit| unit.grid_code.clone()),
            standing: true,
            version: 1,
        });
    }
    doors.sort_by(|a, b| {
        let grid = |block| layout.unit.get(&block).map(|unit| &unit.grid_code);
        grid(a.block).cmp(&grid(b.block)).then(a.parts.road.cmp(&b.parts.road)).then(a.house.cmp(&b.house))
    });
    let (mut truth, mut addresses) = (Vec::with_capacity(doors.len()), Vec::with_capacity(doors.len()));
    let (mut batch, mut in_batch, mut grid_before) = (0usize, 0usize, None);
    let (mut collector, mut day, mut sigma) = (String::new(), today, 3.0);
    for (index, door) in doors.iter().enumerate() {
        let Some(unit) = layout.unit.get(&door.block) else { continue };
        if in_batch == 0 || grid_before != Some(&unit.grid_code) {
            batch += 1;
            in_batch = BATCH + dice.below(25);
            grid_before = Some(&unit.grid_code);
            let code = &unit.grid_code[unit.grid_code.len() - 5..];
            collector = format!("W{}{code}", &unit.village_code[6..9]);
            day = today - Days::new(12 + dice.below(70) as u64);
            sigma = *dice.pick(&[2.5, 3.5, 3.5, 5.0, 7.0]);
        }
        in_batch -= 1;
        let mut parts = door.parts.clone();
        locate(&mut parts, names, unit);
        let metres = plan.bend(door.at);
        let at = plan.place(metres);
        let seen = plan.place([metres[0] + dice.normal(sigma), metres[1] + dice.normal(sigma)]);
        let seconds = 8 * 3600 + dice.below(9 * 3600);
        let collected = Utc.from_utc_datetime(&day.and_time(chrono::NaiveTime::MIN))
            + chrono::Duration::seconds(seconds as i64 - 8 * 3600);
        // Some quarters still wait for their collector.
        let missing = dice.chance(if unit.grid_code.ends_with('3') { 0.09 } else { 0.02 });
        let pin = (!missing).then(|| Position {
            kind: if door.parts.unit.is_empty() { PositionKind::Door } else { PositionKind::UnitEntrance },
            at: seen,
            method: PositionMethod::Phone,
            accuracy_m: Some((sigma * 1.6 * (0.35 * dice.normal(1.0)).exp()).clamp(2.0, 40.0).round() as f32),
            collected_at: Some(collected),
            collector: Some(collector.as_str().into()),
        });
        let address = Address {
            id: format!("A{:05}", index + 1).into(),
            full_text: print(&parts),
            parts,
            grid: Some(unit.grid_code.clone()),
            building: (dice.chance(0.9)).then(|| buildings[door.house].id.clone()),
            status: AddressStatus::Active,
            verified_on: (!missing && dice.chance(0.93)).then_some(day),
            batch: (!missing).then(|| format!("P{batch:04}").into()),
            version: 1,
            pin,
            ..Address::default()
        };
        truth.push(Truth { error: "ok", at, address: address.clone(), used: door.used });
        addresses.push(address);
    }
    (records.buildings, records.addresses) = (buildings.into(), addresses.into());
    Town { records, truth }
}

/// How many groups of its village are numbered before those of a superblock with a village in the fields.
fn groups_before(plan: &Plan, layout: &Layout) -> BTreeMap<Block, usize> {
    let mut counted: BTreeMap<&GridCode, usize> = BTreeMap::new();
    let mut before = BTreeMap::new();
    for (block, unit) in layout.unit.iter().filter(|(block, _)| plan.use_of(**block) == Use::Village) {
        let groups = counted.entry(&unit.village_code).or_default();
        before.insert(*block, *groups);
        *groups += 2;
    }
    before
}

/// Numbers a group within its village.
fn regroup(parts: &mut crate::domain::Parts, before: Option<&usize>) {
    if let (Some(before), Some(group)) = (before, parts.group.strip_suffix('组').and_then(|g| g.parse::<usize>().ok()))
    {
        parts.group = format!("{}组", before + group).into();
    }
}

/// Puts province, city, district, town and village before the finer parts.
fn locate(parts: &mut crate::domain::Parts, names: &Names, unit: &super::layout::Unit) {
    parts.province = names.province.as_str().into();
    parts.city = names.city.as_str().into();
    parts.county = names.district.as_str().into();
    parts.town = unit.town.clone();
    parts.village = unit.village.clone();
}

/// Moves a position by metres, to 1e-7 degrees.
pub fn moved(at: LonLat, by: [f64; 2]) -> LonLat {
    let to = Frame::at(at).lonlat(by);
    LonLat::new(round7(to.lon), round7(to.lat))
}
