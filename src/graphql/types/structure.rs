//! Departments, workgroups, memberships.

use std::sync::Arc;

use async_graphql::{ID, Object};
use tenure_core::record::RecordKind;
use tenure_core::structure;

use crate::graphql::connection::{PageArguments, connection};
use crate::graphql::error::Result;
use crate::graphql::lists::{CountKey, DepartmentList, FeedList, MembershipList, RecordList, RecordsOf, UserList, WorkgroupList};
use crate::graphql::loaders::{DepartmentKey, WorkgroupKey};
use crate::graphql::scalars::DateTime;
use crate::graphql::view::View;

use super::enums::WorkgroupRole;
use super::offboarding::int;
use super::{Attribution, FeedPostConnection, FileConnection, TaskConnection, UserConnection};

/// A department.
#[derive(Clone)]
pub struct Department {
    by: View,
    row: Arc<structure::Department>,
}

impl Department {
    /// A department that this viewer may see, or has just made.
    pub fn new(by: &View, row: Arc<structure::Department>) -> Department {
        Department { by: by.clone(), row }
    }
}

/// A department of the company structure.
#[Object]
impl Department {
    /// Global ID, `dep_…`.
    pub async fn id(&self) -> ID {
        self.row.id.into()
    }

    /// Name.
    async fn name(&self) -> &str {
        &self.row.name
    }

    /// Parent department; null at the top.
    async fn parent(&self) -> Option<Result<Department>> {
        // Who made this one need not see others.
        let parent = self.row.parent.filter(|_| self.by.access().sees_departments())?;
        let row = self.by.ask(DepartmentKey(parent)).await.transpose()?;
        Some(row.map(|row| Department::new(&self.by, row)))
    }

    /// Head; null when there is none.
    async fn head(&self) -> Option<Result<Attribution>> {
        Some(Attribution::of_person(&self.by, self.row.head?).await)
    }

    /// Active members; dismissed and invited people excluded.
    async fn members(
        &self,
        #[graphql(desc = "Page size from the start, 1 to 100. 20 when neither `first` nor `last` is given.")] first: Option<i32>,
        #[graphql(desc = "Return edges after this cursor.")] after: Option<String>,
        #[graphql(desc = "Page size from the end, 1 to 100.")] last: Option<i32>,
        #[graphql(desc = "Return edges before this cursor.")] before: Option<String>,
    ) -> Result<UserConnection> {
        let page = PageArguments::new(first, after, last, before);
        UserConnection::new(&self.by, UserList::DepartmentMembers(self.row.id), &page)
    }
}

connection! {
    /// A page of departments.
    DepartmentConnection,
    /// One entry of a `DepartmentConnection`.
    DepartmentEdge: DepartmentList => Department, |pages, row| Department::new(pages.by(), row)
}

/// A workgroup or project.
#[derive(Clone)]
pub struct Workgroup {
    by: View,
    row: Arc<structure::Workgroup>,
}

impl Workgroup {
    /// A workgroup that this viewer may see.
    pub fn new(by: &View, row: Arc<structure::Workgroup>) -> Workgroup {
        Workgroup { by: by.clone(), row }
    }
}

/// A workgroup or project.
#[Object]
impl Workgroup {
    /// Global ID, `wgr_…`.
    pub async fn id(&self) -> ID {
        self.row.id.into()
    }

    /// Name.
    async fn name(&self) -> &str {
        &self.row.name
    }

    /// Whether external people may belong to it.
    async fn is_extranet(&self) -> bool {
        self.row.is_extranet
    }

    /// Number of active members; the same for every viewer.
    async fn member_count(&self) -> Result<i32> {
        Ok(int(self.by.get(CountKey(MembershipList::OfWorkgroup(self.row.id))).await?))
    }

    /// Active members; dismissed and invited people excluded.
    async fn members(
        &self,
        #[graphql(desc = "Page size from the start, 1 to 100. 20 when neither `first` nor `last` is given.")] first: Option<i32>,
        #[graphql(desc = "Return edges after this cursor.")] after: Option<String>,
        #[graphql(desc = "Page size from the end, 1 to 100.")] last: Option<i32>,
        #[graphql(desc = "Return edges before this cursor.")] before: Option<String>,
    ) -> Result<WorkgroupMembershipConnection> {
        let page = PageArguments::new(first, after, last, before);
        WorkgroupMembershipConnection::new(&self.by, MembershipList::OfWorkgroup(self.row.id), &page)
    }

