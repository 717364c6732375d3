//! How much each caller may spend in a minute.
//!
//! Windows are the same for everybody, so what was spent in the last one is forgotten at once, however many callers there were; nothing ever
//! looks through all of them. Memory has a bound: when there is no place left for a caller who has none, they share one of a fixed number of
//! accounts with others, by a keyed hash, so that whoever fills the places with made-up addresses cannot choose whom they take theirs from.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::{Mutex, PoisonError};

use tenure_core::account::Account;
use tenure_core::time::Timestamp;

use crate::graphql::Budget;

/// Length of a window, in seconds.
const WINDOW_SECONDS: i64 = 60;
/// Callers with an account of their own, of those who are signed in and of those who are not: some 4 MiB each.
const ACCOUNTS_MAX: usize = 100_000;
/// Accounts that the others share.
const SHARED: usize = 1_024;

/// What callers have spent.
pub struct Budgets {
    limit: u32,
    accounts_max: usize,
    hash: RandomState,
    window: Mutex<Window>,
}

#[derive(Default)]
struct Window {
    /// The last one, to tell when the next has begun.
    number: i64,
    signed_in: HashMap<Account, u32>,
    others: HashMap<Account, u32>,
    shared: Vec<u32>,
}

impl Budgets {
    /// With so many points a minute for each.
    pub fn new(limit: u32) -> Budgets {
        Budgets::with_room(limit, ACCOUNTS_MAX)
    }

    fn with_room(limit: u32, accounts_max: usize) -> Budgets {
        Budgets { limit, accounts_max, hash: RandomState::new(), window: Mutex::default() }
    }

    /// Takes points from an account: all of them, or none when there are not so many left. Gives how the account stands then.
    pub fn charge(&self, account: Account, cost: u32, now: Timestamp) -> Result<Budget, Budget> {
        let (remaining, resets_at, is_paid) = self.change(account, now, |spent| match spent.checked_add(cost) {
            Some(sum) if sum <= self.limit => Some(sum),
            Some(_) | None => None,
        });
        let budget = Budget { limit: self.limit, remaining, resets_at };
        if is_paid { Ok(budget) } else { Err(budget) }
    }

    /// Gives points back for an operation that was not run after all.
    pub fn refund(&self, account: Account, cost: u32, now: Timestamp) {
        self.change(account, now, |spent| Some(spent.saturating_sub(cost)));
    }

    /// What is left, when the window ends, and whether there was a change.
    fn change(&self, account: Account, now: Timestamp, change: impl FnOnce(u32) -> Option<u32>) -> (u32, Timestamp, bool) {
        let number = now.unix_seconds().div_euclid(WINDOW_SECONDS);
        let mut window = self.window.lock().unwrap_or_else(PoisonError::into_inner);
        // Clocks are set back by a little at times, which opens no window again; by more when they were wrong.
        if number > window.number || number < window.number - 1 {
            *window = Window { number, ..Window::default() };
        }
        let resets_at = Timestamp(0).plus_seconds((window.number + 1).saturating_mul(WINDOW_SECONDS));
        let spent = self.spent(&mut window, account);
        let changed = change(*spent);
        let is_changed = changed.is_some();
        *spent = changed.unwrap_or(*spent);
        (self.limit.saturating_sub(*spent), resets_at, is_changed)
    }

    fn spent<'w>(&self, window: &'w mut Window, account: Account) -> &'w mut u32 {
        let Window { signed_in, others, shared, .. } = window;
        let accounts = match account {
            Account::Person(_) | Account::Token(_) => signed_in,
            Account::Peer(_) => others,
        };
        if accounts.len() < self.accounts_max || accounts.contains_key(&account) {
            return accounts.entry(account).or_default();
        }
        if shared.is_empty() {
            *shared = vec![0; SHARED];
        }
        let place = usize::try_from(self.hash.hash_one(account) % SHARED as u64).unwrap_or_default();
        &mut shared[place]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::IpAddr;

    use tenure_core::id::UserId;
    use uuid::Uuid;

    const NOON: Timestamp = Timestamp(1_795_000_020 * Timestamp::SECOND);

    fn ann() -> Account {
        Account::Person(UserId(Uuid::from_u128(1)))
    }

    #[test]
    fn a_budget_is_spent_to_the_last_point_and_comes_back_with_the_next_window() {
        let budgets = Budgets::new(100);
        let resets_at = Timestamp(1_795_000_080 * Timestamp::SECOND);
        assert_eq!(NOON.unix_seconds() % 60, 0, "a window begins");
        assert_eq!(budgets.charge(ann(), 60, NOON), Ok(Budget { limit: 100, remaining: 40, resets_at }));
        assert_eq!(budgets.charge(ann(), 41, NOON), Err(Budget { limit: 100, remaining: 40, resets_at }));
        assert_eq!(budgets.charge(ann(), 40, NOON.plus_seconds(59)), Ok(Budget { limit: 100, remaining: 0, resets_at }));
        assert!(budgets.charge(ann(), 1, NOON.plus_seconds(59)).is_err());
        assert_eq!(budgets.charge(Account::Peer(None), 100, NOON).map(|b| b.remaining), Ok(0), "others have their own");
        assert_eq!(budgets.charge(ann(), 1, NOON.plus_seconds(60)).map(|b| b.remaining), Ok(99));
        assert_eq!(budgets.charge(ann(), 1, NOON).map(|b| b.remaining), Ok(98), "a clock set back opens no window again");
        assert!(budgets.charge(ann(), u32::MAX, NOON).is_err());
        budgets.refund(ann(), 1, NOON);
        assert_eq!(budgets.charge(ann(), 99, NOON).map(|b| b.remaining), Ok(0));
    }

    #[test]
    fn strangers_cannot_fill_the_memory_nor_take_the_places_of_those_who_have_one() {
        let budgets = Budgets::with_room(100, 50);
        let peer = |number: u32| Account::Peer(Some(IpAddr::V4(number.into())));
        for number in 0..100_000 {
            let _ = budgets.charge(peer(number), 1, NOON);
        }
        let window = budgets.window.lock().expect("whole");
        assert_eq!((window.others.len(), window.shared.len(), window.signed_in.len()), (50, SHARED, 0));
        drop(window);
        assert_eq!(budgets.charge(peer(7), 99, NOON).map(|b| b.remaining), Ok(0), "who was first keeps an account");
        assert!(budgets.charge(ann(), 100, NOON).is_ok(), "who is signed in has nothing to do with it");
        assert!(budgets.charge(peer(200_000), 100, NOON).is_err(), "the others share");
        assert!(budgets.charge(peer(200_000), 100, NOON.plus_seconds(60)).is_ok());
    }
}
