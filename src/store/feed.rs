//! The change feed: what became visible since the last look, each change once.
//!
//! A cursor is the database's own snapshot (`pg_snapshot`). Reading takes a new snapshot and asks for the feed rows that
//! it sees and the old one did not. Transactions commit in any order; none is skipped, none comes twice, and a long
//! import stalls nobody.
//!
//! A snapshot only means something to the database that made it. So a cursor also names its lineage: the cluster, the
//! timeline that its log is on, and the feed's table. After a recovery to an earlier moment, or a restored backup, that is
//! another one, and what the reader knows is of no use: it loads anew.

use super::codec::Fields;
use super::connect::Store;
use super::dismissal;
use super::record::{Record, select};
use super::session::{Session, Sight};
use crate::city::{Delta, Removed};
use crate::domain::*;
use crate::error::{Error, Result};
use sqlx::postgres::PgListener;
use sqlx::{AssertSqlSafe, Row};
use std::collections::{BTreeMap, BTreeSet};

/// Where a reader of the feed stands: `SNAPSHOT@LINEAGE`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeedCursor(String);

/// Which flags the feed brings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Told {
    /// None: whoever reads finds them out.
    None,
    /// Those that were written or taken away since.
    Changed,
    /// All that are kept.
    All,
}

/// What was touched, by kind.
#[derive(Debug, Default)]
struct Touched {
    put: BTreeMap<String, BTreeSet<String>>,
    batches: BTreeSet<(String, i64)>,
}

/// Wakes when something was committed.
pub struct Listener {
    listener: PgListener,
}

impl Listener {
    /// Waits until something was committed, or the connection was lost and is there again: in both cases read the feed.
    ///
    /// # Errors
    /// `Unavailable` while the database is away; ask again.
    pub async fn wake(&mut self) -> Result<()> {
        // None: the connection was lost; the next call connects anew, and what was missed is in the feed.
        self.listener.try_recv().await?;
        // One reading serves all that came meanwhile.
        while self.listener.next_buffered().is_some() {}
        Ok(())
    }
}

impl Store {
    /// Listens for commits. Read the feed once after this, for what came before.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn listen(&self) -> Result<Listener> {
        // A connection of its own: it stays out of the pool for as long as the service runs.
        let mut listener = PgListener::connect(&self.url).await?;
        listener.listen("gridpin_change").await?;
        Ok(Listener { listener })
    }

    /// What changed since `cursor`, as records and flags are now, and where to go on; nothing when the cursor is of another
    /// database or of another past of this one: load anew then.
    ///
    /// # Errors
    /// `Unavailable`; the cursor stays good.
    pub async fn feed(&self, cursor: &FeedCursor) -> Result<Option<(Delta, FeedCursor)>> {
        self.feed_with(cursor, Told::Changed).await
    }

    /// As [`Store::feed`]; `flags` says which flags to bring.
    ///
    /// # Errors
    /// `Unavailable`; the cursor stays good.
    pub async fn feed_with(&self, cursor: &FeedCursor, flags: Told) -> Result<Option<(Delta, FeedCursor)>> {
        let mut session = Session::begin(self, &Store::system(), Sight::Moment).await?;
        let now = snapshot(&mut session).await?;
        if now.lineage() != cursor.lineage() {
            return Ok(None);
        }
        let rows = sqlx::query(
            "select kind, op, ids, batch_id from change
             where xid >= pg_snapshot_xmin($1::text::pg_snapshot) and not pg_visible_in_snapshot(xid, $1::text::pg_snapshot)
             order by change_id",
        )
        .bind(cursor.snapshot())
        .fetch_all(session.connection())
        .await?;
        let mut touched = Touched::default();
        for row in rows {
            let kind: String = row.try_get(0)?;
            match row.try_get::<Option<Vec<String>>, _>(2)? {
                Some(ids) => touched.put.entry(kind).or_default().extend(ids),
                None => {
                    touched.batches.insert((kind, row.try_get(3)?));
                }
            }
        }
        let mut delta = Delta::default();
        session.read(&touched, &mut delta).await?;
        match (flags, touched.put.remove("flag")) {
            (Told::All, _) => {
                let flags = session.all_flags().await?;
                (delta.flags, delta.all_flags) = (flags.iter().map(FlagRef::standing).collect(), true);
            }
            (Told::Changed, Some(ids)) => {
                delta.flags = session.flags(&ids.iter().cloned().collect::<Vec<_>>()).await?;
                let found: BTreeSet<&str> = delta.flags.iter().map(|one| one.flag.flag_id.as_str()).collect();
                delta.unflagged = ids.iter().filter(|id| !found.contains(id.as_str())).cloned().collect();
            }
            _ => {}
        }
        Ok(Some((delta, now)))
    }
}

