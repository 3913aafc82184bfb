//! Vector tiles, their TileJSON and the map's style: what the role and the scope may see, and nothing that tells of more.

use super::App;
use super::body::Segment;
use super::permission::SignedIn;
use super::problem::Answer;
use super::web::is_known;
use super::who::Who;
use crate::domain::{Actor, Role};
use crate::error::{Error, Result};
use crate::tile;
use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use flate2::Compression;
use flate2::write::GzEncoder;
use moka::sync::Cache;
use std::io::Write;
use std::sync::Arc;

/// Bytes of compressed tiles that are kept.
const KEPT_BYTES: u64 = 128 * 1024 * 1024;

/// Compressed tiles by layers, tile, actor's eyes and version: compressed once.
#[derive(Debug)]
pub struct Tiles(Cache<Key, Bytes>);

type Key = (String, [u32; 3], Role, crate::domain::Scope, String);

impl Default for Tiles {
    fn default() -> Self {
        let weigh = |key: &Key, tile: &Bytes| (tile.len() + key.0.len() + 200) as u32;
        Tiles(Cache::builder().max_capacity(KEPT_BYTES).weigher(weigh).build())
    }
}

fn gzip(bytes: &[u8]) -> Result<Bytes> {
    let mut encoder = GzEncoder::new(Vec::with_capacity(bytes.len() / 2), Compression::fast());
    let packed = encoder.write_all(bytes).and_then(|()| encoder.finish());
    packed.map(Bytes::from).map_err(|error| Error::Internal(format!("a tile could not be compressed: {error}")))
}

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
    let zoom_u8 = u8::try_from(zoom).map_err(|_| missing())?;
    let packs = accepts_gzip(&headers);
    let names = layers.clone();
    let city = app.live.get();
    let known = headers.get_all(header::IF_NONE_MATCH).iter().next().is_some();
    let work = move || -> Result<(StatusCode, Bytes, String, bool)> {
        let names: Vec<&str> = names.split(',').collect();
        let actor: &Actor = &who.actor;
        let etag = tile::etag(&city, &names, zoom_u8, column, row, actor)?;
        if known && is_known(&headers, &etag) {
            return Ok((StatusCode::NOT_MODIFIED, Bytes::new(), etag, false));
        }
        let key = (names.join(","), [zoom, column, row], actor.role, actor.scope.clone(), etag.clone());
        if packs && let Some(kept) = app.tiles.0.get(&key) {
            return Ok((StatusCode::OK, kept, etag, true));
        }
        let tile = tile::render(&city, &names, zoom_u8, column, row, actor)?;
        if !packs || tile.bytes.is_empty() {
            return Ok((StatusCode::OK, tile.bytes, etag, false));
        }
        let packed = gzip(&tile.bytes)?;
        app.tiles.0.insert(key, packed.clone());
        Ok((StatusCode::OK, packed, etag, true))
    };
    let done = tokio::task::spawn_blocking(work).await.map_err(|error| Error::Internal(error.to_string()))?;
    let (status, bytes, etag, packed) = done?;
    let mut response = (status, bytes).into_response();
    let set = response.headers_mut();
    set.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/vnd.mapbox-vector-tile"));
    // The browser keeps it, and asks every time whether it still holds: 304 costs next to nothing.
    set.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
    set.insert(header::VARY, HeaderValue::from_static("accept-encoding, cookie"));
    if let Ok(etag) = HeaderValue::from_str(&etag) {
        set.insert(header::ETAG, etag);
    }
    if packed {
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
pub async fn tilejson(
    State(app): State<Arc<App>>,
    who: Who<SignedIn>,
    Segment(name): Segment,
) -> Answer<Json<serde_json::Value>> {
    let layers = name.strip_suffix(".json").ok_or_else(|| Error::NotFound(format!("tiles {name}")))?;
    let layers: Vec<&str> = layers.split(',').collect();
    Ok(Json(tile::catalog::tilejson(&app.live.get(), &layers, &who.actor)?))
}

/// The style of the map for a role: one's own, with the ending `.json`.
#[utoipa::path(get, path = "/style/{role}", tag = "map",
    params(("role" = String, Path, description = "One's own role, with the ending `.json`")),
    responses((status = 200, description = "MapLibre style", body = serde_json::Value)))]
pub async fn style(who: Who<SignedIn>, Segment(name): Segment) -> Answer<Json<serde_json::Value>> {
    let role = name.strip_suffix(".json").and_then(Role::parse).filter(|role| *role == who.actor.role);
    let role = role.ok_or_else(|| Error::NotFound(format!("style {name}")))?;
    Ok(Json(tile::catalog::style(role)?))
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
