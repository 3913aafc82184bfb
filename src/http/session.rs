//! Sign-in and sign-out: a session that lives in the database, its token in a cookie.

use super::App;
use super::body::Body;
use super::problem::{Answer, Failure};
use super::who::{COOKIE, token};
use crate::error::{Error, Text};
use crate::store::SessionLimits;
use axum::extract::{ConnectInfo, FromRequestParts, State};
use axum::http::request::Parts;
use axum::http::{Extensions, HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use std::convert::Infallible;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Instant;
use utoipa::ToSchema;

/// No password is longer; what is sent beyond is not worth hashing.
const PASSWORD_MAX: usize = 1024;

/// Name and password of an account.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SignIn {
    /// Account name: a work code.
    pub name: String,
    /// Its password.
    pub password: String,
}

/// Signs in: a session cookie (HttpOnly, SameSite=Strict).
#[utoipa::path(post, path = "/api/session", tag = "account", request_body = SignIn, security(()),
    responses((status = 204, description = "Signed in; the cookie is set")))]
pub async fn sign_in(
    State(app): State<Arc<App>>,
    Caller(address): Caller,
    headers: HeaderMap,
    Body(sign_in): Body<SignIn>,
) -> Answer<Response> {
    for (field, value, max) in [("name", &sign_in.name, 64), ("password", &sign_in.password, PASSWORD_MAX)] {
        if value.is_empty() || value.len() > max || value.contains('\0') {
            let reason = Text::new(format!("应有 1 到 {max} 个字节"), format!("it has from 1 to {max} bytes"));
            let shown = if field == "name" { value.as_str() } else { "" };
            let remedy = Text::new("填写账号与密码", "give name and password");
            return Err(Error::invalid("body", field, shown, reason, remedy).into());
        }
    }
    let hold = app.throttle.begin(Instant::now(), &sign_in.name, address).map_err(Failure::TooMany)?;
    tokio::time::sleep(hold).await;
    let actor = {
        // Hashing is made to be slow: not more at once than leaves room for everybody else.
        let _place = app.hashing.acquire().await.map_err(|_| Failure::Busy)?;
        app.store.authenticate(&sign_in.name, &sign_in.password).await
    };
    let actor = match actor {
        Ok(actor) => actor,
        Err(Error::Unauthenticated) => {
            tracing::info!(account = sign_in.name, %address, "sign-in refused");
            return Err(Failure::WrongPassword);
        }
        Err(error) => return Err(error.into()),
    };
    app.throttle.succeed(&sign_in.name, address);
    // A new session for every sign-in: what a browser held before ends.
    if let Some(old) = token(&headers) {
        app.store.end_session(old).await?;
        app.sessions.forget(old);
    }
    let new = app.store.open_session(&actor, SessionLimits::default()).await?;
    tracing::info!(account = actor.name, role = actor.role.as_str(), "signed in");
    app.sessions.remember(&new, Arc::new(actor));
    Ok(with_cookie(&app, &new, SessionLimits::default().absolute.as_secs()))
}

fn with_cookie(app: &App, value: &str, seconds: u64) -> Response {
    let secure = if app.config.behind_tls { "; Secure" } else { "" };
    let cookie = format!("{COOKIE}={value}; Path=/; HttpOnly; SameSite=Strict; Max-Age={seconds}{secure}");
    let mut response = StatusCode::NO_CONTENT.into_response();
    if let Ok(cookie) = HeaderValue::from_str(&cookie) {
        response.headers_mut().insert(header::SET_COOKIE, cookie);
    }
    response
}

/// The address of who calls; behind a proxy, the one that the proxy saw.
#[derive(Debug, Clone, Copy)]
pub struct Caller(pub IpAddr);

impl FromRequestParts<Arc<App>> for Caller {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Infallible> {
        Ok(Caller::of(&parts.extensions, &parts.headers, app))
    }
}

impl Caller {
    /// Who calls, by what is known of a request.
    pub fn of(extensions: &Extensions, headers: &HeaderMap, app: &App) -> Caller {
        let peer = extensions.get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(peer)| peer.ip());
        let told = headers.get_all("x-forwarded-for").iter().next_back().and_then(|told| told.to_str().ok());
        let told = told.and_then(|told| told.rsplit(',').next()?.trim().parse().ok());
        let address = if app.config.behind_tls { told.or(peer) } else { peer };
        Caller(address.unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED)))
    }
}

/// Signs out: the session ends on the server too.
#[utoipa::path(delete, path = "/api/session", tag = "account", security(()),
    responses((status = 204, description = "Signed out")))]
pub async fn sign_out(State(app): State<Arc<App>>, headers: HeaderMap) -> Answer<Response> {
    if let Some(token) = token(&headers) {
        app.store.end_session(token).await?;
        app.sessions.forget(token);
    }
    Ok(with_cookie(&app, "", 0))
}
