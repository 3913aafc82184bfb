//! Groups: a batch with one cause is one row, with what it would move from where to where.

use super::App;
use super::body::Segment;
use super::cursor::{CountedPage, Cursor, Named, page};
use super::flag::title_of;
use super::permission::ReadFlag;
use super::problem::Answer;
use super::query::{Given, Params, Query};
use super::sight::Sight;
use super::who::Who;
use crate::city::group::Group;
use crate::domain::{Flag, LonLat, Severity, Tier};
use crate::error::{Error, Text};
use crate::index::boxes::join;
use axum::Json;
use axum::extract::State;
use serde::Serialize;
use sha2::{Digest, Sha256};
use std::sync::Arc;
use utoipa::{IntoParams, ToSchema};

/// A batch with one cause, as far as the reader sees it: pins outside the scope are neither shown nor counted.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = FlagGroup)]
pub struct GroupView {
    /// The same group has the same identifier in every run.
    pub group_id: String,
    /// Rule of its flags.
    pub rule: String,
    /// Name of that rule.
    pub title: Text,
    /// How grave its flags are.
    pub severity: Severity,
    /// What may be done with it: `auto`, accepted for all at once, by a person.
    pub tier: Tier,
    /// The collection batch.
    pub batch: String,
    /// The cause with its numbers.
    pub message: Text,
    /// Pins that may be mended together.
    pub pins: usize,
    /// Pins of the batch.
    pub batch_pins: usize,
    /// Pins of the batch that are flagged with the same cause but less surely: they stay single flags.
    pub doubtful: usize,
    /// The least probability of a member.
    pub probability: f64,
    /// How far its pins would move, metres: least and most.
    pub moves_m: [f64; 2],
    /// Box around where its pins stand and would stand: west, south, east, north, degrees.
    pub bbox: [f64; 4],
    /// The smallest grid that its pins have in common.
    pub grid_code: Option<String>,
    /// That grid's name.
    pub grid_name: Option<String>,
}

/// A pin of a group: from where to where.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = GroupMember)]
pub struct MemberView {
    /// The address.
    pub address_id: String,
    /// As text.
    pub address_text: String,
    /// Its flag.
    pub flag_id: String,
    /// Its version: `base_version` of a mend.
    pub base_version: i64,
    /// Probability that it is wrong in this way.
    pub probability: f64,
    /// Where it stands; none when that is no place on earth.
    pub from: Option<LonLat>,
    /// Where it belongs: its own place, restored exactly.
    pub to: LonLat,
    /// How far that is, metres.
    pub distance_m: Option<f64>,
}

/// A group with its members.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = FlagGroupDetail)]
pub struct GroupDetail {
    /// The group.
    #[serde(flatten)]
    pub group: GroupView,
    /// Its pins, by identifier.
    pub members: Vec<MemberView>,
    /// These pins in short, as a mend names what it was shown: 32 hexadecimal digits.
    pub preview: String,
}

/// Which groups.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct GroupQuery {
    /// `west,south,east,north` in degrees: groups of which a pin stands in it.
    #[param(value_type = Option<String>)]
    pub bbox: Option<[f64; 4]>,
    /// Code of a grid: groups of which a pin belongs to it or to one below it.
    pub grid: Option<String>,
    /// Codes of rules with commas between.
    #[param(value_type = Option<String>)]
    pub rule: Vec<String>,
    /// Severities with commas between.
    #[param(value_type = Option<String>)]
    pub severity: Vec<Severity>,
    /// Most items of the page, 1 to 1000; 50 if left out.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 1000)]
    pub limit: usize,
    /// `next` of the page before.
    #[param(value_type = Option<String>)]
    pub cursor: Option<Cursor>,
}

impl Params for GroupQuery {
    fn read(query: &mut Query) -> Self {
        GroupQuery {
            bbox: query.bbox(),
            grid: query.text("grid"),
            rule: query.rules(),
            severity: query.choices("severity"),
            limit: query.limit(),
            cursor: query.cursor(),
        }
    }
}

