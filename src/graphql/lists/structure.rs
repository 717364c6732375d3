//! Lists of departments, workgroups and memberships.

use std::sync::Arc;

use tenure_core::id::{UserId, WorkgroupId};
use tenure_core::page::{Key, PageRequest, Slice, SortValue};
use tenure_core::structure::{Department, Membership, MembershipGroups, Workgroup};

use crate::graphql::cursor::{ListName, Ordering, SortKind};
use crate::graphql::error::Result;
use crate::graphql::loaders::Reader;

use super::{List, map_rows};

/// All departments, by name.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct DepartmentList;

impl List for DepartmentList {
    type Row = Arc<Department>;
    type Question = ();

    fn ordering(&self) -> Ordering {
        Ordering::only(ListName::Departments, SortKind::Text)
    }

    fn key(&self, row: &Arc<Department>) -> Key {
        Key::new(SortValue::Text(row.sort_key()), row.id.0)
    }

    fn question(&self) {}

    async fn pages(reader: &Reader, _lists: &[&Self], page: &PageRequest) -> Result<Vec<Slice<Arc<Department>>>> {
        Ok(vec![map_rows(reader.storage().departments_page(page).await?, Arc::new)])
    }

    async fn counts(reader: &Reader, _lists: &[&Self]) -> Result<Vec<u64>> {
        Ok(vec![reader.storage().departments_count().await?])
    }
}

/// The workgroups that the viewer can see, by name.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct WorkgroupList {
    /// Only extranet ones, or only others.
    pub is_extranet: Option<bool>,
}

impl List for WorkgroupList {
    type Row = Arc<Workgroup>;
    type Question = Option<bool>;

    fn ordering(&self) -> Ordering {
        Ordering::only(ListName::Workgroups, SortKind::Text)
    }

    fn key(&self, row: &Arc<Workgroup>) -> Key {
        Key::new(SortValue::Text(row.sort_key()), row.id.0)
    }

    fn question(&self) -> Option<bool> {
        self.is_extranet
    }

    async fn pages(reader: &Reader, lists: &[&Self], page: &PageRequest) -> Result<Vec<Slice<Arc<Workgroup>>>> {
        let scope = reader.access().workgroup_scope();
        Ok(vec![map_rows(reader.storage().workgroups_page(&scope, lists[0].is_extranet, page).await?, Arc::new)])
    }

    async fn counts(reader: &Reader, lists: &[&Self]) -> Result<Vec<u64>> {
        let scope = reader.access().workgroup_scope();
        Ok(vec![reader.storage().workgroups_count(&scope, lists[0].is_extranet).await?])
    }
}

/// Places in workgroups, as far as the viewer can see the workgroup.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum MembershipList {
    /// Of somebody, ended ones included, latest joined first.
    OfUser(UserId),
    /// Lasting ones of active people in a workgroup, first joined first.
    OfWorkgroup(WorkgroupId),
    /// None: somebody's, which the viewer cannot see.
    Hidden,
}

fn groups(lists: &[&MembershipList]) -> Option<MembershipGroups> {
    match lists[0] {
        MembershipList::Hidden => None,
        MembershipList::OfUser(_) => {
            let ids = lists.iter().filter_map(|list| if let MembershipList::OfUser(id) = list { Some(*id) } else { None });
            Some(MembershipGroups::OfUser(ids.collect()))
        }
        MembershipList::OfWorkgroup(_) => {
            let ids = lists.iter().filter_map(|list| if let MembershipList::OfWorkgroup(id) = list { Some(*id) } else { None });
            Some(MembershipGroups::OfWorkgroup(ids.collect()))
        }
    }
}

impl List for MembershipList {
    type Row = Arc<Membership>;
    type Question = std::mem::Discriminant<MembershipList>;

    fn ordering(&self) -> Ordering {
        let name = match self {
            MembershipList::OfUser(_) | MembershipList::Hidden => ListName::WorkgroupsOfUser,
            MembershipList::OfWorkgroup(_) => ListName::MembersOfWorkgroup,
        };
        Ordering::only(name, SortKind::Time)
    }

    fn key(&self, row: &Arc<Membership>) -> Key {
        let id = match self {
            MembershipList::OfUser(_) | MembershipList::Hidden => row.workgroup.0,
            MembershipList::OfWorkgroup(_) => row.user.0,
        };
        Key::new(SortValue::Time(row.joined_at), id)
    }

    fn question(&self) -> Self::Question {
        std::mem::discriminant(self)
    }

    async fn pages(reader: &Reader, lists: &[&Self], page: &PageRequest) -> Result<Vec<Slice<Arc<Membership>>>> {
        let Some(groups) = groups(lists) else { return Ok(lists.iter().map(|_| Slice::default()).collect()) };
        let slices = reader.storage().memberships_page_in_groups(&groups, &reader.access().workgroup_scope(), page).await?;
        Ok(slices.into_iter().map(|slice| map_rows(slice, Arc::new)).collect())
    }

    async fn counts(reader: &Reader, lists: &[&Self]) -> Result<Vec<u64>> {
        let Some(groups) = groups(lists) else { return Ok(lists.iter().map(|_| 0).collect()) };
        Ok(reader.storage().memberships_count_in_groups(&groups, &reader.access().workgroup_scope()).await?)
    }
}
