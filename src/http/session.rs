//! Sign-in and sign-out: a session that lives in the database, its token in a cookie. One's own sessions.

use super::App;
use super::body::{Body, Segment};
use super::permission::SignedIn;
use super::problem::{Answer, Failure};
use super::who::{COOKIE, Who, cookie};
use crate::domain::Actor;
use crate::error::{Error, Text};
use crate::store::{Admitted, By, Origin, SecondFactor, SessionLimits};
use axum::Json;
use axum::extract::{ConnectInfo, FromRequestParts, State};
use axum::http::request::Parts;
use axum::http::{Extensions, HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::convert::Infallible;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Instant;
use utoipa::ToSchema;
use uuid::Uuid;

/// No password is longer; what is sent beyond is not worth hashing.
pub const PASSWORD_MAX: usize = 1024;

/// Name and password of an account.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SignIn {
    /// Account name: a work code.
    pub name: String,
    /// Its password.
    pub password: String,
    /// The code of its authenticator app, where the account has one: asked for by the problem `code-wanted`.
    #[serde(default)]
    pub code: Option<String>,
}

/// One of one's own sessions.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = OpenSession)]
pub struct SessionView {
    /// Its number.
    pub session_id: Uuid,
    /// When it was opened.
    pub made_at: DateTime<Utc>,
    /// When it was used last, to a minute.
    pub seen_at: DateTime<Utc>,
    /// When it ends at the latest.
    pub expires_at: DateTime<Utc>,
    /// The network address that it was opened from.
    pub address: String,
    /// What the browser calls itself.
    pub agent: String,
    /// Whether it is the one that asks.
    pub mine: bool,
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
    let origin = origin(&headers, address);
    let actor = known(&app, &sign_in.name, &sign_in.password, address, &origin).await?;
    // The attempt still counts as failed: who has the password only must not guess codes faster.
    match app.store.second_factor(&actor.name, sign_in.code.as_deref()).await? {
        SecondFactor::Off | SecondFactor::Right => {}
        SecondFactor::Wanted => return Err(Failure::CodeWanted),
        SecondFactor::Wrong => {
            app.store.note_refusal(&actor.name, "code", &origin).await?;
            return Err(Failure::WrongCode);
        }
    }
    app.throttle.succeed(&actor.name, address);
    let token = begin(&app, &headers, Arc::new(actor), &origin).await?;
    Ok(with_cookie(&app, &token, SessionLimits::default().absolute.as_secs()))
}

/// Whose name and password these are. Guessing is slow; the attempt counts as failed until
/// [`super::throttle::Throttle::succeed`].
///
/// # Errors
/// `WrongPassword`, which the audit log notes; `TooMany`; `Busy`; those of the store.
pub async fn known(app: &App, name: &str, password: &str, address: IpAddr, origin: &Origin) -> Answer<Actor> {
    let hold = app.throttle.begin(Instant::now(), name, address).map_err(Failure::TooMany)?;
    tokio::time::sleep(hold).await;
    let actor = {
        // Hashing is made to be slow: not more at once than leaves room for everybody else.
        let _place = app.hashing.acquire().await.map_err(|_| Failure::Busy)?;
        app.store.authenticate(name, password).await
    };
    match actor {
        Err(Error::Unauthenticated) => {
            app.store.note_refusal(name, "password", origin).await?;
            Err(Failure::WrongPassword)
        }
        actor => Ok(actor?),
    }
}

/// Begins a session of an actor who was authenticated and answers its token. What the browser held before ends.
///
/// # Errors
/// Those of the store.
pub async fn begin(app: &App, headers: &HeaderMap, actor: Arc<Actor>, origin: &Origin) -> Answer<String> {
    if let Some(old) = cookie(headers) {
        app.store.end_session(old).await?;
        app.sessions.forget(old);
    }
    let token = app.store.open_session(&actor, SessionLimits::default(), origin).await?;
    tracing::info!(account = actor.name, role = actor.role.as_str(), "signed in");
    app.sessions.remember(&token, Admitted { actor, by: By::Session });
    Ok(token)
}

/// Where a request comes from, as far as its headers tell.
pub fn origin(headers: &HeaderMap, address: IpAddr) -> Origin {
    let agent = headers.get(header::USER_AGENT).and_then(|agent| agent.to_str().ok()).unwrap_or("");
    Origin { address: address.to_string(), agent: agent.chars().take(200).collect() }
}

/// One's own living sessions, last used first.
#[utoipa::path(get, path = "/api/sessions", tag = "account", responses((status = 200, body = Vec<SessionView>)))]
pub async fn list(State(app): State<Arc<App>>, who: Who<SignedIn>) -> Answer<Json<Vec<SessionView>>> {
    let mut session = app.store.begin(who.in_person()?).await?;
    let sessions = session.open_sessions(&who.token, SessionLimits::default()).await?;
    let view = |session: crate::store::OpenSession| SessionView {
        session_id: session.id,
        made_at: session.made_at,
        seen_at: session.seen_at,
        expires_at: session.expires_at,
        address: session.origin.address,
        agent: session.origin.agent,
        mine: session.mine,
    };
    Ok(Json(sessions.into_iter().map(view).collect()))
}

/// Ends one of one's own sessions, at once here and within 15 seconds in other processes.
#[utoipa::path(delete, path = "/api/sessions/{id}", tag = "account",
    params(("id" = Uuid, Path, description = "Number of the session")),
    responses((status = 204, description = "Ended")))]
pub async fn revoke(State(app): State<Arc<App>>, who: Who<SignedIn>, Segment(id): Segment) -> Answer<StatusCode> {
    let actor = who.in_person()?;
    let id: Uuid = id.parse().map_err(|_| Error::NotFound(format!("session {id}")))?;
    let mut session = app.store.begin(actor).await?;
    session.revoke_session(id).await?;
    session.commit().await?;
    app.sessions.doubt(&actor.name);
    Ok(StatusCode::NO_CONTENT)
}

/// An empty answer that sets the session's cookie for so long.
pub fn with_cookie(app: &App, value: &str, seconds: u64) -> Response {
    let mut response = StatusCode::NO_CONTENT.into_response();
    append_cookie(app, &mut response, &session_cookie(value, seconds));
    response
}

/// The session's cookie.
pub fn session_cookie(value: &str, seconds: u64) -> String {
    format!("{COOKIE}={value}; Path=/; HttpOnly; SameSite=Strict; Max-Age={seconds}")
}

/// Sets a cookie, for TLS only where there is TLS.
pub fn append_cookie(app: &App, response: &mut Response, cookie: &str) {
    let secure = if app.config.behind_tls { "; Secure" } else { "" };
    if let Ok(cookie) = HeaderValue::from_str(&format!("{cookie}{secure}")) {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
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
    if let Some(token) = cookie(&headers) {
        app.store.end_session(token).await?;
        app.sessions.forget(token);
    }
    Ok(with_cookie(&app, "", 0))
}
