//! A storage in memory with one fault: beginning, committing, writing.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;

use super::Fault;
use super::forward::forward;
use crate::credential::{AccessToken, Invitation, PasswordHash, PendingLink, RefreshToken, SecretHash, Session};
use crate::email::HeldAddress;
use crate::event::NewEvent;
use crate::id::{AccessTokenId, EventId, ReassignmentId, RecordId, SessionId, UserId, WorkgroupId};
use crate::memory::MemoryStorage;
use crate::page::Key;
use crate::policy::{ReassignmentScope, RecordScope};
use crate::reassignment::Reassignment;
use crate::record::{Handover, HandoverContext, OwnershipChange, Record, RecordFilter, TaskParticipant};
use crate::secret::LinkPurpose;
use crate::settings::Settings;
use crate::storage::{
    CredentialWrite, HistoryWrite, IdempotencyKey, IdempotencyState, LockMode, PeopleWrite, Read, RecordLine, RecordWrite, Result, Storage,
    StorageError, StructureWrite, Transaction, Unique,
};
use crate::structure::{Department, Membership, Workgroup};
use crate::time::Timestamp;
use crate::user::{User, UserStatus};

/// What is inside: the storage, or a unit of work.
pub(super) trait Inside: Send + Sync {
    fn read(&self, fault: Fault) -> &dyn Read;
    fn is_storage(&self) -> bool;
}

/// Something that can be read, with a fault.
pub(super) struct Faulty<T> {
    inside: T,
    pub(super) fault: Fault,
    pub(super) notes: Arc<Notes>,
}

/// What faults keep in mind, beside the storage.
#[derive(Default)]
pub(super) struct Notes {
    pub(super) uncommitted: Mutex<Vec<User>>,
    pub(super) numbers: Mutex<HashMap<EventId, i64>>,
    pub(super) offsets: Mutex<HashMap<Key, usize>>,
    pub(super) forgotten: Mutex<Vec<RecordId>>,
    outcomes: Mutex<HashMap<String, String>>,
    queue: Arc<tokio::sync::Mutex<()>>,
}

/// A unit of work under way.
pub(super) struct Underway {
    /// None once it was committed or dropped.
    tx: Option<Box<dyn Transaction>>,
    committed: MemoryStorage,
    leaks: bool,
    _turn: Option<tokio::sync::OwnedMutexGuard<()>>,
}

impl Drop for Underway {
    fn drop(&mut self) {
        if let Some(tx) = self.tx.take().filter(|_| self.leaks) {
            // In memory, committing never waits: one look is enough.
            let mut commit = tx.commit();
            let _ = commit.as_mut().poll(&mut std::task::Context::from_waker(std::task::Waker::noop()));
        }
    }
}

impl Inside for MemoryStorage {
    fn read(&self, _: Fault) -> &dyn Read {
        self
    }

    fn is_storage(&self) -> bool {
        true
    }
}

impl Inside for Underway {
    fn read(&self, fault: Fault) -> &dyn Read {
        match &self.tx {
            Some(tx) if fault != Fault::ReadsPastItsOwnWrites => &**tx,
            _ => &self.committed,
        }
    }

    fn is_storage(&self) -> bool {
        false
    }
}

impl Faulty<MemoryStorage> {
    pub(super) fn storage(fault: Fault) -> Faulty<MemoryStorage> {
        Faulty { inside: MemoryStorage::new(), fault, notes: Arc::default() }
    }
}

impl<T: Inside> Faulty<T> {
    pub(super) fn read(&self) -> &dyn Read {
        self.inside.read(self.fault)
    }

    pub(super) fn has(&self, fault: Fault) -> bool {
        self.fault == fault
    }

    pub(super) fn is_storage(&self) -> bool {
        self.inside.is_storage()
    }
}

impl Faulty<Underway> {
    pub(super) fn tx(&mut self) -> &mut dyn Transaction {
        &mut **self.inside.tx.as_mut().expect("under way")
    }

    /// Faults that concern what a write answers.
    pub(super) fn bend<R: Default>(&self, result: Result<R>) -> Result<R> {
        match (self.fault, result) {
            (Fault::Ignores(ignored), Err(StorageError::Taken(taken))) if taken == ignored => Ok(R::default()),
            (Fault::Misnames, Err(StorageError::Taken(taken))) => {
                Err(StorageError::Taken(if taken == Unique::Id { Unique::Secret } else { Unique::Id }))
            }
            (_, result) => result,
        }
    }
}

