//! `cancelReassignment`.

use async_graphql::{Context, InputObject};
use tenure_core::actions::cancel_reassignment as action;
use tenure_core::id::ReassignmentId;

use crate::graphql::error::Result;
use crate::graphql::id::Given;
use crate::graphql::operation::view;
use crate::graphql::types::Reassignment;

use super::outcome::{self, Manner, perform};
use super::payload::{Payload, payload};

/// Input of `cancelReassignment`.
#[derive(InputObject, Debug, Clone)]
pub struct CancelReassignmentInput {
    /// Which.
    pub reassignment_id: Given<ReassignmentId>,
}

payload! {
    cancel_reassignment, tenure_core::actions::cancel_reassignment::CancelReassignment;
    /// Outcome of `cancelReassignment`. When `userErrors` is not empty, nothing was changed.
    CancelReassignmentPayload {
        /// The reassignment: CANCELLED, or the final state it reached first.
        reassignment: Reassignment,
    }
    /// An expected failure of `cancelReassignment`.
    CancelReassignmentError,
    /// Codes of `CancelReassignmentError`. Codes may be added: treat an unknown one as a generic failure.
    CancelReassignmentErrorCode {
        /// No such reassignment, or not visible to the viewer.
        ReassignmentNotFound,
        /// The viewer may not do this to this user or record. In `viewerCannot…Reasons` also: the permission is missing (a mutation answers that with the request error FORBIDDEN).
        NotPermitted,
    }
}

/// Performs it.
pub async fn run(ctx: &Context<'_>, input: CancelReassignmentInput) -> Result<CancelReassignmentPayload> {
    let by = view(ctx)?;
    let action = action::CancelReassignment { reassignment: input.reassignment_id.read("input.reassignmentId")? };
    match perform(ctx, Ok(action), Manner::default()).await? {
        Ok(done) => Ok(CancelReassignmentPayload {
            reassignment: outcome::reassignment(by, Some(done.reassignment)).await?,
            ..CancelReassignmentPayload::done()
        }),
        Err(refusal) => CancelReassignmentPayload::refused(&refusal),
    }
}
