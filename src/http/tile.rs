//! Vector tiles, their TileJSON and the map's style: what the role and the scope may see, and nothing that tells of more.

use super::App;
use super::body::Segment;
use super::permission::SignedIn;
use super::problem::Answer;
use super::sight::Sight;
use super::web::is_known;
use super::who::Who;
use crate::domain::Role;
use crate::error::Error;
use crate::tile::catalog;
use crate::tile::style::of_role;
use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use std::sync::Arc;

/// A vector tile of one layer or of several with commas between.
#[utoipa::path(get, path = "/tiles/{layers}/{z}/{x}/{y}", tag = "map",
    params(("layers" = String, Path, description = "Layers with commas between"), ("z" = u8, Path, description = "Zoom"),
        ("x" = u32, Path, description = "Column"), ("y" = String, Path, description = "Row with the ending `.mvt`")),
    responses((status = 200, description = "Mapbox Vector Tile 2.1", body = Vec<u8>,
            content_type = "application/vnd.mapbox-vector-tile"),
        (status = 304, description = "Not changed since the ETag")))]
pub async fn tile(
    State(app): State<Arc<App>>,
    who: Who<SignedIn>,
    Path((layers, z, x, y)): Path<(String, String, String, String)>,
    headers: HeaderMap,
) -> Answer<Response> {
    let missing = || Error::NotFound(format!("tile {layers}/{z}/{x}/{y}"));
    let number = |text: &str| text.parse::<u32>().ok().filter(|_| text == "0" || !text.starts_with(['0', '+']));
    let (Some(zoom), Some(column), Some(row)) = (number(&z), number(&x), y.strip_suffix(".mvt").and_then(number))
    else {
        return Err(missing().into());
    };
    let zoom = u8::try_from(zoom).map_err(|_| missing())?;
    let work = move || {
        let names: Vec<&str> = layers.split(',').collect();
        app.tiles.render(&app.live.get(), &names, zoom, column, row, &who.actor)
    };
    let tile = tokio::task::spawn_blocking(work).await.map_err(|error| Error::Internal(error.to_string()))??;
    let etag = format!("\"{}\"", tile.etag);
    let packed = accepts_gzip(&headers) && !tile.bytes.is_empty();
    let (status, bytes) = match packed {
        _ if is_known(&headers, &etag) => (StatusCode::NOT_MODIFIED, Bytes::new()),
        true => (StatusCode::OK, tile.gzip.clone()),
        false => (StatusCode::OK, tile.bytes.clone()),
    };
    let mut response = (status, bytes).into_response();
    let set = response.headers_mut();
    set.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/vnd.mapbox-vector-tile"));
    // The browser keeps it, and asks every time whether it still holds: 304 costs next to nothing.
    set.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
    set.insert(header::VARY, HeaderValue::from_static("accept-encoding, cookie"));
    if let Ok(etag) = HeaderValue::from_str(&etag) {
        set.insert(header::ETAG, etag);
    }
    if packed && status == StatusCode::OK {
        set.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    Ok(response)
}

fn accepts_gzip(headers: &HeaderMap) -> bool {
    headers
        .get_all(header::ACCEPT_ENCODING)
        .iter()
        .filter_map(|codings| codings.to_str().ok())
        .flat_map(|codings| codings.split(','))
        .any(|coding| {
            let mut parts = coding.split(';').map(str::trim);
            let named = parts.next().is_some_and(|name| name.eq_ignore_ascii_case("gzip") || name == "*");
            named && !parts.any(|q| q.replace(' ', "").trim_end_matches(['0', '.']) == "q=")
        })
}

/// TileJSON 3 of one layer or of several with commas between, named with the ending `.json`.
#[utoipa::path(get, path = "/tiles/{layers}", tag = "map",
    params(("layers" = String, Path, description = "Layers with commas between, and the ending `.json`")),
    responses((status = 200, description = "TileJSON 3.0.0", body = serde_json::Value)))]
pub async fn tilejson(State(app): State<Arc<App>>, who: Who<SignedIn>, Segment(name): Segment) -> Answer<Json<Value>> {
    let layers = name.strip_suffix(".json").ok_or_else(|| Error::NotFound(format!("tiles {name}")))?;
    let city = app.live.get();
    let mut layers = layers.split(',').map(|layer| catalog::tilejson(layer, who.actor.role, &city));
    let mut all = layers.next().ok_or_else(|| Error::NotFound(format!("tiles {name}")))??;
    for one in layers {
        join(&mut all, one?);
    }
    if let Some(bbox) = Sight::of(&city, &who.actor).bbox() {
        all["bounds"] = json!(bbox);
    }
    Ok(Json(all))
}

/// Joins the TileJSON of another layer to one: the tiles hold both.
fn join(all: &mut Value, one: Value) {
    let name = |all: &Value| format!("{},{}", all["name"].as_str().unwrap_or(""), one["name"].as_str().unwrap_or(""));
    let name = name(all);
    all["tiles"] = json!([format!("/tiles/{name}/{{z}}/{{x}}/{{y}}.mvt")]);
    all["name"] = json!(name);
    for (bound, wider) in [("minzoom", u64::min as fn(u64, u64) -> u64), ("maxzoom", u64::max)] {
        all[bound] = json!(wider(all[bound].as_u64().unwrap_or(0), one[bound].as_u64().unwrap_or(0)));
    }
    if let (Some(drawn), Some(more)) = (all["vector_layers"].as_array_mut(), one["vector_layers"].as_array()) {
        drawn.extend(more.iter().cloned());
    }
}

/// The style of the map for a role: one's own, with the ending `.json`.
#[utoipa::path(get, path = "/style/{role}", tag = "map",
    params(("role" = String, Path, description = "One's own role, with the ending `.json`")),
    responses((status = 200, description = "MapLibre style", body = serde_json::Value)))]
pub async fn style(who: Who<SignedIn>, Segment(name): Segment) -> Answer<Json<Value>> {
    let role = name.strip_suffix(".json").and_then(Role::parse).filter(|role| *role == who.actor.role);
    let role = role.ok_or_else(|| Error::NotFound(format!("style {name}")))?;
    Ok(Json(of_role(role)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gzip_is_sent_to_who_takes_it() {
        for (value, takes) in [
            ("gzip, deflate, br", true),
            ("br;q=1.0, gzip;q=0.8", true),
            ("gzip;q=0", false),
            ("gzip; q=0.000", false),
            ("identity", false),
            ("*", true),
        ] {
            let headers = HeaderMap::from_iter([(header::ACCEPT_ENCODING, HeaderValue::from_static(value))]);
            assert_eq!(accepts_gzip(&headers), takes, "{value}");
        }
        assert!(!accepts_gzip(&HeaderMap::new()));
    }
}
