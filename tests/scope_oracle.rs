//! Promise: what the server shows an account, in lists and tiles, is what row security in PostGIS lets the same account read,
//! record for record: the City keeps scopes by itself, and must not be of another opinion than the store.

mod database;
#[path = "http/serving.rs"]
mod serving;
mod vector_tile;

use database::{Database, steward};
use gridpin::cli::demo;
use gridpin::domain::{Role, Scope};
use gridpin::store::NewAccount;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use serving::*;
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use std::collections::BTreeSet;

type Ids = BTreeSet<String>;

/// What an account reads through row security.
async fn stored(sql: &mut PgConnection, role: Role, scope: &str, query: &str) -> Ids {
    let mut tx = sql.begin().await.expect("a transaction");
    let bind = format!(
        "set local role gridpin_app; select set_config('gridpin.actor', 'oracle', true),
         set_config('gridpin.role', '{}', true), set_config('gridpin.scope', '{scope}', true)",
        role.as_str()
    );
    sqlx::raw_sql(AssertSqlSafe(bind)).execute(&mut *tx).await.expect("an actor");
    let ids: Vec<String> = sqlx::query_scalar(AssertSqlSafe(query.to_owned())).fetch_all(&mut *tx).await.expect(query);
    ids.into_iter().collect()
}

/// All pages of a list: an identifier of each item, where it has one.
async fn listed(town: &Town, cookie: &str, path: &str, field: &str) -> Option<Ids> {
    let (mut ids, mut cursor) = (Ids::new(), String::new());
    loop {
        let reply = town.get(&format!("{path}limit=1000{cursor}"), cookie).await;
        if reply.status == axum::http::StatusCode::FORBIDDEN {
            return None;
        }
        assert!(reply.status.is_success(), "{path}: {}", reply.text());
        let page = reply.json();
        for item in page["items"].as_array().expect("items") {
            ids.extend(item[field].as_str().map(str::to_owned));
        }
        match page["next"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return Some(ids),
        }
    }
}

