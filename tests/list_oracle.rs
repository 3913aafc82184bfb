//! Promise: a list holds what a look at every record one by one finds, in that order, page by page, whatever is asked: the
//! server reads points sorted by place and what is told beside them, and must not be of another opinion.

mod database;
#[path = "http/serving.rs"]
mod serving;

use database::{Database, steward};
use gridpin::city::City;
use gridpin::cli::demo;
use gridpin::domain::*;
use gridpin::store::NewAccount;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use serving::*;

/// What is asked.
#[derive(Debug, Clone, Default)]
struct Asked {
    scope: Option<String>,
    grid: Option<String>,
    bbox: Option<[f64; 4]>,
    near: Option<LonLat>,
    severity: Option<&'static str>,
    rule: Option<&'static str>,
    state: Option<&'static str>,
    inspected: Option<&'static str>,
}

impl Asked {
    fn query(&self, limit: usize) -> String {
        let mut query = format!("limit={limit}");
        let mut add = |name: &str, value: Option<String>| {
            query.extend(value.map(|value| format!("&{name}={value}")));
        };
        add("grid", self.grid.clone());
        add("bbox", self.bbox.map(|[w, s, e, n]| format!("{w},{s},{e},{n}")));
        add("near", self.near.map(|at| format!("{},{}", at.lon, at.lat)));
        add("severity", self.severity.map(str::to_owned));
        add("rule", self.rule.map(str::to_owned));
        add("state", self.state.map(str::to_owned));
        add("inspected", self.inspected.map(str::to_owned));
        query
    }

    fn holds(&self, city: &City, home: u32) -> bool {
        let within = |code: &Option<String>| {
            code.as_ref().is_none_or(|code| {
                let (from, to) = city.grid.preorder(city.grid.position(code).expect("a grid"));
                (from..to).contains(&home)
            })
        };
        within(&self.scope) && within(&self.grid)
    }

    fn is_in(&self, at: Option<LonLat>) -> bool {
        self.bbox.is_none_or(|[w, s, e, n]| at.is_some_and(|at| (w..=e).contains(&at.lon) && (s..=n).contains(&at.lat)))
    }

    fn metres(&self, at: Option<LonLat>) -> f64 {
        let near = self.near.expect("a place");
        at.map_or(f64::MAX, |at| near.distance_m(at))
    }
}

type Ranked = Vec<(f64, String)>;

fn flags(city: &City, asked: &Asked) -> Ranked {
    let seen = |subject: &Subject| match (subject, &asked.scope) {
        (Subject::Grid(codes), Some(_)) => codes.split('|').all(|code| {
            let order = city.grid.order(city.grid.position(code).expect("a grid"));
            Asked { grid: None, ..asked.clone() }.holds(city, order)
        }),
        _ => true,
    };
    let all = city.flags.iter().filter(|flag| {
        let state = match asked.state {
            Some("all") => true,
            Some("dismissed") => !city.is_open(flag),
            _ => city.is_open(flag),
        };
        let severity = asked.severity.is_none_or(|wanted| serde_json::json!(flag.severity) == wanted);
        state
            && severity
            && asked.rule.is_none_or(|wanted| wanted == flag.rule)
            && seen(&flag.subject)
            && asked.holds(city, city.home_of(&flag.subject))
            && asked.is_in(flag.at)
    });
    let rank = |flag: &Flag| match asked.near {
        Some(_) => asked.metres(flag.at),
        None => {
            let grave = [Severity::Error, Severity::Warning, Severity::Info];
            let grave = grave.iter().position(|severity| *severity == flag.severity).expect("a severity") as f64;
            2.0 * grave + 1.0 - flag.probability.unwrap_or(1.0)
        }
    };
    all.map(|flag| (rank(&flag), flag.flag_id)).collect()
}

fn pin_of(city: &City, address: &str) -> Option<LonLat> {
    city.address_at(city.address(address)?).at()
}

