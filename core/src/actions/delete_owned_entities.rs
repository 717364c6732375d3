//! `deleteOwnedEntities`: up to 500 records in one transaction (rule S7).

use std::collections::HashSet;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::engine::{Action, Change, Locks, Outcome};
use crate::id::RecordId;
use crate::permission::Permission;
use crate::rejection::{Code, Failure, Faults, Reasons, Refusal, Rejection};
use crate::storage::Read;

/// Most records of one input.
pub const RECORDS_MAX: usize = 500;

/// Deletes records.
#[derive(Debug, Clone)]
pub struct DeleteOwnedEntities {
    ids: Vec<RecordId>,
}

/// What came of it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Deleted {
    /// Those that existed, in the order given.
    pub ids: Vec<RecordId>,
}

impl Outcome for Deleted {}

impl DeleteOwnedEntities {
    /// Checks the shape.
    pub fn parse(ids: Vec<RecordId>) -> Result<DeleteOwnedEntities, Refusal> {
        let mut faults = Faults::new();
        if ids.is_empty() || ids.len() > RECORDS_MAX {
            faults.input("ids", format!("Give 1 to {RECORDS_MAX} records, not {}.", ids.len()));
        }
        faults.finish().map(|()| DeleteOwnedEntities { ids })
    }
}

#[async_trait]
impl Action for DeleteOwnedEntities {
    type Output = Deleted;
    const NAME: &'static str = "deleteOwnedEntities";
    const REQUIRES: &'static [Permission] = &[Permission::EntitiesWrite, Permission::EntitiesReassign];
    const CODES: &'static [Code] =
        &[Code::NotPermitted, Code::InputInvalid, Code::Referenced, Code::IdempotencyKeyReused, Code::IdempotencyInProgress];

    async fn locks(&self, _read: &dyn Read) -> Result<Locks, Failure> {
        Ok(Locks::new())
    }

    async fn run(&self, change: &mut Change<'_>) -> Result<Deleted, Failure> {
        let access = change.access()?.clone();
        let lines = change.tx().records_lock_by_id(&self.ids, &access.record_scope_for_writing()).await?;
        let found: HashSet<RecordId> = lines.iter().map(|l| l.id).collect();
        let mut reasons = Reasons::new();
        for line in &lines {
            let permitted = access.has(Permission::EntitiesReassign) || line.responsible == access.person();
            let n = self.ids.iter().position(|id| *id == line.id).unwrap_or_default();
            reasons.add_if(!permitted, || Rejection::at(Code::NotPermitted, &format!("ids.{n}"), "You may delete your own records only."));
        }
        let existing: Vec<RecordId> = lines.iter().map(|l| l.id).collect();
        for id in change.read().records_referenced(&existing).await? {
            let n = self.ids.iter().position(|i| *i == id).unwrap_or_default();
            reasons.add(Rejection::at(Code::Referenced, &format!("ids.{n}"), "Another record still refers to this one."));
        }
        reasons.check(Self::CODES, None)?;
        change.tx().records_delete(&existing).await?;
        let mut seen = HashSet::new();
        Ok(Deleted { ids: self.ids.iter().copied().filter(|id| found.contains(id) && seen.insert(*id)).collect() })
    }
}
