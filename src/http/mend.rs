//! Mends: what was previewed is done in one action, all or nothing, and taken back in one.

use super::App;
use super::body::{Body, Segment, screened};
use super::cursor::{Cursor, Page};
use super::flag::title_of;
use super::group::{self, MemberView, find};
use super::permission::Mend as MendRight;
use super::problem::Answer;
use super::query::{Given, Params, Query};
use super::sight::Sight;
use super::who::Who;
use crate::domain::{Actor, AddressId, LonLat, Mend, Stale, Why};
use crate::error::{Error, Text};
use crate::store::{Move, NewMend, Stored, not_as_shown};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

/// A pin may go this far, metres, from where the preview showed it: detection learns on while somebody looks.
const AS_SHOWN_M: f64 = 0.5;
/// Most characters of a note: every correction of the mend bears it.
const NOTE_MAX: usize = 500;

/// A pin as the preview showed it.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = MendMember)]
pub struct Shown {
    /// The address.
    pub address_id: String,
    /// The version that the client saw.
    pub base_version: i64,
    /// Where the preview showed it going. It is compared, never taken over: the pin goes where detection restores it to.
    pub to: LonLat,
}

/// Mends a group as it was previewed: the preview is told in short, or pin by pin.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewMend)]
pub struct Post {
    /// Made by the client: sending it again stores it once.
    pub mend_id: Uuid,
    /// `preview` of what was shown, for all of its pins however many they are. When one of them is not as it was shown,
    /// nothing is done; the preview read anew, beside the one that was shown, tells which.
    #[serde(default)]
    pub preview: Option<String>,
    /// Instead of `preview`: the pins that it showed. Those that are not as they were shown are named.
    #[serde(default)]
    pub members: Option<Vec<Shown>>,
    /// The addresses that are mended; all that the preview showed if left out.
    #[serde(default)]
    pub only: Option<Vec<String>>,
    /// Addresses that are left as they are.
    #[serde(default)]
    pub exclude: Vec<String>,
    /// A word on it, up to 500 characters. No person's data.
    #[serde(default)]
    pub note: Option<String>,
}

/// A mend with the name of its rule.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MendItem)]
pub struct MendView {
    /// The mend.
    #[serde(flatten)]
    pub mend: Mend,
    /// Name of the rule.
    pub title: Text,
}

impl From<Mend> for MendView {
    fn from(mend: Mend) -> Self {
        let title = title_of(&mend.rule).unwrap_or_else(|| Text::new(&mend.rule, &mend.rule));
        MendView { mend, title }
    }
}

/// What an undo did.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = UndoneMend)]
pub struct UndoneView {
    /// The mend.
    pub mend: MendView,
    /// How many pins stand again where they stood.
    pub restored: usize,
    /// Addresses that were changed since and stay as they are.
    pub kept: Vec<Stale>,
}

/// Which mends.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct MendQuery {
    /// Most items of the page, 1 to 1000; 50 if left out.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 1000)]
    pub limit: usize,
    /// `next` of the page before.
    #[param(value_type = Option<String>)]
    pub cursor: Option<Cursor>,
}

impl Params for MendQuery {
    fn read(query: &mut Query) -> Self {
        MendQuery { limit: query.limit(), cursor: query.cursor() }
    }
}

/// Mends the pins of a group in one reviewed action, all or none: what the preview showed is what is done.
#[utoipa::path(post, path = "/api/flag-groups/{id}/mend", tag = "correction", request_body = Post,
    params(("id" = String, Path, description = "Group identifier")),
    responses((status = 201, description = "Mended", body = MendView),
        (status = 200, description = "Mended before: the same one again", body = MendView),
        (status = 409, description = "Some pins are not as they were shown: `current.stale` names them, nothing was done",
            body = super::problem::Problem, content_type = "application/problem+json")))]
