//! Addresses and their history.

use super::codec::{Fields, RowWriter, Word};
use super::fault::garbled;
use super::record::{Columns, Record, select};
use super::session::Session;
use crate::domain::*;
use crate::error::{Error, Result};
use chrono::{DateTime, Utc};
use sqlx::Row;
use std::borrow::Cow;

impl Record for Address {
    const TABLE: &'static str = "address";
    const KEY: &'static str = "address_id";
    const KEY_TEXT: &'static str = "address_id";
    const COLUMNS: &'static str = "address_id, full_text, province, city, county, town, village, grid_name, group_name, \
        road, house_number, compound, building, unit, floor, room, grid_code, pin, pin_kind, pin_method, accuracy_m, \
        collected_at, collector, positions, building_id, status, ended_on, verified_on, collection";

    fn key(&self) -> Cow<'_, str> {
        Cow::Borrowed(&self.id)
    }

    fn write(&self, row: &mut RowWriter) {
        row.text(&self.id);
        row.text(&self.full_text);
        write_parts(&self.parts, row);
        row.text_or_null(self.grid.as_deref());
        row.point(self.pin.as_ref().map(|pin| pin.at));
        row.text_or_null(self.pin.as_ref().map(|pin| pin.kind.word()));
        row.text_or_null(self.pin.as_ref().map(|pin| pin.method.word()));
        row.real(self.pin.as_ref().and_then(|pin| pin.accuracy_m));
        row.time(self.pin.as_ref().and_then(|pin| pin.collected_at));
        row.text_or_null(self.pin.as_ref().and_then(|pin| pin.collector.as_deref()));
        let further = (!self.positions.is_empty()).then(|| serde_json::to_string(&self.positions).unwrap_or_default());
        row.json(further.as_deref());
        row.text_or_null(self.building.as_deref());
        row.text(self.status.word());
        row.date(self.ended_on);
        row.date(self.verified_on);
        row.text_or_null(self.batch.as_deref());
    }

    fn read(fields: &mut Fields) -> Result<Self> {
        Ok(Address::of(Address::read_row(fields, &mut Vec::new())?))
    }
}

impl Columns for Address {
    type Scratch = Vec<Position>;

    fn read_row<'a, 'f: 'a>(fields: &mut Fields<'f>, further: &'a mut Vec<Position>) -> Result<Self::Row<'a>> {
        let (id, full_text) = (fields.text()?, fields.text()?);
        let parts = read_parts(fields)?;
        let grid = fields.text_or_null()?;
        let (at, kind, method) = (fields.point()?, fields.text_or_null()?, fields.text_or_null()?);
        let (accuracy_m, collected_at, collector) = (fields.real()?, fields.time_or_null()?, fields.text_or_null()?);
        let pin = match (at, kind, method) {
            (Some(at), Some(kind), Some(method)) => Some(PositionRef {
                kind: PositionKind::from_word(kind)?,
                at,
                method: PositionMethod::from_word(method)?,
                accuracy_m,
                collected_at,
                collector,
            }),
            _ => None,
        };
        *further = fields.json()?.unwrap_or_default();
        Ok(AddressRow {
            id,
            full_text: Some(full_text),
            parts,
            grid,
            pin,
            positions: further,
            building: fields.text_or_null()?,
            status: AddressStatus::from_word(fields.text()?)?,
            ended_on: fields.date()?,
            verified_on: fields.date()?,
            batch: fields.text_or_null()?,
            version: fields.long()?,
        })
    }
}

/// The fourteen columns of an address's parts.
pub(crate) fn write_parts(parts: &Parts, row: &mut RowWriter) {
    parts.slots().into_iter().for_each(|part| row.text(part));
}

pub(crate) fn read_parts<'a>(fields: &mut Fields<'a>) -> Result<PartsRef<'a>> {
    let mut parts = [""; 14];
    for part in &mut parts {
        *part = fields.text()?;
    }
    Ok(PartsRef::from_slots(parts))
}

/// The columns of the parts, in the order of [`Parts::NAMES`]: `group` is a word of SQL, `grid` a table.
fn part_columns() -> [&'static str; 14] {
    Parts::NAMES.map(|name| match name {
        "grid" => "grid_name",
        "group" => "group_name",
        same => same,
    })
}

/// An address as it was at one time.
#[derive(Debug, Clone, PartialEq)]
pub struct AddressVersion {
    /// The address with its version.
    pub address: Address,
    /// When it became so.
    pub changed_at: DateTime<Utc>,
    /// Account that made it so.
    pub changed_by: String,
    /// The import that made it so; none when a person did.
    pub batch_id: Option<i64>,
    /// Until when it was so; none for the current version.
    pub superseded_at: Option<DateTime<Utc>>,
    /// What ended it: `change`, or `withdraw` for the undo of an import.
    pub superseded_how: Option<String>,
}

