//! Reading records.

mod changes;
mod filter;
mod reassignments;
mod row;
mod write;

use async_trait::async_trait;
use sea_orm::DbBackend;
use tenure_core::id::{ReassignmentId, RecordId, UserId};
use tenure_core::page::{PageRequest, Slice};
use tenure_core::policy::{ReassignmentScope, RecordScope};
use tenure_core::reassignment::Reassignment;
use tenure_core::record::{
    OwnershipChange, ParticipantRole, Record, RecordCount, RecordFilter, RecordGroups, RecordKind, RecordOrder, RecordOrderField,
    TaskParticipant,
};
use tenure_core::storage::{RecordRead, Result};
use uuid::Uuid;

use super::error::corrupt;
use super::page::{Order, slices};
use super::scope::{Found, record_scope};
use super::sql::{Holds, Sql};
use super::{Sea, Source};
use row::{COLUMNS, DETAIL, record};

fn order(order: RecordOrder) -> Order {
    let (sort, is_text) = match order.field {
        RecordOrderField::UpdatedAt => ("r.updated_at", false),
        RecordOrderField::CreatedAt => ("r.created_at", false),
        RecordOrderField::Title => ("r.sort_key", true),
    };
    Order { sort, is_text, kind: Some("r.kind"), id: "r.id", descending: order.descending }
}

/// From how many records on a word is common.
const COMMON: u32 = 2_000;

impl<S: Source> Sea<S> {
    /// The words of a filter that many records have. Only SQLite has to ask: it would gather all of these records before it looks at the
    /// first, while one that goes through the list soon has a page. PostgreSQL has statistics.
    async fn common_words(&self, filter: &RecordFilter) -> Result<Vec<String>> {
        if self.backend() == DbBackend::Postgres || filter.words.is_empty() {
            return Ok(Vec::new());
        }
        let mut sql = self.sql("");
        for word in &filter.words {
            sql.push(if sql.is_empty() { "SELECT count(*) FROM (" } else { " UNION ALL SELECT count(*) FROM (" });
            sql.push("SELECT 1 FROM record_word w WHERE ");
            filter::begins(&mut sql, word);
            sql.push(&format!(" LIMIT {COMMON})"));
        }
        let counts = self.rows(sql, |row| row.count()).await?;
        Ok(filter.words.iter().zip(counts).filter(|(_, count)| *count >= COMMON.into()).map(|(word, _)| word.clone()).collect())
    }
}

/// Writes that the record `r` is in the scope and matches.
fn matching(sql: &mut Sql, scope: &RecordScope, filter: &RecordFilter, common: &[String]) {
    record_scope(sql, scope, Found::Everywhere);
    filter::matching(sql, filter, common);
}

/// Writes that the record `r`, one of few, is in the scope and matches.
fn few_matching(sql: &mut Sql, scope: &RecordScope, filter: &RecordFilter) {
    record_scope(sql, scope, Found::Few);
    filter::matching(sql, filter, &filter.words);
}

