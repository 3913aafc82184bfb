//! Addresses: search, the whole record, its history, and the evidence behind its flags.

use super::App;
use super::body::Segment;
use super::cursor::{Cursor, Page};
use super::flag::FlagView;
use super::permission::{ReadAddress, ReadFlag};
use super::problem::Answer;
use super::query::{Given, Params, Query};
use super::who::Who;
use crate::domain::{AddressStatus, Correction, LonLat, Parts, PositionMethod, Subject};
use crate::error::Text;
use axum::Json;
use axum::extract::State;
use chrono::{DateTime, NaiveDate, Utc};
use serde::Serialize;
use std::sync::Arc;
use utoipa::{IntoParams, ToSchema};

/// An address with its flags and with the corrections that wait for review.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Address)]
pub struct AddressView {
    /// Identifier.
    pub address_id: String,
    /// The text as it was given.
    pub full_text: String,
    /// The text in its standard form.
    pub standard_text: String,
    /// Its parts, empty where absent.
    pub parts: Parts,
    /// The grid that it declares.
    pub grid_code: Option<String>,
    /// That grid's name.
    pub grid_name: Option<String>,
    /// Longitude of the pin, degrees; null when it has none.
    pub lon: Option<f64>,
    /// Latitude of the pin, degrees.
    pub lat: Option<f64>,
    /// What the device said of its accuracy, metres.
    pub accuracy_m: Option<f32>,
    /// How the pin was found.
    pub method: Option<PositionMethod>,
    /// When.
    pub collected_at: Option<DateTime<Utc>>,
    /// Collection batch.
    pub batch: Option<String>,
    /// Alive or ended.
    pub status: AddressStatus,
    /// The day on which it ended.
    pub ended_on: Option<NaiveDate>,
    /// Last day on which somebody confirmed it on the spot.
    pub verified_on: Option<NaiveDate>,
    /// Version: `base_version` of a correction.
    pub version: i64,
    /// The building that it is tied to.
    pub building_id: Option<String>,
    /// Its flags, dismissed ones included; empty for roles that may not read flags.
    pub flags: Vec<FlagView>,
    /// Its corrections that wait for review, newest first.
    pub corrections: Vec<Correction>,
}

/// An address in a list.
#[derive(Debug, Serialize, ToSchema)]
pub struct AddressItem {
    /// Identifier.
    pub address_id: String,
    /// Text.
    pub full_text: String,
    /// Longitude of the pin.
    pub lon: Option<f64>,
    /// Latitude of the pin.
    pub lat: Option<f64>,
    /// The grid that it declares.
    pub grid_code: Option<String>,
    /// Alive or ended.
    pub status: AddressStatus,
    /// Version.
    pub version: i64,
}

/// Which addresses.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct AddressQuery {
    /// `west,south,east,north` in degrees.
    #[param(value_type = Option<String>)]
    pub bbox: Option<[f64; 4]>,
    /// Words that the text holds, all of them.
    pub q: Option<String>,
    /// `lon,lat`: the nearest come first.
    #[param(value_type = Option<String>)]
    pub near: Option<LonLat>,
    /// Most items of the page, 1 to 1000; 50 if left out.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 1000)]
    pub limit: usize,
    /// `next` of the page before.
    #[param(value_type = Option<String>)]
    pub cursor: Option<Cursor>,
}

impl Params for AddressQuery {
    fn read(query: &mut Query) -> Self {
        AddressQuery {
            bbox: query.bbox(),
            q: query.text("q"),
            near: query.near(),
            limit: query.limit(),
            cursor: query.cursor(),
        }
    }
}

/// One version of an address.
#[derive(Debug, Serialize, ToSchema)]
pub struct HistoryItem {
    /// Version.
    pub version: i64,
    /// When it came to be.
    pub changed_at: DateTime<Utc>,
    /// Account that made it.
    pub changed_by: String,
    /// What was done: insert, update.
    pub action: String,
    /// The address as of this version.
    pub address: AddressItem,
}

/// What is known about an address, and what the rules make of it.
#[derive(Debug, Serialize, ToSchema)]
pub struct Explanation {
    /// Identifier.
    pub address_id: String,
    /// Its flags.
    pub flags: Vec<FlagView>,
    /// Every number behind them.
    pub signals: Vec<SignalView>,
}

/// One number behind a flag.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Signal)]
pub struct SignalView {
    /// Which signal.
    pub code: String,
    /// Its name.
    pub label: Text,
    /// Its number.
    pub value: f64,
    /// The number's unit: `m`, `count` ...
    pub unit: String,
    /// What the number comes from: its building, its grid ...
    pub source: Option<Subject>,
    /// Where that is.
    pub at: Option<LonLat>,
}

/// Searches addresses.
#[utoipa::path(get, path = "/api/addresses", tag = "address", params(AddressQuery),
    responses((status = 200, body = Page<AddressItem>)))]
pub async fn search(
    State(_app): State<Arc<App>>,
    _who: Who<ReadAddress>,
    Given(_query): Given<AddressQuery>,
) -> Answer<Json<Page<AddressItem>>> {
    Err(super::pending())
}

/// An address.
#[utoipa::path(get, path = "/api/addresses/{id}", tag = "address",
    params(("id" = String, Path, description = "Address identifier")), responses((status = 200, body = AddressView)))]
pub async fn detail(
    State(_app): State<Arc<App>>,
    _who: Who<ReadAddress>,
    Segment(_id): Segment,
) -> Answer<Json<AddressView>> {
    Err(super::pending())
}

/// Every version of an address, newest first.
#[utoipa::path(get, path = "/api/addresses/{id}/history", tag = "address",
    params(("id" = String, Path, description = "Address identifier")),
    responses((status = 200, body = Page<HistoryItem>)))]
pub async fn history(
    State(_app): State<Arc<App>>,
    _who: Who<ReadAddress>,
    Segment(_id): Segment,
) -> Answer<Json<Page<HistoryItem>>> {
    Err(super::pending())
}

/// Every signal and number behind an address's flags.
#[utoipa::path(get, path = "/api/addresses/{id}/explain", tag = "address",
    params(("id" = String, Path, description = "Address identifier")), responses((status = 200, body = Explanation)))]
pub async fn explain(
    State(_app): State<Arc<App>>,
    _who: Who<ReadFlag>,
    Segment(_id): Segment,
) -> Answer<Json<Explanation>> {
    Err(super::pending())
}
