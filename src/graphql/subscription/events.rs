//! Events, read from the history in the order of commits, from a number on.

use std::collections::VecDeque;
use std::sync::Arc;

use futures_util::stream::{self, BoxStream, StreamExt};
use tenure_core::event::{Event, EventFilter};
use tenure_core::page::{Key, PageRequest, SortValue};
use uuid::Uuid;

use super::listener::{Listener, steadily};
use crate::graphql::error::{Fault, Result};
use crate::graphql::types::UserEvent;
use crate::live::Follower;

/// Events read at once.
const PAGE: u32 = 100;

/// The end of the history, for one listener.
pub(super) struct Tail {
    listener: Listener,
    follower: Follower,
    filter: Arc<EventFilter>,
    /// Everything up to here was sent, or is not for this listener.
    position: i64,
    /// Read, but not sent yet.
    page: VecDeque<Event>,
    /// Where to go on once they are.
    page_ends: i64,
    /// What was sent last.
    sent: Option<Event>,
    is_over: bool,
}

impl Tail {
    pub(super) fn new(listener: Listener, filter: Arc<EventFilter>, after: i64) -> Tail {
        let follower = listener.follow();
        Tail { listener, follower, filter, position: after, page: VecDeque::new(), page_ends: after, sent: None, is_over: false }
    }

    /// Event after event; a fault is the last thing that comes.
    pub(super) fn stream(self) -> BoxStream<'static, Result<UserEvent>> {
        stream::unfold(self, |mut tail| async move {
            if tail.is_over {
                return None;
            }
            let event = tail.next().await;
            tail.is_over = event.is_err();
            Some((event, tail))
        })
        .boxed()
    }

    async fn next(&mut self) -> Result<UserEvent> {
        if self.listener.is_asked_to_repeat()
            && let Some(event) = self.sent.take()
        {
            self.page.push_front(event);
        }
        loop {
            while let Some(event) = self.page.front() {
                // After the event was read and before it is sent: what was committed behind a dismissal is never sent to who was dismissed.
                let view = self.listener.again().await?;
                let scope = view.access().event_scope();
                let event = event.clone();
                self.page.pop_front();
                self.position = event.sequence;
                // Who may read the history reads everybody's; what is for administrators alone may be so no longer.
                if scope.includes(&event, false) {
                    self.sent = Some(event.clone());
                    return Ok(UserEvent::new(&view, Arc::new(scope.admit(event))));
                }
            }
            self.position = self.position.max(self.page_ends);
            self.read().await?;
            if self.page.is_empty() {
                self.follower.beyond(self.position).await;
            }
        }
    }

    /// Reads the next events behind the position.
    async fn read(&mut self) -> Result<()> {
        // Whoever lost the right hears of it even when nothing is there for them.
        let scope = self.listener.again().await?.access().event_scope();
        // Before the page is: up to here, what is not in it is not for this listener.
        let known = self.follower.known();
        // The list runs from the latest to the first: its last events before this one are the next ones behind it.
        let request = PageRequest::last(PAGE).before(Key::new(SortValue::Number(self.position), Uuid::nil()));
        let page = steadily(|| async { self.listener.storage().events_page(&scope, &self.filter, &request).await.map_err(Fault::from) });
        let page = page.await?;
        let last = page.rows.first().map_or(self.position, |event| event.sequence);
        self.page_ends = if page.has_more { last } else { last.max(known) };
        if page.rows.is_empty() {
            self.position = self.position.max(known);
        }
        self.page.extend(page.rows.into_iter().rev());
        Ok(())
    }
}
