//! Corrections: in force at once, verified or taken back by somebody else.

use super::address::{as_json, missing_version};
use super::codec::{Fields, RowWriter, Word};
use super::fault::{conflict, garbled};
use super::record::{Record, select};
use super::session::{Session, Stored};
use crate::domain::address::revise;
use crate::domain::correction::Observed;
use crate::domain::*;
use crate::error::{Error, Result, Text};
use chrono::Utc;
use sqlx::{AssertSqlSafe, Row};
use std::borrow::Cow;
use uuid::Uuid;

impl Record for Correction {
    const TABLE: &'static str = "correction";
    const KEY: &'static str = "correction_id";
    const KEY_TEXT: &'static str = "correction_id::text";
    const KEY_FOUND: &'static str = "correction_id";
    const KEY_TYPE: &'static str = "uuid";
    const COLUMNS: &'static str = "correction_id, address_id, base_version, made_version, change, before, observed, note, \
        made_by, made_at, state, reviewed_by, reviewed_at, review_reason, mend_id";

    fn key(&self) -> Cow<'_, str> {
        Cow::Owned(self.correction_id.to_string())
    }

    fn write(&self, _: &mut RowWriter) {
        unreachable!("corrections are made one by one, never imported")
    }

    fn read(fields: &mut Fields) -> Result<Self> {
        let correction = Correction {
            correction_id: fields.uuid()?,
            address_id: fields.text()?.into(),
            base_version: fields.long()?,
            version: fields.long()?,
            change: fields.json()?.ok_or_else(|| garbled("null"))?,
            before: fields.point()?,
            observed: fields.json()?,
            note: fields.text()?.to_owned(),
            made_by: fields.text()?.to_owned(),
            made_at: fields.time()?,
            state: CorrectionState::from_word(fields.text()?)?,
            reviewed_by: fields.text_or_null()?.map(str::to_owned),
            reviewed_at: fields.time_or_null()?,
            review_reason: fields.text_or_null()?.map(str::to_owned),
            mend_id: fields.uuid_or_null()?,
        };
        fields.long()?;
        Ok(correction)
    }
}

/// A correction as its sender knows it.
#[derive(Debug, Clone, PartialEq)]
pub struct NewCorrection {
    /// Made by the client: sending it twice stores it once.
    pub correction_id: Uuid,
    /// The address.
    pub address_id: AddressId,
    /// The version that the client saw.
    pub base_version: i64,
    /// What it changes.
    pub change: Change,
    /// Where the phone was.
    pub observed: Option<Observed>,
    /// A word to the reviewer; no word about a person.
    pub note: String,
}

/// What a reviewer says of a correction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It is right.
    Verified,
    /// It is wrong: the address becomes again what it was.
    Rejected,
}

/// Which corrections to list.
#[derive(Debug, Clone, Default)]
pub struct CorrectionFilter {
    /// Only those in this state.
    pub state: Option<CorrectionState>,
    /// Only those of this address.
    pub address: Option<AddressId>,
    /// Only those made in this grid or below it.
    pub grid: Option<GridCode>,
    /// Only those before this one in the list (the last of the page before), newest first.
    pub after: Option<Uuid>,
    /// At most so many.
    pub limit: i64,
}

impl Session {
    /// Stores a correction and applies it to its address.
    ///
    /// # Errors
    /// `NotFound` for an address that the actor doesn't see; `Conflict` with the address as it stands when it was
    /// changed since `base_version`, or when another correction has the identifier; `Invalid` for what can't be
    /// changed so; `Forbidden` for roles that don't correct.
    pub async fn correct(&mut self, new: &NewCorrection) -> Result<Stored<Correction>> {
        self.require(&[Role::Collector, Role::Reviewer, Role::Steward])?;
        // An accepted move to another grid may have taken the address out of the actor's ground: ask for the correction
        // first.
        if let Some(known) = self.by_key::<Correction>(&new.correction_id.to_string()).await? {
            return self.same_correction(new, known);
        }
        let address = self.lock_address(&new.address_id).await?;
        // Sent twice at once: the other one held the lock.
        if let Some(known) = self.by_key::<Correction>(&new.correction_id.to_string()).await? {
            return self.same_correction(new, known);
        }
        if address.version != new.base_version {
            return Err(Error::Conflict {
                message: Text::new("该地址已被他人更新", "the address was changed since you saw it"),
                current: Some(Box::new(as_json(&address))),
            });
        }
        // First, because its ground is the address's ground before the change.
        let made_version = address.version + i64::from(!matches!(new.change, Change::Comment));
        let pin = address.pin.as_ref().map(|pin| pin.at);
        sqlx::query(
            "insert into correction (correction_id, address_id, base_version, made_version, change, before, observed, note)
             values ($1, $2, $3, $4, $5, st_setsrid(st_makepoint($6, $7), 4490), $8, $9)",
        )
        .bind(new.correction_id)
        .bind(new.address_id.as_str())
        .bind(new.base_version)
        .bind(made_version)
        .bind(serde_json::to_value(&new.change).map_err(garbled)?)
        .bind(pin.map(|at| at.lon))
        .bind(pin.map(|at| at.lat))
        .bind(new.observed.as_ref().map(serde_json::to_value).transpose().map_err(garbled)?)
        .bind(&new.note)
        .execute(self.connection())
        .await?;
        self.apply(new, &address).await?;
        let stored = self.by_key::<Correction>(&new.correction_id.to_string()).await?;
        let stored = stored.ok_or_else(|| garbled("the correction is not there"))?;
        self.audit(
            "correct",
            &new.address_id,
            serde_json::json!({ "correction_id": new.correction_id, "version": made_version }),
        );
        Ok(Stored::New(stored))
    }

