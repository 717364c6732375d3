//! A company that was made up: people of every status and kind, and everything that they can have or leave behind. All that is written is
//! kept here too, so that a list can be worked out without a database.

use tenure::identity::NewAccessToken;
use tenure_core::credential::{AccessToken, PasswordHash};
use tenure_core::email::{Email, EmailRole, HeldAddress};
use tenure_core::event::{EventBody, NewEvent};
use tenure_core::id::{
    AccessTokenId, ConversationId, DepartmentId, EventId, FeedPostId, MeetingId, MessageId, ReassignmentId, RecordId, UserId, WorkgroupId,
};
use tenure_core::permission::{Permission, PermissionSet};
use tenure_core::reassignment::{Reassignment, ReassignmentLists, ReassignmentStatus};
use tenure_core::record::{OwnershipChange, ParticipantRole, Record, RecordKind, TaskParticipant};
use tenure_core::settings::Settings;
use tenure_core::storage::{Storage, Transaction};
use tenure_core::structure::{Department, Membership, Workgroup, WorkgroupRole};
use tenure_core::time::Timestamp;
use tenure_core::user::{Actor, Dismissal, User, UserKind, UserStatus};
use tenure_core::work::{FeedPost, Meeting, Message, NewMeeting, Pair};

use crate::support::company::bare_detail;
use crate::support::dice::Dice;

/// 2026-01-01T00:00:00Z.
const BEGINNING: Timestamp = Timestamp(1_767_225_600 * Timestamp::SECOND);

/// The company, row by row.
pub struct World {
    pub settings: Settings,
    pub people: Vec<User>,
    /// Whose accounts were deleted: only their names are left.
    pub gone: Vec<UserId>,
    pub departments: Vec<Department>,
    pub workgroups: Vec<Workgroup>,
    pub memberships: Vec<Membership>,
    pub records: Vec<Record>,
    pub participants: Vec<TaskParticipant>,
    pub changes: Vec<OwnershipChange>,
    pub meetings: Vec<NewMeeting>,
    pub posts: Vec<FeedPost>,
    pub conversations: Vec<(ConversationId, Pair)>,
    pub messages: Vec<Message>,
    pub reassignments: Vec<Reassignment>,
    /// In the order of commits: the first has number 1.
    pub events: Vec<NewEvent>,
    pub tokens: Vec<AccessToken>,
    /// The secrets of `tokens`, in the same order.
    pub secrets: Vec<String>,
}

/// An instant among few, so that many rows have the same.
fn instant(dice: &mut Dice) -> Timestamp {
    BEGINNING.plus_seconds(3600 * i64::try_from(dice.below(9)).expect("a small number"))
}

impl World {
    /// Makes it up; everybody who signs in has that password.
    pub async fn found(seed: u64, storage: &dyn Storage, password: &PasswordHash) -> World {
        let mut dice = Dice::new(seed);
        let mut tx = storage.begin().await.expect("a transaction");
        let mut world = World {
            settings: tx.settings_lock().await.expect("the settings"),
            people: Vec::new(),
            gone: Vec::new(),
            departments: Vec::new(),
            workgroups: Vec::new(),
            memberships: Vec::new(),
            records: Vec::new(),
            participants: Vec::new(),
            changes: Vec::new(),
            meetings: Vec::new(),
            posts: Vec::new(),
            conversations: Vec::new(),
            messages: Vec::new(),
            reassignments: Vec::new(),
            events: Vec::new(),
            tokens: Vec::new(),
            secrets: Vec::new(),
        };
        world.make_settings(&mut dice, &mut *tx).await;
        world.make_structure(&mut dice, &mut *tx).await;
        world.make_people(&mut dice, &mut *tx, password).await;
        world.make_records(&mut dice, &mut *tx).await;
        world.make_work(&mut dice, &mut *tx).await;
        world.make_jobs(&mut dice, &mut *tx).await;
        world.make_tokens(&mut dice, &mut *tx).await;
        world.make_events(&mut dice, &mut *tx).await;
        tx.commit().await.expect("a commit");
        world
    }

