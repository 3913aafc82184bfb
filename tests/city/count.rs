//! What is counted is what the records say.

use super::{today, town};
use gridpin::check::Thresholds;
use gridpin::city::City;
use gridpin::domain::*;
use gridpin::report;
use std::collections::BTreeSet;

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
