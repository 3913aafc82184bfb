//! Promise: the City knows what its records say, and an edit leaves it as if it had been built with the edit.

use chrono::{NaiveDate, TimeZone, Utc};
use gridpin::check::Thresholds;
use gridpin::city::{City, Delta, Flags, Live, Removed};
use gridpin::cli::demo;
use gridpin::domain::*;
use gridpin::report;
use gridpin::tile::{self, Detail};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::collections::{BTreeMap, BTreeSet};

fn today() -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 11, 21).expect("a day")
}

fn steward() -> Actor {
    Actor { name: "t".into(), role: Role::Steward, scope: Scope::All }
}

fn town() -> Records {
    demo::town(demo::SEED, today())
}

/// Everything that a City answers, in an order that does not depend on how it came to be.
fn picture(city: &City) -> BTreeMap<&'static str, Vec<String>> {
    let mut picture: BTreeMap<&'static str, Vec<String>> = BTreeMap::new();
    let all = [
        ("address points", &city.address_points),
        ("rental points", &city.rental_points),
        ("hazard points", &city.hazard_points),
        ("building points", &city.building_points),
    ];
    // The numbers of grids depend on how the City came to be, and what they stand for does not.
    let code = |home: u32| city.grid_at_order(home).map_or("nowhere", |grid| city.grid.code(grid).as_str());
    for (name, points) in all {
        // In their order: it does not depend on how the City came to be.
        let line = |mut item: gridpin::city::points::Item| {
            let code = code(std::mem::take(&mut item.point.home));
            format!("{code} {item:?}")
        };
        picture.insert(name, points.items().map(line).collect());
    }
    let flag_at = |slot: u32| city.flags.at(slot).map(|f| f.flag_id.clone()).unwrap_or_default();
    let flags = city.flag_points.items().map(|item| {
        assert_eq!(flag_at(item.point.row), item.id);
        format!("{} {} {:?} {} {}", item.point.key, code(item.point.home), item.tag, item.id, item.label)
    });
    picture.insert("flag points", flags.collect());
    picture.insert("flags", sorted(city.flags.iter().map(|flag| format!("{flag:?}"))));
    picture.insert("counts", (0..city.grid.len() as u32).map(|i| format!("{:?}", city.counts(i))).collect());
    picture
        .insert("marks", (0..city.records.addresses.len() as u32).map(|i| format!("{:?}", city.flagged(i))).collect());
    let rentals = 0..city.records.rentals.len() as u32;
    picture.insert(
        "rentals",
        rentals.map(|i| format!("{:?} {}", city.rental_state(i), code(city.rental_home(i)))).collect(),
    );
    let all = gridpin::city::world::Span { west: 0, north: 0, east: u32::MAX, south: u32::MAX };
    let buildings = city.building_points.meeting(all).into_iter();
    picture.insert("buildings", buildings.map(|row| format!("{row} {}", code(city.building_home(row)))).collect());
    picture
}

fn sorted(lines: impl Iterator<Item = String>) -> Vec<String> {
    let mut lines: Vec<String> = lines.collect();
    lines.sort();
    lines
}

