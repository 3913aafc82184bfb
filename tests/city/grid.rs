//! Edits of grids: no tile stays that they change.

use super::{picture, steward, today, town};
use gridpin::check::Thresholds;
use gridpin::city::{City, Delta, Removed};
use gridpin::domain::*;
use gridpin::tile::{self, Detail};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

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