fn rentals(city: &City, asked: &Asked) -> Ranked {
    let rows = 0..city.records.rentals.len() as u32;
    rows.filter_map(|row| {
        let rental = city.records.rentals.at(row as usize);
        let hazards = city.hazards_of_rental(row).map(|hazard| city.records.hazards.at(hazard as usize));
        let weights = hazards.filter(|hazard| hazard.state() != HazardState::Closed).map(|h| h.severity().weight());
        let fits = rental.status() == RentalStatus::Active
            && asked.holds(city, city.rental_home(row))
            && asked.is_in(rental.address().and_then(|id| pin_of(city, id)))
            && asked.inspected.is_none_or(|wanted| city.rental_state(row).inspected.as_str() == wanted);
        fits.then(|| (-f64::from(weights.sum::<u32>()), rental.id().to_owned()))
    })
    .collect()
}

fn hazards(city: &City, asked: &Asked) -> Ranked {
    let rows = 0..city.records.hazards.len() as u32;
    rows.filter_map(|row| {
        let hazard = city.records.hazards.at(row as usize);
        let fits = asked.holds(city, city.hazard_home(row))
            && asked.is_in(pin_of(city, hazard.address()))
            && asked.state.is_none_or(|wanted| serde_json::json!(hazard.state()) == wanted)
            && asked.severity.is_none_or(|wanted| serde_json::json!(hazard.severity()) == wanted);
        let closed = if hazard.state() == HazardState::Closed { 100.0 } else { 0.0 };
        fits.then(|| (closed - f64::from(hazard.severity().weight()), hazard.id().to_owned()))
    })
    .collect()
}

fn addresses(city: &City, asked: &Asked) -> Ranked {
    let rows = 0..city.records.addresses.len() as u32;
    rows.filter_map(|row| {
        let address = city.address_at(row);
        let place = address.at().filter(|at| at.is_on_earth());
        let fits = asked.holds(city, city.home(row)) && asked.is_in(place);
        let rank = asked.near.map_or(0.0, |_| asked.metres(place));
        fits.then(|| (rank, address.id().to_owned()))
    })
    .collect()
}

