//! Whether the records of the file can be there, some lines at a time.

use std::collections::{HashMap, HashSet};

use tenure_core::id::{RecordId, UserId, WorkgroupId};
use tenure_core::policy::Access;
use tenure_core::record::{ParticipantRole, Record, RecordKind, TaskParticipant};
use tenure_core::rejection::Reasons;
use tenure_core::steps::input::Patch;
use tenure_core::storage::{Read, Result};
use tenure_core::structure::ImportKind;
use tenure_core::time::Timestamp;
use tenure_core::user::Actor;

use super::catalogue::{Catalogue, Slot, Standing};
use super::fields::Fault;
use super::line::RecordLine;
use super::stored::{Named, Stored};
use super::structure::{Somebody, Stands, Surroundings};

/// A line with a record.
pub(super) type Line = (u64, RecordLine);

/// What became of a line.
#[derive(Debug)]
pub(super) enum Outcome {
    New(Box<Record>, Vec<TaskParticipant>),
    /// It is in the database already; fields that say something else there.
    There(Vec<&'static str>),
    Bad(Vec<Fault>),
    /// No record: a department, workgroup or person that is new.
    Written,
}

/// What the database knows of what some lines name.
pub(super) struct Facts {
    stored: Stored,
    records: HashMap<(RecordKind, String), Record>,
}

/// The records that a line refers to, with the fields that do.
fn references(line: &RecordLine) -> impl Iterator<Item = (&'static str, &(RecordKind, String))> {
    let patch = &line.patch;
    [
        ("companyExternalId", &patch.company),
        ("contactExternalId", &patch.contact),
        ("dealExternalId", &patch.deal),
        ("subjectExternalId", &patch.subject),
    ]
    .into_iter()
    .filter_map(|(field, patch)| Some((field, patch.value()?)))
}

impl Facts {
    /// Looks it up: a bounded number of statements for any number of lines.
    pub(super) async fn look_up(read: &dyn Read, catalogue: &Catalogue, lines: &[Line]) -> Result<Facts> {
        let mut named = Named::default();
        let mut records: HashSet<(RecordKind, String)> = HashSet::new();
        for (_, line) in lines {
            named.person(&line.responsible.1);
            line.workgroup.iter().for_each(|key| named.key(ImportKind::Workgroup, key));
            line.participants.iter().flatten().for_each(|((_, name), _)| named.person(name));
            let own = (line.patch.kind, line.patch.external_id.clone());
            let is_there = |slot: Option<Slot>| slot.is_none_or(|slot| slot.standing == Standing::There);
            records
                .extend(references(line).map(|(_, key)| key.clone()).chain([own]).filter(|key| is_there(catalogue.record(key.0, &key.1))));
        }
        let keys: Vec<_> = records.into_iter().collect();
        let rows = read.records_by_external_id(&keys, &Access::system().record_scope()).await?;
        let records = rows.into_iter().filter_map(|r| Some(((r.id.kind, r.external_id.clone()?), r))).collect();
        Ok(Facts { stored: Stored::look_up(read, named).await?, records })
    }

    /// The workgroups outside of the file that these lines name.
    pub(super) fn workgroups(&self) -> impl Iterator<Item = WorkgroupId> {
        self.stored.workgroups.keys().copied()
    }

    /// The records outside of the file that these lines refer to.
    pub(super) fn records(&self) -> Vec<RecordId> {
        self.records.values().map(|record| record.id).collect()
    }
}

/// What judging needs beside the line.
pub(super) struct Court<'a> {
    around: Surroundings<'a>,
    facts: &'a Facts,
    now: Timestamp,
}

