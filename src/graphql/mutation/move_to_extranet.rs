//! `moveToExtranet`.

use async_graphql::{Context, InputObject};
use tenure_core::actions::move_to_extranet as action;
use tenure_core::id::{UserId, WorkgroupId};

use crate::graphql::error::Result;
use crate::graphql::id::{Given, read_each};
use crate::graphql::operation::view;
use crate::graphql::scalars::EmailAddress;
use crate::graphql::types::{EmailUsage, OwnedEntityCount, Reassignment, SuccessorShare, User};

use super::inputs::{HandoverInput, optional};
use super::outcome::{self, Manner, perform};
use super::payload::{Payload, payload};

/// Input of `moveToExtranet`.
#[derive(InputObject, Debug, Clone)]
pub struct MoveToExtranetInput {
    /// Whom.
    pub user_id: Given<UserId>,
    /// Extranet workgroups to belong to, 1 to 20.
    pub workgroup_ids: Vec<Given<WorkgroupId>>,
    /// Another login address; the present one stays when left out. Becomes the contact address too where there is none.
    pub login_email: Option<EmailAddress>,
    /// New manager of the people who report to them; their manager when left out.
    pub new_manager_id: Option<Given<UserId>>,
    /// Hand the person's records over in the same step.
    pub handover: Option<HandoverInput>,
    /// A dismissed person comes back as invited and must accept; true makes them active at once.
    pub activate_now: Option<bool>,
    /// Fail with VERSION_CONFLICT unless the user still has this version.
    pub expected_version: Option<i32>,
    /// Check everything and report what would happen, but change nothing: objects in the payload are null, counts and user errors are filled.
    pub dry_run: Option<bool>,
    /// Any string unique to this attempt, 1 to 255 characters: a repeat by the same person within 24 hours returns the first outcome instead of acting again. Refusals and dry runs are not remembered.
    pub idempotency_key: Option<String>,
}

payload! {
    move_to_extranet, tenure_core::actions::move_to_extranet::MoveToExtranet;
    /// Outcome of `moveToExtranet`. When `userErrors` is not empty, nothing was changed.
    MoveToExtranetPayload {
        /// The user after the change.
        user: User,
        /// The handing over, when asked for.
        reassignment: Reassignment,
        /// What the handover would move, on a dry run.
        planned_counts: Vec<OwnedEntityCount>,
        /// The same for each successor, in the order given.
        planned_shares: Vec<SuccessorShare>,
        /// Who holds the address, with EMAIL_TAKEN. Null without EMAILS_MANAGE.
        email_usage: EmailUsage,
    }
    /// An expected failure of `moveToExtranet`.
    MoveToExtranetError,
    /// Codes of `MoveToExtranetError`. Codes may be added: treat an unknown one as a generic failure.
    MoveToExtranetErrorCode {
        /// No such user, or not visible to the viewer.
        UserNotFound,
        /// The viewer may not do this to this user or record. In `viewerCannot…Reasons` also: the permission is missing (a mutation answers that with the request error FORBIDDEN).
        NotPermitted,
        /// Nobody moves themself.
        CannotMoveSelf,
        /// The System User cannot be changed.
        SystemUserProtected,
        /// Only an administrator may do this to an administrator.
        TargetIsAdministrator,
        /// The account would be left without an active administrator.
        LastAdministrator,
        /// External already.
        AlreadyExtranet,
        /// An invited person is not moved: take the invitation back and invite anew.
        NotActive,
        /// No workgroup was given, or one does not exist or is not open to the extranet.
        WorkgroupNotEligible,
        /// External people cannot be responsible for CRM records: give a `handover` that covers all of them.
        HandoverRequired,
        /// The new manager is not an active employee, or is the person themself.
        ManagerNotEligible,
        /// A successor does not exist, is not an active employee, is named twice, or is one of the present responsible people named.
        SuccessorNotEligible,
        /// The person has no login address left; give one.
        LoginEmailRequired,
        /// The address is malformed.
        EmailInvalid,
        /// The address is held by somebody, dismissed people included; see `emailUsage`.
        EmailTaken,
        /// No seat of the licence is free; see `license`.
        SeatLimitReached,
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
pub async fn run(ctx: &Context<'_>, input: MoveToExtranetInput) -> Result<MoveToExtranetPayload> {
    let by = view(ctx)?;
    let manner = Manner { dry_run: input.dry_run, idempotency_key: input.idempotency_key };
    let action = action::MoveToExtranet::parse(action::MoveToExtranetInput {
        user_id: input.user_id.read("input.userId")?,
        workgroup_ids: read_each(&input.workgroup_ids, "input.workgroupIds")?,
        login_email: input.login_email.map(|email| email.0),
        new_manager_id: optional(input.new_manager_id, "input.newManagerId")?,
        handover: input.handover.map(HandoverInput::read).transpose()?,
        activate_now: input.activate_now.unwrap_or(false),
        expected_version: input.expected_version,
    });
    match perform(ctx, action, manner).await? {
        Ok(done) => Ok(MoveToExtranetPayload {
            user: outcome::user(by, done.user).await?,
            reassignment: outcome::reassignment(by, done.reassignment).await?,
            planned_counts: done.planned.as_ref().map(|planned| OwnedEntityCount::list(&planned.counts)),
            planned_shares: done.planned.as_ref().map(|planned| SuccessorShare::list(by, &planned.shares)),
            ..MoveToExtranetPayload::done()
        }),
        Err(refusal) => Ok(MoveToExtranetPayload {
            user: outcome::conflicting_user(by, &refusal).await?,
            email_usage: outcome::taken_address(by, &refusal).await?,
            ..MoveToExtranetPayload::refused(&refusal)?
        }),
    }
}
