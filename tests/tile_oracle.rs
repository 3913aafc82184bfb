//! Promise: a tile holds exactly what the records and the actor's scope say, at every zoom, and nothing else.

mod vector_tile;

use chrono::NaiveDate;
use fast_mvt::{MvtGeometry, MvtValue};
use gridpin::check::Thresholds;
use gridpin::city::City;
use gridpin::cli::demo;
use gridpin::domain::*;
use gridpin::tile::{self, Detail, catalog};
use rayon::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use std::f64::consts::PI;
use std::sync::LazyLock;
use vector_tile::{Fields, polygons, read, text};

/// Things by the tile that they lie in, with their place in it.
type ByTile<T> = BTreeMap<(u8, u32, u32), Vec<(T, (f64, f64))>>;

fn today() -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 11, 21).expect("a day")
}

static CITY: LazyLock<City> =
    LazyLock::new(|| City::build(demo::town(demo::SEED, today()), Thresholds::default(), today()));

fn actor(role: Role, scope: Scope) -> Actor {
    Actor { name: "t".into(), role, scope }
}

fn features(layer: &str, at: (u8, u32, u32), actor: &Actor) -> Vec<(MvtGeometry, Fields)> {
    detailed(layer, at, Detail::Map, actor)
}

fn detailed(layer: &str, at: (u8, u32, u32), detail: Detail, actor: &Actor) -> Vec<(MvtGeometry, Fields)> {
    let tile = tile::render(&CITY, &[layer], at, detail, actor).expect("a tile");
    read(&tile.bytes, |name| name == layer)
}

fn number(fields: &Fields, key: &str) -> u64 {
    match fields.get(key) {
        Some(MvtValue::UInt(n)) => *n,
        other => panic!("{key}: {other:?}"),
    }
}

fn point(geometry: &MvtGeometry) -> (i32, i32) {
    match geometry {
        MvtGeometry::Point(p) => (p.x(), p.y()),
        other => panic!("{other:?}"),
    }
}

/// Tile and place in it by the textbook formula, in units of 4,096.
fn place(at: LonLat, z: u8) -> ((u8, u32, u32), (f64, f64)) {
    let side = f64::from(1u32 << z);
    let x = (at.lon + 180.0) / 360.0 * side;
    let y = (1.0 - at.lat.to_radians().tan().asinh() / PI) / 2.0 * side;
    let (tx, ty) = (x.floor().clamp(0.0, side - 1.0), y.floor().clamp(0.0, side - 1.0));
    ((z, tx as u32, ty as u32), ((x - tx) * 4096.0, (y - ty) * 4096.0))
}

/// Pins on earth below the projection's edge, by identifier.
fn pins() -> Vec<(AddressRef<'static>, LonLat)> {
    let pinned = CITY.records.addresses.iter().filter_map(|a| Some((a, a.at()?)));
    pinned.filter(|(_, at)| at.is_on_earth() && at.lat.abs() < 85.0).collect()
}

fn by_tile<T: Copy>(places: impl Iterator<Item = (T, LonLat)>, z: u8) -> ByTile<T> {
    let mut tiles = ByTile::new();
    for (what, at) in places {
        let (tile, within) = place(at, z);
        tiles.entry(tile).or_default().push((what, within));
    }
    tiles
}

/// The gravest open flag of each address that has one.
static GRAVEST: LazyLock<BTreeMap<String, Severity>> = LazyLock::new(|| {
    let mut gravest = BTreeMap::new();
    for flag in CITY.flags.iter().filter(|flag| CITY.is_open(flag)) {
        if let Subject::Address(id) = flag.subject {
            let kept = gravest.entry(id).or_insert(flag.severity);
            *kept = flag.severity.max(*kept);
        }
    }
    gravest
});

