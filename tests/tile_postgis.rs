//! Promise: a tile drawn from the City is the tile that PostGIS draws from the same records: the same features with the
//! same values, in the same place to the unit; and what a tile counts is what SQL counts.

mod database;
mod vector_tile;

use database::Database;
use fast_mvt::{MvtGeometry, MvtValue};
use geo::{Area, BooleanOps, Euclidean, Length, MultiPolygon, Rect};
use gridpin::check::Thresholds;
use gridpin::city::City;
use gridpin::cli::demo;
use gridpin::domain::{Actor, Role, Scope};
use gridpin::store::Store;
use gridpin::tile::{self, Detail};
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use std::collections::BTreeMap;
use vector_tile::{Fields, polygons, text};

/// The records of a layer for ST_AsMVT: an identifier, the fields that SQL can tell in few words, and the geometry as the
/// database keeps it. CGCS2000 is drawn as WGS 84, as the City does: they differ by centimetres.
const ADDRESS: &str = "select address_id as id, coalesce(nullif(house_number, ''), nullif(building, ''),
        nullif(group_name, ''), nullif(compound, ''), nullif(room, ''), full_text) as label,
        coalesce(scope_grid, '') as grid, status,
        coalesce(array_position(array['door', 'unit_entrance', 'building', 'room', 'courtyard', 'fire_access'], pin_kind), 0)
            as rank, pin as geometry
    from address where st_y(pin) between -85 and 85 and st_x(pin) between -180 and 180";
const RENTAL: &str = "select r.rental_id as id, r.address_id as address, r.registered_on is not null as registered,
        a.pin as geometry
    from rental r join address a using (address_id)
    where r.status = 'active' and st_y(a.pin) between -85 and 85 and st_x(a.pin) between -180 and 180";
const HAZARD: &str = "select h.hazard_id as id, h.item, h.severity, h.state, a.pin as geometry
    from hazard h join address a using (address_id)
    where h.state <> 'closed' and st_y(a.pin) between -85 and 85 and st_x(a.pin) between -180 and 180";
const BUILDING: &str = "select building_id as id, floors, kind, footprint as geometry from building where standing";
const GRID: &str =
    "select grid_code as code, name, level, coalesce(parent_code, '') as parent, polygon as geometry from grid";

/// Beyond the tile's edge shapes go on this far, in its units.
const BUFFER: u32 = 64;

/// A town in a database, the City of it, and whom it is drawn for.
struct Town {
    _database: Database,
    sql: PgConnection,
    city: City,
    steward: Actor,
}

impl Town {
    async fn open(what: &str) -> Option<Town> {
        let database = Database::make(what).await?;
        let today = "2026-11-21".parse().expect("a day");
        demo::load::load(&database.owner_url(), today).await.expect("a load").expect("an empty database");
        let records = database.store.load(&Store::system()).await.expect("records").records;
        let city = City::with_flags(records, Thresholds::default(), today, Vec::new());
        let sql = PgConnection::connect(&database.owner_url()).await.expect("the test database answers");
        let steward = Actor { name: "t".into(), role: Role::Steward, scope: Scope::All };
        Some(Town { _database: database, sql, city, steward })
    }

    /// The tiles of a zoom that hold a building or a pin on the town's ground.
    async fn tiles(&mut self, z: u8) -> Vec<(u8, u32, u32)> {
        let sql = "select distinct floor((st_x(p) + 180) / 360 * (1 << $1))::int4,
                floor((1 - asinh(tan(radians(st_y(p)))) / pi()) / 2 * (1 << $1))::int4
            from (select st_centroid(footprint) as p from building union all select st_centroid(polygon) from grid) as all_of
            order by 1, 2";
        let rows: Vec<(i32, i32)> =
            sqlx::query_as(sql).bind(i32::from(z)).fetch_all(&mut self.sql).await.expect("tiles of the town");
        rows.into_iter().map(|(x, y)| (z, x as u32, y as u32)).collect()
    }

