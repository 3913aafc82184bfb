//! Edits of records: the City is as if it had been built with them, and only what they touch is made again.

use super::{picture, steward, today, town};
use chrono::{TimeZone, Utc};
use gridpin::check::Thresholds;
use gridpin::city::{City, Delta, Removed};
use gridpin::domain::*;
use gridpin::tile::{self, Detail};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// One random edit of a town.
pub fn edit(city: &City, rng: &mut ChaCha8Rng, n: u32) -> Delta {
    let mut delta = Delta::default();
    let records = &city.records;
    let at = Utc.with_ymd_and_hms(2026, 11, 20, 8, 0, 0).single().expect("a time");
    let mut pick = |len: usize| rng.random_range(0..len);
    match n % 13 {
        0 => {
            let mut address = records.addresses.at(pick(records.addresses.len())).unpack();
            if let Some(pin) = &mut address.pin {
                pin.at = LonLat::new(119.9 + pick(4000) as f64 * 1e-5, 28.435 + pick(3000) as f64 * 1e-5);
            }
            address.version += 1;
            delta.addresses.push(address);
        }
        1 => {
            let mut address = records.addresses.at(pick(records.addresses.len())).unpack();
            address.grid = Some(records.grids[pick(records.grids.len())].code.clone());
            delta.addresses.push(address);
        }
        2 => {
            let mut address = records.addresses.at(pick(records.addresses.len())).unpack();
            address.status = AddressStatus::Demolished;
            address.ended_on = Some(today());
            delta.addresses.push(address);
        }
        3 => {
            let mut address = records.addresses.at(pick(records.addresses.len())).unpack();
            address.id = format!("NEW-{n}").into();
            address.pin = None;
            delta.addresses.push(address);
        }
        4 => {
            let mut hazard = records.hazards.at(pick(records.hazards.len())).unpack();
            hazard.state = if hazard.state == HazardState::Closed { HazardState::Open } else { HazardState::Closed };
            delta.hazards.push(hazard);
            let mut rental = records.rentals.at(pick(records.rentals.len())).unpack();
            rental.address = Some(records.addresses.at(pick(records.addresses.len())).id().into());
            rental.registered_on = None;
            delta.rentals.push(rental);
        }
        5 => {
            let rental = records.rentals.at(pick(records.rentals.len())).unpack().id;
            delta.inspections.push(Inspection {
                id: format!("I-{n}").into(),
                rental: rental.clone(),
                at,
                findings: [Finding::Pass; 8],
                inspector: "c1".into(),
            });
            delta.hazards.push(Hazard {
                id: format!("H-{n}").into(),
                address: records.addresses.at(pick(records.addresses.len())).id().into(),
                rental: Some(rental),
                item: CheckItem::Gas,
                severity: HazardSeverity::Major,
                state: HazardState::Open,
                found_at: at,
                found_by: "c1".into(),
                due_on: None,
                closed_at: None,
                closed_by: None,
                version: 1,
            });
        }
        6 => {
            let mut building = records.buildings.at(pick(records.buildings.len())).unpack();
            building.standing = !building.standing;
            delta.buildings.push(building);
        }
        7 => {
            let open: Vec<String> = city.flags.iter().map(|flag| flag.flag_id.clone()).collect();
            let until = today();
            let dismissal = |flag_id| Dismissal { flag_id, reason: "right".into(), until, by: "r1".into(), at };
            delta.dismissals.extend(open.get(pick(open.len().max(1))).cloned().map(dismissal));
        }
        8 => {
            // One of every kind goes, and the last of its kind.
            let mut rows = |len: usize| [pick(len), len - 1];
            let of = rows(records.addresses.len()).map(|row| Removed::Address(records.addresses.at(row).id().into()));
            delta.removed.extend(of);
            let of = rows(records.buildings.len()).map(|row| Removed::Building(records.buildings.at(row).id().into()));
            delta.removed.extend(of);
            let of = rows(records.rentals.len()).map(|row| Removed::Rental(records.rentals.at(row).id().into()));
            delta.removed.extend(of);
            let of = rows(records.hazards.len()).map(|row| Removed::Hazard(records.hazards.at(row).id().into()));
            delta.removed.extend(of);
            let of = rows(records.inspections.len());
            delta.removed.extend(of.map(|row| Removed::Inspection(records.inspections[row].id.clone())));
            delta.removed.extend(records.visits.iter().take(2).map(|visit| Removed::Visit(visit.id)));
            let rental = records.rentals.at(pick(records.rentals.len())).unpack();
            delta.removed.extend(rental.address.map(Removed::Address));
        }
        9 => {
            // A border moves.
            let mut grid = records.grids[pick(records.grids.len())].clone();
            for polygon in &mut grid.polygon.0 {
                polygon.exterior_mut(|ring| ring.0.iter_mut().for_each(|point| point.x += 0.000_2));
            }
            delta.grids.push(grid);
        }
        10 => {
            // One grid goes, another comes in its place, and a third hangs elsewhere.
            let [gone, mut moved] =
                [pick(records.grids.len()), pick(records.grids.len())].map(|row| records.grids[row].clone());
            let mut come = gone.clone();
            come.code = format!("{}-{n}", gone.code).into();
            moved.parent = Some(come.code.clone());
            delta.removed.push(Removed::Grid(gone.code.clone()));
            delta.grids.extend([come, moved].into_iter().filter(|grid| grid.code != gone.code));
        }
        11 => {
            // A grid is no longer valid.
            let mut grid = records.grids[records.grids.len() - 1].clone();
            grid.valid_to = today().pred_opt();
            delta.grids.push(grid);
        }
        _ => {
            // A whole street at once.
            let first = pick(records.addresses.len() - 40);
            for row in first..first + 40 {
                let mut address = records.addresses.at(row).unpack();
                if let Some(pin) = &mut address.pin {
                    pin.at.lon += 0.0003;
                }
                delta.addresses.push(address);
            }
        }
    }
    delta
}

