//! Who asks, and about what: a company in which there is one of everything.

use serde_json::{Value, json};
use tenure_core::clock::{Clock, SystemClock};
use tenure_core::email::EmailRole;
use tenure_core::event::{EventBody, NewEvent};
use tenure_core::id::{ConversationId, EventId, FeedPostId, MeetingId, MessageId, ReassignmentId, RecordId, UserId, WorkgroupId};
use tenure_core::permission::Permission;
use tenure_core::policy::Access;
use tenure_core::reassignment::{Reassignment, ReassignmentLists, ReassignmentStatus, Share, SkipReason, Skipped};
use tenure_core::record::{ParticipantRole, Record, RecordCount, RecordDetail, RecordKind, TaskParticipant};
use tenure_core::settings::Settings;
use tenure_core::storage::Storage;
use tenure_core::structure::WorkgroupRole;
use tenure_core::user::{Actor, UserKind};
use tenure_core::work::{FeedPost, Meeting, Message, NewMeeting, Pair};

use crate::support::backend::Backend;
use crate::support::company::{Member, State, Traits};
use crate::support::office::{Office, PASSWORD};
use crate::support::person::Person;

/// The columns, from left to right. `employee*` is the employee while the setting shows leavers.
pub const PERSONAS: [&str; 12] = [
    "administrator",
    "HR",
    "reassigner",
    "mails",
    "auditor",
    "employee",
    "employee*",
    "external",
    "token",
    "admin token",
    "anonymous",
    "leaver",
];

/// Somebody who asks.
#[derive(Clone)]
pub struct Persona {
    pub name: &'static str,
    pub person: Person,
    /// Who it is; for a token its owner.
    pub member: Option<Member>,
}

/// The company.
pub struct Scene {
    pub office: Office,
    pub personas: Vec<Persona>,
    /// Administers, and does what has to be done before somebody can ask.
    pub ann: Person,
    /// An external person beside the one who asks.
    pub eli: Member,
    /// Invited, never active before; and invited again.
    pub invited: String,
    pub again: Member,
    /// Whose account was deleted, and her deal.
    pub gone: String,
    pub bequeathed: String,
    /// A department below sales, which Ben heads.
    pub field: String,
    /// A workgroup of which nobody who asks is a member.
    pub closed: WorkgroupId,
    /// Records, by what they are called in the table.
    pub records: Vec<(&'static str, &'static str, RecordId)>,
    pub meetings: [MeetingId; 2],
    pub posts: [FeedPostId; 4],
    pub talks: [(ConversationId, MessageId); 2],
    pub jobs: [ReassignmentId; 3],
    pub tokens: [String; 2],
    /// One event of each kind about Emma, then some about others: type, whom, which.
    pub events: Vec<(&'static str, &'static str, EventId)>,
}

impl Scene {
    pub async fn set(db: Backend) -> Scene {
        // With a budget that nobody comes near: `rateLimit` is there.
        let office = Office::open_with(db, |wish| wish.with_budget(100_000_000)).await;
        let company = &office.company;
        let ann = office.sign_in(&company.ann).await;
        let project = vec![(company.project, WorkgroupRole::Member)];
        let eli = company.add("Eli", "Extern", Traits { kind: UserKind::Extranet, workgroups: project, ..Traits::default() }).await;
        let personas = personas(&office, &ann).await;
        let invite = json!({"email": "ida@example.com", "kind": "INTRANET", "firstName": "Ida", "lastName": "Invited"});
        let invited = ann.run("invite", invite, "user { id }").await.ok().text("user.id");
        let again = company.leaver("Fay", "Former").await;
        ann.run("moveToExtranet", json!({"userId": again.id, "workgroupIds": [company.project]}), "user { status }").await.ok();
        let gone = company.employee("Gus", "Gone").await;
        let bequeathed = company.record(&gone, RecordKind::Deal, State::Open).await.to_string();
        ann.run("deleteUser", json!({"userId": gone.id, "confirmation": gone.name}), "deletedUserId").await.ok();
        let closed = ann.run("createWorkgroup", json!({"name": "Closed", "isExtranet": false}), "workgroup { id }").await.ok();
        let closed: WorkgroupId = closed.text("workgroup.id").parse().expect("an ID");
        let field = json!({"name": "Field sales", "parentId": company.sales, "headId": company.ben.id});
        let field = ann.run("createDepartment", field, "department { id }").await.ok().text("department.id");
        for id in [company.emma.id, company.ben.id, company.leo.id, eli.id] {
            let picture = json!({"userId": id, "avatarUrl": "https://pictures.example/a.png"});
            ann.run("updateUser", picture, "user { id }").await.ok();
        }
        let tokens = tokens(&office).await;
        let records = records(&office).await;
        let (meetings, posts, talks) = work(&office, closed).await;
        let jobs = jobs(&office).await;
        let events = events(&office, jobs[0], closed).await;
        let (invited, gone) = (invited, gone.id.to_string());
        Scene {
            personas,
            ann,
            eli,
            invited,
            again,
            gone,
            bequeathed,
            field,
            closed,
            records,
            meetings,
            posts,
            talks,
            jobs,
            tokens,
            events,
            office,
        }
    }

