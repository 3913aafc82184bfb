//! Mends: corrections of a whole batch in one transaction, all or none, and their undo.

use super::codec::{Fields, RowWriter, Word};
use super::fault::{conflict, garbled};
use super::record::{Record, select};
use super::session::{Session, Stored};
use crate::domain::*;
use crate::error::{Error, Result, Text};
use sqlx::Row;
use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use uuid::Uuid;

impl Record for Mend {
    const TABLE: &'static str = "mend";
    const KEY: &'static str = "mend_id";
    const KEY_TEXT: &'static str = "mend_id::text";
    const KEY_FOUND: &'static str = "mend_id";
    const KEY_TYPE: &'static str = "uuid";
    const COLUMNS: &'static str = "mend_id, group_id, rule, batch, pins, note, made_by, made_at, undone_by, undone_at";

    fn key(&self) -> Cow<'_, str> {
        Cow::Owned(self.mend_id.to_string())
    }

    fn write(&self, _: &mut RowWriter) {
        unreachable!("mends are made one by one, never imported")
    }

    fn read(fields: &mut Fields) -> Result<Self> {
        Ok(Mend {
            mend_id: fields.uuid()?,
            group_id: fields.text()?.to_owned(),
            rule: fields.text()?.to_owned(),
            batch: fields.text()?.into(),
            pins: fields.int()?.ok_or_else(|| garbled("null"))?,
            note: fields.text()?.to_owned(),
            made_by: fields.text()?.to_owned(),
            made_at: fields.time()?,
            undone_by: fields.text_or_null()?.map(str::to_owned),
            undone_at: fields.time_or_null()?,
            version: fields.long()?,
        })
    }
}

/// A mend as its maker accepts it.
#[derive(Debug, Clone, PartialEq)]
pub struct NewMend {
    /// Made by the client: sending it twice stores it once.
    pub mend_id: Uuid,
    /// The group.
    pub group_id: String,
    /// Rule of its flags.
    pub rule: &'static str,
    /// The collection batch.
    pub batch: BatchId,
    /// A word on it; no word about a person.
    pub note: String,
    /// What it moves.
    pub members: Vec<Move>,
}

/// One pin of a mend.
#[derive(Debug, Clone, PartialEq)]
pub struct Move {
    /// The address.
    pub address_id: AddressId,
    /// The version that was shown.
    pub base_version: i64,
    /// Its own place, as detection restored it.
    pub to: LonLat,
    /// The flag that says so.
    pub flag_id: String,
}

/// What an undo did.
#[derive(Debug, Clone, PartialEq)]
pub struct Undone {
    /// The mend.
    pub mend: Mend,
    /// Addresses whose pin stands again where it stood before.
    pub restored: Vec<AddressId>,
    /// Addresses that were changed since and stay as they are.
    pub kept: Vec<Stale>,
}

const ROLES: [Role; 2] = [Role::Reviewer, Role::Steward];

impl Session {
    /// A mend that was stored before by the same message; none when the identifier is new.
    ///
    /// # Errors
    /// `Forbidden` for roles that don't review; `Conflict` when another mend has the identifier.
    pub async fn known_mend(&mut self, mend_id: Uuid, group_id: &str) -> Result<Option<Mend>> {
        self.require(&ROLES)?;
        let Some(known) = self.by_key::<Mend>(&mend_id.to_string()).await? else { return Ok(None) };
        if known.group_id != group_id || known.made_by != self.actor().name {
            return Err(conflict("这个整批纠正编号已被使用", "another mend has this identifier"));
        }
        Ok(Some(known))
    }

    /// Moves every pin of a mend to its own place and stores a reviewed correction for each, all or none.
    ///
    /// # Errors
    /// `Forbidden` for roles that don't review; `Conflict` with `stale` naming each address that was changed since or
    /// is out of sight, and nothing done; `Conflict` when another mend has the identifier; `Invalid` without members.
    pub async fn mend(&mut self, new: &NewMend) -> Result<Stored<Mend>> {
        if let Some(known) = self.known_mend(new.mend_id, &new.group_id).await? {
            return Ok(Stored::Same(known));
        }
        if new.members.is_empty() {
            let reason = Text::new("没有要纠正的点位", "there is no pin to mend");
            let remedy = Text::new("至少保留一个点位", "keep at least one");
            return Err(Error::invalid("body", "members", "", reason, remedy));
        }
        let ids: Vec<&str> = new.members.iter().map(|member| member.address_id.as_str()).collect();
        let now = self.lock_versions(&ids).await?;
        // Sent twice at once: the other one held the locks.
        if let Some(known) = self.known_mend(new.mend_id, &new.group_id).await? {
            return Ok(Stored::Same(known));
        }
        let stale: Vec<Stale> = new.members.iter().filter_map(|m| stale(&m.address_id, m.base_version, &now)).collect();
        if !stale.is_empty() {
            return Err(not_as_shown(&stale));
        }
        sqlx::query(
            "insert into mend (mend_id, group_id, rule, batch, pins, note, scope_grid)
             select $1, $2, $3, $4, $5, $6,
                 common_grid(array(select distinct scope_grid from address where address_id = any($7)))",
        )
        .bind(new.mend_id)
        .bind(&new.group_id)
        .bind(new.rule)
        .bind(new.batch.as_str())
        .bind(i32::try_from(new.members.len()).map_err(garbled)?)
        .bind(&new.note)
        .bind(&ids)
        .execute(self.connection())
        .await?;
        self.make_corrections(new, &ids).await?;
        self.move_pins(new, &ids).await?;
        self.audit(
            "mend",
            &new.mend_id.to_string(),
            serde_json::json!({
                "group_id": new.group_id, "rule": new.rule, "batch": new.batch, "addresses": ids,
                // Who mends saw where each pin stands and would stand: that is the review.
                "reviewed": "preview",
            }),
        );
        let stored = self.by_key::<Mend>(&new.mend_id.to_string()).await?;
        Ok(Stored::New(stored.ok_or_else(|| garbled("the mend is not there"))?))
    }