#[async_trait]
impl Storage for Faulty<MemoryStorage> {
    async fn begin(&self) -> Result<Box<dyn Transaction>> {
        let queue = Arc::clone(&self.notes.queue);
        let turn = match self.fault {
            Fault::WaitsForEver => Some(queue.lock_owned().await),
            Fault::WaitsForNobody => Some(queue.try_lock_owned().map_err(|_| StorageError::Conflict)?),
            _ => None,
        };
        let tx = match self.fault {
            Fault::HoldsNothing => self.inside.begin_without_turn(),
            _ => self.inside.begin().await?,
        };
        let inside = Underway { tx: Some(tx), committed: self.inside.clone(), leaks: self.has(Fault::LeaksOnRollback), _turn: turn };
        Ok(Box::new(Faulty { inside, fault: self.fault, notes: Arc::clone(&self.notes) }))
    }

    async fn ping(&self) -> Result<()> {
        self.inside.ping().await
    }
}

#[async_trait]
impl Transaction for Faulty<Underway> {
    async fn commit(mut self: Box<Self>) -> Result<()> {
        let fault = self.fault;
        match self.inside.tx.take() {
            Some(tx) if fault != Fault::LosesCommits => tx.commit().await,
            _ => Ok(()),
        }
    }
}

forward! { write PeopleWrite {
    fn settings_update(settings: &Settings) -> ();
    fn addresses_put(addresses: &[HeldAddress]) -> ();
    fn addresses_remove(keys: &[String]) -> ();
} {
    async fn settings_lock(&mut self) -> Result<Settings> {
        self.tx().settings_lock().await
    }

    async fn users_lock(&mut self, locks: &[(UserId, LockMode)]) -> Result<Vec<User>> {
        let mut users = self.tx().users_lock(locks).await?;
        if self.has(Fault::LocksInAnyOrder) {
            users.sort_by_key(|u| locks.iter().position(|(id, _)| *id == u.id));
        }
        Ok(users)
    }

    async fn users_insert(&mut self, users: &[User]) -> Result<()> {
        if self.has(Fault::ShowsBeforeCommit) {
            self.notes.uncommitted.lock().expect("notes").extend_from_slice(users);
        }
        let result = self.tx().users_insert(users).await;
        self.bend(result)
    }

    async fn user_update(&mut self, user: &User) -> Result<()> {
        match self.tx().user_update(user).await {
            Err(StorageError::Conflict) if self.has(Fault::InsertsOnUpdate) => self.tx().users_insert(std::slice::from_ref(user)).await,
            result => result,
        }
    }

    async fn users_move_reports(&mut self, from: UserId, to: Option<UserId>, at: Timestamp) -> Result<Vec<UserId>> {
        let moved = self.tx().users_move_reports(from, to, at).await?;
        if self.has(Fault::LeavesInvitedReports) {
            for mut user in self.tx().users_by_id(&moved).await?.into_iter().filter(|u| u.status == UserStatus::Invited) {
                user.manager = Some(from);
                self.tx().user_update(&user).await?;
            }
        }
        Ok(moved)
    }

    async fn user_delete(&mut self, id: UserId) -> Result<()> {
        let memberships = self.tx().memberships_by_user(&[id]).await?;
        if self.has(Fault::ForgetsNames) {
            // The row is made nameless before it goes.
            if let Some(user) = self.tx().users_by_id(&[id]).await?.pop() {
                self.tx().user_update(&User { first_name: String::new(), last_name: String::new(), ..user }).await?;
            }
        }
        self.tx().user_delete(id).await?;
        if self.has(Fault::LeavesMemberships) {
            self.tx().memberships_put(&memberships).await?;
        }
        Ok(())
    }
}}

forward! { write StructureWrite {
    fn departments_insert(departments: &[Department]) -> ();
    fn departments_move_head(from: UserId, to: Option<UserId>) -> u32;
    fn workgroups_insert(workgroups: &[Workgroup]) -> ();
    fn workgroups_lock(ids: &[WorkgroupId]) -> Vec<Workgroup>;
} {
    async fn memberships_put(&mut self, memberships: &[Membership]) -> Result<()> {
        if self.has(Fault::KeepsDoubledMemberships) {
            // The first one written stays.
            let users: Vec<UserId> = memberships.iter().map(|m| m.user).collect();
            let there = self.tx().memberships_by_user(&users).await?;
            let is_new = |m: &&Membership| !there.iter().any(|t| (t.user, t.workgroup) == (m.user, m.workgroup));
            let new: Vec<Membership> = memberships.iter().filter(is_new).cloned().collect();
            return self.tx().memberships_put(&new).await;
        }
        self.tx().memberships_put(memberships).await
    }
}}

