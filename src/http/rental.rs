//! Rentals with their inspections, and the numbers of the heatmap.

use super::App;
use super::body::Segment;
use super::cursor::{CountedPage, Cursor, Top};
use super::hazard::HazardView;
use super::inspection::InspectionView;
use super::permission::ReadRental;
use super::problem::Answer;
use super::query::{Given, Params, Query};
use super::sight::{Ground, Sight};
use super::who::Who;
use crate::city::tag::Tag;
use crate::city::{Inspected, RentalState};
use crate::domain::{CheckItem, HazardRow, HazardSeverity, HazardState, RentalRow, RentalSpace};
use crate::report::heat::{Summary, summary};
use axum::Json;
use axum::extract::State;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::{IntoParams, ToSchema};

/// A rental in a list.
#[derive(Debug, Serialize, ToSchema)]
pub struct RentalItem {
    /// Identifier.
    pub rental_id: String,
    /// Its address.
    pub address_id: Option<String>,
    /// That address as text.
    pub address_text: String,
    /// The grid that it lies in.
    pub grid_code: Option<String>,
    /// Longitude of the address's pin.
    pub lon: Option<f64>,
    /// Latitude of the address's pin.
    pub lat: Option<f64>,
    /// Whether it is registered.
    pub registered: bool,
    /// What is let.
    pub space: RentalSpace,
    /// Whether it was inspected in time.
    pub inspected: Inspected,
    /// When it was inspected last.
    pub last_inspected_at: Option<DateTime<Utc>>,
    /// Hazards that are not closed.
    pub open_hazards: u32,
    /// The gravest of them.
    pub worst: Option<HazardSeverity>,
}

/// A rental.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Rental)]
pub struct RentalView {
    /// What the list says.
    #[serde(flatten)]
    pub item: RentalItem,
    /// How many people live there, as a band: `0`, `1-3`, `4-6`, `7-9`, `10+`; null where unknown.
    pub occupants_band: Option<String>,
    /// Rooms that are let.
    pub rooms: Option<u16>,
    /// Its inspections, newest first.
    pub inspections: Vec<InspectionView>,
    /// Its hazards, newest first.
    pub hazards: Vec<HazardView>,
}

/// Which rentals.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct RentalQuery {
    /// `west,south,east,north` in degrees.
    #[param(value_type = Option<String>)]
    pub bbox: Option<[f64; 4]>,
    /// Code of a grid: this and all below it.
    pub grid: Option<String>,
    /// With an open hazard of this item, or of one of several with commas between.
    #[param(value_type = Option<String>)]
    pub item: Vec<CheckItem>,
    /// With an open hazard of this severity, or of one of several with commas between.
    #[param(value_type = Option<String>)]
    pub severity: Vec<HazardSeverity>,
    /// Whether it was inspected in time.
    pub inspected: Option<Inspected>,
    /// Most items of the page, 1 to 1000; 50 if left out.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 1000)]
    pub limit: usize,
    /// `next` of the page before.
    #[param(value_type = Option<String>)]
    pub cursor: Option<Cursor>,
}

impl Params for RentalQuery {
    fn read(query: &mut Query) -> Self {
        RentalQuery {
            bbox: query.bbox(),
            grid: query.text("grid"),
            item: query.choices("item"),
            severity: query.choices("severity"),
            inspected: query.word("inspected", &[Inspected::Never, Inspected::Ok, Inspected::Due], Inspected::as_str),
            limit: query.limit(),
            cursor: query.cursor(),
        }
    }
}

/// On which ground.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct GroundQuery {
    /// `west,south,east,north` in degrees.
    #[param(value_type = Option<String>)]
    pub bbox: Option<[f64; 4]>,
    /// Code of a grid: this and all below it.
    pub grid: Option<String>,
}

impl Params for GroundQuery {
    fn read(query: &mut Query) -> Self {
        GroundQuery { bbox: query.bbox(), grid: query.text("grid") }
    }
}