fn difference(ours: &Ids, theirs: &Ids) -> String {
    let some = |ids: Vec<&String>| format!("{} ({:?})", ids.len(), ids.iter().take(5).collect::<Vec<_>>());
    format!(
        "only shown: {}; only stored: {}",
        some(ours.difference(theirs).collect()),
        some(theirs.difference(ours).collect())
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn scopes_are_those_of_row_security() {
    let Some(database) = Database::make("scopes beside row security").await else { return };
    let today = chrono::Local::now().date_naive();
    demo::load::load(&database.owner_url(), today).await.expect("a load").expect("an empty database");
    let mut sql = PgConnection::connect(&database.owner_url()).await.expect("the test database answers");
    let grids: Vec<(String, String)> = sqlx::query_as("select grid_code, level from grid order by grid_code")
        .fetch_all(&mut sql)
        .await
        .expect("grids");
    let on_earth = |pin: &str| format!("st_y({pin}) between -85 and 85 and st_x({pin}) between -180 and 180");
    // Points can be asked for from zoom 12 on, buildings are drawn from 14 on.
    let mut tiles = Vec::new();
    for (zoom, places) in
        [(12, "select pin as p from address"), (14, "select st_centroid(footprint) as p from building")]
    {
        let numbers: Vec<(i32, i32)> = sqlx::query_as(AssertSqlSafe(format!(
            "select distinct floor((st_x(p) + 180) / 360 * (1 << {zoom}))::int4,
                    floor((1 - asinh(tan(radians(st_y(p)))) / pi()) / 2 * (1 << {zoom}))::int4
             from ({places}) as places where {} order by 1, 2",
            on_earth("p")
        )))
        .fetch_all(&mut sql)
        .await
        .expect("tiles of the town");
        tiles.push(numbers);
    }
    let town = Town::over(database, &["--rate-limit", "0"]).await;
    tokio::spawn(town.app.checker.clone().run(town.stop()));
    town.app.checker.settle().await;

    // Whoever sees everything, for what row security knows nothing of.
    let mut session = town.database.store.begin(&steward()).await.expect("a session");
    let all = NewAccount { name: "all".into(), role: Role::Steward, scope: Scope::All, password: PASSWORD.into() };
    session.add_account(&all).await.expect("an account");
    let mut dice = StdRng::seed_from_u64(1);
    let roles = [Role::Collector, Role::Reviewer, Role::Department, Role::Police, Role::Steward, Role::Leader];
    let mut accounts = Vec::new();
    for n in 0..18 {
        let (code, _) = &grids[dice.random_range(0..grids.len())];
        // The largest ground too.
        let code = if n < 2 {
            grids.iter().find(|(_, level)| level == "village").map_or(code, |(code, _)| code)
        } else {
            code
        };
        let (name, role) = (format!("oracle-{n}"), roles[n % roles.len()]);
        let scope = Scope::Grid(code.as_str().into());
        let new = NewAccount { name: name.clone(), role, scope, password: PASSWORD.into() };
        session.add_account(&new).await.expect("an account");
        accounts.push((name, role, code.clone()));
    }
    session.commit().await.expect("a commit");
    let everything = town.sign_in("all").await;
    let (mut every_flag, mut cursor) = (Vec::<(String, Option<String>)>::new(), String::new());
    loop {
        let page = town.json(&format!("/api/flags?limit=1000{cursor}"), &everything).await;
        for flag in page["items"].as_array().expect("items") {
            let text = |field: &str| flag[field].as_str().map(str::to_owned);
            every_flag.push((text("flag_id").expect("an id"), text("address_id")));
        }
        let Some(next) = page["next"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }
    assert!(every_flag.len() > 100, "{}", every_flag.len());

    let layers = [
        ("address", format!("select address_id from address where {}", on_earth("pin"))),
        ("building", "select building_id from building where standing".to_owned()),
        (
            "rental",
            format!(
                "select rental_id from rental r join address a using (address_id) where r.status = 'active' and {}",
                on_earth("a.pin")
            ),
        ),
        (
            "hazard",
            format!(
                "select hazard_id from hazard h join address a using (address_id) where h.state <> 'closed' and {}",
                on_earth("a.pin")
            ),
        ),
    ];
    let lists = [
        (
            "/api/addresses?bbox=-180,-90,180,90&",
            "address_id",
            "select address_id from address where st_y(pin) between -90 and 90 and st_x(pin) between -180 and 180",
        ),
        ("/api/rentals?", "rental_id", "select rental_id from rental where status = 'active'"),
        ("/api/hazards?", "hazard_id", "select hazard_id from hazard"),
    ];
    let (mut compared, mut records) = (0, 0);
    for (name, role, scope) in &accounts {
        let cookie = town.sign_in(name).await;
        let who = format!("{} of {scope}", role.as_str());
        for (path, field, query) in lists {
            let Some(shown) = listed(&town, &cookie, path, field).await else { continue };
            let kept = stored(&mut sql, *role, scope, query).await;
            assert!(shown == kept, "{who}: {path} {}", difference(&shown, &kept));
            (compared, records) = (compared + 1, records + kept.len());
        }
        if let Some(flagged) = listed(&town, &cookie, "/api/flags?", "flag_id").await {
            let visible = stored(&mut sql, *role, scope, "select address_id from address").await;
            // Of flags about addresses; a grid's or a building's follows the City's own index.
            let of_addresses = every_flag.iter().filter(|(_, address)| address.is_some());
            let (inside, outside): (Vec<_>, Vec<_>) =
                of_addresses.partition(|(_, address)| address.as_ref().is_some_and(|id| visible.contains(id)));
            let expected: Ids = inside.into_iter().map(|(flag, _)| flag.clone()).collect();
            let leaked: Vec<_> = outside.into_iter().filter(|(flag, _)| flagged.contains(flag)).collect();
            assert!(expected.is_subset(&flagged), "{who}: {}", difference(&flagged, &expected));
            assert!(leaked.is_empty(), "{who}: flags from outside: {leaked:?}");
            (compared, records) = (compared + 1, records + expected.len());
        }
        for (layer, query) in &layers {
            let (zoom, tiles) = if *layer == "building" { (14, &tiles[1]) } else { (12, &tiles[0]) };
            let first = town.get(&format!("/tiles/{layer}/{zoom}/0/0.mvt?detail=points"), &cookie).await;
            if !first.status.is_success() {
                continue;
            }
            let mut shown = Ids::new();
            for (x, y) in tiles {
                let reply = town.get(&format!("/tiles/{layer}/{zoom}/{x}/{y}.mvt?detail=points"), &cookie).await;
                assert!(reply.status.is_success(), "{who}: {layer} {x} {y}: {}", reply.status);
                let features = vector_tile::read(&reply.body, |_| true);
                shown.extend(features.iter().map(|(_, fields)| vector_tile::text(fields, "id")));
            }
            let kept = stored(&mut sql, *role, scope, query).await;
            assert!(shown == kept, "{who}: tiles of {layer}: {}", difference(&shown, &kept));
            (compared, records) = (compared + 1, records + kept.len());
        }
    }
    println!("{compared} lists and layers of {} accounts, {records} records, as row security has them", accounts.len());
    assert!(compared > 60 && records > 1000, "{compared} {records}");
}
