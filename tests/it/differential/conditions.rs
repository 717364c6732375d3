//! Conditions that lists take: as they are asked for, and whether a row fulfils them.

use std::fmt::Write as _;

use tenure_core::id::{DepartmentId, UserId};
use tenure_core::permission::Permission::AuditRead;
use tenure_core::record::{Record, RecordKind};
use tenure_core::text;
use tenure_core::time::Timestamp;
use tenure_core::user::{User, UserStatus};

use super::naive::Viewer;
use super::world::World;
use crate::support::dice::Dice;

/// Conditions on people.
#[derive(Debug, Clone, Default)]
pub struct UserConditions {
    pub query: Option<&'static str>,
    pub statuses: Option<Vec<UserStatus>>,
    pub kinds: Option<Vec<tenure_core::user::UserKind>>,
    pub departments: Option<Vec<DepartmentId>>,
    pub owns: Option<Vec<RecordKind>>,
    pub dismissed_at: Option<(Option<Timestamp>, Option<Timestamp>)>,
}

/// Conditions on records.
#[derive(Debug, Clone, Default)]
pub struct RecordConditions {
    pub kinds: Option<Vec<RecordKind>>,
    pub is_closed: Option<bool>,
    pub query: Option<&'static str>,
    pub responsible: Option<Vec<UserId>>,
    pub is_orphaned: Option<bool>,
    pub former: Option<Vec<UserId>>,
    pub external_ids: Option<Vec<String>>,
    pub updated_at: Option<(Option<Timestamp>, Option<Timestamp>)>,
}

/// Conditions on events.
#[derive(Debug, Clone, Default)]
pub struct EventConditions {
    pub kinds: Option<Vec<&'static str>>,
    pub subjects: Option<Vec<UserId>>,
    pub actors: Option<Vec<UserId>>,
    pub occurred_at: Option<(Option<Timestamp>, Option<Timestamp>)>,
}

fn ids<T: ToString>(list: &[T]) -> String {
    let texts: Vec<String> = list.iter().map(|id| format!("\"{}\"", id.to_string())).collect();
    format!("[{}]", texts.join(", "))
}

fn period(range: &(Option<Timestamp>, Option<Timestamp>)) -> String {
    let bound = |name: &str, at: &Option<Timestamp>| at.map_or(String::new(), |at| format!("{name}: \"{}\" ", at.to_rfc3339()));
    format!("{{{}{}}}", bound("from", &range.0), bound("until", &range.1))
}

fn lies_in(range: &(Option<Timestamp>, Option<Timestamp>), at: Timestamp) -> bool {
    range.0.is_none_or(|from| from <= at) && range.1.is_none_or(|until| at < until)
}

fn status(status: UserStatus) -> &'static str {
    match status {
        UserStatus::System => "SYSTEM",
        UserStatus::Invited => "INVITED",
        UserStatus::Active => "ACTIVE",
        UserStatus::Dismissed => "DISMISSED",
    }
}

/// Whether each word given begins a word there.
fn finds(query: Option<&str>, words: &[String]) -> bool {
    query.is_none_or(|query| text::words(query).iter().all(|word| words.iter().any(|w| w.starts_with(word.as_str()))))
}

impl UserConditions {
    pub fn any(dice: &mut Dice, world: &World) -> UserConditions {
        let mut it = UserConditions::default();
        if dice.chance(25) {
            it.query = Some(*dice.pick(&["an", "novak", "BOSS", "zoe1", "head sal", "mail2", "x"]));
        }
        if dice.chance(55) {
            let some = dice.some(&[UserStatus::Invited, UserStatus::Active, UserStatus::Dismissed], 60);
            it.statuses = Some(if some.is_empty() { vec![UserStatus::Dismissed] } else { some });
        }
        if dice.chance(15) {
            it.kinds = Some(vec![*dice.pick(&[tenure_core::user::UserKind::Intranet, tenure_core::user::UserKind::Extranet])]);
        }
        if dice.chance(15) {
            it.departments = Some(vec![dice.pick(&world.departments).id, dice.pick(&world.departments).id]);
        }
        if dice.chance(20) {
            it.owns = Some(dice.some(&RecordKind::ALL, 20));
        }
        if dice.chance(10) {
            it.dismissed_at = Some(some_period(dice, world));
        }
        it
    }