/// Where a flag's pin would go.
fn target(flag: &Flag) -> Option<LonLat> {
    flag.suggestion.as_ref()?.at
}

/// Whether a member is the actor's to see, here and where it would go: an address that declares no grid belongs to the
/// one that its pin lies in.
fn is_seen(sight: &Sight, row: u32, flag: &Flag) -> bool {
    let goes_out = || {
        let city = sight.city;
        sight.is_bounded()
            && city.address_at(row).grid().is_none()
            && !target(flag).is_some_and(|to| city.grid.finest(to).is_some_and(|grid| sight.sees_grid(grid)))
    };
    sight.sees_row(row) && !goes_out()
}

/// The group in which `sight` shows a flag of the address in `row`.
pub fn group_id_of(sight: &Sight, row: u32, flag: &Flag) -> Option<String> {
    sight.city.group_id_of(row, flag).filter(|_| is_seen(sight, row, flag))
}

/// What `sight` shows of a group: nothing when none of its pins is in scope.
pub fn seen(sight: &Sight, mut group: Group) -> Option<Group> {
    group.members.retain(|(row, flag)| is_seen(sight, *row, flag));
    group.pins.retain(|row| sight.sees_row(*row));
    (!group.members.is_empty()).then_some(group)
}

impl Named for Group {
    fn id(&self) -> &str {
        &self.id
    }
}

impl MemberView {
    /// A member as it stands in the City.
    pub fn of(sight: &Sight, row: u32, flag: &Flag) -> Option<MemberView> {
        let address = sight.city.address_at(row);
        let from = address.at().filter(|at| at.is_on_earth());
        let to = target(flag)?;
        Some(MemberView {
            address_id: address.id().to_owned(),
            address_text: address.full_text().into_owned(),
            flag_id: flag.flag_id.clone(),
            base_version: address.version(),
            probability: flag.probability.unwrap_or(1.0),
            from,
            to,
            distance_m: from.map(|from| from.distance_m(to)),
        })
    }
}

/// The members of a group as they stand in the City, by identifier.
pub fn members(sight: &Sight, group: &Group) -> Vec<MemberView> {
    let mut members: Vec<MemberView> =
        group.members.iter().filter_map(|(row, flag)| MemberView::of(sight, *row, flag)).collect();
    members.sort_by(|a, b| a.address_id.cmp(&b.address_id));
    members
}

/// What a preview showed, in short: which pins, of which version, going where, to a ten-millionth of a degree (a
/// centimetre). `members` are sorted by identifier. 32 hexadecimal digits of SHA-256.
pub fn preview(members: &[MemberView]) -> String {
    let mut digest = Sha256::new();
    for member in members {
        digest.update(member.address_id.as_bytes());
        digest.update([0]);
        let steps = [member.to.lon, member.to.lat].map(|deg| (deg * 1e7).round() as i64);
        [member.base_version, steps[0], steps[1]].iter().for_each(|number| digest.update(number.to_le_bytes()));
    }
    hex::encode(&digest.finalize()[..16])
}