pub(crate) async fn snapshot(session: &mut Session) -> Result<FeedCursor> {
    // A server that follows another one has no log of its own, and its timeline is the other one's.
    let (text,): (String,) = sqlx::query_as(
        "select format('%s@%s/%s/%s', pg_current_snapshot(), (select system_identifier from pg_control_system()),
             case when not pg_is_in_recovery() then left(pg_walfile_name(pg_current_wal_insert_lsn()), 8) end,
             'public.change'::regclass::oid)",
    )
    .fetch_one(session.connection())
    .await?;
    Ok(FeedCursor(text))
}

impl Session {
    async fn read(&mut self, touched: &Touched, delta: &mut Delta) -> Result<()> {
        delta.grids = self.touched(touched, &mut delta.removed, |id| Some(Removed::Grid(id.into()))).await?;
        delta.addresses = self.touched(touched, &mut delta.removed, |id| Some(Removed::Address(id.into()))).await?;
        delta.buildings = self.touched(touched, &mut delta.removed, |id| Some(Removed::Building(id.into()))).await?;
        delta.places = self.touched(touched, &mut delta.removed, |id| Some(Removed::Place(id.into()))).await?;
        delta.rentals = self.touched(touched, &mut delta.removed, |id| Some(Removed::Rental(id.into()))).await?;
        delta.inspections =
            self.touched(touched, &mut delta.removed, |id| Some(Removed::Inspection(id.into()))).await?;
        delta.hazards = self.touched(touched, &mut delta.removed, |id| Some(Removed::Hazard(id.into()))).await?;
        delta.visits = self.touched(touched, &mut delta.removed, |id| id.parse().ok().map(Removed::Visit)).await?;
        let headcount = |key: &str| {
            let (grid, group) = key.rsplit_once('|')?;
            Some(Removed::Headcount(grid.into(), CareGroup::parse(group)?))
        };
        delta.headcounts = self.touched(touched, &mut delta.removed, headcount).await?;
        delta.corrections = self.touched(touched, &mut delta.removed, |_| None).await?;
        if let Some(flags) = touched.put.get("dismissal") {
            let flags: Vec<String> = flags.iter().cloned().collect();
            let sql =
                format!("select {}, ended_at is not null from dismissal where flag_id = any($1)", dismissal::COLUMNS);
            let rows = sqlx::query(AssertSqlSafe(sql)).bind(&flags).fetch_all(self.connection()).await?;
            for row in rows {
                if row.try_get(5)? {
                    delta.undismissed.push(row.try_get(0)?);
                } else {
                    delta.dismissals.push(dismissal::read(&mut Fields::of_row(&row))?);
                }
            }
        }
        Ok(())
    }

    /// The records of one kind that were touched, in the order of their keys; those that are gone go to `removed`.
    async fn touched<T: Record>(
        &mut self,
        touched: &Touched,
        removed: &mut Vec<Removed>,
        gone: impl Fn(&str) -> Option<Removed>,
    ) -> Result<Vec<T>> {
        let mut found: BTreeMap<String, T> = BTreeMap::new();
        for (_, batch) in touched.batches.iter().filter(|(kind, _)| kind == T::TABLE) {
            let rows = sqlx::query(select::<T>("where batch_id = $1")).bind(batch).fetch_all(self.connection()).await?;
            for row in rows {
                let record = T::read(&mut Fields::of_row(&row))?;
                found.insert(record.key().into_owned(), record);
            }
        }
        let keys: Vec<String> = touched.put.get(T::TABLE).into_iter().flatten().cloned().collect();
        if !keys.is_empty() {
            for record in self.by_keys::<T>(&keys).await? {
                found.insert(record.key().into_owned(), record);
            }
            removed.extend(keys.iter().filter(|key| !found.contains_key(*key)).filter_map(|key| gone(key)));
        }
        Ok(found.into_values().collect())
    }
}

impl FeedCursor {
    /// The cursor as text, to keep it elsewhere.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn parts(&self) -> (&str, &str) {
        self.0.split_once('@').unwrap_or((&self.0, ""))
    }

    fn snapshot(&self) -> &str {
        self.parts().0
    }

    fn lineage(&self) -> &str {
        self.parts().1
    }

    /// A cursor that was kept elsewhere.
    ///
    /// # Errors
    /// `Invalid` when it is none.
    pub fn parse(text: &str) -> Result<FeedCursor> {
        let numbers = |part: &str| part.parse::<u64>().is_ok();
        let (snapshot, lineage) = text.split_once('@').unwrap_or_default();
        let mut parts = snapshot.split(':');
        let whole = !lineage.is_empty()
            && parts.next().is_some_and(numbers)
            && parts.next().is_some_and(numbers)
            && parts.next().is_some_and(|list| list.is_empty() || list.split(',').all(numbers))
            && parts.next().is_none();
        if whole {
            return Ok(FeedCursor(text.to_owned()));
        }
        Err(Error::invalid(
            "",
            "cursor",
            text,
            crate::error::Text::new("不是变更游标", "no cursor of the feed"),
            crate::error::Text::new("从头读取", "start anew"),
        ))
    }
}
