//! Promise: `gridpin import` as people use it: files in, counts out, twice the same is once, a broken file changes nothing,
//! and everything can be tried first and taken back afterwards.

mod database;

use database::Database;
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A database with the command line beside it.
struct Site {
    database: Database,
    folder: tempfile::TempDir,
}

/// What a command said.
#[derive(Debug)]
struct Said {
    code: i32,
    out: String,
    err: String,
}

impl Site {
    /// A site with the village V and its grids V01 and V02, imported from GeoJSON.
    async fn make(what: &str) -> Option<Site> {
        let site = Site { database: Database::make(what).await?, folder: tempfile::tempdir().expect("a folder") };
        let feature = |code: &str, level: &str, parent: &str, west: f64, east: f64| {
            format!(
                r#"{{"type":"Feature","properties":{{"grid_code":"{code}","level":"{level}","name":"{code}","parent_code":{parent}}},
                "geometry":{{"type":"Polygon","coordinates":[[[{west},28.0],[{east},28.0],[{east},28.01],[{west},28.01],[{west},28.0]]]}}}}"#
            )
        };
        let features = [
            feature("V", "village", "null", 120.0, 120.02),
            feature("V01", "grid", "\"V\"", 120.0, 120.01),
            feature("V02", "grid", "\"V\"", 120.01, 120.02),
        ];
        let text = format!(r#"{{"type":"FeatureCollection","features":[{}]}}"#, features.join(","));
        let file = site.file("grids.geojson", &text);
        let said = site.import("grid", &file, &[]);
        assert_eq!((said.code, said.counts()), (0, "3 = accepted 3 + unchanged 0 + rejected 0"), "{said:?}");
        Some(site)
    }

    fn file(&self, name: &str, text: &str) -> PathBuf {
        let path = self.folder.path().join(name);
        std::fs::write(&path, text).expect("written");
        path
    }

    fn run(&self, arguments: &[&str]) -> Said {
        let output = Command::new(env!("CARGO_BIN_EXE_gridpin"))
            .args(arguments)
            .env("GRIDPIN_DATABASE", self.database.owner_url())
            .output()
            .expect("gridpin runs");
        Said {
            code: output.status.code().unwrap_or(-1),
            out: String::from_utf8(output.stdout).expect("UTF-8"),
            err: String::from_utf8(output.stderr).expect("UTF-8"),
        }
    }

    fn import(&self, kind: &str, file: &Path, more: &[&str]) -> Said {
        let file = file.to_str().expect("UTF-8");
        self.run(&[&["import", kind, file, "--crs", "cgcs2000"], more].concat())
    }

    /// Everything that an import may change, as one text.
    async fn state(&self) -> String {
        self.database
            .superuser_reads(
                "select concat_ws(' ', (select count(*) from address), (select count(*) from address_version),
                     (select count(*) from batch), (select count(*) from change), (select count(*) from audit),
                     (select md5(string_agg(a::text, ',' order by address_id)) from address a))",
            )
            .await
    }

    async fn one(&self, sql: &str) -> String {
        self.database.superuser_reads(sql).await
    }
}

impl Said {
    /// The counts in English, without `address: read `.
    fn counts(&self) -> &str {
        let line = self.out.lines().find(|line| line.contains(": read ")).unwrap_or_default();
        line.split_once(": read ").map_or("", |(_, counts)| counts)
    }

    /// The import's number.
    fn batch(&self) -> &str {
        let (_, after) = self.out.split_once("gridpin import undo ").expect("a number");
        after.split_whitespace().next().expect("a number")
    }
}

const HEAD: &str = "address_id,full_text,grid_code,lon,lat\n";

/// `rows` addresses, N0 and on; `road` is in the text of all.
fn addresses(rows: usize, road: &str) -> String {
    let mut text = HEAD.to_owned();
    for i in 0..rows {
        let grid = if i % 2 == 0 { "V01" } else { "V02" };
        writeln!(text, "N{i},{road}{}号,{grid},{:.7},28.0050000", i + 1, 120.0 + (i % 2) as f64 * 0.01 + 0.005)
            .unwrap();
    }
    text
}

