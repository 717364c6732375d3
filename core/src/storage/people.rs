//! Reading and writing people, their addresses, and the settings.

use async_trait::async_trait;

use super::Result;
use crate::email::HeldAddress;
use crate::id::UserId;
use crate::page::{PageRequest, Slice};
use crate::policy::UserScope;
use crate::settings::{SeatCounts, Settings};
use crate::time::Timestamp;
use crate::user::{FormerPerson, User, UserFilter, UserGroups, UserOrder};

/// How a row is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum LockMode {
    /// Others may hold it like this too, nobody may change it.
    Shared,
    /// For oneself alone.
    Exclusive,
}

/// Reading people.
#[async_trait]
pub trait PeopleRead: Send + Sync {
    /// The settings.
    async fn settings(&self) -> Result<Settings>;

    /// How many seats are in use (rule I2).
    async fn seat_counts(&self) -> Result<SeatCounts>;

    /// How many ACTIVE INTRANET administrators there are (rule I1).
    async fn administrators_count(&self) -> Result<u32>;

    /// These people, in any order, of any status, the System User too; unknown ones are left out. Nothing is hidden here: what comes
    /// back must go through [`crate::policy`] before a viewer sees more of it than a name.
    async fn users_by_id(&self, ids: &[UserId]) -> Result<Vec<User>>;

    /// Those of these people who are in the scope, in any order, each once. A hidden person is not read any further than it takes to
    /// leave them out: finding nobody takes the same time whoever it was (DOMAIN §5).
    async fn users_seen_by_id(&self, ids: &[UserId], scope: &UserScope) -> Result<Vec<User>>;

    /// Those of these people whose row was removed, in any order, each once: their names are kept for bylines (rule L2).
    async fn former_people_by_id(&self, ids: &[UserId]) -> Result<Vec<FormerPerson>>;

    /// Which of `ids` are ACTIVE and lasting members of an extranet workgroup of which `viewer` is a lasting member too (rule V3): in any
    /// order, each once.
    async fn user_companions(&self, viewer: UserId, ids: &[UserId]) -> Result<Vec<UserId>>;

    /// A page of the people in the scope that match: key (what it is ordered by, id). Companions of the scope's viewer are found as
    /// [`PeopleRead::user_companions`] does.
    async fn users_page(&self, scope: &UserScope, filter: &UserFilter, order: UserOrder, page: &PageRequest) -> Result<Slice<User>>;

    /// How many people in the scope match.
    async fn users_count(&self, scope: &UserScope, filter: &UserFilter) -> Result<u64>;

    /// A page of each of these lists, ordered by display name ascending: one entry for each group, in the order given.
    async fn users_page_in_groups(&self, groups: &UserGroups, scope: &UserScope, page: &PageRequest) -> Result<Vec<Slice<User>>>;

    /// The length of each of these lists, in the order given.
    async fn users_count_in_groups(&self, groups: &UserGroups, scope: &UserScope) -> Result<Vec<u64>>;

    /// The managers above a person, nearest first, whatever their status; ends at nobody, or where a circle would begin. Neither the person
    /// nor anybody else is in it twice.
    async fn users_above(&self, id: UserId) -> Result<Vec<UserId>>;

    /// The holders of these addresses, by key; addresses that nobody holds are left out.
    async fn addresses_by_key(&self, keys: &[String]) -> Result<Vec<HeldAddress>>;

    /// All addresses that these people hold, ordered by holder and key.
    async fn addresses_by_user(&self, ids: &[UserId]) -> Result<Vec<HeldAddress>>;
}

/// Writing people.
#[async_trait]
pub trait PeopleWrite: Send + Sync {
    /// Locks the settings row exclusively and returns it as it stands now. First in the order of locks: whoever changes status, kind,
    /// rights or seats holds it, so that counting is exact (rules I1, I2).
    async fn settings_lock(&mut self) -> Result<Settings>;

    /// Replaces the settings.
    async fn settings_update(&mut self, settings: &Settings) -> Result<()>;

    /// Locks people in ascending order of ID and returns them as they stand now, in that order, each once; unknown ones are left out.
    /// Who is named twice is held in the stronger mode.
    async fn users_lock(&mut self, locks: &[(UserId, LockMode)]) -> Result<Vec<User>>;

    /// Adds people; `login_email` and `contact_email` are not written (see [`PeopleWrite::addresses_put`]). Taken(Id).
    async fn users_insert(&mut self, users: &[User]) -> Result<()>;

    /// Replaces a person, but for `login_email` and `contact_email`. Conflict when there is no such row.
    async fn user_update(&mut self, user: &User) -> Result<()>;

    /// Removes a person together with addresses, memberships, stored parts in tasks, password, invitation, links, sessions and tokens.
    /// Whoever still has them as manager, and departments that still have them as head, have none then. The name stays, for bylines (see
    /// [`PeopleRead::former_people_by_id`]). Nothing happens when there is no such row; records must have gone to somebody else before.
    async fn user_delete(&mut self, id: UserId) -> Result<()>;

    /// Everybody whose manager is `from` reports to `to` from now on, in one statement: version + 1, `updated_at` = `at`, only people
    /// whose status is ACTIVE or INVITED: leavers keep theirs. `to` itself is left alone. Returns who they are, ascending.
    async fn users_move_reports(&mut self, from: UserId, to: Option<UserId>, at: Timestamp) -> Result<Vec<UserId>>;

    /// Gives addresses to holders: a row for a key is written with these roles, in place of the row that the same holder has for it.
    /// Taken(Address) when somebody else holds one of them.
    async fn addresses_put(&mut self, addresses: &[HeldAddress]) -> Result<()>;

    /// Frees addresses, by key; those that nobody holds are passed over.
    async fn addresses_remove(&mut self, keys: &[String]) -> Result<()>;
}