forward! { write RecordWrite {
    fn records_lock_by_id(ids: &[RecordId], scope: &RecordScope) -> Vec<RecordLine>;
    fn records_lock_matching(scope: &RecordScope, filter: &RecordFilter, limit: u32) -> Vec<RecordLine>;
    fn records_lock_activities_of(subjects: &[RecordId], limit: u32) -> Vec<RecordLine>;
    fn participants_replace(tasks: &[RecordId], participants: &[TaskParticipant]) -> ();
    fn ownership_changes_insert(changes: &[OwnershipChange]) -> ();
    fn reassignment_insert(reassignment: &Reassignment) -> ();
    fn reassignment_update(reassignment: &Reassignment) -> ();
} {
    async fn reassignments_lock(&mut self, ids: &[ReassignmentId], scope: &ReassignmentScope) -> Result<Vec<Reassignment>> {
        let mut reassignments = self.tx().reassignments_lock(ids, scope).await?;
        if self.has(Fault::LocksInAnyOrder) {
            reassignments.sort_by_key(|r| ids.iter().position(|id| *id == r.id));
        }
        Ok(reassignments)
    }

    async fn records_delete(&mut self, ids: &[RecordId]) -> Result<Vec<RecordId>> {
        if self.has(Fault::ForgetsHandoversOfDeleted) {
            self.notes.forgotten.lock().expect("notes").extend_from_slice(ids);
        }
        self.tx().records_delete(ids).await
    }

    async fn records_bequeath(&mut self, handovers: &[Handover], context: &HandoverContext) -> Result<u32> {
        let ids: Vec<RecordId> = handovers.iter().map(|h| h.record).collect();
        let before = self.tx().records_by_id(&ids, &RecordScope::everything()).await?;
        let moved = self.tx().records_bequeath(handovers, context).await?;
        let noted: HashMap<RecordId, UserId> = before.iter().filter_map(|r| Some((r.id, r.provenance?))).collect();
        let mut after = self.tx().records_by_id(&ids, &RecordScope::everything()).await?;
        match self.fault {
            Fault::KeepsTheFirstProvenance => after.iter_mut().for_each(|r| r.provenance = noted.get(&r.id).copied().or(r.provenance)),
            Fault::TouchesBequests => after.iter_mut().for_each(|r| r.updated_at = context.at),
            _ => return Ok(moved),
        }
        self.tx().records_update(&after).await.map(|()| moved)
    }

    async fn records_insert(&mut self, records: &[Record]) -> Result<()> {
        let mut records = records.to_vec();
        if self.has(Fault::FoldsExternalIds) {
            records.iter_mut().for_each(|r| r.external_id = r.external_id.as_deref().map(|id| crate::text::fold(id.trim())));
        }
        let result = self.tx().records_insert(&records).await;
        self.bend(result)
    }

    async fn records_update(&mut self, records: &[Record]) -> Result<()> {
        if self.has(Fault::RewritesCreation) {
            let ids: Vec<RecordId> = records.iter().map(|r| r.id).collect();
            self.tx().records_delete(&ids).await?;
            return self.tx().records_insert(records).await;
        }
        let result = self.tx().records_update(records).await;
        self.bend(result)
    }

    async fn records_reassign(&mut self, handovers: &[Handover], context: &HandoverContext) -> Result<u32> {
        let ids: Vec<RecordId> = handovers.iter().map(|h| h.record).collect();
        let rows = self.tx().records_by_id(&ids, &RecordScope::everything()).await?;
        match self.fault {
            Fault::RefusesMany if handovers.len() > 1_000 => Err(StorageError::Other("too many SQL variables".into())),
            Fault::ReassignsOthers => {
                let now: HashMap<RecordId, UserId> = rows.iter().map(|r| (r.id, r.responsible)).collect();
                let all: Vec<Handover> = handovers.iter().map(|h| Handover { from: now.get(&h.record).copied().unwrap_or(h.from), ..*h }).collect();
                self.tx().records_reassign(&all, context).await
            }
            Fault::ReassignsSilently => {
                let to: HashMap<RecordId, &Handover> = handovers.iter().map(|h| (h.record, h)).collect();
                let moved: Vec<Record> = rows
                    .into_iter()
                    .filter(|r| to[&r.id].from == r.responsible)
                    .map(|r| Record { responsible: to[&r.id].to, version: r.version + 1, updated_at: context.at, ..r })
                    .collect();
                self.tx().records_update(&moved).await?;
                Ok(moved.len() as u32)
            }
            Fault::CountsWhatWasLeftAlone => self.tx().records_reassign(handovers, context).await.map(|_| handovers.len() as u32),
            _ => self.tx().records_reassign(handovers, context).await,
        }
    }
}}

