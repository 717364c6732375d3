//! `updateUser`.

use async_graphql::{Context, InputObject, MaybeUndefined};
use tenure_core::actions::update_user as action;
use tenure_core::id::{DepartmentId, UserId};

use crate::graphql::error::Result;
use crate::graphql::id::Given;
use crate::graphql::operation::view;
use crate::graphql::scalars::Url;
use crate::graphql::types::User;

use super::inputs::{patch, patch_id};
use super::outcome::{self, Manner, perform};
use super::payload::{Payload, payload};

/// Input of `updateUser`.
#[derive(InputObject, Debug, Clone)]
pub struct UpdateUserInput {
    /// Whose profile.
    pub user_id: Given<UserId>,
    /// Given name.
    pub first_name: MaybeUndefined<String>,
    /// Family name.
    pub last_name: MaybeUndefined<String>,
    /// Job title.
    pub job_title: MaybeUndefined<String>,
    /// Picture.
    pub avatar_url: MaybeUndefined<Url>,
    /// Department; USERS_UPDATE only.
    pub department_id: MaybeUndefined<Given<DepartmentId>>,
    /// Manager; USERS_UPDATE only.
    pub manager_id: MaybeUndefined<Given<UserId>>,
    /// Fail with VERSION_CONFLICT unless the user still has this version.
    pub expected_version: Option<i32>,
}

payload! {
    update_user, tenure_core::actions::update_user::UpdateUser;
    /// Outcome of `updateUser`. When `userErrors` is not empty, nothing was changed.
    UpdateUserPayload {
        /// The user.
        user: User,
    }
    /// An expected failure of `updateUser`.
    UpdateUserError,
    /// Codes of `UpdateUserError`. Codes may be added: treat an unknown one as a generic failure.
    UpdateUserErrorCode {
        /// No such user, or not visible to the viewer.
        UserNotFound,
        /// The viewer may not do this to this user or record. In `viewerCannot…Reasons` also: the permission is missing (a mutation answers that with the request error FORBIDDEN).
        NotPermitted,
        /// The System User cannot be changed.
        SystemUserProtected,
        /// No such department.
        DepartmentNotFound,
        /// The manager is not an active employee, or the chain would form a circle.
        ManagerNotEligible,
        /// A value is empty, too long or otherwise malformed; `field` names it.
        InputInvalid,
        /// Somebody changed the object meanwhile; the payload carries it as it stands, on a dry run too.
        VersionConflict,
    }
}

/// Performs it.
pub async fn run(ctx: &Context<'_>, input: UpdateUserInput) -> Result<UpdateUserPayload> {
    let by = view(ctx)?;
    let action = action::UpdateUser::parse(action::UpdateUserInput {
        user_id: input.user_id.read("input.userId")?,
        first_name: patch(input.first_name),
        last_name: patch(input.last_name),
        job_title: patch(input.job_title),
        avatar_url: patch(input.avatar_url.map_value(|url| url.0)),
        department_id: patch_id(input.department_id, "input.departmentId")?,
        manager_id: patch_id(input.manager_id, "input.managerId")?,
        expected_version: input.expected_version,
    });
    match perform(ctx, action, Manner::default()).await? {
        Ok(done) => Ok(UpdateUserPayload { user: outcome::user(by, done.user).await?, ..UpdateUserPayload::done() }),
        Err(refusal) => {
            Ok(UpdateUserPayload { user: outcome::conflicting_user(by, &refusal).await?, ..UpdateUserPayload::refused(&refusal)? })
        }
    }
}
