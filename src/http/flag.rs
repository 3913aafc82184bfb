//! Flags: what the rules found, as lists and with their dismissals.

use super::App;
use super::body::{Body, Segment, screened};
use super::cursor::{CountedPage, Cursor, Top};
use super::group::group_id_of;
use super::permission::{Dismiss, ReadFlag};
use super::problem::Answer;
use super::query::{Given, Params, Query};
use super::sight::{Ground, Sight};
use super::who::Who;
use crate::check::catalogue;
use crate::city::City;
use crate::city::chunk::Chunk;
use crate::domain::{Actor, AddressId, Flag, FlagRef, LonLat, Severity, Subject, Suggestion, Tier};
use crate::error::{Error, Text};
use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use chrono::{DateTime, Months, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::sync::Arc;
use utoipa::{IntoParams, ToSchema};

/// A rule's finding about a subject, ready to be shown.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Flag)]
pub struct FlagView {
    /// Deterministic: the same finding has the same identifier in every run.
    pub flag_id: String,
    /// Rule code, as in the catalogue.
    pub rule: String,
    /// How grave.
    pub severity: Severity,
    /// Probability that the record is wrong in this way; null for rules without one.
    pub probability: Option<f64>,
    /// What may be done with the suggestion.
    pub tier: Option<Tier>,
    /// What it is about.
    pub subject: Subject,
    /// The address it is about, or of the rental or hazard it is about.
    pub address_id: Option<String>,
    /// That address's version: `base_version` of a correction.
    pub version: Option<i64>,
    /// That address as text, or the name of what it is about.
    pub address_text: String,
    /// The grid that it lies in or declares.
    pub grid_code: Option<String>,
    /// That grid's name.
    pub grid_name: Option<String>,
    /// Where; null where there is no place on earth.
    pub at: Option<LonLat>,
    /// The rule's title.
    pub title: Text,
    /// The finding with its numbers.
    pub message: Text,
    /// What would mend it.
    pub suggestion: Option<Suggestion>,
    /// When it was first found.
    pub since: Option<DateTime<Utc>>,
    /// Metres from `near`, where that was given.
    pub distance_m: Option<f64>,
    /// The group that it belongs to: what one action may mend.
    pub group_id: Option<String>,
    /// Open or dismissed.
    pub state: FlagState,
    /// Why it was dismissed.
    pub dismissed_reason: Option<String>,
}

/// Whether a flag asks for attention.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum FlagState {
    /// It does.
    Open,
    /// Somebody dismissed it, with a reason and until a day.
    Dismissed,
}

/// Which flags a list holds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum FlagFilter {
    /// Open ones.
    #[default]
    Open,
    /// Dismissed ones.
    Dismissed,
    /// All.
    All,
}

/// Whether a list holds the flags that a group holds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum GroupedFilter {
    /// It does.
    #[default]
    With,
    /// It holds single flags only.
    Without,
}

/// Which flags.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct FlagQuery {
    /// `west,south,east,north` in degrees.
    #[param(value_type = Option<String>, example = "119.90,28.44,119.94,28.47")]
    pub bbox: Option<[f64; 4]>,
    /// Code of a grid: this and all below it.
    pub grid: Option<String>,
    /// Rule code, or several with commas between.
    #[param(value_type = Option<String>)]
    pub rule: Vec<String>,
    /// Severity, or several with commas between.
    #[param(value_type = Option<String>, example = "error,warning")]
    pub severity: Vec<Severity>,
    /// Open (as if left out), dismissed or all.
    #[param(value_type = Option<FlagFilter>)]
    pub state: FlagFilter,
    /// `lon,lat` in degrees: the nearest come first. Otherwise the gravest and most probable do.
    #[param(value_type = Option<String>, example = "119.92,28.45")]
    pub near: Option<LonLat>,
    /// With the flags of groups (as if left out) or without them: see `/api/flag-groups`.
    #[param(value_type = Option<GroupedFilter>)]
    pub grouped: GroupedFilter,
    /// Most items of the page, 1 to 1000; 50 if left out.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 1000)]
    pub limit: usize,
    /// `next` of the page before.
    #[param(value_type = Option<String>)]
    pub cursor: Option<Cursor>,
}

impl FlagQuery {
    /// Whether flags are left out that groups hold, and there is any such.
    fn leaves_groups(&self, city: &City) -> bool {
        self.grouped == GroupedFilter::Without && city.has_groups()
    }
}

impl Params for FlagQuery {
    fn read(query: &mut Query) -> Self {
        FlagQuery {
            bbox: query.bbox(),
            grid: query.text("grid"),
            rule: query.rules(),
            severity: query.choices("severity"),
            state: query.choice("state").unwrap_or_default(),
            near: query.near(),
            grouped: query.choice("grouped").unwrap_or_default(),
            limit: query.limit(),
            cursor: query.cursor(),
        }
    }
}

