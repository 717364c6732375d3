//! `moveToIntranet`.

use async_graphql::{Context, InputObject};
use tenure_core::actions::move_to_intranet as action;
use tenure_core::id::{DepartmentId, UserId};

use crate::graphql::error::Result;
use crate::graphql::id::Given;
use crate::graphql::operation::view;
use crate::graphql::types::User;

use super::inputs::optional;
use super::outcome::{self, Manner, perform};
use super::payload::{Payload, payload};

/// Input of `moveToIntranet`.
#[derive(InputObject, Debug, Clone)]
pub struct MoveToIntranetInput {
    /// Whom.
    pub user_id: Given<UserId>,
    /// Department.
    pub department_id: Option<Given<DepartmentId>>,
    /// Fail with VERSION_CONFLICT unless the user still has this version.
    pub expected_version: Option<i32>,
    /// Check everything and report what would happen, but change nothing: objects in the payload are null, counts and user errors are filled.
    pub dry_run: Option<bool>,
    /// Any string unique to this attempt, 1 to 255 characters: a repeat by the same person within 24 hours returns the first outcome instead of acting again. Refusals and dry runs are not remembered.
    pub idempotency_key: Option<String>,
}

payload! {
    move_to_intranet, tenure_core::actions::move_to_intranet::MoveToIntranet;
    /// Outcome of `moveToIntranet`. When `userErrors` is not empty, nothing was changed.
    MoveToIntranetPayload {
        /// The user after the change.
        user: User,
    }
    /// An expected failure of `moveToIntranet`.
    MoveToIntranetError,
    /// Codes of `MoveToIntranetError`. Codes may be added: treat an unknown one as a generic failure.
    MoveToIntranetErrorCode {
        /// No such user, or not visible to the viewer.
        UserNotFound,
        /// An employee already.
        AlreadyIntranet,
        /// Only an active external person can be moved.
        NotActive,
        /// No such department.
        DepartmentNotFound,
        /// A value is empty, too long or otherwise malformed; `field` names it.
        InputInvalid,
        /// Somebody changed the object meanwhile; the payload carries it as it stands, on a dry run too.
        VersionConflict,
        /// The key was used with other input.
        IdempotencyKeyReused,
        /// The first attempt with this key is still running; retry later.
        IdempotencyInProgress,
    }
}

/// Performs it.
pub async fn run(ctx: &Context<'_>, input: MoveToIntranetInput) -> Result<MoveToIntranetPayload> {
    let by = view(ctx)?;
    let manner = Manner { dry_run: input.dry_run, idempotency_key: input.idempotency_key };
    let action = action::MoveToIntranet {
        user: input.user_id.read("input.userId")?,
        department: optional(input.department_id, "input.departmentId")?,
        expected_version: input.expected_version,
    };
    match perform(ctx, Ok(action), manner).await? {
        Ok(done) => Ok(MoveToIntranetPayload { user: outcome::user(by, done.user).await?, ..MoveToIntranetPayload::done() }),
        Err(refusal) => {
            Ok(MoveToIntranetPayload { user: outcome::conflicting_user(by, &refusal).await?, ..MoveToIntranetPayload::refused(&refusal)? })
        }
    }
}
