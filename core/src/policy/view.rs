//! A person as a viewer sees them: every field that not everybody sees asks the table.

use crate::email::Email;
use crate::id::{DepartmentId, UserId};
use crate::permission::{Permission, PermissionSet};
use crate::settings::Settings;
use crate::user::{Dismissal, User, UserStatus};

use super::verdict::{Ability, Verdict};
use super::{Access, effective_permissions};

/// Proof that a viewer may see this: made by the `admit` of a scope alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Visible<T>(T);

impl<T> Visible<T> {
    pub(super) fn new(inner: T) -> Visible<T> {
        Visible(inner)
    }

    pub(super) fn inner(&self) -> &T {
        &self.0
    }
}

impl Visible<User> {
    /// The person. Name, picture, job title, status, kind, version and the times are open to everybody who sees them; everything else has
    /// a method here.
    pub fn user(&self) -> &User {
        &self.0
    }

    /// Whether the table allows it. Companionship is settled: the person is visible.
    pub fn allows(&self, access: &Access, ability: Ability) -> bool {
        access.verdict(ability, &self.0, true) == Verdict::Allow
    }

    /// Department: null for external viewers and for external people, and for who sees no departments.
    pub fn department(&self, access: &Access) -> Option<DepartmentId> {
        self.0.department.filter(|_| access.sees_departments() && self.allows(access, Ability::SeeProfile))
    }

    /// Manager: null for external viewers.
    pub fn manager(&self, access: &Access) -> Option<UserId> {
        self.0.manager.filter(|_| self.allows(access, Ability::SeeProfile))
    }

    /// Contact address.
    pub fn contact_email(&self, access: &Access) -> Option<&Email> {
        self.0.contact_email.as_ref().filter(|_| self.allows(access, Ability::SeeContactAddress))
    }

    /// Login address.
    pub fn login_email(&self, access: &Access) -> Option<&Email> {
        self.0.login_email.as_ref().filter(|_| self.allows(access, Ability::SeeLoginAddress))
    }

    /// What the person may do now, from all sources.
    pub fn permissions(&self, access: &Access, settings: &Settings) -> Option<PermissionSet> {
        self.allows(access, Ability::SeeRights).then(|| effective_permissions(&self.0, settings))
    }

    /// What was granted in person.
    pub fn personal_permissions(&self, access: &Access) -> Option<PermissionSet> {
        self.allows(access, Ability::SeeRights).then_some(self.0.personal_permissions)
    }

    /// The dismissal in force, with its note for administrators and its author only (rule R6).
    pub fn dismissal(&self, access: &Access) -> Option<Dismissal> {
        if self.0.status != UserStatus::Dismissed || !self.allows(access, Ability::SeeDismissal) {
            return None;
        }
        let mut dismissal = self.0.dismissal.clone()?;
        let author = dismissal.dismissed_by.person() == access.person();
        if !author && !self.allows(access, Ability::SeeDismissalNote) {
            dismissal.note = None;
        }
        Some(dismissal)
    }
}

/// What is decided by more than one word of the table.
impl Visible<User> {
    /// Whether the list of people who report to them is shown; external viewers have no directory (rule V3).
    pub fn shows_reports(&self, access: &Access) -> bool {
        !access.is_external() && self.allows(access, Ability::SeeProfile)
    }

    /// Whether their tasks, meetings, files, posts and workgroups are shown: as far as the viewer may see those themselves. External viewers see a
    /// member's profile without them (rule V3).
    pub fn shows_work(&self, access: &Access) -> bool {
        self.allows(access, Ability::SeeProfile)
    }

    /// Whether their records may be handed over by the viewer: anybody's with ENTITIES_REASSIGN; with ENTITIES_WRITE one's own, and, to
    /// oneself, those of people who left (rules H11, R9).
    pub fn may_be_relieved_by(&self, access: &Access) -> bool {
        let left = self.0.was_active && matches!(self.0.status, UserStatus::Dismissed | UserStatus::Invited);
        if left && access.has(Permission::EntitiesWrite) {
            return true;
        }
        self.allows(access, Ability::HandOver)
            && (self.0.id != access.person() || access.permissions().has_any(&[Permission::EntitiesWrite, Permission::EntitiesReassign]))
    }
}
