//! The OpenAPI document, made from the handlers themselves.

use super::App;
use axum::Json;
use axum::extract::State;
use std::collections::BTreeSet;
use std::sync::Arc;
use utoipa::openapi::schema::{ArrayItems, Schema};
use utoipa::openapi::{ContentBuilder, OpenApi, Ref, RefOr, ResponseBuilder};

/// The service's own description.
#[utoipa::path(get, path = "/api/openapi.json", tag = "service", security(()),
    responses((status = 200, description = "OpenAPI 3.1", body = serde_json::Value)))]
pub async fn document(State(app): State<Arc<App>>) -> Json<Arc<OpenApi>> {
    Json(app.openapi.clone())
}

/// Completes the document that the handlers give: every operation may answer with a problem, and every member of what
/// the server sends is always there (null where it says nothing), so that generated types have no needless `undefined`.
pub fn complete(mut api: OpenApi) -> OpenApi {
    let sent = sent_by_clients(&api);
    if let Some(components) = api.components.as_mut() {
        for (name, schema) in &mut components.schemas {
            if !sent.contains(name) {
                require_all(schema);
            }
            refer_to_item(name, schema);
        }
    }
    let problem = ResponseBuilder::new()
        .description("What went wrong")
        .content(
            "application/problem+json",
            ContentBuilder::new().schema(Some(Ref::from_schema_name("Problem"))).build(),
        )
        .build();
    for (path, item) in &mut api.paths.paths {
        let methods =
            [("get", &mut item.get), ("post", &mut item.post), ("put", &mut item.put), ("delete", &mut item.delete)];
        for (method, operation) in methods {
            let Some(operation) = operation else { continue };
            operation.operation_id = Some(operation_id(method, path));
            operation.responses.responses.entry("default".to_owned()).or_insert_with(|| problem.clone().into());
        }
    }
    api
}

/// `getAddressesIdHistory` of `get /api/addresses/{id}/history`.
fn operation_id(method: &str, path: &str) -> String {
    let words = path.trim_start_matches("/api").split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    let capital = |word: &str| word[..1].to_uppercase() + &word[1..];
    method.to_owned() + &words.map(capital).collect::<String>()
}

/// Says `Page_Flag`'s items by reference, so that generated types share one `Flag`.
fn refer_to_item(name: &str, schema: &mut RefOr<Schema>) {
    let Some((_, item)) = name.split_once("Page_") else { return };
    let RefOr::T(Schema::Object(object)) = schema else { return };
    if let Some(RefOr::T(Schema::Array(array))) = object.properties.get_mut("items") {
        array.items = ArrayItems::RefOrSchema(Box::new(Ref::from_schema_name(item).into()));
    }
}

fn require_all(schema: &mut RefOr<Schema>) {
    match schema {
        RefOr::T(Schema::Object(object)) => {
            object.required = object.properties.keys().cloned().collect();
            object.properties.values_mut().for_each(require_all);
        }
        RefOr::T(Schema::Array(array)) => {
            if let ArrayItems::RefOrSchema(items) = &mut array.items {
                require_all(items);
            }
        }
        RefOr::T(Schema::AllOf(all)) => all.items.iter_mut().for_each(require_all),
        RefOr::T(Schema::OneOf(one)) => one.items.iter_mut().for_each(require_all),
        _ => {}
    }
}

/// Names of the schemas that request bodies use, directly or through others.
fn sent_by_clients(api: &OpenApi) -> BTreeSet<String> {
    let json = serde_json::to_value(api).unwrap_or_default();
    let mut names = BTreeSet::new();
    let mut open: Vec<&serde_json::Value> = json["paths"]
        .as_object()
        .into_iter()
        .flat_map(|paths| paths.values())
        .flat_map(|item| item.as_object().into_iter().flat_map(|item| item.values()))
        .map(|operation| &operation["requestBody"])
        .collect();
    while let Some(value) = open.pop() {
        match value {
            serde_json::Value::Object(members) => {
                if let Some(name) =
                    members.get("$ref").and_then(|name| name.as_str()).and_then(|n| n.rsplit('/').next())
                    && names.insert(name.to_owned())
                {
                    open.push(&json["components"]["schemas"][name]);
                }
                open.extend(members.values());
            }
            serde_json::Value::Array(items) => open.extend(items),
            _ => {}
        }
    }
    names
}
