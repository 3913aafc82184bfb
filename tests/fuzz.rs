//! Promise: whatever is sent, nothing panics, nothing answers 5xx, every refusal says what is wrong in both languages, and
//! memory does not grow.
//!
//! A minute by default; FUZZ_SECONDS=600 for longer, FUZZ_SEED for another course. Endpoints, parameters and bodies come
//! from the OpenAPI document: a new endpoint is fuzzed too.

mod database;
#[path = "http/serving.rs"]
mod serving;

use axum::body::Body;
use axum::http::{HeaderValue, Method, Request, StatusCode, header};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use serde_json::{Map, Value, json};
use serving::*;
use std::process::Command;
use std::time::{Duration, Instant};

fn setting(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(otherwise)
}

/// Two thirds of the time for requests, a third for files.
fn share(parts: u32) -> Duration {
    Duration::from_secs(setting("FUZZ_SECONDS", 60)) * parts / 3
}

/// What is known, what nearly is, and what never was.
const WORDS: [&str; 46] = [
    "A1",
    "A2",
    "B1",
    "M1",
    "R1",
    "R2",
    "Z1",
    "V",
    "V01",
    "V02",
    "",
    " ",
    "0",
    "-1",
    "1e308",
    "NaN",
    "9223372036854775808",
    "120.001,28.001,120.01,28.01",
    "120.001,28.001",
    "180,90,-180,-90",
    "1,2,3",
    "address",
    "address,flag,grid",
    "care",
    "grid.json",
    "16",
    "12/3413/1675.mvt",
    "1675.mvt",
    "collector.json",
    "collector",
    "00000000-0000-4000-8000-000000000000",
    "0011223344556677",
    "2026-11-29",
    "2026-02-30",
    "open",
    "grid_mismatch",
    "gas,wiring",
    "花园路1号",
    "甲12号附5号之三",
    "\u{0}",
    "\u{202e}\u{feff}",
    "'; drop table audit; --",
    "<script>alert(1)</script>",
    "../../etc/passwd",
    "%",
    "null",
];

fn word(dice: &mut StdRng) -> String {
    match dice.random_range(0..10) {
        0 => "长".repeat(dice.random_range(1..3000)),
        1 => {
            (0..dice.random_range(0..24)).map(|_| char::from_u32(dice.random_range(0..0x3000)).unwrap_or('x')).collect()
        }
        2 => format!("{}", dice.random_range(-1e6..1e6)),
        3 => uuid::Uuid::from_u128(dice.random()).to_string(),
        _ => WORDS[dice.random_range(0..WORDS.len())].to_owned(),
    }
}

/// As it stands in a URL: all but the plainest letters by number.
fn encoded(text: &str, dice: &mut StdRng) -> String {
    let raw = dice.random_bool(0.1);
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-._~,".contains(&b) || (raw && b"&=+;:@!$*()".contains(&b));
    text.bytes().map(|b| if plain(b) { (b as char).to_string() } else { format!("%{b:02X}") }).collect()
}