    fn same_correction(&self, new: &NewCorrection, known: Correction) -> Result<Stored<Correction>> {
        let same = (&known.address_id, known.base_version, &known.note, &known.made_by)
            == (&new.address_id, new.base_version, &new.note, &self.actor().name);
        if same && known.change == new.change {
            Ok(Stored::Same(known))
        } else {
            Err(conflict("这个更正编号已被使用", "another correction has this identifier"))
        }
    }

    async fn apply(&mut self, new: &NewCorrection, address: &Address) -> Result<()> {
        let id = new.address_id.as_str();
        let observed_on = new.observed.as_ref().map(|seen| seen.at.date_naive());
        let actor = self.actor().name.clone();
        match &new.change {
            Change::Move { lon, lat, flag_id } => {
                if !LonLat::new(*lon, *lat).is_on_earth() {
                    return Err(Error::invalid(
                        "/change",
                        "lon, lat",
                        format!("{lon}, {lat}"),
                        Text::new("不是地球上的位置", "no place on earth"),
                        Text::new("经度在前,单位为度", "longitude first, in degrees"),
                    ));
                }
                let method = if flag_id.is_some() { PositionMethod::Suggested } else { PositionMethod::Map };
                sqlx::query(
                    "update address set pin = st_setsrid(st_makepoint($2, $3), 4490), pin_kind = coalesce(pin_kind, 'door'),
                         pin_method = $4, accuracy_m = null, collected_at = $5, collector = $6,
                         verified_on = coalesce($7, verified_on)
                     where address_id = $1",
                )
                .bind(id)
                .bind(lon)
                .bind(lat)
                .bind(method.word())
                .bind(new.observed.as_ref().map_or_else(Utc::now, |seen| seen.at))
                .bind(&actor)
                .bind(observed_on)
                .execute(self.connection())
                .await?;
            }
            Change::Set { field, value, .. } => self.set(address, field, value).await?,
            Change::Demolish { on, proof } => {
                if let Some((field, value, form)) = proof.as_ref().and_then(Proof::fault) {
                    let reason = Text::new("不是有效的依据", "no reference to a proof");
                    return Err(Error::invalid("/change/proof", field, value, reason, form));
                }
                sqlx::query("update address set status = 'demolished', ended_on = $2 where address_id = $1")
                    .bind(id)
                    .bind(on)
                    .execute(self.connection())
                    .await?;
            }
            Change::Confirm => {
                sqlx::query("update address set verified_on = $2 where address_id = $1")
                    .bind(id)
                    .bind(observed_on.unwrap_or_else(|| Utc::now().date_naive()))
                    .execute(self.connection())
                    .await?;
            }
            Change::Comment => {}
        }
        Ok(())
    }

    async fn set(&mut self, address: &Address, field: &str, value: &str) -> Result<()> {
        let value = value.trim();
        if field == "grid_code" {
            // The grid may lie outside the actor's ground: see hand_over in 0004_scope.sql.
            let (done,): (bool,) = sqlx::query_as("select hand_over($1, $2, $3)")
                .bind(address.id.as_str())
                .bind(address.version)
                .bind(value)
                .fetch_one(self.connection())
                .await?;
            return if done { Ok(()) } else { Err(garbled("the address slipped away under its lock")) };
        }
        if value.contains('\0') || (field == "full_text" && value.is_empty()) {
            return Err(Error::invalid(
                "/change",
                "value",
                value,
                Text::new("不能为空", "it must not be empty"),
                Text::new("填写地址文本", "give the address's text"),
            ));
        }
        let (text, parts) = if field == "full_text" {
            (value.to_owned(), revise::with_text(&address.parts, value))
        } else {
            revise::with_part(&address.full_text, &address.parts, field, value).ok_or_else(|| {
                Error::invalid(
                    "/change",
                    "field",
                    field,
                    Text::new("没有这个可修改的属性", "no such attribute"),
                    Text::new("grid_code、full_text 或地址的一个部分", "grid_code, full_text or a part of the address"),
                )
            })?
        };
        self.set_text(&address.id, &text, &parts).await
    }