    async fn make_corrections(&mut self, new: &NewMend, ids: &[&str]) -> Result<()> {
        let change = |m: &Move| Change::Move { lon: m.to.lon, lat: m.to.lat, flag_id: Some(m.flag_id.clone()) };
        let changes: Vec<serde_json::Value> =
            new.members.iter().map(|m| serde_json::to_value(change(m))).collect::<Result<_, _>>().map_err(garbled)?;
        // First, because their ground is the addresses' ground before the change.
        let done = sqlx::query(
            "insert into correction (correction_id, address_id, base_version, made_version, change, before, note, mend_id)
             select gen_random_uuid(), a.address_id, a.version, a.version + 1, m.change, a.pin, $3, $4
             from unnest($1::text[], $2::jsonb[]) m (address_id, change) join address a using (address_id)",
        )
        .bind(ids)
        .bind(&changes)
        .bind(&new.note)
        .bind(new.mend_id)
        .execute(self.connection())
        .await?;
        all_of(done.rows_affected(), ids.len())
    }

    /// What happened to the coordinates is undone: who took the fix, when and how accurately stays as it was.
    async fn move_pins(&mut self, new: &NewMend, ids: &[&str]) -> Result<()> {
        let (lons, lats): (Vec<f64>, Vec<f64>) = new.members.iter().map(|m| (m.to.lon, m.to.lat)).unzip();
        let done = sqlx::query(
            "update address a set pin = st_setsrid(st_makepoint(m.lon, m.lat), 4490), pin_method = $4
             from unnest($1::text[], $2::float8[], $3::float8[]) m (address_id, lon, lat)
             where a.address_id = m.address_id",
        )
        .bind(ids)
        .bind(&lons)
        .bind(&lats)
        .bind(PositionMethod::Suggested.word())
        .execute(self.connection())
        .await?;
        all_of(done.rows_affected(), ids.len())
    }

    /// Puts every pin of a mend back where it stood, in one action; what was changed since stays, and is named.
    ///
    /// # Errors
    /// `NotFound` for a mend that the actor doesn't see; `Forbidden` for roles that don't review; `Conflict` with `stale`
    /// when nothing is left to take back.
    pub async fn undo_mend(&mut self, mend_id: Uuid) -> Result<Stored<Undone>> {
        self.require(&ROLES)?;
        let row = sqlx::query(select::<Mend>("where mend_id = $1 for update"))
            .bind(mend_id)
            .fetch_optional(self.connection())
            .await?
            .ok_or_else(|| Error::NotFound(format!("mend {mend_id}")))?;
        let mend = Mend::read(&mut Fields::of_row(&row))?;
        let rows = sqlx::query(select::<Correction>("where mend_id = $1 order by address_id"))
            .bind(mend_id)
            .fetch_all(self.connection())
            .await?;
        let corrections: Vec<Correction> =
            rows.iter().map(|row| Correction::read(&mut Fields::of_row(row))).collect::<Result<_>>()?;
        let ids: Vec<&str> = corrections.iter().map(|c| c.address_id.as_str()).collect();
        let now = self.lock_versions(&ids).await?;
        if mend.undone_at.is_some() {
            let back = |c: &Correction| c.state == CorrectionState::Rejected;
            let (restored, kept): (Vec<_>, Vec<_>) = corrections.iter().partition(|c| back(c));
            let kept = kept.into_iter().map(|c| Stale {
                address_id: c.address_id.clone(),
                version: now.get(c.address_id.as_str()).copied(),
                why: Why::Changed,
            });
            let restored = restored.into_iter().map(|c| c.address_id.clone()).collect();
            return Ok(Stored::Same(Undone { mend, restored, kept: kept.collect() }));
        }
        let kept: Vec<Stale> = corrections.iter().filter_map(|c| stale(&c.address_id, c.version, &now)).collect();
        let left: HashSet<&str> = kept.iter().map(|stale| stale.address_id.as_str()).collect();
        let back: Vec<&Correction> = corrections.iter().filter(|c| !left.contains(c.address_id.as_str())).collect();
        let restored: Vec<AddressId> = back.iter().map(|c| c.address_id.clone()).collect();
        if restored.is_empty() {
            let message = Text::new(
                "这些点位之后都有人改过，没有可以恢复的",
                "every pin was changed since: there is nothing to put back",
            );
            return Err(named(message, &kept));
        }
        self.put_back(mend_id, &back).await?;
        self.audit(
            "undo_mend",
            &mend_id.to_string(),
            serde_json::json!({ "rule": mend.rule, "batch": mend.batch, "addresses": restored,
                "kept": kept.iter().map(|stale| &stale.address_id).collect::<Vec<_>>() }),
        );
        let mend = self.by_key::<Mend>(&mend_id.to_string()).await?.ok_or_else(|| garbled("the mend is gone"))?;
        Ok(Stored::New(Undone { mend, restored, kept }))
    }