/// The first pages of a list, or all of a short one, with how many it says there are.
async fn pages(
    town: &Town,
    cookie: &str,
    path: &str,
    field: &str,
    asked: &Asked,
    most: usize,
) -> (Vec<String>, Option<u64>) {
    let (mut ids, mut cursor, mut total) = (Vec::new(), String::new(), None);
    let mut limit = 7;
    while ids.len() < most {
        let page = town.json(&format!("{path}?{}{cursor}", asked.query(limit)), cookie).await;
        let items = page["items"].as_array().expect("items");
        ids.extend(items.iter().map(|item| item[field].as_str().expect("an id").to_owned()));
        total = page["total"].as_u64();
        let Some(next) = page["next"].as_str() else { break };
        cursor = format!("&cursor={next}");
        limit = limit * 3 % 331 + 1;
    }
    (ids, total)
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_hold_what_a_look_at_every_record_finds() {
    let Some(database) = Database::make("lists beside all records").await else { return };
    let today = chrono::Local::now().date_naive();
    demo::load::load(&database.owner_url(), today).await.expect("a load").expect("an empty database");
    // Some without a pin, with all that hangs on them.
    database
        .as_superuser(
            "set gridpin.actor = 'test'; set gridpin.role = 'steward'; set gridpin.scope = '*';
             update address set pin = null, pin_kind = null, pin_method = null where address_id in
             (select address_id from rental union select address_id from hazard order by 1 limit 40)",
        )
        .await;
    let town = Town::over(database, &["--rate-limit", "0"]).await;
    tokio::spawn(town.app.checker.clone().run(town.stop()));
    town.app.checker.settle().await;
    let city = town.app.live.get();
    assert!(city.rental_points.len() < city.counts_of_all().rentals as usize, "some rentals have no place");

    let mut dice = StdRng::seed_from_u64(7);
    let codes: Vec<String> = city.records.grids.iter().map(|grid| grid.code.as_str().to_owned()).collect();
    let mut session = town.database.store.begin(&steward()).await.expect("a session");
    let mut accounts = Vec::new();
    for n in 0..5 {
        let scope = (n > 0).then(|| codes[dice.random_range(0..codes.len())].clone());
        let new = NewAccount {
            name: format!("lister-{n}"),
            role: Role::Steward,
            scope: scope.as_ref().map_or(Scope::All, |code| Scope::Grid(code.as_str().into())),
            password: PASSWORD.into(),
        };
        session.add_account(&new).await.expect("an account");
        accounts.push((new.name, scope));
    }
    session.commit().await.expect("a commit");

    let pins: Vec<LonLat> =
        city.records.addresses.iter().filter_map(|a| a.at()).filter(|at| at.is_on_earth()).collect();
    let mut records = 0;
    for (name, scope) in accounts {
        let cookie = town.sign_in(&name).await;
        for round in 0..14 {
            let pin = |dice: &mut StdRng| pins[dice.random_range(0..pins.len())];
            let mut asked = Asked { scope: scope.clone(), ..Asked::default() };
            if dice.random_bool(0.5) {
                // Its corners are pins: what lies on its border is in it.
                let (a, b) = (pin(&mut dice), pin(&mut dice));
                asked.bbox = Some([a.lon.min(b.lon), a.lat.min(b.lat), a.lon.max(b.lon), a.lat.max(b.lat)]);
            }
            if round == 5 {
                asked.bbox = Some([-180.0, -90.0, 180.0, 90.0]);
            }
            if scope.is_none() && dice.random_bool(0.3) {
                asked.grid = Some(codes[dice.random_range(0..codes.len())].clone());
            }
            let near = dice.random_bool(0.5).then(|| pin(&mut dice));
            let flag = Asked {
                near,
                severity: [None, None, Some("error"), Some("warning")][dice.random_range(0..4)],
                rule: [None, None, None, Some("datum_gcj02"), Some("grid_mismatch")][dice.random_range(0..5)],
                state: [None, None, Some("all"), Some("dismissed")][dice.random_range(0..4)],
                ..asked.clone()
            };
            let rental =
                Asked { inspected: [None, Some("never"), Some("due")][dice.random_range(0..3)], ..asked.clone() };
            let hazard = Asked {
                severity: [None, Some("minor"), Some("major")][dice.random_range(0..3)],
                state: [None, Some("open"), Some("closed")][dice.random_range(0..3)],
                ..asked.clone()
            };
            let address = Asked { near, grid: None, ..asked.clone() };
            for (path, field, asked, mut expected) in [
                ("/api/flags", "flag_id", &flag, flags(&city, &flag)),
                ("/api/rentals", "rental_id", &rental, rentals(&city, &rental)),
                ("/api/hazards", "hazard_id", &hazard, hazards(&city, &hazard)),
                ("/api/addresses", "address_id", &address, addresses(&city, &address)),
            ] {
                expected.sort_by(|a, b| a.0.total_cmp(&b.0).then_with(|| a.1.cmp(&b.1)));
                let (got, total) = pages(&town, &cookie, path, field, asked, 1500).await;
                let wanted: Vec<&String> = expected.iter().map(|(_, id)| id).take(got.len().max(1)).collect();
                assert!(
                    got.iter().eq(wanted.iter().copied()),
                    "{path} {asked:?}: {:?}",
                    got.iter().zip(&wanted).find(|(a, b)| a != *b)
                );
                assert!(got.len() >= expected.len().min(1500), "{path} {asked:?}: {} of {}", got.len(), expected.len());
                assert!(total.is_none_or(|total| total == expected.len() as u64), "{path} {asked:?}: {total:?}");
                records += got.len();
            }
        }
    }
    println!("{records} records in their order");
    assert!(records > 10_000, "{records}");
}