/// Dismisses a flag: it is right as it is.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewDismissal {
    /// The flag.
    pub flag_id: String,
    /// Why.
    pub reason: String,
    /// Until which day, at most three years on.
    pub until: NaiveDate,
}

impl FlagView {
    /// A flag as `sight` shows it; distances are from `near`.
    pub fn of(sight: &Sight, flag: &Flag, near: Option<LonLat>) -> FlagView {
        let row = sight.address_of(&flag.subject);
        let address = row.map(|(_, address)| address);
        let grid = sight.grid_name(sight.home(&flag.subject));
        let dismissal = sight.city.dismissal(&flag.flag_id);
        let title = title_of(flag.rule);
        FlagView {
            flag_id: flag.flag_id.clone(),
            rule: flag.rule.to_owned(),
            severity: flag.severity,
            probability: flag.probability,
            tier: flag.tier,
            subject: flag.subject.clone(),
            address_id: address.map(|address| address.id().to_owned()),
            version: address.map(|address| address.version()),
            address_text: subject_text(sight, &flag.subject),
            grid_code: grid.map(|(code, _)| code.to_owned()),
            grid_name: grid.map(|(_, name)| name.to_owned()),
            at: flag.at,
            title: title.unwrap_or_else(|| Text::new(flag.rule, flag.rule)),
            message: flag.message.clone(),
            suggestion: flag.suggestion.clone(),
            since: sight.city.flags.standing(&flag.flag_id).map(|(_, since)| since),
            distance_m: near.zip(flag.at).map(|(near, at)| near.distance_m(at)),
            group_id: row.and_then(|(row, _)| group_id_of(sight, row, flag)),
            state: if dismissal.is_some() { FlagState::Dismissed } else { FlagState::Open },
            dismissed_reason: dismissal.map(|dismissal| dismissal.reason.clone()),
        }
    }
}

/// The name of a rule.
pub fn title_of(rule: &str) -> Option<Text> {
    catalogue().iter().find(|page| page.code == rule).map(|page| page.title.clone())
}

fn subject_text(sight: &Sight, subject: &Subject) -> String {
    if let Some((_, address)) = sight.address_of(subject) {
        return address.full_text().into_owned();
    }
    let city = sight.city;
    match subject {
        Subject::Building(id) => city
            .building(id)
            .map(|row| city.records.buildings.at(row as usize).full_text().to_owned())
            .unwrap_or_default(),
        Subject::Grid(codes) => {
            let names = codes.split('|').filter_map(|code| city.grid.position(code));
            names.map(|grid| city.records.grids[grid as usize].name.as_str()).collect::<Vec<_>>().join(" | ")
        }
        _ => String::new(),
    }
}

/// Whether a group that `sight` sees holds an open flag.
fn is_grouped(sight: &Sight, flag: FlagRef) -> bool {
    let row = sight.city.row_in_group(flag);
    row.is_some_and(|row| !sight.is_bounded() || group_id_of(sight, row, &flag.unpack()).is_some())
}

/// The sort key of a flag without `near`: the gravest first, and of these the most probable.
fn gravity(severity: Severity, probability: Option<f64>) -> f64 {
    let grave = match severity {
        Severity::Error => 0.0,
        Severity::Warning => 2.0,
        Severity::Info => 4.0,
    };
    // A rule without a probability is a fact.
    grave + 1.0 - probability.unwrap_or(1.0)
}

/// Lists flags, nearest first with `near`.
#[utoipa::path(get, path = "/api/flags", tag = "flag", params(FlagQuery),
    responses((status = 200, body = CountedPage<FlagView>)))]
pub async fn list(
    State(app): State<Arc<App>>,
    who: Who<ReadFlag>,
    Given(query): Given<FlagQuery>,
) -> Answer<Json<CountedPage<FlagView>>> {
    let city = app.live.get();
    if query.bbox.is_some() {
        return find(&city, &who.actor, &query).map(Json);
    }
    // A search of the whole city takes a while: not on the threads that answer.
    let found = tokio::task::spawn_blocking(move || find(&city, &who.actor, &query)).await;
    found.map_err(|error| Error::Internal(error.to_string()))?.map(Json)
}

