//! Flags: what the rules found, kept so that a process can show it without having checked the city itself.
//!
//! One process checks. It holds a lock of the database on a connection of its own and writes flags on that connection
//! alone, so that who lost the lock can't write.

use super::codec::{Fields, Word};
use super::connect::{Store, become_app};
use super::fault::garbled;
use super::session::{Session, bind};
use crate::check::rule;
use crate::city::Flags;
use crate::domain::*;
use crate::error::Result;
use chrono::{DateTime, Utc};
use futures::TryStreamExt;
use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, PgConnection, Row};
use std::collections::HashMap;
use std::str::FromStr;
use std::sync::LazyLock;

/// The columns that [`read`] takes, in order.
pub(crate) const COLUMNS: &str = "flag_id, rule, subject_kind, subject_id, severity, probability, tier, message_zh, \
     message_en, place, suggested_place, suggested_radius_m, suggested_field, suggested_value, since";

/// Flags that one statement writes.
const CHUNK: usize = 10_000;

/// How the check of the city stands, wherever it runs.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Checking {
    /// When the check that runs began, where one runs.
    pub begun_at: Option<DateTime<Utc>>,
    /// Which share of it is done.
    pub share: f32,
    /// When a check of everything was last written down.
    pub done_at: Option<DateTime<Utc>>,
    /// By which rules: see [`rule_set`](crate::check::rule_set).
    pub rule_set: String,
    /// Whether some process checks.
    pub is_held: bool,
}

/// The right to write flags: the lock, and the connection that it belongs to. Dropped, it is free for another process.
pub struct FlagWriter {
    connection: PgConnection,
}

/// Reads a flag; none where this version has no such rule.
pub(crate) fn read(fields: &mut Fields) -> Result<Option<Standing>> {
    static CODES: LazyLock<HashMap<&'static str, &'static str>> =
        LazyLock::new(|| rule::ALL.iter().map(|rule| (rule.code, rule.code)).collect());
    let flag_id = fields.text()?.to_owned();
    let rule = CODES.get(fields.text()?);
    let (kind, id) = (fields.text()?, fields.text()?);
    let subject = Subject::of(kind, id).ok_or_else(|| garbled(kind))?;
    let severity = Severity::from_word(fields.text()?)?;
    let probability = fields.double()?;
    let tier = fields.text_or_null()?.map(Tier::from_word).transpose()?;
    let message = crate::error::Text::new(fields.text()?, fields.text()?);
    let at = fields.point()?;
    let suggestion = Suggestion {
        at: fields.point()?,
        radius_m: fields.double()?,
        field: fields.text_or_null()?.map(str::to_owned),
        value: fields.text_or_null()?.map(str::to_owned),
    };
    let since = fields.time()?;
    let suggestion = Some(suggestion).filter(|said| *said != Suggestion::default());
    let flag = |rule| Flag { flag_id, rule, subject, severity, probability, tier, message, at, suggestion };
    Ok(rule.map(|rule| Standing { flag: flag(*rule), since }))
}

/// Whether what is kept of a flag says the same: a suggestion that suggests nothing is kept as none.
fn is_kept_as(flag: &Flag, kept: &Flag) -> bool {
    let suggested = flag.suggestion.as_ref().filter(|said| **said != Suggestion::default());
    flag == kept || (suggested.is_none() && *kept == Flag { suggestion: None, ..flag.clone() })
}

impl Session {
    /// All flags that are kept, by identifier.
    pub(crate) async fn all_flags(&mut self) -> Result<Packed<Standing>> {
        read_all(self.connection()).await
    }

    /// The flags with these identifiers.
    pub(crate) async fn flags(&mut self, ids: &[String]) -> Result<Vec<Standing>> {
        let sql = format!("select {COLUMNS} from flag where flag_id = any($1)");
        let rows = sqlx::query(AssertSqlSafe(sql)).bind(ids).fetch_all(self.connection()).await?;
        let flags = rows.iter().map(|row| read(&mut Fields::of_row(row)));
        flags.filter_map(Result::transpose).collect()
    }
}

/// The statement that brings all flags, by identifier.
pub(crate) fn copy() -> String {
    format!("copy (select {COLUMNS} from flag order by flag_id) to stdout (format binary)")
}

