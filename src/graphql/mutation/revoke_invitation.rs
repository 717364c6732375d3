//! `revokeInvitation`.

use async_graphql::{Context, ID, InputObject};
use tenure_core::actions::revoke_invitation as action;
use tenure_core::id::UserId;

use crate::graphql::error::Result;
use crate::graphql::id::Given;
use crate::graphql::operation::view;
use crate::graphql::types::User;

use super::outcome::{self, Manner, perform};
use super::payload::{Payload, payload};

/// Input of `revokeInvitation`.
#[derive(InputObject, Debug, Clone)]
pub struct RevokeInvitationInput {
    /// The invited user.
    pub user_id: Given<UserId>,
}

payload! {
    revoke_invitation, tenure_core::actions::revoke_invitation::RevokeInvitation;
    /// Outcome of `revokeInvitation`. When `userErrors` is not empty, nothing was changed.
    RevokeInvitationPayload {
        /// ID of the removed user; null when the person is dismissed again.
        revoked_user_id: ID,
        /// The person, when dismissed again.
        user: User,
    }
    /// An expected failure of `revokeInvitation`.
    RevokeInvitationError,
    /// Codes of `RevokeInvitationError`. Codes may be added: treat an unknown one as a generic failure.
    RevokeInvitationErrorCode {
        /// No such user, or not visible to the viewer.
        UserNotFound,
        /// The viewer may not do this to this user or record. In `viewerCannot…Reasons` also: the permission is missing (a mutation answers that with the request error FORBIDDEN).
        NotPermitted,
        /// The user has accepted already or was dismissed.
        NotInvited,
    }
}

/// Performs it.
pub async fn run(ctx: &Context<'_>, input: RevokeInvitationInput) -> Result<RevokeInvitationPayload> {
    let by = view(ctx)?;
    let action = action::RevokeInvitation { user: input.user_id.read("input.userId")? };
    match perform(ctx, Ok(action), Manner::default()).await? {
        Ok(done) => Ok(RevokeInvitationPayload {
            revoked_user_id: done.revoked.map(ID::from),
            user: outcome::user(by, done.user).await?,
            ..RevokeInvitationPayload::done()
        }),
        Err(refusal) => RevokeInvitationPayload::refused(&refusal),
    }
}