impl Session {
    /// The address, if the actor may see it.
    ///
    /// # Errors
    /// `NotFound` otherwise.
    pub async fn address(&mut self, id: &AddressId) -> Result<Address> {
        self.by_key(id).await?.ok_or_else(|| Error::NotFound(format!("address {id}")))
    }

    /// Its versions, newest first, from the one before `before` (or the newest), `limit` at most.
    ///
    /// # Errors
    /// `NotFound` when there is no version that the actor may see.
    pub async fn address_history(
        &mut self,
        id: &AddressId,
        before: Option<i64>,
        limit: i64,
    ) -> Result<Vec<AddressVersion>> {
        let columns = Address::COLUMNS;
        let sql = format!(
            "select * from (
                select {columns}, version, changed_at, changed_by, batch_id,
                       null::timestamptz as superseded_at, null::text as superseded_how
                from address where address_id = $1
                union all
                select {columns}, version, changed_at, changed_by, batch_id, superseded_at, superseded_how
                from address_version where address_id = $1) v
             where $2::bigint is null or version < $2 order by version desc limit $3"
        );
        let rows = sqlx::query(sqlx::AssertSqlSafe(sql))
            .bind(id.as_str())
            .bind(before)
            .bind(limit)
            .fetch_all(self.connection())
            .await?;
        if rows.is_empty() && before.is_none() {
            return Err(Error::NotFound(format!("address {id}")));
        }
        rows.iter()
            .map(|row| {
                Ok(AddressVersion {
                    address: Address::read(&mut Fields::of_row(row))?,
                    changed_at: row.try_get("changed_at")?,
                    changed_by: row.try_get("changed_by")?,
                    batch_id: row.try_get("batch_id")?,
                    superseded_at: row.try_get("superseded_at")?,
                    superseded_how: row.try_get("superseded_how")?,
                })
            })
            .collect()
    }

    /// The address as it was at a moment; none when it was not there, or not for the actor's eyes.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn address_as_of(&mut self, id: &AddressId, at: DateTime<Utc>) -> Result<Option<Address>> {
        let columns = Address::COLUMNS;
        let sql = format!(
            "select {columns}, version from address where address_id = $1 and changed_at <= $2
             union all
             select {columns}, version from address_version
             where address_id = $1 and changed_at <= $2 and superseded_at > $2"
        );
        let row =
            sqlx::query(sqlx::AssertSqlSafe(sql)).bind(id.as_str()).bind(at).fetch_optional(self.connection()).await?;
        row.map(|row| Address::read(&mut Fields::of_row(&row))).transpose()
    }

    /// Sets text and parts of an address, which say the same.
    pub(crate) async fn set_text(&mut self, id: &AddressId, text: &str, parts: &Parts) -> Result<()> {
        let columns: Vec<String> =
            part_columns().iter().enumerate().map(|(i, column)| format!("{column} = ${}", i + 3)).collect();
        let sql = format!("update address set full_text = $2, {} where address_id = $1", columns.join(", "));
        let mut query = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(id.as_str()).bind(text);
        for part in parts.slots() {
            query = query.bind(part);
        }
        query.execute(self.connection()).await?;
        Ok(())
    }

    /// The address, locked against other writers until the end of the transaction.
    pub(crate) async fn lock_address(&mut self, id: &AddressId) -> Result<Address> {
        let row = sqlx::query(select::<Address>("where address_id = $1 for update"))
            .bind(id.as_str())
            .fetch_optional(self.connection())
            .await?
            .ok_or_else(|| Error::NotFound(format!("address {id}")))?;
        Address::read(&mut Fields::of_row(&row))
    }
}

/// The address as the API shows it, for the answer to a conflict.
pub(crate) fn as_json(address: &Address) -> serde_json::Value {
    let pin = address.pin.as_ref();
    serde_json::json!({
        "address_id": address.id,
        "full_text": address.full_text,
        "parts": address.parts,
        "grid_code": address.grid,
        "lon": pin.map(|p| p.at.lon),
        "lat": pin.map(|p| p.at.lat),
        "accuracy_m": pin.and_then(|p| p.accuracy_m),
        "method": pin.map(|p| p.method),
        "collected_at": pin.and_then(|p| p.collected_at),
        "batch": address.batch,
        "status": address.status,
        "ended_on": address.ended_on,
        "verified_on": address.verified_on,
        "building_id": address.building,
        "version": address.version,
    })
}

/// A version that ought to be there.
pub(crate) fn missing_version(id: &AddressId, version: i64) -> Error {
    garbled(format!("version {version} of address {id} is missing"))
}
