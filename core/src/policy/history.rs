//! Which events a viewer can see, and what of them (DOMAIN §5, rules R6, V3, V7).

use crate::event::{Event, EventBody};
use crate::id::UserId;
use crate::permission::Permission;
use crate::user::Actor;

use super::scope::UserScope;
use super::{Access, Visible};

/// The events of which subjects are in a scope.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum EventReach {
    /// None.
    Nobody,
    /// This person.
    Oneself(UserId),
    /// Whoever lies in this scope now.
    People(UserScope),
    /// Everybody, whether they are still there or not.
    Everybody,
}

/// The events that a viewer can see, and what of a dismissal. Made by [`Access`] alone, as every scope is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct EventScope {
    reach: EventReach,
    deletions: bool,
    reasons: bool,
    dismissers: bool,
}

impl EventScope {
    /// Whose events are in it.
    pub fn reach(&self) -> EventReach {
        self.reach
    }

    /// Whether deletions of accounts are in it: for administrators.
    pub fn deletions(&self) -> bool {
        self.deletions
    }

    /// Whether it tells who dismissed somebody. Else the system did, as far as the viewer is concerned: in rows and in conditions on actors.
    pub fn dismissers(&self) -> bool {
        self.dismissers
    }

    /// Whether an event lies in the scope; `visible`: whether the subject lies in the scope of [`EventReach::People`]. The one definition;
    /// queries of storages must agree with it.
    pub fn includes(&self, event: &Event, visible: bool) -> bool {
        let deletion = matches!(event.event.body, EventBody::UserDeleted { .. });
        let reached = match self.reach {
            EventReach::Nobody => false,
            EventReach::Oneself(viewer) => event.event.subject == viewer,
            EventReach::People(_) => visible,
            EventReach::Everybody => true,
        };
        reached && (self.deletions || !deletion)
    }

    /// An event that a storage found with this scope, without what the viewer may not know of it (rule R6).
    pub fn admit(&self, mut event: Event) -> Visible<Event> {
        if let EventBody::UserDismissed { reason } = &mut event.event.body {
            if !self.reasons {
                *reason = None;
            }
            if !self.dismissers {
                event.event.actor = Actor::System;
            }
        }
        Visible::new(event)
    }

    /// All events with all that is in them, for the suite.
    #[cfg(feature = "conformance")]
    pub(crate) fn everything() -> EventScope {
        EventScope { reach: EventReach::Everybody, deletions: true, reasons: true, dismissers: true }
    }

    /// Any scope, for the suite.
    #[cfg(feature = "conformance")]
    pub(crate) fn for_suite(reach: EventReach, deletions: bool, dismissers: bool) -> EventScope {
        EventScope { reach, deletions, reasons: dismissers, dismissers }
    }
}

impl Visible<Event> {
    /// What happened, as far as the viewer may know.
    pub fn event(&self) -> &Event {
        self.inner()
    }
}

impl Access {
    /// The events that this caller can see: all with AUDIT_READ, those of the people they see with USERS_DISMISS, else their own; external
    /// people none (rule V3). Whoever reads only their own learns of a dismissal that it was, not why and by whom (rule R6).
    pub fn event_scope(&self) -> EventScope {
        let dismisses = self.has(Permission::UsersDismiss);
        let reach = if self.is_external() {
            EventReach::Nobody
        } else if self.has(Permission::AuditRead) {
            EventReach::Everybody
        } else if dismisses {
            EventReach::People(self.user_scope())
        } else {
            EventReach::Oneself(self.person())
        };
        EventScope {
            reach,
            deletions: self.is_administrator(),
            reasons: dismisses,
            dismissers: dismisses || self.has(Permission::AuditRead),
        }
    }
}