/// What a rental is looked at for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Purpose {
    /// To inspect it.
    Inspection,
    /// For a hazard that was found in it.
    Hazard,
    /// For the address that it is at.
    Address,
    /// Something else.
    Other,
}

/// What for.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct PurposeQuery {
    /// What it is looked at for: goes to the audit log.
    pub purpose: Option<Purpose>,
}

impl Params for PurposeQuery {
    fn read(query: &mut Query) -> Self {
        PurposeQuery { purpose: query.choice("purpose") }
    }
}

/// Lists rentals, those with the gravest open hazards first.
#[utoipa::path(get, path = "/api/rentals", tag = "rental", params(RentalQuery),
    responses((status = 200, body = CountedPage<RentalItem>)))]
pub async fn list(
    State(app): State<Arc<App>>,
    who: Who<ReadRental>,
    Given(query): Given<RentalQuery>,
) -> Answer<Json<CountedPage<RentalItem>>> {
    let city = app.live.get();
    let sight = Sight::of(&city, &who.actor);
    let ground = sight.ground(query.bbox, query.grid.as_deref())?;
    let asks_hazard = !query.item.is_empty() || !query.severity.is_empty();
    let (mut total, records) = (0, &city.records.rentals);
    let mut top = Top::new(query.cursor.as_ref(), query.limit);
    on_ground(&sight, ground, |row, point| {
        // For most it is enough what is told of the point: those with one open hazard or none, or too few for this page.
        let state = match point.map(|(_, tag)| (tag, tag.weight(), tag.worst().map_or(0, HazardSeverity::weight))) {
            Some((tag, open_hazards, weight))
                if open_hazards <= 1 || (open_hazards < 0xffff && top.is_beyond(-f64::from(weight * open_hazards))) =>
            {
                let weight = weight * open_hazards;
                RentalState { inspected: tag.inspected(), last_inspected_at: None, open_hazards, worst: None, weight }
            }
            _ => *city.rental_state(row),
        };
        let fits = query.inspected.is_none_or(|wanted| state.inspected == wanted)
            && (!asks_hazard
                || state.open_hazards > 0
                    && open_hazards(&sight, row).any(|hazard| {
                        (query.item.is_empty() || query.item.contains(&hazard.item))
                            && (query.severity.is_empty() || query.severity.contains(&hazard.severity))
                    }));
        if fits {
            total += 1;
            let rank = -f64::from(state.weight);
            if !top.is_beyond(rank) {
                top.push(rank, (point.map_or_else(|| records.at(row as usize).id(), |(id, _)| id), row));
            }
        }
    });
    let (rentals, next) = top.finish();
    let item = |(_, (_, row)): (f64, (&str, u32))| RentalItem::of(&sight, row, records.at(row as usize).row());
    Ok(Json(CountedPage { items: rentals.into_iter().map(item).collect(), next, total }))
}

/// Calls `see` with the rows of the rentals that are let now, on a ground, and with what is told of their points.
fn on_ground<'a>(sight: &Sight<'a>, ground: Ground, mut see: impl FnMut(u32, Option<(&'a str, Tag)>)) {
    let (city, homes) = (sight.city, sight.homes_on(ground));
    let at = |row: u32| {
        let address = city.records.rentals.at(row as usize).address().and_then(|id| city.address(id))?;
        city.address_at(address).at()
    };
    city.rental_points.sift(ground.bbox, homes, |chunk, i, is_sure| {
        if is_sure || sight.lies_on(ground, chunk.home[i], at(chunk.row[i])) {
            see(chunk.row[i], Some((chunk.id(i), chunk.tag[i])));
        }
    });
    city.rentals_without_point()
        .into_iter()
        .filter(|row| sight.lies_on(ground, city.rental_home(*row), at(*row)))
        .for_each(|row| see(row, None));
}

fn hazards<'a>(sight: &Sight<'a>, row: u32) -> impl Iterator<Item = HazardRow<'a>> {
    let city = sight.city;
    city.hazards_of_rental(row).map(|hazard| city.records.hazards.at(hazard as usize).row())
}

