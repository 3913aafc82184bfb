//! Promise: the OpenAPI document is whole, and the client's types are made from it.

use serde_json::Value;

fn references<'a>(value: &'a Value, found: &mut Vec<&'a str>) {
    match value {
        Value::Object(members) => {
            found.extend(members.get("$ref").and_then(Value::as_str));
            members.values().for_each(|member| references(member, found));
        }
        Value::Array(items) => items.iter().for_each(|item| references(item, found)),
        _ => {}
    }
}

#[test]
fn every_reference_leads_somewhere() {
    let document = serde_json::to_value(gridpin::http::document()).expect("JSON");
    let mut found = Vec::new();
    references(&document, &mut found);
    assert!(found.len() > 100, "{}", found.len());
    for reference in found {
        let target = reference.strip_prefix('#').and_then(|pointer| document.pointer(pointer));
        assert!(target.is_some(), "{reference} leads nowhere: name it in components(schemas(...)) of http/mod.rs");
    }
}

#[test]
fn the_client_has_this_document() {
    let kept = std::fs::read_to_string("web/openapi.json").expect("web/openapi.json");
    let kept: Value = serde_json::from_str(&kept).expect("JSON");
    let now = serde_json::to_value(gridpin::http::document()).expect("JSON");
    assert!(kept == now, "make it anew: cargo run -- openapi > web/openapi.json && npm --prefix web run types");
}
