//! The whole city out of the database, as one moment saw it.

use super::codec::Fields;
use super::connect::Store;
use super::dismissal;
use super::feed::{FeedCursor, snapshot};
use super::record::Record;
use super::session::Session;
use crate::domain::*;
use crate::error::Result;
use futures::TryStreamExt;
use sqlx::{AssertSqlSafe, Row};

/// What [`Store::load`] brings.
#[derive(Debug)]
pub struct Loaded {
    /// All records that the actor may see, each kind in the order of its keys; corrections that wait for review.
    pub records: Records,
    /// Dismissals that stand, expired ones too.
    pub dismissals: Vec<Dismissal>,
    /// From where the feed goes on.
    pub cursor: FeedCursor,
}

impl Store {
    /// Reads all records that `actor` may see, in one consistent snapshot, by binary COPY.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn load(&self, actor: &Actor) -> Result<Loaded> {
        let mut session = Session::begin(self, actor, true).await?;
        let cursor = snapshot(&mut session).await?;
        let records = Records {
            grids: session.all("").await?,
            addresses: session.all_packed().await?,
            buildings: session.all_packed().await?,
            places: session.all("").await?,
            rentals: session.all("").await?,
            inspections: session.all("").await?,
            hazards: session.all("").await?,
            visits: session.all("").await?,
            headcounts: session.all("").await?,
            corrections: session.all("where state = 'unverified'").await?,
        };
        let sql = format!("select {} from dismissal where ended_at is null order by flag_id", dismissal::COLUMNS);
        let rows = sqlx::query(AssertSqlSafe(sql)).fetch_all(session.connection()).await?;
        let dismissals = rows.iter().map(|row| dismissal::read(&mut Fields::of_row(row))).collect::<Result<_>>()?;
        Ok(Loaded { records, dismissals, cursor })
    }

    /// How many records of each kind there are, by table.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn counts(&self, actor: &Actor) -> Result<Vec<(&'static str, i64)>> {
        let mut session = self.begin(actor).await?;
        let mut counts = Vec::new();
        for table in [
            "grid",
            "address",
            "building",
            "place",
            "rental",
            "inspection",
            "hazard",
            "visit",
            "headcount",
            "correction",
        ] {
            let sql = AssertSqlSafe(format!("select count(*) from {table}"));
            counts.push((table, sqlx::query(sql).fetch_one(session.connection()).await?.try_get(0)?));
        }
        Ok(counts)
    }
}

impl Session {
    async fn all<T: Record>(&mut self, rest: &str) -> Result<Table<T>> {
        let mut rows = Vec::new();
        self.each(rest, |row| rows.push(row)).await?;
        Ok(rows.into())
    }

    async fn all_packed<T: Record + Pack>(&mut self) -> Result<Packed<T>> {
        let mut packer = Packer::<T>::default();
        self.each("", |record: T| packer.push(record.row())).await?;
        Ok(packer.finish())
    }

    async fn each<T: Record>(&mut self, rest: &str, mut take: impl FnMut(T)) -> Result<()> {
        let sql = format!(
            "copy (select {}, version from {} {rest} order by {}) to stdout (format binary)",
            T::COLUMNS,
            T::TABLE,
            T::KEY
        );
        let mut messages = self.connection().copy_out_raw(&sql).await?;
        while let Some(message) = messages.try_next().await? {
            if let Some(mut fields) = Fields::of_copy(&message) {
                take(T::read(&mut fields)?);
            }
        }
        Ok(())
    }
}