fn open_hazards<'a>(sight: &Sight<'a>, row: u32) -> impl Iterator<Item = HazardRow<'a>> {
    hazards(sight, row).filter(|hazard| hazard.state != HazardState::Closed)
}

impl RentalItem {
    fn of(sight: &Sight, row: u32, rental: RentalRow) -> RentalItem {
        let address = rental.address.as_ref().and_then(|id| sight.address(id).ok());
        let pin = address.and_then(|(_, address)| address.at());
        let grid = address.and_then(|(row, _)| sight.grid_name(sight.city.home(row)));
        let state = sight.city.rental_state(row);
        RentalItem {
            rental_id: rental.id.to_string(),
            address_id: rental.address.as_ref().map(|address| address.to_string()),
            address_text: address.map(|(_, address)| address.full_text().into_owned()).unwrap_or_default(),
            grid_code: grid.map(|(code, _)| code.to_owned()),
            lon: pin.map(|at| at.lon),
            lat: pin.map(|at| at.lat),
            registered: rental.registered_on.is_some(),
            space: rental.space,
            inspected: state.inspected,
            last_inspected_at: state.last_inspected_at,
            open_hazards: state.open_hazards,
            worst: state.worst,
        }
    }
}

/// How many people live there, as a band: nobody is counted out one by one.
fn occupants_band(occupants: u16) -> &'static str {
    match occupants {
        0 => "0",
        1..=3 => "1-3",
        4..=6 => "4-6",
        7..=9 => "7-9",
        _ => "10+",
    }
}

/// A rental. That it was read, and what for, goes to the audit log.
#[utoipa::path(get, path = "/api/rentals/{id}", tag = "rental",
    params(("id" = String, Path, description = "Rental identifier"), PurposeQuery), responses((status = 200, body = RentalView)))]
pub async fn detail(
    State(app): State<Arc<App>>,
    who: Who<ReadRental>,
    Segment(id): Segment,
    Given(query): Given<PurposeQuery>,
) -> Answer<Json<RentalView>> {
    let city = app.live.get();
    let sight = Sight::of(&city, &who.actor);
    let (row, rental) = sight.rental(&id)?;
    // No look without its entry: while the log can't be written, this answers 503.
    let mut session = app.store.begin(&who.actor).await?;
    session.audit("rental.read", &id, serde_json::json!({ "purpose": query.purpose.unwrap_or(Purpose::Other) }));
    session.commit().await?;
    let mut inspections: Vec<InspectionView> = city.inspections_of(row).map(InspectionView::from).collect();
    inspections.sort_by(|a, b| b.at.cmp(&a.at).then_with(|| a.inspection_id.cmp(&b.inspection_id)));
    let mut hazards: Vec<HazardView> = hazards(&sight, row).map(|hazard| HazardView::of(&sight, hazard)).collect();
    hazards.sort_by(|a, b| b.found_at.cmp(&a.found_at).then_with(|| a.hazard_id.cmp(&b.hazard_id)));
    Ok(Json(RentalView {
        item: RentalItem::of(&sight, row, rental),
        occupants_band: rental.occupants.map(|occupants| occupants_band(occupants).to_owned()),
        rooms: rental.rooms,
        inspections,
        hazards,
    }))
}

/// The heatmap's numbers.
#[utoipa::path(get, path = "/api/heat-summary", tag = "rental", params(GroundQuery),
    responses((status = 200, body = Summary)))]
pub async fn heat_summary(
    State(app): State<Arc<App>>,
    who: Who<ReadRental>,
    Given(query): Given<GroundQuery>,
) -> Answer<Json<Summary>> {
    let city = app.live.get();
    let sight = Sight::of(&city, &who.actor);
    let grid = query.grid.as_deref().map(|code| sight.grid(code)).transpose()?;
    Ok(Json(summary(&city, &who.actor.scope, grid, query.bbox)))
}