    /// What PostGIS draws.
    async fn drawn(&mut self, records: &str, (z, x, y): (u8, u32, u32), buffer: u32) -> Vec<(MvtGeometry, Fields)> {
        let sql = format!(
            "select coalesce(st_asmvt(t, 'x', 4096, 'place'), '') from (
                select to_jsonb(r) - 'geometry', st_asmvtgeom(st_transform(st_setsrid(geometry, 4326), 3857), e, 4096, {buffer}, true) as place
                from st_tileenvelope({z}, {x}, {y}) as e, ({records}) as r
                where st_setsrid(geometry, 4326) && st_transform(st_expand(e, {buffer} * (st_xmax(e) - st_xmin(e)) / 4096),
                    4326)) as t"
        );
        let bytes: Vec<u8> =
            sqlx::query_scalar(AssertSqlSafe(sql)).fetch_one(&mut self.sql).await.expect("ST_AsMVT answers");
        read(&bytes)
    }

    /// What we draw.
    fn ours(&self, layer: &str, tile: (u8, u32, u32)) -> Vec<(MvtGeometry, Fields)> {
        read(&tile::render(&self.city, &[layer], tile, Detail::Points, &self.steward).expect("a tile").bytes)
    }
}

fn read(bytes: &[u8]) -> Vec<(MvtGeometry, Fields)> {
    vector_tile::read(bytes, |_| true)
}

/// A value, whatever kind of whole number the encoder took for it.
fn plain(value: &MvtValue) -> String {
    match value {
        MvtValue::Int(n) | MvtValue::SInt(n) => n.to_string(),
        MvtValue::UInt(n) => n.to_string(),
        MvtValue::String(text) => format!("{text:?}"),
        MvtValue::Bool(truth) => truth.to_string(),
        other => panic!("{other:?}"),
    }
}

/// The fields that both have: ours has more.
fn told(ours: &Fields, theirs: &Fields) -> [Vec<(String, String)>; 2] {
    let pick = |fields: &Fields| {
        let of = theirs.keys().filter_map(|key| Some((key.clone(), plain(fields.get(key)?))));
        of.collect()
    };
    [pick(ours), pick(theirs)]
}

