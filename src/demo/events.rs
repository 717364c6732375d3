//! What the history tells: one event for everything that happened to a person.

use tenure_core::event::{EventBody, NewEvent};
use tenure_core::id::{EventId, UserId};
use tenure_core::permission::PermissionSet;
use tenure_core::time::Timestamp;
use tenure_core::user::Actor;

use super::calendar::Calendar;
use super::history::History;
use super::people::{People, Person};
use super::structure::Structure;

struct Happening {
    at: Timestamp,
    actor: Actor,
    subject: UserId,
    body: EventBody,
}

/// All events, in the order in which they happened.
pub(super) fn tell(people: &People, structure: &Structure, history: &History, calendar: &Calendar) -> Vec<NewEvent> {
    let mut told: Vec<Happening> = Vec::new();
    for person in &people.0 {
        way_of(person, people, &mut told);
    }
    for membership in &structure.memberships {
        let owner = structure.owner_of(membership.workgroup).map_or(Actor::System, |owner| Actor::User(owner.user));
        let changed = |role| EventBody::WorkgroupMembershipChanged { workgroup: membership.workgroup, role };
        let joined = changed(Some(membership.role));
        told.push(Happening { at: membership.joined_at, actor: owner.clone(), subject: membership.user, body: joined });
        // What a dismissal ended is told by the dismissal.
        if let Some(at) = membership.left_at.filter(|_| !membership.ended_by_dismissal) {
            told.push(Happening { at, actor: owner, subject: membership.user, body: changed(None) });
        }
    }
    for reassignment in &history.reassignments {
        let at = reassignment.finished_at.unwrap_or(reassignment.created_at);
        for source in &reassignment.lists.sources {
            let successors = reassignment.lists.successors.clone();
            let counts = reassignment.lists.moved_counts.clone();
            let body = EventBody::EntitiesReassigned { reassignment: reassignment.id, successors, counts };
            told.push(Happening { at, actor: reassignment.requested_by.clone(), subject: *source, body });
        }
    }
    told.sort_by_key(|h| h.at);
    told.into_iter()
        .map(|Happening { at, actor, subject, body }| NewEvent {
            id: EventId(calendar.id_at(at)),
            occurred_at: at,
            actor,
            subject,
            request_id: None,
            body,
        })
        .collect()
}

fn way_of(person: &Person, people: &People, told: &mut Vec<Happening>) {
    let subject = person.user.id;
    let mut tell = |at, actor, body| told.push(Happening { at, actor, subject, body });
    let administrator = people.named("Menon");
    if subject == administrator.user.id {
        // The first one comes in by the command line.
        let body = EventBody::AccessChanged { personal_permissions: PermissionSet::NONE, is_administrator: true };
        tell(person.invited_at, Actor::System, body);
    } else {
        let email = person.invitation.address().to_owned();
        tell(person.invited_at, people.inviter_at(person.invited_at).actor(), EventBody::UserInvited { email });
        if let Some(at) = person.accepted_at {
            tell(at, person.actor(), EventBody::InvitationAccepted);
        }
    }
    if let Some(at) = person.granted_at {
        let personal_permissions = person.user.personal_permissions;
        tell(at, administrator.actor(), EventBody::AccessChanged { personal_permissions, is_administrator: person.user.is_administrator });
    }
    for (at, fields) in person.updates.iter().filter(|(_, fields)| !fields.is_empty()) {
        let changed_fields = fields.iter().map(|f| (*f).to_owned()).collect();
        tell(*at, people.inviter_at(*at).actor(), EventBody::UserUpdated { changed_fields });
    }
    if let Some(dismissal) = &person.user.dismissal {
        tell(dismissal.dismissed_at, dismissal.dismissed_by.clone(), EventBody::UserDismissed { reason: dismissal.reason.clone() });
    }
}
