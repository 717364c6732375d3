//! Which idempotency keys are at work in this server. A storage with one writer makes all wait in one queue, whatever their keys: who gives up
//! there hears of a first attempt only if there is one (rule I8). Elsewhere the row of the key says so.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::storage::IdempotencyKey;

/// The keys at work, each with how many attempts there are.
#[derive(Debug, Default)]
pub(super) struct Underway(Mutex<HashMap<IdempotencyKey, u32>>);

/// One attempt with a key, until it is dropped.
#[derive(Debug)]
pub(super) struct Place<'u> {
    underway: &'u Underway,
    /// The key.
    pub key: IdempotencyKey,
    /// Whether another attempt with the key was at work when this one came.
    pub is_repeat: bool,
}

impl Underway {
    /// An attempt with this key begins.
    pub(super) fn enter(&self, key: IdempotencyKey) -> Place<'_> {
        let mut keys = self.keys();
        let attempts = keys.entry(key.clone()).or_default();
        *attempts += 1;
        Place { underway: self, key, is_repeat: *attempts > 1 }
    }

    fn keys(&self) -> MutexGuard<'_, HashMap<IdempotencyKey, u32>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        let mut keys = self.underway.keys();
        if let Some(attempts) = keys.get_mut(&self.key) {
            *attempts -= 1;
            if *attempts == 0 {
                keys.remove(&self.key);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::UserId;

    #[test]
    fn i8_a_key_is_at_work_until_its_last_attempt_ends() {
        let underway = Underway::default();
        let key = |key: &str| IdempotencyKey { person: UserId::SYSTEM, mutation: "invite", key: key.to_owned() };
        let first = underway.enter(key("a"));
        assert!(!first.is_repeat && !underway.enter(key("b")).is_repeat);
        let second = underway.enter(key("a"));
        assert!(second.is_repeat);
        drop(first);
        assert!(underway.enter(key("a")).is_repeat);
        drop(second);
        assert!(!underway.enter(key("a")).is_repeat && underway.keys().is_empty());
    }
}
