//! Promise: files as others publish them come in whole: every format, encoding and coordinate system, with right names
//! and counts.

mod fixture;

use fixture::shared;
use gridpin::domain::{Address, Building, Footprint, Grid, GridLevel, LonLat, Place};
use gridpin::exchange::{Columns, Kind, Read, ReadOptions, read};
use std::path::Path;

/// Reads with a site's own headings.
fn with<T: Kind>(path: &Path, columns: &str, options: ReadOptions) -> Read<T> {
    let folder = tempfile::tempdir().expect("a folder");
    let toml = folder.path().join("columns.toml");
    std::fs::write(&toml, columns).expect("written");
    let options = ReadOptions { columns: Columns::with_file(&toml).expect("columns"), ..options };
    read::<T>(path, &options).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

const TOWN_BLOCK: &str = "[grid]\ngrid_code = 'KEY_CODE'\nname = 'S_NAME'\n[grid.constant]\nlevel = 'village'\n";

#[test]
fn a_shift_jis_shapefile_without_cpg() {
    let Some(path) = shared("data/samples/jp_sjis_shp/r2ka13105.shp") else { return };
    let read = with::<Grid>(&path, TOWN_BLOCK, ReadOptions::default());
    assert!(read.notes.iter().any(|note| note.en.contains("Shift_JIS")), "{:?}", read.notes);
    assert_eq!((read.rows.len(), read.rejects.len()), (68, 0));
    let first = &read.rows[0].record;
    assert_eq!((first.code.as_str(), first.level), ("13105010001", GridLevel::Village));
    let names: Vec<&str> = read.rows.iter().map(|row| row.record.name.as_str()).collect();
    assert!(names.contains(&"白山一丁目") && names.contains(&"千駄木五丁目"), "{names:?}");
    assert!(names.iter().all(|name| name.ends_with("丁目") || name.chars().all(|c| c > '\u{3000}')), "{names:?}");
}

#[test]
fn repeated_keys_are_told_with_both_rows() {
    let Some(path) = shared("data/samples/jp_sjis_shp/r2ka13103.shp") else { return };
    let read = with::<Grid>(&path, TOWN_BLOCK, ReadOptions::default());
    assert_eq!(read.rows.len() + read.rejects.len(), 140);
    assert!(!read.rejects.is_empty());
    let text = read.all().expect_err("repeated keys").to_string();
    assert!(text.contains("grid_code") && text.contains("first at feature"), "{text}");
}

#[test]
fn a_shift_jis_csv_with_latitude_first() {
    let Some(path) = shared("data/samples/jp_sjis_csv/30_2023.csv") else { return };
    let columns = "[address]\naddress_id = '大字町丁目コード'\nfull_text = '大字町丁目名'\ncity = '市区町村名'\n";
    let read = with::<Address>(&path, columns, ReadOptions::default());
    assert_eq!((read.rows.len(), read.rejects.len()), (1_918, 0), "{:?}", read.rejects.first());
    let first = &read.rows[0];
    assert_eq!((first.number, first.record.full_text.as_str()), (2, "葵町"));
    assert_eq!(first.record.pin.as_ref().map(|pin| pin.at), Some(LonLat::new(135.163085, 34.213480)));
}

#[test]
fn a_cp950_csv_that_strict_big5_rejects_and_that_is_cut_off() {
    let Some(path) = shared("data/samples/tw/wetland_points_cp950_notclean_head300k.csv") else { return };
    let columns = "[place]\nplace_id = '時間'\nname = '俗名'\n";
    let read = with::<Place>(&path, columns, ReadOptions::default());
    assert!(read.notes.iter().any(|note| note.en.contains("Big5")), "{:?}", read.notes);
    assert!(read.rows.iter().any(|row| row.record.name == "東亞家蝠"));
    let last = read.rejects.last().expect("the last line is cut");
    assert!(last.complaint.reason.en.contains("cut off"), "{:?}", last);
}

#[test]
fn gml_in_utm() {
    let Some(path) = shared("data/samples/es_catastro_gml/zoning.gml") else { return };
    let columns =
        "[grid]\ngrid_code = 'nationalCadastalZoningReference'\nname = 'label'\n[grid.constant]\nlevel = '4'\n";
    let read = with::<Grid>(&path, columns, ReadOptions { judge_rings: false, ..ReadOptions::default() });
    assert_eq!(read.rows.len() + read.rejects.len(), 241);
    assert!(read.rows.len() >= 240, "{:?}", read.rejects.first());
    let at = read.rows[0].record.polygon.0[0].exterior().0[0];
    assert!((-17.0..-16.0).contains(&at.x) && (28.0..28.6).contains(&at.y), "{at:?} is not on Tenerife or La Gomera");
}

#[test]
fn gml_with_two_layers_needs_no_layer_option_when_one_fits() {
    let Some(path) = shared("data/samples/es_catastro_gml/address.gml") else { return };
    let columns = "[address]\naddress_id = 'localId'\nfull_text = 'designator'\n";
    let read = with::<Address>(&path, columns, ReadOptions::default());
    assert_eq!((read.rows.len(), read.rejects.len()), (14, 0));
    assert!(read.rows.iter().all(|row| row.record.pin.as_ref().is_some_and(|pin| pin.at.lon < -16.0)));
}

#[test]
fn geopackage_and_shapefile_in_utm() {
    let Some(gpkg) = shared("data/samples/es_catastro_gml/parcel.gpkg") else { return };
    let columns = "[building]\nbuilding_id = 'localId'\n";
    let read_gpkg = with::<Building>(&gpkg, columns, ReadOptions::default());
    // Its own table of counts says 264; 78 of them were deleted.
    assert_eq!((read_gpkg.rows.len(), read_gpkg.rejects.len()), (186, 0));
    let Some(shp) = shared("data/samples/es_catastro_gml/cons.shp") else { return };
    let columns = "[building]\nbuilding_id = 'localId'\nfloors = 'lev_above'\nkind = 'currentUse'\n";
    let read_shp = with::<Building>(&shp, columns, ReadOptions::default());
    assert_eq!(read_shp.rows.len() + read_shp.rejects.len(), 1_196);
    assert!(read_shp.rows.iter().any(|row| row.record.floors.is_some_and(|floors| floors > 1)));
}

#[test]
fn flatgeobuf_in_web_mercator() {
    let Some(path) = shared("data/samples/fgb/osm-buildings-3857-ch-sample.fgb") else { return };
    let columns = "[building]\nbuilding_id = 'other_tags'\nkind = 'building'\n";
    let read = with::<Building>(&path, columns, ReadOptions::default());
    assert_eq!(read.rows.len() + read.rejects.len(), 204);
    for row in read.rows {
        let Footprint::Area(area) = row.record.footprint else { panic!("a footprint") };
        let at = area.0[0].exterior().0[0];
        assert!((8.5..8.6).contains(&at.x) && (47.3..47.5).contains(&at.y), "{at:?} is not in Switzerland");
    }
}

#[test]
fn quantized_topojson() {
    let Some(path) = shared("data/samples/tw/chiayi_code2.topojson") else { return };
    let columns = "[grid]\ngrid_code = 'CODE2'\n[grid.constant]\nlevel = '5'\n";
    let read = with::<Grid>(&path, columns, ReadOptions { judge_rings: false, ..ReadOptions::default() });
    assert_eq!(read.rows.len() + read.rejects.len(), 104, "{:?}", read.rejects.first());
    let at = read.rows[0].record.polygon.0[0].exterior().0[0];
    assert!((120.3..120.6).contains(&at.x) && (23.4..23.6).contains(&at.y), "{at:?} is not in Chiayi");
}

#[test]
fn bunkyo_is_read_as_published() {
    let (Some(units), Some(addresses), Some(buildings)) = (
        shared("data/bunkyo/units.geojson.gz"),
        shared("data/bunkyo/addresses.csv.gz"),
        shared("data/bunkyo/buildings.geojson.gz"),
    ) else {
        return;
    };
    let options = ReadOptions { judge_rings: false, screen: false, ..ReadOptions::default() };
    let units = read::<Grid>(&units, &options).expect("units");
    assert_eq!((units.rows.len(), units.rejects.len()), (88, 0), "{:?}", units.rejects.first());
    assert_eq!(units.rows[0].record.parent, None);
    assert!(
        units.rows.iter().filter(|row| row.record.level == GridLevel::Village).all(|row| row.record.parent.is_some())
    );
    let addresses = read::<Address>(&addresses, &options).expect("addresses");
    assert_eq!((addresses.rows.len(), addresses.rejects.len()), (30_156, 0), "{:?}", addresses.rejects.first());
    let first = &addresses.rows[0].record;
    assert_eq!(first.grid.as_deref(), Some("13105013001"));
    assert_eq!(first.full_text, "東京都文京区白山１丁目1番1号");
    assert_eq!(first.pin.as_ref().map(|pin| pin.at), Some(LonLat::new(139.752436911, 35.715149108)));
    let buildings = read::<Building>(&buildings, &options).expect("buildings");
    assert_eq!((buildings.rows.len(), buildings.rejects.len()), (36_574, 0), "{:?}", buildings.rejects.first());
    assert_eq!(buildings.rows.iter().filter(|row| row.record.grid.is_none()).count(), 1_755);
}

#[test]
fn openstreetmap_extracts_become_cities() {
    let Some(path) = shared("data/samples/osm/liechtenstein.osm.pbf") else { return };
    let city = gridpin::exchange::osm::read(&path).expect("an extract");
    let ways = city.buildings.iter().filter(|building| building.id.starts_with("osm-w")).count();
    // The extract has 8,992 ways with `building`: these 8,981; one says `building=no`; two are not closed; eight are the
    // outlines of multipolygon relations, which bring their holes and are twelve with those that are tagged themselves.
    assert_eq!((ways, city.buildings.len(), city.addresses.len()), (8_981, 8_993, 1_008));
    assert!(city.notes.iter().any(|note| note.en.contains("osm-w346556167, osm-w346556203")), "{:?}", city.notes);
    let finest = city.grids.iter().map(|grid| grid.level).max().expect("grids");
    let towns: Vec<&Grid> = city.grids.iter().filter(|grid| grid.level == finest).collect();
    let mut names: Vec<&str> = towns.iter().map(|grid| grid.name.as_str()).collect();
    names.sort_unstable();
    let expected = [
        "Balzers",
        "Eschen",
        "Gamprin",
        "Mauren",
        "Planken",
        "Ruggell",
        "Schaan",
        "Schellenberg",
        "Triesen",
        "Triesenberg",
        "Vaduz",
    ];
    assert_eq!(names, expected);
    assert!(towns.iter().any(|grid| grid.polygon.0.len() > 1), "exclaves");
    assert!(towns.iter().all(|grid| grid.parent.is_some()));
    assert!(city.addresses.iter().filter(|address| address.grid.is_some()).count() > 900);
    // Of Helsinki's 433, two are outlines of relations.
    for (file, buildings, addresses) in [("monaco", 1_183, 257), ("helsinki", 431, 1_470)] {
        let Some(path) = shared(&format!("data/samples/osm/{file}.osm.pbf")) else { return };
        let city = gridpin::exchange::osm::read(&path).expect("an extract");
        let ways = city.buildings.iter().filter(|building| building.id.starts_with("osm-w")).count();
        assert_eq!((ways, city.addresses.len()), (buildings, addresses), "{file}");
    }
}
