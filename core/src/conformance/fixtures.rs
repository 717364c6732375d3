//! People, records and all else that the cases put into a storage. Public, so that other tests can build on them.
//!
//! Numbers name things: the n-th user, the n-th record of a kind. Identifiers ascend with the number.

use std::sync::Arc;

use rust_decimal::Decimal;
use uuid::Uuid;

use crate::credential::{AccessToken, Invitation, PasswordHash, PendingLink, RefreshToken, SecretHash, Session};
use crate::email::{Email, EmailRole, HeldAddress};
use crate::event::{EventBody, NewEvent};
use crate::id::{AccessTokenId, DepartmentId, EventId, ReassignmentId, RecordId, SessionId, UserId, WorkgroupId};
use crate::mail::{ChangedBy, Mail};
use crate::permission::{Permission, PermissionSet};
use crate::reassignment::{Reassignment, ReassignmentLists, ReassignmentStatus};
use crate::record::{
    ActivityType, Handover, HandoverContext, Money, OwnershipChange, ParticipantRole, Record, RecordDetail, RecordKind, TaskParticipant,
};
use crate::secret::LinkPurpose;
use crate::storage::{NewMail, Storage};
use crate::structure::{Department, Membership, Workgroup, WorkgroupRole};
use crate::time::{Date, Timestamp, parse_date};
use crate::user::{Actor, Dismissal, User, UserKind, UserStatus};

/// The n-th identifier: a UUIDv7 in form, ascending with n.
pub fn uuid(n: u64) -> Uuid {
    Uuid::from_u128(0x019B_0000_0000_7000_8000_0000_0000_0000 | u128::from(n))
}

/// The number of an identifier made by [`uuid()`].
pub fn number(uuid: Uuid) -> u64 {
    uuid.as_u128() as u64 & 0x3FFF_FFFF_FFFF_FFFF
}

/// `n` seconds after the beginning of 2026.
pub fn at(n: i64) -> Timestamp {
    Timestamp(1_767_225_600 * Timestamp::SECOND).plus_seconds(n)
}

/// A date.
pub fn date(text: &str) -> Date {
    parse_date(text).expect("a date")
}

/// The hash of the n-th secret.
pub fn hash(n: u8) -> SecretHash {
    let mut bytes = [n; 32];
    bytes[0] = 0xA5;
    SecretHash(bytes)
}

/// Identifier of the n-th user.
pub fn user_id(n: u64) -> UserId {
    UserId(uuid(n))
}

/// Identifier of the n-th record of a kind.
pub fn record_id(kind: RecordKind, n: u64) -> RecordId {
    RecordId { kind, uuid: uuid(n) }
}

/// Identifier of the n-th workgroup.
pub fn workgroup_id(n: u64) -> WorkgroupId {
    WorkgroupId(uuid(n))
}

/// Identifier of the n-th department.
pub fn department_id(n: u64) -> DepartmentId {
    DepartmentId(uuid(n))
}

/// The n-th user, an ACTIVE employee. The given name ends at the first space.
pub fn user(n: u64, name: &str) -> User {
    let (first_name, last_name) = name.split_once(' ').unwrap_or((name, ""));
    User {
        id: user_id(n),
        version: 1,
        epoch: 0,
        status: UserStatus::Active,
        kind: UserKind::Intranet,
        is_administrator: false,
        personal_permissions: PermissionSet::NONE,
        first_name: first_name.into(),
        last_name: last_name.into(),
        job_title: None,
        avatar_url: None,
        department: None,
        manager: None,
        login_email: None,
        contact_email: None,
        was_active: true,
        dismissal: None,
        created_at: at(0),
        updated_at: at(0),
    }
}

/// The n-th user, INVITED and never active before.
pub fn invited(n: u64, name: &str) -> User {
    User { status: UserStatus::Invited, was_active: false, ..user(n, name) }
}

/// The n-th user, ACTIVE and external.
pub fn external(n: u64, name: &str) -> User {
    User { kind: UserKind::Extranet, ..user(n, name) }
}

/// The n-th user, dismissed at that time.
pub fn dismissed(n: u64, name: &str, dismissed_at: Timestamp) -> User {
    let dismissal = Dismissal { dismissed_at, dismissed_by: Actor::System, reason: Some("Left".into()), note: None };
    User { status: UserStatus::Dismissed, dismissal: Some(dismissal), ..user(n, name) }
}

/// A well-formed address.
pub fn email(text: &str) -> Email {
    Email::parse(text).expect("an address")
}

/// An address in somebody's hands.
pub fn held(holder: UserId, address: &str, roles: &[EmailRole]) -> HeldAddress {
    HeldAddress { email: email(address), holder, roles: roles.iter().copied().collect() }
}

