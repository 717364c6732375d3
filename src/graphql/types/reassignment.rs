//! Reassignments.

use std::sync::Arc;

use async_graphql::{ID, Object, SimpleObject};
use tenure_core::id::UserId;
use tenure_core::reassignment;

use crate::graphql::connection::connection;
use crate::graphql::error::Result;
use crate::graphql::lists::ReassignmentList;
use crate::graphql::loaders::ReassignmentKey;
use crate::graphql::scalars::DateTime;
use crate::graphql::view::View;

use super::enums::{ReassignmentFailureCode, ReassignmentStatus, SkipReason};
use super::offboarding::int;
use super::{Attribution, OwnedEntityCount};

/// One handing over of records.
#[derive(Clone)]
pub struct Reassignment {
    by: View,
    row: Arc<reassignment::Reassignment>,
}

impl Reassignment {
    /// A reassignment that this viewer may see.
    pub fn new(by: &View, row: Arc<reassignment::Reassignment>) -> Reassignment {
        Reassignment { by: by.clone(), row }
    }
}

//D Reassignment
#[Object]
impl Reassignment {
    //D Reassignment.id
    async fn id(&self) -> ID {
        self.row.id.into()
    }

    //D Reassignment.status
    async fn status(&self) -> ReassignmentStatus {
        self.row.status.into()
    }

    //D Reassignment.plannedCount
    async fn planned_count(&self) -> i32 {
        int(self.row.planned_count.into())
    }

    //D Reassignment.movedCount
    async fn moved_count(&self) -> i32 {
        int(self.row.moved_count.into())
    }

    //D Reassignment.skippedCount
    async fn skipped_count(&self) -> i32 {
        int(self.row.skipped_count.into())
    }

    //D Reassignment.remainingCount
    async fn remaining_count(&self) -> Option<i32> {
        self.row.remaining_count.map(|count| int(count.into()))
    }

    //D Reassignment.failureCode
    async fn failure_code(&self) -> Option<ReassignmentFailureCode> {
        self.row.failure.map(ReassignmentFailureCode::from)
    }

    //D Reassignment.progress
    async fn progress(&self) -> f64 {
        let done = f64::from(self.row.moved_count) + f64::from(self.row.skipped_count);
        match self.row.planned_count {
            0 => 1.0,
            planned => (done / f64::from(planned)).min(1.0),
        }
    }

    //D Reassignment.movedCounts
    async fn moved_counts(&self) -> Vec<OwnedEntityCount> {
        OwnedEntityCount::list(&self.row.lists.moved_counts)
    }

    //D Reassignment.shares
    async fn shares(&self) -> Vec<SuccessorShare> {
        SuccessorShare::list(&self.by, &self.row.lists.shares)
    }

    //D Reassignment.sources
    async fn sources(&self) -> Result<Vec<Attribution>> {
        Attribution::of_people(&self.by, &self.row.lists.sources).await
    }

    //D Reassignment.skipped
    async fn skipped(&self) -> Vec<SkippedEntity> {
        let entity = |s: &reassignment::Skipped| SkippedEntity { entity_id: s.record.into(), reason: s.reason.into() };
        self.row.lists.skipped.iter().map(entity).collect()
    }

    //D Reassignment.requestedBy
    async fn requested_by(&self) -> Result<Attribution> {
        Attribution::of_actor(&self.by, &self.row.requested_by).await
    }

    //D Reassignment.successors
    async fn successors(&self) -> Result<Vec<Attribution>> {
        Attribution::of_people(&self.by, &self.row.lists.successors).await
    }

    //D Reassignment.note
    async fn note(&self) -> Option<&str> {
        self.row.note.as_deref()
    }

    //D Reassignment.undoes
    async fn undoes(&self) -> Option<Result<Reassignment>> {
        let row = self.by.ask(ReassignmentKey(self.row.undoes?)).await.transpose()?;
        Some(row.map(|row| Reassignment::new(&self.by, row)))
    }

    //D Reassignment.createdAt
    async fn created_at(&self) -> DateTime {
        self.row.created_at.into()
    }

    //D Reassignment.finishedAt
    async fn finished_at(&self) -> Option<DateTime> {
        self.row.finished_at.map(DateTime)
    }

    //D Reassignment.viewerCanCancel
    async fn viewer_can_cancel(&self) -> bool {
        self.by.access().may_cancel(&self.row)
    }

    //D Reassignment.viewerCanUndo
    async fn viewer_can_undo(&self) -> bool {
        self.by.access().may_undo(&self.row, self.by.now())
    }
}

connection! {
    //D ReassignmentConnection
    ReassignmentConnection,
    //D ReassignmentEdge
    ReassignmentEdge: ReassignmentList => Reassignment, |pages, row| Reassignment::new(pages.by(), row)
}

/// What one successor receives.
pub struct SuccessorShare {
    by: View,
    successor: UserId,
    counts: Vec<OwnedEntityCount>,
}

impl SuccessorShare {
    /// Shares of `core`, in the same order.
    pub fn list(by: &View, shares: &[reassignment::Share]) -> Vec<SuccessorShare> {
        let share = |s: &reassignment::Share| SuccessorShare { by: by.clone(), successor: s.successor, counts: OwnedEntityCount::list(&s.counts) };
        shares.iter().map(share).collect()
    }
}

//D SuccessorShare
#[Object]
impl SuccessorShare {
    //D SuccessorShare.successor
    async fn successor(&self) -> Result<Attribution> {
        Attribution::of_person(&self.by, self.successor).await
    }

    //D SuccessorShare.counts
    async fn counts(&self) -> &[OwnedEntityCount] {
        &self.counts
    }
}

//D SkippedEntity
#[derive(SimpleObject)]
pub struct SkippedEntity {
    //D SkippedEntity.entityId
    entity_id: ID,
    //D SkippedEntity.reason
    reason: SkipReason,
}
