//! Server-sent events: which tiles and lists to read again.

use super::App;
use super::follow::stopped;
use super::permission::SignedIn;
use super::problem::{Answer, Failure};
use super::sight::Sight;
use super::who::Who;
use crate::city::Touched;
use crate::domain::{Actor, Role};
use crate::tile::catalog;
use axum::extract::State;
use axum::response::sse::{Event, Sse};
use futures::Stream;
use serde::Serialize;
use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::broadcast::{Receiver, error::RecvError};
use tokio::sync::{OwnedSemaphorePermit, watch};
use utoipa::ToSchema;

/// A word now and then keeps proxies from closing the line, and a session that has ended from listening on.
const HEARTBEAT: Duration = Duration::from_secs(20);
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
}

struct Listener {
    app: Arc<App>,
    actor: Actor,
    token: String,
    changes: Receiver<Arc<Touched>>,
    stop: watch::Receiver<bool>,
    heartbeat: tokio::time::Interval,
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
        waiting: VecDeque::new(),
        _place: place,
    };
    Ok(Sse::new(futures::stream::unfold(listener, next)))
}

impl Listener {
    /// Whose session it still is.
    async fn session(&self) -> crate::error::Result<Actor> {
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
        let event = tokio::select! {
            touched = listener.changes.recv() => match touched {
                Ok(touched) => {
                    let city = listener.app.live.get();
                    listener.waiting = seen(&touched, &Sight::of(&city, &listener.actor));
                    continue;
                }
                Err(RecvError::Lagged(_)) => Event::default().event("resync").data("{}"),
                Err(RecvError::Closed) => return None,
            },
            _ = listener.heartbeat.tick() => {
                if listener.session().await.is_err() {
                    return None;
                }
                Event::default().comment("alive")
            }
            () = stopped(&mut listener.stop) => return None,
        };
        return Some((Ok(event), listener));
    }
}

/// What of a change an actor may see: nothing outside the scope, no layer that the role has not. One event for each box.
fn seen(touched: &Touched, sight: &Sight) -> VecDeque<Changed> {
    let revision = touched.revision;
    let mine = |layers: Vec<&'static str>| -> Vec<String> {
        layers.into_iter().filter(|layer| catalog::layer(layer, sight.actor.role).is_ok()).map(str::to_owned).collect()
    };
    let works_on_them = sight.actor.role != Role::Leader;
    let visible = touched.addresses.iter().filter(|id| works_on_them && sight.address(id).is_ok());
    let count = visible.clone().count();
    let (some, own) = (count > 0, count == touched.addresses.len());
    let mut addresses: Vec<String> = visible.take(ADDRESSES_MAX).map(|id| id.to_string()).collect();
    if touched.everything {
        return [Changed { revision, layers: mine(touched.layers()), bbox: None, addresses }].into();
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
            changes.push_back(Changed { revision, layers, bbox, addresses: std::mem::take(&mut addresses) });
        }
    }
    if !addresses.is_empty() {
        changes.push_back(Changed { revision, layers: Vec::new(), bbox: None, addresses });
    }
    changes
}

/// The part of a box that lies in the box of the scope; none where they are apart.
fn cut([w, s, e, n]: [f64; 4], sight: &Sight) -> Option<[f64; 4]> {
    let [sw, ss, se, sn] = sight.bbox()?;
    let [w, s, e, n] = [w.max(sw), s.max(ss), e.min(se), n.min(sn)];
    (w <= e && s <= n).then_some([w, s, e, n])
}