    pub fn text(&self) -> String {
        let mut out = String::new();
        if let Some(query) = self.query {
            let _ = write!(out, "query: \"{query}\" ");
        }
        if let Some(list) = &self.statuses {
            let _ = write!(out, "statuses: [{}] ", list.iter().map(|s| status(*s)).collect::<Vec<_>>().join(" "));
        }
        if let Some(list) = &self.kinds {
            let _ = write!(out, "kinds: [{}] ", list.iter().map(|k| format!("{k:?}").to_uppercase()).collect::<Vec<_>>().join(" "));
        }
        if let Some(list) = &self.departments {
            let _ = write!(out, "departmentIds: {} ", ids(list));
        }
        if let Some(list) = &self.owns {
            let _ = write!(out, "ownsEntitiesOfKinds: [{}] ", list.iter().map(|k| k.name()).collect::<Vec<_>>().join(" "));
        }
        if let Some(range) = &self.dismissed_at {
            let _ = write!(out, "dismissedAt: {} ", period(range));
        }
        format!("{{{out}}}")
    }

    pub fn finds(&self, world: &World, viewer: &Viewer, user: &User) -> bool {
        let shown = [UserStatus::Invited, UserStatus::Active, UserStatus::Dismissed];
        let shown = if world.settings.show_dismissed_users { &shown[..] } else { &shown[..2] };
        let mut words = user.name_words();
        if world.sees_contact_address(viewer, user) {
            words.extend(user.address_words());
        }
        let left = user.dismissal.as_ref().filter(|_| user.status == UserStatus::Dismissed).map(|d| d.dismissed_at);
        self.statuses.as_deref().unwrap_or(shown).contains(&user.status)
            && finds(self.query, &words)
            && self.kinds.as_ref().is_none_or(|kinds| kinds.contains(&user.kind))
            && self.departments.as_ref().is_none_or(|list| user.department.is_some_and(|d| list.contains(&d)))
            && self.owns.as_ref().is_none_or(|kinds| {
                world.records.iter().any(|r| r.responsible == user.id && (kinds.is_empty() || kinds.contains(&r.id.kind)))
            })
            && self.dismissed_at.as_ref().is_none_or(|range| left.is_some_and(|at| lies_in(range, at)))
    }
}

fn some_period(dice: &mut Dice, world: &World) -> (Option<Timestamp>, Option<Timestamp>) {
    let from = dice.pick(&world.posts).created_at;
    (dice.chance(70).then_some(from), dice.chance(50).then(|| from.plus_seconds(4 * 3600)))
}

impl RecordConditions {
    pub fn any(dice: &mut Dice, world: &World) -> RecordConditions {
        let mut it = RecordConditions::default();
        if dice.chance(25) {
            let some = dice.some(&RecordKind::ALL, 40);
            it.kinds = (!some.is_empty()).then_some(some);
        }
        if dice.chance(20) {
            it.is_closed = Some(dice.chance(50));
        }
        if dice.chance(20) {
            it.query = Some(*dice.pick(&["offer", "elan so", "Über", "3", "nor off"]));
        }
        if dice.chance(25) {
            let mut some: Vec<UserId> = dice.some(&world.people, 25).iter().map(|u| u.id).collect();
            some.push(*dice.pick(&[UserId::SYSTEM, world.gone[0], world.people[3].id]));
            it.responsible = Some(some);
        }
        if dice.chance(20) {
            it.is_orphaned = Some(dice.chance(70));
        }
        if dice.chance(8) {
            it.former = Some(world.gone.clone());
        }
        if dice.chance(10) {
            it.external_ids = Some(world.records.iter().filter_map(|r| r.external_id.clone()).take(20).collect());
        }
        if dice.chance(10) {
            it.updated_at = Some(some_period(dice, world));
        }
        it
    }

    pub fn text(&self) -> String {
        let mut out = String::new();
        if let Some(list) = &self.kinds {
            let _ = write!(out, "kinds: [{}] ", list.iter().map(|k| k.name()).collect::<Vec<_>>().join(" "));
        }
        if let Some(is_closed) = self.is_closed {
            let _ = write!(out, "isClosed: {is_closed} ");
        }
        if let Some(query) = self.query {
            let _ = write!(out, "query: \"{query}\" ");
        }
        if let Some(list) = &self.responsible {
            let _ = write!(out, "responsibleIds: {} ", ids(list));
        }
        if let Some(is_orphaned) = self.is_orphaned {
            let _ = write!(out, "isOrphaned: {is_orphaned} ");
        }
        if let Some(list) = &self.former {
            let _ = write!(out, "formerResponsibleIds: {} ", ids(list));
        }
        if let Some(list) = &self.external_ids {
            let _ = write!(out, "externalIds: {} ", ids(list));
        }
        if let Some(range) = &self.updated_at {
            let _ = write!(out, "updatedAt: {} ", period(range));
        }
        format!("{{{out}}}")
    }