    /// Whether every employee sees leavers from now on.
    pub async fn show_leavers(&self, shown: bool) {
        let mut tx = self.office.storage.begin().await.expect("a transaction");
        let settings = Settings { show_dismissed_users: shown, ..tx.settings_lock().await.expect("the settings") };
        tx.settings_update(&settings).await.expect("settings");
        tx.commit().await.expect("a commit");
    }

    pub fn record(&self, name: &str) -> RecordId {
        self.records.iter().find(|(label, ..)| *label == name).unwrap_or_else(|| panic!("no record is {name}")).2
    }
}

async fn personas(office: &Office, ann: &Person) -> Vec<Persona> {
    let company = &office.company;
    let mut personas = Vec::new();
    let left = company.employee("Lea", "Left").await;
    let old_session = office.sign_in(&left).await;
    ann.run("dismiss", json!({"userId": left.id}), "user { status }").await.ok();
    let ben = office.sign_in(&company.ben).await;
    let secret = |outcome: crate::support::answer::Outcome| outcome.ok().text("secret");
    for name in PERSONAS {
        let right = match name {
            "HR" => Some(Permission::UsersDismiss),
            "reassigner" => Some(Permission::EntitiesReassign),
            "mails" => Some(Permission::EmailsManage),
            "auditor" => Some(Permission::AuditRead),
            _ => None,
        };
        let (member, person) = match (name, right) {
            (_, Some(right)) => {
                let member = company.holder(name, "Persona", &[right]).await;
                (Some(member.clone()), office.sign_in(&member).await)
            }
            ("administrator", None) => (Some(company.ann.clone()), ann.clone()),
            ("employee" | "employee*", None) => (Some(company.ben.clone()), ben.clone()),
            ("external", None) => (Some(company.eva.clone()), office.sign_in(&company.eva).await),
            ("token", None) => {
                let input = json!({"name": "Reader", "permissions": ["USERS_READ"]});
                let secret = secret(ben.run("createAccessToken", input, "secret").await);
                (Some(company.ben.clone()), office.server.with_token(&secret))
            }
            ("admin token", None) => {
                let input = json!({"name": "Root", "permissions": ["ADMINISTRATE"]});
                let secret = secret(ann.run("createAccessToken", input, "secret").await);
                (Some(company.ann.clone()), office.server.with_token(&secret))
            }
            ("anonymous", None) => (None, office.server.anonymous()),
            ("leaver", None) => (Some(left.clone()), old_session.clone()),
            (other, None) => panic!("nobody is {other}"),
        };
        personas.push(Persona { name, person, member });
    }
    personas
}

/// A token of Ben's and one of Emma's.
async fn tokens(office: &Office) -> [String; 2] {
    let mut ids = Vec::new();
    for member in [&office.company.ben, &office.company.emma] {
        let input = json!({"name": "Listed", "permissions": ["USERS_READ"]});
        ids.push(office.sign_in(member).await.run("createAccessToken", input, "accessToken { id }").await.ok().text("accessToken.id"));
    }
    [ids[0].clone(), ids[1].clone()]
}

