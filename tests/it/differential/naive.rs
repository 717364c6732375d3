//! Who sees what, worked out row by row as DOMAIN says it: §1 (who is in the directory), §5, V2–V8, R6, H12, S4. Slow, plain, and without a
//! line of `tenure_core::policy`: the server is held against it.

use std::collections::HashSet;

use tenure_core::credential::AccessToken;
use tenure_core::event::{EventBody, NewEvent};
use tenure_core::id::{RecordId, UserId, WorkgroupId};
use tenure_core::permission::Permission::{self, *};
use tenure_core::reassignment::Reassignment;
use tenure_core::record::{Record, RecordKind};
use tenure_core::structure::Workgroup;
use tenure_core::user::{Actor, User, UserKind, UserStatus};
use tenure_core::work::{FeedPost, NewMeeting, Pair};

use super::world::World;

/// Somebody who asks.
#[derive(Debug, Clone)]
pub struct Viewer {
    /// The person; for a token its owner.
    pub person: UserId,
    pub is_external: bool,
    /// In a session: what is personal is not for tokens (S4).
    pub in_person: bool,
    pub rights: HashSet<Permission>,
}

/// What is contained in what somebody was given: ADMINISTRATE contains all others, who acts on leavers sees them (§5).
fn contained(given: impl IntoIterator<Item = Permission>) -> HashSet<Permission> {
    let mut rights: HashSet<Permission> = given.into_iter().collect();
    if rights.contains(&Administrate) {
        return Permission::ALL.iter().copied().collect();
    }
    if [UsersDismiss, EntitiesReassign, EmailsManage, AuditRead].iter().any(|p| rights.contains(p)) {
        rights.insert(UsersReadDismissed);
    }
    rights
}

impl Viewer {
    /// A person in a session: what all employees may, what they were given, all for administrators; external people nothing (I9, S7).
    pub fn person(world: &World, user: &User) -> Viewer {
        let is_external = user.kind == UserKind::Extranet;
        let rights = match (is_external, user.is_administrator) {
            (true, _) => HashSet::new(),
            (false, true) => contained([Administrate]),
            (false, false) => contained(world.settings.employee_permissions.iter().chain(user.personal_permissions.iter())),
        };
        Viewer { person: user.id, is_external, in_person: true, rights }
    }

    /// A token: what it was given and what its owner may, both (S4).
    pub fn token(world: &World, token: &AccessToken) -> Option<Viewer> {
        let owner = world.user(token.owner).filter(|u| u.status == UserStatus::Active)?;
        let person = Viewer::person(world, owner);
        let rights = contained(token.permissions.iter()).intersection(&person.rights).copied().collect();
        Some(Viewer { in_person: false, rights, ..person })
    }

    pub fn has(&self, permission: Permission) -> bool {
        self.rights.contains(&permission)
    }

    pub fn has_any(&self, permissions: &[Permission]) -> bool {
        permissions.iter().any(|p| self.has(*p))
    }

    pub fn is_administrator(&self) -> bool {
        self.has(Administrate)
    }

    /// The directory is open to USERS_READ, and to every right that is about people: who may invite, dismiss or place somebody has to see whom.
    fn sees_colleagues(&self) -> bool {
        self.has_any(&[
            UsersRead,
            UsersReadDismissed,
            UsersInvite,
            UsersDismiss,
            UsersUpdate,
            StructureManage,
            EntitiesReassign,
            EmailsManage,
            AuditRead,
            TokensManage,
        ])
    }
}

impl World {
    pub fn user(&self, id: UserId) -> Option<&User> {
        self.people.iter().find(|u| u.id == id)
    }

    /// The name in a byline, whoever it is.
    pub fn is_in(&self, person: UserId, workgroup: WorkgroupId) -> bool {
        self.memberships.iter().any(|m| m.user == person && m.workgroup == workgroup && m.left_at.is_none())
    }

    /// V3: an external person sees the members of their extranet workgroups.
    fn share_a_workgroup(&self, one: UserId, other: UserId) -> bool {
        self.workgroups.iter().any(|w| w.is_extranet && self.is_in(one, w.id) && self.is_in(other, w.id))
    }

    /// "May list leavers".
    pub fn may_list_leavers(&self, viewer: &Viewer) -> bool {
        !viewer.is_external && (viewer.has(UsersReadDismissed) || (self.settings.show_dismissed_users && viewer.sees_colleagues()))
    }

    pub fn sees_person(&self, viewer: &Viewer, user: &User) -> bool {
        if user.status == UserStatus::System {
            return false;
        }
        if user.id == viewer.person {
            return true;
        }
        match user.status {
            UserStatus::System => false,
            UserStatus::Active if viewer.is_external => self.share_a_workgroup(viewer.person, user.id),
            UserStatus::Active => viewer.sees_colleagues(),
            UserStatus::Invited => viewer.has(UsersInvite) || (user.was_active && viewer.has(UsersReadDismissed)),
            UserStatus::Dismissed => self.may_list_leavers(viewer),
        }
    }

    /// The person, if there is one whom the viewer sees.
    pub fn seen(&self, viewer: &Viewer, id: UserId) -> Option<&User> {
        self.user(id).filter(|user| self.sees_person(viewer, user))
    }