    /// Changes whether the setting shows leavers.
    pub async fn show_leavers(&mut self, storage: &dyn Storage, shown: bool) {
        let mut tx = storage.begin().await.expect("a transaction");
        self.settings = Settings { show_dismissed_users: shown, ..tx.settings_lock().await.expect("the settings") };
        tx.settings_update(&self.settings).await.expect("settings");
        tx.commit().await.expect("a commit");
    }

    async fn make_settings(&mut self, dice: &mut Dice, tx: &mut dyn Transaction) {
        use Permission::{EntitiesRead, EntitiesWrite, UsersRead};
        let grants: [&[Permission]; 4] =
            [&[UsersRead, EntitiesRead, EntitiesWrite], &[UsersRead, EntitiesWrite], &[UsersRead], &[EntitiesRead]];
        self.settings.employee_permissions = dice.pick(&grants).iter().copied().collect();
        tx.settings_update(&self.settings).await.expect("settings");
    }

    async fn make_structure(&mut self, dice: &mut Dice, tx: &mut dyn Transaction) {
        for name in ["Sales", "Übersee", "service", "Zentrale"] {
            self.departments.push(Department { id: DepartmentId(dice.uuid()), name: name.to_owned(), parent: None, head: None });
        }
        for (number, name) in ["Alpha", "beta", "Gamma", "Élan", "omega", "Zeta"].into_iter().enumerate() {
            let workgroup =
                Workgroup { id: WorkgroupId(dice.uuid()), name: name.to_owned(), is_extranet: number % 2 == 0, created_at: instant(dice) };
            self.workgroups.push(workgroup);
        }
        tx.departments_insert(&self.departments).await.expect("departments");
        tx.workgroups_insert(&self.workgroups).await.expect("workgroups");
    }

    fn somebody(&self, dice: &mut Dice, number: usize) -> User {
        let (status, kind) = match (number, dice.below(10)) {
            (0, _) => (UserStatus::Active, UserKind::Intranet),
            (1, _) => (UserStatus::Active, UserKind::Extranet),
            (_, 0..=3) => (UserStatus::Active, UserKind::Intranet),
            (_, 4) => (UserStatus::Active, UserKind::Extranet),
            (_, 5..=7) => (UserStatus::Dismissed, *dice.pick(&[UserKind::Intranet, UserKind::Intranet, UserKind::Extranet])),
            (_, _) => (UserStatus::Invited, *dice.pick(&[UserKind::Intranet, UserKind::Extranet])),
        };
        let is_inside = kind == UserKind::Intranet;
        let is_active = status == UserStatus::Active;
        let was_active = status != UserStatus::Invited || dice.chance(50);
        let granted = if is_active && is_inside { dice.some(&Permission::ALL[..13], 15) } else { Vec::new() };
        let by = self.people.get(dice.below(self.people.len().max(1))).map_or(Actor::System, |u| Actor::User(u.id));
        let left = status == UserStatus::Dismissed || (status == UserStatus::Invited && was_active);
        let at = instant(dice);
        let dismissal = left.then(|| Dismissal { dismissed_at: at, dismissed_by: by, reason: Some("Left".to_owned()), note: None });
        User {
            id: UserId(dice.uuid()),
            version: 1,
            epoch: 1,
            status,
            kind,
            is_administrator: number == 0 || (is_active && is_inside && dice.chance(8)),
            personal_permissions: granted.into_iter().collect(),
            first_name: (*dice.pick(&["Ann", "ann", "Änn", "Élodie", "Zoë", "Bo", "Øyvind"])).to_owned(),
            last_name: (*dice.pick(&["Novak", "novák", "Okoro", "Reed", "Strøm"])).to_owned(),
            job_title: dice.chance(60).then(|| (*dice.pick(&["Baker", "Head of sales", "Boss"])).to_owned()),
            avatar_url: None,
            department: (is_inside && dice.chance(80)).then(|| dice.pick(&self.departments).id),
            manager: None,
            login_email: None,
            contact_email: None,
            was_active,
            dismissal,
            created_at: instant(dice),
            updated_at: instant(dice),
        }
    }

