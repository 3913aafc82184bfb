//! The web client, embedded in the program: hashed files for ever, the page itself always asked for anew.

use super::problem::Failure;
use crate::error::Error;
use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};

#[derive(rust_embed::RustEmbed)]
#[folder = "web/dist"]
#[allow_missing = true]
struct Client;

/// Paths that are the service's own: what is unknown below them is a problem, not the page.
const OWN: [&str; 8] = ["api", "tiles", "style", "events", "healthz", "readyz", "metrics", "ogc"];

/// Serves a file of the client, or its page for every path that the client routes itself.
pub async fn client(method: Method, uri: Uri, headers: HeaderMap) -> Response {
    let path = uri.path().trim_start_matches('/');
    let first = path.split('/').next().unwrap_or("");
    if OWN.contains(&first) {
        return Failure::from(Error::NotFound(uri.path().to_owned())).into_response();
    }
    if !matches!(method, Method::GET | Method::HEAD) {
        return Failure::Method.into_response();
    }
    if let Some(file) = Client::get(path) {
        return respond(path, file, &headers);
    }
    let is_file = path.rsplit('/').next().is_some_and(|name| name.contains('.'));
    if is_file {
        return Failure::from(Error::NotFound(uri.path().to_owned())).into_response();
    }
    match Client::get("index.html") {
        Some(page) => respond("index.html", page, &headers),
        None => (
            StatusCode::SERVICE_UNAVAILABLE,
            "The web client is not built into this program: run `make build`. The API answers at /api/openapi.json.\n\
             程序中没有网页客户端:请运行 make build。接口见 /api/openapi.json。\n",
        )
            .into_response(),
    }
}

fn respond(path: &str, file: rust_embed::EmbeddedFile, headers: &HeaderMap) -> Response {
    // Vite puts what carries a hash in its name below assets/.
    let cache = if path.starts_with("assets/") { "public, max-age=31536000, immutable" } else { "no-cache" };
    let etag = format!("\"{}\"", hex::encode(&file.metadata.sha256_hash()[..12]));
    let mut response = if is_known(headers, &etag) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        let mut response = Response::new(Body::from(file.data.into_owned()));
        let kind = match path.rsplit('.').next() {
            Some("webmanifest") => "application/manifest+json".to_owned(),
            _ => file.metadata.mimetype().to_owned(),
        };
        let kind =
            if kind.starts_with("text/") || kind.ends_with("javascript") { kind + "; charset=utf-8" } else { kind };
        if let Ok(kind) = HeaderValue::from_str(&kind) {
            response.headers_mut().insert(header::CONTENT_TYPE, kind);
        }
        response
    };
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static(cache));
    if let Ok(etag) = HeaderValue::from_str(&etag) {
        response.headers_mut().insert(header::ETAG, etag);
    }
    response
}

/// Whether the caller already has what `etag` names (RFC 9110 13.1.2, weak comparison).
pub fn is_known(headers: &HeaderMap, etag: &str) -> bool {
    let bare = |tag: &str| tag.trim().trim_start_matches("W/").to_owned();
    headers
        .get_all(header::IF_NONE_MATCH)
        .iter()
        .filter_map(|tags| tags.to_str().ok())
        .any(|tags| tags.split(',').any(|tag| tag.trim() == "*" || bare(tag) == bare(etag)))
}
