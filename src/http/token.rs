//! API tokens of one's own account, for programs.

use super::App;
use super::body::{Body, Segment, screened};
use super::permission::SignedIn;
use super::problem::Answer;
use super::sight::Sight;
use super::who::Who;
use crate::domain::GridCode;
use crate::error::{Error, Text};
use crate::store::{ApiToken, NewToken};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use std::time::Duration;
use utoipa::ToSchema;
use uuid::Uuid;

/// The longest that a token is good.
const DAYS_MAX: u32 = 366;
/// Tokens of one account at the same time.
const TOKENS_MAX: usize = 50;

/// A living API token, without its secret.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ApiToken)]
pub struct TokenView {
    /// Its number.
    pub token_id: Uuid,
    /// What it is for.
    pub label: String,
    /// Its ground, where that is less than the account's.
    pub grid: Option<String>,
    /// Whether it only reads.
    pub read_only: bool,
    /// When it was made.
    pub made_at: DateTime<Utc>,
    /// By which account.
    pub made_by: String,
    /// When it ends.
    pub expires_at: DateTime<Utc>,
    /// When it was used last, to a minute.
    pub seen_at: Option<DateTime<Utc>>,
}

impl From<ApiToken> for TokenView {
    fn from(token: ApiToken) -> Self {
        TokenView {
            token_id: token.id,
            label: token.label,
            grid: token.grid.map(|code| code.to_string()),
            read_only: token.read_only,
            made_at: token.made_at,
            made_by: token.made_by,
            expires_at: token.expires_at,
            seen_at: token.seen_at,
        }
    }
}

/// A token to be made.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewToken)]
pub struct Post {
    /// What it is for, in 80 characters.
    pub label: String,
    /// A grid on the account's own ground; without one, all of that.
    #[serde(default)]
    pub grid: Option<String>,
    /// Whether it only reads.
    pub read_only: bool,
    /// How many days it is good, from 1 to 366.
    pub days: u32,
}

/// A token that was made, with its secret, this once.
#[derive(Debug, Serialize, ToSchema)]
pub struct MadeToken {
    /// Its number.
    pub token_id: Uuid,
    /// The secret: sent as `Authorization: Bearer ...`.
    pub token: String,
}

/// The living tokens of one's own account, newest first.
#[utoipa::path(get, path = "/api/tokens", tag = "account", responses((status = 200, body = Vec<TokenView>)))]
pub async fn list(State(app): State<Arc<App>>, who: Who<SignedIn>) -> Answer<Json<Vec<TokenView>>> {
    let actor = who.in_person()?;
    let tokens = app.store.begin(actor).await?.tokens(&actor.name).await?;
    Ok(Json(tokens.into_iter().map(TokenView::from).collect()))
}

/// Makes a token. Its secret is shown this once.
#[utoipa::path(post, path = "/api/tokens", tag = "account", request_body = Post,
    responses((status = 201, body = MadeToken)))]
pub async fn make(
    State(app): State<Arc<App>>,
    who: Who<SignedIn>,
    Body(post): Body<Post>,
) -> Answer<(StatusCode, Json<MadeToken>)> {
    let actor = who.in_person()?;
    let wrong =
        |field: &str, value: &str, reason: Text, remedy: Text| Error::invalid("body", field, value, reason, remedy);
    if !(1..=DAYS_MAX).contains(&post.days) {
        let reason = Text::new(format!("不在 1 到 {DAYS_MAX} 之间"), format!("not between 1 and {DAYS_MAX}"));
        let remedy = Text::new("给出天数", "give a number of days");
        return Err(wrong("days", &post.days.to_string(), reason, remedy).into());
    }
    let label = screened("label", post.label.trim().to_owned())?;
    if label.is_empty() || label.chars().count() > 80 || label.chars().any(char::is_control) {
        let reason = Text::new("请写明令牌的用途,80 字以内", "say what the token is for, in 80 characters");
        let remedy = Text::new("例如:消防指挥平台只读", "for example: fire brigade's screen, reading");
        return Err(wrong("label", &post.label, reason, remedy).into());
    }
    if let Some(code) = &post.grid {
        // What lies outside is as if it were not there.
        Sight::of(&app.live.get(), actor).grid(code)?;
    }
    let mut session = app.store.begin(actor).await?;
    if session.tokens(&actor.name).await?.len() >= TOKENS_MAX {
        let reason = Text::new(format!("已有 {TOKENS_MAX} 个令牌"), format!("there are {TOKENS_MAX} tokens already"));
        return Err(wrong("label", &label, reason, Text::new("先撤销不用的", "revoke those that nobody uses")).into());
    }
    let new = NewToken {
        label,
        grid: post.grid.map(GridCode::from),
        read_only: post.read_only,
        lifetime: Duration::from_secs(u64::from(post.days) * 86_400),
    };
    let (token_id, token) = session.make_token(&actor.name, &new).await?;
    session.commit().await?;
    Ok((StatusCode::CREATED, Json(MadeToken { token_id, token })))
}

/// Takes a token of one's own account back, at once.
#[utoipa::path(delete, path = "/api/tokens/{id}", tag = "account",
    params(("id" = Uuid, Path, description = "Number of the token")),
    responses((status = 204, description = "Revoked")))]
pub async fn revoke(State(app): State<Arc<App>>, who: Who<SignedIn>, Segment(id): Segment) -> Answer<StatusCode> {
    let actor = who.in_person()?;
    let id: Uuid = id.parse().map_err(|_| Error::NotFound(format!("token {id}")))?;
    let mut session = app.store.begin(actor).await?;
    // A steward may take back everybody's, but by `gridpin user`.
    if session.tokens(&actor.name).await?.iter().all(|token| token.id != id) {
        return Err(Error::NotFound(format!("token {id}")).into());
    }
    session.revoke_token(id).await?;
    session.commit().await?;
    app.sessions.doubt(&actor.name);
    Ok(StatusCode::NO_CONTENT)
}
