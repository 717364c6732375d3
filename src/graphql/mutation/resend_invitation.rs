//! `resendInvitation`.

use async_graphql::{Context, InputObject};
use tenure_core::actions::resend_invitation as action;
use tenure_core::id::UserId;

use crate::graphql::error::Result;
use crate::graphql::id::Given;
use crate::graphql::operation::view;
use crate::graphql::types::User;

use super::outcome::{self, Manner, perform};
use super::payload::{Payload, payload};

/// Input of `resendInvitation`.
#[derive(InputObject, Debug, Clone)]
pub struct ResendInvitationInput {
    /// The invited user.
    pub user_id: Given<UserId>,
}

payload! {
    resend_invitation, tenure_core::actions::resend_invitation::ResendInvitation;
    /// Outcome of `resendInvitation`. When `userErrors` is not empty, nothing was changed.
    ResendInvitationPayload {
        /// The invited user.
        user: User,
    }
    /// An expected failure of `resendInvitation`.
    ResendInvitationError,
    /// Codes of `ResendInvitationError`. Codes may be added: treat an unknown one as a generic failure.
    ResendInvitationErrorCode {
        /// No such user, or not visible to the viewer.
        UserNotFound,
        /// The viewer may not do this to this user or record. In `viewerCannot…Reasons` also: the permission is missing (a mutation answers that with the request error FORBIDDEN).
        NotPermitted,
        /// The user has accepted already or was dismissed.
        NotInvited,
    }
}

/// Performs it.
pub async fn run(ctx: &Context<'_>, input: ResendInvitationInput) -> Result<ResendInvitationPayload> {
    let by = view(ctx)?;
    let action = action::ResendInvitation { user: input.user_id.read("input.userId")? };
    match perform(ctx, Ok(action), Manner::default()).await? {
        Ok(done) => Ok(ResendInvitationPayload { user: outcome::user(by, done.user).await?, ..ResendInvitationPayload::done() }),
        Err(refusal) => ResendInvitationPayload::refused(&refusal),
    }
}
