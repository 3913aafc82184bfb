//! Places for work, given in turn: whoever wants more than there is room for waits behind oneself, not before others.
//!
//! There are so many places; each user holds at most a share of them. Who finds none waits in a line of one's own, and the
//! lines are served in turn, one place each. Both the line and all lines together are bounded: beyond, the answer is
//! "busy" at once, and when all lines together are full it is the longest that gives way. Who goes away leaves the line.

use super::problem::Failure;
use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::oneshot;

/// Who waits: an account, or an address where nobody is signed in.
pub type User = Arc<str>;

/// How much a queue holds.
#[derive(Debug, Clone, Copy)]
pub struct Room {
    /// Places.
    pub places: usize,
    /// Places that one user may hold.
    pub share: usize,
    /// Requests of one user that may wait.
    pub line: usize,
    /// Requests of all users that may wait.
    pub waiting: usize,
    /// The longest that one waits.
    pub patience: Duration,
}

/// A queue.
#[derive(Debug)]
pub struct Queue {
    room: Room,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    held: usize,
    waiting: usize,
    refused: u64,
    next: u64,
    lines: HashMap<User, Line>,
    /// Users with a line, who is next in front.
    turns: VecDeque<User>,
}

#[derive(Debug, Default)]
struct Line {
    held: usize,
    waiting: VecDeque<(u64, oneshot::Sender<Place>)>,
}

/// A place; given back when it is dropped.
#[derive(Debug)]
pub struct Place {
    queue: Arc<Queue>,
    user: User,
}

/// What a queue holds and has refused.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Load {
    /// Places that are taken.
    pub held: usize,
    /// Requests that wait.
    pub waiting: usize,
    /// Requests that were answered "busy" since the start.
    pub refused: u64,
}

/// One who waits; leaves the line when dropped.
struct Wait<'a> {
    queue: &'a Queue,
    user: &'a User,
    number: u64,
}

impl Queue {
    /// An empty queue.
    pub fn new(room: Room) -> Arc<Queue> {
        Arc::new(Queue { room, state: Mutex::default() })
    }

    /// A place, at once or in turn.
    ///
    /// # Errors
    /// `Busy` when too many wait already or when it takes too long.
    pub async fn place(self: &Arc<Self>, user: &User) -> Result<Place, Failure> {
        let (number, turn) = match self.ask(user) {
            Ok(place) => return Ok(place),
            Err(Some(waiting)) => waiting,
            Err(None) => return Err(Failure::Busy),
        };
        let _wait = Wait { queue: self, user, number };
        match tokio::time::timeout(self.room.patience, turn).await {
            Ok(Ok(place)) => Ok(place),
            // Too long, or pushed out by somebody with a shorter line.
            Ok(Err(_)) | Err(_) => {
                self.lock().refused += 1;
                Err(Failure::Busy)
            }
        }
    }

    /// What it holds and has refused.
    pub fn load(&self) -> Load {
        let state = self.lock();
        Load { held: state.held, waiting: state.waiting, refused: state.refused }
    }

    /// A place, or a number in the line with what hears of the turn, or nothing.
    fn ask(self: &Arc<Self>, user: &User) -> Result<Place, Option<(u64, oneshot::Receiver<Place>)>> {
        let mut pushed = None;
        let mut state = self.lock();
        let line = state.lines.entry(user.clone()).or_default();
        let (held, length) = (line.held, line.waiting.len());
        if length == 0 && held < self.room.share && state.held < self.room.places {
            return Ok(self.give(&mut state, user));
        }
        if length >= self.room.line {
            state.refused += 1;
            return Err(None);
        }
        if state.waiting >= self.room.waiting {
            let longest = state.lines.iter().max_by_key(|(_, line)| line.waiting.len());
            let longest = longest.filter(|(_, line)| line.waiting.len() > length + 1).map(|(user, _)| user.clone());
            pushed = longest.and_then(|user| state.lines.get_mut(&user)?.waiting.pop_back());
            if pushed.is_none() {
                state.refused += 1;
                state.forget(user);
                return Err(None);
            }
            state.waiting -= 1;
        }
        let (sender, turn) = oneshot::channel();
        let number = state.next;
        state.next += 1;
        state.waiting += 1;
        if length == 0 {
            state.turns.push_back(user.clone());
        }
        if let Some(line) = state.lines.get_mut(user) {
            line.waiting.push_back((number, sender));
        }
        drop(state);
        // Hears that nobody will call.
        drop(pushed);
        Err(Some((number, turn)))
    }