    async fn make_people(&mut self, dice: &mut Dice, tx: &mut dyn Transaction, password: &PasswordHash) {
        for number in 0..38 {
            let mut user = self.somebody(dice, number);
            let address = format!("{}{number}@mail{}.example", dice.pick(&["zoe", "post", "novak"]), number % 3);
            let email = Email::parse(&address).expect("an address");
            (user.login_email, user.contact_email) = (Some(email.clone()), Some(email));
            self.people.push(user);
        }
        // Bylines of those whose accounts are gone.
        let mut removed = vec![self.somebody(dice, 50), self.somebody(dice, 51)];
        let ids: Vec<UserId> = self.people.iter().map(|u| u.id).collect();
        for user in &mut self.people {
            user.manager = dice.chance(70).then(|| *dice.pick(&ids)).filter(|id| *id != user.id);
        }
        for user in &mut removed {
            user.department = None;
        }
        let bare: Vec<User> = self
            .people
            .iter()
            .chain(&removed)
            .map(|u| User { manager: None, login_email: None, contact_email: None, ..u.clone() })
            .collect();
        tx.users_insert(&bare).await.expect("people");
        let roles = [EmailRole::Login, EmailRole::Contact].into_iter().collect();
        for user in &self.people {
            let placed = User { login_email: None, contact_email: None, ..user.clone() };
            tx.user_update(&placed).await.expect("a manager");
            let email = user.login_email.clone().expect("an address");
            tx.addresses_put(&[HeldAddress { email, holder: user.id, roles }]).await.expect("an address");
            if user.status == UserStatus::Active {
                tx.password_set(user.id, Some(password)).await.expect("a password");
            }
        }
        for user in removed {
            tx.user_delete(user.id).await.expect("deleted");
            self.gone.push(user.id);
        }
        for user in &self.people {
            for (number, workgroup) in self.workgroups.iter().enumerate() {
                // Everybody outside is in one at least; what else they were in has ended.
                let fits = workgroup.is_extranet || user.kind == UserKind::Intranet;
                let must = user.kind == UserKind::Extranet && number == usize::from(dice.chance(50)) * 2;
                let comes = must || (fits && dice.chance(30)) || dice.chance(5);
                if !comes {
                    continue;
                }
                let ended = !must && (user.status == UserStatus::Dismissed || !fits || dice.chance(20));
                self.memberships.push(Membership {
                    workgroup: workgroup.id,
                    user: user.id,
                    role: *dice.pick(&[WorkgroupRole::Owner, WorkgroupRole::Moderator, WorkgroupRole::Member]),
                    joined_at: instant(dice),
                    left_at: ended.then(|| BEGINNING.plus_seconds(86_400)),
                    ended_by_dismissal: ended && user.status == UserStatus::Dismissed,
                });
            }
        }
        tx.memberships_put(&self.memberships).await.expect("memberships");
    }

    /// Anybody, the System User and deleted people included.
    fn anybody(&self, dice: &mut Dice) -> UserId {
        match dice.below(20) {
            0 => UserId::SYSTEM,
            1 => *dice.pick(&self.gone),
            _ => dice.pick(&self.people).id,
        }
    }

    fn actor(&self, dice: &mut Dice) -> Actor {
        match (self.anybody(dice), dice.below(6)) {
            (UserId::SYSTEM, _) => Actor::System,
            (owner, 0) => Actor::Token { owner, token: AccessTokenId(dice.uuid()), name: "sync".to_owned() },
            (person, _) => Actor::User(person),
        }
    }

