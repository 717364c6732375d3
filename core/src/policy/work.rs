//! What a caller may do with records and reassignments, and which people a list shows unasked.

use crate::permission::Permission;
use crate::reassignment::{Reassignment, ReassignmentStatus};
use crate::record::Record;
use crate::time::Timestamp;
use crate::user::{User, UserStatus};

use super::Access;
use super::verdict::LeaversShown;

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

    /// Whether `cancelReassignment` is open to the caller (rule H9): to its author and to ENTITIES_REASSIGN. Who comes too late is answered
    /// the state that it reached first, which is no refusal (rule R9).
    pub fn may_cancel(&self, reassignment: &Reassignment) -> bool {
        self.has(Permission::EntitiesReassign) || self.wrote(reassignment)
    }

    /// Whether `undoReassignment` is open to the caller: for 30 days after its end, unless it was given back.
    pub fn may_undo(&self, reassignment: &Reassignment, now: Timestamp) -> bool {
        let ended = match reassignment.status {
            ReassignmentStatus::Queued | ReassignmentStatus::Running | ReassignmentStatus::Undone => false,
            ReassignmentStatus::Succeeded
            | ReassignmentStatus::PartiallySucceeded
            | ReassignmentStatus::Failed
            | ReassignmentStatus::Cancelled => true,
        };
        ended && reassignment.is_fresh(now) && self.decides_to_undo(reassignment)
    }

    /// Whether giving the reassignment back is up to the caller (rule H9): to its author and to administrators. An undo is not undone.
    pub fn decides_to_undo(&self, reassignment: &Reassignment) -> bool {
        reassignment.undoes.is_none() && (self.is_administrator() || self.wrote(reassignment))
    }

    /// Whether the caller asked for it, by themself or with a token, and still holds a right that such a thing takes.
    fn wrote(&self, reassignment: &Reassignment) -> bool {
        reassignment.requested_by.person() == self.person()
            && self.permissions().has_any(&[Permission::EntitiesReassign, Permission::EntitiesWrite, Permission::UsersDismiss])
    }
}