    fn give(self: &Arc<Self>, state: &mut State, user: &User) -> Place {
        state.held += 1;
        state.lines.entry(user.clone()).or_default().held += 1;
        Place { queue: self.clone(), user: user.clone() }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// The one whose turn it is: the first in the line of the first user who may hold another place.
    fn call(&mut self, share: usize) -> Option<(User, oneshot::Sender<Place>)> {
        for _ in 0..self.turns.len() {
            let user = self.turns.pop_front()?;
            let Some(line) = self.lines.get_mut(&user) else { continue };
            let first = if line.held < share { line.waiting.pop_front() } else { None };
            if !line.waiting.is_empty() {
                self.turns.push_back(user.clone());
            }
            if let Some((_, sender)) = first {
                self.waiting -= 1;
                return Some((user, sender));
            }
        }
        None
    }

    /// Forgets a user who holds nothing and waits for nothing.
    fn forget(&mut self, user: &User) {
        if self.lines.get(user).is_some_and(|line| line.held == 0 && line.waiting.is_empty()) {
            self.lines.remove(user);
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let queue = self.queue.clone();
        let mut calls = Vec::new();
        {
            let mut state = queue.lock();
            state.held -= 1;
            if let Some(line) = state.lines.get_mut(&self.user) {
                line.held -= 1;
            }
            while state.held < queue.room.places
                && let Some((user, sender)) = state.call(queue.room.share)
            {
                calls.push((queue.give(&mut state, &user), sender));
            }
            state.forget(&self.user);
        }
        // A place that nobody takes any more is given back here, and the next is called.
        for (place, sender) in calls {
            drop(sender.send(place));
        }
    }
}

impl Drop for Wait<'_> {
    fn drop(&mut self) {
        let mut state = self.queue.lock();
        let Some(line) = state.lines.get_mut(self.user) else { return };
        let before = line.waiting.len();
        line.waiting.retain(|(number, _)| *number != self.number);
        let (left, empty) = (before - line.waiting.len(), line.waiting.is_empty());
        state.waiting -= left;
        if left > 0 && empty {
            state.turns.retain(|user| user != self.user);
        }
        state.forget(self.user);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::task::Poll;

    const ROOM: Room = Room { places: 2, share: 2, line: 3, waiting: 5, patience: Duration::from_secs(3600) };

    fn user(name: &str) -> User {
        name.into()
    }

    type Waiting = std::pin::Pin<Box<dyn Future<Output = Result<Place, Failure>>>>;

    fn ask(queue: &Arc<Queue>, name: &str) -> Waiting {
        let (queue, user) = (queue.clone(), user(name));
        Box::pin(async move { queue.place(&user).await })
    }

    /// The place, when it is there; none while it is waited for; an error when it was refused.
    async fn look(waiting: &mut Waiting) -> Option<Result<Place, Failure>> {
        std::future::poll_fn(|context| match waiting.as_mut().poll(context) {
            Poll::Ready(answer) => Poll::Ready(Some(answer)),
            Poll::Pending => Poll::Ready(None),
        })
        .await
    }

    #[tokio::test]
    async fn lines_are_served_in_turn() {
        let queue = Queue::new(ROOM);
        let held = [ask(&queue, "a").await.expect("free"), ask(&queue, "a").await.expect("free")];
        let mut waiting = [ask(&queue, "a"), ask(&queue, "a"), ask(&queue, "a"), ask(&queue, "b")];
        for one in &mut waiting {
            assert!(look(one).await.is_none());
        }
        assert!(matches!(look(&mut ask(&queue, "a")).await, Some(Err(Failure::Busy))), "a line of three");
        let mut order = Vec::new();
        let [first, second] = held;
        drop(first);
        let mut open = vec![second];
        for _ in 0..4 {
            for (at, one) in waiting.iter_mut().enumerate() {
                if order.contains(&at) {
                    continue;
                }
                if let Some(place) = look(one).await {
                    order.push(at);
                    open.push(place.expect("a place"));
                }
            }
            open.remove(0);
        }
        assert_eq!(order, [0, 3, 1, 2], "b came last and is second");
        drop(open);
        assert_eq!(queue.load(), Load { held: 0, waiting: 0, refused: 1 });
        assert!(queue.lock().lines.is_empty() && queue.lock().turns.is_empty());
    }

    #[tokio::test]
    async fn a_share_leaves_room_for_others() {
        let queue = Queue::new(Room { share: 1, ..ROOM });
        let a = ask(&queue, "a").await.expect("free");
        let mut more = ask(&queue, "a");
        assert!(look(&mut more).await.is_none());
        let b = ask(&queue, "b").await.expect("the other place is for others");
        drop(b);
        assert!(look(&mut more).await.is_none(), "still only one for a");
        drop(a);
        assert!(look(&mut more).await.is_some());
    }

    #[tokio::test]
    async fn the_longest_line_gives_way_when_all_are_full() {
        let queue = Queue::new(ROOM);
        let _held = [ask(&queue, "x").await.expect("free"), ask(&queue, "x").await.expect("free")];
        let mut all: Vec<_> = ["a", "a", "a", "b", "b"].map(|name| ask(&queue, name)).into_iter().collect();
        for one in &mut all {
            assert!(look(one).await.is_none());
        }
        let mut c = ask(&queue, "c");
        assert!(look(&mut c).await.is_none(), "c waits");
        assert!(matches!(look(&mut all[2]).await, Some(Err(Failure::Busy))), "the last of a gave way");
        assert!(look(&mut all[0]).await.is_none() && look(&mut all[4]).await.is_none());
        assert_eq!(queue.load(), Load { held: 2, waiting: 5, refused: 1 });
    }

    #[tokio::test]
    async fn nobody_waits_for_ever() {
        let queue = Queue::new(Room { patience: Duration::from_millis(20), ..ROOM });
        let _held = [ask(&queue, "a").await.expect("free"), ask(&queue, "a").await.expect("free")];
        assert!(matches!(ask(&queue, "b").await, Err(Failure::Busy)));
        assert_eq!(queue.load(), Load { held: 2, waiting: 0, refused: 1 });
    }

    proptest! {
        #[test]
        fn nothing_is_lost_whoever_goes_away(steps in prop::collection::vec((0u8..4, 0u8..3, any::<prop::sample::Index>()), 1..200)) {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime");
            runtime.block_on(async {
                let queue = Queue::new(Room { share: 1, ..ROOM });
                let (mut waiting, mut held): (Vec<Waiting>, Vec<Place>) = (Vec::new(), Vec::new());
                for (step, name, which) in steps {
                    match step {
                        0 | 1 => waiting.push(ask(&queue, ["a", "b", "c"][usize::from(name)])),
                        2 if !waiting.is_empty() => drop(waiting.remove(which.index(waiting.len()))),
                        3 if !held.is_empty() => drop(held.remove(which.index(held.len()))),
                        _ => {}
                    }
                    // Twice: the last to come may push out one that was looked at before it.
                    for _ in 0..2 {
                        let mut still = Vec::new();
                        for mut one in waiting {
                            match look(&mut one).await {
                                None => still.push(one),
                                Some(Ok(place)) => held.push(place),
                                Some(Err(_)) => {}
                            }
                        }
                        waiting = still;
                    }
                    let load = queue.load();
                    assert_eq!((load.held, load.waiting), (held.len(), waiting.len()));
                    assert!(load.held <= 2);
                    for user in ["a", "b", "c"] {
                        assert!(held.iter().filter(|place| &*place.user == user).count() <= 1);
                        // Nobody waits while there is a place that one may have.
                        let state = queue.lock();
                        let line = state.lines.get(user);
                        let waits = line.is_some_and(|line| !line.waiting.is_empty());
                        assert!(!waits || load.held == 2 || line.is_some_and(|line| line.held == 1));
                    }
                }
                drop((waiting, held));
                assert_eq!((queue.load().held, queue.load().waiting), (0, 0));
                assert!(queue.lock().lines.is_empty() && queue.lock().turns.is_empty());
            });
        }
    }
}
