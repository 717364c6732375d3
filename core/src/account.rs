//! On whose account work is done, and how much of what all have to share one of them may hold at once. Whoever is over waits for their own
//! work to end, so that nobody is kept waiting by what somebody else asks for.

use std::collections::HashMap;
use std::future::Future;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::id::{AccessTokenId, UserId};
use crate::policy::Access;

tokio::task_local! {
    static ACCOUNT: Option<Account>;
}

/// On whose account something is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Account {
    /// A person's, with all their sessions.
    Person(UserId),
    /// An access token's.
    Token(AccessTokenId),
    /// That of whoever comes from there; of IPv6 the network, as everybody has all of its addresses.
    Peer(Option<IpAddr>),
}

impl Account {
    /// The account of a caller; without access, that of where they come from.
    pub fn of(access: Option<&Access>, peer: Option<IpAddr>) -> Account {
        match access {
            Some(access) => access.token().map_or(Account::Person(access.person()), Account::Token),
            None => Account::Peer(peer.map(network)),
        }
    }

    /// Does work on this account. Whatever is spawned within it is on nobody's.
    pub async fn doing<F: Future>(self, work: F) -> F::Output {
        ACCOUNT.scope(Some(self), work).await
    }

    /// Does work that many wait for, whoever of them happens to do it.
    pub async fn doing_for_all<F: Future>(work: F) -> F::Output {
        ACCOUNT.scope(None, work).await
    }

    /// On whose account the work under way is done; None: the server's own.
    pub fn present() -> Option<Account> {
        ACCOUNT.try_with(|account| *account).ok().flatten()
    }
}

fn network(peer: IpAddr) -> IpAddr {
    match peer.to_canonical() {
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() >> 64 << 64)),
        v4 => v4,
    }
}

/// What each account may have of a number of things.
#[derive(Debug, Clone)]
pub struct Shares {
    each: usize,
    /// Of those who hold or wait for something, and of nobody else.
    held: Arc<Mutex<HashMap<Account, Arc<Semaphore>>>>,
}

impl Shares {
    /// So many percent of all: at least one of them. None when that is all of them, and there is nothing to be shared out.
    pub fn of(all: usize, percent: usize) -> Option<Shares> {
        let each = all.saturating_mul(percent).div_ceil(100).clamp(1, Semaphore::MAX_PERMITS);
        (each < all).then(|| Shares { each, held: Arc::default() })
    }

    /// How many each may have.
    pub fn each(&self) -> usize {
        self.each
    }

    /// One of those that an account may have, when one is free.
    pub fn try_take(&self, account: Account) -> Option<Share> {
        let mut share = self.open(account);
        share.permit = self.semaphore(account).try_acquire_owned().ok();
        share.permit.is_some().then_some(share)
    }

    /// So many of those that an account may have, when they are free.
    pub fn try_take_many(&self, account: Account, count: u32) -> Option<Share> {
        let mut share = self.open(account);
        share.permit = self.semaphore(account).try_acquire_many_owned(count).ok();
        share.permit.is_some().then_some(share)
    }

    /// One of those that an account may have, as soon as one is free: in the order in which they were asked for.
    pub async fn take(&self, account: Account) -> Share {
        let mut share = self.open(account);
        let semaphore = self.semaphore(account);
        // It is never closed.
        share.permit = semaphore.acquire_owned().await.ok();
        share
    }

    fn open(&self, account: Account) -> Share {
        Share { account, permit: None, shares: self.clone() }
    }

    fn semaphore(&self, account: Account) -> Arc<Semaphore> {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        held.entry(account).or_insert_with(|| Arc::new(Semaphore::new(self.each))).clone()
    }
}

/// One or more of those that an account may have, until this is dropped.
#[derive(Debug)]
pub struct Share {
    account: Account,
    permit: Option<OwnedSemaphorePermit>,
    shares: Shares,
}

impl Drop for Share {
    fn drop(&mut self) {
        drop(self.permit.take());
        let mut held = self.shares.held.lock().unwrap_or_else(PoisonError::into_inner);
        // Who holds or waits for something has another pointer to it, and nobody gets one but under this lock.
        if held.get(&self.account).is_some_and(|semaphore| Arc::strong_count(semaphore) == 1) {
            held.remove(&self.account);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    use uuid::Uuid;

    fn ann() -> Account {
        Account::Person(UserId(Uuid::from_u128(1)))
    }

    #[tokio::test]
    async fn each_may_have_a_part_of_all_and_waits_for_no_more_than_their_own() {
        let shares = Shares::of(7, 50).expect("less than all");
        assert_eq!(shares.each(), 4);
        let held: Vec<Share> = (0..4).filter_map(|_| shares.try_take(ann())).collect();
        assert_eq!((held.len(), shares.try_take(ann()).is_none()), (4, true));
        assert!(shares.try_take(Account::Peer(None)).is_some(), "others have their own");
        let waiting = tokio::spawn({
            let shares = shares.clone();
            async move { drop(shares.take(ann()).await) }
        });
        tokio::time::sleep(Duration::from_millis(50)).await;
        assert!(!waiting.is_finished());
        drop(held);
        waiting.await.expect("had its turn");
        assert_eq!(shares.held.lock().expect("whole").len(), 0, "whoever holds nothing is forgotten");
    }

    #[tokio::test]
    async fn who_waits_no_longer_leaves_nothing_behind() {
        let shares = Shares::of(2, 50).expect("less than all");
        let held = shares.try_take(ann()).expect("free");
        for _ in 0..3 {
            assert!(tokio::time::timeout(Duration::from_millis(10), shares.take(ann())).await.is_err());
        }
        drop(held);
        assert_eq!(shares.held.lock().expect("whole").len(), 0);
        assert!(shares.try_take(ann()).is_some());
    }

    #[test]
    fn where_a_part_is_all_there_are_no_shares() {
        assert!(Shares::of(1, 50).is_none() && Shares::of(16, 100).is_none() && Shares::of(0, 50).is_none());
        assert_eq!(Shares::of(2, 1).map(|shares| shares.each()), Some(1));
    }

    #[test]
    fn strangers_are_told_apart_by_address_and_network() {
        let peer = |text: &str| Account::of(None, Some(text.parse().expect("an address")));
        assert_eq!(peer("2001:db8:1:2:aaaa::1"), peer("2001:db8:1:2:ffff::2"));
        assert_ne!(peer("2001:db8:1:2::1"), peer("2001:db8:1:3::1"));
        assert_ne!(peer("192.0.2.1"), peer("192.0.2.2"));
        assert_eq!(peer("::ffff:192.0.2.1"), peer("192.0.2.1"));
        assert_eq!(Account::of(None, None), Account::Peer(None));
    }

    #[tokio::test]
    async fn work_knows_on_whose_account_it_is() {
        assert_eq!(Account::present(), None);
        assert_eq!(ann().doing(async { Account::present() }).await, Some(ann()));
        assert_eq!(ann().doing(Account::doing_for_all(async { Account::present() })).await, None);
    }
}
