//! A reassignment as it goes on (rule H12).

use std::sync::Arc;
use std::time::Duration;

use futures_util::stream::{self, BoxStream, StreamExt};
use tenure_core::id::ReassignmentId;
use tenure_core::reassignment;

use super::listener::{Listener, steadily};
use crate::graphql::error::{Fault, Result};
use crate::graphql::loaders::ReassignmentKey;
use crate::graphql::types::Reassignment;
use crate::live::Follower;

/// The time between two looks: four a second while it moves, fewer while it does not.
const PACE: Duration = Duration::from_millis(250);
const PACE_AT_REST: Duration = Duration::from_millis(500);

/// One reassignment, for one listener.
pub(super) struct Progress {
    listener: Listener,
    follower: Follower,
    id: ReassignmentId,
    /// As it was sent last.
    sent: Option<Arc<reassignment::Reassignment>>,
    is_over: bool,
}

impl Progress {
    pub(super) fn new(listener: Listener, id: ReassignmentId) -> Progress {
        let follower = listener.follow();
        Progress { listener, follower, id, sent: None, is_over: false }
    }

    /// The present state, changes, and the end; a fault is the last thing that comes.
    pub(super) fn stream(self) -> BoxStream<'static, Result<Reassignment>> {
        stream::unfold(self, |mut progress| async move {
            if progress.listener.is_asked_to_repeat() {
                (progress.sent, progress.is_over) = (None, false);
            }
            if progress.is_over {
                return None;
            }
            let state = progress.next().await;
            progress.is_over = match (&state, &progress.sent) {
                (Ok(_), Some(sent)) => sent.status.is_final(),
                (Ok(_), None) | (Err(_), _) => true,
            };
            Some((state, progress))
        })
        .boxed()
    }

    async fn next(&mut self) -> Result<Reassignment> {
        if self.sent.is_some() {
            tokio::time::sleep(PACE).await;
        }
        loop {
            let known = self.follower.known();
            let (view, row) = steadily(|| async {
                let view = self.listener.again().await?;
                let row = view.ask(ReassignmentKey(self.id)).await?;
                Ok((view, row))
            })
            .await?;
            let row = row.ok_or_else(|| Fault::input("id", "There is no such reassignment."))?;
            if self.sent.as_ref() != Some(&row) {
                self.sent = Some(row.clone());
                return Ok(Reassignment::new(&view, row));
            }
            // An event tells of rights that were lost, and of the end.
            tokio::select! {
                () = tokio::time::sleep(PACE_AT_REST) => {}
                () = self.follower.beyond(known) => {}
            }
        }
    }
}
