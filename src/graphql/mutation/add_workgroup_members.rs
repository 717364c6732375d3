//! `addWorkgroupMembers`.

use std::sync::Arc;

use async_graphql::{Context, InputObject};
use tenure_core::actions::add_workgroup_members as action;
use tenure_core::id::{UserId, WorkgroupId};

use crate::graphql::error::Result;
use crate::graphql::id::{Given, read_each};
use crate::graphql::operation::view;
use crate::graphql::types::{Workgroup, WorkgroupRole};

use super::outcome::{Manner, perform};
use super::payload::{Payload, payload};

/// Input of `addWorkgroupMembers`.
#[derive(InputObject, Debug, Clone)]
pub struct AddWorkgroupMembersInput {
    /// Which workgroup.
    pub workgroup_id: Given<WorkgroupId>,
    /// Whom, 1 to 100.
    pub user_ids: Vec<Given<UserId>>,
    /// As what; MEMBER for new members when left out.
    pub role: Option<WorkgroupRole>,
}

payload! {
    add_workgroup_members, tenure_core::actions::add_workgroup_members::AddWorkgroupMembers;
    /// Outcome of `addWorkgroupMembers`. When `userErrors` is not empty, nothing was changed.
    AddWorkgroupMembersPayload {
        /// The workgroup.
        workgroup: Workgroup,
    }
    /// An expected failure of `addWorkgroupMembers`.
    AddWorkgroupMembersError,
    /// Codes of `AddWorkgroupMembersError`. Codes may be added: treat an unknown one as a generic failure.
    AddWorkgroupMembersErrorCode {
        /// No such workgroup, or not visible to the viewer.
        WorkgroupNotFound,
        /// No such user, or not visible to the viewer.
        UserNotFound,
        /// Somebody is dismissed, or external while the workgroup is not.
        MemberNotEligible,
        /// A value is empty, too long or otherwise malformed; `field` names it.
        InputInvalid,
    }
}

/// Performs it.
pub async fn run(ctx: &Context<'_>, input: AddWorkgroupMembersInput) -> Result<AddWorkgroupMembersPayload> {
    let by = view(ctx)?;
    let workgroup = input.workgroup_id.read("input.workgroupId")?;
    let users = read_each(&input.user_ids, "input.userIds")?;
    let action = action::AddWorkgroupMembers::parse(workgroup, users, input.role.map(Into::into));
    match perform(ctx, action, Manner::default()).await? {
        Ok(done) => Ok(AddWorkgroupMembersPayload {
            workgroup: done.workgroup.map(|row| Workgroup::new(by, Arc::new(row))),
            ..AddWorkgroupMembersPayload::done()
        }),
        Err(refusal) => AddWorkgroupMembersPayload::refused(&refusal),
    }
}
