//! `undoReassignment`: what was handed over goes back to who had it, unless it was changed or handed on since (rules H9, I5).

use std::collections::{BTreeSet, HashMap};

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::engine::{Action, Change, Locks, Outcome};
use crate::id::{ReassignmentId, RecordId, UserId};
use crate::permission::Permission;
use crate::policy::RecordScope;
use crate::reassignment::{Reassignment, ReassignmentStatus, SkipReason, Skipped};
use crate::record::{OwnershipChange, Record};
use crate::rejection::{Code, Failure, Reasons, Rejection};
use crate::steps::handover::{self, FreshReassignment, RECORDS_MAX};
use crate::storage::{Read, RecordLine, StorageError};
use crate::user::UserKind;

/// Gives a reassignment back.
#[derive(Debug, Clone)]
pub struct UndoReassignment {
    /// Which.
    pub reassignment: ReassignmentId,
}

/// What came of it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Undone {
    /// The one that was given back.
    pub reassignment: FreshReassignment,
    /// The one that gave it back.
    pub undoing: FreshReassignment,
    /// How many records went back.
    pub restored_count: u32,
}

impl Outcome for Undone {}

/// One more than a transaction moves: so many are read to find out that there are too many.
const READ_MAX: u32 = RECORDS_MAX as u32 + 1;

#[async_trait]
impl Action for UndoReassignment {
    type Output = Undone;
    const NAME: &'static str = "undoReassignment";
    const REQUIRES: &'static [Permission] = &[Permission::EntitiesReassign, Permission::EntitiesWrite, Permission::UsersDismiss];
    const CODES: &'static [Code] = &[
        Code::ReassignmentNotFound,
        Code::NotPermitted,
        Code::AlreadyUndone,
        Code::StillRunning,
        Code::UndoWindowExpired,
        Code::InputInvalid,
        Code::IdempotencyKeyReused,
        Code::IdempotencyInProgress,
    ];

    async fn locks(&self, read: &dyn Read) -> Result<Locks, Failure> {
        // Whoever gets records back stays as they are: nobody is deleted, and nobody becomes external, under our hands.
        let changes = read.ownership_changes_by_reassignment(self.reassignment, READ_MAX).await?;
        Ok(Locks::new().shared_all(changes.into_iter().map(|c| c.from)))
    }

    async fn run(&self, change: &mut Change<'_>) -> Result<Undone, Failure> {
        let mut original = self.original(change).await?;
        let changes = change.read().ownership_changes_by_reassignment(self.reassignment, READ_MAX).await?;
        if changes.len() > RECORDS_MAX {
            let message = format!("It moved more than {RECORDS_MAX} records: hand them over again with `reassign`, in parts.");
            return Err(Rejection::at(Code::InputInvalid, "reassignmentId", message).into());
        }
        let deleted = deleted_people(change, &changes).await?;
        let ids: Vec<RecordId> = changes.iter().map(|c| c.record).collect();
        let lines = change.tx().records_lock_by_id(&ids, &RecordScope::everything()).await?;
        change.records_are_held();
        let lines: HashMap<RecordId, RecordLine> = lines.into_iter().map(|line| (line.id, line)).collect();

        let (mut moves, mut skipped, mut provenance) = (Vec::new(), Vec::new(), HashMap::new());
        for made in &changes {
            match destination(change, made, lines.get(&made.record)) {
                Err(reason) => skipped.push(Skipped { record: made.record, reason }),
                Ok(line) if deleted.contains(&made.from) => {
                    provenance.insert(line.id, made.from);
                    moves.push((line, UserId::SYSTEM));
                }
                Ok(line) => moves.push((line, made.from)),
            }
        }
        let restored_count = moves.len() as u32;
        let undoing = handover::hand_back(moves, skipped).give_back(change, original.id).await?;
        note_provenance(change, &provenance).await?;
        original.status = ReassignmentStatus::Undone;
        change.tx().reassignment_update(&original).await?;
        Ok(Undone { reassignment: FreshReassignment { id: original.id, row: Some(original) }, undoing, restored_count })
    }
}

impl UndoReassignment {
    /// The reassignment, held: of two who give it back at once, the second finds it given back.
    async fn original(&self, change: &mut Change<'_>) -> Result<Reassignment, Failure> {
        let access = change.access()?.clone();
        let at = |code: Code, message: &str| Rejection::at(code, "reassignmentId", message);
        let found = change.tx().reassignments_lock(&[self.reassignment], &access.reassignment_scope()).await?.pop();
        let Some(original) = found else { return Err(at(Code::ReassignmentNotFound, "No such reassignment.").into()) };
        let mut reasons = Reasons::new();
        reasons.add_if(!access.decides_to_undo(&original), || {
            at(Code::NotPermitted, "Its author and administrators give it back; what gave something back is not given back itself.")
        });
        reasons.add_if(original.status == ReassignmentStatus::Undone, || at(Code::AlreadyUndone, "Given back before."));
        if original.status.is_final() {
            let fresh = original.is_fresh(change.now());
            reasons.add_if(!fresh, || at(Code::UndoWindowExpired, "It ended more than 30 days ago: use `reassign`."));
        } else {
            reasons.add(at(Code::StillRunning, "It still runs: cancel it first."));
        }
        reasons.check(Self::CODES, None)?;
        Ok(original)
    }
}

/// Which of those who had the records are no more.
async fn deleted_people(change: &Change<'_>, changes: &[OwnershipChange]) -> Result<BTreeSet<UserId>, Failure> {
    let unheld: BTreeSet<UserId> = changes.iter().map(|c| c.from).filter(|id| change.held(*id).is_none()).collect();
    let ids: Vec<UserId> = unheld.iter().copied().collect();
    if !ids.is_empty() && !change.read().users_by_id(&ids).await?.is_empty() {
        // Somebody whose records were moved after we had looked whom to hold: look again.
        return Err(StorageError::Conflict.into());
    }
    Ok(unheld)
}

/// The record, if it goes back; else why not.
fn destination(change: &Change<'_>, made: &OwnershipChange, line: Option<&RecordLine>) -> Result<RecordLine, SkipReason> {
    let line = line.ok_or(SkipReason::NotFound)?;
    if line.responsible != made.to || line.version != made.record_version {
        return Err(SkipReason::ChangedSince);
    }
    let is_external = change.held(made.from).is_some_and(|user| user.kind == UserKind::Extranet);
    if is_external && line.id.kind.is_crm() {
        return Err(SkipReason::NotEligible);
    }
    Ok(*line)
}

/// The System User has them for somebody who was deleted: administrators find them by that (rule L3).
async fn note_provenance(change: &mut Change<'_>, provenance: &HashMap<RecordId, UserId>) -> Result<(), Failure> {
    if provenance.is_empty() {
        return Ok(());
    }
    let ids: Vec<RecordId> = provenance.keys().copied().collect();
    let records = change.read().records_by_id(&ids, &RecordScope::everything()).await?;
    let noted: Vec<Record> = records.into_iter().map(|r| Record { provenance: provenance.get(&r.id).copied(), ..r }).collect();
    change.tx().records_update(&noted).await?;
    Ok(())
}
