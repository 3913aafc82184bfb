//! An account's second factor: a code of its phone besides the password.

use super::App;
use super::body::Body;
use super::password::prove;
use super::permission::SignedIn;
use super::problem::Answer;
use super::session::{Caller, origin};
use super::who::Who;
use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::ToSchema;

/// The account's password, to show that it is still its owner who sits there.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OwnPassword {
    /// The password.
    pub password: String,
}

/// A code of the authenticator app.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Code {
    /// Six digits.
    pub code: String,
}

/// A secret for the authenticator app; it counts once a code of it was shown.
#[derive(Serialize, ToSchema)]
#[schema(as = Enrolment)]
pub struct EnrolmentView {
    /// The secret in base32, to be typed.
    pub secret: String,
    /// The same as `otpauth://` URL, for a QR code.
    pub url: String,
}

/// Whether an account has a second factor.
#[derive(Serialize, ToSchema)]
#[schema(as = SecondFactor)]
pub struct StateView {
    /// Whether a sign-in wants a code.
    pub on: bool,
}

/// Whether one's own sign-in wants a code.
#[utoipa::path(get, path = "/api/me/totp", tag = "account", responses((status = 200, body = StateView)))]
pub async fn state(State(app): State<Arc<App>>, who: Who<SignedIn>) -> Answer<Json<StateView>> {
    let on = app.store.begin(who.in_person()?).await?.has_totp().await?;
    Ok(Json(StateView { on }))
}

/// Makes a secret for the authenticator app. It is shown this once.
#[utoipa::path(post, path = "/api/me/totp", tag = "account", request_body = OwnPassword,
    responses((status = 201, body = EnrolmentView)))]
pub async fn begin(
    State(app): State<Arc<App>>,
    who: Who<SignedIn>,
    Caller(address): Caller,
    headers: HeaderMap,
    Body(proof): Body<OwnPassword>,
) -> Answer<(StatusCode, Json<EnrolmentView>)> {
    let actor = who.in_person()?;
    prove(&app, actor, &proof.password, address, &origin(&headers, address)).await?;
    let mut session = app.store.begin(actor).await?;
    let made = session.begin_totp().await?;
    session.commit().await?;
    Ok((StatusCode::CREATED, Json(EnrolmentView { secret: made.secret, url: made.url })))
}

/// Turns the second factor on: from now on a sign-in wants a code.
#[utoipa::path(put, path = "/api/me/totp", tag = "account", request_body = Code,
    responses((status = 204, description = "On")))]
pub async fn confirm(State(app): State<Arc<App>>, who: Who<SignedIn>, Body(given): Body<Code>) -> Answer<StatusCode> {
    let mut session = app.store.begin(who.in_person()?).await?;
    session.confirm_totp(&given.code).await?;
    session.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Turns the second factor off.
#[utoipa::path(delete, path = "/api/me/totp", tag = "account", request_body = OwnPassword,
    responses((status = 204, description = "Off")))]
pub async fn remove(
    State(app): State<Arc<App>>,
    who: Who<SignedIn>,
    Caller(address): Caller,
    headers: HeaderMap,
    Body(proof): Body<OwnPassword>,
) -> Answer<StatusCode> {
    let actor = who.in_person()?;
    prove(&app, actor, &proof.password, address, &origin(&headers, address)).await?;
    let mut session = app.store.begin(actor).await?;
    session.remove_totp(&actor.name).await?;
    session.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}