#[tokio::test]
async fn a_file_comes_in_once_and_goes_out_again() {
    let Some(site) = Site::make("import, again, undo").await else { return };
    let empty = site.one("select count(*)::text from address").await;
    assert_eq!(empty, "0");
    let file = site.file("a.csv", &addresses(5000, "丽阳街"));
    let first = site.import("address", &file, &["--batch", "spring"]);
    assert_eq!((first.code, first.counts()), (0, "5000 = accepted 5000 + unchanged 0 + rejected 0"), "{first:?}");
    assert_eq!(
        site.one("select concat_ws(' ', full_text, road, house_number, scope_grid, st_x(pin), version) from address where address_id = 'N41'").await,
        "丽阳街42号 丽阳街 42号 V02 120.015 1"
    );
    assert_eq!(
        site.one("select name || ' ' || read || ' ' || accepted from batch order by 1 limit 1").await,
        "grids.geojson 3 3"
    );

    let before = site.one("select md5(string_agg(a::text, ',' order by address_id)) from address a").await;
    let again = site.import("address", &file, &[]);
    assert_eq!((again.code, again.counts()), (0, "5000 = accepted 0 + unchanged 5000 + rejected 0"), "{again:?}");
    assert_eq!(site.one("select md5(string_agg(a::text, ',' order by address_id)) from address a").await, before);
    assert_eq!(site.one("select count(*)::text from address_version").await, "0");

    // Half of it under another road: those are new versions, and the undo gives all back.
    let half = addresses(2500, "解放街")
        + addresses(5000, "丽阳街").lines().skip(2501).fold(String::new(), |all, line| all + line + "\n").as_str();
    let changed = site.import("address", &site.file("b.csv", &half), &[]);
    assert_eq!(
        (changed.code, changed.counts()),
        (0, "5000 = accepted 2500 + unchanged 2500 + rejected 0"),
        "{changed:?}"
    );
    assert_eq!(site.one("select count(*)::text from address where road = '解放街' and version = 2").await, "2500");
    let undone = site.run(&["import", "undo", changed.batch()]);
    assert_eq!(undone.code, 0, "{undone:?}");
    assert!(undone.out.contains("0 records withdrawn, 2500 restored"), "{undone:?}");
    assert_eq!(site.one("select count(*)::text from address where road = '丽阳街'").await, "5000");
    let undone = site.run(&["import", "undo", first.batch()]);
    assert!(undone.code == 0 && undone.out.contains("5000 records withdrawn"), "{undone:?}");
    assert_eq!(site.one("select count(*)::text from address").await, "0");
    let twice = site.run(&["import", "undo", first.batch()]);
    assert!(twice.code == 2 && twice.err.contains("taken back already"), "{twice:?}");

    let list = site.run(&["import", "list"]);
    assert!(list.out.lines().count() == 4 && list.out.contains("spring") && list.out.contains("undone"), "{list:?}");
}

#[tokio::test]
async fn a_file_that_is_broken_at_its_end_changes_nothing() {
    let Some(site) = Site::make("broken files").await else { return };
    // Into the empty table and into a full one; cut off in the last line, a wrong grid, no number, a key twice.
    for full in [false, true] {
        if full {
            assert_eq!(site.import("address", &site.file("good.csv", &addresses(3000, "丽阳街")), &[]).code, 0);
        }
        let before = site.state().await;
        for (last, field, reason) in [
            ("N8000,丽阳街4", "", "cut off"),
            ("N8000,丽阳街8001号,V99,120.005,28.005", "grid_code", "there is no grid V99"),
            ("N8000,丽阳街8001号,V01,east,28.005", "lon", "is no number"),
            ("N7,丽阳街8001号,V01,120.005,28.005", "address_id", "the same key as row 9"),
            ("N8000,丽阳街8001号 13800138000,V01,120.005,28.005", "full_text", "telephone"),
        ] {
            let file = site.file("broken.csv", &(addresses(8_000, "解放街") + last));
            let said = site.import("address", &file, &[]);
            assert_eq!(said.code, 2, "{last}: {said:?}");
            assert_eq!(said.counts(), "8001 = accepted 8000 + unchanged 0 + rejected 1", "{last}: {said:?}");
            assert!(said.out.contains("nothing stored"), "{last}: {said:?}");
            for part in ["broken.csv line 8002", field, reason] {
                assert!(said.err.contains(part), "{last}: {part} is not in {}", said.err);
            }
            assert!(!said.err.contains("13800138000"), "{}", said.err);
            assert_eq!(site.state().await, before, "{last}");
        }
        // A file that can't be read to its end has no counts.
        let packed = site.folder.path().join("cut.csv.gz");
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        std::io::Write::write_all(&mut gzip, addresses(8_000, "解放街").as_bytes()).unwrap();
        let bytes = gzip.finish().unwrap();
        std::fs::write(&packed, &bytes[..bytes.len() - 1000]).unwrap();
        let said = site.import("address", &packed, &[]);
        assert!(said.code == 2 && said.err.contains("cannot be read to its end"), "{said:?}");
        assert_eq!(site.state().await, before);
    }
}

