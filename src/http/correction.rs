//! Corrections: made on the ground, verified by somebody else.

use super::App;
use super::address::AddressView;
use super::body::{Body, Segment, screened, unnumbered};
use super::cursor::{Cursor, Page};
use super::permission::{Correct, ReadFlag, Review};
use super::problem::Answer;
use super::query::{Given, Params, Query};
use super::sight::Sight;
use super::who::Who;
use crate::domain::correction::Observed;
use crate::domain::{Actor, AddressId, Change, Correction, CorrectionState, GridCode};
use crate::error::{Error, Text};
use crate::store::{CorrectionFilter, NewCorrection, Stored, Verdict as StoreVerdict};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

/// A correction with what a list shows of its address.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CorrectionItem)]
pub struct CorrectionView {
    /// The correction.
    #[serde(flatten)]
    pub correction: Correction,
    /// The address as text; empty when it has left the scope.
    pub address_text: String,
    /// The grid that the address lies in.
    pub grid_code: Option<String>,
    /// That grid's name.
    pub grid_name: Option<String>,
}

impl CorrectionView {
    /// A correction as `sight` shows it.
    pub fn of(sight: &Sight, correction: Correction) -> Self {
        let address = sight.address(&correction.address_id).ok();
        let grid = address.and_then(|(row, _)| sight.grid_name(sight.city.home(row)));
        CorrectionView {
            address_text: address.map(|(_, address)| address.full_text().into_owned()).unwrap_or_default(),
            grid_code: grid.map(|(code, _)| code.to_owned()),
            grid_name: grid.map(|(_, name)| name.to_owned()),
            correction,
        }
    }
}

/// A correction of an address.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewCorrection)]
pub struct Post {
    /// Made by the client: sending it again stores it once.
    pub correction_id: Uuid,
    /// The address.
    pub address_id: String,
    /// The address's version that the client saw.
    pub base_version: i64,
    /// What it changes.
    pub change: Change,
    /// Where the phone was.
    #[serde(default)]
    pub observed: Option<Observed>,
    /// A word to the reviewer.
    #[serde(default)]
    pub note: Option<String>,
}

/// A reviewer's word on a correction.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewReview)]
pub struct Verdict {
    /// Verified, or rejected: then the correction is taken back.
    pub verdict: VerdictKind,
    /// Why; needed for a rejection.
    #[serde(default)]
    pub reason: Option<String>,
}

/// What a reviewer says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum VerdictKind {
    /// It is right.
    Verified,
    /// It is wrong and is taken back.
    Rejected,
}

/// Which corrections.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct CorrectionQuery {
    /// Where it stands; all if left out.
    pub state: Option<CorrectionState>,
    /// Code of a grid: this and all below it.
    pub grid: Option<String>,
    /// Most items of the page, 1 to 1000; 50 if left out.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 1000)]
    pub limit: usize,
    /// `next` of the page before.
    #[param(value_type = Option<String>)]
    pub cursor: Option<Cursor>,
}

impl Params for CorrectionQuery {
    fn read(query: &mut Query) -> Self {
        CorrectionQuery {
            state: query.choice("state"),
            grid: query.text("grid"),
            limit: query.limit(),
            cursor: query.cursor(),
        }
    }
}

/// Corrects an address. The map follows before the answer comes.
#[utoipa::path(post, path = "/api/corrections", tag = "correction", request_body = Post,
    responses((status = 201, description = "Stored", body = CorrectionView),
        (status = 200, description = "Stored before: the same one again", body = CorrectionView),
        (status = 409, description = "The address has changed since `base_version`; `current` is the address now",
            body = super::problem::Problem, content_type = "application/problem+json")))]
