//! Inspections of rentals.

use super::codec::{Fields, RowWriter, Word};
use super::fault::{conflict, garbled};
use super::record::Record;
use super::session::{Session, Stored};
use crate::domain::*;
use crate::error::{Error, Result};
use chrono::{DateTime, Utc};
use std::borrow::Cow;

impl Record for Inspection {
    const TABLE: &'static str = "inspection";
    const KEY: &'static str = "inspection_id";
    const KEY_TEXT: &'static str = "inspection_id";
    const COLUMNS: &'static str = "inspection_id, rental_id, at, findings, inspector";

    fn key(&self) -> Cow<'_, str> {
        Cow::Borrowed(&self.id)
    }

    fn write(&self, row: &mut RowWriter) {
        row.text(&self.id);
        row.text(&self.rental);
        row.time(Some(self.at));
        row.texts(&self.findings.map(Finding::word));
        row.text(&self.inspector);
    }

    fn read(fields: &mut Fields) -> Result<Self> {
        let (id, rental, at) = (fields.text()?.into(), fields.text()?.into(), fields.time()?);
        let findings = fields.texts()?.into_iter().map(Finding::from_word).collect::<Result<Vec<_>>>()?;
        let findings = findings.try_into().map_err(|_| garbled("not eight findings"))?;
        let inspector = fields.text()?.into();
        fields.long()?;
        Ok(Inspection { id, rental, at, findings, inspector })
    }
}

/// An inspection as its sender knows it.
#[derive(Debug, Clone, PartialEq)]
pub struct NewInspection {
    /// Made by the client: sending it twice stores it once.
    pub id: InspectionId,
    /// The rental.
    pub rental: RentalId,
    /// When.
    pub at: DateTime<Utc>,
    /// One finding for each of [`CheckItem::ALL`], in that order.
    pub findings: [Finding; 8],
}

impl Session {
    /// Stores an inspection by the actor.
    ///
    /// # Errors
    /// `NotFound` for a rental that the actor doesn't see, `Conflict` when another inspection has the identifier.
    pub async fn inspect(&mut self, new: &NewInspection) -> Result<Stored<Inspection>> {
        self.require(&[Role::Collector, Role::Department, Role::Police, Role::Steward])?;
        self.rental(&new.rental).await?;
        let inspection = Inspection {
            id: new.id.clone(),
            rental: new.rental.clone(),
            at: DateTime::from_timestamp_micros(new.at.timestamp_micros()).unwrap_or(new.at),
            findings: new.findings,
            inspector: self.actor().name.as_str().into(),
        };
        let done = sqlx::query(
            "insert into inspection (inspection_id, rental_id, at, findings, inspector)
             values ($1, $2, $3, $4, $5) on conflict (inspection_id) do nothing",
        )
        .bind(new.id.as_str())
        .bind(new.rental.as_str())
        .bind(inspection.at)
        .bind(new.findings.map(|finding| finding.word().to_owned()).to_vec())
        .bind(&*inspection.inspector)
        .execute(self.connection())
        .await?;
        if done.rows_affected() == 1 {
            self.audit("inspect", &inspection.rental, serde_json::json!({ "inspection_id": inspection.id }));
            return Ok(Stored::New(inspection));
        }
        match self.by_key::<Inspection>(&new.id).await? {
            Some(same) if same == inspection => Ok(Stored::Same(same)),
            _ => Err(conflict("这个检查编号已被使用", "another inspection has this identifier")),
        }
    }

    /// The inspections of a rental, newest first.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn inspections(&mut self, rental: &RentalId) -> Result<Vec<Inspection>> {
        let sql = super::record::select::<Inspection>("where rental_id = $1 order by at desc, inspection_id");
        let rows = sqlx::query(sql).bind(rental.as_str()).fetch_all(self.connection()).await?;
        rows.iter().map(|row| Inspection::read(&mut Fields::of_row(row))).collect::<Result<_, Error>>()
    }
}
