//! Vector tiles, their TileJSON and the map's style: what the role and the scope may see, and nothing that tells of more.

use super::App;
use super::body::Segment;
use super::permission::SignedIn;
use super::problem::{Answer, Problem};
use super::query::{Given, Params, Query};
use super::sight::Sight;
use super::web::is_known;
use super::who::Who;
use crate::city::world::TileId;
use crate::domain::Role;
use crate::error::Error;
use crate::tile::cache::{Name, Wanted};
use crate::tile::style::of_role;
use crate::tile::{Coding, Detail, catalog};
use axum::Json;
use axum::body::{Body, Bytes, HttpBody};
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::Response;
use http_body::{Frame, SizeHint};
use serde_json::{Value, json};
use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

/// The path of a tile.
pub const ROUTE: &str = "/tiles/{layers}/{z}/{x}/{y}";

/// What may stand behind a tile's path.
#[derive(Debug, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Asked {
    /// `map`, as without it: points are counted by cell below the zoom where the layer begins to show each; `points`:
    /// every point by itself from zoom 12 on.
    detail: Option<Detail>,
}

impl Params for Asked {
    fn read(query: &mut Query) -> Asked {
        Asked { detail: query.choice("detail") }
    }
}

/// A vector tile of one layer or of several with commas between.
#[utoipa::path(get, path = "/tiles/{layers}/{z}/{x}/{y}", tag = "map",
    params(("layers" = String, Path, description = "Layers with commas between"), ("z" = u8, Path, description = "Zoom"),
        ("x" = u32, Path, description = "Column"), ("y" = String, Path, description = "Row with the ending `.mvt`"), Asked),
    responses((status = 200, description = "Mapbox Vector Tile 2.1", body = Vec<u8>,
            content_type = "application/vnd.mapbox-vector-tile"),
        (status = 304, description = "Not changed since the ETag"),
        (status = 503, description = "Too many tiles are waited for; try again", body = Problem,
            content_type = "application/problem+json")))]
pub async fn tile(
    State(app): State<Arc<App>>,
    method: Method,
    who: Who<SignedIn>,
    Path((layers, z, x, y)): Path<(String, String, String, String)>,
    Given(asked): Given<Asked>,
    headers: HeaderMap,
) -> Answer<Response> {
    let number = |text: &str| text.parse::<u32>().ok().filter(|_| text == "0" || !text.starts_with(['0', '+']));
    let zoom = number(&z).and_then(|zoom| u8::try_from(zoom).ok());
    let tile = match (zoom, number(&x), y.strip_suffix(".mvt").and_then(number)) {
        (Some(zoom), Some(column), Some(row)) => TileId::new(zoom, column, row),
        _ => None,
    };
    let tile = tile.ok_or_else(|| Error::NotFound(format!("tile {layers}/{z}/{x}/{y}")))?;
    let city = app.live.get();
    let wanted = Wanted::of(&city, layers.split(','), tile, asked.detail.unwrap_or_default(), &who.actor)?;
    app.reveals.note(&app.store, &who.actor, &layers).await?;
    let coding = accepted(&headers);
    let name = app.tiles.name(&wanted);
    // The content of a copy that holds is not looked at, nor made.
    if let Some(name) = name.filter(|name| is_known(&headers, &name.etag.quoted())) {
        return Ok(answer(StatusCode::NOT_MODIFIED, name, coding, Body::empty()));
    }
    let form = app.tiles.find(&wanted, coding);
    if let (&Method::HEAD, None, Some(name)) = (&method, &form, name) {
        let body = match coding.of(name.length) {
            Coding::Identity => Body::new(Unseen(Some(name.length))),
            _ => Body::new(Unseen(None)),
        };
        return Ok(answer(StatusCode::OK, name, coding, body));
    }
    let form = match form {
        Some(form) => form,
        None => app.encoder.make(&city, wanted, coding, &who.actor).await?,
    };
    if name.is_none() && is_known(&headers, &form.name.etag.quoted()) {
        return Ok(answer(StatusCode::NOT_MODIFIED, form.name, coding, Body::empty()));
    }
    Ok(answer(StatusCode::OK, form.name, coding, Body::from(form.bytes)))
}

