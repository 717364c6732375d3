//! `deleteUser`.

use async_graphql::{Context, ID, InputObject};
use tenure_core::actions::delete_user as action;
use tenure_core::id::UserId;

use crate::graphql::error::Result;
use crate::graphql::id::Given;
use crate::graphql::types::OwnedEntityCount;

use super::inputs::optional;
use super::outcome::{Manner, perform};
use super::payload::{Payload, payload};

/// Input of `deleteUser`.
#[derive(InputObject, Debug, Clone)]
pub struct DeleteUserInput {
    /// Whom.
    pub user_id: Given<UserId>,
    /// The person's display name, typed as a confirmation.
    pub confirmation: String,
    /// An active employee who receives the records; the System User when left out.
    pub records_to_user_id: Option<Given<UserId>>,
    /// New manager of the people who report to them; their manager when left out.
    pub new_manager_id: Option<Given<UserId>>,
    /// Check everything and report what would happen, but change nothing: objects in the payload are null, counts and user errors are filled.
    pub dry_run: Option<bool>,
    /// Any string unique to this attempt, 1 to 255 characters: a repeat by the same person within 24 hours returns the first outcome instead of acting again. Refusals and dry runs are not remembered.
    pub idempotency_key: Option<String>,
}

payload! {
    delete_user, tenure_core::actions::delete_user::DeleteUser;
    /// Outcome of `deleteUser`. When `userErrors` is not empty, nothing was changed.
    DeleteUserPayload {
        /// ID of the deleted user.
        deleted_user_id: ID,
        /// Records that changed hands, by kind.
        moved_counts: Vec<OwnedEntityCount>,
    }
    /// An expected failure of `deleteUser`.
    DeleteUserError,
    /// Codes of `DeleteUserError`. Codes may be added: treat an unknown one as a generic failure.
    DeleteUserErrorCode {
        /// No such user, or not visible to the viewer.
        UserNotFound,
        /// The System User cannot be changed.
        SystemUserProtected,
        /// The account would be left without an active administrator.
        LastAdministrator,
        /// Nobody deletes themself.
        CannotDeleteSelf,
        /// The confirmation is not the display name.
        ConfirmationMismatch,
        /// A successor does not exist, is not an active employee, is named twice, or is one of the present responsible people named.
        SuccessorNotEligible,
        /// The new manager is not an active employee, or is the person themself.
        ManagerNotEligible,
        /// More than 5,000 records: hand them over with `reassign` first.
        TooManyRecords,
        /// A value is empty, too long or otherwise malformed; `field` names it.
        InputInvalid,
        /// The key was used with other input.
        IdempotencyKeyReused,
        /// The first attempt with this key is still running; retry later.
        IdempotencyInProgress,
    }
}

/// Performs it.
pub async fn run(ctx: &Context<'_>, input: DeleteUserInput) -> Result<DeleteUserPayload> {
    let manner = Manner { dry_run: input.dry_run, idempotency_key: input.idempotency_key };
    let action = action::DeleteUser::parse(action::DeleteUserInput {
        user_id: input.user_id.read("input.userId")?,
        confirmation: input.confirmation,
        records_to_user_id: optional(input.records_to_user_id, "input.recordsToUserId")?,
        new_manager_id: optional(input.new_manager_id, "input.newManagerId")?,
    });
    match perform(ctx, action, manner).await? {
        Ok(done) => Ok(DeleteUserPayload {
            deleted_user_id: done.deleted.map(ID::from),
            moved_counts: Some(OwnedEntityCount::list(&done.moved)),
            ..DeleteUserPayload::done()
        }),
        Err(refusal) => DeleteUserPayload::refused(&refusal),
    }
}
