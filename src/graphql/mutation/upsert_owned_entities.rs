//! `upsertOwnedEntities`.

use async_graphql::{Context, InputObject};
use tenure_core::actions::upsert_owned_entities as action;

use crate::graphql::error::Result;
use crate::graphql::operation::view;
use crate::graphql::types::{OwnedEntity, int};

use super::entity_input::OwnedEntityInput;
use super::outcome::{self, Manner, perform};
use super::payload::{Payload, payload};

/// Input of `upsertOwnedEntities`.
#[derive(InputObject, Debug, Clone)]
pub struct UpsertOwnedEntitiesInput {
    /// The records, 1 to 500.
    pub entities: Vec<OwnedEntityInput>,
    /// Any string unique to this attempt, 1 to 255 characters: a repeat by the same person within 24 hours returns the first outcome instead of acting again. Refusals and dry runs are not remembered.
    pub idempotency_key: Option<String>,
}

payload! {
    upsert_owned_entities, tenure_core::actions::upsert_owned_entities::UpsertOwnedEntities;
    /// Outcome of `upsertOwnedEntities`. When `userErrors` is not empty, nothing was changed.
    UpsertOwnedEntitiesPayload {
        /// The records, in the order given.
        entities: Vec<OwnedEntity>,
        /// Number created.
        created_count: i32,
        /// Number changed.
        updated_count: i32,
    }
    /// An expected failure of `upsertOwnedEntities`.
    UpsertOwnedEntitiesError,
    /// Codes of `UpsertOwnedEntitiesError`. Codes may be added: treat an unknown one as a generic failure.
    UpsertOwnedEntitiesErrorCode {
        /// The viewer may not do this to this user or record. In `viewerCannot…Reasons` also: the permission is missing (a mutation answers that with the request error FORBIDDEN).
        NotPermitted,
        /// A value is empty, too long or otherwise malformed; `field` names it.
        InputInvalid,
        /// The responsible person does not exist, is not active, or is external: external people hold only tasks and files of their workgroups. Naming the present one again is no change and always allowed.
        ResponsibleNotEligible,
        /// A company, contact, deal, subject, workgroup or participant does not exist or is not visible.
        ReferenceNotFound,
        /// The key was used with other input.
        IdempotencyKeyReused,
        /// The first attempt with this key is still running; retry later.
        IdempotencyInProgress,
    }
}

/// Performs it.
pub async fn run(ctx: &Context<'_>, input: UpsertOwnedEntitiesInput) -> Result<UpsertOwnedEntitiesPayload> {
    let by = view(ctx)?;
    let manner = Manner { idempotency_key: input.idempotency_key, ..Manner::default() };
    let entities = input.entities.into_iter().enumerate().map(|(n, entity)| entity.read(n)).collect::<Result<Vec<_>>>()?;
    match perform(ctx, action::UpsertOwnedEntities::parse(entities), manner).await? {
        Ok(done) => Ok(UpsertOwnedEntitiesPayload {
            created_count: Some(int(done.created.into())),
            updated_count: Some(int(done.updated.into())),
            entities: Some(outcome::records(by, &done.ids, done.rows).await?),
            ..UpsertOwnedEntitiesPayload::done()
        }),
        Err(refusal) => UpsertOwnedEntitiesPayload::refused(&refusal),
    }
}
