//! The whole city out of the database, as one moment saw it.

use super::codec::Fields;
use super::connect::Store;
use super::feed::{FeedCursor, snapshot};
use super::record::{Columns, Record};
use super::session::{Session, Sight};
use super::{dismissal, flag};
use crate::domain::*;
use crate::error::{Error, Result};
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
    pub flags: Packed<Standing>,
    /// From where the feed goes on.
    pub cursor: FeedCursor,
}

/// Bytes of rows that are handed over together.
const BATCH_BYTES: usize = 1 << 18;

/// Messages of a COPY, copied: where they lie in the connection's buffer, they would keep it from being filled again.
#[derive(Default)]
struct Batch {
    bytes: Vec<u8>,
    ends: Vec<usize>,
}

impl Batch {
    fn messages(&self) -> impl Iterator<Item = &[u8]> {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        starts.zip(&self.ends).map(|(start, end)| &self.bytes[start..*end])
    }
}

impl Store {
    /// Reads all records that `actor` may see, in one consistent snapshot, by binary COPY: addresses, buildings and
    /// flags by connections of their own beside the rest.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn load(&self, actor: &Actor) -> Result<Loaded> {
        let mut session = Session::begin(self, actor, Sight::Moment).await?;
        let cursor = snapshot(&mut session).await?;
        let (shared,): (String,) =
            sqlx::query_as("select pg_export_snapshot()").fetch_one(session.connection()).await?;
        // The large tables come by connections of their own, which see what this one sees, and as long as it lasts.
        let (addresses, buildings, flags, rest) = tokio::try_join!(
            self.columns::<Address>(actor, &shared),
            self.columns::<Building>(actor, &shared),
            self.packed(actor, &shared, flag::copy(), |fields: &mut Fields, packer: &mut Packer<Standing>| {
                flag::read(fields)?.into_iter().for_each(|one| packer.push(one.row()));
                Ok(())
            }),
            session.rest()
        )?;
        let (records, dismissals) = rest;
        Ok(Loaded { records: Records { addresses, buildings, ..records }, dismissals, flags, cursor })
    }

    /// All records of a kind in columns.
    async fn columns<T: Columns>(&self, actor: &Actor, shared: &str) -> Result<Packed<T>> {
        let mut scratch = T::Scratch::default();
        self.packed(actor, shared, copy::<T>(""), move |fields, packer: &mut Packer<T>| {
            packer.push(T::read_row(fields, &mut scratch)?);
            Ok(())
        })
        .await
    }

    /// What a COPY brings, in columns, which are filled on a thread of their own while more rows come.
    async fn packed<T: Pack + 'static>(
        &self,
        actor: &Actor,
        shared: &str,
        sql: String,
        mut put: impl FnMut(&mut Fields, &mut Packer<T>) -> Result<()> + Send + 'static,
    ) -> Result<Packed<T>> {
        let mut session = Session::begin(self, actor, Sight::Shared(shared)).await?;
        let (send, mut receive) = mpsc::channel::<Batch>(4);
        let packing = tokio::task::spawn_blocking(move || -> Result<Packed<T>> {
            let mut packer = Packer::<T>::default();
            while let Some(batch) = receive.blocking_recv() {
                for mut fields in batch.messages().filter_map(Fields::of_copy) {
                    put(&mut fields, &mut packer)?;
                }
            }
            Ok(packer.finish())
        });
        // Row security hides from the planner how many rows there are: it would sort them all on disk, where the key's
        // index has them in order.
        sqlx::query("set local enable_sort = off").execute(session.connection()).await?;
        let mut messages = session.connection().copy_out_raw(&sql).await?;
        let mut batch = Batch::default();
        while let Some(message) = messages.try_next().await? {
            batch.bytes.extend_from_slice(&message);
            batch.ends.push(batch.bytes.len());
            // Nobody takes them any more when a row could not be read: why, is told below.
            if batch.bytes.len() > BATCH_BYTES && send.send(std::mem::take(&mut batch)).await.is_err() {
                break;
            }
        }
        // As above.
        let _ = send.send(batch).await;
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
    /// All records but addresses and buildings, and the dismissals.
    async fn rest(&mut self) -> Result<(Records, Vec<Dismissal>)> {
        let records = Records {
            grids: self.all("").await?,
            places: self.all("").await?,
            rentals: self.all_packed().await?,
            inspections: self.all("").await?,
            hazards: self.all_packed().await?,
            visits: self.all("").await?,
            headcounts: self.all("").await?,
            corrections: self.all("where state = 'unverified'").await?,
            ..Records::default()
        };
        let sql = format!("select {} from dismissal where ended_at is null order by flag_id", dismissal::COLUMNS);
        let rows = sqlx::query(AssertSqlSafe(sql)).fetch_all(self.connection()).await?;
        let dismissals = rows.iter().map(|row| dismissal::read(&mut Fields::of_row(row))).collect::<Result<_>>()?;
        Ok((records, dismissals))
    }

    async fn all_packed<T: Record + Pack>(&mut self) -> Result<Packed<T>> {
        let mut packer = Packer::default();
        let mut messages = self.connection().copy_out_raw(&copy::<T>("")).await?;
        while let Some(message) = messages.try_next().await? {
            if let Some(mut fields) = Fields::of_copy(&message) {
                packer.push(T::read(&mut fields)?.row());
            }
        }
        Ok(packer.finish())
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
