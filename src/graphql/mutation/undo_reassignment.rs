//! `undoReassignment`.

use async_graphql::{Context, InputObject};
use tenure_core::actions::undo_reassignment as action;
use tenure_core::id::ReassignmentId;

use crate::graphql::error::Result;
use crate::graphql::id::Given;
use crate::graphql::operation::view;
use crate::graphql::types::{Reassignment, int};

use super::outcome::{self, Manner, perform};
use super::payload::{Payload, payload};

/// Input of `undoReassignment`.
#[derive(InputObject, Debug, Clone)]
pub struct UndoReassignmentInput {
    /// Which.
    pub reassignment_id: Given<ReassignmentId>,
    /// Any string unique to this attempt, 1 to 255 characters: a repeat by the same person within 24 hours returns the first outcome instead of acting again. Refusals and dry runs are not remembered.
    pub idempotency_key: Option<String>,
}

payload! {
    undo_reassignment, tenure_core::actions::undo_reassignment::UndoReassignment;
    /// Outcome of `undoReassignment`. When `userErrors` is not empty, nothing was changed.
    UndoReassignmentPayload {
        /// The reassignment; UNDONE when the giving back is finished.
        reassignment: Reassignment,
        /// The reassignment that gives back; runs in the background when it is large.
        undoing: Reassignment,
        /// Records given back so far.
        restored_count: i32,
    }
    /// An expected failure of `undoReassignment`.
    UndoReassignmentError,
    /// Codes of `UndoReassignmentError`. Codes may be added: treat an unknown one as a generic failure.
    UndoReassignmentErrorCode {
        /// No such reassignment, or not visible to the viewer.
        ReassignmentNotFound,
        /// The viewer may not do this to this user or record. In `viewerCannot…Reasons` also: the permission is missing (a mutation answers that with the request error FORBIDDEN).
        NotPermitted,
        /// Undone before.
        AlreadyUndone,
        /// Cancel it first.
        StillRunning,
        /// It ended more than 30 days ago.
        UndoWindowExpired,
        /// A value is empty, too long or otherwise malformed; `field` names it.
        InputInvalid,
        /// The key was used with other input.
        IdempotencyKeyReused,
        /// The first attempt with this key is still running; retry later.
        IdempotencyInProgress,
    }
}

/// Performs it.
pub async fn run(ctx: &Context<'_>, input: UndoReassignmentInput) -> Result<UndoReassignmentPayload> {
    let by = view(ctx)?;
    let manner = Manner { idempotency_key: input.idempotency_key, ..Manner::default() };
    let action = action::UndoReassignment { reassignment: input.reassignment_id.read("input.reassignmentId")? };
    match perform(ctx, Ok(action), manner).await? {
        Ok(done) => Ok(UndoReassignmentPayload {
            reassignment: outcome::reassignment(by, Some(done.reassignment)).await?,
            undoing: outcome::reassignment(by, Some(done.undoing)).await?,
            restored_count: Some(int(done.restored_count.into())),
            ..UndoReassignmentPayload::done()
        }),
        Err(refusal) => UndoReassignmentPayload::refused(&refusal),
    }
}
