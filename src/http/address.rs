//! Addresses: search, the whole record, its history, and the evidence behind its flags.

use super::App;
use super::body::Segment;
use super::cursor::{Cursor, Page, Top, page};
use super::flag::FlagView;
use super::permission::{ReadAddress, ReadFlag};
use super::problem::Answer;
use super::query::{Given, Params, Query};
use super::sight::{Sight, is_in};
use super::signal::signals;
use super::who::Who;
use crate::check::Signal;
use crate::domain::address::print;
use crate::domain::{
    Address, AddressId, AddressRef, AddressRow, AddressStatus, Correction, LonLat, Pack, Parts, PositionMethod, Role,
    Subject,
};
use crate::error::Error;
use axum::Json;
use axum::extract::State;
use chrono::{DateTime, NaiveDate, Utc};
use serde::Serialize;
use std::borrow::Cow;
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
    /// Its corrections, newest first: those that wait for review, and all of late.
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

/// Which page.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct PageQuery {
    /// Most items of the page, 1 to 1000; 50 if left out.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 1000)]
    pub limit: usize,
    /// `next` of the page before.
    #[param(value_type = Option<String>)]
    pub cursor: Option<Cursor>,
}

impl Params for PageQuery {
    fn read(query: &mut Query) -> Self {
        PageQuery { limit: query.limit(), cursor: query.cursor() }
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
    /// What made it so: `import`, or `change` by a person.
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
    pub signals: Vec<Signal>,
}

/// Searches addresses.
#[utoipa::path(get, path = "/api/addresses", tag = "address", params(AddressQuery),
    responses((status = 200, body = Page<AddressItem>)))]
pub async fn search(
    State(app): State<Arc<App>>,
    who: Who<ReadAddress>,
    Given(query): Given<AddressQuery>,
) -> Answer<Json<Page<AddressItem>>> {
    let city = app.live.get();
    // A search looks at every address of the city: not on the threads that answer.
    let found = tokio::task::spawn_blocking(move || find(&Sight::of(&city, &who.actor), &query));
    found.await.map(Json).map_err(|error| Error::Internal(error.to_string()).into())
}

fn find(sight: &Sight, query: &AddressQuery) -> Page<AddressItem> {
    let words: Vec<&str> = query.q.iter().flat_map(|q| q.split_whitespace()).collect();
    let wanted = |address: AddressRef, text: &str| {
        words.iter().all(|word| text.contains(word) || address.id() == *word)
            && query.bbox.is_none_or(|bbox| place(address).is_some_and(|at| is_in(bbox, at)))
    };
    if let Some(near) = query.near.filter(|_| words.is_empty())
        && let Some(page) = nearest(sight, query, near)
    {
        return page;
    }
    let ranked = sight.city.records.addresses.iter().zip(0..).filter_map(|(address, row)| {
        let text = if words.is_empty() { Cow::Borrowed("") } else { address.full_text() };
        // A text that ends with the words is what people mean: 12号 before 112号 and 12号附5号.
        let rank = match query.near {
            Some(near) => place(address).map_or(f64::MAX, |at| near.distance_m(at)),
            None if words.is_empty() => 0.0,
            None => text.chars().count() as f64,
        };
        (wanted(address, &text) && sight.sees_row(row)).then_some((rank, address))
    });
    let (addresses, next) = page(ranked, query.cursor.as_ref(), query.limit);
    Page {
        items: addresses.into_iter().map(|(_, address)| AddressItem::from(Address::row_of(address))).collect(),
        next,
    }
}

/// The metres beyond which addresses near a place are looked for one by one.
const FAR_M: f64 = 50_000.0;

/// The page of addresses nearest to a place, from wider and wider boxes; none where these hold too few.
fn nearest(sight: &Sight, query: &AddressQuery, near: LonLat) -> Option<Page<AddressItem>> {
    let city = sight.city;
    // Beyond what the page before showed.
    let mut reach_m = query.cursor.as_ref().map_or(0.0, |after| after.rank) * 1.2 + 100.0;
    while reach_m <= FAR_M {
        let mut top = Top::new(query.cursor.as_ref(), query.limit);
        city.address_points.sift(Some(near.around(reach_m)), sight.homes(), |chunk, i, _| {
            // Good to a centimetre.
            let least = near.distance_m(chunk.spot(i).lonlat()) - 0.1;
            if least > reach_m || top.is_beyond(least) {
                return;
            }
            let address = city.address_at(chunk.row[i]);
            let Some(at) = place(address).filter(|at| query.bbox.is_none_or(|bbox| is_in(bbox, *at))) else { return };
            let distance_m = near.distance_m(at);
            if distance_m <= reach_m {
                top.push(distance_m, address);
            }
        });
        if top.has_more() {
            let (addresses, next) = top.finish();
            let items = addresses.into_iter().map(|(_, address)| AddressItem::from(Address::row_of(address))).collect();
            return Some(Page { items, next });
        }
        reach_m *= 2.0;
    }
    None
}