/// A value after a schema, or now and then not.
fn value(schema: &Value, document: &Value, depth: usize, dice: &mut StdRng) -> Value {
    if depth > 6 || dice.random_bool(0.06) {
        return match dice.random_range(0..8) {
            0 => Value::Null,
            1 => json!(dice.random_bool(0.5)),
            2 => json!(dice.random_range(-1e12..1e12)),
            3 => json!([[], [[[[]]]], {}]),
            4 => json!({ "kind": word(dice) }),
            5 => json!(i64::MIN),
            6 => json!(vec![0; dice.random_range(0..2000)]),
            _ => json!(word(dice)),
        };
    }
    if let Some(reference) = schema["$ref"].as_str() {
        let target = document.pointer(reference.trim_start_matches('#')).cloned().unwrap_or_default();
        return value(&target, document, depth + 1, dice);
    }
    for choice in ["oneOf", "anyOf"] {
        if let Some(options) = schema[choice].as_array() {
            return value(&options[dice.random_range(0..options.len())], document, depth + 1, dice);
        }
    }
    if let Some(parts) = schema["allOf"].as_array() {
        let mut whole = Map::new();
        for part in parts {
            if let Value::Object(members) = value(part, document, depth + 1, dice) {
                whole.extend(members);
            }
        }
        return Value::Object(whole);
    }
    if let Some(names) = schema["enum"].as_array() {
        return names[dice.random_range(0..names.len())].clone();
    }
    let kind = match &schema["type"] {
        Value::Array(kinds) => kinds[dice.random_range(0..kinds.len())].as_str().unwrap_or("null"),
        kind => kind.as_str().unwrap_or("object"),
    };
    match (kind, schema["format"].as_str()) {
        ("string", Some("uuid")) => json!(uuid::Uuid::from_u128(dice.random()).to_string()),
        ("string", Some("date")) => {
            json!(format!("{}-{:02}-11", dice.random_range(1900..2100), dice.random_range(1..13)))
        }
        ("string", Some("date-time")) => json!(format!("{}-11-01T00:00:00Z", dice.random_range(1900..2027))),
        ("string", _) => json!(word(dice)),
        ("integer", _) => json!(dice.random_range(-2..40)),
        ("number", _) => json!(dice.random_range(-200.0..200.0)),
        ("boolean", _) => json!(dice.random_bool(0.5)),
        ("null", _) => Value::Null,
        ("array", _) => {
            (0..dice.random_range(0..4)).map(|_| value(&schema["items"], document, depth + 1, dice)).collect()
        }
        _ => {
            let mut members = Map::new();
            for (name, member) in schema["properties"].as_object().into_iter().flatten() {
                if dice.random_bool(0.95) {
                    members.insert(name.clone(), value(member, document, depth + 1, dice));
                }
            }
            if dice.random_bool(0.03) {
                members.insert(word(dice), json!(word(dice)));
            }
            Value::Object(members)
        }
    }
}

/// One endpoint of the document.
struct Endpoint {
    method: Method,
    path: String,
    parameters: Vec<Value>,
    body: Option<Value>,
}

fn endpoints(document: &Value) -> Vec<Endpoint> {
    let mut found = Vec::new();
    for (path, item) in document["paths"].as_object().expect("paths") {
        for (method, operation) in item.as_object().expect("an item") {
            found.push(Endpoint {
                method: Method::from_bytes(method.to_uppercase().as_bytes()).expect("a method"),
                path: path.clone(),
                parameters: operation["parameters"].as_array().cloned().unwrap_or_default(),
                body: operation["requestBody"]["content"]["application/json"].get("schema").cloned(),
            });
        }
    }
    assert!(found.len() > 40);
    found
}

fn draw(endpoint: &Endpoint, document: &Value, cookie: &str, dice: &mut StdRng) -> Option<Request<Body>> {
    let (mut path, mut query) = (endpoint.path.clone(), Vec::new());
    for parameter in &endpoint.parameters {
        let name = parameter["name"].as_str().expect("a name");
        let drawn = if dice.random_bool(0.5) {
            match value(&parameter["schema"], document, 0, dice) {
                Value::String(text) => text,
                other => other.to_string(),
            }
        } else {
            word(dice)
        };
        let drawn = encoded(&drawn, dice);
        if parameter["in"] == "path" {
            path = path.replace(&format!("{{{name}}}"), &drawn);
        } else if dice.random_bool(0.5) {
            query.push(format!("{name}={drawn}"));
        }
    }
    if dice.random_bool(0.05) {
        query.push(encoded(&word(dice), dice));
    }
    if !query.is_empty() {
        path = format!("{path}?{}", query.join("&"));
    }
    let mut request = Request::builder().method(endpoint.method.clone()).uri(path).header(header::HOST, "town.test");
    let junk = |dice: &mut StdRng| {
        let bytes: Vec<u8> = (0..dice.random_range(0..80)).map(|_| dice.random_range(0x20..=0xffu32) as u8).collect();
        HeaderValue::from_bytes(&bytes).ok()
    };
    let cookie = match dice.random_range(0..12) {
        0 => junk(dice),
        1 => HeaderValue::from_str(&format!("gridpin_session={}", "0".repeat(dice.random_range(0..9000)))).ok(),
        _ => HeaderValue::from_str(cookie).ok(),
    };
    // Signing out would end the course.
    if let Some(cookie) = cookie.filter(|_| endpoint.path != "/api/session") {
        request = request.header(header::COOKIE, cookie);
    }
    if dice.random_bool(0.05) {
        request = request.header(header::AUTHORIZATION, junk(dice)?);
    }
    for name in [header::IF_NONE_MATCH, header::ACCEPT_ENCODING, header::USER_AGENT, header::RANGE] {
        if dice.random_bool(0.05) {
            request = request.header(name, junk(dice)?);
        }
    }
    let body = match &endpoint.body {
        None => Vec::new(),
        Some(schema) => {
            let mut bytes = value(schema, document, 0, dice).to_string().into_bytes();
            if dice.random_bool(0.1) && !bytes.is_empty() {
                // Broken JSON: cut, or with bytes that are no text.
                let at = dice.random_range(0..bytes.len());
                if dice.random_bool(0.5) { bytes.truncate(at) } else { bytes[at] = dice.random_range(0..=255u32) as u8 }
            }
            if dice.random_bool(0.01) {
                bytes.extend(vec![b' '; 1 << 20]);
            }
            request =
                request.header(header::CONTENT_TYPE, "application/json").header(header::ORIGIN, "http://town.test");
            bytes
        }
    };
    request.body(Body::from(body)).ok()
}