/// What the records say of an address, field by field.
fn told(address: AddressRef) -> Fields {
    let parts = address.parts();
    let text = address.full_text();
    let fine = [parts.house_number, parts.building, parts.group, parts.compound, parts.room, &text];
    let flagged = match GRAVEST.get(address.id()) {
        None => "",
        Some(Severity::Info) => "I",
        Some(Severity::Warning) => "W",
        Some(Severity::Error) => "E",
    };
    let status = match address.status() {
        AddressStatus::Active => "active",
        AddressStatus::Demolished => "demolished",
        AddressStatus::Merged => "merged",
    };
    let text = |text: &str| MvtValue::String(text.into());
    Fields::from([
        ("id".to_owned(), text(address.id())),
        ("label".to_owned(), text(fine.into_iter().find(|part| !part.is_empty()).unwrap_or(""))),
        ("grid".to_owned(), text(home(address).as_ref().map_or("", |code| code.as_str()))),
        ("status".to_owned(), text(status)),
        ("flagged".to_owned(), text(flagged)),
        ("rank".to_owned(), MvtValue::UInt(address.pin().map_or(0, |pin| pin.kind as u64 + 1))),
    ])
}

/// The grid that an address declares, else the finest that holds its pin.
fn home(address: AddressRef) -> Option<GridCode> {
    let declared = address.grid().filter(|code| CITY.grid.position(code).is_some()).map(GridCode::from);
    declared.or_else(|| Some(CITY.grid.code(CITY.grid.finest(address.at()?)?).clone()))
}

#[test]
fn every_pin_on_earth_is_in_one_tile_where_it_belongs_with_what_the_records_say() {
    let steward = actor(Role::Steward, Scope::All);
    let said: BTreeMap<&str, Fields> = pins().into_iter().map(|(a, _)| (a.id(), told(a))).collect();
    for (z, detail) in [(12, Detail::Points), (13, Detail::Points), (14, Detail::Map), (16, Detail::Map)] {
        by_tile(pins().into_iter(), z).into_par_iter().for_each(|(tile, expected)| {
            let mut expected: BTreeMap<&str, (f64, f64)> = expected.iter().map(|(a, at)| (a.id(), *at)).collect();
            for (geometry, fields) in detailed("address", tile, detail, &steward) {
                let id = text(&fields, "id");
                let (x, y) = expected.remove(id.as_str()).unwrap_or_else(|| panic!("{id} is not of {tile:?}"));
                let (px, py) = point(&geometry);
                assert!((x - f64::from(px)).abs() <= 1.01 && (y - f64::from(py)).abs() <= 1.01, "{id} {tile:?}");
                assert_eq!(fields, said[id.as_str()], "{id}");
            }
            assert!(expected.is_empty(), "missing in {tile:?}: {expected:?}");
        });
    }
    // Below the zoom from which it may be asked for, and where the layer shows every point anyway, it changes nothing.
    for z in [11, 14, 15] {
        by_tile(pins().into_iter(), z).into_par_iter().for_each(|(tile, _)| {
            let [map, points] = [Detail::Map, Detail::Points].map(|detail| {
                tile::render(&CITY, &["address", "rental"], tile, detail, &steward).expect("a tile").etag
            });
            assert_eq!(map, points, "{tile:?}");
        });
    }
}

