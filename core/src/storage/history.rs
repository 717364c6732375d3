//! Events, and outcomes of operations that may be repeated.

use async_trait::async_trait;

use super::Result;
use crate::event::{Event, EventFilter, NewEvent};
use crate::id::{EventId, UserId};
use crate::page::{PageRequest, Slice};
use crate::policy::EventScope;
use crate::time::Timestamp;

/// What identifies a repeated operation (rule I8).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct IdempotencyKey {
    /// Who.
    pub person: UserId,
    /// Name of the mutation.
    pub mutation: &'static str,
    /// The key given.
    pub key: String,
}

/// What is known of an operation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IdempotencyState {
    /// Nothing: this transaction has it now.
    Fresh,
    /// It was committed with this input and outcome.
    Done {
        /// SHA-256 of the input.
        fingerprint: [u8; 32],
        /// The outcome, as JSON.
        outcome: String,
    },
}

/// Reading history.
#[async_trait]
pub trait HistoryRead: Send + Sync {
    /// Events behind a sequence number, ascending, at most `limit`.
    async fn events_after(&self, sequence: i64, limit: u32) -> Result<Vec<Event>>;

    /// The number of the last event that was committed; 0 before the first. Whoever reads the events behind a number afterwards finds all
    /// up to this one.
    async fn events_last(&self) -> Result<i64>;

    /// These events, as far as they are in the scope, in any order.
    async fn events_by_id(&self, ids: &[EventId], scope: &EventScope) -> Result<Vec<Event>>;

    /// A page of the events in the scope that match, latest first: key (sequence, nil), descending. Where the scope does not tell who
    /// dismissed somebody, a condition on actors takes it for the system.
    async fn events_page(&self, scope: &EventScope, filter: &EventFilter, page: &PageRequest) -> Result<Slice<Event>>;

    /// How many events in the scope match.
    async fn events_count(&self, scope: &EventScope, filter: &EventFilter) -> Result<u64>;

    /// A page of the events of each of these people: one entry for each, in the order given.
    async fn events_page_by_subject(
        &self,
        subjects: &[UserId],
        scope: &EventScope,
        filter: &EventFilter,
        page: &PageRequest,
    ) -> Result<Vec<Slice<Event>>>;

    /// How many events of each of these people match, in the order given.
    async fn events_count_by_subject(&self, subjects: &[UserId], scope: &EventScope, filter: &EventFilter) -> Result<Vec<u64>>;
}

/// Writing history.
#[async_trait]
pub trait HistoryWrite: Send + Sync {
    /// Appends events, last of all writes: numbers follow the order of commits, so whoever appends holds the end of the history until
    /// the transaction ends.
    async fn events_append(&mut self, events: &[NewEvent]) -> Result<()>;

    /// Takes a key, unless it was taken after `since` (not: at `since`) by a transaction that finished it and was committed. While another
    /// transaction has it, waits up to the lock timeout for its end, then Conflict.
    async fn idempotency_begin(
        &mut self,
        key: &IdempotencyKey,
        fingerprint: [u8; 32],
        now: Timestamp,
        since: Timestamp,
    ) -> Result<IdempotencyState>;

    /// Stores the outcome under a key that this transaction took.
    async fn idempotency_finish(&mut self, key: &IdempotencyKey, outcome: &str) -> Result<()>;

    /// Removes outcomes of keys that were taken at `until` or before, at most `limit`, those first that were taken first; returns how many.
    /// Keys that another transaction holds are left alone, and not waited for.
    async fn idempotency_forget(&mut self, until: Timestamp, limit: u32) -> Result<u64>;
}
