//! Buildings that carry one address, where there are many of them: a compound whose houses all bear its number.

use crate::domain::LonLat;
use crate::index::PointIndex;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

/// Buildings with one address from which on they are looked up by place, and not one by one.
pub const MANY: usize = 16;

/// Buildings to choose from.
#[derive(Debug)]
pub struct Choice {
    /// Their rows, ascending.
    rows: Vec<u32>,
    places: PointIndex,
}

impl Choice {
    /// Buildings by ascending row, each with its place.
    pub fn new(buildings: Vec<(u32, LonLat)>) -> Choice {
        let (rows, places): (Vec<u32>, Vec<LonLat>) = buildings.into_iter().unzip();
        Choice { rows, places: PointIndex::build(&places) }
    }

    /// The building nearest to a pin, the first of those equally near; the first of all where there is no pin on earth.
    pub fn nearest(&self, pin: Option<LonLat>) -> Option<u32> {
        let near = pin.and_then(|at| self.places.nearest_k(at, 1, f64::INFINITY).first().map(|found| found.0 as usize));
        self.rows.get(near.unwrap_or(0)).copied()
    }
}

/// Choices that were made ready, by the key of the address and the grid that an address declares: found once for all
/// who ask, of whom there may be as many as buildings.
#[derive(Debug, Default)]
pub struct Choices(Mutex<HashMap<Asked, Arc<OnceLock<Choice>>>>);

/// The key of an address, and the grid that it declares.
type Asked = (u64, Option<u32>);

impl Choices {
    /// Asks the choice for a key and a declared grid, made ready by `make` when it is first asked.
    pub fn ask<T>(
        &self,
        key: u64,
        declared: Option<u32>,
        make: impl FnOnce() -> Choice,
        ask: impl FnOnce(&Choice) -> T,
    ) -> T {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let choice = all.entry((key, declared)).or_default().clone();
        drop(all);
        ask(choice.get_or_init(make))
    }
}

/// Addresses of one building key, where they are many.
#[derive(Debug, Default)]
pub struct Crowd {
    /// Rooms in use.
    pub rooms: usize,
    /// Addresses by the building that carries them, ascending.
    pub of_building: HashMap<u32, Vec<u32>>,
}

#[cfg(test)]
mod tests {
    use crate::check::scene::Scene;
    use crate::domain::LonLat;

    #[test]
    fn twenty_thousand_buildings_with_the_address_of_twenty_thousand() {
        const COUNT: usize = 20_000;
        let mut scene = Scene::default();
        let at = |k: usize| (119.9 + (k % 200) as f64 * 9e-5, 28.4 + (k / 200) as f64 * 9e-5);
        for k in 0..COUNT {
            let (lon, lat) = at(k);
            scene.building(&format!("B{k}"), lon, lat).full_text = "人民路12号".into();
            let (lon, lat) = at(k * 7 % COUNT);
            let address = scene.address(&format!("A{k}"), lon + 1e-5, lat - 2e-5);
            address.full_text = "人民路12号".into();
            address.grid = [None, Some("G1".into()), Some("G2".into())][k % 3].clone();
        }
        // One pin after the other would be asked for each building: four hundred million times, twice over.
        scene.with(|context| {
            let carried: usize = (0..COUNT).filter(|b| context.is_addressed(*b)).count();
            assert!(carried > COUNT / 2, "{carried}");
            for i in (0..COUNT).step_by(501) {
                let (pin, declared) = (context.pin(i).expect("a pin"), context.declared(i));
                let place = |b: usize| LonLat::new(at(b).0, at(b).1);
                let rank = |b: &usize| {
                    let outside = !declared.is_some_and(|g| context.grid.covers(g, place(*b)));
                    (outside, pin.distance_m(place(*b)))
                };
                let nearest = (0..COUNT).map(|b| (rank(&b), b)).min_by(|a, b| a.0.partial_cmp(&b.0).expect("finite"));
                assert_eq!(context.matching_building(i), nearest.map(|found| found.1), "{i}");
                let own = context.matching_building(i).expect("many");
                assert!(context.carried(own).contains(&(i as u32)));
            }
        });
    }
}