#[test]
fn low_zooms_count_every_point_once() {
    let steward = actor(Role::Steward, Scope::All);
    let at: BTreeMap<&str, LonLat> = pins().into_iter().map(|(a, at)| (a.id(), at)).collect();
    let rentals = CITY.records.rentals.iter().map(RentalRef::row).filter(|r| r.status == RentalStatus::Active);
    let rentals: Vec<((), LonLat)> = rentals.filter_map(|r| Some(((), *at.get(r.address?)?))).collect();
    let hazards = CITY.records.hazards.iter().map(HazardRef::row).filter(|h| h.state != HazardState::Closed);
    let hazards: Vec<((), LonLat)> = hazards.filter_map(|h| Some(((), *at.get(h.address)?))).collect();
    let flags: Vec<((), LonLat)> =
        CITY.flags.iter().filter_map(|f| Some(((), f.at?))).filter(|(_, at)| at.is_on_earth()).collect();
    let addresses: Vec<((), LonLat)> = pins().into_iter().map(|(_, at)| ((), at)).collect();
    for (layer, places) in [("address", &addresses), ("rental", &rentals), ("hazard", &hazards), ("flag", &flags)] {
        for z in [5, 9, 12] {
            for (tile, expected) in by_tile(places.iter().copied(), z) {
                let drawn = features(layer, tile, &steward);
                assert!(drawn.len() <= 256, "{layer} {tile:?}: {} cells", drawn.len());
                let counted: u64 = drawn.iter().map(|(_, fields)| number(fields, "count")).sum();
                assert_eq!(counted, expected.len() as u64, "{layer} {tile:?}");
                let mut cells: BTreeMap<(i64, i64), u64> = BTreeMap::new();
                for (_, (x, y)) in &expected {
                    *cells.entry(((x / 256.0).floor() as i64, (y / 256.0).floor() as i64)).or_default() += 1;
                }
                let mut drawn_cells: BTreeMap<(i64, i64), u64> = BTreeMap::new();
                for (geometry, fields) in &drawn {
                    let (x, y) = point(geometry);
                    *drawn_cells.entry((i64::from(x / 256), i64::from(y / 256))).or_default() +=
                        number(fields, "count");
                }
                assert_eq!(cells, drawn_cells, "{layer} {tile:?}");
            }
        }
    }
}

#[test]
fn low_zooms_count_a_scope_as_if_nothing_else_were_there() {
    let parent = |code: &GridCode| CITY.grid.position(code).and_then(|i| CITY.records.grids[i as usize].parent.clone());
    let within = |code: &GridCode, top: &GridCode| std::iter::successors(Some(code.clone()), parent).any(|c| c == *top);
    let homes: BTreeMap<&str, (GridCode, LonLat)> =
        pins().into_iter().filter_map(|(a, at)| Some((a.id(), (home(a)?, at)))).collect();
    let rentals = CITY.records.rentals.iter().map(RentalRef::row).filter(|r| r.status == RentalStatus::Active);
    let hazards = || CITY.records.hazards.iter().map(HazardRef::row).filter(|h| h.state != HazardState::Closed);
    let layers: [(&str, Vec<&str>); 3] = [
        ("address", homes.keys().copied().collect()),
        ("rental", rentals.filter_map(|r| r.address).collect()),
        ("hazard", hazards().map(|h| h.address).collect()),
    ];
    for level in [GridLevel::Street, GridLevel::Village, GridLevel::Grid, GridLevel::Microgrid] {
        for top in CITY.records.grids.iter().filter(|g| g.level == level).step_by(3).take(4) {
            let collector = actor(Role::Collector, Scope::Grid(top.code.clone()));
            let mine = |id: &str| homes.get(id).filter(|(code, _)| within(code, &top.code)).map(|(_, at)| *at);
            for z in [6, 10, 12] {
                for (layer, ids) in &layers {
                    let places: Vec<LonLat> = ids.iter().filter_map(|id| mine(id)).collect();
                    let expected = by_tile(places.iter().map(|at| ((), *at)), z);
                    for tile in by_tile(pins().into_iter(), z).into_keys() {
                        let mut cells: BTreeMap<(i32, i32), u64> = BTreeMap::new();
                        for (_, (x, y)) in expected.get(&tile).into_iter().flatten() {
                            *cells.entry(((x / 256.0) as i32, (y / 256.0) as i32)).or_default() += 1;
                        }
                        let drawn = features(layer, tile, &collector);
                        let drawn = drawn.iter().map(|(at, fields)| (point(at), number(fields, "count")));
                        let drawn: BTreeMap<(i32, i32), u64> =
                            drawn.map(|((x, y), count)| ((x / 256, y / 256), count)).collect();
                        assert_eq!(drawn, cells, "{layer} {tile:?} {}", top.code);
                    }
                }
                let mut heat = [0, 0];
                for tile in by_tile(pins().into_iter(), z).into_keys() {
                    for (_, fields) in features("heat", tile, &collector) {
                        heat[0] += number(&fields, "n");
                        heat[1] += number(&fields, "weight");
                    }
                }
                let open: Vec<HazardRow> = hazards().filter(|h| mine(h.address).is_some()).collect();
                let weight: u64 = open.iter().map(|h| u64::from(h.severity.weight())).sum();
                assert_eq!(heat, [open.len() as u64, weight], "z{z} {}", top.code);
            }
        }
    }
}

