//! Every list of the API: how it is asked for, and what must come back.

use serde_json::Value;
use tenure_core::id::{ConversationId, DepartmentId, RecordId, UserId, WorkgroupId};
use tenure_core::permission::Permission::*;
use tenure_core::record::{Record, RecordKind};
use tenure_core::structure::Membership;
use tenure_core::time::Timestamp;
use tenure_core::user::{User, UserStatus};
use uuid::Uuid;

use super::conditions::{EventConditions, RecordConditions, UserConditions};
use super::naive::Viewer;
use super::world::World;
use crate::support::dice::Dice;

/// What a row is ordered by: as the list says, then kind of record, then identifier.
type Place = (By, i16, Uuid);

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum By {
    Number(i64),
    Text(String),
}

fn time(at: Timestamp) -> By {
    By::Number(at.0)
}

/// A row of a list, and whether this viewer, with this filter, finds it.
#[derive(Debug, Clone)]
pub struct Row {
    pub label: String,
    pub found: bool,
    place: Place,
}

impl Row {
    /// One that is ordered by a number.
    pub fn plain(label: &str, found: bool, number: i64) -> Row {
        Row { label: label.to_owned(), found, place: (By::Number(number), 0, Uuid::nil()) }
    }
}

/// What comes back.
#[derive(Debug)]
pub enum Expected {
    /// What the list hangs on is hidden.
    Hidden,
    /// The field is null, without an error.
    Null,
    /// The field is null, with the error FORBIDDEN.
    Forbidden,
    /// Rows, in the order of the list.
    Rows(Vec<Row>),
}

