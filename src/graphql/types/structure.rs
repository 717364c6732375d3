//! Departments, workgroups, memberships.

use std::sync::Arc;

use async_graphql::{ID, Object};
use tenure_core::record::RecordKind;
use tenure_core::structure;

use crate::graphql::connection::{PageArguments, connection};
use crate::graphql::error::Result;
use crate::graphql::lists::{CountKey, DepartmentList, MembershipList, RecordList, RecordsOf, UserList, WorkgroupList};
use crate::graphql::loaders::{DepartmentKey, WorkgroupKey};
use crate::graphql::scalars::DateTime;
use crate::graphql::view::View;

use super::enums::WorkgroupRole;
use super::offboarding::int;
use super::{Attribution, FileConnection, TaskConnection, UserConnection};

/// A department.
#[derive(Clone)]
pub struct Department {
    by: View,
    row: Arc<structure::Department>,
}

impl Department {
    /// A department that this viewer may see.
    pub fn new(by: &View, row: Arc<structure::Department>) -> Department {
        Department { by: by.clone(), row }
    }
}

//D Department
#[Object]
impl Department {
    //D Department.id
    async fn id(&self) -> ID {
        self.row.id.into()
    }

    //D Department.name
    async fn name(&self) -> &str {
        &self.row.name
    }

    //D Department.parent
    async fn parent(&self) -> Option<Result<Department>> {
        let row = self.by.ask(DepartmentKey(self.row.parent?)).await.transpose()?;
        Some(row.map(|row| Department::new(&self.by, row)))
    }

    //D Department.head
    async fn head(&self) -> Option<Result<Attribution>> {
        Some(Attribution::of_person(&self.by, self.row.head?).await)
    }

    //D Department.members
    async fn members(
        &self,
        //PAGE
    ) -> Result<UserConnection> {
        let page = PageArguments::new(first, after, last, before);
        UserConnection::new(&self.by, UserList::DepartmentMembers(self.row.id), &page)
    }
}

connection! {
    //D DepartmentConnection
    DepartmentConnection,
    //D DepartmentEdge
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

//D Workgroup
#[Object]
impl Workgroup {
    //D Workgroup.id
    async fn id(&self) -> ID {
        self.row.id.into()
    }

    //D Workgroup.name
    async fn name(&self) -> &str {
        &self.row.name
    }

    //D Workgroup.isExtranet
    async fn is_extranet(&self) -> bool {
        self.row.is_extranet
    }

    //D Workgroup.memberCount
    async fn member_count(&self) -> Result<i32> {
        Ok(int(self.by.get(CountKey(MembershipList::OfWorkgroup(self.row.id))).await?))
    }

    //D Workgroup.members
    async fn members(
        &self,
        //PAGE
    ) -> Result<WorkgroupMembershipConnection> {
        let page = PageArguments::new(first, after, last, before);
        WorkgroupMembershipConnection::new(&self.by, MembershipList::OfWorkgroup(self.row.id), &page)
    }

    //D Workgroup.tasks
    async fn tasks(
        &self,
        //PAGE
    ) -> Result<TaskConnection> {
        let page = PageArguments::new(first, after, last, before);
        TaskConnection::new(&self.by, RecordList::last_changed_first(RecordsOf::Workgroup(self.row.id, RecordKind::Task)), &page)
    }

    //D Workgroup.files
    async fn files(
        &self,
        //PAGE
    ) -> Result<FileConnection> {
        let page = PageArguments::new(first, after, last, before);
        FileConnection::new(&self.by, RecordList::latest_first(RecordsOf::Workgroup(self.row.id, RecordKind::File)), &page)
    }
}

connection! {
    //D WorkgroupConnection
    WorkgroupConnection,
    //D WorkgroupEdge
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

//D WorkgroupMembership
#[Object]
impl WorkgroupMembership {
    //D WorkgroupMembership.workgroup
    async fn workgroup(&self) -> Result<Workgroup> {
        // The list was bounded by the same scope, so there is one.
        let row = self.by.get(WorkgroupKey(self.row.workgroup)).await?;
        Ok(Workgroup::new(&self.by, row))
    }

    //D WorkgroupMembership.member
    async fn member(&self) -> Result<Attribution> {
        Attribution::of_person(&self.by, self.row.user).await
    }

    //D WorkgroupMembership.role
    async fn role(&self) -> WorkgroupRole {
        self.row.role.into()
    }

    //D WorkgroupMembership.joinedAt
    async fn joined_at(&self) -> DateTime {
        self.row.joined_at.into()
    }

    //D WorkgroupMembership.leftAt
    async fn left_at(&self) -> Option<DateTime> {
        self.row.left_at.map(DateTime)
    }
}

connection! {
    //D WorkgroupMembershipConnection
    WorkgroupMembershipConnection,
    //D WorkgroupMembershipEdge
    WorkgroupMembershipEdge: MembershipList => WorkgroupMembership, |pages, row| WorkgroupMembership::new(pages.by(), row)
}