    async fn make_records(&mut self, dice: &mut Dice, tx: &mut dyn Transaction) {
        for number in 0..130 {
            let kind = *dice.pick(&RecordKind::ALL);
            let subjects: Vec<RecordId> =
                self.records.iter().map(|r| r.id).filter(|id| id.kind.is_crm() && id.kind != RecordKind::Activity).collect();
            let responsible = if dice.chance(6) { UserId::SYSTEM } else { dice.pick(&self.people).id };
            let (created_at, updated_at) = (instant(dice), instant(dice));
            let title = format!("{} {} {}", dice.pick(&["Offer", "offer", "Élan", "Übersee"]), dice.pick(&["north", "South"]), number % 5);
            self.records.push(Record {
                id: RecordId { kind, uuid: dice.uuid() },
                version: 1,
                title,
                responsible,
                created_by: self.actor(dice),
                is_closed: dice.chance(30),
                external_id: dice.chance(40).then(|| format!("X-{}", number % 40 + 100 * (number / 40))),
                created_at,
                updated_at,
                provenance: (responsible == UserId::SYSTEM || dice.chance(5)).then(|| *dice.pick(&self.gone)),
                workgroup: (!kind.is_crm() && dice.chance(70)).then(|| dice.pick(&self.workgroups).id),
                subject: (kind == RecordKind::Activity && dice.chance(85) && !subjects.is_empty()).then(|| *dice.pick(&subjects)),
                detail: bare_detail(kind),
            });
        }
        let tasks: Vec<RecordId> = self.records.iter().map(|r| r.id).filter(|id| id.kind == RecordKind::Task).collect();
        for task in &tasks {
            for user in dice.some(&self.people, 6) {
                let role = *dice.pick(&[ParticipantRole::Participant, ParticipantRole::Observer]);
                self.participants.push(TaskParticipant { task: *task, user: user.id, role });
            }
        }
        tx.records_insert(&self.records).await.expect("records");
        tx.participants_replace(&tasks, &self.participants).await.expect("participants");
        for record in dice.some(&self.records, 40) {
            for version in 2..2 + dice.below(5) {
                self.changes.push(OwnershipChange {
                    id: dice.uuid(),
                    record: record.id,
                    from: dice.pick(&self.people).id,
                    to: dice.pick(&self.people).id,
                    actor: Actor::System,
                    // Clocks of several servers disagree: the order is that of the versions.
                    changed_at: instant(dice).plus_seconds(i64::try_from(self.changes.len()).expect("a small number")),
                    reassignment: None,
                    record_version: i32::try_from(version).expect("a small number"),
                });
            }
        }
        tx.ownership_changes_insert(&self.changes).await.expect("changes");
    }

    async fn make_work(&mut self, dice: &mut Dice, tx: &mut dyn Transaction) {
        for number in 0..30 {
            let (organizer, starts_at) = (self.anybody(dice), instant(dice));
            let meeting = Meeting {
                id: MeetingId(dice.uuid()),
                title: format!("Talk {number}"),
                starts_at,
                ends_at: starts_at.plus_seconds(60),
                organizer,
                created_at: BEGINNING,
            };
            let attendees = dice.some(&self.people, 8).iter().map(|u| u.id).collect();
            self.meetings.push(NewMeeting { meeting, attendees });
        }
        for number in 0..45 {
            let workgroup = dice.chance(60).then(|| dice.pick(&self.workgroups).id);
            let (author, created_at) = (self.anybody(dice), instant(dice));
            self.posts.push(FeedPost { id: FeedPostId(dice.uuid()), text: format!("Post {number}"), author, created_at, workgroup });
        }
        tx.meetings_insert(&self.meetings).await.expect("meetings");
        tx.feed_posts_insert(&self.posts).await.expect("posts");
        for _ in 0..60 {
            let (one, other) = (dice.pick(&self.people).id, self.anybody(dice));
            if let Some(pair) =
                Pair::new(one, other).filter(|pair| other != UserId::SYSTEM && self.conversations.iter().all(|(_, p)| p != pair))
            {
                self.conversations.push((ConversationId(dice.uuid()), pair));
            }
        }
        let wanted: Vec<(Pair, ConversationId)> = self.conversations.iter().map(|(id, pair)| (*pair, *id)).collect();
        tx.conversations_hold(&wanted).await.expect("conversations");
        for (conversation, pair) in &self.conversations {
            for number in 0..=dice.below(6) {
                let author = if dice.chance(50) { pair.low() } else { pair.high() };
                let (id, sent_at) = (MessageId(dice.uuid()), instant(dice));
                self.messages.push(Message { id, conversation: *conversation, author, text: format!("Hello {number}"), sent_at });
            }
        }
        tx.messages_insert(&self.messages).await.expect("messages");
    }

