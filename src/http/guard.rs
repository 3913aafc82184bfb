//! What stands around every handler: measuring, limits of time and number, refusal of other sites, security headers.

use super::App;
use super::problem::Failure;
use super::queue::{Room, User};
use super::session::Caller;
use super::tile;
use super::who::{Signed, token};
use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Requests that are worked on at once. One account has at most half of the places, and its own line to wait in.
pub const AT_ONCE: Room = Room { places: 256, share: 128, line: 256, waiting: 2048, patience: Duration::from_secs(2) };
/// The longest that a request may take.
const TIME_LIMIT: Duration = Duration::from_secs(30);
/// The same for what moves a whole batch, which may have a hundred thousand pins.
const BATCH_TIME_LIMIT: Duration = Duration::from_secs(180);
/// What an operator asks is answered however much is going on.
const FREE_ROUTES: [&str; 2] = ["/healthz", "/metrics"];
const BATCH_ROUTES: [&str; 2] = ["/api/flag-groups/{id}/mend", "/api/mends/{id}/undo"];

/// Notes route, status and time of every answer; the log holds no query, body or cookie.
pub async fn measure(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let started = Instant::now();
    let name = name_of(request.method());
    let matched = request.extensions().get::<MatchedPath>().cloned();
    let response = next.run(request).await;
    let (status, took) = (response.status().as_u16(), started.elapsed());
    let route = matched.as_ref().map_or("other", MatchedPath::as_str);
    app.metrics.note(route, name, status, took);
    tracing::debug!(route, method = name, status, took_ms = took.as_secs_f64() * 1e3, "answered");
    response
}

/// Names of methods that are known; few, whatever is sent.
fn name_of(method: &Method) -> &'static str {
    let names = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];
    names.into_iter().find(|name| *name == method.as_str()).unwrap_or("other")
}

/// Bounds how many requests are worked on at once, how many of them one account may have, and how long each may take.
/// Tiles have a queue of their own: what is in the cache waits for nothing.
pub async fn limit(State(app): State<Arc<App>>, mut request: Request, next: Next) -> Response {
    let route = request.extensions().get::<MatchedPath>().map_or("", MatchedPath::as_str);
    let (is_tile, is_free) = (route == tile::ROUTE, FREE_ROUTES.contains(&route));
    let seen = token(request.headers()).and_then(|token| app.sessions.seen(token));
    let fresh = seen.as_ref().filter(|(_, fresh)| *fresh || app.follow.is_away());
    if let Some((admitted, _)) = fresh {
        request.extensions_mut().insert(Signed(admitted.clone()));
    }
    let user: User = match &seen {
        Some((admitted, _)) => admitted.actor.name.as_str().into(),
        None => Caller::of(request.extensions(), request.headers(), &app).0.to_string().into(),
    };
    if !is_free && let Err(wait_s) = app.pace.count(&user) {
        return Failure::TooMany(wait_s).into_response();
    }
    if is_free || (is_tile && fresh.is_some()) {
        return next.run(request).await;
    }
    let _place = match app.at_once.place(&user).await {
        Ok(place) => place,
        Err(busy) => return busy.into_response(),
    };
    let of_batch =
        request.extensions().get::<MatchedPath>().is_some_and(|route| BATCH_ROUTES.contains(&route.as_str()));
    let limit = if of_batch { BATCH_TIME_LIMIT } else { TIME_LIMIT };
    match tokio::time::timeout(limit, next.run(request)).await {
        Ok(response) => response,
        Err(_) => Failure::Busy.into_response(),
    }
}

/// Answers that something isn't there to be changed only at whole multiples of this after it was asked for. The database
/// takes longer to see that a record is outside one's ground than to see that there is none; told so, both take as long.
/// What is read is found in the City, where that makes no difference that could be measured from outside.
const BEAT: Duration = Duration::from_millis(10);

/// Lets no change that finds nothing tell by its time whether there is something outside one's ground.
pub async fn even(request: Request, next: Next) -> Response {
    let (asked, is_change) = (Instant::now(), !request.method().is_safe());
    let response = next.run(request).await;
    if is_change && response.status() == StatusCode::NOT_FOUND {
        let beats = asked.elapsed().as_nanos() / BEAT.as_nanos() + 1;
        tokio::time::sleep_until((asked + BEAT * u32::try_from(beats).unwrap_or(u32::MAX)).into()).await;
    }
    response
}

