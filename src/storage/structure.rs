//! Departments, workgroups and memberships.

use std::collections::BTreeMap;

use async_trait::async_trait;
use tenure_core::id::{DepartmentId, UserId, WorkgroupId};
use tenure_core::page::{PageRequest, Slice};
use tenure_core::policy::WorkgroupScope;
use tenure_core::storage::{Result, StructureRead, StructureWrite};
use tenure_core::structure::{Department, Membership, MembershipGroups, Workgroup, WorkgroupRole};
use tenure_core::time::Timestamp;
use tenure_entity::{department, membership, workgroup};
use uuid::Uuid;

use super::error::corrupt;
use super::page::{Order, slices, uuids};
use super::row::Row;
use super::scope::workgroup_scope;
use super::sql::Sql;
use super::{Sea, Source, Working};

const DEPARTMENTS: &str = "SELECT d.id, d.name, d.parent_id, d.head_id FROM department d";
const WORKGROUPS: &str = "SELECT w.id, w.name, w.is_extranet, w.created_at FROM workgroup w";
const MEMBERSHIP_COLUMNS: &str = "m.workgroup_id, m.user_id, m.role, m.joined_at, m.left_at, m.ended_by_dismissal";

const DEPARTMENTS_BY_NAME: Order = Order { sort: "d.sort_key", is_text: true, kind: None, id: "d.id", descending: false };
const WORKGROUPS_BY_NAME: Order = Order { sort: "w.sort_key", is_text: true, kind: None, id: "w.id", descending: false };
const LATEST_JOINED: Order = Order { sort: "m.joined_at", is_text: false, kind: None, id: "m.workgroup_id", descending: true };
const FIRST_JOINED: Order = Order { sort: "m.joined_at", is_text: false, kind: None, id: "m.user_id", descending: false };

fn department(row: &mut Row<'_>) -> Result<Department> {
    Ok(Department {
        id: DepartmentId(row.uuid()?),
        name: row.take()?,
        parent: row.take::<Option<Uuid>>()?.map(DepartmentId),
        head: row.take::<Option<Uuid>>()?.map(UserId),
    })
}

fn workgroup(row: &mut Row<'_>) -> Result<Workgroup> {
    Ok(Workgroup { id: WorkgroupId(row.uuid()?), name: row.take()?, is_extranet: row.take()?, created_at: row.time()? })
}

fn membership(row: &mut Row<'_>) -> Result<Membership> {
    Ok(Membership {
        workgroup: WorkgroupId(row.uuid()?),
        user: UserId(row.uuid()?),
        role: WorkgroupRole::from_code(row.take()?).ok_or_else(|| corrupt("role in a workgroup"))?,
        joined_at: row.time()?,
        left_at: row.take::<Option<i64>>()?.map(Timestamp),
        ended_by_dismissal: row.take()?,
    })
}

/// The identifiers that lists are asked for, the condition of one list, and its order.
fn groups(groups: &MembershipGroups) -> (Vec<Uuid>, &'static str, Order) {
    match groups {
        MembershipGroups::OfUser(users) => (uuids(users, |id| id.0), "m.user_id = g.id", LATEST_JOINED),
        MembershipGroups::OfWorkgroup(workgroups) => (
            uuids(workgroups, |id| id.0),
            "m.workgroup_id = g.id AND m.left_at IS NULL AND EXISTS (SELECT 1 FROM app_user u WHERE u.id = m.user_id AND u.status = 2)",
            FIRST_JOINED,
        ),
    }
}

/// Writes that the workgroup of the membership `m` is in the scope.
fn membership_scope(sql: &mut Sql, scope: &WorkgroupScope) {
    match scope {
        WorkgroupScope::Everything(_) => {
            sql.push("TRUE");
        }
        WorkgroupScope::ExtranetAndOwn(..) | WorkgroupScope::Own(..) => {
            sql.push("m.workgroup_id IN (SELECT w.id FROM workgroup w WHERE ");
            workgroup_scope(sql, scope);
            sql.push(")");
        }
    }
}

