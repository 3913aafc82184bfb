//! Hazards and their closed loop.

use super::codec::{Fields, RowWriter, Word};
use super::fault::{conflict, garbled};
use super::record::{Record, select};
use super::session::{Session, Stored};
use crate::domain::*;
use crate::error::{Error, Result, Text};
use chrono::NaiveDate;
use std::borrow::Cow;

impl Record for Hazard {
    const TABLE: &'static str = "hazard";
    const KEY: &'static str = "hazard_id";
    const KEY_TEXT: &'static str = "hazard_id";
    const COLUMNS: &'static str =
        "hazard_id, address_id, rental_id, item, severity, state, found_at, found_by, due_on, closed_at, closed_by";

    fn key(&self) -> Cow<'_, str> {
        Cow::Borrowed(&self.id)
    }

    fn write(&self, row: &mut RowWriter) {
        row.text(&self.id);
        row.text(&self.address);
        row.text_or_null(self.rental.as_deref());
        row.text(self.item.as_str());
        row.text(self.severity.word());
        row.text(self.state.word());
        row.time(Some(self.found_at));
        row.text(&self.found_by);
        row.date(self.due_on);
        row.time(self.closed_at);
        row.text_or_null(self.closed_by.as_deref());
    }

    fn read(fields: &mut Fields) -> Result<Self> {
        Ok(Hazard {
            id: fields.text()?.into(),
            address: fields.text()?.into(),
            rental: fields.text_or_null()?.map(RentalId::from),
            item: fields.text().and_then(|word| CheckItem::parse(word).ok_or_else(|| garbled(word)))?,
            severity: HazardSeverity::from_word(fields.text()?)?,
            state: HazardState::from_word(fields.text()?)?,
            found_at: fields.time()?,
            found_by: fields.text()?.into(),
            due_on: fields.date()?,
            closed_at: fields.time_or_null()?,
            closed_by: fields.text_or_null()?.map(Box::from),
            version: fields.long()?,
        })
    }
}

/// A hazard as its finder reports it.
#[derive(Debug, Clone, PartialEq)]
pub struct NewHazard {
    /// Made by the client: sending it twice stores it once.
    pub id: HazardId,
    /// Where.
    pub address: AddressId,
    /// The rental that it was found in, if any.
    pub rental: Option<RentalId>,
    /// Which of the eight items.
    pub item: CheckItem,
    /// How grave.
    pub severity: HazardSeverity,
    /// By when it has to be mended.
    pub due_on: Option<NaiveDate>,
    /// A word about it; no word about a person.
    pub note: String,
}

/// A step in a hazard's loop.
#[derive(Debug, Clone, PartialEq)]
pub struct Transition {
    /// The state to come.
    pub to: HazardState,
    /// The version that the client saw.
    pub base_version: i64,
    /// A word about it; no word about a person.
    pub note: String,
}

impl Session {
    /// The hazard, if the actor may see it.
    ///
    /// # Errors
    /// `NotFound` otherwise.
    pub async fn hazard(&mut self, id: &HazardId) -> Result<Hazard> {
        self.by_key(id).await?.ok_or_else(|| Error::NotFound(format!("hazard {id}")))
    }

    /// Stores a hazard that the actor found.
    ///
    /// # Errors
    /// `NotFound` for an address or rental that the actor doesn't see, `Conflict` when another hazard has the
    /// identifier.
    pub async fn report_hazard(&mut self, new: &NewHazard) -> Result<Stored<Hazard>> {
        self.require(&[Role::Collector, Role::Department, Role::Police, Role::Steward])?;
        self.address(&new.address).await?;
        if let Some(rental) = &new.rental {
            self.rental(rental).await?;
        }
        let finder = self.actor().name.clone();
        let done = sqlx::query(
            "insert into hazard (hazard_id, address_id, rental_id, item, severity, found_at, found_by, due_on, note)
             values ($1, $2, $3, $4, $5, now(), $6, $7, $8) on conflict (hazard_id) do nothing",
        )
        .bind(new.id.as_str())
        .bind(new.address.as_str())
        .bind(new.rental.as_deref())
        .bind(new.item.as_str())
        .bind(new.severity.word())
        .bind(&finder)
        .bind(new.due_on)
        .bind(&new.note)
        .execute(self.connection())
        .await?;
        let taken = || conflict("这个隐患编号已被使用", "another hazard has this identifier");
        let hazard: Hazard = self.by_key(&new.id).await?.ok_or_else(taken)?;
        if done.rows_affected() == 1 {
            let detail =
                serde_json::json!({ "address_id": hazard.address, "item": hazard.item, "severity": hazard.severity });
            self.audit("hazard.report", &hazard.id, detail);
            return Ok(Stored::New(hazard));
        }
        let same = (&hazard.address, &hazard.rental, hazard.item, hazard.severity, hazard.due_on, &*hazard.found_by)
            == (&new.address, &new.rental, new.item, new.severity, new.due_on, &finder);
        if same { Ok(Stored::Same(hazard)) } else { Err(taken()) }
    }

    /// Takes a hazard one step further.
    ///
    /// # Errors
    /// `NotFound`; `Conflict` when it was changed since `base_version`; `Invalid` for a step that doesn't follow;
    /// `Forbidden` for roles that don't handle hazards, and for its finder closing it.
    pub async fn move_hazard(&mut self, id: &HazardId, step: &Transition) -> Result<Hazard> {
        self.require(&[Role::Department, Role::Police, Role::Steward])?;
        let row = sqlx::query(select::<Hazard>("where hazard_id = $1 for update"))
            .bind(id.as_str())
            .fetch_optional(self.connection())
            .await?
            .ok_or_else(|| Error::NotFound(format!("hazard {id}")))?;
        let hazard = Hazard::read(&mut Fields::of_row(&row))?;
        // The answer to the first sending was lost: the step was taken.
        if hazard.version == step.base_version + 1 && hazard.state == step.to {
            return Ok(hazard);
        }
        if hazard.version != step.base_version {
            return Err(Error::Conflict {
                message: Text::new("隐患已被他人更新", "the hazard was changed since you saw it"),
                current: Some(Box::new(serde_json::json!({
                    "hazard_id": hazard.id, "state": hazard.state, "version": hazard.version,
                }))),
            });
        }
        if !hazard.state.next().contains(&step.to) {
            let next: Vec<_> = hazard.state.next().iter().map(|state| state.word()).collect();
            return Err(Error::invalid(
                "",
                "to",
                step.to.word(),
                Text::new(
                    format!("隐患现为 {},不能直接变为 {}", hazard.state.word(), step.to.word()),
                    format!("a hazard that is {} can't become {}", hazard.state.word(), step.to.word()),
                ),
                Text::new(format!("可选: {}", next.join(", ")), format!("one of: {}", next.join(", "))),
            ));
        }
        // Who closes it and when is the database's to say (0005_separation_of_duty.sql).
        sqlx::query("update hazard set state = $2, note = $3 where hazard_id = $1")
            .bind(id.as_str())
            .bind(step.to.word())
            .bind(&step.note)
            .execute(self.connection())
            .await?;
        self.audit("hazard.move", id, serde_json::json!({ "from": hazard.state, "to": step.to }));
        self.hazard(id).await
    }
}