    /// Tasks of the workgroup, last changed first.
    async fn tasks(
        &self,
        #[graphql(desc = "Page size from the start, 1 to 100. 20 when neither `first` nor `last` is given.")] first: Option<i32>,
        #[graphql(desc = "Return edges after this cursor.")] after: Option<String>,
        #[graphql(desc = "Page size from the end, 1 to 100.")] last: Option<i32>,
        #[graphql(desc = "Return edges before this cursor.")] before: Option<String>,
    ) -> Result<TaskConnection> {
        let page = PageArguments::new(first, after, last, before);
        TaskConnection::new(&self.by, RecordList::last_changed_first(RecordsOf::Workgroup(self.row.id, RecordKind::Task)), &page)
    }

    /// Files of the workgroup, latest first.
    async fn files(
        &self,
        #[graphql(desc = "Page size from the start, 1 to 100. 20 when neither `first` nor `last` is given.")] first: Option<i32>,
        #[graphql(desc = "Return edges after this cursor.")] after: Option<String>,
        #[graphql(desc = "Page size from the end, 1 to 100.")] last: Option<i32>,
        #[graphql(desc = "Return edges before this cursor.")] before: Option<String>,
    ) -> Result<FileConnection> {
        let page = PageArguments::new(first, after, last, before);
        FileConnection::new(&self.by, RecordList::latest_first(RecordsOf::Workgroup(self.row.id, RecordKind::File)), &page)
    }

    /// Feed posts of the workgroup, latest first.
    async fn feed_posts(
        &self,
        #[graphql(desc = "Page size from the start, 1 to 100. 20 when neither `first` nor `last` is given.")] first: Option<i32>,
        #[graphql(desc = "Return edges after this cursor.")] after: Option<String>,
        #[graphql(desc = "Page size from the end, 1 to 100.")] last: Option<i32>,
        #[graphql(desc = "Return edges before this cursor.")] before: Option<String>,
    ) -> Result<FeedPostConnection> {
        let page = PageArguments::new(first, after, last, before);
        FeedPostConnection::new(&self.by, FeedList::In(self.row.id), &page)
    }
}

connection! {
    /// A page of workgroups.
    WorkgroupConnection,
    /// One entry of a `WorkgroupConnection`.
    WorkgroupEdge: WorkgroupList => Workgroup, |pages, row| Workgroup::new(pages.by(), row)
}

/// A person's place in a workgroup.
pub struct WorkgroupMembership {
    by: View,
    row: Arc<structure::Membership>,
}

impl WorkgroupMembership {
    /// A place in a workgroup that this viewer may see.
    pub fn new(by: &View, row: Arc<structure::Membership>) -> WorkgroupMembership {
        WorkgroupMembership { by: by.clone(), row }
    }
}

/// A person's place in a workgroup.
#[Object]
impl WorkgroupMembership {
    /// The workgroup.
    async fn workgroup(&self) -> Result<Workgroup> {
        // The list was bounded by the same scope, so there is one.
        let row = self.by.get(WorkgroupKey(self.row.workgroup)).await?;
        Ok(Workgroup::new(&self.by, row))
    }

    /// The member.
    async fn member(&self) -> Result<Attribution> {
        Attribution::of_person(&self.by, self.row.user).await
    }

    /// Role.
    async fn role(&self) -> WorkgroupRole {
        self.row.role.into()
    }

    /// Since when.
    async fn joined_at(&self) -> DateTime {
        self.row.joined_at.into()
    }

    /// Until when; null while the membership lasts.
    async fn left_at(&self) -> Option<DateTime> {
        self.row.left_at.map(DateTime)
    }
}

connection! {
    /// A page of workgroup memberships.
    WorkgroupMembershipConnection,
    /// One entry of a `WorkgroupMembershipConnection`.
    WorkgroupMembershipEdge: MembershipList => WorkgroupMembership, |pages, row| WorkgroupMembership::new(pages.by(), row)
}