async fn read_all(connection: &mut PgConnection) -> Result<Packed<Standing>> {
    let (mut flags, mut messages) = (Packer::default(), connection.copy_out_raw(&copy()).await?);
    while let Some(message) = messages.try_next().await? {
        if let Some(mut fields) = Fields::of_copy(&message)
            && let Some(one) = read(&mut fields)?
        {
            flags.push(one.row());
        }
    }
    Ok(flags.finish())
}

impl Store {
    /// Takes the right to write flags; none where another process has it.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn flag_writer(&self) -> Result<Option<FlagWriter>> {
        let options = PgConnectOptions::from_str(&self.url)?.application_name("gridpin check");
        let mut connection = options.connect().await?;
        become_app(&mut connection).await?;
        let row = sqlx::query("select take_checking()").fetch_one(&mut connection).await?;
        Ok(row.try_get::<bool, _>(0)?.then_some(FlagWriter { connection }))
    }

    /// How the check stands.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn checking(&self) -> Result<Checking> {
        let mut session = self.begin(&Store::system()).await?;
        let sql = "select begun_at, share, done_at, rule_set, holds_checking() is not null from checking";
        let row = sqlx::query(sql).fetch_one(session.connection()).await?;
        Ok(Checking {
            begun_at: row.try_get(0)?,
            share: row.try_get(1)?,
            done_at: row.try_get(2)?,
            rule_set: row.try_get(3)?,
            is_held: row.try_get(4)?,
        })
    }
}

impl FlagWriter {
    /// Says how much of a check of everything is done; with 0 it begins.
    ///
    /// # Errors
    /// `Unavailable`: then the right may be lost.
    pub async fn say(&mut self, share: f32) -> Result<()> {
        let mut tx = self.connection.begin().await?;
        bind(&mut tx, &Store::system()).await?;
        sqlx::query(
            "update checking set share = $1, begun_at = case when $1 = 0 then now() else coalesce(begun_at, now()) end",
        )
        .bind(share.clamp(0.0, 1.0))
        .execute(&mut *tx)
        .await?;
        Ok(tx.commit().await?)
    }

    /// Makes sure that the right is still there.
    ///
    /// # Errors
    /// `Unavailable` when it may be lost.
    pub async fn ping(&mut self) -> Result<()> {
        Ok(self.connection.ping().await?)
    }

    /// Writes what a check of everything found, all at once: what is kept already stays as it is. Answers how many flags
    /// were written and how many were taken away.
    ///
    /// # Errors
    /// `Unavailable`: nothing was written.
    pub async fn write_all(&mut self, flags: &Flags, rule_set: &str) -> Result<(usize, usize)> {
        let mut tx = self.connection.begin().await?;
        bind(&mut tx, &Store::system()).await?;
        let mut gone: Vec<String> = Vec::new();
        let mut same: Vec<bool> = vec![false; flags.slots() as usize];
        for kept in read_all(&mut tx).await?.iter() {
            let id = kept.id();
            match flags.slot(&id).and_then(|slot| Some((slot, flags.view(slot)?))) {
                Some((slot, flag)) => {
                    same[slot as usize] = flag.since() == kept.since() && is_kept_as(&flag.unpack(), &kept.unpack());
                }
                None => gone.push(id),
            }
        }
        // Of rules that this version does not have.
        let codes: Vec<&str> = rule::ALL.iter().map(|rule| rule.code).collect();
        sqlx::query("delete from flag where not (rule = any($1))").bind(codes).execute(&mut *tx).await?;
        let mut put: Vec<u32> = flags.views().map(|(slot, _)| slot).filter(|slot| !same[*slot as usize]).collect();
        // As they are read when a process starts: so they lie in the table.
        put.sort_by_cached_key(|slot| flags.view(*slot).map(FlagRef::id));
        write(&mut tx, flags, &put, &gone, rule_set).await?;
        sqlx::query("update checking set begun_at = null, share = 0, done_at = now(), rule_set = $1")
            .bind(rule_set)
            .execute(&mut *tx)
            .await?;
        tx.commit().await?;
        Ok((put.len(), gone.len()))
    }

    /// Writes what became of some flags, all at once: as they stand in `flags`, or away where they don't.
    ///
    /// # Errors
    /// `Unavailable`: nothing was written.
    pub async fn write<'a>(
        &mut self,
        flags: &Flags,
        ids: impl IntoIterator<Item = &'a String>,
        rule_set: &str,
    ) -> Result<()> {
        let (mut put, mut gone) = (Vec::new(), Vec::new());
        for id in ids {
            match flags.slot(id) {
                Some(slot) => put.push(slot),
                None => gone.push(id.clone()),
            }
        }
        let mut tx = self.connection.begin().await?;
        bind(&mut tx, &Store::system()).await?;
        write(&mut tx, flags, &put, &gone, rule_set).await?;
        Ok(tx.commit().await?)
    }

    /// Gives the right back.
    pub async fn close(self) {
        // The database notices anyway.
        let _ = self.connection.close().await;
    }
}

