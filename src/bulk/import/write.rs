//! Writing departments, workgroups and people of the file, and telling what happened to the people.

use tenure_core::clock::Clock;
use tenure_core::email::{EmailRole, EmailRoles, HeldAddress};
use tenure_core::event::{EventBody, NewEvent};
use tenure_core::id::{DepartmentId, EventId, UserId, WorkgroupId};
use tenure_core::permission::PermissionSet;
use tenure_core::storage::{StorageError, Transaction};
use tenure_core::structure::{Department, ImportKey, ImportKind, Membership, Workgroup, WorkgroupRole};
use tenure_core::time::Timestamp;
use tenure_core::user::{Actor, Dismissal, User, UserStatus};

use super::catalogue::Numbered;
use super::line::PersonLine;
use super::structure::{Stand, Surroundings};

/// At most so many rows are written at once.
const BATCH: usize = 2_000;

/// Moved only together with what else was judged to be bad: the import begins again.
fn gone() -> StorageError {
    StorageError::Conflict
}

/// Writes all that is new; returns the events that tell it, which are to be appended last.
pub(super) async fn structure(
    tx: &mut dyn Transaction,
    around: Surroundings<'_>,
    clock: &dyn Clock,
    now: Timestamp,
) -> Result<Vec<NewEvent>, StorageError> {
    let departments = departments(around)?;
    let people: Vec<&Numbered<PersonLine>> = new(&around.catalogue.people, &around.stands.people).collect();
    let mut users = Vec::with_capacity(people.len());
    for person in &people {
        users.push(user(person, around, now)?);
    }
    let addresses: Vec<HeldAddress> = people.iter().map(|person| address(person)).collect();
    let workgroups: Vec<Workgroup> = new(&around.catalogue.workgroups, &around.stands.workgroups)
        .map(|w| Workgroup { id: WorkgroupId(w.id), name: w.line.name.clone(), is_extranet: w.line.is_extranet, created_at: now })
        .collect();
    let memberships = memberships(&users, &people, around, now)?;
    for batch in departments.chunks(BATCH) {
        tx.departments_insert(batch).await?;
    }
    for batch in users.chunks(BATCH) {
        tx.users_insert(batch).await?;
    }
    for batch in addresses.chunks(BATCH) {
        tx.addresses_put(batch).await?;
    }
    for batch in workgroups.chunks(BATCH) {
        tx.workgroups_insert(batch).await?;
    }
    for batch in memberships.chunks(BATCH) {
        tx.memberships_put(batch).await?;
    }
    for batch in keys(around).chunks(BATCH) {
        tx.import_keys_put(batch).await?;
    }
    let mut happened = Vec::new();
    for (user, person) in users.iter().zip(&people) {
        // As `user create` tells it: who may sign in from the start was invited and has accepted.
        happened.push((user.id, EventBody::UserInvited { email: person.line.email.address().to_owned() }));
        happened.push((user.id, EventBody::InvitationAccepted));
    }
    let joined = memberships.iter();
    happened.extend(joined.map(|m| (m.user, EventBody::WorkgroupMembershipChanged { workgroup: m.workgroup, role: Some(m.role) })));
    let left =
        users.iter().filter_map(|user| Some((user.id, EventBody::UserDismissed { reason: user.dismissal.as_ref()?.reason.clone() })));
    happened.extend(left);
    let event = |(subject, body)| NewEvent {
        id: EventId(clock.new_uuid()),
        occurred_at: now,
        actor: Actor::System,
        subject,
        request_id: None,
        body,
    };
    Ok(happened.into_iter().map(event).collect())
}

fn new<'a, T>(lines: &'a [Numbered<T>], stands: &'a [Stand]) -> impl Iterator<Item = &'a Numbered<T>> {
    lines.iter().zip(stands).filter(|(_, stand)| **stand == Stand::New).map(|(line, _)| line)
}

