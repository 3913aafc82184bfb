//! The current City, swapped atomically, and who wants to hear of it.

use super::{City, Delta, Touched};
use arc_swap::ArcSwap;
use chrono::NaiveDate;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::broadcast;

/// Changes that a slow listener may lag behind before it has to start over.
const BACKLOG: usize = 256;

/// Edits that are applied while all others wait, so that a City that is made beside the current one catches up with it.
const LAST: usize = 64;

/// The City that the service reads. Readers never wait; changes follow one another.
#[derive(Debug)]
pub struct Live {
    city: ArcSwap<City>,
    /// What was applied since a City is made beside the current one, where one is.
    gate: Mutex<Option<Vec<Delta>>>,
    /// Held by who makes one.
    beside: Mutex<()>,
    touched: broadcast::Sender<Arc<Touched>>,
}

impl Live {
    /// Starts with a City.
    pub fn new(city: City) -> Live {
        let touched = broadcast::channel(BACKLOG).0;
        Live { city: ArcSwap::from_pointee(city), gate: Mutex::default(), beside: Mutex::default(), touched }
    }

    /// The City as it is now.
    pub fn get(&self) -> Arc<City> {
        self.city.load_full()
    }

    /// Applies a change and tells the listeners. Runs for as long as the change takes: call it from a blocking thread.
    pub fn apply(&self, delta: Delta) -> Arc<Touched> {
        let mut gate = self.lock();
        if let Some(edits) = &mut *gate {
            edits.push(delta.clone());
        }
        self.put(self.city.load().apply(delta))
    }

    /// Checks the whole city, from nothing, while the current City goes on and takes edits; then the current one has what
    /// was found, as if these edits had come after the check. `progress` hears which share is done.
    pub fn check(&self, progress: &(dyn Fn(f32) + Sync)) -> Arc<Touched> {
        self.make_beside(|city| city.checked(progress), City::adopt)
    }

    /// Turns to another day while the current City goes on and takes edits. The City of the new day is unchecked.
    pub fn turn(&self, today: NaiveDate) -> Arc<Touched> {
        self.make_beside(|city| city.turned(today).0, City::turned_into)
    }

    /// Gives up what was found behind the flags, as another process finds them from now on; the flags stay until it says
    /// otherwise.
    pub fn forget_check(&self) {
        let _gate = self.lock();
        self.city.store(Arc::new(self.city.load().unchecked()));
    }

    /// Puts a City in place that was loaded anew, once nobody makes one out of the current one any more.
    pub fn replace(&self, city: City) -> Arc<Touched> {
        let _one = self.beside.lock().unwrap_or_else(PoisonError::into_inner);
        let _gate = self.lock();
        self.put(self.city.load().replaced_by(city))
    }

    /// Makes another City out of the current one, gives it the edits that came meanwhile, and lets `take` say what follows
    /// the current one. One is made at a time.
    fn make_beside(
        &self,
        make: impl FnOnce(&City) -> City,
        take: impl FnOnce(&City, City) -> (City, Touched),
    ) -> Arc<Touched> {
        /// Nobody goes on noting edits for one who gave up.
        struct Noting<'a>(&'a Live);
        impl Drop for Noting<'_> {
            fn drop(&mut self) {
                *self.0.lock() = None;
            }
        }
        let _one = self.beside.lock().unwrap_or_else(PoisonError::into_inner);
        let start = {
            let mut gate = self.lock();
            *gate = Some(Vec::new());
            self.get()
        };
        let noting = Noting(self);
        let mut made = make(&start);
        drop(start);
        loop {
            let mut gate = self.lock();
            let edits = gate.as_mut().map(std::mem::take).unwrap_or_default();
            let last = edits.iter().map(Delta::len).sum::<usize>() <= LAST;
            if last {
                made = edits.into_iter().fold(made, |city, delta| city.apply(delta).0);
                let touched = self.put(take(&self.city.load(), made));
                drop(gate);
                drop(noting);
                return touched;
            }
            drop(gate);
            made = edits.into_iter().fold(made, |city, delta| city.apply(delta).0);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Option<Vec<Delta>>> {
        self.gate.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts the next City in place; the gate is held.
    fn put(&self, (city, touched): (City, Touched)) -> Arc<Touched> {
        let touched = Arc::new(touched);
        self.city.store(Arc::new(city));
        // Nobody may be listening.
        let _ = self.touched.send(touched.clone());
        touched
    }

    /// Hears of every change from now on; a listener that lags hears that it does and starts over.
    pub fn listen(&self) -> broadcast::Receiver<Arc<Touched>> {
        self.touched.subscribe()
    }
}