/// The pin, where it is on earth.
fn place(address: AddressRef) -> Option<LonLat> {
    address.at().filter(|at| at.is_on_earth())
}

impl From<AddressRow<'_>> for AddressItem {
    fn from(address: AddressRow) -> Self {
        let pin = address.pin.map(|pin| pin.at);
        AddressItem {
            address_id: address.id.to_owned(),
            full_text: address.full_text().into_owned(),
            lon: pin.map(|at| at.lon),
            lat: pin.map(|at| at.lat),
            grid_code: address.grid.map(str::to_owned),
            status: address.status,
            version: address.version,
        }
    }
}

impl AddressView {
    /// The address in `row` as `sight` shows it.
    pub fn of(sight: &Sight, row: u32) -> AddressView {
        let city = sight.city;
        let address = city.address_at(row);
        let (pin, parts) = (address.pin(), address.parts().unpack());
        let declared = address.grid().and_then(|code| city.grid.position(code));
        let mut corrections: Vec<Correction> = city.corrections_of(address.id()).cloned().collect();
        corrections.sort_by_key(|correction| std::cmp::Reverse(correction.made_at));
        let works_on_it = matches!(sight.actor.role, Role::Collector | Role::Reviewer | Role::Steward);
        AddressView {
            address_id: address.id().to_owned(),
            full_text: address.full_text().into_owned(),
            standard_text: print(&parts),
            parts,
            grid_code: address.grid().map(str::to_owned),
            grid_name: declared.map(|grid| city.records.grids[grid as usize].name.clone()),
            lon: pin.map(|pin| pin.at.lon),
            lat: pin.map(|pin| pin.at.lat),
            accuracy_m: pin.and_then(|pin| pin.accuracy_m),
            method: pin.map(|pin| pin.method),
            collected_at: pin.and_then(|pin| pin.collected_at),
            batch: address.batch().map(str::to_owned),
            status: address.status(),
            ended_on: address.ended_on(),
            verified_on: address.verified_on(),
            version: address.version(),
            building_id: address.building().map(str::to_owned),
            flags: if works_on_it { flags_of(sight, address) } else { Vec::new() },
            corrections: if works_on_it { corrections } else { Vec::new() },
        }
    }
}

fn flags_of(sight: &Sight, address: AddressRef) -> Vec<FlagView> {
    let subject = Subject::Address(address.id().to_owned());
    sight.city.flags.of(&subject).map(|flag| FlagView::of(sight, &flag, None)).collect()
}

/// An address.
#[utoipa::path(get, path = "/api/addresses/{id}", tag = "address",
    params(("id" = String, Path, description = "Address identifier")), responses((status = 200, body = AddressView)))]
pub async fn detail(
    State(app): State<Arc<App>>,
    who: Who<ReadAddress>,
    Segment(id): Segment,
) -> Answer<Json<AddressView>> {
    let city = app.live.get();
    let sight = Sight::of(&city, &who.actor);
    let (row, _) = sight.address(&id)?;
    Ok(Json(AddressView::of(&sight, row)))
}

/// Every version of an address, newest first.
#[utoipa::path(get, path = "/api/addresses/{id}/history", tag = "address",
    params(("id" = String, Path, description = "Address identifier"), PageQuery),
    responses((status = 200, body = Page<HistoryItem>)))]
pub async fn history(
    State(app): State<Arc<App>>,
    who: Who<ReadAddress>,
    Segment(id): Segment,
    Given(query): Given<PageQuery>,
) -> Answer<Json<Page<HistoryItem>>> {
    Sight::of(&app.live.get(), &who.actor).address(&id)?;
    let before = query.cursor.map(|cursor| cursor.rank as i64);
    let mut session = app.store.begin(&who.actor).await?;
    let mut versions = session.address_history(&AddressId::from(id), before, query.limit as i64 + 1).await?;
    let more = versions.len() > query.limit;
    versions.truncate(query.limit);
    let next = versions.last().filter(|_| more).map(|last| Cursor::new(last.address.version as f64, "").print());
    let items = versions
        .into_iter()
        .map(|version| HistoryItem {
            version: version.address.version,
            changed_at: version.changed_at,
            changed_by: version.changed_by,
            action: if version.batch_id.is_some() { "import" } else { "change" }.to_owned(),
            address: AddressItem::from(version.address.row()),
        })
        .collect();
    Ok(Json(Page { items, next }))
}

/// Every signal and number behind an address's flags.
#[utoipa::path(get, path = "/api/addresses/{id}/explain", tag = "address",
    params(("id" = String, Path, description = "Address identifier")), responses((status = 200, body = Explanation)))]
pub async fn explain(
    State(app): State<Arc<App>>,
    who: Who<ReadFlag>,
    Segment(id): Segment,
) -> Answer<Json<Explanation>> {
    let city = app.checked()?;
    let sight = Sight::of(&city, &who.actor);
    let (row, address) = sight.address(&id)?;
    let signals = signals(&sight, row);
    Ok(Json(Explanation { address_id: id, flags: flags_of(&sight, address), signals }))
}
