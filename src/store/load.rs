//! The whole city out of the database, as one moment saw it.

use super::codec::Fields;
use super::connect::Store;
use super::dismissal;
use super::feed::{FeedCursor, snapshot};
use super::record::{Columns, Record};
use super::session::{Session, Sight};
use crate::domain::*;
use crate::error::{Error, Result};
use bytes::Bytes;
use futures::TryStreamExt;
use sqlx::{AssertSqlSafe, Row};
use tokio::sync::mpsc;

/// What [`Store::load`] brings.
#[derive(Debug)]
pub struct Loaded {
    /// All records that the actor may see, each kind in the order of its keys; corrections that wait for review.
    pub records: Records,
    /// Dismissals that stand, expired ones too.
    pub dismissals: Vec<Dismissal>,
    /// Flags that were found before, where the actor is the service.
    pub flags: Vec<Standing>,
    /// From where the feed goes on.
    pub cursor: FeedCursor,
}

impl Store {
    /// Reads all records that `actor` may see, in one consistent snapshot, by binary COPY: addresses and buildings by
    /// connections of their own beside the rest.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn load(&self, actor: &Actor) -> Result<Loaded> {
        let mut session = Session::begin(self, actor, Sight::Moment).await?;
        let cursor = snapshot(&mut session).await?;
        let (shared,): (String,) =
            sqlx::query_as("select pg_export_snapshot()").fetch_one(session.connection()).await?;
        // The large tables come by connections of their own, which see what this one sees, and as long as it lasts.
        let (addresses, buildings, rest) = tokio::try_join!(
            self.columns::<Address>(actor, &shared),
            self.columns::<Building>(actor, &shared),
            session.rest()
        )?;
        let (records, dismissals, flags) = rest;
        Ok(Loaded { records: Records { addresses, buildings, ..records }, dismissals, flags, cursor })
    }

    /// All records of a kind in columns, which are filled on a thread of its own while more rows come.
    async fn columns<T: Columns>(&self, actor: &Actor, shared: &str) -> Result<Packed<T>> {
        let mut session = Session::begin(self, actor, Sight::Shared(shared)).await?;
        let (send, mut receive) = mpsc::channel::<Vec<Bytes>>(4);
        let packing = tokio::task::spawn_blocking(move || -> Result<Packed<T>> {
            let mut packer = Packer::<T>::default();
            let mut scratch = T::Scratch::default();
            while let Some(messages) = receive.blocking_recv() {
                for mut fields in messages.iter().filter_map(|message| Fields::of_copy(message)) {
                    packer.push(T::read_row(&mut fields, &mut scratch)?);
                }
            }
            Ok(packer.finish())
        });
        // Row security hides from the planner how many rows there are: it would sort them all on disk, where the key's
        // index has them in order.
        sqlx::query("set local enable_sort = off").execute(session.connection()).await?;
        let sql = copy::<T>("");
        let mut messages = session.connection().copy_out_raw(&sql).await?.try_ready_chunks(1_024);
        while let Some(some) = messages.try_next().await.map_err(|error| error.1)? {
            // Nobody takes them any more when a row could not be read: why, is told below.
            if send.send(some).await.is_err() {
                break;
            }
        }
        drop(send);
        packing.await.map_err(|error| Error::Internal(error.to_string()))?
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

/// The statement that brings all records of a kind, in the order of their keys.
fn copy<T: Record>(rest: &str) -> String {
    let (columns, table, key) = (T::COLUMNS, T::TABLE, T::KEY);
    format!("copy (select {columns}, version from {table} {rest} order by {key}) to stdout (format binary)")
}

impl Session {
    /// All records but addresses and buildings, the dismissals and the flags.
    async fn rest(&mut self) -> Result<(Records, Vec<Dismissal>, Vec<Standing>)> {
        let records = Records {
            grids: self.all("").await?,
            places: self.all("").await?,
            rentals: self.all("").await?,
            inspections: self.all("").await?,
            hazards: self.all("").await?,
            visits: self.all("").await?,
            headcounts: self.all("").await?,
            corrections: self.all("where state = 'unverified'").await?,
            ..Records::default()
        };
        let sql = format!("select {} from dismissal where ended_at is null order by flag_id", dismissal::COLUMNS);
        let rows = sqlx::query(AssertSqlSafe(sql)).fetch_all(self.connection()).await?;
        let dismissals = rows.iter().map(|row| dismissal::read(&mut Fields::of_row(row))).collect::<Result<_>>()?;
        let flags = self.all_flags().await?;
        Ok((records, dismissals, flags))
    }

    async fn all<T: Record>(&mut self, rest: &str) -> Result<Table<T>> {
        let mut rows = Vec::new();
        let mut messages = self.connection().copy_out_raw(&copy::<T>(rest)).await?;
        while let Some(message) = messages.try_next().await? {
            if let Some(mut fields) = Fields::of_copy(&message) {
                rows.push(T::read(&mut fields)?);
            }
        }
        Ok(rows.into())
    }
}
