//! Visits.

use super::codec::{Fields, RowWriter, Word};
use super::fault::conflict;
use super::record::Record;
use super::session::{Session, Stored};
use crate::domain::*;
use crate::error::Result;
use chrono::{DateTime, Utc};
use std::borrow::Cow;

impl Record for Visit {
    const TABLE: &'static str = "visit";
    const KEY: &'static str = "visit_id";
    const KEY_TEXT: &'static str = "visit_id::text";
    const KEY_FOUND: &'static str = "visit_id";
    const KEY_TYPE: &'static str = "uuid";
    const COLUMNS: &'static str = "visit_id, address_id, at, by, outcome";

    fn key(&self) -> Cow<'_, str> {
        Cow::Owned(self.id.to_string())
    }

    fn write(&self, row: &mut RowWriter) {
        row.uuid(self.id);
        row.text(&self.address);
        row.time(Some(self.at));
        row.text(&self.by);
        row.text(self.outcome.word());
    }

    fn read(fields: &mut Fields) -> Result<Self> {
        let (id, address, at, by) = (fields.uuid()?, fields.text()?.into(), fields.time()?, fields.text()?.into());
        let outcome = VisitOutcome::from_word(fields.text()?)?;
        fields.long()?;
        Ok(Visit { id, address, at, by, outcome })
    }
}

/// A visit as its sender knows it.
#[derive(Debug, Clone, PartialEq)]
pub struct NewVisit {
    /// Made by the client: sending it twice stores it once.
    pub id: uuid::Uuid,
    /// The address.
    pub address: AddressId,
    /// When.
    pub at: DateTime<Utc>,
    /// Outcome.
    pub outcome: VisitOutcome,
}

impl Session {
    /// Stores a visit by the actor.
    ///
    /// # Errors
    /// `NotFound` for an address that the actor doesn't see, `Conflict` when another visit has the identifier.
    pub async fn visit(&mut self, new: &NewVisit) -> Result<Stored<Visit>> {
        self.require(&[Role::Collector, Role::Reviewer, Role::Department, Role::Police, Role::Steward])?;
        self.address(&new.address).await?;
        let visit = Visit {
            id: new.id,
            address: new.address.clone(),
            at: DateTime::from_timestamp_micros(new.at.timestamp_micros()).unwrap_or(new.at),
            by: self.actor().name.as_str().into(),
            outcome: new.outcome,
        };
        let done = sqlx::query(
            "insert into visit (visit_id, address_id, at, by, outcome) values ($1, $2, $3, $4, $5)
             on conflict (visit_id) do nothing",
        )
        .bind(visit.id)
        .bind(visit.address.as_str())
        .bind(visit.at)
        .bind(&*visit.by)
        .bind(visit.outcome.word())
        .execute(self.connection())
        .await?;
        if done.rows_affected() == 1 {
            let detail = serde_json::json!({ "visit_id": visit.id, "outcome": visit.outcome.word() });
            self.audit("visit", &visit.address, detail);
            return Ok(Stored::New(visit));
        }
        match self.by_key::<Visit>(&visit.id.to_string()).await? {
            Some(same) if same == visit => Ok(Stored::Same(same)),
            _ => Err(conflict("这个走访编号已被使用", "another visit has this identifier")),
        }
    }
}
