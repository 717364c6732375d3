//! Events, and outcomes of operations that may be repeated.

use std::sync::Arc;

use async_trait::async_trait;
use uuid::Uuid;

use super::tables::{Operation, OperationKey, Tables};
use super::{Memory, Source, Working, page};
use crate::event::{Event, EventFilter, NewEvent};
use crate::id::{EventId, UserId};
use crate::page::{Key, PageRequest, Slice, SortValue};
use crate::policy::{EventReach, EventScope};
use crate::storage::{HistoryRead, HistoryWrite, IdempotencyKey, IdempotencyState, Result, StorageError, Unique};
use crate::time::Timestamp;

fn operation_key(key: &IdempotencyKey) -> OperationKey {
    (key.person, key.mutation, key.key.clone())
}

impl Tables {
    /// The events in a scope that match, as they are stored.
    fn events_matching(&self, scope: &EventScope, filter: &EventFilter) -> Vec<Event> {
        let visible = |subject: UserId| match scope.reach() {
            EventReach::People(people) => {
                let companion = people.needs_companions() && self.companions(people.viewer()).contains(&subject);
                self.users.get(&subject).is_some_and(|user| people.includes(user, companion))
            }
            EventReach::Nobody | EventReach::Oneself(_) | EventReach::Everybody => false,
        };
        let is_in = |event: &&Event| {
            scope.includes(event, visible(event.event.subject)) && filter.admits(&scope.admit((*event).clone()).event().event)
        };
        self.events.values().filter(is_in).cloned().collect()
    }
}

fn cut(events: impl IntoIterator<Item = Event>, request: &PageRequest) -> Slice<Event> {
    let keyed = |event: Event| (Key::new(SortValue::Number(event.sequence), Uuid::nil()), event);
    page::cut(events.into_iter().map(keyed), true, request)
}

#[async_trait]
impl<S: Source> HistoryRead for Memory<S> {
    async fn events_after(&self, sequence: i64, limit: u32) -> Result<Vec<Event>> {
        let tables = self.tables();
        let behind = (std::ops::Bound::Excluded(sequence), std::ops::Bound::Unbounded);
        Ok(tables.events.range(behind).take(limit as usize).map(|(_, event)| event.clone()).collect())
    }

    async fn events_last(&self) -> Result<i64> {
        Ok(self.tables().events.last_key_value().map_or(0, |(last, _)| *last))
    }

    async fn events_by_id(&self, ids: &[EventId], scope: &EventScope) -> Result<Vec<Event>> {
        let mut events = self.tables().events_matching(scope, &EventFilter::default());
        events.retain(|event| ids.contains(&event.event.id));
        Ok(events)
    }

    async fn events_page(&self, scope: &EventScope, filter: &EventFilter, page: &PageRequest) -> Result<Slice<Event>> {
        Ok(cut(self.tables().events_matching(scope, filter), page))
    }

    async fn events_count(&self, scope: &EventScope, filter: &EventFilter) -> Result<u64> {
        Ok(self.tables().events_matching(scope, filter).len() as u64)
    }

    async fn events_page_by_subject(
        &self,
        subjects: &[UserId],
        scope: &EventScope,
        filter: &EventFilter,
        page: &PageRequest,
    ) -> Result<Vec<Slice<Event>>> {
        let events = self.tables().events_matching(scope, filter);
        let of = |subject: &UserId| cut(events.iter().filter(|e| e.event.subject == *subject).cloned(), page);
        Ok(subjects.iter().map(of).collect())
    }

    async fn events_count_by_subject(&self, subjects: &[UserId], scope: &EventScope, filter: &EventFilter) -> Result<Vec<u64>> {
        let events = self.tables().events_matching(scope, filter);
        Ok(subjects.iter().map(|subject| events.iter().filter(|e| e.event.subject == *subject).count() as u64).collect())
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

    async fn idempotency_forget(&mut self, until: Timestamp, limit: u32) -> Result<u64> {
        let table = Arc::make_mut(&mut self.tables_mut().operations);
        let mut old: Vec<(Timestamp, OperationKey)> = table
            .iter()
            .filter(|(_, operation)| operation.taken_at <= until)
            .map(|(key, operation)| (operation.taken_at, key.clone()))
            .collect();
        old.sort();
        old.truncate(limit as usize);
        old.iter().for_each(|(_, key)| drop(table.remove(key)));
        Ok(old.len() as u64)
    }
}
