//! Limits on wrong passwords: for each address and for each peer, in this process (rule S3).
//!
//! Whoever attacks may have any number of addresses and networks. So nothing here grows beyond a fixed size, no attempt costs more than
//! another, and nobody is forgotten to make room: when more names have failed lately than there is room for, the names that come after share
//! a large number of counters, in a way that nobody outside can foretell. Sharing makes limits stricter, never laxer.

use std::collections::VecDeque;
use std::collections::hash_map::{Entry, HashMap, RandomState};
use std::hash::BuildHasher;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tenure_core::clock::Clock;
use tenure_core::secret::fingerprint;
use tenure_core::time::Timestamp;
use tokio::sync::oneshot;

/// How far back failures count, in seconds.
const WINDOW_SECONDS: i64 = 15 * 60;
/// Failures of one address within the window.
const ADDRESS_MAX: usize = 10;
/// Failures of one peer within the window.
const PEER_MAX: usize = 100;
/// Addresses, or peers, that have a counter of their own at most.
const NAMES_MAX: usize = 1 << 16;
/// Counters that the others share.
const SHARED: usize = 1 << 14;
/// Names that are looked at, with each attempt, whether they can be forgotten: more than an attempt can add.
const TIDIED: usize = 2;

/// Attempts that wait for others to end, at most: far more than passwords can be compared meanwhile.
const WAITING_MAX: usize = 256;

/// Counts failed attempts.
pub struct Attempts {
    clock: Arc<dyn Clock>,
    inside: Arc<Mutex<Inside>>,
}

struct Inside {
    /// By hash: what is no address may be of any length.
    addresses: Counters<[u8; 32]>,
    /// Apart, so that a flood of addresses touches no peer.
    peers: Counters<IpAddr>,
    /// Those who wait for attempts under way to end, in the order in which they came.
    waiting: VecDeque<Waiting>,
}

struct Waiting {
    name: Name,
    answer: oneshot::Sender<Option<Attempt>>,
}

/// What an attempt is counted by.
#[derive(Clone, Copy)]
struct Name {
    address: [u8; 32],
    peer: Option<IpAddr>,
}

/// How it stands with a name.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Standing {
    /// There may be one more attempt.
    Free,
    /// Not before one of those under way has ended, as it may have failed.
    Full,
    /// As many have failed as may.
    Limited,
}

/// One attempt under way. It counts as failed unless it is said to have succeeded, so that many at once cannot slip through.
#[must_use = "say whether it succeeded"]
pub struct Attempt {
    clock: Arc<dyn Clock>,
    inside: Arc<Mutex<Inside>>,
    name: Name,
    /// Where it is counted.
    address: Counted,
    peer: Option<Counted>,
    at: Timestamp,
    has_failed: bool,
}

impl Attempts {
    /// None so far.
    pub fn new(clock: Arc<dyn Clock>) -> Attempts {
        Attempts::sized(clock, NAMES_MAX, SHARED)
    }

    fn sized(clock: Arc<dyn Clock>, names_max: usize, shared: usize) -> Attempts {
        let (addresses, peers) = (Counters::new(ADDRESS_MAX, names_max, shared), Counters::new(PEER_MAX, names_max, shared));
        Attempts { clock, inside: Arc::new(Mutex::new(Inside { addresses, peers, waiting: VecDeque::new() })) }
    }

    /// Begins an attempt on the address of that key; None while the address or the peer is limited, the right password included, and while
    /// it would be if those under way failed.
    pub fn begin(&self, address_key: &str, peer: Option<IpAddr>) -> Option<Attempt> {
        let name = Name { address: fingerprint(address_key), peer: peer.map(network) };
        let mut inside = lock(&self.inside);
        match inside.standing(&name, self.clock.now()) {
            Standing::Free => Some(self.attempt(&mut inside, name)),
            Standing::Full | Standing::Limited => None,
        }
    }

    /// The same, but waits while only attempts under way are in the way: nobody is turned away before as many have failed as may. Whoever
    /// came first begins first. None, too, when very many wait already.
    pub async fn begin_in_turn(&self, address_key: &str, peer: Option<IpAddr>) -> Option<Attempt> {
        let name = Name { address: fingerprint(address_key), peer: peer.map(network) };
        let answer = {
            let mut inside = lock(&self.inside);
            match inside.standing(&name, self.clock.now()) {
                Standing::Free => return Some(self.attempt(&mut inside, name)),
                Standing::Limited => return None,
                Standing::Full if inside.waiting.len() >= WAITING_MAX => return None,
                Standing::Full => {
                    let (answer, answered) = oneshot::channel();
                    inside.waiting.push_back(Waiting { name, answer });
                    answered
                }
            }
        };
        let mut attempt = answer.await.ok().flatten()?;
        attempt.has_failed = true;
        Some(attempt)
    }

