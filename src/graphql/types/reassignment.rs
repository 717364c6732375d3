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

/// One handing over of records. A small one is finished when the mutation returns, a large one goes on in the background:
/// clients treat both alike. At every moment each record has exactly one responsible person.
#[Object]
impl Reassignment {
    /// Global ID, `rsg_…`.
    pub async fn id(&self) -> ID {
        self.row.id.into()
    }

    /// Current state.
    async fn status(&self) -> ReassignmentStatus {
        self.row.status.into()
    }

    /// Records selected when it began.
    async fn planned_count(&self) -> i32 {
        int(self.row.planned_count.into())
    }

    /// Records moved so far.
    async fn moved_count(&self) -> i32 {
        int(self.row.moved_count.into())
    }

    /// Records that could not be moved.
    async fn skipped_count(&self) -> i32 {
        int(self.row.skipped_count.into())
    }

    /// Records that match as well but came after it began; they stay. Null until it ends.
    async fn remaining_count(&self) -> Option<i32> {
        self.row.remaining_count.map(|count| int(count.into()))
    }

    /// Why it stopped; null unless FAILED.
    async fn failure_code(&self) -> Option<ReassignmentFailureCode> {
        self.row.failure.map(ReassignmentFailureCode::from)
    }

    /// Share done, 0 to 1.
    async fn progress(&self) -> f64 {
        let done = f64::from(self.row.moved_count) + f64::from(self.row.skipped_count);
        match self.row.planned_count {
            0 => 1.0,
            planned => (done / f64::from(planned)).min(1.0),
        }
    }

    /// Moved so far, by kind.
    async fn moved_counts(&self) -> Vec<OwnedEntityCount> {
        OwnedEntityCount::list(&self.row.lists.moved_counts)
    }

    /// Moved so far, by successor, in the order given.
    async fn shares(&self) -> Vec<SuccessorShare> {
        SuccessorShare::list(&self.by, &self.row.lists.shares)
    }

    /// Who handed over, at most 20.
    async fn sources(&self) -> Result<Vec<Attribution>> {
        Attribution::of_people(&self.by, &self.row.lists.sources).await
    }

    /// The first 100 skipped records.
    async fn skipped(&self) -> Vec<SkippedEntity> {
        let entity = |s: &reassignment::Skipped| SkippedEntity { entity_id: s.record.into(), reason: s.reason.into() };
        self.row.lists.skipped.iter().map(entity).collect()
    }

    /// Who asked for it.
    async fn requested_by(&self) -> Result<Attribution> {
        Attribution::of_actor(&self.by, &self.row.requested_by).await
    }

    /// Who took over.
    async fn successors(&self) -> Result<Vec<Attribution>> {
        Attribution::of_people(&self.by, &self.row.lists.successors).await
    }

    /// Note given with it.
    async fn note(&self) -> Option<&str> {
        self.row.note.as_deref()
    }

    /// The reassignment that this one gives back; null for an ordinary one.
    async fn undoes(&self) -> Option<Result<Reassignment>> {
        let row = self.by.ask(ReassignmentKey(self.row.undoes?)).await.transpose()?;
        Some(row.map(|row| Reassignment::new(&self.by, row)))
    }

    /// When it was asked for.
    async fn created_at(&self) -> DateTime {
        self.row.created_at.into()
    }

    /// When it reached a final state.
    async fn finished_at(&self) -> Option<DateTime> {
        self.row.finished_at.map(DateTime)
    }

    /// Whether `cancelReassignment` is open to the viewer now.
    async fn viewer_can_cancel(&self) -> bool {
        self.by.access().may_cancel(&self.row)
    }

    /// Whether `undoReassignment` is open to the viewer now.
    async fn viewer_can_undo(&self) -> bool {
        self.by.access().may_undo(&self.row, self.by.now())
    }
}

connection! {
    /// A page of reassignments.
    ReassignmentConnection,
    /// One entry of a `ReassignmentConnection`.
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
        let share =
            |s: &reassignment::Share| SuccessorShare { by: by.clone(), successor: s.successor, counts: OwnedEntityCount::list(&s.counts) };
        shares.iter().map(share).collect()
    }
}

/// What one successor receives.
#[Object]
impl SuccessorShare {
    /// The successor.
    async fn successor(&self) -> Result<Attribution> {
        Attribution::of_person(&self.by, self.successor).await
    }

    /// Records, by kind.
    async fn counts(&self) -> &[OwnedEntityCount] {
        &self.counts
    }
}

/// A record that a reassignment left alone.
#[derive(SimpleObject)]
pub struct SkippedEntity {
    /// ID of the record.
    entity_id: ID,
    /// Why.
    reason: SkipReason,
}
