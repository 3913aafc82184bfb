//! Server-sent events: which tiles and lists to read again.
//!
//! A listener hears of the first change at once and of those that follow together, a few times a second, as few boxes. One
//! that doesn't keep up hears that it has to start over; nothing is kept for it.

use super::App;
use super::follow::stopped;
use super::permission::SignedIn;
use super::problem::{Answer, Failure};
use super::sight::Sight;
use super::who::Who;
use crate::city::Touched;
use crate::domain::{Actor, AddressId, Role};
use crate::index::boxes::join;
use crate::store::Admitted;
use crate::tile::catalog;
use axum::extract::State;
use axum::response::sse::{Event, Sse};
use futures::Stream;
use serde::Serialize;
use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::Arc;
use tokio::sync::broadcast::{Receiver, error::RecvError};
use tokio::sync::{OwnedSemaphorePermit, watch};
use tokio::time::{Duration, Instant};
use utoipa::ToSchema;

/// A word now and then keeps proxies from closing the line, and a session that has ended from listening on.
const HEARTBEAT: Duration = Duration::from_secs(20);
/// The shortest time between two tellings.
const PAUSE: Duration = Duration::from_millis(250);
/// The most boxes of one telling.
const BOXES: usize = 16;
/// Listeners at once.
pub const LISTENERS: usize = 1024;
/// The most addresses that an event names.
const ADDRESSES_MAX: usize = 50;

/// What has changed, as far as the listener may see it.
#[derive(Debug, PartialEq, Serialize, ToSchema)]
#[schema(as = ChangeEvent)]
pub struct Changed {
    /// Revision of the City that shows it.
    pub revision: u64,
    /// Layers whose tiles changed.
    pub layers: Vec<String>,
    /// The box in which they did: west, south, east, north, degrees; null is anywhere.
    pub bbox: Option<[f64; 4]>,
    /// Addresses that changed, at most 50.
    pub addresses: Vec<String>,
    /// Whether more addresses changed than are named.
    pub more: bool,
}

struct Listener {
    app: Arc<App>,
    actor: Arc<Actor>,
    token: String,
    changes: Receiver<Arc<Touched>>,
    stop: watch::Receiver<bool>,
    heartbeat: tokio::time::Interval,
    news: News,
    told: Instant,
    waiting: VecDeque<Changed>,
    _place: OwnedSemaphorePermit,
}

/// Listens to changes: `change` with what was touched, `resync` when something was missed and everything is to be read again.
#[utoipa::path(get, path = "/events", tag = "map",
    responses((status = 200, description = "Server-sent events", body = Changed, content_type = "text/event-stream")))]
pub async fn listen(
    State(app): State<Arc<App>>,
    who: Who<SignedIn>,
) -> Answer<Sse<impl Stream<Item = Result<Event, Infallible>>>> {
    let place = app.listeners.clone().try_acquire_owned().map_err(|_| Failure::Busy)?;
    let mut heartbeat = tokio::time::interval(HEARTBEAT);
    heartbeat.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let listener = Listener {
        changes: app.live.listen(),
        stop: app.stop.clone(),
        app,
        actor: who.actor,
        token: who.token,
        heartbeat,
        news: News::default(),
        told: Instant::now() - PAUSE,
        waiting: VecDeque::new(),
        _place: place,
    };
    Ok(Sse::new(futures::stream::unfold(listener, next)))
}

impl Listener {
    /// Whose session it still is.
    async fn session(&self) -> crate::error::Result<Admitted> {
        let app = &self.app;
        app.sessions.find(&app.store, app.follow.is_away(), &self.token).await
    }
}

async fn next(mut listener: Listener) -> Option<(Result<Event, Infallible>, Listener)> {
    loop {
        if let Some(changed) = listener.waiting.pop_front() {
            let data = serde_json::to_string(&changed).unwrap_or_default();
            let event = Event::default().event("change").id(changed.revision.to_string()).data(data);
            return Some((Ok(event), listener));
        }
        let due = listener.told + PAUSE;
        let event = tokio::select! {
            biased;
            () = stopped(&mut listener.stop) => return None,
            () = tokio::time::sleep_until(due), if !listener.news.0.is_empty() => {
                listener.told = Instant::now();
                listener.waiting = std::mem::take(&mut listener.news.0);
                continue;
            }
            touched = listener.changes.recv() => match touched {
                Ok(touched) => {
                    let city = listener.app.live.get();
                    seen(&touched, &Sight::of(&city, &listener.actor)).into_iter().for_each(|one| listener.news.add(one));
                    continue;
                }
                Err(RecvError::Lagged(_)) => {
                    listener.news = News::default();
                    Event::default().event("resync").data("{}")
                }
                Err(RecvError::Closed) => return None,
            },
            _ = listener.heartbeat.tick() => {
                if listener.session().await.is_err() {
                    return None;
                }
                Event::default().comment("alive")
            }
        };
        return Some((Ok(event), listener));
    }
}

