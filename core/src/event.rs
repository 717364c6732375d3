//! What happened: one enum is the history row and, later, the subscription message (DESIGN §3).

use serde::{Deserialize, Serialize};

use crate::email::EmailRole;
use crate::id::{EventId, ReassignmentId, UserId, WorkgroupId};
use crate::permission::PermissionSet;
use crate::record::RecordCount;
use crate::structure::WorkgroupRole;
use crate::time::{TimeRange, Timestamp};
use crate::user::Actor;

/// What sort of thing happened, in the order of the contract's `UserEventKind`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[allow(missing_docs)]
pub enum EventKind {
    UserInvited,
    InvitationAccepted,
    InvitationRevoked,
    UserUpdated,
    AccessChanged,
    UserDismissed,
    UserHired,
    EntitiesReassigned,
    ReassignmentUndone,
    EmailTransferred,
    EmailReleased,
    EmailChanged,
    MovedToExtranet,
    MovedToIntranet,
    WorkgroupMembershipChanged,
    PasswordChanged,
    UserDeleted,
    SettingsChanged,
    AccessTokenCreated,
    AccessTokenRevoked,
}

impl EventKind {
    /// The number to store, for filters: the position in the contract's `UserEventKind`, from 1.
    pub fn code(self) -> i16 {
        self as i16 + 1
    }
}

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
    /// What sort of thing it is.
    pub fn kind(&self) -> EventKind {
        match self {
            EventBody::UserInvited { .. } => EventKind::UserInvited,
            EventBody::InvitationAccepted => EventKind::InvitationAccepted,
            EventBody::InvitationRevoked => EventKind::InvitationRevoked,
            EventBody::UserUpdated { .. } => EventKind::UserUpdated,
            EventBody::AccessChanged { .. } => EventKind::AccessChanged,
            EventBody::UserDismissed { .. } => EventKind::UserDismissed,
            EventBody::UserHired => EventKind::UserHired,
            EventBody::EntitiesReassigned { .. } => EventKind::EntitiesReassigned,
            EventBody::ReassignmentUndone { .. } => EventKind::ReassignmentUndone,
            EventBody::EmailTransferred { .. } => EventKind::EmailTransferred,
            EventBody::EmailReleased { .. } => EventKind::EmailReleased,
            EventBody::EmailChanged { .. } => EventKind::EmailChanged,
            EventBody::MovedToExtranet { .. } => EventKind::MovedToExtranet,
            EventBody::MovedToIntranet => EventKind::MovedToIntranet,
            EventBody::WorkgroupMembershipChanged { .. } => EventKind::WorkgroupMembershipChanged,
            EventBody::PasswordChanged => EventKind::PasswordChanged,
            EventBody::UserDeleted { .. } => EventKind::UserDeleted,
            EventBody::SettingsChanged { .. } => EventKind::SettingsChanged,
            EventBody::AccessTokenCreated { .. } => EventKind::AccessTokenCreated,
            EventBody::AccessTokenRevoked { .. } => EventKind::AccessTokenRevoked,
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

/// Conditions on events; all given must hold.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct EventFilter {
    /// Any of these kinds.
    pub kinds: Option<Vec<EventKind>>,
    /// Any of these subjects.
    pub subjects: Option<Vec<UserId>>,
    /// Done by any of these people, by themselves or with an access token; the System User for the system.
    pub actors: Option<Vec<UserId>>,
    /// Happened in this period.
    pub occurred_at: TimeRange,
}

impl EventFilter {
    /// Whether an event fulfils them, as somebody sees it: what a scope keeps from them was taken out before.
    pub fn admits(&self, event: &NewEvent) -> bool {
        self.kinds.as_ref().is_none_or(|kinds| kinds.contains(&event.body.kind()))
            && self.subjects.as_ref().is_none_or(|subjects| subjects.contains(&event.subject))
            && self.actors.as_ref().is_none_or(|actors| actors.contains(&event.actor.person()))
            && self.occurred_at.contains(event.occurred_at)
    }
}
