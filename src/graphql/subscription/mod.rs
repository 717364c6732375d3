//! Entry points for listening. Each is a stream that is pulled: nothing is read before who listens can take it, and the caller is looked at
//! again for everything that is sent (rules I4, S5).

mod events;
mod listener;
mod progress;

use std::sync::Arc;

use async_graphql::{Context, Subscription as Stream};
use futures_util::stream::BoxStream;
use tenure_core::id::ReassignmentId;

use super::error::{Fault, Result};
use super::filters::UserEventFilter;
use super::id::Given;
use super::needs::{self, any_of, requires_permission};
use super::operation::{Operation, permitted};
use super::types::{Reassignment, UserEvent};
use events::Tail;
use listener::Listener;
use progress::Progress;

/// The root of listening.
#[derive(Debug, Clone, Copy, Default)]
pub struct Subscription;

/// Entry points for listening, over a WebSocket (`graphql-transport-ws`) or server-sent events.
#[Stream]
impl Subscription {
    /// Progress of a reassignment: the present state at once, then changes, at most four a second, then completion.
    #[graphql(directive = requires_permission::apply(any_of(needs::REASSIGNMENTS)))]
    async fn reassignment_progress(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The reassignment.")] id: Given<ReassignmentId>,
    ) -> Result<BoxStream<'static, Result<Reassignment>>> {
        let operation = Operation::shared(ctx)?;
        let by = permitted(ctx, needs::REASSIGNMENTS)?;
        let id = id.read("id")?;
        let listener = Listener::new(operation, by.access().clone(), needs::REASSIGNMENTS);
        Ok(Progress::new(listener, id).stream())
    }

    /// Events that the viewer may see, as they are committed. With `afterSequence` those missed since are sent first.
    #[graphql(directive = requires_permission::apply(any_of(needs::HISTORY)))]
    async fn user_events(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Conditions, all of which must hold.")] filter: Option<UserEventFilter>,
        #[graphql(desc = "Resume after this event; 0 sends all.")] after_sequence: Option<i32>,
    ) -> Result<BoxStream<'static, Result<UserEvent>>> {
        let operation = Operation::shared(ctx)?;
        let by = permitted(ctx, needs::HISTORY)?;
        let filter = filter.unwrap_or_default().read(by).await?;
        let listener = Listener::new(operation, by.access().clone(), needs::HISTORY);
        let after = match after_sequence {
            Some(sequence) if sequence < 0 => return Err(Fault::input("afterSequence", "A sequence number is 0 or more.")),
            Some(sequence) => sequence.into(),
            None => listener.storage().events_last().await?,
        };
        Ok(Tail::new(listener, Arc::new(filter), after).stream())
    }
}
