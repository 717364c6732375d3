//! People, their addresses, and the settings.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use async_trait::async_trait;

use super::tables::{Tables, each_begins_one, insert};
use super::{Memory, Source, Working, page};
use crate::email::HeldAddress;
use crate::id::UserId;
use crate::page::{Key, PageRequest, Slice, SortValue};
use crate::policy::UserScope;
use crate::settings::{SeatCounts, Settings};
use crate::storage::{LockMode, PeopleRead, PeopleWrite, Result, StorageError, Unique};
use crate::time::Timestamp;
use crate::user::{FormerPerson, User, UserFilter, UserGroups, UserKind, UserOrder, UserOrderField, UserStatus};

impl Tables {
    /// The people in a scope, with their addresses.
    fn users_in(&self, scope: &UserScope) -> Vec<User> {
        let companions = if scope.needs_companions() { self.companions(scope.viewer()) } else { BTreeSet::new() };
        let seen = self.users.values().filter(|row| scope.includes(row, companions.contains(&row.id)));
        seen.map(|row| self.with_addresses(row)).collect()
    }

    fn users_matching(&self, scope: &UserScope, filter: &UserFilter) -> Vec<User> {
        let owners: BTreeSet<UserId> = match &filter.owns_kinds {
            None => BTreeSet::new(),
            Some(kinds) => {
                self.records.values().filter(|r| kinds.is_empty() || kinds.contains(&r.id.kind)).map(|r| r.responsible).collect()
            }
        };
        let mut users = self.users_in(scope);
        users.retain(|u| {
            filter.statuses.as_ref().is_none_or(|statuses| statuses.contains(&u.status))
                && filter.kinds.as_ref().is_none_or(|kinds| kinds.contains(&u.kind))
                && filter.departments.as_ref().is_none_or(|departments| u.department.is_some_and(|d| departments.contains(&d)))
                && (filter.owns_kinds.is_none() || owners.contains(&u.id))
                && filter.dismissed_at.as_ref().is_none_or(|period| dismissed_at(u).is_some_and(|at| period.contains(at)))
                && each_begins_one(&filter.words, &searchable_words(u, scope))
        });
        users
    }

    /// The list of each group, in the order of the groups.
    fn users_in_groups(&self, groups: &UserGroups, scope: &UserScope) -> Vec<Vec<User>> {
        let mut active = self.users_in(scope);
        active.retain(|u| u.status == UserStatus::Active);
        match groups {
            UserGroups::DirectReports(managers) => {
                managers.iter().map(|m| active.iter().filter(|u| u.manager == Some(*m)).cloned().collect()).collect()
            }
            UserGroups::DepartmentMembers(departments) => {
                departments.iter().map(|d| active.iter().filter(|u| u.department == Some(*d)).cloned().collect()).collect()
            }
        }
    }

    fn remove_address(&mut self, key: &str) {
        if let Some(address) = Arc::make_mut(&mut self.addresses).remove(key) {
            Arc::make_mut(&mut self.address_keys).remove(&(address.holder, key.to_owned()));
        }
    }
}

/// What free text may match, for a viewer with that scope.
fn searchable_words(user: &User, scope: &UserScope) -> Vec<String> {
    let addresses_too = match user.status {
        UserStatus::Dismissed => scope.leaver_addresses(),
        UserStatus::System | UserStatus::Invited | UserStatus::Active => scope.active_addresses(),
    };
    let mut words = user.name_words();
    if addresses_too {
        words.extend(user.address_words());
    }
    words
}

/// When the dismissal in force was made.
fn dismissed_at(user: &User) -> Option<Timestamp> {
    match user.status {
        UserStatus::Dismissed => user.dismissal.as_ref().map(|d| d.dismissed_at),
        UserStatus::System | UserStatus::Invited | UserStatus::Active => None,
    }
}

/// The key in that order; None for who has no place in it.
fn key(user: &User, field: UserOrderField) -> Option<Key> {
    let sort = match field {
        UserOrderField::DisplayName => SortValue::Text(user.sort_key()),
        UserOrderField::CreatedAt => SortValue::Time(user.created_at),
        UserOrderField::DismissedAt => SortValue::Time(dismissed_at(user)?),
    };
    Some(Key::new(sort, user.id.0))
}

