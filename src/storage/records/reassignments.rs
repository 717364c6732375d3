//! Reassignments.

use tenure_core::id::ReassignmentId;
use tenure_core::page::{PageRequest, Slice};
use tenure_core::policy::ReassignmentScope;
use tenure_core::reassignment::{Reassignment, ReassignmentFailure, ReassignmentLists, ReassignmentStatus};
use tenure_core::storage::{Result, StorageError};
use tenure_core::time::Timestamp;
use tenure_entity::{reassignment, reassignment_successor};

use crate::storage::error::{corrupt, other};
use crate::storage::page::Order;
use crate::storage::row::ActorColumns;
use crate::storage::scope::reassignment_scope;
use crate::storage::sql::Sql;
use crate::storage::{Sea, Source, Working};

const LATEST: Order = Order { sort: "m.created_at", is_text: false, kind: None, id: "m.id", descending: true };

fn failure_code(failure: ReassignmentFailure) -> i16 {
    match failure {
        ReassignmentFailure::SuccessorNotEligible => 1,
        ReassignmentFailure::Internal => 2,
    }
}

fn failure_from_code(code: i16) -> Result<ReassignmentFailure> {
    match code {
        1 => Ok(ReassignmentFailure::SuccessorNotEligible),
        2 => Ok(ReassignmentFailure::Internal),
        _ => Err(corrupt("failure of a reassignment")),
    }
}

fn reassignment(model: reassignment::Model) -> Result<Reassignment> {
    let count = |count: i64| u32::try_from(count).map_err(|_| corrupt("count of a reassignment"));
    let by = ActorColumns {
        kind: model.requested_by_kind,
        person: model.requested_by_person,
        token: model.requested_by_token,
        name: model.requested_by_name,
    };
    Ok(Reassignment {
        id: ReassignmentId(model.id),
        status: ReassignmentStatus::from_code(model.status).ok_or_else(|| corrupt("status of a reassignment"))?,
        planned_count: count(model.planned_count)?,
        moved_count: count(model.moved_count)?,
        skipped_count: count(model.skipped_count)?,
        remaining_count: model.remaining_count.map(count).transpose()?,
        failure: model.failure.map(failure_from_code).transpose()?,
        lists: serde_json::from_str::<ReassignmentLists>(&model.lists).map_err(|_| corrupt("lists of a reassignment"))?,
        requested_by: by.actor()?,
        note: model.note,
        undoes: model.undoes_id.map(ReassignmentId),
        created_at: Timestamp(model.created_at),
        finished_at: model.finished_at.map(Timestamp),
    })
}

fn reassignment_model(reassignment: &Reassignment) -> Result<reassignment::Model> {
    let by = ActorColumns::from(&reassignment.requested_by);
    Ok(reassignment::Model {
        id: reassignment.id.0,
        status: reassignment.status.code(),
        planned_count: reassignment.planned_count.into(),
        moved_count: reassignment.moved_count.into(),
        skipped_count: reassignment.skipped_count.into(),
        remaining_count: reassignment.remaining_count.map(i64::from),
        failure: reassignment.failure.map(failure_code),
        lists: serde_json::to_string(&reassignment.lists).map_err(other)?,
        requested_by_kind: by.kind,
        requested_by_person: by.person,
        requested_by_token: by.token,
        requested_by_name: by.name,
        note: reassignment.note.clone(),
        undoes_id: reassignment.undoes.map(|id| id.0),
        created_at: reassignment.created_at.0,
        finished_at: reassignment.finished_at.map(|at| at.0),
    })
}

impl<S: Source> Sea<S> {
    async fn reassignments(&self, sql: Sql) -> Result<Vec<Reassignment>> {
        self.models::<reassignment::Entity>(sql).await?.into_iter().map(reassignment).collect()
    }

    pub(super) async fn reassignments_found(&self, ids: &[ReassignmentId], scope: &ReassignmentScope) -> Result<Vec<Reassignment>> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let mut sql = self.select::<reassignment::Entity>();
        sql.push(" WHERE ").among("m.id", ids.iter().map(|id| id.0)).push(" AND ");
        reassignment_scope(&mut sql, scope);
        self.reassignments(sql).await
    }

    pub(super) async fn reassignments_slice(&self, scope: &ReassignmentScope, page: &PageRequest) -> Result<Slice<Reassignment>> {
        let mut sql = self.select::<reassignment::Entity>();
        sql.push(" WHERE ");
        reassignment_scope(&mut sql, scope);
        LATEST.cut(&mut sql, page);
        Ok(Slice::from_surplus(self.reassignments(sql).await?, page))
    }

    pub(super) async fn reassignments_number(&self, scope: &ReassignmentScope) -> Result<u64> {
        let mut sql = self.sql("SELECT count(*) FROM reassignment m WHERE ");
        reassignment_scope(&mut sql, scope);
        self.count(sql).await
    }
}

impl Sea<Working> {
    pub(super) async fn reassignments_held(&self, ids: &[ReassignmentId], scope: &ReassignmentScope) -> Result<Vec<Reassignment>> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let mut sql = self.select::<reassignment::Entity>();
        sql.push(" WHERE ").among("m.id", ids.iter().map(|id| id.0)).push(" AND ");
        reassignment_scope(&mut sql, scope);
        sql.push(" ORDER BY m.id").lock("UPDATE OF m");
        self.reassignments(sql).await
    }

    async fn successors_insert(&self, reassignment: &Reassignment) -> Result<()> {
        let reassignment_id = reassignment.id.0;
        let models: Vec<reassignment_successor::Model> =
            reassignment.lists.successors.iter().map(|id| reassignment_successor::Model { user_id: id.0, reassignment_id }).collect();
        self.insert::<reassignment_successor::Entity>(&models, "ON CONFLICT DO NOTHING").await.map(drop)
    }

    pub(super) async fn reassignment_add(&self, reassignment: &Reassignment) -> Result<()> {
        self.insert::<reassignment::Entity>(&[reassignment_model(reassignment)?], "").await?;
        self.successors_insert(reassignment).await
    }

    pub(super) async fn reassignment_replace(&self, reassignment: &Reassignment) -> Result<()> {
        if self.update::<reassignment::Entity>(&[reassignment_model(reassignment)?], &[]).await? == 0 {
            return Err(StorageError::Conflict);
        }
        let mut sql = self.sql("DELETE FROM reassignment_successor WHERE reassignment_id = ");
        sql.bind(reassignment.id.0);
        self.execute(sql).await?;
        self.successors_insert(reassignment).await
    }
}
