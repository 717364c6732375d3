//! What must hold at every moment, read from the database behind the server (DOMAIN §2).

use std::collections::{HashMap, HashSet};

use tenure_core::email::{EmailRole, HeldAddress};
use tenure_core::event::{Event, EventBody};
use tenure_core::id::{ReassignmentId, RecordId, UserId};
use tenure_core::page::PageRequest;
use tenure_core::permission::PermissionSet;
use tenure_core::policy::Access;
use tenure_core::record::{OwnershipChange, Record, RecordFilter, RecordOrder, RecordOrderField};
use tenure_core::storage::Read;
use tenure_core::structure::Membership;
use tenure_core::user::{User, UserFilter, UserKind, UserOrder, UserOrderField, UserStatus};

use super::promise::promise;

/// Everything that the invariants speak of.
pub struct Books {
    pub users: HashMap<UserId, User>,
    pub addresses: Vec<HeldAddress>,
    pub memberships: Vec<Membership>,
    pub records: Vec<Record>,
    /// Of each record, the latest first.
    pub changes: HashMap<RecordId, Vec<OwnershipChange>>,
    pub events: Vec<Event>,
}

impl Books {
    /// Reads them, and fails the test when an invariant does not hold.
    pub async fn checked(storage: &dyn Read, seat_limit: Option<u32>) -> Books {
        let books = Books::read(storage).await;
        books.check_externals(storage).await;
        let used = storage.seat_counts().await.expect("seats").used();
        let _kept = promise("the invariants of DOMAIN §2");
        books.check_people();
        books.check_addresses();
        books.check_records();
        books.check_events();
        assert!(seat_limit.is_none_or(|limit| used <= limit), "I2: {used} seats of {seat_limit:?}");
        books
    }

    async fn read(storage: &dyn Read) -> Books {
        let page = PageRequest::first(100_000);
        let order = UserOrder { field: UserOrderField::CreatedAt, descending: false };
        let users = storage.users_page(&Access::system().user_scope(), &UserFilter::default(), order, &page).await.expect("people").rows;
        let ids: Vec<UserId> = users.iter().map(|u| u.id).collect();
        let order = RecordOrder { field: RecordOrderField::CreatedAt, descending: false };
        let scope = Access::system().record_scope();
        let records = storage.records_page(&scope, &RecordFilter::default(), order, &page).await.expect("records").rows;
        let named: Vec<RecordId> = records.iter().map(|r| r.id).collect();
        let changes = storage.ownership_changes_page(&named, &page).await.expect("ownership changes");
        // Answers for the records of people who were deleted, and is in no list.
        let system = storage.users_by_id(&[UserId::SYSTEM]).await.expect("the System User");
        Books {
            users: users.into_iter().chain(system).map(|u| (u.id, u)).collect(),
            addresses: storage.addresses_by_user(&ids).await.expect("addresses"),
            memberships: storage.memberships_by_user(&ids).await.expect("memberships"),
            records,
            changes: named.into_iter().zip(changes.into_iter().map(|slice| slice.rows)).collect(),
            events: storage.events_after(0, 100_000).await.expect("events"),
        }
    }

    /// Fails the test unless nothing has changed since.
    #[track_caller]
    pub fn assert_unchanged_since(&self, before: &Books) {
        let places = |books: &Books| {
            let mut places = books.memberships.clone();
            places.sort_by_key(|m| (m.workgroup, m.user));
            places
        };
        assert_eq!(self.users, before.users);
        assert_eq!(self.addresses, before.addresses);
        assert_eq!(places(self), places(before));
        assert_eq!(self.records, before.records);
        assert_eq!(self.changes, before.changes);
        assert_eq!(self.events, before.events);
    }

    /// The records that somebody is responsible for.
    pub fn records_of(&self, id: UserId) -> Vec<RecordId> {
        self.records.iter().filter(|r| r.responsible == id).map(|r| r.id).collect()
    }

    /// Events about somebody, in the order of commits.
    pub fn events_of(&self, id: UserId) -> impl Iterator<Item = &EventBody> {
        self.events.iter().filter(move |e| e.event.subject == id).map(|e| &e.event.body)
    }

    /// I1, I10.
    fn check_people(&self) {
        assert!(self.users.values().any(User::is_active_administrator), "I1: nobody administers the account");
        for user in self.users.values().filter(|u| u.status == UserStatus::Active) {
            let manager = user.manager.map(|id| self.users.get(&id));
            let is_active = manager.is_none_or(|m| m.is_some_and(|m| m.status == UserStatus::Active));
            assert!(is_active, "I10: {} reports to {manager:?}", user.display_name());
        }
    }

