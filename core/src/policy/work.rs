//! What a caller may do with records and reassignments, and which people a list shows unasked.

use crate::permission::Permission;
use crate::reassignment::{Reassignment, ReassignmentStatus};
use crate::record::Record;
use crate::time::Timestamp;
use crate::user::{User, UserStatus};

use super::Access;
use super::verdict::LeaversShown;

/// For how long a reassignment can be given back, in seconds (rule H9).
const UNDO_SECONDS: i64 = 30 * 24 * 3600;

impl Access {
    /// The statuses that a list of people shows when none are named (DOMAIN §5).
    pub fn statuses_shown(&self) -> Vec<UserStatus> {
        match self.leavers_shown() {
            LeaversShown::No => vec![UserStatus::Invited, UserStatus::Active],
            LeaversShown::Yes => vec![UserStatus::Invited, UserStatus::Active, UserStatus::Dismissed],
        }
    }

    /// Whether the settings are shown: to employees (rule V7).
    pub fn sees_settings(&self) -> bool {
        !self.is_external()
    }

    /// Whether the caller may give the record to somebody else (rule H11). `responsible` is who has it now.
    pub fn may_reassign(&self, record: &Record, responsible: Option<&User>) -> bool {
        let orphaned = responsible.is_some_and(|user| user.leaves_orphaned(record.id.kind));
        self.has(Permission::EntitiesReassign) || (self.has(Permission::EntitiesWrite) && (record.responsible == self.person() || orphaned))
    }

    /// Whether `cancelReassignment` is open to the caller (rule H9): while it runs, to its author and to ENTITIES_REASSIGN.
    pub fn may_cancel(&self, reassignment: &Reassignment) -> bool {
        let author = reassignment.requested_by.person() == self.person() && self.person() != crate::id::UserId::SYSTEM;
        !reassignment.status.is_final()
            && (self.has(Permission::EntitiesReassign)
                || (author && self.permissions().has_any(&[Permission::EntitiesWrite, Permission::UsersDismiss])))
    }

    /// Whether `undoReassignment` is open to the caller (rule H9): for 30 days after its end, to its author and to administrators.
    pub fn may_undo(&self, reassignment: &Reassignment, now: Timestamp) -> bool {
        let author = reassignment.requested_by.person() == self.person()
            && self.permissions().has_any(&[Permission::EntitiesReassign, Permission::EntitiesWrite, Permission::UsersDismiss]);
        let ended = match reassignment.status {
            ReassignmentStatus::Queued | ReassignmentStatus::Running | ReassignmentStatus::Undone => false,
            ReassignmentStatus::Succeeded
            | ReassignmentStatus::PartiallySucceeded
            | ReassignmentStatus::Failed
            | ReassignmentStatus::Cancelled => true,
        };
        let in_time = reassignment.finished_at.is_some_and(|at| now <= at.plus_seconds(UNDO_SECONDS));
        ended && in_time && reassignment.undoes.is_none() && (author || self.is_administrator())
    }
}