impl<'a> Court<'a> {
    pub(super) fn new(catalogue: &'a Catalogue, (stands, stored): (&'a Stands, &'a Stored), facts: &'a Facts, now: Timestamp) -> Court<'a> {
        Court { around: Surroundings { catalogue, stands, stored, further: &facts.stored }, facts, now }
    }

    /// Judges a line.
    pub(super) fn judge(&self, (number, line): &Line) -> Outcome {
        let catalogue = self.around.catalogue;
        if let Some(faults) = catalogue.doubled(*number) {
            return Outcome::Bad(faults.to_vec());
        }
        let key = (line.patch.kind, line.patch.external_id.clone());
        match (catalogue.record(key.0, &key.1), self.facts.records.get(&key)) {
            (Some(slot), Some(there)) if slot.standing == Standing::There => Outcome::There(self.differing(line, there)),
            (Some(slot), _) => self.make(line, slot),
            (None, _) => Outcome::Bad(vec![Fault::new("externalId", "came into the file while it was read")]),
        }
    }

    fn resolve(&self, line: &RecordLine, faults: &mut Vec<Fault>) -> HashMap<(RecordKind, String), RecordId> {
        let mut found = HashMap::new();
        for (field, key) in references(line) {
            let id = match self.around.catalogue.record(key.0, &key.1) {
                Some(slot) if slot.standing == Standing::Bad => Err(format!("refers to line {}, which is bad", slot.line)),
                Some(slot) => Ok(RecordId { kind: key.0, uuid: slot.id }),
                None => self.facts.records.get(key).map(|r| r.id).ok_or_else(|| format!("is no {}'s external ID", key.0.name())),
            };
            match id {
                Ok(id) => drop(found.insert(key.clone(), id)),
                Err(message) => faults.push(Fault::new(field, message)),
            }
        }
        found
    }

    fn make(&self, line: &RecordLine, slot: Slot) -> Outcome {
        let mut faults = Vec::new();
        let references = self.resolve(line, &mut faults);
        let workgroup = line.workgroup.as_ref().and_then(|key| match self.around.workgroup(key) {
            Ok((id, _)) => Some(id),
            Err(message) => {
                faults.push(Fault::new("workgroupExternalId", message));
                None
            }
        });
        let responsible = self.responsible(line, workgroup, &mut faults);
        let parts = self.participants(line, &mut faults);
        // Amount and currency were looked at with the line.
        let detail = line.patch.detail(0, None, &references, &mut Reasons::new());
        let (Some(responsible), true) = (responsible, faults.is_empty()) else { return Outcome::Bad(faults) };
        let id = RecordId { kind: line.patch.kind, uuid: slot.id };
        let record = Record {
            id,
            version: 1,
            title: line.patch.title.clone().unwrap_or_default(),
            responsible,
            created_by: Actor::System,
            is_closed: line.patch.is_closed.unwrap_or(false),
            external_id: Some(line.patch.external_id.clone()),
            created_at: self.now,
            updated_at: self.now,
            provenance: None,
            workgroup,
            subject: line.patch.subject.value().and_then(|key| references.get(key)).copied(),
            detail,
        };
        let parts = parts.into_iter().map(|(user, role)| TaskParticipant { task: id, user, role }).collect();
        Outcome::New(Box::new(record), parts)
    }

    /// Rule I5: an active employee; tasks and files of a workgroup may be with its external members.
    fn responsible(&self, line: &RecordLine, workgroup: Option<WorkgroupId>, faults: &mut Vec<Fault>) -> Option<UserId> {
        let (field, name) = &line.responsible;
        let may_hold = |somebody: Somebody<'_>| {
            let in_workgroup = || workgroup.is_some_and(|workgroup| self.around.belongs(somebody, workgroup));
            somebody.is_active_employee() || (somebody.is_active_external() && !line.patch.kind.is_crm() && in_workgroup())
        };
        match self.around.person(name) {
            Ok(somebody) if may_hold(somebody) => return Some(somebody.id()),
            Ok(_) => {
                faults.push(Fault::new(field, "must be an active employee; external people hold tasks and files of their workgroups only"))
            }
            Err(message) => faults.push(Fault::new(field, message)),
        }
        None
    }

    fn participants(&self, line: &RecordLine, faults: &mut Vec<Fault>) -> Vec<(UserId, ParticipantRole)> {
        let mut parts = Vec::new();
        for ((field, name), role) in line.participants.iter().flatten() {
            match self.around.person(name) {
                Ok(somebody) => parts.push((somebody.id(), *role)),
                Err(message) => faults.push(Fault::new(field, message)),
            }
        }
        parts.sort();
        parts.dedup();
        parts
    }

    /// The fields of a line that say something else than the database.
    fn differing(&self, line: &RecordLine, there: &Record) -> Vec<&'static str> {
        let patch = &line.patch;
        let references = self.resolve(line, &mut Vec::new());
        let detail = patch.detail(0, Some(there), &references, &mut Reasons::new());
        let subject = match &patch.subject {
            Patch::Keep => there.subject,
            Patch::Clear => None,
            Patch::Set(key) => references.get(key).copied(),
        };
        let responsible = self.around.person(&line.responsible.1).map(|somebody| somebody.id());
        let workgroup = line.workgroup.as_ref().map(|key| self.around.workgroup(key).map(|(id, _)| id).ok());
        let fields = [
            ("title", patch.title.as_ref().is_some_and(|title| *title != there.title)),
            ("responsible", responsible != Ok(there.responsible)),
            ("isClosed", patch.is_closed.is_some_and(|is_closed| is_closed != there.is_closed)),
            ("subjectExternalId", subject != there.subject),
            ("workgroupExternalId", workgroup.is_some_and(|id| id != there.workgroup)),
            ("details", detail != there.detail),
        ];
        fields.into_iter().filter(|(_, differs)| *differs).map(|(name, _)| name).collect()
    }
}