    /// I3.
    fn check_addresses(&self) {
        let mut keys = HashSet::new();
        let mut roles = HashSet::new();
        for held in &self.addresses {
            assert!(keys.insert(held.email.key()), "I3: {} is held twice", held.email.address());
            for role in held.roles.iter() {
                assert!(roles.insert((held.holder, role)), "{:?} has {role:?} twice", held.holder);
            }
        }
        for user in self.users.values() {
            let signs_in = roles.contains(&(user.id, EmailRole::Login));
            assert!(signs_in || user.status != UserStatus::Active, "E4: {} is active without a login", user.display_name());
            assert_eq!(signs_in, user.login_email.is_some(), "{}", user.display_name());
        }
    }

    /// I9.
    async fn check_externals(&self, storage: &dyn Read) {
        let groups: Vec<_> = self.memberships.iter().map(|m| m.workgroup).collect::<HashSet<_>>().into_iter().collect();
        let groups = storage.workgroups_by_id(&groups, &Access::system().workgroup_scope()).await.expect("workgroups");
        let open: HashSet<_> = groups.iter().filter(|w| w.is_extranet).map(|w| w.id).collect();
        let _kept = promise("I9: what external people are and have");
        for user in self.users.values().filter(|u| u.status == UserStatus::Active && u.kind == UserKind::Extranet) {
            let name = user.display_name();
            let placed = self.memberships.iter().any(|m| m.user == user.id && m.left_at.is_none() && open.contains(&m.workgroup));
            assert!(placed, "I9: {name} is in no extranet workgroup");
            assert!(user.department.is_none() && !user.is_administrator, "I9: {name} has a place inside");
            assert_eq!(user.personal_permissions, PermissionSet::NONE, "I9: {name} holds rights");
            assert!(self.records_of(user.id).iter().all(|id| !id.kind.is_crm()), "I9: {name} holds records of the CRM");
        }
    }

    /// I5, H10.
    fn check_records(&self) {
        // The System User is among nobody's people, and may have any record (rule L2).
        for record in self.records.iter().filter(|r| r.responsible != UserId::SYSTEM) {
            let holder = self.users.get(&record.responsible);
            let holder = holder.unwrap_or_else(|| panic!("I5: nobody answers for {:?}", record.id));
            let never_worked = holder.status == UserStatus::Invited && !holder.was_active;
            assert!(!never_worked, "I5: {:?} is with somebody who never worked here", record.id);
            let changes = &self.changes[&record.id];
            assert!(changes.first().is_none_or(|last| last.to == record.responsible), "H10: {:?} moved without a change", record.id);
            assert!(changes.windows(2).all(|pair| pair[0].from == pair[1].to), "H10: a change of {:?} is missing", record.id);
            if let (UserStatus::Dismissed, Some(job)) = (holder.status, changes.first().and_then(|last| last.reassignment)) {
                // Numbers of events follow the order of commits; the times of changes are those when they began.
                let received =
                    self.sequence(|body| matches!(body, EventBody::EntitiesReassigned { reassignment, .. } if *reassignment == job), None);
                let left = self.sequence(|body| matches!(body, EventBody::UserDismissed { .. }), Some(holder.id));
                // What is given back may go to a leaver (H9): no handover is written down for it, but that it was undone.
                let undone = |body: &EventBody| matches!(body, EventBody::ReassignmentUndone { .. });
                let given_back = received.is_none() && self.events_of(holder.id).any(undone);
                assert!(given_back || received < left, "I5: {:?} went to somebody who had left", record.id);
            }
        }
    }

    fn sequence(&self, is_meant: impl Fn(&EventBody) -> bool, subject: Option<UserId>) -> Option<i64> {
        let about = |e: &&Event| subject.is_none_or(|id| e.event.subject == id);
        self.events.iter().rev().filter(about).find(|e| is_meant(&e.event.body)).map(|e| e.sequence)
    }

    /// All rows as text, in an order of their own.
    pub fn dump(&self) -> String {
        let mut users: Vec<&User> = self.users.values().collect();
        users.sort_by_key(|u| u.id);
        let mut records: Vec<&Record> = self.records.iter().collect();
        records.sort_by_key(|r| r.id);
        let changes: Vec<&Vec<OwnershipChange>> = records.iter().map(|r| &self.changes[&r.id]).collect();
        let mut memberships: Vec<&Membership> = self.memberships.iter().collect();
        memberships.sort_by_key(|m| (m.workgroup, m.user));
        let mut events: Vec<Event> = self.events.clone();
        // Made anew by each server.
        events.iter_mut().for_each(|e| e.event.request_id = None);
        format!("{users:#?}\n{:#?}\n{memberships:#?}\n{records:#?}\n{changes:#?}\n{events:#?}", self.addresses)
    }

    /// I7.
    fn check_events(&self) {
        let gap = self.events.iter().zip(1..).find(|(event, number)| event.sequence != *number);
        assert!(gap.is_none(), "I7: events have a gap at {gap:?}");
    }

    /// How many records a reassignment moved, by its ownership changes.
    pub fn moved_by(&self, reassignment: ReassignmentId) -> usize {
        self.changes.values().flatten().filter(|change| change.reassignment == Some(reassignment)).count()
    }
}
