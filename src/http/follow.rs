//! The feed: what anybody writes into the database, this process's City shows.
//!
//! LISTEN wakes, the change table tells, the cursor remembers: a connection that was lost leaves no gap and repeats
//! nothing. While the database is away the City stays as it is and says how old it is. When it comes back as another one,
//! recovered to an earlier moment or restored from a backup, the City is loaded anew.

use crate::check::Thresholds;
use crate::city::{City, Flags, Live};
use crate::error::{Error, Result};
use crate::store::{FeedCursor, Store, Told};
use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex as Lock, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::{Mutex, Notify, watch};

/// Looks at the feed this often even if nothing wakes it.
const POLL: Duration = Duration::from_secs(2);
/// Waits this long after a failure at first, and twice as long after each further one.
const BACKOFF: Duration = Duration::from_millis(200);
const BACKOFF_MAX: Duration = Duration::from_secs(5);
/// A write's answer waits at most this long for the City.
const SETTLE: Duration = Duration::from_secs(3);
/// The City counts as stale when the feed has not been read for so long.
const STALE: Duration = Duration::from_secs(8);

/// The City of what the database holds, with the flags that were found before and nothing checked, and from where the feed
/// goes on.
///
/// # Errors
/// `Unavailable` when the database does not answer.
pub async fn load(store: &Store) -> Result<(City, FeedCursor)> {
    let loaded = store.load(&Store::system()).await?;
    let cursor = loaded.cursor.clone();
    let index = move || {
        let dismissals = loaded.dismissals.into_iter().map(|one| (one.flag_id.clone(), one)).collect();
        let today = chrono::Local::now().date_naive();
        let (thresholds, flags) = (Arc::new(Thresholds::default()), Flags::found_before(loaded.flags));
        City::load(loaded.records, thresholds, today, dismissals, flags)
    };
    let city = tokio::task::spawn_blocking(index).await.map_err(|error| Error::Internal(error.to_string()))?;
    Ok((city, cursor))
}

/// Waits until the service stops.
pub async fn stopped(stop: &mut watch::Receiver<bool>) {
    // An error means that who could say so is gone, which says the same.
    let _ = stop.wait_for(|stop| *stop).await;
}

/// Follows the feed.
#[derive(Debug)]
pub struct Follow {
    store: Store,
    live: Arc<Live>,
    place: Mutex<Place>,
    read_at: Lock<Instant>,
    away: AtomicBool,
    /// What was read is being applied.
    applying: AtomicBool,
    /// Flags that the City found and that are not yet written down, and who waits for such.
    unwritten: Lock<BTreeSet<String>>,
    found: Notify,
}

#[derive(Debug)]
struct Place {
    cursor: FeedCursor,
    /// When the last reading that succeeded began.
    began: Option<Instant>,
}

impl Follow {
    /// Follows from `cursor` on, the place up to which `live` was loaded.
    pub fn new(store: Store, live: Arc<Live>, cursor: FeedCursor) -> Self {
        let place = Mutex::new(Place { cursor, began: None });
        Follow {
            store,
            live,
            place,
            read_at: Lock::new(Instant::now()),
            away: AtomicBool::new(false),
            applying: AtomicBool::new(false),
            unwritten: Lock::default(),
            found: Notify::new(),
        }
    }

    /// Reads what has come and applies it. What was committed before the call is in the City afterwards.
    ///
    /// # Errors
    /// `Unavailable` when the database does not answer.
    pub async fn catch_up(&self) -> Result<()> {
        let asked = Instant::now();
        let mut place = self.place.lock().await;
        if place.began.is_some_and(|began| began > asked) {
            return Ok(()); // Somebody else has read since.
        }
        // A City that was checked here finds its flags itself.
        let flags = if self.live.get().is_checked() { Told::None } else { Told::Changed };
        self.read(&mut place, flags).await
    }

    /// Gives up what a check here found, and shows the flags that another process finds.
    ///
    /// # Errors
    /// `Unavailable` when the database does not answer.
    pub async fn follow_flags(&self) -> Result<()> {
        let mut place = self.place.lock().await;
        self.live.forget_check();
        self.take_unwritten();
        self.read(&mut place, Told::All).await
    }

    async fn read(&self, place: &mut Place, flags: Told) -> Result<()> {
        let began = Instant::now();
        let Some((delta, cursor)) = self.store.feed_with(&place.cursor, flags).await? else {
            let cursor = self.load_anew().await?;
            self.took(place, cursor, began);
            return Ok(());
        };
        if !delta.is_empty() {
            let live = self.live.clone();
            self.applying.store(true, Ordering::Relaxed);
            let applied = tokio::task::spawn_blocking(move || live.apply(delta)).await;
            self.applying.store(false, Ordering::Relaxed);
            let touched =
                applied.map_err(|error| Error::Internal(format!("a change could not be applied: {error}")))?;
            if !touched.flags.is_empty() && self.live.get().is_checked() {
                self.unwritten.lock().unwrap_or_else(PoisonError::into_inner).extend(touched.flags.iter().cloned());
                self.found.notify_one();
            }
        }
        self.took(place, cursor, began);
        Ok(())
    }