fn workgroups_matching(sql: &mut Sql, scope: &WorkgroupScope, is_extranet: Option<bool>) {
    sql.push(" WHERE ");
    workgroup_scope(sql, scope);
    match is_extranet {
        None => {}
        Some(true) => {
            sql.push(" AND w.is_extranet");
        }
        Some(false) => {
            sql.push(" AND NOT w.is_extranet");
        }
    }
}

#[async_trait]
impl<S: Source> StructureRead for Sea<S> {
    async fn departments_by_id(&self, ids: &[DepartmentId]) -> Result<Vec<Department>> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let mut sql = self.sql(format!("{DEPARTMENTS} WHERE "));
        sql.among("d.id", ids.iter().map(|id| id.0));
        self.rows(sql, department).await
    }

    async fn departments_page(&self, page: &PageRequest) -> Result<Slice<Department>> {
        let mut sql = self.sql(format!("{DEPARTMENTS} WHERE TRUE"));
        DEPARTMENTS_BY_NAME.cut(&mut sql, page);
        Ok(Slice::from_surplus(self.rows(sql, department).await?, page))
    }

    async fn departments_count(&self) -> Result<u64> {
        self.count(self.sql("SELECT count(*) FROM department")).await
    }

    async fn departments_headed_by(&self, head: UserId) -> Result<Vec<Department>> {
        let mut sql = self.sql(format!("{DEPARTMENTS} WHERE d.head_id = "));
        sql.bind(head.0);
        self.rows(sql, department).await
    }

    async fn workgroups_by_id(&self, ids: &[WorkgroupId], scope: &WorkgroupScope) -> Result<Vec<Workgroup>> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let mut sql = self.sql(WORKGROUPS);
        workgroups_matching(&mut sql, scope, None);
        sql.push(" AND ").among("w.id", ids.iter().map(|id| id.0));
        self.rows(sql, workgroup).await
    }

    async fn workgroups_page(&self, scope: &WorkgroupScope, is_extranet: Option<bool>, page: &PageRequest) -> Result<Slice<Workgroup>> {
        let mut sql = self.sql(WORKGROUPS);
        workgroups_matching(&mut sql, scope, is_extranet);
        WORKGROUPS_BY_NAME.cut(&mut sql, page);
        Ok(Slice::from_surplus(self.rows(sql, workgroup).await?, page))
    }

    async fn workgroups_count(&self, scope: &WorkgroupScope, is_extranet: Option<bool>) -> Result<u64> {
        let mut sql = self.sql("SELECT count(*) FROM workgroup w");
        workgroups_matching(&mut sql, scope, is_extranet);
        self.count(sql).await
    }

    async fn memberships_by_user(&self, users: &[UserId]) -> Result<Vec<Membership>> {
        if users.is_empty() {
            return Ok(Vec::new());
        }
        let mut sql = self.sql(format!("SELECT {MEMBERSHIP_COLUMNS} FROM membership m WHERE "));
        sql.among("m.user_id", users.iter().map(|id| id.0));
        self.rows(sql, membership).await
    }

    async fn memberships_leading(&self, workgroups: &[WorkgroupId]) -> Result<Vec<Membership>> {
        if workgroups.is_empty() {
            return Ok(Vec::new());
        }
        let mut sql = self.sql(format!(
            "SELECT {MEMBERSHIP_COLUMNS} FROM membership m JOIN app_user u ON u.id = m.user_id AND u.status = 2
             WHERE m.left_at IS NULL AND m.role IN ({}, {}) AND ",
            WorkgroupRole::Owner.code(),
            WorkgroupRole::Moderator.code()
        ));
        sql.among("m.workgroup_id", workgroups.iter().map(|id| id.0));
        self.rows(sql, membership).await
    }

    async fn memberships_page_in_groups(
        &self,
        of: &MembershipGroups,
        scope: &WorkgroupScope,
        page: &PageRequest,
    ) -> Result<Vec<Slice<Membership>>> {
        let (ids, condition, order) = groups(of);
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let mut sql = self.sql(format!("SELECT g.n, {MEMBERSHIP_COLUMNS} FROM "));
        sql.groups(&ids).first_of_each("membership", "m", |sql| {
            sql.push(&format!(" WHERE {condition} AND "));
            membership_scope(sql, scope);
            order.cut(sql, page);
        });
        sql.push(&format!(" ORDER BY g.n, {}", order.columns(page)));
        Ok(slices(ids.len(), self.rows(sql, |row| Ok((row.take()?, membership(row)?))).await?, page))
    }

    async fn memberships_count_in_groups(&self, of: &MembershipGroups, scope: &WorkgroupScope) -> Result<Vec<u64>> {
        let (ids, condition, _) = groups(of);
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let mut sql = self.sql(format!("SELECT (SELECT count(*) FROM membership m WHERE {condition} AND "));
        membership_scope(&mut sql, scope);
        sql.push(") FROM ").groups(&ids).push(" ORDER BY g.n");
        self.rows(sql, |row| row.count()).await
    }
}