forward! { write CredentialWrite {
    fn session_insert(session: &Session) -> ();
    fn session_extend(session: SessionId, expires_at: Timestamp) -> ();
    fn sessions_end(sessions: &[SessionId], at: Timestamp) -> u32;
    fn sessions_end_of(user: UserId, except: Option<SessionId>, at: Timestamp) -> u32;
    fn refresh_token_insert(token: &RefreshToken) -> ();
    fn access_token_insert(token: &AccessToken) -> ();
    fn access_tokens_revoke(ids: &[AccessTokenId], at: Timestamp) -> u32;
    fn access_tokens_revoke_of(owner: UserId, at: Timestamp) -> u32;
    fn access_token_touch(id: AccessTokenId, at: Timestamp) -> ();
    fn password_set(user: UserId, password: Option<&PasswordHash>) -> ();
    fn invitation_put(invitation: &Invitation) -> ();
    fn invitation_remove(user: UserId) -> ();
} {
    async fn session_lift(&mut self, session: SessionId, epoch: i32) -> Result<()> {
        if self.has(Fault::LeavesSessionsBehind) {
            return Ok(());
        }
        self.tx().session_lift(session, epoch).await
    }

    async fn link_put(&mut self, link: &PendingLink) -> Result<()> {
        if self.has(Fault::KeepsOneLinkOnly) {
            self.tx().links_remove(link.user, &LinkPurpose::PENDING).await?;
        }
        let result = self.tx().link_put(link).await;
        self.bend(result)
    }

    async fn links_remove(&mut self, user: UserId, purposes: &[LinkPurpose]) -> Result<()> {
        match self.fault {
            Fault::RemovesAllLinks => self.tx().links_remove(user, &LinkPurpose::PENDING).await,
            Fault::KeepsLinks => Ok(()),
            _ => self.tx().links_remove(user, purposes).await,
        }
    }

    async fn refresh_token_use(&mut self, hash: SecretHash, at: Timestamp) -> Result<bool> {
        let used = self.tx().refresh_token_use(hash, at).await?;
        Ok(used || self.has(Fault::TokensWorkAgain))
    }
}}

forward! { write HistoryWrite {} {
    async fn events_append(&mut self, events: &[NewEvent]) -> Result<()> {
        {
            // As a sequence of a database does: numbers that were rolled back are gone.
            let mut numbers = self.notes.numbers.lock().expect("notes");
            for event in events {
                let next = numbers.len() as i64 + 1;
                numbers.insert(event.id, next);
            }
        }
        self.tx().events_append(events).await
    }

    async fn idempotency_begin(&mut self, key: &IdempotencyKey, fingerprint: [u8; 32], now: Timestamp, since: Timestamp) -> Result<IdempotencyState> {
        let remembered = self.notes.outcomes.lock().expect("notes").get(&key.key).cloned();
        match (self.fault, remembered) {
            (Fault::RemembersRolledBack, Some(outcome)) => Ok(IdempotencyState::Done { fingerprint, outcome }),
            (Fault::ForgetsOutcomes, _) => self.tx().idempotency_begin(key, fingerprint, now, Timestamp(i64::MAX)).await,
            (Fault::RemembersForEver, _) => self.tx().idempotency_begin(key, fingerprint, now, Timestamp(i64::MIN)).await,
            (Fault::SharesKeysBetweenPeople, _) => {
                let shared = IdempotencyKey { person: UserId::SYSTEM, ..key.clone() };
                self.tx().idempotency_begin(&shared, fingerprint, now, since).await
            }
            _ => self.tx().idempotency_begin(key, fingerprint, now, since).await,
        }
    }

    async fn idempotency_finish(&mut self, key: &IdempotencyKey, outcome: &str) -> Result<()> {
        self.notes.outcomes.lock().expect("notes").insert(key.key.clone(), outcome.to_owned());
        let person = if self.has(Fault::SharesKeysBetweenPeople) { UserId::SYSTEM } else { key.person };
        self.tx().idempotency_finish(&IdempotencyKey { person, ..key.clone() }, outcome).await
    }

    async fn idempotency_forget(&mut self, until: Timestamp, limit: u32) -> Result<u64> {
        let until = match self.fault {
            Fault::RemovesAllOutcomes => Timestamp(i64::MAX),
            Fault::RemovesNoOutcome => Timestamp(i64::MIN),
            _ => until,
        };
        self.tx().idempotency_forget(until, limit).await
    }
}}