#[tokio::test]
async fn good_rows_are_kept_when_that_is_asked_for_and_the_others_come_back_as_a_file() {
    let Some(site) = Site::make("keep good, dry run, rejects").await else { return };
    let mut text = addresses(1000, "丽阳街");
    text.push_str("N1000,丽阳街1001号,V99,120.005,28.005\n,丽阳街1002号,V01,120.005,28.005\nN1002,\"丽阳街,1003号\",V01,120.005,x\n");
    let file = site.file("mixed.csv", &text);
    let rejects = site.folder.path().join("rejects.csv");
    let written = rejects.to_str().unwrap();

    let before = site.state().await;
    let tried = site.import("address", &file, &["--dry-run", "--keep-good", "--rejects", written]);
    assert_eq!((tried.code, tried.counts()), (0, "1003 = accepted 1000 + unchanged 0 + rejected 3"), "{tried:?}");
    assert!(tried.out.contains("nothing stored"), "{tried:?}");
    assert_eq!(site.state().await, before, "a dry run changed something");
    let refused = site.import("address", &file, &["--dry-run"]);
    assert_eq!((refused.code, refused.counts()), (2, tried.counts()), "{refused:?}");

    let kept = site.import("address", &file, &["--keep-good", "--rejects", written]);
    assert_eq!((kept.code, kept.counts()), (0, tried.counts()), "{kept:?}");
    assert_eq!(site.one("select count(*)::text from address").await, "1000");
    assert_eq!(
        site.one(
            "select concat_ws(' ', read, accepted, unchanged, rejected) from batch order by batch_id desc limit 1"
        )
        .await,
        "1003 1000 0 3"
    );

    // In the shape of the input: its columns first, then what is wrong.
    let text = std::fs::read_to_string(&rejects).unwrap();
    let mut rows = csv::Reader::from_reader(text.trim_start_matches('\u{feff}').as_bytes());
    let headings: Vec<String> = rows.headers().unwrap().iter().map(str::to_owned).collect();
    assert_eq!(headings.join(","), format!("{},row,field,value,reason", HEAD.trim_end()));
    let rows: Vec<csv::StringRecord> = rows.records().map(|row| row.expect("a row")).collect();
    let told: Vec<[&str; 4]> = rows.iter().map(|row| [&row[0], &row[5], &row[6], &row[7]]).collect();
    assert_eq!(
        told,
        [["N1000", "1002", "grid_code", "V99"], ["", "1003", "address_id", ""], ["N1002", "1004", "lat", "x"]]
    );
    assert_eq!(&rows[2][1], "丽阳街,1003号");

    // Mended in place, the file of rejects is an input like any other.
    let mended = text
        .replace("V99", "V01")
        .replace("\n,丽阳街1002号", "\nN1001,丽阳街1002号")
        .replace("120.005,x", "120.005,28.005");
    let said = site.import("address", &site.file("mended.csv", &mended), &[]);
    assert_eq!((said.code, said.counts()), (0, "3 = accepted 3 + unchanged 0 + rejected 0"), "{said:?}");
    assert_eq!(site.one("select count(*)::text from address").await, "1003");

    // Without a database the form is judged, and nothing else can be.
    let alone = Command::new(env!("CARGO_BIN_EXE_gridpin"))
        .args(["import", "address", file.to_str().unwrap(), "--dry-run", "--keep-good"])
        .env_remove("GRIDPIN_DATABASE")
        .output()
        .unwrap();
    assert!(String::from_utf8_lossy(&alone.stdout).contains("read 1003 = accepted 1001 + unchanged 0 + rejected 2"));
}

