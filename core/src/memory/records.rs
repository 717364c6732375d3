//! Records and what they were handed over by.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use async_trait::async_trait;

use super::tables::{Tables, each_begins_one, insert};
use super::{Memory, Source, Working, page};
use crate::id::{ReassignmentId, RecordId, UserId};
use crate::page::{Key, PageRequest, Slice, SortValue};
use crate::policy::{ReassignmentScope, RecordScope};
use crate::reassignment::Reassignment;
use crate::record::{
    Handover, HandoverContext, OwnershipChange, Record, RecordCount, RecordFilter, RecordGroups, RecordKind, RecordOrder, RecordOrderField,
    TaskParticipant, TaskRole,
};
use crate::storage::{RecordLine, RecordRead, RecordWrite, Result, StorageError, Unique};

impl Tables {
    fn record_in(&self, record: &Record, scope: &RecordScope) -> bool {
        match scope {
            RecordScope::Everything(_) => true,
            RecordScope::TakingPart { crm: false, .. } if record.id.kind.is_crm() => false,
            RecordScope::TakingPart { viewer, .. } => {
                record.responsible == *viewer
                    || (!record.id.kind.is_crm() && record.created_by.person() == *viewer)
                    || self.parts(record.id).any(|part| part.user == *viewer)
                    || record.workgroup.is_some_and(|workgroup| self.is_member(workgroup, *viewer))
            }
        }
    }

    fn record_matches(&self, record: &Record, filter: &RecordFilter) -> bool {
        let is_orphaned = || self.users.get(&record.responsible).is_some_and(|u| u.leaves_orphaned(record.id.kind));
        filter.kinds.as_ref().is_none_or(|kinds| kinds.contains(&record.id.kind))
            && filter.is_closed.is_none_or(|wanted| record.is_closed == wanted)
            && filter.responsible.as_ref().is_none_or(|people| people.contains(&record.responsible))
            && filter.is_orphaned.is_none_or(|wanted| is_orphaned() == wanted)
            && filter.former_responsible.as_ref().is_none_or(|people| record.provenance.is_some_and(|p| people.contains(&p)))
            && filter.external_ids.as_ref().is_none_or(|ids| record.external_id.as_ref().is_some_and(|id| ids.contains(id)))
            && filter.updated_at.contains(record.updated_at)
            && (filter.words.is_empty() || each_begins_one(&filter.words, &record.words()))
    }

    /// Ascending by ID, which is how the table is ordered.
    fn records_matching<'a>(&'a self, scope: &'a RecordScope, filter: &'a RecordFilter) -> impl Iterator<Item = &'a Record> {
        self.records.values().filter(|r| self.record_matches(r, filter) && self.record_in(r, scope))
    }

    /// The list of each group, in the order of the groups.
    fn records_in_groups(&self, groups: &RecordGroups, scope: &RecordScope, filter: &RecordFilter) -> Vec<Vec<Record>> {
        let rows: Vec<&Record> = self.records_matching(scope, filter).collect();
        let list = |belongs: &dyn Fn(&Record) -> bool| rows.iter().filter(|r| belongs(r)).map(|r| (*r).clone()).collect();
        match groups {
            RecordGroups::Responsible(people) => people.iter().map(|p| list(&|r| r.responsible == *p)).collect(),
            RecordGroups::TasksOf(people, roles) => people.iter().map(|p| list(&|r| self.has_role(r, *p, roles))).collect(),
            RecordGroups::FilesCreatedBy(people) => {
                people.iter().map(|p| list(&|r| r.id.kind == RecordKind::File && r.created_by.person() == *p)).collect()
            }
            RecordGroups::InWorkgroup(workgroups, kind) => {
                workgroups.iter().map(|w| list(&|r| r.id.kind == *kind && r.workgroup == Some(*w))).collect()
            }
            RecordGroups::ActivitiesOf(subjects) => subjects.iter().map(|s| list(&|r| r.subject == Some(*s))).collect(),
        }
    }

    fn has_role(&self, task: &Record, user: UserId, roles: &[TaskRole]) -> bool {
        let stored = |role| self.participants.contains(&(task.id, role, user));
        task.id.kind == RecordKind::Task
            && roles.iter().any(|role| match role {
                TaskRole::Responsible => task.responsible == user,
                TaskRole::Creator => task.created_by.person() == user,
                TaskRole::Participant => stored(crate::record::ParticipantRole::Participant),
                TaskRole::Observer => stored(crate::record::ParticipantRole::Observer),
            })
    }

    fn parts(&self, task: RecordId) -> impl Iterator<Item = TaskParticipant> {
        let first = (task, crate::record::ParticipantRole::Participant, UserId(uuid::Uuid::nil()));
        let parts = self.participants.range(first..).take_while(move |(of, _, _)| *of == task);
        parts.map(|(task, role, user)| TaskParticipant { task: *task, user: *user, role: *role })
    }

    fn changes_of(&self, record: RecordId) -> impl Iterator<Item = &OwnershipChange> {
        self.ownership_changes.values().filter(move |c| c.record == record)
    }

    fn reassignments_in(&self, scope: &ReassignmentScope) -> Vec<Reassignment> {
        let seen = |r: &&Reassignment| match scope {
            ReassignmentScope::Everything(_) => true,
            ReassignmentScope::Of(viewer, _) => r.requested_by.person() == *viewer || r.lists.successors.contains(viewer),
            ReassignmentScope::Nothing => false,
        };
        self.reassignments.values().filter(seen).cloned().collect()
    }

    fn external_ids(&self) -> BTreeMap<(RecordKind, String), RecordId> {
        self.records.values().filter_map(|r| Some(((r.id.kind, r.external_id.clone()?), r.id))).collect()
    }
}

