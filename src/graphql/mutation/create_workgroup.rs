//! `createWorkgroup`.

use std::sync::Arc;

use async_graphql::{Context, InputObject};
use tenure_core::actions::create_workgroup as action;
use tenure_core::id::UserId;

use crate::graphql::error::Result;
use crate::graphql::id::Given;
use crate::graphql::operation::view;
use crate::graphql::types::Workgroup;

use super::inputs::optional;
use super::outcome::{Manner, perform};
use super::payload::{Payload, payload};

/// Input of `createWorkgroup`.
#[derive(InputObject, Debug, Clone)]
pub struct CreateWorkgroupInput {
    /// Name, unique.
    pub name: String,
    /// Whether external people may belong to it.
    pub is_extranet: bool,
    /// Owner; the caller when left out.
    pub owner_id: Option<Given<UserId>>,
}

payload! {
    create_workgroup, tenure_core::actions::create_workgroup::CreateWorkgroup;
    /// Outcome of `createWorkgroup`. When `userErrors` is not empty, nothing was changed.
    CreateWorkgroupPayload {
        /// The workgroup.
        workgroup: Workgroup,
    }
    /// An expected failure of `createWorkgroup`.
    CreateWorkgroupError,
    /// Codes of `CreateWorkgroupError`. Codes may be added: treat an unknown one as a generic failure.
    CreateWorkgroupErrorCode {
        /// A value is empty, too long or otherwise malformed; `field` names it.
        InputInvalid,
        /// A workgroup of that name exists.
        NameTaken,
        /// The owner is not an active employee.
        OwnerNotEligible,
    }
}

/// Performs it.
pub async fn run(ctx: &Context<'_>, input: CreateWorkgroupInput) -> Result<CreateWorkgroupPayload> {
    let by = view(ctx)?;
    let owner = optional(input.owner_id, "input.ownerId")?;
    let action = action::CreateWorkgroup::parse(&input.name, input.is_extranet, owner);
    match perform(ctx, action, Manner::default()).await? {
        Ok(done) => Ok(CreateWorkgroupPayload {
            workgroup: done.workgroup.map(|row| Workgroup::new(by, Arc::new(row))),
            ..CreateWorkgroupPayload::done()
        }),
        Err(refusal) => CreateWorkgroupPayload::refused(&refusal),
    }
}
