//! `hire`.

use async_graphql::{Context, InputObject};
use tenure_core::actions::hire as action;
use tenure_core::id::{UserId, WorkgroupId};

use crate::graphql::error::Result;
use crate::graphql::id::Given;
use crate::graphql::operation::view;
use crate::graphql::scalars::EmailAddress;
use crate::graphql::types::{EmailUsage, User};

use super::inputs::optional_list;
use super::outcome::{self, Manner, perform};
use super::payload::{Payload, payload};

/// Input of `hire`.
#[derive(InputObject, Debug, Clone)]
pub struct HireInput {
    /// Whom.
    pub user_id: Given<UserId>,
    /// Login address, needed when the person has none left; otherwise it replaces the present one.
    pub login_email: Option<EmailAddress>,
    /// Extranet workgroups, for external people only; needed when they have none left.
    pub workgroup_ids: Option<Vec<Given<WorkgroupId>>>,
    /// Fail with VERSION_CONFLICT unless the user still has this version.
    pub expected_version: Option<i32>,
    /// Check everything and report what would happen, but change nothing: objects in the payload are null, counts and user errors are filled.
    pub dry_run: Option<bool>,
    /// Any string unique to this attempt, 1 to 255 characters: a repeat by the same person within 24 hours returns the first outcome instead of acting again. Refusals and dry runs are not remembered.
    pub idempotency_key: Option<String>,
}

payload! {
    hire, tenure_core::actions::hire::Hire;
    /// Outcome of `hire`. When `userErrors` is not empty, nothing was changed.
    HirePayload {
        /// The user after the change.
        user: User,
        /// Who holds the address, with EMAIL_TAKEN. Null without EMAILS_MANAGE.
        email_usage: EmailUsage,
    }
    /// An expected failure of `hire`.
    HireError,
    /// Codes of `HireError`. Codes may be added: treat an unknown one as a generic failure.
    HireErrorCode {
        /// No such user, or not visible to the viewer.
        UserNotFound,
        /// The viewer may not do this to this user or record. In `viewerCannot…Reasons` also: the permission is missing (a mutation answers that with the request error FORBIDDEN).
        NotPermitted,
        /// Only a dismissed person can be hired back.
        NotDismissed,
        /// No seat of the licence is free; see `license`.
        SeatLimitReached,
        /// The person has no login address left; give one.
        LoginEmailRequired,
        /// No workgroup was given, or one does not exist or is not open to the extranet.
        WorkgroupNotEligible,
        /// The address is malformed.
        EmailInvalid,
        /// The address is held by somebody, dismissed people included; see `emailUsage`.
        EmailTaken,
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
pub async fn run(ctx: &Context<'_>, input: HireInput) -> Result<HirePayload> {
    let by = view(ctx)?;
    let manner = Manner { dry_run: input.dry_run, idempotency_key: input.idempotency_key };
    let action = action::Hire::parse(action::HireInput {
        user_id: input.user_id.read("input.userId")?,
        login_email: input.login_email.map(|email| email.0),
        workgroup_ids: optional_list(input.workgroup_ids, "input.workgroupIds")?,
        expected_version: input.expected_version,
    });
    match perform(ctx, action, manner).await? {
        Ok(done) => Ok(HirePayload { user: outcome::user(by, done.user).await?, ..HirePayload::done() }),
        Err(refusal) => Ok(HirePayload {
            user: outcome::conflicting_user(by, &refusal).await?,
            email_usage: outcome::taken_address(by, &refusal).await?,
            ..HirePayload::refused(&refusal)?
        }),
    }
}
