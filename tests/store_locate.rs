//! Promise: the database and the index agree, point by point, on the grids that hold a point.

#[path = "../benches/coverage/mod.rs"]
mod coverage;
mod database;

use database::*;
use gridpin::domain::*;
use gridpin::index::GridIndex;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use sqlx::{Connection, PgConnection};

/// Which micro-grids hold each point, and which grid it belongs to, as the database tells.
async fn told(url: &str, points: &[LonLat]) -> (Vec<(i64, String)>, Vec<String>) {
    let mut connection = PgConnection::connect(url).await.expect("the test database answers");
    let (lon, lat): (Vec<f64>, Vec<f64>) = points.iter().map(|at| (at.lon, at.lat)).unzip();
    let holders = "select n, g.grid_code from unnest($1::float8[], $2::float8[]) with ordinality as p(lon, lat, n)
        cross join lateral st_setsrid(st_point(lon, lat), 4490) as at
        join grid g on g.level = 'microgrid' and g.polygon && at and st_covers(g.polygon, at) order by n, g.grid_code";
    let owners = "select coalesce(locate(st_setsrid(st_point(lon, lat), 4490)), '')
        from unnest($1::float8[], $2::float8[]) with ordinality as p(lon, lat, n) order by n";
    let holders = sqlx::query_as(holders).bind(&lon).bind(&lat).fetch_all(&mut connection).await.expect("holders");
    let owners = sqlx::query_scalar(owners).bind(&lon).bind(&lat).fetch_all(&mut connection).await.expect("owners");
    (holders, owners)
}

#[tokio::test]
async fn a_point_on_a_border_belongs_to_the_same_grid_in_both() {
    let Some(db) = Database::make("whom a point on a border belongs to").await else { return };
    // Micro-grids with bent borders and holes, codes in no order, under two villages that leave some of them out.
    let mut grids: Vec<Grid> = coverage::invent(8, 8, 11).iter().cloned().collect();
    grids.push(grid("V1", GridLevel::Village, None, square(119.9005, 28.4005, 0.008)));
    grids.push(grid("V0", GridLevel::Village, None, square(119.9085, 28.4005, 0.006)));
    import(&db.store, grids.clone()).await.expect("grids");
    let index = GridIndex::build(&grids.into_iter().collect());

    let mut rng = ChaCha8Rng::seed_from_u64(12);
    let mut draw = || LonLat::new(119.9 + rng.random_range(-0.001..0.017), 28.4 + rng.random_range(-0.001..0.017));
    let mut points: Vec<LonLat> = (0..20_000).map(|_| draw()).collect();
    for i in 0..index.len() as u32 {
        index.outline(i).each_edge(|a, b| {
            let middle = [(a[0] + b[0]) / 2.0, (a[1] + b[1]) / 2.0];
            for [lon, lat] in [a, middle] {
                points.extend([0.0, 1e-9, -1e-9, 2e-8].map(|off| LonLat::new(lon + off, lat - off)));
            }
        });
    }
    let (holders, owners) = told(&db.owner_url(), &points).await;
    let mut by_point: Vec<Vec<String>> = vec![Vec::new(); points.len()];
    holders.into_iter().for_each(|(n, code)| by_point[n as usize - 1].push(code));

    let (mut shared, mut none, mut differing) = (0, 0, Vec::new());
    for ((at, held), owner) in points.iter().zip(&by_point).zip(&owners) {
        let codes = |i: Vec<u32>| i.into_iter().map(|i| index.code(i).to_string()).collect::<Vec<_>>();
        let (ours, own) =
            (codes(index.locate_all(*at, GridLevel::Microgrid)), codes(index.finest(*at).into_iter().collect()));
        shared += usize::from(held.len() > 1);
        none += usize::from(owner.is_empty());
        if ours != *held || own.first().map_or("", String::as_str) != owner {
            differing.push((at, ours, held, own, owner));
        }
    }
    assert!(points.len() > 39_000 && shared > 2_500 && none > 1_000, "{} {shared} {none}", points.len());
    assert!(
        differing.is_empty(),
        "{} of {}, the first: {:?}",
        differing.len(),
        points.len(),
        &differing[..differing.len().min(3)]
    );
}
