//! Writing records.

use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;
use tenure_core::id::{ReassignmentId, RecordId};
use tenure_core::policy::{ReassignmentScope, RecordScope};
use tenure_core::reassignment::Reassignment;
use tenure_core::record::{Handover, HandoverContext, OwnershipChange, Record, RecordFilter, TaskParticipant};
use tenure_core::storage::{RecordLine, RecordWrite, Result, StorageError};
use tenure_entity::{record, record_detail, record_word, task_participant};

use super::changes::Occasion;
use super::row::{LINE_COLUMNS, detail_model, line, record_model, task_uuids, words};
use super::{distinct, matching};
use crate::storage::scope::{Found, record_scope};
use crate::storage::sql::Holds;
use crate::storage::{Sea, Working};

impl Sea<Working> {
    async fn words_insert(&self, records: impl Iterator<Item = &Record>) -> Result<()> {
        let words: Vec<record_word::Model> = records.flat_map(words).collect();
        self.insert::<record_word::Entity>(&words, "").await.map(drop)
    }

    /// Removes the rows of these records from a table with the columns given.
    async fn remove_of_records(&self, table: &str, columns: &str, ids: &[RecordId]) -> Result<()> {
        let mut sql = self.sql(format!("DELETE FROM {table} WHERE ({columns}) IN (SELECT g.kind, g.id FROM "));
        sql.record_groups(ids).push(")");
        self.execute(sql).await.map(drop)
    }

    async fn participants_remove(&self, tasks: &[RecordId]) -> Result<()> {
        let tasks = task_uuids(tasks);
        if tasks.is_empty() {
            return Ok(());
        }
        let mut sql = self.sql("DELETE FROM task_participant WHERE ");
        sql.among("task_id", tasks);
        self.execute(sql).await.map(drop)
    }

    /// Gives up the external IDs that are about to change, so that one may move from a record to another: the databases look at each
    /// row as it is written, not at all of them afterwards.
    async fn external_ids_release(&self, records: &BTreeMap<RecordId, &Record>) -> Result<()> {
        if records.len() < 2 || records.values().all(|record| record.external_id.is_none()) {
            return Ok(());
        }
        let columns = [("kind", Holds::SmallInt), ("id", Holds::Uuid), ("external_id", Holds::Text)];
        let rows = records.values().map(|r| vec![r.id.kind.code().into(), r.id.uuid.into(), r.external_id.clone().into()]);
        let mut sql = self.sql("UPDATE record SET external_id = NULL FROM ");
        sql.set("v", &columns, rows).push(" WHERE record.kind = v.kind AND record.id = v.id AND record.external_id IS NOT NULL");
        sql.push(" AND record.external_id IS DISTINCT FROM v.external_id");
        self.execute(sql).await.map(drop)
    }
}

