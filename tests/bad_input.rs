//! Promise: bad input gets a message with place, field, value and remedy, and exit code 2; nothing panics.

mod fixture;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

const GRIDS: &str = r#"{"type":"FeatureCollection","features":[
{"type":"Feature","properties":{"grid_code":"G1","level":"grid","name":"一"},"geometry":{"type":"Polygon","coordinates":[[[119.9,28.4],[119.95,28.4],[119.95,28.45],[119.9,28.45],[119.9,28.4]]]}}]}"#;
const ADDRESSES: &str =
    "address_id,full_text,grid_code,lon,lat\nA1,中山路12号,G1,119.92,28.42\nA2,中山路14号,G1,119.93,28.43\n";

struct Bench {
    folder: tempfile::TempDir,
}

impl Bench {
    fn new() -> Bench {
        let bench = Bench { folder: tempfile::tempdir().expect("a folder") };
        bench.put("grids.geojson", GRIDS.as_bytes());
        bench.put("addresses.csv", ADDRESSES.as_bytes());
        bench
    }

    fn put(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.folder.path().join(name);
        fs::write(&path, bytes).expect("written");
        path
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// `gridpin check` with these grids and addresses.
    fn check(&self, grids: &str, addresses: &str, more: &[&str]) -> Output {
        gridpin(
            &[
                "check",
                "--grids",
                &self.name(grids),
                "--addresses",
                &self.name(addresses),
                "--out",
                &self.name("flags.csv"),
            ]
            .into_iter()
            .chain(more.iter().copied())
            .collect::<Vec<_>>(),
        )
    }

    /// `gridpin import` without a database: the form only.
    fn import(&self, kind: &str, file: &str, more: &[&str]) -> Output {
        gridpin(
            &["import", kind, &self.name(file), "--dry-run"]
                .into_iter()
                .chain(more.iter().copied())
                .collect::<Vec<_>>(),
        )
    }

    fn name(&self, name: &str) -> String {
        self.path(name).display().to_string()
    }
}

fn gridpin(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_gridpin"))
        .args(args)
        .env_remove("GRIDPIN_DATABASE")
        .output()
        .expect("gridpin runs")
}

/// Exit code 2 and a message that holds all of these.
fn refused(output: &Output, said: &[&str]) {
    let text = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{text}");
    assert!(!text.contains("panicked"), "{text}");
    for part in said {
        assert!(text.contains(part), "{part:?} is not in: {text}");
    }
}

#[test]
fn good_files_pass_and_leave_nothing_but_flags() {
    let bench = Bench::new();
    let output = bench.check("grids.geojson", "addresses.csv", &[]);
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    let mut names: Vec<String> = fs::read_dir(bench.folder.path())
        .expect("the folder")
        .map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    assert_eq!(names, ["addresses.csv", "flags.csv", "flags.grids.csv", "grids.geojson"]);
}

#[test]
fn addresses_that_will_not_do() {
    let bench = Bench::new();
    let big: String = "address_id,full_text,grid_code,lon,lat\n".to_owned()
        + &(0..100_000).map(|i| format!("A{i},路{i}号,G1,119.92,28.42\n")).collect::<String>()
        + "A100000,路";
    let gbk = encoding_rs::GBK.encode("address_id,full_text,lon,lat\nA1,中山路十二号,119.9,28.4\n").0.into_owned();
    let mixed = [ADDRESSES.as_bytes(), b"A3,\xff\xfe\xff,G1,119.9,28.4\n"].concat();
    let rows = |row: &str| format!("{ADDRESSES}{row}\n").into_bytes();
    let metres: String = "address_id,full_text,lon,lat\n".to_owned()
        + &(0..30).map(|i| format!("A{i},路{i}号,40492{i:03},3148{i:03}\n")).collect::<String>();
    let persons = "address_id,full_text,户主姓名,手机号,lon,lat\nA1,中山路12号,某,138,119.9,28.4\n";
    type Case<'a> = (&'a str, Vec<u8>, &'a [&'a str], &'a [&'a str]);
    let table: &[Case] = &[
        ("missing column", b"address_id,full_text\nA1,x\n".to_vec(), &[], &["field lon", "longitude", "--columns"]),
        ("no id", b"full_text,lon,lat\nx,1,2\n".to_vec(), &[], &["field address_id", "full_text, lon, lat"]),
        ("empty file", Vec::new(), &[], &["empty", "为空"]),
        ("headings only", b"address_id,full_text,lon,lat\n".to_vec(), &[], &["empty"]),
        ("wrong encoding given", gbk, &["--encoding", "utf-8"], &["line 2", "full_text", "UTF-8", "--encoding"]),
        ("undecodable bytes", mixed, &["--encoding", "utf-8"], &["line 4", "full_text", "UTF-8"]),
        ("unknown encoding", rows(""), &["--encoding", "klingon"], &["klingon", "gbk"]),
        ("unknown CRS", rows(""), &["--crs", "mars"], &["crs", "mars", "EPSG:4549"]),
        ("unknown EPSG code", rows(""), &["--crs", "EPSG:999999"], &["EPSG:999999", "--crs"]),
        ("CRS cannot be guessed", rows(""), &["--crs", "auto"], &["auto", "--crs"]),
        ("duplicate id", rows("A1,x,G1,1,2"), &[], &["line 4", "address_id", "A1", "line 2"]),
        ("not a number", rows("A3,x,G1,east,2"), &[], &["line 4", "field lon", "east"]),
        ("half a coordinate", rows("A3,x,G1,119.9,"), &[], &["line 4", "field lat"]),
        ("empty id", rows(",x,G1,119.9,28"), &[], &["line 4", "address_id", "empty"]),
        ("too many cells", rows("A3,x,G1,119.9,28,extra"), &[], &["line 4", "6 cells", "5"]),
        ("last of many lines broken", big.into_bytes(), &[], &["line 100002", "2 cells", "cut off"]),
        ("metres for degrees", metres.into_bytes(), &[], &["40492000", "EPSG:4528", "--crs"]),
        ("persons", persons.as_bytes().to_vec(), &[], &["户主姓名", "手机号", "--drop-person-columns"]),
        (
            "a phone in the text",
            rows("A3,中山路1号 13800138000,G1,119.9,28.4"),
            &[],
            &["line 4", "full_text", "13*********"],
        ),
        ("a spreadsheet in disguise", b"PK\x03\x04rest of a zip".to_vec(), &[], &["CSV", "ZIP / XLSX"]),
        ("binary", vec![0; 4096], &[], &["CSV", "content"]),
    ];
    for (what, bytes, more, said) in table {
        bench.put("bad.csv", bytes);
        let output = bench.import("address", "bad.csv", more);
        eprintln!("{what}: {}", String::from_utf8_lossy(&output.stderr).lines().next().unwrap_or_default());
        refused(&output, said);
        assert!(String::from_utf8_lossy(&output.stderr).contains("bad.csv") || more.len() == 2, "{what}: no place");
    }
}