#[async_trait]
impl<S: Source> RecordRead for Sea<S> {
    async fn records_by_id(&self, ids: &[RecordId], scope: &RecordScope) -> Result<Vec<Record>> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let mut sql = self.sql(format!("SELECT {COLUMNS} FROM "));
        sql.record_groups(&distinct(ids)).push(" JOIN record r ON r.kind = g.kind AND r.id = g.id").push(DETAIL).push(" WHERE ");
        record_scope(&mut sql, scope, Found::Few);
        self.rows(sql, record).await
    }

    async fn records_by_external_id(&self, keys: &[(RecordKind, String)], scope: &RecordScope) -> Result<Vec<Record>> {
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        let mut keys = keys.to_vec();
        keys.sort();
        keys.dedup();
        let rows = keys.into_iter().map(|(kind, key)| vec![kind.code().into(), key.into()]);
        let mut sql = self.sql(format!("SELECT {COLUMNS} FROM "));
        sql.set("g", &[("kind", Holds::SmallInt), ("external_id", Holds::Text)], rows);
        sql.push(" JOIN record r ON r.kind = g.kind AND r.external_id = g.external_id").push(DETAIL).push(" WHERE ");
        record_scope(&mut sql, scope, Found::Few);
        self.rows(sql, record).await
    }

    async fn records_page(&self, scope: &RecordScope, filter: &RecordFilter, by: RecordOrder, page: &PageRequest) -> Result<Slice<Record>> {
        let order = order(by);
        let common = self.common_words(filter).await?;
        let mut sql = self.sql(format!("SELECT {COLUMNS} FROM (SELECT r.* FROM record r WHERE "));
        matching(&mut sql, scope, filter, &common);
        order.cut(&mut sql, page);
        // Details are joined to the rows of the page only.
        sql.push(&format!(") AS r{DETAIL} ORDER BY {}", order.columns(page)));
        Ok(Slice::from_surplus(self.rows(sql, record).await?, page))
    }

    async fn records_count(&self, scope: &RecordScope, filter: &RecordFilter) -> Result<u64> {
        let common = self.common_words(filter).await?;
        let mut sql = self.sql("SELECT count(*) FROM record r WHERE ");
        matching(&mut sql, scope, filter, &common);
        self.count(sql).await
    }

    async fn records_page_in_groups(
        &self,
        groups: &RecordGroups,
        scope: &RecordScope,
        filter: &RecordFilter,
        by: RecordOrder,
        page: &PageRequest,
    ) -> Result<Vec<Slice<Record>>> {
        if groups.is_empty() {
            return Ok(Vec::new());
        }
        let order = order(by);
        let mut sql = self.sql(format!("SELECT g.n, {COLUMNS} FROM "));
        filter::groups(&mut sql, groups);
        sql.first_of_each("record", "r", |sql| {
            let of_group = filter::of_group(sql, groups);
            sql.push(" WHERE ").push(&of_group).push(" AND ");
            few_matching(sql, scope, filter);
            order.cut(sql, page);
        });
        sql.push(&format!("{DETAIL} ORDER BY g.n, {}", order.columns(page)));
        Ok(slices(groups.len(), self.rows(sql, |row| Ok((row.take()?, record(row)?))).await?, page))
    }

    async fn records_count_in_groups(&self, groups: &RecordGroups, scope: &RecordScope, filter: &RecordFilter) -> Result<Vec<u64>> {
        if groups.is_empty() {
            return Ok(Vec::new());
        }
        let mut sql = self.sql("SELECT (SELECT count(*) FROM record r WHERE ");
        let of_group = filter::of_group(&sql, groups);
        sql.push(&of_group).push(" AND ");
        few_matching(&mut sql, scope, filter);
        sql.push(") FROM ");
        filter::groups(&mut sql, groups);
        sql.push(" ORDER BY g.n");
        self.rows(sql, |row| row.count()).await
    }

    async fn record_counts_by_responsible(&self, users: &[UserId]) -> Result<Vec<Vec<RecordCount>>> {
        if users.is_empty() {
            return Ok(Vec::new());
        }
        let ids: Vec<Uuid> = users.iter().map(|id| id.0).collect();
        let mut sql = self.sql("SELECT g.n, r.kind, r.is_closed, count(*) FROM ");
        sql.groups(&ids).push(" JOIN record r ON r.responsible_id = g.id GROUP BY g.n, r.kind, r.is_closed ORDER BY g.n, r.kind");
        let mut counts: Vec<Vec<RecordCount>> = vec![Vec::new(); users.len()];
        let rows = self
            .rows(sql, |row| Ok((row.take::<i64>()?, super::row::record_kind(row.take()?)?, row.take::<bool>()?, row.count()?)))
            .await?;
        for (number, kind, is_closed, count) in rows {
            let Some(kinds) = usize::try_from(number - 1).ok().and_then(|position| counts.get_mut(position)) else { continue };
            if kinds.last().is_none_or(|last| last.kind != kind) {
                kinds.push(RecordCount { kind, open: 0, closed: 0 });
            }
            let count = u32::try_from(count).map_err(|_| corrupt("number of records"))?;
            if let Some(last) = kinds.last_mut() {
                *(if is_closed { &mut last.closed } else { &mut last.open }) = count;
            }
        }
        Ok(counts)
    }

    async fn participants_by_task(&self, tasks: &[RecordId]) -> Result<Vec<TaskParticipant>> {
        let tasks = row::task_uuids(tasks);
        if tasks.is_empty() {
            return Ok(Vec::new());
        }
        let mut sql = self.sql("SELECT p.task_id, p.user_id, p.role FROM task_participant p WHERE ");
        sql.among("p.task_id", tasks).push(" ORDER BY p.task_id, p.role, p.user_id");
        let participant = |row: &mut super::row::Row<'_>| {
            Ok(TaskParticipant {
                task: RecordId { kind: RecordKind::Task, uuid: row.uuid()? },
                user: UserId(row.uuid()?),
                role: ParticipantRole::from_code(row.take()?).ok_or_else(|| corrupt("role on a task"))?,
            })
        };
        self.rows(sql, participant).await
    }

    async fn records_referenced(&self, ids: &[RecordId]) -> Result<Vec<RecordId>> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let mut sql = self.sql("WITH asked AS (SELECT g.kind, g.id FROM ");
        sql.record_groups(&distinct(ids)).push(") SELECT g.kind, g.id FROM asked g WHERE ");
        let details = [(RecordKind::Company, "company_id"), (RecordKind::Contact, "contact_id"), (RecordKind::Deal, "deal_id")];
        for (kind, column) in details {
            sql.push(&format!(
                "(g.kind = {} AND EXISTS (SELECT 1 FROM record_detail d WHERE d.{column} = g.id
                  AND (d.kind, d.id) NOT IN (SELECT a.kind, a.id FROM asked a))) OR ",
                kind.code()
            ));
        }
        sql.push(
            "EXISTS (SELECT 1 FROM record r WHERE r.subject_id = g.id AND r.subject_kind = g.kind
              AND (r.kind, r.id) NOT IN (SELECT a.kind, a.id FROM asked a))",
        );
        self.rows(sql, |row| row.record_id()).await
    }

    async fn ownership_changes_page(&self, records: &[RecordId], page: &PageRequest) -> Result<Vec<Slice<OwnershipChange>>> {
        self.changes_page(records, page).await
    }

    async fn ownership_changes_count(&self, records: &[RecordId]) -> Result<Vec<u64>> {
        self.changes_count(records).await
    }

    async fn ownership_changes_by_reassignment(&self, id: ReassignmentId, limit: u32) -> Result<Vec<OwnershipChange>> {
        self.changes_of_reassignment(id, limit).await
    }

    async fn reassignments_by_id(&self, ids: &[ReassignmentId], scope: &ReassignmentScope) -> Result<Vec<Reassignment>> {
        self.reassignments_found(ids, scope).await
    }

    async fn reassignments_page(&self, scope: &ReassignmentScope, page: &PageRequest) -> Result<Slice<Reassignment>> {
        self.reassignments_slice(scope, page).await
    }

    async fn reassignments_count(&self, scope: &ReassignmentScope) -> Result<u64> {
        self.reassignments_number(scope).await
    }
}

/// Each once, ascending.
fn distinct(ids: &[RecordId]) -> Vec<RecordId> {
    let mut ids = ids.to_vec();
    ids.sort();
    ids.dedup();
    ids
}