#[test]
fn edits_leave_the_city_as_if_built_with_them() {
    let mut rng = ChaCha8Rng::seed_from_u64(7);
    let mut city = City::build(town(), Thresholds::default(), today());
    for n in 0..26 {
        let delta = edit(&city, &mut rng, n);
        let (next, touched) = city.apply(delta);
        assert_eq!(touched.revision, city.revision + 1);
        assert!(!touched.everything, "edit {n}");
        city = next;
    }
    let anew = city.anew();
    let (grown, built) = (picture(&city), picture(&anew));
    for (what, lines) in &built {
        let other = &grown[what];
        let differ: Vec<_> = lines.iter().zip(other).filter(|(a, b)| a != b).take(3).collect();
        assert!(differ.is_empty() && lines.len() == other.len(), "{what}: {differ:?} {} {}", lines.len(), other.len());
    }
    for (z, x, y) in [(13, 6825, 3419), (12, 3412, 1709), (10, 853, 427)] {
        for layer in ["grid", "building", "heat", "rental", "hazard", "address", "flag"] {
            let of =
                |city: &City| tile::render(city, &[layer], (z, x, y), Detail::Map, &steward()).expect("a tile").etag;
            assert_eq!(of(&city), of(&anew), "{layer} {z}/{x}/{y}");
        }
    }
}

#[test]
fn an_edit_touches_its_ground_and_its_tiles_only() {
    let city = City::build(town(), Thresholds::default(), today());
    let row = city.records.addresses.iter().position(|a| a.at().is_some_and(LonLat::is_on_earth));
    let mut address = city.records.addresses.at(row.expect("a pin")).unpack();
    let old = address.pin.as_ref().expect("a pin").at;
    let new = LonLat::new(old.lon + 0.0001, old.lat);
    address.pin.as_mut().expect("a pin").at = new;
    let id = address.id.clone();
    let (next, touched) = city.apply(Delta { addresses: vec![address], ..Delta::default() });
    assert_eq!(touched.addresses, [id]);
    assert!(touched.layers().contains(&"address") && !touched.layers().contains(&"care"));
    let cache = tile::Cache::new(64 << 20);
    let spot = gridpin::city::world::Spot::of(old).expect("on earth");
    let mut changed = 0;
    for z in [10u8, 14, 16] {
        let at = gridpin::city::world::TileId::at(z, spot);
        for (dx, dy) in [(0, 0), (30, 0), (0, 30)] {
            let get = |city: &City| {
                cache.render(city, &["address"], (z, at.x + dx, at.y + dy), Detail::Map, &steward()).expect("a tile")
            };
            let (before, after) = (get(&city), get(&next));
            if (dx, dy) == (0, 0) {
                changed += u32::from(before.name.etag != after.name.etag);
            } else {
                assert_eq!(before.bytes.as_ptr(), after.bytes.as_ptr(), "z{z}: a tile far away was made again");
            }
            let encoded = cache.counts().encoded;
            get(&next);
            assert_eq!(cache.counts().encoded, encoded, "z{z}: the cache did not answer");
        }
    }
    assert!(changed >= 2, "the tiles over the edit did not change");
    let (none, at) = (tile::Cache::new(0), gridpin::city::world::TileId::at(14, spot));
    let get = || none.render(&next, &["address"], (14, at.x, at.y), Detail::Map, &steward()).expect("a tile");
    assert!(get() == get() && none.counts().encoded == 2, "a cache of no bytes kept a tile");
}

#[test]
fn a_dismissed_flag_is_gone_from_the_map_until_its_day() {
    let city = City::build(town(), Thresholds::default(), today());
    let flag = city.flags.iter().find(|flag| flag.at.is_some() && matches!(flag.subject, Subject::Address(_)));
    let flag = flag.expect("a flag with a place").clone();
    let at = Utc.with_ymd_and_hms(2026, 11, 20, 8, 0, 0).single().expect("a time");
    let until = today();
    let dismissal = Dismissal { flag_id: flag.flag_id.clone(), reason: "right".into(), until, by: "r1".into(), at };
    let (next, touched) = city.apply(Delta { dismissals: vec![dismissal], ..Delta::default() });
    assert!(!next.is_open(&flag) && next.flags.get(&flag.flag_id).is_some(), "it stands, dismissed");
    assert_eq!(next.flag_points.len() + 1, city.flag_points.len());
    assert!(touched.layers().contains(&"flag"));
    let (tomorrow, _) = next.turned(today().succ_opt().expect("a day"));
    assert!(tomorrow.is_open(&flag), "the dismissal lapsed");
    let (back, _) = next.apply(Delta { undismissed: vec![flag.flag_id.clone()], ..Delta::default() });
    assert!(back.is_open(&flag));
    assert_eq!(picture(&back), picture(&city));
}