    pub fn finds(&self, world: &World, viewer: &Viewer, record: &Record) -> bool {
        // Somebody hidden is as good as nobody, though their records are not.
        let named = |list: &Vec<UserId>| {
            list.contains(&record.responsible) && (record.responsible == UserId::SYSTEM || world.seen(viewer, record.responsible).is_some())
        };
        self.kinds.as_ref().is_none_or(|kinds| kinds.contains(&record.id.kind))
            && self.is_closed.is_none_or(|closed| closed == record.is_closed)
            && finds(self.query, &record.words())
            && self.responsible.as_ref().is_none_or(named)
            && self.is_orphaned.is_none_or(|orphaned| orphaned == world.is_orphaned(record))
            && self.former.as_ref().is_none_or(|list| record.provenance.is_some_and(|id| list.contains(&id)))
            && self.external_ids.as_ref().is_none_or(|list| record.external_id.as_ref().is_some_and(|id| list.contains(id)))
            && self.updated_at.as_ref().is_none_or(|range| lies_in(range, record.updated_at))
    }
}

const EVENT_KINDS: [&str; 5] = ["USER_DISMISSED", "USER_DELETED", "PASSWORD_CHANGED", "USER_HIRED", "ENTITIES_REASSIGNED"];

impl EventConditions {
    pub fn any(dice: &mut Dice, world: &World) -> EventConditions {
        let mut it = EventConditions::default();
        if dice.chance(30) {
            let some = dice.some(&EVENT_KINDS, 50);
            it.kinds = (!some.is_empty()).then_some(some);
        }
        let people = |dice: &mut Dice| -> Vec<UserId> {
            let mut some: Vec<UserId> = dice.some(&world.people, 30).iter().map(|u| u.id).collect();
            some.push(*dice.pick(&[UserId::SYSTEM, world.gone[1], world.people[5].id]));
            some
        };
        if dice.chance(25) {
            it.subjects = Some(people(dice));
        }
        if dice.chance(35) {
            it.actors = Some(people(dice));
        }
        if dice.chance(15) {
            it.occurred_at = Some(some_period(dice, world));
        }
        it
    }

    pub fn text(&self) -> String {
        let mut out = String::new();
        if let Some(list) = &self.kinds {
            let _ = write!(out, "kinds: [{}] ", list.join(" "));
        }
        if let Some(list) = &self.subjects {
            let _ = write!(out, "subjectIds: {} ", ids(list));
        }
        if let Some(list) = &self.actors {
            let _ = write!(out, "actorIds: {} ", ids(list));
        }
        if let Some(range) = &self.occurred_at {
            let _ = write!(out, "occurredAt: {} ", period(range));
        }
        format!("{{{out}}}")
    }

    pub fn finds(&self, world: &World, viewer: &Viewer, event: &tenure_core::event::NewEvent) -> bool {
        use tenure_core::event::EventKind::*;
        let kind = match event.body.kind() {
            UserDismissed => "USER_DISMISSED",
            UserDeleted => "USER_DELETED",
            PasswordChanged => "PASSWORD_CHANGED",
            UserHired => "USER_HIRED",
            EntitiesReassigned => "ENTITIES_REASSIGNED",
            _ => "",
        };
        // Somebody hidden is as good as nobody, but to who reads all events.
        let named = |list: &Vec<UserId>, id: UserId| {
            list.contains(&id) && (id == UserId::SYSTEM || viewer.has(AuditRead) || world.seen(viewer, id).is_some())
        };
        self.kinds.as_ref().is_none_or(|kinds| kinds.contains(&kind))
            && self.subjects.as_ref().is_none_or(|list| named(list, event.subject))
            && self.actors.as_ref().is_none_or(|list| named(list, World::actor_shown(viewer, event)))
            && self.occurred_at.as_ref().is_none_or(|range| lies_in(range, event.occurred_at))
    }
}
