//! Reading and writing departments, workgroups and memberships.

use async_trait::async_trait;

use super::Result;
use crate::id::{DepartmentId, UserId, WorkgroupId};
use crate::page::{PageRequest, Slice};
use crate::policy::WorkgroupScope;
use crate::structure::{Department, Membership, MembershipGroups, Workgroup};

/// Reading structure.
#[async_trait]
pub trait StructureRead: Send + Sync {
    /// These departments, in any order; unknown ones are left out.
    async fn departments_by_id(&self, ids: &[DepartmentId]) -> Result<Vec<Department>>;

    /// A page of all departments, by name: key (sort key, id).
    async fn departments_page(&self, page: &PageRequest) -> Result<Slice<Department>>;

    /// How many departments there are.
    async fn departments_count(&self) -> Result<u64>;

    /// Departments headed by this person, in any order.
    async fn departments_headed_by(&self, head: UserId) -> Result<Vec<Department>>;

    /// These workgroups, as far as they are in the scope, in any order.
    async fn workgroups_by_id(&self, ids: &[WorkgroupId], scope: &WorkgroupScope) -> Result<Vec<Workgroup>>;

    /// A page of the workgroups in the scope, by name: key (sort key, id); only extranet ones or only others when `is_extranet` is given.
    async fn workgroups_page(&self, scope: &WorkgroupScope, is_extranet: Option<bool>, page: &PageRequest) -> Result<Slice<Workgroup>>;

    /// How many workgroups that would list.
    async fn workgroups_count(&self, scope: &WorkgroupScope, is_extranet: Option<bool>) -> Result<u64>;

    /// All memberships of these people, ended ones included, in any order, whatever the viewer may see.
    async fn memberships_by_user(&self, users: &[UserId]) -> Result<Vec<Membership>>;

    /// Lasting memberships of ACTIVE people in these workgroups with the role OWNER or MODERATOR, in any order (rule R4).
    async fn memberships_leading(&self, workgroups: &[WorkgroupId]) -> Result<Vec<Membership>>;

    /// A page of each of these lists; the scope bounds the workgroups, for both groupings. One entry for each group, in the order given.
    async fn memberships_page_in_groups(
        &self,
        groups: &MembershipGroups,
        scope: &WorkgroupScope,
        page: &PageRequest,
    ) -> Result<Vec<Slice<Membership>>>;

    /// The length of each of these lists, in the order given.
    async fn memberships_count_in_groups(&self, groups: &MembershipGroups, scope: &WorkgroupScope) -> Result<Vec<u64>>;
}

/// Writing structure.
#[async_trait]
pub trait StructureWrite: Send + Sync {
    /// Adds departments. Taken(DepartmentName), also for two at the top; Taken(Id).
    async fn departments_insert(&mut self, departments: &[Department]) -> Result<()>;

    /// Everything headed by `from` is headed by `to` from now on. Returns how many.
    async fn departments_move_head(&mut self, from: UserId, to: Option<UserId>) -> Result<u32>;

    /// Adds workgroups. Taken(WorkgroupName), Taken(Id).
    async fn workgroups_insert(&mut self, workgroups: &[Workgroup]) -> Result<()>;

    /// Locks workgroups exclusively in ascending order and returns them; unknown ones are left out.
    async fn workgroups_lock(&mut self, ids: &[WorkgroupId]) -> Result<Vec<Workgroup>>;

    /// Writes memberships: adds, or replaces the row of the same person and workgroup.
    async fn memberships_put(&mut self, memberships: &[Membership]) -> Result<()>;
}
