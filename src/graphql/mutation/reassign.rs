//! `reassign`.

use async_graphql::{Context, InputObject, OneofObject};
use tenure_core::actions::reassign as action;
use tenure_core::id::{RecordId, UserId};

use crate::graphql::error::Result;
use crate::graphql::filters::OwnedEntityFilter;
use crate::graphql::id::{Given, read_each};
use crate::graphql::operation::view;
use crate::graphql::types::{OwnedEntityCount, Reassignment, SuccessorShare};

use super::outcome::{self, Manner, perform};
use super::payload::{Payload, payload};

/// Which records: exactly one way must be given.
#[derive(OneofObject, Debug, Clone)]
pub enum EntitySelectionInput {
    /// These records, 1 to 500.
    Ids(Vec<Given<RecordId>>),
    /// All records that match when it begins, on however many pages. `responsibleIds`, `formerResponsibleIds` or `isOrphaned: true` is needed.
    Matching(OwnedEntityFilter),
}

/// Input of `reassign`.
#[derive(InputObject, Debug, Clone)]
pub struct ReassignInput {
    /// Which records.
    pub selection: EntitySelectionInput,
    /// One to 20 active employees. Several share the records evenly: in ascending order of ID the first goes to the first, the next to the next; linked activities follow their record.
    pub to_user_ids: Vec<Given<UserId>>,
    /// Move the linked activities of the same responsible person along. True when left out.
    pub include_linked_activities: Option<bool>,
    /// Note, up to 2000 characters.
    pub note: Option<String>,
    /// Check everything and report what would happen, but change nothing: objects in the payload are null, counts and user errors are filled.
    pub dry_run: Option<bool>,
    /// Any string unique to this attempt, 1 to 255 characters: a repeat by the same person within 24 hours returns the first outcome instead of acting again. Refusals and dry runs are not remembered.
    pub idempotency_key: Option<String>,
}

payload! {
    reassign, tenure_core::actions::reassign::Reassign;
    /// Outcome of `reassign`. When `userErrors` is not empty, nothing was changed.
    ReassignPayload {
        /// The reassignment; null on a dry run.
        reassignment: Reassignment,
        /// What the handover would move, on a dry run.
        planned_counts: Vec<OwnedEntityCount>,
        /// The same for each successor, in the order given.
        planned_shares: Vec<SuccessorShare>,
    }
    /// An expected failure of `reassign`.
    ReassignError,
    /// Codes of `ReassignError`. Codes may be added: treat an unknown one as a generic failure.
    ReassignErrorCode {
        /// The viewer may not do this to this user or record. In `viewerCannot…Reasons` also: the permission is missing (a mutation answers that with the request error FORBIDDEN).
        NotPermitted,
        /// No such user, or not visible to the viewer.
        UserNotFound,
        /// A successor does not exist, is not an active employee, is named twice, or is one of the present responsible people named.
        SuccessorNotEligible,
        /// Nothing matches. Never for `ids`: what cannot be moved is in `skipped`.
        SelectionEmpty,
        /// More than 500 IDs, or none of `responsibleIds`, `formerResponsibleIds` and `isOrphaned: true`.
        SelectionTooWide,
        /// A value is empty, too long or otherwise malformed; `field` names it.
        InputInvalid,
        /// The key was used with other input.
        IdempotencyKeyReused,
        /// The first attempt with this key is still running; retry later.
        IdempotencyInProgress,
    }
}

/// Performs it.
pub async fn run(ctx: &Context<'_>, input: ReassignInput) -> Result<ReassignPayload> {
    let by = view(ctx)?;
    let manner = Manner { dry_run: input.dry_run, idempotency_key: input.idempotency_key };
    let action = action::Reassign::parse(action::ReassignInput {
        selection: match input.selection {
            EntitySelectionInput::Ids(ids) => action::SelectionInput::Ids(read_each(&ids, "input.selection.ids")?),
            EntitySelectionInput::Matching(filter) => action::SelectionInput::Matching(filter.input("input.selection.matching")?),
        },
        to_user_ids: read_each(&input.to_user_ids, "input.toUserIds")?,
        include_linked_activities: input.include_linked_activities.unwrap_or(true),
        note: input.note,
    });
    match perform(ctx, action, manner).await? {
        Ok(done) => Ok(ReassignPayload {
            reassignment: outcome::reassignment(by, done.reassignment).await?,
            planned_counts: done.planned.as_ref().map(|planned| OwnedEntityCount::list(&planned.counts)),
            planned_shares: done.planned.as_ref().map(|planned| SuccessorShare::list(by, &planned.shares)),
            ..ReassignPayload::done()
        }),
        Err(refusal) => ReassignPayload::refused(&refusal),
    }
}
