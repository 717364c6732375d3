//! One keyed loader for each question; the key names it. Made anew for each operation, without a cache: what a mutation changed is never
//! shown as it was before. Pages and lengths of lists are in `lists`, what people do together in `work_loaders`.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::Arc;

use async_graphql::dataloader::Loader;
use tenure_core::credential::{AccessToken, EndedCredentials, Invitation};
use tenure_core::email::HeldAddress;
use tenure_core::engine::Engine;
use tenure_core::event::Event;
use tenure_core::id::{
    AccessTokenId, ConversationId, DepartmentId, EventId, FeedPostId, MeetingId, MessageId, ReassignmentId, RecordId, UserId, WorkgroupId,
};
use tenure_core::policy::{Access, Visible};
use tenure_core::reassignment::Reassignment;
use tenure_core::record::{Record, RecordCount, TaskParticipant};
use tenure_core::settings::{SeatCounts, Settings};
use tenure_core::steps::links;
use tenure_core::storage::Storage;
use tenure_core::structure::{Department, Workgroup};
use tenure_core::user::{FormerPerson, User};

use super::error::{Fault, Result};

/// Reads for one viewer.
pub struct Reader {
    access: Access,
    engine: Arc<Engine>,
}

impl Reader {
    /// Reads for this viewer.
    pub fn new(access: Access, engine: Arc<Engine>) -> Reader {
        Reader { access, engine }
    }

    /// The viewer.
    pub fn access(&self) -> &Access {
        &self.access
    }

    /// The engine.
    pub fn engine(&self) -> &Arc<Engine> {
        &self.engine
    }

    /// The storage. Nothing that it tells of people may be shown before the viewer's scope admitted them.
    pub fn storage(&self) -> &dyn Storage {
        &**self.engine.storage()
    }
}

/// Somebody who exists, seen or not.
#[derive(Debug, Clone)]
pub enum Person {
    /// The viewer can see them.
    Visible(Arc<Visible<User>>),
    /// The viewer can read their name in bylines, no more.
    Hidden(Arc<User>),
}

impl Person {
    /// The person, when the viewer can see them.
    pub fn visible(&self) -> Option<&Arc<Visible<User>>> {
        match self {
            Person::Visible(person) => Some(person),
            Person::Hidden(_) => None,
        }
    }

    /// The name for bylines (DOMAIN §5).
    pub fn display_name(&self) -> String {
        self.stored().display_name()
    }

    /// The row, for questions to `policy` only: nothing of it may be shown.
    pub fn stored(&self) -> &User {
        match self {
            Person::Visible(person) => person.user(),
            Person::Hidden(row) => row,
        }
    }
}