/// The n-th department, at the top and without a head.
pub fn department(n: u64, name: &str) -> Department {
    Department { id: department_id(n), name: name.into(), parent: None, head: None }
}

/// The n-th workgroup, an inside one.
pub fn workgroup(n: u64, name: &str) -> Workgroup {
    Workgroup { id: workgroup_id(n), name: name.into(), is_extranet: false, created_at: at(0) }
}

/// The n-th workgroup, an extranet one.
pub fn extranet(n: u64, name: &str) -> Workgroup {
    Workgroup { is_extranet: true, ..workgroup(n, name) }
}

/// A lasting membership with the role MEMBER.
pub fn member(workgroup: WorkgroupId, user: UserId) -> Membership {
    Membership { workgroup, user, role: WorkgroupRole::Member, joined_at: at(0), left_at: None, ended_by_dismissal: false }
}

/// The n-th record of a kind, made by whoever is responsible for it, with every detail that needs no other record.
pub fn record(kind: RecordKind, n: u64, title: &str, responsible: UserId) -> Record {
    Record {
        id: record_id(kind, n),
        version: 1,
        title: title.into(),
        responsible,
        created_by: Actor::User(responsible),
        is_closed: false,
        external_id: None,
        created_at: at(0),
        updated_at: at(0),
        provenance: None,
        workgroup: None,
        subject: None,
        detail: detail(kind),
    }
}

/// Details of a kind, without references to other records.
pub fn detail(kind: RecordKind) -> RecordDetail {
    // Two digits behind the point, one of them a nought: the scale is kept.
    let value = Some(Money { amount: Decimal::new(123_450, 2), currency: "EUR".into() });
    match kind {
        RecordKind::Activity => RecordDetail::Activity { activity_type: ActivityType::Meeting, due_at: Some(at(60)) },
        RecordKind::Company => RecordDetail::Company { website: Some("https://acme.example".into()), industry: Some("Anvils".into()) },
        RecordKind::Contact => {
            RecordDetail::Contact { email: Some(email("Cleo@Acme.example")), phone: Some("+49 30 1234".into()), company: None }
        }
        RecordKind::Deal => RecordDetail::Deal { stage: Some("Offer".into()), value, company: None, contact: None },
        RecordKind::Estimate => RecordDetail::Estimate { value, deal: None, valid_until: Some(date("2026-11-22")) },
        RecordKind::File => RecordDetail::File { size_in_bytes: 5_000_000_000, media_type: "application/pdf".into() },
        RecordKind::Invoice => RecordDetail::Invoice { value, deal: None, due_on: Some(date("2026-12-31")) },
        RecordKind::Lead => RecordDetail::Lead { source: Some("Fair".into()), value },
        RecordKind::Task => RecordDetail::Task { due_at: Some(at(120)) },
    }
}

/// A stored part in a task.
pub fn part(task: RecordId, user: UserId, role: ParticipantRole) -> TaskParticipant {
    TaskParticipant { task, user, role }
}

/// The n-th session: opened at `at(0)`, lasting for an hour.
pub fn session(n: u64, user: &User) -> Session {
    Session { id: SessionId(uuid(n)), user: user.id, epoch: user.epoch, created_at: at(0), expires_at: at(3600), ended_at: None }
}

/// The refresh token with the n-th secret.
pub fn refresh_token(n: u8, session: SessionId) -> RefreshToken {
    RefreshToken { hash: hash(n), session, used_at: None }
}

/// The n-th access token, with the n-th secret: lasting for an hour.
pub fn access_token(n: u8, owner: UserId) -> AccessToken {
    AccessToken {
        id: AccessTokenId(uuid(n.into())),
        owner,
        name: format!("Integration {n}"),
        prefix: "tnr_abcd".into(),
        hash: hash(n),
        permissions: [Permission::UsersRead].into_iter().collect(),
        created_at: at(0),
        expires_at: at(3600),
        last_used_at: None,
        revoked_at: None,
    }
}

/// An invitation whose link carries the n-th secret.
pub fn invitation(n: u8, user: UserId, invited_by: Actor) -> Invitation {
    let email = email(&format!("guest{n}@example.com"));
    Invitation { user, email, invited_by, token_hash: hash(n), sent_at: at(0), expires_at: at(7 * 86_400) }
}

/// A link that carries the n-th secret.
pub fn link(n: u8, user: UserId, purpose: LinkPurpose) -> PendingLink {
    PendingLink { user, purpose, email: email(&format!("Link{n}@example.com")), token_hash: hash(n), sent_at: at(0), expires_at: at(3600) }
}

