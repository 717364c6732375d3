//! `upsertOwnedEntities`: up to 500 records in one transaction, all or none (rules I5, S7, H10).

use std::collections::{HashMap, HashSet};

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::email::{EmailRole, HeldAddress};
use crate::engine::{Action, Change, Locks, Outcome};
use crate::id::{RecordId, UserId, WorkgroupId};
use crate::permission::Permission;
use crate::policy::{Ability, Access, RecordScope, Verdict};
use crate::record::{OwnershipChange, ParticipantRole, Record, RecordKind, TaskParticipant};
use crate::rejection::{Code, Failure, Faults, Reasons, Refusal, Rejection};
use crate::steps::record_input::{RecordInput, RecordPatch, ResponsibleName};
use crate::storage::{Read, StorageError};
use crate::user::{User, UserKind, UserStatus};

/// Most records of one input.
pub const RECORDS_MAX: usize = 500;

/// Creates and changes records.
#[derive(Debug, Clone)]
pub struct UpsertOwnedEntities {
    records: Vec<RecordPatch>,
}

/// What came of it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Upserted {
    /// The records, in the order given.
    pub ids: Vec<RecordId>,
    /// Created.
    pub created: u32,
    /// Changed.
    pub updated: u32,
    /// The rows that the caller may read, in the order given: who may write need not be able to read (rule V6). None in a repeat.
    #[serde(skip)]
    pub rows: Option<Vec<Record>>,
}

impl Outcome for Upserted {}

impl UpsertOwnedEntities {
    /// Checks the shape.
    pub fn parse(records: Vec<RecordInput>) -> Result<UpsertOwnedEntities, Refusal> {
        let mut faults = Faults::new();
        if records.is_empty() || records.len() > RECORDS_MAX {
            faults.input("entities", format!("Give 1 to {RECORDS_MAX} records, not {}.", records.len()));
            faults.finish()?;
            return Err(Refusal::default());
        }
        let mut seen = HashSet::new();
        let mut patches = Vec::with_capacity(records.len());
        for (n, record) in records.into_iter().enumerate() {
            let patch = record.parse(n, &mut faults);
            if !seen.insert((patch.kind, patch.external_id.clone())) {
                faults.input(&format!("entities.{n}.externalId"), "This record is given twice.");
            }
            patches.push(patch);
        }
        faults.finish().map(|()| UpsertOwnedEntities { records: patches })
    }

    fn keys(&self) -> Vec<(RecordKind, String)> {
        self.records.iter().map(|r| (r.kind, r.external_id.clone())).collect()
    }

    fn reference_keys(&self) -> Vec<(RecordKind, String)> {
        let named = self.records.iter().flat_map(|r| [&r.company, &r.contact, &r.deal, &r.subject]);
        named.filter_map(|p| p.value().cloned()).collect::<HashSet<_>>().into_iter().collect()
    }

    async fn holders_by_address(&self, read: &dyn Read) -> Result<Vec<HeldAddress>, Failure> {
        let keys: Vec<String> = self
            .records
            .iter()
            .filter_map(|r| match &r.responsible {
                Some(ResponsibleName::Email(email)) => Some(email.key().to_owned()),
                Some(ResponsibleName::Id(_)) | None => None,
            })
            .collect();
        let held = read.addresses_by_key(&keys).await?.into_iter();
        Ok(held.filter(|h| h.roles.has(EmailRole::Contact) || h.roles.has(EmailRole::Login)).collect())
    }
}

/// Stands for whoever does not exist.
const NOBODY: UserId = UserId(uuid::Uuid::nil());

/// Everything that is looked up once for all records.
struct Lookup {
    access: Access,
    existing: HashMap<(RecordKind, String), Record>,
    hidden: HashSet<RecordId>,
    by_address: HashMap<String, UserId>,
    references: HashMap<(RecordKind, String), RecordId>,
    workgroups: HashSet<WorkgroupId>,
    places: HashSet<(UserId, WorkgroupId)>,
    people: HashMap<UserId, User>,
    parts: HashMap<RecordId, Vec<(UserId, ParticipantRole)>>,
}