    /// Verifies or rejects a correction; a rejection gives back to the address exactly what the correction changed.
    ///
    /// # Errors
    /// `NotFound`; `Forbidden` to who made it and to roles that don't review; `Conflict` when it was reviewed already,
    /// or when what it changed was changed again since; `Invalid` for a rejection without a reason.
    pub async fn review(&mut self, id: Uuid, verdict: Verdict, reason: &str) -> Result<Correction> {
        self.require(&[Role::Reviewer, Role::Steward])?;
        let row = sqlx::query(select::<Correction>("where correction_id = $1 for update"))
            .bind(id)
            .fetch_optional(self.connection())
            .await?
            .ok_or_else(|| Error::NotFound(format!("correction {id}")))?;
        let correction = Correction::read(&mut Fields::of_row(&row))?;
        let state = match verdict {
            Verdict::Verified => CorrectionState::Verified,
            Verdict::Rejected => CorrectionState::Rejected,
        };
        // The answer to the first sending was lost.
        if correction.state == state && correction.reviewed_by.as_ref() == Some(&self.actor().name) {
            return Ok(correction);
        }
        if verdict == Verdict::Rejected && reason.trim().is_empty() {
            return Err(Error::invalid(
                "",
                "reason",
                "",
                Text::new("退回必须说明理由", "a rejection needs a reason"),
                Text::new("填写退回理由", "say why"),
            ));
        }
        // Who may review, and that it happens once, is the database's to say (0005_separation_of_duty.sql).
        sqlx::query("update correction set state = $2, review_reason = nullif($3, '') where correction_id = $1")
            .bind(id)
            .bind(state.word())
            .bind(reason.trim())
            .execute(self.connection())
            .await?;
        if verdict == Verdict::Rejected && correction.version != correction.base_version {
            self.take_back(&correction).await?;
        }
        self.audit(
            "review",
            &correction.address_id,
            serde_json::json!({ "correction_id": id, "verdict": state.word() }),
        );
        self.correction(id).await
    }

    async fn take_back(&mut self, correction: &Correction) -> Result<()> {
        let id = correction.address_id.as_str();
        self.lock_address(&correction.address_id).await?;
        // `b` before the correction, `f` after it, `a` now: what it changed goes back, unless it was changed again.
        let columns: Vec<&str> = Address::COLUMNS.split(", ").filter(|column| *column != "address_id").collect();
        let back: Vec<String> = columns
            .iter()
            .map(|c| format!("{c} = case when f.{c} is distinct from b.{c} then b.{c} else a.{c} end"))
            .collect();
        let clear: Vec<String> = columns
            .iter()
            .map(|c| format!("(f.{c} is not distinct from b.{c} or a.{c} is not distinct from f.{c})"))
            .collect();
        let list = columns.join(", ");
        let sql = format!(
            "update address a set {} from
                 (select {list} from address_version where address_id = $1 and version = $2) b,
                 (select {list} from address_version where address_id = $1 and version = $3
                  union all select {list} from address where address_id = $1 and version = $3) f
             where a.address_id = $1 and {}",
            back.join(", "),
            clear.join(" and ")
        );
        let done = sqlx::query(AssertSqlSafe(sql))
            .bind(id)
            .bind(correction.base_version)
            .bind(correction.version)
            .execute(self.connection())
            .await?;
        if done.rows_affected() == 1 {
            return Ok(());
        }
        let versions = self.address_history(&correction.address_id, Some(correction.version + 1), 2).await?;
        if versions.len() < 2 {
            return Err(missing_version(&correction.address_id, correction.base_version));
        }
        let now = self.address(&correction.address_id).await?;
        Err(Error::Conflict {
            message: Text::new(
                "该更正之后又有人修改了同一内容,不能直接退回",
                "what this correction changed was changed again since: it can't simply be taken back",
            ),
            current: Some(Box::new(as_json(&now))),
        })
    }

    /// The correction, if the actor may see it.
    ///
    /// # Errors
    /// `NotFound` otherwise.
    pub async fn correction(&mut self, id: Uuid) -> Result<Correction> {
        self.by_key(&id.to_string()).await?.ok_or_else(|| Error::NotFound(format!("correction {id}")))
    }

    /// Corrections, newest first.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn corrections(&mut self, filter: &CorrectionFilter) -> Result<Vec<Correction>> {
        let sql = select::<Correction>(
            "c where ($1::text is null or state = $1) and ($2::text is null or address_id = $2)
             and ($3::uuid is null or (made_at, correction_id) <
                  (select p.made_at, p.correction_id from correction p where p.correction_id = $3))
             and ($5::text is null or scope_grid in (
                  with recursive below (grid_code) as (
                      select g.grid_code from grid g where g.grid_code = $5
                      union select g.grid_code from grid g join below b on g.parent_code = b.grid_code)
                  select grid_code from below))
             order by made_at desc, correction_id desc limit $4",
        );
        let rows = sqlx::query(sql)
            .bind(filter.state.map(Word::word))
            .bind(filter.address.as_deref())
            .bind(filter.after)
            .bind(filter.limit.clamp(1, 1000))
            .bind(filter.grid.as_deref())
            .fetch_all(self.connection())
            .await?;
        rows.iter().map(|row| Correction::read(&mut Fields::of_row(row))).collect()
    }

    /// How many corrections wait for review on the actor's ground.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn corrections_waiting(&mut self) -> Result<i64> {
        let row = sqlx::query("select count(*) from correction where state = 'unverified'")
            .fetch_one(self.connection())
            .await?;
        Ok(row.try_get(0)?)
    }
}