pub async fn correct(
    State(app): State<Arc<App>>,
    who: Who<Correct>,
    Body(post): Body<Post>,
) -> Answer<(StatusCode, Json<CorrectionView>)> {
    let address_id = post.address_id.clone();
    let note = screened("note", post.note.unwrap_or_default())?;
    if let Change::Set { value, .. } = &post.change {
        // An address may hold a name that was painted on its door; the checker finds it. Numbers are nobody's address.
        unnumbered("change.value", value)?;
    }
    let mut session = app.store.begin(&who.actor).await?;
    let stored = session
        .correct(&NewCorrection {
            correction_id: post.correction_id,
            address_id: AddressId::from(post.address_id),
            base_version: post.base_version,
            change: post.change,
            observed: post.observed,
            note,
        })
        .await;
    let stored = match stored {
        Ok(stored) => stored,
        Err(Error::Conflict { message, current: Some(_) }) => {
            drop(session);
            return Err(Error::Conflict { message, current: as_it_stands(&app, &who.actor, &address_id).await }.into());
        }
        Err(error) => return Err(error.into()),
    };
    session.commit().await?;
    app.follow.settle().await;
    let status = if matches!(stored, Stored::New(_)) { StatusCode::CREATED } else { StatusCode::OK };
    let city = app.live.get();
    Ok((status, Json(CorrectionView::of(&Sight::of(&city, &who.actor), stored.into_inner()))))
}

/// The address as it stands now, in the shape in which it is read.
async fn as_it_stands(app: &Arc<App>, actor: &Actor, id: &str) -> Option<Box<serde_json::Value>> {
    app.follow.settle().await;
    let city = app.live.get();
    let sight = Sight::of(&city, actor);
    let (row, _) = sight.address(id).ok()?;
    serde_json::to_value(AddressView::of(&sight, row)).ok().map(Box::new)
}

/// Lists corrections, newest first.
#[utoipa::path(get, path = "/api/corrections", tag = "correction", params(CorrectionQuery),
    responses((status = 200, body = Page<CorrectionView>)))]
pub async fn list(
    State(app): State<Arc<App>>,
    who: Who<ReadFlag>,
    Given(query): Given<CorrectionQuery>,
) -> Answer<Json<Page<CorrectionView>>> {
    let city = app.live.get();
    let sight = Sight::of(&city, &who.actor);
    sight.ground(None, query.grid.as_deref())?;
    let mut session = app.store.begin(&who.actor).await?;
    // One more than asked for tells whether there is a next page.
    let filter = CorrectionFilter {
        state: query.state,
        grid: query.grid.map(GridCode::from),
        address: None,
        after: after(query.cursor)?,
        limit: query.limit as i64 + 1,
    };
    let mut corrections = session.corrections(&filter).await?;
    let more = corrections.len() > query.limit;
    corrections.truncate(query.limit);
    let next = corrections.last().filter(|_| more).map(|last| Cursor::new(0.0, last.correction_id.to_string()).print());
    let items = corrections.into_iter().map(|correction| CorrectionView::of(&sight, correction)).collect();
    Ok(Json(Page { items, next }))
}

/// The correction or mend after which a page begins.
pub(super) fn after(cursor: Option<Cursor>) -> Answer<Option<Uuid>> {
    let Some(cursor) = cursor else { return Ok(None) };
    let place = cursor.id.parse().ok();
    let wrong = || {
        let reason = Text::new("不是这个列表的游标", "not a cursor of this list");
        Error::invalid("", "cursor", "", reason, Text::new("去掉它, 从头读起", "leave it out and read from the start"))
    };
    Ok(Some(place.ok_or_else(wrong)?))
}

/// Verifies or rejects somebody else's correction.
#[utoipa::path(post, path = "/api/corrections/{id}/review", tag = "correction", request_body = Verdict,
    params(("id" = Uuid, Path, description = "Correction identifier")), responses((status = 200, body = CorrectionView)))]
pub async fn review(
    State(app): State<Arc<App>>,
    who: Who<Review>,
    Segment(id): Segment,
    Body(verdict): Body<Verdict>,
) -> Answer<Json<CorrectionView>> {
    let id: Uuid = id.parse().map_err(|_| Error::NotFound(format!("correction {id}")))?;
    let kind = match verdict.verdict {
        VerdictKind::Verified => StoreVerdict::Verified,
        VerdictKind::Rejected => StoreVerdict::Rejected,
    };
    let reason = screened("reason", verdict.reason.unwrap_or_default())?;
    let mut session = app.store.begin(&who.actor).await?;
    let correction = session.review(id, kind, &reason).await?;
    session.commit().await?;
    app.follow.settle().await;
    let city = app.live.get();
    Ok(Json(CorrectionView::of(&Sight::of(&city, &who.actor), correction)))
}
