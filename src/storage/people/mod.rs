//! Reading people, their addresses, and the settings.

mod filter;
pub(super) mod row;
mod write;

use std::collections::{HashMap, HashSet};

use async_trait::async_trait;
use tenure_core::email::HeldAddress;
use tenure_core::id::UserId;
use tenure_core::page::{PageRequest, Slice};
use tenure_core::policy::UserScope;
use tenure_core::settings::{SeatCounts, Settings};
use tenure_core::storage::{PeopleRead, Result};
use tenure_core::user::{FormerPerson, User, UserFilter, UserGroups, UserKind, UserOrder, UserOrderField, UserStatus};
use uuid::Uuid;

use super::error::corrupt;
use super::page::{Order, slices, uuids};
use super::scope::{Found, user_scope};
use super::sql::Sql;
use super::{Sea, Source};
use row::{ADDRESSES, COLUMNS, SETTINGS_COLUMNS};

fn order(order: UserOrder) -> Order {
    let (sort, is_text) = match order.field {
        UserOrderField::DisplayName => ("u.sort_key", true),
        UserOrderField::CreatedAt => ("u.created_at", false),
        UserOrderField::DismissedAt => ("u.dismissed_at", false),
    };
    Order { sort, is_text, kind: None, id: "u.id", descending: order.descending }
}

const BY_NAME: UserOrder = UserOrder { field: UserOrderField::DisplayName, descending: false };

/// The identifiers that lists are asked for, and the condition of one list.
fn groups(groups: &UserGroups) -> (Vec<Uuid>, &'static str) {
    match groups {
        UserGroups::DirectReports(managers) => (uuids(managers, |id| id.0), "u.manager_id = g.id"),
        UserGroups::DepartmentMembers(departments) => (uuids(departments, |id| id.0), "u.department_id = g.id"),
    }
}

impl<S: Source> Sea<S> {
    fn write_address_query(&self, condition: impl FnOnce(&mut Sql)) -> Sql {
        let mut sql = self.sql("SELECT a.address, a.key, a.user_id, a.roles FROM address a WHERE ");
        condition(&mut sql);
        sql.push(" ORDER BY a.user_id, a.key");
        sql
    }
}

#[async_trait]
impl<S: Source> PeopleRead for Sea<S> {
    async fn settings(&self) -> Result<Settings> {
        let sql = self.sql(format!("SELECT {SETTINGS_COLUMNS} FROM settings s WHERE s.id = 1"));
        self.row(sql, row::settings).await?.ok_or_else(|| corrupt("the settings are missing"))
    }

    async fn seat_counts(&self) -> Result<SeatCounts> {
        let sql = self.sql("SELECT u.status, u.kind, count(*) FROM app_user u WHERE u.status IN (1, 2) GROUP BY u.status, u.kind");
        let mut counts = SeatCounts::default();
        for (status, kind, count) in self.rows(sql, |row| Ok((row::status(row.take()?)?, row::kind(row.take()?)?, row.count()?))).await? {
            let count = u32::try_from(count).map_err(|_| corrupt("number of people"))?;
            match (status, kind) {
                (UserStatus::Active, UserKind::Intranet) => counts.active_intranet += count,
                (UserStatus::Active, UserKind::Extranet) => counts.active_extranet += count,
                (UserStatus::Invited, _) => counts.invited += count,
                (UserStatus::System | UserStatus::Dismissed, _) => {}
            }
        }
        Ok(counts)
    }

    async fn administrators_count(&self) -> Result<u32> {
        let sql = self.sql("SELECT count(*) FROM app_user u WHERE u.status = 2 AND u.kind = 1 AND u.is_administrator");
        u32::try_from(self.count(sql).await?).map_err(|_| corrupt("number of administrators"))
    }