fn cut(users: Vec<User>, order: UserOrder, page: &PageRequest) -> Slice<User> {
    page::cut(users.into_iter().filter_map(|u| Some((key(&u, order.field)?, u))), order.descending, page)
}

#[async_trait]
impl<S: Source> PeopleRead for Memory<S> {
    async fn settings(&self) -> Result<Settings> {
        Ok(self.tables().settings)
    }

    async fn seat_counts(&self) -> Result<SeatCounts> {
        let mut counts = SeatCounts::default();
        for user in self.tables().users.values() {
            match (user.status, user.kind) {
                (UserStatus::Active, UserKind::Intranet) => counts.active_intranet += 1,
                (UserStatus::Active, UserKind::Extranet) => counts.active_extranet += 1,
                (UserStatus::Invited, _) => counts.invited += 1,
                (UserStatus::System | UserStatus::Dismissed, _) => {}
            }
        }
        Ok(counts)
    }

    async fn administrators_count(&self) -> Result<u32> {
        Ok(self.tables().users.values().filter(|u| u.is_active_administrator()).count() as u32)
    }

    async fn users_by_id(&self, ids: &[UserId]) -> Result<Vec<User>> {
        let tables = self.tables();
        let ids: BTreeSet<UserId> = ids.iter().copied().collect();
        Ok(ids.into_iter().filter_map(|id| tables.user(id)).collect())
    }

    async fn users_seen_by_id(&self, ids: &[UserId], scope: &UserScope) -> Result<Vec<User>> {
        let mut users = self.tables().users_in(scope);
        users.retain(|user| ids.contains(&user.id));
        Ok(users)
    }

    async fn former_people_by_id(&self, ids: &[UserId]) -> Result<Vec<FormerPerson>> {
        let tables = self.tables();
        let ids: BTreeSet<UserId> = ids.iter().copied().collect();
        Ok(ids.into_iter().filter_map(|id| tables.former_people.get(&id).cloned()).collect())
    }

    async fn user_companions(&self, viewer: UserId, ids: &[UserId]) -> Result<Vec<UserId>> {
        let mut companions = self.tables().companions(viewer);
        companions.retain(|id| ids.contains(id));
        Ok(companions.into_iter().collect())
    }

    async fn users_page(&self, scope: &UserScope, filter: &UserFilter, order: UserOrder, page: &PageRequest) -> Result<Slice<User>> {
        Ok(cut(self.tables().users_matching(scope, filter), order, page))
    }

    async fn users_count(&self, scope: &UserScope, filter: &UserFilter) -> Result<u64> {
        Ok(self.tables().users_matching(scope, filter).len() as u64)
    }

    async fn users_page_in_groups(&self, groups: &UserGroups, scope: &UserScope, page: &PageRequest) -> Result<Vec<Slice<User>>> {
        let by_name = UserOrder { field: UserOrderField::DisplayName, descending: false };
        Ok(self.tables().users_in_groups(groups, scope).into_iter().map(|users| cut(users, by_name, page)).collect())
    }

    async fn users_count_in_groups(&self, groups: &UserGroups, scope: &UserScope) -> Result<Vec<u64>> {
        Ok(self.tables().users_in_groups(groups, scope).iter().map(|users| users.len() as u64).collect())
    }

    async fn users_above(&self, id: UserId) -> Result<Vec<UserId>> {
        let tables = self.tables();
        let mut above = Vec::new();
        let mut next = tables.users.get(&id).and_then(|u| u.manager);
        while let Some(manager) = next.filter(|m| *m != id && !above.contains(m)) {
            above.push(manager);
            next = tables.users.get(&manager).and_then(|u| u.manager);
        }
        Ok(above)
    }

    async fn addresses_by_key(&self, keys: &[String]) -> Result<Vec<HeldAddress>> {
        let tables = self.tables();
        let keys: BTreeSet<&String> = keys.iter().collect();
        Ok(keys.into_iter().filter_map(|key| tables.addresses.get(key).cloned()).collect())
    }

    async fn addresses_by_user(&self, ids: &[UserId]) -> Result<Vec<HeldAddress>> {
        let tables = self.tables();
        let ids: BTreeSet<UserId> = ids.iter().copied().collect();
        Ok(ids.into_iter().flat_map(|id| tables.addresses_of(id)).cloned().collect())
    }
}

