//! `setAccess`.

use async_graphql::{Context, InputObject};
use tenure_core::actions::set_access as action;
use tenure_core::id::UserId;
use tenure_core::permission::Permission as Right;

use crate::graphql::error::Result;
use crate::graphql::id::Given;
use crate::graphql::operation::view;
use crate::graphql::types::{Permission, User};

use super::outcome::{self, Manner, perform};
use super::payload::{Payload, payload};

/// Input of `setAccess`.
#[derive(InputObject, Debug, Clone)]
pub struct SetAccessInput {
    /// Whose rights.
    pub user_id: Given<UserId>,
    /// Administrator or not.
    pub is_administrator: Option<bool>,
    /// Personal grants, replacing the former ones.
    pub permissions: Option<Vec<Permission>>,
    /// Fail with VERSION_CONFLICT unless the user still has this version.
    pub expected_version: Option<i32>,
}

payload! {
    set_access, tenure_core::actions::set_access::SetAccess;
    /// Outcome of `setAccess`. When `userErrors` is not empty, nothing was changed.
    SetAccessPayload {
        /// The user.
        user: User,
    }
    /// An expected failure of `setAccess`.
    SetAccessError,
    /// Codes of `SetAccessError`. Codes may be added: treat an unknown one as a generic failure.
    SetAccessErrorCode {
        /// No such user, or not visible to the viewer.
        UserNotFound,
        /// Only active employees can hold rights, and ADMINISTRATE cannot be granted.
        NotEligible,
        /// The account would be left without an active administrator.
        LastAdministrator,
        /// Somebody changed the object meanwhile; the payload carries it as it stands, on a dry run too.
        VersionConflict,
    }
}

/// Performs it.
pub async fn run(ctx: &Context<'_>, input: SetAccessInput) -> Result<SetAccessPayload> {
    let by = view(ctx)?;
    let action = action::SetAccess {
        user: input.user_id.read("input.userId")?,
        is_administrator: input.is_administrator,
        permissions: input.permissions.map(|given| given.into_iter().map(Right::from).collect()),
        expected_version: input.expected_version,
    };
    match perform(ctx, Ok(action), Manner::default()).await? {
        Ok(done) => Ok(SetAccessPayload { user: outcome::user(by, done.user).await?, ..SetAccessPayload::done() }),
        Err(refusal) => {
            Ok(SetAccessPayload { user: outcome::conflicting_user(by, &refusal).await?, ..SetAccessPayload::refused(&refusal)? })
        }
    }
}