/// What a listener is to be told: few boxes, however much has changed.
#[derive(Debug, Default)]
struct News(VecDeque<Changed>);

impl News {
    fn add(&mut self, mut new: Changed) {
        // What has changed anywhere need not be told box by box.
        if let Some(anywhere) = self.0.iter_mut().find(|one| one.bbox.is_none()) {
            if new.bbox.is_none() {
                return anywhere.join(new);
            }
            new.layers.retain(|layer| !anywhere.layers.contains(layer));
            if new.layers.is_empty() {
                return anywhere.join(new);
            }
        }
        let Some(bbox) = new.bbox else {
            for one in std::mem::take(&mut self.0) {
                let mut one = one;
                one.layers.retain(|layer| !new.layers.contains(layer));
                match one.layers.is_empty() {
                    true => new.join(one),
                    false => self.0.push_back(one),
                }
            }
            return self.0.push_back(new);
        };
        let full = self.0.len() >= BOXES;
        let growth = |one: &Changed| match one.bbox {
            Some(other) if other == bbox => f64::NEG_INFINITY,
            Some(other) => area(join(other, bbox)) - area(other),
            None => f64::INFINITY,
        };
        let nearest = self.0.iter_mut().min_by(|a, b| growth(a).total_cmp(&growth(b)));
        match nearest.filter(|one| one.bbox.is_some() && (full || one.bbox == new.bbox)) {
            Some(nearest) => nearest.join(new),
            None => self.0.push_back(new),
        }
    }
}

impl Changed {
    /// Tells another change as well: of the layers of both, in the box around both, or anywhere.
    fn join(&mut self, other: Changed) {
        self.revision = self.revision.max(other.revision);
        if let (Some(own), Some(bbox)) = (self.bbox, other.bbox) {
            self.bbox = Some(join(own, bbox));
        }
        for layer in other.layers {
            if !self.layers.contains(&layer) {
                self.layers.push(layer);
            }
        }
        for id in other.addresses {
            if !self.addresses.contains(&id) {
                self.addresses.push(id);
            }
        }
        self.more |= other.more || self.addresses.len() > ADDRESSES_MAX;
        self.addresses.truncate(ADDRESSES_MAX);
    }
}

fn area([w, s, e, n]: [f64; 4]) -> f64 {
    (e - w) * (n - s)
}

/// What of a change an actor may see: nothing outside the scope, no layer that the role has not. One event for each box.
fn seen(touched: &Touched, sight: &Sight) -> VecDeque<Changed> {
    let revision = touched.revision;
    let mine = |layers: Vec<&'static str>| -> Vec<String> {
        layers.into_iter().filter(|layer| catalog::layer(layer, sight.actor.role).is_ok()).map(str::to_owned).collect()
    };
    let works_on_them = sight.actor.role != Role::Leader;
    let sees = |id: &AddressId| sight.address(id).is_ok();
    // What is told of many is told of all of them; nobody goes through a hundred thousand for each listener.
    let own = works_on_them && (!sight.is_bounded() || touched.addresses.iter().all(sees));
    let mut visible = touched.addresses.iter().filter(|id| works_on_them && sees(id)).map(|id| id.to_string());
    let mut addresses: Vec<String> = visible.by_ref().take(ADDRESSES_MAX).collect();
    let mut more = visible.next().is_some();
    let some = !addresses.is_empty();
    if touched.everything {
        return [Changed { revision, layers: mine(touched.layers()), bbox: None, addresses, more }].into();
    }
    // Pins may stand far outside the grid that they declare. The box around one's own is one's own to know; a box that
    // is drawn around others' as well is told as "anywhere"; of others' alone, only what reaches into the scope is.
    let mut changes = VecDeque::new();
    for (bbox, layers) in touched.by_box() {
        let bbox = match (some, own) {
            _ if !sight.is_bounded() => Some(bbox),
            (true, true) => Some(bbox),
            (true, false) => None,
            (false, _) => match cut(bbox, sight) {
                Some(bbox) => Some(bbox),
                None => continue,
            },
        };
        let layers = mine(layers);
        if !layers.is_empty() {
            let addresses = std::mem::take(&mut addresses);
            changes.push_back(Changed { revision, layers, bbox, addresses, more: std::mem::take(&mut more) });
        }
    }
    if !addresses.is_empty() {
        changes.push_back(Changed { revision, layers: Vec::new(), bbox: None, addresses, more });
    }
    changes
}

/// The part of a box that lies in the box of the scope; none where they are apart.
fn cut([w, s, e, n]: [f64; 4], sight: &Sight) -> Option<[f64; 4]> {
    let [sw, ss, se, sn] = sight.bbox()?;
    let [w, s, e, n] = [w.max(sw), s.max(ss), e.min(se), n.min(sn)];
    (w <= e && s <= n).then_some([w, s, e, n])
}
