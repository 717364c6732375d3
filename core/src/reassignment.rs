//! A handing over of records, as it is remembered.

use serde::{Deserialize, Serialize};

use crate::id::{ReassignmentId, RecordId, UserId};
use crate::record::RecordCount;
use crate::time::Timestamp;
use crate::user::Actor;

/// State of a reassignment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum ReassignmentStatus {
    /// Waiting for a worker.
    Queued,
    /// Running.
    Running,
    /// Everything selected was moved.
    Succeeded,
    /// Some records were skipped.
    PartiallySucceeded,
    /// Stopped by itself.
    Failed,
    /// Stopped on request.
    Cancelled,
    /// Given back.
    Undone,
}

impl ReassignmentStatus {
    /// All of them.
    pub const ALL: [ReassignmentStatus; 7] = [
        ReassignmentStatus::Queued,
        ReassignmentStatus::Running,
        ReassignmentStatus::Succeeded,
        ReassignmentStatus::PartiallySucceeded,
        ReassignmentStatus::Failed,
        ReassignmentStatus::Cancelled,
        ReassignmentStatus::Undone,
    ];

    /// The number to store.
    pub fn code(self) -> i16 {
        self as i16 + 1
    }

    /// From the stored number.
    pub fn from_code(code: i16) -> Option<Self> {
        Self::ALL.into_iter().find(|s| s.code() == code)
    }

    /// Whether it moves on no more.
    pub fn is_final(self) -> bool {
        match self {
            ReassignmentStatus::Queued | ReassignmentStatus::Running => false,
            ReassignmentStatus::Succeeded
            | ReassignmentStatus::PartiallySucceeded
            | ReassignmentStatus::Failed
            | ReassignmentStatus::Cancelled
            | ReassignmentStatus::Undone => true,
        }
    }
}

/// Why a reassignment stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum ReassignmentFailure {
    /// A successor may receive no longer.
    SuccessorNotEligible,
    /// An unexpected error.
    Internal,
}

/// Why a record was left alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum SkipReason {
    /// It does not exist, or the caller may not see it.
    NotFound,
    /// It belonged to somebody else by then.
    NotOwned,
    /// The caller may not change it.
    NotPermitted,
    /// A successor is responsible for it already.
    AlreadyOwned,
    /// Undo: a CRM record, and the former responsible person is external now.
    NotEligible,
    /// Undo: it was changed or handed on since.
    ChangedSince,
}

/// A record that was left alone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Skipped {
    /// Which.
    pub record: RecordId,
    /// Why.
    pub reason: SkipReason,
}

/// What one successor receives.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Share {
    /// The successor.
    pub successor: UserId,
    /// Records, by kind; kinds without any are left out.
    pub counts: Vec<RecordCount>,
}

/// The lists of a reassignment; storages keep them as one JSON text.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ReassignmentLists {
    /// Moved, by kind.
    pub moved_counts: Vec<RecordCount>,
    /// Moved, by successor, in the order given.
    pub shares: Vec<Share>,
    /// Who handed over, at most 20.
    pub sources: Vec<UserId>,
    /// The first 100 that were left alone.
    pub skipped: Vec<Skipped>,
    /// Who takes over, in the order given.
    pub successors: Vec<UserId>,
}

/// For how long a reassignment can be given back, in seconds (rule H9): 30 days.
pub const UNDO_SECONDS: i64 = 30 * 24 * 3600;
/// How many skipped records are remembered.
pub const SKIPPED_KEPT: usize = 100;
/// How many sources are remembered.
pub const SOURCES_KEPT: usize = 20;

/// One handing over of records.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reassignment {
    /// Identifier.
    pub id: ReassignmentId,
    /// Current state.
    pub status: ReassignmentStatus,
    /// Records selected when it began, linked activities included.
    pub planned_count: u32,
    /// Records moved so far.
    pub moved_count: u32,
    /// Records left alone.
    pub skipped_count: u32,
    /// Records that match as well but came later; None until it ends.
    pub remaining_count: Option<u32>,
    /// Why it stopped.
    pub failure: Option<ReassignmentFailure>,
    /// Its lists.
    pub lists: ReassignmentLists,
    /// Who asked for it.
    pub requested_by: Actor,
    /// Note given with it.
    pub note: Option<String>,
    /// The one that it gives back.
    pub undoes: Option<ReassignmentId>,
    /// When it was asked for.
    pub created_at: Timestamp,
    /// When it reached a final state.
    pub finished_at: Option<Timestamp>,
}

impl Reassignment {
    /// Whether it ended, and not more than 30 days ago (rule H9).
    pub fn is_fresh(&self, now: Timestamp) -> bool {
        self.finished_at.is_some_and(|at| now <= at.plus_seconds(UNDO_SECONDS))
    }
}
