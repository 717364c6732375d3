//! `invite`.

use async_graphql::{Context, InputObject};
use tenure_core::actions::invite as action;
use tenure_core::id::{DepartmentId, WorkgroupId};

use crate::graphql::error::Result;
use crate::graphql::id::Given;
use crate::graphql::operation::view;
use crate::graphql::scalars::EmailAddress;
use crate::graphql::types::{EmailUsage, User, UserKind};

use super::inputs::{optional, optional_list};
use super::outcome::{self, Manner, perform};
use super::payload::{Payload, payload};

/// Input of `invite`.
#[derive(InputObject, Debug, Clone)]
pub struct InviteInput {
    /// Address; becomes login and contact address.
    pub email: EmailAddress,
    /// Inside or outside.
    pub kind: UserKind,
    /// Given name.
    pub first_name: String,
    /// Family name.
    pub last_name: String,
    /// Job title.
    pub job_title: Option<String>,
    /// Department, for INTRANET; refused for EXTRANET.
    pub department_id: Option<Given<DepartmentId>>,
    /// Workgroups to join; at least one extranet workgroup for EXTRANET.
    pub workgroup_ids: Option<Vec<Given<WorkgroupId>>>,
    /// Check everything and report what would happen, but change nothing: objects in the payload are null, counts and user errors are filled.
    pub dry_run: Option<bool>,
    /// Any string unique to this attempt, 1 to 255 characters: a repeat by the same person within 24 hours returns the first outcome instead of acting again. Refusals and dry runs are not remembered.
    pub idempotency_key: Option<String>,
}

payload! {
    invite, tenure_core::actions::invite::Invite;
    /// Outcome of `invite`. When `userErrors` is not empty, nothing was changed.
    InvitePayload {
        /// The invited user.
        user: User,
        /// Who holds the address, with EMAIL_TAKEN. Null without EMAILS_MANAGE.
        email_usage: EmailUsage,
    }
    /// An expected failure of `invite`.
    InviteError,
    /// Codes of `InviteError`. Codes may be added: treat an unknown one as a generic failure.
    InviteErrorCode {
        /// The address is malformed.
        EmailInvalid,
        /// The address is held by somebody, dismissed people included; see `emailUsage`.
        EmailTaken,
        /// No seat of the licence is free; see `license`.
        SeatLimitReached,
        /// No such department.
        DepartmentNotFound,
        /// No workgroup was given, or one does not exist or is not open to the extranet.
        WorkgroupNotEligible,
        /// A value is empty, too long or otherwise malformed; `field` names it.
        InputInvalid,
        /// The key was used with other input.
        IdempotencyKeyReused,
        /// The first attempt with this key is still running; retry later.
        IdempotencyInProgress,
    }
}

/// Performs it.
pub async fn run(ctx: &Context<'_>, input: InviteInput) -> Result<InvitePayload> {
    let by = view(ctx)?;
    let manner = Manner { dry_run: input.dry_run, idempotency_key: input.idempotency_key };
    let action = action::Invite::parse(action::InviteInput {
        email: input.email.0,
        kind: input.kind.into(),
        first_name: input.first_name,
        last_name: input.last_name,
        job_title: input.job_title,
        department_id: optional(input.department_id, "input.departmentId")?,
        workgroup_ids: optional_list(input.workgroup_ids, "input.workgroupIds")?,
    });
    match perform(ctx, action, manner).await? {
        Ok(done) => Ok(InvitePayload { user: outcome::user(by, done.user).await?, ..InvitePayload::done() }),
        Err(refusal) => Ok(InvitePayload { email_usage: outcome::taken_address(by, &refusal).await?, ..InvitePayload::refused(&refusal)? }),
    }
}