#[async_trait]
impl Action for UpsertOwnedEntities {
    type Output = Upserted;
    const NAME: &'static str = "upsertOwnedEntities";
    const REQUIRES: &'static [Permission] = &[Permission::EntitiesWrite, Permission::EntitiesReassign];
    const CODES: &'static [Code] = &[
        Code::NotPermitted,
        Code::InputInvalid,
        Code::ResponsibleNotEligible,
        Code::ReferenceNotFound,
        Code::IdempotencyKeyReused,
        Code::IdempotencyInProgress,
    ];

    async fn locks(&self, read: &dyn Read) -> Result<Locks, Failure> {
        let present = read.records_by_external_id(&self.keys(), &RecordScope::everything()).await?;
        let named = self.records.iter().filter_map(|r| match &r.responsible {
            Some(ResponsibleName::Id(id)) => Some(*id),
            Some(ResponsibleName::Email(_)) | None => None,
        });
        let by_address = self.holders_by_address(read).await?.into_iter().map(|held| held.holder);
        // Who gets a part in a task is held too: a deletion meanwhile would leave it behind (rule L1).
        let taking_part = self.records.iter().flat_map(|r| r.participants.iter().flatten()).map(|(user, _)| *user);
        Ok(Locks::new().shared_all(present.iter().map(|r| r.responsible).chain(named).chain(by_address).chain(taking_part)))
    }

    async fn run(&self, change: &mut Change<'_>) -> Result<Upserted, Failure> {
        let access = change.access()?.clone();
        let present = change.read().records_by_external_id(&self.keys(), &RecordScope::everything()).await?;
        let ids: Vec<RecordId> = present.iter().map(|r| r.id).collect();
        // What is referred to is held too, so that nobody deletes it meanwhile.
        let referred = change.read().records_by_external_id(&self.reference_keys(), &access.record_scope_for_writing()).await?;
        let held: Vec<RecordId> = ids.iter().copied().chain(referred.iter().map(|r| r.id)).collect();
        change.tx().records_lock_by_id(&held, &RecordScope::everything()).await?;
        change.records_are_held();
        let mut lookup = self.look_up(change, &access).await?;
        if lookup.existing.len() != ids.len() || lookup.existing.values().any(|r| change.held(r.responsible).is_none()) {
            // Somebody created, deleted or handed on one of them since we looked.
            return Err(StorageError::Conflict.into());
        }

        // New records have their identifiers from now on, so that others of the same input can refer to them.
        for key in self.keys() {
            if !lookup.existing.contains_key(&key) {
                let id = RecordId { kind: key.0, uuid: change.new_uuid() };
                lookup.references.insert(key, id);
            }
        }

        let mut reasons = Reasons::new();
        let mut rows = Vec::with_capacity(self.records.len());
        for (n, patch) in self.records.iter().enumerate() {
            check_references(n, patch, &lookup, &mut reasons);
            rows.extend(make(change, n, patch, &lookup, &mut reasons));
        }
        reasons.check(Self::CODES, None)?;
        if rows.len() != self.records.len() {
            return Err(Failure::Internal("a record is missing without a reason".into()));
        }
        self.write(change, &access, rows, &lookup).await
    }
}

/// The record afterwards; None when there are reasons against it.
fn make(change: &Change<'_>, n: usize, patch: &RecordPatch, lookup: &Lookup, reasons: &mut Reasons) -> Option<Record> {
    let Lookup { access, references, .. } = lookup;
    let key = (patch.kind, patch.external_id.clone());
    let at = |field: &str| format!("entities.{n}.{field}");
    let before = lookup.existing.get(&key);
    let responsible = match &patch.responsible {
        None => before.map(|b| b.responsible),
        Some(ResponsibleName::Id(id)) => Some(*id),
        Some(ResponsibleName::Email(email)) => {
            // An address that nobody has is judged like one of somebody who may not be named: no difference tells them apart.
            Some(lookup.by_address.get(email.key()).copied().unwrap_or(NOBODY))
        }
    };
    reasons.add_if(responsible.is_none(), || {
        Rejection::at(Code::InputInvalid, &at("responsibleId"), "A new record needs a responsible person.")
    });
    reasons.add_if(patch.title.is_none() && before.is_none(), || {
        Rejection::at(Code::InputInvalid, &at("title"), "A new record needs a title.")
    });
    let detail = patch.detail(n, before, references, reasons);
    let responsible = responsible?;
    let permitted = before.is_none_or(|b| !lookup.hidden.contains(&b.id)) && may_write(access, before, responsible, |id| change.held(id));
    reasons.add_if(!permitted, || Rejection::at(Code::NotPermitted, &format!("entities.{n}"), "You may not do this to this record."));

    let now = change.now();
    let workgroup = patch.workgroup.clone().over(before.and_then(|b| b.workgroup));
    let subject = match &patch.subject {
        crate::steps::input::Patch::Keep => before.and_then(|b| b.subject),
        crate::steps::input::Patch::Clear => None,
        crate::steps::input::Patch::Set(key) => references.get(key).copied(),
    };
    let kept = before.is_some_and(|b| b.responsible == responsible);
    let moved_out = before.is_some_and(|b| b.workgroup != workgroup);
    let eligible = match change.held(responsible) {
        Some(user) => {
            let in_workgroup = workgroup.is_some_and(|w| lookup.places.contains(&(responsible, w)));
            let external = user.status == UserStatus::Active && user.kind == UserKind::Extranet;
            // Tasks and files of a workgroup may be with its external members, and stay there with it (rule I5).
            if kept {
                !(external && moved_out) || in_workgroup
            } else {
                user.is_active_employee() || (external && !patch.kind.is_crm() && in_workgroup)
            }
        }
        None => false,
    };
    reasons.add_if(!eligible, || {
        Rejection::at(
            Code::ResponsibleNotEligible,
            &at(match &patch.responsible {
                Some(ResponsibleName::Email(_)) => "responsibleEmail",
                Some(ResponsibleName::Id(_)) | None => "responsibleId",
            }),
            "The responsible person must be an active employee; external people hold tasks and files of their workgroups only.",
        )
    });
    Some(Record {
        id: before.map(|b| b.id).or_else(|| references.get(&key).copied())?,
        version: before.map_or(1, |b| b.version),
        title: patch.title.clone().or_else(|| before.map(|b| b.title.clone()))?,
        responsible,
        created_by: before.map_or_else(|| access.actor().clone(), |b| b.created_by.clone()),
        is_closed: patch.is_closed.or(before.map(|b| b.is_closed)).unwrap_or(false),
        external_id: Some(patch.external_id.clone()),
        created_at: before.map_or(now, |b| b.created_at),
        updated_at: before.map_or(now, |b| b.updated_at),
        provenance: before.and_then(|b| b.provenance),
        workgroup,
        subject,
        detail,
    })
}