impl GroupView {
    /// A group of which `sight` sees all that is left in it.
    pub fn of(sight: &Sight, group: &Group) -> Option<GroupView> {
        let (_, first) = group.members.first()?;
        let places = |flag: &Flag| [flag.at, target(flag)].into_iter().flatten();
        let points = group.members.iter().flat_map(|(_, flag)| places(flag)).map(|at| [at.lon, at.lat, at.lon, at.lat]);
        let moves = group.members.iter().filter_map(|(_, flag)| Some(flag.at?.distance_m(target(flag)?)));
        let moves_m = moves.fold([f64::MAX, 0.0], |[least, most], m| [m.min(least), m.max(most)]);
        let together = |row: &u32| group.members.binary_search_by_key(row, |(row, _)| *row).is_ok();
        let doubtful = |row: &&u32| {
            let flags = || sight.city.flags_of_address(sight.city.address_at(**row).id());
            !together(row) && flags().into_iter().any(|flag| flag.rule() == group.rule && sight.city.shows(flag))
        };
        let homes: Vec<u32> = group.members.iter().map(|(row, _)| sight.city.home(*row)).collect();
        let grid = sight.common_grid(&homes);
        Some(GroupView {
            group_id: group.id.clone(),
            rule: group.rule.to_owned(),
            title: title_of(group.rule).unwrap_or_else(|| Text::new(group.rule, group.rule)),
            severity: first.severity,
            tier: Tier::Auto,
            batch: group.batch.to_string(),
            message: group.cause.text(&group.batch, group.members.len(), group.pins.len()),
            pins: group.members.len(),
            batch_pins: group.pins.len(),
            doubtful: group.pins.iter().filter(doubtful).count(),
            probability: group.members.iter().filter_map(|(_, flag)| flag.probability).fold(1.0, f64::min),
            moves_m: if moves_m[0] > moves_m[1] { [0.0; 2] } else { moves_m },
            bbox: points.reduce(join)?,
            grid_code: grid.map(|(code, _)| code.to_owned()),
            grid_name: grid.map(|(_, name)| name.to_owned()),
        })
    }
}

/// The group with an identifier, as far as `sight` shows it.
///
/// # Errors
/// `NotFound` for one that is not there, or of which nothing is in scope.
pub fn find(sight: &Sight, id: &str) -> Answer<Group> {
    let group = sight.city.group(id).and_then(|group| seen(sight, group));
    Ok(group.ok_or_else(|| Error::NotFound(format!("group {id}")))?)
}

/// Lists batches with one cause, the largest first.
#[utoipa::path(get, path = "/api/flag-groups", tag = "flag", params(GroupQuery),
    responses((status = 200, body = CountedPage<GroupView>)))]
pub async fn list(
    State(app): State<Arc<App>>,
    who: Who<ReadFlag>,
    Given(query): Given<GroupQuery>,
) -> Answer<Json<CountedPage<GroupView>>> {
    let city = app.checked()?;
    let sight = Sight::of(&city, &who.actor);
    let ground = sight.ground(query.bbox, query.grid.as_deref())?;
    let wanted = |group: &Group| {
        let severity = group.members[0].1.severity;
        (query.rule.is_empty() || query.rule.iter().any(|rule| rule == group.rule))
            && (query.severity.is_empty() || query.severity.contains(&severity))
            && group.members.iter().any(|(row, flag)| sight.lies_on(ground, city.home(*row), flag.at))
    };
    let groups = city.groups().into_iter().filter_map(|group| seen(&sight, group)).filter(wanted);
    let groups: Vec<(f64, Group)> = groups.map(|group| (-(group.members.len() as f64), group)).collect();
    let total = groups.len();
    let (groups, next) = page(groups, query.cursor.as_ref(), query.limit);
    let items = groups.iter().filter_map(|(_, group)| GroupView::of(&sight, group)).collect();
    Ok(Json(CountedPage { items, next, total }))
}

/// A group with its pins: from where to where each would go.
#[utoipa::path(get, path = "/api/flag-groups/{id}", tag = "flag",
    params(("id" = String, Path, description = "Group identifier")), responses((status = 200, body = GroupDetail)))]
pub async fn detail(
    State(app): State<Arc<App>>,
    who: Who<ReadFlag>,
    Segment(id): Segment,
) -> Answer<Json<GroupDetail>> {
    let city = app.checked()?;
    let sight = Sight::of(&city, &who.actor);
    let group = find(&sight, &id)?;
    let view = GroupView::of(&sight, &group).ok_or_else(|| Error::NotFound(format!("group {id}")))?;
    let members = members(&sight, &group);
    let preview = preview(&members);
    Ok(Json(GroupDetail { group: view, members, preview }))
}
