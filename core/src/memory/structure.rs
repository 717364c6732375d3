//! Departments, workgroups and memberships.

use std::collections::BTreeSet;
use std::sync::Arc;

use async_trait::async_trait;

use super::tables::{Tables, insert};
use super::{Memory, Source, Working, page};
use crate::id::{DepartmentId, UserId, WorkgroupId};
use crate::page::{Key, PageRequest, Slice, SortValue};
use crate::policy::WorkgroupScope;
use crate::storage::{Result, StorageError, StructureRead, StructureWrite, Unique};
use crate::structure::{Department, Membership, MembershipGroups, Workgroup, WorkgroupRole};

impl Tables {
    fn workgroup_in(&self, workgroup: &Workgroup, scope: &WorkgroupScope) -> bool {
        match scope {
            WorkgroupScope::Everything(_) => true,
            WorkgroupScope::ExtranetAndOwn(viewer, _) => workgroup.is_extranet || self.is_member(workgroup.id, *viewer),
            WorkgroupScope::Own(viewer, _) => self.is_member(workgroup.id, *viewer),
        }
    }

    fn workgroups_matching(&self, scope: &WorkgroupScope, is_extranet: Option<bool>) -> Vec<Workgroup> {
        let matching = self.workgroups.values().filter(|w| is_extranet.is_none_or(|wanted| w.is_extranet == wanted));
        matching.filter(|w| self.workgroup_in(w, scope)).cloned().collect()
    }

    /// The list of each group with its keys, in the order of the groups.
    fn memberships_in_groups(&self, groups: &MembershipGroups, scope: &WorkgroupScope) -> Vec<Vec<(Key, Membership)>> {
        let seen: Vec<&Membership> = self
            .memberships
            .values()
            .filter(|m| self.workgroups.get(&m.workgroup).is_some_and(|workgroup| self.workgroup_in(workgroup, scope)))
            .collect();
        let of_user = |user: &UserId| {
            let rows = seen.iter().filter(|m| m.user == *user);
            rows.map(|m| (Key::new(SortValue::Time(m.joined_at), m.workgroup.0), (*m).clone())).collect()
        };
        let of_workgroup = |workgroup: &WorkgroupId| {
            let rows = seen.iter().filter(|m| m.workgroup == *workgroup && m.left_at.is_none() && self.is_active(m.user));
            rows.map(|m| (Key::new(SortValue::Time(m.joined_at), m.user.0), (*m).clone())).collect()
        };
        match groups {
            MembershipGroups::OfUser(users) => users.iter().map(of_user).collect(),
            MembershipGroups::OfWorkgroup(workgroups) => workgroups.iter().map(of_workgroup).collect(),
        }
    }
}

fn by_name<T>(rows: impl Iterator<Item = T>, name: impl Fn(&T) -> (String, uuid::Uuid), page: &PageRequest) -> Slice<T> {
    let keyed = rows.map(|row| {
        let (sort, id) = name(&row);
        (Key::new(SortValue::Text(sort), id), row)
    });
    page::cut(keyed, false, page)
}

#[async_trait]
impl<S: Source> StructureRead for Memory<S> {
    async fn departments_by_id(&self, ids: &[DepartmentId]) -> Result<Vec<Department>> {
        let tables = self.tables();
        let ids: BTreeSet<DepartmentId> = ids.iter().copied().collect();
        Ok(ids.into_iter().filter_map(|id| tables.departments.get(&id).cloned()).collect())
    }

    async fn departments_page(&self, page: &PageRequest) -> Result<Slice<Department>> {
        Ok(by_name(self.tables().departments.values().cloned(), |d| (d.sort_key(), d.id.0), page))
    }

    async fn departments_count(&self) -> Result<u64> {
        Ok(self.tables().departments.len() as u64)
    }

    async fn departments_headed_by(&self, head: UserId) -> Result<Vec<Department>> {
        Ok(self.tables().departments.values().filter(|d| d.head == Some(head)).cloned().collect())
    }

    async fn workgroups_by_id(&self, ids: &[WorkgroupId], scope: &WorkgroupScope) -> Result<Vec<Workgroup>> {
        let mut workgroups = self.tables().workgroups_matching(scope, None);
        workgroups.retain(|w| ids.contains(&w.id));
        Ok(workgroups)
    }

