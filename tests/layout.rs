//! Promise: a module uses only those above it in the map of `src/lib.rs`, only one file names GDAL's data model, and every
//! schema of the OpenAPI document is of one type.

use std::{fs, path::Path};

fn rust_files(folder: &Path, found: &mut Vec<std::path::PathBuf>) {
    for entry in fs::read_dir(folder).expect("a readable folder") {
        let path = entry.expect("a readable entry").path();
        if path.is_dir() {
            rust_files(&path, found);
        } else if path.extension().is_some_and(|e| e == "rs") {
            found.push(path);
        }
    }
}

fn sources() -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    rust_files(&root, &mut files);
    files.sort();
    files
        .into_iter()
        .map(|path| {
            let name = path.strip_prefix(&root).expect("below src").to_string_lossy().into_owned();
            (name, fs::read_to_string(&path).expect("readable source"))
        })
        .collect()
}

fn map_of_the_house() -> Vec<String> {
    let lib = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("src/lib.rs")).expect("src/lib.rs");
    let line = |l: &str| l.strip_prefix("pub mod ").and_then(|l| l.strip_suffix(';')).map(str::to_owned);
    lib.lines().filter_map(line).collect()
}

#[test]
fn modules_use_only_what_stands_above_them() {
    let order = map_of_the_house();
    assert!(order.len() > 10, "the map in lib.rs was not read: {order:?}");
    let rank = |module: &str| order.iter().position(|m| m == module);
    let mut upward = Vec::new();
    for (file, text) in sources() {
        let module = file.split('/').next().expect("a name").trim_end_matches(".rs").to_owned();
        let Some(own) = rank(&module) else { continue };
        for (number, line) in text.lines().enumerate().filter(|(_, l)| !l.trim_start().starts_with("//")) {
            for used in line.split("crate::").skip(1) {
                let names: Vec<&str> = match used.strip_prefix('{') {
                    Some(group) => group.split(',').map(str::trim).collect(),
                    None => vec![used],
                };
                for name in names {
                    let name: String = name.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
                    if rank(&name).is_some_and(|used| used > own) {
                        upward.push(format!("src/{file}:{}: {module} uses {name}, which stands below it", number + 1));
                    }
                }
            }
        }
    }
    assert!(upward.is_empty(), "{}", upward.join("\n"));
}

#[test]
fn every_module_of_the_map_exists_and_the_map_names_every_module() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let order = map_of_the_house();
    for entry in fs::read_dir(&root).expect("src") {
        let name = entry.expect("an entry").file_name().to_string_lossy().trim_end_matches(".rs").to_owned();
        assert!(matches!(name.as_str(), "lib" | "main") || order.contains(&name), "src/{name} is not in the map");
    }
}

#[test]
fn only_the_exchange_and_the_crs_door_name_gdal() {
    let allowed = ["exchange/gdal/read.rs", "exchange/gdal/write.rs", "crs/projected.rs"];
    for (file, text) in sources() {
        let names = text.lines().filter(|l| !l.trim_start().starts_with("//")).any(|l| l.contains("gdal::"));
        assert!(!names || allowed.contains(&file.as_str()) || !text.contains("use gdal"), "src/{file} names gdal");
    }
}

#[test]
fn only_the_store_speaks_sql() {
    for (file, text) in sources() {
        assert!(file.starts_with("store/") || !text.contains("sqlx::query"), "src/{file} runs SQL");
    }
}

/// Two types of one name would be one schema of the OpenAPI document, and one of them wrong.
#[test]
fn every_schema_is_of_one_type() {
    let mut seen = std::collections::BTreeMap::new();
    for (file, text) in sources() {
        for part in text.split("#[derive(").skip(1) {
            let (traits, rest) = part.split_once(")]").expect("the derive's end");
            if !traits.contains("ToSchema") {
                continue;
            }
            let line = rest.lines().find(|line| line.contains("struct ") || line.contains("enum ")).expect("a type");
            let (head, _) = rest.split_once(line).expect("found in it");
            let own = line.split("struct ").last().and_then(|rest| rest.split("enum ").last()).expect("its name");
            let named = head.split_once("schema(as = ").map_or(own, |(_, name)| name);
            let name: String = named.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
            if let Some(other) = seen.insert(name.clone(), file.clone()) {
                panic!("{name} is a schema of src/{other} and of src/{file}: name one with #[schema(as = ...)]");
            }
        }
    }
    assert!(seen.len() > 60, "{}", seen.len());
}