/// Whether the caller may name somebody by that address: by the contact address that they see, and by the login address with EMAILS_MANAGE.
/// Anybody else's would be confirmed by the answer (DOMAIN §5).
fn is_named_by(access: &Access, held: &HeldAddress, holder: &User) -> bool {
    let sees = |ability| access.verdict(ability, holder, false) == Verdict::Allow;
    let by_contact = held.roles.has(EmailRole::Contact) && sees(Ability::SeeContactAddress);
    by_contact || (held.roles.has(EmailRole::Login) && access.has(Permission::EmailsManage) && sees(Ability::SeeLoginAddress))
}

/// What a record refers to must exist and be visible.
fn check_references(n: usize, patch: &RecordPatch, lookup: &Lookup, reasons: &mut Reasons) {
    let Lookup { access, references, .. } = lookup;
    let mut missing = |found: bool, field: &str, what: &str| {
        reasons.add_if(!found, || Rejection::at(Code::ReferenceNotFound, &format!("entities.{n}.{field}"), format!("No such {what}.")));
    };
    for (key, field, what) in [
        (&patch.company, "companyExternalId", "company"),
        (&patch.contact, "contactExternalId", "contact"),
        (&patch.deal, "dealExternalId", "deal"),
        (&patch.subject, "subjectExternalId", "record"),
    ] {
        missing(key.value().is_none_or(|k| references.contains_key(k)), field, what);
    }
    missing(patch.workgroup.value().is_none_or(|w| lookup.workgroups.contains(w)), "workgroupId", "workgroup");
    for (i, (user, _)) in patch.participants.iter().flatten().enumerate() {
        let visible = lookup.people.get(user).is_some_and(|u| access.verdict(Ability::See, u, true) == Verdict::Allow);
        missing(visible, &format!("participants.{i}.userId"), "user");
    }
}

/// Rule S7. Whoever holds ENTITIES_REASSIGN writes anybody's; ENTITIES_WRITE covers one's own and orphaned ones.
fn may_write<'u>(access: &Access, before: Option<&Record>, responsible: UserId, held: impl Fn(UserId) -> Option<&'u User>) -> bool {
    if access.has(Permission::EntitiesReassign) {
        return true;
    }
    let oneself = access.person();
    let by_write = match before {
        None => responsible == oneself,
        Some(record) if record.responsible == oneself => true,
        Some(record) => {
            let orphaned = held(record.responsible).is_some_and(|h| h.leaves_orphaned(record.id.kind));
            orphaned && (responsible == record.responsible || responsible == oneself)
        }
    };
    access.has(Permission::EntitiesWrite) && by_write
}

