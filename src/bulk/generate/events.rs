//! What the history tells: one event for everything that happened to a person, in the order in which it happened.

use tenure_core::event::{EventBody, NewEvent};
use tenure_core::id::EventId;
use tenure_core::permission::PermissionSet;
use tenure_core::time::Timestamp;
use tenure_core::user::Actor;

use super::history::History;
use super::people::{People, hr_permissions};
use super::records::Drawing;
use super::structure::Structure;
use super::uuid_at;

/// Names their dice.
const EVENT: u64 = 7;

/// What happened, by number of person, place or handover.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum What {
    Invited(u32),
    Accepted(u32),
    Granted(u32),
    Joined(u32),
    Dismissed(u32),
    Reassigned(u32),
}

/// Something that happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Happening {
    at: Timestamp,
    what: What,
}

/// Everything, in order.
pub(super) fn tell(people: &People, structure: &Structure, history: &History) -> Vec<Happening> {
    let number = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    let mut told = Vec::with_capacity(people.len() * 3);
    for n in 0..people.len() {
        let person = people.person(n);
        told.push(Happening { at: person.invited_at, what: What::Invited(number(n)) });
        told.push(Happening { at: person.accepted_at, what: What::Accepted(number(n)) });
        told.extend(person.dismissed_at.map(|at| Happening { at, what: What::Dismissed(number(n)) }));
    }
    let hr = people.hr();
    told.push(Happening { at: people.person(hr).accepted_at, what: What::Granted(number(hr)) });
    told.extend(structure.memberships.iter().enumerate().map(|(n, m)| Happening { at: m.joined_at, what: What::Joined(number(n)) }));
    let jobs = history.jobs.iter().enumerate().filter(|(_, job)| job.moved() > 0);
    told.extend(jobs.map(|(n, job)| Happening { at: job.at, what: What::Reassigned(number(n)) }));
    told.sort_unstable();
    told
}

/// The event that tells it.
pub(super) fn event(number: usize, happening: &Happening, drawing: &Drawing<'_>, history: &History) -> NewEvent {
    let (people, structure) = (drawing.people, drawing.structure);
    let hr = people.person(people.hr());
    let inviter = || if hr.works_at(happening.at) { hr.actor() } else { Actor::System };
    let (subject, actor, body) = match happening.what {
        What::Invited(n) => {
            let email = people.email(n as usize).map(|email| email.address().to_owned()).unwrap_or_default();
            (n as usize, inviter(), EventBody::UserInvited { email })
        }
        What::Accepted(n) => (n as usize, people.person(n as usize).actor(), EventBody::InvitationAccepted),
        What::Granted(n) => {
            let personal_permissions: PermissionSet = hr_permissions();
            (n as usize, Actor::System, EventBody::AccessChanged { personal_permissions, is_administrator: false })
        }
        What::Joined(n) => {
            let place = &structure.memberships[n as usize];
            let workgroup = structure.workgroups[place.workgroup].id;
            (place.person, inviter(), EventBody::WorkgroupMembershipChanged { workgroup, role: Some(place.role) })
        }
        What::Dismissed(n) => {
            let reason = people.user(n as usize, structure).dismissal.and_then(|dismissal| dismissal.reason);
            (n as usize, hr.actor(), EventBody::UserDismissed { reason })
        }
        What::Reassigned(n) => {
            let job = &history.jobs[n as usize];
            let successors = job.successors.iter().map(|s| people.person(*s).id).collect();
            let body = EventBody::EntitiesReassigned { reassignment: job.id, successors, counts: job.moved_counts() };
            (job.source, people.person(job.by).actor(), body)
        }
    };
    NewEvent {
        id: EventId(uuid_at(happening.at, &mut drawing.chance.of(EVENT, number))),
        occurred_at: happening.at,
        actor,
        subject: people.person(subject).id,
        request_id: None,
        body,
    }
}
