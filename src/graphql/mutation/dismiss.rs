//! `dismiss`.

use async_graphql::{Context, InputObject};
use tenure_core::actions::dismiss as action;
use tenure_core::id::UserId;

use crate::graphql::error::Result;
use crate::graphql::id::Given;
use crate::graphql::operation::view;
use crate::graphql::types::{OwnedEntityCount, Reassignment, SuccessorShare, User, int};

use super::inputs::{HandoverInput, optional};
use super::outcome::{self, Manner, perform};
use super::payload::{Payload, payload};

/// Input of `dismiss`.
#[derive(InputObject, Debug, Clone)]
pub struct DismissInput {
    /// Whom.
    pub user_id: Given<UserId>,
    /// Short reason, up to 200 characters; only holders of USERS_DISMISS see it.
    pub reason: Option<String>,
    /// Note, up to 2000 characters; only administrators and its author see it.
    pub note: Option<String>,
    /// Hand the person's records over in the same step.
    pub handover: Option<HandoverInput>,
    /// New manager of the people who report to the dismissed; their manager's manager when left out.
    pub new_manager_id: Option<Given<UserId>>,
    /// Fail with VERSION_CONFLICT unless the user still has this version.
    pub expected_version: Option<i32>,
    /// Check everything and report what would happen, but change nothing: objects in the payload are null, counts and user errors are filled.
    pub dry_run: Option<bool>,
    /// Any string unique to this attempt, 1 to 255 characters: a repeat by the same person within 24 hours returns the first outcome instead of acting again. Refusals and dry runs are not remembered.
    pub idempotency_key: Option<String>,
}

payload! {
    dismiss, tenure_core::actions::dismiss::Dismiss;
    /// Outcome of `dismiss`. When `userErrors` is not empty, nothing was changed.
    DismissPayload {
        /// The user after the change.
        user: User,
        /// The handing over, when asked for.
        reassignment: Reassignment,
        /// Number of sessions and access tokens that stopped working.
        revoked_credential_count: i32,
        /// What the handover would move, on a dry run.
        planned_counts: Vec<OwnedEntityCount>,
        /// The same for each successor, in the order given.
        planned_shares: Vec<SuccessorShare>,
    }
    /// An expected failure of `dismiss`.
    DismissError,
    /// Codes of `DismissError`. Codes may be added: treat an unknown one as a generic failure.
    DismissErrorCode {
        /// No such user, or not visible to the viewer.
        UserNotFound,
        /// The viewer may not do this to this user or record. In `viewerCannot…Reasons` also: the permission is missing (a mutation answers that with the request error FORBIDDEN).
        NotPermitted,
        /// Nobody dismisses themself.
        CannotDismissSelf,
        /// The System User cannot be changed.
        SystemUserProtected,
        /// Dismissed before.
        AlreadyDismissed,
        /// An invited person is not dismissed: use `revokeInvitation`.
        NotActive,
        /// Only an administrator may do this to an administrator.
        TargetIsAdministrator,
        /// The account would be left without an active administrator.
        LastAdministrator,
        /// A successor does not exist, is not an active employee, is named twice, or is one of the present responsible people named.
        SuccessorNotEligible,
        /// The new manager is not an active employee, or is the person themself.
        ManagerNotEligible,
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
pub async fn run(ctx: &Context<'_>, input: DismissInput) -> Result<DismissPayload> {
    let by = view(ctx)?;
    let manner = Manner { dry_run: input.dry_run, idempotency_key: input.idempotency_key };
    let action = action::Dismiss::parse(action::DismissInput {
        user_id: input.user_id.read("input.userId")?,
        reason: input.reason,
        note: input.note,
        handover: input.handover.map(HandoverInput::read).transpose()?,
        new_manager_id: optional(input.new_manager_id, "input.newManagerId")?,
        expected_version: input.expected_version,
    });
    match perform(ctx, action, manner).await? {
        Ok(done) => Ok(DismissPayload {
            user: outcome::user(by, done.user).await?,
            reassignment: outcome::reassignment(by, done.reassignment).await?,
            revoked_credential_count: Some(int(done.revoked_credentials.into())),
            planned_counts: done.planned.as_ref().map(|planned| OwnedEntityCount::list(&planned.counts)),
            planned_shares: done.planned.as_ref().map(|planned| SuccessorShare::list(by, &planned.shares)),
            ..DismissPayload::done()
        }),
        Err(refusal) => Ok(DismissPayload { user: outcome::conflicting_user(by, &refusal).await?, ..DismissPayload::refused(&refusal)? }),
    }
}