fn find(city: &City, actor: &Actor, query: &FlagQuery) -> Answer<CountedPage<FlagView>> {
    let sight = Sight::of(city, actor);
    let ground = sight.ground(query.bbox, query.grid.as_deref())?;
    let search = Search { sight, ground, query, leaves_groups: query.leaves_groups(city) };
    let mut total = 0;
    let mut top = Top::new(query.cursor.as_ref(), query.limit);
    // By their records: what is no point of the map, as it has no place or is dismissed.
    let by_record: Box<dyn Iterator<Item = (u32, FlagRef)>> = match query.state {
        FlagFilter::Open => Box::new(city.flags.placeless()),
        FlagFilter::Dismissed => {
            let slots = city.dismissals.keys().filter_map(|id| city.flags.slot(id));
            Box::new(slots.filter_map(|slot| Some((slot, city.flags.view(slot)?))))
        }
        FlagFilter::All => Box::new(city.flags.views()),
    };
    for (slot, flag) in by_record.filter(|(_, flag)| search.wants(*flag)) {
        total += 1;
        let rank = search.rank(flag);
        if !top.is_beyond(rank) {
            top.push(rank, (flag.id().into(), slot));
        }
    }
    if query.state == FlagFilter::Open {
        total += search.points(&mut top);
    }
    let (flags, next) = top.finish();
    let flags = flags.into_iter().filter_map(|(_, (_, slot))| city.flags.at(slot));
    let items = flags.map(|flag| FlagView::of(&sight, &flag, query.near)).collect();
    Ok(CountedPage { items, next, total })
}

/// A question for flags.
struct Search<'a> {
    sight: Sight<'a>,
    ground: Ground,
    query: &'a FlagQuery,
    leaves_groups: bool,
}

impl<'a> Search<'a> {
    /// Whether a flag is asked for, by its record.
    fn wants(&self, flag: FlagRef) -> bool {
        let (query, sight) = (self.query, &self.sight);
        let has_state = || match query.state {
            FlagFilter::All => true,
            FlagFilter::Open => sight.city.shows(flag),
            FlagFilter::Dismissed => !sight.city.shows(flag),
        };
        let lies_there = || {
            let subject = flag.subject();
            sight.sees_subject(&subject) && sight.lies_on(self.ground, sight.home(&subject), flag.at())
        };
        (query.rule.is_empty() || query.rule.iter().any(|rule| rule == flag.rule()))
            && (query.severity.is_empty() || query.severity.contains(&flag.severity()))
            && has_state()
            && lies_there()
            && !(self.leaves_groups && is_grouped(sight, flag))
    }

    /// Whether an open flag is asked for that is a point of the map on the ground, or may be: by what is told of the
    /// point, as far as that goes.
    fn wants_point(&self, chunk: &Chunk, i: usize, is_sure: bool) -> bool {
        let (query, sight, tag) = (self.query, &self.sight, chunk.tag[i]);
        let flag = || sight.city.flags.view(chunk.row[i]);
        let has_rule = || match tag.rule() {
            "" => flag().is_some_and(|flag| query.rule.iter().any(|rule| rule == flag.rule())),
            of_point => query.rule.iter().any(|rule| rule == of_point),
        };
        (query.severity.is_empty() || query.severity.contains(&tag.severity()))
            && (query.rule.is_empty() || has_rule())
            && (is_sure || flag().is_some_and(|flag| self.wants(flag)))
            // A pair of grids is seen where both are.
            && !(sight.is_bounded() && flag().is_some_and(|flag| flag.is_about_grids() && !self.wants(flag)))
            && !(self.leaves_groups && flag().is_some_and(|flag| is_grouped(sight, flag)))
    }

    /// The sort key of a flag.
    fn rank(&self, flag: FlagRef) -> f64 {
        match self.query.near {
            // What has no place comes last.
            Some(near) => flag.at().map_or(f64::MAX, |at| near.distance_m(at)),
            None => gravity(flag.severity(), flag.probability()),
        }
    }