fn resident_mb() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or("0 kB");
    line.trim().trim_end_matches(" kB").trim().parse::<u64>().unwrap_or(0) / 1024
}

#[tokio::test]
async fn no_request_breaks_the_service() {
    let Some(town) = Town::open("fuzzed requests").await else { return };
    let document = serde_json::to_value(gridpin::http::document()).expect("JSON");
    let endpoints = endpoints(&document);
    let seed = setting("FUZZ_SEED", 1);
    let mut cookies = Vec::new();
    for name in ["collector", "reviewer", "department", "police", "leader", "chief"] {
        cookies.push(town.sign_in(name).await);
    }
    let (began, mut number, mut statuses) = (Instant::now(), 0u64, std::collections::BTreeMap::<u16, u64>::new());
    let mut memory = Vec::new();
    while began.elapsed() < share(2) {
        let mut dice = StdRng::seed_from_u64(seed << 32 | number);
        number += 1;
        let endpoint = &endpoints[dice.random_range(0..endpoints.len())];
        let cookie = cookies[dice.random_range(0..cookies.len())].clone();
        let Some(request) = draw(endpoint, &document, &cookie, &mut dice) else { continue };
        let what = format!("{} {} (seed {seed}, request {number})", request.method(), request.uri());
        if endpoint.path == "/events" {
            let status = town.answer(request).await.status();
            assert!(!status.is_server_error() || status == StatusCode::SERVICE_UNAVAILABLE, "{what}: {status}");
            continue;
        }
        let reply = tokio::time::timeout(Duration::from_secs(60), town.send(request)).await;
        let reply = reply.unwrap_or_else(|_| panic!("{what}: no answer in a minute"));
        *statuses.entry(reply.status.as_u16()).or_default() += 1;
        assert!(!reply.status.is_server_error(), "{what}: {} {}", reply.status, reply.text());
        if reply.status.is_client_error() {
            // Panics where the problem is none, or lacks a language.
            let kind = reply.problem();
            assert!(!kind.is_empty(), "{what}");
        }
        if number % 500 == 0 {
            memory.push(resident_mb());
        }
    }
    println!("{number} requests: {statuses:?}; {memory:?} MB");
    assert!(number > 500, "{number}");
    for wanted in [200, 201, 404, 422] {
        assert!(statuses.contains_key(&wanted), "none answered {wanted}: the course is too wild or too tame");
    }
    let (first, last) = (memory.first().copied().unwrap_or(0), memory.last().copied().unwrap_or(0));
    assert!(last < first + 300, "memory grows: {memory:?} MB");
    // The town still stands.
    let chief = cookies.last().expect("the last is the chief's");
    assert_eq!(town.json("/api/audit/verdict", chief).await["whole"], json!(true));
}

const GRIDS: &str = r#"{"type":"FeatureCollection","features":[{"type":"Feature","properties":{"grid_code":"G1","level":"grid","name":"一"},"geometry":{"type":"Polygon","coordinates":[[[119.9,28.4],[119.95,28.4],[119.95,28.45],[119.9,28.45],[119.9,28.4]]]}}]}"#;
const ADDRESSES: &str =
    "address_id,full_text,grid_code,lon,lat\nA1,中山路12号,G1,119.92,28.42\nA2,中山路14号附3号,G1,119.93,28.43\n";
const OSM: &str = r#"<?xml version="1.0"?><osm version="0.6"><node id="1" lat="28.4" lon="119.9"><tag k="addr:housenumber" v="12"/><tag k="addr:street" v="中山路"/></node></osm>"#;

