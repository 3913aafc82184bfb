//! The guard in front of a handler: who is signed in, and whether the role has the right.

use super::App;
use super::permission::Right;
use super::problem::Failure;
use crate::domain::Actor;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use std::marker::PhantomData;
use std::sync::Arc;

/// The actor of a request, who has the right `R`.
#[derive(Debug, Clone)]
pub struct Who<R> {
    /// Who it is.
    pub actor: Actor,
    right: PhantomData<R>,
}

impl<R: Right> FromRequestParts<Arc<App>> for Who<R> {
    type Rejection = Failure;

    async fn from_request_parts(_parts: &mut Parts, _app: &Arc<App>) -> Result<Self, Failure> {
        Err(super::pending())
    }
}