#[tokio::test(flavor = "multi_thread")]
async fn points_are_those_of_st_asmvt() {
    let Some(mut town) = Town::open("points beside ST_AsMVT").await else { return };
    for (layer, records, z) in [
        ("address", ADDRESS, 13),
        ("address", ADDRESS, 14),
        ("address", ADDRESS, 16),
        ("rental", RENTAL, 14),
        ("hazard", HAZARD, 15),
    ] {
        let mut seen = 0;
        for tile in town.tiles(z).await {
            let mut theirs: BTreeMap<String, (MvtGeometry, Fields)> =
                town.drawn(records, tile, 0).await.into_iter().map(|one| (text(&one.1, "id"), one)).collect();
            for (geometry, fields) in town.ours(layer, tile) {
                let MvtGeometry::Point(ours) = geometry else { panic!("{geometry:?}") };
                let id = text(&fields, "id");
                // A point on the edge between two tiles is in one of ours, and in both of theirs.
                let Some((MvtGeometry::Point(other), said)) = theirs.remove(&id) else {
                    panic!("{layer} {tile:?}: PostGIS does not draw {id}")
                };
                let off = (ours.x() - other.x()).abs().max((ours.y() - other.y()).abs());
                assert!(off <= 1, "{layer} {tile:?} {id}: {ours:?} and {other:?}");
                let [ours, theirs] = told(&fields, &said);
                assert_eq!(ours, theirs, "{layer} {tile:?} {id}");
                seen += 1;
            }
            for (id, (geometry, _)) in theirs {
                let MvtGeometry::Point(at) = geometry else { panic!("{geometry:?}") };
                let edge = [at.x(), at.y()].iter().any(|v| *v <= 0 || *v >= 4096);
                assert!(edge, "{layer} {tile:?}: only PostGIS draws {id}, at {at:?}");
            }
        }
        assert!(seen > 50, "{layer} z{z}: {seen} features");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn shapes_cover_the_ground_of_st_asmvt() {
    let Some(mut town) = Town::open("shapes beside ST_AsMVT").await else { return };
    let inside = Rect::new((0.0, 0.0), (4096.0, 4096.0)).to_polygon();
    // The ground that a shape covers within the tile, and how long its border is there.
    let ground = |geometry: &MvtGeometry| polygons(geometry).intersection(&inside);
    let length =
        |shape: &MultiPolygon| shape.iter().flat_map(|p| p.rings().map(|ring| Euclidean.length(ring))).sum::<f64>();
    for (layer, key, records, z) in [
        ("building", "id", BUILDING, 14),
        ("building", "id", BUILDING, 16),
        ("grid", "code", GRID, 12),
        ("grid", "code", GRID, 14),
        ("grid", "code", GRID, 16),
    ] {
        let mut seen = 0;
        for tile in town.tiles(z).await.into_iter().step_by(2) {
            // Points are the places of labels, or buildings of which no more is known.
            let is_shape = |one: &(MvtGeometry, Fields)| !matches!(one.0, MvtGeometry::Point(_));
            let ours = town.ours(layer, tile).into_iter().filter(is_shape);
            let mut ours: BTreeMap<String, (MvtGeometry, Fields)> = ours.map(|one| (text(&one.1, key), one)).collect();
            for (geometry, said) in town.drawn(records, tile, BUFFER).await.into_iter().filter(is_shape) {
                let id = text(&said, key);
                let theirs = ground(&geometry);
                let Some((geometry, fields)) = ours.remove(&id) else {
                    // What is less than a few units across may be left out, and grids are told level by level.
                    let is_shown = layer == "building" && theirs.unsigned_area() > 16.0;
                    assert!(!is_shown, "{layer} {tile:?}: only PostGIS draws {id}");
                    continue;
                };
                let own = ground(&geometry);
                // Each border may be off by a unit, for rounding and for what is simplified.
                let slack = 1.5 * length(&theirs).max(length(&own)) + 8.0;
                let differing = own.xor(&theirs).unsigned_area();
                assert!(differing <= slack, "{layer} {tile:?} {id}: {differing} differs, {slack} may");
                let [ours, theirs] = told(&fields, &said);
                assert_eq!(ours, theirs, "{layer} {tile:?} {id}");
                seen += 1;
            }
            for (id, (geometry, _)) in ours {
                assert!(ground(&geometry).unsigned_area() <= 16.0, "{layer} {tile:?}: PostGIS does not draw {id}");
            }
        }
        assert!(seen > if z > 12 { 50 } else { 5 }, "{layer} z{z}: {seen} features");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn cells_count_what_sql_counts() {
    let Some(mut town) = Town::open("counts beside SQL").await else { return };
    for (layer, records) in [("address", ADDRESS), ("rental", RENTAL), ("hazard", HAZARD)] {
        for z in [6u8, 10, 11] {
            let cells = format!(
                "select floor((st_x(geometry) + 180) / 360 * (1 << {z}) * 16)::int8 as x,
                    floor((1 - asinh(tan(radians(st_y(geometry)))) / pi()) / 2 * (1 << {z}) * 16)::int8 as y, count(*)
                 from ({records}) as r group by 1, 2"
            );
            let rows: Vec<(i64, i64, i64)> =
                sqlx::query_as(AssertSqlSafe(cells)).fetch_all(&mut town.sql).await.expect("cells");
            let mut expected: BTreeMap<(i64, i64), i64> = rows.into_iter().map(|(x, y, n)| ((x, y), n)).collect();
            let mut tiles: Vec<(i64, i64)> =
                expected.keys().map(|(x, y)| (x.div_euclid(16), y.div_euclid(16))).collect();
            tiles.dedup();
            tiles.sort_unstable();
            tiles.dedup();
            for (x, y) in tiles {
                for (geometry, fields) in read(
                    &tile::render(&town.city, &[layer], (z, x as u32, y as u32), Detail::Map, &town.steward)
                        .expect("a tile")
                        .bytes,
                ) {
                    let MvtGeometry::Point(at) = geometry else { panic!("{geometry:?}") };
                    let cell = (x * 16 + i64::from(at.x() / 256), y * 16 + i64::from(at.y() / 256));
                    let count: i64 = plain(&fields["count"]).parse().expect("a count");
                    assert_eq!(expected.remove(&cell), Some(count), "{layer} z{z} {cell:?}");
                }
            }
            assert!(expected.is_empty(), "{layer} z{z}: not drawn: {expected:?}");
        }
    }
}
