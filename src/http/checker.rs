//! Who checks the city, and when: in the background, beside the City that answers.
//!
//! One process of all that serve a database checks: the one that holds the right to write flags. It checks everything
//! once it has that right, and on every new day; after that its City asks the rules again with every edit, and what
//! differs is written down. All others show the flags that are kept, as the feed tells them; those that may check wait
//! until the right is free.

use super::follow::{Follow, stopped};
use crate::check::{Thresholds, rule_set};
use crate::city::Live;
use crate::config::Check;
use crate::error::{Error, Result};
use crate::store::{Checking, FlagWriter, Store};
use chrono::{DateTime, Utc};
use serde::Serialize;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering::Relaxed};
use std::sync::{Arc, Mutex as Lock, PoisonError};
use std::time::Duration;
use tokio::sync::{oneshot, watch};
use utoipa::ToSchema;

/// Looks this often whether the right is free, and how far others are.
const LOOK: Duration = Duration::from_secs(1);
/// Says this often how far the check is.
const SAY: Duration = Duration::from_secs(2);
/// Waits this long after a failure at first, and twice as long after each further one.
const BACKOFF: Duration = Duration::from_millis(200);
const BACKOFF_MAX: Duration = Duration::from_secs(5);

/// How the check of the city stands.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct CheckView {
    /// Whether the flags can be relied on.
    pub state: CheckState,
    /// Which share of the check that runs is done, 0 to 1.
    pub share: f32,
    /// Whether this process checks, or would.
    pub here: bool,
    /// When everything was last checked and written down.
    pub done_at: Option<DateTime<Utc>>,
}

/// Whether the flags can be relied on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum CheckState {
    /// Everything was checked, and flags follow every edit.
    Checked,
    /// A check of everything runs: until it is done, the flags are those that were found before.
    Checking,
    /// No process checks now: the flags are those that were found before, and edits don't change them.
    Waiting,
}

/// That a check of everything runs here, for as long as this is kept.
struct Runs<'a>(&'a AtomicBool);

impl<'a> Runs<'a> {
    fn begin(runs: &'a AtomicBool) -> Runs<'a> {
        runs.store(true, Relaxed);
        Runs(runs)
    }
}

impl Drop for Runs<'_> {
    fn drop(&mut self) {
        self.0.store(false, Relaxed);
    }
}

/// Checks, or follows who does.
#[derive(Debug)]
pub struct Checker {
    store: Store,
    live: Arc<Live>,
    follow: Arc<Follow>,
    here: bool,
    rule_set: String,
    /// Whether a check of everything runs here, and which share of it is done, as the bits of an f32.
    runs: AtomicBool,
    share: Arc<AtomicU32>,
    /// How the check stands by the database.
    kept: Lock<Checking>,
    /// Turns true when all flags that were found here are written down.
    written: watch::Sender<bool>,
}

impl Checker {
    /// Checks the City in `live`, or leaves that to another process.
    pub fn new(store: Store, live: Arc<Live>, follow: Arc<Follow>, check: Check, kept: Checking) -> Self {
        Checker {
            store,
            live,
            follow,
            here: check == Check::Here,
            rule_set: rule_set(&Thresholds::default()),
            runs: AtomicBool::new(false),
            share: Arc::default(),
            kept: Lock::new(kept),
            written: watch::Sender::new(false),
        }
    }

    /// How the check stands.
    pub fn view(&self) -> CheckView {
        let kept = self.kept();
        let (state, share) = match (self.live.get().is_checked(), self.runs.load(Relaxed)) {
            (true, _) => (CheckState::Checked, 1.0),
            (false, true) => (CheckState::Checking, f32::from_bits(self.share.load(Relaxed))),
            _ if !kept.is_held => (CheckState::Waiting, 0.0),
            _ if kept.begun_at.is_none() && kept.done_at.is_some() => (CheckState::Checked, 1.0),
            _ => (CheckState::Checking, kept.share),
        };
        CheckView { state, share, here: self.here, done_at: kept.done_at }
    }

    /// Whether another process has, or will have, what is behind the flags.
    pub fn is_elsewhere(&self) -> bool {
        !self.here || (!self.runs.load(Relaxed) && !self.live.get().is_checked() && self.kept().is_held)
    }

    /// Waits until everything was checked here and is written down.
    pub async fn settle(&self) {
        let mut written = self.written.subscribe();
        // The sender is here as long as this is.
        let _ = written.wait_for(|written| *written).await;
    }

