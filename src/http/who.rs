//! The guard in front of a handler: who is signed in, and whether the role has the right.

use super::App;
use super::permission::Right;
use super::problem::Failure;
use crate::domain::Actor;
use crate::error::{Error, Result, Text};
use crate::store::{SessionLimits, Store};
use axum::extract::FromRequestParts;
use axum::http::HeaderMap;
use axum::http::request::Parts;
use axum_extra::extract::CookieJar;
use moka::sync::Cache;
use sha2::{Digest, Sha256};
use std::marker::PhantomData;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// The name of the cookie.
pub const COOKIE: &str = "gridpin_session";
/// A session is looked up in the database again after this long: so soon a sign-out elsewhere counts here.
const FRESH: Duration = Duration::from_secs(15);

/// Sessions seen lately, by the hash of their token: reading goes on while the database is away.
#[derive(Debug)]
pub struct Sessions(Cache<[u8; 32], Known>);

#[derive(Debug, Clone)]
struct Known {
    actor: Actor,
    checked: Instant,
}

impl Default for Sessions {
    fn default() -> Self {
        Sessions(Cache::builder().max_capacity(20_000).time_to_live(Duration::from_secs(12 * 3600)).build())
    }
}

impl Sessions {
    /// Whose session `token` is. While the database is `away` it is not asked about sessions seen lately: no read waits
    /// for it.
    ///
    /// # Errors
    /// `Unauthenticated` when it is nobody's, `Unavailable` when the database is away and the session was not seen lately.
    pub async fn find(&self, store: &Store, away: bool, token: &str) -> Result<Actor> {
        let key = hash(token);
        let known = self.0.get(&key);
        if let Some(known) = &known
            && (away || known.checked.elapsed() < FRESH)
        {
            return Ok(known.actor.clone());
        }
        match (store.find_session(token, SessionLimits::default()).await, known) {
            (Ok(actor), _) => {
                self.remember(token, &actor);
                Ok(actor)
            }
            (Err(Error::Unauthenticated), _) => {
                self.0.invalidate(&key);
                Err(Error::Unauthenticated)
            }
            (Err(Error::Unavailable(why)), Some(known)) => {
                tracing::debug!(why, "a session could not be looked up again; it was alive before");
                // Not every request of an outage has to wait for the database.
                self.remember(token, &known.actor);
                Ok(known.actor)
            }
            (Err(error), _) => Err(error),
        }
    }

    /// Remembers a session that is alive now.
    pub fn remember(&self, token: &str, actor: &Actor) {
        self.0.insert(hash(token), Known { actor: actor.clone(), checked: Instant::now() });
    }

    /// Forgets a session that has ended.
    pub fn forget(&self, token: &str) {
        self.0.invalidate(&hash(token));
    }
}

fn hash(token: &str) -> [u8; 32] {
    Sha256::digest(token).into()
}

/// The token of a request's cookie.
pub fn token(headers: &HeaderMap) -> Option<String> {
    CookieJar::from_headers(headers).get(COOKIE).map(|cookie| cookie.value().to_owned())
}

/// The actor of a request, who has the right `R`.
#[derive(Debug, Clone)]
pub struct Who<R> {
    /// Who it is.
    pub actor: Actor,
    /// The token of the session.
    pub token: String,
    right: PhantomData<R>,
}

impl<R: Right> FromRequestParts<Arc<App>> for Who<R> {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> std::result::Result<Self, Failure> {
        let token = token(&parts.headers).ok_or(Error::Unauthenticated)?;
        let actor = app.sessions.find(&app.store, app.follow.is_away(), &token).await?;
        if !R::ROLES.contains(&actor.role) {
            return Err(Error::Forbidden(Text::new("您的角色没有这项权限", "your role may not do this")).into());
        }
        Ok(Who { actor, token, right: PhantomData })
    }
}
