//! Encoding of tiles: each tile once, however many ask for it, on as many threads as there are processors, users in turn.

use super::problem::{Answer, Failure};
use super::queue::{Load, Queue, Room, User};
use crate::city::City;
use crate::domain::Actor;
use crate::error::Error;
use crate::tile::cache::{Form, Wanted};
use crate::tile::{Cache, Coding};
use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::watch;

/// Tiles of one user that may wait: a map in sight, several times.
const LINE: usize = 256;
/// Tiles of all users that may wait.
const WAITING: usize = 2048;
/// The longest that a tile waits.
const PATIENCE: Duration = Duration::from_secs(10);

/// Encodes tiles into a cache.
#[derive(Debug)]
pub struct Encoder {
    cache: Arc<Cache>,
    queue: Arc<Queue>,
    flights: Mutex<Flights>,
}

type Flights = HashMap<(Wanted, Coding), Arc<Flight>>;

/// A tile that somebody waits for.
#[derive(Debug)]
struct Flight {
    begun: AtomicBool,
    /// What came of it, or why nothing.
    done: watch::Sender<Option<Result<Form, String>>>,
}

/// One who waits for a flight.
struct Passenger<'a> {
    encoder: &'a Encoder,
    tile: (Wanted, Coding),
    flight: Arc<Flight>,
}

impl Encoder {
    /// Encodes into `cache` on so many threads at once.
    pub fn new(cache: Arc<Cache>, threads: usize) -> Arc<Encoder> {
        let room = Room { places: threads, share: threads, line: LINE, waiting: WAITING, patience: PATIENCE };
        Arc::new(Encoder { cache, queue: Queue::new(room), flights: Mutex::default() })
    }

    /// How much is waited for.
    pub fn load(&self) -> Load {
        self.queue.load()
    }

    /// The threads, as places: while somebody else holds one, nothing is encoded on it.
    pub fn threads(&self) -> &Arc<Queue> {
        &self.queue
    }

    /// The tile, as soon as it is `actor`'s turn or somebody else has made the same.
    ///
    /// # Errors
    /// `Busy` when too many wait, `Internal`.
    pub async fn make(
        self: &Arc<Self>,
        city: &Arc<City>,
        wanted: Wanted,
        coding: Coding,
        actor: &Actor,
    ) -> Answer<Form> {
        let passenger = self.join((wanted, coding));
        let flight = passenger.flight.clone();
        let mut done = flight.done.subscribe();
        let user: User = actor.name.as_str().into();
        // Each waits in a line of one's own: nobody's tile waits in the line of whoever asked for it first.
        let place = tokio::select! {
            biased;
            form = landed(&mut done) => return form,
            place = self.queue.place(&user), if !flight.has_begun() => place?,
        };
        if flight.begun.swap(true, Ordering::AcqRel) {
            drop(place);
            return landed(&mut done).await;
        }
        let (encoder, city, actor) = (self.clone(), city.clone(), actor.clone());
        // What has begun comes to its end, also when who asked is gone: others may wait for it.
        tokio::task::spawn_blocking(move || {
            let make = || encoder.cache.make(&city, &wanted, coding, &actor).map_err(|error| error.to_string());
            let made = catch_unwind(AssertUnwindSafe(make)).unwrap_or_else(|_| Err("encoding panicked".to_owned()));
            encoder.flights().remove(&(wanted, coding));
            flight.done.send_replace(Some(made));
            drop(place);
        });
        landed(&mut done).await
    }

    /// Comes along with the flight of a tile.
    fn join(&self, tile: (Wanted, Coding)) -> Passenger<'_> {
        let new = || Arc::new(Flight { begun: AtomicBool::new(false), done: watch::channel(None).0 });
        let flight = self.flights().entry(tile).or_insert_with(new).clone();
        Passenger { encoder: self, tile, flight }
    }

    fn flights(&self) -> MutexGuard<'_, Flights> {
        self.flights.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Flight {
    fn has_begun(&self) -> bool {
        self.begun.load(Ordering::Acquire)
    }
}

impl Drop for Passenger<'_> {
    fn drop(&mut self) {
        let mut flights = self.encoder.flights();
        // All have gone away before it was anybody's turn.
        if !self.flight.has_begun() && self.flight.done.receiver_count() == 0 {
            flights.remove(&self.tile);
        }
    }
}