fn cut(records: Vec<Record>, order: RecordOrder, page: &PageRequest) -> Slice<Record> {
    let key = |r: &Record| match order.field {
        RecordOrderField::UpdatedAt => SortValue::Time(r.updated_at),
        RecordOrderField::CreatedAt => SortValue::Time(r.created_at),
        RecordOrderField::Title => SortValue::Text(r.sort_key()),
    };
    page::cut(records.into_iter().map(|r| (Key::of_record(key(&r), r.id), r)), order.descending, page)
}

fn line(record: &Record) -> RecordLine {
    RecordLine {
        id: record.id,
        responsible: record.responsible,
        is_closed: record.is_closed,
        subject: record.subject,
        version: record.version,
    }
}

/// External IDs as they will be, to find out which are taken.
fn claim(taken: &mut BTreeMap<(RecordKind, String), RecordId>, record: &Record) -> Result<()> {
    if let Some(external_id) = &record.external_id {
        let holder = taken.entry((record.id.kind, external_id.clone())).or_insert(record.id);
        if *holder != record.id {
            return Err(StorageError::Taken(Unique::ExternalId));
        }
    }
    Ok(())
}

#[async_trait]
impl<S: Source> RecordRead for Memory<S> {
    async fn records_by_id(&self, ids: &[RecordId], scope: &RecordScope) -> Result<Vec<Record>> {
        let tables = self.tables();
        let ids: BTreeSet<&RecordId> = ids.iter().collect();
        Ok(ids.into_iter().filter_map(|id| tables.records.get(id)).filter(|r| tables.record_in(r, scope)).cloned().collect())
    }

    async fn records_by_external_id(&self, keys: &[(RecordKind, String)], scope: &RecordScope) -> Result<Vec<Record>> {
        let tables = self.tables();
        let wanted = |r: &&Record| r.external_id.as_ref().is_some_and(|id| keys.iter().any(|(kind, key)| *kind == r.id.kind && key == id));
        Ok(tables.records.values().filter(wanted).filter(|r| tables.record_in(r, scope)).cloned().collect())
    }

    async fn records_page(
        &self,
        scope: &RecordScope,
        filter: &RecordFilter,
        order: RecordOrder,
        page: &PageRequest,
    ) -> Result<Slice<Record>> {
        Ok(cut(self.tables().records_matching(scope, filter).cloned().collect(), order, page))
    }

    async fn records_count(&self, scope: &RecordScope, filter: &RecordFilter) -> Result<u64> {
        Ok(self.tables().records_matching(scope, filter).count() as u64)
    }

    async fn records_page_in_groups(
        &self,
        groups: &RecordGroups,
        scope: &RecordScope,
        filter: &RecordFilter,
        order: RecordOrder,
        page: &PageRequest,
    ) -> Result<Vec<Slice<Record>>> {
        Ok(self.tables().records_in_groups(groups, scope, filter).into_iter().map(|records| cut(records, order, page)).collect())
    }

    async fn records_count_in_groups(&self, groups: &RecordGroups, scope: &RecordScope, filter: &RecordFilter) -> Result<Vec<u64>> {
        Ok(self.tables().records_in_groups(groups, scope, filter).iter().map(|records| records.len() as u64).collect())
    }