/// One of each kind of Emma's, and what makes a difference: whose it is, and where.
async fn records(office: &Office) -> Vec<(&'static str, &'static str, RecordId)> {
    let company = &office.company;
    let kinds = [
        ("Lead", RecordKind::Lead),
        ("Deal", RecordKind::Deal),
        ("Contact", RecordKind::Contact),
        ("Company", RecordKind::Company),
        ("Estimate", RecordKind::Estimate),
        ("Invoice", RecordKind::Invoice),
        ("Activity", RecordKind::Activity),
        ("Task", RecordKind::Task),
        ("File", RecordKind::File),
    ];
    let labels = [
        "lead of Emma's",
        "deal of Emma's",
        "contact of Emma's",
        "company of Emma's",
        "estimate of Emma's",
        "invoice of Emma's",
        "activity of Emma's",
        "task of Emma's",
        "file of Emma's",
    ];
    let mut found = Vec::new();
    for ((of, kind), label) in kinds.into_iter().zip(labels) {
        found.push((label, of, company.record(&company.emma, kind, State::Open).await));
    }
    let id = |label: &str| found.iter().find(|(l, ..)| *l == label).expect("a record").2;
    // Each refers to others, so that no field is null for want of something.
    let (lead, deal, contact, firm) = (id(labels[0]), id(labels[1]), id(labels[2]), id(labels[3]));
    let mut tx = office.storage.begin().await.expect("a transaction");
    let all: Vec<RecordId> = found.iter().map(|(_, _, id)| *id).collect();
    let stored = tx.records_by_id(&all, &Access::system().record_scope()).await.expect("records");
    let filled: Vec<Record> = stored.into_iter().map(|record| fill(record, (lead, deal, contact, firm))).collect();
    tx.records_update(&filled).await.expect("details");
    tx.commit().await.expect("a commit");
    for (label, of, owner, kind, workgroup) in [
        ("deal of Ben's", "Deal", &company.ben, RecordKind::Deal, None),
        ("deal of a leaver's", "Deal", &company.leo, RecordKind::Deal, None),
        ("task of Emma's in a project", "Task", &company.emma, RecordKind::Task, Some(company.project)),
        ("file of Emma's in a project", "File", &company.emma, RecordKind::File, Some(company.project)),
        ("task with Eva", "Task", &company.emma, RecordKind::Task, None),
    ] {
        let id = company.record(owner, kind, State::Open).await;
        let mut tx = office.storage.begin().await.expect("a transaction");
        let mut stored = tx.records_by_id(&[id], &Access::system().record_scope()).await.expect("a record");
        stored[0].workgroup = workgroup;
        tx.records_update(&stored).await.expect("a workgroup");
        if label == "task with Eva" {
            let part = TaskParticipant { task: id, user: company.eva.id, role: ParticipantRole::Participant };
            tx.participants_replace(&[id], &[part]).await.expect("a part");
        }
        tx.commit().await.expect("a commit");
        found.push((label, of, id));
    }
    found
}

fn fill(mut record: Record, (lead, deal, contact, firm): (RecordId, RecordId, RecordId, RecordId)) -> Record {
    use tenure_core::record::Money;
    let money = || Some(Money { amount: "9.50".parse().expect("a number"), currency: "EUR".to_owned() });
    let day = tenure_core::time::parse_date("2027-01-01");
    let at = Some(record.created_at);
    record.external_id = Some(format!("X-{}", record.id));
    record.detail = match record.detail {
        RecordDetail::Activity { activity_type, .. } => {
            record.subject = Some(lead);
            RecordDetail::Activity { activity_type, due_at: at }
        }
        RecordDetail::Company { .. } => {
            RecordDetail::Company { website: Some("https://x.example/".to_owned()), industry: Some("Bread".to_owned()) }
        }
        RecordDetail::Contact { .. } => RecordDetail::Contact {
            email: tenure_core::email::Email::parse("c@customer.example"),
            phone: Some("1".to_owned()),
            company: Some(firm),
        },
        RecordDetail::Deal { .. } => {
            RecordDetail::Deal { stage: Some("new".to_owned()), value: money(), company: Some(firm), contact: Some(contact) }
        }
        RecordDetail::Estimate { .. } => RecordDetail::Estimate { value: money(), deal: Some(deal), valid_until: day },
        RecordDetail::Invoice { .. } => RecordDetail::Invoice { value: money(), deal: Some(deal), due_on: day },
        RecordDetail::Lead { .. } => RecordDetail::Lead { source: Some("fair".to_owned()), value: money() },
        RecordDetail::Task { .. } => RecordDetail::Task { due_at: at },
        file @ RecordDetail::File { .. } => file,
    };
    record
}