#[tokio::test]
async fn what_a_replacing_file_lacks_ends_with_a_day_and_too_much_of_it_is_refused() {
    let Some(site) = Site::make("replacing import").await else { return };
    let old = site.import("address", &site.file("old.csv", &addresses(100, "丽阳街")), &["--batch", "east"]);
    assert_eq!(old.code, 0, "{old:?}");
    let other = addresses(10, "解放街").replace("\nN", "\nW");
    assert_eq!(site.import("address", &site.file("west.csv", &other), &["--batch", "west"]).code, 0);
    let alive = "select count(*)::text from address where status = 'active'";
    let file = |rows: usize| site.file("new.csv", &addresses(rows, "丽阳街"));

    // 110 in use, 5 of them in the file: 95.5 % would go.
    let before = site.state().await;
    for more in [&["--replace"][..], &["--replace=all", "--dry-run"]] {
        let said = site.import("address", &file(5), more);
        assert_eq!(said.code, 2, "{said:?}");
        for part in ["--replace", "105 / 110", "95.5", "--allow-mass-deletion"] {
            assert!(said.err.contains(part), "{part}: {said:?}");
        }
        assert_eq!(site.state().await, before);
    }
    // A fifth of the batch goes without a word, more with a warning; the other batch isn't spoken of.
    let tried = site.import("address", &file(80), &["--replace=batch", "--batch", "east", "--dry-run"]);
    assert_eq!((tried.code, tried.err.as_str()), (0, ""), "{tried:?}");
    assert!(tried.out.contains("ended 20 of 100 in use"), "{tried:?}");
    assert_eq!(site.state().await, before);
    let said = site.import("address", &file(70), &["--replace=batch", "--batch", "east"]);
    assert_eq!((said.code, said.counts()), (0, "70 = accepted 0 + unchanged 70 + rejected 0"), "{said:?}");
    assert!(said.out.contains("ended 30 of 100 in use"), "{said:?}");
    assert!(said.err.contains("30 of 100 records (30.0 %)"), "{said:?}");
    assert_eq!(site.one(alive).await, "80");
    assert_eq!(
        site.one("select string_agg(distinct status || (ended_on = current_date)::text || version, ',') from address where address_id in ('N70', 'N99')").await,
        "demolishedtrue2"
    );
    assert_eq!(site.one("select count(*)::text from address_version where status = 'active'").await, "30");
    assert_eq!(
        site.one("select concat_ws(' ', read, unchanged, ended) from batch order by batch_id desc limit 1").await,
        "70 70 30"
    );

    // It is in the file again: it is in use again. The same file once more ends nothing more.
    let said = site.import("address", &file(71), &["--replace=batch", "--batch", "east"]);
    assert_eq!((said.code, said.counts()), (0, "71 = accepted 1 + unchanged 70 + rejected 0"), "{said:?}");
    assert_eq!(
        site.one("select concat_ws(' ', status, ended_on, version) from address where address_id = 'N70'").await,
        "active 3"
    );
    // All of the city, asked for outright; and all back.
    let said = site.import("address", &file(5), &["--replace", "--allow-mass-deletion"]);
    assert!(said.code == 0 && said.out.contains("ended 76 of 81 in use") && said.err.contains("93.8 %"), "{said:?}");
    assert_eq!(site.one(alive).await, "5");
    let undone = site.run(&["import", "undo", said.batch()]);
    assert!(undone.code == 0 && undone.out.contains("0 records withdrawn, 76 restored"), "{undone:?}");
    assert_eq!(site.one(alive).await, "81");

    // What can't be said of a file: that it lacks what it couldn't tell.
    let before = site.state().await;
    let broken = site.file("broken.csv", &(addresses(90, "丽阳街") + "N90,丽阳街91号,V99,120.005,28.005\n"));
    let said = site.import("address", &broken, &["--replace"]);
    assert!(said.code == 2 && said.err.contains("V99") && !said.out.contains("ended"), "{said:?}");
    assert_eq!(site.import("address", &broken, &["--replace", "--keep-good"]).code, 2);
    let grids = site.folder.path().join("grids.geojson");
    let said = site.import("grid", &grids, &["--replace"]);
    assert!(said.code == 2 && said.err.contains("only addresses"), "{said:?}");
    assert_eq!(site.state().await, before);
    // A site's own thresholds.
    let strict =
        site.file("strict.toml", "import_deletion_error_share = 0.01\nimport_deletion_warning_share = 0.001\n");
    let said = site.import(
        "address",
        &file(70),
        &["--replace=batch", "--batch", "east", "--thresholds", strict.to_str().unwrap()],
    );
    assert!(said.code == 2 && said.err.contains("1 / 71"), "{said:?}");
    assert_eq!(site.state().await, before);
}