pub async fn mend(
    State(app): State<Arc<App>>,
    who: Who<MendRight>,
    Segment(id): Segment,
    Body(post): Body<Post>,
) -> Answer<(StatusCode, Json<MendView>)> {
    let mut session = app.store.begin(&who.actor).await?;
    // Once it is mended the group is gone: ask for the mend first.
    if let Some(known) = session.known_mend(post.mend_id, &id).await? {
        return Ok((StatusCode::OK, Json(known.into())));
    }
    let new = accepted(&app, &who.actor, &id, post)?;
    let stored = match session.mend(&new).await {
        Ok(stored) => stored,
        Err(error) => {
            drop(session);
            // The next preview has to show what the database knows already.
            app.follow.settle().await;
            return Err(error.into());
        }
    };
    session.commit().await?;
    app.follow.settle().await;
    let status = if matches!(stored, Stored::New(_)) { StatusCode::CREATED } else { StatusCode::OK };
    Ok((status, Json(stored.into_inner().into())))
}

/// What is to be done, when every pin is as it was shown.
fn accepted(app: &App, actor: &Actor, id: &str, post: Post) -> Answer<NewMend> {
    let city = app.checked()?;
    let sight = Sight::of(&city, actor);
    let group = find(&sight, id)?;
    let members = group::members(&sight, &group);
    let moves = match (&post.preview, &post.members) {
        (Some(preview), None) => as_previewed(members, preview, &post)?,
        (None, Some(shown)) => as_shown(&sight, members, shown, &post)?,
        _ => {
            let reason = Text::new("应给出 preview 或 members 之一", "give either preview or members");
            let remedy = Text::new("发送读到的 preview", "send the preview that was read");
            return Err(Error::invalid("body", "preview", "", reason, remedy).into());
        }
    };
    let note = screened("note", post.note.unwrap_or_default())?;
    if note.chars().count() > NOTE_MAX {
        let reason = Text::new("说明过长", "the note is too long");
        let remedy = Text::new(format!("最多 {NOTE_MAX} 个字"), format!("{NOTE_MAX} characters at most"));
        return Err(Error::invalid("body", "note", note.chars().take(40).collect::<String>(), reason, remedy).into());
    }
    Ok(NewMend {
        mend_id: post.mend_id,
        group_id: group.id,
        rule: group.rule,
        batch: group.batch,
        note,
        members: moves,
    })
}

impl Post {
    /// Whether the pin of an address is to be moved.
    fn wants(&self) -> impl Fn(&str) -> bool {
        let only: Option<HashSet<&str>> = self.only.as_ref().map(|only| only.iter().map(String::as_str).collect());
        let left_out: HashSet<&str> = self.exclude.iter().map(String::as_str).collect();
        move |id| only.as_ref().is_none_or(|only| only.contains(id)) && !left_out.contains(id)
    }
}

impl From<MemberView> for Move {
    fn from(member: MemberView) -> Self {
        Move {
            address_id: AddressId::from(member.address_id),
            base_version: member.base_version,
            to: member.to,
            flag_id: member.flag_id,
        }
    }
}

/// Every pin that the preview showed, when it shows the same now.
fn as_previewed(members: Vec<MemberView>, shown: &str, post: &Post) -> Answer<Vec<Move>> {
    let now = group::preview(&members);
    if now != shown {
        let message = Text::new(
            "这一批与预览时不同，什么都没有改动；请重新读出预览",
            "the batch is not as it was shown; nothing was changed; read its preview again",
        );
        return Err(Error::Conflict { message, current: Some(Box::new(serde_json::json!({ "preview": now }))) }.into());
    }
    let named = post.only.iter().flatten().map(|id| ("only", id)).chain(post.exclude.iter().map(|id| ("exclude", id)));
    for (field, id) in named {
        if members.binary_search_by(|member| member.address_id.cmp(id)).is_err() {
            let reason = Text::new("预览中没有这个地址", "the preview does not show this address");
            let remedy = Text::new("只给预览中的地址", "name addresses of the preview only");
            return Err(Error::invalid("body", field, id, reason, remedy).into());
        }
    }
    let wants = post.wants();
    Ok(members.into_iter().filter(|member| wants(&member.address_id)).map(Move::from).collect())
}