type Work = ([MeetingId; 2], [FeedPostId; 4], [(ConversationId, MessageId); 2]);

/// Meetings with and without Ben; posts to the company, to workgroups of his and not; talks with Leo and among others.
async fn work(office: &Office, closed: WorkgroupId) -> Work {
    let (company, clock) = (&office.company, SystemClock);
    let at = company.past();
    let mut tx = office.storage.begin().await.expect("a transaction");
    let meeting = |organizer: UserId, attendees: Vec<UserId>| {
        let id = MeetingId(clock.new_uuid());
        let meeting = Meeting { id, title: "Talk".to_owned(), starts_at: at, ends_at: at.plus_seconds(60), organizer, created_at: at };
        NewMeeting { meeting, attendees }
    };
    let meetings = [meeting(company.leo.id, vec![company.ben.id, company.eva.id]), meeting(company.emma.id, vec![company.leo.id])];
    tx.meetings_insert(&meetings).await.expect("meetings");
    let post = |author: UserId, workgroup| FeedPost {
        id: FeedPostId(clock.new_uuid()),
        text: "Post".to_owned(),
        author,
        created_at: at,
        workgroup,
    };
    let posts = [
        post(company.leo.id, None),
        post(company.leo.id, Some(company.inside)),
        post(company.leo.id, Some(company.project)),
        post(company.emma.id, Some(closed)),
    ];
    tx.feed_posts_insert(&posts).await.expect("posts");
    let mut talks = Vec::new();
    for (one, other) in [(company.leo.id, company.ben.id), (company.leo.id, company.emma.id)] {
        let pair = Pair::new(one, other).expect("two people");
        let conversation = tx.conversations_hold(&[(pair, ConversationId(clock.new_uuid()))]).await.expect("a conversation")[0];
        let id = MessageId(clock.new_uuid());
        tx.messages_insert(&[Message { id, conversation, author: one, text: "Hello".to_owned(), sent_at: at }]).await.expect("a message");
        talks.push((conversation, id));
    }
    tx.commit().await.expect("a commit");
    let [one, two] = &meetings;
    ([one.meeting.id, two.meeting.id], posts.map(|post| post.id), [talks[0], talks[1]])
}

/// Asked for by Ben; by Emma, for Ben, giving the first one back; and by Emma for herself.
async fn jobs(office: &Office) -> [ReassignmentId; 3] {
    let (ben, emma) = (office.company.ben.id, office.company.emma.id);
    let own = add_job(office, ben, emma, None).await;
    [own, add_job(office, emma, ben, Some(own)).await, add_job(office, emma, emma, None).await]
}

/// One more reassignment that has ended, of a leaver's records.
pub async fn add_job(office: &Office, by: UserId, to: UserId, undoes: Option<ReassignmentId>) -> ReassignmentId {
    let clock = SystemClock;
    let now = clock.now();
    let counts = vec![RecordCount { kind: RecordKind::Deal, open: 1, closed: 0 }];
    let skipped = RecordId { kind: RecordKind::Deal, uuid: clock.new_uuid() };
    let job = Reassignment {
        id: ReassignmentId(clock.new_uuid()),
        status: ReassignmentStatus::PartiallySucceeded,
        planned_count: 2,
        moved_count: 1,
        skipped_count: 1,
        remaining_count: Some(0),
        failure: None,
        lists: ReassignmentLists {
            moved_counts: counts.clone(),
            shares: vec![Share { successor: to, counts }],
            sources: vec![office.company.leo.id],
            skipped: vec![Skipped { record: skipped, reason: SkipReason::NotOwned }],
            successors: vec![to],
        },
        requested_by: Actor::User(by),
        note: Some("Note".to_owned()),
        undoes,
        created_at: now,
        finished_at: Some(now),
    };
    let mut tx = office.storage.begin().await.expect("a transaction");
    tx.reassignment_insert(&job).await.expect("a reassignment");
    tx.commit().await.expect("a commit");
    job.id
}