impl UpsertOwnedEntities {
    async fn look_up(&self, change: &Change<'_>, access: &Access) -> Result<Lookup, Failure> {
        let read = change.read();
        let present = read.records_by_external_id(&self.keys(), &RecordScope::everything()).await?;
        let ids: Vec<RecordId> = present.iter().map(|r| r.id).collect();
        let seen: HashSet<RecordId> =
            read.records_by_id(&ids, &access.record_scope_for_writing()).await?.into_iter().map(|r| r.id).collect();
        let keys = self.reference_keys();
        let references = read.records_by_external_id(&keys, &access.record_scope_for_writing()).await?;
        let groups: Vec<WorkgroupId> =
            self.records.iter().filter_map(|r| r.workgroup.value().copied()).collect::<HashSet<_>>().into_iter().collect();
        let workgroups = read.workgroups_by_id(&groups, &access.workgroup_scope()).await?;
        let held = self.holders_by_address(read).await?.into_iter();
        let named = held.filter(|h| change.held(h.holder).is_some_and(|holder| is_named_by(access, h, holder)));
        let by_address: HashMap<String, UserId> = named.map(|h| (h.email.key().to_owned(), h.holder)).collect();
        let named = self.records.iter().filter_map(|r| match &r.responsible {
            Some(ResponsibleName::Id(id)) => Some(*id),
            // Looked for too, at the same cost.
            Some(ResponsibleName::Email(email)) => Some(by_address.get(email.key()).copied().unwrap_or(NOBODY)),
            None => None,
        });
        let responsible: Vec<UserId> = named.chain(present.iter().map(|r| r.responsible)).collect::<HashSet<_>>().into_iter().collect();
        let places = read.memberships_by_user(&responsible).await?;
        let people: Vec<UserId> = self
            .records
            .iter()
            .flat_map(|r| r.participants.iter().flatten())
            .map(|(u, _)| *u)
            .collect::<HashSet<_>>()
            .into_iter()
            .collect();
        let tasks: Vec<RecordId> = ids.iter().copied().filter(|id| id.kind == RecordKind::Task).collect();
        let mut parts: HashMap<RecordId, Vec<(UserId, ParticipantRole)>> = HashMap::new();
        for part in read.participants_by_task(&tasks).await? {
            parts.entry(part.task).or_default().push((part.user, part.role));
        }
        Ok(Lookup {
            access: access.clone(),
            hidden: ids.iter().copied().filter(|id| !seen.contains(id)).collect(),
            existing: present.into_iter().filter_map(|r| Some(((r.id.kind, r.external_id.clone()?), r))).collect(),
            by_address,
            references: references.into_iter().filter_map(|r| Some(((r.id.kind, r.external_id?), r.id))).collect(),
            workgroups: workgroups.into_iter().map(|w| w.id).collect(),
            places: places.into_iter().filter(|m| m.left_at.is_none()).map(|m| (m.user, m.workgroup)).collect(),
            people: read.users_by_id(&people).await?.into_iter().map(|u| (u.id, u)).collect(),
            parts,
        })
    }

    async fn write(&self, change: &mut Change<'_>, access: &Access, mut rows: Vec<Record>, lookup: &Lookup) -> Result<Upserted, Failure> {
        let now = change.now();
        let mut created = Vec::new();
        let mut updated = Vec::new();
        let mut changes = Vec::new();
        let mut tasks = Vec::new();
        let mut parts = Vec::new();
        for (row, patch) in rows.iter_mut().zip(&self.records) {
            let before = lookup.existing.get(&(patch.kind, patch.external_id.clone()));
            let new_parts = patch.participants.as_ref().filter(|p| {
                let mut present = lookup.parts.get(&row.id).cloned().unwrap_or_default();
                present.sort();
                **p != present
            });
            if let Some(people) = new_parts {
                tasks.push(row.id);
                parts.extend(people.iter().map(|(user, role)| TaskParticipant { task: row.id, user: *user, role: *role }));
            }
            match before {
                None => created.push(row.clone()),
                Some(before) if before == row && new_parts.is_none() => {}
                Some(before) => {
                    row.version += 1;
                    row.updated_at = now;
                    updated.push(row.clone());
                    if before.responsible != row.responsible {
                        changes.push(OwnershipChange {
                            id: change.new_uuid(),
                            record: row.id,
                            from: before.responsible,
                            to: row.responsible,
                            actor: access.actor().clone(),
                            changed_at: now,
                            reassignment: None,
                            record_version: row.version,
                        });
                    }
                }
            }
        }
        change.tx().records_insert(&created).await?;
        change.tx().records_update(&updated).await?;
        if !tasks.is_empty() {
            change.tx().participants_replace(&tasks, &parts).await?;
        }
        change.tx().ownership_changes_insert(&changes).await?;
        let ids: Vec<RecordId> = rows.iter().map(|r| r.id).collect();
        let scope = access.record_scope();
        if !matches!(scope, RecordScope::Everything(_)) {
            let seen: HashSet<RecordId> = change.read().records_by_id(&ids, &scope).await?.into_iter().map(|r| r.id).collect();
            rows.retain(|row| seen.contains(&row.id));
        }
        Ok(Upserted { ids, created: created.len() as u32, updated: updated.len() as u32, rows: Some(rows) })
    }
}