#[test]
fn heat_cells_add_up_to_the_open_hazards() {
    let steward = actor(Role::Steward, Scope::All);
    let at: BTreeMap<&str, LonLat> = pins().into_iter().map(|(a, at)| (a.id(), at)).collect();
    let open = CITY.records.hazards.iter().map(HazardRef::row).filter(|h| h.state != HazardState::Closed);
    let open: Vec<HazardRow> = open.filter(|h| at.contains_key(h.address)).collect();
    for z in [6, 11, 16] {
        let places = CITY.records.rentals.iter().filter_map(|r| at.get(r.address()?)).copied();
        let places = places.chain(open.iter().map(|h| at[h.address]));
        let (mut n, mut weight, mut by_item, mut by_both, mut major, mut never) = (0, 0, [0u64; 8], 0, 0, 0);
        for tile in by_tile(places.map(|at| ((), at)), z).into_keys() {
            for (_, fields) in features("heat", tile, &steward) {
                n += number(&fields, "n");
                weight += number(&fields, "weight");
                major += number(&fields, "major");
                never += number(&fields, "uninspected");
                CheckItem::ALL.iter().for_each(|item| by_item[*item as usize] += number(&fields, item.as_str()));
                if fields.contains_key("gas_major") {
                    by_both += number(&fields, "gas_major");
                }
            }
        }
        assert_eq!(n, open.len() as u64, "z{z}");
        assert_eq!(weight, open.iter().map(|h| u64::from(h.severity.weight())).sum::<u64>());
        assert_eq!(major, open.iter().filter(|h| h.severity == HazardSeverity::Major).count() as u64);
        let both = |h: &&HazardRow| h.item == CheckItem::Gas && h.severity == HazardSeverity::Major;
        assert_eq!(by_both, open.iter().filter(both).count() as u64);
        for item in CheckItem::ALL {
            assert_eq!(by_item[item as usize], open.iter().filter(|h| h.item == item).count() as u64);
        }
        let inspected: BTreeSet<&str> = CITY.records.inspections.iter().map(|i| i.rental.as_str()).collect();
        let rentals = CITY.records.rentals.iter().map(RentalRef::row).filter(|r| r.status == RentalStatus::Active);
        let placed = rentals.filter(|r| r.address.is_some_and(|id| at.contains_key(id)));
        assert_eq!(never, placed.filter(|r| !inspected.contains(r.id)).count() as u64);
    }
}

#[test]
fn a_scoped_tile_is_the_whole_tile_without_the_rest() {
    let parent = |code: &GridCode| CITY.grid.position(code).and_then(|i| CITY.records.grids[i as usize].parent.clone());
    let within = |code: &GridCode, top: &GridCode| std::iter::successors(Some(code.clone()), parent).any(|c| c == *top);
    let scopes: Vec<GridCode> = [GridLevel::Street, GridLevel::Village, GridLevel::Grid, GridLevel::Microgrid]
        .iter()
        .flat_map(|level| CITY.records.grids.iter().filter(move |g| g.level == *level).take(2))
        .map(|g| g.code.clone())
        .collect();
    let homes: BTreeMap<&str, Option<GridCode>> = CITY.records.addresses.iter().map(|a| (a.id(), home(a))).collect();
    for z in [14u8] {
        for tile in by_tile(pins().into_iter(), z).into_keys() {
            let whole = features("address", tile, &actor(Role::Steward, Scope::All));
            for scope in &scopes {
                let mine = |id: &str| homes[id].as_ref().is_some_and(|code| within(code, scope));
                let expected: Vec<_> = whole.iter().filter(|(_, f)| mine(&text(f, "id"))).cloned().collect();
                let seen = features("address", tile, &actor(Role::Collector, Scope::Grid(scope.clone())));
                assert_eq!(seen, expected, "{tile:?} {scope}");
                let grids = features("grid", tile, &actor(Role::Leader, Scope::Grid(scope.clone())));
                assert!(grids.iter().all(|(_, f)| within(&text(f, "code").into(), scope)), "{tile:?} {scope}");
            }
        }
    }
    let nowhere = actor(Role::Steward, Scope::Grid("no-such-grid".into()));
    for tile in by_tile(pins().into_iter(), 14).into_keys() {
        for layer in catalog::all() {
            let tile = tile::render(&CITY, &[&layer.id], tile, Detail::Map, &nowhere).expect("a tile");
            assert!(tile.bytes.is_empty(), "{}", layer.id);
        }
    }
}

