//! A storage in memory with one fault: reading the history.

use async_trait::async_trait;

use super::Fault;
use super::faulty::{Faulty, Inside};
use super::lists::{bend_groups, bend_request, bend_slice};
use crate::event::{Event, EventFilter};
use crate::id::{EventId, UserId};
use crate::page::{PageRequest, Slice};
use crate::policy::EventScope;
use crate::storage::{HistoryRead, Result};

/// The scope as a storage with that fault takes it.
fn bend_scope(fault: Fault, scope: &EventScope) -> EventScope {
    match fault {
        Fault::TellsWhoDismissed => EventScope::for_suite(scope.reach(), scope.deletions(), true),
        Fault::ListsDeletions => EventScope::for_suite(scope.reach(), true, scope.dismissers()),
        _ => *scope,
    }
}

#[async_trait]
impl<T: Inside> HistoryRead for Faulty<T> {
    async fn events_after(&self, sequence: i64, limit: u32) -> Result<Vec<Event>> {
        let after = if self.has(Fault::RepeatsTheLastEvent) { sequence - 1 } else { sequence };
        let mut events = self.read().events_after(after, limit).await?;
        let numbers = self.notes.numbers.lock().expect("notes");
        for event in &mut events {
            match self.fault {
                Fault::NumbersInTwos => event.sequence *= 2,
                Fault::NumbersRolledBack => event.sequence = numbers.get(&event.event.id).copied().unwrap_or(event.sequence),
                _ => {}
            }
        }
        Ok(events)
    }

    async fn events_last(&self) -> Result<i64> {
        let last = self.read().events_last().await?;
        Ok(if self.has(Fault::LagsBehind) { (last - 1).max(0) } else { last })
    }

    async fn events_by_id(&self, ids: &[EventId], scope: &EventScope) -> Result<Vec<Event>> {
        self.read().events_by_id(ids, &bend_scope(self.fault, scope)).await
    }

    async fn events_page(&self, scope: &EventScope, filter: &EventFilter, page: &PageRequest) -> Result<Slice<Event>> {
        let request = bend_request(self.fault, page, true);
        if self.has(Fault::HidesAfterCutting) {
            let mut slice = self.read().events_page(&EventScope::everything(), filter, &request).await?;
            let ids: Vec<EventId> = slice.rows.iter().map(|e| e.event.id).collect();
            let seen = self.read().events_by_id(&ids, scope).await?;
            slice.rows.retain(|e| seen.contains(e));
            return Ok(slice);
        }
        Ok(bend_slice(self.fault, page, self.read().events_page(&bend_scope(self.fault, scope), filter, &request).await?))
    }

    async fn events_count(&self, scope: &EventScope, filter: &EventFilter) -> Result<u64> {
        let scope = if self.has(Fault::CountsHidden) { EventScope::everything() } else { bend_scope(self.fault, scope) };
        self.read().events_count(&scope, filter).await
    }

    async fn events_page_by_subject(
        &self,
        subjects: &[UserId],
        scope: &EventScope,
        filter: &EventFilter,
        page: &PageRequest,
    ) -> Result<Vec<Slice<Event>>> {
        let (request, scope) = (bend_request(self.fault, page, true), bend_scope(self.fault, scope));
        Ok(bend_groups(self.fault, page, self.read().events_page_by_subject(subjects, &scope, filter, &request).await?))
    }

    async fn events_count_by_subject(&self, subjects: &[UserId], scope: &EventScope, filter: &EventFilter) -> Result<Vec<u64>> {
        self.read().events_count_by_subject(subjects, &bend_scope(self.fault, scope), filter).await
    }
}
