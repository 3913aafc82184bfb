//! The guard in front of a handler: who is signed in or what API token is shown, and whether the role has the right.

use super::App;
use super::permission::Right;
use super::problem::Failure;
use crate::domain::Actor;
use crate::error::{Error, Result, Text};
use crate::store::{Admitted, By, SessionLimits, Store};
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
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
#[derive(Debug, Clone)]
pub struct Sessions(Cache<[u8; 32], Known>);

#[derive(Debug, Clone)]
struct Known {
    admitted: Admitted,
    checked: Instant,
}

impl Default for Sessions {
    fn default() -> Self {
        Sessions(Cache::builder().max_capacity(20_000).time_to_live(Duration::from_secs(12 * 3600)).build())
    }
}

impl Sessions {
    /// Whose session `token` is. While the database is `away` it is not asked about sessions seen lately: no read waits
    /// for it. Else it is asked once in a while, by one request for all.
    ///
    /// # Errors
    /// `Unauthenticated` when it is nobody's, `Unavailable` when the database is away and the session was not seen lately.
    pub async fn find(&self, store: &Store, away: bool, token: &str) -> Result<Admitted> {
        let known = self.0.get(&hash(token));
        if let Some(known) = &known {
            if away || known.checked.elapsed() < FRESH {
                return Ok(known.admitted.clone());
            }
            // The others go on with what is known until this one has heard.
            self.remember(token, known.admitted.clone());
        }
        // As a task of its own: a caller that goes away must not leave the question unanswered.
        let (sessions, store, token) = (self.clone(), store.clone(), token.to_owned());
        let asked = tokio::spawn(async move { sessions.ask(&store, &token, known).await });
        asked.await.map_err(|error| Error::Internal(format!("a session could not be looked up: {error}")))?
    }

    async fn ask(&self, store: &Store, token: &str, known: Option<Known>) -> Result<Admitted> {
        match (store.admit(token, SessionLimits::default()).await, known) {
            (Ok(admitted), _) => {
                self.remember(token, admitted.clone());
                Ok(admitted)
            }
            (Err(Error::Unauthenticated), _) => {
                self.forget(token);
                Err(Error::Unauthenticated)
            }
            (Err(Error::Unavailable(why)), Some(known)) => {
                tracing::debug!(why, "a session could not be looked up again; it was alive before");
                // Not every request of an outage has to wait for the database.
                self.remember(token, known.admitted.clone());
                Ok(known.admitted)
            }
            (Err(error), known) => {
                // It stays as doubtful as it was.
                if let Some(known) = known {
                    self.0.insert(hash(token), known);
                }
                Err(error)
            }
        }
    }

    /// Whose session it was when it was last looked up, and whether that was just now.
    pub fn seen(&self, token: &str) -> Option<(Admitted, bool)> {
        self.0.get(&hash(token)).map(|known| (known.admitted, known.checked.elapsed() < FRESH))
    }

    /// Remembers a session that is alive now.
    pub fn remember(&self, token: &str, admitted: Admitted) {
        self.0.insert(hash(token), Known { admitted, checked: Instant::now() });
    }

    /// Has every session of an account looked up again: one of them ended, and only its account is known.
    pub fn doubt(&self, account: &str) {
        for (key, known) in self.0.iter() {
            if known.admitted.actor.name == account {
                self.0.invalidate(&*key);
            }
        }
    }

    /// Forgets a session that has ended.
    pub fn forget(&self, token: &str) {
        self.0.invalidate(&hash(token));
    }
}

fn hash(token: &str) -> [u8; 32] {
    Sha256::digest(token).into()
}

/// Whose request it is, where a middleware has found that out already.
#[derive(Debug, Clone)]
pub struct Signed(pub Admitted);

/// What a request is let in by: an API token (`Authorization: Bearer ...`) or, without one, its cookie's session.
pub fn token(headers: &HeaderMap) -> Option<&str> {
    match headers.get(header::AUTHORIZATION) {
        Some(shown) => {
            let (scheme, token) = shown.to_str().ok()?.split_once(' ')?;
            // A session's token belongs into its cookie, which no script reads.
            let token = token.trim();
            (scheme.eq_ignore_ascii_case("bearer") && token.starts_with(crate::store::token::PREFIX)).then_some(token)
        }
        None => cookie(headers),
    }
}

/// The token of a request's cookie.
pub fn cookie(headers: &HeaderMap) -> Option<&str> {
    cookie_named(headers, COOKIE).filter(|token| !token.starts_with(crate::store::token::PREFIX))
}

/// The value of a cookie.
pub fn cookie_named<'a>(headers: &'a HeaderMap, wanted: &str) -> Option<&'a str> {
    let cookies = headers.get_all(header::COOKIE).iter().filter_map(|cookies| cookies.to_str().ok());
    let mut pairs = cookies.flat_map(|cookies| cookies.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(name, _)| *name == wanted).map(|(_, value)| value)
}

/// The actor of a request, who has the right `R`.
#[derive(Debug, Clone)]
pub struct Who<R> {
    /// Who it is.
    pub actor: Arc<Actor>,
    /// What let it in.
    pub by: By,
    /// The token of the session, or the API token.
    pub token: String,
    right: PhantomData<R>,
}

impl<R> Who<R> {
    /// Refuses programs: an account's own sessions, password and tokens are for who signed in.
    ///
    /// # Errors
    /// `Forbidden` for an API token.
    pub fn in_person(&self) -> Result<&Actor> {
        match self.by {
            By::Session => Ok(&self.actor),
            By::Token { .. } => Err(Error::Forbidden(Text::new(
                "令牌不能管理账号,请登录后操作",
                "an API token can't manage its account: sign in",
            ))),
        }
    }
}

impl<R: Right> FromRequestParts<Arc<App>> for Who<R> {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> std::result::Result<Self, Failure> {
        let token = token(&parts.headers).ok_or(Error::Unauthenticated)?;
        let Admitted { actor, by } = match parts.extensions.get::<Signed>() {
            Some(Signed(admitted)) => admitted.clone(),
            None => app.sessions.find(&app.store, app.follow.is_away(), token).await?,
        };
        if !R::ROLES.contains(&actor.role) {
            return Err(Error::Forbidden(Text::new("您的角色没有这项权限", "your role may not do this")).into());
        }
        if matches!(by, By::Token { read_only: true, .. }) && !parts.method.is_safe() {
            return Err(Error::Forbidden(Text::new("这个令牌只能读取", "this API token only reads")).into());
        }
        Ok(Who { actor, by, token: token.to_owned(), right: PhantomData })
    }
}