    fn attempt(&self, inside: &mut Inside, name: Name) -> Attempt {
        inside.attempt(name, &self.clock, &self.inside)
    }
}

fn lock(inside: &Mutex<Inside>) -> MutexGuard<'_, Inside> {
    inside.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Inside {
    fn standing(&mut self, name: &Name, now: Timestamp) -> Standing {
        self.addresses.tidy(now);
        self.peers.tidy(now);
        let peer = name.peer.map_or(Standing::Free, |peer| self.peers.standing(&peer, now));
        self.addresses.standing(&name.address, now).max(peer)
    }

    fn attempt(&mut self, name: Name, clock: &Arc<dyn Clock>, inside: &Arc<Mutex<Inside>>) -> Attempt {
        let at = clock.now();
        let (address, peer) = (self.addresses.add(name.address, at), name.peer.map(|peer| self.peers.add(peer, at)));
        Attempt { clock: clock.clone(), inside: inside.clone(), name, address, peer, at, has_failed: true }
    }

    /// Lets those in who wait no longer for anybody, and tells those who are limited. Gives back what nobody took.
    fn call_in(&mut self, clock: &Arc<dyn Clock>, inside: &Arc<Mutex<Inside>>) -> Vec<Attempt> {
        let mut unwanted = Vec::new();
        for Waiting { name, answer } in std::mem::take(&mut self.waiting) {
            let answered = match self.standing(&name, clock.now()) {
                // Who does not wait any more takes no place.
                _ if answer.is_closed() => continue,
                Standing::Full => {
                    self.waiting.push_back(Waiting { name, answer });
                    continue;
                }
                Standing::Free => {
                    let mut attempt = self.attempt(name, clock, inside);
                    // Until it is taken: nothing is compared in an attempt that nobody makes.
                    attempt.has_failed = false;
                    answer.send(Some(attempt))
                }
                Standing::Limited => answer.send(None),
            };
            unwanted.extend(answered.err().flatten());
        }
        unwanted
    }
}

impl Attempt {
    /// It was the right password: does not count.
    pub fn succeeded(mut self) {
        self.has_failed = false;
    }

    /// No password was compared: does not count.
    pub fn came_to_nothing(self) {
        self.succeeded();
    }

    /// It was not: counts.
    pub fn failed(self) {}

    /// Nothing was compared: does not count.
    pub fn withdrawn(self) {
        self.succeeded();
    }
}

impl Drop for Attempt {
    fn drop(&mut self) {
        let unwanted = {
            let mut inside = lock(&self.inside);
            inside.addresses.end(&self.name.address, self.address, self.at, self.has_failed);
            if let (Some(peer), Some(counted)) = (&self.name.peer, self.peer) {
                inside.peers.end(peer, counted, self.at, self.has_failed);
            }
            inside.call_in(&self.clock, &self.inside)
        };
        // Each lets others in, so not under the lock.
        unwanted.into_iter().for_each(Attempt::withdrawn);
    }
}

/// Who has one IPv6 address has 2^64 of them.
fn network(peer: IpAddr) -> IpAddr {
    match peer.to_canonical() {
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() >> 64 << 64)),
        v4 => v4,
    }
}

/// When somebody failed lately, oldest first, and what is under way, by when it began; never more than the limit.
#[derive(Default)]
struct Failures {
    at: VecDeque<Timestamp>,
    /// How many of these are under way.
    open: usize,
}

/// Where an attempt is counted.
#[derive(Clone, Copy)]
enum Counted {
    Alone,
    WithOthers,
}

impl Failures {
    /// How many count still, those under way included.
    fn count(&mut self, now: Timestamp) -> usize {
        let oldest = now.plus_seconds(-WINDOW_SECONDS);
        while self.at.front().is_some_and(|at| *at <= oldest) {
            self.at.pop_front();
        }
        if self.at.is_empty() {
            self.at = VecDeque::new();
        }
        self.at.len()
    }

    fn begin(&mut self, at: Timestamp) {
        self.at.push_back(at);
        self.open += 1;
    }