fn answer(status: StatusCode, name: Name, coding: Coding, body: Body) -> Response {
    let coding = coding.of(name.length);
    let mut response = Response::new(body);
    *response.status_mut() = status;
    let set = response.headers_mut();
    if status == StatusCode::OK {
        set.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/vnd.mapbox-vector-tile"));
        if let Some(coding) = coding.name() {
            set.insert(header::CONTENT_ENCODING, HeaderValue::from_static(coding));
        }
    }
    // The browser keeps it, and asks every time whether it still holds: 304 costs next to nothing.
    set.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
    set.insert(header::VARY, HeaderValue::from_static("accept-encoding, cookie, authorization"));
    // It names the tile, not how it travels: packed, the bytes may differ from one version of a library to the next
    // (RFC 9110 8.8.1).
    let etag = match coding {
        Coding::Identity => name.etag.quoted(),
        _ => format!("W/{}", name.etag.quoted()),
    };
    if let Ok(etag) = HeaderValue::from_str(&etag) {
        set.insert(header::ETAG, etag);
    }
    response
}

/// A body that is not there: HEAD asks how long it would be, which is not always known.
struct Unseen(Option<usize>);

impl HttpBody for Unseen {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Ready(None)
    }

    fn size_hint(&self) -> SizeHint {
        self.0.map_or_else(SizeHint::default, |length| SizeHint::with_exact(length as u64))
    }
}

/// The coding that who asks likes best (RFC 9110 12.5.3): by weight, else zstd before gzip.
fn accepted(headers: &HeaderMap) -> Coding {
    let (mut zstd, mut gzip, mut any, mut identity) = (None, None, None, None);
    let codings = headers.get_all(header::ACCEPT_ENCODING).iter().filter_map(|codings| codings.to_str().ok());
    for coding in codings.flat_map(|codings| codings.split(',')) {
        let (name, parameter) = coding.split_once(';').unwrap_or((coding, "q=1"));
        let Some(weight) = weight(parameter) else { continue };
        let name = name.trim();
        let is = |other: &str| name.eq_ignore_ascii_case(other);
        match () {
            () if is("zstd") => zstd = Some(weight),
            () if is("gzip") || is("x-gzip") => gzip = Some(weight),
            () if is("identity") => identity = Some(weight),
            () if is("*") => any = Some(weight),
            () => {}
        }
    }
    // Of what is not named, gzip is what everybody knows.
    let (zstd, gzip) = (zstd.unwrap_or(0), gzip.or(any).unwrap_or(0));
    match zstd.max(gzip) {
        0 => Coding::Identity,
        most if identity.is_some_and(|identity| identity > most) => Coding::Identity,
        most if zstd == most => Coding::Zstd,
        _ => Coding::Gzip,
    }
}

/// A weight in thousandths; none where it can't be read.
fn weight(parameter: &str) -> Option<u32> {
    let (name, value) = parameter.split_once('=')?;
    let value: f32 = value.trim().parse().ok()?;
    (name.trim().eq_ignore_ascii_case("q") && (0.0..=1.0).contains(&value)).then_some((value * 1000.0) as u32)
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
    fn the_coding_is_the_one_that_is_liked_best() {
        for (value, coding) in [
            ("gzip, deflate, br", Coding::Gzip),
            ("gzip, deflate, br, zstd", Coding::Zstd),
            ("zstd;q=0.5, gzip;q=0.8", Coding::Gzip),
            ("gzip;q=0.5 , ZSTD; q=0.500", Coding::Zstd),
            ("br;q=1.0, gzip;q=0.8", Coding::Gzip),
            ("gzip;q=0.4, identity;q=0.5", Coding::Identity),
            ("gzip;q=0", Coding::Identity),
            ("gzip; q=0.000", Coding::Identity),
            ("gzip;q=0, *", Coding::Identity),
            ("zstd;q=0, gzip", Coding::Gzip),
            ("gzip;q=2, zstd;q=x", Coding::Identity),
            ("identity", Coding::Identity),
            ("*", Coding::Gzip),
            ("*;q=0", Coding::Identity),
            ("", Coding::Identity),
        ] {
            let headers = HeaderMap::from_iter([(header::ACCEPT_ENCODING, HeaderValue::from_static(value))]);
            assert_eq!(accepted(&headers), coding, "{value}");
        }
        assert_eq!(accepted(&HeaderMap::new()), Coding::Identity);
        let mut headers = HeaderMap::new();
        for value in ["br", "gzip"] {
            headers.append(header::ACCEPT_ENCODING, HeaderValue::from_static(value));
        }
        assert_eq!(accepted(&headers), Coding::Gzip);
    }
}