/// Changes some bytes, or doubles, drops or moves a piece.
fn spoil(bytes: &[u8], dice: &mut StdRng) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    for _ in 0..dice.random_range(1..6) {
        if bytes.is_empty() {
            break;
        }
        let (a, b) = (dice.random_range(0..bytes.len()), dice.random_range(0..bytes.len()));
        let (from, to) = (a.min(b), a.max(b).min(a.min(b) + 200));
        match dice.random_range(0..7) {
            0 => bytes[from] = dice.random_range(0..=255u32) as u8,
            1 => bytes[from] ^= 1 << dice.random_range(0..8),
            2 => drop(bytes.drain(from..to)),
            3 => {
                let piece = bytes[from..to].to_vec();
                bytes.splice(from..from, piece);
            }
            4 => bytes.truncate(from),
            5 => drop(bytes.splice(from..from, word(dice).into_bytes())),
            _ => drop(
                bytes.splice(from..to, [b'"', b',', 0, b'\n', 0xff][dice.random_range(0..5)..].iter().copied().take(1)),
            ),
        }
    }
    bytes
}

#[test]
fn no_file_breaks_an_import() {
    let folder = tempfile::tempdir().expect("a folder");
    let at = |name: &str| folder.path().join(name);
    std::fs::write(at("grids.geojson"), GRIDS).expect("written");
    // What GDAL makes of them: binary formats.
    let mut samples = vec![
        ("grid", "geojson", GRIDS.as_bytes().to_vec()),
        ("address", "csv", ADDRESSES.as_bytes().to_vec()),
        ("osm", "osm", OSM.as_bytes().to_vec()),
    ];
    for (format, ending) in [("GPKG", "gpkg"), ("ESRI Shapefile", "shp"), ("KML", "kml"), ("GML", "gml")] {
        let to = at(&format!("sample.{ending}"));
        let done = Command::new("ogr2ogr").args(["-q", "-f", format]).arg(&to).arg(at("grids.geojson")).status();
        if done.is_ok_and(|status| status.success()) {
            samples.push(("grid", ending, std::fs::read(&to).expect("made")));
        }
    }
    assert!(samples.len() > 4, "ogr2ogr makes the samples");
    let seed = setting("FUZZ_SEED", 1);
    let (began, mut number, mut codes) = (Instant::now(), 0u64, std::collections::BTreeMap::<i32, u64>::new());
    while began.elapsed() < share(1) {
        let mut dice = StdRng::seed_from_u64(seed << 32 | number);
        let (kind, ending, bytes) = &samples[number as usize % samples.len()];
        number += 1;
        let file = at(&format!("spoilt.{ending}"));
        std::fs::write(&file, spoil(bytes, &mut dice)).expect("written");
        let done = Command::new(env!("CARGO_BIN_EXE_gridpin"))
            .args(["import", kind, "--dry-run"])
            .arg(&file)
            .env_remove("GRIDPIN_DATABASE")
            .output()
            .expect("gridpin runs");
        let said = String::from_utf8_lossy(&done.stderr).into_owned();
        let code = done.status.code();
        let fine = code.is_some_and(|code| !matches!(code, 70 | 101 | 134 | 139)) && !said.contains("panicked");
        if !fine {
            let kept = std::env::temp_dir().join(format!("gridpin-fuzz-{seed}-{number}.{ending}"));
            std::fs::copy(&file, &kept).expect("kept");
            panic!("{kind} {}: {code:?} {said}", kept.display());
        }
        *codes.entry(code.unwrap_or_default()).or_default() += 1;
    }
    println!("{number} files: exit codes {codes:?}");
    assert!(number > 20, "{number}");
}

#[test]
fn no_text_breaks_the_parser() {
    let began = Instant::now();
    let seed = setting("FUZZ_SEED", 1);
    let mut number = 0u64;
    while began.elapsed() < share(1) / 10 {
        let mut dice = StdRng::seed_from_u64(seed << 32 | number);
        number += 1;
        let pieces = [
            "路", "号", "弄", "幢", "单元", "室", "附", "之", "甲", "12", "-3", "3栋", "（", "）", "#", "東", "㐀", "①",
        ];
        let mut text: String =
            (0..dice.random_range(0..12)).map(|_| pieces[dice.random_range(0..pieces.len())]).collect();
        text.push_str(&word(&mut dice));
        let parsed = gridpin::domain::address::parse(&text);
        let hidden = gridpin::domain::address::personal::mask(&text);
        assert!(hidden.chars().count() >= text.chars().count() / 4, "{text:?}");
        drop(parsed);
    }
    assert!(number > 1000, "{number}");
}
