//! Sign-in and sign-out: a session that lives in the database, its token in a cookie.

use super::App;
use super::body::Body;
use super::problem::Answer;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use std::sync::Arc;
use utoipa::ToSchema;

/// The name of the cookie.
pub const COOKIE: &str = "gridpin_session";

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
pub async fn sign_in(State(_app): State<Arc<App>>, Body(_sign_in): Body<SignIn>) -> Answer<Response> {
    Err(super::pending())
}

/// Signs out: the session ends on the server too.
#[utoipa::path(delete, path = "/api/session", tag = "account", security(()),
    responses((status = 204, description = "Signed out")))]
pub async fn sign_out(State(_app): State<Arc<App>>) -> Answer<Response> {
    Ok(StatusCode::NO_CONTENT.into_response())
}
