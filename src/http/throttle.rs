//! Sign-in attempts: guessing is slow, and nobody can lock somebody else out.
//!
//! An attempt counts against the pair of account and address, against the address, and against the account. Pair and
//! address make the caller wait (429); a flood against an account from many addresses only makes each answer slower, so
//! that the owner still gets in. An address from which the account has signed in before is spared what others did.

use moka::ops::compute::Op;
use moka::sync::Cache;
use std::net::IpAddr;
use std::time::{Duration, Instant};

const FREE_PAIR: u32 = 5;
const FREE_ADDRESS: u32 = 30;
const FREE_ACCOUNT: u32 = 20;
const WAIT_MAX_S: u64 = 60;
const SLOW_MAX: Duration = Duration::from_secs(3);

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Key {
    Pair(String, IpAddr),
    Address(IpAddr),
    Account(String),
}

#[derive(Debug, Clone, Copy)]
struct Tries {
    count: u32,
    /// No further attempt before.
    until: Instant,
}

/// Counts of failed attempts, forgotten after an hour of quiet.
#[derive(Debug)]
pub struct Throttle {
    tries: Cache<Key, Tries>,
    /// Pairs that have signed in before.
    familiar: Cache<Key, ()>,
}

impl Default for Throttle {
    fn default() -> Self {
        let hour = Duration::from_secs(3600);
        Throttle {
            tries: Cache::builder().max_capacity(200_000).time_to_idle(hour).build(),
            familiar: Cache::builder().max_capacity(100_000).time_to_idle(hour * 24 * 30).build(),
        }
    }
}

impl Throttle {
    /// Begins an attempt: it counts as failed until [`Throttle::succeed`]. Says how long the answer has to be held back.
    ///
    /// # Errors
    /// The seconds to wait before the next attempt.
    pub fn begin(&self, now: Instant, account: &str, address: IpAddr) -> Result<Duration, u64> {
        let address = network(address);
        let pair = Key::Pair(account.to_owned(), address);
        let familiar = self.familiar.contains_key(&pair);
        self.count(now, pair, FREE_PAIR)?;
        if familiar {
            return Ok(Duration::ZERO);
        }
        self.count(now, Key::Address(address), FREE_ADDRESS)?;
        let key = Key::Account(account.to_owned());
        let entry = self.tries.entry(key).and_upsert_with(|old| Tries {
            count: old.map_or(0, |old| old.into_value().count).saturating_add(1),
            until: now,
        });
        let over = entry.into_value().count.saturating_sub(FREE_ACCOUNT);
        Ok((Duration::from_millis(100) * over).min(SLOW_MAX))
    }

    /// The attempt was right: what it counted is taken back and the address is familiar from now on.
    pub fn succeed(&self, account: &str, address: IpAddr) {
        let address = network(address);
        let pair = Key::Pair(account.to_owned(), address);
        self.tries.invalidate(&pair);
        for key in [Key::Address(address), Key::Account(account.to_owned())] {
            self.tries.entry(key).and_compute_with(|old| match old {
                Some(old) => {
                    let old = old.into_value();
                    Op::Put(Tries { count: old.count.saturating_sub(1), ..old })
                }
                None => Op::Nop,
            });
        }
        self.familiar.insert(pair, ());
    }

    fn count(&self, now: Instant, key: Key, free: u32) -> Result<(), u64> {
        let mut wait_s = None;
        self.tries.entry(key).and_compute_with(|old| {
            let old = old.map_or(Tries { count: 0, until: now }, |old| old.into_value());
            if old.until > now {
                wait_s = Some((old.until - now).as_secs() + 1);
                return Op::Nop;
            }
            let count = old.count.saturating_add(1);
            let delay_s = if count < free { 0 } else { (1 << (count - free).min(6)).min(WAIT_MAX_S) };
            Op::Put(Tries { count, until: now + Duration::from_secs(delay_s) })
        });
        wait_s.map_or(Ok(()), Err)
    }
}

/// The network that one customer usually has: a whole IPv6 /64 counts as one address.
fn network(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V6(v6) => match v6.to_ipv4_mapped() {
            Some(v4) => IpAddr::V4(v4),
            None => IpAddr::V6((u128::from(v6) & (u128::MAX << 64)).into()),
        },
        v4 => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(n: u8) -> IpAddr {
        IpAddr::from([10, 0, n, 1])
    }

    #[test]
    fn guessing_from_one_address_is_slow() {
        let throttle = Throttle::default();
        let start = Instant::now();
        let (mut now, mut tried) = (start, 0);
        while now < start + Duration::from_secs(3600) {
            match throttle.begin(now, "a", address(1)) {
                Ok(_) => tried += 1,
                Err(wait_s) => now += Duration::from_secs(wait_s),
            }
        }
        assert!((50..80).contains(&tried), "{tried} guesses in an hour");
    }

    #[test]
    fn trying_many_accounts_from_one_address_is_slow_too() {
        let throttle = Throttle::default();
        let now = Instant::now();
        let tried = (0..1000).filter(|n| throttle.begin(now, &format!("a{n}"), address(1)).is_ok()).count();
        assert_eq!(tried, FREE_ADDRESS as usize);
    }

    #[test]
    fn nobody_is_locked_out_by_others() {
        let throttle = Throttle::default();
        let now = Instant::now();
        throttle.begin(now, "owner", address(1)).expect("first");
        throttle.succeed("owner", address(1));
        for n in 2..=200 {
            for _ in 0..10 {
                let _ = throttle.begin(now, "owner", address(n));
            }
        }
        assert_eq!(throttle.begin(now, "owner", address(1)), Ok(Duration::ZERO), "from a familiar address");
        assert_eq!(throttle.begin(now, "owner", address(250)), Ok(SLOW_MAX), "from a new one: slower, but let in");
    }

    #[test]
    fn an_ipv6_network_is_one_address() {
        let [a, b]: [IpAddr; 2] = ["2001:db8::1".parse().expect("v6"), "2001:db8::ffff:2".parse().expect("v6")];
        assert_eq!(network(a), network(b));
        assert_eq!(network("::ffff:10.0.1.1".parse().expect("mapped")), address(1));
    }
}