    async fn workgroups_page(&self, scope: &WorkgroupScope, is_extranet: Option<bool>, page: &PageRequest) -> Result<Slice<Workgroup>> {
        Ok(by_name(self.tables().workgroups_matching(scope, is_extranet).into_iter(), |w| (w.sort_key(), w.id.0), page))
    }

    async fn workgroups_count(&self, scope: &WorkgroupScope, is_extranet: Option<bool>) -> Result<u64> {
        Ok(self.tables().workgroups_matching(scope, is_extranet).len() as u64)
    }

    async fn memberships_by_user(&self, users: &[UserId]) -> Result<Vec<Membership>> {
        Ok(self.tables().memberships.values().filter(|m| users.contains(&m.user)).cloned().collect())
    }

    async fn memberships_leading(&self, workgroups: &[WorkgroupId]) -> Result<Vec<Membership>> {
        let tables = self.tables();
        let leads = |m: &&Membership| match m.role {
            WorkgroupRole::Owner | WorkgroupRole::Moderator => m.left_at.is_none() && tables.is_active(m.user),
            WorkgroupRole::Member => false,
        };
        Ok(tables.memberships.values().filter(|m| workgroups.contains(&m.workgroup)).filter(leads).cloned().collect())
    }

    async fn memberships_page_in_groups(
        &self,
        groups: &MembershipGroups,
        scope: &WorkgroupScope,
        page: &PageRequest,
    ) -> Result<Vec<Slice<Membership>>> {
        let latest_first = match groups {
            MembershipGroups::OfUser(_) => true,
            MembershipGroups::OfWorkgroup(_) => false,
        };
        Ok(self.tables().memberships_in_groups(groups, scope).into_iter().map(|rows| page::cut(rows, latest_first, page)).collect())
    }

    async fn memberships_count_in_groups(&self, groups: &MembershipGroups, scope: &WorkgroupScope) -> Result<Vec<u64>> {
        Ok(self.tables().memberships_in_groups(groups, scope).iter().map(|rows| rows.len() as u64).collect())
    }
}

#[async_trait]
impl StructureWrite for Memory<Working> {
    async fn departments_insert(&mut self, departments: &[Department]) -> Result<()> {
        let tables = self.tables_mut();
        for department in departments {
            // At the top, too: None is a parent like any other here.
            let named_alike =
                |d: &Department| d.id != department.id && d.parent == department.parent && d.sort_key() == department.sort_key();
            if tables.departments.values().any(named_alike) {
                return Err(StorageError::Taken(Unique::DepartmentName));
            }
            insert(&mut tables.departments, department.id, department.clone())?;
        }
        Ok(())
    }

    async fn departments_move_head(&mut self, from: UserId, to: Option<UserId>) -> Result<u32> {
        let mut moved = 0;
        for department in Arc::make_mut(&mut self.tables_mut().departments).values_mut().filter(|d| d.head == Some(from)) {
            department.head = to;
            moved += 1;
        }
        Ok(moved)
    }

    async fn workgroups_insert(&mut self, workgroups: &[Workgroup]) -> Result<()> {
        let tables = self.tables_mut();
        for workgroup in workgroups {
            if tables.workgroups.values().any(|w| w.id != workgroup.id && w.sort_key() == workgroup.sort_key()) {
                return Err(StorageError::Taken(Unique::WorkgroupName));
            }
            insert(&mut tables.workgroups, workgroup.id, workgroup.clone())?;
        }
        Ok(())
    }

    async fn workgroups_lock(&mut self, ids: &[WorkgroupId]) -> Result<Vec<Workgroup>> {
        let tables = self.tables();
        let ids: BTreeSet<WorkgroupId> = ids.iter().copied().collect();
        Ok(ids.into_iter().filter_map(|id| tables.workgroups.get(&id).cloned()).collect())
    }

    async fn memberships_put(&mut self, memberships: &[Membership]) -> Result<()> {
        let table = Arc::make_mut(&mut self.tables_mut().memberships);
        table.extend(memberships.iter().map(|m| ((m.workgroup, m.user), m.clone())));
        Ok(())
    }
}