    async fn make_jobs(&mut self, dice: &mut Dice, tx: &mut dyn Transaction) {
        for _ in 0..14 {
            let created_at = instant(dice);
            let people = |dice: &mut Dice, world: &World| -> Vec<UserId> { dice.some(&world.people, 5).iter().map(|u| u.id).collect() };
            let lists = ReassignmentLists { successors: people(dice, self), sources: people(dice, self), ..ReassignmentLists::default() };
            let job = Reassignment {
                id: ReassignmentId(dice.uuid()),
                status: *dice.pick(&[ReassignmentStatus::Succeeded, ReassignmentStatus::Failed, ReassignmentStatus::Undone]),
                planned_count: 0,
                moved_count: 0,
                skipped_count: 0,
                remaining_count: Some(0),
                failure: None,
                lists,
                requested_by: self.actor(dice),
                note: None,
                undoes: None,
                created_at,
                finished_at: Some(created_at),
            };
            tx.reassignment_insert(&job).await.expect("a reassignment");
            self.reassignments.push(job);
        }
    }

    async fn make_tokens(&mut self, dice: &mut Dice, tx: &mut dyn Transaction) {
        for number in 0..14 {
            let owner = if number == 0 { self.people[0].id } else { dice.pick(&self.people).id };
            let permissions: PermissionSet = match number {
                0 => Permission::Administrate.into(),
                _ => dice.some(Permission::ALL, 25).into_iter().collect(),
            };
            let NewAccessToken { secret, prefix, hash } = NewAccessToken::random().expect("random bytes");
            let token = AccessToken {
                id: AccessTokenId(dice.uuid()),
                owner,
                name: format!("Token {number}"),
                prefix,
                hash,
                permissions,
                created_at: instant(dice),
                expires_at: Timestamp::MAX,
                last_used_at: None,
                revoked_at: None,
            };
            tx.access_token_insert(&token).await.expect("a token");
            self.tokens.push(token);
            self.secrets.push(secret);
        }
    }

    async fn make_events(&mut self, dice: &mut Dice, tx: &mut dyn Transaction) {
        for _ in 0..110 {
            let body = match dice.below(9) {
                0 => EventBody::UserInvited { email: "new@mail.example".to_owned() },
                1 => EventBody::UserUpdated { changed_fields: vec!["jobTitle".to_owned()] },
                2 | 3 => EventBody::UserDismissed { reason: Some("Left".to_owned()) },
                4 => EventBody::UserHired,
                5 => EventBody::UserDeleted { recipient: UserId::SYSTEM },
                6 => EventBody::EntitiesReassigned {
                    reassignment: dice.pick(&self.reassignments).id,
                    successors: vec![self.anybody(dice)],
                    counts: Vec::new(),
                },
                7 => EventBody::WorkgroupMembershipChanged { workgroup: dice.pick(&self.workgroups).id, role: None },
                _ => EventBody::PasswordChanged,
            };
            let subject = match self.anybody(dice) {
                UserId::SYSTEM => self.people[0].id,
                other => other,
            };
            self.events.push(NewEvent {
                id: EventId(dice.uuid()),
                occurred_at: instant(dice),
                actor: self.actor(dice),
                subject,
                request_id: None,
                body,
            });
        }
        tx.events_append(&self.events).await.expect("events");
    }
}