#[async_trait]
impl StructureWrite for Sea<Working> {
    async fn departments_insert(&mut self, departments: &[Department]) -> Result<()> {
        let model = |department: &Department| department::Model {
            id: department.id.0,
            name: department.name.clone(),
            sort_key: department.sort_key(),
            parent_id: department.parent.map(|id| id.0),
            parent_key: department.parent.map_or(Uuid::nil(), |id| id.0),
            head_id: department.head.map(|id| id.0),
        };
        self.insert::<department::Entity>(&departments.iter().map(model).collect::<Vec<_>>(), "").await.map(drop)
    }

    async fn departments_move_head(&mut self, from: UserId, to: Option<UserId>) -> Result<u32> {
        let mut sql = self.sql("UPDATE department SET head_id = ");
        sql.bind(to.map(|id| id.0)).push(" WHERE head_id = ").bind(from.0);
        u32::try_from(self.execute(sql).await?).map_err(|_| corrupt("number of departments"))
    }

    async fn workgroups_insert(&mut self, workgroups: &[Workgroup]) -> Result<()> {
        let model = |workgroup: &Workgroup| workgroup::Model {
            id: workgroup.id.0,
            name: workgroup.name.clone(),
            sort_key: workgroup.sort_key(),
            is_extranet: workgroup.is_extranet,
            created_at: workgroup.created_at.0,
        };
        self.insert::<workgroup::Entity>(&workgroups.iter().map(model).collect::<Vec<_>>(), "").await.map(drop)
    }

    async fn workgroups_lock(&mut self, ids: &[WorkgroupId]) -> Result<Vec<Workgroup>> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let mut sql = self.sql(format!("{WORKGROUPS} WHERE "));
        // Ascending: taken out of order, the locks of two units of work could wait in a circle.
        sql.among("w.id", ids.iter().map(|id| id.0)).push(" ORDER BY w.id").lock("UPDATE OF w");
        self.rows(sql, workgroup).await
    }

    async fn memberships_put(&mut self, memberships: &[Membership]) -> Result<()> {
        // Each pair once: PostgreSQL refuses to write a row twice in one statement.
        let last: BTreeMap<(WorkgroupId, UserId), &Membership> = memberships.iter().map(|m| ((m.workgroup, m.user), m)).collect();
        let model = |membership: &&Membership| membership::Model {
            workgroup_id: membership.workgroup.0,
            user_id: membership.user.0,
            role: membership.role.code(),
            joined_at: membership.joined_at.0,
            left_at: membership.left_at.map(|at| at.0),
            ended_by_dismissal: membership.ended_by_dismissal,
        };
        let tail = "ON CONFLICT (workgroup_id, user_id) DO UPDATE SET role = excluded.role, joined_at = excluded.joined_at, \
            left_at = excluded.left_at, ended_by_dismissal = excluded.ended_by_dismissal";
        self.insert::<membership::Entity>(&last.values().map(model).collect::<Vec<_>>(), tail).await.map(drop)
    }
}
