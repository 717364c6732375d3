//! What happened: one enum is the history row and, later, the subscription message (DESIGN §3).

use serde::{Deserialize, Serialize};

use crate::email::EmailRole;
use crate::id::{EventId, ReassignmentId, UserId, WorkgroupId};
use crate::permission::PermissionSet;
use crate::record::RecordCount;
use crate::structure::WorkgroupRole;
use crate::time::Timestamp;
use crate::user::Actor;

/// What happened to the subject.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "SCREAMING_SNAKE_CASE")]
#[allow(missing_docs)]
pub enum EventBody {
    UserInvited { email: String },
    InvitationAccepted,
    InvitationRevoked,
    UserUpdated { changed_fields: Vec<String> },
    AccessChanged { personal_permissions: PermissionSet, is_administrator: bool },
    UserDismissed { reason: Option<String> },
    UserHired,
    EntitiesReassigned { reassignment: ReassignmentId, successors: Vec<UserId>, counts: Vec<RecordCount> },
    ReassignmentUndone { reassignment: ReassignmentId, counts: Vec<RecordCount> },
    EmailTransferred { recipient: UserId, roles: Vec<EmailRole> },
    EmailReleased { roles: Vec<EmailRole> },
    EmailChanged { role: EmailRole },
    MovedToExtranet { workgroups: Vec<WorkgroupId> },
    MovedToIntranet,
    WorkgroupMembershipChanged { workgroup: WorkgroupId, role: Option<WorkgroupRole> },
    PasswordChanged,
    UserDeleted { recipient: UserId },
    SettingsChanged { changed_fields: Vec<String> },
    AccessTokenCreated { token_name: String },
    AccessTokenRevoked { token_name: String },
}

impl EventBody {
    /// The number to store, for filters by kind: the position in the contract's `UserEventKind`, from 1.
    pub fn code(&self) -> i16 {
        match self {
            EventBody::UserInvited { .. } => 1,
            EventBody::InvitationAccepted => 2,
            EventBody::InvitationRevoked => 3,
            EventBody::UserUpdated { .. } => 4,
            EventBody::AccessChanged { .. } => 5,
            EventBody::UserDismissed { .. } => 6,
            EventBody::UserHired => 7,
            EventBody::EntitiesReassigned { .. } => 8,
            EventBody::ReassignmentUndone { .. } => 9,
            EventBody::EmailTransferred { .. } => 10,
            EventBody::EmailReleased { .. } => 11,
            EventBody::EmailChanged { .. } => 12,
            EventBody::MovedToExtranet { .. } => 13,
            EventBody::MovedToIntranet => 14,
            EventBody::WorkgroupMembershipChanged { .. } => 15,
            EventBody::PasswordChanged => 16,
            EventBody::UserDeleted { .. } => 17,
            EventBody::SettingsChanged { .. } => 18,
            EventBody::AccessTokenCreated { .. } => 19,
            EventBody::AccessTokenRevoked { .. } => 20,
        }
    }
}

/// An event on its way into the history: the storage gives it its place in the order of commits.
#[derive(Debug, Clone, PartialEq)]
pub struct NewEvent {
    /// Identifier.
    pub id: EventId,
    /// When.
    pub occurred_at: Timestamp,
    /// Who did it.
    pub actor: Actor,
    /// Whom it happened to.
    pub subject: UserId,
    /// Request that caused it.
    pub request_id: Option<String>,
    /// What.
    pub body: EventBody,
}

/// An event in the history.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// Position in the order of commits; strictly increasing, without gaps.
    pub sequence: i64,
    /// The event.
    pub event: NewEvent,
}
