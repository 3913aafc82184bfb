//! The current City, swapped atomically, and who wants to hear of it.

use super::{City, Delta, Touched};
use arc_swap::ArcSwap;
use chrono::NaiveDate;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::broadcast;

/// Changes that a slow listener may lag behind before it has to start over.
const BACKLOG: usize = 256;

/// The City that the service reads. Readers never wait; changes follow one another.
#[derive(Debug)]
pub struct Live {
    city: ArcSwap<City>,
    gate: Mutex<()>,
    touched: broadcast::Sender<Arc<Touched>>,
}

impl Live {
    /// Starts with a City.
    pub fn new(city: City) -> Live {
        Live { city: ArcSwap::from_pointee(city), gate: Mutex::new(()), touched: broadcast::channel(BACKLOG).0 }
    }

    /// The City as it is now.
    pub fn get(&self) -> Arc<City> {
        self.city.load_full()
    }

    /// Applies a change and tells the listeners. Runs for as long as the change takes: call it from a blocking thread.
    pub fn apply(&self, delta: Delta) -> Arc<Touched> {
        self.change(|city| city.apply(delta))
    }

    /// Turns to another day.
    pub fn turn(&self, today: NaiveDate) -> Arc<Touched> {
        self.change(|city| city.turned(today))
    }

    /// Puts another City in place of the current one, as after the connection to the store was lost for long. Its
    /// revision follows the current one's, and what it publishes of care groups goes on from what was published.
    pub fn replace(&self, city: City) -> Arc<Touched> {
        self.change(|current| current.succeeded_by(city))
    }

    fn change(&self, change: impl FnOnce(&City) -> (City, Touched)) -> Arc<Touched> {
        let _turn = self.gate.lock().unwrap_or_else(PoisonError::into_inner);
        let (city, touched) = change(&self.city.load());
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