/// The pins that are named one by one, when each is as it was shown.
fn as_shown(sight: &Sight, members: Vec<MemberView>, shown: &[Shown], post: &Post) -> Answer<Vec<Move>> {
    let mut known: HashMap<String, MemberView> = members.into_iter().map(|m| (m.address_id.clone(), m)).collect();
    let wants = post.wants();
    let (mut moves, mut stale, mut twice) = (Vec::new(), Vec::new(), HashSet::new());
    for shown in shown.iter().filter(|shown| wants(&shown.address_id)) {
        if !twice.insert(shown.address_id.as_str()) {
            let reason = Text::new("同一地址给出了两次", "the same address is given twice");
            let remedy = Text::new("每个地址只给一次", "give each address once");
            return Err(Error::invalid("body", "members", &shown.address_id, reason, remedy).into());
        }
        let member = known.remove(&shown.address_id);
        let why = match &member {
            None => Some(Why::Gone),
            Some(member) if member.base_version != shown.base_version => Some(Why::Changed),
            Some(member) if !is_as_shown(member.to, shown.to) => Some(Why::Elsewhere),
            Some(_) => None,
        };
        match (why, member) {
            (None, Some(member)) => moves.push(member.into()),
            (why, member) => stale.push(Stale {
                address_id: AddressId::from(shown.address_id.as_str()),
                version: member
                    .map(|m| m.base_version)
                    .or_else(|| Some(sight.address(&shown.address_id).ok()?.1.version())),
                why: why.unwrap_or(Why::Gone),
            }),
        }
    }
    if !stale.is_empty() {
        return Err(not_as_shown(&stale).into());
    }
    Ok(moves)
}

fn is_as_shown(to: LonLat, shown: LonLat) -> bool {
    shown.is_on_earth() && to.distance_m(shown) <= AS_SHOWN_M
}

/// Puts every pin of a mend back where it stood; what was changed since stays and is named.
#[utoipa::path(post, path = "/api/mends/{id}/undo", tag = "correction",
    params(("id" = Uuid, Path, description = "Mend identifier")),
    responses((status = 200, description = "Undone, now or before", body = UndoneView),
        (status = 409, description = "Every pin was changed since: `current.stale` names them, nothing was done",
            body = super::problem::Problem, content_type = "application/problem+json")))]
pub async fn undo(State(app): State<Arc<App>>, who: Who<MendRight>, Segment(id): Segment) -> Answer<Json<UndoneView>> {
    let id: Uuid = id.parse().map_err(|_| Error::NotFound(format!("mend {id}")))?;
    let mut session = app.store.begin(&who.actor).await?;
    let undone = session.undo_mend(id).await?.into_inner();
    session.commit().await?;
    app.follow.settle().await;
    Ok(Json(UndoneView { mend: undone.mend.into(), restored: undone.restored.len(), kept: undone.kept }))
}

/// Lists mends whose every address is in scope, newest first.
#[utoipa::path(get, path = "/api/mends", tag = "correction", params(MendQuery),
    responses((status = 200, body = Page<MendView>)))]
pub async fn list(
    State(app): State<Arc<App>>,
    who: Who<MendRight>,
    Given(query): Given<MendQuery>,
) -> Answer<Json<Page<MendView>>> {
    let mut session = app.store.begin(&who.actor).await?;
    // One more than asked for tells whether there is a next page.
    let mut mends = session.mends(super::correction::after(query.cursor)?, query.limit as i64 + 1).await?;
    let more = mends.len() > query.limit;
    mends.truncate(query.limit);
    let next = mends.last().filter(|_| more).map(|last| Cursor::new(0.0, last.mend_id.to_string()).print());
    Ok(Json(Page { items: mends.into_iter().map(MendView::from).collect(), next }))
}
