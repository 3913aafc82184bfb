//! How many requests a second one account, or one address that nobody has signed in from, may send.

use super::queue::User;
use governor::clock::{Clock, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Requests at once, in seconds of the pace: a page with its map asks for much in its first second.
const BURST_S: NonZeroU32 = NonZeroU32::new(5).expect("not zero");
/// After so many requests, those who have been quiet are forgotten.
const SWEEP: usize = 1 << 16;

/// The pace of everybody.
#[derive(Debug)]
pub struct Pace {
    limiter: Option<DefaultKeyedRateLimiter<User>>,
    counted: AtomicUsize,
}

impl Pace {
    /// A pace of so many requests a second; with 0 there is no limit.
    pub fn new(per_second: u32) -> Pace {
        let quota = |rate: NonZeroU32| Quota::per_second(rate).allow_burst(rate.saturating_mul(BURST_S));
        let limiter = NonZeroU32::new(per_second).map(|rate| RateLimiter::keyed(quota(rate)));
        Pace { limiter, counted: AtomicUsize::new(0) }
    }

    /// Counts a request.
    ///
    /// # Errors
    /// The seconds to wait, when it is one too many.
    pub fn count(&self, user: &User) -> Result<(), u64> {
        let Some(limiter) = &self.limiter else { return Ok(()) };
        if self.counted.fetch_add(1, Ordering::Relaxed) % SWEEP == SWEEP - 1 {
            limiter.retain_recent();
            limiter.shrink_to_fit();
        }
        limiter.check_key(user).map_err(|wait| wait.wait_time_from(DefaultClock::default().now()).as_secs() + 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_account_too_fast_does_not_hold_up_another() {
        let pace = Pace::new(10);
        let (fast, slow): (User, User) = ("fast".into(), "slow".into());
        let taken = (0..200).filter(|_| pace.count(&fast).is_ok()).count();
        assert!((50..60).contains(&taken), "{taken} of a burst of 50");
        assert_eq!(pace.count(&fast), Err(1));
        assert_eq!(pace.count(&slow), Ok(()));
    }

    #[test]
    fn without_a_limit_everything_goes() {
        let pace = Pace::new(0);
        assert!((0..100_000).all(|_| pace.count(&"a".into()).is_ok()));
    }
}