    /// Takes the open flags that are points of the map, and says how many there are.
    fn points(&self, top: &mut Top<(Cow<'a, str>, u32)>) -> usize {
        let (city, homes) = (self.sight.city, self.sight.homes_on(self.ground));
        let reach_m = self.query.near.map_or(f64::MAX, |near| self.reach_m(near));
        let (mut total, mut seen): (usize, Option<(*const Chunk, bool)>) = (0, None);
        let mut is_far = |chunk: &Chunk| {
            let Some(near) = self.query.near else { return false };
            match seen {
                Some((last, far)) if std::ptr::eq(last, chunk) => far,
                _ => {
                    let far = least_m(near, chunk) > reach_m;
                    seen = Some((std::ptr::from_ref(chunk), far));
                    far
                }
            }
        };
        city.flag_points.sift(self.ground.bbox, homes, |chunk, i, is_sure| {
            if !self.wants_point(chunk, i, is_sure) {
                return;
            }
            total += 1;
            if is_far(chunk) {
                return;
            }
            let (tag, slot) = (chunk.tag[i], chunk.row[i]);
            // A bit less than it can be: the point is good to a centimetre, its probability to four digits.
            let least = match self.query.near {
                Some(near) => near.distance_m(chunk.spot(i).lonlat()) - 0.1,
                None => gravity(tag.severity(), tag.probability()) - 1e-4,
            };
            // What has none is ranked by its severity alone.
            let is_fact = self.query.near.is_none() && tag.probability().is_none();
            let exactly = is_fact.then(|| gravity(tag.severity(), None));
            if top.is_beyond(exactly.unwrap_or(least)) {
                return;
            }
            if let Some(rank) = exactly.or_else(|| city.flags.view(slot).map(|flag| self.rank(flag))) {
                top.push(rank, (chunk.id(i).into(), slot));
            }
        });
        total
    }

    /// Metres within which there is more than the page, as far as that is soon known.
    fn reach_m(&self, near: LonLat) -> f64 {
        let shown_m = self.query.cursor.as_ref().map_or(0.0, |after| after.rank);
        let mut reach_m = shown_m * 1.2 + 100.0;
        while reach_m < 20_000.0 {
            let (mut found, homes) = (0, self.sight.homes_on(self.ground));
            self.sight.city.flag_points.sift(Some(near.around(reach_m)), homes, |chunk, i, _| {
                let m = near.distance_m(chunk.spot(i).lonlat());
                let on_page = m > shown_m + 0.1 && m < reach_m - 0.1;
                found += usize::from(on_page && found <= self.query.limit && self.wants_point(chunk, i, false));
            });
            if found > self.query.limit {
                return reach_m;
            }
            reach_m *= 3.0;
        }
        f64::MAX
    }
}

/// Metres from a place to the nearest point of a chunk, or somewhat less.
fn least_m(near: LonLat, chunk: &Chunk) -> f64 {
    let [west, south, east, north] = chunk.span.degrees();
    let beside = LonLat::new(near.lon.clamp(west, east), near.lat.clamp(south, north));
    near.distance_m(beside) * 0.99 - 1.0
}

/// Dismisses a flag of an address.
#[utoipa::path(post, path = "/api/addresses/{id}/dismissals", tag = "flag", request_body = NewDismissal,
    params(("id" = String, Path, description = "Address identifier")),
    responses((status = 201, description = "Dismissed", body = FlagView)))]
pub async fn dismiss(
    State(app): State<Arc<App>>,
    who: Who<Dismiss>,
    Segment(id): Segment,
    Body(new): Body<NewDismissal>,
) -> Answer<(StatusCode, Json<FlagView>)> {
    let flag = flag_of(&app, &who.actor, &id, &new.flag_id)?;
    let today = app.live.get().today;
    if new.until < today || new.until > today + Months::new(36) {
        let reason = Text::new("不在今天起三年之内", "not within three years from today");
        let remedy = Text::new("给出今天或以后的日期", "give today or a later day");
        return Err(Error::invalid("body", "until", new.until.to_string(), reason, remedy).into());
    }
    let reason = screened("reason", new.reason)?;
    let mut session = app.store.begin(&who.actor).await?;
    session
        .dismiss(&crate::store::NewDismissal {
            flag_id: new.flag_id,
            address_id: AddressId::from(id),
            reason,
            until: new.until,
        })
        .await?;
    session.commit().await?;
    app.follow.settle().await;
    let city = app.live.get();
    let sight = Sight::of(&city, &who.actor);
    Ok((StatusCode::CREATED, Json(FlagView::of(&sight, &city.flags.get(&flag.flag_id).unwrap_or(flag), None))))
}

/// The flag `flag_id`, if it is about the address `id` and in scope.
fn flag_of(app: &App, actor: &crate::domain::Actor, id: &str, flag_id: &str) -> Answer<Flag> {
    let city = app.live.get();
    let sight = Sight::of(&city, actor);
    sight.address(id)?;
    let flag = city
        .flags
        .get(flag_id)
        .filter(|flag| sight.address_of(&flag.subject).is_some_and(|(_, address)| address.id() == id));
    Ok(flag.ok_or_else(|| Error::NotFound(format!("flag {flag_id} of address {id}")))?)
}

/// Takes a dismissal back.
#[utoipa::path(delete, path = "/api/addresses/{id}/dismissals/{flag_id}", tag = "flag",
    params(("id" = String, Path, description = "Address identifier"), ("flag_id" = String, Path, description = "Flag identifier")),
    responses((status = 204, description = "Open again")))]
pub async fn restore(
    State(app): State<Arc<App>>,
    who: Who<Dismiss>,
    Path((id, flag_id)): Path<(String, String)>,
) -> Answer<StatusCode> {
    Sight::of(&app.live.get(), &who.actor).address(&id)?;
    let mut session = app.store.begin(&who.actor).await?;
    session.undismiss(&AddressId::from(id), &flag_id).await?;
    session.commit().await?;
    app.follow.settle().await;
    Ok(StatusCode::NO_CONTENT)
}