    fn end(&mut self, at: Timestamp, has_failed: bool) {
        self.open = self.open.saturating_sub(1);
        if !has_failed && let Some(position) = self.at.iter().rposition(|failure| *failure == at) {
            self.at.remove(position);
        }
    }
}

struct Counters<N> {
    maximum: usize,
    names_max: usize,
    own: HashMap<N, Failures>,
    /// Every name of `own` once, in the order in which they are looked at.
    order: VecDeque<N>,
    shared: Vec<Failures>,
    /// Keyed at random.
    hasher: RandomState,
}

impl<N: Eq + std::hash::Hash + Clone> Counters<N> {
    fn new(maximum: usize, names_max: usize, shared: usize) -> Counters<N> {
        Counters {
            maximum,
            names_max,
            own: HashMap::new(),
            order: VecDeque::new(),
            shared: (0..shared).map(|_| Failures::default()).collect(),
            hasher: RandomState::new(),
        }
    }

    fn shared(&mut self, name: &N) -> Option<&mut Failures> {
        let position = self.hasher.hash_one(name) % (self.shared.len().max(1) as u64);
        self.shared.get_mut(position as usize)
    }

    /// A name that shared a counter is held to it until what is noted there is old, even when it has one of its own by then.
    fn standing(&mut self, name: &N, now: Timestamp) -> Standing {
        let look = |failures: &mut Failures| (failures.count(now), failures.open);
        let (own, own_open) = self.own.get_mut(name).map_or((0, 0), look);
        let (shared, shared_open) = self.shared(name).map_or((0, 0), look);
        match own + shared {
            all if all < self.maximum => Standing::Free,
            all if all.saturating_sub(own_open + shared_open) < self.maximum => Standing::Full,
            _ => Standing::Limited,
        }
    }

    fn add(&mut self, name: N, now: Timestamp) -> Counted {
        let has_room = self.own.len() < self.names_max;
        match self.own.entry(name.clone()) {
            Entry::Occupied(mut own) => own.get_mut().begin(now),
            Entry::Vacant(place) if has_room => {
                place.insert(Failures::default()).begin(now);
                self.order.push_back(name);
            }
            Entry::Vacant(_) => {
                if let Some(failures) = self.shared(&name) {
                    failures.begin(now);
                }
                return Counted::WithOthers;
            }
        }
        Counted::Alone
    }

    fn end(&mut self, name: &N, counted: Counted, at: Timestamp, has_failed: bool) {
        let failures = match counted {
            Counted::Alone => self.own.get_mut(name),
            Counted::WithOthers => self.shared(name),
        };
        if let Some(failures) = failures {
            failures.end(at, has_failed);
        }
    }

