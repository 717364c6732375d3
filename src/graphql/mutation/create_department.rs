//! `createDepartment`.

use std::sync::Arc;

use async_graphql::{Context, InputObject};
use tenure_core::actions::create_department as action;
use tenure_core::id::{DepartmentId, UserId};

use crate::graphql::error::Result;
use crate::graphql::id::Given;
use crate::graphql::operation::view;
use crate::graphql::types::Department;

use super::inputs::optional;
use super::outcome::{Manner, perform};
use super::payload::{Payload, payload};

/// Input of `createDepartment`.
#[derive(InputObject, Debug, Clone)]
pub struct CreateDepartmentInput {
    /// Name, unique under its parent.
    pub name: String,
    /// Parent; none for the top.
    pub parent_id: Option<Given<DepartmentId>>,
    /// Head.
    pub head_id: Option<Given<UserId>>,
}

payload! {
    create_department, tenure_core::actions::create_department::CreateDepartment;
    /// Outcome of `createDepartment`. When `userErrors` is not empty, nothing was changed.
    CreateDepartmentPayload {
        /// The department.
        department: Department,
    }
    /// An expected failure of `createDepartment`.
    CreateDepartmentError,
    /// Codes of `CreateDepartmentError`. Codes may be added: treat an unknown one as a generic failure.
    CreateDepartmentErrorCode {
        /// A value is empty, too long or otherwise malformed; `field` names it.
        InputInvalid,
        /// No such department.
        DepartmentNotFound,
        /// A department of that name exists there.
        NameTaken,
        /// The head is not an active employee.
        HeadNotEligible,
    }
}

/// Performs it.
pub async fn run(ctx: &Context<'_>, input: CreateDepartmentInput) -> Result<CreateDepartmentPayload> {
    let by = view(ctx)?;
    let parent = optional(input.parent_id, "input.parentId")?;
    let head = optional(input.head_id, "input.headId")?;
    match perform(ctx, action::CreateDepartment::parse(&input.name, parent, head), Manner::default()).await? {
        Ok(done) => Ok(CreateDepartmentPayload {
            department: done.department.map(|row| Department::new(by, Arc::new(row))),
            ..CreateDepartmentPayload::done()
        }),
        Err(refusal) => CreateDepartmentPayload::refused(&refusal),
    }
}