    async fn record_counts_by_responsible(&self, users: &[UserId]) -> Result<Vec<Vec<RecordCount>>> {
        let mut counts: BTreeMap<UserId, BTreeMap<RecordKind, RecordCount>> = BTreeMap::new();
        for record in self.tables().records.values() {
            let kind = record.id.kind;
            let of_kind = counts.entry(record.responsible).or_default().entry(kind).or_insert(RecordCount { kind, open: 0, closed: 0 });
            if record.is_closed {
                of_kind.closed += 1;
            } else {
                of_kind.open += 1;
            }
        }
        Ok(users.iter().map(|user| counts.get(user).map(|kinds| kinds.values().copied().collect()).unwrap_or_default()).collect())
    }

    async fn participants_by_task(&self, tasks: &[RecordId]) -> Result<Vec<TaskParticipant>> {
        let tables = self.tables();
        let tasks: BTreeSet<RecordId> = tasks.iter().copied().collect();
        Ok(tasks.into_iter().flat_map(|task| tables.parts(task)).collect())
    }

    async fn records_referenced(&self, ids: &[RecordId]) -> Result<Vec<RecordId>> {
        let ids: BTreeSet<RecordId> = ids.iter().copied().collect();
        let tables = self.tables();
        let others = tables.records.values().filter(|r| !ids.contains(&r.id));
        let referenced: BTreeSet<RecordId> = others.flat_map(|r| r.detail.references().into_iter().chain(r.subject)).collect();
        Ok(ids.intersection(&referenced).copied().collect())
    }

    async fn ownership_changes_page(&self, records: &[RecordId], page: &PageRequest) -> Result<Vec<Slice<OwnershipChange>>> {
        let tables = self.tables();
        let keyed = |c: &OwnershipChange| (Key::new(SortValue::Number(c.record_version.into()), c.id), c.clone());
        Ok(records.iter().map(|record| page::cut(tables.changes_of(*record).map(keyed), true, page)).collect())
    }

    async fn ownership_changes_count(&self, records: &[RecordId]) -> Result<Vec<u64>> {
        let tables = self.tables();
        Ok(records.iter().map(|record| tables.changes_of(*record).count() as u64).collect())
    }

    async fn ownership_changes_by_reassignment(&self, id: ReassignmentId, limit: u32) -> Result<Vec<OwnershipChange>> {
        let tables = self.tables();
        let mut changes: Vec<OwnershipChange> = tables.ownership_changes.values().filter(|c| c.reassignment == Some(id)).cloned().collect();
        changes.sort_by_key(|c| (c.record, c.id));
        changes.truncate(limit as usize);
        Ok(changes)
    }

    async fn reassignments_by_id(&self, ids: &[ReassignmentId], scope: &ReassignmentScope) -> Result<Vec<Reassignment>> {
        let mut reassignments = self.tables().reassignments_in(scope);
        reassignments.retain(|r| ids.contains(&r.id));
        Ok(reassignments)
    }

    async fn reassignments_page(&self, scope: &ReassignmentScope, page: &PageRequest) -> Result<Slice<Reassignment>> {
        let reassignments = self.tables().reassignments_in(scope);
        Ok(page::cut(reassignments.into_iter().map(|r| (Key::new(SortValue::Time(r.created_at), r.id.0), r)), true, page))
    }

    async fn reassignments_count(&self, scope: &ReassignmentScope) -> Result<u64> {
        Ok(self.tables().reassignments_in(scope).len() as u64)
    }
}

impl Tables {
    /// Hands over what `from` still has and writes the changes; `also` is what else happens to a record, before its responsible changes.
    fn hand_over(&mut self, handovers: &[Handover], context: &HandoverContext, also: impl Fn(&mut Record)) -> Result<u32> {
        let records = Arc::make_mut(&mut self.records);
        let mut moved = 0;
        for handover in handovers {
            let Some(record) = records.get_mut(&handover.record).filter(|r| r.responsible == handover.from) else { continue };
            also(record);
            record.responsible = handover.to;
            record.version += 1;
            moved += 1;
            let change = OwnershipChange {
                id: handover.change_id,
                record: handover.record,
                from: handover.from,
                to: handover.to,
                actor: context.actor.clone(),
                changed_at: context.at,
                reassignment: context.reassignment,
                record_version: record.version,
            };
            insert(&mut self.ownership_changes, change.id, change)?;
        }
        Ok(moved)
    }
}