/// One random edit of a town.
fn edit(city: &City, rng: &mut ChaCha8Rng, n: u32) -> Delta {
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

/// One edit of grids: one goes, comes, hangs elsewhere with all below it, is called otherwise, or has another code.
fn edit_of_grids(city: &City, rng: &mut ChaCha8Rng, n: u32) -> Delta {
    let grids = &city.records.grids;
    let mut any = || grids[rng.random_range(0..grids.len())].clone();
    let (mut one, mut other) = (any(), any());
    let removed = vec![Removed::Grid(one.code.clone())];
    match n % 6 {
        0 => Delta { removed, ..Delta::default() },
        1 => {
            one.code = format!("{}-{n}", one.code).into();
            Delta { grids: vec![one], ..Delta::default() }
        }
        2 => {
            one.parent = Some(other.code).filter(|above| *above != one.code);
            Delta { grids: vec![one], ..Delta::default() }
        }
        3 => {
            one.name += "新";
            Delta { grids: vec![one], ..Delta::default() }
        }
        4 => {
            one.code = format!("{}-{n}", one.code).into();
            Delta { removed, grids: vec![one], ..Delta::default() }
        }
        _ => {
            other.parent = grids.iter().find(|grid| grid.level == GridLevel::Village).map(|grid| grid.code.clone());
            one.level = GridLevel::ALL[(one.level as usize + 1) % 5];
            Delta { grids: if n % 12 == 5 { vec![other] } else { vec![other, one] }, ..Delta::default() }
        }
    }
}

#[test]
fn an_edit_of_grids_leaves_no_tile_as_it_was_that_it_changes() {
    let mut rng = ChaCha8Rng::seed_from_u64(3);
    let mut city = City::build(town(), Thresholds::default(), today());
    let cache = tile::Cache::new(256 << 20);
    let within = |level: GridLevel| {
        let grid = city.records.grids.iter().filter(|grid| grid.level == level).nth(1).expect("a grid");
        Actor { scope: Scope::Grid(grid.code.clone()), ..steward() }
    };
    let actors = [steward(), within(GridLevel::Village), within(GridLevel::Grid)];
    let layers = ["grid", "building", "heat", "rental", "hazard", "address", "flag", "care"];
    let tiles = [(13, 6825, 3419), (12, 3412, 1709), (10, 853, 427), (14, 13651, 6838), (15, 27303, 13677)];
    let (mut same, mut kept) = (0, 0);
    for n in 0..36 {
        let (next, touched) = city.apply(edit_of_grids(&city, &mut rng, n));
        kept += u32::from(!touched.everything);
        city = next;
        for tile in tiles {
            for (layer, actor) in layers.iter().flat_map(|layer| actors.iter().map(move |actor| (*layer, actor))) {
                let encoded = cache.counts().encoded;
                let cached = cache.render(&city, &[layer], tile, Detail::Map, actor).expect("a tile");
                same += u32::from(cache.counts().encoded == encoded);
                let anew = tile::render(&city, &[layer], tile, Detail::Map, actor).expect("a tile");
                assert!(cached.bytes == anew.bytes, "edit {n}: {layer} {tile:?} of {:?} is an old one", actor.scope);
            }
        }
    }
    assert!(kept > 24 && same > 500, "{kept} of 36 edits touched less than everything, {same} tiles were kept");
    assert_eq!(picture(&city), picture(&city.anew()));
}

#[test]
fn the_last_grid_can_go_that_shows_a_band() {
    let mut records = town();
    let city = City::build(records.clone(), Thresholds::default(), today());
    let shows = |grid: &Grid| {
        let bands = city.grid.position(&grid.code).map(|i| city.care.bands(i)).unwrap_or_default();
        bands.iter().any(Option::is_some) && Some(grid.level) == city.care.level()
    };
    let mut grids: Vec<Grid> = records.grids.iter().cloned().collect();
    let last = grids.iter().position(shows).expect("a grid with a band");
    let last = grids.remove(last);
    grids.push(last.clone());
    records.grids = grids.into();
    let city = City::build(records, Thresholds::default(), today());
    let (city, touched) = city.apply(Delta { removed: vec![Removed::Grid(last.code.clone())], ..Delta::default() });
    assert!(city.grid.position(&last.code).is_none() && touched.layers().contains(&"care"));
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

#[test]
fn counts_are_what_the_records_say() {
    let city = City::build(town(), Thresholds::default(), today());
    let below = |code: &GridCode, top: &GridCode| {
        let parent =
            |code: &GridCode| city.grid.position(code).and_then(|i| city.records.grids[i as usize].parent.clone());
        std::iter::successors(Some(code.clone()), parent).any(|code| code == *top)
    };
    let grid_of = |row: u32| city.grid_of(row).map(|i| city.grid.code(i).clone());
    for top in city.records.grids.iter().filter(|g| g.level <= GridLevel::Village) {
        let counts = city.counts(city.grid.position(&top.code).expect("known"));
        let held: BTreeSet<u32> = (0..city.records.addresses.len() as u32)
            .filter(|row| grid_of(*row).is_some_and(|code| below(&code, &top.code)))
            .collect();
        let active = held.iter().map(|row| city.address_at(*row)).filter(|a| a.status() == AddressStatus::Active);
        let collected = active.clone().filter(|a| a.at().is_some_and(LonLat::is_on_earth));
        let wrong = |a: &AddressRef| {
            let flags = city.flags.iter().filter(|f| f.subject == Subject::Address(a.id().to_owned()));
            let mut open = flags.filter(|f| city.is_open(f));
            open.any(|f| f.severity == Severity::Error || f.probability.is_some_and(|p| p >= 0.8))
        };
        assert_eq!(counts.addresses as usize, active.clone().count(), "{}", top.code);
        assert_eq!(counts.collected as usize, collected.clone().count(), "{}", top.code);
        if top.level == GridLevel::Street {
            let flagged: BTreeSet<String> = city
                .flags
                .iter()
                .filter(|f| f.severity == Severity::Error || f.probability.is_some_and(|p| p >= 0.8))
                .filter_map(|f| if let Subject::Address(id) = f.subject { Some(id) } else { None })
                .collect();
            let accurate = collected.clone().filter(|a| !flagged.contains(a.id())).count();
            assert_eq!(counts.accurate as usize, accurate, "{}", top.code);
            assert!(collected.clone().take(5).all(|a| wrong(&a) == flagged.contains(a.id())));
        }
        let in_grid = |id: &str| city.address(id).is_some_and(|row| held.contains(&row));
        let rentals = city.records.rentals.iter().filter(|r| r.status() == RentalStatus::Active);
        let rentals: Vec<RentalRef> = rentals.filter(|r| r.address().is_some_and(in_grid)).collect();
        assert_eq!(counts.rentals as usize, rentals.len(), "{}", top.code);
        let registered = rentals.iter().filter(|r| r.registered_on().is_some()).count();
        assert_eq!(counts.registered as usize, registered, "{}", top.code);
        let hazards: Vec<HazardRef> = city.records.hazards.iter().filter(|h| in_grid(h.address())).collect();
        let closed = hazards.iter().filter(|h| h.state() == HazardState::Closed).count();
        assert_eq!((counts.hazards as usize, counts.closed as usize), (hazards.len(), closed), "{}", top.code);
    }
    let whole = report::coverage::coverage(&city, &Scope::All, None, None).expect("a city");
    let streets = report::coverage::coverage(&city, &Scope::All, None, Some(GridLevel::Street)).expect("a city");
    let sum = |rows: &[report::Row], k: usize| rows.iter().map(|row| row.indicators[k].base).sum::<u32>();
    let top = whole.grid.expect("one district");
    for k in [0, 2, 3] {
        assert!(sum(&streets.items, k) <= top.indicators[k].base);
    }
    let street = Scope::Grid(streets.items[0].grid_code.clone());
    let other = streets.items[1].grid_code.as_str();
    assert!(report::coverage::coverage(&city, &street, Some(other), None).is_err(), "outside the scope");
}

#[test]
fn listeners_hear_of_changes_and_readers_keep_what_they_hold() {
    let live = Live::new(City::build(Records::default(), Thresholds::default(), today()));
    let mut ear = live.listen();
    let held = live.get();
    let address = Address { id: "A1".into(), version: 1, ..Address::default() };
    let touched = live.apply(Delta { addresses: vec![address], ..Delta::default() });
    assert_eq!(held.records.addresses.len(), 0);
    assert_eq!(live.get().address("A1"), Some(0));
    assert_eq!(*ear.try_recv().expect("told"), *touched);
    let gone = gridpin::city::Removed::Address("A1".into());
    let touched = live.apply(Delta { removed: vec![gone], ..Delta::default() });
    assert_eq!(touched.addresses, ["A1".into()]);
    assert!(live.get().address("A1").is_none() && live.get().records.addresses.is_empty());
    assert_eq!(live.get().revision, 3);
}

/// A part of the town, not checked, with the flags that were found before.
fn unchecked(flags: Flags) -> City {
    let mut records = town();
    records.addresses.truncate(1_500);
    records.buildings.truncate(1_500);
    City::load(records, Thresholds::default().into(), today(), BTreeMap::new(), flags)
}

/// What stands in a City, as another process would read it.
fn standing(city: &City) -> Vec<Standing> {
    city.flags.views().map(|(_, flag)| flag.standing()).collect()
}

/// Runs `work` in the background and `meanwhile` when it says for the first time how far it is.
fn in_the_middle(live: &Live, work: impl FnOnce(&Live, &(dyn Fn(f32) + Sync)) + Send, meanwhile: impl FnOnce()) {
    let (begun, wait) = std::sync::mpsc::channel();
    let (go_on, told) = std::sync::mpsc::channel::<()>();
    let once = std::sync::Mutex::new(Some((begun, told)));
    let progress = |_: f32| {
        if let Some((begun, told)) = once.lock().expect("a lock").take() {
            begun.send(()).expect("somebody waits");
            told.recv().expect("somebody goes on");
        }
    };
    std::thread::scope(|scope| {
        scope.spawn(|| work(live, &progress));
        // Dropped when `meanwhile` panics, so that nobody waits for ever.
        let go_on = go_on;
        wait.recv().expect("it begins");
        meanwhile();
        go_on.send(()).expect("it goes on");
    });
}

#[test]
fn edits_during_a_check_in_the_background_are_not_lost() {
    let live = Live::new(unchecked(Flags::default()));
    assert!(live.get().flags.is_empty() && !live.get().is_checked());
    let mut rng = ChaCha8Rng::seed_from_u64(7);
    let mut ear = live.listen();
    in_the_middle(
        &live,
        |live, progress| drop(live.check(progress)),
        || {
            for n in 0..30 {
                let delta = edit(&live.get(), &mut rng, n);
                live.apply(delta);
            }
            let city = live.get();
            assert!(city.flags.is_empty() && !city.is_checked(), "the check is not done yet");
            assert!(city.address("NEW-29").is_some(), "edits show at once");
        },
    );
    let city = live.get();
    assert!(city.is_checked() && !city.flags.is_empty());
    assert!(city.address("NEW-29").is_some());
    assert_eq!(picture(&city), picture(&city.anew()), "as if the edits had come after the check");
    let mut told: BTreeSet<String> = BTreeSet::new();
    while let Ok(touched) = ear.try_recv() {
        told.extend(touched.flags.iter().cloned());
    }
    assert!(city.flags.iter().all(|flag| told.contains(&flag.flag_id)), "who writes flags down hears of all");

    // Checked again, nothing differs, and everything stands since then.
    let before = standing(&city);
    let touched = live.check(&|_| {});
    let same = standing(&live.get());
    let of =
        |flags: &[Standing]| flags.iter().map(|one| (one.flag.flag_id.clone(), one.since)).collect::<BTreeMap<_, _>>();
    let (old, new) = (of(&before), of(&same));
    assert!(old.iter().filter(|(id, _)| new.contains_key(*id)).all(|(id, since)| new[id] == *since));
    let differ: BTreeSet<&String> = touched.flags.iter().collect();
    // What it learned anew may differ from what it had learned before the edits, and only that is told.
    let stay = before.iter().filter(|one| same.iter().any(|other| other.flag == one.flag));
    assert!(stay.clone().count() > before.len() / 2 && stay.into_iter().all(|one| !differ.contains(&one.flag.flag_id)));
    let again = live.check(&|_| {});
    assert!(again.flags.is_empty() && again.areas.is_empty() && !again.everything, "{again:?}");
}

#[test]
fn a_city_that_follows_shows_what_the_one_shows_that_checks() {
    let mut checks = unchecked(Flags::default()).checked(&|_| {});
    let mut follows = unchecked(Flags::found_before(standing(&checks)));
    assert_eq!(picture(&follows), picture(&checks));
    assert_eq!(standing(&follows), standing(&checks));
    let mut rng = ChaCha8Rng::seed_from_u64(11);
    for n in 0..40 {
        let delta = edit(&checks, &mut rng, n);
        let (next, touched) = checks.apply(delta.clone());
        checks = next;
        // First the records, then the flags: they are written down a little later.
        follows = follows.apply(delta).0;
        assert!(!follows.is_checked());
        let (mut flags, mut unflagged) = (Vec::new(), Vec::new());
        for id in &touched.flags {
            match checks.flags.standing(id) {
                Some((flag, since)) => flags.push(Standing { flag, since }),
                None => unflagged.push(id.clone()),
            }
        }
        follows = follows.apply(Delta { flags, unflagged, ..Delta::default() }).0;
    }
    assert_eq!(picture(&follows), picture(&checks));
    // One that was checked itself keeps its own flags, whatever others tell.
    let told = Delta { all_flags: true, ..Delta::default() };
    assert_eq!(picture(&checks.apply(told.clone()).0), picture(&checks));
    assert!(follows.apply(told).0.flags.is_empty());
}

#[test]
fn edits_while_the_day_turns_are_not_lost() {
    let live = Live::new(unchecked(Flags::default()).checked(&|_| {}));
    let mut rng = ChaCha8Rng::seed_from_u64(13);
    let edits: Vec<Delta> = (0..13).map(|n| edit(&live.get(), &mut rng, n)).collect();
    let tomorrow = today().succ_opt().expect("a day");
    std::thread::scope(|scope| {
        scope.spawn(|| live.turn(tomorrow));
        edits.into_iter().for_each(|delta| drop(live.apply(delta)));
    });
    let turned = live.get();
    assert_eq!(turned.today, tomorrow);
    assert!(!turned.is_checked() && !turned.flags.is_empty(), "the flags of the day before stand until it is checked");
    live.check(&|_| {});
    assert!(live.get().address("NEW-3").is_some());
    assert_eq!(picture(&live.get()), picture(&live.get().anew()));
}