#[async_trait]
impl RecordWrite for Sea<Working> {
    async fn records_lock_by_id(&mut self, ids: &[RecordId], scope: &RecordScope) -> Result<Vec<RecordLine>> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let mut sql = self.sql(format!("SELECT {LINE_COLUMNS} FROM record r WHERE (r.kind, r.id) IN (SELECT g.kind, g.id FROM "));
        sql.record_groups(&distinct(ids)).push(") AND ");
        record_scope(&mut sql, scope, Found::Few);
        // Ascending: taken out of order, the locks of two units of work could wait in a circle.
        sql.push(" ORDER BY r.kind, r.id").lock("UPDATE OF r");
        self.rows(sql, line).await
    }

    async fn records_lock_matching(&mut self, scope: &RecordScope, filter: &RecordFilter, limit: u32) -> Result<Vec<RecordLine>> {
        let common = self.common_words(filter).await?;
        let mut sql = self.sql(format!("SELECT {LINE_COLUMNS} FROM record r WHERE "));
        matching(&mut sql, scope, filter, &common);
        sql.push(" ORDER BY r.kind, r.id LIMIT ").bind(i64::from(limit)).lock("UPDATE OF r");
        self.rows(sql, line).await
    }

    async fn records_lock_activities_of(&mut self, subjects: &[RecordId], limit: u32) -> Result<Vec<RecordLine>> {
        if subjects.is_empty() {
            return Ok(Vec::new());
        }
        let mut sql = self.sql(format!(
            "SELECT {LINE_COLUMNS} FROM record r WHERE r.subject_id IS NOT NULL AND (r.subject_kind, r.subject_id) IN (SELECT g.kind, g.id FROM "
        ));
        sql.record_groups(&distinct(subjects)).push(
            ") AND EXISTS (SELECT 1 FROM record s WHERE s.kind = r.subject_kind AND s.id = r.subject_id
               AND s.responsible_id = r.responsible_id) ORDER BY r.kind, r.id LIMIT ",
        );
        sql.bind(i64::from(limit)).lock("UPDATE OF r");
        self.rows(sql, line).await
    }

    async fn records_insert(&mut self, records: &[Record]) -> Result<()> {
        self.insert::<record::Entity>(&records.iter().map(record_model).collect::<Vec<_>>(), "").await?;
        self.insert::<record_detail::Entity>(&records.iter().map(detail_model).collect::<Vec<_>>(), "").await?;
        self.words_insert(records.iter()).await
    }

    async fn records_update(&mut self, records: &[Record]) -> Result<()> {
        if records.is_empty() {
            return Ok(());
        }
        let last: BTreeMap<RecordId, &Record> = records.iter().map(|record| (record.id, record)).collect();
        self.external_ids_release(&last).await?;
        let kept = [
            record::Column::CreatedAt,
            record::Column::CreatedByKind,
            record::Column::CreatedByPerson,
            record::Column::CreatedByToken,
            record::Column::CreatedByName,
        ];
        let models: Vec<record::Model> = last.values().map(|record| record_model(record)).collect();
        if self.update::<record::Entity>(&models, &kept).await? < last.len() as u64 {
            return Err(StorageError::Conflict);
        }
        let details: Vec<record_detail::Model> = last.values().map(|record| detail_model(record)).collect();
        self.update::<record_detail::Entity>(&details, &[]).await?;
        self.remove_of_records("record_word", "kind, id", &last.keys().copied().collect::<Vec<_>>()).await?;
        self.words_insert(last.values().copied()).await
    }

    async fn records_delete(&mut self, ids: &[RecordId]) -> Result<Vec<RecordId>> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let ids = distinct(ids);
        let mut sql = self.sql("DELETE FROM record WHERE (kind, id) IN (SELECT g.kind, g.id FROM ");
        sql.record_groups(&ids).push(") RETURNING kind, id");
        let mut removed = self.rows(sql, |row| row.record_id()).await?;
        removed.sort();
        self.remove_of_records("record_detail", "kind, id", &ids).await?;
        self.remove_of_records("record_word", "kind, id", &ids).await?;
        self.changes_remove(&ids).await?;
        self.participants_remove(&ids).await?;
        Ok(removed)
    }

    async fn participants_replace(&mut self, tasks: &[RecordId], participants: &[TaskParticipant]) -> Result<()> {
        self.participants_remove(tasks).await?;
        let distinct: BTreeSet<_> = participants.iter().map(|p| (p.task.uuid, p.role.code(), p.user.0)).collect();
        let models: Vec<task_participant::Model> =
            distinct.into_iter().map(|(task_id, role, user_id)| task_participant::Model { task_id, role, user_id }).collect();
        // Parts in other tasks than those named are added to what is there.
        self.insert::<task_participant::Entity>(&models, "ON CONFLICT DO NOTHING").await.map(drop)
    }

    async fn records_reassign(&mut self, handovers: &[Handover], context: &HandoverContext) -> Result<u32> {
        self.hand_over(handovers, context, Occasion::Handover).await
    }

    async fn records_bequeath(&mut self, handovers: &[Handover], context: &HandoverContext) -> Result<u32> {
        self.hand_over(handovers, context, Occasion::Deletion).await
    }

    async fn ownership_changes_insert(&mut self, changes: &[OwnershipChange]) -> Result<()> {
        self.changes_insert(changes).await
    }

    async fn reassignments_lock(&mut self, ids: &[ReassignmentId], scope: &ReassignmentScope) -> Result<Vec<Reassignment>> {
        self.reassignments_held(ids, scope).await
    }

    async fn reassignment_insert(&mut self, reassignment: &Reassignment) -> Result<()> {
        self.reassignment_add(reassignment).await
    }

    async fn reassignment_update(&mut self, reassignment: &Reassignment) -> Result<()> {
        self.reassignment_replace(reassignment).await
    }
}