/// A password, hashed.
pub fn password(text: &str) -> PasswordHash {
    PasswordHash(format!("$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHRzYWx0$ {text}"))
}

/// The n-th reassignment, queued.
pub fn reassignment(n: u64, requested_by: UserId) -> Reassignment {
    Reassignment {
        id: ReassignmentId(uuid(n)),
        status: ReassignmentStatus::Queued,
        planned_count: 7,
        moved_count: 0,
        skipped_count: 0,
        remaining_count: None,
        failure: None,
        lists: ReassignmentLists::default(),
        requested_by: Actor::User(requested_by),
        note: Some("Wanted\nby noon".into()),
        undoes: None,
        created_at: at(0),
        finished_at: None,
    }
}

/// The n-th ownership change of a record.
pub fn ownership_change(n: u64, record: RecordId, from: UserId, to: UserId) -> OwnershipChange {
    let (id, actor) = (uuid(n), Actor::User(from));
    OwnershipChange { id, record, from, to, actor, changed_at: at(0), reassignment: None, record_version: 2 }
}

/// A handover, whose ownership change gets the n-th identifier.
pub fn handover(n: u64, record: RecordId, from: UserId, to: UserId) -> Handover {
    Handover { record, from, to, change_id: uuid(n) }
}

/// What handovers at that time have in common: decided by the system, part of nothing.
pub fn handed_over_at(at: Timestamp) -> HandoverContext {
    HandoverContext { actor: Actor::System, at, reassignment: None }
}

/// The n-th event: something small that happened to somebody.
pub fn event(n: u64, subject: UserId) -> NewEvent {
    NewEvent {
        id: EventId(uuid(n)),
        occurred_at: at(0),
        actor: Actor::System,
        subject,
        request_id: Some(format!("request-{n}")),
        body: EventBody::UserUpdated { changed_fields: vec!["jobTitle".into()] },
    }
}

/// The n-th mail: a small notice, due at once.
pub fn mail(n: u64) -> NewMail {
    let (to, login) = (email(&format!("ann{n}@example.com")), email("ann@example.com"));
    let mail = Mail::LoginEmailChanged { to, name: "Ann Lee".into(), login, by: ChangedBy::SomebodyElse };
    NewMail { id: uuid(n), mail, written_at: at(0) }
}

/// Rows to begin with.
#[derive(Debug, Clone, Default)]
#[allow(missing_docs)]
pub struct Seed {
    pub users: Vec<User>,
    pub addresses: Vec<HeldAddress>,
    pub departments: Vec<Department>,
    pub workgroups: Vec<Workgroup>,
    pub memberships: Vec<Membership>,
    pub records: Vec<Record>,
    pub participants: Vec<TaskParticipant>,
    pub reassignments: Vec<Reassignment>,
    pub ownership_changes: Vec<OwnershipChange>,
    pub sessions: Vec<Session>,
    pub refresh_tokens: Vec<RefreshToken>,
    pub access_tokens: Vec<AccessToken>,
    pub invitations: Vec<Invitation>,
    pub links: Vec<PendingLink>,
}

impl Seed {
    /// Writes everything and commits. What others refer to comes first; people may refer to departments and to people given before them,
    /// so departments that have a head must be written by the case itself.
    pub async fn sow(self, storage: &Arc<dyn Storage>) {
        let mut tx = storage.begin().await.expect("begin");
        tx.departments_insert(&self.departments).await.expect("departments");
        tx.users_insert(&self.users).await.expect("users");
        tx.addresses_put(&self.addresses).await.expect("addresses");
        tx.workgroups_insert(&self.workgroups).await.expect("workgroups");
        tx.memberships_put(&self.memberships).await.expect("memberships");
        tx.records_insert(&self.records).await.expect("records");
        let tasks: Vec<RecordId> = self.participants.iter().map(|p| p.task).collect();
        tx.participants_replace(&tasks, &self.participants).await.expect("participants");
        for reassignment in &self.reassignments {
            tx.reassignment_insert(reassignment).await.expect("reassignment");
        }
        tx.ownership_changes_insert(&self.ownership_changes).await.expect("ownership changes");
        for session in &self.sessions {
            tx.session_insert(session).await.expect("session");
        }
        for token in &self.refresh_tokens {
            tx.refresh_token_insert(token).await.expect("refresh token");
        }
        for token in &self.access_tokens {
            tx.access_token_insert(token).await.expect("access token");
        }
        for invitation in &self.invitations {
            tx.invitation_put(invitation).await.expect("invitation");
        }
        for link in &self.links {
            tx.link_put(link).await.expect("link");
        }
        tx.commit().await.expect("commit");
    }
}
