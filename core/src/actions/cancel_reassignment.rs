//! `cancelReassignment`: what still runs stops; what was moved stays moved (rule H9).

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::engine::{Action, Change, Locks, Outcome};
use crate::id::ReassignmentId;
use crate::permission::Permission;
use crate::reassignment::ReassignmentStatus;
use crate::rejection::{Code, Failure, Rejection};
use crate::steps::handover::FreshReassignment;
use crate::storage::Read;

/// Stops a reassignment.
#[derive(Debug, Clone)]
pub struct CancelReassignment {
    /// Which.
    pub reassignment: ReassignmentId,
}

/// What came of it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Cancelled {
    /// The reassignment: cancelled, or as it had ended before.
    pub reassignment: FreshReassignment,
}

impl Outcome for Cancelled {}

#[async_trait]
impl Action for CancelReassignment {
    type Output = Cancelled;
    const NAME: &'static str = "cancelReassignment";
    const REQUIRES: &'static [Permission] = &[Permission::EntitiesReassign, Permission::EntitiesWrite, Permission::UsersDismiss];
    const CODES: &'static [Code] = &[Code::ReassignmentNotFound, Code::NotPermitted];

    async fn locks(&self, _read: &dyn Read) -> Result<Locks, Failure> {
        Ok(Locks::new())
    }

    async fn run(&self, change: &mut Change<'_>) -> Result<Cancelled, Failure> {
        let access = change.access()?.clone();
        let at = |code: Code, message: &str| Rejection::at(code, "reassignmentId", message);
        let found = change.tx().reassignments_lock(&[self.reassignment], &access.reassignment_scope()).await?.pop();
        let Some(mut reassignment) = found else { return Err(at(Code::ReassignmentNotFound, "No such reassignment.").into()) };
        if !access.may_cancel(&reassignment) {
            return Err(at(Code::NotPermitted, "Only its author may stop it, and who may hand over anybody's records.").into());
        }
        // Who comes too late is told how it ended: to their mind it has stopped.
        if !reassignment.status.is_final() {
            reassignment.status = ReassignmentStatus::Cancelled;
            reassignment.finished_at = Some(change.now());
            change.tx().reassignment_update(&reassignment).await?;
        }
        Ok(Cancelled { reassignment: FreshReassignment { id: reassignment.id, row: Some(reassignment) } })
    }
}