async fn events(office: &Office, job: ReassignmentId, closed: WorkgroupId) -> Vec<(&'static str, &'static str, EventId)> {
    let (company, clock) = (&office.company, SystemClock);
    let counts = vec![RecordCount { kind: RecordKind::Deal, open: 1, closed: 0 }];
    let dismissed = || EventBody::UserDismissed { reason: Some("Left".to_owned()) };
    let fields = || vec!["jobTitle".to_owned()];
    let (emma, leo) = (company.emma.id, company.leo.id);
    let wanted = [
        ("UserInvitedEvent", "about Emma", emma, EventBody::UserInvited { email: "emma@example.com".to_owned() }),
        ("InvitationAcceptedEvent", "about Emma", emma, EventBody::InvitationAccepted),
        ("InvitationRevokedEvent", "about Emma", emma, EventBody::InvitationRevoked),
        ("UserUpdatedEvent", "about Emma", emma, EventBody::UserUpdated { changed_fields: fields() }),
        (
            "AccessChangedEvent",
            "about Emma",
            emma,
            EventBody::AccessChanged { personal_permissions: Permission::UsersInvite.into(), is_administrator: false },
        ),
        ("UserDismissedEvent", "about Emma", emma, dismissed()),
        ("UserHiredEvent", "about Emma", emma, EventBody::UserHired),
        (
            "EntitiesReassignedEvent",
            "about Emma",
            emma,
            EventBody::EntitiesReassigned { reassignment: job, successors: vec![leo], counts: counts.clone() },
        ),
        ("ReassignmentUndoneEvent", "about Emma", emma, EventBody::ReassignmentUndone { reassignment: job, counts }),
        ("EmailTransferredEvent", "about Emma", emma, EventBody::EmailTransferred { recipient: leo, roles: vec![EmailRole::Contact] }),
        ("EmailReleasedEvent", "about Emma", emma, EventBody::EmailReleased { roles: vec![EmailRole::Contact] }),
        ("EmailChangedEvent", "about Emma", emma, EventBody::EmailChanged { role: EmailRole::Contact }),
        ("MovedToExtranetEvent", "about Emma", emma, EventBody::MovedToExtranet { workgroups: vec![company.project] }),
        ("MovedToIntranetEvent", "about Emma", emma, EventBody::MovedToIntranet),
        (
            "WorkgroupMembershipChangedEvent",
            "about Emma, in a closed workgroup",
            emma,
            EventBody::WorkgroupMembershipChanged { workgroup: closed, role: Some(WorkgroupRole::Member) },
        ),
        ("PasswordChangedEvent", "about Emma", emma, EventBody::PasswordChanged),
        ("UserDeletedEvent", "about Emma", emma, EventBody::UserDeleted { recipient: UserId::SYSTEM }),
        ("SettingsChangedEvent", "about Emma", emma, EventBody::SettingsChanged { changed_fields: vec!["showDismissedUsers".to_owned()] }),
        ("AccessTokenCreatedEvent", "about Emma", emma, EventBody::AccessTokenCreated { token_name: "t".to_owned() }),
        ("AccessTokenRevokedEvent", "about Emma", emma, EventBody::AccessTokenRevoked { token_name: "t".to_owned() }),
        ("UserDismissedEvent", "about Ben, the employee here", company.ben.id, dismissed()),
        ("UserDismissedEvent", "about Eva, the external person here", company.eva.id, dismissed()),
        ("UserDismissedEvent", "about a leaver", leo, dismissed()),
    ];
    let mut found = Vec::new();
    let mut new = Vec::new();
    for (of, label, subject, body) in wanted {
        let id = EventId(clock.new_uuid());
        new.push(NewEvent {
            id,
            occurred_at: clock.now(),
            actor: Actor::User(company.hr.id),
            subject,
            request_id: Some("request-1".to_owned()),
            body,
        });
        found.push((of, label, id));
    }
    let mut tx = office.storage.begin().await.expect("a transaction");
    tx.events_append(&new).await.expect("events");
    tx.commit().await.expect("a commit");
    found
}

/// What somebody is called in the table; a session of a member of the company.
pub async fn fresh_session(scene: &Scene, persona: &Persona) -> Person {
    match (&persona.member, persona.name) {
        (Some(member), "administrator" | "HR" | "reassigner" | "mails" | "auditor" | "employee" | "employee*" | "external") => {
            scene.office.server.sign_in(&member.email, PASSWORD).await
        }
        _ => persona.person.clone(),
    }
}

/// Nothing, as input.
pub fn nothing() -> Value {
    json!({})
}
