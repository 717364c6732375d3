//! `deleteOwnedEntities`.

use async_graphql::{Context, ID, InputObject};
use tenure_core::actions::delete_owned_entities as action;
use tenure_core::id::RecordId;

use crate::graphql::error::Result;
use crate::graphql::id::{Given, read_each};
use crate::graphql::operation::view;

use super::outcome::{Manner, perform};
use super::payload::{Payload, payload};

/// Input of `deleteOwnedEntities`.
#[derive(InputObject, Debug, Clone)]
pub struct DeleteOwnedEntitiesInput {
    /// The records, 1 to 500.
    pub ids: Vec<Given<RecordId>>,
    /// Any string unique to this attempt, 1 to 255 characters: a repeat by the same person within 24 hours returns the first outcome instead of acting again. Refusals and dry runs are not remembered.
    pub idempotency_key: Option<String>,
}

payload! {
    delete_owned_entities, tenure_core::actions::delete_owned_entities::DeleteOwnedEntities;
    /// Outcome of `deleteOwnedEntities`. When `userErrors` is not empty, nothing was changed.
    DeleteOwnedEntitiesPayload {
        /// IDs deleted; those that did not exist are left out.
        deleted_ids: Vec<ID>,
    }
    /// An expected failure of `deleteOwnedEntities`.
    DeleteOwnedEntitiesError,
    /// Codes of `DeleteOwnedEntitiesError`. Codes may be added: treat an unknown one as a generic failure.
    DeleteOwnedEntitiesErrorCode {
        /// The viewer may not do this to this user or record. In `viewerCannot…Reasons` also: the permission is missing (a mutation answers that with the request error FORBIDDEN).
        NotPermitted,
        /// A value is empty, too long or otherwise malformed; `field` names it.
        InputInvalid,
        /// Another record still refers to one of them.
        Referenced,
        /// The key was used with other input.
        IdempotencyKeyReused,
        /// The first attempt with this key is still running; retry later.
        IdempotencyInProgress,
    }
}

/// Performs it.
pub async fn run(ctx: &Context<'_>, input: DeleteOwnedEntitiesInput) -> Result<DeleteOwnedEntitiesPayload> {
    view(ctx)?;
    let manner = Manner { idempotency_key: input.idempotency_key, ..Manner::default() };
    let action = action::DeleteOwnedEntities::parse(read_each(&input.ids, "input.ids")?);
    match perform(ctx, action, manner).await? {
        Ok(done) => Ok(DeleteOwnedEntitiesPayload {
            deleted_ids: Some(done.ids.into_iter().map(ID::from).collect()),
            ..DeleteOwnedEntitiesPayload::done()
        }),
        Err(refusal) => DeleteOwnedEntitiesPayload::refused(&refusal),
    }
}
