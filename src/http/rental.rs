//! Rentals with their inspections, and the numbers of the heatmap.

use super::App;
use super::body::Segment;
use super::cursor::{CountedPage, Cursor};
use super::hazard::HazardView;
use super::inspection::InspectionView;
use super::permission::ReadRental;
use super::problem::Answer;
use super::query::{Given, Params, Query};
use super::who::Who;
use crate::domain::{CheckItem, HazardSeverity, RentalSpace};
use axum::Json;
use axum::extract::State;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::{IntoParams, ToSchema};

/// Whether a rental was inspected in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Inspected {
    /// Never.
    Never,
    /// In time.
    Ok,
    /// Too long ago.
    Due,
}

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
    pub open_hazards: usize,
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
    /// How many people live there, as a band: `1`, `2-3`, `4-6`, `7-9`, `10+`; null where unknown.
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
    /// With an open hazard of this item.
    pub item: Option<CheckItem>,
    /// With an open hazard of this severity.
    pub severity: Option<HazardSeverity>,
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
            item: query.choice("item"),
            severity: query.choice("severity"),
            inspected: query.choice("inspected"),
            limit: query.limit(),
            cursor: query.cursor(),
        }
    }
}

/// The heatmap's numbers: open hazards by item and severity.
#[derive(Debug, Serialize, ToSchema)]
pub struct HeatSummary {
    /// One row for each of the eight items.
    pub items: Vec<HeatRow>,
    /// Rentals that were never inspected.
    pub never_inspected: usize,
    /// Rentals in all.
    pub rentals: usize,
}

/// Open hazards of one item.
#[derive(Debug, Serialize, ToSchema)]
pub struct HeatRow {
    /// The item.
    pub item: CheckItem,
    /// 一般
    pub minor: usize,
    /// 较大
    pub serious: usize,
    /// 重大
    pub major: usize,
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

/// Lists rentals, those with the gravest open hazards first.
#[utoipa::path(get, path = "/api/rentals", tag = "rental", params(RentalQuery),
    responses((status = 200, body = CountedPage<RentalItem>)))]
pub async fn list(
    State(_app): State<Arc<App>>,
    _who: Who<ReadRental>,
    Given(_query): Given<RentalQuery>,
) -> Answer<Json<CountedPage<RentalItem>>> {
    Err(super::pending())
}

/// A rental. That it was read goes to the audit log.
#[utoipa::path(get, path = "/api/rentals/{id}", tag = "rental",
    params(("id" = String, Path, description = "Rental identifier")), responses((status = 200, body = RentalView)))]
pub async fn detail(
    State(_app): State<Arc<App>>,
    _who: Who<ReadRental>,
    Segment(_id): Segment,
) -> Answer<Json<RentalView>> {
    Err(super::pending())
}

/// The heatmap's numbers.
#[utoipa::path(get, path = "/api/heat-summary", tag = "rental", params(GroundQuery),
    responses((status = 200, body = HeatSummary)))]
pub async fn heat_summary(
    State(_app): State<Arc<App>>,
    _who: Who<ReadRental>,
    Given(_query): Given<GroundQuery>,
) -> Answer<Json<HeatSummary>> {
    Err(super::pending())
}
