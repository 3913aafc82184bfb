//! Sign-in by the site's own provider of identities (OpenID Connect, authorization code with PKCE).
//!
//! The provider says who somebody is; what that account may do is said here: no account is made by it. What has to be
//! remembered between leaving and coming back is in a cookie of that browser, so that any process can take the answer.

use super::App;
use super::problem::Answer;
use super::query::{Given, Params, Query};
use super::session::{Caller, append_cookie, begin, origin, session_cookie};
use super::who::cookie_named;
use crate::config::{Identity, IdentityClaim};
use crate::error::{Error, Result, Text};
use crate::store::SessionLimits;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use openidconnect::core::{CoreAuthenticationFlow, CoreClient, CoreProviderMetadata, CoreUserInfoClaims};
use openidconnect::{
    AuthorizationCode, ClientId, ClientSecret, CsrfToken, IssuerUrl, Nonce, OAuth2TokenResponse, PkceCodeChallenge,
    PkceCodeVerifier, RedirectUrl, Scope, TokenResponse,
};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::Mutex;

/// What a browser keeps while it is away at the provider.
const AWAY: &str = "gridpin_away";
/// How long it may be away.
const AWAY_S: u64 = 600;
/// What the provider says of itself, its keys too, is read anew after this long.
const FRESH: Duration = Duration::from_secs(600);
/// The longest that one question to the provider takes.
const PATIENCE: Duration = Duration::from_secs(10);
/// Where the provider sends the browser back to.
const RETURN: &str = "/api/session/oidc/return";

/// The provider, as the operator has named it.
pub struct Provider {
    identity: Identity,
    http: reqwest::Client,
    known: Mutex<Option<(CoreProviderMetadata, Instant)>>,
}

fn misconfigured(field: &str, value: &str, error: impl std::fmt::Display) -> Error {
    let reason = Text::new(format!("无法使用: {error}"), format!("can't be used: {error}"));
    let remedy = Text::new("见 gridpin serve --help", "see gridpin serve --help");
    Error::invalid("", field, value, reason, remedy)
}

fn away(what: &str, error: impl std::fmt::Display) -> Error {
    Error::Unavailable(format!("identity provider, {what}: {error}"))
}

impl Provider {
    /// The provider of a configuration; none where there is none.
    ///
    /// # Errors
    /// `Invalid` for a part that is missing or no URL.
    pub fn new(identity: &Identity) -> Result<Option<Provider>> {
        let Some(issuer) = &identity.oidc_issuer else { return Ok(None) };
        IssuerUrl::new(issuer.clone()).map_err(|error| misconfigured("--oidc-issuer", issuer, error))?;
        for (field, value) in [("--oidc-client-id", &identity.oidc_client_id), ("--public-url", &identity.public_url)] {
            if value.is_none() {
                return Err(misconfigured(field, "", "missing beside --oidc-issuer / 与 --oidc-issuer 一同给出"));
            }
        }
        let http = reqwest::Client::builder()
            // A provider that sends elsewhere is not followed there.
            .redirect(reqwest::redirect::Policy::none())
            .timeout(PATIENCE)
            .build()
            .map_err(|error| misconfigured("--oidc-issuer", issuer, error))?;
        Ok(Some(Provider { identity: identity.clone(), http, known: Mutex::new(None) }))
    }

    async fn metadata(&self) -> Result<CoreProviderMetadata> {
        let mut known = self.known.lock().await;
        if let Some((metadata, read)) = known.as_ref()
            && read.elapsed() < FRESH
        {
            return Ok(metadata.clone());
        }
        let issuer = self.identity.oidc_issuer.clone().unwrap_or_default();
        let issuer = IssuerUrl::new(issuer).map_err(|error| away("issuer", error))?;
        let read =
            CoreProviderMetadata::discover_async(issuer, &self.http).await.map_err(|error| away("discovery", error))?;
        *known = Some((read.clone(), Instant::now()));
        Ok(read)
    }

    fn return_url(&self) -> Result<RedirectUrl> {
        let public = self.identity.public_url.as_deref().unwrap_or_default().trim_end_matches('/');
        RedirectUrl::new(format!("{public}{RETURN}")).map_err(|error| misconfigured("--public-url", public, error))
    }

    /// Where to send the browser, and what it keeps meanwhile.
    async fn leave(&self) -> Result<(String, String)> {
        let client = client(self.metadata().await?, &self.identity).set_redirect_uri(self.return_url()?);
        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        let (url, state, nonce) = client
            .authorize_url(CoreAuthenticationFlow::AuthorizationCode, CsrfToken::new_random, Nonce::new_random)
            .add_scope(Scope::new("profile".to_owned()))
            .set_pkce_challenge(challenge)
            .url();
        Ok((url.into(), format!("{}.{}.{}", state.secret(), nonce.secret(), verifier.secret())))
    }