    fn took(&self, place: &mut Place, cursor: FeedCursor, began: Instant) {
        *place = Place { cursor, began: Some(began) };
        self.away.store(false, Ordering::Relaxed);
        *self.read_at.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
    }

    /// Puts the City of what the database holds now in place of the one that was; nothing of that is checked yet.
    async fn load_anew(&self) -> Result<FeedCursor> {
        tracing::warn!("the database was recovered to another moment, or is another one: loading the city anew");
        let (live, began) = (self.live.clone(), Instant::now());
        self.applying.store(true, Ordering::Relaxed);
        let loaded = async {
            let (city, cursor) = load(&self.store).await?;
            let replace = tokio::task::spawn_blocking(move || live.replace(city)).await;
            replace.map_err(|error| Error::Internal(error.to_string()))?;
            Ok(cursor)
        }
        .await;
        self.applying.store(false, Ordering::Relaxed);
        self.take_unwritten();
        if loaded.is_ok() {
            tracing::info!(took_ms = began.elapsed().as_millis() as u64, "the city is loaded anew");
        }
        loaded
    }

    /// Takes the identifiers of the flags that are not yet written down: who takes them writes them.
    pub fn take_unwritten(&self) -> BTreeSet<String> {
        std::mem::take(&mut self.unwritten.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Whether some are not.
    pub fn has_unwritten(&self) -> bool {
        !self.unwritten.lock().unwrap_or_else(PoisonError::into_inner).is_empty()
    }

    /// Waits until some are not.
    pub async fn unwritten(&self) {
        self.found.notified().await;
    }

    /// Waits, but not for ever, until the City shows what was committed before.
    pub async fn settle(self: &Arc<Self>) {
        let follow = self.clone();
        // As a task of its own: a caller that goes away must not stop a reading half-way.
        let reading = tokio::spawn(async move { follow.catch_up().await });
        match tokio::time::timeout(SETTLE, reading).await {
            Ok(Ok(Ok(()))) => {}
            Ok(Ok(Err(error))) => tracing::warn!(%error, "stored, but the feed could not be read"),
            Ok(Err(error)) => tracing::error!(%error, "reading the feed failed"),
            Err(_) => tracing::warn!("stored, but the City takes long to follow"),
        }
    }

    /// Whether the last attempt to reach the database failed.
    pub fn is_away(&self) -> bool {
        self.away.load(Ordering::Relaxed)
    }

    /// Whether a change is just being applied that takes longer than `STALE`: the database is there, the City follows.
    pub fn is_behind(&self) -> bool {
        self.applying.load(Ordering::Relaxed) && self.age() > STALE
    }

    /// Whether nothing was read for too long, and not because a change is being applied: the database is away.
    pub fn is_cut_off(&self) -> bool {
        self.stale_s().is_some() && !self.is_behind()
    }

    /// Seconds since the feed was read, where that is too long ago.
    pub fn stale_s(&self) -> Option<f64> {
        let age = self.age();
        (age > STALE).then_some(age.as_secs_f64())
    }

    /// Time since the feed was read.
    pub fn age(&self) -> Duration {
        self.read_at.lock().unwrap_or_else(PoisonError::into_inner).elapsed()
    }

    /// Follows until `stop` says so.
    pub async fn run(self: Arc<Self>, mut stop: watch::Receiver<bool>) {
        let mut wait = BACKOFF;
        while !*stop.borrow() {
            let failed = tokio::select! {
                failed = self.listen() => failed,
                () = stopped(&mut stop) => return,
            };
            self.away.store(true, Ordering::Relaxed);
            if self.age() < STALE {
                wait = BACKOFF;
            }
            tracing::warn!(error = %failed, "the feed is away; trying again in {wait:?}");
            tokio::select! {
                () = tokio::time::sleep(wait) => {}
                () = stopped(&mut stop) => return,
            }
            wait = (wait * 2).min(BACKOFF_MAX);
        }
    }

    /// Reads the feed whenever it wakes, until something fails.
    async fn listen(&self) -> Error {
        let mut wake = match self.store.listen().await {
            Ok(wake) => wake,
            Err(error) => return error,
        };
        loop {
            if let Err(error) = self.catch_up().await {
                return error;
            }
            if let Ok(Err(error)) = tokio::time::timeout(POLL, wake.wake()).await {
                return error;
            }
        }
    }
}