/// Refuses what another site made a browser send: SameSite=Strict already keeps the cookie back, this is the second lock.
pub async fn same_site(request: Request, next: Next) -> Response {
    if !request.method().is_safe() && is_cross_site(request.headers(), request.uri().authority().map(|a| a.as_str())) {
        return Failure::CrossSite.into_response();
    }
    next.run(request).await
}

/// `authority` is the URL's, where there is no Host header (HTTP/2).
fn is_cross_site(headers: &HeaderMap, authority: Option<&str>) -> bool {
    let text = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    let host = text(header::HOST).or(authority);
    if let Some(site) = text(HeaderName::from_static("sec-fetch-site")) {
        return !matches!(site, "same-origin" | "none");
    }
    match headers.get(header::ORIGIN) {
        None => false,
        Some(origin) => {
            let origin = origin.to_str().unwrap_or("");
            let authority = origin.split_once("://").map_or("", |(_, authority)| authority);
            authority.is_empty() || Some(authority) != host
        }
    }
}

/// Adds the headers that tell a browser what this page may do.
pub async fn shield(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    for (name, value) in app.shield.iter() {
        headers.entry(name).or_insert_with(|| value.clone());
    }
    // What the City shows is of then, not of now.
    if let Some(stale_s) = app.follow.stale_s() {
        headers.insert(HeaderName::from_static("gridpin-stale"), HeaderValue::from(stale_s as u64));
    }
    // What an account may read is for no cache on the way. Handlers that know better have said so.
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("private, no-store"));
    response
}

/// The headers of [`shield`]: nothing from elsewhere but the configured basemap, nothing inline.
pub fn shield_headers(basemap: Option<&str>, behind_tls: bool) -> Vec<(HeaderName, HeaderValue)> {
    let origin = basemap.and_then(origin_of).map(|origin| format!(" {origin}")).unwrap_or_default();
    let policy = format!(
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:{origin}; font-src 'self'; \
         connect-src 'self'{origin}; worker-src 'self'; manifest-src 'self'; base-uri 'none'; \
         form-action 'self'; frame-ancestors 'none'"
    );
    let mut headers = vec![
        (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        (header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
        (header::REFERRER_POLICY, HeaderValue::from_static("same-origin")),
        (HeaderName::from_static("cross-origin-opener-policy"), HeaderValue::from_static("same-origin")),
        (HeaderName::from_static("cross-origin-resource-policy"), HeaderValue::from_static("same-origin")),
        (
            HeaderName::from_static("permissions-policy"),
            HeaderValue::from_static("geolocation=(self), camera=(), microphone=(), payment=(), usb=()"),
        ),
    ];
    if let Ok(policy) = HeaderValue::from_str(&policy) {
        headers.push((header::CONTENT_SECURITY_POLICY, policy));
    }
    if behind_tls {
        headers.push((header::STRICT_TRANSPORT_SECURITY, HeaderValue::from_static("max-age=31536000")));
    }
    headers
}

/// Scheme and host of a URL, where it has them and they can stand in a policy.
fn origin_of(url: &str) -> Option<String> {
    let (scheme, rest) = url.split_once("://")?;
    let host = rest.split('/').next()?;
    let sound = |c: char| c.is_ascii_alphanumeric() || ".-:[]".contains(c);
    (matches!(scheme, "http" | "https") && !host.is_empty() && host.chars().all(sound))
        .then(|| format!("{scheme}://{host}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_same_site_may_write() {
        for (headers, refused) in [
            (vec![], false),
            (vec![("sec-fetch-site", "same-origin")], false),
            (vec![("sec-fetch-site", "cross-site")], true),
            (vec![("sec-fetch-site", "same-site")], true),
            (vec![("origin", "http://here:1"), ("host", "here:1")], false),
            (vec![("origin", "http://there"), ("host", "here:1")], true),
            (vec![("origin", "null"), ("host", "here:1")], true),
        ] {
            let map: HeaderMap = headers
                .iter()
                .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)))
                .collect();
            assert_eq!(is_cross_site(&map, None), refused, "{headers:?}");
        }
    }

    #[test]
    fn a_basemap_opens_its_own_origin_only() {
        assert_eq!(origin_of("https://t.example:8/{z}/{x}/{y}.png").as_deref(), Some("https://t.example:8"));
        for bad in ["/local/{z}", "javascript:alert(1)", "https://x y/", "https://", "https://a;script-src *"] {
            assert_eq!(origin_of(bad), None, "{bad}");
        }
    }
}