    /// Checks, or looks how others do, until `stop` says so.
    pub async fn run(self: Arc<Self>, mut stop: watch::Receiver<bool>) {
        let mut wait = BACKOFF;
        while !*stop.borrow() {
            match self.work(&mut stop).await {
                Ok(()) => wait = BACKOFF,
                Err(error) => {
                    tracing::warn!(%error, "flags can't be written down; trying again in {wait:?}");
                    tokio::select! {
                        () = tokio::time::sleep(wait) => {}
                        () = stopped(&mut stop) => return,
                    }
                    wait = (wait * 2).min(BACKOFF_MAX);
                }
            }
        }
    }

    /// Takes the right where it is free and may be taken, and holds it; otherwise waits a little.
    async fn work(&self, stop: &mut watch::Receiver<bool>) -> Result<()> {
        self.turn().await?;
        // What is written must be of this database: it may have been recovered to another moment.
        self.follow.catch_up().await?;
        let kept = self.store.checking().await?;
        let free = !kept.is_held;
        *self.kept.lock().unwrap_or_else(PoisonError::into_inner) = kept;
        if self.here && free {
            if let Some(writer) = self.store.flag_writer().await? {
                return self.hold(writer, stop).await;
            }
        } else if !free && self.live.get().is_checked() {
            // Another process has taken over while this one had no connection.
            tracing::warn!("another process checks now; showing what it finds");
            self.written.send_replace(false);
            self.follow.follow_flags().await?;
        }
        tokio::select! {
            () = tokio::time::sleep(LOOK) => {}
            () = stopped(stop) => {}
        }
        Ok(())
    }

    /// Checks where that is due and writes down what differs, until the connection is lost or the service stops.
    async fn hold(&self, mut writer: FlagWriter, stop: &mut watch::Receiver<bool>) -> Result<()> {
        let mut all = true;
        loop {
            self.turn().await?;
            if !self.live.get().is_checked() {
                if !self.check(&mut writer, stop).await? {
                    writer.close().await;
                    return Ok(());
                }
                all = true;
            }
            // First what is to be written, then the City: what comes between the two is written twice, not never.
            let ids = self.follow.take_unwritten();
            let city = self.live.get();
            if all {
                let (put, gone) = writer.write_all(&city.flags, &self.rule_set).await?;
                tracing::info!(flags = city.flags.len(), put, gone, "flags are written down");
                all = false;
                *self.kept.lock().unwrap_or_else(PoisonError::into_inner) = self.store.checking().await?;
                self.written.send_replace(true);
            } else if ids.is_empty() {
                writer.ping().await?;
            } else {
                writer.write(&city.flags, &ids, &self.rule_set).await?;
            }
            if *stop.borrow() && !self.follow.has_unwritten() {
                writer.close().await;
                return Ok(());
            }
            tokio::select! {
                () = self.follow.unwritten() => {}
                () = tokio::time::sleep(LOOK) => {}
                () = stopped(stop) => {}
            }
        }
    }

    /// Checks everything beside the City that answers. Says whether it came to its end before the service stopped.
    async fn check(&self, writer: &mut FlagWriter, stop: &mut watch::Receiver<bool>) -> Result<bool> {
        let began = std::time::Instant::now();
        self.share.store(0, Relaxed);
        let _runs = Runs::begin(&self.runs);
        writer.say(0.0).await?;
        // What the process found that checked before.
        self.follow.catch_up().await?;
        let (live, share) = (self.live.clone(), self.share.clone());
        // Positive numbers sort as their bits do.
        let progress = move |done: f32| {
            share.fetch_max(done.to_bits(), Relaxed);
        };
        // A thread of its own, which nobody waits for when the service stops.
        let (tell, mut done) = oneshot::channel();
        std::thread::spawn(move || {
            live.check(&progress);
            let _ = tell.send(());
        });
        let mut said = Ok(());
        let done = loop {
            tokio::select! {
                done = &mut done => break done,
                () = tokio::time::sleep(SAY), if said.is_ok() => {
                    said = writer.say(f32::from_bits(self.share.load(Relaxed))).await;
                }
                () = stopped(stop) => return Ok(false),
            }
        };
        done.map_err(|_| Error::Internal("the check broke".into()))?;
        let flags = self.live.get().flags.len();
        tracing::info!(flags, took_ms = began.elapsed().as_millis() as u64, "the city is checked");
        said.map(|()| true)
    }

    /// Turns the City to the new day, if there is one, beside the City that answers.
    async fn turn(&self) -> Result<()> {
        let today = chrono::Local::now().date_naive();
        if self.live.get().today == today {
            return Ok(());
        }
        let live = self.live.clone();
        let turned = tokio::task::spawn_blocking(move || live.turn(today)).await;
        turned.map_err(|error| Error::Internal(format!("the City could not be turned to {today}: {error}")))?;
        Ok(())
    }

    fn kept(&self) -> Checking {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
