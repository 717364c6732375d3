//! `removeWorkgroupMember`.

use std::sync::Arc;

use async_graphql::{Context, InputObject};
use tenure_core::actions::remove_workgroup_member as action;
use tenure_core::id::{UserId, WorkgroupId};

use crate::graphql::error::Result;
use crate::graphql::id::Given;
use crate::graphql::operation::view;
use crate::graphql::types::Workgroup;

use super::outcome::{Manner, perform};
use super::payload::{Payload, payload};

/// Input of `removeWorkgroupMember`.
#[derive(InputObject, Debug, Clone)]
pub struct RemoveWorkgroupMemberInput {
    /// Which workgroup.
    pub workgroup_id: Given<WorkgroupId>,
    /// Whose.
    pub user_id: Given<UserId>,
}

payload! {
    remove_workgroup_member, tenure_core::actions::remove_workgroup_member::RemoveWorkgroupMember;
    /// Outcome of `removeWorkgroupMember`. When `userErrors` is not empty, nothing was changed.
    RemoveWorkgroupMemberPayload {
        /// The workgroup.
        workgroup: Workgroup,
    }
    /// An expected failure of `removeWorkgroupMember`.
    RemoveWorkgroupMemberError,
    /// Codes of `RemoveWorkgroupMemberError`. Codes may be added: treat an unknown one as a generic failure.
    RemoveWorkgroupMemberErrorCode {
        /// No such workgroup, or not visible to the viewer.
        WorkgroupNotFound,
        /// No such user, or not visible to the viewer.
        UserNotFound,
        /// The person does not belong to the workgroup.
        NotAMember,
        /// An external person belongs to at least one extranet workgroup: dismiss them or move them instead.
        LastExtranetWorkgroup,
    }
}

/// Performs it.
pub async fn run(ctx: &Context<'_>, input: RemoveWorkgroupMemberInput) -> Result<RemoveWorkgroupMemberPayload> {
    let by = view(ctx)?;
    let action = action::RemoveWorkgroupMember {
        workgroup: input.workgroup_id.read("input.workgroupId")?,
        user: input.user_id.read("input.userId")?,
    };
    match perform(ctx, Ok(action), Manner::default()).await? {
        Ok(done) => Ok(RemoveWorkgroupMemberPayload {
            workgroup: done.workgroup.map(|row| Workgroup::new(by, Arc::new(row))),
            ..RemoveWorkgroupMemberPayload::done()
        }),
        Err(refusal) => RemoveWorkgroupMemberPayload::refused(&refusal),
    }
}