/// A list.
#[derive(Debug, Clone)]
pub enum List {
    Users(UserConditions, &'static str, bool),
    DirectReports(UserId),
    DepartmentMembers(DepartmentId),
    Departments,
    Workgroups(Option<bool>),
    Records(RecordConditions, &'static str, bool),
    RecordsOf(UserId, RecordConditions, &'static str, bool),
    TasksOf(UserId, Option<Vec<&'static str>>),
    FilesOf(UserId),
    MeetingsOf(UserId),
    PostsBy(UserId),
    WorkgroupsOf(UserId),
    EventsOf(UserId, EventConditions),
    MessagesWith(UserId),
    Members(WorkgroupId),
    TasksIn(WorkgroupId),
    FilesIn(WorkgroupId),
    PostsIn(WorkgroupId),
    CompanyFeed,
    Changes(RecordId),
    Activities(RecordId),
    Reassignments,
    Events(EventConditions),
    Tokens,
    Conversations,
    MessagesOf(ConversationId),
}

impl List {
    /// Any list of the API: numbers one after the other bring all kinds, what is asked of many things more than once.
    pub fn any(number: usize, dice: &mut Dice, world: &World) -> List {
        let user = dice.pick(&world.people).id;
        let workgroup = dice.pick(&world.workgroups).id;
        let record = dice.pick(&world.records).id;
        let (user_order, record_order) = (*dice.pick(&["DISPLAY_NAME", "CREATED_AT"]), *dice.pick(&["UPDATED_AT", "CREATED_AT", "TITLE"]));
        let descending = dice.chance(50);
        match number % 36 {
            0..=4 => List::Users(UserConditions::any(dice, world), user_order, descending),
            5 => {
                let only = UserConditions { statuses: Some(vec![UserStatus::Dismissed]), ..UserConditions::any(dice, world) };
                List::Users(only, "DISMISSED_AT", descending)
            }
            6 => List::DirectReports(user),
            7 => List::DepartmentMembers(dice.pick(&world.departments).id),
            8 => List::Departments,
            9 => List::Workgroups(*dice.pick(&[None, Some(true), Some(false)])),
            10..=12 => List::Records(RecordConditions::any(dice, world), record_order, descending),
            13 | 14 => {
                let conditions = RecordConditions { responsible: None, ..RecordConditions::any(dice, world) };
                List::RecordsOf(user, conditions, record_order, descending)
            }
            15 | 16 => {
                let roles = dice.some(&["RESPONSIBLE", "CREATOR", "PARTICIPANT", "OBSERVER"], 40);
                List::TasksOf(user, (!roles.is_empty()).then_some(roles))
            }
            17 => List::FilesOf(user),
            18 => List::MeetingsOf(user),
            19 => List::PostsBy(user),
            20 => List::WorkgroupsOf(user),
            21 | 22 => List::EventsOf(user, EventConditions::any(dice, world)),
            23 => List::MessagesWith(user),
            24 => List::Members(workgroup),
            25 => List::TasksIn(workgroup),
            26 => List::FilesIn(workgroup),
            27 => List::PostsIn(workgroup),
            28 => List::CompanyFeed,
            29 => List::Changes(record),
            30 => List::Activities(record),
            31 => List::Reassignments,
            32 => List::Events(EventConditions::any(dice, world)),
            33 => List::Tokens,
            34 => List::Conversations,
            _ => List::MessagesOf(dice.pick(&world.conversations).0),
        }
    }

    /// The same list as it is asked of somebody in particular: of what is theirs, there is more to see.
    pub fn about(self, person: UserId) -> List {
        match self {
            List::DirectReports(_) => List::DirectReports(person),
            List::RecordsOf(_, conditions, order, descending) => List::RecordsOf(person, conditions, order, descending),
            List::TasksOf(_, roles) => List::TasksOf(person, roles),
            List::FilesOf(_) => List::FilesOf(person),
            List::MeetingsOf(_) => List::MeetingsOf(person),
            List::PostsBy(_) => List::PostsBy(person),
            List::WorkgroupsOf(_) => List::WorkgroupsOf(person),
            List::EventsOf(_, conditions) => List::EventsOf(person, conditions),
            other => other,
        }
    }

    /// The same list with all that it can hold: where cursors are taken from, by somebody who sees it all.
    pub fn whole(&self) -> List {
        let everybody = || UserConditions {
            statuses: Some(vec![UserStatus::Invited, UserStatus::Active, UserStatus::Dismissed]),
            ..UserConditions::default()
        };
        match self.clone() {
            List::Users(_, "DISMISSED_AT", descending) => List::Users(
                UserConditions { statuses: Some(vec![UserStatus::Dismissed]), ..UserConditions::default() },
                "DISMISSED_AT",
                descending,
            ),
            List::Users(_, order, descending) => List::Users(everybody(), order, descending),
            List::Records(_, order, descending) => List::Records(RecordConditions::default(), order, descending),
            List::RecordsOf(user, _, order, descending) => List::RecordsOf(user, RecordConditions::default(), order, descending),
            List::TasksOf(user, _) => List::TasksOf(user, None),
            List::EventsOf(user, _) => List::EventsOf(user, EventConditions::default()),
            List::Events(_) => List::Events(EventConditions::default()),
            List::Workgroups(_) => List::Workgroups(None),
            other => other,
        }
    }

    /// What is personal has no cursors but the viewer's own.
    pub fn is_personal(&self) -> bool {
        matches!(self, List::MessagesWith(_) | List::Conversations | List::MessagesOf(_))
    }

    /// The field and its arguments, and what it hangs on.
    fn field(&self) -> (Option<(String, &'static str)>, &'static str, String) {
        let order =
            |field: &str, descending: bool| format!("orderBy: {{field: {field}, direction: {}}} ", if descending { "DESC" } else { "ASC" });
        let of_user = |id: &UserId| Some((id.to_string(), "User"));
        let of_workgroup = |id: &WorkgroupId| Some((id.to_string(), "Workgroup"));
        match self {
            List::Users(conditions, by, descending) => (None, "users", format!("filter: {} {}", conditions.text(), order(by, *descending))),
            List::DirectReports(id) => (of_user(id), "directReports", String::new()),
            List::DepartmentMembers(id) => (Some((id.to_string(), "Department")), "members", String::new()),
            List::Departments => (None, "departments", String::new()),
            List::Workgroups(None) => (None, "workgroups", String::new()),
            List::Workgroups(Some(extranet)) => (None, "workgroups", format!("isExtranet: {extranet} ")),
            List::Records(conditions, by, descending) => {
                (None, "ownedEntities", format!("filter: {} {}", conditions.text(), order(by, *descending)))
            }
            List::RecordsOf(id, conditions, by, descending) => {
                (of_user(id), "ownedEntities", format!("filter: {} {}", conditions.text(), order(by, *descending)))
            }
            List::TasksOf(id, None) => (of_user(id), "tasks", String::new()),
            List::TasksOf(id, Some(roles)) => (of_user(id), "tasks", format!("roles: [{}] ", roles.join(" "))),
            List::FilesOf(id) => (of_user(id), "files", String::new()),
            List::MeetingsOf(id) => (of_user(id), "meetings", String::new()),
            List::PostsBy(id) => (of_user(id), "feedPosts", String::new()),
            List::WorkgroupsOf(id) => (of_user(id), "workgroups", String::new()),
            List::EventsOf(id, conditions) => (of_user(id), "events", format!("filter: {} ", conditions.text())),
            List::MessagesWith(id) => (of_user(id), "messages", String::new()),
            List::Members(id) => (of_workgroup(id), "members", String::new()),
            List::TasksIn(id) => (of_workgroup(id), "tasks", String::new()),
            List::FilesIn(id) => (of_workgroup(id), "files", String::new()),
            List::PostsIn(id) => (of_workgroup(id), "feedPosts", String::new()),
            List::CompanyFeed => (None, "feedPosts", String::new()),
            List::Changes(id) => (Some((id.to_string(), "OwnedEntity")), "ownershipChanges", String::new()),
            List::Activities(id) => (Some((id.to_string(), type_of(id.kind))), "activities", String::new()),
            List::Reassignments => (None, "reassignments", String::new()),
            List::Events(conditions) => (None, "userEvents", format!("filter: {} ", conditions.text())),
            List::Tokens => (None, "accessTokens", String::new()),
            List::Conversations => (Some(("viewer".to_owned(), "")), "conversations", String::new()),
            List::MessagesOf(id) => (Some((id.to_string(), "Conversation")), "messages", String::new()),
        }
    }

    /// Whether there is such a list at all: activities have no activities, tasks and files neither.
    pub fn exists(&self) -> bool {
        !matches!(self, List::Activities(id) if !id.kind.is_crm() || id.kind == RecordKind::Activity)
    }

    /// The document that asks for a page of it.
    pub fn document(&self, page: &str) -> String {
        let (above, field, arguments) = self.field();
        let node = match self {
            List::WorkgroupsOf(_) => "workgroup { id } leftAt",
            List::Members(_) => "member { displayName user { id } } role",
            List::Changes(_) => "changedAt from { displayName } to { displayName }",
            _ => "id",
        };
        let list = format!(
            "{field}({page} {arguments}) {{ totalCount pageInfo {{ hasNextPage hasPreviousPage startCursor endCursor }} edges {{ cursor node {{ {node} }} }} }}"
        );
        match above {
            None => format!("{{ {list} }}"),
            Some((viewer, "")) => format!("{{ {viewer} {{ {list} }} }}"),
            Some((id, of)) => format!("{{ node(id: \"{id}\") {{ ... on {of} {{ {list} }} }} }}"),
        }
    }

    /// Where the page is in `data`: what it hangs on, and the field.
    pub fn path(&self) -> (Option<&'static str>, &'static str) {
        let (above, field, _) = self.field();
        (above.map(|(_, of)| if of.is_empty() { "viewer" } else { "node" }), field)
    }

    /// What tells a row apart, in an answer.
    pub fn label(&self, node: &Value) -> String {
        let text = |value: &Value| value.as_str().unwrap_or("-").to_owned();
        match self {
            List::WorkgroupsOf(_) => format!("{} {}", text(&node["workgroup"]["id"]), node["leftAt"].is_null()),
            List::Members(_) => {
                format!("{} {} {}", text(&node["member"]["displayName"]), text(&node["member"]["user"]["id"]), text(&node["role"]))
            }
            List::Changes(_) => {
                format!("{} {} {}", text(&node["changedAt"]), text(&node["from"]["displayName"]), text(&node["to"]["displayName"]))
            }
            _ => text(&node["id"]),
        }
    }
}

fn type_of(kind: RecordKind) -> &'static str {
    match kind {
        RecordKind::Activity => "Activity",
        RecordKind::Company => "Company",
        RecordKind::Contact => "Contact",
        RecordKind::Deal => "Deal",
        RecordKind::Estimate => "Estimate",
        RecordKind::File => "File",
        RecordKind::Invoice => "Invoice",
        RecordKind::Lead => "Lead",
        RecordKind::Task => "Task",
    }
}

/// What is expected of a list of that viewer.
pub fn expected(world: &World, viewer: &Viewer, list: &List) -> Expected {
    let user = |id: &UserId| world.seen(viewer, *id);
    match list {
        List::Users(conditions, by, descending) => {
            let asks_when = conditions.dismissed_at.is_some() || *by == "DISMISSED_AT";
            if !viewer.has(UsersRead) || (asks_when && !viewer.has(UsersReadDismissed)) {
                return Expected::Forbidden;
            }
            rows(&world.people, *descending, |u| {
                let left = u.dismissal.as_ref().filter(|_| u.status == UserStatus::Dismissed);
                let place = match *by {
                    "DISPLAY_NAME" => By::Text(u.sort_key()),
                    "CREATED_AT" => time(u.created_at),
                    _ => time(left?.dismissed_at),
                };
                Some((u.id.to_string(), (place, 0, u.id.0), world.sees_person(viewer, u) && conditions.finds(world, viewer, u)))
            })
        }
        List::DirectReports(id) => match user(id) {
            None => Expected::Hidden,
            Some(_) if viewer.is_external => Expected::Null,
            Some(_) => people(world, viewer, |u| u.manager == Some(*id)),
        },
        List::DepartmentMembers(_) if !viewer.has(UsersRead) => Expected::Hidden,
        List::DepartmentMembers(id) => people(world, viewer, |u| u.department == Some(*id)),
        List::Departments if !viewer.has(UsersRead) => Expected::Forbidden,
        List::Departments => rows(&world.departments, false, |d| Some((d.id.to_string(), (By::Text(d.sort_key()), 0, d.id.0), true))),
        List::Workgroups(extranet) => rows(&world.workgroups, false, |w| {
            let found = world.sees_workgroup(viewer, w) && extranet.is_none_or(|wanted| wanted == w.is_extranet);
            Some((w.id.to_string(), (By::Text(w.sort_key()), 0, w.id.0), found))
        }),
        List::Records(conditions, by, descending) => {
            if !viewer.has(EntitiesRead) || (conditions.former.is_some() && !viewer.has(Administrate)) {
                return Expected::Forbidden;
            }
            records(world, viewer, by, *descending, |r| Some(conditions.finds(world, viewer, r)))
        }
        List::RecordsOf(id, conditions, by, descending) => match user(id) {
            None => Expected::Hidden,
            Some(u) if u.id != viewer.person && !viewer.has(EntitiesRead) => Expected::Null,
            Some(_) if conditions.former.is_some() && !viewer.has(Administrate) => Expected::Forbidden,
            Some(_) => records(world, viewer, by, *descending, |r| (r.responsible == *id).then(|| conditions.finds(world, viewer, r))),
        },
        List::TasksOf(id, roles) => work(world, viewer, id, || {
            let all = ["RESPONSIBLE", "CREATOR", "PARTICIPANT", "OBSERVER"];
            let in_one = |r: &Record, roles: &[&str]| roles.iter().any(|role| world.has_role(*id, r, role));
            records(world, viewer, "UPDATED_AT", true, |r| in_one(r, &all).then(|| in_one(r, roles.as_deref().unwrap_or(&all))))
        }),
        List::FilesOf(id) => work(world, viewer, id, || {
            records(world, viewer, "CREATED_AT", true, |r| (r.id.kind == RecordKind::File && r.created_by.person() == *id).then_some(true))
        }),
        List::MeetingsOf(id) => work(world, viewer, id, || {
            rows(&world.meetings, true, |m| {
                let place = (time(m.meeting.starts_at), 0, m.meeting.id.0);
                World::attends(*id, m).then(|| (m.meeting.id.to_string(), place, world.sees_meeting(viewer, m)))
            })
        }),
        List::PostsBy(id) => work(world, viewer, id, || posts(world, viewer, |p| p.author == *id)),
        List::WorkgroupsOf(id) => work(world, viewer, id, || {
            rows(&world.memberships, true, |m: &Membership| {
                let group = world.workgroups.iter().find(|w| w.id == m.workgroup).expect("a workgroup");
                let label = format!("{} {}", m.workgroup, m.left_at.is_none());
                (m.user == *id).then(|| (label, (time(m.joined_at), 0, m.workgroup.0), world.sees_workgroup(viewer, group)))
            })
        }),
        List::EventsOf(id, conditions) => {
            let Some(u) = user(id) else { return Expected::Hidden };
            if viewer.is_external || (u.id != viewer.person && !viewer.has_any(&[AuditRead, UsersDismiss])) {
                return Expected::Null;
            }
            events(world, viewer, conditions, Some(*id))
        }
        List::Events(_) if !viewer.has(AuditRead) => Expected::Forbidden,
        List::Events(conditions) => events(world, viewer, conditions, None),
        List::MessagesWith(id) => match user(id) {
            None => Expected::Hidden,
            Some(_) if !viewer.in_person => Expected::Forbidden,
            Some(_) => {
                let with = tenure_core::work::Pair::new(viewer.person, *id);
                messages(world, world.conversations.iter().find(|(_, pair)| Some(*pair) == with).map(|(id, _)| *id))
            }
        },
        // V7: `node` gives what is personal to nobody with a token, and says so.
        List::MessagesOf(_) | List::Conversations if !viewer.in_person => Expected::Forbidden,
        List::MessagesOf(id) => {
            let (_, pair) = world.conversations.iter().find(|(c, _)| c == id).expect("a conversation");
            if World::sees_conversation(viewer, *pair) { messages(world, Some(*id)) } else { Expected::Hidden }
        }
        List::Conversations => rows(&world.conversations, true, |(id, pair)| {
            let last = world.messages.iter().filter(|m| m.conversation == *id).map(|m| (m.sent_at, m.id)).max()?;
            World::sees_conversation(viewer, *pair).then(|| (id.to_string(), (time(last.0), 0, id.0), true))
        }),
        List::Members(id) | List::TasksIn(id) | List::FilesIn(id) | List::PostsIn(id) => {
            let group = world.workgroups.iter().find(|w| w.id == *id).expect("a workgroup");
            if !world.sees_workgroup(viewer, group) {
                return Expected::Hidden;
            }
            match list {
                List::TasksIn(_) => in_workgroup(world, viewer, *id, RecordKind::Task, "UPDATED_AT"),
                List::FilesIn(_) => in_workgroup(world, viewer, *id, RecordKind::File, "CREATED_AT"),
                List::PostsIn(_) => posts(world, viewer, |p| p.workgroup == Some(*id)),
                _ => rows(&world.memberships, false, |m: &Membership| {
                    let member = world.user(m.user).expect("a member");
                    let lasts = m.workgroup == *id && m.left_at.is_none() && member.status == UserStatus::Active;
                    // The same for every viewer; who it is beyond the name, to who sees them.
                    let seen = world.seen(viewer, m.user).map_or("-".to_owned(), |u| u.id.to_string());
                    let label = format!("{} {seen} {}", member.display_name(), format!("{:?}", m.role).to_uppercase());
                    lasts.then(|| (label, (time(m.joined_at), 0, m.user.0), true))
                }),
            }
        }
        List::CompanyFeed if viewer.is_external => Expected::Null,
        List::CompanyFeed => posts(world, viewer, |p| p.workgroup.is_none()),
        List::Changes(id) | List::Activities(id) => {
            let record = world.record(*id).expect("a record");
            if !world.sees_record(viewer, record) {
                return Expected::Hidden;
            }
            let name = |id: UserId| world.user(id).map_or_else(String::new, User::display_name);
            match list {
                List::Changes(_) => rows(&world.changes, true, |c| {
                    let label = format!("{} {} {}", c.changed_at.to_rfc3339(), name(c.from), name(c.to));
                    (c.record == *id).then(|| (label, (By::Number(c.record_version.into()), 0, c.id), true))
                }),
                _ => records(world, viewer, "UPDATED_AT", true, |r| (r.subject == Some(*id)).then_some(true)),
            }
        }
        List::Reassignments if !viewer.has_any(&[EntitiesReassign, EntitiesWrite, UsersDismiss]) => Expected::Forbidden,
        List::Reassignments => rows(&world.reassignments, true, |job| {
            Some((job.id.to_string(), (time(job.created_at), 0, job.id.0), World::sees_job(viewer, job)))
        }),
        List::Tokens => rows(&world.tokens, true, |token| {
            Some((token.id.to_string(), (time(token.created_at), 0, token.id.0), World::sees_token(viewer, token)))
        }),
    }
}

/// The rows of a list, in its order; `row` says label, place, and whether it is found; None for what is not in the list at all.
fn rows<T>(of: &[T], descending: bool, row: impl Fn(&T) -> Option<(String, Place, bool)>) -> Expected {
    let mut rows: Vec<Row> = of.iter().filter_map(row).map(|(label, place, found)| Row { label, found, place }).collect();
    rows.sort_by(|a, b| if descending { b.place.cmp(&a.place) } else { a.place.cmp(&b.place) });
    Expected::Rows(rows)
}

/// ACTIVE people by name.
fn people(world: &World, viewer: &Viewer, belongs: impl Fn(&User) -> bool) -> Expected {
    rows(&world.people, false, |u| {
        let place = (By::Text(u.sort_key()), 0, u.id.0);
        (u.status == UserStatus::Active && belongs(u)).then(|| (u.id.to_string(), place, world.sees_person(viewer, u)))
    })
}

fn records(world: &World, viewer: &Viewer, by: &str, descending: bool, found: impl Fn(&Record) -> Option<bool>) -> Expected {
    rows(&world.records, descending, |r| {
        let place = match by {
            "UPDATED_AT" => time(r.updated_at),
            "CREATED_AT" => time(r.created_at),
            _ => By::Text(r.sort_key()),
        };
        let found = found(r)?;
        Some((r.id.to_string(), (place, r.id.kind.code(), r.id.uuid), found && world.sees_record(viewer, r)))
    })
}

fn in_workgroup(world: &World, viewer: &Viewer, id: WorkgroupId, kind: RecordKind, by: &str) -> Expected {
    records(world, viewer, by, true, |r| (r.workgroup == Some(id) && r.id.kind == kind).then_some(true))
}

fn posts(world: &World, viewer: &Viewer, belongs: impl Fn(&tenure_core::work::FeedPost) -> bool) -> Expected {
    rows(&world.posts, true, |p| belongs(p).then(|| (p.id.to_string(), (time(p.created_at), 0, p.id.0), world.sees_post(viewer, p))))
}

fn messages(world: &World, of: Option<ConversationId>) -> Expected {
    rows(&world.messages, true, |m| (Some(m.conversation) == of).then(|| (m.id.to_string(), (time(m.sent_at), 0, m.id.0), true)))
}

fn events(world: &World, viewer: &Viewer, conditions: &EventConditions, subject: Option<UserId>) -> Expected {
    let numbered: Vec<_> = world.events.iter().zip(1i64..).collect();
    rows(&numbered, true, |(event, number)| {
        let found = world.sees_event(viewer, event) && conditions.finds(world, viewer, event);
        subject.is_none_or(|id| event.subject == id).then(|| (event.id.to_string(), (By::Number(*number), 0, Uuid::nil()), found))
    })
}

/// A list of what somebody did: empty, though not null, to who sees no more of them than the profile.
fn work(world: &World, viewer: &Viewer, id: &UserId, list: impl Fn() -> Expected) -> Expected {
    match world.seen(viewer, *id) {
        None => Expected::Hidden,
        Some(user) if !World::shows_work(viewer, user) => Expected::Rows(Vec::new()),
        Some(_) => list(),
    }
}