#[test]
fn a_forbidden_layer_answers_as_an_unknown_one() {
    for role in Role::ALL {
        let actor = actor(role, Scope::All);
        let unknown =
            tile::render(&CITY, &["nothing"], (14, 0, 0), Detail::Map, &actor).expect_err("unknown").to_string();
        for layer in catalog::all() {
            let answer = tile::render(&CITY, &[&layer.id], (14, 0, 0), Detail::Map, &actor);
            let style = tile::style::of_role(role).to_string();
            if layer.roles.contains(&role) {
                assert!(answer.is_ok());
            } else {
                let told = answer.expect_err("forbidden").to_string();
                assert_eq!(told.replace(&layer.id, "nothing"), unknown, "{role:?} {}", layer.id);
                assert!(
                    tile::render(&CITY, &["grid", &layer.id], (14, 0, 0), Detail::Map, &actor).is_err(),
                    "hidden behind another"
                );
                assert!(catalog::tilejson(&layer.id, role, &CITY).is_err());
                assert!(!style.contains(&format!("/tiles/{}/", layer.id)), "{role:?} style names {}", layer.id);
            }
        }
    }
}

#[test]
fn tiles_hold_the_declared_fields_only() {
    let steward = actor(Role::Steward, Scope::All);
    for layer in catalog::all() {
        let declared: BTreeSet<&str> = layer.fields.iter().map(|f| f.name.as_str()).collect();
        for z in [8u8, 11, 13, 14, 16] {
            for tile in by_tile(pins().into_iter(), z).into_keys() {
                for (_, fields) in features(&layer.id, tile, &steward) {
                    let undeclared: Vec<_> = fields.keys().filter(|key| !declared.contains(key.as_str())).collect();
                    assert!(undeclared.is_empty(), "{} z{z}: {undeclared:?}", layer.id);
                }
            }
        }
    }
}

#[test]
fn neighbouring_grids_share_their_border_in_every_tile() {
    use geo::Area;
    let steward = actor(Role::Steward, Scope::All);
    for z in [11u8, 12, 13, 14, 15, 16] {
        for tile in by_tile(pins().into_iter(), z).into_keys() {
            // The microgrids of a town cover their grids: drawn areas add up exactly when borders stay shared.
            let mut areas: BTreeMap<String, f64> = BTreeMap::new();
            let mut own: BTreeMap<String, f64> = BTreeMap::new();
            let mut whole: BTreeSet<String> = BTreeSet::new();
            for (geometry, fields) in features("grid", tile, &steward) {
                let polygons = polygons(&geometry);
                if text(&fields, "level") == "microgrid" {
                    *areas.entry(text(&fields, "parent")).or_default() += polygons.unsigned_area();
                } else if text(&fields, "level") == "grid" {
                    own.insert(text(&fields, "code"), polygons.unsigned_area());
                    let mut corners = polygons.0.iter().flat_map(|p| p.exterior().0.iter());
                    if corners.all(|c| [c.x, c.y].iter().all(|v| (-63.0..=4159.0).contains(v))) {
                        whole.insert(text(&fields, "code"));
                    }
                }
            }
            for (code, area) in areas {
                let parent = own.get(&code).copied().unwrap_or(0.0);
                // Where the tile cuts nothing off the areas are equal to the unit.
                let slack = if whole.contains(&code) { 0.0 } else { 0.002 * parent + 64.0 };
                assert!((area - parent).abs() <= slack, "{code} {tile:?}: {area} of {parent}");
            }
        }
    }
}
