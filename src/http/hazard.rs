//! Hazards and their closed loop: found, assigned, mended, closed by somebody other than the finder.

use super::App;
use super::body::{Body, Segment, screened};
use super::cursor::{CountedPage, Cursor, Top};
use super::permission::{MoveHazard, ReadHazard, ReportHazard};
use super::problem::Answer;
use super::query::{Given, Params, Query};
use super::sight::Sight;
use super::who::Who;
use crate::city::points::{NOWHERE, Within};
use crate::domain::{Actor, AddressId, CheckItem, HazardId, HazardRow, HazardSeverity, HazardState, Pack, RentalId};
use crate::error::Error;
use crate::store::{NewHazard, Stored};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::{IntoParams, ToSchema};

/// A hazard.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Hazard)]
pub struct HazardView {
    /// Identifier.
    pub hazard_id: String,
    /// Where.
    pub address_id: String,
    /// That address as text.
    pub address_text: String,
    /// The rental that it was found in.
    pub rental_id: Option<String>,
    /// The grid that it lies in.
    pub grid_code: Option<String>,
    /// Longitude of the address's pin.
    pub lon: Option<f64>,
    /// Latitude of the address's pin.
    pub lat: Option<f64>,
    /// Which of the eight items.
    pub item: CheckItem,
    /// How grave.
    pub severity: HazardSeverity,
    /// Where it stands.
    pub state: HazardState,
    /// When it was found.
    pub found_at: DateTime<Utc>,
    /// Account that found it.
    pub found_by: String,
    /// By when it has to be mended.
    pub due_on: Option<NaiveDate>,
    /// Whether that day has passed and it is not closed.
    pub overdue: bool,
    /// When it was closed.
    pub closed_at: Option<DateTime<Utc>>,
    /// Account that closed it.
    pub closed_by: Option<String>,
    /// Version: `base_version` of a transition.
    pub version: i64,
}

/// Reports a hazard.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewHazard)]
pub struct Post {
    /// Made by the client: sending it again stores it once.
    pub hazard_id: String,
    /// Where.
    pub address_id: String,
    /// The rental that it was found in.
    #[serde(default)]
    pub rental_id: Option<String>,
    /// Which of the eight items.
    pub item: CheckItem,
    /// How grave.
    pub severity: HazardSeverity,
    /// By when it has to be mended.
    #[serde(default)]
    pub due_on: Option<NaiveDate>,
    /// A word to the department. No person's data.
    #[serde(default)]
    pub note: Option<String>,
}

/// Moves a hazard through its loop.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewTransition)]
pub struct Transition {
    /// The state that follows.
    pub to: HazardState,
    /// The hazard's version that the client saw.
    pub base_version: i64,
    /// A word on it. No person's data.
    #[serde(default)]
    pub note: Option<String>,
}

/// Which hazards.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct HazardQuery {
    /// `west,south,east,north` in degrees.
    #[param(value_type = Option<String>)]
    pub bbox: Option<[f64; 4]>,
    /// Code of a grid: this and all below it.
    pub grid: Option<String>,
    /// Item.
    pub item: Option<CheckItem>,
    /// Severity.
    pub severity: Option<HazardSeverity>,
    /// State; all if left out.
    pub state: Option<HazardState>,
    /// Most items of the page, 1 to 1000; 50 if left out.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 1000)]
    pub limit: usize,
    /// `next` of the page before.
    #[param(value_type = Option<String>)]
    pub cursor: Option<Cursor>,
}

impl Params for HazardQuery {
    fn read(query: &mut Query) -> Self {
        HazardQuery {
            bbox: query.bbox(),
            grid: query.text("grid"),
            item: query.choice("item"),
            severity: query.choice("severity"),
            state: query.choice("state"),
            limit: query.limit(),
            cursor: query.cursor(),
        }
    }
}

/// Lists hazards, the gravest first.
#[utoipa::path(get, path = "/api/hazards", tag = "hazard", params(HazardQuery),
    responses((status = 200, body = CountedPage<HazardView>)))]
pub async fn list(
    State(app): State<Arc<App>>,
    who: Who<ReadHazard>,
    Given(query): Given<HazardQuery>,
) -> Answer<Json<CountedPage<HazardView>>> {
    let city = app.live.get();
    let sight = Sight::of(&city, &who.actor);
    let ground = sight.ground(query.bbox, query.grid.as_deref())?;
    let (mut total, records) = (0, &city.records.hazards);
    let mut top = Top::new(query.cursor.as_ref(), query.limit);
    let fits = |item: CheckItem, severity: HazardSeverity, state: HazardState| {
        query.item.is_none_or(|wanted| wanted == item)
            && query.severity.is_none_or(|wanted| wanted == severity)
            && query.state.is_none_or(|wanted| wanted == state)
    };
    // Open before closed, grave before minor.
    let rank = |severity: HazardSeverity, state: HazardState| {
        let closed = if state == HazardState::Closed { 100.0 } else { 0.0 };
        closed - f64::from(severity.weight())
    };
    let homes = sight.homes_on(ground);
    let lies_there = |row: u32| {
        let address = city.address(records.at(row as usize).address());
        let home = address.map_or(NOWHERE, |address| city.home(address));
        sight.lies_on(ground, home, address.and_then(|address| city.address_at(address).at()))
    };
    if query.state != Some(HazardState::Closed) {
        // Those that are points of the map: sorted by place, with what is asked for beside them.
        city.hazard_points.sift(ground.bbox, homes, |chunk, i, is_sure| {
            let (row, tag) = (chunk.row[i], chunk.tag[i]);
            let (severity, state) = (tag.hazard_severity(), tag.state());
            if fits(tag.item(), severity, state) && (is_sure || lies_there(row)) {
                total += 1;
                let rank = rank(severity, state);
                if !top.is_beyond(rank) {
                    top.push(rank, (chunk.id(i), row));
                }
            }
        });
    }
    let closed = query
        .state
        .is_none_or(|wanted| wanted == HazardState::Closed)
        .then(|| (0..records.len() as u32).filter(|row| records.at(*row as usize).state() == HazardState::Closed));
    for row in city.hazards_without_point().into_iter().chain(closed.into_iter().flatten()) {
        let hazard = records.at(row as usize);
        let everywhere = homes == Within::All && ground.bbox.is_none();
        if fits(hazard.item(), hazard.severity(), hazard.state()) && (everywhere || lies_there(row)) {
            total += 1;
            let rank = rank(hazard.severity(), hazard.state());
            if !top.is_beyond(rank) {
                top.push(rank, (hazard.id(), row));
            }
        }
    }
    let (hazards, next) = top.finish();
    let item = |(_, (_, row)): (f64, (&str, u32))| HazardView::of(&sight, records.at(row as usize).row());
    Ok(Json(CountedPage { items: hazards.into_iter().map(item).collect(), next, total }))
}