async fn write(
    connection: &mut PgConnection,
    flags: &Flags,
    put: &[u32],
    gone: &[String],
    rule_set: &str,
) -> Result<()> {
    for gone in gone.chunks(CHUNK) {
        sqlx::query("delete from flag where flag_id = any($1)").bind(gone).execute(&mut *connection).await?;
    }
    for put in put.chunks(CHUNK) {
        let put = put.iter().filter_map(|slot| flags.view(*slot));
        upsert(connection, &put.map(|flag| (flag.unpack(), flag.since())).collect::<Vec<_>>(), rule_set).await?;
    }
    Ok(())
}

async fn upsert(connection: &mut PgConnection, put: &[(Flag, DateTime<Utc>)], rule_set: &str) -> Result<()> {
    let texts =
        |of: &dyn Fn(&Flag) -> &str| -> Vec<String> { put.iter().map(|(f, _)| of(f).replace('\0', "")).collect() };
    let suggested = |flag: &Flag| flag.suggestion.clone().unwrap_or_default();
    let numbers = |of: &dyn Fn(&Flag) -> Option<f64>| -> Vec<Option<f64>> { put.iter().map(|(f, _)| of(f)).collect() };
    sqlx::query(
        "insert into flag (flag_id, rule, subject_kind, subject_id, severity, probability, tier, message_zh, message_en,
             place, suggested_place, suggested_radius_m, suggested_field, suggested_value, since, rule_set)
         select flag_id, rule, subject_kind, subject_id, severity, probability, tier, message_zh, message_en,
             st_setsrid(st_makepoint(lon, lat), 4490), st_setsrid(st_makepoint(to_lon, to_lat), 4490), radius_m, field,
             value, since, $18
         from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::float8[], $7::text[], $8::text[],
             $9::text[], $10::float8[], $11::float8[], $12::float8[], $13::float8[], $14::float8[], $15::text[],
             $16::text[], $17::timestamptz[])
             as f (flag_id, rule, subject_kind, subject_id, severity, probability, tier, message_zh, message_en, lon, lat,
                 to_lon, to_lat, radius_m, field, value, since)
         on conflict (flag_id) do update set (severity, probability, tier, message_zh, message_en, place, suggested_place,
             suggested_radius_m, suggested_field, suggested_value, since, rule_set)
             = (excluded.severity, excluded.probability, excluded.tier, excluded.message_zh, excluded.message_en,
             excluded.place, excluded.suggested_place, excluded.suggested_radius_m, excluded.suggested_field,
             excluded.suggested_value, excluded.since, excluded.rule_set)",
    )
    .bind(texts(&|flag| &flag.flag_id))
    .bind(texts(&|flag| flag.rule))
    .bind(texts(&|flag| flag.subject.parts().0))
    .bind(texts(&|flag| flag.subject.parts().1))
    .bind(texts(&|flag| flag.severity.word()))
    .bind(numbers(&|flag| flag.probability))
    .bind(put.iter().map(|(flag, _)| flag.tier.map(Tier::word)).collect::<Vec<_>>())
    .bind(texts(&|flag| &flag.message.zh))
    .bind(texts(&|flag| &flag.message.en))
    .bind(numbers(&|flag| flag.at.map(|at| at.lon)))
    .bind(numbers(&|flag| flag.at.map(|at| at.lat)))
    .bind(numbers(&|flag| suggested(flag).at.map(|at| at.lon)))
    .bind(numbers(&|flag| suggested(flag).at.map(|at| at.lat)))
    .bind(numbers(&|flag| suggested(flag).radius_m))
    .bind(put.iter().map(|(flag, _)| suggested(flag).field).collect::<Vec<_>>())
    .bind(put.iter().map(|(flag, _)| suggested(flag).value).collect::<Vec<_>>())
    .bind(put.iter().map(|(_, since)| *since).collect::<Vec<_>>())
    .bind(rule_set)
    .execute(connection)
    .await?;
    Ok(())
}