macro_rules! keys {
    ($($(#[$doc:meta])* $name:ident($inner:ty);)*) => {
        $($(#[$doc])* #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)] pub struct $name(pub $inner);)*
    };
}

keys! {
    /// Somebody, if the viewer can see them.
    SeenPersonKey(UserId);
    /// Somebody, of any status, for bylines.
    PersonKey(UserId);
    /// The name of somebody whose account is gone.
    FormerPersonKey(UserId);
    /// A department.
    DepartmentKey(DepartmentId);
    /// A workgroup, if the viewer can see it.
    WorkgroupKey(WorkgroupId);
    /// A record, if the viewer can see it.
    RecordKey(RecordId);
    /// A reassignment, if the viewer can see it.
    ReassignmentKey(ReassignmentId);
    /// An access token, if the viewer can see it.
    TokenKey(AccessTokenId);
    /// Something that happened, if the viewer can see it.
    EventKey(EventId);
    /// The pending invitation of somebody.
    InvitationKey(UserId);
    /// How many credentials of somebody work now.
    CredentialsKey(UserId);
    /// How many records somebody is responsible for, by kind.
    RecordCountsKey(UserId);
    /// Stored parts in a task.
    ParticipantsKey(RecordId);
    /// An address, by its key.
    AddressKey(String);
    /// The addresses that somebody holds.
    AddressesKey(UserId);
    /// A meeting, if the viewer can see it.
    MeetingKey(MeetingId);
    /// Who is invited to a meeting.
    AttendeesKey(MeetingId);
    /// A post, if the viewer can see it.
    FeedPostKey(FeedPostId);
    /// A message to or from the viewer.
    MessageKey(MessageId);
    /// A conversation of the viewer.
    ConversationKey(ConversationId);
    /// The viewer's conversation with somebody.
    ConversationWithKey(UserId);
    /// The settings.
    SettingsKey(());
    /// The seats in use.
    SeatsKey(());
    /// The number of active administrators.
    AdministratorsKey(());
}

/// The identifiers, ascending: the same statement for the same question.
pub(super) fn ascending<K, T: Ord>(keys: &[K], id: impl FnMut(&K) -> T) -> Vec<T> {
    let mut ids: Vec<T> = keys.iter().map(id).collect();
    ids.sort_unstable();
    ids
}

/// The rows by their keys.
pub(super) fn by_key<K: Hash + Eq, V>(rows: Vec<V>, key: impl Fn(&V) -> K) -> HashMap<K, Arc<V>> {
    rows.into_iter().map(|row| (key(&row), Arc::new(row))).collect()
}

impl Loader<SeenPersonKey> for Reader {
    type Value = Arc<Visible<User>>;
    type Error = Fault;

    async fn load(&self, keys: &[SeenPersonKey]) -> Result<HashMap<SeenPersonKey, Arc<Visible<User>>>> {
        let scope = self.access.user_scope();
        let rows = self.storage().users_seen_by_id(&ascending(keys, |k| k.0), &scope).await?;
        Ok(rows.into_iter().filter_map(|row| Some((SeenPersonKey(row.id), Arc::new(scope.admit(row, true)?)))).collect())
    }
}

impl Loader<PersonKey> for Reader {
    type Value = Person;
    type Error = Fault;

    async fn load(&self, keys: &[PersonKey]) -> Result<HashMap<PersonKey, Person>> {
        let ids = ascending(keys, |k| k.0);
        let scope = self.access.user_scope();
        let rows = self.storage().users_by_id(&ids).await?;
        let companions =
            if scope.needs_companions() { self.storage().user_companions(self.access.person(), &ids).await? } else { Vec::new() };
        let person = |row: User| {
            let companion = companions.contains(&row.id);
            // `admit` takes the row; who is not admitted keeps it for the name.
            match scope.includes(&row, companion) {
                true => scope.admit(row, companion).map(|visible| Person::Visible(Arc::new(visible))),
                false => Some(Person::Hidden(Arc::new(row))),
            }
        };
        Ok(rows.into_iter().filter_map(|row| Some((PersonKey(row.id), person(row)?))).collect())
    }
}

impl Loader<FormerPersonKey> for Reader {
    type Value = Arc<FormerPerson>;
    type Error = Fault;

    async fn load(&self, keys: &[FormerPersonKey]) -> Result<HashMap<FormerPersonKey, Arc<FormerPerson>>> {
        Ok(by_key(self.storage().former_people_by_id(&ascending(keys, |k| k.0)).await?, |row| FormerPersonKey(row.id)))
    }
}

impl Loader<DepartmentKey> for Reader {
    type Value = Arc<Department>;
    type Error = Fault;

    async fn load(&self, keys: &[DepartmentKey]) -> Result<HashMap<DepartmentKey, Arc<Department>>> {
        Ok(by_key(self.storage().departments_by_id(&ascending(keys, |k| k.0)).await?, |row| DepartmentKey(row.id)))
    }
}

impl Loader<WorkgroupKey> for Reader {
    type Value = Arc<Workgroup>;
    type Error = Fault;

    async fn load(&self, keys: &[WorkgroupKey]) -> Result<HashMap<WorkgroupKey, Arc<Workgroup>>> {
        let rows = self.storage().workgroups_by_id(&ascending(keys, |k| k.0), &self.access.workgroup_scope()).await?;
        Ok(by_key(rows, |row| WorkgroupKey(row.id)))
    }
}

impl Loader<RecordKey> for Reader {
    type Value = Arc<Record>;
    type Error = Fault;

    async fn load(&self, keys: &[RecordKey]) -> Result<HashMap<RecordKey, Arc<Record>>> {
        let rows = self.storage().records_by_id(&ascending(keys, |k| k.0), &self.access.record_scope()).await?;
        Ok(by_key(rows, |row| RecordKey(row.id)))
    }
}

impl Loader<ReassignmentKey> for Reader {
    type Value = Arc<Reassignment>;
    type Error = Fault;

    async fn load(&self, keys: &[ReassignmentKey]) -> Result<HashMap<ReassignmentKey, Arc<Reassignment>>> {
        let rows = self.storage().reassignments_by_id(&ascending(keys, |k| k.0), &self.access.reassignment_scope()).await?;
        Ok(by_key(rows, |row| ReassignmentKey(row.id)))
    }
}

impl Loader<TokenKey> for Reader {
    type Value = Arc<AccessToken>;
    type Error = Fault;

    async fn load(&self, keys: &[TokenKey]) -> Result<HashMap<TokenKey, Arc<AccessToken>>> {
        let rows = self.storage().access_tokens_by_id(&ascending(keys, |k| k.0), &self.access.token_scope()).await?;
        Ok(by_key(rows, |row| TokenKey(row.id)))
    }
}

impl Loader<EventKey> for Reader {
    type Value = Arc<Visible<Event>>;
    type Error = Fault;

    async fn load(&self, keys: &[EventKey]) -> Result<HashMap<EventKey, Arc<Visible<Event>>>> {
        let scope = self.access.event_scope();
        let rows = self.storage().events_by_id(&ascending(keys, |k| k.0), &scope).await?;
        Ok(rows.into_iter().map(|row| (EventKey(row.event.id), Arc::new(scope.admit(row)))).collect())
    }
}

impl Loader<InvitationKey> for Reader {
    type Value = Arc<Invitation>;
    type Error = Fault;

    async fn load(&self, keys: &[InvitationKey]) -> Result<HashMap<InvitationKey, Arc<Invitation>>> {
        Ok(by_key(self.storage().invitations_by_user(&ascending(keys, |k| k.0)).await?, |row| InvitationKey(row.user)))
    }
}

impl Loader<CredentialsKey> for Reader {
    type Value = EndedCredentials;
    type Error = Fault;

    async fn load(&self, keys: &[CredentialsKey]) -> Result<HashMap<CredentialsKey, EndedCredentials>> {
        let ids = ascending(keys, |k| k.0);
        let rows = self.storage().live_credentials(&ids, self.engine.clock().now()).await?;
        Ok(ids.into_iter().map(CredentialsKey).zip(rows).collect())
    }
}

impl Loader<RecordCountsKey> for Reader {
    type Value = Arc<Vec<RecordCount>>;
    type Error = Fault;

    async fn load(&self, keys: &[RecordCountsKey]) -> Result<HashMap<RecordCountsKey, Self::Value>> {
        let ids = ascending(keys, |k| k.0);
        let rows = self.storage().record_counts_by_responsible(&ids).await?;
        Ok(ids.into_iter().map(RecordCountsKey).zip(rows.into_iter().map(Arc::new)).collect())
    }
}

impl Loader<ParticipantsKey> for Reader {
    type Value = Arc<Vec<TaskParticipant>>;
    type Error = Fault;

    async fn load(&self, keys: &[ParticipantsKey]) -> Result<HashMap<ParticipantsKey, Self::Value>> {
        let mut lists: HashMap<ParticipantsKey, Vec<TaskParticipant>> = HashMap::new();
        for row in self.storage().participants_by_task(&ascending(keys, |k| k.0)).await? {
            lists.entry(ParticipantsKey(row.task)).or_default().push(row);
        }
        Ok(lists.into_iter().map(|(key, list)| (key, Arc::new(list))).collect())
    }
}

impl Loader<AddressKey> for Reader {
    type Value = Arc<HeldAddress>;
    type Error = Fault;

    async fn load(&self, keys: &[AddressKey]) -> Result<HashMap<AddressKey, Arc<HeldAddress>>> {
        let rows = self.storage().addresses_by_key(&ascending(keys, |k| k.0.clone())).await?;
        let rows = links::lasting(self.storage(), rows, self.engine.clock().now()).await?;
        Ok(by_key(rows, |row| AddressKey(row.email.key().to_owned())))
    }
}

impl Loader<AddressesKey> for Reader {
    type Value = Arc<Vec<Arc<HeldAddress>>>;
    type Error = Fault;

    async fn load(&self, keys: &[AddressesKey]) -> Result<HashMap<AddressesKey, Self::Value>> {
        let mut lists: HashMap<AddressesKey, Vec<Arc<HeldAddress>>> = HashMap::new();
        let rows = self.storage().addresses_by_user(&ascending(keys, |k| k.0)).await?;
        for row in links::lasting(self.storage(), rows, self.engine.clock().now()).await? {
            lists.entry(AddressesKey(row.holder)).or_default().push(Arc::new(row));
        }
        Ok(lists.into_iter().map(|(key, list)| (key, Arc::new(list))).collect())
    }
}

impl Loader<SettingsKey> for Reader {
    type Value = Arc<Settings>;
    type Error = Fault;

    async fn load(&self, _keys: &[SettingsKey]) -> Result<HashMap<SettingsKey, Arc<Settings>>> {
        Ok(HashMap::from([(SettingsKey(()), Arc::new(self.storage().settings().await?))]))
    }
}

impl Loader<SeatsKey> for Reader {
    type Value = SeatCounts;
    type Error = Fault;

    async fn load(&self, _keys: &[SeatsKey]) -> Result<HashMap<SeatsKey, SeatCounts>> {
        Ok(HashMap::from([(SeatsKey(()), self.storage().seat_counts().await?)]))
    }
}

impl Loader<AdministratorsKey> for Reader {
    type Value = u32;
    type Error = Fault;

    async fn load(&self, _keys: &[AdministratorsKey]) -> Result<HashMap<AdministratorsKey, u32>> {
        Ok(HashMap::from([(AdministratorsKey(()), self.storage().administrators_count().await?)]))
    }
}