    async fn users_by_id(&self, ids: &[UserId]) -> Result<Vec<User>> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let mut sql = self.sql(format!("SELECT {COLUMNS} FROM app_user u {ADDRESSES} WHERE "));
        sql.among("u.id", ids.iter().map(|id| id.0));
        self.rows(sql, row::user).await
    }

    async fn users_seen_by_id(&self, ids: &[UserId], scope: &UserScope) -> Result<Vec<User>> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let mut sql = self.sql(format!("SELECT {COLUMNS} FROM app_user u {ADDRESSES} WHERE "));
        sql.among("u.id", ids.iter().map(|id| id.0)).push(" AND ");
        if scope.needs_companions() {
            // Found beforehand: looking for them row by row would take longer for who is there than for who is not.
            let mut active = self.user_companions(scope.viewer(), ids).await?;
            active.push(scope.viewer());
            sql.push("((u.status = 2 AND ").among("u.id", active.into_iter().map(|id| id.0)).push(") OR (");
            user_scope(&mut sql, scope, Some(&[UserStatus::Invited, UserStatus::Dismissed]), Found::Few);
            sql.push("))");
        } else {
            user_scope(&mut sql, scope, None, Found::Few);
        }
        self.rows(sql, row::user).await
    }

    async fn former_people_by_id(&self, ids: &[UserId]) -> Result<Vec<FormerPerson>> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let mut sql = self.sql("SELECT f.id, f.display_name FROM former_person f WHERE ");
        sql.among("f.id", ids.iter().map(|id| id.0));
        self.rows(sql, |row| Ok(FormerPerson { id: UserId(row.uuid()?), display_name: row.take()? })).await
    }

    async fn user_companions(&self, viewer: UserId, ids: &[UserId]) -> Result<Vec<UserId>> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        // From the viewer's own workgroups, in this order (SQLite keeps it): a stranger costs what somebody missing costs.
        let mut sql = self.sql(
            "SELECT DISTINCT other.user_id FROM membership own CROSS JOIN workgroup w CROSS JOIN membership other CROSS JOIN app_user u
             WHERE own.user_id = ",
        );
        sql.bind(viewer.0).push(
            " AND own.left_at IS NULL AND w.id = own.workgroup_id AND w.is_extranet AND other.workgroup_id = own.workgroup_id
             AND other.left_at IS NULL AND u.id = other.user_id AND u.status = 2 AND ",
        );
        sql.among("other.user_id", ids.iter().map(|id| id.0));
        self.rows(sql, |row| row.uuid().map(UserId)).await
    }

    async fn users_page(&self, scope: &UserScope, filter: &UserFilter, by: UserOrder, page: &PageRequest) -> Result<Slice<User>> {
        let order = order(by);
        let mut sql = self.sql(format!("SELECT {COLUMNS} FROM (SELECT u.* FROM app_user u WHERE "));
        filter::matching(&mut sql, scope, filter);
        if by.field == UserOrderField::DismissedAt {
            sql.push(" AND u.status = 3 AND u.dismissed_at IS NOT NULL");
        }
        order.cut(&mut sql, page);
        // Addresses are joined to the rows of the page only.
        sql.push(&format!(") AS u {ADDRESSES} ORDER BY {}", order.columns(page)));
        Ok(Slice::from_surplus(self.rows(sql, row::user).await?, page))
    }

    async fn users_count(&self, scope: &UserScope, filter: &UserFilter) -> Result<u64> {
        let mut sql = self.sql("SELECT count(*) FROM app_user u WHERE ");
        filter::matching(&mut sql, scope, filter);
        self.count(sql).await
    }

    async fn users_page_in_groups(&self, of: &UserGroups, scope: &UserScope, page: &PageRequest) -> Result<Vec<Slice<User>>> {
        let (ids, condition) = groups(of);
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let order = order(BY_NAME);
        let mut sql = self.sql(format!("SELECT g.n, {COLUMNS} FROM "));
        sql.groups(&ids).first_of_each("app_user", "u", |sql| {
            sql.push(&format!(" WHERE {condition} AND "));
            user_scope(sql, scope, Some(&[UserStatus::Active]), Found::Few);
            order.cut(sql, page);
        });
        sql.push(&format!(" {ADDRESSES} ORDER BY g.n, {}", order.columns(page)));
        Ok(slices(ids.len(), self.rows(sql, |row| Ok((row.take()?, row::user(row)?))).await?, page))
    }

    async fn users_count_in_groups(&self, of: &UserGroups, scope: &UserScope) -> Result<Vec<u64>> {
        let (ids, condition) = groups(of);
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let mut sql = self.sql(format!("SELECT (SELECT count(*) FROM app_user u WHERE {condition} AND "));
        user_scope(&mut sql, scope, Some(&[UserStatus::Active]), Found::Few);
        sql.push(") FROM ").groups(&ids).push(" ORDER BY g.n");
        self.rows(sql, |row| row.count()).await
    }

    async fn users_above(&self, id: UserId) -> Result<Vec<UserId>> {
        // UNION, not UNION ALL: in a circle nobody new is found, and it ends.
        let mut sql = self.sql("WITH RECURSIVE above (id, manager_id) AS (SELECT u.id, u.manager_id FROM app_user u WHERE u.id = ");
        sql.bind(id.0).push(
            " UNION SELECT u.id, u.manager_id FROM app_user u JOIN above a ON u.id = a.manager_id) SELECT a.id, a.manager_id FROM above a",
        );
        let managers: HashMap<UserId, Option<UserId>> =
            self.rows(sql, |row| Ok((UserId(row.uuid()?), row.take::<Option<Uuid>>()?.map(UserId)))).await?.into_iter().collect();
        let mut above = Vec::new();
        let mut seen = HashSet::from([id]);
        let mut next = managers.get(&id).copied().flatten();
        while let Some(manager) = next.filter(|manager| seen.insert(*manager)) {
            above.push(manager);
            next = managers.get(&manager).copied().flatten();
        }
        Ok(above)
    }

    async fn addresses_by_key(&self, keys: &[String]) -> Result<Vec<HeldAddress>> {
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        let sql = self.write_address_query(|sql| {
            sql.among_texts("a.key", keys);
        });
        let mut held = self.rows(sql, row::held_address).await?;
        held.sort_by(|a, b| a.email.key().cmp(b.email.key()));
        Ok(held)
    }

    async fn addresses_by_user(&self, ids: &[UserId]) -> Result<Vec<HeldAddress>> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let sql = self.write_address_query(|sql| {
            sql.among("a.user_id", ids.iter().map(|id| id.0));
        });
        self.rows(sql, row::held_address).await
    }
}