fn departments(around: Surroundings<'_>) -> Result<Vec<Department>, StorageError> {
    let department = |d: &Numbered<super::line::DepartmentLine>| {
        Ok(Department {
            id: DepartmentId(d.id),
            name: d.line.name.clone(),
            parent: d.line.parent.as_ref().map(|key| around.department(key)).transpose().map_err(|_| gone())?,
            head: d.line.head.as_ref().map(|(_, name)| around.person(name).map(|s| s.id())).transpose().map_err(|_| gone())?,
        })
    };
    new(&around.catalogue.departments, &around.stands.departments).map(department).collect()
}

fn user(person: &Numbered<PersonLine>, around: Surroundings<'_>, now: Timestamp) -> Result<User, StorageError> {
    let line = &person.line;
    let dismissal = line.left.as_ref().map(|left| Dismissal {
        dismissed_at: left.at.unwrap_or(now),
        dismissed_by: Actor::System,
        reason: left.reason.clone(),
        note: left.note.clone(),
    });
    Ok(User {
        id: UserId(person.id),
        version: 1,
        epoch: 1,
        status: line.status,
        kind: line.kind,
        is_administrator: false,
        personal_permissions: PermissionSet::NONE,
        first_name: line.first_name.clone(),
        last_name: line.last_name.clone(),
        job_title: line.job_title.clone(),
        avatar_url: None,
        department: line.department.as_ref().map(|key| around.department(key)).transpose().map_err(|_| gone())?,
        manager: line.manager.as_ref().map(|(_, name)| around.person(name).map(|s| s.id())).transpose().map_err(|_| gone())?,
        login_email: None,
        contact_email: None,
        was_active: true,
        // Whoever left before the import was there before it.
        created_at: dismissal.as_ref().map_or(now, |dismissal| dismissal.dismissed_at.min(now)),
        dismissal,
        updated_at: now,
    })
}

fn address(person: &Numbered<PersonLine>) -> HeldAddress {
    let roles = [EmailRole::Login, EmailRole::Contact].into_iter().collect::<EmailRoles>();
    HeldAddress { email: person.line.email.clone(), holder: UserId(person.id), roles }
}

/// The owners of new workgroups and the places of new people; those of leavers ended when they left (rule R5).
fn memberships(
    users: &[User],
    people: &[&Numbered<PersonLine>],
    around: Surroundings<'_>,
    now: Timestamp,
) -> Result<Vec<Membership>, StorageError> {
    let mut places = Vec::new();
    let mut owners = std::collections::HashSet::new();
    for workgroup in new(&around.catalogue.workgroups, &around.stands.workgroups) {
        let owner = around.person(&workgroup.line.owner.1).map_err(|_| gone())?.id();
        let workgroup = WorkgroupId(workgroup.id);
        owners.insert((workgroup, owner));
        places.push(Membership {
            workgroup,
            user: owner,
            role: WorkgroupRole::Owner,
            joined_at: now,
            left_at: None,
            ended_by_dismissal: false,
        });
    }
    for (user, person) in users.iter().zip(people) {
        for key in &person.line.workgroups {
            let (workgroup, _) = around.workgroup(key).map_err(|_| gone())?;
            if owners.contains(&(workgroup, user.id)) {
                continue;
            }
            let is_over = user.status == UserStatus::Dismissed;
            places.push(Membership {
                workgroup,
                user: user.id,
                role: WorkgroupRole::Member,
                joined_at: user.created_at,
                left_at: user.dismissal.as_ref().map(|dismissal| dismissal.dismissed_at),
                ended_by_dismissal: is_over,
            });
        }
    }
    Ok(places)
}

fn keys(around: Surroundings<'_>) -> Vec<ImportKey> {
    let (catalogue, stands) = (around.catalogue, around.stands);
    let key = |kind: ImportKind, key: &str, id| ImportKey { kind, key: key.to_owned(), id };
    let departments = new(&catalogue.departments, &stands.departments).map(|d| key(ImportKind::Department, &d.line.key, d.id));
    let workgroups = new(&catalogue.workgroups, &stands.workgroups).map(|w| key(ImportKind::Workgroup, &w.line.key, w.id));
    let people = new(&catalogue.people, &stands.people).map(|p| key(ImportKind::Person, &p.line.key, p.id));
    departments.chain(workgroups).chain(people).collect()
}
