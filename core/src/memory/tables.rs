//! The tables, and what more than one aggregate asks of them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use uuid::Uuid;

use crate::credential::{AccessToken, Invitation, PasswordHash, PendingLink, RefreshToken, Session};
use crate::email::{EmailRole, HeldAddress};
use crate::event::Event;
use crate::id::{
    AccessTokenId, ConversationId, DepartmentId, FeedPostId, MeetingId, MessageId, ReassignmentId, RecordId, SessionId, UserId, WorkgroupId,
};
use crate::permission::PermissionSet;
use crate::reassignment::Reassignment;
use crate::record::{OwnershipChange, ParticipantRole, Record};
use crate::secret::LinkPurpose;
use crate::settings::Settings;
use crate::storage::{NewMail, Result, StorageError, Unique};
use crate::structure::{Department, ImportKind, Membership, Workgroup};
use crate::time::Timestamp;
use crate::user::{FormerPerson, User, UserKind, UserStatus};
use crate::work::{FeedPost, Message, NewMeeting, Pair};

/// A table: shared until it is written to.
pub(super) type Table<K, V> = Arc<BTreeMap<K, V>>;

/// Everything that is stored.
#[derive(Debug, Clone)]
pub struct Tables {
    pub(super) settings: Settings,
    /// Without addresses: see [`Tables::user`].
    pub(super) users: Table<UserId, User>,
    /// Names of people whose row is gone.
    pub(super) former_people: Table<UserId, FormerPerson>,
    /// By key: one address, one holder.
    pub(super) addresses: Table<String, HeldAddress>,
    pub(super) address_keys: Arc<BTreeSet<(UserId, String)>>,
    pub(super) departments: Table<DepartmentId, Department>,
    pub(super) workgroups: Table<WorkgroupId, Workgroup>,
    pub(super) memberships: Table<(WorkgroupId, UserId), Membership>,
    pub(super) records: Table<RecordId, Record>,
    pub(super) participants: Arc<BTreeSet<(RecordId, ParticipantRole, UserId)>>,
    pub(super) ownership_changes: Table<Uuid, OwnershipChange>,
    pub(super) reassignments: Table<ReassignmentId, Reassignment>,
    pub(super) sessions: Table<SessionId, Session>,
    pub(super) refresh_tokens: Table<[u8; 32], RefreshToken>,
    pub(super) access_tokens: Table<AccessTokenId, AccessToken>,
    pub(super) passwords: Table<UserId, PasswordHash>,
    pub(super) invitations: Table<UserId, Invitation>,
    pub(super) links: Table<(UserId, LinkPurpose), PendingLink>,
    pub(super) meetings: Table<MeetingId, NewMeeting>,
    pub(super) feed_posts: Table<FeedPostId, FeedPost>,
    pub(super) conversations: Table<ConversationId, Pair>,
    pub(super) messages: Table<MessageId, Message>,
    /// By sequence number.
    pub(super) events: Table<i64, Event>,
    pub(super) operations: Table<OperationKey, Operation>,
    pub(super) mails: Table<Uuid, WaitingMail>,
    pub(super) import_keys: Table<(ImportKind, String), Uuid>,
}

/// A mail that waits, or was given up.
#[derive(Debug, Clone)]
pub(super) struct WaitingMail {
    pub(super) mail: NewMail,
    pub(super) due_at: Timestamp,
    pub(super) tries: u32,
    pub(super) given_up_at: Option<Timestamp>,
}