    async fn put_back(&mut self, mend_id: Uuid, back: &[&Correction]) -> Result<()> {
        let (ids, versions): (Vec<&str>, Vec<i64>) =
            back.iter().map(|c| (c.address_id.as_str(), c.base_version)).unzip();
        // The trigger writes who and when.
        sqlx::query("update mend set undone_at = now() where mend_id = $1")
            .bind(mend_id)
            .execute(self.connection())
            .await?;
        // Joined, not `= any`: of a hundred thousand addresses each would be looked up in all of them.
        let done = sqlx::query(
            "update address a set pin = b.pin, pin_method = b.pin_method
             from unnest($1::text[], $2::bigint[]) m (address_id, version)
             join address_version b on b.address_id = m.address_id and b.version = m.version
             where a.address_id = m.address_id",
        )
        .bind(&ids)
        .bind(&versions)
        .execute(self.connection())
        .await?;
        all_of(done.rows_affected(), ids.len())?;
        let done = sqlx::query(
            "update correction c set state = 'rejected', review_reason = '整批纠正已撤销 / the mend was undone'
             from unnest($2::text[]) m (address_id)
             where c.mend_id = $1 and c.address_id = m.address_id",
        )
        .bind(mend_id)
        .bind(&ids)
        .execute(self.connection())
        .await?;
        all_of(done.rows_affected(), ids.len())
    }

    /// Mends whose every address the actor sees, newest first, after `after` in that order.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn mends(&mut self, after: Option<Uuid>, limit: i64) -> Result<Vec<Mend>> {
        let sql = select::<Mend>(
            "where $1::uuid is null or (made_at, mend_id) < (select m.made_at, m.mend_id from mend m where m.mend_id = $1)
             order by made_at desc, mend_id desc limit $2",
        );
        let rows = sqlx::query(sql).bind(after).bind(limit.clamp(1, 1001)).fetch_all(self.connection()).await?;
        rows.iter().map(|row| Mend::read(&mut Fields::of_row(row))).collect()
    }

    /// The versions of those addresses that the actor sees, locked in one order against other writers until the end of
    /// the transaction.
    async fn lock_versions(&mut self, ids: &[&str]) -> Result<HashMap<String, i64>> {
        let rows = sqlx::query(
            "select address_id, version from address where address_id = any($1) order by address_id for update",
        )
        .bind(ids)
        .fetch_all(self.connection())
        .await?;
        rows.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?))).collect()
    }
}

/// What is stale about an address that was seen at a version.
fn stale(address_id: &AddressId, seen: i64, now: &HashMap<String, i64>) -> Option<Stale> {
    let version = now.get(address_id.as_str()).copied();
    let why = if version.is_none() { Why::Gone } else { Why::Changed };
    (version != Some(seen)).then(|| Stale { address_id: address_id.clone(), version, why })
}

/// The refusal of a mend that names what is not as it was shown; nothing was done.
pub fn not_as_shown(stale: &[Stale]) -> Error {
    let message = Text::new(
        format!("有 {} 个点位与预览时不同，什么都没有改动", stale.len()),
        format!("{} of the pins are not as they were shown; nothing was changed", stale.len()),
    );
    named(message, stale)
}

fn named(message: Text, stale: &[Stale]) -> Error {
    Error::Conflict { message, current: Some(Box::new(serde_json::json!({ "stale": stale }))) }
}

fn all_of(rows: u64, wanted: usize) -> Result<()> {
    if rows == wanted as u64 { Ok(()) } else { Err(garbled(format!("{rows} rows of {wanted}"))) }
}
