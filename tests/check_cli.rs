//! Promise: `gridpin check` on real published data gives the right answer, without a database, on any number of threads.

mod fixture;

use fixture::shared;
use std::collections::HashMap;
use std::path::Path;
use std::process::Command;

fn check(folder: &Path, out: &Path, threads: &str) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_gridpin"))
        .arg("check")
        .args(["--grids".as_ref(), folder.join("units.geojson.gz").as_os_str()])
        .args(["--addresses".as_ref(), folder.join("addresses.csv.gz").as_os_str()])
        .args(["--buildings".as_ref(), folder.join("buildings.geojson.gz").as_os_str()])
        .args(["--out".as_ref(), out.as_os_str()])
        .args(["--threads", threads])
        .output()
        .expect("gridpin runs");
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(0), "{text}");
    text
}

/// Identifiers with the rule.
fn with_rule(path: &Path, rule: &str) -> Vec<String> {
    let mut rows = csv::Reader::from_path(path).expect("flags");
    let headings: Vec<String> = rows.headers().expect("headings").iter().map(str::to_owned).collect();
    assert_eq!(
        headings[1..],
        [
            "rule",
            "severity",
            "probability",
            "tier",
            "message_zh",
            "message_en",
            "suggested_lon",
            "suggested_lat",
            "suggestion_radius_m",
            "suggested_field",
            "suggested_value"
        ]
    );
    rows.records().map(|row| row.expect("a row")).filter(|row| &row[1] == rule).map(|row| row[0].to_owned()).collect()
}

#[test]
fn bunkyo() {
    let Some(folder) = shared("data/bunkyo") else { return };
    let out = tempfile::tempdir().expect("a folder");
    let flags = out.path().join("flags.csv");
    let said = check(&folder, &flags, "2");
    assert!(said.contains("88 grids, 30156 addresses, 36574 buildings"), "{said}");

    let packed =
        flate2::read::GzDecoder::new(std::fs::File::open(folder.join("expected_addresses.csv.gz")).expect("answers"));
    let mut expected: HashMap<String, Vec<String>> = HashMap::new();
    for row in csv::Reader::from_reader(packed).records() {
        let row = row.expect("a row");
        expected.entry(row[3].to_owned()).or_default().push(row[0].to_owned());
    }
    let (mut other, mut none) = (Vec::new(), Vec::new());
    for (status, ids) in expected {
        match status.as_str() {
            "ok" => {}
            status if status.contains("outside") => none.extend(ids),
            _ => other.extend(ids),
        }
    }
    assert_eq!((other.len(), none.len()), (119, 90));
    for (rule, mut want) in [("grid_mismatch", other), ("pin_outside_area", none)] {
        let mut found = with_rule(&flags, rule);
        found.sort();
        want.sort();
        assert_eq!(found, want, "{rule}");
    }

    // The same bytes on one thread.
    let once_more = out.path().join("again.csv");
    check(&folder, &once_more, "1");
    for (a, b) in [
        ("flags.csv", "again.csv"),
        ("flags.grids.csv", "again.grids.csv"),
        ("flags.buildings.csv", "again.buildings.csv"),
    ] {
        let [a, b] = [a, b].map(|name| std::fs::read(out.path().join(name)).expect("written"));
        assert!(a == b, "one thread and two answer differently");
    }
}

#[test]
fn a_newcomers_files() {
    let out = tempfile::tempdir().expect("a folder");
    for (ending, extra) in [("csv", None), ("geojson", None), ("gpkg", None), ("txt", Some("csv"))] {
        let flags = out.path().join(format!("flags.{ending}"));
        let mut command = Command::new(env!("CARGO_BIN_EXE_gridpin"));
        command
            .arg("check")
            .args(["--grids".as_ref(), fixture::fixture("grids.geojson").as_os_str()])
            .args(["--addresses".as_ref(), fixture::fixture("addresses_gbk.csv").as_os_str()])
            .args(["--buildings".as_ref(), fixture::fixture("buildings.shp").as_os_str()])
            .args(["--out".as_ref(), flags.as_os_str()]);
        if let Some(format) = extra {
            command.args(["--format", format]);
        }
        let output = command.output().expect("gridpin runs");
        let text = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(0), "{text}");
        assert!(text.contains("4 grids, 12 addresses, 6 buildings") && text.contains("gb18030"), "{text}");
        assert!(flags.exists());
        if ending == "csv" {
            assert_eq!(with_rule(&flags, "grid_mismatch"), ["A0011"]);
            assert_eq!(with_rule(&flags, "pin_outside_area"), ["A0012"]);
        }
    }
}

#[test]
fn auto_finds_the_system_by_the_grids() {
    let out = tempfile::tempdir().expect("a folder");
    let flags = out.path().join("flags.csv");
    let output = Command::new(env!("CARGO_BIN_EXE_gridpin"))
        .arg("check")
        .args(["--grids".as_ref(), fixture::fixture("grids.geojson").as_os_str()])
        .args(["--addresses".as_ref(), fixture::fixture("addresses_4528.csv").as_os_str()])
        .args(["--out".as_ref(), flags.as_os_str(), "--crs".as_ref(), "auto".as_ref()])
        .output()
        .expect("gridpin runs");
    let text = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{text}");
    assert!(text.contains("EPSG:4528"), "{text}");
    assert_eq!(with_rule(&flags, "grid_mismatch"), ["A0011"]);
}