impl HazardView {
    /// A hazard as `sight` shows it.
    pub fn of(sight: &Sight, hazard: HazardRow) -> HazardView {
        let address = sight.address(hazard.address).ok();
        let pin = address.and_then(|(_, address)| address.at());
        let grid = address.and_then(|(row, _)| sight.grid_name(sight.city.home(row)));
        HazardView {
            hazard_id: hazard.id.to_string(),
            address_id: hazard.address.to_string(),
            address_text: address.map(|(_, address)| address.full_text().into_owned()).unwrap_or_default(),
            rental_id: hazard.rental.as_ref().map(|rental| rental.to_string()),
            grid_code: grid.map(|(code, _)| code.to_owned()),
            lon: pin.map(|at| at.lon),
            lat: pin.map(|at| at.lat),
            item: hazard.item,
            severity: hazard.severity,
            state: hazard.state,
            found_at: hazard.found_at,
            found_by: hazard.found_by.to_string(),
            due_on: hazard.due_on,
            overdue: sight.city.is_overdue(hazard),
            closed_at: hazard.closed_at,
            closed_by: hazard.closed_by.as_ref().map(|account| account.to_string()),
            version: hazard.version,
        }
    }
}

/// Reports a hazard.
#[utoipa::path(post, path = "/api/hazards", tag = "hazard", request_body = Post,
    responses((status = 201, description = "Stored", body = HazardView),
        (status = 200, description = "Stored before: the same one again", body = HazardView)))]
pub async fn report(
    State(app): State<Arc<App>>,
    who: Who<ReportHazard>,
    Body(post): Body<Post>,
) -> Answer<(StatusCode, Json<HazardView>)> {
    let note = screened("note", post.note.unwrap_or_default())?;
    let mut session = app.store.begin(&who.actor).await?;
    let stored = session
        .report_hazard(&NewHazard {
            id: HazardId::from(post.hazard_id),
            address: AddressId::from(post.address_id),
            rental: post.rental_id.map(RentalId::from),
            item: post.item,
            severity: post.severity,
            due_on: post.due_on,
            note,
        })
        .await?;
    session.commit().await?;
    app.follow.settle().await;
    let status = if matches!(stored, Stored::New(_)) { StatusCode::CREATED } else { StatusCode::OK };
    let city = app.live.get();
    Ok((status, Json(HazardView::of(&Sight::of(&city, &who.actor), Pack::row(&stored.into_inner())))))
}

/// The hazard as it stands now, in the shape in which it is read.
async fn as_it_stands(app: &Arc<App>, actor: &Actor, id: &str) -> Option<Box<serde_json::Value>> {
    app.follow.settle().await;
    let city = app.live.get();
    let sight = Sight::of(&city, actor);
    let (_, hazard) = sight.hazard(id).ok()?;
    serde_json::to_value(HazardView::of(&sight, hazard)).ok().map(Box::new)
}

/// Moves a hazard through its loop: open, assigned, mended, closed.
#[utoipa::path(post, path = "/api/hazards/{id}/transitions", tag = "hazard", request_body = Transition,
    params(("id" = String, Path, description = "Hazard identifier")),
    responses((status = 200, body = HazardView),
        (status = 409, description = "The hazard has changed since `base_version`; `current` is the hazard now",
            body = super::problem::Problem, content_type = "application/problem+json")))]
pub async fn transition(
    State(app): State<Arc<App>>,
    who: Who<MoveHazard>,
    Segment(id): Segment,
    Body(transition): Body<Transition>,
) -> Answer<Json<HazardView>> {
    let note = screened("note", transition.note.unwrap_or_default())?;
    let mut session = app.store.begin(&who.actor).await?;
    let step = crate::store::Transition { to: transition.to, base_version: transition.base_version, note };
    let hazard = match session.move_hazard(&HazardId::from(id.as_str()), &step).await {
        Ok(hazard) => hazard,
        Err(Error::Conflict { message, current: Some(_) }) => {
            drop(session);
            return Err(Error::Conflict { message, current: as_it_stands(&app, &who.actor, &id).await }.into());
        }
        Err(error) => return Err(error.into()),
    };
    session.commit().await?;
    app.follow.settle().await;
    let city = app.live.get();
    Ok(Json(HazardView::of(&Sight::of(&city, &who.actor), Pack::row(&hazard))))
}
