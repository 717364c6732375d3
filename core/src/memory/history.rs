//! Events, and outcomes of operations that may be repeated.

use std::sync::Arc;

use async_trait::async_trait;

use super::tables::{Operation, OperationKey};
use super::{Memory, Source, Working};
use crate::event::{Event, NewEvent};
use crate::storage::{HistoryRead, HistoryWrite, IdempotencyKey, IdempotencyState, Result, StorageError, Unique};
use crate::time::Timestamp;

fn operation_key(key: &IdempotencyKey) -> OperationKey {
    (key.person, key.mutation, key.key.clone())
}

#[async_trait]
impl<S: Source> HistoryRead for Memory<S> {
    async fn events_after(&self, sequence: i64, limit: u32) -> Result<Vec<Event>> {
        let tables = self.tables();
        let behind = (std::ops::Bound::Excluded(sequence), std::ops::Bound::Unbounded);
        Ok(tables.events.range(behind).take(limit as usize).map(|(_, event)| event.clone()).collect())
    }
}

#[async_trait]
impl HistoryWrite for Memory<Working> {
    async fn events_append(&mut self, events: &[NewEvent]) -> Result<()> {
        let table = Arc::make_mut(&mut self.tables_mut().events);
        for event in events {
            if table.values().any(|e| e.event.id == event.id) {
                return Err(StorageError::Taken(Unique::Id));
            }
            let sequence = table.last_key_value().map_or(0, |(last, _)| *last) + 1;
            table.insert(sequence, Event { sequence, event: event.clone() });
        }
        Ok(())
    }

    async fn idempotency_begin(
        &mut self,
        key: &IdempotencyKey,
        fingerprint: [u8; 32],
        now: Timestamp,
        since: Timestamp,
    ) -> Result<IdempotencyState> {
        let table = Arc::make_mut(&mut self.tables_mut().operations);
        if let Some(Operation { fingerprint, outcome: Some(outcome), taken_at }) = table.get(&operation_key(key))
            && *taken_at > since
        {
            return Ok(IdempotencyState::Done { fingerprint: *fingerprint, outcome: outcome.clone() });
        }
        table.insert(operation_key(key), Operation { fingerprint, outcome: None, taken_at: now });
        Ok(IdempotencyState::Fresh)
    }

    async fn idempotency_finish(&mut self, key: &IdempotencyKey, outcome: &str) -> Result<()> {
        let table = Arc::make_mut(&mut self.tables_mut().operations);
        let operation =
            table.get_mut(&operation_key(key)).ok_or_else(|| StorageError::Corrupt("finished a key that was not taken".into()))?;
        operation.outcome = Some(outcome.to_owned());
        Ok(())
    }
}