#[async_trait]
impl RecordWrite for Memory<Working> {
    async fn records_lock_by_id(&mut self, ids: &[RecordId], scope: &RecordScope) -> Result<Vec<RecordLine>> {
        Ok(self.records_by_id(ids, scope).await?.iter().map(line).collect())
    }

    async fn records_lock_matching(&mut self, scope: &RecordScope, filter: &RecordFilter, limit: u32) -> Result<Vec<RecordLine>> {
        Ok(self.tables().records_matching(scope, filter).take(limit as usize).map(line).collect())
    }

    async fn records_lock_activities_of(&mut self, subjects: &[RecordId], limit: u32) -> Result<Vec<RecordLine>> {
        let subjects: BTreeSet<RecordId> = subjects.iter().copied().collect();
        let records = &self.tables().records;
        let follows = |r: &&Record| {
            let subject = r.subject.filter(|s| subjects.contains(s)).and_then(|s| records.get(&s));
            subject.is_some_and(|s| s.responsible == r.responsible)
        };
        Ok(records.values().filter(follows).take(limit as usize).map(line).collect())
    }

    async fn records_insert(&mut self, records: &[Record]) -> Result<()> {
        let tables = self.tables_mut();
        let mut taken = tables.external_ids();
        for record in records {
            claim(&mut taken, record)?;
            insert(&mut tables.records, record.id, record.clone())?;
        }
        Ok(())
    }

    async fn records_update(&mut self, records: &[Record]) -> Result<()> {
        let tables = self.tables_mut();
        for record in records {
            let row = Arc::make_mut(&mut tables.records).get_mut(&record.id).ok_or(StorageError::Conflict)?;
            *row = Record { created_by: row.created_by.clone(), created_at: row.created_at, ..record.clone() };
        }
        // Looked at when all are written: an external ID may move from one of them to another.
        let mut taken = BTreeMap::new();
        tables.records.values().try_for_each(|record| claim(&mut taken, record))
    }

    async fn records_delete(&mut self, ids: &[RecordId]) -> Result<Vec<RecordId>> {
        let tables = self.tables_mut();
        let ids: BTreeSet<RecordId> = ids.iter().copied().filter(|id| tables.records.contains_key(id)).collect();
        Arc::make_mut(&mut tables.records).retain(|id, _| !ids.contains(id));
        Arc::make_mut(&mut tables.participants).retain(|(task, _, _)| !ids.contains(task));
        Arc::make_mut(&mut tables.ownership_changes).retain(|_, change| change.reassignment.is_some() || !ids.contains(&change.record));
        Ok(ids.into_iter().collect())
    }

    async fn participants_replace(&mut self, tasks: &[RecordId], participants: &[TaskParticipant]) -> Result<()> {
        let table = Arc::make_mut(&mut self.tables_mut().participants);
        table.retain(|(task, _, _)| !tasks.contains(task));
        table.extend(participants.iter().map(|p| (p.task, p.role, p.user)));
        Ok(())
    }

    async fn records_reassign(&mut self, handovers: &[Handover], context: &HandoverContext) -> Result<u32> {
        self.tables_mut().hand_over(handovers, context, |record| record.updated_at = context.at)
    }

    async fn records_bequeath(&mut self, handovers: &[Handover], context: &HandoverContext) -> Result<u32> {
        self.tables_mut().hand_over(handovers, context, |record| record.provenance = Some(record.responsible))
    }

    async fn ownership_changes_insert(&mut self, changes: &[OwnershipChange]) -> Result<()> {
        changes.iter().try_for_each(|change| insert(&mut self.tables_mut().ownership_changes, change.id, change.clone()))
    }

    async fn reassignments_lock(&mut self, ids: &[ReassignmentId], scope: &ReassignmentScope) -> Result<Vec<Reassignment>> {
        let mut reassignments = self.reassignments_by_id(ids, scope).await?;
        reassignments.sort_by_key(|r| r.id);
        Ok(reassignments)
    }

    async fn reassignment_insert(&mut self, reassignment: &Reassignment) -> Result<()> {
        insert(&mut self.tables_mut().reassignments, reassignment.id, reassignment.clone())
    }

    async fn reassignment_update(&mut self, reassignment: &Reassignment) -> Result<()> {
        let row = Arc::make_mut(&mut self.tables_mut().reassignments).get_mut(&reassignment.id).ok_or(StorageError::Conflict)?;
        *row = reassignment.clone();
        Ok(())
    }
}
