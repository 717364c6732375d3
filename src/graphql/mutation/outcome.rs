//! From an input to an outcome, and from an outcome to what a payload shows: rows as the transaction left them, through the viewer's scope.

use std::sync::Arc;

use async_graphql::Context;
use tenure_core::engine::{Action, Attempt, FreshUser};
use tenure_core::id::RecordId;
use tenure_core::record::Record;
use tenure_core::rejection::{Code, Failure, Faults, Refusal};
use tenure_core::steps::handover::FreshReassignment;
use tenure_core::text;

use crate::graphql::error::Result;
use crate::graphql::loaders::{AddressKey, ReassignmentKey, RecordKey};
use crate::graphql::needs;
use crate::graphql::operation::Operation;
use crate::graphql::types::{EmailUsage, OwnedEntity, Reassignment, Settings, User};
use crate::graphql::view::View;

/// How a mutation is to be attempted, as its input says.
#[derive(Debug, Default)]
pub struct Manner {
    /// `dryRun`.
    pub dry_run: Option<bool>,
    /// `idempotencyKey`.
    pub idempotency_key: Option<String>,
}

/// Performs an action for the caller of the operation: FORBIDDEN and UNAUTHENTICATED before everything else, then all faults of shape at
/// once, then the action (rule R11). The inner error becomes `userErrors`.
pub async fn perform<A: Action>(ctx: &Context<'_>, action: Result<A, Refusal>, manner: Manner) -> Result<Result<A::Output, Refusal>> {
    let operation = Operation::of(ctx)?;
    if !A::REQUIRES.is_empty() {
        operation.view()?.require(A::REQUIRES)?;
    }
    if A::PERSONAL {
        operation.view()?.require_person()?;
    }
    let action = match with_key_checked(action, manner.idempotency_key.as_deref()) {
        Ok(action) => action,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let attempt = Attempt {
        request_id: Some(operation.request_id().to_owned()),
        dry_run: manner.dry_run.unwrap_or(false),
        idempotency_key: manner.idempotency_key,
    };
    match operation.engine().perform(operation.viewer().map(View::access), &attempt, &action).await {
        Ok(output) => Ok(Ok(output)),
        Err(Failure::Refused(refusal)) => Ok(Err(refusal)),
        Err(failure) => Err(failure.into()),
    }
}

/// Performs an action that is about who comes, not about who is signed in: an old credential that was sent along does not matter.
pub async fn perform_anonymously<A: Action>(ctx: &Context<'_>, action: Result<A, Refusal>) -> Result<Result<A::Output, Refusal>> {
    let operation = Operation::of(ctx)?;
    let action = match action {
        Ok(action) => action,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let attempt = Attempt { request_id: Some(operation.request_id().to_owned()), ..Attempt::default() };
    match operation.engine().perform(None, &attempt, &action).await {
        Ok(output) => Ok(Ok(output)),
        Err(Failure::Refused(refusal)) => Ok(Err(refusal)),
        Err(failure) => Err(failure.into()),
    }
}

/// The action, unless it or the key is malformed.
fn with_key_checked<A>(action: Result<A, Refusal>, key: Option<&str>) -> Result<A, Refusal> {
    let mut faults = Faults::new();
    if let Some(key) = key
        && !(1..=text::IDEMPOTENCY_KEY_MAX).contains(&key.chars().count())
    {
        faults.input("idempotencyKey", format!("`idempotencyKey` must be 1 to {} characters long.", text::IDEMPOTENCY_KEY_MAX));
    }
    // PostgreSQL cannot store it; the key is any other string.
    if key.is_some_and(|key| key.contains('\0')) {
        faults.input("idempotencyKey", "`idempotencyKey` must not contain the null character.");
    }
    match (action, faults.finish()) {
        (Ok(action), Ok(())) => Ok(action),
        (Ok(_), Err(refusal)) | (Err(refusal), Ok(())) => Err(refusal),
        (Err(mut refusal), Err(more)) => {
            refusal.rejections.extend(more.rejections);
            Err(refusal)
        }
    }
}

/// A person in an outcome; in a repeat, as they stand now.
pub async fn user(by: &View, fresh: Option<FreshUser>) -> Result<Option<User>> {
    let person = match fresh {
        None => None,
        Some(FreshUser { row: Some(row), .. }) => by.admit(row).await?,
        Some(FreshUser { id, row: None }) => by.person(id).await?,
    };
    Ok(person.map(|person| User::new(by, person)))
}

/// A reassignment in an outcome; in a repeat, as it stands now.
pub async fn reassignment(by: &View, fresh: Option<FreshReassignment>) -> Result<Option<Reassignment>> {
    let row = match fresh {
        None => None,
        // Who asked for it may see it.
        Some(FreshReassignment { row: Some(row), .. }) => Some(Arc::new(row)),
        Some(FreshReassignment { id, row: None }) => by.ask(ReassignmentKey(id)).await?,
    };
    Ok(row.map(|row| Reassignment::new(by, row)))
}

/// With VERSION_CONFLICT: the person as they stand.
pub async fn conflicting_user(by: &View, refusal: &Refusal) -> Result<Option<User>> {
    match refusal.conflicting_user {
        None => Ok(None),
        Some(id) => Ok(by.person(id).await?.map(|person| User::new(by, person))),
    }
}

/// With EMAIL_TAKEN: who holds the address, for those who may see it.
pub async fn taken_address(by: &View, refusal: &Refusal) -> Result<Option<EmailUsage>> {
    match &refusal.taken_address {
        Some(key) if by.require(needs::ADDRESSES).is_ok() => match by.ask(AddressKey(key.clone())).await? {
            Some(held) => EmailUsage::of(by, held).await,
            None => Ok(None),
        },
        Some(_) | None => Ok(None),
    }
}

/// With VERSION_CONFLICT: the settings as they stand.
pub async fn conflicting_settings(by: &View, refusal: &Refusal) -> Result<Option<Settings>> {
    if refusal.rejections.iter().any(|r| r.code == Code::VersionConflict) {
        let row = by.engine().storage().settings().await?;
        return Ok(Some(Settings::new(by, Arc::new(row))));
    }
    Ok(None)
}

/// Records in an outcome that the viewer may read, in the order given; in a repeat, as they stand now, without those that are gone or hidden
/// since.
pub async fn records(by: &View, ids: &[RecordId], rows: Option<Vec<Record>>) -> Result<Vec<OwnedEntity>> {
    if let Some(rows) = rows {
        return Ok(rows.into_iter().map(|row| OwnedEntity::new(by, Arc::new(row))).collect());
    }
    let mut found = Vec::with_capacity(ids.len());
    for row in futures_util::future::join_all(ids.iter().map(|id| by.ask(RecordKey(*id)))).await {
        found.extend(row?.map(|row| OwnedEntity::new(by, row)));
    }
    Ok(found)
}
