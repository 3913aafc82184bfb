//! An account's own password.

use super::App;
use super::body::Body;
use super::permission::SignedIn;
use super::problem::{Answer, Failure};
use super::session::{Caller, PASSWORD_MAX, known, origin, with_cookie};
use super::who::Who;
use crate::domain::Actor;
use crate::error::{Error, Text};
use crate::store::{Admitted, By, Origin, SessionLimits, account};
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use serde::Deserialize;
use std::net::IpAddr;
use std::sync::Arc;
use utoipa::ToSchema;

/// The password that is, and the one that shall be.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewPassword {
    /// The password until now.
    pub current: String,
    /// The new one: 12 characters or more, not easy to guess.
    pub new: String,
}

/// Makes sure that who asks knows the account's password.
///
/// # Errors
/// As [`known`].
pub async fn prove(app: &App, actor: &Actor, password: &str, address: IpAddr, origin: &Origin) -> Answer<()> {
    if password.len() > PASSWORD_MAX {
        return Err(Failure::WrongPassword);
    }
    known(app, &actor.name, password, address, origin).await?;
    app.throttle.succeed(&actor.name, address);
    Ok(())
}

/// Changes one's own password. All sessions and API tokens of the account end; who asks gets a new session.
#[utoipa::path(put, path = "/api/me/password", tag = "account", request_body = NewPassword,
    responses((status = 204, description = "Changed; a new cookie is set")))]
pub async fn change(
    State(app): State<Arc<App>>,
    who: Who<SignedIn>,
    Caller(address): Caller,
    headers: HeaderMap,
    Body(asked): Body<NewPassword>,
) -> Answer<Response> {
    let actor = who.in_person()?;
    let origin = origin(&headers, address);
    prove(&app, actor, &asked.current, address, &origin).await?;
    let weak = match account::weakness(&asked.new, &actor.name) {
        _ if asked.new.len() > PASSWORD_MAX || asked.new.contains('\0') => {
            Some(Text::new("密码过长或含有无法使用的字符", "too long, or with a character that can't be used"))
        }
        None if asked.new == asked.current => Some(Text::new("与原密码相同", "it is the old one")),
        weak => weak,
    };
    if let Some(reason) = weak {
        let remedy =
            Text::new("用几个不相干的词组成更长的密码", "take several words that have nothing to do with each other");
        return Err(Error::invalid("body", "new", "", reason, remedy).into());
    }
    let mut session = app.store.begin(actor).await?;
    session.change_own_password(&asked.new).await?;
    let token = session.open(SessionLimits::default(), &origin).await?;
    session.commit().await?;
    app.sessions.doubt(&actor.name);
    app.sessions.remember(&token, Admitted { actor: who.actor.clone(), by: By::Session });
    Ok(with_cookie(&app, &token, SessionLimits::default().absolute.as_secs()))
}