#[async_trait]
impl PeopleWrite for Memory<Working> {
    async fn settings_lock(&mut self) -> Result<Settings> {
        Ok(self.tables_mut().settings.clone())
    }

    async fn settings_update(&mut self, settings: &Settings) -> Result<()> {
        self.tables_mut().settings = settings.clone();
        Ok(())
    }

    async fn users_lock(&mut self, locks: &[(UserId, LockMode)]) -> Result<Vec<User>> {
        // With a mode for each, as a storage needs it that lets several write: the stronger one counts.
        let mut modes = BTreeMap::new();
        for (id, mode) in locks {
            let held = modes.entry(*id).or_insert(*mode);
            *held = (*held).max(*mode);
        }
        let tables = self.tables();
        Ok(modes.into_keys().filter_map(|id| tables.user(id)).collect())
    }

    async fn users_insert(&mut self, users: &[User]) -> Result<()> {
        for user in users {
            let row = User { login_email: None, contact_email: None, ..user.clone() };
            insert(&mut self.tables_mut().users, user.id, row)?;
        }
        Ok(())
    }

    async fn user_update(&mut self, user: &User) -> Result<()> {
        let row = Arc::make_mut(&mut self.tables_mut().users).get_mut(&user.id).ok_or(StorageError::Conflict)?;
        *row = User { login_email: None, contact_email: None, ..user.clone() };
        Ok(())
    }

    async fn user_delete(&mut self, id: UserId) -> Result<()> {
        let tables = self.tables_mut();
        let users = Arc::make_mut(&mut tables.users);
        if let Some(user) = users.remove(&id) {
            let former = FormerPerson { id, display_name: user.display_name() };
            Arc::make_mut(&mut tables.former_people).insert(id, former);
        }
        for user in users.values_mut().filter(|u| u.manager == Some(id)) {
            user.manager = None;
        }
        for department in Arc::make_mut(&mut tables.departments).values_mut().filter(|d| d.head == Some(id)) {
            department.head = None;
        }
        let keys: Vec<String> = tables.addresses_of(id).map(|a| a.email.key().to_owned()).collect();
        for key in keys {
            tables.remove_address(&key);
        }
        Arc::make_mut(&mut tables.memberships).retain(|(_, user), _| *user != id);
        Arc::make_mut(&mut tables.participants).retain(|(_, _, user)| *user != id);
        Arc::make_mut(&mut tables.passwords).remove(&id);
        Arc::make_mut(&mut tables.invitations).remove(&id);
        Arc::make_mut(&mut tables.links).retain(|(user, _), _| *user != id);
        let sessions = Arc::make_mut(&mut tables.sessions);
        sessions.retain(|_, s| s.user != id);
        Arc::make_mut(&mut tables.refresh_tokens).retain(|_, t| sessions.contains_key(&t.session));
        Arc::make_mut(&mut tables.access_tokens).retain(|_, t| t.owner != id);
        Ok(())
    }

    async fn users_move_reports(&mut self, from: UserId, to: Option<UserId>, at: Timestamp) -> Result<Vec<UserId>> {
        let mut moved = Vec::new();
        for user in Arc::make_mut(&mut self.tables_mut().users).values_mut() {
            // Leavers keep their manager, and the System User has none.
            let is_here = matches!(user.status, UserStatus::Active | UserStatus::Invited);
            if user.manager == Some(from) && is_here && Some(user.id) != to {
                user.manager = to;
                user.version += 1;
                user.updated_at = at;
                moved.push(user.id);
            }
        }
        Ok(moved)
    }

    async fn addresses_put(&mut self, addresses: &[HeldAddress]) -> Result<()> {
        let tables = self.tables_mut();
        for address in addresses {
            let key = address.email.key();
            if tables.addresses.get(key).is_some_and(|held| held.holder != address.holder) {
                return Err(StorageError::Taken(Unique::Address));
            }
            Arc::make_mut(&mut tables.addresses).insert(key.to_owned(), address.clone());
            Arc::make_mut(&mut tables.address_keys).insert((address.holder, key.to_owned()));
        }
        Ok(())
    }

    async fn addresses_remove(&mut self, keys: &[String]) -> Result<()> {
        for key in keys {
            self.tables_mut().remove_address(key);
        }
        Ok(())
    }
}
