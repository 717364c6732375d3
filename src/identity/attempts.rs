//! Limits on wrong passwords: for each address and for each peer, in this process (rule S3).

use std::collections::{HashMap, VecDeque};
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, PoisonError};

use tenure_core::clock::Clock;
use tenure_core::secret::fingerprint;
use tenure_core::time::Timestamp;

/// How far back failures count, in seconds.
const WINDOW_SECONDS: i64 = 15 * 60;
/// Failures of one address within the window.
const ADDRESS_MAX: usize = 10;
/// Failures of one peer within the window.
const PEER_MAX: usize = 100;
/// From this many keys on, those without recent failures are dropped with each attempt.
const KEYS_MANY: usize = 10_000;

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Key {
    /// By its hash: what is no address may be of any length.
    Address([u8; 32]),
    Peer(IpAddr),
}

/// Counts failed attempts.
pub struct Attempts {
    clock: Arc<dyn Clock>,
    failures: Mutex<HashMap<Key, VecDeque<Timestamp>>>,
}

/// One attempt under way. It counts as failed unless it is said to have succeeded, so that many at once cannot slip through.
#[must_use = "say whether it succeeded"]
pub struct Attempt<'a> {
    attempts: &'a Attempts,
    keys: Vec<Key>,
    at: Timestamp,
}

impl Attempts {
    /// None so far.
    pub fn new(clock: Arc<dyn Clock>) -> Attempts {
        Attempts { clock, failures: Mutex::new(HashMap::new()) }
    }

    /// Begins an attempt on the address of that key; None while the address or the peer is limited, the right password included.
    pub fn begin(&self, address_key: &str, peer: Option<IpAddr>) -> Option<Attempt<'_>> {
        let now = self.clock.now();
        let oldest = now.plus_seconds(-WINDOW_SECONDS);
        let keys: Vec<Key> = std::iter::once(Key::Address(fingerprint(address_key))).chain(peer.map(|p| Key::Peer(network(p)))).collect();
        let mut failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        if failures.len() > KEYS_MANY {
            failures.retain(|_, times| times.back().is_some_and(|at| *at > oldest));
        }
        let is_limited = keys.iter().any(|key| {
            failures.get_mut(key).is_some_and(|times| {
                while times.front().is_some_and(|at| *at <= oldest) {
                    times.pop_front();
                }
                times.len() >= maximum(key)
            })
        });
        if is_limited {
            return None;
        }
        for key in &keys {
            failures.entry(key.clone()).or_default().push_back(now);
        }
        drop(failures);
        Some(Attempt { attempts: self, keys, at: now })
    }
}

impl Attempt<'_> {
    /// It was the right password: does not count.
    pub fn succeeded(self) {
        let mut failures = self.attempts.failures.lock().unwrap_or_else(PoisonError::into_inner);
        for key in &self.keys {
            if let Some(times) = failures.get_mut(key)
                && let Some(position) = times.iter().rposition(|at| *at == self.at)
            {
                times.remove(position);
                if times.is_empty() {
                    failures.remove(key);
                }
            }
        }
    }

    /// It was not: counts.
    pub fn failed(self) {}
}

fn maximum(key: &Key) -> usize {
    match key {
        Key::Address(_) => ADDRESS_MAX,
        Key::Peer(_) => PEER_MAX,
    }
}

/// Who has one IPv6 address has 2^64 of them.
fn network(peer: IpAddr) -> IpAddr {
    match peer.to_canonical() {
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() >> 64 << 64)),
        v4 => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tenure_core::clock::FixedClock;

    const NOW: Timestamp = Timestamp(1_800_000_000 * Timestamp::SECOND);

    fn attempts() -> (Arc<FixedClock>, Attempts) {
        let clock = Arc::new(FixedClock::new(NOW));
        (clock.clone(), Attempts::new(clock))
    }

    #[test]
    fn s3_ten_failures_of_an_address_in_fifteen_minutes() {
        let (clock, attempts) = attempts();
        for _ in 0..10 {
            attempts.begin("ann@x.example", None).expect("not limited yet").failed();
        }
        assert!(attempts.begin("ann@x.example", None).is_none());
        assert!(attempts.begin("bob@x.example", None).is_some());
        clock.set(NOW.plus_seconds(15 * 60 - 1));
        assert!(attempts.begin("ann@x.example", None).is_none());
        clock.set(NOW.plus_seconds(15 * 60));
        assert!(attempts.begin("ann@x.example", None).is_some());
    }

    #[test]
    fn s3_successes_do_not_count() {
        let (_, attempts) = attempts();
        for _ in 0..200 {
            attempts.begin("ann@x.example", "192.0.2.1".parse().ok()).expect("not limited").succeeded();
        }
    }

    #[test]
    fn s3_a_hundred_failures_of_a_peer_over_all_addresses() {
        let (_, attempts) = attempts();
        for n in 0..100u32 {
            let peer = format!("2001:db8::{n:x}").parse().ok();
            attempts.begin(&format!("{n}@x.example"), peer).expect("not limited yet").failed();
        }
        assert!(attempts.begin("new@x.example", "2001:db8::ffff".parse().ok()).is_none(), "one network is one peer");
        assert!(attempts.begin("new@x.example", "2001:db8:1::1".parse().ok()).is_some());
    }

    #[test]
    fn s3_attempts_at_once_are_counted_before_they_end() {
        let (_, attempts) = attempts();
        let open: Vec<_> = (0..20).filter_map(|_| attempts.begin("ann@x.example", None)).collect();
        assert_eq!(open.len(), 10);
    }
}
