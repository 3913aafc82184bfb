//! Headcounts of care groups by microgrid, and places. Counts only: nobody is in the demo town.

use super::Town;
use super::dice::Dice;
use super::layout::Layout;
use super::names::Names;
use super::plan::{Block, Use};
use crate::domain::{BuildingKind, CareGroup, Headcount, Place, PlaceKind};
use chrono::{Datelike, NaiveDate};
use std::collections::BTreeMap;

/// How many of a care group there are in a hundred households, about.
fn rate(group: CareGroup) -> f64 {
    match group {
        CareGroup::LivingAlone => 4.5,
        CareGroup::Over80 => 6.0,
        CareGroup::EmptyNest => 5.0,
        CareGroup::LeftBehind => 2.2,
        CareGroup::Disabled => 3.2,
        CareGroup::LowIncome => 2.4,
        CareGroup::ChildrenWithoutCarers => 0.15,
        CareGroup::SpecialSupport => 0.25,
    }
}

/// Counts the care groups of each microgrid on the first of the month.
pub fn count(town: &mut Town, layout: &Layout, doors: &BTreeMap<Block, f64>, seed: u64, today: NaiveDate) {
    let mut dice = Dice::new(seed, "census");
    let day = today.with_day(1).unwrap_or(today);
    for (code, block, parts) in &layout.microgrids {
        let households = doors.get(block).copied().unwrap_or(0.0) / *parts as f64;
        let old = dice.range(0.4, 1.7);
        for group in CareGroup::ALL {
            let mean = households * rate(group) / 100.0 * old * dice.range(0.6, 1.5);
            let count = (mean + dice.normal(mean.sqrt())).round().max(0.0) as u32;
            if count > 0 {
                town.records.headcounts.push(Headcount { grid: code.clone(), group, count, counted_on: day });
            }
        }
    }
}

/// Opens shops and workshops on streets, in lanes and works.
pub fn open(town: &mut Town, names: &Names, seed: u64) {
    let mut dice = Dice::new(seed, "places");
    let stems = &names.name;
    for i in 0..town.truth.len() {
        let truth = &town.truth[i];
        let share = match truth.used {
            Use::Frontage => 0.11,
            Use::Lanes => 0.05,
            Use::Works => 0.75,
            Use::UrbanVillage => 0.02,
            _ => 0.0,
        };
        if !dice.chance(share) {
            continue;
        }
        let sign = dice.pick(&stems.signs).clone();
        let (kind, trade) = match (truth.used, dice.below(10)) {
            (Use::Works, n) if n < 7 => (PlaceKind::Factory, "加工厂".to_owned()),
            (Use::Works, _) => (PlaceKind::Warehouse, "仓库".to_owned()),
            (_, 0..6) => (PlaceKind::Shop, dice.pick(&stems.shops).clone()),
            (_, 6..9) => (PlaceKind::Restaurant, dice.pick(&stems.restaurants).clone()),
            _ => (PlaceKind::Lodging, "旅馆".to_owned()),
        };
        town.records.places.push(Place {
            id: format!("S{:04}", town.records.places.len() + 1).into(),
            name: format!("{sign}{trade}"),
            kind,
            address: Some(town.records.addresses.at(i).id().into()),
            at: None,
            version: 1,
        });
    }
    let schools: Vec<_> = town
        .records
        .buildings
        .iter()
        .filter(|b| b.kind() == BuildingKind::Public)
        .step_by(4)
        .map(|b| b.footprint().unpack())
        .collect();
    for (index, footprint) in schools.into_iter().enumerate() {
        let crate::domain::Footprint::Area(area) = footprint else { continue };
        let Some(centre) = geo::Centroid::centroid(&area) else { continue };
        let stem = &stems.communities[index % stems.communities.len()];
        town.records.places.push(Place {
            id: format!("S{:04}", town.records.places.len() + 1).into(),
            name: format!("{stem}{}", ["小学", "中学", "幼儿园"][index % 3]),
            kind: PlaceKind::School,
            address: None,
            at: Some(crate::domain::LonLat::new(super::plan::round7(centre.x()), super::plan::round7(centre.y()))),
            version: 1,
        });
    }
}