    /// The name that the provider gives for a code; none where what it says doesn't hold.
    async fn name(&self, code: String, nonce: &str, verifier: &str) -> Result<Option<String>> {
        let client = client(self.metadata().await?, &self.identity).set_redirect_uri(self.return_url()?);
        let tokens = client
            .exchange_code(AuthorizationCode::new(code))
            .map_err(|error| away("token endpoint", error))?
            .set_pkce_verifier(PkceCodeVerifier::new(verifier.to_owned()))
            .request_async(&self.http)
            .await;
        let tokens = match tokens {
            Ok(tokens) => tokens,
            // Used before, too old, or not for this client: not a name, and no fault of the provider.
            Err(openidconnect::RequestTokenError::ServerResponse(_)) => return Ok(None),
            Err(error) => return Err(away("code", error)),
        };
        let Some(id) = tokens.id_token() else { return Ok(None) };
        // Signature, issuer, audience, time and nonce.
        let claims = match id.claims(&client.id_token_verifier(), &Nonce::new(nonce.to_owned())) {
            Ok(claims) => claims,
            Err(error) => {
                tracing::warn!(%error, "an ID token of the identity provider does not hold");
                return Ok(None);
            }
        };
        let subject = claims.subject();
        if self.identity.oidc_claim == IdentityClaim::Sub {
            return Ok(Some(subject.to_string()));
        }
        if let Some(name) = claims.preferred_username() {
            return Ok(Some(name.to_string()));
        }
        // Many providers tell more than the subject only when they are asked.
        let asked = client.user_info(tokens.access_token().clone(), Some(subject.clone()));
        let asked = asked.map_err(|error| away("userinfo endpoint", error))?;
        let info: CoreUserInfoClaims =
            asked.request_async(&self.http).await.map_err(|error| away("userinfo", error))?;
        Ok(info.preferred_username().map(|name| name.to_string()))
    }
}

/// A client of the provider. Its type says of each endpoint whether it is known.
fn client(
    metadata: CoreProviderMetadata,
    identity: &Identity,
) -> CoreClient<
    openidconnect::EndpointSet,
    openidconnect::EndpointNotSet,
    openidconnect::EndpointNotSet,
    openidconnect::EndpointNotSet,
    openidconnect::EndpointMaybeSet,
    openidconnect::EndpointMaybeSet,
> {
    let id = ClientId::new(identity.oidc_client_id.clone().unwrap_or_default());
    let secret = identity.oidc_client_secret.clone().map(ClientSecret::new);
    CoreClient::from_provider_metadata(metadata, id, secret)
}

fn provider(app: &App) -> Result<&Provider> {
    app.provider.as_ref().ok_or_else(|| Error::NotFound("identity provider".to_owned()))
}

/// Sends the browser to a page, and has it forget or keep what it needs away from here.
fn send(app: &App, to: &str, kept: &str, seconds: u64) -> Answer<Response> {
    let mut response = StatusCode::SEE_OTHER.into_response();
    let to = HeaderValue::from_str(to).map_err(|error| Error::Internal(error.to_string()))?;
    response.headers_mut().insert(header::LOCATION, to);
    // Lax: the provider's answer comes from another site.
    append_cookie(
        app,
        &mut response,
        &format!("{AWAY}={kept}; Path=/api/session/oidc; HttpOnly; SameSite=Lax; Max-Age={seconds}"),
    );
    Ok(response)
}

/// Leaves for the site's provider of identities.
#[utoipa::path(get, path = "/api/session/oidc", tag = "account", security(()),
    responses((status = 303, description = "To the provider"),
        (status = 404, description = "The site has none", body = super::problem::Problem,
            content_type = "application/problem+json")))]
pub async fn leave(State(app): State<Arc<App>>) -> Answer<Response> {
    match provider(&app)?.leave().await {
        Ok((url, kept)) => send(&app, &url, &kept, AWAY_S),
        Err(Error::Unavailable(why)) => {
            tracing::warn!(why, "sign-in by the identity provider");
            send(&app, "/?refused=provider", "", 0)
        }
        Err(error) => Err(error.into()),
    }
}

/// What the provider sends back.
#[derive(Debug, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Returned {
    /// What the account's name is asked for with.
    pub code: Option<String>,
    /// What the browser left with.
    pub state: Option<String>,
    /// Why there is no code.
    pub error: Option<String>,
}

impl Params for Returned {
    fn read(query: &mut Query) -> Self {
        let returned = Returned { code: query.text("code"), state: query.text("state"), error: query.text("error") };
        for further in ["error_description", "error_uri", "iss", "session_state", "scope"] {
            query.text(further);
        }
        returned
    }
}

/// Comes back from the provider: a session, where the name that it gives is an account's.
#[utoipa::path(get, path = "/api/session/oidc/return", tag = "account", security(()), params(Returned),
    responses((status = 303, description = "To the page: signed in, or told there why not (`?refused=`)")))]
pub async fn come_back(
    State(app): State<Arc<App>>,
    Caller(address): Caller,
    headers: HeaderMap,
    Given(returned): Given<Returned>,
) -> Answer<Response> {
    let provider = provider(&app)?;
    let kept: Vec<&str> = cookie_named(&headers, AWAY).unwrap_or_default().splitn(3, '.').collect();
    let ([state, nonce, verifier], Some(code)) = (kept.as_slice(), returned.code) else {
        return send(&app, "/?refused=again", "", 0);
    };
    if returned.state.as_deref() != Some(state) {
        return send(&app, "/?refused=again", "", 0);
    }
    let name = match provider.name(code, nonce, verifier).await {
        Ok(Some(name)) => name,
        Ok(None) => return send(&app, "/?refused=again", "", 0),
        Err(Error::Unavailable(why)) => {
            tracing::warn!(why, "sign-in by the identity provider");
            return send(&app, "/?refused=provider", "", 0);
        }
        Err(error) => return Err(error.into()),
    };
    let origin = origin(&headers, address);
    let actor = match app.store.account(&name).await {
        Ok(actor) => actor,
        Err(Error::Unauthenticated) => {
            app.store.note_refusal(&name, "identity", &origin).await?;
            return send(&app, "/?refused=identity", "", 0);
        }
        Err(error) => return Err(error.into()),
    };
    let token = begin(&app, &headers, Arc::new(actor), &origin).await?;
    let mut response = send(&app, "/", "", 0)?;
    append_cookie(&app, &mut response, &session_cookie(&token, SessionLimits::default().absolute.as_secs()));
    Ok(response)
}
