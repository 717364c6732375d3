//! Lists of events: latest first. Rows come out of a storage that was given the viewer's scope, and are admitted by it.

use std::sync::Arc;

use tenure_core::event::{Event, EventFilter};
use tenure_core::id::UserId;
use tenure_core::page::{Key, PageRequest, Slice, SortValue};
use tenure_core::policy::Visible;
use uuid::Uuid;

use crate::graphql::cursor::{ListName, Ordering, SortKind};
use crate::graphql::error::Result;
use crate::graphql::loaders::Reader;

use super::{List, map_rows};

/// A list of events.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct EventList {
    /// Whom they happened to; None for anybody.
    pub subject: Option<UserId>,
    /// Which of them.
    pub filter: Arc<EventFilter>,
}

/// The subjects of lists that share a question; None where there is nothing to group.
fn subjects(lists: &[&EventList]) -> Option<Vec<UserId>> {
    lists.iter().map(|list| list.subject).collect()
}

impl List for EventList {
    type Row = Arc<Visible<Event>>;
    type Question = (bool, Arc<EventFilter>);

    fn ordering(&self) -> Ordering {
        let name = if self.subject.is_some() { ListName::EventsOfUser } else { ListName::UserEvents };
        Ordering::only(name, SortKind::Number)
    }

    fn key(&self, row: &Self::Row) -> Key {
        Key::new(SortValue::Number(row.event().sequence), Uuid::nil())
    }

    fn question(&self) -> Self::Question {
        (self.subject.is_some(), self.filter.clone())
    }

    async fn pages(reader: &Reader, lists: &[&Self], page: &PageRequest) -> Result<Vec<Slice<Self::Row>>> {
        let (scope, filter) = (reader.access().event_scope(), &lists[0].filter);
        let slices = match subjects(lists) {
            Some(subjects) => reader.storage().events_page_by_subject(&subjects, &scope, filter, page).await?,
            // Equal lists are one key.
            None => vec![reader.storage().events_page(&scope, filter, page).await?],
        };
        Ok(slices.into_iter().map(|slice| map_rows(slice, |event| Arc::new(scope.admit(event)))).collect())
    }

    async fn counts(reader: &Reader, lists: &[&Self]) -> Result<Vec<u64>> {
        let (scope, filter) = (reader.access().event_scope(), &lists[0].filter);
        Ok(match subjects(lists) {
            Some(subjects) => reader.storage().events_count_by_subject(&subjects, &scope, filter).await?,
            None => vec![reader.storage().events_count(&scope, filter).await?],
        })
    }
}