    /// Free text finds people by their contact address where the field shows it: to everybody inside, a leaver's to EMAILS_MANAGE and
    /// USERS_DISMISS.
    pub fn sees_contact_address(&self, viewer: &Viewer, user: &User) -> bool {
        let of_leaver = user.status == UserStatus::Dismissed && user.id != viewer.person;
        !viewer.is_external && (!of_leaver || viewer.has_any(&[EmailsManage, UsersDismiss]))
    }

    pub fn takes_part(&self, person: UserId, record: &Record) -> bool {
        let made = !record.id.kind.is_crm() && record.created_by.person() == person;
        let on_it = self.participants.iter().any(|p| p.task == record.id && p.user == person);
        record.responsible == person || made || on_it || record.workgroup.is_some_and(|w| self.is_in(person, w))
    }

    /// V6, V3, I9.
    pub fn sees_record(&self, viewer: &Viewer, record: &Record) -> bool {
        if viewer.is_external && record.id.kind.is_crm() {
            return false;
        }
        viewer.has(EntitiesRead) || self.takes_part(viewer.person, record)
    }

    pub fn record(&self, id: RecordId) -> Option<&Record> {
        self.records.iter().find(|r| r.id == id)
    }

    /// "Orphaned": the responsible person may not hold the record now.
    pub fn is_orphaned(&self, record: &Record) -> bool {
        let Some(user) = self.user(record.responsible) else { return false };
        match user.status {
            UserStatus::System => false,
            UserStatus::Dismissed | UserStatus::Invited => true,
            UserStatus::Active => user.kind == UserKind::Extranet && record.id.kind.is_crm(),
        }
    }

    /// V7.
    pub fn sees_workgroup(&self, viewer: &Viewer, workgroup: &Workgroup) -> bool {
        viewer.has(StructureManage)
            || self.is_in(viewer.person, workgroup.id)
            || (workgroup.is_extranet && viewer.has_any(&[UsersInvite, UsersDismiss]))
    }

    /// V6.
    pub fn sees_meeting(&self, viewer: &Viewer, meeting: &NewMeeting) -> bool {
        viewer.is_administrator() || World::attends(viewer.person, meeting)
    }

    pub fn attends(person: UserId, meeting: &NewMeeting) -> bool {
        meeting.meeting.organizer == person || meeting.attendees.contains(&person)
    }

    /// V6.
    pub fn sees_post(&self, viewer: &Viewer, post: &FeedPost) -> bool {
        match post.workgroup {
            None => !viewer.is_external,
            Some(workgroup) => viewer.is_administrator() || self.is_in(viewer.person, workgroup),
        }
    }

    /// V2, V6, S4: one's own alone, and never with a token.
    pub fn sees_conversation(viewer: &Viewer, pair: Pair) -> bool {
        viewer.in_person && pair.other(viewer.person).is_some()
    }

    /// H12: who asked for it, the successors, ENTITIES_REASSIGN. Whoever may hand nothing over has none.
    pub fn sees_job(viewer: &Viewer, job: &Reassignment) -> bool {
        let takes_part = job.requested_by.person() == viewer.person || job.lists.successors.contains(&viewer.person);
        viewer.has(EntitiesReassign) || (takes_part && viewer.has_any(&[EntitiesWrite, UsersDismiss]))
    }

    /// V7.
    pub fn sees_token(viewer: &Viewer, token: &AccessToken) -> bool {
        viewer.has(TokensManage) || token.owner == viewer.person
    }

    /// §5, V3: all with AUDIT_READ, whoever they are about, but deletions for administrators; those of the people whom they see with
    /// USERS_DISMISS; else one's own; none for external people.
    pub fn sees_event(&self, viewer: &Viewer, event: &NewEvent) -> bool {
        let deletion = matches!(event.body, EventBody::UserDeleted { .. });
        let reached = viewer.has(AuditRead)
            || event.subject == viewer.person
            || (viewer.has(UsersDismiss) && self.seen(viewer, event.subject).is_some());
        !viewer.is_external && reached && (!deletion || viewer.is_administrator())
    }

    /// Who did it, as far as the viewer may know: who dismissed somebody is for AUDIT_READ and USERS_DISMISS (R6); for others it was the
    /// system.
    pub fn actor_shown(viewer: &Viewer, event: &NewEvent) -> UserId {
        let hidden = matches!(event.body, EventBody::UserDismissed { .. }) && !viewer.has_any(&[AuditRead, UsersDismiss]);
        if hidden { Actor::System.person() } else { event.actor.person() }
    }

    /// What shows a person's work to the viewer: everybody inside whom they see, and themself; of a member external people see no more
    /// than the profile (V3).
    pub fn shows_work(viewer: &Viewer, user: &User) -> bool {
        !viewer.is_external || user.id == viewer.person
    }

    /// Whether they have that part in the task.
    pub fn has_role(&self, person: UserId, task: &Record, role: &str) -> bool {
        use tenure_core::record::ParticipantRole;
        let stored = |role| self.participants.iter().any(|p| p.task == task.id && p.user == person && p.role == role);
        task.id.kind == RecordKind::Task
            && match role {
                "RESPONSIBLE" => task.responsible == person,
                "CREATOR" => task.created_by.person() == person,
                "PARTICIPANT" => stored(ParticipantRole::Participant),
                "OBSERVER" => stored(ParticipantRole::Observer),
                other => panic!("no role is {other}"),
            }
    }
}
