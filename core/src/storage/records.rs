//! Reading and writing records and what they were handed over by.

use async_trait::async_trait;

use super::Result;
use crate::id::{ReassignmentId, RecordId, UserId};
use crate::page::{PageRequest, Slice};
use crate::policy::{ReassignmentScope, RecordScope};
use crate::reassignment::Reassignment;
use crate::record::{
    Handover, HandoverContext, OwnershipChange, Record, RecordCount, RecordFilter, RecordGroups, RecordKind, RecordOrder, TaskParticipant,
};

/// What a handover needs to know of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RecordLine {
    /// Identifier.
    pub id: RecordId,
    /// Who has it now.
    pub responsible: UserId,
    /// Whether it is closed.
    pub is_closed: bool,
    /// What the activity is linked to.
    pub subject: Option<RecordId>,
    /// Version.
    pub version: i32,
}

/// Reading records.
#[async_trait]
pub trait RecordRead: Send + Sync {
    /// These records, as far as they are in the scope, in any order.
    async fn records_by_id(&self, ids: &[RecordId], scope: &RecordScope) -> Result<Vec<Record>>;

    /// These records, by kind and external ID, as far as they are in the scope, in any order.
    async fn records_by_external_id(&self, keys: &[(RecordKind, String)], scope: &RecordScope) -> Result<Vec<Record>>;

    /// A page of the records in the scope that match.
    async fn records_page(
        &self,
        scope: &RecordScope,
        filter: &RecordFilter,
        order: RecordOrder,
        page: &PageRequest,
    ) -> Result<Slice<Record>>;

    /// How many records in the scope match.
    async fn records_count(&self, scope: &RecordScope, filter: &RecordFilter) -> Result<u64>;

    /// A page of each of these lists: one entry for each group, in the order given.
    #[allow(clippy::too_many_arguments, reason = "groups, scope, filter, order and page are told apart by type")]
    async fn records_page_in_groups(
        &self,
        groups: &RecordGroups,
        scope: &RecordScope,
        filter: &RecordFilter,
        order: RecordOrder,
        page: &PageRequest,
    ) -> Result<Vec<Slice<Record>>>;

    /// The length of each of these lists, in the order given.
    async fn records_count_in_groups(&self, groups: &RecordGroups, scope: &RecordScope, filter: &RecordFilter) -> Result<Vec<u64>>;

    /// What each of these people is responsible for, by kind ascending, whatever the viewer may see; kinds without any are left out.
    /// One entry for each person, in the order given.
    async fn record_counts_by_responsible(&self, users: &[UserId]) -> Result<Vec<Vec<RecordCount>>>;

    /// Stored parts in these tasks, ordered by task, role (PARTICIPANT first) and user.
    async fn participants_by_task(&self, tasks: &[RecordId]) -> Result<Vec<TaskParticipant>>;

    /// Which of these records a record that is none of them refers to: as company, contact, deal or subject. In any order, each once.
    async fn records_referenced(&self, ids: &[RecordId]) -> Result<Vec<RecordId>>;

    /// A page of the ownership changes of each of these records, latest first: key (record_version, id), descending. Versions follow each
    /// other whatever the clocks of several nodes say.
    async fn ownership_changes_page(&self, records: &[RecordId], page: &PageRequest) -> Result<Vec<Slice<OwnershipChange>>>;

    /// How many ownership changes each of these records has, in the order given.
    async fn ownership_changes_count(&self, records: &[RecordId]) -> Result<Vec<u64>>;

    /// The ownership changes that a reassignment made, those of deleted records included: ascending by record, at most `limit`.
    async fn ownership_changes_by_reassignment(&self, id: ReassignmentId, limit: u32) -> Result<Vec<OwnershipChange>>;

    /// These reassignments, as far as they are in the scope, in any order.
    async fn reassignments_by_id(&self, ids: &[ReassignmentId], scope: &ReassignmentScope) -> Result<Vec<Reassignment>>;

    /// A page of the reassignments in the scope, latest first: key (created_at, id), descending.
    async fn reassignments_page(&self, scope: &ReassignmentScope, page: &PageRequest) -> Result<Slice<Reassignment>>;

    /// How many reassignments are in the scope.
    async fn reassignments_count(&self, scope: &ReassignmentScope) -> Result<u64>;
}

/// Writing records.
#[async_trait]
pub trait RecordWrite: Send + Sync {
    /// Locks these records in ascending order and returns them in that order, each once, as far as they are in the scope.
    async fn records_lock_by_id(&mut self, ids: &[RecordId], scope: &RecordScope) -> Result<Vec<RecordLine>>;

    /// Locks the records in the scope that match, ascending by ID, at most `limit`.
    async fn records_lock_matching(&mut self, scope: &RecordScope, filter: &RecordFilter, limit: u32) -> Result<Vec<RecordLine>>;

    /// Locks the activities linked to these records whose responsible person is that of their record too, ascending by ID, at most
    /// `limit`. Those of other people stay where they are (rule H4) and must not crowd these out.
    async fn records_lock_activities_of(&mut self, subjects: &[RecordId], limit: u32) -> Result<Vec<RecordLine>>;

    /// Adds records. Taken(ExternalId), Taken(Id).
    async fn records_insert(&mut self, records: &[Record]) -> Result<()>;

    /// Replaces records; kind, creation and creator are left alone. Conflict when one does not exist; Taken(ExternalId).
    async fn records_update(&mut self, records: &[Record]) -> Result<()>;

    /// Removes records with their details, parts and ownership changes, but for those that a reassignment made: who gives it back is told
    /// what is gone (rule H9). Returns those that existed, ascending. Nobody refers to them any more (see
    /// [`RecordRead::records_referenced`]).
    async fn records_delete(&mut self, ids: &[RecordId]) -> Result<Vec<RecordId>>;

    /// Replaces the stored parts in these tasks by those given.
    async fn participants_replace(&mut self, tasks: &[RecordId], participants: &[TaskParticipant]) -> Result<()>;

    /// Hands records over and writes their ownership changes: version + 1, `updated_at` = `at`. A bounded number of statements for any
    /// number of records. A record that `from` does not have any more is left alone, and nothing is written of it. No record is named twice.
    /// Returns how many were moved.
    async fn records_reassign(&mut self, handovers: &[Handover], context: &HandoverContext) -> Result<u32>;

    /// Hands records over as [`RecordWrite::records_reassign`] does, because the account of `from` is being deleted: version + 1, with
    /// ownership changes, but `updated_at` stays, so that no list changes its order, and `from` is noted as provenance, in place of what was
    /// noted before (rules L2, L3).
    async fn records_bequeath(&mut self, handovers: &[Handover], context: &HandoverContext) -> Result<u32>;

    /// Writes ownership changes of records whose responsible person was changed by `records_update`.
    async fn ownership_changes_insert(&mut self, changes: &[OwnershipChange]) -> Result<()>;

    /// Locks these reassignments in ascending order and returns them in that order, each once, as far as they are in the scope.
    async fn reassignments_lock(&mut self, ids: &[ReassignmentId], scope: &ReassignmentScope) -> Result<Vec<Reassignment>>;

    /// Adds a reassignment.
    async fn reassignment_insert(&mut self, reassignment: &Reassignment) -> Result<()>;

    /// Replaces a reassignment. Conflict when it does not exist.
    async fn reassignment_update(&mut self, reassignment: &Reassignment) -> Result<()>;
}