/// Person, mutation and key of an operation that may be repeated.
pub(super) type OperationKey = (UserId, &'static str, String);

/// An operation that may be repeated.
#[derive(Debug, Clone)]
pub(super) struct Operation {
    pub(super) fingerprint: [u8; 32],
    /// None until it is finished.
    pub(super) outcome: Option<String>,
    pub(super) taken_at: Timestamp,
}

impl Tables {
    pub(super) fn initial() -> Tables {
        Tables {
            settings: Settings::initial(),
            users: Arc::new(BTreeMap::from([(UserId::SYSTEM, system_user())])),
            former_people: Arc::default(),
            addresses: Arc::default(),
            address_keys: Arc::default(),
            departments: Arc::default(),
            workgroups: Arc::default(),
            memberships: Arc::default(),
            records: Arc::default(),
            participants: Arc::default(),
            ownership_changes: Arc::default(),
            reassignments: Arc::default(),
            sessions: Arc::default(),
            refresh_tokens: Arc::default(),
            access_tokens: Arc::default(),
            passwords: Arc::default(),
            invitations: Arc::default(),
            links: Arc::default(),
            meetings: Arc::default(),
            feed_posts: Arc::default(),
            conversations: Arc::default(),
            messages: Arc::default(),
            events: Arc::default(),
            operations: Arc::default(),
            mails: Arc::default(),
            import_keys: Arc::default(),
        }
    }

    /// The person with the addresses of the roles LOGIN and CONTACT.
    pub(super) fn user(&self, id: UserId) -> Option<User> {
        self.users.get(&id).map(|row| self.with_addresses(row))
    }

    pub(super) fn with_addresses(&self, row: &User) -> User {
        let mut user = row.clone();
        for address in self.addresses_of(row.id) {
            if address.roles.has(EmailRole::Login) {
                user.login_email = Some(address.email.clone());
            }
            if address.roles.has(EmailRole::Contact) {
                user.contact_email = Some(address.email.clone());
            }
        }
        user
    }

    /// The addresses that somebody holds, by key.
    pub(super) fn addresses_of(&self, holder: UserId) -> impl Iterator<Item = &HeldAddress> {
        let keys = self.address_keys.range((holder, String::new())..).take_while(move |(user, _)| *user == holder);
        keys.filter_map(|(_, key)| self.addresses.get(key))
    }

    pub(super) fn is_active(&self, user: UserId) -> bool {
        self.users.get(&user).is_some_and(|u| u.status == UserStatus::Active)
    }

    /// Whether somebody is a lasting member.
    pub(super) fn is_member(&self, workgroup: WorkgroupId, user: UserId) -> bool {
        self.memberships.get(&(workgroup, user)).is_some_and(|m| m.left_at.is_none())
    }

    /// ACTIVE and lasting members of the extranet workgroups of which `viewer` is a lasting member (rule V3).
    pub(super) fn companions(&self, viewer: UserId) -> BTreeSet<UserId> {
        let shared = |m: &&Membership| {
            m.left_at.is_none() && self.workgroups.get(&m.workgroup).is_some_and(|w| w.is_extranet) && self.is_member(m.workgroup, viewer)
        };
        self.memberships.values().filter(shared).map(|m| m.user).filter(|user| self.is_active(*user)).collect()
    }
}

/// Whether each of the folded words begins one of the texts' words.
pub(super) fn each_begins_one(words: &[String], texts: &[String]) -> bool {
    words.iter().all(|word| texts.iter().any(|text| text.starts_with(word.as_str())))
}

/// Adds a row, unless its identifier is taken.
pub(super) fn insert<K: Ord + Clone, V: Clone>(table: &mut Table<K, V>, key: K, row: V) -> Result<()> {
    if table.contains_key(&key) {
        return Err(StorageError::Taken(Unique::Id));
    }
    Arc::make_mut(table).insert(key, row);
    Ok(())
}

/// The row of the System User, there from the first start on.
fn system_user() -> User {
    User {
        id: UserId::SYSTEM,
        version: 1,
        epoch: 0,
        status: UserStatus::System,
        kind: UserKind::Intranet,
        is_administrator: false,
        personal_permissions: PermissionSet::NONE,
        first_name: "System".into(),
        last_name: String::new(),
        job_title: None,
        avatar_url: None,
        department: None,
        manager: None,
        login_email: None,
        contact_email: None,
        was_active: false,
        dismissal: None,
        created_at: Timestamp(0),
        updated_at: Timestamp(0),
    }
}