/// What came of a flight, once it is there.
async fn landed(done: &mut watch::Receiver<Option<Result<Form, String>>>) -> Answer<Form> {
    let landed = done.wait_for(Option::is_some).await.map_err(|_| Failure::Busy)?;
    match &*landed {
        Some(Ok(form)) => Ok(form.clone()),
        Some(Err(why)) => Err(Error::Internal(why.clone()).into()),
        None => Err(Failure::Busy),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::Thresholds;
    use crate::city::world::{Spot, TileId};
    use crate::domain::{Address, LonLat, Position, PositionKind, PositionMethod, Records, Role, Scope};
    use crate::tile::Detail;
    use futures::future::join_all;

    fn city() -> Arc<City> {
        let mut addresses = Vec::new();
        for n in 0..500u32 {
            let at = LonLat::new(120.0 + f64::from(n % 25) * 1e-4, 28.0 + f64::from(n / 25) * 1e-4);
            let pin = Position {
                kind: PositionKind::Door,
                at,
                method: PositionMethod::Phone,
                accuracy_m: None,
                collected_at: None,
                collector: None,
            };
            let id = format!("A{n}").as_str().into();
            addresses.push(Address { id, pin: Some(pin), version: 1, ..Address::default() });
        }
        let today = chrono::NaiveDate::from_ymd_opt(2026, 11, 21).expect("a day");
        let records = Records { addresses: addresses.into(), ..Records::default() };
        Arc::new(City::with_flags(records, Thresholds::default(), today, Vec::new()))
    }

    fn actor(name: &str) -> Actor {
        Actor { name: name.into(), role: Role::Steward, scope: Scope::All }
    }

    fn wanted(city: &City, z: u8) -> Wanted {
        let spot = Spot::of(LonLat::new(120.001, 28.001)).expect("on earth");
        Wanted::of(city, ["address"], TileId::at(z, spot), Detail::Map, &actor("a")).expect("a tile")
    }

    /// Lets everything run that can.
    async fn settle() {
        for _ in 0..50 {
            tokio::task::yield_now().await;
        }
    }

    #[tokio::test]
    async fn a_hundred_who_ask_for_a_tile_wait_for_one() {
        let (cache, city) = (Arc::new(Cache::new(1 << 22)), city());
        let encoder = Encoder::new(cache.clone(), 1);
        let held = encoder.queue.place(&"somebody".into()).await.expect("a place");
        let tile = wanted(&city, 15);
        let asking = (0..100).map(|n| {
            let (encoder, city) = (encoder.clone(), city.clone());
            tokio::spawn(async move { encoder.make(&city, tile, Coding::Gzip, &actor(&format!("u{}", n % 7))).await })
        });
        let asking: Vec<_> = asking.collect();
        settle().await;
        assert_eq!((encoder.load().waiting, cache.counts().encoded), (100, 0));
        drop(held);
        for form in join_all(asking).await {
            let form = form.expect("a task").expect("a tile");
            assert!(form.coding == Coding::Gzip && form.bytes.len() > 100 && form.name.length > form.bytes.len());
        }
        assert_eq!((encoder.load(), cache.counts().encoded), (Load::default(), 1));
        assert!(encoder.flights().is_empty());
    }

    #[tokio::test]
    async fn who_goes_away_leaves_nothing_behind() {
        let (cache, city) = (Arc::new(Cache::new(1 << 22)), city());
        let encoder = Encoder::new(cache.clone(), 1);
        let held = encoder.queue.place(&"somebody".into()).await.expect("a place");
        let asking = [14, 15, 15, 16].map(|z| {
            let (encoder, city, tile) = (encoder.clone(), city.clone(), wanted(&city, z));
            tokio::spawn(async move { encoder.make(&city, tile, Coding::Identity, &actor("a")).await })
        });
        settle().await;
        assert_eq!((encoder.load().waiting, encoder.flights().len()), (4, 3));
        let [a, b, c, d] = asking;
        for gone in [&a, &b, &d] {
            gone.abort();
        }
        settle().await;
        assert_eq!((encoder.load().waiting, encoder.flights().len()), (1, 1));
        drop(held);
        assert!(c.await.expect("a task").is_ok(), "one of the two who asked for it is still there");
        assert_eq!((cache.counts().encoded, encoder.flights().len()), (1, 0));
    }

    #[tokio::test]
    async fn a_tile_does_not_wait_in_the_line_of_who_asked_first() {
        let (cache, city) = (Arc::new(Cache::new(1 << 22)), city());
        let encoder = Encoder::new(cache.clone(), 1);
        let held = encoder.queue.place(&"somebody".into()).await.expect("a place");
        let ask = |name: &'static str, z: u8| {
            let (encoder, city, tile) = (encoder.clone(), city.clone(), wanted(&city, z));
            let cache = cache.clone();
            // How many were made is read where the tile arrives: on a busy machine the test itself wakes late.
            tokio::spawn(async move {
                (encoder.make(&city, tile, Coding::Identity, &actor(name)).await, cache.counts().encoded)
            })
        };
        let greedy: Vec<_> = (10..20).map(|z| ask("greedy", z)).collect();
        settle().await;
        let polite = ask("polite", 19);
        settle().await;
        drop(held);
        let (tile, encoded) = polite.await.expect("a task");
        tile.expect("a tile");
        assert!(encoded <= 3, "the last of the greedy line is the second or third to be made");
        for tile in join_all(greedy).await {
            tile.expect("a task").0.expect("a tile");
        }
        assert_eq!(cache.counts().encoded, 10);
    }
}