#[test]
fn grids_that_will_not_do() {
    let bench = Bench::new();
    let with = |properties: &str, geometry: &str| {
        format!(
            r#"{{"type":"FeatureCollection","features":[{{"type":"Feature","properties":{properties},"geometry":{geometry}}}]}}"#
        )
    };
    let named = r#"{"grid_code":"G1","level":"grid"}"#;
    let square = "[[[119.9,28.4],[119.95,28.4],[119.95,28.45],[119.9,28.45],[119.9,28.4]]]";
    let area = format!(r#"{{"type":"Polygon","coordinates":{square}}}"#);
    let bow =
        r#"{"type":"Polygon","coordinates":[[[119.9,28.4],[119.95,28.45],[119.95,28.4],[119.9,28.45],[119.9,28.4]]]}"#;
    let far =
        r#"{"type":"Polygon","coordinates":[[[492000,3148000],[493000,3148000],[493000,3149000],[492000,3148000]]]}"#;
    let point = r#"{"type":"Point","coordinates":[119.9,28.4]}"#;
    let level = with(r#"{"grid_code":"G1","level":"planet"}"#, &area);
    let table: &[(&str, String, &[&str])] = &[
        ("invalid ring", with(named, bow), &["feature 1", "geometry", "ring 1", "119.925000, 28.425000"]),
        ("out of range", with(named, far), &["feature 1", "492000", "--crs"]),
        ("a point", with(named, point), &["feature 1", "geometry", "polygon"]),
        ("no geometry", with(named, "null"), &["feature 1", "geometry"]),
        ("unknown level", level, &["feature 1", "field level", "planet", "microgrid"]),
        ("no level", with(r#"{"grid_code":"G1"}"#, &area), &["field level", "grid_code"]),
        ("cut off", GRIDS[..200].to_owned(), &["GeoJSON"]),
        ("not JSON", "hello".to_owned(), &["GeoJSON", "text"]),
        ("no features", r#"{"type":"FeatureCollection","features":[]}"#.to_owned(), &["bad.geojson"]),
    ];
    for (what, text, said) in table {
        bench.put("bad.geojson", text.as_bytes());
        let output = bench.import("grid", "bad.geojson", &[]);
        eprintln!("{what}: {}", String::from_utf8_lossy(&output.stderr).lines().next().unwrap_or_default());
        refused(&output, said);
    }
    // A check flags an invalid ring instead.
    bench.put("bow.geojson", with(named, bow).as_bytes());
    let output = bench.check("bow.geojson", "addresses.csv", &[]);
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    let flags = fs::read_to_string(bench.path("flags.grids.csv")).expect("flags of grids");
    assert!(flags.starts_with("grid_code,rule,") && flags.contains("G1,grid_invalid,E"), "{flags}");
}

#[test]
fn files_that_are_no_files() {
    let bench = Bench::new();
    fs::create_dir(bench.path("folder.csv")).expect("a folder");
    bench.put("fake.gpkg", b"this is text");
    bench.put("fake.xlsx", b"this is text");
    bench.put("fake.fgb", b"{}");
    bench.put("fake.csv.gz", b"address_id,full_text,lon,lat\n");
    bench.put("odd.docx", b"x");
    bench.put("alone.shp", &[0, 0, 0x27, 0x0a, 0, 0, 0, 0]);
    bench.put("city.osm.pbf", b"x");
    let table: &[(&str, &[&str])] = &[
        ("missing.csv", &["missing.csv", "no such file"]),
        ("folder.csv", &["folder.csv", "folder"]),
        ("fake.gpkg", &["GeoPackage", "text"]),
        ("fake.xlsx", &["XLSX", "text"]),
        ("fake.fgb", &["FlatGeobuf", "JSON"]),
        ("fake.csv.gz", &["fake.csv.gz", "cut off"]),
        ("odd.docx", &["docx", "geojson"]),
        ("alone.shp", &["alone.shp", ".shx", "missing"]),
        ("city.osm.pbf", &["import osm"]),
    ];
    for (file, said) in table {
        refused(&bench.import("address", file, &[]), said);
        refused(&bench.check("grids.geojson", file, &[]), said);
    }
    refused(&gridpin(&["import", "osm", &bench.name("city.osm.pbf"), "--dry-run"]), &["city.osm.pbf"]);
    refused(&bench.check("grids.geojson", "addresses.csv", &["--report", "nowhere/r.html"]), &["--report", "folder"]);
    refused(&bench.check("grids.geojson", "addresses.csv", &["--format", "parquet"]), &["parquet"]);
    assert!(!bench.path("flags.csv").exists(), "a refused check leaves no flags");
}

#[test]
fn rejects_come_in_the_shape_of_the_input() {
    let bench = Bench::new();
    bench.put(
        "some.csv",
        format!("{ADDRESSES}A3,x,G1,east,28\nA1,y,G1,119.9,28.4\nA4,z 13800138000,G1,119.9,28.4\n").as_bytes(),
    );
    let rejects = bench.name("rejects.csv");
    let output = bench.import("address", "some.csv", &["--rejects", &rejects]);
    refused(&output, &["3 rows were rejected and nothing was imported"]);
    let out = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(out.contains("read 5 = accepted 2 + unchanged 0 + rejected 3"), "{out}");
    let text = fs::read_to_string(&rejects).expect("rejects");
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines[0], "\u{feff}address_id,full_text,grid_code,lon,lat,row,field,value,reason");
    assert!(lines[1].starts_with("A3,x,G1,east,28,4,lon,east,"), "{text}");
    assert!(lines[2].starts_with("A1,y,G1,119.9,28.4,5,address_id,A1,"), "{text}");
    assert!(lines[3].starts_with("A4,z 13*********,G1,119.9,28.4,6,full_text,"), "{text}");
    let output = bench.import("address", "some.csv", &["--keep-good"]);
    assert_eq!(output.status.code(), Some(0));
    let output = bench.check("grids.geojson", "some.csv", &["--keep-good"]);
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn care_groups_are_closed() {
    let bench = Bench::new();
    for group in ["民族", "信访", "精神病", "religion", "drug_user"] {
        bench.put(
            "h.csv",
            format!("grid_code,care_group,count,counted_on\nG1,living_alone,3,2026-01-01\nG1,{group},4,2026-01-01\n")
                .as_bytes(),
        );
        refused(&bench.import("headcount", "h.csv", &["--keep-good"]), &["line 3", "care_group", group, "closed"]);
    }
    bench.put("h.csv", "grid_code,群体,人数,统计日期\nG1,独居老人,3,2026-01-01\n".as_bytes());
    let output = bench.import("headcount", "h.csv", &[]);
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn damaged_real_files_do_not_panic() {
    let bench = Bench::new();
    for file in [
        "data/samples/fgb/osm-buildings-3857-ch-sample.fgb",
        "data/samples/es_catastro_gml/parcel.gpkg",
        "data/samples/tw/chiayi_code2.topojson",
        "data/samples/osm/monaco.osm.pbf",
    ] {
        let Some(path) = fixture::shared(file) else { return };
        let bytes = fs::read(&path).expect("readable");
        let name = Path::new(file).file_name().expect("a name").to_string_lossy().into_owned();
        for cut in [100, bytes.len() / 3, bytes.len() - 50] {
            bench.put(&name, &bytes[..cut]);
            let kind = if name.ends_with("pbf") { "osm" } else { "building" };
            let output = bench.import(kind, &name, &[]);
            let text = String::from_utf8_lossy(&output.stderr);
            assert_eq!(output.status.code(), Some(2), "{name} cut at {cut}: {text}");
            assert!(!text.contains("panicked"), "{name} cut at {cut}: {text}");
        }
    }
}
