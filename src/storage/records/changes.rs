//! Ownership changes, and the handover that makes them.

use std::collections::HashMap;

use tenure_core::id::{ReassignmentId, RecordId, UserId};
use tenure_core::page::{PageRequest, Slice};
use tenure_core::record::{Handover, HandoverContext, OwnershipChange};
use tenure_core::storage::Result;
use tenure_entity::ownership_change;
use uuid::Uuid;

use crate::storage::page::{Order, slices};
use crate::storage::row::{ActorColumns, Row};
use crate::storage::sql::Holds;
use crate::storage::{Sea, Source, Working};

const COLUMNS: &str = "c.id, c.record_kind, c.record_id, c.from_id, c.to_id, c.actor_kind, c.actor_person, c.actor_token, \
    c.actor_name, c.changed_at, c.reassignment_id, c.record_version";
const LATEST: Order = Order { sort: "c.record_version", is_text: false, kind: None, id: "c.id", descending: true };
const OF_RECORD: &str = "c.record_id = g.id AND c.record_kind = g.kind";

/// Why records change hands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Occasion {
    /// Somebody hands them over: they were changed then.
    Handover,
    /// The account of who had them is deleted: they keep their place in lists, and remember whose they were.
    Deletion,
}

fn change(row: &mut Row<'_>) -> Result<OwnershipChange> {
    Ok(OwnershipChange {
        id: row.uuid()?,
        record: row.record_id()?,
        from: UserId(row.uuid()?),
        to: UserId(row.uuid()?),
        actor: row.actor()?,
        changed_at: row.time()?,
        reassignment: row.take::<Option<Uuid>>()?.map(ReassignmentId),
        record_version: row.take()?,
    })
}

fn change_model(change: &OwnershipChange) -> ownership_change::Model {
    let actor = ActorColumns::from(&change.actor);
    ownership_change::Model {
        id: change.id,
        record_kind: change.record.kind.code(),
        record_id: change.record.uuid,
        from_id: change.from.0,
        to_id: change.to.0,
        actor_kind: actor.kind,
        actor_person: actor.person,
        actor_token: actor.token,
        actor_name: actor.name,
        changed_at: change.changed_at.0,
        reassignment_id: change.reassignment.map(|id| id.0),
        record_version: change.record_version,
    }
}

impl<S: Source> Sea<S> {
    pub(super) async fn changes_page(&self, records: &[RecordId], page: &PageRequest) -> Result<Vec<Slice<OwnershipChange>>> {
        if records.is_empty() {
            return Ok(Vec::new());
        }
        let mut sql = self.sql(format!("SELECT g.n, {COLUMNS} FROM "));
        sql.record_groups(records).first_of_each("ownership_change", "c", |sql| {
            sql.push(&format!(" WHERE {OF_RECORD}"));
            LATEST.cut(sql, page);
        });
        sql.push(&format!(" ORDER BY g.n, {}", LATEST.columns(page)));
        Ok(slices(records.len(), self.rows(sql, |row| Ok((row.take()?, change(row)?))).await?, page))
    }

    pub(super) async fn changes_of_reassignment(&self, id: ReassignmentId, limit: u32) -> Result<Vec<OwnershipChange>> {
        let mut sql = self.sql(format!("SELECT {COLUMNS} FROM ownership_change c WHERE c.reassignment_id = "));
        sql.bind(id.0).push(" ORDER BY c.record_kind, c.record_id, c.id LIMIT ").bind(i64::from(limit));
        self.rows(sql, change).await
    }

    pub(super) async fn changes_count(&self, records: &[RecordId]) -> Result<Vec<u64>> {
        if records.is_empty() {
            return Ok(Vec::new());
        }
        let mut sql = self.sql(format!("SELECT (SELECT count(*) FROM ownership_change c WHERE {OF_RECORD}) FROM "));
        sql.record_groups(records).push(" ORDER BY g.n");
        self.rows(sql, |row| row.count()).await
    }
}

impl Sea<Working> {
    pub(super) async fn changes_insert(&self, changes: &[OwnershipChange]) -> Result<()> {
        let models: Vec<ownership_change::Model> = changes.iter().map(change_model).collect();
        self.insert::<ownership_change::Entity>(&models, "").await.map(drop)
    }

    /// Those that a reassignment made stay: an undo of it says what is gone.
    pub(super) async fn changes_remove(&self, records: &[RecordId]) -> Result<()> {
        let mut sql = self
            .sql("DELETE FROM ownership_change WHERE reassignment_id IS NULL AND (record_kind, record_id) IN (SELECT g.kind, g.id FROM ");
        sql.record_groups(records).push(")");
        self.execute(sql).await.map(drop)
    }

    /// One statement moves the records that `from` still has and says which they were, another writes their changes.
    pub(super) async fn hand_over(&self, handovers: &[Handover], context: &HandoverContext, occasion: Occasion) -> Result<u32> {
        if handovers.is_empty() {
            return Ok(0);
        }
        let columns = [("kind", Holds::SmallInt), ("id", Holds::Uuid), ("from_id", Holds::Uuid), ("to_id", Holds::Uuid)];
        let rows = handovers.iter().map(|h| vec![h.record.kind.code().into(), h.record.uuid.into(), h.from.0.into(), h.to.0.into()]);
        let mut sql = self.sql("UPDATE record SET responsible_id = v.to_id, version = record.version + 1, ");
        match occasion {
            Occasion::Handover => sql.push("updated_at = ").bind(context.at.0),
            Occasion::Deletion => sql.push("provenance_id = v.from_id"),
        };
        sql.push(" FROM ").set("v", &columns, rows);
        // What `from` does not have any more was handed over by somebody else meanwhile, and must not be taken from them.
        sql.push(" WHERE record.kind = v.kind AND record.id = v.id AND record.responsible_id = v.from_id");
        sql.push(" RETURNING record.kind, record.id, record.version");
        let moved = self.rows(sql, |row| Ok((row.record_id()?, row.take::<i32>()?))).await?;
        let named: HashMap<RecordId, &Handover> = handovers.iter().map(|handover| (handover.record, handover)).collect();
        let changes: Vec<OwnershipChange> = moved
            .iter()
            .filter_map(|(record, version)| {
                let handover = named.get(record)?;
                Some(OwnershipChange {
                    id: handover.change_id,
                    record: *record,
                    from: handover.from,
                    to: handover.to,
                    actor: context.actor.clone(),
                    changed_at: context.at,
                    reassignment: context.reassignment,
                    record_version: *version,
                })
            })
            .collect();
        self.changes_insert(&changes).await?;
        Ok(u32::try_from(moved.len()).unwrap_or(u32::MAX))
    }
}