    /// Forgets names that have nothing that counts. Looks at a few of them, each in its turn.
    fn tidy(&mut self, now: Timestamp) {
        for _ in 0..TIDIED {
            let Some(name) = self.order.pop_front() else { return };
            match self.own.get_mut(&name).map(|failures| failures.count(now) + failures.open) {
                Some(0) => drop(self.own.remove(&name)),
                Some(_) => self.order.push_back(name),
                None => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::Ipv4Addr;
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

    /// Thirty at once, each of which takes a while; `is_right` says of which it is the right password. Gives who was let in, in their order.
    async fn crowd(attempts: &Attempts, is_right: impl Fn(usize) -> bool) -> Vec<usize> {
        let let_in = Mutex::new(Vec::new());
        let all = (0..30).map(|number| {
            let (let_in, is_right) = (&let_in, &is_right);
            async move {
                let Some(attempt) = attempts.begin_in_turn("ann@x.example", "192.0.2.1".parse().ok()).await else { return };
                let_in.lock().expect("whole").push(number);
                tokio::time::sleep(std::time::Duration::from_millis(5)).await;
                if is_right(number) { attempt.succeeded() } else { attempt.failed() }
            }
        });
        let all = futures_util::future::join_all(all);
        tokio::time::timeout(std::time::Duration::from_secs(10), all).await.expect("nobody waits for good");
        let_in.into_inner().expect("whole")
    }

    #[tokio::test]
    async fn s3_who_is_in_the_way_of_nobody_who_failed_waits_and_is_let_in_in_turn() {
        let (_, attempts) = attempts();
        assert_eq!(crowd(&attempts, |_| true).await, (0..30).collect::<Vec<_>>());
        assert!(attempts.begin("ann@x.example", None).is_some(), "nothing counts");
        assert!(lock(&attempts.inside).waiting.is_empty());
    }

    #[tokio::test]
    async fn s3_of_many_wrong_ones_at_once_ten_are_let_in() {
        let (_, attempts) = self::attempts();
        assert_eq!(crowd(&attempts, |_| false).await, (0..10).collect::<Vec<_>>());
        assert!(attempts.begin_in_turn("ann@x.example", None).await.is_none(), "the right one included");
        let (_, attempts) = self::attempts();
        let let_in = crowd(&attempts, |number| number % 2 == 0).await;
        let wrong = let_in.iter().filter(|number| *number % 2 == 1).count();
        assert_eq!((wrong, let_in.len()), (10, 20), "{let_in:?}");
        assert!(attempts.begin_in_turn("ann@x.example", None).await.is_none());
    }

    #[tokio::test]
    async fn s3_who_waits_no_longer_takes_no_place_and_few_wait() {
        let (_, attempts) = attempts();
        let open: Vec<_> = (0..10).filter_map(|_| attempts.begin("ann@x.example", None)).collect();
        let mut gone: Vec<_> = (0..WAITING_MAX).map(|_| Box::pin(attempts.begin_in_turn("ann@x.example", None))).collect();
        for waiting in &mut gone {
            assert!(futures_util::poll!(waiting.as_mut()).is_pending());
        }
        assert!(attempts.begin_in_turn("ann@x.example", None).await.is_none(), "too many wait");
        assert!(attempts.begin_in_turn("bob@x.example", None).await.is_some(), "others have nothing to do with it");
        drop(gone);
        open.into_iter().for_each(Attempt::succeeded);
        assert_eq!((0..20).map(|_| attempts.begin("ann@x.example", None)).collect::<Vec<_>>().iter().flatten().count(), 10);
    }

    /// How many names have a counter of their own, and how much is noted in all.
    fn size(attempts: &Attempts) -> (usize, usize) {
        let inside = attempts.inside.lock().expect("no panic");
        let shared = inside.addresses.shared.iter().map(|f| f.at.len()).sum::<usize>();
        (inside.addresses.own.len().max(inside.peers.own.len()), inside.addresses.order.len().max(shared))
    }

    #[test]
    fn s3_no_flood_of_addresses_and_networks_grows_or_frees_anything() {
        const NAMES: usize = 500;
        const COUNTERS: usize = 50;
        let clock = Arc::new(FixedClock::new(NOW));
        let attempts = Attempts::sized(clock.clone(), NAMES, COUNTERS);
        for _ in 0..10 {
            attempts.begin("ann@x.example", "192.0.2.1".parse().ok()).expect("not limited yet").failed();
        }
        let peer = |n: u32| Some(IpAddr::V4(Ipv4Addr::from_bits(0x0a00_0000 + n)));
        let flood = 5_000;
        for n in 0..flood {
            if let Some(attempt) = attempts.begin(&format!("{n}@flood.example"), peer(n)) {
                attempt.failed();
            }
        }
        let (own, noted) = size(&attempts);
        assert!(own == NAMES && noted == NAMES.max(COUNTERS * ADDRESS_MAX), "{own} {noted}");
        assert!(attempts.begin("ann@x.example", None).is_none(), "who was limited stays so");
        // A name that came too late for a counter of its own is limited all the same.
        let late = (0..11).filter(|_| attempts.begin("late@flood.example", None).is_some()).count();
        assert!(late <= 10, "{late}");
        assert!(attempts.begin("late@flood.example", None).is_none());
        // What does not count any more is forgotten bit by bit.
        clock.set(NOW.plus_seconds(15 * 60));
        for _ in 0..NAMES {
            attempts.begin("ann@x.example", None).expect("not limited any more").succeeded();
        }
        assert!(size(&attempts).0 <= 2, "{:?}", size(&attempts));
    }

    #[test]
    fn s3_nobody_outside_can_foretell_who_shares_a_counter() {
        let mut counters = [Counters::<u32>::new(1, 0, 64), Counters::new(1, 0, 64)];
        let taken = counters.each_mut().map(|counters| {
            let counted = counters.add(7, NOW);
            counters.end(&7, counted, NOW, true);
            (0..10_000).filter(|n| counters.standing(n, NOW) == Standing::Limited).collect::<Vec<_>>()
        });
        assert!(taken[0].contains(&7) && taken[1].contains(&7));
        assert_ne!(taken[0], taken[1]);
    }
}
